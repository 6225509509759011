//! The room's statements. What follows from a receipt is booked by triggers of the database, with the receipt.

pub(super) mod bank;
pub(super) mod members;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Account, Balance, Class, Month, MonthRow, NewEntry, TrialBalance, columns};
use crate::{
    kit::money::Money,
    payments::{KindCode, LineKind},
};

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object(
        'waiting', (select jsonb_build_object('count', count(*), 'pence', sum(abs(pence)), 'since', min(day))
                    from bank_lines where settled_at is null),
        -- What `to_close` says, and those after it.
        'months', (select jsonb_build_object('count', count(*), 'since', (min(month) + interval '1 month')::date)
                   from generate_series(coalesce((select max(month) + interval '1 month' from book_months),
                                                 date_trunc('month', (select min(day) from book_postings)::timestamp)),
                                        $2::date - interval '1 month', interval '1 month') month))";

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The balances at the end of a month, in the order of accounts.
pub(super) async fn trial_balance(db: &mut PgConnection, month: Month) -> Result<TrialBalance> {
    let rows = sqlx::query!(
        r#"select part as "account!: Account", sum(number)::bigint as "balance!: Money",
                  coalesce(sum(number) filter (where key = $1), 0)::bigint as "moved!: Money"
           from tallies where what = 'books' and key <= $1 group by part"#,
        month.first().to_string()
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    let mut lines: Vec<_> =
        rows.map(|row| Balance { account: row.account, moved: row.moved, sum: row.balance }).collect();
    lines.sort_by_key(|line| (line.account.class(), line.account));
    Ok(TrialBalance(lines))
}

/// What an account had before a month.
pub(super) async fn balance_before(db: &mut PgConnection, account: Account, month: Month) -> Result<Money> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(number), 0)::bigint as "sum!: Money" from tallies
           where what = 'books' and part = $1 and key < $2"#,
        account.code(),
        month.first().to_string()
    )
    .fetch_one(db)
    .await
}

/// What Stripe's own list of movements comes to before a month.
pub(super) async fn stripe_says(db: &mut PgConnection, before: Month) -> Result<Money> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(number), 0)::bigint as "sum!: Money" from tallies where what = 'stripe_balance' and key < $1"#,
        before.first().to_string()
    )
    .fetch_one(db)
    .await
}

/// The month of the first entry; none while there is none.
pub(super) async fn first_month(db: &mut PgConnection) -> Result<Option<Month>> {
    let first = sqlx::query_scalar!("select min(day) from book_postings").fetch_one(db).await?;
    Ok(first.map(Month::of))
}

/// One line of an account, with what its entry comes from.
pub(super) struct Posted {
    pub entry: i64,
    pub day: NaiveDate,
    pub happened_on: NaiveDate,
    pub account: Account,
    pub sum: Money,
    pub origin: Origin,
}

impl Posted {
    pub fn columns(&self) -> (Option<Money>, Option<Money>) {
        columns(self.sum)
    }

    pub fn month(&self) -> Month {
        Month::of(self.day)
    }
}

/// Where an entry comes from.
pub(super) enum Origin {
    Line {
        kind: LineKind,
        purpose: KindCode,
        stripe_id: Option<String>,
        reference: Option<String>,
    },
    /// A movement of the balance at Stripe: its fee, a payout, or what no receipt explains.
    Balance {
        category: String,
        source: String,
        later: bool,
    },
    Entered {
        words: String,
        document: Option<String>,
    },
}

struct Row {
    entry: i64,
    day: NaiveDate,
    happened_on: NaiveDate,
    account: Account,
    sum: Money,
    kind: Option<LineKind>,
    purpose: Option<KindCode>,
    stripe_id: Option<String>,
    reference: Option<String>,
    category: Option<String>,
    moved_by: Option<String>,
    is_later: bool,
    words: Option<String>,
    document: Option<String>,
}

