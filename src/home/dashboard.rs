//! The page of whoever signs in: where they stand, news, their choices.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use crate::{
    accounts::{self, Consent, SignedIn, Standing},
    content::{self, Article, Item},
    kit::{db::Db, error::Result, visit::Visit},
    membership::{self, Membership},
};

#[derive(Template, WebTemplate)]
#[template(path = "home/dashboard.html")]
struct Dashboard {
    visit: Visit,
    /// The name to greet by.
    name: String,
    standing: Standing,
    membership: Option<Membership>,
    is_officer: bool,
    news: Vec<Item<Article>>,
    consents: Vec<Consent>,
}

pub(super) async fn show(visit: Visit, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    // With the look-up of the session these are four queries, which is the most.
    let membership = membership::find_of_person(&mut db, who.person_id).await?;
    let news = content::list_news(&mut db, 3, 0).await?;
    let mut consents = accounts::list_consents(&mut db, who.person_id).await?;
    consents.retain(|consent| consent.withdrawn.is_none());
    let page = Dashboard {
        visit,
        name: who.name,
        standing: who.standing,
        membership,
        is_officer: !who.offices.is_empty(),
        news,
        consents,
    };
    Ok(page.into_response())
}
