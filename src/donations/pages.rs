//! Giving, and the thanks for it.

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
    actions::{self, Given},
    forms,
    model::{Bounds, DECLARATION, Gift, USUAL},
    sql,
};
use crate::{
    accounts::{self, Most},
    audit::{Actor, Change},
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
    payments::{
        CheckoutState, Purpose,
        leading::{self, Payable, Progress, Words},
    },
};

const BY_ADDRESS: Limit = Limit { name: "give from", tries: 30, minutes: 60 };
const BY_EMAIL: Limit = Limit { name: "give as", tries: 10, minutes: 60 };

#[derive(Template, WebTemplate)]
#[template(path = "donations/give.html")]
struct GivePage {
    visit: Visit,
    form: Form,
    sums: Vec<(String, String)>,
    bounds: Bounds,
    declaration: &'static str,
    /// Their regular gifts, for whoever is signed in.
    running: Vec<Gift>,
    /// What may still come from whoever is signed in, this year.
    left: Option<Money>,
}

impl GivePage {
    /// Whether the fields for the address are unfolded: something stands in them, or should.
    fn shows_address(&self) -> bool {
        ["address_line1", "town", "postcode", "address_abroad", "country"]
            .iter()
            .any(|name| self.form.error(name).is_some() || !self.form.value(name).is_empty())
    }
}

fn draw(app: &App, visit: Visit, form: Form, left: Option<Money>) -> GivePage {
    let sums = USUAL
        .iter()
        .map(|pence| (pence.to_string(), Money::from_pence(*pence).to_string()))
        .chain([("own".to_owned(), "Other amount".to_owned())])
        .collect();
    let bounds = actions::bounds(app, visit.today());
    GivePage { visit, form, sums, bounds, declaration: DECLARATION, running: Vec::new(), left }
}

pub(super) async fn show(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let mut form = Form::filled([("sum", "1000".to_owned()), ("every", "once".to_owned())]);
    let (mut left, mut running) = (None, Vec::new());
    if let Some(viewer) = &visit.viewer
        && let Some(person) = accounts::find_person(&mut db, viewer.id).await?
    {
        left = actions::ceiling::left(&app, &mut db, &person.email).await?;
        running = sql::list_running(&mut db, person.id).await?;
        form = form.with("name", person.name).with("email", person.email.to_string());
    }
    Ok(GivePage { running, ..draw(&app, visit, form, left) }.into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let give = match forms::give(&form, &actions::bounds(&app, visit.today())) {
        Ok(give) => give,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&app, visit, form, None)).into_response());
        }
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    rate_limit::take(&app, &mut db, BY_EMAIL, &rate_limit::from(&give.email, address)).await?;
    // A gift belongs to their account only if it is made with their account's own address.
    let person = match &visit.viewer {
        Some(viewer) => accounts::find_person(&mut db, viewer.id).await?,
        None => None,
    };
    let person = person.filter(|person| person.email == give.email).map(|person| person.id);
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let give_every = give.every;
    let given = actions::give(&mut change, give, person).await?;
    match given {
        Given::Wanted { gift, checkout } => {
            change.commit().await?;
            drop(db);
            leading::lead::<Gift>(&app, gift, checkout).await
        }
        Given::TooMuch(most) => {
            drop(change);
            let left = give_every.is_none().then_some(most.each);
            let page = draw(&app, visit, form.failed("amount", too_much(most, give_every)), left);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

fn too_much(Most { each, year }: Most, every: Option<Interval>) -> String {
    match every {
        _ if each == Money::ZERO => format!(
            "You have paid or promised {year} this year, including subscriptions. That is the most we accept from one person"
        ),
        None => format!("You can give {each} more this year: the most we accept from one person is {year}"),
        Some(every) => format!(
            "With what you have paid and promised already, you can give up to {each} a {every}: the most we accept from one person is {year} a year"
        ),
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/thanks.html")]
struct ThanksPage {
    visit: Visit,
    amount: Money,
    /// The page that stops a regular gift.
    stop: Option<String>,
    needs_check: bool,
    is_returned: bool,
}

impl Payable for Gift {
    fn purpose(id: Uuid) -> Purpose {
        actions::purpose(id)
    }

    fn path(id: Uuid) -> String {
        actions::path(id)
    }

    async fn find(db: &mut PgConnection, id: Uuid) -> Result<Self> {
        sql::find_gift(db, id).await?.ok_or(Error::NotFound)
    }

    async fn wish_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
        actions::pay_again(change, id).await
    }

    fn progress(&self, _: Option<CheckoutState>) -> Option<Progress> {
        self.paid_at.map(|_| Progress::Settled)
    }

    fn words(&self) -> Words {
        Words {
            title: "Your donation",
            confirmed: format!("your {}", self.price()),
            price: self.price(),
            mail: "we’ll email your receipt",
            form: None,
        }
    }

    fn settled(self, visit: Visit, _: Option<CheckoutState>) -> Response {
        let stop = self.every.map(|_| format!("{}/stop", actions::path(self.id)));
        let (amount, needs_check, is_returned) = (self.amount, self.needs_check, self.is_returned);
        ThanksPage { visit, amount, stop, needs_check, is_returned }.into_response()
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/stop.html")]
struct StopPage {
    visit: Visit,
    path: String,
    price: String,
    runs: bool,
    /// When the next payment is due.
    next: Option<String>,
}

/// A regular gift, to be stopped. Its address is in the receipts, and nobody can guess it.
pub(super) async fn confirm_stop(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let gift =
        sql::find_gift(&mut db, id).await?.filter(|gift| gift.every.is_some()).ok_or(Error::NotFound)?;
    let subscription = actions::subscription_of(&mut db, id).await?.ok_or(Error::NotFound)?;
    let page = StopPage {
        visit,
        path: actions::path(id),
        price: gift.price(),
        runs: actions::runs(&subscription),
        next: subscription.current_period_end.map(|end| dates::day(dates::london_date(end))),
    };
    Ok(page.into_response())
}

pub(super) async fn stop(State(app): State<App>, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    actions::stop(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        &format!("{}/stop", actions::path(id)),
        "Stopped. Nothing more will be collected.",
    ))
}
