//! The comparison with Stripe of each night, and what is made up for after it: right even if no webhook ever came.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{
    jobs::is_missing,
    model::{EndSubscription, ProcessEvent},
    sql::{balance, events, ledger, refunds, subscriptions},
    sync::{self, Outcome, PaymentNotice, What},
};
use crate::kit::{
    app::App,
    progress::Progress,
    queue::{self, Failure, Job, Lane},
    stripe::{BalanceTransaction, Dispute, Invoice, InvoiceStatus, Refund, Subscription},
};

/// Compares subscriptions, invoices, the newest refunds and disputes and the balance with Stripe and repairs what is
/// different: right even if no webhook ever came. Then gives fresh tries to what had all of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Reconcile {}

impl Job for Reconcile {
    const NAME: &'static str = "payments_reconcile";
    const LANE: Lane = Lane::Long;
    const TRIES: i32 = 3;

    async fn run(self, app: App) -> Result<(), Failure> {
        let report = reconcile(&app, &mut Progress::default()).await?;
        repair(&app).await?;
        tracing::info!(%report, "compared with Stripe");
        Ok(())
    }
}

/// Gives fresh tries to whatever may have died: events, refunds, the end of subscriptions, and the notices of them. Who hears one
/// looks at the facts, so hearing it again does no harm.
async fn repair(app: &App) -> sqlx::Result<()> {
    let now = app.clock().now();
    let mut tx = app.pool().begin().await?;
    for id in events::list_unprocessed(&mut tx, now - Duration::days(60), now - Duration::hours(1)).await? {
        ProcessEvent::push(&mut tx, id).await?;
    }
    for unsent in refunds::list_unsent(&mut tx, now - Duration::hours(1)).await? {
        unsent.push(&mut tx).await?;
    }
    for id in subscriptions::list_surplus(&mut tx).await? {
        let key = format!("end:{id}");
        queue::push_keyed(&mut tx, &EndSubscription { subscription: id, refund: false }, &key).await?;
    }
    let parts: Vec<_> =
        (0..NightlyNotices::PARTS).map(|part| (format!("nightly:{part}"), NightlyNotices { part })).collect();
    queue::push_all(&mut tx, &parts).await?;
    tx.commit().await
}

/// The notices of all that is alive once more, a sixteenth at a time: whatever was lost is made up for. The consequence
/// stands in `reactions.rs`. A part is the same people every night, so that one set aside stays aside.
#[derive(Debug, Serialize, Deserialize)]
pub struct NightlyNotices {
    part: i32,
}

impl NightlyNotices {
    const PARTS: i32 = 16;

    pub async fn list(&self, app: &App) -> sqlx::Result<Vec<PaymentNotice>> {
        let mut db = app.pool().acquire().await?;
        let alive = subscriptions::list_alive(&mut db, Self::PARTS, self.part).await?;
        let since = app.clock().now() - Duration::days(60);
        let single = ledger::list_single(&mut db, since, Self::PARTS, self.part).await?;
        let alive = alive.into_iter().map(|(id, purpose)| (purpose, Some(id), What::Changed));
        let single = single.into_iter().map(|(purpose, at)| (purpose, None, What::Paid { at }));
        let all = alive.chain(single);
        Ok(all.map(|(purpose, subscription, what)| PaymentNotice { purpose, subscription, what }).collect())
    }
}

/// What a comparison with Stripe found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub subscriptions: usize,
    pub invoices: usize,
    pub foreign: usize,
    /// Movements of the balance that were new.
    pub moved: usize,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} subscriptions and {} invoices compared, {} not ours; {} new movements of the balance",
            self.subscriptions, self.invoices, self.foreign, self.moved
        )
    }
}

/// Refunds and disputes are compared as far back as this.
const GOES_BACK_DAYS: i64 = 180;

/// The balance is read again from so long before it was read last.
const BALANCE_OVERLAP_DAYS: i64 = 7;

