//! The people of the party: whom members elected, and the profiles that editors write.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use crate::{
    content::{self, Item, Profile, Shown},
    elections::{self, Office},
    kit::{db::Db, error::Result, visit::Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "home/people.html")]
struct PeoplePage {
    visit: Visit,
    held: Vec<Office>,
    profiles: Vec<Shown<Item<Profile>>>,
}

pub(super) async fn show(visit: Visit, mut db: Db) -> Result<Response> {
    let held = elections::list_held(&mut db).await?;
    let profiles = content::show(content::list_published(&mut db).await?).await?;
    Ok(PeoplePage { visit, held, profiles }.into_response())
}
