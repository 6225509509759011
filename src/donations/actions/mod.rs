//! Giving, and what follows from the payment. Each function runs in the caller's transaction. Donor checks,
//! sources and returns have files of their own.

pub mod cards;
pub mod cases;
pub mod ceiling;
pub mod merging;
pub mod refusals;
pub mod returns;
pub mod sources;
pub mod splits;

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail,
    model::{Bounds, DECLARATION, ENTERED, GIFTS, Gift, Give, Unheard},
    settings, sql,
};
use crate::{
    accounts::{self, Most, Planned},
    audit::Change,
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::{Error, Result},
        money::Money,
    },
    payments::{self, PaymentNotice, Purpose, Subscription, What},
    places::Address,
};

/// How long the same answers sent again are the same gift.
const SAME_MINUTES: i64 = 10;

/// The bounds of a day.
pub fn bounds(app: &App, day: NaiveDate) -> Bounds {
    Bounds {
        least: app.setting(settings::LEAST, day),
        cap: app.setting(settings::CAP, day),
        check_above: app.setting(payments::CHECK_ABOVE, day),
        address_from: app.setting(settings::SPLIT_FROM, day),
    }
}

/// The most that the law lets one overseas elector give in a calendar year; `None` for no limit of its own.
pub(super) fn overseas_limit(app: &App, day: NaiveDate) -> Option<Money> {
    app.setting(settings::OVERSEAS_CAP, day).map(|pounds| Money::from_pence(i64::from(pounds) * 100))
}

/// The most that one person may give in the calendar year of a day, by the party's rules and the law.
pub fn cap_on(app: &App, day: NaiveDate, is_overseas: bool) -> Money {
    let cap = app.setting(settings::CAP, day);
    overseas_limit(app, day).filter(|_| is_overseas).map_or(cap, |limit| cap.min(limit))
}

/// The start and end of the calendar year that a day is in, in London.
fn year_of(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let start = |year| dates::start_of_day(NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(day));
    (start(day.year()), start(day.year() + 1))
}

pub(super) fn purpose(gift: Uuid) -> Purpose {
    Purpose::new(GIFTS, gift)
}

/// The page that says what became of the payment. Its id is opaque.
pub(super) fn path(gift: Uuid) -> String {
    format!("/donate/{gift}")
}

/// What giving came to.
pub(super) enum Given {
    /// The gift, and the wish to pay it.
    Wanted { gift: Uuid, checkout: Uuid },
    /// It would exceed the cap.
    TooMuch(Most),
}

/// Whether all that the owner of an address has paid this year, by whatever way, is no more than one person may. Others who
/// pay with it wait until the transaction ends.
///
/// # Errors
/// The database is away.
pub async fn is_within_cap(change: &mut Change<'_>, email: &EmailAddress) -> Result<bool> {
    let today = change.today();
    sql::sources::lock(change, email).await?;
    let given = sql::sources::paid_between(change, email, year_of(today), None).await?;
    Ok(given <= bounds(change.app, today).cap)
}

/// Keeps a gift and the wish to pay it. `person` is who is signed in with the gift's own address.
pub(super) async fn give(change: &mut Change<'_>, give: Give, person: Option<Uuid>) -> Result<Given> {
    let app = change.app;
    let (now, today) = (change.now, change.today());
    let mut gift = Gift {
        id: app.random().opaque_id(),
        name: give.name,
        email: give.email,
        address: give.address,
        needs_check: bounds(app, today).needs_check(give.amount),
        amount: give.amount,
        every: give.every,
        person,
        created_at: now,
        paid_at: None,
        is_returned: false,
    };
    sql::sources::lock(change, &gift.email).await?;
    match sql::find_same_gift(change, &gift, now - Duration::minutes(SAME_MINUTES)).await? {
        Some(before) => gift.id = before,
        None => sql::insert_gift(change, &gift, DECLARATION).await?,
    }
    let checkout = wish_to_pay(change, &gift).await?;
    let most = ceiling::most(change, planned(&gift, today, checkout)).await?;
    if gift.amount > most.each {
        return Ok(Given::TooMuch(most));
    }
    Ok(Given::Wanted { gift: gift.id, checkout })
}

