//! What Stripe tells and only a person can settle, and what officers have not been told.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::money::Money,
    payments::model::{Alert, AlertKind, AlertState, News, Told},
};

/// Keeps how a dispute or a payout stands. What was settled comes back only with another word of Stripe's, and one that
/// a bank has decided is not opened by an older answer.
pub async fn keep(db: &mut PgConnection, it: &Alert, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into stripe_alerts as old (id, kind, stripe_id, amount_pence, payment, status, state, due_by, opened_at, settled_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $7 = 'settled' then $10::timestamptz end)
         on conflict (kind, stripe_id) do update
         set status = excluded.status, state = excluded.state, due_by = excluded.due_by, told_at = null,
             settled_at = excluded.settled_at, settled_by = null
         where old.status <> excluded.status
           and (old.status not in ('won', 'lost') or excluded.status in ('won', 'lost'))",
        it.id,
        it.kind.code(),
        it.stripe_id,
        it.amount.map(Money::pence),
        it.payment,
        it.status,
        it.state.code(),
        it.due_by,
        it.opened_at,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A message of the other mode. The first one is kept, and the first after somebody has settled that.
pub async fn keep_mode(db: &mut PgConnection, id: Uuid, mode: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into stripe_alerts as old (id, kind, stripe_id, status, state, opened_at) values ($1, 'mode', $2, '', 'open', $3)
         on conflict (kind, stripe_id) do update
         set state = 'open', opened_at = excluded.opened_at, told_at = null, settled_at = null, settled_by = null
         where old.settled_at < excluded.opened_at",
        id,
        mode,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One with whose payment it is about, and who has settled it.
pub struct Listed {
    pub alert: Alert,
    pub payer: Option<String>,
    pub settled_by: Option<String>,
    pub settled_at: Option<DateTime<Utc>>,
    /// What was paid, and what has gone back of it by now: refunded, or taken by the bank.
    pub paid: Option<Money>,
    pub gone: Money,
}

impl Listed {
    /// Whether more has gone back than ever came: refunded, and claimed back too.
    pub fn is_twice(&self) -> bool {
        self.paid.is_some_and(|paid| self.gone > paid)
    }
}

/// Of one kind: those that wait for a person by their last day, then those that wait for a bank, then the others, the
/// newest first.
pub async fn list(db: &mut PgConnection, kind: AlertKind, limit: i64) -> Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select a.id, a.kind as "kind: AlertKind", a.stripe_id, a.amount_pence as "amount: Money", a.payment, a.status,
                  a.state as "state: AlertState", a.due_by, a.opened_at, a.settled_at, s.name as "settled_by?",
                  coalesce(p.name, c.name) as payer, l.amount_pence as "paid?: Money", back.pence as "gone!: Money"
           from stripe_alerts a
           left join people s on s.id = a.settled_by
           left join ledger l on l.id = a.payment
           left join people p on p.id = l.person_id
           left join lateral (select c.name from checkouts c where p.id is null and c.purpose_kind = l.purpose_kind
                              and c.purpose_id = l.purpose_id order by c.created_at desc limit 1) c on true
           cross join lateral (select coalesce(-sum(amount_pence), 0)::bigint as pence from ledger b
                               where b.payment_intent = l.payment_intent and b.kind <> 'payment') back
           where a.kind = $1
           order by a.state <> 'open', a.state <> 'waiting', case when a.state = 'open' then a.due_by end nulls last,
                    a.opened_at desc, a.id
           limit $2"#,
        kind.code(),
        limit
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| Listed {
        alert: Alert {
            id: row.id,
            kind: row.kind,
            stripe_id: row.stripe_id,
            amount: row.amount,
            payment: row.payment,
            status: row.status,
            state: row.state,
            due_by: row.due_by,
            opened_at: row.opened_at,
        },
        payer: row.payer,
        settled_by: row.settled_by,
        settled_at: row.settled_at,
        paid: row.paid,
        gone: row.gone,
    });
    Ok(rows.collect())
}

/// An officer has seen to it. Returns what it was, if that is news; `status` is how it stood when they looked.
pub async fn set_settled(
    db: &mut PgConnection,
    id: Uuid,
    status: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(AlertKind, String)>> {
    let row = sqlx::query!(
        r#"update stripe_alerts set state = 'settled', settled_at = $4, settled_by = $3
           where id = $1 and status = $2 and state = 'open' returning kind as "kind: AlertKind", stripe_id"#,
        id,
        status,
        by,
        now
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.kind, row.stripe_id)))
}

/// What officers were not told yet, once: whoever takes it tells them, in the same transaction.
pub async fn take_news(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<News>> {
    let rows = sqlx::query!(
        r#"with alerts as (
               update stripe_alerts set told_at = $1 where state = 'open' and told_at is null
               returning kind as what, amount_pence as pence, (due_by at time zone 'Europe/London')::date as due
           ), failed as (
               update refunds set told_at = $1 where state = 'failed' and (told_at is null or told_at < changed_at)
               returning 'refund' as what, amount_pence as pence, null::date as due
           ), lost as (
               update payment_methods m set told_at = $1
               where lost_at is not null and (told_at is null or told_at < lost_at)
                 and exists (select from subscriptions s where s.payment_method = m.id and s.surplus_since is null
                             and not s.cancel_at_period_end
                             and s.state in ('trialing', 'active', 'past_due', 'paused', 'unpaid'))
               returning 'mandate' as what, null::bigint as pence, null::date as due
           )
           select what as "what!: Told", count(*) as "count!", sum(pence)::bigint as "amount: Money", min(due) as due
           from (select * from alerts union all select * from failed union all select * from lost) told
           group by what order by what"#,
        now
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| News { what: row.what, count: row.count, amount: row.amount, due: row.due }).collect())
}
