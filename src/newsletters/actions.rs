//! What an officer can do with an update. Each function runs in the caller's transaction.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    forms::Written,
    jobs::SendUpdate,
    letter,
    model::{State, Unsettled, Update},
    sql, unsubscribe,
};
use crate::{
    accounts::Person,
    audit::{self, Actor, Entry},
    kit::{
        app::App,
        error::{Error, Result},
        mail, queue,
    },
};

async fn note(
    app: &App,
    db: &mut PgConnection,
    by: Uuid,
    action: &'static str,
    update: Uuid,
    detail: Value,
) -> Result<()> {
    let entry = Entry { actor: Actor::Person(by), action, subject: ("update", &update.to_string()), detail };
    Ok(audit::record(db, app.clock().now(), &entry).await?)
}

async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Update> {
    sql::lock_update(db, id).await?.ok_or(Error::NotFound)
}

pub async fn create(app: &App, db: &mut PgConnection, by: Uuid, new: &Written) -> Result<Uuid> {
    let now = app.clock().now();
    let id = app.random().id(now);
    sql::insert_update(db, id, &new.content, &new.audience, by, now).await?;
    note(app, db, by, "update.written", id, json!({ "subject": new.content.subject })).await?;
    Ok(id)
}

/// Saves a draft. `false` if somebody else saved it since this page was opened: nothing is overwritten unseen.
///
/// # Errors
/// [`Error::Conflict`] once it is being sent.
pub async fn change(app: &App, db: &mut PgConnection, by: Uuid, id: Uuid, new: &Written) -> Result<bool> {
    let update = lock(db, id).await?;
    if update.state != State::Draft {
        return Err(Error::Conflict(
            "This update has been sent or is on its way. It cannot be changed any more.",
        ));
    }
    if update.version != new.version {
        return Ok(false);
    }
    if (&update.content, &update.audience) != (&new.content, &new.audience) {
        sql::set_update(db, id, &new.content, &new.audience, app.clock().now()).await?;
        note(app, db, by, "update.changed", id, json!({ "subject": new.content.subject })).await?;
    }
    Ok(true)
}

/// Throws a draft away.
pub async fn remove(app: &App, db: &mut PgConnection, by: Uuid, id: Uuid) -> Result<()> {
    if !sql::delete_draft(db, id).await? {
        return Err(Error::Conflict(
            "Only drafts can be deleted. This update has been sent or is on its way.",
        ));
    }
    note(app, db, by, "update.deleted", id, json!({})).await
}

/// Mails the update to the officer alone, through the outbox.
pub async fn send_test(app: &App, db: &mut PgConnection, to: &Person, update: &Update) -> Result<()> {
    let now = app.clock().now();
    let stop = unsubscribe::link(app, to.id);
    let mut letter = letter::render(app, &update.content)?.for_reader(&to.name, &stop);
    letter.subject = format!("Test: {}", letter.subject);
    let occasion = format!("update-test:{}:{}:{}", update.id, to.id, now.timestamp_micros());
    Ok(mail::push_bulk(app, db, &occasion, &to.email, &letter, &unsubscribe::bulk(stop)).await?)
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

/// Writes a row for each reader and pushes the sender, all or nothing.
pub async fn start(app: &App, db: &mut PgConnection, by: Uuid, id: Uuid, version: i32) -> Result<Started> {
    let update = lock(db, id).await?;
    if update.state != State::Draft {
        return Ok(Started::Already);
    }
    if update.version != version {
        return Ok(Started::Changed);
    }
    let readers = sql::insert_deliveries(db, id, &update.audience).await?;
    if readers == 0 {
        return Ok(Started::Nobody);
    }
    let recipients = i32::try_from(readers).map_err(anyhow::Error::from)?;
    sql::set_started(db, id, recipients, app.clock().now()).await?;
    push(db, id).await?;
    let detail =
        json!({ "subject": update.content.subject, "audience": update.audience.words(), "people": readers });
    note(app, db, by, "update.sent", id, detail).await?;
    Ok(Started::To(readers))
}

/// One sender waits at a time, however often it is asked for.
pub async fn push(db: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    queue::push_keyed(db, &SendUpdate { id }, &format!("update:{id}")).await
}

pub async fn pause(app: &App, db: &mut PgConnection, by: Uuid, id: Uuid) -> Result<bool> {
    let paused = sql::set_paused(db, id, None).await?;
    if paused {
        note(app, db, by, "update.paused", id, json!({})).await?;
    }
    Ok(paused)
}

pub async fn resume(app: &App, db: &mut PgConnection, by: Uuid, id: Uuid) -> Result<bool> {
    let paused = lock(db, id).await?.state == State::Paused;
    if paused {
        sql::set_sending(db, id).await?;
        push(db, id).await?;
        note(app, db, by, "update.resumed", id, json!({})).await?;
    }
    Ok(paused)
}

/// Ends it early. What is in hand at the moment still goes. Returns how many are left out.
pub async fn cancel(app: &App, db: &mut PgConnection, by: Uuid, id: Uuid) -> Result<Option<u64>> {
    if !matches!(lock(db, id).await?.state, State::Sending | State::Paused) {
        return Ok(None);
    }
    let left_out = sql::set_cancelled(db, id, app.clock().now()).await?;
    note(app, db, by, "update.cancelled", id, json!({ "left_out": left_out })).await?;
    Ok(Some(left_out))
}

/// What is to happen with mails that may not have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    SendAgain(Unsettled),
    /// Uncertain ones are let be.
    Leave,
}

/// Decides for one person, or for all whose mails ended like that. Returns for how many.
///
/// # Errors
/// [`Error::Conflict`] when a cancelled update should be sent again.
pub async fn decide(
    app: &App,
    db: &mut PgConnection,
    by: Uuid,
    id: Uuid,
    person: Option<Uuid>,
    decision: Decision,
) -> Result<u64> {
    let update = lock(db, id).await?;
    let number = match decision {
        Decision::SendAgain(_) if update.state == State::Cancelled => {
            return Err(Error::Conflict("This update was cancelled, so nothing more of it is sent."));
        }
        Decision::SendAgain(which) => {
            let number = sql::set_waiting_again(db, id, which, person).await?;
            if number > 0 && update.state == State::Finished {
                sql::set_sending(db, id).await?;
            }
            if number > 0 && update.state != State::Paused {
                push(db, id).await?;
            }
            number
        }
        Decision::Leave => sql::set_left(db, id, person).await?,
    };
    if number > 0 {
        let (what, which) = match decision {
            Decision::SendAgain(which) => ("sent again", which),
            Decision::Leave => ("left", Unsettled::Uncertain),
        };
        let detail = json!({ which.code(): what, "people": number, "person": person });
        note(app, db, by, "update.decided", id, detail).await?;
    }
    Ok(number)
}
