//! Joining: an application, the wish to pay it, and the membership that comes of it.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    carrying, hardship, own_money, person, rules,
    standing::{enter, recompute, tell_standing},
    subscription_of,
};
use crate::{
    accounts::{self, Begun, Details, Person},
    audit::Change,
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::{Error, Result},
        queue,
    },
    membership::{
        mail,
        model::{DECLARATION, DUES, Join, Meeting, Membership, Rate, State, WarnMember, meet, state},
        settings,
        sql::{self, Application},
    },
    parties::{self, NewDeclaration},
    payments::{self, Purpose, Subscription},
};

/// How long the same answers sent again are the same application.
const SAME_MINUTES: i64 = 60;

pub fn purpose(application: Uuid) -> Purpose {
    Purpose::new(DUES, application)
}

/// The page that says what became of the payment. Its id is opaque.
pub fn path(application: Uuid) -> String {
    format!("/join/{application}")
}

/// `Breakthrough Party membership, standard rate`: what stands on Stripe's page.
fn product(app: &App, rate: Rate) -> String {
    let party = app.settings().site(app.clock().today()).name;
    format!("{party} membership, {} rate", rate.name().to_lowercase())
}

/// Keeps what was typed and the wish to pay. Returns the application's id and the checkout's.
///
/// Nobody learns here whether the address is known: a member's address gives the same answer, and the member gets a mail.
pub async fn apply(
    change: &mut Change<'_>,
    join: Join,
    account: Option<(Uuid, EmailAddress)>,
) -> Result<(Uuid, Uuid)> {
    let app = change.app;
    let now = change.now;
    let (signed_in, own) = account.map_or((None, None), |(id, email)| (Some(id), Some(email)));
    let email = join.email.or(own).ok_or(Error::Invalid("The email address is missing."))?;
    let mut application = Application {
        id: app.random().opaque_id(),
        signed_in,
        email,
        answers: join.answers,
        created_at: now,
        settled_at: None,
        person: None,
        above_limit: false,
    };
    sql::lock_applicant(change, &application.email).await?;
    match sql::find_same_application(change, &application, now - Duration::minutes(SAME_MINUTES)).await? {
        Some(before) => application.id = before,
        None => {
            let declared = match own_money(app, application.answers.amount) {
                Some(own_money) => &format!("{DECLARATION}\n{own_money}"),
                None => DECLARATION,
            };
            sql::insert_application(change, &application, declared).await?;
            // By a job, so that the answer takes as long for every address.
            queue::push(change, &WarnMember { application: application.id }).await?;
        }
    }
    let checkout = wish_to_pay(change, &application).await?;
    Ok((application.id, checkout))
}

/// A member whose address is used to join again is told.
pub async fn warn_member(change: &mut Change<'_>, application: Uuid) -> Result<()> {
    let app = change.app;
    let Some(application) = &sql::find_application(change, application).await? else { return Ok(()) };
    let Some(person) = accounts::find_person_by_email(change, &application.email).await? else {
        return Ok(());
    };
    let Some(membership) = sql::find_of_person(change, person.id).await? else { return Ok(()) };
    let present = subscription_of(change, &membership).await?;
    let is_proved = is_proved(application, &person);
    if application.settled_at.is_none()
        && meet(Some(&membership), present.as_ref(), is_proved) == Meeting::Surplus
    {
        let letter = mail::member_already(app, person.greeting(), membership.state)?;
        // Once a day is enough, however often somebody tries.
        let occasion = format!("joining-again:{}:{}", person.id, change.today());
        change.mail(occasion, &person.email, letter);
    }
    Ok(())
}

/// What somebody with this address has begun, and not paid for yet.
pub async fn begun(db: &mut PgConnection, email: &EmailAddress, now: DateTime<Utc>) -> Result<Option<Begun>> {
    let open = sql::find_open_application(db, email, now - Duration::days(1)).await?;
    Ok(open.map(|id| Begun {
        words: "You filled in our joining form but have not paid yet, so you are not a member yet.",
        button: "Continue to payment",
        path: path(id),
    }))
}

/// Whether the applicant is known to be this person: signed in, or nobody has proved the address to be theirs yet.
/// Else anyone could rewrite a known person for the price of a month.
pub fn is_proved(application: &Application, person: &Person) -> bool {
    application.signed_in.is_some() || person.email_verified_at.is_none()
}

