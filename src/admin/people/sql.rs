//! The queries of the lists: first the ids, beginning at an index, then the rows to these ids.
//!
//! What is typed decides which index that is. Patterns are handed over as `(select ..)`: the planner cannot then
//! guess from a word how many it will find, guess wrong, and read the whole table. The other filters are planned
//! with their values at hand ([`begin`]), so that one that is not set costs nothing.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    model::{List, Search, Sort, State},
    words::Words,
};
use crate::{
    accounts::{ConsentPurpose, Scope},
    kit::{dates, db::Tx, money::Money},
    membership::Rate,
    places::Region,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Begins a transaction in which filters that are not set are planned away, whole tables are left alone if there is
/// any other way, and `smith` is not like half the country (for [`find_similar`]).
pub async fn begin(db: &mut PgConnection) -> Result<Tx<'_>> {
    db.begin_with(
        "begin; set local plan_cache_mode = force_custom_plan; set local enable_seqscan = off;
         set local pg_trgm.word_similarity_threshold = 0.5",
    )
    .await
}

/// A search in the terms of the tables. What is `None` filters nothing.
pub struct Filter {
    members: bool,
    standing: Option<&'static str>,
    state: Option<&'static str>,
    scope: Option<Vec<String>>,
    region: Option<&'static str>,
    rate: Option<&'static str>,
    joined_from: Option<NaiveDate>,
    joined_to: Option<NaiveDate>,
    created_from: Option<DateTime<Utc>>,
    created_before: Option<DateTime<Utc>>,
    consent: Option<&'static str>,
}

impl Filter {
    pub fn new(search: &Search, scope: &Scope) -> Self {
        let members = search.list == List::Members;
        let standing = match (search.list, search.state) {
            (List::Members, State::Now) => Some("member"),
            (List::Members, _) => None,
            (List::Supporters, State::Others) => Some("none"),
            (List::Supporters, _) => Some("supporter"),
        };
        let state = match search.state {
            State::Active | State::Grace | State::Pending | State::Suspended | State::Ended => {
                Some(search.state.code())
            }
            State::Now | State::Everyone | State::Others => None,
        };
        let next_day = |day: NaiveDate| dates::start_of_day(day.succ_opt().unwrap_or(day));
        Self {
            members,
            standing,
            state,
            scope: scope.region_slugs(),
            region: search.region.map(Region::slug),
            rate: search.rate.map(Rate::code),
            joined_from: search.joined_from.filter(|_| members),
            joined_to: search.joined_to.filter(|_| members),
            created_from: search.joined_from.filter(|_| !members).map(dates::start_of_day),
            created_before: search.joined_to.filter(|_| !members).map(next_day),
            consent: search.consent.map(ConsentPurpose::code),
        }
    }
}

/// The ids of everybody whom the filters let through, under one more condition (its own arguments begin at `$13`
/// and must all be used) and in an order. A consent or a membership that is asked for makes its join an inner one.
/// `seen.words` is what this officer may find somebody by: an officer of some regions sees the addresses only of
/// those who agreed, and whatever a search finds by, it tells.
macro_rules! ids {
    ($db:expr, $filter:expr, $most:expr, $condition:literal, $order:literal $(, $extra:expr)*) => {
        sqlx::query_scalar!(
            "select p.id
             from people p
             left join memberships m on m.person_id = p.id
             left join consents c on c.person_id = p.id and c.purpose = $11 and c.withdrawn_at is null
             cross join lateral (
                 select case when $4::text[] is null or exists (
                                 select from consents o where o.person_id = p.id and o.purpose = 'organiser_contact' and o.withdrawn_at is null)
                             then p.search else plain_text(p.name) end as words
             ) seen
             where (not $1::boolean or m.id is not null)
               and ($2::text is null or p.standing = $2)
               and ($1::boolean or $2::text is distinct from 'none' or m.id is null)
               and ($3::text is null or m.state = $3)
               and ($4::text[] is null or p.region = any($4))
               and ($5::text is null or p.region = $5)
               and ($6::text is null or m.rate = $6)
               and ($7::date is null or m.joined_on >= $7)
               and ($8::date is null or m.joined_on <= $8)
               and ($9::timestamptz is null or p.created_at >= $9)
               and ($10::timestamptz is null or p.created_at < $10)
               and ($11::text is null or c.id is not null)
               and (" + $condition + ") " + $order + " limit $12",
            $filter.members,
            $filter.standing,
            $filter.state,
            $filter.scope.as_deref(),
            $filter.region,
            $filter.rate,
            $filter.joined_from,
            $filter.joined_to,
            $filter.created_from,
            $filter.created_before,
            $filter.consent,
            $most
            $(, $extra)*
        )
        .fetch_all($db)
        .await
    };
}

