//! What happens to posts, elections and nominations. Whoever changes an election locks it first, and its clock is asked
//! behind the lock.

mod candidacies;
pub mod elections;
pub mod nominations;
pub mod offices;
pub mod posts;
pub mod questions;
mod votes;

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    model::{Election, Known, Part, Rules, obstacle},
    settings, sql,
};
use crate::{
    accounts,
    audit::Change,
    ballots::{self, Electorate},
    kit::{
        app::App,
        error::{Error, Result},
    },
    membership,
};

fn subject(election: Uuid) -> (&'static str, Uuid) {
    ("election", election)
}

async fn lock(change: &mut Change<'_>, id: Uuid) -> Result<Election> {
    sql::elections::lock(change, id).await?.ok_or(Error::NotFound)
}

/// What the rule book says on a day.
pub fn rules(app: &App, day: NaiveDate) -> Rules {
    Rules {
        notice: app.setting(settings::NOTICE_DAYS, day),
        nomination: app.setting(settings::NOMINATION_DAYS, day),
        withdrawal: app.setting(settings::WITHDRAWAL_DAYS, day),
        hustings: app.setting(settings::HUSTINGS_DAYS, day),
        poll: app.setting(settings::POLL_DAYS, day),
        objection_hours: ballots::objection_hours(app),
    }
}

/// The rule that keeps somebody from taking part today, in words for them.
///
/// # Errors
/// The database is away.
pub async fn obstacle_of(
    app: &App,
    db: &mut PgConnection,
    electorate: &Electorate,
    part: Part,
    person: Uuid,
) -> Result<Option<String>> {
    let day = app.clock().today();
    let (stood, born_on) = membership::stood_on(app, db, person, day).await?;
    let region = accounts::find_person(db, person).await?.and_then(|person| person.region);
    let known = Known {
        day,
        stood,
        rules: membership::voting_rules(app, day),
        standing_age: membership::standing_age(app, day),
        region,
        born_on,
    };
    Ok(obstacle(electorate, part, &known))
}

const NOT_AN_ELECTOR: Error =
    Error::Forbidden("You cannot take part in this election. Its page says who can, and why you cannot.");

async fn need_elector(change: &mut Change<'_>, election: &Election, part: Part, person: Uuid) -> Result<()> {
    let app = change.app;
    match obstacle_of(app, change, &election.words.electorate, part, person).await? {
        None => Ok(()),
        Some(_) => Err(NOT_AN_ELECTOR),
    }
}
