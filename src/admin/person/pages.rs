use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    forms,
    model::{Event, Record},
    sql,
};
use crate::{
    accounts::{self, CHANGE_PEOPLE, Officer, Rooms, SEE_PEOPLE, Scope},
    admin::permissions::SEE_AUDIT,
    audit::{self, Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    places::Region,
};

/// More is rarely read; the audit log and the payments have the rest.
const MOST_EVENTS: i64 = 200;

#[derive(Template, WebTemplate)]
#[template(path = "admin/person.html")]
struct PersonPage {
    visit: Visit,
    record: Record,
    events: Vec<Event>,
    form: Form,
    regions: Vec<(&'static str, &'static str)>,
    sees: Sees,
    may_audit: bool,
}

/// What this officer gets to see and do.
#[derive(Clone, Copy)]
struct Sees {
    /// Email and address. An organiser sees those of people who agreed.
    contact: bool,
    /// Payments, mails, notes, age and officers' reasons: not an organiser's.
    all: bool,
    may_change: bool,
}

impl Sees {
    fn new(who: &Officer, scope: &Scope, record: &Record) -> Self {
        let all = *scope == Scope::Everyone;
        let change = who.scope(CHANGE_PEOPLE);
        Self {
            contact: all || record.is_open_to_organisers(),
            all,
            may_change: change.is_ok_and(|scope| scope.covers(record.region)),
        }
    }
}

pub async fn show(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    Path(person): Path<String>,
    db: Db,
) -> Result<Response> {
    page(&app, rooms, visit, &who, person.parse().map_err(|_| Error::NotFound)?, db, None).await
}

async fn page(
    app: &App,
    rooms: Rooms,
    visit: Visit,
    who: &Officer,
    person: Uuid,
    mut db: Db,
    wrong: Option<Form>,
) -> Result<Response> {
    let scope = who.scope(SEE_PEOPLE)?;
    let record = sql::find_record(&mut db, person).await?.ok_or(Error::NotFound)?;
    if !scope.covers(record.region) {
        return Err(Error::NotFound);
    }
    if who.0.person_id != person {
        let mut tx = db.begin().await?;
        let subject = person.to_string();
        audit::record_sight(&mut tx, app.clock().now(), who.0.person_id, ("person", &subject)).await?;
        tx.commit().await?;
    }
    let sees = Sees::new(who, &scope, &record);
    let may_audit = who.may(SEE_AUDIT);
    let happenings = sql::list_happenings(&mut db, rooms, person, sees.all, MOST_EVENTS).await?;
    let events = happenings.into_iter().filter_map(|happening| happening.read(rooms)).collect();
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let form = wrong.unwrap_or_else(|| {
        Form::filled([
            ("name", record.name.clone()),
            ("email", record.email.clone()),
            ("postcode", record.postcode.clone().unwrap_or_default()),
            ("region", record.region.map(Region::slug).unwrap_or_default().to_owned()),
        ])
    });
    let regions = Region::ALL.map(|region| (region.slug(), region.name())).into();
    Ok((status, PersonPage { visit, record, events, form, regions, sees, may_audit }).into_response())
}

/// Name, email, postcode and region of somebody without a membership; whoever has one has an address as well,
/// which the membership's own form changes with them.
pub async fn change_details(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    Path(person): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let scope = who.scope(CHANGE_PEOPLE)?;
    let details = forms::details(&form);
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let record = sql::lock_record(&mut change, person).await?.ok_or(Error::NotFound)?;
    if !scope.covers(record.region.and_then(|slug| slug.parse().ok())) {
        return Err(Error::NotFound);
    }
    if record.has_membership {
        return Err(Error::Conflict(
            "A member’s details are changed together with the address, from the member’s page.",
        ));
    }
    let wrong = match details {
        Err(form) => form,
        Ok(details) => match accounts::change_details(&mut change, person, &details).await {
            Ok(()) => {
                change.commit().await?;
                return Ok(flash::redirect(&app, &format!("/admin/members/{person}"), "Saved."));
            }
            Err(Error::Conflict(sentence)) => form.failed("email", sentence),
            Err(error) => return Err(error),
        },
    };
    drop(change);
    page(&app, rooms, visit, &who, person, db, Some(wrong)).await
}
