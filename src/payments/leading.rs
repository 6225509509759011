//! Leading somebody to Stripe's page, and the page that they come back to: the same for whatever is paid for.
//!
//! A room says what it sells with [`Payable`], adds [`show`] and [`pay`] to its paths, and answers its own form with
//! [`lead`]. Its own template is shown once it has heard of the payment; until then the words are those of
//! `templates/payments/waiting.html`.

use std::time::Duration;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions::{self, Way},
    model::{ChangeState, Checkout, CheckoutState},
    purposes::Purpose,
    sql::methods,
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        visit::Visit,
    },
};

/// Something that is paid for on a page of its own, like `/join/{id}`, as its room knows it at the moment.
pub trait Payable: Sized + Send {
    /// Said to anyone who tries to pay a second time.
    const PAID_ALREADY: &'static str = "You have already paid. Thank you.";

    fn purpose(id: Uuid) -> Purpose;

    /// The page's path. Pressing its button posts to `{path}/payment`.
    fn path(id: Uuid) -> String;

    /// # Errors
    /// Nothing is known by that id.
    fn find(db: &mut PgConnection, id: Uuid) -> impl Future<Output = Result<Self>> + Send;

    /// Stores a wish to pay once more, in the caller's transaction. `None` if it has been paid.
    fn wish_again(change: &mut Change<'_>, id: Uuid) -> impl Future<Output = Result<Option<Uuid>>> + Send;

    /// What the room knows better than the checkout does. It alone can say [`Progress::Settled`].
    fn progress(&self, checkout: Option<CheckoutState>) -> Option<Progress>;

    fn words(&self) -> Words;

    /// The room's own page for a payment that is settled.
    fn settled(self, visit: Visit, checkout: Option<CheckoutState>) -> Response;
}

/// What a room calls its payment, in the sentences of the waiting page.
pub struct Words {
    /// `Your donation`
    pub title: &'static str,
    /// What is to be confirmed: `your payment of £5 a month`.
    pub confirmed: String,
    /// What is missing, or did not come: `£5 a month`.
    pub price: String,
    /// How they hear that it is done: `we’ll email you`.
    pub mail: &'static str,
    /// The form, where its answers can still be given anew.
    pub form: Option<String>,
}

/// How far a payment is, for whoever looks at its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Stripe did not answer: nothing has been paid.
    Away,
    /// Stripe refuses to take this payment, which is our fault.
    Refused,
    /// Not paid yet; the page at Stripe is open.
    Open,
    /// The payer says that it is paid; Stripe has not told us, or the room has not heard yet.
    Waiting,
    /// The page at Stripe was closed or its time ran out.
    Expired,
    Failed,
    /// The room has what it waited for.
    Settled,
}

/// What the checkout alone tells. `returned` is whether the payer comes from paying.
fn progress(checkout: Option<&Checkout>, returned: bool) -> Progress {
    let Some(checkout) = checkout else { return Progress::Expired };
    match checkout.state {
        CheckoutState::Wanted => Progress::Away,
        CheckoutState::Expired if checkout.stripe_session.is_none() => Progress::Away,
        CheckoutState::Expired => Progress::Expired,
        CheckoutState::Open if !returned => Progress::Open,
        CheckoutState::Failed => Progress::Failed,
        CheckoutState::Open | CheckoutState::Pending | CheckoutState::Paid => Progress::Waiting,
    }
}

/// To Stripe's page, or to ours if Stripe is away. Stripe may take seconds: call it without a connection at hand.
pub async fn lead<P: Payable>(app: &App, id: Uuid, checkout: Uuid) -> Result<Response> {
    let to = match actions::open(app, checkout).await? {
        Way::There(url) => url,
        Way::Done | Way::Away => P::path(id),
        Way::Refused => format!("{}?refused=yes", P::path(id)),
    };
    Ok(Redirect::to(&to).into_response())
}

