//! The contact form.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{actions, forms, model::Topic};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::Result,
        form::Form,
        proxy::ClientAddress,
        rate_limit::{self, Limit},
        visit::Visit,
    },
};

const BY_ADDRESS: Limit = Limit { name: "contact from", tries: 10, minutes: 60 };

#[derive(Template, WebTemplate)]
#[template(path = "content/contact.html")]
struct ContactPage {
    visit: Visit,
    form: Form,
    topics: [(&'static str, &'static str); 6],
}

fn page(visit: Visit, form: Form) -> ContactPage {
    ContactPage { visit, form, topics: Topic::ALL.map(|topic| (topic.code(), topic.words())) }
}

pub(super) async fn show(visit: Visit) -> Response {
    let name = visit.viewer.as_ref().map(|viewer| viewer.name.clone()).unwrap_or_default();
    page(visit, Form::filled([("name", name)])).into_response()
}

pub(super) async fn send(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let message = match forms::message(&form) {
        Ok(message) => message,
        Err(form) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(visit, form)).into_response()),
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    actions::pass_on(&mut change, &message)?;
    change.commit().await?;
    Ok(Redirect::to("/contact/thanks").into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "content/contact_thanks.html")]
struct ThanksPage {
    visit: Visit,
}

pub(super) async fn thanks(visit: Visit) -> Response {
    ThanksPage { visit }.into_response()
}
