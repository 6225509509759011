//! Public pages, rendered and compressed once, then served from memory until a table that they read changes.
//!
//! Which tables these are is stated beside the page's path. A trigger on each tells every process of a change
//! through Postgres' NOTIFY (see [`super::db::changes`]), and the pages that read it are dropped. Settings stand on
//! every page, so that a change to them drops all. Entries also end after five minutes, for what changes by date
//! alone.
//!
//! Only answers to strangers are kept: who is signed in goes past the cache, so that officers see at once what they
//! changed, and so does who is to read a sentence after a redirect. Other cookies make no difference. A query goes
//! past it too, since its values are endless, except for the first pages of a list (`?page=2`).

use std::{
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use super::{clock::Clock, headers};

/// One body in every encoding a browser may ask for.
#[derive(Clone)]
pub struct Bodies {
    etag: HeaderValue,
    plain: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl Bodies {
    pub fn plain(body: Vec<u8>) -> Self {
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..8]));
        let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Self { etag, plain: body.into(), gzip: None, brotli: None }
    }

    pub fn compress(body: Vec<u8>) -> Self {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let gzip = gzip.write_all(&body).and_then(|()| gzip.finish()).ok().map(Bytes::from);
        let mut brotli = Vec::new();
        let params = brotli::enc::BrotliEncoderParams { quality: 9, lgwin: 18, ..Default::default() };
        let brotli = brotli::BrotliCompress(&mut body.as_slice(), &mut brotli, &params)
            .ok()
            .map(|_| Bytes::from(brotli));
        Self { gzip, brotli, ..Self::plain(body) }
    }

    fn len(&self) -> usize {
        [Some(&self.plain), self.gzip.as_ref(), self.brotli.as_ref()]
            .into_iter()
            .flatten()
            .map(Bytes::len)
            .sum()
    }

    pub fn respond(&self, request: &HeaderMap, content_type: &'static str) -> Response {
        let matches =
            |value: &HeaderValue| value.to_str().is_ok_and(|v| v.contains(self.etag.to_str().unwrap_or("-")));
        if request.get(header::IF_NONE_MATCH).is_some_and(matches) {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, self.etag.clone())]).into_response();
        }
        let accepted = request.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let accepts = |name: &str| {
            accepted.split(',').any(|part| {
                let mut words = part.split(';').map(str::trim);
                words.next() == Some(name) && !words.any(|word| word == "q=0")
            })
        };
        let (body, encoding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts("br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepts("gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::ETAG, self.etag.clone()),
        ];
        let mut response = (headers, Body::from(body.clone())).into_response();
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

pub fn vary_by_encoding(response: &mut Response) {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
}

/// Tables that a page reads, by name. `settings` is left out: every page reads those.
pub type Tables = &'static [&'static str];

struct Entry {
    tables: Tables,
    bodies: Bodies,
    content_type: &'static str,
    /// What the page itself says of how it may be kept and used.
    said: HeaderMap,
    made_at: DateTime<Utc>,
}

/// Headers of a page that are kept with it.
const SAID: [HeaderName; 2] =
    [header::CACHE_CONTROL, HeaderName::from_static("cross-origin-resource-policy")];

#[derive(Default)]
struct Shelf {
    /// How many changes were heard of.
    changes: u64,
    /// After how many changes a table last changed: a page rendered before a change must not be kept after it.
    changed: HashMap<String, u64>,
    /// The same for everything at once.
    cleared: u64,
    entries: HashMap<String, Arc<Entry>>,
}

#[derive(Clone, Default)]
pub struct PageCache(Arc<Mutex<Shelf>>);

/// More addresses than a party has pages; a crawler of made-up ones cannot fill the memory.
const MOST_PAGES: usize = 5_000;
/// All together: some hundred pictures and every page.
const MOST_BYTES: usize = 64 * 1024 * 1024;

impl PageCache {
    /// Forgets the pages that read a table.
    pub fn forget(&self, table: &str) {
        let mut shelf = self.lock();
        shelf.changes += 1;
        let now = shelf.changes;
        shelf.changed.insert(table.to_owned(), now);
        shelf.entries.retain(|_, entry| !entry.tables.contains(&table));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut shelf = self.lock();
        shelf.changes += 1;
        shelf.cleared = shelf.changes;
        shelf.entries.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, path: &str, now: DateTime<Utc>) -> (u64, Option<Arc<Entry>>) {
        let shelf = self.lock();
        let entry = shelf.entries.get(path).filter(|entry| now - entry.made_at < Duration::minutes(5));
        (shelf.changes, entry.cloned())
    }

    /// Keeps a page unless something it reads changed since it was looked for.
    fn keep(&self, path: String, looked_at: u64, entry: Arc<Entry>) {
        let mut shelf = self.lock();
        let changed = entry.tables.iter().filter_map(|table| shelf.changed.get(*table)).max();
        // Rendered from what stood before the change: the next visitor renders it anew.
        if shelf.cleared.max(changed.copied().unwrap_or_default()) > looked_at {
            return;
        }
        let bytes: usize = shelf.entries.values().map(|entry| entry.bodies.len()).sum();
        if shelf.entries.len() >= MOST_PAGES || bytes + entry.bodies.len() > MOST_BYTES {
            // All at once, not the oldest: this happens when somebody makes addresses up, and then nothing is worth a search.
            shelf.entries.clear();
        }
        shelf.entries.insert(path, entry);
    }
}

/// Marks a request whose page says something to this visitor alone. Whatever adds that leaves it.
#[derive(Clone, Copy, Debug)]
pub struct Personal;

