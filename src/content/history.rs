//! Versions of an item: the list, one against what stands now, bringing one back.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    actions::{self, Saved},
    admin::{ItemPath, id},
    kind::Kind,
    model::{self, Difference, Draft, Item, Revision},
    shown::{self, Shown},
    sql,
    words::Words,
};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_versions.html")]
struct VersionsPage {
    visit: Visit,
    kind: Kind,
    item: Item<Words>,
    revisions: Vec<Revision>,
}

pub(super) async fn list(visit: Visit, kind: Kind, path: ItemPath, mut db: Db) -> Result<Response> {
    let item = sql::find(&mut db, kind, id(&path)?).await?.ok_or(Error::NotFound)?;
    let revisions = sql::list_revisions(&mut db, item.id).await?;
    Ok(VersionsPage { visit, kind, item, revisions }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_version.html")]
struct VersionPage {
    visit: Visit,
    kind: Kind,
    item: Item<Words>,
    version: i32,
    draft: Shown<Draft>,
    /// What that save changed.
    changes: Vec<Difference>,
    /// What would change if it came back.
    since: Vec<Difference>,
}

fn version(path: &ItemPath) -> Result<i32> {
    path.get("version").and_then(|version| version.parse().ok()).ok_or(Error::NotFound)
}

pub(super) async fn show(visit: Visit, kind: Kind, path: ItemPath, mut db: Db) -> Result<Response> {
    let item = sql::find(&mut db, kind, id(&path)?).await?.ok_or(Error::NotFound)?;
    let version = version(&path)?;
    let draft = sql::find_revision(&mut db, kind, item.id, version).await?.ok_or(Error::NotFound)?;
    let before = sql::find_revision(&mut db, kind, item.id, version - 1).await?;
    let changes = before.map(|before| model::compare(&before, &draft)).unwrap_or_default();
    let since = model::compare(&item.draft(), &draft);
    let draft = shown::show_draft(draft).await?;
    Ok(VersionPage { visit, kind, item, version, draft, changes, since }.into_response())
}

pub(super) async fn restore(
    State(app): State<App>,
    Officer(who): Officer,
    kind: Kind,
    path: ItemPath,
    mut db: Db,
) -> Result<Response> {
    let (id, version) = (id(&path)?, version(&path)?);
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let saved = actions::restore(&mut change, kind, id, version).await?;
    if let Saved::AddressTaken = saved {
        return Err(Error::Conflict(
            "The address of that version belongs to something else now. Copy its words by hand.",
        ));
    }
    change.commit().await?;
    let said = format!("Version {version} is the current one again.");
    Ok(flash::redirect(&app, &format!("{}/{id}", kind.desk()), &said))
}
