//! Name and email address, changed by the person themselves. Each function runs in the caller's transaction.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    actions::address_in_use,
    mail,
    model::{EMAIL_CHANGE_HOURS, EmailChange, Names},
    proofs::Session,
    sql::{
        email_changes::{self, NewChange},
        people, requests, sessions,
    },
};
use crate::{
    audit::Change,
    kit::{
        email_address::EmailAddress,
        error::{Error, Result},
        queue,
        random::hash_token,
    },
};

/// Somebody's address has changed. What that means to other rooms is in `reactions.rs`.
#[derive(Debug, Serialize, Deserialize)]
pub struct AddressMoved {
    pub person: Uuid,
}

pub(super) async fn change_names(change: &mut Change<'_>, person: Uuid, new: &Names) -> Result<()> {
    people::lock_person(change, person).await?;
    let old = people::find_person(change, person).await?.ok_or(Error::NotFound)?;
    people::set_names(change, person, &new.name, new.called.as_deref()).await?;
    let mut changes = serde_json::Map::new();
    let called = |called: Option<&String>| called.cloned().unwrap_or_default();
    for (field, before, after) in [
        ("name", old.name.clone(), new.name.clone()),
        ("called", called(old.called.as_ref()), called(new.called.as_ref())),
    ] {
        if before != after {
            changes.insert(field.to_owned(), json!([before, after]));
        }
    }
    if !changes.is_empty() {
        change.audit("person.changed", ("person", person), changes.into());
    }
    Ok(())
}

/// Notes that somebody wants another address, and asks both addresses. Whether the new one is somebody else's is told
/// only to that address.
///
/// # Errors
/// Invalid if it is already theirs.
pub(super) async fn ask_for_address(
    change: &mut Change<'_>,
    who: &Session,
    email: &EmailAddress,
) -> Result<()> {
    let (app, now) = (change.app, change.now);
    people::lock_person(change, who.person_id).await?;
    let known = people::find_person(change, who.person_id).await?.ok_or(Error::NotFound)?;
    if known.email.as_str().eq_ignore_ascii_case(email.as_str()) {
        return Err(Error::Invalid("That is already your address."));
    }
    // A second press of the button, and not somebody who waits for a mail that does not come.
    if email_changes::is_asked_since(change, who.person_id, email, now - Duration::minutes(1)).await? {
        return Ok(());
    }
    let (old, new) = (app.random().token(), app.random().token());
    let id = app.random().id(now);
    email_changes::replace(
        change,
        &NewChange {
            id,
            person: known.id,
            email,
            old_hash: &old.hash(),
            new_hash: &new.hash(),
            now,
            expires_at: now + Duration::hours(EMAIL_CHANGE_HOURS),
        },
    )
    .await?;
    let taken = people::find_person_by_email(change, email).await?;
    let letter = match taken {
        Some(other) => mail::address_taken(app, other.greeting())?,
        None => mail::confirm_address(app, known.greeting(), email, new.text(), false)?,
    };
    change.mail(format!("address-new:{id}"), email, letter);
    let letter = mail::confirm_address(app, known.greeting(), email, old.text(), true)?;
    change.mail(format!("address-old:{id}"), &known.email, letter);
    Ok(())
}

/// What came of pressing the button behind a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confirmed {
    /// The other address has not said yes yet.
    Half,
    Moved,
    /// Somebody else now has the address.
    Taken,
}

/// One address says yes. When both have, the person has the new one: open sign-in links end, the address is proved, and
/// both hear of it.
///
/// # Errors
/// Not found if the link no longer works.
pub(super) async fn confirm_address(change: &mut Change<'_>, token: &str) -> Result<Confirmed> {
    let (app, now) = (change.app, change.now);
    let hash = hash_token(token);
    let wanted = email_changes::find_by_link(change, &hash, now).await?.ok_or(Error::NotFound)?;
    // Two who press at the same moment go one after the other.
    people::lock_person(change, wanted.person).await?;
    let wanted = email_changes::find_by_link(change, &hash, now).await?.ok_or(Error::NotFound)?;
    email_changes::set_confirmed(change, wanted.id, wanted.is_old, now).await?;
    let EmailChange { person, email, .. } = wanted;
    if !(wanted.is_old || wanted.old_confirmed_at.is_some())
        || (wanted.is_old && wanted.new_confirmed_at.is_none())
    {
        return Ok(Confirmed::Half);
    }
    email_changes::end(change, person, now).await?;
    let known = people::find_person(change, person).await?.ok_or(Error::NotFound)?;
    let set = people::set_email(change, person, &email, now).await;
    if !set.map_err(address_in_use)? {
        return Ok(Confirmed::Taken);
    }
    requests::delete_requests(change, person).await?;
    change.audit(
        "person.changed",
        ("person", person),
        json!({ "email": [known.email.as_str(), email.as_str()] }),
    );
    for to in [&known.email, &email] {
        let letter = mail::address_moved(app, known.greeting(), &email)?;
        change.mail(format!("address-moved:{}:{to}", wanted.id), to, letter);
    }
    queue::push(change, &AddressMoved { person }).await?;
    Ok(Confirmed::Moved)
}

/// Whoever got the link did not ask for this: nothing changes. If it was the old address, everybody is signed out of the
/// account. Says whether it was.
///
/// # Errors
/// Not found if the link no longer works.
pub(super) async fn refuse_address(change: &mut Change<'_>, token: &str) -> Result<bool> {
    let now = change.now;
    let wanted =
        email_changes::find_by_link(change, &hash_token(token), now).await?.ok_or(Error::NotFound)?;
    people::lock_person(change, wanted.person).await?;
    email_changes::end(change, wanted.person, now).await?;
    if wanted.is_old {
        sessions::delete_other_sessions(change, wanted.person, None).await?;
        requests::delete_requests(change, wanted.person).await?;
    }
    change.audit("person.address_refused", ("person", wanted.person), json!({}));
    Ok(wanted.is_old)
}
