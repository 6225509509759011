//! A person's own account: password, consents, where they are signed in.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions, forms,
    model::{Consent, ConsentPurpose, EMAIL_CHANGE_HOURS, EmailChange, Person},
    own_details::{self, Confirmed},
    passwords,
    proofs::{Session, SignedIn},
    rooms::Asked,
    sql::{
        consents, email_changes, people,
        sessions::{self, SessionLine},
    },
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        random::hash_token,
        rate_limit::{self, Limit},
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "accounts/account.html")]
struct AccountPage {
    visit: Visit,
    person: Person,
    /// The address that they want instead of theirs.
    wanted: Option<EmailChange>,
    consents: Vec<ConsentLine>,
    sessions: Vec<SessionLine>,
    this_session: Uuid,
    form: Form,
}

struct ConsentLine {
    purpose: ConsentPurpose,
    /// `since 5 December 2026`, if it stands.
    since: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/card.html")]
struct ChoicesCard {
    consents: Vec<Consent>,
}

/// What they agreed to, for their own page.
pub(super) async fn card(asked: Asked<'_>) -> Result<Option<String>> {
    let mut consents = consents::list_consents(asked.db, asked.session.person_id).await?;
    consents.retain(|consent| consent.withdrawn.is_none());
    Ok(Some(ChoicesCard { consents }.render()?))
}

async fn page(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    who: &Session,
    form: Form,
) -> Result<AccountPage> {
    let now = app.clock().now();
    let (person, wanted) = email_changes::find_owner(db, who.person_id, now).await?.ok_or(Error::NotFound)?;
    let given = consents::list_consents(db, who.person_id).await?;
    let consents = ConsentPurpose::ALL
        .into_iter()
        .map(|purpose| {
            let standing =
                given.iter().find(|consent| consent.purpose == purpose && consent.withdrawn.is_none());
            ConsentLine {
                purpose,
                since: standing.map(|consent| dates::day(dates::london_date(consent.given_at))),
            }
        })
        .collect();
    let sessions = sessions::list_sessions(db, who.person_id, now).await?;
    Ok(AccountPage { visit, person, wanted, consents, sessions, this_session: who.id, form })
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    Ok(page(&app, &mut db, visit, &who, Form::default()).await?.into_response())
}

pub(super) async fn set_password(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let password = match forms::new_password(&form, &who.name, &who.email) {
        Ok(password) => password,
        Err(form) => {
            let page = page(&app, &mut db, visit, &who, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    // Hashing takes long; the connection is not kept for it.
    drop(db);
    let hash = passwords::hash(password).await?;
    let mut change = Change::begin_alone(&app, Actor::Person(who.person_id)).await?;
    actions::set_password(&mut change, &who, &hash).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/account", "Your password is set. Other devices are signed out."))
}

pub(super) async fn set_consents(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let agreed = match forms::consents(&form) {
        Ok(agreed) => agreed,
        Err(form) => {
            let page = page(&app, &mut db, visit, &who, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    for purpose in ConsentPurpose::ALL {
        if agreed.contains(&purpose) {
            actions::give_consent(&mut change, who.person_id, purpose, "account page").await?;
        } else {
            actions::withdraw_consent(&mut change, who.person_id, purpose, "account page").await?;
        }
    }
    change.commit().await?;
    Ok(flash::redirect(&app, "/account", "Your choices are saved."))
}

pub(super) async fn end_session(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    sessions::delete_session(&mut db, who.person_id, id).await?;
    Ok(flash::redirect(&app, "/account", "That device is signed out."))
}

pub(super) async fn end_other_sessions(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::end_other_sessions(&mut change, &who).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/account", "Every other device is signed out."))
}

#[derive(Template, WebTemplate)]
#[template(path = "accounts/own.html")]
struct OwnPage {
    visit: Visit,
    form: Form,
    /// Their address, if that is what they change.
    email: Option<String>,
    hours: i64,
}

impl OwnPage {
    fn names(visit: Visit, form: Form) -> Self {
        Self { visit, form, email: None, hours: 0 }
    }

    fn address(visit: Visit, who: &Session, form: Form) -> Self {
        Self { visit, form, email: Some(who.email.clone()), hours: EMAIL_CHANGE_HOURS }
    }
}

fn known_names(person: &Person) -> Form {
    Form::filled([("name", person.name.clone()), ("called", person.called.clone().unwrap_or_default())])
}

pub(super) async fn edit_names(visit: Visit, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    let person = people::find_person(&mut db, who.person_id).await?.ok_or(Error::NotFound)?;
    Ok(OwnPage::names(visit, known_names(&person).versioned()).into_response())
}

pub(super) async fn change_names(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::names(&form) {
        Ok(new) => new,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, OwnPage::names(visit, form)).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    people::lock_person(&mut change, who.person_id).await?;
    let person = people::find_person(&mut change, who.person_id).await?.ok_or(Error::NotFound)?;
    if let Some(form) = form.overtaken(&known_names(&person), |_, value| value.to_owned()) {
        return Ok((StatusCode::CONFLICT, OwnPage::names(visit, form)).into_response());
    }
    own_details::change_names(&mut change, who.person_id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/account", "Your name is saved."))
}

pub(super) async fn edit_address(visit: Visit, SignedIn(who): SignedIn) -> Response {
    OwnPage::address(visit, &who, Form::default()).into_response()
}

/// Each sends two mails.
const ADDRESSES: Limit = Limit { name: "new address for", tries: 5, minutes: 24 * 60 };

pub(super) async fn ask_for_address(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let wrong =
        |form| (StatusCode::UNPROCESSABLE_ENTITY, OwnPage::address(visit, &who, form)).into_response();
    let email = match forms::email(&form) {
        Ok(email) => email,
        Err(form) => return Ok(wrong(form)),
    };
    rate_limit::take(&app, &mut db, ADDRESSES, &who.person_id.to_string()).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    match own_details::ask_for_address(&mut change, &who, &email).await {
        Ok(()) => {}
        Err(Error::Invalid(why)) => return Ok(wrong(form.failed("email", why))),
        Err(error) => return Err(error),
    }
    change.commit().await?;
    let said = format!(
        "We have emailed {email} and {}. Your address will change once both have confirmed.",
        who.email
    );
    Ok(flash::redirect(&app, "/account", &said))
}

pub(super) async fn forget_address(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    email_changes::end(&mut db, who.person_id, app.clock().now()).await?;
    Ok(flash::redirect(&app, "/account", "Your address stays as it is."))
}

/// How far the link sent to one of the two addresses has got.
enum AddressLink {
    Open { email: String, is_old: bool },
    Half,
    Moved,
    Taken,
    Refused { was_old: bool },
    Over,
}

#[derive(Template, WebTemplate)]
#[template(path = "accounts/confirm_address.html")]
struct AddressLinkPage {
    visit: Visit,
    state: AddressLink,
    hours: i64,
}

fn link_page(visit: Visit, state: AddressLink) -> Response {
    let status = match state {
        AddressLink::Over => StatusCode::NOT_FOUND,
        AddressLink::Taken => StatusCode::CONFLICT,
        _ => StatusCode::OK,
    };
    (status, AddressLinkPage { visit, state, hours: EMAIL_CHANGE_HOURS }).into_response()
}

/// Only shows what it is for: mail scanners follow links.
pub(super) async fn show_address_link(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let wanted = email_changes::find_by_link(&mut db, &hash_token(&token), app.clock().now()).await?;
    let state = match wanted {
        Some(wanted) if wanted.has_answered() => AddressLink::Half,
        Some(wanted) => AddressLink::Open { email: wanted.email.to_string(), is_old: wanted.is_old },
        None => AddressLink::Over,
    };
    Ok(link_page(visit, state))
}

pub(super) async fn answer_address_link(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let state = if form.value("answer") == "no" {
        own_details::refuse_address(&mut change, &token).await.map(|was_old| AddressLink::Refused { was_old })
    } else {
        own_details::confirm_address(&mut change, &token).await.map(|confirmed| match confirmed {
            Confirmed::Half => AddressLink::Half,
            Confirmed::Moved => AddressLink::Moved,
            Confirmed::Taken => AddressLink::Taken,
        })
    };
    let state = match state {
        Ok(state) => state,
        Err(Error::NotFound) => AddressLink::Over,
        Err(error) => return Err(error),
    };
    change.commit().await?;
    Ok(link_page(visit, state))
}
