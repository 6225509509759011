//! The notices that were sent, for officers.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;

use crate::{
    kit::{app::App, db::Db, error::Result, visit::Visit, working_days},
    payments::{model::Announced, settings, sql::notices},
};

#[derive(Template, WebTemplate)]
#[template(path = "payments/notices.html")]
pub struct NoticesPage {
    visit: Visit,
    sent: Vec<Announced>,
    is_own: bool,
    days: u32,
    known_until: i32,
}

pub async fn list(State(app): State<App>, visit: Visit, mut db: Db) -> Result<NoticesPage> {
    let today = visit.today();
    Ok(NoticesPage {
        sent: notices::list_sent(&mut db, 500).await?,
        is_own: app.setting(settings::OWN_NOTICES, today),
        days: app.setting(settings::NOTICE_DAYS, today),
        known_until: working_days::KNOWN_UNTIL,
        visit,
    })
}
