//! Period by period: invoices are made, paid, or fail, until a subscription ends.

use chrono::DateTime;
use serde_json::{Value, json};

use super::super::BASE;
use super::super::fault::Fault;
use super::super::objects::{self, PaidBy};
use super::super::store::{self, Object};
use super::{NO_METADATA, Stage, later};

/// Failed attempts after which a subscription is cancelled, as the account's settings at Stripe would have it.
const MOST_ATTEMPTS: i64 = 4;

const DAYS: i64 = 24 * 60 * 60;

/// The number of the attempt that is decided now: of a debit on its way it was counted before.
fn attempt(invoice: &Object) -> i64 {
    let counted = invoice.whole("/attempt_count");
    if invoice.hidden("debit") == Some("processing") { counted } else { counted + 1 }
}

impl Stage {
    /// Makes the invoice for the subscription's present period, paid or with the money on its way.
    pub(in super::super) async fn bill(
        &mut self,
        subscription: &Object,
        id: &str,
        reason: &str,
        paid: bool,
    ) -> Result<Object, Fault> {
        let intent = self.id("pi_");
        let metadata = &subscription.body["metadata"];
        let email = subscription.hidden("email");
        let body = objects::Invoice {
            id,
            url: format!("{}{BASE}/invoices/{id}", self.stand_in.public_url()),
            number: format!("STAND-IN-{}", id.get(3..11).unwrap_or(id).to_uppercase()),
            reason,
            customer: subscription.text("/customer").unwrap_or_default(),
            email,
            subscription: &subscription.id,
            item: subscription.text("/items/data/0/id").unwrap_or_default(),
            price: subscription.text("/items/data/0/price/id").unwrap_or_default(),
            product: subscription.text("/items/data/0/price/product").unwrap_or_default(),
            product_name: subscription.hidden("product_name").unwrap_or("Subscription"),
            metadata,
            amount: subscription.whole("/items/data/0/price/unit_amount"),
            payment_intent: &intent,
            created: self.at.timestamp(),
            period: (
                subscription.whole("/items/data/0/current_period_start"),
                subscription.whole("/items/data/0/current_period_end"),
            ),
        }
        .json();
        let mut invoice = Object::new("invoice", body, json!({"email": email}));
        if paid {
            self.settle(subscription, &mut invoice).await?;
        } else {
            self.note_intent(subscription, &invoice, "processing").await?;
            invoice.hidden["debit"] = json!("processing");
            // Stripe counts the attempt when the debit is sent, days before it is known to have worked.
            invoice.body["attempt_count"] = json!(1);
            self.save(&invoice).await?;
        }
        Ok(invoice)
    }

