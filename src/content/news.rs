//! News: the list, an article, the feed.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    kind::Kind,
    model::Item,
    shown::{self, Shown},
    sql, structured,
    words::Article,
};
use crate::{
    accounts::Asked,
    kit::{
        address,
        app::App,
        db::Db,
        error::{Error, Result},
        paging::{PageNumber, Paging},
        visit::Visit,
    },
};

pub const PER_PAGE: u32 = 12;

#[derive(Template, WebTemplate)]
#[template(path = "content/news.html")]
struct NewsPage {
    visit: Visit,
    articles: Vec<Item<Article>>,
    page: u32,
    paging: Paging,
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    page: PageNumber,
}

#[derive(Template)]
#[template(path = "content/card.html")]
struct NewsCard {
    news: Vec<Item<Article>>,
}

/// The newest, for somebody's own page.
pub(super) async fn card(asked: Asked<'_>) -> Result<Option<String>> {
    let news = sql::list_news(asked.db, 3, 0).await?;
    Ok(if news.is_empty() { None } else { Some(NewsCard { news }.render()?) })
}

pub(super) async fn list(visit: Visit, Query(which): Query<Which>, mut db: Db) -> Result<Response> {
    let mut articles = sql::list_news(&mut db, i64::from(PER_PAGE) + 1, which.page.offset(PER_PAGE)).await?;
    if articles.is_empty() && which.page.number() > 1 {
        return Err(Error::NotFound);
    }
    let paging = Paging::cut(&mut articles, which.page, PER_PAGE, "/news", &[]);
    Ok(NewsPage { visit, articles, page: which.page.number(), paging }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "content/article.html")]
struct ArticlePage {
    visit: Visit,
    item: Shown<Item<Article>>,
    /// The newest others.
    others: Vec<Item<Article>>,
    data: String,
}

pub(super) async fn show(visit: Visit, uri: Uri, Path(slug): Path<String>, mut db: Db) -> Result<Response> {
    let item = sql::find_by_slug::<Article>(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    if item.slug != slug {
        return Ok(address::moved(&uri, &Kind::Article.address(&item.slug)));
    }
    let mut others = sql::list_news(&mut db, 4, 0).await?;
    others.retain(|other| other.id != item.id);
    others.truncate(3);
    let data = structured::article(&visit, &item);
    let item = shown::show_one(item).await?;
    Ok(ArticlePage { visit, item, others, data }.into_response())
}

#[derive(Template)]
#[template(path = "content/feed.xml")]
struct Feed {
    site_name: String,
    public_url: String,
    /// Names the feed for ever, also under another address (RFC 4287, 4.2.6).
    id: String,
    updated: DateTime<Utc>,
    articles: Vec<Shown<Item<Article>>>,
}

impl Feed {
    /// The article's last change that a reader may care about.
    fn updated(item: &Item<Article>) -> DateTime<Utc> {
        item.published_at.map_or(item.changed_at, |published| published.max(item.changed_at))
    }
}

pub(super) async fn feed(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let articles = sql::list_news(&mut db, 50, 0).await?;
    // An empty feed has to name a time too: the party's founding year will do.
    let updated = articles.iter().map(Feed::updated).max();
    let articles = shown::show_abroad(articles, &visit.public_url).await?;
    let updated = updated.or_else(|| DateTime::from_timestamp(1_609_459_200, 0)).unwrap_or(visit.now);
    let feed = Feed {
        site_name: visit.site.name,
        id: app.link("/news"),
        public_url: visit.public_url,
        updated,
        articles,
    };
    let body = feed.render()?;
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], body).into_response())
}
