//! Posts, and the list of all elections.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::PATH;
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    ballots::RUN_BALLOTS,
    elections::{
        actions::posts,
        forms,
        model::{Election, Post, ROLES},
        sql,
    },
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    places::Region,
};

#[derive(Template, WebTemplate)]
#[template(path = "elections/officers_list.html")]
struct ListPage {
    visit: Visit,
    may_run: bool,
    posts: Vec<Post>,
    elections: Vec<Election>,
}

pub async fn list(visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    let posts = sql::posts::list(&mut db).await?;
    let elections = sql::elections::list_all(&mut db, 500).await?;
    Ok(ListPage { visit, may_run: who.may(RUN_BALLOTS), posts, elections }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "elections/post.html")]
struct PostPage {
    visit: Visit,
    post: Option<Post>,
    regions: Vec<(&'static str, &'static str)>,
    roles: Vec<(&'static str, &'static str)>,
    form: Form,
}

impl PostPage {
    fn new(visit: Visit, post: Option<Post>, form: Form) -> Self {
        let regions = Region::ALL.into_iter().map(|region| (region.slug(), region.name())).collect();
        let roles = ROLES.into_iter().map(|role| (role.code(), role.name())).collect();
        Self { visit, post, regions, roles, form }
    }
}

pub async fn new(visit: Visit) -> Response {
    let form = Form::default().with("seats", "1").with("term_months", "24");
    PostPage::new(visit, None, form).into_response()
}

pub async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let words = match forms::post(&form) {
        Ok(words) => words,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, PostPage::new(visit, None, form)).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    posts::add(&mut change, &words).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The post is added. You can call an election for it."))
}

pub async fn edit(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let post = sql::posts::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    let form = forms::fill_post(&post.words).versioned();
    Ok(PostPage::new(visit, Some(post), form).into_response())
}

pub async fn update(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let post = sql::posts::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    let words = match forms::post(&form) {
        Ok(words) => words,
        Err(form) => {
            let page = PostPage::new(visit, Some(post), form);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let known = sql::posts::lock(&mut change, id).await?.ok_or(Error::NotFound)?;
    if let Some(form) = form.overtaken(&forms::fill_post(&known.words), |_, value| value.to_owned()) {
        drop(change);
        return Ok((StatusCode::CONFLICT, PostPage::new(visit, Some(post), form)).into_response());
    }
    posts::edit(&mut change, id, &words).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "Saved."))
}
