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
    actions, admin, forms,
    forms::Terms,
    model::{Membership, NewRate, Prices, Rate, changeable},
    sql::hardships,
};
use crate::{
    accounts::{HELP_MEMBERS, Officer, SignedIn},
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
}

pub(super) async fn edit(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    respond(&app, &mut db, visit, own(who.person_id), None).await
}

pub(super) async fn update(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    respond(&app, &mut db, visit, own(who.person_id), Some(form)).await
}

pub(super) async fn edit_for(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let whose = of_member(&mut db, &who, id).await?;
    respond(&app, &mut db, visit, whose, None).await
}

pub(super) async fn update_for(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let whose = of_member(&mut db, &who, id).await?;
    respond(&app, &mut db, visit, whose, Some(form)).await
}

fn own(person: Uuid) -> Whose {
    Whose { person, name: None, asked_by: person, back: "/membership".to_owned() }
}

async fn of_member(db: &mut PgConnection, who: &Officer, id: Uuid) -> Result<Whose> {
    let person = admin::find_person(db, who, HELP_MEMBERS, id).await?;
    let back = format!("/admin/members/{id}");
    Ok(Whose { person: id, name: Some(person.name), asked_by: who.0.person_id, back })
}

async fn respond(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
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
    let from = subscription.current_period_end.unwrap_or(app.clock().now());
    let from = dates::day(dates::london_date(from));
    let prices = Prices::on(&app.settings(), app.clock().today());
    let (status, form, chosen) = match sent.map(|form| (read(app, &form, &prices, &membership), form)) {
        Some((Ok(new), form)) if form.pressed("sure") => {
            let mut change = Change::begin(app, db, Actor::Person(whose.asked_by)).await?;
            actions::ask_for_rate(&mut change, whose.asked_by, whose.person, new).await?;
            change.commit().await?;
            let said = match whose.name {
                None => format!("From {from} you pay {}. We’ll confirm it by email.", new.price()),
                Some(name) => format!("From {from} {name} pays {}. They get an email about it.", new.price()),
            };
            return Ok(flash::redirect(app, &whose.back, &said));
        }
        Some((Ok(new), form)) => (StatusCode::OK, form, Some(new)),
        Some((Err(form), _)) => (StatusCode::UNPROCESSABLE_ENTITY, form, None),
        None => (StatusCode::OK, filled(&membership), None),
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
        },
    )
        .into_response())
}

fn filled(membership: &Membership) -> Form {
    let own = if membership.rate == Rate::Solidarity { membership.amount.decimal() } else { String::new() };
    Form::filled([
        ("rate", membership.rate.code().to_owned()),
        ("every", membership.every.code().to_owned()),
        ("amount", own),
    ])
}

fn read(
    app: &App,
    form: &Form,
    prices: &Prices,
    membership: &Membership,
) -> std::result::Result<NewRate, Form> {
    let new = forms::rate(form, &Terms::of(app, prices, actions::hardship::less_terms(app), true))?;
    if new == NewRate::of(membership) {
        let why = format!("The rate is {} already. Choose another, or go back", new.price());
        return Err(form.clone().failed("rate", why));
    }
    Ok(new)
}
