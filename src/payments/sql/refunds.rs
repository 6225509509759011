//! Refunds that officers ask for.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::money::Money,
    payments::model::{Refund, RefundState, SendRefund},
};

/// `refunds!("where id = $1", id)`
macro_rules! refunds {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Refund,
            r#"select id, payment, amount_pence as "amount: Money", reason, state as "state: RefundState", asked_by,
                      asked_at, decided_by, attempt, stripe_id, failure
               from refunds "# + $which
            $(, $value)*
        )
    };
}

/// Keeps one that was asked for. Returns whether no other of its payment is under way.
pub async fn insert(db: &mut PgConnection, new: &Refund) -> Result<bool> {
    let done = sqlx::query!(
        "insert into refunds (id, payment, amount_pence, reason, state, asked_by, asked_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict do nothing",
        new.id,
        new.payment,
        new.amount.pence(),
        new.reason,
        new.state.code(),
        new.asked_by,
        new.asked_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Refund>> {
    refunds!("where id = $1", id).fetch_optional(db).await
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Refund>> {
    refunds!("where id = $1 for update", id).fetch_optional(db).await
}

/// A payment's, oldest first.
pub async fn of_payment(db: &mut PgConnection, payment: Uuid) -> Result<Vec<Refund>> {
    refunds!("where payment = $1 order by asked_at, id", payment).fetch_all(db).await
}

/// A second person's word.
pub async fn set_decided(
    db: &mut PgConnection,
    id: Uuid,
    state: RefundState,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update refunds set state = $2, decided_by = $3, decided_at = $4, changed_at = $4 where id = $1 and state in ('asked', 'failed')",
        id,
        state.code(),
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those that Stripe should have had before a moment: whoever was to tell it may have died.
pub async fn list_unsent(db: &mut PgConnection, before: DateTime<Utc>) -> Result<Vec<SendRefund>> {
    sqlx::query_as!(
        SendRefund,
        "select id as refund, attempt from refunds where state = 'sending' and changed_at < $1 order by changed_at",
        before
    )
    .fetch_all(db)
    .await
}

/// Stripe has it. Returns whether that is news.
pub async fn set_sent(db: &mut PgConnection, id: Uuid, stripe: &str, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update refunds set state = 'sent', stripe_id = $2, failure = null, changed_at = $3
         where id = $1 and state = 'sending'",
        id,
        stripe,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_failed(db: &mut PgConnection, id: Uuid, why: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update refunds set state = 'failed', failure = $2, changed_at = $3 where id = $1 and state = 'sending'",
        id,
        why,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The payer's bank would not take what Stripe had sent.
pub async fn set_bounced(db: &mut PgConnection, stripe: &str, why: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update refunds set state = 'failed', failure = $2, changed_at = $3 where stripe_id = $1 and state = 'sent'",
        stripe,
        why,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Another try. `before` is the attempt that was looked at: pressed twice, it is one.
pub async fn set_sending_again(
    db: &mut PgConnection,
    id: Uuid,
    before: i32,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update refunds set state = 'sending', attempt = attempt + 1, stripe_id = null, failure = null, changed_at = $3
         where id = $1 and attempt = $2 and state in ('failed', 'sending')",
        id,
        before,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One with who asked, who decided and whose payment it is.
pub struct Listed {
    pub refund: Refund,
    pub asked_by: String,
    pub decided_by: Option<String>,
    pub payer: Option<String>,
}

/// Those of one payment, or, without one, those that wait for somebody: oldest first.
pub async fn list(db: &mut PgConnection, payment: Option<Uuid>, limit: i64) -> Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select r.id, r.payment, r.amount_pence as "amount: Money", r.reason, r.state as "state: RefundState",
                  r.asked_by, r.asked_at, r.decided_by, r.attempt, r.stripe_id, r.failure, asker.name as asker,
                  decider.name as "decider?", coalesce(payer.name, c.name) as payer
           from refunds r join people asker on asker.id = r.asked_by left join people decider on decider.id = r.decided_by
           join ledger l on l.id = r.payment left join people payer on payer.id = l.person_id
           left join lateral (select c.name from checkouts c where payer.id is null and c.purpose_kind = l.purpose_kind
                              and c.purpose_id = l.purpose_id order by c.created_at desc limit 1) c on true
           where r.payment = $1 or ($1 is null and r.state in ('asked', 'sending', 'failed'))
           order by r.asked_at, r.id limit $2"#,
        payment,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            refund: Refund {
                id: row.id,
                payment: row.payment,
                amount: row.amount,
                reason: row.reason,
                state: row.state,
                asked_by: row.asked_by,
                asked_at: row.asked_at,
                decided_by: row.decided_by,
                attempt: row.attempt,
                stripe_id: row.stripe_id,
                failure: row.failure,
            },
            asked_by: row.asker,
            decided_by: row.decider,
            payer: row.payer,
        })
        .collect())
}
