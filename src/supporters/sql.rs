use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Filter, Interest, SignUp, Supporter, SupporterLine};
use crate::places::Region;

type Result<T> = std::result::Result<T, sqlx::Error>;

fn decode<E: std::fmt::Display>(error: E) -> sqlx::Error {
    sqlx::Error::Decode(error.to_string().into())
}

fn codes(interests: &[Interest]) -> Vec<String> {
    interests.iter().map(|interest| interest.code().to_owned()).collect()
}

/// An interest that the list no longer has is left out rather than hiding its person.
fn interests(codes: &[String]) -> Vec<Interest> {
    codes.iter().filter_map(|code| code.parse().ok()).collect()
}

pub(super) async fn insert_sign_up(
    db: &mut PgConnection,
    id: Uuid,
    token_hash: &[u8],
    new: &SignUp,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into supporter_sign_ups (id, token_hash, email, name, postcode, region, interests, organiser_contact, asked_at, expires_at)
         values ($1, $2, $3::text::citext, $4, $5, $6, $7, $8, $9, $10)",
        id,
        token_hash,
        new.email.as_str(),
        new.name,
        new.postcode.as_str(),
        new.region.map(Region::slug),
        &codes(&new.interests),
        new.organiser_contact,
        now,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

struct SignUpRow {
    email: String,
    name: String,
    postcode: String,
    region: Option<String>,
    interests: Vec<String>,
    organiser_contact: bool,
}

impl TryFrom<SignUpRow> for SignUp {
    type Error = sqlx::Error;

    fn try_from(row: SignUpRow) -> Result<Self> {
        Ok(Self {
            email: row.email.parse().map_err(decode)?,
            name: row.name,
            postcode: row.postcode.parse().map_err(decode)?,
            region: row.region.map(|slug| slug.parse()).transpose().map_err(decode::<String>)?,
            interests: interests(&row.interests),
            organiser_contact: row.organiser_contact,
        })
    }
}

/// The name on a sign-up, and whether it has been confirmed; `None` if the link is unknown or over.
pub(super) async fn find_sign_up(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<(String, bool)>> {
    let row = sqlx::query!(
        r#"select name, confirmed_at is not null as "confirmed!" from supporter_sign_ups
           where token_hash = $1 and expires_at > $2"#,
        token_hash,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.name, row.confirmed)))
}

