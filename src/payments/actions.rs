//! Wishing to pay, stopping, giving back. Nothing here speaks to Stripe inside a transaction.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    model::{
        ChangeState, Checkout, CheckoutState, CloseCheckout, EndSubscription, GiveBack, LedgerLine, LineKind,
        Method, MethodChange, Origin, Subscription, change_metadata, metadata,
    },
    purposes::Purpose,
    sql::{checkouts, ledger, methods, subscriptions},
    sync,
};
use crate::{
    audit::Change,
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::{Error, Result},
        money::Money,
        queue::{self, Failure},
        stripe::{Interval, Mode, NewCheckout, NewSetup, StripeError},
    },
};

/// How long a page at Stripe stays open. Short, so that a forgotten tab cannot pay tomorrow for what was done today.
const OPEN_HOURS: i64 = 23;

/// What somebody wants to pay.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    pub purpose: Purpose,
    pub amount: Money,
    /// `None` for a single payment.
    pub every: Option<Interval>,
    /// What Stripe's page and the receipt say.
    pub product: &'a str,
    /// As the payer wrote it; officers find the payment by it.
    pub name: &'a str,
    pub email: &'a EmailAddress,
    /// The path of our page that shows what became of it, see [`super::leading`].
    pub page: &'a str,
}

/// Stores a wish to pay, or finds the one that is open for the purpose already: two clicks are one wish. Other open
/// pages with the same address stay open until one is paid for: whoever only knows an address must not close them.
pub async fn wish(change: &mut Change<'_>, wish: &Wish<'_>) -> Result<Uuid> {
    let app = change.app;
    let now = change.now;
    let new = Checkout {
        id: app.random().opaque_id(),
        purpose: wish.purpose.clone(),
        amount: wish.amount,
        every: wish.every,
        product: wish.product.to_owned(),
        name: Some(wish.name.to_owned()),
        email: wish.email.to_string(),
        return_path: format!("{}?paid=yes", wish.page),
        cancel_path: wish.page.to_owned(),
        state: CheckoutState::Wanted,
        stripe_session: None,
        url: None,
        subscription: None,
        by_debit: false,
        created_at: now,
        expires_at: None,
    };
    if !checkouts::insert(change, &new).await? {
        const BUSY: Error = Error::Conflict("The payment page was just being closed. Please try again.");
        let before = checkouts::find_open(change, &wish.purpose).await?.ok_or(BUSY)?;
        // Its time is over, or another amount is wanted by now: close it and start again.
        let fresh = before.created_at > now - Duration::hours(OPEN_HOURS - 1);
        let still_good = fresh && (before.state == CheckoutState::Wanted || before.page(now).is_some());
        if still_good && (before.amount, before.every) == (new.amount, new.every) {
            return Ok(before.id);
        }
        set_state(change, before.id, CheckoutState::Expired, now).await?;
        queue::push(change, &CloseCheckout { checkout: before.id }).await?;
        if !checkouts::insert(change, &new).await? {
            return Err(BUSY);
        }
    }
    Ok(new.id)
}

async fn set_state(
    db: &mut PgConnection,
    id: Uuid,
    state: CheckoutState,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let progress = checkouts::Progress {
        state,
        session: None,
        subscription: None,
        payment_intent: None,
        by_debit: false,
    };
    checkouts::set_progress(db, id, &progress, now).await
}

/// Where a payer goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To Stripe's page.
    There(String),
    /// They have paid already, or the page is closed: our own page says which.
    Done,
    /// Stripe does not answer. The wish is kept; trying again later needs no retyping.
    Away,
    /// Stripe will not make a page for this wish, however often it is asked: something is wrong on our side.
    Refused,
}

/// Asks Stripe for the page of a wish. Call it without a transaction or connection at hand. The key is the wish's
/// id, so that however often it is called there is one page.
pub async fn open(app: &App, checkout: Uuid) -> Result<Way> {
    let now = app.clock().now();
    let mut db = app.pool().acquire().await?;
    let wish = checkouts::find(&mut db, checkout).await?.ok_or(Error::NotFound)?;
    drop(db);
    if let Some(url) = wish.page(now) {
        return Ok(Way::There(url.to_owned()));
    }
    if wish.state != CheckoutState::Wanted {
        return Ok(Way::Done);
    }
    let (success_url, cancel_url) = (app.link(&wish.return_path), app.link(&wish.cancel_path));
    let new = NewCheckout {
        mode: wish.every.map_or(Mode::OneOff, |interval| Mode::Subscription { interval }),
        amount_pence: wish.amount.pence(),
        product_name: &wish.product,
        customer: None,
        email: &wish.email,
        success_url: &success_url,
        cancel_url: &cancel_url,
        metadata: metadata(wish.id, &wish.purpose),
        expires_at: Some(wish.created_at + Duration::hours(OPEN_HOURS)),
    };
    let session = match app.stripe().create_checkout(&format!("checkout:{}", wish.id), &new).await {
        Ok(session) => session,
        Err(error) => return away(app, &wish, &error).await,
    };
    let mut tx = app.pool().begin().await?;
    checkouts::set_opened(&mut tx, wish.id, &session.id, session.url.as_deref(), session.expires_at, now)
        .await?;
    tx.commit().await?;
    Ok(session.url.map_or(Way::Done, Way::There))
}

