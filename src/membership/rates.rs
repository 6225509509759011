//! Changing what a membership costs, by the member or by an officer for them: choose, check, done.

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
    actions, admin,
    forms::{self, Terms, Who},
    join::too_much,
    model::{Membership, NewRate, OWN_MONEY, Prices, Rate, changeable},
    sql::{self, hardships, rate_changes},
};
use crate::{
    accounts::{self, HELP_MEMBERS, Most, Officer, Planned, Rooms, SignedIn},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        money::Money,
        stripe::Interval,
        visit::Visit,
    },
    payments,
    places::Address,
};

/// Whose rate it is, and where its pages are.
struct Whose {
    person: Uuid,
    /// Their name, if an officer changes it.
    name: Option<String>,
    asked_by: Uuid,
    /// The page behind this one; `{back}/rate` is this one.
    back: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/rate.html")]
struct RatePage {
    visit: Visit,
    whose: Whose,
    form: Form,
    rates: Vec<(&'static str, String, String)>,
    least: Money,
    least_yearly: Money,
    before: NewRate,
    from: String,
    /// What was chosen, to be looked at once more.
    chosen: Option<NewRate>,
    /// More than this at one time is a donation in law, and has a declaration of its own.
    check_above: Money,
    own_money: &'static str,
}

impl RatePage {
    /// Whether the declaration about the money is unfolded.
    fn shows_own_money(&self) -> bool {
        self.form.error("own_money").is_some() || !self.form.value("own_money").is_empty()
    }
}

pub(super) async fn edit(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    respond(&app, &mut db, (visit, rooms), own(who.person_id), None).await
}

pub(super) async fn update(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    respond(&app, &mut db, (visit, rooms), own(who.person_id), Some(form)).await
}

pub(super) async fn edit_for(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let whose = of_member(&mut db, &who, id).await?;
    respond(&app, &mut db, (visit, rooms), whose, None).await
}

pub(super) async fn update_for(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let whose = of_member(&mut db, &who, id).await?;
    respond(&app, &mut db, (visit, rooms), whose, Some(form)).await
}

fn own(person: Uuid) -> Whose {
    Whose { person, name: None, asked_by: person, back: "/membership".to_owned() }
}

impl Whose {
    /// An officer of membership does not learn what somebody has given.
    fn too_much(&self, most: Most, every: Interval) -> String {
        match &self.name {
            None => too_much(most, every),
            Some(name) => format!(
                "{name} would pay more than {} in a year, with all donations and subscriptions, which is the most we accept from one person. They see on their own page what is possible",
                most.year
            ),
        }
    }
}

async fn of_member(db: &mut PgConnection, who: &Officer, id: Uuid) -> Result<Whose> {
    let person = admin::find_person(db, who, HELP_MEMBERS, id).await?;
    let back = format!("/admin/members/{id}");
    Ok(Whose { person: id, name: Some(person.name), asked_by: who.0.person_id, back })
}

async fn respond(
    app: &App,
    db: &mut PgConnection,
    (visit, rooms): (Visit, Rooms),
    whose: Whose,
    sent: Option<Form>,
) -> Result<Response> {
    let (membership, subscription) = actions::summary(db, whose.person).await?.ok_or(Error::NotFound)?;
    let subscription = match changeable(subscription.as_ref()) {
        Ok(subscription) => subscription,
        Err(why) => return Ok(flash::redirect_with_warning(app, &whose.back, why.words())),
    };
    // Officers do not see it, and change the rate that begins after it.
    if whose.name.is_none() && hardships::find_of(db, whose.person).await?.is_some() {
        let words = "You pay less for a time. To choose another rate, go back to your usual rate first.";
        return Ok(flash::redirect_with_warning(app, "/membership/hardship", words));
    }
    // The amount that was announced is collected.
    if let Some(day) = payments::announced_for(app, subscription) {
        let why = format!(
            "The next Direct Debit is already announced for {}. Change the rate after that day.",
            dates::day(day)
        );
        return Ok(flash::redirect_with_warning(app, &whose.back, &why));
    }
    let starts_on = dates::london_date(subscription.current_period_end.unwrap_or(app.clock().now()));
    let from = dates::day(starts_on);
    let prices = Prices::on(&app.settings(), app.clock().today());
    let read = sent.map(|form| (read(app, &form, &prices, &membership, &whose), form));
    let (status, form, chosen) = match read {
        Some((Ok(new), form)) => {
            let person = accounts::find_person(db, whose.person).await?.ok_or(Error::NotFound)?;
            let planned = Planned {
                email: &person.email,
                is_own: true,
                amount: new.amount,
                every: Some(new.every),
                from: starts_on,
                is_overseas: membership.personal.address.as_ref().is_some_and(Address::is_overseas),
                instead_of: Some(&subscription.id),
                checkout: None,
            };
            let mut change = Change::begin(app, db, Actor::Person(whose.asked_by)).await?;
            let now = sql::lock_of_person(&mut change, whose.person).await?.ok_or(Error::NotFound)?;
            if let Some(most) = rooms.too_much(&mut change, planned).await? {
                drop(change);
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    form.failed("amount", whose.too_much(most, new.every)),
                    None,
                )
            } else if !form.pressed("sure") {
                (StatusCode::OK, form, Some(new))
            } else if let Some(form) = form.overtaken(&held(&mut change, &now).await?, say) {
                (StatusCode::CONFLICT, form, None)
            } else {
                actions::ask_for_rate(&mut change, whose.asked_by, whose.person, new).await?;
                change.commit().await?;
                let price = new.price();
                let said = match whose.name {
                    None => format!("From {from} you pay {price}. We’ll confirm it by email."),
                    Some(name) => format!("From {from} {name} pays {price}. They get an email about it."),
                };
                return Ok(flash::redirect(app, &whose.back, &said));
            }
        }
        Some((Err(form), _)) => (StatusCode::UNPROCESSABLE_ENTITY, form, None),
        None => {
            let version = held(db, &membership).await?.version();
            (StatusCode::OK, filled(&NewRate::of(&membership)).with("version", version), None)
        }
    };
    Ok((
        status,
        RatePage {
            visit,
            whose,
            form,
            rates: prices.cards(),
            least: prices.of(Rate::Solidarity, Interval::Month).unwrap_or_default(),
            least_yearly: prices.of(Rate::Solidarity, Interval::Year).unwrap_or_default(),
            before: NewRate::of(&membership),
            from,
            chosen,
            check_above: app.setting(payments::CHECK_ABOVE, app.clock().today()),
            own_money: OWN_MONEY,
        },
    )
        .into_response())
}

fn filled(rate: &NewRate) -> Form {
    let own = if rate.rate == Rate::Solidarity { rate.amount.decimal() } else { String::new() };
    Form::filled([
        ("rate", rate.rate.code().to_owned()),
        ("every", rate.every.code().to_owned()),
        ("amount", own),
    ])
}

/// The rate that was asked for last, whether or not Stripe knows it yet.
async fn held(db: &mut PgConnection, membership: &Membership) -> Result<Form> {
    let waiting = rate_changes::find_open_of(db, membership.person).await?;
    Ok(filled(&waiting.map_or_else(|| NewRate::of(membership), |change| change.new)))
}

fn say(field: &str, value: &str) -> String {
    match field {
        "rate" => value.parse::<Rate>().map_or_else(|_| value.to_owned(), |rate| rate.name().to_owned()),
        "every" => {
            value.parse::<Interval>().map_or_else(|_| value.to_owned(), |every| format!("every {every}"))
        }
        _ => value.to_owned(),
    }
}

fn read(
    app: &App,
    form: &Form,
    prices: &Prices,
    membership: &Membership,
    whose: &Whose,
) -> std::result::Result<NewRate, Form> {
    let who = if whose.name.is_some() { Who::Officer } else { Who::Member };
    let new = forms::rate(form, &Terms::of(app, prices, actions::hardship::less_terms(app), who))?;
    if new == NewRate::of(membership) {
        let why = format!("The rate is {} already. Choose another, or go back", new.price());
        return Err(form.clone().failed("rate", why));
    }
    Ok(new)
}
