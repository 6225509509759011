//! Payments that took their donor over the party's limit.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::{email_address::EmailAddress, money::Money},
    payments::{KindCode, Purpose},
};

/// Notes that what was paid through Stripe for a purpose goes back. Returns the payments of which that was not noted before.
pub async fn insert(db: &mut PgConnection, of: &Purpose, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "insert into above_limit (line, noted_at)
         select id, $3 from ledger
         where purpose_kind = $1 and purpose_id = $2 and kind = 'payment' and payment_intent is not null
         on conflict do nothing returning line",
        of.kind.as_str(),
        of.id,
        now
    )
    .fetch_all(db)
    .await
}

/// Notes it of one payment.
pub async fn insert_line(db: &mut PgConnection, line: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into above_limit (line, noted_at) values ($1, $2) on conflict do nothing",
        line,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One that has not gone back.
pub struct AboveLimit {
    pub line: Uuid,
    pub name: String,
    pub email: Option<EmailAddress>,
    pub kind: KindCode,
    pub received_on: NaiveDate,
    pub amount: Money,
    /// Whether a refund of it has failed.
    pub failed: bool,
    /// Whether it can go back the way it came.
    pub by_stripe: bool,
}

/// Those that have not gone back and have no donor check, the oldest first.
pub async fn list(db: &mut PgConnection) -> Result<Vec<AboveLimit>> {
    sqlx::query_as!(
        AboveLimit,
        r#"select a.line, coalesce(g.name, p.name, c.name, 'Not known') as "name!",
                  coalesce(g.email, p.email, c.email) as "email: EmailAddress", l.purpose_kind as "kind: KindCode",
                  (l.at at time zone 'Europe/London')::date as "received_on!", l.amount_pence as "amount: Money",
                  coalesce(back.failed, false) or a.given_up as "failed!", l.payment_intent is not null as "by_stripe!"
           from above_limit a join ledger l on l.id = a.line
           cross join lateral (select l.amount_pence + coalesce(sum(amount_pence), 0) as "left", bool_or(kind = 'refund_failed') as failed
                               from corrections_of(l)) back
           left join gifts g on g.id = l.purpose_id
           left join people p on p.id = l.person_id
           left join lateral (select name, email from checkouts c where c.purpose_kind = l.purpose_kind and c.purpose_id = l.purpose_id
                              order by c.created_at desc limit 1) c on true
           where back."left" > 0 and not exists (select from donor_cases known where known.line = a.line)
           order by l.at, l.id limit 500"#
    )
    .fetch_all(db)
    .await
}
