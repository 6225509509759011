//! Giving a year of membership, and what becomes of it. Each function runs in the caller's transaction unless it says
//! otherwise.

use chrono::{Days, Duration, NaiveDate};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    mail::{self, News},
    model::{Accept, GIFT_YEARS, GiftYear, Give, NotFor, year_for},
    sql,
};
use crate::{
    accounts::{self, Details},
    audit::{Actor, Change},
    kit::{
        app::App,
        email_address::EmailAddress,
        error::{Error, Result},
        money::Money,
        stripe::Interval,
    },
    membership::{
        actions::{enter, pay_until, recompute, settled_on, subscription_of, tell_standing},
        mail::welcome,
        model::{Membership, OWN_MONEY, Rate, State},
        settings, sql as memberships,
    },
    parties::{self, NewDeclaration, Source},
    payments::{self, PaymentNotice, Purpose},
};

/// How long the same answers sent again are the same gift.
const SAME_MINUTES: i64 = 10;

pub fn purpose(gift: Uuid) -> Purpose {
    Purpose::new(GIFT_YEARS, gift)
}

/// What a year costs that is given: the standard rate of the day.
pub fn price(app: &App) -> Money {
    app.setting(settings::STANDARD_YEAR, app.clock().today())
}

/// Keeps a gift and the wish to pay it. Returns the gift's id and the checkout's.
///
/// # Errors
/// The database is away.
pub async fn give(change: &mut Change<'_>, give: Give) -> Result<(Uuid, Uuid)> {
    let (app, now) = (change.app, change.now);
    let mut gift = GiftYear {
        id: app.random().opaque_id(),
        key: app.random().opaque_id(),
        send_on: give.send_on.unwrap_or(change.today()),
        giver_name: give.giver_name,
        giver_email: give.giver_email,
        receiver_name: give.receiver_name,
        receiver_email: Some(give.receiver_email),
        message: give.message,
        amount: price(app),
        created_at: now,
        paid_at: None,
        accept_by: None,
        declined_at: None,
        accepted_at: None,
        returned_at: None,
        refunded_at: None,
        person: None,
    };
    memberships::lock_applicant(change, &gift.giver_email).await?;
    match sql::find_same(change, &gift, now - Duration::minutes(SAME_MINUTES)).await? {
        Some(before) => gift.id = before,
        None => sql::insert(change, &gift, OWN_MONEY).await?,
    }
    let checkout = wish_to_pay(change, &gift).await?;
    Ok((gift.id, checkout))
}

async fn wish_to_pay(change: &mut Change<'_>, gift: &GiftYear) -> Result<Uuid> {
    let party = change.app.settings().site(change.today()).name;
    let wish = payments::Wish {
        purpose: purpose(gift.id),
        amount: gift.amount,
        every: None,
        product: &format!("A year of membership of the {party}, as a gift"),
        name: &gift.giver_name,
        email: &gift.giver_email,
        page: &gift.path(),
    };
    payments::wish(change, &wish).await
}

/// Another try at paying. `None` if it has been paid.
pub async fn pay_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
    let gift = sql::lock(change, id).await?.ok_or(Error::NotFound)?;
    let now = change.now;
    let checkout = payments::checkout_for(change, &purpose(id), now).await?;
    let is_paid = checkout.is_some_and(|checkout| checkout.state == payments::CheckoutState::Paid);
    if is_paid || gift.paid_at.is_some() {
        return Ok(None);
    }
    wish_to_pay(change, &gift).await.map(Some)
}

/// Whose money a gift is that has been paid, and that [`hear`] has not heard of.
///
/// # Errors
/// The database is away.
pub async fn new_giver(db: &mut PgConnection, gift: Uuid) -> Result<Option<EmailAddress>> {
    let Some(gift) = sql::find(db, gift).await?.filter(|gift| gift.paid_at.is_none()) else {
        return Ok(None);
    };
    Ok(sql::booked(db, gift.id).await?.paid_at.map(|_| gift.giver_email))
}

