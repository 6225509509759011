//! Joining, and what follows from payments. Each function runs in the caller's transaction unless it says otherwise.

use chrono::Duration;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail,
    model::{DECLARATION, DUES, Join, Meeting, Membership, NewDetails, Rate, Rules, State, meet, state},
    settings,
    sql::{self, Application},
};
use crate::{
    accounts::{self, ConsentPurpose, Details, Person, Standing},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::{Error, Result},
        money::Money,
        stripe::{Interval, SubscriptionStatus},
    },
    payments::{self, PaymentNews, Purpose, Subscription, What},
};

/// How long the same answers sent again are the same application.
const SAME_MINUTES: i64 = 60;

/// The party's rules of the day; the days of grace are those of the day on which payments began to fail, because they
/// were promised then.
pub fn rules(app: &App, subscription: Option<&Subscription>) -> Rules {
    let today = app.clock().today();
    let failing = subscription.and_then(|known| known.failing_since).map_or(today, dates::london_date);
    Rules {
        grace_days: app.setting(settings::GRACE_DAYS, failing).into(),
        pending_counts: app.setting(settings::PENDING_COUNTS, today),
    }
}

pub(super) fn purpose(application: Uuid) -> Purpose {
    Purpose::new(DUES, application)
}

/// The page that says what became of the payment. Its id is opaque.
pub(super) fn path(application: Uuid) -> String {
    format!("/join/{application}")
}

/// `Breakthrough Party membership, standard rate`: what stands on Stripe's page.
fn product(app: &App, rate: Rate) -> String {
    let party = app.settings().site(app.clock().today()).name;
    format!("{party} membership, {} rate", rate.name().to_lowercase())
}

/// Keeps what was typed and the wish to pay. Returns the application's id and the checkout's.
///
/// Nobody learns here whether the address is known: a member's address gives the same answer, and a mail to them.
pub(super) async fn apply(
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
    };
    sql::lock_applicant(change, &application.email).await?;
    match sql::find_same_application(change, &application, now - Duration::minutes(SAME_MINUTES)).await? {
        Some(before) => application.id = before,
        None => {
            sql::insert_application(change, &application, DECLARATION).await?;
            warn_member(change, &application).await?;
        }
    }
    let checkout = wish_to_pay(change, &application).await?;
    Ok((application.id, checkout))
}

/// A member whose address is used to join again hears of it.
async fn warn_member(change: &mut Change<'_>, application: &Application) -> Result<()> {
    let app = change.app;
    let Some(person) = accounts::find_person_by_email(change, &application.email).await? else {
        return Ok(());
    };
    let Some(membership) = sql::find_of_person(change, person.id).await? else { return Ok(()) };
    let present = subscription_of(change, &membership).await?;
    let is_proved = is_proved(application, &person);
    if meet(Some(&membership), present.as_ref(), is_proved) == Meeting::Surplus {
        let letter = mail::member_already(app, &person.name, membership.state)?;
        // Once a day is enough, however often somebody tries.
        let occasion = format!("joining-again:{}:{}", person.id, change.today());
        change.mail(occasion, &person.email, letter);
    }
    Ok(())
}

/// Whether the applicant is known to be this person: signed in, or nobody has proved the address to be theirs yet.
/// Else anyone could rewrite a known person for the price of a month.
fn is_proved(application: &Application, person: &Person) -> bool {
    application.signed_in.is_some() || person.email_verified_at.is_none()
}

async fn wish_to_pay(change: &mut Change<'_>, application: &Application) -> Result<Uuid> {
    let wish = payments::Wish {
        purpose: purpose(application.id),
        amount: application.answers.amount,
        every: Some(application.answers.every),
        product: &product(change.app, application.answers.rate),
        email: &application.email,
        page: &path(application.id),
    };
    payments::wish(change, &wish).await
}

/// Another try at paying for an application that is there. `None` if it has been paid.
pub(super) async fn pay_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
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

async fn subscription_of(db: &mut PgConnection, membership: &Membership) -> Result<Option<Subscription>> {
    match &membership.subscription {
        Some(id) => Ok(payments::find_subscription(db, id).await?),
        None => Ok(None),
    }
}

