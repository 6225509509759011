//! The books: lines that are added and never changed, and what can be read from them.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::{db::impossible, money::Money},
    payments::{
        model::{LedgerLine, LineKind, Method, Origin},
        purposes::{KindCode, MonthIncome, Purpose},
    },
};

struct LineRow {
    id: Uuid,
    kind: LineKind,
    stripe_id: Option<String>,
    amount: Money,
    at: DateTime<Utc>,
    purpose_kind: KindCode,
    purpose_id: Uuid,
    person_id: Option<Uuid>,
    method: Option<Method>,
    subscription: Option<String>,
    payment_intent: Option<String>,
    entered_by: Option<Uuid>,
    reference: Option<String>,
    name: Option<String>,
    email: Option<String>,
}

/// A line with who paid: whoever has an account, else the name and the address that were typed at paying.
pub struct NamedLine {
    pub line: LedgerLine,
    pub name: Option<String>,
    pub email: Option<String>,
}

impl TryFrom<LineRow> for NamedLine {
    type Error = sqlx::Error;

    fn try_from(row: LineRow) -> Result<Self> {
        let origin = match (row.stripe_id, row.entered_by, row.method) {
            (Some(id), None, method) if method.is_none_or(Method::is_stripe) => Origin::Stripe {
                id,
                method,
                subscription: row.subscription,
                payment_intent: row.payment_intent,
            },
            (None, Some(entered_by), Some(method)) if !method.is_stripe() => {
                Origin::Offline { method, reference: row.reference, entered_by }
            }
            _ => return Err(impossible("a line that neither Stripe nor an officer made")),
        };
        let line = LedgerLine {
            id: row.id,
            kind: row.kind,
            origin,
            amount: row.amount,
            at: row.at,
            purpose: Purpose { kind: row.purpose_kind, id: row.purpose_id },
            person: row.person_id,
        };
        Ok(Self { line, name: row.name, email: row.email })
    }
}

/// `lines!("where l.person_id = $1", person)`; the ledger is `l`, whoever has the account `p`.
macro_rules! lines {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            LineRow,
            r#"select l.id, l.kind as "kind: LineKind", l.stripe_id, l.amount_pence as "amount: Money", l.at,
                      l.purpose_kind as "purpose_kind: KindCode", l.purpose_id, l.person_id, l.method as "method: Method",
                      l.subscription, l.payment_intent, l.entered_by, l.reference, coalesce(p.name, c.name) as "name?",
                      coalesce(p.email, c.email)::text as "email?"
               from ledger l left join people p on p.id = l.person_id
               left join lateral (select c.name, c.email from checkouts c where p.id is null and c.purpose_kind = l.purpose_kind
                                  and c.purpose_id = l.purpose_id order by c.created_at desc limit 1) c on true "# + $which,
            $($value),*
        )
    };
}

/// Adds a line unless it is there: Stripe's are told apart by kind and Stripe's id, others by their own id. Returns
/// whether it is new. The person is taken from the purpose's other lines.
pub async fn insert_line(db: &mut PgConnection, line: &LedgerLine, now: DateTime<Utc>) -> Result<bool> {
    let (entered_by, reference) = match &line.origin {
        Origin::Stripe { .. } => (None, None),
        Origin::Offline { entered_by, reference, .. } => (Some(*entered_by), reference.as_deref()),
    };
    // Looking first matters: `on conflict` alone would wait for whoever is just writing a person to the same line.
    let done = sqlx::query!(
        "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, person_id, method,
                             subscription, payment_intent, recorded_at, entered_by, reference)
         select $1, $2, $3, $4, $5, $6, $7,
                coalesce($8, (select person_id from ledger where purpose_kind = $6 and purpose_id = $7 and person_id is not null limit 1)),
                coalesce($9, (select case when by_debit then 'bacs_debit' else 'card' end from checkouts
                              where purpose_kind = $6 and purpose_id = $7
                                and (subscription = $10 or payment_intent = $11) limit 1)),
                $10, $11, $12, $13, $14
         where not exists (select from ledger where kind = $2 and stripe_id = $3)
         on conflict do nothing",
        line.id,
        line.kind.code(),
        line.origin.stripe_id(),
        line.amount.pence(),
        line.at,
        line.purpose.kind.as_str(),
        line.purpose.id,
        line.person,
        line.origin.method().map(Method::code),
        line.origin.subscription(),
        line.origin.payment_intent(),
        now,
        entered_by,
        reference
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The payment that something is a correction of; locked, so that corrections of one payment wait for each other.
pub async fn lock_payment(db: &mut PgConnection, payment_intent: &str) -> Result<Option<LedgerLine>> {
    let row =
        lines!("where l.payment_intent = $1 and l.kind = 'payment' for no key update of l", payment_intent)
            .fetch_optional(db)
            .await?;
    row.map(|row| Ok(NamedLine::try_from(row)?.line)).transpose()
}

/// Which of some invoices are in the books.
pub async fn list_booked(db: &mut PgConnection, invoices: &[String]) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select stripe_id as "id!" from ledger where kind = 'payment' and stripe_id = any($1)"#,
        invoices
    )
    .fetch_all(db)
    .await
}

