//! Payments of the past, for the demo party. The stand-in for Stripe is told of what still runs.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    model::{LineKind, metadata, subscription_code},
    purposes::Purpose,
};
use crate::kit::{
    app::App,
    stripe::{
        Interval, SubscriptionStatus,
        stand_in::{PaidBy, Seed, SeedPayment, seed_payments, seed_subscriptions},
    },
};

/// Somebody's regular payment and its history.
#[derive(Clone, Debug)]
pub struct DemoSubscription {
    /// Letters and digits, unique: goes into every id.
    pub key: String,
    pub purpose: Purpose,
    pub checkout: Uuid,
    pub person: Option<Uuid>,
    pub name: String,
    pub email: String,
    /// What Stripe calls it.
    pub product: &'static str,
    pub pence: i64,
    pub every: Interval,
    pub by_debit: bool,
    pub state: SubscriptionStatus,
    pub cancel_at_period_end: bool,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub failing_since: Option<DateTime<Utc>>,
    pub current_period_end: DateTime<Utc>,
    /// When each period was paid, oldest first; none while a first Direct Debit is on its way.
    pub paid_at: Vec<DateTime<Utc>>,
    /// Whether the last payment was refunded, or taken back by the bank.
    pub returned: Option<LineKind>,
}

impl DemoSubscription {
    /// Stripe's id of it.
    pub fn id(&self) -> String {
        format!("sub_Seed{}", self.key)
    }

    fn is_at_stripe(&self) -> bool {
        matches!(self.state, SubscriptionStatus::Active | SubscriptionStatus::PastDue)
    }
}

#[derive(Serialize)]
struct CheckoutRow<'a> {
    id: Uuid,
    purpose_kind: &'a str,
    purpose_id: Uuid,
    amount_pence: i64,
    billing_interval: Option<&'a str>,
    name: &'a str,
    email: &'a str,
    customer: Option<String>,
    state: &'a str,
    stripe_session: String,
    subscription: Option<String>,
    payment_intent: Option<String>,
    by_debit: bool,
    at: DateTime<Utc>,
}

#[derive(Serialize)]
struct SubscriptionRow<'a> {
    id: String,
    purpose_kind: &'a str,
    purpose_id: Uuid,
    customer: String,
    state: &'a str,
    amount_pence: i64,
    billing_interval: &'a str,
    current_period_end: DateTime<Utc>,
    cancel_at_period_end: bool,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    first_paid_at: Option<DateTime<Utc>>,
    failing_since: Option<DateTime<Utc>>,
    payment_method: String,
    method: &'static str,
    brand: Option<&'static str>,
    last4: &'static str,
    expires_on: Option<NaiveDate>,
    lost_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct LineRow<'a> {
    id: Uuid,
    kind: &'a str,
    stripe_id: String,
    amount_pence: i64,
    at: DateTime<Utc>,
    purpose_kind: &'a str,
    purpose_id: Uuid,
    person_id: Option<Uuid>,
    method: &'a str,
    subscription: Option<String>,
    payment_intent: String,
}

/// Writes regular payments with their whole history, in a handful of statements.
pub async fn load(app: &App, db: &mut PgConnection, past: &[DemoSubscription]) -> Result<(), sqlx::Error> {
    seed_subscriptions(db, &app.config().public_url, &seeds(past)).await?;
    let checkouts = past
        .iter()
        .map(|it| CheckoutRow {
            id: it.checkout,
            purpose_kind: it.purpose.kind.as_str(),
            purpose_id: it.purpose.id,
            amount_pence: it.pence,
            billing_interval: Some(it.every.code()),
            name: &it.name,
            email: &it.email,
            customer: Some(format!("cus_Seed{}", it.key)),
            state: if it.paid_at.is_empty() { "pending" } else { "paid" },
            stripe_session: format!("cs_Seed{}", it.key),
            subscription: Some(it.id()),
            payment_intent: None,
            by_debit: it.by_debit,
            at: it.started_at,
        })
        .collect::<Vec<_>>();
    insert_checkouts(db, &checkouts).await?;
    insert_subscriptions(db, past, app.clock().now()).await?;
    let lines: Vec<_> = past.iter().flat_map(lines).collect();
    insert_lines(db, &lines).await
}

