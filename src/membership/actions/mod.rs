//! One function a use case. Each runs in the caller's transaction unless it says otherwise.

mod by_hand;
pub mod carrying;
mod decisions;
mod details;
pub mod hardship;
mod importing;
mod joining;
mod merging;
mod overrides;
mod payment;
mod rates;
mod reminders;
mod standing;
mod unaccepted;

pub use by_hand::{paid_by_hand, pay_until};
pub use decisions::{add_note, end, is_new, lift_suspension, suspend, take_back_death};
pub use details::change_details;
pub use importing::{ForeignMember, add_foreign, adopt, fill_personal};
pub use joining::{apply, begun, path, pay_again, purpose, settled_on, warn_member};
pub use merging::{join, part};
pub use overrides::{lift_override, set_override};
pub use payment::{NewDues, dues_of, hear, new_dues, refuse_above_limit};
pub use rates::{apply_rate, ask_for_rate};
pub use reminders::{remind_applicants, remind_of_renewal};
pub use standing::{enter, recompute, set_renewal, stood_on, tell_standing, turn_of_day};
pub use unaccepted::{has_membership, settle_unaccepted};

use chrono::{Days, NaiveDate};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    model::{Membership, OWN_MONEY, Rules, VotingRules},
    settings, sql,
};
use crate::{
    accounts::{self, Person},
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        money::Money,
        stripe::Interval,
    },
    payments::{self, Subscription},
};

/// The party's rules of the day; the days of grace are those of the day on which payments began to fail, because they
/// were promised then.
pub fn rules(app: &App, subscription: Option<&Subscription>) -> Rules {
    let today = app.clock().today();
    let failing = subscription.and_then(|known| known.failing_since).map_or(today, dates::london_date);
    Rules {
        grace_days: app.setting(settings::GRACE_DAYS, failing).into(),
        pending_counts: app.setting(settings::PENDING_COUNTS, today),
        counted_until: None,
    }
}

/// Who may vote, by the rules of a day.
pub fn voting_rules(app: &App, day: NaiveDate) -> VotingRules {
    VotingRules {
        waiting_days: app.setting(settings::VOTING_WAIT_DAYS, day),
        voting_age: app.setting(settings::VOTING_AGE, day),
    }
}

/// The age in whole years from which on members can stand for a role.
pub fn standing_age(app: &App, day: NaiveDate) -> u32 {
    app.setting(settings::STANDING_AGE, day)
}

/// The day by which somebody must have joined to vote in a ballot that opens on a day.
pub fn freeze_day(app: &App, opens_on: NaiveDate) -> NaiveDate {
    let days = app.setting(settings::FREEZE_DAYS, opens_on);
    opens_on.checked_sub_days(Days::new(days.into())).unwrap_or(opens_on)
}

/// The roll of a ballot: who may vote on a day by the rules of that day, of those who had joined by `joined_by` and have
/// been members since. In one statement, for a million people too.
///
/// # Errors
/// The database is away.
pub async fn roll(
    app: &App,
    db: &mut PgConnection,
    day: NaiveDate,
    joined_by: NaiveDate,
) -> Result<Vec<Uuid>> {
    Ok(sql::history::roll(db, day, joined_by, voting_rules(app, day)).await?)
}

/// What a person's page says of their membership, in one query or two.
pub async fn summary(
    db: &mut PgConnection,
    person: Uuid,
) -> Result<Option<(Membership, Option<Subscription>)>> {
    let Some(membership) = sql::find_of_person(db, person).await? else { return Ok(None) };
    let subscription = subscription_of(db, &membership).await?;
    Ok(Some((membership, subscription)))
}

/// What whoever pays so much at one time has declared besides.
pub fn own_money(app: &App, amount: Money) -> Option<&'static str> {
    (amount > app.setting(payments::CHECK_ABOVE, app.clock().today())).then_some(OWN_MONEY)
}

/// The price in words, for pages: `£5 a month`.
pub fn price(amount: Money, every: Interval) -> String {
    format!("{amount} a {every}")
}

/// The regular payment of a membership, if it has one.
pub async fn subscription_of(db: &mut PgConnection, membership: &Membership) -> Result<Option<Subscription>> {
    match &membership.subscription {
        Some(id) => Ok(payments::find_subscription(db, id).await?),
        None => Ok(None),
    }
}

async fn person(db: &mut PgConnection, id: Uuid) -> Result<Person> {
    accounts::find_person(db, id).await?.ok_or(Error::NotFound)
}
