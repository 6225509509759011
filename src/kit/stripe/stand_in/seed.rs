//! Payments that happened before the stand-in was asked: for a demo party whose members have paid for years.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::BASE;
use super::objects::{self, PaidBy};
use super::store::{self, Object};
use super::story::later;
use crate::kit::stripe::{Interval, Metadata, SubscriptionStatus};

/// Objects written in one statement.
const BATCH: usize = 500;

/// A subscription with its paid invoices, one for each period from `started_at` on.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Goes into every id, so that the demo is the same each time: letters and digits, unique among the seeds.
    pub key: String,
    pub email: String,
    pub name: String,
    pub product_name: String,
    pub amount_pence: i64,
    pub interval: Interval,
    pub method: PaidBy,
    pub started_at: DateTime<Utc>,
    /// How many periods were paid. None: the first debit is on its way, and its session waits for it.
    pub paid_periods: u32,
    /// `Active`, `PastDue` (one more invoice, which failed) or `Canceled` (at the end of the last paid period).
    pub status: SubscriptionStatus,
    pub metadata: Metadata,
}

/// What a seed became at Stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    pub key: String,
    pub customer: String,
    pub subscription: String,
    pub current_period_end: DateTime<Utc>,
    /// In the order in which they were paid.
    pub paid: Vec<SeededInvoice>,
    /// The invoice that failed, for `PastDue`.
    pub failed_invoice: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeededInvoice {
    pub invoice: String,
    pub payment_intent: String,
    pub paid_at: DateTime<Utc>,
    pub period_end: DateTime<Utc>,
}

/// Writes any number of subscriptions with all that belongs to them, a few hundred in well under a second. Sends no
/// webhooks. Run again, it replaces the same objects.
pub async fn seed_subscriptions(
    db: &mut PgConnection,
    public_url: &str,
    seeds: &[Seed],
) -> Result<Vec<Seeded>, sqlx::Error> {
    let url = format!("{}{BASE}", public_url.trim_end_matches('/'));
    let mut written = Vec::new();
    let made: Vec<_> = seeds.iter().map(|seed| seed.make(&url, &mut written)).collect();
    for batch in written.chunks(BATCH) {
        store::save_all(db, batch).await?;
    }
    Ok(made)
}

/// A single payment by card.
#[derive(Debug, Clone)]
pub struct SeedPayment {
    /// Goes into every id: letters and digits, unique among these.
    pub key: String,
    pub email: String,
    pub amount_pence: i64,
    pub at: DateTime<Utc>,
    pub metadata: Metadata,
}

/// Writes any number of single payments, as [`seed_subscriptions`] does.
pub async fn seed_payments(db: &mut PgConnection, seeds: &[SeedPayment]) -> Result<(), sqlx::Error> {
    let mut written = Vec::new();
    for seed in seeds {
        let (metadata, id) = (json!(seed.metadata), |prefix: &str| format!("{prefix}Gift{}", seed.key));
        let payment = objects::Payment {
            intent: &id("pi_"),
            charge: &id("ch_"),
            amount: seed.amount_pence,
            customer: None,
            email: Some(&seed.email),
            holder: Some(&seed.email),
            method: PaidBy::Card,
            means: &id("pm_"),
            metadata: &metadata,
            created: seed.at.timestamp(),
        };
        let hidden = json!({"email": seed.email});
        written.push(Object::new("payment_intent", payment.intent("succeeded"), json!({})));
        let [charge, moved] = payment.charged();
        written.push(Object::new("charge", charge, hidden));
        written.push(Object::new("balance_transaction", moved, json!({})));
    }
    for batch in written.chunks(BATCH) {
        store::save_all(db, batch).await?;
    }
    Ok(())
}

