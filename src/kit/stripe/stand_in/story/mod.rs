//! What happens at Stripe: somebody pays, a debit arrives or fails, a period ends. One [`Stage`] is one transaction;
//! the webhooks of what happened leave when it is committed.

mod billing;
mod giving_back;
mod paying;

use chrono::{DateTime, Months, Utc};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

use super::StandIn;
use super::fault::Fault;
use super::objects::{self, PaidBy};
use super::store::{self, Object};

pub(super) struct Stage {
    pub stand_in: StandIn,
    pub tx: Transaction<'static, Postgres>,
    pub at: DateTime<Utc>,
    /// The webhooks that this stage makes.
    told: Vec<i64>,
}

impl StandIn {
    pub(super) async fn stage(&self) -> Result<Stage, Fault> {
        Ok(Stage { stand_in: self.clone(), tx: self.0.pool.begin().await?, at: self.now(), told: Vec::new() })
    }

    /// The payer fills in the page. A card is charged at once, a debit is on its way afterwards.
    pub async fn pay(&self, session: &str, method: PaidBy) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.pay(session, method).await?;
        stage.commit().await
    }

    /// The payer fills in a single payment's page with somebody else's card.
    pub async fn pay_by_card_of(&self, session: &str, holder: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.lend_card(session, holder).await?;
        stage.pay(session, PaidBy::Card).await?;
        stage.commit().await
    }

    /// The payer's card is refused; the session stays open for another try.
    pub async fn decline(&self, session: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.decline(session).await?;
        stage.commit().await
    }

    /// The session's time is over.
    pub async fn expire(&self, session: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.expire(session).await?;
        stage.commit().await
    }

    /// The bank says what became of a debit that was on its way.
    pub async fn settle_debit(&self, invoice: &str, paid: bool) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.settle_debit(invoice, paid).await?;
        stage.commit().await
    }

    /// The next period is charged, or a failed charge is tried again. By Direct Debit, money is then on its way.
    pub async fn charge(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.charge(subscription).await?;
        stage.commit().await
    }

    /// The next period's charge fails, or its next attempt does; the fourth failure ends the subscription.
    pub async fn fail_charge(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.fail_charge(subscription).await?;
        stage.commit().await
    }

    /// Somebody ends the subscription in Stripe's dashboard.
    pub async fn cancel(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.cancel(subscription, "cancellation_requested", 404).await?;
        stage.commit().await
    }

    /// An officer gives the latest payment back in Stripe's dashboard.
    pub async fn give_back(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        let intent = stage.latest_intent(subscription).await?;
        stage.refund(&intent, None, Some("requested_by_customer"), &NO_METADATA).await?;
        stage.commit().await
    }

    /// The latest refund of the latest payment could not be paid out.
    pub async fn fail_refund(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        let intent = stage.latest_intent(subscription).await?;
        stage.fail_refund(&intent).await?;
        stage.commit().await
    }

    /// The payer pays the open invoice on its own page at Stripe, which goes on working after the subscription's end.
    pub async fn pay_invoice(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.pay_invoice(subscription).await?;
        stage.commit().await
    }

    /// The payer, or their bank, ends the Direct Debit.
    pub async fn revoke(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.revoke(subscription).await?;
        stage.commit().await
    }

    /// The payer's bank gives the card another last month.
    pub async fn set_card_expiry(&self, subscription: &str, month: u32, year: i32) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.set_card_expiry(subscription, month, year).await?;
        stage.commit().await
    }

    /// What is in the balance is paid out to the bank.
    pub async fn pay_out(&self) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.pay_out().await?;
        stage.commit().await
    }

    /// The bank would not take the latest payout.
    pub async fn fail_payout(&self) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.fail_payout().await?;
        stage.commit().await
    }

    /// The holder of a card questions the latest payment; Stripe wants an answer within a week.
    pub async fn question(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.question(subscription).await?;
        stage.commit().await
    }

    /// The card's bank decides on what was questioned, for us or for its customer.
    pub async fn decide_dispute(&self, subscription: &str, won: bool) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.decide_dispute(subscription, won).await?;
        stage.commit().await
    }

    /// The payer claims the latest payment back through the bank, for which there is no time limit.
    pub async fn claim_back(&self, subscription: &str) -> Result<(), Fault> {
        let mut stage = self.stage().await?;
        stage.claim_back(subscription).await?;
        stage.commit().await
    }
}

impl Stage {
    pub(super) async fn commit(self) -> Result<(), Fault> {
        self.tx.commit().await?;
        self.stand_in.dispatch(self.told);
        Ok(())
    }

    pub(super) fn now(&self) -> i64 {
        self.at.timestamp()
    }

    fn id(&self, prefix: &str) -> String {
        self.stand_in.id(prefix)
    }

    async fn save(&mut self, object: &Object) -> Result<(), Fault> {
        Ok(store::save(&mut self.tx, object).await?)
    }

    async fn lock(&mut self, kind: &str, id: &str) -> Result<Object, Fault> {
        let found = store::lock(&mut self.tx, kind, id).await?;
        found.ok_or_else(|| Fault::missing(404, kind, "id", id))
    }

    /// Writes down a webhook with the object as it is now.
    async fn tell(&mut self, kind: &str, object: &Object, previous: Option<Value>) -> Result<(), Fault> {
        let id = self.id("evt_");
        let event = objects::Event { id: &id, kind, object: &object.body, previous, created: self.now() };
        let number = super::webhooks::insert(&mut self.tx, kind, &object.id, &event.json(), self.at).await?;
        self.told.push(number);
        Ok(())
    }
}

static NO_METADATA: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| json!({}));

/// One `month` or `year` later, on the same day where the month has it.
pub(super) fn later(from: DateTime<Utc>, interval: &str) -> i64 {
    let months = Months::new(if interval == "year" { 12 } else { 1 });
    from.checked_add_months(months).unwrap_or(from).timestamp()
}