impl From<Row> for Posted {
    fn from(row: Row) -> Self {
        let origin = match (row.kind, row.purpose, row.category) {
            (Some(kind), Some(purpose), _) => {
                Origin::Line { kind, purpose, stripe_id: row.stripe_id, reference: row.reference }
            }
            (_, _, Some(category)) => {
                Origin::Balance { category, source: row.moved_by.unwrap_or_default(), later: row.is_later }
            }
            _ => Origin::Entered { words: row.words.unwrap_or_default(), document: row.document },
        };
        Self {
            entry: row.entry,
            day: row.day,
            happened_on: row.happened_on,
            account: row.account,
            sum: row.sum,
            origin,
        }
    }
}

/// `postings!("where p.account = $1", account)`
macro_rules! postings {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select p.entry, p.day, e.happened_on, p.account as "account: Account", p.pence as "sum: Money",
                      l.kind as "kind?: LineKind", l.purpose_kind as "purpose?: KindCode", l.stripe_id, l.reference,
                      t.category as "category?", coalesce(t.source, t.id) as "moved_by?", e.source = 'matched' as "is_later!",
                      e.words, e.document
               from book_postings p join book_entries e on e.number = p.entry left join ledger l on l.id = e.line
               left join balance_transactions t on t.id = e.transaction "# + $which,
            $($value),*
        )
    };
}

/// The lines of an account in one month, newest first.
pub(super) async fn list_postings(
    db: &mut PgConnection,
    account: Account,
    month: Month,
    offset: i64,
    limit: i64,
) -> Result<Vec<Posted>> {
    let rows = postings!(
        "where p.account = $1 and p.day >= $2 and p.day < $3 order by p.day desc, p.entry desc offset $4 limit $5",
        account.code(),
        month.first(),
        month.next().first(),
        offset,
        limit
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Posted::from).collect())
}

/// What was spent under each heading from one day to before another, the most first.
pub async fn spent_between(
    db: &mut PgConnection,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<(Account, Money)>> {
    let rows = sqlx::query!(
        r#"select account as "account!: Account", sum(pence)::bigint as "spent!: Money"
           from book_postings where account = any($3) and day >= $1 and day < $2 group by account
           having sum(pence) > 0 order by sum(pence) desc, account"#,
        from,
        until,
        &headings()
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.account, row.spent)).collect())
}

/// What officers entered as income without a payment, by month (its first day), from one day to before another.
pub async fn entered_income(
    db: &mut PgConnection,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<(NaiveDate, Money)>> {
    let income = Account::ALL.into_iter().filter(|account| account.class() == Class::Income);
    let income: Vec<_> = income.map(|account| account.code().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select date_trunc('month', e.day::timestamp)::date as "month!", -sum(p.pence)::bigint as "sum!: Money"
           from book_entries e join book_postings p on p.entry = e.number and p.day = e.day
           where e.source = 'entered' and e.day >= $1 and e.day < $2 and p.account = any($3)
           group by 1 having sum(p.pence) <> 0"#,
        from,
        until,
        &income
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.month, row.sum)).collect())
}

/// What was spent under each heading from a month on, the most first.
pub(super) async fn spent_since(db: &mut PgConnection, month: Month) -> Result<Vec<(Account, Money)>> {
    let rows = sqlx::query!(
        r#"select part as "account!: Account", sum(number)::bigint as "spent!: Money"
           from tallies where what = 'books' and key >= $1 and part = any($2) group by part
           having sum(number) <> 0 order by sum(number) desc"#,
        month.first().to_string(),
        &headings()
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.account, row.spent)).collect())
}

fn headings() -> Vec<String> {
    let spending = Account::ALL.into_iter().filter(|account| account.class() == Class::Spending);
    spending.map(|account| account.code().to_owned()).collect()
}

/// The newest spending that was entered.
pub(super) async fn list_spending(db: &mut PgConnection, limit: i64) -> Result<Vec<Posted>> {
    let rows = postings!(
        "where e.source = 'entered' and p.account = any($1) order by p.day desc, p.entry desc limit $2",
        &headings(),
        limit
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Posted::from).collect())
}

/// The lines of one entry, what was given first.
pub(super) async fn lines_of(db: &mut PgConnection, entry: i64) -> Result<Vec<Posted>> {
    let rows = postings!("where p.entry = $1 order by p.pence, p.account", entry);
    Ok(rows.fetch_all(db).await?.into_iter().map(Posted::from).collect())
}