/// Whether a payment is in the books.
pub async fn is_booked(db: &mut PgConnection, payment_intent: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ledger where payment_intent = $1 and kind = 'payment') as "booked!""#,
        payment_intent
    )
    .fetch_one(db)
    .await
}

/// Says whose payments these were, once the room above knows.
pub async fn attribute(db: &mut PgConnection, of: &Purpose, person: Uuid) -> Result<()> {
    sqlx::query!(
        "update ledger set person_id = $3 where purpose_kind = $1 and purpose_id = $2 and person_id is null",
        of.kind.as_str(),
        of.id,
        person
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A person's lines, newest first.
pub async fn of_person(
    db: &mut PgConnection,
    person: Uuid,
    limit: i64,
    offset: i64,
) -> Result<Vec<LedgerLine>> {
    let rows = lines!(
        "where l.person_id = $1 order by l.at desc, l.id desc limit $2 offset $3",
        person,
        limit,
        offset
    );
    rows.fetch_all(db).await?.into_iter().map(|row| Ok(NamedLine::try_from(row)?.line)).collect()
}

/// Makes whoever else would correct a payment wait until the transaction ends. `None` if there is no such line.
pub async fn lock_line(db: &mut PgConnection, id: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar!("select id from ledger where id = $1 for no key update", id).fetch_optional(db).await
}

/// The line with this id, and after it what has gone back of the same payment, oldest first.
pub async fn with_its_corrections(db: &mut PgConnection, id: Uuid) -> Result<Vec<NamedLine>> {
    let rows = lines!(
        "where l.id = $1 or l.id in (select c.id from ledger own, corrections_of(own) c where own.id = $1)
         order by l.id <> $1, l.at, l.id",
        id
    );
    rows.fetch_all(db).await?.into_iter().map(NamedLine::try_from).collect()
}

/// A person's line with this id, and after it what has gone back of the same payment, oldest first.
pub async fn with_corrections(db: &mut PgConnection, person: Uuid, id: Uuid) -> Result<Vec<LedgerLine>> {
    let rows = lines!(
        "where l.person_id = $1 and (l.id = $2 or l.id in (select c.id from ledger own, corrections_of(own) c where own.id = $2))
         order by l.id <> $2, l.at, l.id",
        person,
        id
    );
    let lines: Vec<_> = rows
        .fetch_all(db)
        .await?
        .into_iter()
        .map(|row| Ok(NamedLine::try_from(row)?.line))
        .collect::<Result<_>>()?;
    Ok(if lines.first().is_some_and(|line| line.id == id) { lines } else { Vec::new() })
}

/// What a person has paid in each calendar year, after refunds, the newest first.
pub async fn years_of(db: &mut PgConnection, person: Uuid) -> Result<Vec<(i32, Money)>> {
    let rows = sqlx::query!(
        r#"select extract(year from at at time zone 'Europe/London')::int as "year!",
                  sum(amount_pence)::bigint as "sum!: Money"
           from ledger where person_id = $1 group by 1 order by 1 desc"#,
        person
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.year, row.sum)).collect())
}

/// The payments of a subscription of which nothing was refunded yet, or not for good: their payment intents.
pub async fn list_to_give_back(db: &mut PgConnection, subscription: &str) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select payment_intent as "intent!" from ledger p
           where subscription = $1 and kind = 'payment' and payment_intent is not null
             and not exists (select from ledger r where r.payment_intent = p.payment_intent and r.kind = 'refund'
                             and not exists (select from ledger f where f.kind = 'refund_failed' and f.stripe_id = r.stripe_id))"#,
        subscription
    )
    .fetch_all(db)
    .await
}

/// Which lines an officer wants to see. `month` is the month's first day.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    pub month: Option<NaiveDate>,
    pub purpose: Option<KindCode>,
    pub kind: Option<LineKind>,
    /// Part of a name or email, or the start of a Stripe id.
    pub search: String,
}

impl LineFilter {
    /// From when to when: months begin in London.
    fn span(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        use crate::kit::dates::{months_later, start_of_day};
        let from = self.month.map(start_of_day);
        (from, self.month.map(|month| start_of_day(months_later(month, 1))))
    }

    /// For LIKE: what was typed counts letter by letter.
    fn like(&self) -> Option<String> {
        let text = self.search.trim().to_lowercase();
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        (!text.is_empty()).then_some(escaped)
    }
}

/// The newest lines of whoever is found by name or email, or by the beginning of a Stripe id; each by an index, in a
/// transaction made for searching by words.
pub async fn find_lines(db: &mut PgConnection, typed: &str, limit: i64) -> Result<Vec<NamedLine>> {
    let filter = LineFilter { search: typed.to_owned(), ..LineFilter::default() };
    let Some(like) = filter.like() else { return Ok(Vec::new()) };
    let rows = lines!(
        "where l.id in (
             (select a.id from people who join ledger a on a.person_id = who.id
              where who.search like (select '%' || plain_text($1) || '%') order by a.at desc limit $2)
             union all
             (select a.id from checkouts c join ledger a on a.purpose_kind = c.purpose_kind and a.purpose_id = c.purpose_id
              where c.payer like (select '%' || plain_text($1) || '%') order by a.at desc limit $2)
             union all
             (select a.id from ledger a where a.stripe_id = $3 or a.payment_intent = $3 limit $2))
         order by l.at desc, l.id desc limit $2",
        like,
        limit,
        typed
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(NamedLine::try_from).collect()
}

