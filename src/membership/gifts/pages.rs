//! Giving a year of membership, and accepting one.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions, forms,
    model::{self, GiftYear, NotFor},
    sql,
};
use crate::{
    accounts::{self, ConsentPurpose, Most, Planned, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        money::Money,
        proxy::ClientAddress,
        rate_limit::{self, Limit},
        visit::Visit,
    },
    membership::{
        forms::least_age,
        model::{DECLARATION as AIMS, OWN_MONEY},
        settings, sql as memberships,
    },
    parties::{self, Refusal},
    payments::{
        CheckoutState, Purpose,
        leading::{self, Payable, Progress, Words},
    },
    places::{Region, open_regions},
};

const BY_ADDRESS: Limit = Limit { name: "give a year from", tries: 30, minutes: 60 };
const BY_EMAIL: Limit = Limit { name: "give a year as", tries: 10, minutes: 60 };
const ACCEPTING: Limit = Limit { name: "accept a year from", tries: 30, minutes: 60 };

#[derive(Template, WebTemplate)]
#[template(path = "membership/gifts/give.html")]
struct GivePage {
    visit: Visit,
    form: Form,
    price: Money,
    days: u32,
    declaration: &'static str,
}

fn draw(app: &App, visit: Visit, form: Form) -> GivePage {
    let days = app.setting(settings::GIFT_DAYS, visit.today());
    GivePage { visit, form, price: actions::price(app), days, declaration: OWN_MONEY }
}

pub async fn new(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let mut form = Form::filled([]);
    if let Some(viewer) = &visit.viewer
        && let Some(person) = accounts::find_person(&mut db, viewer.id).await?
    {
        form = form.with("name", person.name).with("email", person.email.to_string());
    }
    Ok(draw(&app, visit, form).into_response())
}

pub async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    (visit, rooms): (Visit, Rooms),
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let give = match forms::give(&form, visit.today()) {
        Ok(give) => give,
        Err(form) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&app, visit, form)).into_response()),
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    rate_limit::take(&app, &mut db, BY_EMAIL, &rate_limit::from(&give.giver_email, address)).await?;
    let is_own = match &visit.viewer {
        Some(viewer) => {
            accounts::find_person(&mut db, viewer.id).await?.is_some_and(|it| it.email == give.giver_email)
        }
        None => false,
    };
    let email = give.giver_email.clone();
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let (gift, checkout) = actions::give(&mut change, give).await?;
    let planned = Planned {
        email: &email,
        is_own,
        amount: actions::price(&app),
        every: None,
        from: visit.today(),
        is_overseas: false,
        instead_of: None,
        checkout: Some(checkout),
    };
    if let Some(Most { year, .. }) = rooms.too_much(&mut change, planned).await? {
        drop(change);
        let words = format!(
            "With what you have paid or promised this year, that is more than {year}, the most we accept from one person in a year"
        );
        let page = draw(&app, visit, form.failed("", words));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    change.commit().await?;
    drop(db);
    leading::lead::<Given>(&app, gift, checkout).await
}

/// A gift as its giver sees it.
pub struct Given(GiftYear);

#[derive(Template, WebTemplate)]
#[template(path = "membership/gifts/given.html")]
struct GivenPage {
    visit: Visit,
    gift: GiftYear,
}

impl Payable for Given {
    fn purpose(id: Uuid) -> Purpose {
        actions::purpose(id)
    }

    fn path(id: Uuid) -> String {
        model::path(id)
    }

    async fn find(db: &mut PgConnection, id: Uuid) -> Result<Self> {
        Ok(Self(sql::find(db, id).await?.ok_or(Error::NotFound)?))
    }

