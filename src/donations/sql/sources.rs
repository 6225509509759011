//! Who is one source, and what they have paid in a year.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    donations::model::{GIFTS, Plan, Regular},
    kit::{email_address::EmailAddress, money::Money, stripe::Interval},
};

/// Makes gifts of one source wait for each other until the transaction ends, so that two at once cannot both fit under
/// the cap.
pub async fn lock(db: &mut PgConnection, email: &EmailAddress) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('gifts of ' || donation_source(null, $1::text::citext), 0))",
        email.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// `of_source!("select ...", email, ...)`: the records that are one source (`persons`) and its addresses (`addresses`), by
/// an address, which is `$1`.
macro_rules! of_source {
    ($then:literal, $email:expr $(, $value:expr)*) => {
        sqlx::query!(
            r#"with whole as (select donation_source(null, $1::text::citext) as source),
                    sources as (select source from whole union select m.source from donor_merges m join whole w on m.into_source = w.source),
                    persons as (select p.id, p.email from sources s join people p on p.id = case when s.source like 'person:%' then substr(s.source, 8)::uuid end),
                    addresses as (select substr(source, 7)::citext as email from sources where source like 'email:%'
                                  union select email from persons union select $1::text::citext),"# + $then,
            $email
            $(, $value)*
        )
    };
}

/// What the source behind an address has paid between two instants, for whatever, with what went back of it taken off,
/// and without what is on its way back because of the limit. Of gifts, those that were heard of or that an officer entered.
/// `except` is a payment that does not count.
pub async fn paid_between(
    db: &mut PgConnection,
    email: &EmailAddress,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    except: Option<Uuid>,
) -> Result<Money> {
    let row = of_source!(
        r#"payments as (
               select l.id, l.amount_pence from ledger l join persons p on p.id = l.person_id
               where l.kind = 'payment' and l.at >= $2 and l.at < $3
                 and (l.purpose_kind <> $4 or l.entered_by is not null
                      or exists (select from gift_payments heard where heard.line = l.id))
               union
               select l.id, l.amount_pence
               from gifts g join addresses a on a.email = g.email
               join gift_payments heard on heard.gift_id = g.id join ledger l on l.id = heard.line
               where l.at >= $2 and l.at < $3
               union
               -- What else came from somebody whom we do not know but by the address that they paid with.
               select l.id, l.amount_pence
               from checkouts c join addresses a on a.email = c.email
               join ledger l on l.purpose_kind = c.purpose_kind and l.purpose_id = c.purpose_id
               where l.person_id is null and l.kind = 'payment' and l.purpose_kind <> $4 and l.at >= $2 and l.at < $3)
           select coalesce(sum(p.amount_pence + coalesce(
                      (select sum(c.amount_pence) from ledger own, corrections_of(own) c where own.id = p.id), 0)),
                  0)::bigint as "paid!: Money"
           from payments p where p.id is distinct from $5 and not exists (select from above_limit a where a.line = p.id)"#,
        email.as_str(),
        from,
        until,
        GIFTS.code,
        except
    );
    Ok(row.fetch_one(db).await?.paid)
}

/// What is known of a source in the present year.
#[derive(Debug, Default)]
pub struct Standing {
    pub paid: Money,
    /// The regular payments that go on.
    pub plans: Vec<Plan>,
    /// Pages at Stripe that are open.
    pub open: Vec<OpenPage>,
}

#[derive(Clone, Copy, Debug)]
pub struct OpenPage {
    pub checkout: Uuid,
    pub amount: Money,
    pub every: Option<Interval>,
}

impl OpenPage {
    /// As it will be if it is paid today.
    pub fn plan(&self, today: NaiveDate) -> Plan {
        Plan { amount: self.amount, every: self.every, next: today }
    }
}

