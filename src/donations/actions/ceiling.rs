//! How much one source may still pay, whatever for.

use chrono::{Datelike, NaiveDate};
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    accounts::{Most, Planned},
    audit::Change,
    donations::{
        model::{Plan, Year, fit, most_of},
        sql::{
            limit,
            sources::{self, Standing},
        },
    },
    kit::{app::App, email_address::EmailAddress, error::Result, money::Money, queue},
    payments::{CloseCheckout, Purpose},
};

/// This year and the next: a plan that fits into both fits into all.
fn years(app: &App, today: NaiveDate, paid: Money, is_overseas: bool) -> [Year; 2] {
    let next = NaiveDate::from_ymd_opt(today.year() + 1, 1, 1).unwrap_or(today);
    let year =
        |day: NaiveDate, paid| Year { number: day.year(), cap: super::cap_on(app, day, is_overseas), paid };
    [year(today, paid), year(next, Money::ZERO)]
}

/// What the owner of an address may still give at once; `None` before they have paid or promised anything.
pub async fn left(app: &App, db: &mut PgConnection, email: &EmailAddress) -> Result<Option<Money>> {
    let today = app.clock().today();
    let known = sources::standing(db, email, super::year_of(today), today, None).await?;
    if known.paid <= Money::ZERO && known.plans.is_empty() {
        return Ok(None);
    }
    let once = Plan { amount: Money::ZERO, every: None, next: today };
    Ok(Some(most_of(&once, &known.plans, &years(app, today, known.paid, false))))
}

/// See [`Ceiling`](crate::accounts::Ceiling).
///
/// # Errors
/// The database is away.
pub async fn most(change: &mut Change<'_>, it: Planned<'_>) -> Result<Most> {
    let (app, today) = (change.app, change.today());
    sources::lock(change, it.email).await?;
    let known = if it.is_own {
        sources::standing(change, it.email, super::year_of(today), today, it.instead_of).await?
    } else {
        Standing::default()
    };
    let new = Plan { amount: it.amount, every: it.every, next: it.from };
    let years = years(app, today, known.paid, it.is_overseas);
    let most = Most { each: most_of(&new, &known.plans, &years), year: years[0].cap };
    if it.amount <= most.each {
        // Of two tabs, the later one counts.
        let others: Vec<_> = known.open.iter().filter(|page| Some(page.checkout) != it.checkout).collect();
        let all = [new].into_iter().chain(known.plans.iter().copied());
        let all: Vec<_> = all.chain(others.iter().map(|page| page.plan(today))).collect();
        if !fit(&all, &years) {
            for page in others {
                queue::push(change, &CloseCheckout { checkout: page.checkout }).await?;
            }
        }
    }
    Ok(most)
}

/// Whether all that the owner of an address has paid and promised stays under the limit, this year and the next. `without` is
/// Stripe's id of a regular payment that ends. Others who pay with the address wait until the transaction ends.
///
/// # Errors
/// The database is away.
pub async fn holds(
    change: &mut Change<'_>,
    email: &EmailAddress,
    is_overseas: bool,
    without: Option<&str>,
) -> Result<bool> {
    let (app, today) = (change.app, change.today());
    sources::lock(change, email).await?;
    let known = sources::standing(change, email, super::year_of(today), today, without).await?;
    Ok(fit(&known.plans, &years(app, today, known.paid, is_overseas)))
}

/// Sends back what was paid for something: it takes its donor over the limit. Cases of it, if it is large enough to have any,
/// say why. May be called any number of times.
///
/// # Errors
/// The database is away.
pub async fn send_back(change: &mut Change<'_>, of: &Purpose) -> Result<()> {
    let now = change.now;
    super::cases::open_cases(change, Some(of)).await?;
    for line in limit::insert(change, of, now).await? {
        super::cases::refuse_above_cap(change, line).await?;
        change.audit("donation.above_cap", ("payment", line), json!({}));
    }
    Ok(())
}
