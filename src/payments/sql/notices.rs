//! Notices before Direct Debits.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::Result;
use crate::{
    kit::{email_address::EmailAddress, money::Money, stripe::Interval},
    payments::model::{Announced, Collection, WhyNotice},
};

/// Between which days collections are looked for: first ones by when they were ordered, others by their period.
pub struct Window {
    pub ordered_since: DateTime<Utc>,
    pub from: NaiveDate,
    pub until: NaiveDate,
}

/// Collections by Direct Debit that have to be announced: the first of all, and those that differ from what was last
/// announced in their amount, in how often they come, or in their day of the month.
pub async fn list_unannounced(db: &mut PgConnection, window: &Window) -> Result<Vec<Collection>> {
    let rows = sqlx::query!(
        r#"select s.id as subscription, w.why as "why!: WhyNotice", p.day as "period_on!", s.amount_pence as "amount: Money",
                  s.billing_interval as "every!: Interval", coalesce(who.name, c.name) as name,
                  coalesce(who.email, c.email) as "email: EmailAddress", m.last4, upper(left(s.purpose_id::text, 8)) as "reference!"
           from subscriptions s
           join payment_methods m on m.id = s.payment_method and m.kind = 'bacs_debit' and m.lost_at is null
           cross join lateral (select (case when s.first_paid_at is null then s.started_at else s.current_period_end end
                                       at time zone 'Europe/London')::date as day) p
           left join lateral (select n.amount_pence, n.billing_interval, n.period_on from debit_notices n
                              where n.subscription = s.id order by n.sent_at desc, n.period_on desc limit 1) n on true
           cross join lateral (select ((extract(year from p.day) - extract(year from n.period_on)) * 12
                                       + extract(month from p.day) - extract(month from n.period_on))::int as months) k
           cross join lateral (select case
                  when n.period_on is null then 'first'
                  when n.amount_pence <> s.amount_pence then 'amount'
                  when n.billing_interval <> s.billing_interval then 'frequency'
                  when (n.period_on + make_interval(months => k.months))::date <> p.day
                       or (s.billing_interval = 'year' and k.months % 12 <> 0) then 'date' end as why) w
           left join lateral (select p.name, p.email from ledger l join people p on p.id = l.person_id
                              where l.purpose_kind = s.purpose_kind and l.purpose_id = s.purpose_id limit 1) who on true
           left join lateral (select c.name, c.email from checkouts c where c.purpose_kind = s.purpose_kind
                              and c.purpose_id = s.purpose_id order by c.created_at desc limit 1) c on true
           where s.state in ('trialing', 'active') and not s.cancel_at_period_end and s.surplus_since is null
             and s.billing_interval is not null and s.amount_pence > 0 and w.why is not null
             and case when s.first_paid_at is null then s.started_at > $1 else p.day between $2 and $3 end
           order by p.day, s.id"#,
        window.ordered_since,
        window.from,
        window.until
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Collection {
                subscription: row.subscription,
                why: row.why,
                period_on: row.period_on,
                amount: row.amount,
                every: row.every,
                name: row.name.unwrap_or_default(),
                // Nobody to write to.
                email: row.email?,
                last4: row.last4,
                reference: row.reference,
            })
        })
        .collect())
}

/// Keeps that a collection is announced. `false` if it was today.
pub async fn insert(
    db: &mut PgConnection,
    it: &Collection,
    due_on: NaiveDate,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into debit_notices (subscription, period_on, sent_on, due_on, amount_pence, billing_interval, why, sent_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        it.subscription,
        it.period_on,
        today,
        due_on,
        it.amount.pence(),
        it.every.code(),
        it.why.code(),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The newest ones.
pub async fn list_sent(db: &mut PgConnection, limit: i64) -> Result<Vec<Announced>> {
    sqlx::query_as!(
        Announced,
        r#"select c.name as "name?", n.why as "why: WhyNotice", n.amount_pence as "amount: Money",
                  n.billing_interval as "every: Interval", n.due_on, n.sent_on
           from debit_notices n join subscriptions s on s.id = n.subscription
           left join lateral (select c.name from checkouts c where c.purpose_kind = s.purpose_kind
                              and c.purpose_id = s.purpose_id order by c.created_at desc limit 1) c on true
           order by n.sent_at desc, n.subscription limit $1"#,
        limit
    )
    .fetch_all(db)
    .await
}
