//! Everything in `static/`, inside the binary, under addresses that name the content.
//!
//! `url("site.css")` gives `/static/<hash>/site.css`; a browser may keep that for a year. Each file is compressed
//! once at the start. A stylesheet goes out without its comments, and in it `url("fonts/x.woff2")` is rewritten to its
//! hashed address.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::cache::{self, Bodies};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/static"]
struct Files;

struct Asset {
    url: String,
    content_type: &'static str,
    bodies: Bodies,
}

static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let mut assets = BTreeMap::new();
    // Stylesheets last: they name the addresses of the others.
    let mut names: Vec<_> = Files::iter().collect();
    names.sort_by_key(|name| name.ends_with(".css"));
    for name in names {
        let Some(file) = Files::get(&name) else { continue };
        let mut body = file.data.into_owned();
        if name.ends_with(".css") {
            let css = slim(&String::from_utf8_lossy(&body));
            body = with_hashed_urls(&css, &assets).into_bytes();
        }
        let hash = hex::encode(&Sha256::digest(&body)[..6]);
        let content_type = content_type(&name);
        let bodies = if is_text(content_type) { Bodies::compress(body) } else { Bodies::plain(body) };
        assets
            .insert(name.to_string(), Asset { url: format!("/static/{hash}/{name}"), content_type, bodies });
    }
    assets
});

/// Comments and indents are for whoever writes the stylesheet; every visitor would load them.
fn slim(css: &str) -> String {
    let mut pieces = css.split("/*");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str(piece.split_once("*/").map_or("", |(_, after)| after));
    }
    kept.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn with_hashed_urls(css: &str, assets: &BTreeMap<String, Asset>) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("url(\"") {
        out.push_str(before);
        out.push_str("url(\"");
        let (name, tail) = after.split_once('"').unwrap_or((after, ""));
        out.push_str(assets.get(name).map_or(name, |asset| &asset.url));
        out.push('"');
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "webmanifest" | "json" => "application/json",
        _ => "application/octet-stream",
    }
}

fn is_text(content_type: &str) -> bool {
    content_type.starts_with("text/") || content_type.ends_with("svg+xml") || content_type.ends_with("json")
}

/// The address of a file in `static/`. A name that is not there gives an address that answers 404; a test reads
/// every page's addresses.
pub fn url(name: &str) -> &str {
    ASSETS.get(name).map_or(name, |asset| &asset.url)
}

/// Fills the table, so that the first visitor does not wait for the compression.
pub fn warm_up() {
    LazyLock::force(&ASSETS);
}

/// `GET /static/{hash}/{*name}`. An old hash still gets the present file, but is not kept.
pub async fn serve(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = asset.bodies.respond(&headers, asset.content_type);
    let fresh = asset.url.split('/').nth(2) == Some(hash.as_str());
    let keep = if fresh { "public, max-age=31536000, immutable" } else { "public, max-age=60" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    cache::vary_by_encoding(&mut response);
    response
}
