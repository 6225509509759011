//! What a notice of a payment means for a membership.

use serde_json::json;
use uuid::Uuid;

use super::{
    carrying, hardship,
    joining::{is_proved, settle},
    person,
    standing::recompute,
    subscription_of,
};
use crate::{
    accounts::{self, Person},
    audit::Change,
    kit::{email_address::EmailAddress, error::Result, money::Money, stripe::SubscriptionStatus},
    membership::{
        DUES, mail,
        model::{Meeting, meet},
        sql::{self, Application},
    },
    payments::{self, PaymentNotice, Purpose, Subscription, What},
    places::Address,
};

/// What a notice of a payment means for a membership. May be called any number of times and in any order.
pub async fn hear(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<()> {
    let app = change.app;
    let Some(id) = &notice.subscription else { return Ok(()) };
    // The application first, then the membership: every caller locks in this order.
    let application = sql::lock_application(change, notice.purpose.id).await?;
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
    payments::attribute(change, &notice.purpose, membership.person).await?;
    let after = recompute(change, membership).await?;
    let subscription = subscription_of(change, &after).await?;
    carrying::remind(change, id).await?;
    let known = person(change, after.person).await?;
    let (occasion, letter) = match (&notice.what, subscription) {
        (What::PaidTooLate { invoice, amount }, _) => {
            let letter = mail::paid_too_late(app, known.greeting(), *amount, after.state.is_ended())?;
            (format!("paid-too-late:{invoice}"), letter)
        }
        // Whose membership ends with it hears that, and only that.
        (What::Failed { invoice, attempt, next_try, page }, Some(failing))
            if failing.is_failing() && !after.state.is_ended() =>
        {
            let paying = hardship::as_collected(change, &after).await?;
            // What is paid at Stripe for a subscription that has ended there would not count.
            let page = page.as_deref().filter(|_| failing.is_alive());
            let letter = mail::payment_failed(app, known.greeting(), &paying, *next_try, page)?;
            (format!("payment-failed:{invoice}:{attempt}"), letter)
        }
        (What::MethodLost { method }, Some(subscription)) => {
            // They may have chosen another by now.
            if !subscription.is_alive() || subscription.method.is_none_or(|it| it.lost_at.is_none()) {
                return Ok(());
            }
            let paying = hardship::as_collected(change, &after).await?;
            change.audit("membership.method_lost", ("person", after.person), json!({}));
            (
                format!("method-lost:{}:{method}", subscription.id),
                mail::method_lost(app, known.greeting(), &paying)?,
            )
        }
        (What::CardExpires { method, on }, Some(subscription)) => {
            let Some(card) = subscription.method.filter(|it| it.expires_on == Some(*on)) else {
                return Ok(());
            };
            let paying = hardship::as_collected(change, &after).await?;
            let letter = mail::card_expires(app, known.greeting(), &paying, card.words(), *on)?;
            (format!("card-expires:{}:{method}:{on}", subscription.id), letter)
        }
        _ => return Ok(()),
    };
    change.mail(occasion, &known.email, letter);
    Ok(())
}

/// What a notice tells of dues, where somebody joins or joins again by it.
pub enum NewDues {
    /// They have been paid for the first time, or will be, and a membership is about to come of them.
    Begin(Payer),
    /// They went back, because with them somebody would have paid too much.
    AboveLimit,
    /// Anything else.
    None,
}

/// Whose dues they are.
pub struct Payer {
    pub email: EmailAddress,
    pub is_overseas: bool,
    /// Stripe's id of the regular payment whose place they take.
    pub instead_of: Option<String>,
}

/// Whether a notice is one of dues that begin.
///
/// # Errors
/// The database is away.
pub async fn new_dues(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<NewDues> {
    let Some(application) = sql::lock_application(change, notice.purpose.id).await? else {
        return Ok(NewDues::None);
    };
    if application.settled_at.is_some() {
        return Ok(if application.above_limit { NewDues::AboveLimit } else { NewDues::None });
    }
    let subscription = match &notice.subscription {
        Some(id) => payments::find_subscription(change, id).await?,
        None => None,
    };
    if !subscription.is_some_and(|it| has_begun(&it)) {
        return Ok(NewDues::None);
    }
    let known = applicant(change, &application).await?;
    let membership = match &known {
        Some(person) => sql::find_of_person(change, person.id).await?,
        None => None,
    };
    let present = match &membership {
        Some(membership) => subscription_of(change, membership).await?,
        None => None,
    };
    let is_proved = known.is_none_or(|person| is_proved(&application, &person));
    // A second payment goes back whatever it comes to.
    if meet(membership.as_ref(), present.as_ref(), is_proved) == Meeting::Surplus {
        return Ok(NewDues::None);
    }
    Ok(NewDues::Begin(Payer {
        is_overseas: application.answers.personal.address.as_ref().is_some_and(Address::is_overseas),
        email: application.email,
        instead_of: present.map(|it| it.id),
    }))
}

/// Dues that begin go back, because with them the owner of the address would pay more than one person may. Nothing comes of
/// them; the owner of the address is told, who may not be the one who paid.
///
/// # Errors
/// The database is away.
pub async fn refuse_above_limit(change: &mut Change<'_>, notice: &PaymentNotice, most: Money) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let Some(application) = sql::lock_application(change, notice.purpose.id).await? else { return Ok(()) };
    let known = applicant(change, &application).await?;
    if let Some(person) = &known {
        payments::attribute(change, &notice.purpose, person.id).await?;
    }
    sql::set_above_limit(change, application.id, known.as_ref().map(|it| it.id), now).await?;
    if let Some(subscription) = &notice.subscription {
        payments::end_surplus(change, subscription, true).await?;
    }
    let paid = application.answers.collected().amount;
    let subject = match &known {
        Some(person) => ("person", person.id),
        None => ("application", application.id),
    };
    change.audit("membership.above_limit", subject, json!({ "pence": paid.pence() }));
    let (name, email) = match &known {
        Some(person) => (person.greeting(), &person.email),
        None => (application.answers.name.as_str(), &application.email),
    };
    let letter = mail::above_limit(app, name, paid, most)?;
    change.mail(format!("above-limit:{}", application.id), email, letter);
    Ok(())
}

/// Whose money an application's is: theirs who was signed in, else of whoever has the address.
async fn applicant(change: &mut Change<'_>, application: &Application) -> Result<Option<Person>> {
    Ok(match application.signed_in {
        Some(id) => accounts::find_person(change, id).await?,
        None => accounts::find_person_by_email(change, &application.email).await?,
    })
}

/// The purpose of dues that a person pays without a subscription.
pub fn dues_of(person: Uuid) -> Purpose {
    Purpose::new(DUES, person)
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
