//! Joining: the form, the way to Stripe's page, and the page that says what became of it.

use std::time::Duration;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    forms::{self, DECLARATION, Terms},
    model::{Membership, Prices, Rate, State as Standing},
    settings,
    sql::{self, Application},
};
use crate::{
    accounts::{self, ConsentPurpose, Person},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        money::Money,
        proxy::ClientAddress,
        rate_limit::{self, Limit},
        stripe::Interval,
        visit::Visit,
    },
    payments::{self, Checkout, CheckoutState, Way},
    places::{Postcode, Region},
};

const BY_ADDRESS: Limit = Limit { name: "join from", tries: 30, minutes: 60 };
const BY_EMAIL: Limit = Limit { name: "join as", tries: 10, minutes: 60 };

/// The sum from which the law wants donors checked: no subscription may pass it in one payment.
pub(super) fn most(app: &App) -> Money {
    app.setting(payments::CHECK_ABOVE, app.clock().today())
}

pub(super) fn least_age(app: &App) -> i64 {
    app.setting(settings::MIN_AGE, app.clock().today()).into()
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/join.html")]
struct JoinPage {
    visit: Visit,
    form: Form,
    /// Her account's address, if she is signed in.
    account: Option<String>,
    /// Value, price, for whom: of the monthly list.
    rates: Vec<(&'static str, String, String)>,
    least: Money,
    least_yearly: Money,
    /// To choose from, where the postcode leaves the region open.
    regions: Vec<(&'static str, &'static str)>,
    consents: [ConsentPurpose; 2],
    declaration: &'static str,
    least_age: i64,
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/join_member.html")]
struct MemberAlreadyPage {
    visit: Visit,
    /// The last day of a suspension.
    suspended: Option<String>,
}

fn draw(app: &App, visit: Visit, form: Form, prices: &Prices, account: Option<String>) -> JoinPage {
    let price = |rate, every| prices.of(rate, every).unwrap_or_default();
    let rates = Rate::ALL
        .iter()
        .filter(|rate| prices.of(**rate, Interval::Month).is_some())
        .map(|rate| {
            let (month, year) = (price(*rate, Interval::Month), price(*rate, Interval::Year));
            let or_more = if *rate == Rate::Solidarity { " or more" } else { "" };
            let words = format!("{}. {}. Or {year}{or_more} a year.", rate.name(), rate.for_whom());
            (rate.code(), format!("{month} a month{or_more}"), words)
        })
        .collect();
    let regions = form.value("postcode").parse::<Postcode>().map_or_else(
        |_| Vec::new(),
        |postcode| {
            forms::choices(&postcode).into_iter().map(|region| (region.slug(), region.name())).collect()
        },
    );
    JoinPage {
        rates,
        least: price(Rate::Solidarity, Interval::Month),
        least_yearly: price(Rate::Solidarity, Interval::Year),
        // Asked for only once a sent form has shown that it is needed.
        regions: if form.errors().is_empty() { Vec::new() } else { regions },
        consents: ConsentPurpose::ALL,
        declaration: DECLARATION,
        least_age: least_age(app),
        visit,
        form,
        account,
    }
}

/// What we know of somebody who is signed in, so that she need not type it again.
fn prefilled(person: &Person, membership: Option<&Membership>) -> Form {
    let form = Form::filled([
        ("name", person.name.clone()),
        ("postcode", person.postcode.clone().unwrap_or_default()),
        ("region", person.region.map(Region::slug).unwrap_or_default().to_owned()),
        ("every", "month".to_owned()),
    ]);
    match membership {
        Some(before) => form
            .with("address_line1", before.address.line1.clone())
            .with("address_line2", before.address.line2.clone())
            .with("town", before.address.town.clone())
            .with("rate", before.rate.code())
            .with("dob_day", before.born_on.format("%-d").to_string())
            .with("dob_month", before.born_on.format("%-m").to_string())
            .with("dob_year", before.born_on.format("%Y").to_string()),
        None => form.with("rate", "standard"),
    }
}

pub(super) async fn show(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let Some(viewer) = &visit.viewer else {
        let prices = Prices::on(&app.settings(), app.clock().today());
        let form = Form::filled([("rate", "standard".to_owned()), ("every", "month".to_owned())]);
        return Ok(draw(&app, visit, form, &prices, None).into_response());
    };
    let membership = sql::find_of_person(&mut db, viewer.id).await?;
    match membership.as_ref().map(|known| known.state) {
        Some(Standing::Suspended { until }) => {
            return Ok(MemberAlreadyPage { visit, suspended: Some(dates::day(until)) }.into_response());
        }
        Some(Standing::Pending | Standing::Active) => {
            return Ok(MemberAlreadyPage { visit, suspended: None }.into_response());
        }
        // Whose payment failed pays here: the new payment takes the old one's place.
        Some(Standing::Grace { .. } | Standing::Ended { .. }) | None => {}
    }
    let person = accounts::find_person(&mut db, viewer.id).await?.ok_or(Error::NotFound)?;
    let prices = Prices::on(&app.settings(), app.clock().today());
    let form = prefilled(&person, membership.as_ref());
    Ok(draw(&app, visit, form, &prices, Some(person.email.to_string())).into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let today = app.clock().today();
    let prices = Prices::on(&app.settings(), today);
    let account = match &visit.viewer {
        Some(viewer) => {
            let person = accounts::find_person(&mut db, viewer.id).await?.ok_or(Error::NotFound)?;
            Some((person.id, person.email))
        }
        None => None,
    };
    let terms = Terms {
        today,
        least_age: least_age(&app),
        prices: &prices,
        most: most(&app),
        signed_in: account.is_some(),
    };
    let join = match forms::join(&form, &terms) {
        Ok(join) => join,
        Err(form) => {
            let page = draw(&app, visit, form, &prices, account.map(|(_, email)| email.to_string()));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    let email = join.email.as_ref().or(account.as_ref().map(|(_, email)| email));
    rate_limit::take(&app, &mut db, BY_EMAIL, email.map_or("", |email| email.as_str())).await?;
    let mut tx = db.begin().await?;
    let (application, checkout) = actions::apply(&app, &mut tx, join, account).await?;
    tx.commit().await?;
    // Stripe may take seconds: nobody else should miss the connection meanwhile.
    drop(db);
    lead(&app, application, checkout).await
}

/// To Stripe's page, or to ours if Stripe is away.
async fn lead(app: &App, application: Uuid, checkout: Uuid) -> Result<Response> {
    let to = match payments::open(app, checkout).await? {
        Way::There(url) => url,
        Way::Done | Way::Away => format!("/join/{application}"),
        Way::Refused => format!("/join/{application}?refused=yes"),
    };
    Ok(Redirect::to(&to).into_response())
}

/// What became of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Stripe did not answer: nothing has been paid.
    Away,
    /// Stripe refuses to take this payment, which is our fault.
    Refused,
    /// She has not paid yet; her page at Stripe is open.
    Open,
    /// She says that she has paid; Stripe has not told us yet.
    Waiting,
    /// The page at Stripe was closed or its time ran out.
    Expired,
    DebitOnItsWay,
    Failed,
    Welcome,
}

fn progress(
    application: &Application,
    checkout: Option<&Checkout>,
    membership: Option<&Membership>,
    returned: bool,
) -> Progress {
    let Some(checkout) = checkout else { return Progress::Expired };
    let is_over = membership.is_some_and(|known| known.state.is_ended());
    match checkout.state {
        CheckoutState::Wanted => Progress::Away,
        CheckoutState::Expired if checkout.stripe_session.is_none() => Progress::Away,
        CheckoutState::Expired => Progress::Expired,
        CheckoutState::Open if returned => Progress::Waiting,
        CheckoutState::Open => Progress::Open,
        CheckoutState::Failed => Progress::Failed,
        CheckoutState::Pending if is_over => Progress::Failed,
        CheckoutState::Pending if application.settled_at.is_some() => Progress::DebitOnItsWay,
        CheckoutState::Paid if application.settled_at.is_some() => Progress::Welcome,
        CheckoutState::Pending | CheckoutState::Paid => Progress::Waiting,
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/joining.html")]
struct JoiningPage {
    visit: Visit,
    id: Uuid,
    price: String,
    progress: Progress,
}

#[derive(Deserialize)]
pub(super) struct Returned {
    paid: Option<String>,
    /// Stripe would not make a page for paying, and trying again will not help.
    refused: Option<String>,
}

/// How often, and after which pause, a page just come back to looks again before it says "wait".
const LOOKS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(250);

async fn look(db: &mut PgConnection, id: Uuid, returned: bool) -> Result<(Application, Progress)> {
    let application = sql::find_application(db, id).await?.ok_or(Error::NotFound)?;
    let checkout = payments::checkout_for(db, actions::purpose(id)).await?;
    let membership = match application.person {
        Some(person) => sql::find_of_person(db, person).await?,
        None => None,
    };
    let progress = progress(&application, checkout.as_ref(), membership.as_ref(), returned);
    Ok((application, progress))
}

/// Only shows what is the case; what makes a member is Stripe's word to our webhook.
pub(super) async fn progress_page(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    Query(query): Query<Returned>,
    db: Db,
) -> Result<Response> {
    // Looking may go on for seconds; the connection is not kept for it.
    drop(db);
    let returned = query.paid.is_some();
    let mut looks = 0;
    let (application, progress) = loop {
        let mut db = app.pool().acquire().await?;
        let seen = look(&mut db, id, returned).await?;
        drop(db);
        looks += 1;
        if seen.1 != Progress::Waiting || !returned || looks >= LOOKS {
            break seen;
        }
        tokio::time::sleep(PAUSE).await;
    };
    let price = actions::price(application.amount, application.every);
    let progress = match progress {
        Progress::Away if query.refused.is_some() => Progress::Refused,
        progress => progress,
    };
    Ok(JoiningPage { visit, id, price, progress }.into_response())
}

/// Another try at paying, without typing anything again.
pub(super) async fn pay(State(app): State<App>, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let mut tx = db.begin().await?;
    let checkout = actions::pay_again(&app, &mut tx, id).await?;
    tx.commit().await?;
    drop(db);
    match checkout {
        Some(checkout) => lead(&app, id, checkout).await,
        None => Ok(flash::redirect(&app, &format!("/join/{id}"), "You have paid already.")),
    }
}
