//! What officers do to content. Each function runs in the caller's transaction and writes the audit log.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    kind::Kind,
    mail,
    model::{Direction, Draft, Item, Message},
    sql::{self, NewRevision},
    words::Words,
};
use crate::{
    audit::Change,
    kit::{
        error::{Error, Result},
        settings::CONTACT_EMAIL,
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

/// Adds a draft that nobody sees yet, once for each key of a form. `None` if another item has its address.
pub async fn add(
    change: &mut Change<'_>,
    kind: Kind,
    draft: &Draft,
    key: Option<Uuid>,
) -> Result<Option<Uuid>> {
    let now = change.now;
    let fresh = change.app.random().id(now);
    let mut id = key.unwrap_or(fresh);
    if let Some(there) = sql::find(change, kind, id).await? {
        if there.draft() == *draft {
            return Ok(Some(id));
        }
        // The form was sent again with other words: these are another draft.
        id = fresh;
    }
    if kind.has_slug() && sql::is_slug_taken(change, kind, &draft.slug, None).await? {
        // By the same form, perhaps, a moment ago.
        let there = sql::find(change, kind, id).await?;
        return Ok(there.filter(|there| there.draft() == *draft).map(|there| there.id));
    }
    if !sql::insert(change, kind, id, draft, now).await.map_err(faster)? {
        // The same form, a moment ago.
        return Ok(Some(id));
    }
    let new = NewRevision { item: id, kind, version: 1, draft, author: &change.by.text(), now };
    sql::insert_revision(change, &new).await?;
    change.audit("content.added", (kind.code(), id), json!({"title": draft.words.title()}));
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
    change: &mut Change<'_>,
    kind: Kind,
    id: Uuid,
    based_on: i32,
    draft: &Draft,
) -> Result<Saved> {
    let item = lock(change, kind, id).await?;
    let old = item.draft();
    if old == *draft {
        return Ok(Saved::Done);
    }
    if item.version != based_on {
        return Ok(Saved::Overtaken(Box::new(item)));
    }
    save(change, kind, &item, draft, "content.changed").await
}

async fn save(
    change: &mut Change<'_>,
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
        if sql::is_slug_taken(change, kind, &draft.slug, Some(id)).await? {
            return Ok(Saved::AddressTaken);
        }
        if item.is_published() {
            sql::set_slug(change, kind, &draft.slug, id).await?;
        }
    }
    let now = change.now;
    let version = item.version + 1;
    sql::set_words(change, id, version, draft, now).await.map_err(faster)?;
    let new = NewRevision { item: id, kind, version, draft, author: &change.by.text(), now };
    sql::insert_revision(change, &new).await?;
    let fields = item.draft().changed_fields(draft);
    let detail = json!({"title": draft.words.title(), "version": version, "fields": fields});
    change.audit(action, (kind.code(), id), detail);
    Ok(Saved::Done)
}

/// Brings an old version back, as a new one. What stood until now stays among the versions.
pub async fn restore(change: &mut Change<'_>, kind: Kind, id: Uuid, version: i32) -> Result<Saved> {
    let item = lock(change, kind, id).await?;
    let mut draft = sql::find_revision(change, kind, id, version).await?.ok_or(Error::NotFound)?;
    // The words come back, not the place: its old group may be gone.
    draft.parent = item.parent_id;
    if item.draft() == draft {
        return Ok(Saved::Done);
    }
    save(change, kind, &item, &draft, "content.restored").await
}

pub async fn publish(change: &mut Change<'_>, kind: Kind, id: Uuid) -> Result<()> {
    let now = change.now;
    let item = lock(change, kind, id).await?;
    if item.deleted_at.is_some() {
        return Err(Error::Conflict("This was deleted in the meantime. Bring it back first."));
    }
    if item.published_at.is_some() {
        return Ok(());
    }
    sql::set_published(change, id, Some(now)).await?;
    if kind.has_slug() {
        // Not before: until then the address may lead to a published item that had it once.
        sql::set_slug(change, kind, &item.slug, id).await?;
    }
    change.audit("content.published", (kind.code(), id), json!({"title": item.words.title()}));
    Ok(())
}

pub async fn unpublish(change: &mut Change<'_>, kind: Kind, id: Uuid) -> Result<()> {
    let item = lock(change, kind, id).await?;
    refuse_fixed(&item)?;
    if item.published_at.is_none() {
        return Ok(());
    }
    sql::set_published(change, id, None).await?;
    change.audit("content.unpublished", (kind.code(), id), json!({"title": item.words.title()}));
    Ok(())
}

fn refuse_fixed(item: &Item<Words>) -> Result<()> {
    if item.is_fixed() {
        return Err(Error::Conflict("Every page of the site links to this one, so it stays."));
    }
    Ok(())
}

/// Takes an item off the site and out of the lists. It can be brought back.
pub async fn delete(change: &mut Change<'_>, kind: Kind, id: Uuid) -> Result<()> {
    let now = change.now;
    let item = lock(change, kind, id).await?;
    refuse_fixed(&item)?;
    if item.deleted_at.is_some() {
        return Ok(());
    }
    if sql::has_children(change, id).await? {
        return Err(Error::Conflict("There are questions in this group. Move them to another group first."));
    }
    sql::set_deleted(change, id, Some(now)).await?;
    change.audit("content.deleted", (kind.code(), id), json!({"title": item.words.title()}));
    Ok(())
}

/// Undoes a deletion. It comes back as a draft, so that nothing old appears unseen.
pub async fn bring_back(change: &mut Change<'_>, kind: Kind, id: Uuid) -> Result<()> {
    let item = lock(change, kind, id).await?;
    if item.deleted_at.is_none() {
        return Ok(());
    }
    if let Some(parent) = item.parent_id
        && lock(change, Kind::Group, parent).await?.deleted_at.is_some()
    {
        return Err(Error::Conflict("Its group is deleted. Bring the group back first."));
    }
    sql::set_deleted(change, id, None).await?;
    sql::set_published(change, id, None).await?;
    change.audit("content.brought_back", (kind.code(), id), json!({"title": item.words.title()}));
    Ok(())
}

/// Moves an item past its neighbour.
pub async fn place(change: &mut Change<'_>, kind: Kind, id: Uuid, direction: Direction) -> Result<()> {
    let item = sql::find(change, kind, id).await?.ok_or(Error::NotFound)?;
    let mut ids = sql::lock_siblings(change, kind, item.parent_id).await?;
    let from = ids.iter().position(|other| *other == id).ok_or(Error::NotFound)?;
    let to = match direction {
        Direction::Up => from.checked_sub(1),
        Direction::Down => Some(from + 1).filter(|to| *to < ids.len()),
    };
    let Some(to) = to else { return Ok(()) };
    ids.swap(from, to);
    sql::set_order(change, &ids).await?;
    change.audit("content.moved", (kind.code(), id), json!({"title": item.words.title(), "place": to + 1}));
    Ok(())
}

/// Sends what somebody wrote to the party's address. The same message on the same day goes once, however often
/// the button is pressed.
pub fn pass_on(change: &mut Change<'_>, message: &Message) -> Result<()> {
    let app = change.app;
    let today = change.today();
    let to = app.setting(CONTACT_EMAIL, today);
    let said =
        [today.to_string(), message.email.to_string(), message.topic.code().to_owned(), message.text.clone()];
    let occasion = format!("contact:{}", app.sign("contact", said.join("\n").as_bytes()));
    let letter = mail::contact(app, message)?.with_reply_to(message.email.clone());
    change.mail(occasion, &to, letter);
    Ok(())
}
