//! The calls this site makes, each with a time limit, bounded retries under one key, and answers as our own types.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use stripe::{ClientBuilder, IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_billing::invoice::{ListInvoice, RetrieveInvoice};
use stripe_billing::subscription::{
    self as billing, CancelSubscription, ListSubscription, ListSubscriptionStatus, RetrieveSubscription,
    UpdateSubscription,
};
use stripe_checkout::checkout_session as checkout;
use stripe_core::{
    balance_transaction::ListBalanceTransaction,
    charge::RetrieveCharge,
    customer::UpdateCustomer,
    dispute::{ListDispute, RetrieveDispute},
    mandate::RetrieveMandate,
    payment_intent::RetrievePaymentIntent,
    payout::RetrievePayout,
    refund::{CreateRefund, ListRefund},
    setup_intent::RetrieveSetupIntent,
};

use super::answers;
use super::error::StripeError;
use super::signature::{self, BadSignature};
use super::types::{
    BalanceTransaction, Charge, CheckoutSession, Dispute, Interval, Invoice, Mandate, Metadata, Mode,
    NewCheckout, NewSetup, Page, Payout, Refund, Subscription,
};

/// For one attempt, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Waited before the second and third attempt; there is no fourth. A job tries again later by itself.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

const PAGE_SIZE: i64 = 100;

/// Answered whole, not as an id.
const METHOD: &str = "default_payment_method";

/// The API version that async-stripe sends. The webhook endpoint at Stripe has to be set to the same one.
pub const API_VERSION: &str = "2026-08-26.dahlia";

/// The connection to Stripe, or to the stand-in. Cheap to clone.
#[derive(Clone)]
pub struct Stripe {
    client: stripe::Client,
    webhook_secrets: Arc<[SecretString]>,
    livemode: bool,
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe").field("livemode", &self.livemode).finish_non_exhaustive()
    }
}

impl Stripe {
    /// `api_base` is everything before `/v1`; `None` means Stripe itself. A key or address that cannot be sent is an error.
    pub fn new(
        secret_key: &SecretString,
        api_base: Option<&str>,
        webhook_secrets: Vec<SecretString>,
    ) -> Result<Self, StripeError> {
        let key = secret_key.expose_secret();
        let mut builder = ClientBuilder::new(key).timeout(TIMEOUT);
        if let Some(base) = api_base {
            if !(base.starts_with("http://") || base.starts_with("https://")) {
                return Err(StripeError::NotSent("the address must begin with http:// or https://".into()));
            }
            // The crate appends "v1/.." without a slash of its own.
            builder = builder.url(format!("{}/", base.trim_end_matches('/')));
        }
        Ok(Self {
            client: builder.build()?,
            webhook_secrets: webhook_secrets.into(),
            livemode: key.starts_with("sk_live_") || key.starts_with("rk_live_"),
        })
    }

    /// Whether the key moves real money. Events of the other mode are not ours.
    pub fn livemode(&self) -> bool {
        self.livemode
    }

    /// Whether a webhook's raw body was signed with one of our secrets within five minutes of `now`.
    pub fn verify(&self, header: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), BadSignature> {
        signature::verify(&self.webhook_secrets, header, body, now)
    }

    /// `key` must come from a stored record of the wish to pay, so that a repeated submit gives the same session.
    pub async fn create_checkout(
        &self,
        key: &str,
        new: &NewCheckout<'_>,
    ) -> Result<CheckoutSession, StripeError> {
        Ok(self.send::<answers::CheckoutSession>(Some(key), create_checkout(new)).await?.into())
    }

    pub async fn find_checkout(&self, id: &str) -> Result<CheckoutSession, StripeError> {
        let request = checkout::RetrieveCheckoutSession::new(checked(id)?);
        Ok(self.send::<answers::CheckoutSession>(None, request).await?.into())
    }

    /// Closes an open session; refused by Stripe (400) when it is complete or already expired.
    pub async fn expire_checkout(&self, key: &str, id: &str) -> Result<CheckoutSession, StripeError> {
        let request = checkout::ExpireCheckoutSession::new(checked(id)?);
        Ok(self.send::<answers::CheckoutSession>(Some(key), request).await?.into())
    }

    pub async fn find_subscription(&self, id: &str) -> Result<Subscription, StripeError> {
        let request = RetrieveSubscription::new(checked(id)?).expand(vec![METHOD.to_owned()]);
        Ok(self.send::<answers::Subscription>(None, request).await?.into())
    }

