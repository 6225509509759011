//! What officers do to content. Each function runs in the caller's transaction and writes the audit log.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    forms::Message,
    mail,
    model::{Draft, Item, Kind},
    sql::{self, NewRevision},
    words::Words,
};
use crate::{
    audit::{self, Actor, Entry},
    kit::{
        app::App,
        error::{Error, Result},
        mail as outbox,
        settings::{self, CONTACT_EMAIL, Dated, Known},
    },
};

/// What came of a save.
pub enum Saved {
    /// It stands, or stood already.
    Done,
    /// Another item has the address.
    AddressTaken,
    /// Somebody saved in the meantime; this is what stands now.
    Overtaken(Box<Item<Words>>),
}

impl Item<Words> {
    pub fn draft(&self) -> Draft {
        Draft { slug: self.slug.clone(), parent: self.parent_id, words: self.words.clone() }
    }
}

fn author(actor: Actor) -> String {
    match actor {
        Actor::Person(id) => id.to_string(),
        Actor::System => "system".to_owned(),
    }
}

async fn record(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    action: &'static str,
    kind: Kind,
    id: Uuid,
    detail: Value,
) -> Result<()> {
    let entry = Entry { actor, action, subject: (kind.code(), &id.to_string()), detail };
    Ok(audit::record(db, app.clock().now(), &entry).await?)
}

/// Adds a draft that nobody sees yet. `None` if another item has its address.
pub async fn add(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    kind: Kind,
    draft: &Draft,
) -> Result<Option<Uuid>> {
    if kind.has_slug() && sql::is_slug_taken(db, kind, &draft.slug, None).await? {
        return Ok(None);
    }
    let now = app.clock().now();
    let id = app.random().id(now);
    sql::insert(db, kind, id, draft, now).await.map_err(faster)?;
    if kind.has_slug() {
        sql::set_slug(db, kind, &draft.slug, id).await?;
    }
    let new = NewRevision { item: id, kind, version: 1, draft, author: &author(actor), now };
    sql::insert_revision(db, &new).await?;
    record(app, db, actor, "content.added", kind, id, json!({"title": draft.words.title()})).await?;
    Ok(Some(id))
}

/// Two officers chose the same address in the same second.
fn faster(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            Error::Conflict("Somebody took this address a moment ago. Go back and choose another.")
        }
        _ => error.into(),
    }
}

async fn lock(db: &mut PgConnection, kind: Kind, id: Uuid) -> Result<Item<Words>> {
    sql::lock(db, kind, id).await?.ok_or(Error::NotFound)
}

/// Saves a draft that was written on top of version `based_on`.
pub async fn change(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    kind: Kind,
    id: Uuid,
    based_on: i32,
    draft: &Draft,
) -> Result<Saved> {
    let item = lock(db, kind, id).await?;
    let old = item.draft();
    if old == *draft {
        return Ok(Saved::Done);
    }
    if item.version != based_on {
        return Ok(Saved::Overtaken(Box::new(item)));
    }
    save(app, db, actor, kind, &item, draft, "content.changed").await
}

async fn save(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    kind: Kind,
    item: &Item<Words>,
    draft: &Draft,
    action: &'static str,
) -> Result<Saved> {
    let id = item.id;
    if item.slug != draft.slug {
        if item.is_fixed() {
            return Err(Error::Invalid("The site links to this page by its address, so the address stays."));
        }
        if sql::is_slug_taken(db, kind, &draft.slug, Some(id)).await? {
            return Ok(Saved::AddressTaken);
        }
        sql::set_slug(db, kind, &draft.slug, id).await?;
    }
    let now = app.clock().now();
    let version = item.version + 1;
    sql::set_words(db, id, version, draft, now).await.map_err(faster)?;
    let new = NewRevision { item: id, kind, version, draft, author: &author(actor), now };
    sql::insert_revision(db, &new).await?;
    let fields = item.draft().changed_fields(draft);
    let detail = json!({"title": draft.words.title(), "version": version, "fields": fields});
    record(app, db, actor, action, kind, id, detail).await?;
    Ok(Saved::Done)
}

/// Brings an old version back, as a new one. What stood until now stays among the versions.
pub async fn restore(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    kind: Kind,
    id: Uuid,
    version: i32,
) -> Result<Saved> {
    let item = lock(db, kind, id).await?;
    let mut draft = sql::find_revision(db, kind, id, version).await?.ok_or(Error::NotFound)?;
    // The words come back, not the place: its old group may be gone.
    draft.parent = item.parent_id;
    if item.draft() == draft {
        return Ok(Saved::Done);
    }
    save(app, db, actor, kind, &item, &draft, "content.restored").await
}

