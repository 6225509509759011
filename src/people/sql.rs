//! The queries about people: first the ids, beginning at an index, then the rows to these ids.
//!
//! A statement is put together from the conditions that are asked, so that one that is not costs nothing; a test runs
//! each of them, as the compiler cannot check these. What is typed decides which index is used. Patterns are handed
//! over as `(select ..)`: the planner cannot then guess from a word how many it will find, guess wrong, and read the
//! whole table. The other values are planned with ([`begin`]).

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{
    Connection, Encode, PgConnection, Postgres, QueryBuilder, Type, postgres::PgHasArrayType, types::Json,
};
use uuid::Uuid;

use super::{
    condition::{Condition, Segment},
    model::Sort,
    words::Words,
};
use crate::{
    accounts::{ConsentPurpose, Scope, Standing},
    kit::{dates, db::Tx, money::Money, stripe::Interval},
    membership::{Personal, Rate, Status},
    places::Region,
    supporters::Interest,
};

type Result<T> = std::result::Result<T, sqlx::Error>;
type Query = QueryBuilder<Postgres>;

/// Begins a transaction in which the values asked for are planned with, whole tables are left alone if there is any
/// other way, and `smith` is not like half the country (for [`find_similar`]). Nothing is compiled: a table without an
/// index then looks dear enough for that, which takes a hundred times as long as reading it.
pub async fn begin(db: &mut PgConnection) -> Result<Tx<'_>> {
    db.begin_with(
        "begin; set local plan_cache_mode = force_custom_plan; set local enable_seqscan = off; set local jit = off;
         set local pg_trgm.word_similarity_threshold = 0.5",
    )
    .await
}

/// Adds a `select` of one column, `id`, with the ids of a segment: for a statement of a higher room that counts them
/// or writes a row for each, as `insert into .. select chosen.id from (<this>) chosen`.
pub fn push_ids(query: &mut Query, segment: &Segment, scope: &Scope) {
    push_select(query, "people p", segment, scope);
}

/// How many fit, for whole segments; lists count what they have found.
///
/// # Errors
/// The database is away.
pub async fn count(db: &mut PgConnection, segment: &Segment, scope: &Scope) -> Result<i64> {
    let mut query = Query::new("select count(*) from (");
    push_ids(&mut query, segment, scope);
    query.push(") chosen");
    query.build_query_scalar().fetch_one(db).await
}

/// How many have a standing and are in a region of each of the sets.
///
/// # Errors
/// The database is away.
pub async fn count_standing(
    db: &mut PgConnection,
    standing: Standing,
    regions: Vec<Vec<String>>,
) -> Result<i64> {
    let mut query =
        Query::new("select coalesce(sum(number), 0)::bigint from tallies where what = 'people' and key = ");
    query.push_bind(standing.code());
    for any in regions {
        push_any(&mut query, "part", any);
    }
    query.build_query_scalar().fetch_one(db).await
}

/// The ids of everybody that a segment and the scope let through, among the rows of `from`, which names people `p`.
fn push_select(query: &mut Query, from: &str, segment: &Segment, scope: &Scope) {
    // Postgres leaves a left join out when nothing asks for its table, and makes it an inner one when a condition does.
    query.push("select p.id from ").push(from).push(
        " left join memberships m on m.person_id = p.id
         left join supporters s on s.person_id = p.id",
    );
    for (number, condition) in segment.0.iter().enumerate() {
        if let Condition::Consent(purpose) = condition {
            query.push(format_args!(
                " join consents c{number} on c{number}.person_id = p.id and c{number}.purpose = "
            ));
            query.push_bind(purpose.code());
            query.push(format_args!(" and c{number}.withdrawn_at is null"));
        }
    }
    // An officer of some regions sees those who agreed to it, by what they agreed to share: name and email address.
    // Whatever a search finds by, it tells.
    let seen = match scope {
        Scope::Everyone => "p.search",
        Scope::Regions(_) => {
            query.push(" join consents o on o.person_id = p.id and o.withdrawn_at is null and o.purpose = ");
            query.push_bind(ConsentPurpose::OrganiserContact.code());
            "search_name(p.name) || ' ' || plain_text(p.email::text)"
        }
    };
    query.push(format_args!(" cross join lateral (select {seen} as words) seen where true"));
    if let Some(regions) = scope.region_slugs() {
        push_any(query, "p.region", regions);
    }
    for condition in &segment.0 {
        push_condition(query, condition, scope);
    }
}