pub async fn list_lines(
    db: &mut PgConnection,
    filter: &LineFilter,
    offset: i64,
    limit: i64,
) -> Result<Vec<NamedLine>> {
    let (from, until) = filter.span();
    let rows = lines!(
        "where ($1::timestamptz is null or (l.at >= $1 and l.at < $2))
           and ($3::text is null or l.purpose_kind = $3) and ($4::text is null or l.kind = $4)
           and ($5::text is null or l.person_id in (select id from people where search like '%' || plain_text($5) || '%')
                or (l.purpose_kind, l.purpose_id) in (select purpose_kind, purpose_id from checkouts
                                                      where payer like '%' || plain_text($5) || '%')
                or lower(l.stripe_id) like $5 || '%' or lower(l.payment_intent) like $5 || '%')
         order by l.at desc, l.id desc offset $6 limit $7",
        from,
        until,
        filter.purpose.as_ref().map(KindCode::as_str),
        filter.kind.map(LineKind::code),
        filter.like(),
        offset,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(NamedLine::try_from).collect()
}

/// What came in, what went out, and how many lines that were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub count: i64,
    pub received: Money,
    /// Never positive.
    pub returned: Money,
}

impl Totals {
    pub fn net(&self) -> Money {
        Money::from_pence(self.received.pence() + self.returned.pence())
    }
}

pub async fn total(db: &mut PgConnection, filter: &LineFilter) -> Result<Totals> {
    let (from, until) = filter.span();
    sqlx::query_as!(
        Totals,
        r#"select count(*) as "count!",
                  coalesce(sum(l.amount_pence) filter (where l.amount_pence > 0), 0)::bigint as "received!: Money",
                  coalesce(sum(l.amount_pence) filter (where l.amount_pence < 0), 0)::bigint as "returned!: Money"
           from ledger l
           where ($1::timestamptz is null or (l.at >= $1 and l.at < $2))
             and ($3::text is null or l.purpose_kind = $3) and ($4::text is null or l.kind = $4)
             and ($5::text is null or l.person_id in (select id from people where search like '%' || plain_text($5) || '%')
                  or (l.purpose_kind, l.purpose_id) in (select purpose_kind, purpose_id from checkouts
                                                        where payer like '%' || plain_text($5) || '%')
                  or lower(l.stripe_id) like $5 || '%' or lower(l.payment_intent) like $5 || '%')"#,
        from,
        until,
        filter.purpose.as_ref().map(KindCode::as_str),
        filter.kind.map(LineKind::code),
        filter.like()
    )
    .fetch_one(db)
    .await
}

/// Income by month from the month of `from` on, oldest first, months without any left in.
pub async fn income_by_month(
    db: &mut PgConnection,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<MonthIncome>> {
    let rows = sqlx::query!(
        r#"select m.month::date as "month!", l.purpose_kind as "kind?: KindCode",
                  coalesce(sum(l.amount_pence), 0)::bigint as "sum!: Money"
           from generate_series(date_trunc('month', $1::date::timestamp), $2::date::timestamp, interval '1 month') as m(month)
           left join ledger l on l.at >= m.month at time zone 'Europe/London'
                             and l.at < (m.month + interval '1 month') at time zone 'Europe/London'
           group by 1, 2 order by 1, 2"#,
        from,
        until
    )
    .fetch_all(db)
    .await?;
    let months = rows.chunk_by(|one, next| one.month == next.month).map(|rows| {
        // A month without any line is a single row without a kind.
        let sums = rows.iter().filter_map(|row| Some((row.kind.clone()?, row.sum)));
        MonthIncome { month: rows[0].month, income: sums.collect() }
    });
    Ok(months.collect())
}

/// Single payments through Stripe booked since an instant, with when they came.
pub async fn list_single(
    db: &mut PgConnection,
    since: DateTime<Utc>,
    parts: i32,
    part: i32,
) -> Result<Vec<(Purpose, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select purpose_kind as "kind: KindCode", purpose_id, at from ledger
           where kind = 'payment' and payment_intent is not null and subscription is null and at >= $1
             and mod(hashtext(purpose_id::text) & 2147483647, $2) = $3"#,
        since,
        parts,
        part
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (Purpose { kind: row.kind, id: row.purpose_id }, row.at)).collect())
}

/// The payments for something, by payment intent.
pub async fn list_paid_for(db: &mut PgConnection, of: &Purpose) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select payment_intent as "intent!" from ledger
           where purpose_kind = $1 and purpose_id = $2 and kind = 'payment' and payment_intent is not null"#,
        of.kind.as_str(),
        of.id
    )
    .fetch_all(db)
    .await
}
