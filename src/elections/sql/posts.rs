//! Posts.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use super::{regions, whole};
use crate::{
    accounts::Role,
    ballots::Electorate,
    elections::model::{Post, PostWords},
    kit::db::impossible,
    places::Region,
};

struct Row {
    id: Uuid,
    slug: String,
    title: String,
    duties: String,
    seats: i32,
    term_months: i32,
    regions: Option<Vec<Region>>,
    oldest: Option<i32>,
    role: Option<Role>,
    under_way: Option<Uuid>,
}

impl TryFrom<Row> for Post {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let number = |number: i32| u32::try_from(number).map_err(impossible);
        Ok(Self {
            id: row.id,
            slug: row.slug,
            words: PostWords {
                title: row.title,
                duties: row.duties,
                seats: number(row.seats)?,
                term_months: number(row.term_months)?,
                electorate: Electorate {
                    regions: row.regions.unwrap_or_default(),
                    oldest: row.oldest.map(number).transpose()?,
                },
                role: row.role,
            },
            under_way: row.under_way,
        })
    }
}

/// `posts!("where p.id = $1", id)`
macro_rules! posts {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select p.id, p.slug, p.title, p.duties, p.seats, p.term_months, p.regions as "regions: Vec<Region>", p.oldest, p.role as "role: Role",
                      (select e.id from elections e where e.post_id = p.id and e.settled_at is null) as under_way
               from election_posts p "# + $which
            $(, $value)*
        )
    };
}

pub async fn list(db: &mut PgConnection) -> Result<Vec<Post>> {
    posts!("order by p.title, p.id").fetch_all(db).await?.into_iter().map(Post::try_from).collect()
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Post>> {
    posts!("where p.id = $1", id).fetch_optional(db).await?.map(Post::try_from).transpose()
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Post>> {
    posts!("where p.id = $1 for update of p", id).fetch_optional(db).await?.map(Post::try_from).transpose()
}

/// Adds one; false if its address is taken.
pub async fn insert(
    db: &mut PgConnection,
    (id, slug): (Uuid, &str),
    words: &PostWords,
    now: DateTime<Utc>,
) -> Result<bool> {
    let regions = regions(words);
    let added = sqlx::query!(
        "insert into election_posts (id, slug, title, duties, seats, term_months, regions, oldest, written_at, role)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        id,
        slug,
        words.title,
        words.duties,
        whole(words.seats),
        whole(words.term_months),
        regions.as_deref(),
        words.electorate.oldest.map(whole),
        now,
        words.role.map(Role::code)
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn update(db: &mut PgConnection, id: Uuid, words: &PostWords) -> Result<()> {
    let regions = regions(words);
    sqlx::query!(
        "update election_posts set title = $2, duties = $3, seats = $4, term_months = $5, regions = $6, oldest = $7, role = $8
         where id = $1",
        id,
        words.title,
        words.duties,
        whole(words.seats),
        whole(words.term_months),
        regions.as_deref(),
        words.electorate.oldest.map(whole),
        words.role.map(Role::code)
    )
    .execute(db)
    .await?;
    Ok(())
}
