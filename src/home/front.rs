//! The home page and the funding page.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use crate::{
    content::{self, Article, Item, Page, Question, Section},
    kit::{
        db::Db,
        error::{Error, Result},
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "home/front.html")]
struct FrontPage {
    visit: Visit,
    title: String,
    description: String,
    /// What members get: stands before the news.
    first: Option<Section>,
    rest: Vec<Section>,
    newest: Option<Item<Article>>,
    news: Vec<Item<Article>>,
    questions: Vec<Item<Question>>,
}

async fn page(db: &mut Db, slug: &str) -> Result<Item<Page>> {
    content::find_by_slug::<Page>(db, slug).await?.ok_or(Error::NotFound)
}

pub(super) async fn show(visit: Visit, mut db: Db) -> Result<Response> {
    let Page { title, description, body } = page(&mut db, "home").await?.words;
    let mut sections =
        Page { title: title.clone(), description: description.clone(), body }.sections().into_iter();
    let mut news = content::list_news(&mut db, 4, 0).await?.into_iter();
    let mut questions = content::list_published::<Question>(&mut db).await?;
    questions.retain(|question| question.words.on_home);
    let page = FrontPage {
        visit,
        title,
        description,
        first: sections.next(),
        rest: sections.collect(),
        newest: news.next(),
        news: news.collect(),
        questions,
    };
    Ok(page.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "home/funding.html")]
struct FundingPage {
    visit: Visit,
    item: Item<Page>,
    /// Most that one person may give in a year.
    cap: Option<String>,
}

pub(super) async fn funding(
    axum::extract::State(app): axum::extract::State<crate::kit::app::App>,
    visit: Visit,
    mut db: Db,
) -> Result<Response> {
    let item = page(&mut db, "funding").await?;
    let cap = app.settings().money("donation_cap_pence", visit.today()).map(|cap| cap.to_string());
    Ok(FundingPage { visit, item, cap }.into_response())
}