/// What a notice of the payment means for a gift. May be called any number of times and in any order. `is_within_cap`
/// says whether the giver has paid no more this year, with this, than one person may.
pub async fn hear(change: &mut Change<'_>, notice: &PaymentNotice, is_within_cap: bool) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let Some(gift) = sql::lock(change, notice.purpose.id).await? else { return Ok(()) };
    let booked = sql::booked(change, gift.id).await?;
    let Some(paid_at) = booked.paid_at else { return Ok(()) };
    if gift.paid_at.is_none() {
        sql::set_paid(change, gift.id, paid_at).await?;
        // The giver is the donor. Whoever gets it has paid nothing.
        if let Some(giver) = accounts::find_person_by_email(change, &gift.giver_email).await? {
            payments::attribute(change, &notice.purpose, giver.id).await?;
        }
        change.audit(
            "membership.gift_paid",
            ("gift_membership", gift.id),
            json!({ "pence": gift.amount.pence() }),
        );
        if !is_within_cap {
            return give_back(change, &gift, News::AboveCap).await;
        }
        let letter = mail::to_giver(app, &gift, News::Paid)?;
        change.mail(format!("gift-year-paid:{}", gift.id), &gift.giver_email, letter);
        if gift.send_on <= change.today() {
            send(change, &gift).await?;
        }
        return Ok(());
    }
    // Refunded, or taken back by the bank; or the refund came back to us.
    if booked.left <= Money::ZERO && gift.refunded_at.is_none() {
        sql::set_refunded(change, gift.id, Some(now)).await?;
        // Nobody can accept what is not paid any more. What was accepted is for officers to look at.
        if gift.accepted_at.is_some() && gift.returned_at.is_none() {
            change.audit(
                "membership.gift_lost",
                ("gift_membership", gift.id),
                json!({ "pence": gift.amount.pence() }),
            );
        }
        sql::set_returned(change, gift.id, now).await?;
    } else if booked.left > Money::ZERO && gift.refunded_at.is_some() {
        sql::set_refunded(change, gift.id, None).await?;
    }
    Ok(())
}

/// Writes to the receiver, once.
async fn send(change: &mut Change<'_>, gift: &GiftYear) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let days = app.setting(settings::GIFT_DAYS, change.today());
    let accept_by = change.today() + Days::new(days.into());
    if !sql::set_sent(change, gift.id, accept_by, now).await? {
        return Ok(());
    }
    let gift = GiftYear { accept_by: Some(accept_by), ..gift.clone() };
    if let Some(email) = &gift.receiver_email {
        let letter = mail::invitation(app, &gift)?;
        change.mail(format!("gift-year:{}", gift.id), email, letter);
    }
    Ok(())
}

/// The receiver becomes a member by their own answers, or the year is added to what is paid for already. `viewer` is who
/// is signed in; else the address that the link was sent to says who they are. Returns whose membership it is.
///
/// # Errors
/// The last day of the year that a gift would pay for, or why it cannot.
async fn year_of(
    db: &mut PgConnection,
    known: Option<&Membership>,
    today: NaiveDate,
) -> Result<std::result::Result<NaiveDate, NotFor>> {
    let subscription = match known {
        Some(known) => subscription_of(db, known).await?,
        None => None,
    };
    // M3: the year comes after what is paid for already, whoever paid it.
    let free_from = known.and_then(|known| known.paid_before(subscription.as_ref()));
    let pays = subscription.is_some_and(|it| it.is_alive() && !it.is_failing() && !it.is_stopping());
    Ok(year_for(known, free_from, pays, today))
}

/// Why a gift cannot be taken up by somebody who is signed in, before they fill anything in.
///
/// # Errors
/// The database is away.
pub async fn not_for(db: &mut PgConnection, person: Uuid, today: NaiveDate) -> Result<Option<NotFor>> {
    let known = memberships::find_of_person(db, person).await?;
    Ok(year_of(db, known.as_ref(), today).await?.err())
}

/// Not found if there is no such gift; a conflict if it cannot be accepted any more.
pub async fn accept(
    change: &mut Change<'_>,
    key: Uuid,
    answers: Accept,
    viewer: Option<Uuid>,
) -> Result<std::result::Result<Uuid, NotFor>> {
    const OVER: Error = Error::Conflict("This gift has been accepted already, or its time is over.");
    let (app, now, today) = (change.app, change.now, change.today());
    let gift = sql::lock_by_key(change, key).await?.ok_or(Error::NotFound)?;
    if !gift.is_open(today) {
        return Err(OVER);
    }
    let id = match (viewer, &gift.receiver_email) {
        (Some(viewer), _) => viewer,
        (None, Some(email)) => {
            let (id, _) = accounts::find_or_add_person(change, email, &answers.name).await?;
            // Only their mailbox had the link.
            accounts::verify_email(change, id).await?;
            id
        }
        (None, None) => return Err(OVER),
    };
    let before = accounts::find_person(change, id).await?.ok_or(Error::NotFound)?;
    let known = memberships::lock_of_person(change, id).await?;
    let until = match year_of(change, known.as_ref(), today).await? {
        Ok(until) => until,
        Err(why) => return Ok(Err(why)),
    };
    let details = Details {
        name: answers.name.clone(),
        email: before.email.clone(),
        postcode: answers.personal.postcode(),
        region: answers.region,
    };
    accounts::change_details(change, id, &details).await?;
    let is_back = known.as_ref().is_some_and(|known| known.state.is_ended());
    let mut membership = Membership {
        id: app.random().id(now),
        person: id,
        number: 0,
        joined_on: today,
        personal: answers.personal.clone(),
        rate: Rate::Standard,
        every: Interval::Year,
        amount: gift.amount,
        subscription: None,
        state: State::Active,
        state_since: now,
        ends_on: Some(until),
        end_words: None,
        decision: None,
        suspension: None,
    };
    match known {
        None => {
            membership.number = memberships::insert_membership(change, &membership).await?;
            memberships::set_membership(change, &membership).await?;
            enter(change, &membership, today, settled_on(app, today)).await?;
            tell_standing(change, &membership).await?;
        }
        Some(known) => {
            let Membership { personal, rate, every, amount, .. } = membership;
            membership = Membership { personal, rate, every, amount, ..known };
            pay_until(change, &mut membership, until).await?;
            membership = recompute(change, membership).await?;
        }
    }
    let declaration = NewDeclaration {
        person: id,
        declared: &answers.other_parties,
        source: Source::JoinForm,
        on: today,
        decide_until: settled_on(app, today).and_then(|day| day.pred_opt()),
    };
    parties::declare(change, &declaration).await?;
    for purpose in &answers.consents {
        accounts::give_consent(change, id, *purpose, "gift form").await?;
    }
    sql::set_accepted(change, gift.id, id, now).await?;
    let detail = json!({ "number": membership.number, "until": until });
    change.audit("membership.gift_accepted", ("person", id), detail);
    let link = accounts::issue_link(change, id, "/membership", 14).await?;
    let letter = welcome(app, &answers.name, &membership, &link, is_back, false)?;
    change.mail(format!("gift-year-welcome:{}", gift.id), &before.email, letter);
    let letter = mail::to_giver(app, &gift, News::Accepted)?;
    change.mail(format!("gift-year-accepted:{}", gift.id), &gift.giver_email, letter);
    Ok(Ok(id))
}