/// `and column = $1`, or one of several.
fn push_any<T>(query: &mut Query, column: &str, mut values: Vec<T>)
where
    T: for<'q> Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType + Clone,
{
    query.push(" and ").push(column);
    match (values.pop(), values.is_empty()) {
        (Some(value), true) => query.push(" = ").push_bind(value),
        (last, _) => {
            values.extend(last);
            query.push(" = any(").push_bind(values).push(")")
        }
    };
}

fn push_condition(query: &mut Query, condition: &Condition, scope: &Scope) {
    let next_day = |day: NaiveDate| dates::start_of_day(day.succ_opt().unwrap_or(day));
    match condition {
        Condition::Words(words) => push_words(query, words, scope),
        Condition::Standing(standings) => {
            push_any(query, "p.standing", standings.iter().copied().map(Standing::code).collect());
        }
        Condition::HasMembership => {
            query.push(" and m.id is not null");
        }
        Condition::NoMembership => {
            query.push(" and m.id is null");
        }
        Condition::Status(statuses) => {
            push_any(query, "m.state", statuses.iter().copied().map(Status::code).collect());
        }
        Condition::Region(regions) => {
            push_any(query, "p.region", regions.iter().copied().map(Region::slug).collect());
        }
        Condition::Rate(rates) => push_any(query, "m.rate", rates.iter().copied().map(Rate::code).collect()),
        Condition::Interval(intervals) => {
            push_any(query, "m.billing_interval", intervals.iter().copied().map(Interval::code).collect());
        }
        Condition::JoinedFrom(day) => {
            query.push(" and m.joined_on >= ").push_bind(*day);
        }
        Condition::JoinedTo(day) => {
            query.push(" and m.joined_on <= ").push_bind(*day);
        }
        Condition::BehindFrom(day) => {
            query.push(" and m.id in (select membership_id from membership_arrears where since >= ");
            query.push_bind(*day).push(")");
        }
        Condition::BehindTo(day) => {
            query.push(" and m.id in (select membership_id from membership_arrears where since <= ");
            query.push_bind(*day).push(")");
        }
        Condition::KnownFrom(day) => {
            query.push(" and p.created_at >= ").push_bind(dates::start_of_day(*day));
        }
        Condition::KnownTo(day) => {
            query.push(" and p.created_at < ").push_bind(next_day(*day));
        }
        // Its join has asked already.
        Condition::Consent(_) => {}
        Condition::Interest(interests) => {
            let codes: Vec<_> = interests.iter().copied().map(Interest::code).collect();
            query.push(" and s.interests && ").push_bind(codes);
        }
        Condition::People(people) => {
            query.push(" and p.id = any(").push_bind(people.clone()).push(")");
        }
    }
}