    /// A page that takes a card or a bank account down. `key` must come from a stored record of the wish.
    pub async fn create_setup(&self, key: &str, new: &NewSetup<'_>) -> Result<CheckoutSession, StripeError> {
        Ok(self.send::<answers::CheckoutSession>(Some(key), create_setup(new)).await?.into())
    }

    /// The payment method that a page of [`Stripe::create_setup`] took down; `None` before it did.
    pub async fn find_set_up(&self, setup_intent: &str) -> Result<Option<String>, StripeError> {
        let request = RetrieveSetupIntent::new(checked(setup_intent)?);
        Ok(self.send::<answers::SetupIntent>(None, request).await?.payment_method())
    }

    /// Where Stripe writes to a customer.
    pub async fn set_email(&self, key: &str, customer: &str, email: &str) -> Result<(), StripeError> {
        let request = UpdateCustomer::new(checked(customer)?).email(email);
        self.send::<answers::Customer>(Some(key), request).await.map(drop)
    }

    pub async fn find_mandate(&self, id: &str) -> Result<Mandate, StripeError> {
        Ok(self.send::<answers::Mandate>(None, RetrieveMandate::new(checked(id)?)).await?.into())
    }

    /// What a subscription is charged to from now on.
    pub async fn set_payment_method(
        &self,
        key: &str,
        id: &str,
        payment_method: &str,
    ) -> Result<Subscription, StripeError> {
        let request = UpdateSubscription::new(checked(id)?)
            .default_payment_method(checked(payment_method)?)
            .expand(vec![METHOD.to_owned()]);
        Ok(self.send::<answers::Subscription>(Some(key), request).await?.into())
    }

    /// Ends it at once, without a refund; missing (404) when it ended before.
    pub async fn cancel_subscription(&self, key: &str, id: &str) -> Result<Subscription, StripeError> {
        Ok(self.send::<answers::Subscription>(Some(key), CancelSubscription::new(checked(id)?)).await?.into())
    }

    /// Whether it goes on after the paid period; what is paid for stays either way.
    pub async fn set_renewal(&self, key: &str, id: &str, renews: bool) -> Result<Subscription, StripeError> {
        let request = UpdateSubscription::new(checked(id)?)
            .cancel_at_period_end(!renews)
            .expand(vec![METHOD.to_owned()]);
        Ok(self.send::<answers::Subscription>(Some(key), request).await?.into())
    }

    /// Charges another price from the next period on. Nothing is charged or credited before: what is paid for stays.
    ///
    /// # Errors
    /// As any call; also if the subscription charges for several things, which this site never sells.
    pub async fn set_price(
        &self,
        key: &str,
        id: &str,
        amount_pence: i64,
        every: Interval,
    ) -> Result<Subscription, StripeError> {
        let before = self.find_subscription(id).await?;
        if (before.amount_pence, before.interval) == (Some(amount_pence), Some(every)) {
            return Ok(before);
        }
        let request = set_price(&before, amount_pence, every)?;
        Ok(self.send::<answers::Subscription>(Some(key), request).await?.into())
    }