/// A gift that an officer enters.
#[derive(Clone, Debug)]
pub struct Entered {
    pub purpose: Purpose,
    /// Whether it takes its donor over the cap of its year: it is booked like any other, and has to be sent back.
    pub is_above_cap: bool,
}

/// Keeps a gift that an officer enters, from a person we know. `id` is that of the form or statement line: entered twice, it
/// is one gift.
///
/// # Errors
/// The database is away.
pub async fn enter(
    change: &mut Change<'_>,
    id: Uuid,
    person: &accounts::Person,
    amount: Money,
    on: NaiveDate,
) -> Result<Entered> {
    let bounds = bounds(change.app, on);
    sql::sources::lock(change, &person.email).await?;
    let given = sql::sources::paid_between(change, &person.email, year_of(on), Some(id)).await?;
    if sql::find_gift(change, id).await?.is_none() {
        let gift = Gift {
            id,
            name: person.name.clone(),
            email: person.email.clone(),
            address: None,
            needs_check: bounds.needs_check(amount),
            amount,
            person: Some(person.id),
            created_at: change.now,
            paid_at: None,
            is_returned: false,
            every: None,
        };
        sql::insert_gift(change, &gift, ENTERED).await?;
    }
    Ok(Entered { purpose: purpose(id), is_above_cap: !bounds.fits(given, amount) })
}

async fn wish_to_pay(change: &mut Change<'_>, gift: &Gift) -> Result<Uuid> {
    let party = change.app.settings().site(change.today()).name;
    let wish = payments::Wish {
        purpose: purpose(gift.id),
        amount: gift.amount,
        every: gift.every,
        product: &format!("Donation to the {party}"),
        name: &gift.name,
        email: &gift.email,
        page: &path(gift.id),
    };
    payments::wish(change, &wish).await
}

/// Another try at paying. `None` if it has been paid.
pub(super) async fn pay_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
    let gift = sql::lock_gift(change, id).await?.ok_or(Error::NotFound)?;
    let now = change.now;
    let checkout = payments::checkout_for(change, &purpose(id), now).await?;
    let is_paid = checkout.is_some_and(|checkout| checkout.state == payments::CheckoutState::Paid);
    if is_paid || gift.paid_at.is_some() {
        return Ok(None);
    }
    let checkout = wish_to_pay(change, &gift).await?;
    // More may have been paid and promised since it was typed.
    let planned = planned(&gift, change.today(), checkout);
    if gift.amount > ceiling::most(change, planned).await?.each {
        return Err(Error::Invalid(
            "With what you have paid and promised since, this would be more than we accept from one person in a year. Make a new donation: the form says how much you can still give.",
        ));
    }
    Ok(Some(checkout))
}

/// What an address has given is told to its owner only. Anybody else is paid back by [`hear`].
fn planned(gift: &Gift, today: NaiveDate, checkout: Uuid) -> Planned<'_> {
    Planned {
        email: &gift.email,
        is_own: gift.person.is_some(),
        amount: gift.amount,
        every: gift.every,
        from: today,
        is_overseas: gift.address.as_ref().is_some_and(Address::is_overseas),
        instead_of: None,
        checkout: Some(checkout),
    }
}