/// How many have the standing and live in the region asked for. Looks at no other filter.
pub async fn count(db: &mut PgConnection, filter: &Filter) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from people
           where standing = $1 and ($2::text[] is null or region = any($2)) and ($3::text is null or region = $3)"#,
        filter.standing,
        filter.scope.as_deref(),
        filter.region
    )
    .fetch_one(db)
    .await
}

/// Who fits the words and the filters, in no order, at most so many. No words fit everybody.
pub async fn find(db: &mut PgConnection, filter: &Filter, words: &Words, most: i64) -> Result<Vec<Uuid>> {
    if let Some(number) = words.number() {
        let found = ids!(&mut *db, filter, most, "m.number = $13", "", number)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if words.is_empty() {
        return ids!(db, filter, most, "true", "");
    }
    if !words.has_long() {
        return ids!(
            db,
            filter,
            most,
            "to_tsvector('simple', p.search) @@ (
                 select to_tsquery('simple', string_agg('''' || replace(replace(plain_text(word), '\\', ''), '''', ' ') || ''':*', ' & '))
                 from unnest($13::text[]) word)
             and ($4::text[] is null
                  or (' ' || seen.words) like all (coalesce((select array_agg(plain_text(word)) from unnest($14::text[]) word), '{}')))",
            "",
            &words.short,
            &words.beginnings()
        );
    }
    let [first, second] = words.patterns();
    // The index looks up two words; whom it finds must have the others too.
    ids!(
        db,
        filter,
        most,
        "p.search like (select plain_text($13::text)) and p.search like (select plain_text($14::text))
         and seen.words like all (coalesce((select array_agg(plain_text(word)) from unnest($15::text[]) word), '{}'))
         and (' ' || seen.words) like all (coalesce((select array_agg(plain_text(word)) from unnest($16::text[]) word), '{}'))",
        "",
        first,
        second,
        &words.all_patterns(),
        &words.beginnings()
    )
}

/// Who fits the words but for slips of the pen, in no order. For when nobody fits exactly; words that are too short
/// to tell a slip from another word are left out.
pub async fn find_similar(
    db: &mut PgConnection,
    filter: &Filter,
    words: &Words,
    most: i64,
) -> Result<Vec<Uuid>> {
    let [first, second, third] = words.slips();
    let (first, first_swaps) = first.unzip();
    let (second, second_swaps) = second.unzip();
    let (third, third_swaps) = third.unzip();
    ids!(
        db,
        filter,
        most,
        "(p.search %> (select plain_text($13::text)) or p.search ~ (select plain_text($14::text)))
         and ($15::text is null or p.search %> (select plain_text($15)) or p.search ~ (select plain_text($16::text)))
         and ($17::text is null or p.search %> (select plain_text($17)) or p.search ~ (select plain_text($18::text)))
         and ($4::text[] is null
              or ((seen.words %> plain_text($13) or seen.words ~ plain_text($14))
                  and ($15::text is null or seen.words %> plain_text($15) or seen.words ~ plain_text($16))
                  and ($17::text is null or seen.words %> plain_text($17) or seen.words ~ plain_text($18))))",
        "",
        first,
        first_swaps,
        second,
        second_swaps,
        third,
        third_swaps
    )
}

/// The next people of a long list in its order, walking the order's index from the person it came to last.
pub async fn walk(
    db: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Uuid>> {
    match (sort, filter.members) {
        (Sort::Name, _) => ids!(
            db,
            filter,
            most,
            "$13::uuid is null or (plain_text(p.name), p.id) > ((select plain_text(name) from people where id = $13), $13)",
            "order by plain_text(p.name), p.id",
            after
        ),
        (Sort::Region, _) => ids!(
            db,
            filter,
            most,
            "$13::uuid is null or (coalesce(p.region, '~'), plain_text(p.name), p.id)
             > ((select coalesce(region, '~') from people where id = $13), (select plain_text(name) from people where id = $13), $13)",
            "order by coalesce(p.region, '~'), plain_text(p.name), p.id",
            after
        ),
        (Sort::Newest, true) => ids!(
            db,
            filter,
            most,
            "$13::uuid is null or (m.joined_on <= (select joined_on from memberships where person_id = $13)
             and (m.joined_on < (select joined_on from memberships where person_id = $13)
                  or m.id > (select id from memberships where person_id = $13)))",
            "order by m.joined_on desc, m.id",
            after
        ),
        (Sort::Oldest, true) => ids!(
            db,
            filter,
            most,
            "$13::uuid is null or (m.joined_on >= (select joined_on from memberships where person_id = $13)
             and (m.joined_on > (select joined_on from memberships where person_id = $13)
                  or m.id < (select id from memberships where person_id = $13)))",
            "order by m.joined_on, m.id desc",
            after
        ),
        (Sort::Newest, false) => ids!(
            db,
            filter,
            most,
            "$13::uuid is null or (p.created_at <= (select created_at from people where id = $13)
             and (p.created_at < (select created_at from people where id = $13) or p.id > $13))",
            "order by p.created_at desc, p.id",
            after
        ),
        (Sort::Oldest, false) => ids!(
            db,
            filter,
            most,
            "$13::uuid is null or (p.created_at >= (select created_at from people where id = $13)
             and (p.created_at > (select created_at from people where id = $13) or p.id < $13))",
            "order by p.created_at, p.id desc",
            after
        ),
        (Sort::LastPayment, _) => walk_payments(db, filter, after, most).await,
    }
}