impl Seed {
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}Seed{}", self.key)
    }

    fn make(&self, url: &str, written: &mut Vec<Object>) -> Seeded {
        let interval = match self.interval {
            Interval::Month => "month",
            Interval::Year => "year",
        };
        let failing = self.status == SubscriptionStatus::PastDue;
        let on_its_way = self.paid_periods == 0;
        let periods = self.paid_periods + u32::from(failing || on_its_way);
        let metadata = json!(self.metadata);
        let mut made = Seeded {
            key: self.key.clone(),
            customer: self.id("cus_"),
            subscription: self.id("sub_"),
            current_period_end: self.started_at,
            paid: Vec::new(),
            failed_invoice: None,
        };
        let customer = objects::customer(
            &made.customer,
            Some(&self.email),
            Some(&self.name),
            self.started_at.timestamp(),
        );
        written.push(Object::new("customer", customer, json!({"email": self.email})));
        let method = objects::payment_method(
            &self.id("pm_"),
            self.method,
            Some(&made.customer),
            Some(&self.email),
            self.started_at.timestamp(),
        );
        written.push(Object::new("payment_method", method, json!({})));

        let mut start = self.started_at;
        let mut latest = String::new();
        for number in 1..=periods {
            let end = DateTime::from_timestamp(later(start, interval), 0).unwrap_or(start);
            let paid = number <= self.paid_periods;
            latest = format!("{}n{number}", self.id("in_"));
            let (intent, charge) = (latest.replacen("in_", "pi_", 1), latest.replacen("in_", "ch_", 1));
            let mut invoice = objects::Invoice {
                id: &latest,
                url: format!("{url}/invoices/{latest}"),
                number: format!("{}-{number:04}", self.key.to_uppercase()),
                reason: if number == 1 { "subscription_create" } else { "subscription_cycle" },
                customer: &made.customer,
                email: Some(&self.email),
                subscription: &made.subscription,
                item: &self.id("si_"),
                price: &self.id("price_"),
                product: &self.id("prod_"),
                product_name: &self.product_name,
                metadata: &metadata,
                amount: self.amount_pence,
                payment_intent: &intent,
                created: start.timestamp(),
                period: (start.timestamp(), end.timestamp()),
            }
            .json();
            let no_metadata = json!({});
            let payment = objects::Payment {
                intent: &intent,
                charge: &charge,
                amount: self.amount_pence,
                customer: Some(&made.customer),
                email: Some(&self.email),
                holder: Some(&self.email),
                method: self.method,
                means: &self.id("pm_"),
                metadata: &no_metadata,
                created: start.timestamp(),
            };
            let status = match paid {
                true => "succeeded",
                false if on_its_way => "processing",
                false => "requires_payment_method",
            };
            let mut hidden = json!({"email": self.email});
            written.push(Object::new("payment_intent", payment.intent(status), json!({})));
            if paid {
                objects::pay(&mut invoice, 1, start.timestamp());
                let [charge, moved] = payment.charged();
                written.push(Object::new("charge", charge, json!({"email": self.email})));
                written.push(Object::new("balance_transaction", moved, json!({})));
                made.paid.push(SeededInvoice {
                    invoice: latest.clone(),
                    payment_intent: intent,
                    paid_at: start,
                    period_end: end,
                });
            } else if on_its_way {
                invoice["attempt_count"] = json!(1);
                hidden["debit"] = json!("processing");
                written.push(self.session(&made, &latest, &metadata, url));
            } else {
                invoice["attempt_count"] = json!(1);
                invoice["next_payment_attempt"] = json!(start.timestamp() + 3 * 24 * 60 * 60);
                made.failed_invoice = Some(latest.clone());
            }
            written.push(Object::new("invoice", invoice, hidden));
            made.current_period_end = end;
            if number < periods {
                start = end;
            }
        }
        written.push(self.subscription(&made, &metadata, interval, &latest, start));
        made
    }

    /// The page where the first debit was ordered.
    fn session(&self, made: &Seeded, invoice: &str, metadata: &Value, url: &str) -> Object {
        let created = self.started_at.timestamp();
        let mut body = objects::Session {
            id: &self.id("cs_"),
            url: String::new(),
            mode: "subscription",
            amount: Some(self.amount_pence),
            customer: Some(&made.customer),
            email: Some(&self.email),
            success_url: url,
            cancel_url: None,
            reference: None,
            metadata,
            methods: &[self.method.word().to_owned()],
            created,
            expires_at: created + 24 * 60 * 60,
        }
        .json();
        body["status"] = json!("complete");
        body["url"] = Value::Null;
        body["subscription"] = json!(made.subscription);
        body["invoice"] = json!(invoice);
        body["customer_details"] = objects::customer_details(Some(&self.email));
        Object::new("checkout.session", body, json!({}))
    }

    fn subscription(
        &self,
        made: &Seeded,
        metadata: &Value,
        interval: &str,
        latest: &str,
        start: DateTime<Utc>,
    ) -> Object {
        let canceled = self.status == SubscriptionStatus::Canceled;
        let mut body = objects::Subscription {
            id: &made.subscription,
            item: &self.id("si_"),
            customer: &made.customer,
            price: objects::Price {
                id: &self.id("price_"),
                product: &self.id("prod_"),
                amount: self.amount_pence,
                interval,
                created: self.started_at.timestamp(),
            },
            method: self.method,
            payment_method: &self.id("pm_"),
            metadata,
            status: match self.status {
                SubscriptionStatus::PastDue => "past_due",
                SubscriptionStatus::Canceled => "canceled",
                _ => "active",
            },
            latest_invoice: latest,
            created: self.started_at.timestamp(),
            period: (start.timestamp(), made.current_period_end.timestamp()),
        }
        .json();
        if canceled {
            body["canceled_at"] = json!(made.current_period_end.timestamp());
            body["ended_at"] = json!(made.current_period_end.timestamp());
            body["cancellation_details"]["reason"] = json!("cancellation_requested");
        }
        let hidden =
            json!({"email": self.email, "product_name": self.product_name, "method": self.method.word()});
        Object::new("subscription", body, hidden)
    }
}