/// The layer that serves a public page from memory.
pub async fn pages(
    State((pages, clock, tables)): State<(PageCache, Clock, Tables)>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let is_personal = request.extensions().get::<Personal>().is_some();
    let Some(address) = key(request.uri()).filter(|_| !is_personal) else {
        let mut response = next.run(request).await;
        response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("private, no-store"));
        return response;
    };
    let headers = request.headers().clone();
    let now = clock.now();
    let (looked_at, kept) = pages.find(&address, now);
    let entry = if let Some(entry) = kept {
        entry
    } else {
        let response = next.run(request).await;
        if response.status() != StatusCode::OK || response.headers().contains_key(header::SET_COOKIE) {
            return response;
        }
        let Some(content_type) = known_type(&response) else { return response };
        let said = |name: HeaderName| response.headers().get(&name).cloned().map(|value| (name, value));
        let said = SAID.into_iter().filter_map(said).collect();
        let Ok(body) = to_bytes(response.into_body(), 4 * 1024 * 1024).await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        // Compressing takes milliseconds of pure computing: not on a thread that answers others.
        let bodies = move || {
            // Pictures are compressed as they come.
            let is_picture = content_type.starts_with("image/");
            if is_picture { Bodies::plain(body.into()) } else { Bodies::compress(body.into()) }
        };
        let Ok(bodies) = tokio::task::spawn_blocking(bodies).await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let entry = Arc::new(Entry { tables, bodies, content_type, said, made_at: now });
        pages.keep(address, looked_at, entry.clone());
        entry
    };
    entry.respond(&headers)
}

impl Entry {
    fn respond(&self, request: &HeaderMap) -> Response {
        let mut response = self.bodies.respond(request, self.content_type);
        // The browser asks each time and mostly hears 304: a change shows at once, also after signing in.
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, must-revalidate"));
        response.headers_mut().extend(self.said.clone());
        vary_by_encoding(&mut response);
        response
    }
}

/// The whole answer to whoever asks for a page in memory and brings no cookie: such a visitor is a stranger for sure,
/// and needs none of the layers.
pub fn answer<B>(pages: &PageCache, now: DateTime<Utc>, request: &Request<B>) -> Option<Response> {
    if request.method() != Method::GET || request.headers().contains_key(header::COOKIE) {
        return None;
    }
    let (_, entry) = pages.find(&key(request.uri())?, now);
    let mut response = entry?.respond(request.headers());
    headers::add_to(response.headers_mut());
    Some(response)
}

/// Pages of a list that are kept; who reads further waits a little.
const LAST_PAGE: u8 = 20;

/// What a page is kept under; `None` if it is not.
fn key(uri: &Uri) -> Option<String> {
    // One page has one address: letters written as codes would make many of it.
    let path = Some(uri.path()).filter(|path| !path.contains('%'))?;
    let Some(query) = uri.query() else { return Some(path.to_owned()) };
    let page: u8 = query.strip_prefix("page=")?.parse().ok()?;
    // Written as we write it, so that one page is not kept as `2`, `02` and `+2`.
    let ours = query.len() == "page=".len() + page.to_string().len() && !query.contains('+');
    (ours && (2..=LAST_PAGE).contains(&page)).then(|| format!("{path}?{query}"))
}

fn known_type(response: &Response) -> Option<&'static str> {
    let sent = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    [
        "text/html; charset=utf-8",
        "application/atom+xml; charset=utf-8",
        "application/xml; charset=utf-8",
        "text/plain; charset=utf-8",
        "image/jpeg",
        "image/png",
    ]
    .into_iter()
    .find(|known| *known == sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_drops_the_pages_that_read_the_table_and_no_others() {
        let cache = PageCache::default();
        let now = DateTime::from_timestamp_nanos(0);
        let entry = |tables| {
            let bodies = Bodies::plain(Vec::new());
            Arc::new(Entry { tables, bodies, content_type: "", said: HeaderMap::new(), made_at: now })
        };
        let fill = || {
            for (path, tables) in
                [("/news", &["content_items"][..]), ("/funding", &["ledger", "content_items"])]
            {
                cache.keep(path.to_owned(), cache.find(path, now).0, entry(tables));
            }
        };
        let kept = |path| cache.find(path, now).1.is_some();
        fill();
        cache.forget("people");
        assert!(kept("/news") && kept("/funding"));
        cache.forget("ledger");
        assert!(kept("/news") && !kept("/funding"));
        fill();
        cache.forget("content_items");
        assert!(!kept("/news") && !kept("/funding"));
        let (before, _) = cache.find("/funding", now);
        cache.forget("ledger");
        cache.keep("/news".to_owned(), before, entry(&["content_items"]));
        cache.keep("/funding".to_owned(), before, entry(&["ledger"]));
        assert!(kept("/news") && !kept("/funding"), "rendered before the change");
        cache.clear();
        cache.keep("/news".to_owned(), before, entry(&["content_items"]));
        assert!(!kept("/news"), "rendered before everything was forgotten");
    }

    #[test]
    fn keeps_pages_of_lists_and_nothing_made_up() {
        for (address, kept) in [
            ("/news", true),
            ("/news?page=2", true),
            ("/news?page=20", true),
            ("/news?page=1", false),
            ("/news?page=02", false),
            ("/news?page=+2", false),
            ("/news?page=21", false),
            ("/news?page=2&x=1", false),
            ("/news?", false),
            ("/faq?q=tax", false),
        ] {
            assert_eq!(key(&Uri::from_static(address)).as_deref(), kept.then_some(address));
        }
    }
}
