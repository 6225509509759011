//! Ballots that are being written.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{lock, subject};
use crate::{
    audit::Change,
    ballots::{
        casting::lots,
        model::{Draft, Held, State},
        proof::{self, CountKey, CountSecretKey},
        sql,
    },
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        markdown,
    },
};

pub const COUNT_SECRET: &str = "ballot count key";

/// What is usual for a new ballot: a roll of today, open in a week for two weeks.
pub fn usual(app: &App) -> (NaiveDate, DateTime<Utc>, DateTime<Utc>) {
    let today = app.clock().today();
    let at = |days, hour| {
        let day = today.checked_add_days(Days::new(days)).unwrap_or(today);
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        dates::in_london(day, time).unwrap_or_else(|_| dates::start_of_day(day))
    };
    (today, at(7, 9), at(21, 17))
}

/// Adds a draft, by nobody if the site makes it for an election, once for each key of a form, and its keys: the one that signs its board, and the one that papers are sealed to if the site keeps it.
///
/// # Errors
/// The database is away.
pub async fn add(
    change: &mut Change<'_>,
    draft: &Draft,
    by: Option<Uuid>,
    key: Option<Uuid>,
) -> Result<(Uuid, String)> {
    let app = change.app;
    let fresh = app.random().id(change.now);
    let mut id = key.unwrap_or(fresh);
    let stem = markdown::slug(&draft.title);
    let stem = if stem.is_empty() { "vote".to_owned() } else { stem };
    // The second of a name has a number.
    let mut slug = stem.clone();
    let mut number = 1;
    loop {
        let board_secret = app.seal(lots::BOARD, id.as_bytes(), &app.random().bytes::<32>());
        let new = sql::New { id, slug: &slug, board_secret: &board_secret, by, now: change.now };
        if sql::insert(change, &new, draft).await? {
            break;
        }
        if let Some(there) = sql::find(change, id).await? {
            if there.draft == *draft {
                return Ok((id, there.slug));
            }
            // The form was sent again with other words: these are another draft.
            id = fresh;
            continue;
        }
        number += 1;
        slug = format!("{stem}-{number}");
    }
    keep_key(change, id, draft.held).await?;
    change.audit("ballots.written", subject(id), json!({ "title": draft.title }));
    Ok((id, slug))
}

/// Makes the key that papers are sealed to, where the site keeps it.
async fn keep_key(change: &mut Change<'_>, id: Uuid, held: Held) -> Result<()> {
    if held == Held::Shares {
        return Ok(());
    }
    let app = change.app;
    let secret = CountSecretKey::generate(&mut app.random().stream());
    let public = CountKey { public: secret.public().map_err(anyhow::Error::from)?, held: proof::Held::Site };
    let sealed = app.seal(COUNT_SECRET, id.as_bytes(), secret.expose());
    sql::set_key(change, id, Some(&public), Some(&sealed)).await?;
    Ok(())
}

pub const ANNOUNCED: Error = Error::Conflict("This vote has been announced. Take it back to change it.");

/// Changes a draft; of one that was made for an election the hours.
///
/// # Errors
/// Conflict once it is announced, or if it is made and more than its hours would change.
pub async fn edit(change: &mut Change<'_>, id: Uuid, draft: &Draft) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Draft {
        return Err(ANNOUNCED);
    }
    if ballot.is_made && *draft != (Draft { times: draft.times, ..ballot.draft.clone() }) {
        return Err(Error::Conflict("The words of this vote come from its election, and stay as they are."));
    }
    sql::set_draft(change, id, draft).await?;
    if ballot.draft.held != draft.held {
        keep_key(change, id, draft.held).await?;
    }
    change.audit("ballots.changed", subject(id), json!({ "title": draft.title }));
    Ok(())
}

/// Deletes a draft that was never announced.
///
/// # Errors
/// Conflict once it is.
pub async fn delete(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.is_made {
        return Err(Error::Conflict("This vote belongs to an election. Call it off instead."));
    }
    if ballot.state != State::Draft || !sql::delete_draft(change, id).await? {
        return Err(Error::Conflict("This vote has been announced, so that it cannot be deleted."));
    }
    change.audit("ballots.deleted", subject(id), json!({ "title": ballot.draft.title }));
    Ok(())
}

/// Takes the public half of the scrutineers' key.
///
/// # Errors
/// Conflict once it is announced, or if the site keeps the key.
pub async fn take_key(change: &mut Change<'_>, id: Uuid, key: &CountKey) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Draft || ballot.draft.held != Held::Shares {
        return Err(Error::Conflict("The key of this vote cannot be changed now."));
    }
    sql::set_key(change, id, Some(key), None).await?;
    change.audit("ballots.key_taken", subject(id), json!({ "key": key.public.to_string() }));
    Ok(())
}