async fn away(app: &App, wish: &Checkout, error: &StripeError) -> Result<Way> {
    // Not in Stripe's own words: they may repeat the payer's address.
    tracing::error!(error = error.brief(), checkout = %wish.id, "Stripe made no page for paying; the wish is kept");
    // Stripe gives the same answer to the same key for a day, an error too: the next try needs a wish of its own.
    if matches!(error, StripeError::Refused { .. }) {
        let mut tx = app.pool().begin().await?;
        set_state(&mut tx, wish.id, CheckoutState::Expired, app.clock().now()).await?;
        tx.commit().await?;
    }
    Ok(if error.is_transient() { Way::Away } else { Way::Refused })
}

/// How far the payment for something is. A first payment that its payer's bank was never told to make has failed,
/// whatever the page at Stripe said.
pub async fn checkout_for(
    db: &mut PgConnection,
    purpose: &Purpose,
    now: DateTime<Utc>,
) -> Result<Option<Checkout>> {
    let Some(mut checkout) = checkouts::find_for(db, purpose).await? else { return Ok(None) };
    if let (CheckoutState::Pending, Some(id)) = (checkout.state, &checkout.subscription)
        && subscriptions::find(db, id).await?.is_some_and(|known| known.was_never_confirmed(now))
    {
        checkout.state = CheckoutState::Failed;
    }
    Ok(Some(checkout))
}

/// Ends a subscription that is a duplicate; with `refund`, what it brought is paid back as well.
pub async fn end_surplus(change: &mut Change<'_>, subscription: &str, refund: bool) -> Result<()> {
    let now = change.now;
    subscriptions::set_surplus(change, subscription, now).await?;
    let job = EndSubscription { subscription: subscription.to_owned(), refund };
    Ok(queue::push(change, &job).await?)
}

/// Ends everything that somebody pays for again and again, by jobs. What it brought stays.
pub async fn end_all_of(change: &mut Change<'_>, person: Uuid) -> Result<()> {
    for subscription in subscriptions::list_alive_of(change, person).await? {
        end_surplus(change, &subscription, false).await?;
    }
    Ok(())
}

/// Tells Stripe to stop or resume renewal, and notes the answer. Call it without a transaction at hand.
///
/// # Errors
/// [`Error::Unavailable`] while Stripe is away; a conflict if the subscription is over.
pub async fn set_renewal(app: &App, subscription: &Subscription, renews: bool) -> Result<Subscription> {
    let started = app.clock().now();
    // The time makes the key: each press is a call of its own, and an answer that was an error is not repeated.
    let key = format!("renewal:{}:{renews}:{}", subscription.id, started.timestamp_millis());
    let answer = app.stripe().set_renewal(&key, &subscription.id, renews).await.map_err(|error| {
        if error.is_missing() {
            Error::Conflict("This payment has already ended. Open the page again to see how things are.")
        } else {
            Error::Unavailable(error.into())
        }
    })?;
    let mut tx = app.pool().begin().await?;
    sync::keep_subscription(app, &mut tx, &answer, started).await?;
    let kept = subscriptions::find(&mut tx, &subscription.id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(kept)
}

/// Has Stripe charge another price from the next period on, and notes the answer. `key` comes from a stored record of
/// the wish. Call it without a transaction at hand.
///
/// # Errors
/// Stripe's own: ask it whether trying again can help.
pub async fn set_price(
    app: &App,
    key: &str,
    subscription: &str,
    amount: Money,
    every: Interval,
) -> std::result::Result<(), Failure> {
    let started = app.clock().now();
    let answer = app.stripe().set_price(key, subscription, amount.pence(), every).await.map_err(|error| {
        if error.is_transient() { Failure::from(error) } else { Failure::GiveUp(error.brief()) }
    })?;
    let mut tx = app.pool().begin().await?;
    sync::keep_subscription(app, &mut tx, &answer, started).await?;
    tx.commit().await?;
    Ok(())
}

/// Stores the wish to have a subscription charged to another card or account, or finds the one that is open.
/// `back` is the path of the page that the payer comes from and returns to.
pub async fn want_method(change: &mut Change<'_>, subscription: &str, back: &str) -> Result<Uuid> {
    let now = change.now;
    let new = MethodChange {
        id: change.app.random().opaque_id(),
        subscription: subscription.to_owned(),
        return_path: back.to_owned(),
        state: ChangeState::Wanted,
        stripe_session: None,
        url: None,
        created_at: now,
    };
    if methods::insert_change(change, &new).await? {
        return Ok(new.id);
    }
    let busy = || Error::Conflict("The page was just being closed. Please try again.");
    let before = methods::find_open_change(change, subscription).await?.ok_or_else(busy)?;
    if before.created_at > now - Duration::hours(OPEN_HOURS - 1) {
        return Ok(before.id);
    }
    methods::set_over(change, before.id, ChangeState::Closed, now).await?;
    if methods::insert_change(change, &new).await? { Ok(new.id) } else { Err(busy()) }
}

/// Asks Stripe for the page where the other card or account is entered. Call it without a transaction or connection at
/// hand; the key is the wish's id.
pub async fn open_method(app: &App, id: Uuid) -> Result<Way> {
    let mut db = app.pool().acquire().await?;
    let wish = methods::find_change(&mut db, id).await?.ok_or(Error::NotFound)?;
    let subscription = subscriptions::find(&mut db, &wish.subscription).await?.ok_or(Error::NotFound)?;
    drop(db);
    if wish.state.is_over() {
        return Ok(Way::Done);
    }
    if let Some(url) = wish.url {
        return Ok(Way::There(url));
    }
    let back = app.link(&wish.return_path);
    let new = NewSetup {
        customer: &subscription.customer,
        success_url: &app.link(&format!("/payments/method/{id}")),
        cancel_url: &back,
        metadata: change_metadata(id),
    };
    let session = match app.stripe().create_setup(&format!("set-up:{id}"), &new).await {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(error = error.brief(), change = %id, "Stripe made no page for another card or account");
            if matches!(error, StripeError::Refused { .. }) {
                let mut tx = app.pool().begin().await?;
                methods::set_over(&mut tx, id, ChangeState::Closed, app.clock().now()).await?;
                tx.commit().await?;
            }
            return Ok(if error.is_transient() { Way::Away } else { Way::Refused });
        }
    };
    let mut tx = app.pool().begin().await?;
    methods::set_opened(&mut tx, id, &session.id, session.url.as_deref(), app.clock().now()).await?;
    tx.commit().await?;
    Ok(session.url.map_or(Way::Done, Way::There))
}

