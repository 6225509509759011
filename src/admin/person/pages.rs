use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    model::{Event, Record},
    sql,
};
use crate::{
    accounts::{CHANGE_PEOPLE, HELP_MEMBERS, Officer, Rooms, SEE_PEOPLE, Scope},
    admin::permissions::SEE_AUDIT,
    audit, duplicates,
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        visit::Visit,
    },
    payments::{self, Kinds, LedgerLine, LineKind},
};

/// More is rarely read; the audit log and the payments have the rest.
const MOST: i64 = 200;

#[derive(Template, WebTemplate)]
#[template(path = "admin/person.html")]
struct PersonPage {
    visit: Visit,
    record: Record,
    sees: Sees,
    part: Part,
}

/// Which part of the record the page shows.
enum Part {
    /// What we know and what an officer can do.
    Membership,
    Payments {
        lines: Vec<LedgerLine>,
        kinds: Kinds,
        /// Whether each leads to its own page, where it can be refunded.
        may_refund: bool,
        /// Where their regular payment is at Stripe.
        at_stripe: Option<String>,
    },
    Activity {
        events: Vec<Event>,
        may_audit: bool,
    },
}

impl PersonPage {
    fn new(mut visit: Visit, record: Record, sees: Sees, part: Part) -> Self {
        // Everybody's record has the same address; the list that they stand in is marked.
        let list = if record.membership.is_some() { "/admin/members" } else { "/admin/supporters" };
        visit.desk = Some(if sees.all { list } else { "/admin/search" });
        Self { visit, record, sees, part }
    }

    /// The address of the record, or of one of its other parts.
    fn at(&self, part: &str) -> String {
        format!("/admin/members/{}{part}", self.record.id)
    }
}

/// What this officer gets to see and do.
#[derive(Clone, Copy)]
struct Sees {
    /// More than name, email address and region, which people agreed to share with organisers.
    all: bool,
    may_change: bool,
    /// Change the rate, send a link to sign in.
    may_help: bool,
}

impl Sees {
    fn new(who: &Officer, scope: &Scope, record: &Record) -> Self {
        let all = *scope == Scope::Everyone;
        let may = |permission| who.scope(permission).is_ok_and(|scope| scope.covers(record.region));
        Self { all, may_change: may(CHANGE_PEOPLE), may_help: may(HELP_MEMBERS) }
    }
}

/// The record, if this officer may open it. That they did is noted.
async fn open(app: &App, who: &Officer, person: &str, db: &mut PgConnection) -> Result<(Record, Sees)> {
    let mut person: Uuid = person.parse().map_err(|_| Error::NotFound)?;
    let scope = who.scope(SEE_PEOPLE)?;
    let mut record = sql::find_record(db, person).await?;
    if record.is_none() {
        // Of a record that was merged, the one that it is part of.
        person = duplicates::kept(db, person).await?;
        record = sql::find_record(db, person).await?;
    }
    let record = record.ok_or(Error::NotFound)?;
    // An organiser sees who agreed to it.
    if !scope.covers(record.region) || (scope != Scope::Everyone && !record.is_open_to_organisers()) {
        return Err(Error::NotFound);
    }
    if who.0.person_id != person {
        let mut tx = db.begin().await?;
        let subject = person.to_string();
        audit::record_sight(app, &mut tx, who.0.person_id, ("person", &subject)).await?;
        tx.commit().await?;
    }
    let sees = Sees::new(who, &scope, &record);
    Ok((record, sees))
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(person): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let (record, sees) = open(&app, &who, &person, &mut db).await?;
    Ok(PersonPage::new(visit, record, sees, Part::Membership).into_response())
}

pub async fn payments(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    Path(person): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let (record, sees) = open(&app, &who, &person, &mut db).await?;
    if !sees.all {
        return Err(Error::Forbidden("What people pay is for officers of the whole party."));
    }
    let at_stripe = record.pays.as_ref().map(|pays| pays.stripe_page(app.stripe().livemode()));
    let lines = payments::of_person(&mut db, record.id, MOST, 0).await?;
    let may_refund = who.may(payments::REFUND);
    let part = Part::Payments { lines, kinds: Kinds::of(rooms), may_refund, at_stripe };
    Ok(PersonPage::new(visit, record, sees, part).into_response())
}

pub async fn activity(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    Path(person): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let (record, sees) = open(&app, &who, &person, &mut db).await?;
    if !sees.all {
        return Err(Error::Forbidden("What happened is for officers of the whole party."));
    }
    let happenings = sql::list_happenings(&mut db, rooms, record.id, MOST).await?;
    let events = happenings.into_iter().filter_map(|happening| happening.read(rooms)).collect();
    let part = Part::Activity { events, may_audit: who.may(SEE_AUDIT) };
    Ok(PersonPage::new(visit, record, sees, part).into_response())
}