/// Whoever has all the words. No words fit everybody.
fn push_words(query: &mut Query, words: &Words, scope: &Scope) {
    if words.has_long() {
        // The index looks up two words; those it finds must have the others too.
        let [first, second] = words.patterns();
        query.push(" and p.search like (select plain_text(").push_bind(first);
        query.push(")) and p.search like (select plain_text(").push_bind(second).push("))");
        push_like_all(query, "seen.words", words.all_patterns());
        push_like_all(query, "(' ' || seen.words)", words.beginnings());
    } else if !words.short.is_empty() {
        query
            .push(
                " and to_tsvector('simple', p.search) @@ (
                     select to_tsquery('simple', string_agg('''' || replace(replace(plain_text(word), '\\', ''), '''', ' ') || ''':*', ' & '))
                     from unnest(",
            )
            .push_bind(words.short.clone())
            .push("::text[]) word)");
        if *scope != Scope::Everyone {
            push_like_all(query, "(' ' || seen.words)", words.beginnings());
        }
    }
    push_like_all(query, "(' ' || seen.words)", words.exact_patterns());
}

fn push_like_all(query: &mut Query, text: &str, patterns: Vec<String>) {
    if !patterns.is_empty() {
        query.push(" and ").push(text).push(" like all ((select array_agg(plain_text(word)) from unnest(");
        query.push_bind(patterns).push("::text[]) word)::text[])");
    }
}

async fn ids(db: &mut PgConnection, mut query: Query, order: &str, most: i64) -> Result<Vec<Uuid>> {
    query.push(order).push(" limit ").push_bind(most);
    query.build_query_scalar().fetch_all(db).await
}

fn select(segment: &Segment, scope: &Scope) -> Query {
    let mut query = Query::new("");
    push_ids(&mut query, segment, scope);
    query
}

/// Who fits, in no order, at most so many. A number is first looked for among the members'.
pub async fn find(db: &mut PgConnection, segment: &Segment, scope: &Scope, most: i64) -> Result<Vec<Uuid>> {
    if let Some(number) = segment.words().and_then(Words::number).filter(|_| *scope == Scope::Everyone) {
        let mut query = select(&segment.without_words(), scope);
        query.push(" and m.number = ").push_bind(number);
        let found = ids(db, query, "", most).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    ids(db, select(segment, scope), "", most).await
}

/// Who fits the words but for slips in typing, in no order. For when nobody fits exactly; words that are too short
/// to tell a slip from another word are left out.
pub async fn find_similar(
    db: &mut PgConnection,
    segment: &Segment,
    scope: &Scope,
    words: &Words,
    most: i64,
) -> Result<Vec<Uuid>> {
    let mut query = select(&segment.without_words(), scope);
    for (word, swaps) in words.slips().into_iter().flatten() {
        query.push(" and (p.search %> (select plain_text(").push_bind(word.clone());
        query.push(")) or p.search ~ (select plain_text(").push_bind(swaps.clone()).push(")))");
        if *scope != Scope::Everyone {
            query.push(" and (seen.words %> plain_text(").push_bind(word);
            query.push(") or seen.words ~ plain_text(").push_bind(swaps).push("))");
        }
    }
    ids(db, query, "", most).await
}

/// The next people of a long list in its order, walking the order's index from the person it came to last.
/// `members` says that all have a membership, so that "newest" is by the day of joining.
pub async fn walk(
    db: &mut PgConnection,
    segment: &Segment,
    scope: &Scope,
    (sort, members): (Sort, bool),
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Uuid>> {
    // `?` is the person it came to last.
    let (further, order) = match (sort, members) {
        (Sort::LastPayment, _) => return walk_payments(db, segment, scope, after, most).await,
        (Sort::Name, _) => (BY_NAME, " order by plain_text(p.name), p.id"),
        (Sort::Region, _) => (
            "(coalesce(p.region, '~'), plain_text(p.name), p.id)
             > ((select coalesce(region, '~') from people where id = ?), (select plain_text(name) from people where id = ?), ?)",
            " order by coalesce(p.region, '~'), plain_text(p.name), p.id",
        ),
        (Sort::Status, _) => (
            "(array_position('{grace,pending,suspended,active,ended}'::text[], m.state), m.id)
             > ((select array_position('{grace,pending,suspended,active,ended}'::text[], state) from memberships where person_id = ?),
                (select id from memberships where person_id = ?))",
            " order by array_position('{grace,pending,suspended,active,ended}'::text[], m.state), m.id",
        ),
        (Sort::Rate, _) => (
            "(array_position('{low_wage,standard,solidarity}'::text[], m.rate), m.amount_pence, m.id)
             > ((select array_position('{low_wage,standard,solidarity}'::text[], rate) from memberships where person_id = ?),
                (select amount_pence from memberships where person_id = ?), (select id from memberships where person_id = ?))",
            " order by array_position('{low_wage,standard,solidarity}'::text[], m.rate), m.amount_pence, m.id",
        ),
        (Sort::Newest, true) => (
            "(m.joined_on <= (select joined_on from memberships where person_id = ?)
              and (m.joined_on < (select joined_on from memberships where person_id = ?)
                   or m.id > (select id from memberships where person_id = ?)))",
            " order by m.joined_on desc, m.id",
        ),
        (Sort::Oldest, true) => (
            "(m.joined_on >= (select joined_on from memberships where person_id = ?)
              and (m.joined_on > (select joined_on from memberships where person_id = ?)
                   or m.id < (select id from memberships where person_id = ?)))",
            " order by m.joined_on, m.id desc",
        ),
        (Sort::Newest, false) => (
            "(p.created_at <= (select created_at from people where id = ?)
              and (p.created_at < (select created_at from people where id = ?) or p.id > ?))",
            " order by p.created_at desc, p.id",
        ),
        (Sort::Oldest, false) => (
            "(p.created_at >= (select created_at from people where id = ?)
              and (p.created_at > (select created_at from people where id = ?) or p.id < ?))",
            " order by p.created_at, p.id desc",
        ),
    };
    let mut query = select(segment, scope);
    if members {
        // So that the walk may begin at the index of memberships by date.
        query.push(" and m.id is not null");
    }
    push_further(&mut query, further, after);
    ids(db, query, order, most).await
}

const BY_NAME: &str = "(plain_text(p.name), p.id) > ((select plain_text(name) from people where id = ?), ?)";

/// Adds the condition that somebody stands behind the person a walk came to last.
fn push_further(query: &mut Query, condition: &str, after: Option<Uuid>) {
    let Some(after) = after else { return };
    query.push(" and ");
    for (number, part) in condition.split('?').enumerate() {
        if number > 0 {
            query.push_bind(after);
        }
        query.push(part);
    }
}

/// Backwards through the books, stopping at each person's newest payment; then those who never paid.
async fn walk_payments(
    db: &mut PgConnection,
    segment: &Segment,
    scope: &Scope,
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
        let mut query = Query::new("");
        push_select(&mut query, "ledger l join people p on p.id = l.person_id", segment, scope);
        query.push(
            " and l.kind = 'payment'
              and not exists (select from ledger later where later.person_id = l.person_id and later.kind = 'payment'
                              and later.at >= l.at and (later.at > l.at or later.id < l.id))",
        );
        push_further(
            &mut query,
            "l.at <= (select max(at) from ledger where person_id = ? and kind = 'payment')
             and (l.at < (select max(at) from ledger where person_id = ? and kind = 'payment')
                  or l.id > (select id from ledger where person_id = ? and kind = 'payment' order by at desc, id limit 1))",
            after,
        );
        found = ids(db, query, " order by l.at desc, l.id", most).await?;
    }
    let left = most - i64::try_from(found.len()).unwrap_or(most);
    if left > 0 {
        let mut query = select(segment, scope);
        query.push(" and not exists (select from ledger l where l.person_id = p.id and l.kind = 'payment')");
        push_further(&mut query, BY_NAME, after.filter(|_| !has_paid));
        found.extend(ids(db, query, " order by plain_text(p.name), p.id", left).await?);
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
    /// Of members, former ones too.
    pub personal: Option<Json<Personal>>,
    pub postcode: Option<String>,
    pub region: Option<Region>,
    pub standing: Standing,
    pub status: Option<Status>,
    pub rate: Option<Rate>,
    pub amount: Option<Money>,
    pub interval: Option<Interval>,
    /// Set when renewal is stopped.
    pub ends_on: Option<NaiveDate>,
    pub joined_on: NaiveDate,
    pub last_paid_at: Option<DateTime<Utc>>,
    pub wants_updates: bool,
    /// Whether organisers of the region may have name and address.
    pub open_to_organisers: bool,
}

impl Row {
    /// `£5 a month`
    pub fn price(&self) -> String {
        let price = self.amount.zip(self.interval);
        price.map(|(amount, interval)| format!("{amount} a {interval}")).unwrap_or_default()
    }

    pub fn rate_name(&self) -> &'static str {
        self.rate.map_or("", Rate::name)
    }

    /// The membership's status, or what else they are.
    pub fn status_name(&self) -> &'static str {
        self.status.map_or(self.standing.name(), Status::name)
    }

    /// The colour and the words of their tag on a day.
    pub fn tag(&self, today: NaiveDate) -> (&'static str, String) {
        match self.status {
            Some(status) => status.tag(self.ends_on, today),
            None => (self.standing.colour(), self.standing.name().to_owned()),
        }
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
    sqlx::query_as!(
        Row,
        r#"with sorted as (
               select f.id, row_number() over (order by
                          case when $2::text is null then f.place end,
                          case when $2 = 'like' then word_similarity(plain_text($5::text), p.search) end desc nulls last,
                          case when $2 = 'newest' then coalesce(m.joined_on, p.created_at::date) end desc nulls last,
                          case when $2 = 'oldest' then coalesce(m.joined_on, p.created_at::date) end,
                          case when $2 = 'status' then array_position('{grace,pending,suspended,active,ended}'::text[], m.state) end,
                          case when $2 = 'rate' then array_position('{low_wage,standard,solidarity}'::text[], m.rate) end,
                          case when $2 = 'rate' then m.amount_pence end,
                          case when $2 = 'region' then coalesce(p.region, '~') end,
                          case when $2 = 'last_payment' then
                              (select l.at from ledger l where l.person_id = p.id and l.kind = 'payment' order by l.at desc limit 1)
                          end desc nulls last,
                          plain_text(p.name), f.id) as place
               from unnest($1::uuid[]) with ordinality f(id, place)
               join people p on p.id = f.id
               left join memberships m on m.person_id = f.id
           )
           select p.id, m.number as "number?", p.name, p.email::text as "email!",
                  m.personal as "personal?: Json<Personal>", p.postcode, p.region as "region: Region",
                  p.standing as "standing: Standing",
                  m.state as "status?: Status", m.rate as "rate?: Rate", m.amount_pence as "amount?: Money",
                  m.billing_interval as "interval?: Interval", m.ends_on as "ends_on?",
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
    .await
}

