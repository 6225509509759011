//! One function a use case, in the caller's transaction.

use chrono::{Days, Months, NaiveDate};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail,
    model::{Asked, Declared, NewParty, NewRuling, Outcome, Refusal, Ruling, Source, Stage, judge},
    settings,
    sql::{self, Added, Decision},
};
use crate::{
    accounts::{self, Person},
    audit::{Actor, Change},
    kit::{
        app::App,
        error::{Error, Result},
    },
};

/// Why somebody who declares this cannot join today; `None` if they can.
///
/// # Errors
/// The database is away.
pub async fn refusal(app: &App, db: &mut PgConnection, declared: &Declared) -> Result<Option<Refusal>> {
    if declared.is_none() {
        return Ok(None);
    }
    let today = app.clock().today();
    let list = sql::list_ruled(db, today).await?;
    let judged = judge(&list, declared).filter(|judged| judged.ruling == Ruling::Barred);
    let Some(party) = judged.and_then(|judged| judged.party) else { return Ok(None) };
    Ok(Some(Refusal {
        party: party.name.clone(),
        reason: party.reason.clone().unwrap_or_default(),
        rule: party.rule.clone().unwrap_or_default(),
        contact: app.settings().site(today).contact_email,
        appeal_days: app.setting(settings::APPEAL_DAYS, today),
    }))
}

/// The last day on which somebody who is not admitted today can appeal.
pub fn appeal_until(app: &App, today: NaiveDate) -> NaiveDate {
    let days = app.setting(settings::APPEAL_DAYS, today);
    today.checked_add_days(Days::new(days.into())).unwrap_or(today)
}

/// What somebody has said of other parties.
pub struct NewDeclaration<'a> {
    pub person: Uuid,
    pub declared: &'a Declared,
    pub source: Source,
    /// The day on which they said it: what held then counts.
    pub on: NaiveDate,
    /// The last day on which officers can object to them; `None` if they are not new.
    pub decide_until: Option<NaiveDate>,
}

/// Keeps a declaration, unless it is what they say already. What has to be looked at waits for officers, and whoever
/// joined is told so. Names of parties go into no log.
///
/// # Errors
/// The database is away.
pub async fn declare(change: &mut Change<'_>, new: &NewDeclaration<'_>) -> Result<()> {
    sql::lock(change, new.person).await?;
    let before = sql::find_current(change, new.person).await?;
    let is_same = before.is_some_and(|(before, _)| before == *new.declared);
    // Whoever joins again is looked at again.
    if is_same && new.source == Source::OwnPage {
        return Ok(());
    }
    let list = sql::list_ruled(change, new.on).await?;
    let ruling = judge(&list, new.declared).map(|judged| judged.ruling);
    let (now, today) = (change.now, change.today());
    let added = Added {
        id: change.app.random().id(now),
        person: new.person,
        declared: new.declared,
        source: new.source,
        ruling,
        decide_until: new.decide_until,
    };
    sql::replace(change, &added, today, now).await?;
    change.audit("parties.declared", ("person", new.person), json!({ "where": new.source.code() }));
    if new.source == Source::JoinForm && matches!(ruling, Some(Ruling::Ask | Ruling::Barred)) {
        let known = person(change, new.person).await?;
        let letter = mail::looked_at(change.app, known.greeting(), new.decide_until)?;
        change.mail(format!("declaration:{}", added.id), &known.email, letter);
    }
    Ok(())
}

async fn person(change: &mut Change<'_>, id: Uuid) -> Result<Person> {
    accounts::find_person(change, id).await?.ok_or(Error::NotFound)
}

/// Notes whether somebody is a member: what is kept of others is forgotten in time.
///
/// # Errors
/// The database is away.
pub async fn note_membership(change: &mut Change<'_>, person: Uuid, is_over: bool) -> Result<()> {
    let on = change.today();
    Ok(sql::set_left(change, person, is_over.then_some(on)).await?)
}

fn officer(change: &Change<'_>) -> Option<Uuid> {
    match change.by {
        Actor::Person(id) => Some(id),
        Actor::System => None,
    }
}

/// Somebody was not admitted: what they declared is decided, if it waited.
///
/// # Errors
/// The database is away.
pub async fn close(change: &mut Change<'_>, person: Uuid, reason: &str, rule: &str) -> Result<()> {
    let (by, now) = (officer(change), change.now);
    sql::decide(change, person, &Decision { outcome: Outcome::Refused, by, reason, rule, now }).await?;
    Ok(())
}

/// Officers have no objection.
///
/// # Errors
/// A conflict if there is nothing to decide any more.
pub(super) async fn admit(change: &mut Change<'_>, asked: &Asked, reason: &str, rule: &str) -> Result<()> {
    const DECIDED: Error = Error::Conflict("This is decided already, or they have changed what they said.");
    sql::lock(change, asked.person).await?;
    let now = sql::find_asked(change, asked.id, None).await?.ok_or(Error::NotFound)?;
    if now.stage(change.today()) != Stage::Open {
        return Err(DECIDED);
    }
    let (by, now) = (officer(change), change.now);
    let decision = Decision { outcome: Outcome::Admitted, by, reason, rule, now };
    if !sql::decide(change, asked.person, &decision).await? {
        return Err(DECIDED);
    }
    change.audit("parties.admitted", ("person", asked.person), json!({ "rule": rule }));
    let known = person(change, asked.person).await?;
    let letter = mail::admitted(change.app, known.greeting())?;
    change.mail(format!("declaration-admitted:{}", asked.id), &known.email, letter);
    Ok(())
}

/// Adds a party with what holds of it. Its id.
///
/// # Errors
/// A conflict if one of that name is in the list.
pub(super) async fn add(
    change: &mut Change<'_>,
    by: Uuid,
    party: &NewParty,
    first: &NewRuling,
) -> Result<Uuid> {
    let now = change.now;
    // The form's key is the party's id as well: sent twice, it is one.
    let id = first.key;
    if !sql::insert_party(change, id, party, now).await? {
        if sql::find_party(change, id).await?.is_some() {
            return Ok(id);
        }
        return Err(Error::Conflict("This party is in the list already. Open it there"));
    }
    sql::insert_ruling(change, id, first, by, now).await?;
    change.audit("parties.added", ("party", id), detail(&party.name, first));
    Ok(id)
}

/// From a day on something else holds of a party.
///
/// # Errors
/// Not found if there is no such party.
pub(super) async fn rule(change: &mut Change<'_>, by: Uuid, party: Uuid, new: &NewRuling) -> Result<()> {
    let (known, _) = sql::find_party(change, party).await?.ok_or(Error::NotFound)?;
    let now = change.now;
    if sql::insert_ruling(change, party, new, by, now).await? {
        change.audit("parties.ruled", ("party", party), detail(&known.name, new));
    }
    Ok(())
}

fn detail(name: &str, new: &NewRuling) -> serde_json::Value {
    json!({ "party": name, "ruling": new.ruling.name(), "from": new.starts_on, "rule": new.rule, "reason": new.reason })
}

/// Forgets what is not needed any more.
pub(super) async fn forget(app: &App, db: &mut PgConnection) -> Result<()> {
    let today = app.clock().today();
    let months = app.setting(settings::KEPT_MONTHS, today);
    if let Some(before) = today.checked_sub_months(Months::new(months)) {
        sql::forget(db, before).await?;
    }
    Ok(())
}

/// How long a declaration is kept after it counts no more, for the words beside the question.
pub(super) fn kept_months(app: &App) -> u32 {
    app.setting(settings::KEPT_MONTHS, app.clock().today())
}