/// Uses the link up: of two who press the button, one gets the sign-up.
pub(super) async fn use_sign_up(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SignUp>> {
    sqlx::query_as!(
        SignUpRow,
        r#"update supporter_sign_ups set confirmed_at = $2
           where token_hash = $1 and confirmed_at is null and expires_at > $2
           returning email::text as "email!", name, postcode, region, interests, organiser_contact"#,
        token_hash,
        now
    )
    .fetch_optional(db)
    .await?
    .map(SignUp::try_from)
    .transpose()
}

pub(super) async fn delete_expired(db: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from supporter_sign_ups where expires_at < $1", now).execute(db).await?;
    Ok(done.rows_affected())
}

/// Keeps what a supporter wants to help with. Since when stays as it first was.
pub(super) async fn put_supporter(
    db: &mut PgConnection,
    person: Uuid,
    chosen: &[Interest],
    source: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into supporters (person_id, interests, since, source) values ($1, $2, $3, $4)
         on conflict (person_id) do update set interests = excluded.interests",
        person,
        &codes(chosen),
        now,
        source
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What somebody signed up for as a supporter, if she did.
pub async fn find_supporter(db: &mut PgConnection, person: Uuid) -> Result<Option<Supporter>> {
    let row = sqlx::query!(
        "select person_id, interests, since, source from supporters where person_id = $1",
        person
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Supporter {
        person_id: row.person_id,
        interests: interests(&row.interests),
        since: row.since,
        source: row.source,
    }))
}

/// Every statement of the list shares this, as macros take no fragments: the conditions of a [`Filter`] as $1 to $6.
struct Conditions {
    search: Option<String>,
    region: Option<&'static str>,
    within: Option<Vec<String>>,
    interest: Option<Vec<String>>,
}

impl From<&Filter> for Conditions {
    fn from(filter: &Filter) -> Self {
        let search = filter.search.as_deref().map(str::trim).filter(|words| !words.is_empty());
        Self {
            // A percent sign or underscore is looked for, not a wildcard.
            search: search.map(|words| words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")),
            region: filter.region.map(Region::slug),
            within: filter.within.clone(),
            interest: filter.interest.map(|interest| vec![interest.code().to_owned()]),
        }
    }
}

/// One page of the officers' list.
pub async fn list_supporters(
    db: &mut PgConnection,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<Vec<SupporterLine>> {
    let conditions = Conditions::from(filter);
    let rows = sqlx::query!(
        r#"select s.person_id, p.name, p.email::text as "email!", p.postcode, p.region, s.interests, s.since,
                  p.standing = 'member' as "is_member!",
                  exists (select from consents c where c.person_id = p.id and c.purpose = 'email_updates' and c.withdrawn_at is null) as "email_updates!",
                  exists (select from consents c where c.person_id = p.id and c.purpose = 'organiser_contact' and c.withdrawn_at is null) as "organiser_contact!"
           from supporters s join people p on p.id = s.person_id
           where ($1::text is null or p.search like '%' || plain_text($1) || '%')
             and ($2::text is null or p.region = $2)
             and ($3::text[] is null or p.region = any ($3))
             and ($4::text[] is null or s.interests @> $4)
             and (not $5 or exists (select from consents c where c.person_id = p.id and c.purpose = 'email_updates' and c.withdrawn_at is null))
             and (not $6 or p.standing <> 'member')
           order by case when $7 = 'name' then plain_text(p.name) end,
                    case when $7 = 'newest' then s.since end desc,
                    case when $7 = 'oldest' then s.since end,
                    s.person_id
           limit $8 offset $9"#,
        conditions.search,
        conditions.region,
        conditions.within.as_deref(),
        conditions.interest.as_deref(),
        filter.only_email_updates,
        filter.without_members,
        filter.order.code(),
        limit,
        offset
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SupporterLine {
                person_id: row.person_id,
                name: row.name,
                email: row.email,
                postcode: row.postcode,
                region: row.region.map(|slug| slug.parse()).transpose().map_err(decode::<String>)?,
                interests: interests(&row.interests),
                since: row.since,
                is_member: row.is_member,
                email_updates: row.email_updates,
                organiser_contact: row.organiser_contact,
            })
        })
        .collect()
}

/// How many the list has, counted up to `most`.
pub async fn count_supporters(db: &mut PgConnection, filter: &Filter, most: i64) -> Result<i64> {
    let conditions = Conditions::from(filter);
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from supporters s join people p on p.id = s.person_id
               where ($1::text is null or p.search like '%' || plain_text($1) || '%')
                 and ($2::text is null or p.region = $2)
                 and ($3::text[] is null or p.region = any ($3))
                 and ($4::text[] is null or s.interests @> $4)
                 and (not $5 or exists (select from consents c where c.person_id = p.id and c.purpose = 'email_updates' and c.withdrawn_at is null))
                 and (not $6 or p.standing <> 'member')
               limit $7) as found"#,
        conditions.search,
        conditions.region,
        conditions.within.as_deref(),
        conditions.interest.as_deref(),
        filter.only_email_updates,
        filter.without_members,
        most
    )
    .fetch_one(db)
    .await
}

/// Supporters in one statement: people, what they help with (codes separated by commas), since when.
pub(super) async fn insert_supporters(
    db: &mut PgConnection,
    people: &[Uuid],
    interests: &[String],
    since: &[DateTime<Utc>],
    source: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into supporters (person_id, interests, since, source)
         select person_id, string_to_array(interests, ','), since, $4
         from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as new (person_id, interests, since)
         on conflict (person_id) do nothing",
        people,
        interests,
        since,
        source
    )
    .execute(db)
    .await?;
    Ok(())
}
