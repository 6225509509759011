//! What can be done to an account. Each function runs in the caller's transaction.

use chrono::Duration;
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    entering::{self, Entered, Proof},
    mail,
    model::{CODE_TRIES, ConsentPurpose, MANAGE_OFFICERS, REQUEST_MINUTES, Role, Standing, safe_next},
    passwords,
    proofs::Session,
    sql::{
        consents::{self, NewConsent},
        offices, people,
        requests::{self, NewRequest},
        sessions,
    },
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        email_address::EmailAddress,
        error::{Error, Result},
        random::{Token, hash_token},
    },
    places::Region,
};

/// The person with this address; added with this name if nobody has it. Says whether they are new.
pub async fn find_or_add_person(
    change: &mut Change<'_>,
    email: &EmailAddress,
    name: &str,
) -> Result<(Uuid, bool)> {
    let app = change.app;
    let now = change.now;
    Ok(people::insert_person(change, app.random().id(now), email, name, now).await?)
}

/// What officers and the person themselves can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub name: String,
    pub email: EmailAddress,
    pub postcode: Option<String>,
    pub region: Option<Region>,
}

/// Changes details and notes old and new in the audit log. Whoever has the email address can sign in: with a new one
/// every session and open link ends, and the old address hears of it.
///
/// # Errors
/// [`Error::Conflict`] if somebody else has the address, or if it is an officer's and the actor may not appoint
/// officers; not found.
pub async fn change_details(change: &mut Change<'_>, id: Uuid, new: &Details) -> Result<()> {
    let app = change.app;
    let now = change.now;
    let old = people::find_person(change, id).await?.ok_or(Error::NotFound)?;
    if let Some(other) = people::find_person_by_email(change, &new.email).await?
        && other.id != id
    {
        return Err(Error::Conflict(
            "This email address is already in use. Check whether it is the same person.",
        ));
    }
    let moves = old.email != new.email;
    if moves {
        if !may_move(change, id).await? {
            return Err(Error::Conflict(
                "They hold an office. Only an administrator may change the email address of an officer.",
            ));
        }
        // Before the new address is set: a link that is being used at this moment is waited for, and proves the old one.
        requests::delete_requests(change, id).await?;
    }
    people::set_details(change, id, &new.name, &new.email, new.postcode.as_deref(), new.region).await?;
    if moves {
        sessions::delete_other_sessions(change, id, None).await?;
        let occasion = format!("address:{id}:{}", now.timestamp_micros());
        change.mail(occasion, &old.email, mail::address_changed(app, &old.name)?);
    }
    let mut changes = serde_json::Map::new();
    let region = |region: Option<Region>| region.map(Region::slug).unwrap_or_default().to_owned();
    for (field, before, after) in [
        ("name", old.name, new.name.clone()),
        ("email", old.email.to_string(), new.email.to_string()),
        ("postcode", old.postcode.unwrap_or_default(), new.postcode.clone().unwrap_or_default()),
        ("region", region(old.region), region(new.region)),
    ] {
        if before != after {
            changes.insert(field.to_owned(), json!([before, after]));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    change.audit("person.changed", ("person", id), changes.into());
    Ok(())
}

/// An officer's address opens everything that they may do, so changing it is like appointing them.
async fn may_move(change: &mut Change<'_>, id: Uuid) -> Result<bool> {
    if offices::list_offices(change, id).await?.is_empty() {
        return Ok(true);
    }
    let Actor::Person(officer) = change.by else { return Ok(true) };
    Ok(offices::list_offices(change, officer).await?.iter().any(|office| office.allows(MANAGE_OFFICERS)))
}

/// Told by rooms above when somebody becomes or stops being a supporter or member.
pub async fn set_standing(db: &mut PgConnection, id: Uuid, standing: Standing) -> Result<()> {
    Ok(people::set_standing(db, id, standing).await?)
}

/// The address was proved by something sent to it.
pub async fn verify_email(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let now = change.now;
    Ok(people::set_verified(change, id, now).await?)
}

/// Keeps a consent with its wording, the place it was given and the time. A standing one stays as it is.
pub async fn give_consent(
    change: &mut Change<'_>,
    person: Uuid,
    purpose: ConsentPurpose,
    source: &str,
) -> Result<bool> {
    let app = change.app;
    let now = change.now;
    let new = NewConsent { id: app.random().id(now), person_id: person, purpose, source, now };
    Ok(consents::insert_consent(change, &new).await?)
}

/// Ends a consent. Returns whether there was one.
pub async fn withdraw_consent(
    change: &mut Change<'_>,
    person: Uuid,
    purpose: ConsentPurpose,
    how: &str,
) -> Result<bool> {
    let now = change.now;
    Ok(consents::end_consent(change, person, purpose, how, now).await?)
}

/// Mails a link and a code, or to an unknown address the news that it is unknown. Returns the request's id, which
/// the next page carries; it is the same for both.
pub(super) async fn request_sign_in(
    change: &mut Change<'_>,
    email: &EmailAddress,
    next: &str,
) -> Result<Uuid> {
    let app = change.app;
    let now = change.now;
    let person = people::find_person_by_email(change, email).await?;
    let (id, link, code) = (app.random().opaque_id(), app.random().token(), app.random().code());
    let code_hash = code_hash(app, id, &code);
    let new = NewRequest {
        id,
        person_id: person.as_ref().map(|person| person.id),
        link_hash: &link.hash(),
        code_hash: person.as_ref().map(|_| code_hash.as_slice()),
        next_path: safe_next(next),
        now,
        expires_at: now + Duration::minutes(REQUEST_MINUTES),
    };
    requests::insert_request(change, &new).await?;
    let letter = match &person {
        Some(person) => mail::sign_in(app, &person.name, link.text(), &code)?,
        None => mail::unknown_address(app)?,
    };
    change.mail(format!("sign-in:{id}"), email, letter);
    Ok(id)
}

/// A code has only a million values; keyed, its stored hash cannot be tried out from a copy of the database.
fn code_hash(app: &App, request: Uuid, code: &str) -> Vec<u8> {
    app.sign("sign-in code", format!("{request} {code}").as_bytes()).into_bytes()
}

/// A link that signs somebody in once, for a mail of another room. `days` is how long it works.
pub async fn issue_link(change: &mut Change<'_>, person: Uuid, next: &str, days: i64) -> Result<String> {
    let app = change.app;
    let now = change.now;
    let link: Token = app.random().token();
    let new = NewRequest {
        id: app.random().opaque_id(),
        person_id: Some(person),
        link_hash: &link.hash(),
        code_hash: None,
        next_path: safe_next(next),
        now,
        expires_at: now + Duration::days(days),
    };
    requests::insert_request(change, &new).await?;
    Ok(app.link(&format!("/sign-in/link/{}", link.text())))
}

/// Somebody used what was mailed to them: what came of it, and where they wanted to go.
pub(super) struct Used {
    pub entered: Entered,
    pub next: String,
}

/// Uses an emailed link. `None` if it is unknown, used or over.
pub(super) async fn sign_in_by_link(
    change: &mut Change<'_>,
    token: &str,
    browser: &str,
) -> Result<Option<Used>> {
    let now = change.now;
    let request = requests::use_link(change, &hash_token(token), now).await?;
    use_request(change, request, browser).await
}

/// Whether a code that was typed in is right, and the request still open. Counts the try, so it must be committed
/// whatever comes of it.
pub(super) async fn try_code(app: &App, db: &mut PgConnection, request: Uuid, code: &str) -> Result<bool> {
    let now = app.clock().now();
    let right = code_hash(app, request, code);
    let Some(Some(hash)) = requests::try_code(db, request, now, CODE_TRIES).await? else {
        return Ok(false);
    };
    Ok(subtle::ConstantTimeEq::ct_eq(hash.as_slice(), right.as_slice()).into())
}

/// Uses the request whose code was right. `None` if it was used in the meantime.
pub(super) async fn sign_in_by_code(
    change: &mut Change<'_>,
    request: Uuid,
    browser: &str,
) -> Result<Option<Used>> {
    let now = change.now;
    let request = requests::use_request(change, request, now).await?;
    use_request(change, request, browser).await
}

async fn use_request(
    change: &mut Change<'_>,
    request: Option<requests::Request>,
    browser: &str,
) -> Result<Option<Used>> {
    let Some(request) = request else { return Ok(None) };
    let entered = entering::enter(change, request.person_id, Proof::SignInMail, browser).await?;
    tracing::info!(request = %request.id, "signed in by mail");
    Ok(Some(Used { entered, next: request.next_path }))
}

/// Checks a password. The hash is computed without holding a connection; see [`passwords::verify`].
pub(super) async fn check_password(
    app: &App,
    email: &EmailAddress,
    password: SecretString,
) -> Result<Option<Uuid>> {
    let mut db = app.pool().acquire().await?;
    let found = people::find_password_hash(&mut db, email).await?;
    drop(db);
    let (person, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
    let fits = passwords::verify(password, hash).await?;
    Ok(person.filter(|_| fits))
}

/// Sets a password, ends every other session, and mails the owner.
pub(super) async fn set_password(change: &mut Change<'_>, who: &Session, hash: &str) -> Result<()> {
    let app = change.app;
    people::set_password_hash(change, who.person_id, hash).await?;
    sessions::delete_other_sessions(change, who.person_id, Some(who.id)).await?;
    requests::delete_requests(change, who.person_id).await?;
    let now = change.now;
    let email: EmailAddress = who.email.parse().map_err(anyhow::Error::from)?;
    let occasion = format!("password:{}:{}", who.person_id, now.timestamp_micros());
    change.mail(occasion, &email, mail::password_changed(app, &who.name)?);
    change.audit("person.password_set", ("person", who.person_id), json!({}));
    Ok(())
}

/// Gives an office. Returns whether they did not hold it already.
///
/// # Errors
/// [`Error::Invalid`] if an organiser has no region or another office has one.
pub async fn add_officer(
    change: &mut Change<'_>,
    person: Uuid,
    role: Role,
    region: Option<Region>,
) -> Result<bool> {
    let app = change.app;
    if (role == Role::Organiser) != region.is_some() {
        return Err(Error::Invalid("An organiser needs a region; other offices have none."));
    }
    let now = change.now;
    let granted_by = change.by.text();
    let added =
        offices::insert_officer(change, app.random().id(now), person, role, region, &granted_by, now).await?;
    if added {
        let detail = json!({ "role": role.code(), "region": region.map(Region::slug) });
        change.audit("officer.added", ("person", person), detail);
    }
    Ok(added)
}

/// Ends an office. The last administrator stays: nobody could appoint another.
pub(super) async fn end_officer(change: &mut Change<'_>, office: Uuid) -> Result<()> {
    let now = change.now;
    // Locked first: two who end each other at the same moment go one after the other.
    if offices::lock_administrators(change).await? == [office] {
        return Err(Error::Conflict("This is the last administrator. Appoint another one first."));
    }
    let Some((person, role)) = offices::end_officer(change, office, now).await? else { return Ok(()) };
    change.audit("officer.ended", ("person", person), json!({ "role": role }));
    Ok(())
}