async fn wish_to_pay(change: &mut Change<'_>, application: &Application) -> Result<Uuid> {
    let wish = payments::Wish {
        purpose: purpose(application.id),
        amount: application.answers.collected().amount,
        every: Some(application.answers.every),
        product: &product(change.app, application.answers.rate),
        name: &application.answers.name,
        email: &application.email,
        page: &path(application.id),
    };
    payments::wish(change, &wish).await
}

/// Another try at paying for an application that is there. `None` if it has been paid.
pub async fn pay_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
    use payments::CheckoutState::{Paid, Pending};
    let application = sql::lock_application(change, id).await?.ok_or(Error::NotFound)?;
    let now = change.now;
    let checkout = payments::checkout_for(change, &purpose(id), now).await?;
    let is_paid = checkout.is_some_and(|checkout| matches!(checkout.state, Paid | Pending));
    let failed_later = match application.person {
        Some(person) => {
            sql::find_of_person(change, person).await?.is_some_and(|known| known.state.is_ended())
        }
        None => false,
    };
    if is_paid && !failed_later {
        return Ok(None);
    }
    wish_to_pay(change, &application).await.map(Some)
}

/// Makes the applicant whose application was paid for a member, or finds the payment to be a duplicate.
pub async fn settle(
    change: &mut Change<'_>,
    application: &Application,
    subscription: &Subscription,
) -> Result<()> {
    let app = change.app;
    let now = change.now;
    // Signed in, they are who they were then, whatever address was typed; else the address decides.
    let id = match application.signed_in {
        Some(id) => id,
        None => accounts::find_or_add_person(change, &application.email, &application.answers.name).await?.0,
    };
    let before = person(change, id).await?;
    let is_proved = is_proved(application, &before);
    // Two payments of one person wait for each other here: the second meets the membership that the first made.
    let known = sql::lock_of_person(change, id).await?;
    let present = match &known {
        Some(membership) => subscription_of(change, membership).await?,
        None => None,
    };
    // Also of a payment that goes back: the books say whose it was.
    payments::attribute(change, &purpose(application.id), id).await?;
    let meeting = meet(known.as_ref(), present.as_ref(), is_proved);
    if meeting == Meeting::Surplus {
        payments::end_surplus(change, &subscription.id, true).await?;
        // Settled all the same: asked again, this application must not end the payment a second time.
        sql::set_settled(change, application.id, id, now).await?;
        let overdue = known.is_some_and(|known| known.state.is_overdue());
        let paid = application.answers.collected().amount;
        let letter = mail::paid_twice(app, &before.name, paid, overdue)?;
        let occasion = format!("paid-twice:{}", subscription.id);
        change.mail(occasion, &before.email, letter);
        let detail = json!({ "subscription": subscription.id });
        change.audit("membership.second_payment", ("person", id), detail);
        return Ok(());
    }
    // The one that failed or was stopped. What it brought was for months of membership, so nothing of it goes back.
    if let Some(old) = present.as_ref().filter(|old| old.is_alive()) {
        payments::end_surplus(change, &old.id, false).await?;
    }
    carrying::note(change, known.as_ref(), present.as_ref(), subscription).await?;
    set_details(change, application, &before, is_proved).await?;
    let membership = match known {
        None => add(change, application, subscription, id).await?,
        Some(known) => renew(change, application, subscription, known, is_proved).await?,
    };
    hardship::begin(change, &membership, &application.answers).await?;
    // Whoever only knows an address agrees to nothing in its owner's name.
    if is_proved {
        for purpose in &application.answers.consents {
            accounts::give_consent(change, id, *purpose, "join form").await?;
        }
    }
    declare(change, application, id, is_proved).await?;
    sql::set_settled(change, application.id, id, now).await?;
    let is_back = meeting == Meeting::Join && membership.joined_on != change.today();
    let action = match (meeting, is_back) {
        (Meeting::Join, false) => "membership.joined",
        (Meeting::Join, true) => "membership.rejoined",
        _ => "membership.payment_replaced",
    };
    let detail = json!({
        "number": membership.number, "rate": membership.rate.code(), "price": membership.price(),
        "subscription": subscription.id,
    });
    change.audit(action, ("person", id), detail);
    // First heard of after it was over: it ends as it would have in its time, and nobody is welcomed.
    if recompute(change, membership.clone()).await?.state.is_ended() {
        return Ok(());
    }
    let link = accounts::issue_link(change, id, "/membership", 14).await?;
    let kept = !is_proved;
    let name = if kept { &before.name } else { &application.answers.name };
    let paying = hardship::as_collected(change, &membership).await?;
    let letter = mail::welcome(app, name, &paying, &link, is_back, kept)?;
    let occasion = format!("welcome:{}", subscription.id);
    change.mail(occasion, &before.email, letter);
    Ok(())
}

