//! Taking over a regular payment that was begun with another system on the same account at Stripe.

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::{
    Purpose,
    model::{Checkout, CheckoutState, metadata, ours},
    sql::{checkouts, subscriptions},
    sync,
};
use crate::kit::{
    app::App,
    money::Money,
    queue::Failure,
    stripe::{self, InvoiceStatus},
};

/// What became of the wish to take over a customer's payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// This subscription pays for it now, and is kept up to date like any other.
    Yes(String),
    /// Why none does.
    No(&'static str),
}

/// Makes the one subscription of a customer at Stripe pay for something of ours: says so at Stripe, where nothing else
/// of it changes, and keeps it. What it brought before is in the books of whoever had it, and not in ours. May be
/// repeated. Speaks to Stripe: call it without a transaction at hand.
///
/// # Errors
/// Stripe or the database is away.
pub async fn adopt(
    app: &App,
    customer: &str,
    purpose: &Purpose,
    payer: (&str, &str),
) -> Result<Adopted, Failure> {
    let found = match app.stripe().list_subscriptions_of(customer).await {
        Ok(found) => found,
        Err(error) if error.is_transient() => return Err(error.into()),
        Err(_) => return Ok(Adopted::No("Stripe does not know this customer")),
    };
    let free = |it: &&stripe::Subscription| ours(&it.metadata).is_none_or(|(_, known)| known == *purpose);
    let fits: Vec<_> = found.iter().filter(|it| it.currency == "gbp" && it.interval.is_some()).collect();
    let found = match fits.iter().copied().filter(free).collect::<Vec<_>>()[..] {
        [one] => one,
        [] if fits.is_empty() => return Ok(Adopted::No("this customer has no running payment")),
        [] => return Ok(Adopted::No("this customer’s payment is for something else here")),
        _ => return Ok(Adopted::No("this customer has several payments running")),
    };
    let now = app.clock().now();
    // The same each time, so that a second try finds what the first one wrote.
    let hash = Sha256::digest(format!("adopted {}", found.id));
    let checkout = Checkout {
        id: Builder::from_custom_bytes(std::array::from_fn(|at| hash[at])).into_uuid(),
        purpose: purpose.clone(),
        amount: Money::from_pence(found.amount_pence.unwrap_or_default().max(30)),
        every: found.interval,
        product: "Taken over from another system".to_owned(),
        name: Some(payer.0.to_owned()),
        email: payer.1.to_owned(),
        return_path: "/membership".to_owned(),
        cancel_path: "/membership".to_owned(),
        state: CheckoutState::Paid,
        stripe_session: None,
        url: None,
        subscription: Some(found.id.clone()),
        by_debit: false,
        created_at: now,
        expires_at: None,
    };
    let mut db = app.pool().acquire().await?;
    checkouts::insert_adopted(&mut db, &checkout, &found.id, now).await?;
    drop(db);
    let said = metadata(checkout.id, purpose);
    app.stripe().set_metadata(&format!("adopt:{}", found.id), &found.id, &said).await?;
    let invoices = app.stripe().list_invoices(Some(&found.id), None).await?.items;
    let paid = invoices.iter().filter(|it| it.status == InvoiceStatus::Paid && it.amount_paid_pence > 0);
    let first_paid = paid.filter_map(|it| it.paid_at).min();
    sync::subscription(app, &found.id).await?;
    if let Some(at) = first_paid {
        let mut db = app.pool().acquire().await?;
        subscriptions::set_paid(&mut db, &found.id, at).await?;
    }
    Ok(Adopted::Yes(found.id.clone()))
}
