//! Days that were paid for before somebody began to pay regularly: the next payment comes so many days later.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::person;
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        queue::{self, Failure},
    },
    membership::{
        mail,
        model::{CarryDays, Membership},
        sql::{self, carried},
    },
    payments::{self, Subscription},
};

/// Stripe puts no payment off for longer than two years.
const MOST_DAYS: i64 = 729;

/// Keeps how many days were paid for, before the membership's payment is replaced by a new one.
pub async fn note(
    change: &mut Change<'_>,
    known: Option<&Membership>,
    present: Option<&Subscription>,
    new: &Subscription,
) -> Result<()> {
    let now = change.now;
    let known = known.filter(|known| !known.state.is_ended());
    let days = known
        .and_then(|known| known.paid_before(present))
        .map_or(0, |free_from| (free_from - change.today()).num_days());
    if days > 0 {
        carried::insert(change, &new.id, days, now).await?;
    }
    Ok(())
}

/// Has Stripe told of days that it does not know of yet, once the first payment has come. A first Direct Debit takes days.
pub async fn remind(change: &mut Change<'_>, subscription: &str) -> Result<()> {
    if carried::find_untold(change, subscription).await?.is_some() {
        queue::push(change, &CarryDays { subscription: subscription.to_owned() }).await?;
    }
    Ok(())
}

/// Puts the next payment off by the days that were paid for. Speaks to Stripe: call it without a transaction at hand.
///
/// # Errors
/// Stripe or the database is away.
pub async fn carry(app: &App, id: &str) -> Result<(), Failure> {
    let mut db = app.pool().acquire().await?;
    let Some(days) = carried::find_untold(&mut db, id).await? else { return Ok(()) };
    let Some(subscription) = payments::find_subscription(&mut db, id).await? else { return Ok(()) };
    let is_paid = subscription.first_paid_at.is_some() && !subscription.is_failing();
    let Some(end) = subscription.current_period_end.filter(|_| is_paid && subscription.is_alive()) else {
        return Ok(());
    };
    let latest = app.clock().now() + Duration::days(MOST_DAYS);
    // Kept before Stripe is told: asked again, it is the same day.
    let until = carried::set_until(&mut db, id, (end + Duration::days(days)).min(latest)).await?;
    drop(db);
    match payments::postpone(app, &format!("carry:{id}"), id, until).await {
        // What Stripe will not do, however often it is asked, officers find among what was given up.
        Ok(()) => tell(app, id, until).await.map_err(Failure::from_page),
        Err(failure) => Err(failure),
    }
}

async fn tell(app: &App, id: &str, until: DateTime<Utc>) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?;
    let Some(membership) = sql::lock_by_subscription(&mut change, id).await? else { return Ok(()) };
    let now = change.now;
    if carried::set_told(&mut change, id, now).await? {
        let known = person(&mut change, membership.person).await?;
        let on = dates::london_date(until);
        let paying = super::hardship::as_collected(&mut change, &membership).await?;
        let letter = mail::carried(app, known.greeting(), &paying, on)?;
        change.mail(format!("carried:{id}"), &known.email, letter);
        change.audit("membership.days_carried", ("person", membership.person), json!({ "next_payment": on }));
    }
    Ok(change.commit().await?)
}

/// Sees to it that Stripe hears of all of them. Called each night.
///
/// # Errors
/// The database is away.
pub async fn carry_rest(app: &App) -> Result<(), Error> {
    let mut db = app.pool().acquire().await?;
    let untold = carried::list_untold(&mut db).await?;
    let jobs: Vec<_> = untold
        .into_iter()
        .map(|subscription| (format!("carry:{subscription}"), CarryDays { subscription }))
        .collect();
    Ok(queue::push_all(&mut db, &jobs).await?)
}
