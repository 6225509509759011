//! The hosted page of one invoice, where an overdue payment is made good.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};

use super::fault::Fault;
use super::store::{self, Object};
use super::{BASE, StandIn, checkout};
use crate::kit::money::Money;

#[derive(Template)]
#[template(path = "kit/stripe/invoice.html")]
struct InvoicePage {
    id: String,
    amount: Money,
    email: Option<String>,
    open: bool,
}

async fn invoice(stand_in: &StandIn, id: &str) -> Result<Object, Fault> {
    let mut stage = stand_in.stage().await?;
    let found = store::find(&mut stage.tx, "invoice", id).await?;
    found.ok_or_else(|| Fault::missing(404, "invoice", "id", id))
}

pub(super) async fn show(State(stand_in): State<StandIn>, Path(id): Path<String>) -> Result<Response, Fault> {
    let invoice = invoice(&stand_in, &id).await?;
    Ok(checkout::render(&InvoicePage {
        amount: Money::from_pence(invoice.whole("/amount_due")),
        email: invoice.hidden("email").map(str::to_owned),
        open: invoice.is("open"),
        id,
    }))
}

pub(super) async fn pay(State(stand_in): State<StandIn>, Path(id): Path<String>) -> Result<Redirect, Fault> {
    let invoice = invoice(&stand_in, &id).await?;
    // A second click shows that it is paid.
    if invoice.is("open") {
        stand_in
            .pay_invoice(invoice.text("/parent/subscription_details/subscription").unwrap_or_default())
            .await?;
    }
    Ok(Redirect::to(&format!("{BASE}/invoices/{id}")))
}
