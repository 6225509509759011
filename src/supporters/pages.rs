use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    actions::{self, Confirmed, Kept, Known, Offer},
    forms,
    model::{CONFIRM_DAYS, Interest},
    settings, sql,
};
use crate::{
    accounts::{self, BrowserName, ConsentPurpose, Entered, Proof},
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::Result,
        form::Form,
        proxy::ClientAddress,
        random::hash_token,
        rate_limit::{self, Limit},
        visit::Visit,
    },
    places::open_regions,
};

const BY_ADDRESS: Limit = Limit { name: "supporter sign-up from", tries: 30, minutes: 60 };
const BY_EMAIL: Limit = Limit { name: "supporter sign-up as", tries: 5, minutes: 60 };
/// Each is a mail to somebody who may not have asked for it.
const ALL_BY_EMAIL: Limit = Limit { name: "supporter sign-ups as", tries: 20, minutes: 60 };

#[derive(Template, WebTemplate)]
#[template(path = "supporters/new.html")]
struct SignUpPage {
    visit: Visit,
    form: Form,
    interests: Vec<(&'static str, &'static str)>,
    /// Filled when the postcode leaves the region open.
    regions: Vec<(&'static str, &'static str)>,
    age_declaration: String,
    updates: &'static str,
    organisers: &'static str,
}

fn page(visit: Visit, form: Form, min_age: i64) -> SignUpPage {
    SignUpPage {
        visit,
        interests: Interest::ALL.map(|interest| (interest.code(), interest.offer())).to_vec(),
        regions: open_regions(&form),
        form,
        age_declaration: format!("I am {min_age} or older."),
        updates: ConsentPurpose::EmailUpdates.wording(),
        organisers: ConsentPurpose::OrganiserContact.wording(),
    }
}

fn min_age(app: &App) -> i64 {
    app.setting(settings::MIN_AGE, app.clock().today()).into()
}

pub(super) async fn new(State(app): State<App>, visit: Visit) -> Response {
    page(visit, Form::default(), min_age(&app)).into_response()
}

pub(super) async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let min_age = min_age(&app);
    let new = match forms::sign_up(&form, min_age) {
        Ok(new) => new,
        Err(form) => {
            let page = page(visit, form, min_age);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    rate_limit::take(&app, &mut db, BY_EMAIL, &rate_limit::from(&new.email, address)).await?;
    rate_limit::take(&app, &mut db, ALL_BY_EMAIL, new.email.as_str()).await?;
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    actions::ask(&mut change, &new).await?;
    change.commit().await?;
    Ok(Redirect::to("/support/check").into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "supporters/check.html")]
struct CheckPage {
    visit: Visit,
    days: i64,
}

pub(super) async fn check(visit: Visit) -> Response {
    CheckPage { visit, days: CONFIRM_DAYS }.into_response()
}

#[derive(Template, WebTemplate)]
#[template(path = "supporters/confirm.html")]
struct ConfirmPage {
    visit: Visit,
    state: LinkState,
    days: i64,
}

enum LinkState {
    Open {
        is_member: bool,
        rows: Vec<Row>,
        /// Whether the form says something else than what is known.
        differs: bool,
        consents: Vec<ConsentPurpose>,
    },
    Used,
    Over,
}

/// One thing that we keep of them, what we kept until now, and what the form says instead.
struct Row {
    what: &'static str,
    value: String,
    before: Option<String>,
    typed: Option<String>,
}

const ROWS: [&str; 5] = ["Name", "Email", "Postcode", "Region", "You help with"];

fn words(kept: &Kept) -> [String; 5] {
    let Kept { details, interests } = kept;
    let interests: Vec<_> = interests.iter().map(|interest| interest.name()).collect();
    let region = details.region.map(|region| region.to_string());
    let all = [
        details.name.clone(),
        details.email.to_string(),
        details.postcode.clone().unwrap_or_default(),
        region.unwrap_or_default(),
        interests.join(", "),
    ];
    all.map(|text| if text.is_empty() { "none".to_owned() } else { text })
}

fn rows(offer: &Offer) -> Vec<Row> {
    let kept = words(&offer.kept);
    let before = offer.known.as_ref().map(|known| words(&known.kept()));
    let typed = offer.typed.as_ref().map(words);
    let row = |(at, what): (usize, &&'static str)| {
        let other = |others: &Option<[String; 5]>| {
            others.as_ref().map(|others| others[at].clone()).filter(|other| *other != kept[at])
        };
        Row { what, value: kept[at].clone(), before: other(&before), typed: other(&typed) }
    };
    ROWS.iter().enumerate().map(row).collect()
}

async fn link_page(app: &App, db: &mut Db, visit: Visit, token: &str) -> Result<Response> {
    let state = match actions::offer(app, db, token).await? {
        Some(offer) => LinkState::Open {
            is_member: offer.known.as_ref().is_some_and(Known::is_member),
            rows: rows(&offer),
            differs: offer.typed.is_some(),
            consents: offer.consents,
        },
        None if sql::is_confirmed(db, &hash_token(token), app.clock().now()).await? => LinkState::Used,
        None => LinkState::Over,
    };
    let status = match state {
        LinkState::Open { .. } | LinkState::Used => StatusCode::OK,
        LinkState::Over => StatusCode::GONE,
    };
    let page = ConfirmPage { visit, state, days: CONFIRM_DAYS };
    // The address holds a secret, and the page what is known of somebody.
    Ok((status, [(header::REFERRER_POLICY, "same-origin")], page).into_response())
}

/// Shows a button and changes nothing: mail scanners open every link.
pub(super) async fn show_link(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
) -> Result<Response> {
    link_page(&app, &mut db, visit, &token).await
}

#[derive(Template, WebTemplate)]
#[template(path = "supporters/welcome.html")]
struct WelcomePage {
    visit: Visit,
    is_member: bool,
    signed_in: bool,
}

pub(super) async fn confirm(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    BrowserName(browser): BrowserName,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let confirmed = actions::confirm(&mut change, &token, form.pressed("change")).await?;
    // Who is signed in stays so.
    let cookie = match &confirmed {
        Some(Confirmed { person, .. }) if visit.viewer.is_none() => {
            match accounts::enter(&mut change, *person, Proof::OtherMail, &browser).await? {
                Entered::In(cookie) => Some(cookie),
                Entered::NeedsMore => None,
            }
        }
        _ => None,
    };
    change.commit().await?;
    let Some(Confirmed { person, is_member, .. }) = confirmed else {
        return link_page(&app, &mut db, visit, &token).await;
    };
    let signed_in = cookie.is_some() || visit.viewer.as_ref().is_some_and(|viewer| viewer.id == person);
    let mut response = WelcomePage { visit, is_member, signed_in }.into_response();
    if let Some(cookie) = cookie.and_then(|cookie| cookie.parse().ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