    /// Charges the next period at a later time than it would be, and goes on from there. What is paid for is called a trial
    /// until then.
    pub async fn set_next_payment(
        &self,
        key: &str,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Subscription, StripeError> {
        let request = UpdateSubscription::new(checked(id)?)
            .trial_end(billing::UpdateSubscriptionTrialEnd::Timestamp(at.timestamp()))
            .proration_behavior(billing::UpdateSubscriptionProrationBehavior::None)
            .expand(vec![METHOD.to_owned()]);
        Ok(self.send::<answers::Subscription>(Some(key), request).await?.into())
    }

    pub async fn find_invoice(&self, id: &str) -> Result<Invoice, StripeError> {
        let request = RetrieveInvoice::new(checked(id)?).expand(vec!["payments".to_owned()]);
        Ok(self.send::<answers::Invoice>(None, request).await?.into())
    }

    /// Gives back the whole of a payment.
    pub async fn refund(&self, key: &str, payment_intent: &str) -> Result<Refund, StripeError> {
        let request = CreateRefund::new().payment_intent(checked(payment_intent)?);
        Ok(self.send::<answers::Refund>(Some(key), request).await?.into())
    }

    /// Gives back some of a payment. The metadata is kept on the refund.
    pub async fn refund_part(
        &self,
        key: &str,
        payment_intent: &str,
        amount_pence: i64,
        metadata: &Metadata,
    ) -> Result<Refund, StripeError> {
        let request = CreateRefund::new()
            .payment_intent(checked(payment_intent)?)
            .amount(amount_pence)
            .metadata(hash_map(metadata));
        Ok(self.send::<answers::Refund>(Some(key), request).await?.into())
    }

    /// What tells the card apart that a payment was made with, without saying its number; `None` if it was no card.
    pub async fn find_card(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let request =
            RetrievePaymentIntent::new(checked(payment_intent)?).expand(vec!["latest_charge".to_owned()]);
        Ok(self.send::<answers::PaymentIntent>(None, request).await?.card())
    }

    /// When a payment was charged; `None` before it was.
    pub async fn find_charged_at(&self, payment_intent: &str) -> Result<Option<DateTime<Utc>>, StripeError> {
        let request =
            RetrievePaymentIntent::new(checked(payment_intent)?).expand(vec!["latest_charge".to_owned()]);
        Ok(self.send::<answers::PaymentIntent>(None, request).await?.charged_at())
    }

    pub async fn find_charge(&self, id: &str) -> Result<Charge, StripeError> {
        Ok(self.send::<answers::Charge>(None, RetrieveCharge::new(checked(id)?)).await?.into())
    }

    /// Refunds in every state, of one payment or of all, a hundred at a time, newest first.
    pub async fn list_refunds(
        &self,
        payment_intent: Option<&str>,
        after: Option<&str>,
    ) -> Result<Page<Refund>, StripeError> {
        let mut request =
            ListRefund::new().limit(PAGE_SIZE).expand(vec!["data.failure_balance_transaction".to_owned()]);
        if let Some(id) = payment_intent {
            request = request.payment_intent(checked(id)?);
        }
        if let Some(id) = after {
            request = request.starting_after(checked(id)?);
        }
        Ok(self.send::<answers::List<answers::Refund>>(None, request).await?.into())
    }

    pub async fn find_dispute(&self, id: &str) -> Result<Dispute, StripeError> {
        Ok(self.send::<answers::Dispute>(None, RetrieveDispute::new(checked(id)?)).await?.into())
    }

    pub async fn find_payout(&self, id: &str) -> Result<Payout, StripeError> {
        Ok(self.send::<answers::Payout>(None, RetrievePayout::new(checked(id)?)).await?.into())
    }

    /// Disputes in every state, a hundred at a time, newest first.
    pub async fn list_disputes(&self, after: Option<&str>) -> Result<Page<Dispute>, StripeError> {
        let mut request = ListDispute::new().limit(PAGE_SIZE);
        if let Some(id) = after {
            request = request.starting_after(checked(id)?);
        }
        Ok(self.send::<answers::List<answers::Dispute>>(None, request).await?.into())
    }

    /// Subscriptions in every state, a hundred at a time, newest first; `after` is the last id of the page before.
    pub async fn list_subscriptions(&self, after: Option<&str>) -> Result<Page<Subscription>, StripeError> {
        let mut request = ListSubscription::new()
            .status(ListSubscriptionStatus::All)
            .limit(PAGE_SIZE)
            .expand(vec![format!("data.{METHOD}")]);
        if let Some(id) = after {
            request = request.starting_after(checked(id)?);
        }
        Ok(self.send::<answers::List<answers::Subscription>>(None, request).await?.into())
    }

    /// The subscriptions of one customer that are not over, a hundred at the most.
    pub async fn list_subscriptions_of(&self, customer: &str) -> Result<Vec<Subscription>, StripeError> {
        let request = ListSubscription::new().customer(checked(customer)?).limit(PAGE_SIZE);
        let page: Page<Subscription> =
            self.send::<answers::List<answers::Subscription>>(None, request).await?.into();
        Ok(page.items)
    }

    /// Writes what we say of a subscription beside it.
    pub async fn set_metadata(
        &self,
        key: &str,
        id: &str,
        metadata: &Metadata,
    ) -> Result<Subscription, StripeError> {
        let request = UpdateSubscription::new(checked(id)?).metadata(hash_map(metadata));
        Ok(self.send::<answers::Subscription>(Some(key), request).await?.into())
    }

    /// Invoices in every state, of one subscription or of all, a hundred at a time, newest first.
    pub async fn list_invoices(
        &self,
        subscription: Option<&str>,
        after: Option<&str>,
    ) -> Result<Page<Invoice>, StripeError> {
        let mut request = ListInvoice::new().limit(PAGE_SIZE).expand(vec!["data.payments".to_owned()]);
        if let Some(id) = subscription {
            request = request.subscription(checked(id)?);
        }
        if let Some(id) = after {
            request = request.starting_after(checked(id)?);
        }
        Ok(self.send::<answers::List<answers::Invoice>>(None, request).await?.into())
    }

    /// What moved the balance, a hundred at a time, newest first.
    pub async fn list_balance_transactions(
        &self,
        after: Option<&str>,
    ) -> Result<Page<BalanceTransaction>, StripeError> {
        let mut request =
            ListBalanceTransaction::new().limit(PAGE_SIZE).expand(vec!["data.source".to_owned()]);
        if let Some(id) = after {
            request = request.starting_after(checked(id)?);
        }
        Ok(self.send::<answers::List<answers::BalanceTransaction>>(None, request).await?.into())
    }

    /// Goes through all that Stripe lists of a kind, newest first, down to what was made at `since`. However long the
    /// list, no more than a page of it is in memory.
    pub fn pages<T: Listed>(&self, since: Option<DateTime<Utc>>) -> Pages<'_, T> {
        Pages { stripe: self, since, after: None, ended: false, of: PhantomData }
    }

