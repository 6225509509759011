//! What can be done to an account. Each function runs in the caller's transaction.

use chrono::Duration;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    entering::{self, Entered, Proof},
    mail,
    model::{
        CODE_TRIES, CODE_TRIES_A_DAY, ConsentPurpose, MANAGE_OFFICERS, OTHER_CODES, Office, REQUEST_MINUTES,
        Role, Standing, safe_next,
    },
    passwords::{self, Fits},
    proofs::Session,
    rooms::Rooms,
    sql::{
        consents::{self, NewConsent},
        offices,
        people::{self, Credentials},
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
        mail as letters,
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

/// Whether somebody holds an office now.
///
/// # Errors
/// The database is away.
pub async fn holds_office(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    Ok(!offices::list_offices(db, id).await?.is_empty())
}

/// What officers and the person themselves can change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    // Held first: whoever is signing in at this moment is waited for, and signed out again.
    people::lock_person(change, id).await?;
    let old = people::find_person(change, id).await?.ok_or(Error::NotFound)?;
    if let Some(other) = people::find_person_by_email(change, &new.email).await?
        && other.id != id
    {
        return Err(ADDRESS_IN_USE);
    }
    let moves = old.email != new.email;
    if moves {
        if !may_move(change, id).await? {
            return Err(Error::Conflict(
                "They hold an office. Only an administrator may change the email address of an officer.",
            ));
        }
        requests::delete_requests(change, id).await?;
    }
    let set = people::set_details(change, id, &new.name, &new.email, new.postcode.as_deref(), new.region);
    set.await.map_err(address_in_use)?;
    if moves {
        sessions::delete_other_sessions(change, id, None).await?;
        let occasion = format!("address:{id}:{}", now.timestamp_micros());
        change.mail(occasion, &old.email, mail::address_changed(app, old.greeting())?);
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

/// Given to somebody else at the same moment.
pub(super) fn address_in_use(error: sqlx::Error) -> Error {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => ADDRESS_IN_USE,
        _ => error.into(),
    }
}

const ADDRESS_IN_USE: Error =
    Error::Conflict("This email address is already in use. Check whether it is the same person.");

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

/// Closes the account of somebody who has died: nothing is written to their address again, nobody is signed in with it,
/// and what they agreed to is over.
///
/// # Errors
/// Not found if there is no such person.
pub async fn close_account(change: &mut Change<'_>, person: Uuid) -> Result<()> {
    let now = change.now;
    let known = people::find_person(change, person).await?.ok_or(Error::NotFound)?;
    for purpose in ConsentPurpose::ALL {
        consents::end_consent(change, person, purpose, "has died", now).await?;
    }
    sessions::delete_other_sessions(change, person, None).await?;
    requests::delete_requests(change, person).await?;
    Ok(letters::stop(change, &known.email, now).await?)
}

/// Opens an account again that was closed by mistake. Consents stay ended.
///
/// # Errors
/// Not found if there is no such person.
pub async fn reopen_account(change: &mut Change<'_>, person: Uuid) -> Result<()> {
    let known = people::find_person(change, person).await?.ok_or(Error::NotFound)?;
    Ok(letters::resume(change, &known.email).await?)
}

/// Mails a link and a code, or to an unknown address the news that it is unknown. Returns the request's id, which
/// the next page carries; it is the same for both. An officer without a password gets no code: it would not be enough.
pub(super) async fn request_sign_in(
    change: &mut Change<'_>,
    rooms: Rooms,
    email: &EmailAddress,
    next: &str,
) -> Result<Uuid> {
    let app = change.app;
    let now = change.now;
    let person = people::find_person_by_email(change, email).await?;
    // What follows is asked in any case, so that the answer takes as long for every address.
    let begun = rooms.begun(change, email, now).await?;
    let (id, link, code) = (app.random().opaque_id(), app.random().token(), app.random().code());
    let is_officer = offices::holds_office(change, person.as_ref().map_or(Uuid::nil(), |it| it.id)).await?;
    let has_code = person.as_ref().is_some_and(|person| person.has_password || !is_officer);
    let code_hash = code_hash(app, id, &code);
    let new = NewRequest {
        id,
        person_id: person.as_ref().map(|person| person.id),
        link_hash: &link.hash(),
        code_hash: has_code.then_some(code_hash.as_slice()),
        next_path: safe_next(next),
        now,
        expires_at: now + Duration::minutes(REQUEST_MINUTES),
    };
    requests::insert_request(change, &new).await?;
    let letter = match &person {
        Some(person) => {
            mail::sign_in(app, person.greeting(), link.text(), has_code.then_some(code.as_str()), is_officer)?
        }
        None => mail::unknown_address(app, begun.as_ref())?,
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
    let link = hash_token(token);
    let Some(owner) = requests::find_owner_of_link(change, &link).await? else { return Ok(None) };
    // The person before the request, as everywhere.
    people::lock_person(change, owner).await?;
    let request = requests::use_link(change, &link, now).await?;
    use_request(change, request, Proof::SignInLink, browser).await
}

/// What came of a code that was typed in.
pub(super) enum Tried {
    Right(Credentials),
    /// Right for another request of the same person.
    OfAnotherMail,
    Wrong,
}

/// Tries a code. The try counts, so the change must be committed whatever comes of it. When the tries of a day are used
/// up, no code of theirs works until the next, and they hear of it.
pub(super) async fn try_code(change: &mut Change<'_>, request: Uuid, code: &str) -> Result<Tried> {
    let (app, now) = (change.app, change.now);
    let is_right = |id: Uuid, hash: &[u8]| -> bool {
        subtle::ConstantTimeEq::ct_eq(hash, code_hash(app, id, code).as_slice()).into()
    };
    // Where the address is not known everything is asked of nobody, so that the answer takes as long.
    let owner = requests::find_owner(change, request).await?.unwrap_or(Uuid::nil());
    // Those who try at the same moment go one after the other.
    let person = people::lock_person(change, owner).await?;
    let tries = requests::count_tries(change, owner, now - Duration::days(1)).await?;
    if tries >= CODE_TRIES_A_DAY {
        return Ok(Tried::Wrong);
    }
    let hash = requests::try_code(change, request, now, CODE_TRIES).await?.flatten();
    let others = requests::list_other_codes(change, owner, request, now, OTHER_CODES).await?;
    let (Some(person), Some(hash)) = (person, hash) else { return Ok(Tried::Wrong) };
    if is_right(request, &hash) {
        return Ok(Tried::Right(person));
    }
    if tries + 1 == CODE_TRIES_A_DAY {
        let occasion = format!("sign-in-codes:{owner}:{}", change.today());
        change.mail(occasion, &person.email, mail::codes_guessed(app, &person.name)?);
    }
    let is_of_another = others.iter().any(|(id, hash)| is_right(*id, hash));
    Ok(if is_of_another { Tried::OfAnotherMail } else { Tried::Wrong })
}

/// Uses the request whose code was right. `None` if it was used in the meantime.
pub(super) async fn sign_in_by_code(
    change: &mut Change<'_>,
    person: Uuid,
    request: Uuid,
    password: Option<Fits>,
    browser: &str,
) -> Result<Option<Used>> {
    let now = change.now;
    people::lock_person(change, person).await?;
    let request = requests::use_request(change, request, now).await?;
    use_request(change, request, Proof::SignInCode(password), browser).await
}

async fn use_request(
    change: &mut Change<'_>,
    request: Option<requests::Request>,
    proof: Proof,
    browser: &str,
) -> Result<Option<Used>> {
    let Some(request) = request else { return Ok(None) };
    let entered = entering::enter(change, request.person_id, proof, browser).await?;
    tracing::info!(request = %request.id, "signed in by mail");
    Ok(Some(Used { entered, next: request.next_path }))
}

/// Checks a password. The hash is computed without holding a connection; see [`passwords::verify`].
pub(super) async fn check_password(
    app: &App,
    email: &EmailAddress,
    password: SecretString,
) -> Result<Option<(Uuid, Fits)>> {
    let mut db = app.pool().acquire().await?;
    let found = people::find_credentials(&mut db, email).await?;
    drop(db);
    let (person, hash) = found.map_or((None, None), |found| (Some(found.id), found.password_hash));
    let fits = passwords::verify(password, hash).await?;
    Ok(person.zip(fits))
}

/// Ends every other session and every open link of the one who asks.
pub(super) async fn end_other_sessions(change: &mut Change<'_>, who: &Session) -> Result<()> {
    people::lock_person(change, who.person_id).await?;
    sessions::delete_other_sessions(change, who.person_id, Some(who.id)).await?;
    Ok(requests::delete_requests(change, who.person_id).await?)
}

/// Sets a password, ends every other session, and mails the owner.
pub(super) async fn set_password(change: &mut Change<'_>, who: &Session, hash: &str) -> Result<()> {
    let app = change.app;
    end_other_sessions(change, who).await?;
    people::set_password_hash(change, who.person_id, hash).await?;
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
        // Whoever is appointed by the command line or comes with the demo party needs no telling.
        if let Actor::Person(_) = change.by {
            let known = people::find_person(change, person).await?.ok_or(Error::NotFound)?;
            let letter = mail::appointed(app, known.greeting(), &Office { role, region })?;
            change.mail(format!("appointed:{person}:{}", now.timestamp_micros()), &known.email, letter);
        }
    }
    Ok(added)
}

/// Switches somebody's officers' tools off while they stand in an election, and on again.
///
/// # Errors
/// The database is away.
pub async fn pause_offices(change: &mut Change<'_>, person: Uuid, paused: bool) -> Result<()> {
    if offices::set_paused(change, person, paused).await? {
        let action = if paused { "officer.paused" } else { "officer.resumed" };
        change.audit(action, ("person", person), json!({}));
    }
    Ok(())
}

/// Ends an office that came with something else, if they hold it.
///
/// # Errors
/// Conflict for the last administrator.
pub async fn end_role(
    change: &mut Change<'_>,
    person: Uuid,
    role: Role,
    region: Option<Region>,
) -> Result<()> {
    match offices::find_held(change, person, role, region).await? {
        Some(office) => end_officer(change, office).await,
        None => Ok(()),
    }
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