/// What the stand-in is told: the present period of what still runs.
fn seeds(past: &[DemoSubscription]) -> Vec<Seed> {
    past.iter()
        .filter(|it| it.is_at_stripe())
        .map(|it| Seed {
            key: it.key.clone(),
            email: it.email.clone(),
            name: it.name.clone(),
            product_name: it.product.into(),
            amount_pence: it.pence,
            interval: it.every,
            method: if it.by_debit { PaidBy::DirectDebit } else { PaidBy::Card },
            started_at: it.paid_at.last().copied().unwrap_or(it.started_at),
            // The present one.
            paid_periods: u32::from(!it.paid_at.is_empty()),
            status: it.state,
            metadata: metadata(it.checkout, &it.purpose),
        })
        .collect()
}

fn lines(it: &DemoSubscription) -> Vec<LineRow<'_>> {
    let last = it.paid_at.len();
    let row = |number: usize, kind: LineKind, at: DateTime<Utc>| {
        // The stand-in knows the present period as its first; what came before only we remember.
        let invoice =
            if number == last { format!("Seed{}n1", it.key) } else { format!("Seed{}p{number}", it.key) };
        let (stripe_id, pence) = match kind {
            LineKind::Refund => (format!("re_{invoice}"), -it.pence),
            LineKind::Dispute => (format!("du_{invoice}"), -it.pence),
            _ => (format!("in_{invoice}"), it.pence),
        };
        LineRow {
            // The same on every run, one after another.
            id: Uuid::from_u128(it.checkout.as_u128() ^ (0x1000 * number as u128 + 1 + kind as u128)),
            kind: kind.code(),
            stripe_id,
            amount_pence: pence,
            at,
            purpose_kind: it.purpose.kind.as_str(),
            purpose_id: it.purpose.id,
            person_id: it.person,
            method: if it.by_debit { "bacs_debit" } else { "card" },
            subscription: Some(it.id()),
            payment_intent: format!("pi_{invoice}"),
        }
    };
    let mut lines: Vec<_> =
        it.paid_at.iter().enumerate().map(|(index, at)| row(index + 1, LineKind::Payment, *at)).collect();
    if let (Some(kind), Some(at)) = (it.returned, it.paid_at.last()) {
        lines.push(row(last, kind, *at + Duration::days(2)));
    }
    lines
}

/// A gift that was paid.
#[derive(Clone, Debug)]
pub struct DemoGift {
    pub key: String,
    pub purpose: Purpose,
    pub checkout: Uuid,
    pub person: Option<Uuid>,
    pub name: String,
    pub email: String,
    pub pence: i64,
    pub at: DateTime<Utc>,
}

/// Writes the payments of gifts, here and at the stand-in, so that they can be given back.
pub async fn load_gifts(db: &mut PgConnection, gifts: &[DemoGift]) -> Result<(), sqlx::Error> {
    let seeds = gifts.iter().map(|gift| SeedPayment {
        key: gift.key.clone(),
        email: gift.email.clone(),
        amount_pence: gift.pence,
        at: gift.at,
        metadata: metadata(gift.checkout, &gift.purpose),
    });
    seed_payments(db, &seeds.collect::<Vec<_>>()).await?;
    let intent = |gift: &DemoGift| format!("pi_Gift{}", gift.key);
    let checkouts = gifts
        .iter()
        .map(|gift| CheckoutRow {
            id: gift.checkout,
            purpose_kind: gift.purpose.kind.as_str(),
            purpose_id: gift.purpose.id,
            amount_pence: gift.pence,
            billing_interval: None,
            name: &gift.name,
            email: &gift.email,
            customer: None,
            state: "paid",
            stripe_session: format!("cs_Gift{}", gift.key),
            subscription: None,
            payment_intent: Some(intent(gift)),
            by_debit: false,
            at: gift.at,
        })
        .collect::<Vec<_>>();
    insert_checkouts(db, &checkouts).await?;
    let lines = gifts
        .iter()
        .map(|gift| LineRow {
            id: Uuid::from_u128(gift.checkout.as_u128() ^ 1),
            kind: LineKind::Payment.code(),
            stripe_id: intent(gift),
            amount_pence: gift.pence,
            at: gift.at,
            purpose_kind: gift.purpose.kind.as_str(),
            purpose_id: gift.purpose.id,
            person_id: gift.person,
            method: "card",
            subscription: None,
            payment_intent: intent(gift),
        })
        .collect::<Vec<_>>();
    insert_lines(db, &lines).await
}