/// Keeps what was said of other parties. It is judged by what held when they applied.
async fn declare(
    change: &mut Change<'_>,
    application: &Application,
    person: Uuid,
    is_proved: bool,
) -> Result<()> {
    let declared = application.answers.other_parties.as_ref();
    // Whoever only knows an address says no in nobody's name; a yes is looked at by people.
    let Some(declared) = declared.filter(|it| is_proved || !it.is_none()) else { return Ok(()) };
    let decide_until = settled_on(change.app, change.today()).and_then(|day| day.pred_opt());
    let on = dates::london_date(application.created_at);
    let source = parties::Source::JoinForm;
    parties::declare(change, &NewDeclaration { person, declared, source, on, decide_until }).await
}

/// Name and address are taken from the application, unless that is not proved to be theirs: then only what is
/// missing is.
async fn set_details(
    change: &mut Change<'_>,
    application: &Application,
    before: &Person,
    is_proved: bool,
) -> Result<()> {
    let answers = &application.answers;
    let keeps_place = !is_proved && before.postcode.is_some();
    let details = Details {
        name: if is_proved { answers.name.clone() } else { before.name.clone() },
        email: before.email.clone(),
        postcode: if keeps_place { before.postcode.clone() } else { answers.personal.postcode() },
        region: if keeps_place { before.region } else { answers.region },
    };
    accounts::change_details(change, before.id, &details).await
}

/// The first day on which officers cannot object any more to somebody who joins today.
pub fn settled_on(app: &App, today: NaiveDate) -> Option<NaiveDate> {
    let days = app.setting(settings::OBJECTION_DAYS, today);
    today.checked_add_days(Days::new(days.into())).filter(|_| days > 0)
}

async fn add(
    change: &mut Change<'_>,
    application: &Application,
    subscription: &Subscription,
    person: Uuid,
) -> Result<Membership> {
    let app = change.app;
    let (now, today) = (change.now, change.today());
    let mut new = Membership {
        id: app.random().id(now),
        person,
        number: 0,
        joined_on: today,
        personal: application.answers.personal.clone(),
        rate: application.answers.rate,
        every: application.answers.every,
        amount: application.answers.amount,
        subscription: Some(subscription.id.clone()),
        state: State::Pending,
        state_since: now,
        ends_on: None,
        end_words: None,
        decision: None,
        suspension: None,
    };
    new.state = state(&new, Some(subscription), rules(app, Some(subscription)), today).begun();
    new.number = sql::insert_membership(change, &new).await?;
    enter(change, &new, today, settled_on(app, today)).await?;
    tell_standing(change, &new).await?;
    Ok(new)
}

/// A known member's new subscription: a new period if the last one is over.
async fn renew(
    change: &mut Change<'_>,
    application: &Application,
    subscription: &Subscription,
    known: Membership,
    is_proved: bool,
) -> Result<Membership> {
    let app = change.app;
    let (now, today) = (change.now, change.today());
    let mut renewed = Membership {
        personal: if is_proved { application.answers.personal.clone() } else { known.personal.clone() },
        rate: application.answers.rate,
        every: application.answers.every,
        amount: application.answers.amount,
        subscription: Some(subscription.id.clone()),
        state: State::Pending,
        state_since: now,
        ends_on: None,
        end_words: None,
        decision: None,
        suspension: None,
        ..known
    };
    renewed.state = state(&renewed, Some(subscription), rules(app, Some(subscription)), today).begun();
    sql::set_membership(change, &renewed).await?;
    enter(change, &renewed, today, settled_on(app, today)).await?;
    tell_standing(change, &renewed).await?;
    Ok(renewed)
}