/// What the source behind an address has paid in a year, and what it has said that it will pay. `without` is Stripe's id of
/// a regular payment that is to be replaced.
pub async fn standing(
    db: &mut PgConnection,
    email: &EmailAddress,
    year: (DateTime<Utc>, DateTime<Utc>),
    today: NaiveDate,
    without: Option<&str>,
) -> Result<Standing> {
    let paid = paid_between(db, email, year, None).await?;
    let regular = of_source!(
        r#"purposes as (select l.purpose_kind, l.purpose_id from ledger l join persons p on p.id = l.person_id where l.subscription is not null
                        union select c.purpose_kind, c.purpose_id from checkouts c join addresses a on a.email = c.email
                        where c.billing_interval is not null)
           select s.amount_pence as "amount!: Money", s.billing_interval as "every!: Interval",
                  coalesce(r.amount_pence, s.amount_pence) as "next_amount!: Money",
                  coalesce(r.billing_interval, s.billing_interval) as "next_every!: Interval",
                  (s.started_at at time zone 'Europe/London')::date as "started_on!",
                  (s.current_period_end at time zone 'Europe/London')::date as period_end,
                  s.state in ('past_due', 'unpaid') as "is_failing!", s.cancel_at_period_end or s.state = 'unpaid' as "is_stopping!",
                  case when s.first_paid_at is not null then
                      ((select max(l.at) from ledger l where l.purpose_kind = s.purpose_kind and l.purpose_id = s.purpose_id
                           and l.kind = 'payment' and l.subscription = s.id) at time zone 'Europe/London')::date end as paid_on
           from subscriptions s join purposes using (purpose_kind, purpose_id)
           left join memberships m on m.subscription = s.id
           left join membership_rate_changes r on r.person_id = m.person_id and r.done_at is null and r.refused is null
           where s.state in ('trialing', 'active', 'past_due', 'unpaid') and s.surplus_since is null
             and s.billing_interval is not null and s.amount_pence > 0 and s.id is distinct from $2"#,
        email.as_str(),
        without
    );
    let plans = regular.fetch_all(&mut *db).await?.into_iter().flat_map(|row| {
        let regular = Regular {
            amount: row.amount,
            every: row.every,
            started_on: row.started_on,
            period_end: row.period_end,
            paid_on: row.paid_on,
            is_failing: row.is_failing,
        };
        let next = Plan { amount: row.next_amount, every: Some(row.next_every), next: regular.next_on() };
        regular.open(today).into_iter().chain((!row.is_stopping).then_some(next))
    });
    let plans = plans.collect();
    let open = of_source!(
        r#"pages as (select c.* from checkouts c join addresses a on a.email = c.email where c.state in ('wanted', 'open'))
           select id, amount_pence as "amount: Money", billing_interval as "every: Interval" from pages"#,
        email.as_str()
    );
    let open = open.fetch_all(db).await?.into_iter();
    let open = open.map(|row| OpenPage { checkout: row.id, amount: row.amount, every: row.every });
    Ok(Standing { paid, plans, open: open.collect() })
}

/// One record as another, or as itself; what was merged into it goes along.
pub async fn insert_merge(
    db: &mut PgConnection,
    (source, into): (&str, &str),
    reason: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!("update donor_merges set into_source = $2 where into_source = $1", source, into)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "insert into donor_merges (source, into_source, reason, merged_by, merged_at) values ($1, $2, $3, $4, $5)
         on conflict (source) do update set into_source = excluded.into_source, reason = excluded.reason,
             merged_by = excluded.merged_by, merged_at = excluded.merged_at",
        source,
        into,
        reason,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns whether it was merged.
pub async fn delete_merge(db: &mut PgConnection, source: &str) -> Result<bool> {
    let done = sqlx::query!("delete from donor_merges where source = $1", source).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// A record that was found to be one with another.
pub struct Merge {
    pub source: String,
    pub name: String,
    pub into: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// The newest first.
pub async fn list_merges(db: &mut PgConnection) -> Result<Vec<Merge>> {
    sqlx::query_as!(
        Merge,
        r#"select m.source, coalesce(p.name, substr(m.source, 7)) as "name!",
                  coalesce(i.name, substr(m.into_source, 7)) as "into!", m.reason, m.merged_at as at
           from donor_merges m
           left join people p on p.id = case when m.source like 'person:%' then substr(m.source, 8)::uuid end
           left join people i on i.id = case when m.into_source like 'person:%' then substr(m.into_source, 8)::uuid end
           -- An address of somebody with an account counts as that account.
           where not exists (select from people own where m.source = 'email:' || lower(own.email::text))
           order by m.merged_at desc limit 200"#
    )
    .fetch_all(db)
    .await
}

/// Whether a source is one that donations have come from.
pub async fn is_source(db: &mut PgConnection, source: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from donor_cases c join ledger l on l.id = c.line
                          where donation_source(l.person_id, c.email) = $1) as "known!""#,
        source
    )
    .fetch_one(db)
    .await
}