/// Tells Stripe where somebody who pays regularly is written to now. Speaks to Stripe: call it without a transaction.
///
/// # Errors
/// Stripe or the database is away.
pub async fn tell_address(app: &App, person: Uuid) -> std::result::Result<(), Failure> {
    let mut db = app.pool().acquire().await?;
    let customers = subscriptions::customers_of(&mut db, person).await?;
    drop(db);
    for (customer, email) in customers {
        let key = format!("address:{customer}:{}", app.clock().now().timestamp_millis());
        match app.stripe().set_email(&key, &customer, &email).await {
            Ok(()) => {}
            // Deleted at Stripe: nobody is written to.
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A wish that Stripe does not know, or that never got there and is too old to be tried again.
pub(super) async fn close(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    let Some((state, _)) = checkouts::lock_state(db, id).await? else { return Ok(()) };
    set_state(db, id, state.after(CheckoutState::Expired), now).await
}

/// Money that did not pass through Stripe, as an officer enters it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Of the form or statement line that it is entered from: entered twice, it is one receipt.
    pub id: Uuid,
    pub purpose: Purpose,
    pub person: Uuid,
    pub amount: Money,
    pub method: Method,
    pub on: NaiveDate,
    pub reference: String,
    pub entered_by: Uuid,
}

/// Books what was received, once, and tells the room that it is for. Returns whether it is new.
///
/// # Errors
/// A conflict if it is paid in a way that Stripe collects.
pub async fn receive(change: &mut Change<'_>, it: Received) -> Result<bool> {
    if it.method.is_stripe() {
        return Err(Error::Conflict(
            "Payments by card and Direct Debit are added from Stripe automatically.",
        ));
    }
    let now = change.now;
    let line = LedgerLine {
        id: it.id,
        kind: LineKind::Payment,
        origin: Origin::Offline {
            method: it.method,
            reference: Some(it.reference),
            entered_by: it.entered_by,
        },
        amount: it.amount,
        at: dates::start_of_day(it.on) + Duration::hours(12),
        purpose: it.purpose,
        person: Some(it.person),
    };
    let is_new = sync::book(change, &line, now).await?;
    if is_new {
        let detail = json!({ "pence": line.amount.pence(), "how": line.method_name() });
        change.audit("payment.received", ("person", it.person), detail);
    }
    Ok(is_new)
}

/// Pays back, by a job, whatever was paid for something.
pub async fn give_back(db: &mut PgConnection, purpose: &Purpose) -> Result<()> {
    for payment_intent in ledger::list_paid_for(db, purpose).await? {
        queue::push(db, &GiveBack { payment_intent }).await?;
    }
    Ok(())
}
