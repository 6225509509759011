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
    model::{Consent, ConsentPurpose, Person},
    passwords,
    proofs::{Session, SignedIn},
    rooms::Asked,
    sql::{
        consents, people,
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
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "accounts/account.html")]
struct AccountPage {
    visit: Visit,
    person: Person,
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
    let person = people::find_person(db, who.person_id).await?.ok_or(Error::NotFound)?;
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
    let sessions = sessions::list_sessions(db, who.person_id, app.clock().now()).await?;
    Ok(AccountPage { visit, person, consents, sessions, this_session: who.id, form })
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
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    for purpose in ConsentPurpose::ALL {
        if form.checked("consent", purpose.code()) {
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
