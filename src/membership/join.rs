//! Joining: the form, the way to Stripe's page, and what is said once the payment has come.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    forms::{self, Terms, Who},
    model::{self, DECLARATION, LessTerms, Membership, NewRate, OWN_MONEY, Prices, Rate},
    sql::{self, Application},
};
use crate::{
    accounts::{self, ConsentPurpose, Most, Person, Planned, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        form::Form,
        money::Money,
        proxy::ClientAddress,
        rate_limit::{self, Limit},
        stripe::Interval,
        visit::Visit,
    },
    parties::{self, Refusal},
    payments::{
        self, CheckoutState, Purpose,
        leading::{self, Payable, Progress, Words},
    },
    places::{Address, Region, open_regions},
};

const BY_ADDRESS: Limit = Limit { name: "join from", tries: 30, minutes: 60 };
const BY_EMAIL: Limit = Limit { name: "join as", tries: 10, minutes: 60 };

#[derive(Template, WebTemplate)]
#[template(path = "membership/join.html")]
struct JoinPage {
    visit: Visit,
    form: Form,
    /// Their account's address, if they are signed in.
    account: Option<String>,
    /// Value, price, who it is for: of the monthly list.
    rates: Vec<(&'static str, String, String)>,
    /// Rate, how often, and what that comes to: one of them is shown, as the choice is.
    totals: Vec<(&'static str, &'static str, String)>,
    least: Money,
    least_yearly: Money,
    /// To choose from, where the postcode leaves the region open.
    regions: Vec<(&'static str, &'static str)>,
    consents: [ConsentPurpose; 2],
    declaration: &'static str,
    /// More than this at one time is a donation in law, and has a declaration of its own.
    check_above: Money,
    own_money: &'static str,
    least_age: i64,
    /// What they may pay less, and for how long.
    less: LessTerms,
    less_months: Vec<(String, String)>,
    /// Of a member who goes on before it is over: the last day that is paid for.
    paid_until: Option<String>,
    /// Why they cannot join, if they cannot.
    refusal: Option<Refusal>,
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/join_member.html")]
struct MemberAlreadyPage {
    visit: Visit,
    why: NotNow,
}

/// Why somebody who is signed in cannot join now.
enum NotNow {
    Member,
    Suspended {
        until: String,
    },
    /// The party decided that their membership is over.
    Barred,
}

impl NotNow {
    fn of(membership: &Membership) -> Option<Self> {
        match membership.state {
            model::State::Suspended { until } => Some(Self::Suspended { until: dates::day(until) }),
            // Whose membership is paid for until a day, by hand or by a gift, can go on before it ends.
            model::State::Pending | model::State::Active => {
                membership.paid_until().is_none().then_some(Self::Member)
            }
            state if state.is_expelled() => Some(Self::Barred),
            // Whose payment failed pays here: the new payment takes the old one's place.
            model::State::Grace { .. } | model::State::Ended { .. } => None,
        }
    }
}

fn draw(app: &App, visit: Visit, form: Form, prices: &Prices, account: Option<String>) -> JoinPage {
    let price = |rate, every| prices.of(rate, every).unwrap_or_default();
    let totals = Rate::ALL.into_iter().flat_map(|rate| Interval::ALL.map(|every| (rate, every)));
    let totals = totals.map(|(rate, every)| {
        let least = if rate == Rate::Solidarity { "At least " } else { "" };
        (rate.code(), every.code(), format!("{least}{} a {every}", price(rate, every)))
    });
    let less = actions::hardship::less_terms(app);
    JoinPage {
        totals: totals.collect(),
        rates: prices.cards(),
        least: price(Rate::Solidarity, Interval::Month),
        least_yearly: price(Rate::Solidarity, Interval::Year),
        regions: open_regions(&form),
        consents: ConsentPurpose::ALL,
        declaration: DECLARATION,
        check_above: app.setting(payments::CHECK_ABOVE, app.clock().today()),
        own_money: OWN_MONEY,
        least_age: forms::least_age(app),
        less,
        less_months: less.months(None),
        paid_until: None,
        refusal: None,
        visit,
        form,
        account,
    }
}

/// What we know of somebody who is signed in, so that they need not type it again.
fn prefilled(person: &Person, membership: Option<&Membership>) -> Form {
    let form = Form::filled([
        ("name", person.name.clone()),
        ("region", person.region.map(Region::slug).unwrap_or_default().to_owned()),
        ("every", "month".to_owned()),
    ]);
    match membership {
        Some(before) => before.personal.fill(form).with("rate", before.rate.code()),
        None => form.with("postcode", person.postcode.clone().unwrap_or_default()).with("rate", "standard"),
    }
}

pub(super) async fn show(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let Some(viewer) = &visit.viewer else {
        let prices = Prices::on(&app.settings(), app.clock().today());
        let form = Form::filled([("rate", "standard".to_owned()), ("every", "month".to_owned())]);
        return Ok(draw(&app, visit, form, &prices, None).into_response());
    };
    let membership = sql::find_of_person(&mut db, viewer.id).await?;
    if let Some(why) = membership.as_ref().and_then(NotNow::of) {
        return Ok(MemberAlreadyPage { visit, why }.into_response());
    }
    let person = accounts::find_person(&mut db, viewer.id).await?.ok_or(Error::NotFound)?;
    let prices = Prices::on(&app.settings(), app.clock().today());
    let form = prefilled(&person, membership.as_ref());
    let paid_until = membership.filter(|it| !it.state.is_ended()).and_then(|it| it.paid_until());
    let page = draw(&app, visit, form, &prices, Some(person.email.to_string()));
    Ok(JoinPage { paid_until, ..page }.into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    (visit, rooms): (Visit, Rooms),
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
    let who = if account.is_some() { Who::Member } else { Who::Stranger };
    let terms = Terms::of(&app, &prices, actions::hardship::less_terms(&app), who);
    let join = match forms::join(&form, &terms) {
        Ok(join) => join,
        Err(form) => {
            let page = draw(&app, visit, form, &prices, account.map(|(_, email)| email.to_string()));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    let email = join.email.as_ref().or(account.as_ref().map(|(_, email)| email));
    if let Some(email) = email {
        rate_limit::take(&app, &mut db, BY_EMAIL, &rate_limit::from(email, address)).await?;
    }
    let declared = join.answers.other_parties.clone().unwrap_or_default();
    if let Some(refusal) = parties::refusal(&app, &mut db, &declared).await? {
        let form = form.failed("other_party_name", refusal.words());
        let page = draw(&app, visit, form, &prices, account.map(|(_, email)| email.to_string()));
        let page = JoinPage { refusal: Some(refusal), ..page };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let email = email.cloned().ok_or(Error::Invalid("The email address is missing."))?;
    let replaced = match &account {
        Some((id, _)) => sql::find_of_person(&mut db, *id).await?.and_then(|it| it.subscription),
        None => None,
    };
    let (amount, every) = (join.answers.amount, join.answers.every);
    let is_overseas = join.answers.personal.address.as_ref().is_some_and(Address::is_overseas);
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let (application, checkout) = actions::apply(&mut change, join, account.clone()).await?;
    let planned = Planned {
        email: &email,
        is_own: account.is_some(),
        amount,
        every: Some(every),
        from: today,
        is_overseas,
        instead_of: replaced.as_deref(),
        checkout: Some(checkout),
    };
    if let Some(most) = rooms.too_much(&mut change, planned).await? {
        drop(change);
        let form = form.failed("amount", too_much(most, every));
        let page = draw(&app, visit, form, &prices, account.map(|(_, email)| email.to_string()));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    change.commit().await?;
    // Stripe may take seconds: nobody else should miss the connection meanwhile.
    drop(db);
    let answer = leading::lead::<Joining>(&app, application, checkout).await?;
    Ok(([(header::SET_COOKIE, filled_in_here(&app, application))], answer).into_response())
}

/// Of somebody who would pay more in a year than the party takes from one person, with what is paid and promised already.
pub(super) fn too_much(Most { each, year }: Most, every: Interval) -> String {
    if each == Money::ZERO {
        format!(
            "You have paid or promised {year} this year, with all donations and subscriptions. That is the most we accept from one person"
        )
    } else {
        format!(
            "You can pay up to {each} a {every}. The most we accept from one person in a year is {year}, with all donations and subscriptions"
        )
    }
}

const FILLED_IN: &str = "joining";

/// The cookie by which the browser is known in which an application was filled in: nobody else gets to see what was
/// typed, though the address of its page is in mails and at Stripe.
fn filled_in_here(app: &App, application: Uuid) -> String {
    let proof = app.sign(FILLED_IN, application.as_bytes());
    let secure = if app.config().is_https() { "; Secure" } else { "" };
    format!("{FILLED_IN}={proof}; Path=/join; HttpOnly; SameSite=Lax; Max-Age=86400{secure}")
}

/// The form as it was filled in, for whoever filled it in, until it is paid for.
pub(super) async fn again(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    cookies: CookieJar,
    mut db: Db,
) -> Result<Response> {
    let is_theirs =
        cookies.get(FILLED_IN).is_some_and(|proof| app.is_signed(FILLED_IN, id.as_bytes(), proof.value()));
    let typed = sql::find_application(&mut db, id).await?.filter(|it| is_theirs && it.settled_at.is_none());
    let Some(typed) = typed else { return Ok(Redirect::to("/join").into_response()) };
    let account = match &visit.viewer {
        Some(viewer) => {
            accounts::find_person(&mut db, viewer.id).await?.map(|person| person.email.to_string())
        }
        None => None,
    };
    let prices = Prices::on(&app.settings(), app.clock().today());
    Ok(draw(&app, visit, typed_before(&typed), &prices, account).into_response())
}

/// All but the declaration, which is made anew.
fn typed_before(typed: &Application) -> Form {
    let answers = &typed.answers;
    let form = Form::filled([
        ("name", answers.name.clone()),
        ("email", typed.email.to_string()),
        ("region", answers.region.map(Region::slug).unwrap_or_default().to_owned()),
        ("rate", answers.rate.code().to_owned()),
        ("every", answers.every.code().to_owned()),
    ]);
    let form = parties::fill(answers.personal.fill(form), answers.other_parties.as_ref());
    let form =
        if answers.rate == Rate::Solidarity { form.with("amount", answers.amount.to_string()) } else { form };
    let form = match answers.less {
        Some(less) => form.with("less", less.amount.decimal()).with("less_months", less.months.to_string()),
        None => form,
    };
    answers.consents.iter().fold(form, |form, purpose| form.with("consent", purpose.code()))
}

/// Why a payment goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Returned {
    /// Their membership is paid by another subscription.
    Twice,
    /// With it, they would have paid more than one person may.
    AboveLimit,
}

/// An application that is being paid for.
pub(super) struct Joining {
    application: Application,
    /// The membership that came of it has ended since.
    is_over: bool,
    returned: Option<Returned>,
    /// Of the membership that came of it.
    number: Option<i64>,
    /// What is collected for it.
    paid: Option<Money>,
}

impl JoinPage {
    /// Whether the declaration about the money is unfolded.
    fn shows_own_money(&self) -> bool {
        self.form.error("own_money").is_some() || !self.form.value("own_money").is_empty()
    }

    /// Whether the fields for paying less are unfolded: something stands in them.
    fn shows_less(&self) -> bool {
        ["less", "less_months"]
            .iter()
            .any(|name| self.form.error(name).is_some() || !self.form.value(name).is_empty())
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/welcome.html")]
struct WelcomePage {
    visit: Visit,
    price: String,
    /// By Direct Debit, which takes days.
    on_its_way: bool,
    /// Whose membership it is, if they are signed in and look at it themselves. Anybody can pay with somebody else's
    /// address, and is not told whether it is a member's.
    is_theirs: bool,
    returned: Option<Returned>,
    /// For them alone.
    number: Option<i64>,
}

impl Joining {
    fn price(&self) -> String {
        let rate = self.application.answers.collected();
        NewRate { amount: self.paid.unwrap_or(rate.amount), ..rate }.price()
    }
}

impl Payable for Joining {
    const PAID_ALREADY: &'static str = "You have already paid.";

    fn purpose(id: Uuid) -> Purpose {
        actions::purpose(id)
    }

    fn path(id: Uuid) -> String {
        actions::path(id)
    }

    async fn find(db: &mut PgConnection, id: Uuid) -> Result<Self> {
        let application = sql::find_application(db, id).await?.ok_or(Error::NotFound)?;
        let membership = match application.person {
            Some(person) => sql::find_of_person(db, person).await?,
            None => None,
        };
        let subscription = match membership.as_ref().and_then(|known| known.subscription.as_ref()) {
            Some(id) => payments::find_subscription(db, id).await?,
            None => None,
        };
        let is_second = subscription.as_ref().is_some_and(|paid| paid.purpose.id != application.id);
        let above_limit = application.above_limit.then_some(Returned::AboveLimit);
        Ok(Self {
            number: membership.as_ref().map(|known| known.number),
            is_over: membership.is_some_and(|known| known.state.is_ended()),
            returned: above_limit.or(is_second.then_some(Returned::Twice)),
            paid: subscription.filter(|paid| paid.purpose.id == application.id).map(|paid| paid.amount),
            application,
        })
    }

    async fn wish_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
        actions::pay_again(change, id).await
    }

    fn progress(&self, checkout: Option<CheckoutState>) -> Option<Progress> {
        let is_settled = self.application.settled_at.is_some();
        match checkout? {
            CheckoutState::Pending if self.is_over => Some(Progress::Failed),
            CheckoutState::Pending | CheckoutState::Paid if is_settled => Some(Progress::Settled),
            _ => None,
        }
    }

    fn words(&self) -> Words {
        Words {
            title: "Your payment",
            confirmed: format!("your payment of {}", self.price()),
            price: self.price(),
            mail: "we’ll email you",
            form: Some(format!("{}/again", actions::path(self.application.id))),
        }
    }

    fn settled(self, visit: Visit, checkout: Option<CheckoutState>) -> Response {
        let on_its_way = checkout == Some(CheckoutState::Pending);
        let is_theirs =
            visit.viewer.as_ref().is_some_and(|viewer| self.application.person == Some(viewer.id));
        let (price, returned) = (self.price(), self.returned.filter(|_| is_theirs));
        let number = self.number.filter(|_| is_theirs);
        WelcomePage { visit, price, on_its_way, is_theirs, returned, number }.into_response()
    }
}
