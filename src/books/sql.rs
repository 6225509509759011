//! The room's statements. What follows from a receipt is booked by triggers of the database, with the receipt.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Account, Balance, Class, Month, NewEntry, TrialBalance, columns};
use crate::{
    kit::money::Money,
    payments::{KindCode, LineKind},
};

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
    Line { kind: LineKind, purpose: KindCode, stripe_id: Option<String>, reference: Option<String> },
    Entered { words: String, document: Option<String> },
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
    words: Option<String>,
    document: Option<String>,
}

impl From<Row> for Posted {
    fn from(row: Row) -> Self {
        let origin = match (row.kind, row.purpose) {
            (Some(kind), Some(purpose)) => {
                Origin::Line { kind, purpose, stripe_id: row.stripe_id, reference: row.reference }
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
                      e.words, e.document
               from book_postings p join book_entries e on e.number = p.entry left join ledger l on l.id = e.line "# + $which,
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

/// The last month that is closed.
pub(super) async fn closed_through(db: &mut PgConnection) -> Result<Option<Month>> {
    Ok(sqlx::query_scalar!("select max(month) from book_months").fetch_one(db).await?.map(Month::of))
}