    /// Sends a request up to three times with the same idempotency key, as long as trying again can help.
    ///
    /// The crate's own retries make up a key where they need one, and Stripe must see ours.
    async fn send<A: miniserde::Deserialize>(
        &self,
        key: Option<&str>,
        request: impl StripeRequest,
    ) -> Result<A, StripeError> {
        let strategy = match key {
            Some(key) => RequestStrategy::Idempotent(
                IdempotencyKey::new(key).map_err(|error| StripeError::NotSent(error.to_string()))?,
            ),
            None => RequestStrategy::Once,
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            let attempt = request.build().customize::<A>().request_strategy(strategy.clone());
            let error = match attempt.send(&self.client).await {
                Ok(answer) => return Ok(answer),
                Err(error) => StripeError::from(error),
            };
            match pauses.next() {
                Some(pause) if error.is_transient() => {
                    tracing::debug!(%error, "Stripe call failed, trying again");
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }
}

/// What Stripe lists, page by page.
pub trait Listed: Sized + Send {
    fn id(&self) -> &str;
    fn created(&self) -> DateTime<Utc>;
    /// The page after the item with this id, or the first.
    fn page(
        stripe: &Stripe,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<Self>, StripeError>> + Send;
}

/// `listed!(Refund: list_refunds(None))`: a call that takes the id of the item before as its last argument.
macro_rules! listed {
    ($type:ident: $list:ident($($value:expr),*)) => {
        impl Listed for $type {
            fn id(&self) -> &str {
                &self.id
            }

            fn created(&self) -> DateTime<Utc> {
                self.created
            }

            async fn page(stripe: &Stripe, after: Option<&str>) -> Result<Page<Self>, StripeError> {
                stripe.$list($($value,)* after).await
            }
        }
    };
}
listed!(Subscription: list_subscriptions());
listed!(Invoice: list_invoices(None));
listed!(Refund: list_refunds(None));
listed!(Dispute: list_disputes());
listed!(BalanceTransaction: list_balance_transactions());

/// A list at Stripe that is being read.
pub struct Pages<'a, T> {
    stripe: &'a Stripe,
    since: Option<DateTime<Utc>>,
    after: Option<String>,
    ended: bool,
    of: PhantomData<T>,
}

impl<T: Listed> Pages<'_, T> {
    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// As any call. Asked again, it tries the same page.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, StripeError> {
        if self.ended {
            return Ok(None);
        }
        let page = T::page(self.stripe, self.after.as_deref()).await?;
        let last = page.items.last();
        self.ended =
            !page.more || last.is_none_or(|last| self.since.is_some_and(|since| last.created() <= since));
        self.after = last.map(|last| last.id().to_owned());
        Ok(Some(page.items))
    }
}

fn create_checkout(new: &NewCheckout<'_>) -> checkout::CreateCheckoutSession {
    use checkout::CreateCheckoutSessionPaymentMethodTypes as Method;
    use stripe_checkout::{CheckoutSessionLocale, CheckoutSessionMode};

    // Pounds always parse: the conversion cannot fail.
    let Ok(currency) = "gbp".parse();
    let price = checkout::CreateCheckoutSessionLineItemsPriceData {
        currency,
        product: None,
        product_data: Some(checkout::ProductData::new(new.product_name)),
        recurring: match new.mode {
            Mode::Subscription { interval } => {
                Some(checkout::CreateCheckoutSessionLineItemsPriceDataRecurring::new(match interval {
                    Interval::Month => {
                        checkout::CreateCheckoutSessionLineItemsPriceDataRecurringInterval::Month
                    }
                    Interval::Year => {
                        checkout::CreateCheckoutSessionLineItemsPriceDataRecurringInterval::Year
                    }
                }))
            }
            Mode::OneOff => None,
        },
        tax_behavior: None,
        unit_amount: Some(new.amount_pence),
        unit_amount_decimal: None,
    };
    let mut line = checkout::CreateCheckoutSessionLineItems::new();
    line.price_data = Some(price);
    line.quantity = Some(1);

    // A payer abroad must not be shown another currency: the books are in pounds.
    let mut adaptive_pricing = checkout::CreateCheckoutSessionAdaptivePricing::new();
    adaptive_pricing.enabled = Some(false);

    let mut request = checkout::CreateCheckoutSession::new()
        .line_items(vec![line])
        .adaptive_pricing(adaptive_pricing)
        .locale(CheckoutSessionLocale::EnMinusGb)
        .success_url(new.success_url)
        .cancel_url(new.cancel_url)
        .metadata(hash_map(&new.metadata));
    request = match new.mode {
        Mode::Subscription { .. } => {
            let mut subscription = checkout::CreateCheckoutSessionSubscriptionData::new();
            subscription.metadata = Some(hash_map(&new.metadata));
            request
                .mode(CheckoutSessionMode::Subscription)
                .payment_method_types(vec![Method::Card, Method::BacsDebit])
                .subscription_data(subscription)
        }
        Mode::OneOff => {
            let mut payment = checkout::CreateCheckoutSessionPaymentIntentData::new();
            payment.metadata = Some(hash_map(&new.metadata));
            request
                .mode(CheckoutSessionMode::Payment)
                .payment_method_types(vec![Method::Card])
                .payment_intent_data(payment)
        }
    };
    // Stripe refuses a customer and an address to fill in at the same time.
    request = match new.customer {
        Some(customer) => request.customer(customer),
        None => request.customer_email(new.email),
    };
    match new.expires_at {
        Some(time) => request.expires_at(time.timestamp()),
        None => request,
    }
}

fn create_setup(new: &NewSetup<'_>) -> checkout::CreateCheckoutSession {
    use checkout::CreateCheckoutSessionPaymentMethodTypes as Method;
    use stripe_checkout::{CheckoutSessionLocale, CheckoutSessionMode};

    checkout::CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Setup)
        .customer(new.customer)
        .payment_method_types(vec![Method::Card, Method::BacsDebit])
        .locale(CheckoutSessionLocale::EnMinusGb)
        .success_url(new.success_url)
        .cancel_url(new.cancel_url)
        .metadata(hash_map(&new.metadata))
}

