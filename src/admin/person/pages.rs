use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    model::{Event, Record},
    sql,
};
use crate::{
    accounts::{CHANGE_PEOPLE, Officer, Rooms, SEE_PEOPLE, Scope},
    admin::permissions::SEE_AUDIT,
    audit,
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        visit::Visit,
    },
};

/// More is rarely read; the audit log and the payments have the rest.
const MOST_EVENTS: i64 = 200;

#[derive(Template, WebTemplate)]
#[template(path = "admin/person.html")]
struct PersonPage {
    visit: Visit,
    record: Record,
    events: Vec<Event>,
    sees: Sees,
    may_audit: bool,
}

/// What this officer gets to see and do.
#[derive(Clone, Copy)]
struct Sees {
    /// Address, payments, mails, notes, age and officers' reasons: not an organiser's.
    all: bool,
    may_change: bool,
}

impl Sees {
    fn new(who: &Officer, scope: &Scope, record: &Record) -> Self {
        let all = *scope == Scope::Everyone;
        let change = who.scope(CHANGE_PEOPLE);
        Self { all, may_change: change.is_ok_and(|scope| scope.covers(record.region)) }
    }
}

pub async fn show(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    Path(person): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let person: Uuid = person.parse().map_err(|_| Error::NotFound)?;
    let scope = who.scope(SEE_PEOPLE)?;
    let record = sql::find_record(&mut db, person).await?.ok_or(Error::NotFound)?;
    // An organiser sees who agreed to it.
    if !scope.covers(record.region) || (scope != Scope::Everyone && !record.is_open_to_organisers()) {
        return Err(Error::NotFound);
    }
    if who.0.person_id != person {
        let mut tx = db.begin().await?;
        let subject = person.to_string();
        audit::record_sight(&app, &mut tx, who.0.person_id, ("person", &subject)).await?;
        tx.commit().await?;
    }
    let sees = Sees::new(&who, &scope, &record);
    let may_audit = who.may(SEE_AUDIT);
    let happenings = sql::list_happenings(&mut db, rooms, person, sees.all, MOST_EVENTS).await?;
    let events = happenings.into_iter().filter_map(|happening| happening.read(rooms)).collect();
    Ok(PersonPage { visit, record, events, sees, may_audit }.into_response())
}