    async fn wish_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
        actions::pay_again(change, id).await
    }

    fn progress(&self, _: Option<CheckoutState>) -> Option<Progress> {
        self.0.paid_at.map(|_| Progress::Settled)
    }

    fn words(&self) -> Words {
        Words {
            title: "Your gift",
            confirmed: format!("your payment of {}", self.0.amount),
            price: self.0.amount.to_string(),
            mail: "a receipt comes by email",
            form: None,
        }
    }

    fn settled(self, visit: Visit, _: Option<CheckoutState>) -> Response {
        GivenPage { visit, gift: self.0 }.into_response()
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/gifts/accept.html")]
struct AcceptPage {
    visit: Visit,
    gift: GiftYear,
    form: Form,
    /// Their account's address, if they are signed in.
    account: Option<String>,
    /// To choose from, where the postcode leaves the region open.
    regions: Vec<(&'static str, &'static str)>,
    consents: [ConsentPurpose; 2],
    declaration: &'static str,
    least_age: i64,
    /// Whoever said no looks at it again.
    again: bool,
    /// Why they cannot join, if they cannot.
    refusal: Option<Refusal>,
    /// Why the year cannot be theirs, if that is known before they say anything.
    not_for: Option<NotFor>,
}

fn page(
    app: &App,
    visit: Visit,
    gift: GiftYear,
    form: Form,
    account: Option<String>,
    again: bool,
) -> AcceptPage {
    AcceptPage {
        regions: open_regions(&form),
        consents: ConsentPurpose::ALL,
        declaration: AIMS,
        least_age: least_age(app),
        visit,
        gift,
        form,
        account,
        again,
        refusal: None,
        not_for: None,
    }
}

#[derive(Deserialize)]
pub struct Again {
    again: Option<String>,
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(key): Path<Uuid>,
    Query(asked): Query<Again>,
    mut db: Db,
) -> Result<Response> {
    let gift = sql::find_by_key(&mut db, key).await?.ok_or(Error::NotFound)?;
    let mut not_for = None;
    let (form, account) = match &visit.viewer {
        Some(viewer) => {
            let person = accounts::find_person(&mut db, viewer.id).await?.ok_or(Error::NotFound)?;
            not_for = actions::not_for(&mut db, viewer.id, visit.today()).await?;
            let region = person.region.map(Region::slug).unwrap_or_default().to_owned();
            let form = Form::filled([("name", person.name), ("region", region)]);
            let form = match memberships::find_of_person(&mut db, viewer.id).await? {
                Some(before) => before.personal.fill(form),
                None => form.with("postcode", person.postcode.unwrap_or_default()),
            };
            (form, Some(person.email.to_string()))
        }
        None => (Form::filled([("name", gift.receiver_name.clone())]), None),
    };
    Ok(AcceptPage { not_for, ..page(&app, visit, gift, form, account, asked.again.is_some()) }
        .into_response())
}

pub async fn accept(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    Path(key): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let gift = sql::find_by_key(&mut db, key).await?.ok_or(Error::NotFound)?;
    let account = match &visit.viewer {
        Some(viewer) => accounts::find_person(&mut db, viewer.id).await?.map(|it| it.email.to_string()),
        None => None,
    };
    let form = match forms::accept(&form, visit.today(), least_age(&app)) {
        Ok(answers) => {
            rate_limit::take(&app, &mut db, ACCEPTING, &address.to_string()).await?;
            if let Some(refusal) = parties::refusal(&app, &mut db, &answers.other_parties).await? {
                let form = form.failed("other_party_name", refusal.words());
                let page =
                    AcceptPage { refusal: Some(refusal), ..page(&app, visit, gift, form, account, true) };
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
            let viewer = visit.viewer.as_ref().map(|viewer| viewer.id);
            let mut change = Change::begin(&app, &mut db, Actor::System).await?;
            match actions::accept(&mut change, key, answers, viewer).await? {
                Ok(_) => {
                    change.commit().await?;
                    let said = "Welcome. Your year of membership has begun.";
                    return Ok(flash::redirect(&app, &gift.path_for(), said));
                }
                Err(why) => {
                    drop(change);
                    form.failed("", why.words())
                }
            }
        }
        Err(form) => form,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, visit, gift, form, account, true)).into_response())
}

pub async fn decline(State(app): State<App>, Path(key): Path<Uuid>, mut db: Db) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    actions::decline(&mut change, key).await?;
    change.commit().await?;
    let gift = sql::find_by_key(&mut db, key).await?.ok_or(Error::NotFound)?;
    Ok(flash::redirect(&app, &gift.path_for(), "Thank you for telling us."))
}