/// What a payment's news means for a membership. May be called any number of times and in any order.
pub async fn hear(change: &mut Change<'_>, news: &PaymentNews) -> Result<()> {
    let app = change.app;
    let Some(id) = &news.subscription else { return Ok(()) };
    // The application first, then the membership: every caller locks in this order.
    let application = sql::lock_application(change, news.purpose.id).await?;
    let mut known = sql::lock_by_subscription(change, id).await?;
    if known.is_none() {
        let subscription = payments::find_subscription(change, id).await?;
        if let (Some(application), Some(subscription)) = (application, subscription)
            && has_begun(&subscription)
        {
            settle(change, &application, &subscription).await?;
            known = sql::lock_by_subscription(change, id).await?;
        }
    }
    let Some(membership) = known else { return Ok(()) };
    payments::attribute(change, &news.purpose, membership.person).await?;
    let after = recompute(change, membership).await?;
    let subscription = subscription_of(change, &after).await?;
    let person = person(change, after.person).await?;
    let (occasion, letter) = match (&news.what, subscription) {
        (What::PaidTooLate { invoice, amount }, _) => {
            let letter = mail::paid_too_late(app, &person.name, *amount, after.state.is_ended())?;
            (format!("paid-too-late:{invoice}"), letter)
        }
        // Whose membership ends with it hears that, and only that.
        (What::Failed { invoice, attempt, next_try, page }, Some(failing))
            if failing.is_failing() && !after.state.is_ended() =>
        {
            // What is paid at Stripe for a subscription that has ended there would not count.
            let page = page.as_deref().filter(|_| failing.is_alive());
            let letter = mail::payment_failed(app, &person.name, &after, *next_try, page)?;
            (format!("payment-failed:{invoice}:{attempt}"), letter)
        }
        _ => return Ok(()),
    };
    change.mail(occasion, &person.email, letter);
    Ok(())
}

/// Whatever has become of a subscription by the time we hear of it: once it was in force, its payer was a member.
fn has_begun(subscription: &Subscription) -> bool {
    let was_in_force = match subscription.state {
        SubscriptionStatus::Incomplete | SubscriptionStatus::IncompleteExpired => false,
        SubscriptionStatus::Canceled => subscription.first_paid_at.is_some(),
        _ => true,
    };
    was_in_force && subscription.surplus_since.is_none()
}

async fn person(db: &mut PgConnection, id: Uuid) -> Result<Person> {
    accounts::find_person(db, id).await?.ok_or(Error::NotFound)
}

/// Makes the applicant whose application was paid for a member, or finds the payment to be a duplicate.
async fn settle(
    change: &mut Change<'_>,
    application: &Application,
    subscription: &Subscription,
) -> Result<()> {
    let app = change.app;
    let now = change.now;
    let id = match application.signed_in {
        Some(id) => id,
        None => accounts::find_or_add_person(change, &application.email, &application.answers.name).await?.0,
    };
    let before = person(change, id).await?;
    let is_proved = is_proved(application, &before);
    let known = sql::lock_of_person(change, id).await?;
    let present = match &known {
        Some(membership) => subscription_of(change, membership).await?,
        None => None,
    };
    payments::attribute(change, &purpose(application.id), id).await?;
    let meeting = meet(known.as_ref(), present.as_ref(), is_proved);
    if meeting == Meeting::Surplus {
        payments::end_surplus(change, &subscription.id, true).await?;
        sql::set_settled(change, application.id, id, now).await?;
        let overdue = known.is_some_and(|known| known.state.is_overdue());
        let letter = mail::paid_twice(app, &before.name, application.answers.amount, overdue)?;
        let occasion = format!("paid-twice:{}", subscription.id);
        change.mail(occasion, &before.email, letter);
        let detail = json!({ "subscription": subscription.id });
        change.audit("membership.second_payment", ("person", id), detail);
        return Ok(());
    }
    if let Some(old) = present.as_ref().filter(|old| old.is_alive()) {
        payments::end_surplus(change, &old.id, false).await?;
    }
    set_details(change, application, &before, is_proved).await?;
    let membership = match known {
        None => add(change, application, subscription, id).await?,
        Some(known) => renew(change, application, subscription, known, is_proved).await?,
    };
    // Whoever only knows an address agrees to nothing in its owner's name.
    if is_proved {
        for purpose in &application.answers.consents {
            accounts::give_consent(change, id, *purpose, "join form").await?;
        }
    }
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
    let letter = mail::welcome(app, name, &membership, &link, is_back, kept)?;
    let occasion = format!("welcome:{}", subscription.id);
    change.mail(occasion, &before.email, letter);
    Ok(())
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
        suspension: None,
    };
    new.state = state(&new, Some(subscription), rules(app, Some(subscription)), today).begun();
    new.number = sql::insert_membership(change, &new).await?;
    sql::start_period(change, app.random().id(now), new.id, today).await?;
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
        suspension: None,
        ..known
    };
    renewed.state = state(&renewed, Some(subscription), rules(app, Some(subscription)), today).begun();
    sql::set_membership(change, &renewed).await?;
    sql::start_period(change, app.random().id(now), renewed.id, today).await?;
    tell_standing(change, &renewed).await?;
    Ok(renewed)
}

