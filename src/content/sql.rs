use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    kind::Kind,
    model::{Draft, Item, Revision},
    search::Search,
    words::{Article, OfKind, Question, Words},
};
use crate::kit::{address, db::impossible};

type Result<T> = std::result::Result<T, sqlx::Error>;

struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    slug: Option<String>,
    position: i32,
    version: i32,
    words: Value,
    published_at: Option<DateTime<Utc>>,
    changed_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl Row {
    fn with<W>(self, read: impl FnOnce(Value) -> serde_json::Result<W>) -> Result<Item<W>> {
        Ok(Item {
            id: self.id,
            parent_id: self.parent_id,
            slug: self.slug.unwrap_or_default(),
            position: self.position,
            version: self.version,
            words: read(self.words).map_err(impossible)?,
            published_at: self.published_at,
            changed_at: self.changed_at,
            deleted_at: self.deleted_at,
        })
    }

    fn typed<W: OfKind>(self) -> Result<Item<W>> {
        self.with(serde_json::from_value)
    }

    fn of(self, kind: Kind) -> Result<Item<Words>> {
        self.with(|words| Words::read(kind, words))
    }
}

/// `items!("where i.kind = $1", kind)`
macro_rules! items {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            "select i.id, i.parent_id, i.slug, i.position, i.version, i.words, i.published_at, i.changed_at, i.deleted_at
             from content_items i " + $which
            $(, $value)*
        )
    };
}

/// What visitors see of one kind, in the officers' order: that of the groups first, where there are any.
pub async fn list_published<W: OfKind>(db: &mut PgConnection) -> Result<Vec<Item<W>>> {
    let rows = items!(
        "left join content_items parent on parent.id = i.parent_id
         where i.kind = $1 and i.deleted_at is null and i.published_at is not null
         order by parent.position, parent.id, i.position, i.id",
        W::KIND.code()
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::typed).collect()
}

/// News, newest first.
pub async fn list_news(db: &mut PgConnection, limit: i64, offset: i64) -> Result<Vec<Item<Article>>> {
    let rows = items!(
        "where i.kind = 'article' and i.deleted_at is null and i.published_at is not null
         order by i.published_at desc, i.id desc limit $1 offset $2",
        limit,
        offset
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::typed).collect()
}

/// A published item by an address it has or once had, or nearly. If its `slug` differs, it has another one.
pub async fn find_by_slug<W: OfKind>(db: &mut PgConnection, slug: &str) -> Result<Option<Item<W>>> {
    let slug = address::tidy(slug).to_lowercase();
    items!(
        "join content_slugs s on s.item_id = i.id
         where s.kind = $1 and s.slug = $2 and i.deleted_at is null and i.published_at is not null",
        W::KIND.code(),
        slug
    )
    .fetch_optional(db)
    .await?
    .map(Row::typed)
    .transpose()
}

/// Of these items, those that no visitor can open.
pub(super) async fn list_dead(
    db: &mut PgConnection,
    kinds: &[&str],
    slugs: &[&str],
) -> Result<Vec<(Kind, String)>> {
    let rows = sqlx::query!(
        r#"select kind as "kind!: Kind", slug as "slug!" from unnest($1::text[], $2::text[]) asked (kind, slug)
           where not exists (
               select from content_slugs s join content_items i on i.id = s.item_id
               where s.kind = asked.kind and s.slug = asked.slug and i.deleted_at is null and i.published_at is not null)"#,
        kinds as _,
        slugs as _
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.slug)).collect())
}

/// Every published item with an address of its own: kind, slug, last change.
pub async fn list_addresses(db: &mut PgConnection) -> Result<Vec<(Kind, String, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select kind as "kind: Kind", slug as "slug!", changed_at from content_items
           where slug is not null and deleted_at is null and published_at is not null order by kind, position, published_at desc, id"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.slug, row.changed_at)).collect())
}

