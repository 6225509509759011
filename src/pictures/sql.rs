use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Shot, Stored};
use crate::kit::{
    db::impossible,
    picture::{Picture, Prepared},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// So many are offered; older ones stay where they are shown.
const MOST: i64 = 300;

struct Row {
    id: Uuid,
    hash: String,
    width: i32,
    height: i32,
    ending: String,
    alt: String,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let address = format!("/pictures/{}/{}x{}.{}", row.hash, row.width, row.height, row.ending);
        let picture: Picture = address.parse().map_err(impossible)?;
        Ok(Self { id: row.id, shot: Shot { picture, alt: row.alt } })
    }
}

/// `stored!("where id = $1", id)`
macro_rules! stored {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(Row, "select id, hash, width, height, ending, alt from pictures " + $which $(, $value)*)
    };
}

/// Those that were uploaded, newest first.
///
/// # Errors
/// The database is away.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Stored>> {
    let rows =
        stored!("where deleted_at is null order by added_at desc, id limit $1", MOST).fetch_all(db).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Those that were deleted and can be brought back, the last deleted first.
pub(super) async fn list_deleted(db: &mut PgConnection) -> Result<Vec<Stored>> {
    let rows = stored!("where deleted_at is not null order by deleted_at desc, id limit $1", MOST)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// One that is not deleted.
///
/// # Errors
/// The database is away.
pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Stored>> {
    let row = stored!("where id = $1 and deleted_at is null", id).fetch_optional(db).await?;
    row.map(Stored::try_from).transpose()
}

/// Pixels as they are stored.
fn size(pixels: u32) -> Result<i32> {
    i32::try_from(pixels).map_err(impossible)
}

/// The bytes at an address, if that size of the picture is kept.
pub(super) async fn find_bytes(db: &mut PgConnection, picture: &Picture) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "select bytes from picture_files where hash = $1 and width = $2 and height = $3 and ending = $4 and not hidden",
        picture.hash,
        size(picture.width)?,
        size(picture.height)?,
        picture.kind.ending()
    )
    .fetch_optional(db)
    .await
}

/// Of these sizes of pictures, those that are not kept.
///
/// # Errors
/// The database is away.
pub async fn list_missing(db: &mut PgConnection, asked: &[Picture]) -> Result<Vec<Picture>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let addresses: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let kept = sqlx::query_scalar!(
        r#"select '/pictures/' || hash || '/' || width || 'x' || height || '.' || ending as "address!" from picture_files
           where hash = any($1) and not hidden"#,
        &asked.iter().map(|picture| picture.hash.clone()).collect::<Vec<_>>()
    )
    .fetch_all(db)
    .await?;
    Ok(asked
        .iter()
        .zip(addresses)
        .filter(|(_, address)| !kept.contains(address))
        .map(|(it, _)| it.clone())
        .collect())
}

/// Keeps a picture. One that is there already gets the new words.
pub(super) async fn insert(
    db: &mut PgConnection,
    id: Uuid,
    prepared: &Prepared,
    alt: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let Picture { hash, width, height, kind } = &prepared.picture;
    let id = sqlx::query_scalar!(
        "insert into pictures (id, hash, width, height, ending, alt, added_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (hash) do update set alt = excluded.alt, added_at = excluded.added_at, deleted_at = null returning id",
        id,
        hash,
        size(*width)?,
        size(*height)?,
        kind.ending(),
        alt,
        now
    )
    .fetch_one(&mut *db)
    .await?;
    let widths = prepared.files.iter().map(|(file, _)| size(file.width)).collect::<Result<Vec<_>>>()?;
    let heights = prepared.files.iter().map(|(file, _)| size(file.height)).collect::<Result<Vec<_>>>()?;
    let bytes: Vec<&[u8]> = prepared.files.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    sqlx::query!(
        "insert into picture_files (hash, width, height, ending, bytes)
         select $1, width, height, $2, bytes
         from unnest($3::integer[], $4::integer[], $5::bytea[]) as files (width, height, bytes)
         on conflict (hash, width) do update set hidden = false where picture_files.hidden",
        hash,
        kind.ending(),
        &widths,
        &heights,
        bytes.as_slice() as _
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// Hides a picture with all its sizes, or shows it again (`deleted_at` is `None`); what it shows, if that changed
/// anything.
pub(super) async fn set_deleted(
    db: &mut PgConnection,
    id: Uuid,
    deleted_at: Option<DateTime<Utc>>,
) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "with changed as (
             update pictures set deleted_at = $2
             where id = $1 and (deleted_at is null) <> ($2::timestamptz is null) returning hash, alt),
         hidden as (
             update picture_files f set hidden = $2::timestamptz is not null from changed where f.hash = changed.hash)
         select alt from changed",
        id,
        deleted_at
    )
    .fetch_optional(db)
    .await
}

/// Takes one that is deleted away with all its sizes; what it showed, if it was there.
pub(super) async fn erase(db: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!("delete from pictures where id = $1 and deleted_at is not null returning alt", id)
        .fetch_optional(db)
        .await
}
