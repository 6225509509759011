//! What can be done to an account. Each function runs in the caller's transaction.

use chrono::Duration;
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail,
    model::{CODE_TRIES, ConsentPurpose, MANAGE_OFFICERS, REQUEST_MINUTES, Role, Standing, safe_next},
    passwords, session,
    sql::{self, NewConsent, NewRequest},
};
use crate::{
    audit::{self, Actor, Entry},
    kit::{
        app::App,
        email_address::EmailAddress,
        error::{Error, Result},
        mail as outbox,
        random::{Token, hash_token},
    },
    places::Region,
};

/// The person with this address; added with this name if nobody has it. Says whether she is new.
pub async fn find_or_add_person(
    app: &App,
    db: &mut PgConnection,
    email: &EmailAddress,
    name: &str,
) -> Result<(Uuid, bool)> {
    let now = app.clock().now();
    Ok(sql::insert_person(db, app.random().id(now), email, name, now).await?)
}

/// What officers and the person herself can change.
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
pub async fn change_details(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    id: Uuid,
    new: &Details,
) -> Result<()> {
    let old = sql::find_person(db, id).await?.ok_or(Error::NotFound)?;
    if let Some(other) = sql::find_person_by_email(db, &new.email).await?
        && other.id != id
    {
        return Err(Error::Conflict(
            "Somebody else has this email address. Look her up first; it may be the same person.",
        ));
    }
    let moves = old.email != new.email;
    if moves {
        if !may_move(db, actor, id).await? {
            return Err(Error::Conflict(
                "She holds an office. Only an administrator may change the email address of an officer.",
            ));
        }
        // Before the new address is set: a link that is being used at this moment is waited for, and proves the old one.
        sql::delete_requests(db, id).await?;
    }
    sql::set_details(db, id, &new.name, &new.email, new.postcode.as_deref(), new.region).await?;
    if moves {
        sql::delete_other_sessions(db, id, None).await?;
        let occasion = format!("address:{id}:{}", app.clock().now().timestamp_micros());
        outbox::push(app, db, &occasion, &old.email, &mail::address_changed(app, &old.name)?).await?;
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
    let entry = Entry {
        actor,
        action: "person.changed",
        subject: ("person", &id.to_string()),
        detail: changes.into(),
    };
    Ok(audit::record(db, app.clock().now(), &entry).await?)
}

/// An officer's address opens everything that she may do, so changing it is like appointing her.
async fn may_move(db: &mut PgConnection, actor: Actor, id: Uuid) -> Result<bool> {
    if sql::list_offices(db, id).await?.is_empty() {
        return Ok(true);
    }
    let Actor::Person(actor) = actor else { return Ok(true) };
    Ok(sql::list_offices(db, actor).await?.iter().any(|office| office.allows(MANAGE_OFFICERS)))
}

/// Told by rooms above when somebody becomes or stops being a supporter or member.
pub async fn set_standing(db: &mut PgConnection, id: Uuid, standing: Standing) -> Result<()> {
    Ok(sql::set_standing(db, id, standing).await?)
}

/// The address was proved by something sent to it.
pub async fn verify_email(app: &App, db: &mut PgConnection, id: Uuid) -> Result<()> {
    Ok(sql::set_verified(db, id, app.clock().now()).await?)
}

/// Keeps a consent with its wording, the place it was given and the time. A standing one stays as it is.
pub async fn give_consent(
    app: &App,
    db: &mut PgConnection,
    person: Uuid,
    purpose: ConsentPurpose,
    source: &str,
) -> Result<bool> {
    let now = app.clock().now();
    let new = NewConsent { id: app.random().id(now), person_id: person, purpose, source, now };
    Ok(sql::insert_consent(db, &new).await?)
}

/// Ends a consent. Returns whether there was one.
pub async fn withdraw_consent(
    app: &App,
    db: &mut PgConnection,
    person: Uuid,
    purpose: ConsentPurpose,
    how: &str,
) -> Result<bool> {
    Ok(sql::end_consent(db, person, purpose, how, app.clock().now()).await?)
}

/// Mails a link and a code, or to an unknown address the news that it is unknown. Returns the request's id, which
/// the next page carries; it is the same for both.
pub(super) async fn request_sign_in(
    app: &App,
    db: &mut PgConnection,
    email: &EmailAddress,
    next: &str,
) -> Result<Uuid> {
    let now = app.clock().now();
    let person = sql::find_person_by_email(db, email).await?;
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
    sql::insert_request(db, &new).await?;
    let letter = match &person {
        Some(person) => mail::sign_in(app, &person.name, link.text(), &code)?,
        None => mail::unknown_address(app)?,
    };
    outbox::push(app, db, &format!("sign-in:{id}"), email, &letter).await?;
    Ok(id)
}

/// A code has only a million values; keyed, its stored hash cannot be tried out from a copy of the database.
fn code_hash(app: &App, request: Uuid, code: &str) -> Vec<u8> {
    app.sign("sign-in code", format!("{request} {code}").as_bytes()).into_bytes()
}

/// A link that signs somebody in once, for a mail of another room. `days` is how long it works.
pub async fn issue_link(
    app: &App,
    db: &mut PgConnection,
    person: Uuid,
    next: &str,
    days: i64,
) -> Result<String> {
    let now = app.clock().now();
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
    sql::insert_request(db, &new).await?;
    Ok(app.link(&format!("/sign-in/link/{}", link.text())))
}

/// Somebody signed in: where to go, and the session's cookie.
pub(super) struct Entered {
    pub next: String,
    pub cookie: String,
}

/// Uses an emailed link. `None` if it is unknown, used or over.
pub(super) async fn sign_in_by_link(
    app: &App,
    db: &mut PgConnection,
    token: &str,
    browser: &str,
) -> Result<Option<Entered>> {
    let request = sql::use_link(db, &hash_token(token), app.clock().now()).await?;
    enter(app, db, request, browser).await
}

/// Whether a code that was typed in is right, and the request still open. Counts the try, so it must be committed
/// whatever comes of it.
pub(super) async fn try_code(app: &App, db: &mut PgConnection, request: Uuid, code: &str) -> Result<bool> {
    let right = code_hash(app, request, code);
    let Some(Some(hash)) = sql::try_code(db, request, app.clock().now(), CODE_TRIES).await? else {
        return Ok(false);
    };
    Ok(subtle::ConstantTimeEq::ct_eq(hash.as_slice(), right.as_slice()).into())
}

/// Uses the request whose code was right. `None` if it was used in the meantime.
pub(super) async fn sign_in_by_code(
    app: &App,
    db: &mut PgConnection,
    request: Uuid,
    browser: &str,
) -> Result<Option<Entered>> {
    let request = sql::use_request(db, request, app.clock().now()).await?;
    enter(app, db, request, browser).await
}

async fn enter(
    app: &App,
    db: &mut PgConnection,
    request: Option<sql::Request>,
    browser: &str,
) -> Result<Option<Entered>> {
    let Some(request) = request else { return Ok(None) };
    sql::set_verified(db, request.person_id, app.clock().now()).await?;
    let cookie = session::start(app, db, request.person_id, browser).await?;
    tracing::info!(request = %request.id, "signed in by mail");
    Ok(Some(Entered { next: request.next_path, cookie }))
}

/// Checks a password. The hash is computed without holding a connection; see [`passwords::verify`].
pub(super) async fn check_password(
    app: &App,
    email: &EmailAddress,
    password: SecretString,
) -> Result<Option<Uuid>> {
    let mut db = app.pool().acquire().await?;
    let found = sql::find_password_hash(&mut db, email).await?;
    drop(db);
    let (person, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
    let fits = passwords::verify(password, hash).await?;
    Ok(person.filter(|_| fits))
}

/// Sets a password, ends every other session, and mails the owner.
pub(super) async fn set_password(
    app: &App,
    db: &mut PgConnection,
    who: &session::Session,
    hash: &str,
) -> Result<()> {
    sql::set_password_hash(db, who.person_id, hash).await?;
    sql::delete_other_sessions(db, who.person_id, Some(who.id)).await?;
    sql::delete_requests(db, who.person_id).await?;
    let now = app.clock().now();
    let email: EmailAddress = who.email.parse().map_err(anyhow::Error::from)?;
    let occasion = format!("password:{}:{}", who.person_id, now.timestamp_micros());
    outbox::push(app, db, &occasion, &email, &mail::password_changed(app, &who.name)?).await?;
    let subject = who.person_id.to_string();
    let actor = Actor::Person(who.person_id);
    let entry =
        Entry { actor, action: "person.password_set", subject: ("person", &subject), detail: json!({}) };
    Ok(audit::record(db, now, &entry).await?)
}

/// Gives an office. Returns whether she did not hold it already.
///
/// # Errors
/// [`Error::Invalid`] if an organiser has no region or another office has one.
pub async fn add_officer(
    app: &App,
    db: &mut PgConnection,
    actor: Actor,
    person: Uuid,
    role: Role,
    region: Option<Region>,
) -> Result<bool> {
    if (role == Role::Organiser) != region.is_some() {
        return Err(Error::Invalid("An organiser needs a region; other offices have none."));
    }
    let now = app.clock().now();
    let granted_by = match actor {
        Actor::Person(id) => id.to_string(),
        Actor::System => "system".to_owned(),
    };
    let added = sql::insert_officer(db, app.random().id(now), person, role, region, &granted_by, now).await?;
    if added {
        let detail = json!({ "role": role.code(), "region": region.map(Region::slug) });
        let entry =
            Entry { actor, action: "officer.added", subject: ("person", &person.to_string()), detail };
        audit::record(db, now, &entry).await?;
    }
    Ok(added)
}

/// Ends an office. The last administrator stays: nobody could appoint another.
pub(super) async fn end_officer(app: &App, db: &mut PgConnection, actor: Actor, office: Uuid) -> Result<()> {
    let now = app.clock().now();
    // Locked first: two who end each other at the same moment go one after the other.
    if sql::lock_administrators(db).await? == [office] {
        return Err(Error::Conflict("This is the last administrator. Appoint another one first."));
    }
    let Some((person, role)) = sql::end_officer(db, office, now).await? else { return Ok(()) };
    let entry = Entry {
        actor,
        action: "officer.ended",
        subject: ("person", &person.to_string()),
        detail: json!({ "role": role }),
    };
    Ok(audit::record(db, now, &entry).await?)
}