    fn payment<'a>(
        &self,
        subscription: &'a Object,
        invoice: &'a Object,
        charge: &'a str,
    ) -> objects::Payment<'a> {
        objects::Payment {
            intent: invoice.text("/payments/data/0/payment/payment_intent").unwrap_or_default(),
            charge,
            amount: invoice.whole("/amount_due"),
            customer: subscription.text("/customer"),
            email: subscription.hidden("email"),
            holder: subscription.hidden("email"),
            method: PaidBy::from_word(subscription.hidden("method").unwrap_or_default()),
            means: subscription.text("/default_payment_method").unwrap_or_default(),
            // Stripe copies the subscription's metadata to its invoices' parent, not to their payments.
            metadata: &NO_METADATA,
            created: self.at.timestamp(),
        }
    }

    pub(in super::super) async fn note_intent(
        &mut self,
        subscription: &Object,
        invoice: &Object,
        status: &str,
    ) -> Result<Object, Fault> {
        let intent =
            Object::new("payment_intent", self.payment(subscription, invoice, "").intent(status), json!({}));
        self.save(&intent).await?;
        Ok(intent)
    }

    /// The invoice's money has come.
    pub(in super::super) async fn settle(
        &mut self,
        subscription: &Object,
        invoice: &mut Object,
    ) -> Result<(), Fault> {
        let charge_id = self.id("ch_");
        let payment = self.payment(subscription, invoice, &charge_id);
        let intent = Object::new("payment_intent", payment.intent("succeeded"), json!({}));
        let [charge, moved] = payment.charged();
        let charge = Object::new("charge", charge, json!({"email": subscription.hidden("email")}));
        let moved = Object::new("balance_transaction", moved, json!({}));
        let number = attempt(invoice);
        objects::pay(&mut invoice.body, number, self.at.timestamp());
        invoice.hidden["debit"] = Value::Null;
        store::save_all(&mut self.tx, &[intent, charge, moved, invoice.clone()]).await?;
        Ok(())
    }

    pub(in super::super) async fn settle_debit(&mut self, invoice: &str, paid: bool) -> Result<(), Fault> {
        // Subscription before invoice, as everywhere, so that two clicks cannot lock each other out.
        let seen = store::find(&mut self.tx, "invoice", invoice).await?;
        let seen = seen.ok_or_else(|| Fault::missing(404, "invoice", "invoice", invoice))?;
        let subscription_id =
            seen.text("/parent/subscription_details/subscription").unwrap_or_default().to_owned();
        let mut subscription = self.lock("subscription", &subscription_id).await?;
        let mut invoice = self.lock("invoice", invoice).await?;
        if invoice.hidden("debit") != Some("processing") {
            return Err(Fault::invalid(Some("invoice"), "No debit is on its way for this invoice."));
        }
        let session = store::find_session_of(&mut self.tx, &subscription.id, &invoice.id).await?;
        if paid {
            self.settle(&subscription, &mut invoice).await?;
            if subscription.is("past_due") {
                self.set_status(&mut subscription, "active").await?;
            }
            self.tell("invoice.paid", &invoice, None).await?;
            if let Some(mut session) = session {
                session.body["payment_status"] = json!("paid");
                self.save(&session).await?;
                self.tell("checkout.session.async_payment_succeeded", &session, None).await?;
            }
            return Ok(());
        }
        self.fail(&mut subscription, &mut invoice).await?;
        if let Some(session) = session {
            self.tell("checkout.session.async_payment_failed", &session, None).await?;
        }
        Ok(())
    }

    async fn set_status(&mut self, subscription: &mut Object, status: &str) -> Result<(), Fault> {
        let before = subscription.body["status"].clone();
        subscription.body["status"] = json!(status);
        self.save(subscription).await?;
        self.tell("customer.subscription.updated", subscription, Some(json!({"status": before}))).await
    }

    /// An attempt to collect the invoice failed.
    async fn fail(&mut self, subscription: &mut Object, invoice: &mut Object) -> Result<(), Fault> {
        let attempts = attempt(invoice);
        invoice.hidden["debit"] = Value::Null;
        let last = attempts >= MOST_ATTEMPTS;
        invoice.body["attempt_count"] = json!(attempts);
        invoice.body["next_payment_attempt"] = if last { Value::Null } else { json!(self.now() + 3 * DAYS) };
        self.save(invoice).await?;
        self.note_intent(subscription, invoice, "requires_payment_method").await?;
        self.tell("invoice.payment_failed", invoice, None).await?;
        if last {
            self.end(subscription, "payment_failed").await
        } else if subscription.is("past_due") {
            Ok(())
        } else {
            self.set_status(subscription, "past_due").await
        }
    }

    async fn lock_living(&mut self, id: &str, missing: u16) -> Result<Object, Fault> {
        let subscription = self.lock("subscription", id).await?;
        if subscription.is("canceled") {
            return Err(Fault::missing(missing, "subscription", "id", id));
        }
        Ok(subscription)
    }

    /// The failed invoice that is being tried again, if there is one.
    async fn lock_failed_invoice(&mut self, subscription: &Object) -> Result<Option<Object>, Fault> {
        let latest = subscription.text("/latest_invoice").unwrap_or_default();
        let invoice = self.lock("invoice", latest).await?;
        if invoice.hidden("debit") == Some("processing") {
            return Err(Fault::invalid(None, "A debit is already on its way: say first whether it is paid."));
        }
        Ok(Some(invoice).filter(|invoice| invoice.is("open")))
    }

    /// Moves the subscription on to its next period, for which a new invoice is made.
    fn turn_period(&self, subscription: &mut Object) -> (String, Value) {
        let item = &mut subscription.body["items"]["data"][0];
        let end = item["current_period_end"].as_i64().unwrap_or_default();
        let before = item["current_period_start"].clone();
        let interval = item["price"]["recurring"]["interval"].as_str().unwrap_or("month").to_owned();
        let start = DateTime::from_timestamp(end, 0).unwrap_or(self.at);
        item["current_period_start"] = json!(end);
        item["current_period_end"] = json!(later(start, &interval));
        let invoice = self.id("in_");
        let previous = json!({
            "items": {"data": [{"current_period_start": before, "current_period_end": end}]},
            "latest_invoice": subscription.body["latest_invoice"]
        });
        subscription.body["latest_invoice"] = json!(invoice);
        if subscription.body["status"] == json!("trialing") {
            subscription.body["status"] = json!("active");
        }
        (invoice, previous)
    }

    /// Whether it goes on after its present period.
    pub(in super::super) async fn set_renewal(&mut self, id: &str, renews: bool) -> Result<Object, Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        let end = subscription.body["items"]["data"][0]["current_period_end"].clone();
        let before = subscription.body["cancel_at_period_end"].clone();
        subscription.body["cancel_at_period_end"] = json!(!renews);
        subscription.body["cancel_at"] = if renews { Value::Null } else { end };
        subscription.body["canceled_at"] = if renews { Value::Null } else { json!(self.now()) };
        self.save(&subscription).await?;
        let previous = json!({"cancel_at_period_end": before});
        self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
        Ok(subscription)
    }

    /// What the caller says of it; invoices that are there keep what they were made with.
    pub(in super::super) async fn set_metadata(&mut self, id: &str, new: &Value) -> Result<Object, Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        let before = subscription.body["metadata"].clone();
        for (key, value) in new.as_object().into_iter().flatten() {
            subscription.body["metadata"][key.as_str()] = value.clone();
        }
        self.save(&subscription).await?;
        let previous = json!({"metadata": before});
        self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
        Ok(subscription)
    }

    /// What it is charged to from now on.
    pub(in super::super) async fn set_method(&mut self, id: &str, method: &str) -> Result<Object, Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        let found = store::find(&mut self.tx, "payment_method", method).await?;
        let found =
            found.ok_or_else(|| Fault::missing(400, "payment_method", "default_payment_method", method))?;
        if found.body["customer"] != subscription.body["customer"] {
            return Err(Fault::invalid(
                Some("default_payment_method"),
                "The customer does not have a payment method with that id.",
            ));
        }
        let before = subscription.body["default_payment_method"].clone();
        subscription.body["default_payment_method"] = json!(method);
        subscription.body["payment_settings"]["payment_method_types"] = json!([found.body["type"]]);
        subscription.hidden["method"] = found.body["type"].clone();
        self.save(&subscription).await?;
        let previous = json!({"default_payment_method": before});
        self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
        Ok(subscription)
    }

    /// The payer, or their bank, takes back that we may collect.
    pub(in super::super) async fn revoke(&mut self, subscription: &str) -> Result<(), Fault> {
        let subscription = self.lock("subscription", subscription).await?;
        let method = subscription.text("/default_payment_method").unwrap_or_default();
        if subscription.hidden("method") != Some("bacs_debit") {
            return Err(Fault::invalid(None, "This is not paid by Direct Debit."));
        }
        // The id tells of its method, so that those of seeds, which nobody took down, are the same each time.
        let id = match store::find_mandate(&mut self.tx, method).await? {
            Some(known) => known.id,
            None => method.replacen("pm_", "mandate_", 1),
        };
        let mandate = objects::mandate(&id, method, "revoked", self.now());
        let mandate = Object::new("mandate", mandate, json!({}));
        self.save(&mandate).await?;
        self.tell("mandate.updated", &mandate, None).await
    }

    /// The payer's bank has sent a new card for the old one, and told Stripe of its date.
    pub(in super::super) async fn set_card_expiry(
        &mut self,
        subscription: &str,
        month: u32,
        year: i32,
    ) -> Result<(), Fault> {
        let subscription = self.lock("subscription", subscription).await?;
        let method = subscription.text("/default_payment_method").unwrap_or_default().to_owned();
        let mut method = self.lock("payment_method", &method).await?;
        if method.text("/type") != Some("card") {
            return Err(Fault::invalid(None, "This is not paid by card."));
        }
        method.body["card"]["exp_month"] = json!(month);
        method.body["card"]["exp_year"] = json!(year);
        self.save(&method).await?;
        self.tell("payment_method.automatically_updated", &method, None).await
    }

    /// Another price from the next period on; with another interval only if the present period is made a trial.
    pub(in super::super) async fn change_price(
        &mut self,
        id: &str,
        item: &str,
        product: &str,
        amount: i64,
        interval: &str,
        trial_end: Option<i64>,
    ) -> Result<Object, Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        let before = subscription.body["items"]["data"][0].clone();
        if before["id"] != json!(item) {
            return Err(Fault::missing(400, "subscription_item", "items[0][id]", item));
        }
        if before["price"]["product"] != json!(product) {
            return Err(Fault::missing(400, "product", "items[0][price_data][product]", product));
        }
        let price = objects::Price { id: &self.id("price_"), product, amount, interval, created: self.now() };
        let is_new_interval = before["price"]["recurring"]["interval"] != json!(interval);
        if is_new_interval && trial_end != before["current_period_end"].as_i64() {
            return Err(Fault::invalid(
                Some("trial_end"),
                "The stand-in starts no new interval within a period.",
            ));
        }
        subscription.body["items"]["data"][0]["price"] = price.json();
        let mut previous = json!({"items": {"data": [{"price": before["price"]}]}});
        if let Some(end) = trial_end {
            previous["status"] = subscription.body["status"].clone();
            subscription.body["status"] = json!("trialing");
            subscription.body["trial_start"] = json!(self.now());
            subscription.body["trial_end"] = json!(end);
        }
        self.save(&subscription).await?;
        self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
        Ok(subscription)
    }

    /// The next period begins, and is charged, at another time.
    pub(in super::super) async fn set_trial_end(&mut self, id: &str, end: i64) -> Result<Object, Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        if !(self.now()..=self.now() + 730 * 24 * 60 * 60).contains(&end) {
            return Err(Fault::invalid(Some("trial_end"), "trial_end must lie within two years from now."));
        }
        let before = subscription.body["items"]["data"][0]["current_period_end"].clone();
        let previous = json!({
            "items": {"data": [{"current_period_end": before}]}, "status": subscription.body["status"]
        });
        subscription.body["items"]["data"][0]["current_period_end"] = json!(end);
        subscription.body["status"] = json!("trialing");
        subscription.body["trial_start"] = json!(self.now());
        subscription.body["trial_end"] = json!(end);
        self.save(&subscription).await?;
        self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
        Ok(subscription)
    }

    pub(in super::super) async fn charge(&mut self, id: &str) -> Result<(), Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        if subscription.body["cancel_at_period_end"] == json!(true) {
            return self.end(&mut subscription, "cancellation_requested").await;
        }
        if let Some(mut invoice) = self.lock_failed_invoice(&subscription).await? {
            self.settle(&subscription, &mut invoice).await?;
            self.tell("invoice.paid", &invoice, None).await?;
            return self.set_status(&mut subscription, "active").await;
        }
        let (invoice, previous) = self.turn_period(&mut subscription);
        let paid = subscription.hidden("method") != Some("bacs_debit");
        let invoice = self.bill(&subscription, &invoice, "subscription_cycle", paid).await?;
        self.save(&subscription).await?;
        self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
        if paid {
            self.tell("invoice.paid", &invoice, None).await?;
        }
        Ok(())
    }

    pub(in super::super) async fn fail_charge(&mut self, id: &str) -> Result<(), Fault> {
        let mut subscription = self.lock_living(id, 404).await?;
        let mut invoice = if let Some(invoice) = self.lock_failed_invoice(&subscription).await? {
            invoice
        } else {
            let (invoice, previous) = self.turn_period(&mut subscription);
            let invoice = self.bill(&subscription, &invoice, "subscription_cycle", false).await?;
            self.save(&subscription).await?;
            self.tell("customer.subscription.updated", &subscription, Some(previous)).await?;
            invoice
        };
        self.fail(&mut subscription, &mut invoice).await
    }

    pub(in super::super) async fn pay_invoice(&mut self, id: &str) -> Result<(), Fault> {
        let mut subscription = self.lock("subscription", id).await?;
        let invoice = self.lock_failed_invoice(&subscription).await?;
        let mut invoice = invoice.ok_or_else(|| Fault::invalid(None, "Nothing is overdue."))?;
        self.settle(&subscription, &mut invoice).await?;
        self.tell("invoice.paid", &invoice, None).await?;
        if subscription.is("canceled") { Ok(()) } else { self.set_status(&mut subscription, "active").await }
    }

    /// `missing` is the status for one that ended before.
    pub(in super::super) async fn cancel(
        &mut self,
        id: &str,
        reason: &str,
        missing: u16,
    ) -> Result<Object, Fault> {
        let mut subscription = self.lock_living(id, missing).await?;
        self.end(&mut subscription, reason).await?;
        Ok(subscription)
    }

    async fn end(&mut self, subscription: &mut Object, reason: &str) -> Result<(), Fault> {
        subscription.body["status"] = json!("canceled");
        subscription.body["canceled_at"] = json!(self.now());
        subscription.body["ended_at"] = json!(self.now());
        subscription.body["cancellation_details"]["reason"] = json!(reason);
        self.save(subscription).await?;
        self.tell("customer.subscription.deleted", subscription, None).await
    }
}
