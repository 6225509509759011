//! One function a use case. Each runs in the caller's transaction unless it says otherwise.

mod decisions;
mod details;
mod importing;
mod joining;
mod payment;
mod rates;
mod standing;

pub use decisions::{add_note, end, lift_suspension, suspend};
pub use details::change_details;
pub use importing::{ForeignMember, add_foreign, adopt, fill_personal};
pub use joining::{apply, begun, path, pay_again, purpose, warn_member};
pub use payment::hear;
pub use rates::{apply_rate, ask_for_rate};
pub use standing::{set_renewal, turn_of_day};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    model::{Membership, Rules},
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
    }
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

/// The price in words, for pages: `£5 a month`.
pub fn price(amount: Money, every: Interval) -> String {
    format!("{amount} a {every}")
}

async fn subscription_of(db: &mut PgConnection, membership: &Membership) -> Result<Option<Subscription>> {
    match &membership.subscription {
        Some(id) => Ok(payments::find_subscription(db, id).await?),
        None => Ok(None),
    }
}

async fn person(db: &mut PgConnection, id: Uuid) -> Result<Person> {
    accounts::find_person(db, id).await?.ok_or(Error::NotFound)
}
