//! Where a membership stands: worked out again after whatever may have changed it, and told to those who go by it.

use chrono::{Duration, NaiveDate};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    hardship::{self, put_aside},
    person, rules, subscription_of,
};
use crate::{
    accounts::{self, ConsentPurpose, Standing},
    audit::{self, Actor, Change},
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        money::Money,
    },
    membership::{
        mail,
        model::{Membership, Prices, Rate, Rules, State, Stood, begins, state},
        sql::{self, history::NewEra},
    },
    parties, payments,
};

/// What the members' pages go by.
pub async fn tell_standing(change: &mut Change<'_>, membership: &Membership) -> Result<()> {
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
    parties::note_membership(change, membership.person, membership.state.is_ended()).await?;
    accounts::set_standing(change, membership.person, standing).await
}

/// Keeps for good that a state begins. Votes are counted by it, so it is written in the transaction of the state.
/// `settled_on` is for a period that begins with it: the first day on which officers cannot object any more.
pub async fn enter(
    change: &mut Change<'_>,
    membership: &Membership,
    from: NaiveDate,
    settled_on: Option<NaiveDate>,
) -> Result<()> {
    let now = change.now;
    let period = change.app.random().id(now);
    Ok(sql::history::enter(change, &NewEra { membership, from, period, settled_on, now }).await?)
}

/// Works the state out again from the facts, and keeps, records and tells what is new. The membership is locked.
pub async fn recompute(change: &mut Change<'_>, before: Membership) -> Result<Membership> {
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
        if (after.amount, after.every) != (before.amount, before.every)
            && is_for_a_time(change, &after).await?
        {
            (after.amount, after.every) = (before.amount, before.every);
        } else if (after.amount, after.every) != (before.amount, before.every) {
            after.rate = price_changed(change, &before, &after).await?;
        }
        if subscription.is_alive() {
            let end = subscription.current_period_end.map(dates::london_date);
            after.ends_on = end.filter(|_| subscription.cancel_at_period_end);
        }
    }
    if after.suspension.as_ref().is_some_and(|suspension| suspension.until < today) {
        after.suspension = None;
    }
    let counted_until = sql::overrides::counted_until(change, before.id, today).await?;
    let rules = Rules { counted_until, ..rules(app, subscription.as_ref()) };
    after.state = state(&after, subscription.as_ref(), rules, today);
    // Asked after the state: a membership that ends by this very look has a payment to stop.
    // "Nothing more is collected" must be true at Stripe too, which would go on trying.
    let is_paid = subscription.as_ref().is_none_or(|it| it.first_paid_at.is_some());
    if let Some(alive) = subscription.filter(|it| after.state.is_ended() && it.is_alive())
        && alive.surplus_since.is_none()
    {
        payments::end_surplus(change, &alive.id, false).await?;
    }
    // Most looks find nothing new. They write nothing, so that a night over all members leaves no dead rows.
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
    if after.state != before.state {
        enter(change, &after, begins(before.state, after.state, today), None).await?;
    }
    if !changed {
        return Ok(after);
    }
    tell_standing(change, &after).await?;
    let detail = json!({ "state": [before.state.code(), after.state.code()] });
    change.audit("membership.state_changed", ("person", after.person), detail);
    // Who is ended by an officer, or leaves, is written to by the action that did it.
    if let (State::Ended { reason, .. }, Actor::System) = (after.state, change.by) {
        let known = person(change, after.person).await?;
        let letter = mail::ended(app, known.greeting(), reason, is_paid, None)?;
        let occasion = format!("membership-ended:{}:{}", after.id, now.timestamp_micros());
        change.mail(occasion, &known.email, letter);
    }
    Ok(after)
}

/// Whether a price at Stripe is what the member declared, or declared before: it stands nowhere else. Any other price takes
/// its place.
async fn is_for_a_time(change: &mut Change<'_>, at_stripe: &Membership) -> Result<bool> {
    let Some(known) = sql::hardships::find_of(change, at_stripe.person).await? else { return Ok(false) };
    if known.every == at_stripe.every && [Some(known.amount), known.told].contains(&Some(at_stripe.amount)) {
        return Ok(true);
    }
    put_aside(change, &known).await?;
    Ok(false)
}

/// The rate that goes with a price that Stripe has and we did not know. Unless it was asked for here, somebody changed it
/// in Stripe's dashboard, and the log says so.
async fn price_changed(change: &mut Change<'_>, before: &Membership, after: &Membership) -> Result<Rate> {
    let asked = sql::rate_changes::find_open_of(change, before.person).await?;
    if let Some(asked) = asked.filter(|it| (it.new.amount, it.new.every) == (after.amount, after.every)) {
        return Ok(asked.new.rate);
    }
    let prices = Prices::on(&change.app.settings(), change.today());
    let rate = prices.rate_for(after.amount, after.every).unwrap_or(before.rate);
    let detail =
        json!({ "rate": [before.rate.code(), rate.code()], "price": [before.price(), after.price()] });
    change.audit("membership.price_changed", ("person", before.person), detail);
    Ok(rate)
}

/// What changes by the mere passing of a day: grace, suspensions and paid periods end.
pub async fn turn_of_day(app: &App) -> Result<()> {
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
    hardship::end_hardships(app).await?;
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
pub async fn set_renewal(app: &App, person: Uuid, renews: bool) -> Result<Membership> {
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
    let (stopped, resumed) = ("membership.renewal_stopped", "membership.renewal_resumed");
    let (action, detail) = (if renews { resumed } else { stopped }, json!({ "ends_on": after.ends_on }));
    // Pressed several times at once, each has asked Stripe for the same. The membership is held: one of them notes it.
    let last =
        audit::newest_of_subject(&mut change, "person", &person.to_string(), &[stopped, resumed]).await?;
    if last.is_some_and(|last| (last.action.as_str(), &last.detail) == (action, &detail)) {
        change.commit().await?;
        return Ok(after);
    }
    change.audit(action, ("person", person), detail);
    if let (false, Some(on)) = (renews, after.ends_on) {
        let known = super::person(&mut change, person).await?;
        let letter = mail::stopped(app, known.greeting(), on)?;
        let occasion = format!("renewal-stopped:{}:{}", after.id, change.now.timestamp_micros());
        change.mail(occasion, &known.email, letter);
    }
    change.commit().await?;
    Ok(after)
}

/// Where somebody stood on a day, and when they were born, if they have said so.
///
/// # Errors
/// The database is away.
pub async fn stood_on(
    app: &App,
    db: &mut PgConnection,
    person: Uuid,
    day: NaiveDate,
) -> Result<(Option<Stood>, Option<NaiveDate>)> {
    let Some(membership) = sql::find_of_person(db, person).await? else { return Ok((None, None)) };
    let history = sql::history::find(db, membership.id).await?;
    let born_on = membership.personal.born_on;
    Ok((history.on(day, born_on, super::voting_rules(app, day)), born_on))
}
