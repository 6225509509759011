//! Money that goes back: refunds, and claims through the payer's bank.

use serde_json::{Value, json};

use super::super::fault::Fault;
use super::super::objects;
use super::super::store::{self, Object};
use super::Stage;

/// What Stripe takes, in pence, when a payer's bank takes money back.
const DISPUTE_FEE: i64 = 2_000;

impl Stage {
    /// The payment of `intent`, ready to be given back.
    async fn lock_charge(&mut self, intent: &str) -> Result<Object, Fault> {
        let found = store::find(&mut self.tx, "payment_intent", intent).await?;
        let found = found.ok_or_else(|| Fault::missing(400, "payment_intent", "payment_intent", intent))?;
        let charge = found.text("/latest_charge").ok_or_else(|| {
            Fault::coded(
                400,
                "payment_intent_unexpected_state",
                None,
                "This PaymentIntent has no successful charge to refund.",
            )
        })?;
        self.lock("charge", charge).await
    }

    pub(in super::super) async fn refund(
        &mut self,
        intent: &str,
        amount: Option<i64>,
        reason: Option<&str>,
        metadata: &Value,
    ) -> Result<Value, Fault> {
        let mut charge = self.lock_charge(intent).await?;
        let (paid, before) = (charge.whole("/amount"), charge.whole("/amount_refunded"));
        if charge.body["disputed"] == json!(true) {
            return Err(Fault::coded(400, "charge_disputed", None, "The charge has been charged back."));
        }
        if before >= paid {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(Fault::coded(400, "charge_already_refunded", None, message));
        }
        let amount = amount.unwrap_or(paid - before);
        if amount < 1 || amount > paid - before {
            return Err(Fault::invalid(
                Some("amount"),
                "Refund amount is not between 1 and what is left of the charge.",
            ));
        }
        let mut refund = objects::refund(&self.id("re_"), &charge.body, amount, reason, metadata, self.now());
        let id = refund["id"].as_str().unwrap_or_default();
        let moved = self.move_balance("refund", "refund", -amount, 0, id).await?;
        refund["balance_transaction"] = moved["id"].clone();
        self.save(&Object::new("refund", refund.clone(), json!({}))).await?;
        charge.body["amount_refunded"] = json!(before + amount);
        charge.body["refunded"] = json!(before + amount == paid);
        self.save(&charge).await?;
        let previous = json!({"amount_refunded": before, "refunded": false});
        self.tell("charge.refunded", &charge, Some(previous)).await?;
        Ok(refund)
    }

    pub(in super::super) async fn fail_refund(&mut self, intent: &str) -> Result<(), Fault> {
        let mut charge = self.lock_charge(intent).await?;
        let of_intent = store::Filter {
            payment_intent: Some(intent),
            status: Some("succeeded"),
            ..store::Filter::default()
        };
        let found = store::list(&mut self.tx, "refund", &of_intent, 1).await?.into_iter().next();
        let mut refund =
            found.ok_or_else(|| Fault::invalid(None, "Nothing of this payment was refunded."))?;
        refund.body["status"] = json!("failed");
        refund.body["failure_reason"] = json!("expired_or_canceled_card");
        let amount = refund.whole("/amount");
        let moved = self.move_balance("refund_failure", "refund_failure", amount, 0, &refund.id).await?;
        refund.body["failure_balance_transaction"] = moved["id"].clone();
        self.save(&refund).await?;
        charge.body["amount_refunded"] = json!(charge.whole("/amount_refunded") - refund.whole("/amount"));
        charge.body["refunded"] = json!(false);
        self.save(&charge).await?;
        self.tell("refund.failed", &refund, None).await
    }

    pub(in super::super) async fn latest_intent(&mut self, subscription: &str) -> Result<String, Fault> {
        let subscription = self.lock("subscription", subscription).await?;
        let invoice = self.lock("invoice", subscription.text("/latest_invoice").unwrap_or_default()).await?;
        Ok(invoice.text("/payments/data/0/payment/payment_intent").unwrap_or_default().to_owned())
    }

    /// Writes down what something does to the balance. Returns that.
    async fn move_balance(
        &mut self,
        kind: &str,
        category: &str,
        amount: i64,
        fee: i64,
        source: &str,
    ) -> Result<Value, Fault> {
        let id = self.id("txn_");
        let moved = objects::moved(&objects::Moved {
            id: &id,
            kind,
            category,
            amount,
            fee,
            source,
            created: self.now(),
        });
        self.save(&Object::new("balance_transaction", moved.clone(), json!({}))).await?;
        Ok(moved)
    }

