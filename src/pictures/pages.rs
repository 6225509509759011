//! A picture, as browsers ask for it.

use axum::{
    extract::Path,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};

use super::sql;
use crate::kit::{
    db::Db,
    error::{Error, Result},
    picture::Picture,
};

/// Also for readers of mail in a browser: their page is another site's.
const ANYWHERE: (HeaderName, &str) =
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");

pub(super) async fn show(Path((hash, file)): Path<(String, String)>, mut db: Db) -> Result<Response> {
    let picture: Picture = format!("/pictures/{hash}/{file}").parse().map_err(|_| Error::NotFound)?;
    let bytes = sql::find_bytes(&mut db, &picture).await?.ok_or(Error::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, picture.kind.content_type()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ANYWHERE,
    ];
    Ok((headers, bytes).into_response())
}