/// What the members' pages go by.
pub(super) async fn tell_standing(change: &mut Change<'_>, membership: &Membership) -> Result<()> {
    let app = change.app;
    let standing = if membership.state.is_member(rules(app, None).pending_counts) {
        Standing::Member
    } else {
        let wants_news = accounts::list_consents(change, membership.person)
            .await?
            .iter()
            .any(|consent| consent.purpose == ConsentPurpose::EmailUpdates && consent.withdrawn.is_none());
        if wants_news { Standing::Supporter } else { Standing::None }
    };
    accounts::set_standing(change, membership.person, standing).await
}

/// Works the state out again from the facts, and keeps, records and tells what is new. The membership is locked.
pub(super) async fn recompute(change: &mut Change<'_>, before: Membership) -> Result<Membership> {
    let app = change.app;
    let (now, today) = (change.now, change.today());
    let subscription = subscription_of(change, &before).await?;
    let mut after = before.clone();
    if let Some(subscription) = &subscription {
        // Stripe's word on the amount counts: it may have been changed in the dashboard.
        if subscription.amount > Money::ZERO {
            after.amount = subscription.amount;
        }
        after.every = subscription.every.unwrap_or(after.every);
        if subscription.is_alive() {
            let end = subscription.current_period_end.map(crate::kit::dates::london_date);
            after.ends_on = end.filter(|_| subscription.cancel_at_period_end);
        }
    }
    if after.suspension.as_ref().is_some_and(|suspension| suspension.until < today) {
        after.suspension = None;
    }
    after.state = state(&after, subscription.as_ref(), rules(app, subscription.as_ref()), today);
    // "Nothing more is collected" must be true at Stripe too, which would go on trying.
    let is_paid = subscription.as_ref().is_none_or(|it| it.first_paid_at.is_some());
    if let Some(alive) = subscription.filter(|it| after.state.is_ended() && it.is_alive())
        && alive.surplus_since.is_none()
    {
        payments::end_surplus(change, &alive.id, false).await?;
    }
    if after == before {
        return Ok(after);
    }
    let changed = after.state.code() != before.state.code();
    if changed {
        after.state_since = now;
        if !after.state.is_ended() {
            after.end_words = None;
        }
    }
    sql::set_membership(change, &after).await?;
    if !changed {
        return Ok(after);
    }
    match after.state {
        State::Ended { on, .. } => sql::end_period(change, after.id, on).await?,
        _ => sql::start_period(change, app.random().id(now), after.id, today).await?,
    }
    tell_standing(change, &after).await?;
    let detail = json!({ "state": [before.state.code(), after.state.code()] });
    change.audit("membership.state_changed", ("person", after.person), detail);
    if let (State::Ended { reason, .. }, Actor::System) = (after.state, change.by) {
        let person = person(change, after.person).await?;
        let letter = mail::ended(app, &person.name, reason, is_paid)?;
        let occasion = format!("membership-ended:{}:{}", after.id, now.timestamp_micros());
        change.mail(occasion, &person.email, letter);
    }
    Ok(after)
}