fn set_price(
    before: &Subscription,
    amount_pence: i64,
    every: Interval,
) -> Result<UpdateSubscription, StripeError> {
    use billing::UpdateSubscriptionItemsPriceDataRecurringInterval as Every;

    let item = before.item.as_ref();
    let item = item.ok_or_else(|| StripeError::NotSent("the subscription has several prices".into()))?;
    let Ok(currency) = "gbp".parse();
    let recurring = billing::UpdateSubscriptionItemsPriceDataRecurring::new(match every {
        Interval::Month => Every::Month,
        Interval::Year => Every::Year,
    });
    let price = billing::UpdateSubscriptionItemsPriceData {
        currency,
        product: item.product.clone(),
        recurring,
        tax_behavior: None,
        unit_amount: Some(amount_pence),
        unit_amount_decimal: None,
    };
    let mut line = billing::UpdateSubscriptionItems::new();
    line.id = Some(item.id.clone());
    line.price_data = Some(price);
    let request = UpdateSubscription::new(checked(&before.id)?)
        .items(vec![line])
        .proration_behavior(billing::UpdateSubscriptionProrationBehavior::None)
        .expand(vec![METHOD.to_owned()]);
    // Another interval begins at once, and is charged at once, unless the time that is paid for is called a trial.
    Ok(match before.current_period_end.filter(|_| before.interval != Some(every)) {
        Some(end) => request.trial_end(billing::UpdateSubscriptionTrialEnd::Timestamp(end.timestamp())),
        None => request,
    })
}

