//! Notices, as the rooms above send them: to people whom they choose by their rights, each notice once.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    model::{Notice, NoticeProgress, Undelivered},
    sql::notices,
};
use crate::{audit::Change, kit::error::Result};

/// Sends a notice to these people, a million as well as one, whatever emails they agreed to; whoever is named twice or
/// is not known gets one or none. The sender starts once the change is committed. `false` if there was one of this key:
/// nothing is sent then.
///
/// Officers read whom it did not reach, and it stands in each person's timeline. For those who have not done something
/// yet there is [`remind`].
///
/// # Errors
/// The database is away, or the subject is longer than 200 characters.
pub async fn notify(change: &mut Change<'_>, notice: &Notice, people: &[Uuid]) -> Result<bool> {
    send(change, notice, people, false).await
}

/// The same for a notice that goes to those only who have not done something yet, so that being among them tells on
/// somebody: it is in nobody's timeline, officers read numbers without names, and [`list_undelivered`] lists nobody.
/// Whoever sends it has it forgotten ([`forget_notice`]) soon after.
///
/// # Errors
/// As [`notify`].
pub async fn remind(change: &mut Change<'_>, notice: &Notice, people: &[Uuid]) -> Result<bool> {
    send(change, notice, people, true).await
}

async fn send(change: &mut Change<'_>, notice: &Notice, people: &[Uuid], is_reminder: bool) -> Result<bool> {
    let now = change.now;
    let id = change.app.random().id(now);
    if !notices::insert_notice(change, id, notice, is_reminder, now).await? {
        return Ok(false);
    }
    let number = notices::insert_people(change, id, people).await?;
    actions::push(change, id).await?;
    let detail = json!({ "key": notice.key, "subject": notice.subject, "people": number });
    change.audit("notice.sent", ("notice", id), detail);
    Ok(true)
}

/// How far the notice of this key is.
///
/// # Errors
/// The database is away.
pub async fn find_notice(db: &mut PgConnection, key: &str) -> Result<Option<NoticeProgress>, sqlx::Error> {
    Ok(list_notices(db, &[key.to_owned()]).await?.pop().map(|(_, progress)| progress))
}

/// The same of several, each with its key; none of a key that has no notice.
///
/// # Errors
/// The database is away.
pub async fn list_notices(
    db: &mut PgConnection,
    keys: &[String],
) -> Result<Vec<(String, NoticeProgress)>, sqlx::Error> {
    notices::list_notices(db, keys).await
}

/// Whether there is a notice of this key, without counting how far it is.
///
/// # Errors
/// The database is away.
pub async fn has_notice(db: &mut PgConnection, key: &str) -> Result<bool, sqlx::Error> {
    notices::has_notice(db, key).await
}

/// Those whom a notice has not reached as far as is known now, so many after another in the order of their ids: refused,
/// uncertain, and those to whose address nothing goes any more. Nobody of a reminder, or once it is forgotten.
///
/// # Errors
/// The database is away.
pub async fn list_undelivered(
    db: &mut PgConnection,
    key: &str,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Undelivered>, sqlx::Error> {
    notices::list_undelivered(db, key, after, limit).await
}

/// Forgets who got a notice and keeps the numbers. One that is still being sent ends by it. It is never sent again.
/// `false` if there was nothing to forget.
///
/// # Errors
/// The database is away.
pub async fn forget_notice(change: &mut Change<'_>, key: &str) -> Result<bool> {
    let now = change.now;
    let Some(id) = notices::forget(change, key, now).await? else { return Ok(false) };
    change.audit("notice.forgotten", ("notice", id), json!({ "key": key }));
    Ok(true)
}