/// What changes by the mere passing of a day: grace, suspensions and paid periods end.
pub(super) async fn turn_of_day(app: &App) -> Result<()> {
    let today = app.clock().today();
    let mut db = app.pool().acquire().await?;
    let due = sql::list_due(&mut db, today).await?;
    drop(db);
    // One whose state cannot be worked out must not keep the others waiting.
    let mut failed = None;
    for person in due {
        if let Err(error) = turn_day_for(app, person).await {
            tracing::error!(%person, %error, "a membership's day did not turn");
            failed = Some(error);
        }
    }
    let mut db = app.pool().acquire().await?;
    sql::delete_old_applications(&mut db, app.clock().now() - Duration::days(30)).await?;
    failed.map_or(Ok(()), Err)
}

async fn turn_day_for(app: &App, person: Uuid) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    if let Some(membership) = sql::lock_of_person(&mut change, person).await? {
        recompute(&mut change, membership).await?;
    }
    change.commit().await?;
    Ok(())
}

/// Stops or resumes renewal for a member. Speaks to Stripe: call it without a transaction or connection at hand.
///
/// # Errors
/// A conflict if there is nothing to stop; unavailable while Stripe is away.
pub(super) async fn set_renewal(app: &App, person: Uuid, renews: bool) -> Result<Membership> {
    const NOTHING: Error = Error::Conflict("There is no payment to change. Write to us if this seems wrong.");
    let mut db = app.pool().acquire().await?;
    let membership = sql::find_of_person(&mut db, person).await?.ok_or(Error::NotFound)?;
    let subscription = subscription_of(&mut db, &membership).await?.ok_or(NOTHING)?;
    drop(db);
    if !subscription.is_alive() {
        return Err(NOTHING);
    }
    if subscription.cancel_at_period_end != renews {
        // Pressed twice: it is so already.
        return Ok(membership);
    }
    payments::set_renewal(app, &subscription, renews).await?;
    let mut change = Change::begin_alone(app, Actor::Person(person)).await?;
    let membership = sql::lock_of_person(&mut change, person).await?.ok_or(Error::NotFound)?;
    let after = recompute(&mut change, membership).await?;
    let action = if renews { "membership.renewal_resumed" } else { "membership.renewal_stopped" };
    change.audit(action, ("person", person), json!({ "ends_on": after.ends_on }));
    if let (false, Some(on)) = (renews, after.ends_on) {
        let known = self::person(&mut change, person).await?;
        let letter = mail::stopped(app, &known.name, on)?;
        let occasion = format!("renewal-stopped:{}:{}", after.id, change.now.timestamp_micros());
        change.mail(occasion, &known.email, letter);
    }
    change.commit().await?;
    Ok(after)
}

/// Members change what they said about themselves, or officers put it right.
///
/// # Errors
/// A conflict if somebody else has the email address; not found if they are not a member.
pub(super) async fn change_details(change: &mut Change<'_>, person: Uuid, new: &NewDetails) -> Result<()> {
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    let (name, email) = match new.account.clone() {
        Some(account) => account,
        None => {
            let known = self::person(change, person).await?;
            (known.name, known.email)
        }
    };
    let details = Details { name, email, postcode: new.personal.postcode(), region: new.region };
    accounts::change_details(change, person, &details).await?;
    if membership.personal == new.personal {
        return Ok(());
    }
    let changed = membership.personal.changed(&new.personal);
    membership.personal = new.personal.clone();
    sql::set_membership(change, &membership).await?;
    change.audit("membership.details_changed", ("person", person), json!({ "changed": changed }));
    Ok(())
}

/// What a person's page says of their membership, in one query or two.
pub async fn summary(
    db: &mut PgConnection,
    person: Uuid,
) -> Result<Option<(Membership, Option<Subscription>)>> {
    let Some(membership) = sql::find_of_person(db, person).await? else { return Ok(None) };
    let subscription = subscription_of(db, &membership).await?;
    Ok(Some((membership, subscription)))
}

/// The price in words, for pages: `£5 a month`.
pub fn price(amount: Money, every: Interval) -> String {
    format!("{amount} a {every}")
}