/// Published questions that may fit, best first, and whether they surely do: by the words' stems, or word by word
/// with slips in them.
pub(super) async fn search_questions(
    db: &mut PgConnection,
    search: &Search,
) -> Result<Vec<(Item<Question>, bool)>> {
    let rows = sqlx::query!(
        r#"select id as "id!", parent_id, slug, position as "position!", version as "version!", words as "words!",
                  published_at, changed_at as "changed_at!", deleted_at, fits as "fits!"
           from (
               select i.*, search_words @@ any_of as fits, search_words @@ all_of as fits_all,
                      ts_rank(search_words, any_of) + ts_rank(search_words, typed) as rank,
                      (select coalesce(avg(word_similarity(word, i.search)), 0) from unnest($4::text[]) word) as likeness,
                      (select coalesce(avg(word_similarity(word, plain_text(i.words ->> 'question'))), 0) from unnest($4::text[]) word) as in_title
               from content_items i, to_tsquery('english', $1) any_of, to_tsquery('english', $2) all_of,
                    to_tsquery('english', $3) typed
               where i.kind = 'question' and i.deleted_at is null and i.published_at is not null
           ) found
           -- One wrong letter in a word of six leaves four in ten of its trigrams.
           where fits or likeness > 0.39
           order by fits_all desc, fits desc, rank + (likeness + in_title) / 4 desc, position, id
           limit 20"#,
        search.any_of(),
        search.all_of(),
        search.typed(),
        search.terms()
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let item = Row {
                id: row.id,
                parent_id: row.parent_id,
                slug: row.slug,
                position: row.position,
                version: row.version,
                words: row.words,
                published_at: row.published_at,
                changed_at: row.changed_at,
                deleted_at: row.deleted_at,
            };
            Ok((item.typed()?, row.fits))
        })
        .collect()
}

/// An item that shows a picture.
pub(super) struct Showing {
    pub kind: Kind,
    pub id: Uuid,
    pub title: String,
    pub is_published: bool,
}

/// What shows a picture, in its text or beside it; drafts too.
pub(super) async fn list_showing(db: &mut PgConnection, hash: &str) -> Result<Vec<Showing>> {
    sqlx::query_as!(
        Showing,
        r#"select kind as "kind: Kind", id, published_at is not null as "is_published!",
                  coalesce(words ->> 'title', words ->> 'question', words ->> 'name', '') as "title!"
           from content_items
           where deleted_at is null and words::text like '%/pictures/' || $1 || '/%' order by kind, position, id"#,
        hash
    )
    .fetch_all(db)
    .await
}

/// Everything of a kind, drafts and deleted ones too.
pub(super) async fn list_all(db: &mut PgConnection, kind: Kind) -> Result<Vec<Item<Words>>> {
    let rows = items!(
        "where i.kind = $1
         order by case when i.kind = 'article' then coalesce(i.published_at, 'infinity') end desc, i.position, i.id desc
         limit 1000",
        kind.code()
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| row.of(kind)).collect()
}

pub(super) async fn find(db: &mut PgConnection, kind: Kind, id: Uuid) -> Result<Option<Item<Words>>> {
    items!("where i.kind = $1 and i.id = $2", kind.code(), id)
        .fetch_optional(db)
        .await?
        .map(|row| row.of(kind))
        .transpose()
}

pub(super) async fn lock(db: &mut PgConnection, kind: Kind, id: Uuid) -> Result<Option<Item<Words>>> {
    items!("where i.kind = $1 and i.id = $2 for update", kind.code(), id)
        .fetch_optional(db)
        .await?
        .map(|row| row.of(kind))
        .transpose()
}