/// The filters that an officer keeps for a list: id, name, and the fields of the list's address.
pub async fn list_filters(
    db: &mut PgConnection,
    officer: Uuid,
    list: &str,
) -> Result<Vec<(Uuid, String, Vec<(String, String)>)>> {
    let rows = sqlx::query!(
        r#"select id, name, fields as "fields: Json<Vec<(String, String)>>" from people_filters
           where officer_id = $1 and list = $2 order by plain_text(name), id"#,
        officer,
        list
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name, row.fields.0)).collect())
}

/// A filter to be kept.
pub struct NewFilter<'a> {
    pub id: Uuid,
    pub officer: Uuid,
    pub list: &'a str,
    pub name: &'a str,
    pub fields: &'a [(String, String)],
    pub now: DateTime<Utc>,
}

/// Keeps a filter; one of the same name is replaced. `false` if there are as many as `most`.
pub async fn save_filter(db: &mut PgConnection, new: &NewFilter<'_>, most: i64) -> Result<bool> {
    let done = sqlx::query!(
        "insert into people_filters (id, officer_id, list, name, fields, created_at)
         select $1, $2, $3, $4, $5, $6
         where (select count(*) from people_filters where officer_id = $2 and list = $3) < $7
         on conflict (officer_id, list, name) do update set fields = excluded.fields",
        new.id,
        new.officer,
        new.list,
        new.name,
        Json(new.fields) as _,
        new.now,
        most
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes an officer's own filter away; the list that it was for.
pub async fn delete_filter(db: &mut PgConnection, id: Uuid, officer: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "delete from people_filters where id = $1 and officer_id = $2 returning list",
        id,
        officer
    )
    .fetch_optional(db)
    .await
}