/// What a notice of a payment means for a gift. May be called any number of times.
pub async fn hear(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<()> {
    let Some(gift) = sql::lock_gift(change, notice.purpose.id).await? else { return Ok(()) };
    for payment in sql::list_unheard(change, gift.id).await? {
        receive(change, &gift, &payment).await?;
    }
    if let What::Failed { invoice, attempt, next_try, page } = &notice.what {
        let letter = mail::failed(change.app, &gift, *next_try, page.as_deref())?;
        change.mail(format!("gift-failed:{invoice}:{attempt}"), &gift.email, letter);
    }
    Ok(())
}

/// The regular payment of a gift; `None` before it has begun.
pub(super) async fn subscription_of(db: &mut PgConnection, gift: Uuid) -> Result<Option<Subscription>> {
    match sql::find_subscription(db, gift).await? {
        Some(id) => Ok(payments::find_subscription(db, &id).await?),
        None => Ok(None),
    }
}

/// Whether money may still come from a regular gift.
pub(super) fn runs(subscription: &Subscription) -> bool {
    subscription.is_alive() && subscription.surplus_since.is_none()
}

/// Stops a regular gift at once: what failed to be collected is not tried again either.
///
/// # Errors
/// Not found if it is not a regular gift.
pub(super) async fn stop(change: &mut Change<'_>, gift: Uuid) -> Result<()> {
    let app = change.app;
    let known = sql::lock_gift(change, gift).await?.ok_or(Error::NotFound)?;
    let subscription = subscription_of(change, gift).await?.ok_or(Error::NotFound)?;
    if !runs(&subscription) {
        return Ok(());
    }
    payments::end_surplus(change, &subscription.id, false).await?;
    let letter = mail::stopped(app, &known)?;
    change.mail(format!("gift-stopped:{gift}"), &known.email, letter);
    change.audit("donation.stopped", ("gift", gift), json!({ "pence": known.amount.pence() }));
    Ok(())
}

/// One payment of a gift: it is thanked for, or goes back if it is above the cap.
async fn receive(change: &mut Change<'_>, gift: &Gift, payment: &Unheard) -> Result<()> {
    let (app, now, of) = (change.app, change.now, purpose(gift.id));
    sql::sources::lock(change, &gift.email).await?;
    let arrived = dates::london_date(payment.at);
    let year = year_of(arrived);
    let given = sql::sources::paid_between(change, &gift.email, year, Some(payment.line)).await?;
    let cap = cap_on(app, arrived, gift.address.as_ref().is_some_and(Address::is_overseas));
    let over_cap = !Bounds { cap, ..bounds(app, arrived) }.fits(given, payment.amount);
    if !sql::insert_payment(change, payment.line, gift.id, now).await? {
        return Ok(());
    }
    let known = accounts::find_person_by_email(change, &gift.email).await?.map(|person| person.id);
    sql::set_paid(change, gift.id, payment.at, known).await?;
    if let Some(person) = gift.person.or(known) {
        payments::attribute(change, &of, person).await?;
    }
    cases::open_cases(change, Some(&of)).await?;
    if over_cap {
        sql::limit::insert_line(change, payment.line, now).await?;
        cases::refuse_above_cap(change, payment.line).await?;
    }
    let needs_check = payment.amount > app.setting(payments::CHECK_ABOVE, arrived);
    let action = if over_cap { "donation.above_cap" } else { "donation.received" };
    let detail = json!({ "pence": payment.amount.pence(), "needs_check": needs_check });
    change.audit(action, ("gift", gift.id), detail);
    let letter = mail::receipt(app, gift, payment, over_cap)?;
    change.mail(format!("gift:{}", payment.line), &gift.email, letter);
    Ok(())
}

/// What any payment, whatever it is for, means for donor checks. May be called any number of times.
pub async fn watch_payment(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<()> {
    match &notice.what {
        What::Paid { .. } => cases::open_cases(change, Some(&notice.purpose)).await,
        What::Returned => cases::follow_books(change, &notice.purpose).await,
        What::Changed
        | What::Failed { .. }
        | What::PaidTooLate { .. }
        | What::MethodLost { .. }
        | What::CardExpires { .. } => Ok(()),
    }
}

/// Forgets gifts that were never paid.
pub(super) async fn tidy(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    Ok(sql::delete_old_gifts(db, now - Duration::days(30)).await?)
}
