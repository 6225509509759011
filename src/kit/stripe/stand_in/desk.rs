//! The desk: what the stand-in knows, and buttons for what the payer's bank, time or an officer at Stripe would do.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use chrono::DateTime;
use serde::Deserialize;

use super::fault::Fault;
use super::store::{self, Filter, Object};
use super::webhooks::Webhook;
use super::{BASE, StandIn};
use crate::kit::dates;
use crate::kit::money::Money;

/// Rows of each kind on the page.
const SHOWN: i64 = 30;

#[derive(Deserialize)]
pub(super) struct Searched {
    #[serde(default)]
    search: String,
}

#[derive(Template)]
#[template(path = "kit/stripe/desk.html")]
struct DeskPage {
    search: String,
    sessions: Vec<OpenSession>,
    debits: Vec<Debit>,
    subscriptions: Vec<Subscribed>,
    webhooks: Vec<Webhook>,
}

struct OpenSession {
    id: String,
    product: String,
    price: String,
    email: String,
}

struct Debit {
    invoice: String,
    email: String,
    amount: Money,
}

struct Subscribed {
    id: String,
    email: String,
    status: String,
    price: String,
    paid_until: String,
    /// The invoice that could not be collected.
    unpaid: Option<String>,
    alive: bool,
    by_debit: bool,
}

fn owner(object: &Object) -> String {
    object.hidden("email").unwrap_or("an unknown payer").to_owned()
}

fn price(pence: i64, interval: Option<&str>) -> String {
    let amount = Money::from_pence(pence);
    interval.map_or_else(|| amount.to_string(), |interval| format!("{amount} a {interval}"))
}

pub(super) async fn show(
    State(stand_in): State<StandIn>,
    Query(Searched { search }): Query<Searched>,
) -> Result<Response, Fault> {
    let mut stage = stand_in.stage().await?;
    let search = search.trim().replace('\0', "");
    let filter =
        Filter { search: Some(search.as_str()).filter(|text| !text.is_empty()), ..Filter::default() };
    let open = Filter { status: Some("open"), ..Filter::default() };
    let sessions = store::list(&mut stage.tx, "checkout.session", &open, SHOWN).await?;
    let debits = store::list_debits(&mut stage.tx, SHOWN).await?;
    let subscriptions = store::list(&mut stage.tx, "subscription", &filter, SHOWN).await?;
    let now = stage.now();
    drop(stage);

    let page = DeskPage {
        search,
        sessions: sessions
            .iter()
            .filter(|session| session.whole("/expires_at") > now)
            .map(|session| OpenSession {
                id: session.id.clone(),
                product: session.hidden("product_name").unwrap_or_default().to_owned(),
                price: price(session.whole("/amount_total"), session.hidden("interval")),
                email: owner(session),
            })
            .collect(),
        debits: debits
            .iter()
            .map(|invoice| Debit {
                invoice: invoice.id.clone(),
                email: owner(invoice),
                amount: Money::from_pence(invoice.whole("/amount_due")),
            })
            .collect(),
        subscriptions: subscriptions
            .iter()
            .map(|subscription| Subscribed {
                id: subscription.id.clone(),
                email: owner(subscription),
                status: subscription.text("/status").unwrap_or_default().replace('_', " "),
                price: price(
                    subscription.whole("/items/data/0/price/unit_amount"),
                    subscription.text("/items/data/0/price/recurring/interval"),
                ),
                paid_until: DateTime::from_timestamp(
                    subscription.whole("/items/data/0/current_period_end"),
                    0,
                )
                .map(|end| dates::day(dates::london_date(end)))
                .unwrap_or_default(),
                unpaid: Some(subscription)
                    .filter(|it| it.is("past_due"))
                    .and_then(|it| it.text("/latest_invoice").map(str::to_owned)),
                alive: !subscription.is("canceled"),
                by_debit: subscription.hidden("method") == Some("bacs_debit"),
            })
            .collect(),
        webhooks: stand_in.webhooks(SHOWN).await?,
    };
    Ok(super::checkout::render(&page))
}

pub(super) async fn act_on_subscription(
    State(stand_in): State<StandIn>,
    Path((id, what)): Path<(String, String)>,
) -> Result<Redirect, Fault> {
    match what.as_str() {
        "charge" => stand_in.charge(&id).await?,
        "failure" => stand_in.fail_charge(&id).await?,
        "cancellation" => stand_in.cancel(&id).await?,
        "refund" => stand_in.give_back(&id).await?,
        "claim" => stand_in.claim_back(&id).await?,
        "question" => stand_in.question(&id).await?,
        "revocation" => stand_in.revoke(&id).await?,
        _ => return Err(Fault::invalid_address("POST", &what)),
    }
    Ok(Redirect::to(BASE))
}

pub(super) async fn act_on_payouts(
    State(stand_in): State<StandIn>,
    Path(what): Path<String>,
) -> Result<Redirect, Fault> {
    match what.as_str() {
        "payout" => stand_in.pay_out().await?,
        "failure" => stand_in.fail_payout().await?,
        _ => return Err(Fault::invalid_address("POST", &what)),
    }
    Ok(Redirect::to(BASE))
}

pub(super) async fn settle(
    State(stand_in): State<StandIn>,
    Path((invoice, what)): Path<(String, String)>,
) -> Result<Redirect, Fault> {
    match what.as_str() {
        "payment" => stand_in.settle_debit(&invoice, true).await?,
        "failure" => stand_in.settle_debit(&invoice, false).await?,
        _ => return Err(Fault::invalid_address("POST", &what)),
    }
    Ok(Redirect::to(BASE))
}

pub(super) async fn expire(
    State(stand_in): State<StandIn>,
    Path(id): Path<String>,
) -> Result<Redirect, Fault> {
    stand_in.expire(&id).await?;
    Ok(Redirect::to(BASE))
}

pub(super) async fn send_again(
    State(stand_in): State<StandIn>,
    Path(number): Path<i64>,
) -> Result<Redirect, Fault> {
    stand_in.deliver(number).await?;
    Ok(Redirect::to(BASE))
}
