//! What an officer can do with an update, or with a notice that is on its way. Each function runs in the caller's
//! transaction.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    letter::Rendered,
    model::{Class, SendUpdate, State, Unsettled, Update, Written},
    sql::{sending, updates},
    unsubscribe,
};
use crate::{
    accounts::{Person, Scope},
    audit::Change,
    kit::{
        error::{Error, Result},
        queue,
    },
};

/// What cannot be done any more.
pub const SENT: Error =
    Error::Conflict("This update has been sent or is on its way. It cannot be changed any more.");

async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Update> {
    updates::lock_update(db, id).await?.ok_or(Error::NotFound)
}

pub async fn create(change: &mut Change<'_>, by: Uuid, new: &Written) -> Result<Uuid> {
    let app = change.app;
    let now = change.now;
    let mut id = new.key.unwrap_or_else(|| app.random().id(now));
    while !updates::insert_update(change, id, &new.content, &new.audience, by, now).await? {
        let there = lock(change, id).await?;
        if (&there.content, there.draft()) == (&new.content, Some(&new.audience)) {
            return Ok(id);
        }
        // The form was sent again with other words: these are another draft.
        id = app.random().id(now);
    }
    change.audit("update.written", ("update", id), json!({ "subject": new.content.subject }));
    Ok(id)
}

/// Saves a draft. `false` if somebody else saved it since this page was opened: nothing is overwritten unseen.
///
/// # Errors
/// [`Error::Conflict`] once it is being sent.
pub async fn change(change: &mut Change<'_>, id: Uuid, new: &Written) -> Result<bool> {
    let now = change.now;
    let update = lock(change, id).await?;
    let audience = update.draft().ok_or(SENT)?;
    if update.version != new.version {
        return Ok(false);
    }
    if (&update.content, audience) != (&new.content, &new.audience) {
        updates::set_update(change, id, &new.content, &new.audience, now).await?;
        change.audit("update.changed", ("update", id), json!({ "subject": new.content.subject }));
    }
    Ok(true)
}

/// Throws a draft away.
pub async fn remove(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    if !updates::delete_draft(change, id).await? {
        return Err(Error::Conflict(
            "Only drafts can be deleted. This update has been sent or is on its way.",
        ));
    }
    change.audit("update.deleted", ("update", id), json!({}));
    Ok(())
}

/// Mails the update to the officer alone, through the outbox.
pub fn send_test(change: &mut Change<'_>, to: &Person, update: &Update, rendered: &Rendered) {
    let app = change.app;
    let now = change.now;
    let stop = unsubscribe::link(app, to.id);
    let mut letter = rendered.for_reader(&to.name, &stop);
    letter.subject = format!("Test: {}", letter.subject);
    let occasion = format!("update-test:{}:{}:{}", update.id, to.id, now.timestamp_micros());
    change.mail_bulk(occasion, &to.email, letter, unsubscribe::bulk(stop));
}

/// What pressing "Send" did.
pub enum Started {
    To(u64),
    /// It was on its way already: a second press or another tab.
    Already,
    /// The words or the audience were changed after the officer saw them.
    Changed,
    Nobody,
}

/// Writes a row for each reader and pushes the sender, all or nothing. `scope` is the officer's.
pub async fn start(change: &mut Change<'_>, scope: &Scope, id: Uuid, version: i32) -> Result<Started> {
    let now = change.now;
    let update = lock(change, id).await?;
    let Some(audience) = update.draft() else { return Ok(Started::Already) };
    if update.version != version {
        return Ok(Started::Changed);
    }
    let readers = sending::insert_deliveries(change, id, audience, scope).await?;
    if readers == 0 {
        return Ok(Started::Nobody);
    }
    let recipients = i32::try_from(readers).map_err(anyhow::Error::from)?;
    updates::set_started(change, id, recipients, now).await?;
    push(change, id).await?;
    let detail =
        json!({ "subject": update.content.subject, "audience": audience.to_string(), "people": readers });
    change.audit("update.sent", ("update", id), detail);
    Ok(Started::To(readers))
}

/// One sender waits at a time, however often it is asked for.
pub async fn push(db: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    queue::push_keyed(db, &SendUpdate { id }, &format!("update:{id}")).await
}

pub async fn pause(change: &mut Change<'_>, id: Uuid) -> Result<bool> {
    let update = lock(change, id).await?;
    let paused = updates::set_paused(change, id, None).await?;
    if paused {
        note(change, &update, ("update.paused", "notice.paused"), json!({}));
    }
    Ok(paused)
}

pub async fn resume(change: &mut Change<'_>, id: Uuid) -> Result<bool> {
    let update = lock(change, id).await?;
    let paused = update.state == State::Paused;
    if paused {
        updates::set_sending(change, id).await?;
        push(change, id).await?;
        note(change, &update, ("update.resumed", "notice.resumed"), json!({}));
    }
    Ok(paused)
}

/// Ends it early. What is in hand at the moment still goes. Returns how many are left out.
///
/// # Errors
/// [`Error::Conflict`] for a notice: it is its readers' right.
pub async fn cancel(change: &mut Change<'_>, id: Uuid) -> Result<Option<u64>> {
    let now = change.now;
    let update = lock(change, id).await?;
    if update.class.is_notice() {
        return Err(Error::Conflict("A notice cannot be cancelled: everybody it is for has a right to it."));
    }
    if !matches!(update.state, State::Sending | State::Paused) {
        return Ok(None);
    }
    let left_out = updates::set_cancelled(change, id, now).await?;
    change.audit("update.cancelled", ("update", id), json!({ "left_out": left_out }));
    Ok(Some(left_out))
}

/// What is to happen with mails that may not have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    SendAgain(Unsettled),
    /// Uncertain ones are left alone.
    Leave,
}

/// Decides for one person, or for all whose mails ended like that. Returns for how many.
///
/// # Errors
/// [`Error::Conflict`] when a cancelled update should be sent again, or one person of a reminder is named.
pub async fn decide(
    change: &mut Change<'_>,
    id: Uuid,
    person: Option<Uuid>,
    decision: Decision,
) -> Result<u64> {
    let update = lock(change, id).await?;
    if person.is_some() && !update.class.names_people() {
        return Err(Error::Conflict("No names are shown here. Decide for all of them together."));
    }
    let number = match decision {
        Decision::SendAgain(_) if update.state == State::Cancelled => {
            return Err(Error::Conflict("This update was cancelled, so nothing more of it is sent."));
        }
        Decision::SendAgain(which) => {
            let number = sending::set_waiting_again(change, id, which, person).await?;
            if number > 0 && update.state == State::Finished {
                updates::set_sending(change, id).await?;
            }
            if number > 0 && update.state != State::Paused {
                push(change, id).await?;
            }
            number
        }
        Decision::Leave => sending::set_left(change, id, person).await?,
    };
    if number > 0 {
        let (what, which) = match decision {
            Decision::SendAgain(which) => ("sent again", which),
            Decision::Leave => ("left", Unsettled::Uncertain),
        };
        let detail = json!({ which.code(): what, "people": number, "person": person });
        note(change, &update, ("update.decided", "notice.decided"), detail);
    }
    Ok(number)
}

/// Writes into the log what was done, each class by its own name.
fn note(
    change: &mut Change<'_>,
    update: &Update,
    (of_update, of_notice): (&'static str, &'static str),
    detail: Value,
) {
    match update.class {
        Class::Update(_) => change.audit(of_update, ("update", update.id), detail),
        Class::Notice(_) => change.audit(of_notice, ("notice", update.id), detail),
    }
}