/// The receiver says no. Nobody is told; the money goes back at the same time as if they had said nothing.
///
/// # Errors
/// Not found if there is no such gift.
pub async fn decline(change: &mut Change<'_>, key: Uuid) -> Result<()> {
    let gift = sql::lock_by_key(change, key).await?.ok_or(Error::NotFound)?;
    let now = change.now;
    if gift.is_open(change.today()) {
        sql::set_declined(change, gift.id, now).await?;
    }
    Ok(())
}

/// The money goes back the way it came, and the giver is told, once.
async fn give_back(change: &mut Change<'_>, gift: &GiftYear, why: News) -> Result<()> {
    let (app, now) = (change.app, change.now);
    if !sql::set_returned(change, gift.id, now).await? {
        return Ok(());
    }
    payments::give_back(change, &purpose(gift.id)).await?;
    change.audit(
        "membership.gift_returned",
        ("gift_membership", gift.id),
        json!({ "pence": gift.amount.pence() }),
    );
    let letter = mail::to_giver(app, gift, why)?;
    change.mail(format!("gift-year-returned:{}", gift.id), &gift.giver_email, letter);
    Ok(())
}

/// Officers do not admit somebody who is new: if a gift paid for it, its giver gets it back.
///
/// # Errors
/// The database is away.
pub async fn give_back_of(change: &mut Change<'_>, person: Uuid) -> Result<()> {
    let days = change.app.setting(settings::OBJECTION_DAYS, change.today());
    let since = change.today() - Days::new(days.into());
    match sql::lock_accepted(change, person, since).await? {
        Some(gift) => give_back(change, &gift, News::NotAccepted).await,
        None => Ok(()),
    }
}

/// Writes to the receivers of those gifts whose day has come. Called every hour by day.
///
/// # Errors
/// The database is away.
pub async fn send_due(app: &App) -> Result<()> {
    let mut db = app.pool().acquire().await?;
    let due = sql::list_to_send(&mut db, app.clock().today()).await?;
    drop(db);
    for id in due {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        if let Some(gift) = sql::lock(&mut change, id).await? {
            send(&mut change, &gift).await?;
        }
        change.commit().await?;
    }
    Ok(())
}

/// Gives back what nobody accepted in time, tries once more what did not go back, and forgets what came to nothing. Called
/// each night.
///
/// # Errors
/// The database is away.
pub async fn turn_of_day(app: &App) -> Result<()> {
    let (now, today) = (app.clock().now(), app.clock().today());
    let mut db = app.pool().acquire().await?;
    let unaccepted = sql::list_unaccepted(&mut db, today).await?;
    let stuck = sql::list_stuck(&mut db, now - Duration::days(1)).await?;
    drop(db);
    for id in unaccepted {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        if let Some(gift) = sql::lock(&mut change, id).await?.filter(|gift| gift.accepted_at.is_none()) {
            give_back(&mut change, &gift, News::NotAccepted).await?;
        }
        change.commit().await?;
    }
    let mut db = app.pool().acquire().await?;
    for id in stuck {
        payments::give_back(&mut db, &purpose(id)).await?;
    }
    Ok(sql::tidy(&mut db, now - Duration::days(30)).await?)
}
