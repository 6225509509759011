//! Disputes, failed payouts and messages of the wrong mode, as officers see them.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::Response,
};
use uuid::Uuid;

use super::actions;
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{app::App, db::Db, error::Result, flash, form::Form, visit::Visit},
    payments::{
        model::{AlertKind, AlertState},
        sql::alerts::{self, Listed},
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "payments/alerts.html")]
pub struct AlertsPage {
    visit: Visit,
    kind: AlertKind,
    alerts: Vec<Listed>,
    livemode: bool,
}

fn path(kind: AlertKind) -> String {
    format!("/admin/payments/alerts/{}", kind.code())
}

pub async fn list(
    State(app): State<App>,
    visit: Visit,
    Path(kind): Path<AlertKind>,
    mut db: Db,
) -> Result<AlertsPage> {
    let alerts = alerts::list(&mut db, kind, 200).await?;
    Ok(AlertsPage { visit, kind, alerts, livemode: app.stripe().livemode() })
}

pub async fn settle(
    State(app): State<App>,
    Officer(who): Officer,
    Path((kind, id)): Path<(AlertKind, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let is_news = actions::settle(&mut change, who.person_id, id, form.value("status")).await?;
    change.commit().await?;
    Ok(if is_news {
        flash::redirect(&app, &path(kind), "Marked as done.")
    } else {
        flash::redirect_with_warning(
            &app,
            &path(kind),
            "It has changed since you opened this page. Look at it again.",
        )
    })
}
