//! What a member sees of their own membership.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use chrono::NaiveDate;

use super::{
    actions, forms,
    model::{Membership, NewRate, changeable},
    sql,
};
use crate::{
    accounts::{self, Asked, Person, Session, SignedIn, Standing},
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
    payments::{Subscription, leading},
    places::{self, Region, open_regions},
};

#[derive(Template, WebTemplate)]
#[template(path = "membership/show.html")]
struct MembershipPage {
    visit: Visit,
    membership: Option<Membership>,
    subscription: Option<Subscription>,
    /// A rate that was asked for, of which Stripe has not been told yet.
    asked: Option<NewRate>,
}

impl MembershipPage {
    fn next_payment(&self) -> Option<String> {
        let subscription = self.subscription.as_ref()?;
        let goes_on = subscription.is_alive() && !subscription.cancel_at_period_end;
        let end = subscription.current_period_end.filter(|_| goes_on)?;
        Some(format!("{} on {}", subscription.amount, dates::day(dates::london_date(end))))
    }

    /// Whether the member can have it charged to something else.
    fn can_change_method(&self) -> bool {
        self.subscription.as_ref().is_some_and(Subscription::is_alive)
    }

    /// What it is charged to, in words.
    fn method(&self) -> Option<String> {
        Some(self.subscription.as_ref().filter(|it| it.is_alive())?.method.as_ref()?.words())
    }

    /// Why nothing will be collected, if nothing will.
    fn trouble(&self) -> Option<String> {
        let subscription =
            self.subscription.as_ref().filter(|it| it.is_alive() && !it.cancel_at_period_end)?;
        let next = subscription.current_period_end.map(dates::london_date);
        subscription.method.as_ref()?.trouble(self.visit.today(), next)
    }

    /// Stripe's page for what is overdue. What is paid there once the subscription has ended would not count.
    fn pay_page(&self) -> Option<&str> {
        self.subscription.as_ref().filter(|it| it.is_alive())?.pay_page.as_deref()
    }

    fn next_try(&self) -> Option<String> {
        self.subscription.as_ref()?.next_try.map(|at| dates::weekday(dates::london_date(at)))
    }

    fn can_change_rate(&self) -> bool {
        changeable(self.subscription.as_ref()).is_ok()
    }

    fn can_stop(&self) -> bool {
        self.subscription.as_ref().is_some_and(|it| it.is_alive() && !it.cancel_at_period_end)
    }

    fn can_resume(&self) -> bool {
        self.subscription.as_ref().is_some_and(|it| it.is_alive() && it.cancel_at_period_end)
    }
}

#[derive(Template)]
#[template(path = "membership/card.html")]
struct StandingCard<'a> {
    session: &'a Session,
    membership: Option<Membership>,
    today: NaiveDate,
}

/// Where somebody stands, for their own page.
pub(super) async fn card(asked: Asked<'_>) -> Result<Option<String>> {
    let membership = sql::find_of_person(asked.db, asked.session.person_id).await?;
    let today = asked.app.clock().today();
    Ok(Some(StandingCard { session: asked.session, membership, today }.render()?))
}

pub(super) async fn show(visit: Visit, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    let (membership, subscription) = match actions::summary(&mut db, who.person_id).await? {
        Some((membership, subscription)) => (Some(membership), subscription),
        None => (None, None),
    };
    let asked = sql::rate_changes::find_open_of(&mut db, who.person_id).await?.map(|it| it.new);
    Ok(MembershipPage { visit, membership, subscription, asked }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/details.html")]
struct DetailsPage {
    visit: Visit,
    form: Form,
    regions: Vec<(&'static str, &'static str)>,
}

impl DetailsPage {
    fn new(visit: Visit, form: Form) -> Self {
        Self { regions: open_regions(&form), visit, form }
    }
}

/// What is known of somebody, to be changed.
pub(super) fn known_details(person: &Person, membership: &Membership) -> Form {
    let region = person.region.map(Region::slug).unwrap_or_default().to_owned();
    membership.personal.fill(Form::filled([("region", region)]))
}

pub(super) async fn edit_details(visit: Visit, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    let membership = sql::find_of_person(&mut db, who.person_id).await?.ok_or(Error::NotFound)?;
    let person = accounts::find_person(&mut db, who.person_id).await?.ok_or(Error::NotFound)?;
    Ok(DetailsPage::new(visit, known_details(&person, &membership).versioned()).into_response())
}

pub(super) async fn update_details(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let membership = sql::find_of_person(&mut db, who.person_id).await?.ok_or(Error::NotFound)?;
    let new = match forms::own_details(&form, membership.personal.born_on) {
        Ok(new) => new,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, DetailsPage::new(visit, form)).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let person = accounts::find_person(&mut change, who.person_id).await?.ok_or(Error::NotFound)?;
    let membership = sql::lock_of_person(&mut change, who.person_id).await?.ok_or(Error::NotFound)?;
    if let Some(form) = form.overtaken(&known_details(&person, &membership), places::say) {
        return Ok((StatusCode::CONFLICT, DetailsPage::new(visit, form)).into_response());
    }
    actions::change_details(&mut change, who.person_id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/membership", "Your details are saved."))
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/end.html")]
struct EndPage {
    visit: Visit,
    /// Until when they stay a member.
    on: Option<String>,
    price: String,
}

pub(super) async fn confirm_end(visit: Visit, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    let known = actions::summary(&mut db, who.person_id).await?;
    let Some((membership, Some(subscription))) = known else { return Err(Error::NotFound) };
    if !subscription.is_alive() || subscription.cancel_at_period_end {
        return Ok(Redirect::to("/membership").into_response());
    }
    let on = subscription.current_period_end.map(|end| dates::day(dates::london_date(end)));
    Ok(EndPage { visit, on, price: membership.price() }.into_response())
}

pub(super) async fn end(State(app): State<App>, SignedIn(who): SignedIn, db: Db) -> Result<Response> {
    drop(db);
    let after = actions::set_renewal(&app, who.person_id, false).await?;
    let said = match after.ends_on {
        Some(on) => format!("Your membership ends on {}. Nothing more is collected.", dates::day(on)),
        None => "Nothing more is collected.".to_owned(),
    };
    Ok(flash::redirect(&app, "/membership", &said))
}

/// To the page at Stripe where another card or account is given.
pub(super) async fn change_method(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    let known = actions::summary(&mut db, who.person_id).await?;
    let subscription = known.and_then(|(_, subscription)| subscription).filter(Subscription::is_alive);
    let subscription = subscription.ok_or(Error::Conflict("There is no regular payment to change."))?;
    leading::lead_to_method(&app, db, who.person_id, &subscription.id, "/membership").await
}

pub(super) async fn resume(State(app): State<App>, SignedIn(who): SignedIn, db: Db) -> Result<Response> {
    drop(db);
    actions::set_renewal(&app, who.person_id, true).await?;
    Ok(flash::redirect(&app, "/membership", "Good: your membership goes on."))
}