/// What moved the balance at Stripe for all of it: a charge with its fee for each payment, as the stand-in has them, and
/// what went to the bank at the end of each month.
pub async fn load_balance(app: &App, db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into balance_transactions (id, category, amount_pence, fee_pence, at, source, payment_intent, recorded_at)
         select case when kind = 'payment' then 'txn_' || substr(payment_intent, 4) else 'txn_' || stripe_id end,
                case when kind = 'payment' then 'charge' else kind end, amount_pence,
                case when kind = 'dispute' then 2000
                     when kind <> 'payment' then 0
                     when method = 'card' then (amount_pence * 15 + 500) / 1000 + 20
                     else least(400, greatest(20, (amount_pence + 50) / 100)) end,
                at, case when kind = 'payment' then 'ch_' || substr(payment_intent, 4) else stripe_id end, payment_intent, at
         from ledger where stripe_id is not null"
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into balance_transactions (id, category, amount_pence, fee_pence, at, source, recorded_at)
         select 'txn_Payout' || to_char(month, 'YYYYMM'), 'payout', -sum(amount_pence - fee_pence), 0,
                (month + interval '1 month 9 hours') at time zone 'Europe/London', 'po_Seed' || to_char(month, 'YYYYMM'),
                (month + interval '1 month 9 hours') at time zone 'Europe/London'
         from (select *, date_trunc('month', at at time zone 'Europe/London') as month from balance_transactions) t
         where (month + interval '1 month 9 hours') at time zone 'Europe/London' < $1
         group by month having sum(amount_pence - fee_pence) > 0",
        app.clock().now()
    )
    .execute(&mut *db)
    .await?;
    // The last payment that a bank took back is still to be looked at.
    sqlx::query!(
        "insert into stripe_alerts (id, kind, stripe_id, amount_pence, payment, status, state, opened_at, told_at)
         select l.id, 'dispute', l.stripe_id, -l.amount_pence, p.id, 'lost', 'open', l.at, l.at
         from ledger l join ledger p on p.payment_intent = l.payment_intent and p.kind = 'payment'
         where l.kind = 'dispute' order by l.at desc limit 1"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One notice of a Direct Debit, from before Stripe sent them: somebody had another rate from then on.
pub async fn load_notice(app: &App, db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into debit_notices (subscription, period_on, sent_on, due_on, amount_pence, billing_interval, why, sent_at)
         select s.id, d.day, d.day - 4, d.day, s.amount_pence, s.billing_interval, 'amount', s.current_period_end - interval '6 months 4 days'
         from subscriptions s join payment_methods m on m.id = s.payment_method and m.kind = 'bacs_debit' and m.lost_at is null
         cross join lateral (select ((s.current_period_end - interval '6 months') at time zone 'Europe/London')::date as day) d
         where s.state = 'active' and s.billing_interval = 'month' and not s.cancel_at_period_end and s.started_at < $1
           and extract(isodow from d.day) < 6
         order by s.id limit 1",
        app.clock().now() - Duration::days(300)
    )
    .execute(db)
    .await?;
    Ok(())
}

fn encode(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Encode(error.into())
}

