//! Paying less for a time, on the member's own page and nowhere else: choose, check, done.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions, forms,
    model::{Hardship, Membership, changeable},
    sql::{self, hardships},
};
use crate::{
    accounts::SignedIn,
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        money::Money,
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "membership/hardship.html")]
struct HardshipPage {
    visit: Visit,
    form: Form,
    membership: Membership,
    /// What holds now.
    hardship: Option<Hardship>,
    least: Money,
    months: Vec<(String, String)>,
    /// The day of the next payment.
    from: String,
    /// What was chosen, to be looked at once more: its amount, price and last day.
    chosen: Option<(Money, String, String)>,
}

impl HardshipPage {
    /// Nothing can be chosen before Stripe has heard of it.
    fn is_going_back(&self) -> bool {
        self.hardship.as_ref().is_some_and(|it| it.is_over)
    }
}

pub(super) async fn edit(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    respond(&app, &mut db, visit, who.person_id, None).await
}

pub(super) async fn update(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    respond(&app, &mut db, visit, who.person_id, Some(form)).await
}

async fn respond(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    of: Uuid,
    sent: Option<Form>,
) -> Result<Response> {
    let (membership, subscription) = actions::summary(db, of).await?.ok_or(Error::NotFound)?;
    let subscription = match changeable(subscription.as_ref()) {
        Ok(subscription) => subscription,
        Err(why) => return Ok(flash::redirect_with_warning(app, "/membership", why.words())),
    };
    let hardship = hardships::find_of(db, of).await?;
    let from = actions::hardship::next_payment(Some(subscription), app.clock().today());
    let terms = actions::hardship::less_terms(app);
    let least = terms.least(membership.every);
    if hardship.is_none() && membership.amount <= least {
        let words = "You pay the least that we can take already. If that is too much, please write to us.";
        return Ok(flash::redirect_with_warning(app, "/membership", words));
    }
    let read = |form: &Form| forms::hardship::hardship(form, &terms, membership.amount, membership.every);
    let (status, form, chosen) = match sent.map(|form| (read(&form), form)) {
        Some((Ok(less), form)) if form.pressed("sure") => {
            let mut change = Change::begin(app, db, Actor::Person(of)).await?;
            sql::lock_of_person(&mut change, of).await?;
            let known = hardships::find_of(&mut change, of).await?;
            // Who said the same twice meant it, and who goes back is told so below.
            let is_theirs =
                |it: &Hardship| it.is_over || (it.amount, it.until) == (less.amount, less.until(from));
            let overtaken = form.overtaken(&held(known.as_ref()), say);
            if let Some(form) = overtaken.filter(|_| !known.as_ref().is_some_and(is_theirs)) {
                (StatusCode::CONFLICT, form, None)
            } else {
                let done = actions::hardship::declare_hardship(&mut change, of, less).await?;
                change.commit().await?;
                let said =
                    format!("From {} you pay {}. We’ll confirm it by email.", dates::day(from), done.price());
                return Ok(flash::redirect(app, "/membership", &said));
            }
        }
        Some((Ok(less), form)) => {
            let price = actions::price(less.amount, membership.every);
            (StatusCode::OK, form, Some((less.amount, price, dates::day(less.until(from)))))
        }
        Some((Err(form), _)) => (StatusCode::UNPROCESSABLE_ENTITY, form, None),
        None => {
            let held = held(hardship.as_ref());
            let version = held.version();
            (StatusCode::OK, held.set("less_months", "").with("version", version), None)
        }
    };
    let months = terms.months(Some(membership.every));
    let from = dates::day(from);
    Ok((status, HardshipPage { visit, form, membership, hardship, least, months, from, chosen })
        .into_response())
}

/// What was declared last, as the form has it. How long it holds is chosen anew each time.
fn held(hardship: Option<&Hardship>) -> Form {
    let Some(hardship) = hardship else { return Form::filled([("less", String::new())]) };
    Form::filled([("less", hardship.amount.decimal()), ("less_months", hardship.until.to_string())])
}

fn say(field: &str, value: &str) -> String {
    match (field, value.parse::<NaiveDate>()) {
        ("less_months", Ok(until)) => format!("until {}", dates::day(until)),
        _ => value.to_owned(),
    }
}

pub(super) async fn end(State(app): State<App>, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::hardship::end_hardship(&mut change, who.person_id).await?;
    change.commit().await?;
    let said = "Thank you. You pay your usual rate again from the next payment on.";
    Ok(flash::redirect(&app, "/membership", said))
}