/// Adds a draft after the others of its kind.
pub(super) async fn insert(
    db: &mut PgConnection,
    kind: Kind,
    id: Uuid,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<bool> {
    let added = sqlx::query!(
        "insert into content_items (id, kind, parent_id, slug, position, words, changed_at)
         values ($1, $2, $3, $4, (select coalesce(max(position), 0) + 1 from content_items where kind = $2), $5, $6)
         on conflict (id) do nothing",
        id,
        kind.code(),
        draft.parent,
        if kind.has_slug() { Some(draft.slug.as_str()) } else { None },
        Json(&draft.words) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Saves a new version of a locked item.
pub(super) async fn set_words(
    db: &mut PgConnection,
    id: Uuid,
    version: i32,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update content_items set version = $2, parent_id = $3, slug = nullif($4, ''), words = $5, changed_at = $6 where id = $1",
        id,
        version,
        draft.parent,
        draft.slug,
        Json(&draft.words) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn set_published(
    db: &mut PgConnection,
    id: Uuid,
    published_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!("update content_items set published_at = $2 where id = $1", id, published_at)
        .execute(db)
        .await?;
    Ok(())
}

/// For the demo: an article that was written and published some time ago.
pub(super) async fn set_dates(db: &mut PgConnection, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update content_items set published_at = $2, changed_at = $2 where id = $1", id, at)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn set_deleted(
    db: &mut PgConnection,
    id: Uuid,
    deleted_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!("update content_items set deleted_at = $2 where id = $1", id, deleted_at)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn has_children(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from content_items where parent_id = $1 and deleted_at is null) as "found!""#,
        id
    )
    .fetch_one(db)
    .await
}

/// The items among which one is moved, in order, locked.
pub(super) async fn lock_siblings(
    db: &mut PgConnection,
    kind: Kind,
    parent: Option<Uuid>,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from content_items
         where kind = $1 and parent_id is not distinct from $2 and deleted_at is null
         order by position, id for update",
        kind.code(),
        parent
    )
    .fetch_all(db)
    .await
}

pub(super) async fn set_order(db: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update content_items i set position = o.place
         from unnest($1::uuid[]) with ordinality as o (id, place) where i.id = o.id and i.position <> o.place",
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether another item has this address now.
pub(super) async fn is_slug_taken(
    db: &mut PgConnection,
    kind: Kind,
    slug: &str,
    but: Option<Uuid>,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from content_items where kind = $1 and slug = $2 and id is distinct from $3) as "taken!""#,
        kind.code(),
        slug,
        but
    )
    .fetch_one(db)
    .await
}

/// Leads an address to a published item; one that another item gave up goes over to it.
pub(super) async fn set_slug(db: &mut PgConnection, kind: Kind, slug: &str, id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into content_slugs (kind, slug, item_id) values ($1, $2, $3)
         on conflict (kind, slug) do update set item_id = excluded.item_id",
        kind.code(),
        slug,
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) struct NewRevision<'a> {
    pub item: Uuid,
    pub kind: Kind,
    pub version: i32,
    pub draft: &'a Draft,
    pub author: &'a str,
    pub now: DateTime<Utc>,
}

pub(super) async fn insert_revision(db: &mut PgConnection, new: &NewRevision<'_>) -> Result<()> {
    sqlx::query!(
        "insert into content_revisions (item_id, kind, version, snapshot, author, at) values ($1, $2, $3, $4, $5, $6)",
        new.item,
        new.kind.code(),
        new.version,
        Json(new.draft) as _,
        new.author,
        new.now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn list_revisions(db: &mut PgConnection, item: Uuid) -> Result<Vec<Revision>> {
    sqlx::query_as!(
        Revision,
        r#"select r.version, coalesce(p.name, '') as "author!", r.at
           from content_revisions r left join people p on p.id = case when r.author <> 'system' then r.author::uuid end
           where r.item_id = $1 order by r.version desc"#,
        item
    )
    .fetch_all(db)
    .await
}

pub(super) async fn find_revision(
    db: &mut PgConnection,
    kind: Kind,
    item: Uuid,
    version: i32,
) -> Result<Option<Draft>> {
    let snapshot = sqlx::query_scalar!(
        "select snapshot from content_revisions where item_id = $1 and version = $2",
        item,
        version
    )
    .fetch_optional(db)
    .await?;
    snapshot.map(|snapshot| Draft::read(kind, snapshot).map_err(impossible)).transpose()
}
