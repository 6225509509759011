//! Who may vote in a ballot.

use chrono::NaiveDate;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::subject;
use crate::{
    accounts,
    audit::Change,
    ballots::{
        casting::{self},
        entitlement::{self, Entitlement, Known},
        model::{Ballot, Draft, Electorate},
        news::News,
        sql, telling,
    },
    kit::{app::App, dates, error::Result},
    membership,
};

/// The day by which somebody must have joined to be on the roll.
pub fn joined_by(app: &App, draft: &Draft) -> NaiveDate {
    let opens_on = dates::london_date(draft.times.opens_at);
    membership::freeze_day(app, opens_on).min(draft.times.roll_on)
}

/// How many people would be on the roll of a draft, by what is known today.
///
/// # Errors
/// The database is away.
pub async fn count_roll(app: &App, db: &mut PgConnection, draft: &Draft) -> Result<i64> {
    let day = draft.times.roll_on.min(app.clock().today());
    let rules = membership::voting_rules(app, draft.times.roll_on);
    Ok(sql::roll::count(db, &draft.electorate, (day, joined_by(app, draft)), rules).await?)
}

/// Everybody who could vote for something today.
///
/// # Errors
/// The database is away.
pub async fn electors(app: &App, db: &mut PgConnection, electorate: &Electorate) -> Result<Vec<Uuid>> {
    let today = app.clock().today();
    let rules = membership::voting_rules(app, today);
    Ok(sql::roll::list_electors(db, electorate, (today, today), rules).await?)
}

/// Makes the roll of an announced ballot whose day has ended, and tells everybody on it.
///
/// # Errors
/// The database is away.
pub async fn freeze(change: &mut Change<'_>, ballot: &Ballot) -> Result<()> {
    if ballot.roll.is_some() {
        return Ok(());
    }
    let (app, now) = (change.app, change.now);
    let draft = &ballot.draft;
    let rules = membership::voting_rules(app, draft.times.roll_on);
    let days = (draft.times.roll_on, joined_by(app, draft));
    let size = sql::roll::make(change, ballot.id, &draft.electorate, days, rules).await?;
    let print = sql::roll::fingerprint(change, ballot.id).await?;
    sql::roll::set_frozen(change, ballot.id, size, &print, now).await?;
    change.audit("ballots.roll_made", subject(ballot.id), json!({ "size": size, "fingerprint": print }));
    telling::tell(change, ballot, News::Announced).await
}

/// Whether somebody can vote, and if not, why.
///
/// # Errors
/// The database is away.
pub async fn entitlement(
    app: &App,
    db: &mut PgConnection,
    ballot: &Ballot,
    person: Uuid,
    line: Option<&sql::roll::Line>,
) -> Result<Entitlement> {
    if let Some(line) = line {
        if !line.is_member {
            return Ok(Entitlement::NoMemberNow);
        }
        let voted = casting::actions::has_voted(app, db, ballot.id, person).await?;
        return Ok(Entitlement::OnRoll { voted: voted.unwrap_or_default() });
    }
    let draft = &ballot.draft;
    // Before its day it is guessed from today.
    let day = if ballot.roll.is_some() {
        draft.times.roll_on
    } else {
        app.clock().today().min(draft.times.roll_on)
    };
    let (stood, born_on) = membership::stood_on(app, db, person, day).await?;
    let region = accounts::find_person(db, person).await?.and_then(|person| person.region);
    let known = Known { stood, rules: membership::voting_rules(app, day), region, born_on };
    let obstacle = entitlement::obstacle(draft, joined_by(app, draft), &known);
    Ok(match ballot.roll {
        None => Entitlement::Expected(obstacle),
        Some(_) => {
            let missing = "No rule that we know of keeps you off the roll. Object to it, and the returning officer looks at it.";
            Entitlement::NotOnRoll(obstacle.unwrap_or_else(|| missing.to_owned()))
        }
    })
}