fn hash_map(metadata: &Metadata) -> std::collections::HashMap<String, String> {
    metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Ids go into the path of a call and may come from an address bar (`?session_id=`).
fn checked(id: &str) -> Result<&str, StripeError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !id.is_empty() && id.len() <= 255 && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(StripeError::NotSent("that is not a Stripe id".into()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::Router;
    use axum::extract::{Request, State};
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};

    use super::*;

    /// Plays Stripe with the given answers, and notes each call's idempotency key.
    async fn answering(answers: Vec<(u16, &'static str)>) -> (Stripe, Arc<Mutex<Vec<String>>>) {
        type Shared = (Arc<Mutex<Vec<(u16, &'static str)>>>, Arc<Mutex<Vec<String>>>);
        async fn answer(State((answers, keys)): State<Shared>, request: Request) -> Response {
            let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
            keys.lock().unwrap().push(key.unwrap_or("none").to_owned());
            let (status, body) = answers.lock().unwrap().remove(0);
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        let keys = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(answer).with_state((Arc::new(Mutex::new(answers)), keys.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (Stripe::new(&"sk_test_1".into(), Some(&base), Vec::new()).unwrap(), keys)
    }

    const REFUND: &str = r#"{"id":"re_1","object":"refund","amount":500,"created":1,"currency":"gbp"}"#;
    const LOCKED: &str =
        r#"{"error":{"type":"invalid_request_error","code":"lock_timeout","message":"busy"}}"#;

    #[tokio::test]
    async fn tries_again_with_the_same_key_and_then_succeeds() {
        let (stripe, keys) = answering(vec![(409, LOCKED), (502, "<html>bad gateway"), (200, REFUND)]).await;
        let refund = stripe.refund("refund-7", "pi_1").await.unwrap();
        assert_eq!((refund.id.as_str(), refund.amount_pence), ("re_1", 500));
        assert_eq!(*keys.lock().unwrap(), ["refund-7", "refund-7", "refund-7"]);
    }

    #[tokio::test]
    async fn gives_up_after_three_tries_and_at_once_on_a_refusal() {
        let (stripe, keys) = answering(vec![(429, LOCKED), (503, LOCKED), (500, LOCKED)]).await;
        let error = stripe.refund("key", "pi_1").await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert_eq!(keys.lock().unwrap().len(), 3);

        let card =
            r#"{"error":{"type":"invalid_request_error","code":"charge_already_refunded","message":"No."}}"#;
        let (stripe, keys) = answering(vec![(400, card)]).await;
        let error = stripe.refund("key", "pi_1").await.unwrap_err();
        assert_eq!(error.code(), Some("charge_already_refunded"));
        assert!(!error.is_transient());
        assert_eq!(keys.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_answer_without_what_stripe_promises_is_unreadable_and_not_repeated() {
        let (stripe, keys) = answering(vec![(200, r#"{"id":"re_1"}"#)]).await;
        let error = stripe.refund("key", "pi_1").await.unwrap_err();
        assert!(matches!(error, StripeError::Unreadable(_)), "{error}");
        assert_eq!(keys.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn nobody_listening_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let stripe = Stripe::new(&"sk_test_1".into(), Some(&base), Vec::new()).unwrap();
        let error = stripe.find_invoice("in_1").await.unwrap_err();
        assert!(matches!(error, StripeError::Unreachable(_)) && error.is_transient(), "{error}");
    }

    #[tokio::test]
    async fn what_cannot_be_sent_is_not_sent() {
        let (stripe, keys) = answering(Vec::new()).await;
        for id in ["", "../charges", "in_1?expand[]=x", "in 1", "in_é", &"a".repeat(256)] {
            let error = stripe.find_invoice(id).await.unwrap_err();
            assert!(matches!(error, StripeError::NotSent(_)), "{id}: {error}");
        }
        assert!(stripe.refund("", "pi_1").await.is_err());
        assert!(stripe.refund(&"k".repeat(256), "pi_1").await.is_err());
        assert!(keys.lock().unwrap().is_empty());
        for base in ["api.stripe.com", "ftp://x", "http://a b"] {
            assert!(Stripe::new(&"sk_test_1".into(), Some(base), Vec::new()).is_err(), "{base}");
        }
        assert!(Stripe::new(&"sk\n".into(), None, Vec::new()).is_err());
    }

    #[test]
    fn the_key_says_the_mode_and_stays_out_of_debug_output() {
        for (key, live) in
            [("sk_live_1", true), ("rk_live_1", true), ("sk_test_1", false), ("rk_test_1", false)]
        {
            let stripe = Stripe::new(&key.into(), None, vec!["whsec_1".into()]).unwrap();
            assert_eq!(stripe.livemode(), live, "{key}");
            assert!(!format!("{stripe:?}").contains("_1"));
        }
    }
}