/// Backwards through the books, stopping at each person's newest payment; then those who never paid.
async fn walk_payments(
    db: &mut PgConnection,
    filter: &Filter,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Uuid>> {
    let has_paid =
        match after {
            None => true,
            Some(person) => sqlx::query_scalar!(
                r#"select exists (select from ledger where person_id = $1 and kind = 'payment') as "paid!""#,
                person
            )
            .fetch_one(&mut *db)
            .await?,
        };
    let mut found = Vec::new();
    if has_paid {
        let rows = sqlx::query_scalar!(
            r#"select p.id
               from ledger l
               join people p on p.id = l.person_id
               left join memberships m on m.person_id = p.id
               left join consents c on c.person_id = p.id and c.purpose = $11 and c.withdrawn_at is null
               where l.kind = 'payment'
                 and not exists (select from ledger later where later.person_id = l.person_id and later.kind = 'payment'
                                 and later.at >= l.at and (later.at > l.at or later.id < l.id))
                 and ($13::uuid is null or (
                     l.at <= (select max(at) from ledger where person_id = $13 and kind = 'payment')
                     and (l.at < (select max(at) from ledger where person_id = $13 and kind = 'payment')
                          or l.id > (select id from ledger where person_id = $13 and kind = 'payment' order by at desc, id limit 1))))
                 and (not $1::boolean or m.id is not null)
                 and ($2::text is null or p.standing = $2)
                 and ($3::text is null or m.state = $3)
                 and ($4::text[] is null or p.region = any($4))
                 and ($5::text is null or p.region = $5)
                 and ($6::text is null or m.rate = $6)
                 and ($7::date is null or m.joined_on >= $7)
                 and ($8::date is null or m.joined_on <= $8)
                 and ($9::timestamptz is null or p.created_at >= $9)
                 and ($10::timestamptz is null or p.created_at < $10)
                 and ($11::text is null or c.id is not null)
               order by l.at desc, l.id
               limit $12"#,
            filter.members,
            filter.standing,
            filter.state,
            filter.scope.as_deref(),
            filter.region,
            filter.rate,
            filter.joined_from,
            filter.joined_to,
            filter.created_from,
            filter.created_before,
            filter.consent,
            most,
            after
        )
        .fetch_all(&mut *db)
        .await?;
        found = rows;
    }
    let left = most - i64::try_from(found.len()).unwrap_or(most);
    if left > 0 {
        let after = after.filter(|_| !has_paid);
        let never = ids!(
            db,
            filter,
            left,
            "not exists (select from ledger l where l.person_id = p.id and l.kind = 'payment')
             and ($13::uuid is null or (plain_text(p.name), p.id) > ((select plain_text(name) from people where id = $13), $13))",
            "order by plain_text(p.name), p.id",
            after
        )?;
        found.extend(never);
    }
    Ok(found)
}

/// One person, as lists and exports show them.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: Uuid,
    pub number: Option<i64>,
    pub name: String,
    pub email: String,
    pub postcode: Option<String>,
    pub region: Option<Region>,
    pub standing: String,
    pub state: Option<String>,
    pub rate: Option<String>,
    pub amount: Option<Money>,
    pub billing_interval: Option<String>,
    pub joined_on: NaiveDate,
    pub last_paid_at: Option<DateTime<Utc>>,
    pub wants_updates: bool,
    /// Whether organisers of the region may have the address.
    pub open_to_organisers: bool,
}