/// Who entered an entry, by name, and when it was recorded.
pub(super) async fn recorded(
    db: &mut PgConnection,
    entry: i64,
) -> Result<Option<(Option<String>, DateTime<Utc>)>> {
    let row = sqlx::query!(
        r#"select e.recorded_at, p.name as "name?" from book_entries e left join people p on p.id = e.entered_by
           where e.number = $1"#,
        entry
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.name, row.recorded_at)))
}

/// Waits until a month that is being closed is closed: looked at in the statement that books, it would be open still.
async fn lock(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(7265005)").execute(db).await?;
    Ok(())
}

/// Books what an officer entered, once. Returns its number, and the number of what came of the same form before.
pub(super) async fn insert_entry(
    db: &mut PgConnection,
    new: &NewEntry,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    lock(db).await?;
    sqlx::query_scalar!(
        r#"with made as (
               insert into book_entries (day, happened_on, source, words, document, entered_by, key, recorded_at)
               values (book_day($1), $1, 'entered', $2, $3, $4, $5, $6)
               on conflict (key) do nothing returning number, day),
           lines as (
               insert into book_postings (entry, day, account, pence)
               select number, day, account, pence from made, unnest($7::text[], $8::bigint[]) as side(account, pence))
           select number as "number!" from made"#,
        new.on,
        new.words,
        new.document,
        by,
        new.key,
        now,
        &[new.from.code().to_owned(), new.to.code().to_owned()],
        &[-new.amount.pence(), new.amount.pence()]
    )
    .fetch_optional(db)
    .await
}

/// The months up to one, newest first, with how many lines each has. One count of all postings.
pub(super) async fn list_months(db: &mut PgConnection, last: Month) -> Result<Vec<MonthRow>> {
    let rows = sqlx::query!(
        r#"select m.month::date as "month!", coalesce(k.lines, o.lines, 0) as "lines!", k.closed_at as "closed_at?", p.name as "name?"
           from generate_series(date_trunc('month', (select min(day) from book_postings)), $1::date::timestamp, interval '1 month') m(month)
           left join book_months k on k.month = m.month::date left join people p on p.id = k.closed_by
           left join (select date_trunc('month', day) as month, count(*) as lines from book_postings
                      where day >= coalesce((select max(month) + interval '1 month' from book_months), '-infinity') group by 1) o
                  on o.month = m.month
           order by 1 desc"#,
        last.first()
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| MonthRow {
        month: Month::of(row.month),
        lines: row.lines,
        closed: row.closed_at.zip(row.name),
    });
    Ok(rows.collect())
}

/// Closes a month, for good. Waits for anyone who is booking; anyone who books after it finds it closed.
pub(super) async fn close(db: &mut PgConnection, month: Month, by: Uuid, now: DateTime<Utc>) -> Result<bool> {
    sqlx::query!("select pg_advisory_xact_lock(7265005)").execute(&mut *db).await?;
    let done = sqlx::query!(
        "insert into book_months (month, closed_at, closed_by, lines)
         select $1, $3, $4, (select count(*) from book_postings where day >= $1 and day < $2)
         on conflict (month) do nothing",
        month.first(),
        month.next().first(),
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Up to so many postings of a month, after a given one, in the order of days and entries.
pub(super) async fn list_month(
    db: &mut PgConnection,
    month: Month,
    after: Option<(NaiveDate, i64, Account)>,
    limit: i64,
) -> Result<Vec<Posted>> {
    let (day, entry, account) =
        after.map_or((month.first(), 0, ""), |(day, entry, account)| (day, entry, account.code()));
    let rows = postings!(
        "where p.day >= $1 and p.day < $2 and (p.day, p.entry, p.account) > ($1, $3, $4)
         order by p.day, p.entry, p.account limit $5",
        day,
        month.next().first(),
        entry,
        account,
        limit
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Posted::from).collect())
}

/// The last month that is closed.
pub(super) async fn closed_through(db: &mut PgConnection) -> Result<Option<Month>> {
    Ok(sqlx::query_scalar!("select max(month) from book_months").fetch_one(db).await?.map(Month::of))
}