/// Goes through all subscriptions and invoices at Stripe, the newest refunds and disputes, and what moved the balance
/// since it was read last. What is known already costs a look, a page at a time. Running it twice changes nothing.
///
/// # Errors
/// Stripe or the database is away. What was read until then is kept.
pub async fn reconcile(app: &App, progress: &mut Progress) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut count = |outcome, of: fn(&mut Report) -> &mut usize| match outcome {
        Outcome::Done => *of(&mut report) += 1,
        Outcome::Ignored(_) => report.foreign += 1,
    };
    let (known_subscriptions, known_invoices, known_moved) =
        balance::count_known(&mut *app.pool().acquire().await?).await?;
    let expected = |known: i64| usize::try_from(known).unwrap_or_default();

    let mut pages = app.stripe().pages::<Subscription>(None);
    let mut seen = 0;
    loop {
        let started = app.clock().now();
        let Some(page) = pages.next().await? else { break };
        let ids: Vec<_> = page.iter().map(|found| found.id.clone()).collect();
        let known = subscriptions::find_all(&mut *app.pool().acquire().await?, &ids).await?;
        for found in &page {
            let is_paid = known.iter().any(|known| known.id == found.id && known.first_paid_at.is_some());
            let outcome = if sync::is_settled(app, &known, found, started) {
                Outcome::Done
            } else if is_paid {
                let mut tx = app.pool().begin().await?;
                let outcome = sync::keep_subscription(app, &mut tx, found, started).await?;
                tx.commit().await?;
                outcome
            } else {
                sync::subscription(app, &found.id).await?
            };
            count(outcome, |report| &mut report.subscriptions);
        }
        seen += page.len();
        progress.step("subscriptions", seen, expected(known_subscriptions));
    }
    let mut pages = app.stripe().pages::<Invoice>(None);
    let mut seen = 0;
    while let Some(page) = pages.next().await? {
        let paid: Vec<_> = page
            .iter()
            .filter(|found| found.status == InvoiceStatus::Paid)
            .map(|found| found.id.clone())
            .collect();
        let booked = ledger::list_booked(&mut *app.pool().acquire().await?, &paid).await?;
        for found in &page {
            let is_booked = booked.contains(&found.id);
            let outcome = if is_booked { Outcome::Done } else { sync::keep_invoice(app, found).await? };
            count(outcome, |report| &mut report.invoices);
        }
        seen += page.len();
        progress.step("invoices", seen, expected(known_invoices));
    }
    let since = app.clock().now() - Duration::days(GOES_BACK_DAYS);
    let mut pages = app.stripe().pages::<Refund>(Some(since));
    while let Some(page) = pages.next().await? {
        for refund in &page {
            sync::keep_refund(app, refund).await?;
        }
    }
    let mut pages = app.stripe().pages::<Dispute>(Some(since));
    while let Some(page) = pages.next().await? {
        for dispute in &page {
            sync::keep_dispute(app, dispute).await?;
        }
    }
    report.moved = read_balance(app, progress, expected(known_moved)).await?;
    progress.end();
    Ok(report)
}

/// Keeps what moved the balance, down to where the last reading began that came to its end. Returns how many were new.
async fn read_balance(app: &App, progress: &mut Progress, expected: usize) -> Result<usize, Failure> {
    let began = app.clock().now();
    let last = balance::last_reading(&mut *app.pool().acquire().await?).await?;
    let since = last.map(|last| last - Duration::days(BALANCE_OVERLAP_DAYS));
    let mut pages = app.stripe().pages::<BalanceTransaction>(since);
    let (mut seen, mut new) = (0, 0);
    while let Some(mut page) = pages.next().await? {
        seen += page.len();
        // The books are in pounds, and so is what we ask for.
        page.retain(|moved| moved.currency == "gbp");
        new += balance::insert_all(&mut *app.pool().acquire().await?, &page, began).await?;
        for came_back in page.iter().filter(|moved| moved.category == "payout_reversal") {
            if let Some(payout) = &came_back.source {
                match sync::payout(app, payout, came_back.created).await {
                    Err(Failure::Retry(error)) if is_missing(&error) => {}
                    looked_up => drop(looked_up?),
                }
            }
        }
        progress.step("movements of the balance", seen, expected);
    }
    balance::set_reading(&mut *app.pool().acquire().await?, began).await?;
    Ok(usize::try_from(new).unwrap_or(usize::MAX))
}
