//! The page of whoever signs in: the cards that the rooms have for them.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use crate::{
    accounts::{Asked, Rooms, SignedIn},
    kit::{app::App, db::Db, error::Result, visit::Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "home/dashboard.html")]
struct Dashboard {
    visit: Visit,
    /// The name to greet by.
    name: String,
    cards: Vec<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    SignedIn(session): SignedIn,
    mut db: Db,
) -> Result<Response> {
    let mut makers: Vec<_> = rooms.iter().filter_map(|room| room.card).collect();
    makers.sort_by_key(|(place, _)| *place);
    let mut cards = Vec::new();
    for (_, make) in makers {
        cards.extend(make(Asked { app: &app, db: &mut db, session: &session }).await?);
    }
    Ok(Dashboard { visit, name: session.name, cards }.into_response())
}