/// To the page at Stripe where a subscription's payer chooses another card or account, and then to `back`.
///
/// # Errors
/// A conflict if that page was just being closed by another tab.
pub async fn lead_to_method(
    app: &App,
    mut db: Db,
    by: Uuid,
    subscription: &str,
    back: &str,
) -> Result<Response> {
    let mut change = Change::begin(app, &mut db, Actor::Person(by)).await?;
    let wish = actions::want_method(&mut change, subscription, back).await?;
    change.commit().await?;
    drop(db);
    Ok(match actions::open_method(app, wish).await? {
        Way::There(url) => Redirect::to(&url).into_response(),
        Way::Done => Redirect::to(back).into_response(),
        Way::Away => flash::redirect_with_warning(
            app,
            back,
            "Our payment provider is not responding at the moment. Nothing has changed. Please try again in a few minutes.",
        ),
        Way::Refused => flash::redirect_with_warning(
            app,
            back,
            "Our payment provider could not open its page. Nothing has changed. Please write to us.",
        ),
    })
}

/// Where somebody returns after choosing another card or account: waits a moment for Stripe's word, and goes on.
pub(super) async fn method_changed(State(app): State<App>, Path(id): Path<Uuid>, db: Db) -> Result<Response> {
    drop(db);
    for _ in 0..LOOKS {
        let mut db = app.pool().acquire().await?;
        let wish = methods::find_change(&mut db, id).await?.ok_or(Error::NotFound)?;
        drop(db);
        match wish.state {
            ChangeState::Done => {
                let said = "Thank you. We’ll collect your payments from there from now on.";
                return Ok(flash::redirect(&app, &wish.return_path, said));
            }
            ChangeState::Closed => {
                let said = "Nothing has changed: the page was closed before you had finished.";
                return Ok(flash::redirect_with_warning(&app, &wish.return_path, said));
            }
            ChangeState::Wanted | ChangeState::Open => tokio::time::sleep(PAUSE).await,
        }
    }
    let mut db = app.pool().acquire().await?;
    let wish = methods::find_change(&mut db, id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let said = "We are waiting for our payment provider to confirm the change. This page will show it within a few minutes.";
    Ok(flash::redirect(&app, &wish.return_path, said))
}

#[derive(Deserialize)]
pub struct Returned {
    paid: Option<String>,
    /// Stripe would not make a page for paying, and trying again will not help.
    refused: Option<String>,
}

/// How often, and after which pause, a page just come back to looks again before it says "wait".
const LOOKS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(250);

/// Looks until there is more to say than "wait", for two seconds at most. Between looks no connection is kept.
async fn watch<P: Payable>(
    app: &App,
    id: Uuid,
    returned: bool,
) -> Result<(P, Option<CheckoutState>, Progress)> {
    let mut looks = 0;
    loop {
        let mut db = app.pool().acquire().await?;
        let known = P::find(&mut db, id).await?;
        let checkout = actions::checkout_for(&mut db, &P::purpose(id), app.clock().now()).await?;
        drop(db);
        let state = checkout.as_ref().map(|checkout| checkout.state);
        let seen = known.progress(state).unwrap_or_else(|| progress(checkout.as_ref(), returned));
        looks += 1;
        if seen != Progress::Waiting || !returned || looks >= LOOKS {
            return Ok((known, state, seen));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/waiting.html")]
struct WaitingPage {
    visit: Visit,
    path: String,
    words: Words,
    progress: Progress,
}

/// What became of a payment. Only shows what is the case: what settles it is Stripe's word to our webhook.
pub async fn show<P: Payable>(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    Query(query): Query<Returned>,
    db: Db,
) -> Result<Response> {
    // Looking may go on for seconds; the session's connection is not kept for it.
    drop(db);
    let (known, checkout, progress) = watch::<P>(&app, id, query.paid.is_some()).await?;
    let progress = match progress {
        Progress::Settled => return Ok(known.settled(visit, checkout)),
        Progress::Away if query.refused.is_some() => Progress::Refused,
        progress => progress,
    };
    Ok(WaitingPage { visit, path: P::path(id), words: known.words(), progress }.into_response())
}

/// Another try at paying, without typing anything again.
pub async fn pay<P: Payable>(State(app): State<App>, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let checkout = P::wish_again(&mut change, id).await?;
    change.commit().await?;
    drop(db);
    match checkout {
        Some(checkout) => lead::<P>(&app, id, checkout).await,
        None => Ok(flash::redirect(&app, &P::path(id), P::PAID_ALREADY)),
    }
}
