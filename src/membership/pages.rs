//! What a member sees of their own membership.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use chrono::NaiveDate;

use super::{
    actions, forms,
    model::{
        EndReason, Ending, Hardship, Membership, NewRate, Override, Standing, State, Stood, VotingRules,
        changeable,
    },
    settings, sql,
};
use crate::{
    accounts::{self, Asked, Person, Session, SignedIn},
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
    stood: Option<Stood>,
    /// What officers set by hand and holds today, in words.
    by_hand: Vec<String>,
    /// The first day on which they are not new any more.
    settled_on: Option<NaiveDate>,
    voting: VotingRules,
    /// The age from which on they can stand, if they are younger.
    stands_from: Option<u32>,
    pending_counts: bool,
    /// A rate that was asked for, of which Stripe has not been told yet.
    asked: Option<NewRate>,
    /// What they pay less than their rate, for a time.
    hardship: Option<Hardship>,
}

impl MembershipPage {
    fn next_payment(&self) -> Option<String> {
        let subscription = self.subscription.as_ref()?;
        let goes_on = subscription.is_alive() && !subscription.cancel_at_period_end;
        let end = subscription.current_period_end.filter(|_| goes_on)?;
        let amount = match (&self.hardship, &self.membership) {
            (Some(_), Some(membership)) => NewRate::of(membership).lessened(self.hardship.as_ref()).amount,
            _ => subscription.amount,
        };
        Some(format!("{amount} on {}", dates::day(dates::london_date(end))))
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

    /// What ends the standing that they are in, or what comes after it.
    fn what_ends_it(&self, stood: &Stood, membership: &Membership) -> Option<String> {
        let stop = "It goes on as long as you pay. You can stop at any time";
        Some(match (stood.standing, membership.state) {
            (Standing::New, _) => {
                let day = dates::day(self.settled_on?);
                format!(
                    "Until {day}, officers can object to a new member. From then on, you are a current member"
                )
            }
            (Standing::Current, _) => match membership.ends_on {
                Some(on) if membership.subscription.is_none() => {
                    format!("It is paid for until {}. Then you need to renew", dates::day(on))
                }
                Some(on) => format!("You have stopped renewal: it ends on {}", dates::day(on)),
                None => stop.to_owned(),
            },
            (Standing::Pending, _) => "The first payment: once it has arrived, you are a member".to_owned(),
            (Standing::Grace, State::Grace { until }) => {
                format!("Your payment. Without one, your membership ends after {}", dates::day(until))
            }
            (Standing::Suspended, State::Suspended { until }) => {
                format!("It ends automatically after {}", dates::day(until))
            }
            _ => return None,
        })
    }

    /// Whether the party has decided that they cannot join again.
    fn is_barred(&self) -> bool {
        self.membership.as_ref().is_some_and(|known| known.state.is_expelled())
    }

    fn can_change_rate(&self) -> bool {
        changeable(self.subscription.as_ref()).is_ok()
    }

    fn can_stop(&self) -> bool {
        match &self.subscription {
            Some(it) => it.is_alive() && !it.cancel_at_period_end,
            None => self.pays_by_hand(),
        }
    }

    /// Whether nothing is collected from them.
    fn pays_by_hand(&self) -> bool {
        self.subscription.is_none() && self.membership.as_ref().is_some_and(|it| !it.state.is_ended())
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

pub(super) async fn show(
    extract::State(app): extract::State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    let (membership, subscription) = match actions::summary(&mut db, who.person_id).await? {
        Some((membership, subscription)) => (Some(membership), subscription),
        None => (None, None),
    };
    let today = visit.today();
    let voting = actions::voting_rules(&app, today);
    let pending_counts = actions::rules(&app, None).pending_counts;
    let (mut stood, mut settled_on, mut by_hand, mut stands_from) = (None, None, Vec::new(), None);
    let (mut asked, mut hardship) = (None, None);
    if let Some(membership) = &membership {
        let (history, wishes) = sql::history::find_with_wishes(&mut db, membership.id).await?;
        (asked, hardship) = (wishes.rate, wishes.hardship);
        stood = history.on(today, membership.personal.born_on, voting);
        let said = |it: &&Override| it.holds_on(today) && it.matters_in(membership.state);
        by_hand = history.overrides.iter().filter(said).map(Override::own_words).collect();
        let least = app.setting(settings::STANDING_AGE, today);
        let age = membership.personal.born_on.map(|born| dates::age_on(born, today));
        stands_from = Some(least).filter(|least| age.is_some_and(|age| i64::from(age) < i64::from(*least)));
        settled_on = history.periods.last().and_then(|period| period.settled_on);
    }
    Ok(MembershipPage {
        visit,
        membership,
        subscription,
        stood,
        by_hand,
        settled_on,
        voting,
        stands_from,
        pending_counts,
        asked,
        hardship,
    }
    .into_response())
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
    extract::State(app): extract::State<App>,
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
    let membership = sql::lock_of_person(&mut change, who.person_id).await?.ok_or(Error::NotFound)?;
    accounts::lock_person(&mut change, who.person_id).await?;
    let person = accounts::find_person(&mut change, who.person_id).await?.ok_or(Error::NotFound)?;
    if let Some(form) = form.overtaken(&known_details(&person, &membership), places::say) {
        return Ok((StatusCode::CONFLICT, DetailsPage::new(visit, form)).into_response());
    }
    actions::change_details(&mut change, who.person_id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/membership", "Your details have been saved."))
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/end.html")]
struct EndPage {
    visit: Visit,
    /// Until when they stay a member.
    on: Option<String>,
    /// `None` where nothing is collected.
    price: Option<String>,
}

pub(super) async fn confirm_end(visit: Visit, SignedIn(who): SignedIn, mut db: Db) -> Result<Response> {
    let known = actions::summary(&mut db, who.person_id).await?;
    let Some((membership, subscription)) = known else { return Err(Error::NotFound) };
    if membership.state.is_ended() {
        return Ok(Redirect::to("/membership").into_response());
    }
    let Some(subscription) = subscription else {
        return Ok(EndPage { visit, on: None, price: None }.into_response());
    };
    if !subscription.is_alive() || subscription.cancel_at_period_end {
        return Ok(Redirect::to("/membership").into_response());
    }
    let on = subscription.current_period_end.map(|end| dates::day(dates::london_date(end)));
    let hardship = sql::hardships::find_of(&mut db, who.person_id).await?;
    let price = NewRate::of(&membership).lessened(hardship.as_ref()).price();
    Ok(EndPage { visit, on, price: Some(price) }.into_response())
}

pub(super) async fn end(
    extract::State(app): extract::State<App>,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    let known = actions::summary(&mut db, who.person_id).await?;
    if known.is_some_and(|(membership, subscription)| subscription.is_none() && !membership.state.is_ended())
    {
        let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
        let ending = Ending { reason: EndReason::Left, words: "By themselves".to_owned(), decision: None };
        actions::end(&mut change, who.person_id, &ending).await?;
        change.commit().await?;
        return Ok(flash::redirect(&app, "/membership", "Your membership has ended."));
    }
    drop(db);
    let after = actions::set_renewal(&app, who.person_id, false).await?;
    let said = match after.ends_on {
        Some(on) => format!("Your membership ends on {}. Nothing more will be collected.", dates::day(on)),
        None => "Nothing more will be collected.".to_owned(),
    };
    Ok(flash::redirect(&app, "/membership", &said))
}

/// To the page at Stripe where another card or account is given.
pub(super) async fn change_method(
    extract::State(app): extract::State<App>,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    let known = actions::summary(&mut db, who.person_id).await?;
    let subscription = known.and_then(|(_, subscription)| subscription).filter(Subscription::is_alive);
    let subscription = subscription.ok_or(Error::Conflict("There is no regular payment to change."))?;
    leading::lead_to_method(&app, db, who.person_id, &subscription.id, "/membership").await
}

pub(super) async fn resume(
    extract::State(app): extract::State<App>,
    SignedIn(who): SignedIn,
    db: Db,
) -> Result<Response> {
    drop(db);
    actions::set_renewal(&app, who.person_id, true).await?;
    Ok(flash::redirect(&app, "/membership", "Good: your membership continues."))
}
