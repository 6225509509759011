//! Whether addresses of content lead to something that visitors can open.

use sqlx::PgConnection;

use super::{
    kind::{FIXED_PAGES, Kind},
    sql,
};

/// Of paths that pages of this room answer (`/news/we-won`), those with nothing published behind them.
///
/// # Errors
/// The database is away.
pub async fn list_dead(db: &mut PgConnection, paths: &[&str]) -> Result<Vec<String>, sqlx::Error> {
    let (kinds, slugs): (Vec<_>, Vec<_>) =
        paths.iter().filter_map(|path| kind_and_slug(path)).map(|(kind, slug)| (kind.code(), slug)).unzip();
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let dead = sql::list_dead(db, &kinds, &slugs).await?;
    Ok(dead.into_iter().map(|(kind, slug)| kind.address(&slug)).collect())
}

fn kind_and_slug(path: &str) -> Option<(Kind, &str)> {
    [(Kind::Question, "/faq/"), (Kind::Article, "/news/"), (Kind::Page, "/pages/")].into_iter().find_map(
        |(kind, shelf)| {
            let slug = path.strip_prefix(shelf)?;
            let is_slug = !slug.contains(['/', '.']) && !FIXED_PAGES.contains(&slug);
            is_slug.then_some((kind, slug))
        },
    )
}
