//! The page for paying, where Checkout would be: it says what is paid for and lets a developer choose what happens.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::fault::Fault;
use super::objects::PaidBy;
use super::store::Object;
use super::{BASE, StandIn};
use crate::kit::money::Money;

#[derive(Template)]
#[template(path = "kit/stripe/pay.html")]
struct PayPage {
    id: String,
    product: String,
    /// `£5 a month`
    price: String,
    email: Option<String>,
    standing: Standing,
    declined: bool,
    by_debit: bool,
    cancel_url: Option<String>,
    success_url: String,
}

#[derive(PartialEq, Eq)]
enum Standing {
    Open,
    Complete,
    Expired,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    declined: bool,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    choice: Choice,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    Card,
    Declined,
    DirectDebit,
    Cancel,
}

async fn session(stand_in: &StandIn, id: &str) -> Result<Object, Fault> {
    let mut stage = stand_in.stage().await?;
    let session = stage.session(id).await?;
    stage.commit().await?;
    Ok(session)
}

/// Where Checkout sends the payer afterwards.
fn success_url(session: &Object) -> String {
    session.text("/success_url").unwrap_or("/").replace("{CHECKOUT_SESSION_ID}", &session.id)
}

pub(super) async fn show(
    State(stand_in): State<StandIn>,
    Path(id): Path<String>,
    Query(Shown { declined }): Query<Shown>,
) -> Result<Response, Fault> {
    let session = session(&stand_in, &id).await?;
    let amount = Money::from_pence(session.whole("/amount_total"));
    let page = PayPage {
        product: session.hidden("product_name").unwrap_or_default().to_owned(),
        price: match session.hidden("interval") {
            Some(interval) => format!("{amount} a {interval}"),
            None if session.text("/mode") == Some("setup") => "nothing now".to_owned(),
            None => amount.to_string(),
        },
        email: session.hidden("email").map(str::to_owned),
        standing: match session.text("/status") {
            Some("open") => Standing::Open,
            Some("complete") => Standing::Complete,
            _ => Standing::Expired,
        },
        declined,
        by_debit: session.body["payment_method_types"]
            .as_array()
            .is_some_and(|methods| methods.iter().any(|method| method == "bacs_debit")),
        cancel_url: session.text("/cancel_url").map(str::to_owned),
        success_url: success_url(&session),
        id,
    };
    Ok(render(&page))
}

pub(super) async fn choose(
    State(stand_in): State<StandIn>,
    Path(id): Path<String>,
    Form(Chosen { choice }): Form<Chosen>,
) -> Result<Redirect, Fault> {
    let before = session(&stand_in, &id).await?;
    if let Choice::Cancel = choice {
        return Ok(Redirect::to(before.text("/cancel_url").unwrap_or("/")));
    }
    let address = format!("{BASE}/pay/{id}");
    // A second click on the button, or a page that was left open too long: show what is the case.
    if !before.is("open") {
        return Ok(Redirect::to(&address));
    }
    match choice {
        Choice::Declined => {
            stand_in.decline(&id).await?;
            return Ok(Redirect::to(&format!("{address}?declined=true")));
        }
        Choice::DirectDebit => stand_in.pay(&id, PaidBy::DirectDebit).await?,
        Choice::Card | Choice::Cancel => stand_in.pay(&id, PaidBy::Card).await?,
    }
    Ok(Redirect::to(&success_url(&before)))
}

pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the stand-in for Stripe cannot be drawn");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
