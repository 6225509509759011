//! Addresses as people type and copy them: with capitals, and with the full stop of the sentence they stood in.

use axum::{
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};

/// What an address may have at its end that is not of it, as it is and as browsers write it.
const STRAY: [&str; 36] = [
    "=",
    "%3D",
    "}",
    "<",
    "%3C",
    "/",
    ".",
    ",",
    ";",
    ":",
    "!",
    "?",
    "'",
    "\"",
    ")",
    "]",
    ">",
    "*",
    "%22",
    "%27",
    "%29",
    "%2C",
    "%2E",
    "%3A",
    "%3B",
    "%3E",
    "%5D",
    "%20",
    "%C2%A0",
    "%E2%80%99",
    "%E2%80%9D",
    "%E2%80%A6",
    "’",
    "”",
    "…",
    "%0A",
];

/// A path without what strayed to its end.
pub fn tidy(path: &str) -> &str {
    let mut path = path;
    while let Some(shorter) = STRAY.iter().find_map(|stray| {
        let at = path.len().checked_sub(stray.len())?;
        path.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(stray)).then(|| &path[..at])
    }) {
        path = shorter;
    }
    path
}

/// The redirect to where a page is, with the query that was asked for.
pub fn moved(asked: &Uri, to: &str) -> Response {
    let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{to}{query}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strayed_to_the_end_goes() {
        for (path, tidied) in [
            ("/join.", "/join"),
            ("/join/", "/join"),
            ("/join%22)", "/join"),
            ("/faq/x%e2%80%9d.", "/faq/x"),
            ("/news/é”", "/news/é"),
            ("/", ""),
            ("/a-b_c", "/a-b_c"),
        ] {
            assert_eq!(tidy(path), tidied, "{path}");
        }
    }
}
