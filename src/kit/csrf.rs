//! No form of ours can be sent from another site.
//!
//! Browsers say where a POST comes from (`Sec-Fetch-Site`, `Origin`); what comes from elsewhere is refused, and so
//! is a POST that carries a session but does not say. Session cookies are `SameSite=Lax` besides. Forms therefore
//! need no hidden token, and public pages with forms can be served from memory.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::csrf::CsrfLayer;

use super::error::Error;

const REFUSED: &str =
    "This form was sent from another site or an old page. Open the page here and send it again.";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser says that another site made this request. Its words are then not ours to show.
pub fn is_foreign(headers: &HeaderMap, public_url: &str) -> bool {
    let says = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match says(SEC_FETCH_SITE) {
        Some(site) => site != "same-origin" && site != "none",
        None => says(header::ORIGIN).is_some_and(|origin| origin != "null" && origin != public_url),
    }
}

/// `machines` are patterns of paths that programs post to, with a proof of their own in the path or the body.
///
/// # Errors
/// The public address cannot be an origin.
pub fn layer(public_url: &str, machines: Vec<&'static str>) -> anyhow::Result<CsrfLayer> {
    let starts: Vec<_> =
        machines.into_iter().map(|path| path.split_once('{').map_or(path, |(start, _)| start)).collect();
    let is_machine = move |method: &Method, uri: &Uri| {
        *method == Method::POST && starts.iter().any(|start| uri.path().starts_with(start))
    };
    Ok(CsrfLayer::new().add_trusted_origin(public_url)?.with_insecure_bypass(is_machine))
}

/// Refuses what the layer lets through for programs: a POST with cookies that names no origin.
pub async fn need_origin_with_cookies(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let silent = !headers.contains_key(header::ORIGIN) && !headers.contains_key(SEC_FETCH_SITE);
    if request.method() == Method::POST && silent && headers.contains_key(header::COOKIE) {
        return Error::Forbidden(REFUSED).into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<tower_http::csrf::ProtectionError>().is_some() {
        return Error::Forbidden(REFUSED).into_response();
    }
    response
}
