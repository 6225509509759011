//! The questions people ask: all of them, found by a search, and each at its own address.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    http::Uri,
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    kind::Kind,
    model::Item,
    search::{self, Stretch},
    shown::{self, Shown},
    sql, structured,
    words::{Group, Question},
};
use crate::kit::{
    address,
    db::Db,
    error::{Error, Result},
    markdown, typed,
    visit::Visit,
};

/// A group with the questions in it.
struct Filed {
    title: String,
    anchor: String,
    questions: Vec<Shown<Item<Question>>>,
}

fn file(groups: Vec<Item<Group>>, questions: Vec<Shown<Item<Question>>>) -> Vec<Filed> {
    let mut filed: Vec<_> = groups
        .iter()
        .map(|group| Filed {
            anchor: format!("group-{}", markdown::slug(&group.words.title)),
            title: group.words.title.clone(),
            questions: Vec::new(),
        })
        .collect();
    for question in questions {
        if let Some(at) = groups.iter().position(|group| Some(group.id) == question.parent_id) {
            filed[at].questions.push(question);
        }
    }
    filed.retain(|group| !group.questions.is_empty());
    filed
}

struct Found {
    slug: String,
    question: Vec<Stretch>,
    excerpt: Vec<Stretch>,
}

#[derive(Template, WebTemplate)]
#[template(path = "content/faq.html")]
struct FaqPage {
    visit: Visit,
    groups: Vec<Filed>,
    changed_at: Option<DateTime<Utc>>,
}

#[derive(Template, WebTemplate)]
#[template(path = "content/faq_search.html")]
struct SearchPage {
    visit: Visit,
    q: String,
    found: Vec<Found>,
    /// Offered when nothing fits.
    others: Vec<Item<Question>>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: Vec<String>,
}

pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>, mut db: Db) -> Result<Response> {
    let q = asked.q.first().map(|q| typed::searched(q, 200)).unwrap_or_default();
    if q.is_empty() {
        let groups = sql::list_published::<Group>(&mut db).await?;
        let questions = shown::show(sql::list_published::<Question>(&mut db).await?).await?;
        let changed_at = questions.iter().map(|question| question.changed_at).max();
        let groups = file(groups, questions);
        return Ok(FaqPage { visit, groups, changed_at }.into_response());
    }
    let search = search::Search::new(&q);
    let mut found = sql::search_questions(&mut db, &search).await?;
    // Alike in letters only is not enough: a reader has to see why it was found.
    found.retain(|(item, surely)| *surely || search::has_any(&item.words, &search));
    let others = if found.is_empty() { sql::list_published::<Question>(&mut db).await? } else { Vec::new() };
    let others = others.into_iter().filter(|question| question.words.on_home).collect();
    let found = found
        .into_iter()
        .map(|(item, _)| Found {
            question: search::mark(&item.words.question, &search),
            excerpt: search::excerpt(&markdown::plain(&item.words.answer), &search, 200),
            slug: item.slug,
        })
        .collect();
    Ok(SearchPage { visit, q, found, others }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "content/question.html")]
struct QuestionPage {
    visit: Visit,
    item: Shown<Item<Question>>,
    groups: Vec<Filed>,
    description: String,
    data: String,
}

pub(super) async fn show(visit: Visit, uri: Uri, Path(slug): Path<String>, mut db: Db) -> Result<Response> {
    let item = sql::find_by_slug::<Question>(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    if item.slug != slug {
        return Ok(address::moved(&uri, &Kind::Question.address(&item.slug)));
    }
    let groups = sql::list_published::<Group>(&mut db).await?;
    let questions = shown::show(sql::list_published::<Question>(&mut db).await?).await?;
    let groups = file(groups, questions);
    let item = shown::show_one(item).await?;
    let description = markdown::shorten(&markdown::plain(&item.words.answer), 155);
    let data = structured::question(&item);
    Ok(QuestionPage { visit, item, groups, description, data }.into_response())
}