impl Row {
    /// `£5 a month`
    pub fn price(&self) -> String {
        let (Some(amount), Some(interval)) = (self.amount, &self.billing_interval) else {
            return String::new();
        };
        format!("{amount} a {interval}")
    }

    pub fn rate_words(&self) -> &'static str {
        self.rate.as_deref().and_then(|code| code.parse::<Rate>().ok()).map_or("", Rate::name)
    }
}

/// In which order rows are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Order<'a> {
    /// As the ids stand.
    AsGiven,
    By(Sort),
    /// Those most like a word first.
    Like(&'a str),
}

/// The rows to some ids, sorted and cut.
pub async fn rows(
    db: &mut PgConnection,
    ids: &[Uuid],
    order: Order<'_>,
    most: i64,
    skip: i64,
) -> Result<Vec<Row>> {
    let (sort, like) = match order {
        Order::AsGiven => (None, None),
        Order::By(sort) => (Some(sort.code()), None),
        Order::Like(word) => (Some("like"), Some(word)),
    };
    let rows = sqlx::query!(
        r#"with sorted as (
               select f.id, row_number() over (order by
                          case when $2::text is null then f.place end,
                          case when $2 = 'like' then word_similarity(plain_text($5::text), p.search) end desc nulls last,
                          case when $2 = 'newest' then coalesce(m.joined_on, p.created_at::date) end desc nulls last,
                          case when $2 = 'oldest' then coalesce(m.joined_on, p.created_at::date) end,
                          case when $2 = 'region' then coalesce(p.region, '~') end,
                          case when $2 = 'last_payment' then
                              (select l.at from ledger l where l.person_id = p.id and l.kind = 'payment' order by l.at desc limit 1)
                          end desc nulls last,
                          plain_text(p.name), f.id) as place
               from unnest($1::uuid[]) with ordinality f(id, place)
               join people p on p.id = f.id
               left join memberships m on m.person_id = f.id
           )
           select p.id, m.number as "number?", p.name, p.email::text as "email!", p.postcode, p.region, p.standing,
                  m.state as "state?", m.rate as "rate?", m.amount_pence as "amount_pence?",
                  m.billing_interval as "billing_interval?",
                  coalesce(m.joined_on, (p.created_at at time zone 'Europe/London')::date) as "joined_on!",
                  (select l.at from ledger l where l.person_id = p.id and l.kind = 'payment' order by l.at desc limit 1) as "last_paid_at?",
                  exists (select from consents x where x.person_id = p.id and x.purpose = 'email_updates' and x.withdrawn_at is null) as "wants_updates!",
                  exists (select from consents x where x.person_id = p.id and x.purpose = 'organiser_contact' and x.withdrawn_at is null) as "open_to_organisers!"
           from sorted s
           join people p on p.id = s.id
           left join memberships m on m.person_id = s.id
           where s.place > $4::bigint and s.place <= $4::bigint + $3::bigint
           order by s.place"#,
        ids,
        sort,
        most,
        skip,
        like
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let region = row.region.map(|slug| slug.parse()).transpose();
            Ok(Row {
                id: row.id,
                number: row.number,
                name: row.name,
                email: row.email,
                postcode: row.postcode,
                region: region.map_err(|error: String| sqlx::Error::Decode(error.into()))?,
                standing: row.standing,
                state: row.state,
                rate: row.rate,
                amount: row.amount_pence.map(Money::from_pence),
                billing_interval: row.billing_interval,
                joined_on: row.joined_on,
                last_paid_at: row.last_paid_at,
                wants_updates: row.wants_updates,
                open_to_organisers: row.open_to_organisers,
            })
        })
        .collect()
}