pub async fn publish(app: &App, db: &mut PgConnection, actor: Actor, kind: Kind, id: Uuid) -> Result<()> {
    let item = lock(db, kind, id).await?;
    if item.deleted_at.is_some() {
        return Err(Error::Conflict("This was deleted in the meantime. Bring it back first."));
    }
    if item.published_at.is_some() {
        return Ok(());
    }
    sql::set_published(db, id, Some(app.clock().now())).await?;
    record(app, db, actor, "content.published", kind, id, json!({"title": item.words.title()})).await
}

pub async fn unpublish(app: &App, db: &mut PgConnection, actor: Actor, kind: Kind, id: Uuid) -> Result<()> {
    let item = lock(db, kind, id).await?;
    refuse_fixed(&item)?;
    if item.published_at.is_none() {
        return Ok(());
    }
    sql::set_published(db, id, None).await?;
    record(app, db, actor, "content.unpublished", kind, id, json!({"title": item.words.title()})).await
}

fn refuse_fixed(item: &Item<Words>) -> Result<()> {
    if item.is_fixed() {
        return Err(Error::Conflict("Every page of the site links to this one, so it stays."));
    }
    Ok(())
}

/// Takes an item off the site and out of the lists. It can be brought back.
pub async fn delete(app: &App, db: &mut PgConnection, actor: Actor, kind: Kind, id: Uuid) -> Result<()> {
    let item = lock(db, kind, id).await?;
    refuse_fixed(&item)?;
    if item.deleted_at.is_some() {
        return Ok(());
    }
    if sql::has_children(db, id).await? {
        return Err(Error::Conflict("There are questions in this group. Move them to another group first."));
    }
    sql::set_deleted(db, id, Some(app.clock().now())).await?;
    record(app, db, actor, "content.deleted", kind, id, json!({"title": item.words.title()})).await
}

/// Undoes a deletion. It comes back as a draft, so that nothing old appears unseen.
pub async fn bring_back(app: &App, db: &mut PgConnection, actor: Actor, kind: Kind, id: Uuid) -> Result<()> {
    let item = lock(db, kind, id).await?;
    if item.deleted_at.is_none() {
        return Ok(());
    }
    if let Some(parent) = item.parent_id
        && lock(db, Kind::Group, parent).await?.deleted_at.is_some()
    {
        return Err(Error::Conflict("Its group is deleted. Bring the group back first."));
    }
    sql::set_deleted(db, id, None).await?;
    sql::set_published(db, id, None).await?;
    record(app, db, actor, "content.brought_back", kind, id, json!({"title": item.words.title()})).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

/// Moves an item past its neighbour.
pub async fn place(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    kind: Kind,
    id: Uuid,
    direction: Direction,
) -> Result<()> {
    let item = sql::find(db, kind, id).await?.ok_or(Error::NotFound)?;
    let mut ids = sql::lock_siblings(db, kind, item.parent_id).await?;
    let from = ids.iter().position(|other| *other == id).ok_or(Error::NotFound)?;
    let to = match direction {
        Direction::Up => from.checked_sub(1),
        Direction::Down => Some(from + 1).filter(|to| *to < ids.len()),
    };
    let Some(to) = to else { return Ok(()) };
    ids.swap(from, to);
    sql::set_order(db, &ids).await?;
    record(app, db, actor, "content.moved", kind, id, json!({"title": item.words.title(), "place": to + 1}))
        .await
}

/// Sends what somebody wrote to the party's address. The same message on the same day goes once, however often
/// the button is pressed.
pub async fn pass_on(app: &App, db: &mut PgConnection, message: &Message) -> Result<()> {
    let today = app.clock().today();
    let to = app.setting(CONTACT_EMAIL, today);
    let said =
        [today.to_string(), message.email.to_string(), message.topic.code().to_owned(), message.text.clone()];
    let occasion = format!("contact:{}", app.sign("contact", said.join("\n").as_bytes()));
    let letter = mail::contact(app, message)?.with_reply_to(message.email.clone());
    Ok(outbox::push(app, db, &occasion, &to, &letter).await?)
}

/// Sets a value from a day on.
///
/// # Errors
/// The setting does not accept the value.
pub async fn set_setting(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    known: &Known,
    dated: &Dated,
) -> Result<()> {
    let old = app.settings().text(known, dated.valid_from).to_owned();
    if !settings::set(db, known, dated).await? {
        return Err(Error::Invalid("This setting cannot have that value."));
    }
    let detail = json!({"from": dated.valid_from, "value": [old, dated.value], "source": dated.source});
    let entry = Entry { actor, action: "setting.changed", subject: ("setting", known.key), detail };
    Ok(audit::record(db, app.clock().now(), &entry).await?)
}
