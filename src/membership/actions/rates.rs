//! Paying another price from the next period on.
//!
//! What is asked for is kept first; a job tells Stripe and then makes it so here. Whatever stops the job, it goes on,
//! and telling Stripe twice is one change.

use serde_json::json;
use uuid::Uuid;

use super::{hardship::put_aside, own_money, person, standing::recompute, subscription_of};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        queue::{self, Failure},
    },
    membership::{
        mail,
        model::{ChangeRate, NewRate, NoChange, RateChange, changeable},
        sql::{self, hardships, rate_changes},
    },
    payments,
};

/// Keeps what a member, or an officer on their behalf, wants to pay from the next period on.
///
/// # Errors
/// A conflict if there is no payment whose price can be changed; not found if they are not a member.
pub async fn ask_for_rate(change: &mut Change<'_>, asked_by: Uuid, of: Uuid, new: NewRate) -> Result<()> {
    let membership = sql::lock_of_person(change, of).await?.ok_or(Error::NotFound)?;
    let subscription = subscription_of(change, &membership).await?;
    changeable(subscription.as_ref()).map_err(|why| Error::Conflict(NoChange::words(why)))?;
    let wish = RateChange { id: change.app.random().id(change.now), person: of, new, asked_by };
    let (now, declared) = (change.now, own_money(change.app, new.amount));
    rate_changes::insert(change, &wish, declared, now).await?;
    Ok(queue::push(change, &ChangeRate { change: wish.id }).await?)
}

/// Tells Stripe of a change, and makes it so here. Speaks to Stripe: call it without a transaction at hand.
///
/// # Errors
/// Stripe or the database is away.
pub async fn apply_rate(app: &App, id: Uuid) -> Result<(), Failure> {
    let mut db = app.pool().acquire().await?;
    let Some(wish) = rate_changes::find_open(&mut db, id).await? else { return Ok(()) };
    let membership = sql::find_of_person(&mut db, wish.person).await?;
    // Whoever pays less for a time goes on paying that; the new rate begins after it.
    let hardship = hardships::find_of(&mut db, wish.person).await?;
    drop(db);
    let Some(subscription) = membership.and_then(|it| it.subscription) else {
        return refuse(app, &wish, "no subscription").await.map_err(Failure::from_page);
    };
    let collected = wish.new.lessened(hardship.as_ref());
    let key = format!("rate:{id}:{}", collected.amount.pence());
    match payments::set_price(app, &key, &subscription, collected.amount, collected.every).await {
        Ok(()) => make_it_so(app, &wish).await.map_err(Failure::from_page),
        Err(Failure::GiveUp(code)) => refuse(app, &wish, &code).await.map_err(Failure::from_page),
        Err(failure) => Err(failure),
    }
}

async fn make_it_so(app: &App, wish: &RateChange) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::Person(wish.asked_by)).await?;
    let mut membership = sql::lock_of_person(&mut change, wish.person).await?.ok_or(Error::NotFound)?;
    let now = change.now;
    if !rate_changes::set_done(&mut change, wish.id, now).await? {
        return Ok(());
    }
    let before = NewRate::of(&membership);
    NewRate { rate: membership.rate, every: membership.every, amount: membership.amount } = wish.new;
    sql::set_membership(&mut change, &membership).await?;
    let mut hardship = hardships::find_of(&mut change, wish.person).await?.filter(|it| !it.is_over);
    if let Some(useless) = hardship.take_if(|it| wish.new.lessened(Some(it)) == wish.new) {
        put_aside(&mut change, &useless).await?;
    }
    let after = recompute(&mut change, membership).await?;
    let from = subscription_of(&mut change, &after)
        .await?
        .and_then(|it| it.current_period_end)
        .map_or(change.today(), dates::london_date);
    let detail = json!({
        "rate": [before.rate.code(), wish.new.rate.code()],
        "price": [before.price(), wish.new.price()],
        "from": from,
    });
    change.audit("membership.rate_changed", ("person", wish.person), detail);
    let known = person(&mut change, wish.person).await?;
    let letter = match &hardship {
        Some(less) => mail::hardship::rate_changed(app, known.greeting(), &after, less)?,
        None => mail::rate_changed(app, known.greeting(), before, wish.new, from)?,
    };
    change.mail(format!("rate-changed:{}", wish.id), &known.email, letter);
    Ok(change.commit().await?)
}

/// Stripe will not do it, however often it is asked: the member hears of it, and the officers find it in the log.
async fn refuse(app: &App, wish: &RateChange, code: &str) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?;
    if !rate_changes::set_refused(&mut change, wish.id, code).await? {
        return Ok(());
    }
    let detail = json!({ "price": wish.new.price(), "answer": code });
    change.audit("membership.rate_refused", ("person", wish.person), detail);
    let known = person(&mut change, wish.person).await?;
    let letter = mail::rate_refused(app, known.greeting(), wish.new)?;
    change.mail(format!("rate-refused:{}", wish.id), &known.email, letter);
    Ok(change.commit().await?)
}
