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

/// Those that were uploaded, newest first.
///
/// # Errors
/// The database is away.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Stored>> {
    let rows = sqlx::query!(
        "select id, hash, width, height, ending, alt from pictures order by added_at desc, id limit $1",
        MOST
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let address = format!("/pictures/{}/{}x{}.{}", row.hash, row.width, row.height, row.ending);
            let picture: Picture = address.parse().map_err(impossible)?;
            Ok(Stored { id: row.id, shot: Shot { picture, alt: row.alt } })
        })
        .collect()
}

/// Pixels as they are stored.
fn size(pixels: u32) -> Result<i32> {
    i32::try_from(pixels).map_err(impossible)
}

/// The bytes at an address, if that size of the picture is kept.
pub(super) async fn find_bytes(db: &mut PgConnection, picture: &Picture) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "select bytes from picture_files where hash = $1 and width = $2 and height = $3 and ending = $4",
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
           where hash = any($1)"#,
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
         on conflict (hash) do update set alt = excluded.alt, added_at = excluded.added_at returning id",
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
         on conflict do nothing",
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

/// Takes a picture away with all its sizes; what it showed, if it was there.
pub(super) async fn delete(db: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!("delete from pictures where id = $1 returning alt", id).fetch_optional(db).await
}