    /// Everything that is in the balance goes to the bank.
    pub(in super::super) async fn pay_out(&mut self) -> Result<(), Fault> {
        let amount = store::balance(&mut self.tx).await?;
        if amount <= 0 {
            return Err(Fault::invalid(None, "There is nothing to pay out."));
        }
        let id = self.id("po_");
        let moved = self.move_balance("payout", "payout", -amount, 0, &id).await?;
        let payout = objects::payout(&id, moved["id"].as_str().unwrap_or_default(), amount, self.now());
        self.save(&Object::new("payout", payout, json!({}))).await
    }

    /// The bank would not take the latest payout: the money is in the balance again.
    pub(in super::super) async fn fail_payout(&mut self) -> Result<(), Fault> {
        let paid = store::Filter { status: Some("paid"), ..store::Filter::default() };
        let found = store::list(&mut self.tx, "payout", &paid, 1).await?.into_iter().next();
        let mut payout = found.ok_or_else(|| Fault::invalid(None, "Nothing was paid out yet."))?;
        let amount = payout.whole("/amount");
        let moved = self.move_balance("payout_failure", "payout_reversal", amount, 0, &payout.id).await?;
        payout.body["status"] = json!("failed");
        payout.body["failure_balance_transaction"] = moved["id"].clone();
        payout.body["failure_code"] = json!("account_closed");
        payout.body["failure_message"] = json!("The bank account has been closed.");
        self.save(&payout).await?;
        self.tell("payout.failed", &payout, None).await
    }

    /// The holder of a card says that they did not pay: money is taken back at once, and Stripe wants an answer within
    /// a week.
    pub(in super::super) async fn question(&mut self, subscription: &str) -> Result<(), Fault> {
        let answer_by = self.now() + 7 * 24 * 60 * 60;
        let dispute = self.open_dispute(subscription, Some(answer_by)).await?;
        self.tell("charge.dispute.created", &dispute, None).await
    }

    /// The card's bank decides what was questioned.
    pub(in super::super) async fn decide_dispute(
        &mut self,
        subscription: &str,
        won: bool,
    ) -> Result<(), Fault> {
        let intent = self.latest_intent(subscription).await?;
        let open = store::Filter {
            payment_intent: Some(&intent),
            status: Some("needs_response"),
            ..store::Filter::default()
        };
        let found = store::list(&mut self.tx, "dispute", &open, 1).await?.into_iter().next();
        let mut dispute = found.ok_or_else(|| Fault::invalid(None, "Nothing is disputed."))?;
        dispute.body["status"] = json!(if won { "won" } else { "lost" });
        if won {
            let amount = dispute.whole("/amount");
            self.move_dispute(&mut dispute, "dispute_reversal", amount, 0).await?;
        }
        self.save(&dispute).await?;
        self.tell("charge.dispute.closed", &dispute, None).await
    }

    pub(in super::super) async fn claim_back(&mut self, subscription: &str) -> Result<(), Fault> {
        let dispute = self.open_dispute(subscription, None).await?;
        self.tell("charge.dispute.created", &dispute, None).await?;
        self.tell("charge.dispute.closed", &dispute, None).await
    }

    async fn open_dispute(&mut self, subscription: &str, answer_by: Option<i64>) -> Result<Object, Fault> {
        let intent = self.latest_intent(subscription).await?;
        let mut charge = self.lock_charge(&intent).await?;
        if charge.body["disputed"] == json!(true) {
            return Err(Fault::invalid(None, "This payment was claimed back before."));
        }
        charge.body["disputed"] = json!(true);
        self.save(&charge).await?;
        let dispute = objects::dispute(&self.id("du_"), &charge.body, self.now(), answer_by);
        let mut dispute = Object::new("dispute", dispute, json!({}));
        let amount = -dispute.whole("/amount");
        self.move_dispute(&mut dispute, "dispute", amount, DISPUTE_FEE).await?;
        self.save(&dispute).await?;
        Ok(dispute)
    }

    /// What a dispute does to the balance stands in the dispute too.
    async fn move_dispute(
        &mut self,
        dispute: &mut Object,
        category: &str,
        amount: i64,
        fee: i64,
    ) -> Result<(), Fault> {
        let moved = self.move_balance("adjustment", category, amount, fee, &dispute.id).await?;
        if let Some(list) = dispute.body["balance_transactions"].as_array_mut() {
            list.push(moved);
        }
        Ok(())
    }
}
