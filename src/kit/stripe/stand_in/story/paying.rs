//! On the page for paying: a card is taken or refused, a debit is ordered, or the time runs out.

use serde_json::{Value, json};

use super::super::fault::Fault;
use super::super::objects::{self, PaidBy};
use super::super::store::{self, Object};
use super::{NO_METADATA, Stage, later};

impl Stage {
    /// An open session; one whose time is over counts as expired even before anybody says so.
    async fn lock_open_session(&mut self, id: &str) -> Result<Object, Fault> {
        let session = self.lock("checkout.session", id).await?;
        if session.is("open") && session.whole("/expires_at") > self.now() {
            return Ok(session);
        }
        let state = session.text("/status").unwrap_or_default();
        let state = if state == "open" { "expired" } else { state };
        Err(Fault::invalid(
            Some("session"),
            format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Session is {state}."
            ),
        ))
    }

    /// The customer who pays: known before, or made now as Checkout does for subscriptions.
    async fn customer(&mut self, session: &Object) -> Result<(String, Option<String>), Fault> {
        if let Some(known) = session.text("/customer") {
            let email = store::find(&mut self.tx, "customer", known).await?;
            let email = email.and_then(|customer| customer.text("/email").map(str::to_owned));
            return Ok((known.to_owned(), email));
        }
        let email = session.text("/customer_email").map(str::to_owned);
        let id = self.id("cus_");
        let body = objects::customer(&id, email.as_deref(), None, self.now());
        self.save(&Object::new("customer", body, json!({"email": email}))).await?;
        Ok((id, email))
    }

    /// The card is somebody else's, as the card itself tells.
    pub(in super::super) async fn lend_card(&mut self, session: &str, holder: &str) -> Result<(), Fault> {
        let mut session = self.lock_open_session(session).await?;
        session.hidden["holder"] = json!(holder);
        self.save(&session).await
    }

    pub(in super::super) async fn pay(&mut self, session: &str, method: PaidBy) -> Result<(), Fault> {
        let mut session = self.lock_open_session(session).await?;
        let allowed = session.body["payment_method_types"]
            .as_array()
            .is_some_and(|methods| methods.contains(&json!(method.word())));
        if !allowed {
            return Err(Fault::invalid(
                Some("payment_method"),
                "This way of paying is not offered for this session.",
            ));
        }
        match session.text("/mode") {
            Some("subscription") => self.begin_subscription(&mut session, method).await?,
            Some("setup") => self.set_up(&mut session, method).await?,
            _ => self.take_payment(&mut session, method).await?,
        }
        session.body["status"] = json!("complete");
        session.body["url"] = Value::Null;
        self.save(&session).await?;
        self.tell("checkout.session.completed", &session, None).await
    }

    async fn take_payment(&mut self, session: &mut Object, method: PaidBy) -> Result<(), Fault> {
        let (intent, charge, means) = (self.id("pi_"), self.id("ch_"), self.id("pm_"));
        let email = session.text("/customer_email").map(str::to_owned);
        let payment = objects::Payment {
            intent: &intent,
            charge: &charge,
            amount: session.whole("/amount_total"),
            customer: session.text("/customer"),
            email: email.as_deref(),
            holder: session.hidden("holder").or(email.as_deref()),
            method,
            means: &means,
            metadata: &session.hidden["metadata"],
            created: self.at.timestamp(),
        };
        let intent_body = Object::new("payment_intent", payment.intent("succeeded"), json!({}));
        let [charge, moved] = payment.charged();
        let charge_body = Object::new("charge", charge, json!({"email": email}));
        let moved = Object::new("balance_transaction", moved, json!({}));
        self.save(&intent_body).await?;
        self.save(&charge_body).await?;
        self.save(&moved).await?;
        session.body["payment_intent"] = json!(intent);
        session.body["payment_status"] = json!("paid");
        session.body["customer_details"] = objects::customer_details(email.as_deref());
        Ok(())
    }

    /// Nothing is paid: a card or account is taken down.
    async fn set_up(&mut self, session: &mut Object, method: PaidBy) -> Result<(), Fault> {
        let customer = session.text("/customer").unwrap_or_default().to_owned();
        let (intent, means) = (self.id("seti_"), self.id("pm_"));
        let mandate = self.take_down(&means, method, &customer, session.hidden("email")).await?;
        let body = objects::setup_intent(&intent, &customer, method, &means, mandate.as_deref(), self.now());
        self.save(&Object::new("setup_intent", body, json!({}))).await?;
        session.body["setup_intent"] = json!(intent);
        Ok(())
    }

    /// Keeps a card or account, and for an account the payer's word to their bank, whose id it returns.
    async fn take_down(
        &mut self,
        means: &str,
        method: PaidBy,
        customer: &str,
        email: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        let body = objects::payment_method(means, method, Some(customer), email, self.now());
        self.save(&Object::new("payment_method", body, json!({}))).await?;
        if method == PaidBy::Card {
            return Ok(None);
        }
        let mandate = self.id("mandate_");
        let body = objects::mandate(&mandate, means, "accepted", self.now());
        self.save(&Object::new("mandate", body, json!({}))).await?;
        Ok(Some(mandate))
    }

    async fn begin_subscription(&mut self, session: &mut Object, method: PaidBy) -> Result<(), Fault> {
        let (customer, email) = self.customer(session).await?;
        let ids = Ids {
            subscription: self.id("sub_"),
            item: self.id("si_"),
            price: self.id("price_"),
            product: self.id("prod_"),
            payment_method: self.id("pm_"),
            invoice: self.id("in_"),
        };
        self.take_down(&ids.payment_method, method, &customer, email.as_deref()).await?;
        let interval = session.hidden("interval").unwrap_or("month").to_owned();
        let start = self.now();
        let body = objects::Subscription {
            id: &ids.subscription,
            item: &ids.item,
            customer: &customer,
            price: objects::Price {
                id: &ids.price,
                product: &ids.product,
                amount: session.whole("/amount_total"),
                interval: &interval,
                created: start,
            },
            method,
            payment_method: &ids.payment_method,
            metadata: &session.hidden["metadata"],
            status: "incomplete",
            latest_invoice: &ids.invoice,
            created: start,
            period: (start, later(self.at, &interval)),
        }
        .json();
        let hidden =
            json!({"email": email, "product_name": session.hidden("product_name"), "method": method.word()});
        let mut subscription = Object::new("subscription", body, hidden);
        self.tell("customer.subscription.created", &subscription, None).await?;

        // By Direct Debit the subscription is active as soon as the debit is on its way: Stripe waits for the payment
        // to be confirmed, not for the money. Only the session's `unpaid` and the open invoice say so.
        let paid = method == PaidBy::Card;
        let invoice = self.bill(&subscription, &ids.invoice, "subscription_create", paid).await?;
        subscription.body["status"] = json!("active");
        self.save(&subscription).await?;
        self.tell("customer.subscription.updated", &subscription, Some(json!({"status": "incomplete"})))
            .await?;
        if paid {
            self.tell("invoice.paid", &invoice, None).await?;
        }
        session.body["customer"] = json!(customer);
        session.body["customer_details"] = objects::customer_details(email.as_deref());
        session.body["subscription"] = json!(ids.subscription);
        session.body["invoice"] = json!(ids.invoice);
        session.body["payment_status"] = json!(if paid { "paid" } else { "unpaid" });
        Ok(())
    }

    pub(in super::super) async fn decline(&mut self, session: &str) -> Result<(), Fault> {
        let session = self.lock_open_session(session).await?;
        // A card that is refused where nothing is paid leaves no payment behind.
        if session.text("/mode") == Some("setup") {
            return Ok(());
        }
        let (intent, means) = (self.id("pi_"), self.id("pm_"));
        let body = objects::Payment {
            intent: &intent,
            charge: "",
            amount: session.whole("/amount_total"),
            customer: session.text("/customer"),
            email: session.text("/customer_email"),
            holder: session.text("/customer_email"),
            method: PaidBy::Card,
            means: &means,
            metadata: &NO_METADATA,
            created: self.at.timestamp(),
        }
        .intent("requires_payment_method");
        let intent = Object::new("payment_intent", body, json!({}));
        self.save(&intent).await?;
        self.tell("payment_intent.payment_failed", &intent, None).await
    }

    pub(in super::super) async fn expire(&mut self, session: &str) -> Result<Object, Fault> {
        let mut session = self.lock_open_session(session).await?;
        self.mark_expired(&mut session).await?;
        Ok(session)
    }

    async fn mark_expired(&mut self, session: &mut Object) -> Result<(), Fault> {
        session.body["status"] = json!("expired");
        session.body["url"] = Value::Null;
        self.save(session).await?;
        self.tell("checkout.session.expired", session, None).await
    }

    /// The session as it is now; when its time is over, that happens first.
    pub(in super::super) async fn session(&mut self, id: &str) -> Result<Object, Fault> {
        let mut session = self.lock("checkout.session", id).await?;
        if session.is("open") && session.whole("/expires_at") <= self.now() {
            self.mark_expired(&mut session).await?;
        }
        Ok(session)
    }
}

struct Ids {
    subscription: String,
    item: String,
    price: String,
    product: String,
    payment_method: String,
    invoice: String,
}