async fn insert_checkouts(db: &mut PgConnection, rows: &[CheckoutRow<'_>]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into checkouts (id, purpose_kind, purpose_id, amount_pence, billing_interval, product, name, email, customer,
                return_path, cancel_path, state, stripe_session, subscription, payment_intent, by_debit, created_at, changed_at)
         select id, purpose_kind, purpose_id, amount_pence, billing_interval, 'Membership', name, email::citext, customer,
                '/', '/', state, stripe_session, subscription, payment_intent, by_debit, at, at
         from jsonb_to_recordset($1) as r(id uuid, purpose_kind text, purpose_id uuid, amount_pence bigint,
                billing_interval text, name text, email text, customer text, state text, stripe_session text, subscription text,
                payment_intent text, by_debit boolean, at timestamptz)",
        serde_json::to_value(rows).map_err(encode)?
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Their banks have told us of so many that they take no more debits.
const LOST: usize = 2;

async fn insert_subscriptions(
    db: &mut PgConnection,
    past: &[DemoSubscription],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let in_force = |it: &&DemoSubscription| {
        it.by_debit
            && it.state == SubscriptionStatus::Active
            && !it.cancel_at_period_end
            && it.paid_at.len() > 1
    };
    let lost: Vec<_> = past.iter().rev().filter(in_force).take(LOST).map(|it| it.checkout).collect();
    let rows: Vec<_> = past
        .iter()
        .map(|it| SubscriptionRow {
            id: it.id(),
            purpose_kind: it.purpose.kind.as_str(),
            purpose_id: it.purpose.id,
            customer: format!("cus_Seed{}", it.key),
            state: subscription_code(it.state),
            amount_pence: it.pence,
            billing_interval: it.every.code(),
            current_period_end: it.current_period_end,
            cancel_at_period_end: it.cancel_at_period_end,
            started_at: it.started_at,
            ended_at: it.ended_at,
            first_paid_at: it.paid_at.first().copied(),
            failing_since: it.failing_since,
            // As the stand-in has it.
            payment_method: format!("pm_Seed{}", it.key),
            method: if it.by_debit { "bacs_debit" } else { "card" },
            brand: (!it.by_debit).then_some("visa"),
            last4: if it.by_debit { "2345" } else { "4242" },
            expires_on: if it.by_debit { None } else { NaiveDate::from_ymd_opt(2030, 8, 31) },
            lost_at: lost.contains(&it.checkout).then(|| now - Duration::days(3)),
        })
        .collect();
    let rows = serde_json::to_value(rows).map_err(encode)?;
    sqlx::query!(
        "insert into payment_methods (id, kind, brand, last4, expires_on, lost_at, seen_at)
         select payment_method, method, brand, last4, expires_on, lost_at, started_at
         from jsonb_to_recordset($1) as r(payment_method text, method text, brand text, last4 text, expires_on date,
                lost_at timestamptz, started_at timestamptz)",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into subscriptions (id, purpose_kind, purpose_id, customer, state, amount_pence, billing_interval,
                current_period_end, cancel_at_period_end, started_at, ended_at, first_paid_at, failing_since, seen_at,
                payment_method)
         select id, purpose_kind, purpose_id, customer, state, amount_pence, billing_interval, current_period_end,
                cancel_at_period_end, started_at, ended_at, first_paid_at, failing_since, started_at, payment_method
         from jsonb_to_recordset($1) as r(id text, purpose_kind text, purpose_id uuid, customer text, state text, amount_pence bigint,
                billing_interval text, current_period_end timestamptz, cancel_at_period_end boolean,
                started_at timestamptz, ended_at timestamptz, first_paid_at timestamptz, failing_since timestamptz,
                payment_method text)",
        rows
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_lines(db: &mut PgConnection, rows: &[LineRow<'_>]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, person_id, method,
                             subscription, payment_intent, recorded_at)
         select id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, person_id, method, subscription,
                payment_intent, at
         from jsonb_to_recordset($1) as r(id uuid, kind text, stripe_id text, amount_pence bigint, at timestamptz,
                purpose_kind text, purpose_id uuid, person_id uuid, method text, subscription text, payment_intent text)",
        serde_json::to_value(rows).map_err(encode)?
    )
    .execute(db)
    .await?;
    Ok(())
}
