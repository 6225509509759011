//! Paying less for a time. The member says so themself, and nobody else reads it: these actions write no line into the
//! audit log, which officers read, and `memberships` keeps the rate that the member goes back to.

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::{person as find_person, subscription_of};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        queue::{self, Failure},
    },
    membership::{
        mail::hardship as mail,
        model::{
            Answers, ApplyHardship, Hardship, Less, LessTerms, Membership, NewRate, NoChange, changeable,
        },
        settings,
        sql::{self, hardships},
    },
    payments::{self, Subscription},
};

const GOING_BACK: Error =
    Error::Conflict("Your last change is on its way to our payment provider. Try again in a few minutes.");

/// What may be declared today.
pub fn less_terms(app: &App) -> LessTerms {
    let today = app.clock().today();
    LessTerms {
        least: [settings::HARDSHIP_MONTH, settings::HARDSHIP_YEAR].map(|setting| app.setting(setting, today)),
        most_months: app.setting(settings::HARDSHIP_MONTHS, today),
    }
}

/// The day of the next payment.
pub fn next_payment(subscription: Option<&Subscription>, today: NaiveDate) -> NaiveDate {
    subscription.and_then(|it| it.current_period_end).map_or(today, dates::london_date)
}

/// A membership with the price that is really collected, for its member's own pages and mails.
pub async fn as_collected(change: &mut Change<'_>, membership: &Membership) -> Result<Membership> {
    let hardship = hardships::find_of(change, membership.person).await?;
    let amount = NewRate::of(membership).lessened(hardship.as_ref()).amount;
    Ok(Membership { amount, ..membership.clone() })
}

/// A member says that they must pay less; or, if they do already, how much and for how long from now on.
///
/// # Errors
/// A conflict if there is no payment whose price can be changed, or that is no less than they pay.
pub async fn declare_hardship(change: &mut Change<'_>, of: Uuid, less: Less) -> Result<Hardship> {
    let (app, now) = (change.app, change.now);
    let membership = sql::lock_of_person(change, of).await?.ok_or(Error::NotFound)?;
    let subscription = subscription_of(change, &membership).await?;
    changeable(subscription.as_ref()).map_err(|why| Error::Conflict(NoChange::words(why)))?;
    if less.amount >= membership.amount {
        return Err(Error::Conflict("You pay no more than that already."));
    }
    let from = next_payment(subscription.as_ref(), change.today());
    let until = less.until(from);
    let new = match hardships::find_of(change, of).await? {
        Some(known) if known.is_over => return Err(GOING_BACK),
        // Asked for again, it may be that Stripe has the price before the last.
        Some(known) if known.amount != less.amount && !known.is_told() => return Err(GOING_BACK),
        Some(known) => {
            let new = Hardship { amount: less.amount, until, ..known };
            if !hardships::set(change, &new).await? {
                return Ok(new);
            }
            hardships::find_of(change, of).await?.ok_or(Error::NotFound)?
        }
        None => {
            let new = Hardship {
                id: app.random().id(now),
                person: of,
                every: membership.every,
                amount: less.amount,
                until,
                turn: 1,
                told: None,
                is_over: false,
            };
            hardships::insert(change, &new, now).await?;
            new
        }
    };
    queue::push(change, &ApplyHardship { hardship: new.id }).await?;
    tell(change, &membership, &new, from).await?;
    Ok(new)
}

/// Somebody declared it when they joined, and has paid the smaller amount: it holds from that payment on.
pub async fn begin(change: &mut Change<'_>, membership: &Membership, answers: &Answers) -> Result<()> {
    let (app, now, today) = (change.app, change.now, change.today());
    hardships::delete_of(change, membership.person).await?;
    let Some(less) = answers.less else { return Ok(()) };
    let new = Hardship {
        id: app.random().id(now),
        person: membership.person,
        every: membership.every,
        amount: less.amount,
        until: less.until(today),
        turn: 1,
        told: Some(less.amount),
        is_over: false,
    };
    hardships::insert(change, &new, now).await?;
    tell(change, membership, &new, today).await
}

async fn tell(
    change: &mut Change<'_>,
    membership: &Membership,
    hardship: &Hardship,
    from: NaiveDate,
) -> Result<()> {
    let known = find_person(change, membership.person).await?;
    let letter = mail::declared(change.app, known.greeting(), membership, hardship, from)?;
    change.mail(format!("hardship:{}:{}", hardship.id, hardship.turn), &known.email, letter);
    Ok(())
}

/// A member goes back to their rate before the time.
///
/// # Errors
/// A conflict if they pay it already.
pub async fn end_hardship(change: &mut Change<'_>, of: Uuid) -> Result<()> {
    let found = hardships::find_of(change, of).await?;
    let found = found.ok_or(Error::Conflict("You pay your usual rate already."))?;
    go_back(change, &found).await
}

async fn go_back(change: &mut Change<'_>, hardship: &Hardship) -> Result<()> {
    let app = change.app;
    if !put_aside(change, hardship).await? {
        return Ok(());
    }
    let Some(membership) = sql::find_of_person(change, hardship.person).await? else { return Ok(()) };
    let subscription = subscription_of(change, &membership).await?;
    // Who pays nothing any more goes back to nothing.
    let Ok(subscription) = changeable(subscription.as_ref()) else { return Ok(()) };
    let from = next_payment(Some(subscription), change.today());
    let known = find_person(change, hardship.person).await?;
    let letter = mail::over(app, known.greeting(), &membership, from)?;
    change.mail(format!("hardship-over:{}", hardship.id), &known.email, letter);
    Ok(())
}

/// It holds no more, and is forgotten once Stripe knows. `false` if that was so already.
pub async fn put_aside(change: &mut Change<'_>, hardship: &Hardship) -> Result<bool> {
    let now = change.now;
    if !hardships::set_over(change, hardship.id, now).await? {
        return Ok(false);
    }
    queue::push(change, &ApplyHardship { hardship: hardship.id }).await?;
    Ok(true)
}

/// Tells Stripe what is to be collected from now on. Speaks to Stripe: call it without a transaction at hand.
///
/// # Errors
/// Stripe or the database is away.
pub async fn apply_hardship(app: &App, id: Uuid) -> Result<(), Failure> {
    let mut db = app.pool().acquire().await?;
    let Some(hardship) = hardships::find(&mut db, id).await? else { return Ok(()) };
    let membership = sql::find_of_person(&mut db, hardship.person).await?;
    drop(db);
    let Some(membership) = membership else { return Ok(()) };
    let Some(subscription) = &membership.subscription else {
        let mut db = app.pool().acquire().await?;
        hardships::delete_of(&mut db, hardship.person).await?;
        return Ok(());
    };
    let rate = NewRate::of(&membership).lessened(Some(&hardship));
    let key = format!("hardship:{id}:{}:{}", hardship.turn, rate.amount.pence());
    match payments::set_price(app, &key, subscription, rate.amount, rate.every).await {
        Ok(()) => {}
        Err(Failure::GiveUp(_)) => {
            return give_up(app, &membership, &hardship).await.map_err(Failure::from_page);
        }
        Err(failure) => return Err(failure),
    }
    let mut db = app.pool().acquire().await?;
    let is_done = if hardship.is_over {
        hardships::delete(&mut db, &hardship).await?
    } else {
        hardships::set_told(&mut db, &hardship, rate.amount).await?
    };
    // Something else was asked for meanwhile: its own job may have been faster than this one.
    if !is_done && hardships::find(&mut db, id).await?.is_some() {
        queue::push(&mut db, &ApplyHardship { hardship: id }).await?;
    }
    Ok(())
}

/// Stripe will not do it, however often it is asked. It is forgotten; whoever was promised to pay less is told.
async fn give_up(app: &App, membership: &Membership, hardship: &Hardship) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?;
    if hardships::delete(&mut change, hardship).await? && !hardship.is_over && !membership.state.is_ended() {
        let known = find_person(&mut change, hardship.person).await?;
        let letter = mail::refused(app, known.greeting(), membership)?;
        change.mail(format!("hardship-refused:{}", hardship.id), &known.email, letter);
    }
    Ok(change.commit().await?)
}

/// Ends what was to end, forgets it of whoever is no member any more, and sees to it that Stripe hears of the rest.
/// Called each night.
pub async fn end_hardships(app: &App) -> Result<()> {
    let mut db = app.pool().acquire().await?;
    hardships::delete_ended(&mut db).await?;
    let over = hardships::list_over(&mut db, app.clock().today()).await?;
    drop(db);
    for hardship in over {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        go_back(&mut change, &hardship).await?;
        change.commit().await?;
    }
    let mut db = app.pool().acquire().await?;
    let untold = hardships::list_untold(&mut db).await?;
    let jobs: Vec<_> = untold
        .into_iter()
        .map(|hardship| (format!("hardship:{hardship}"), ApplyHardship { hardship }))
        .collect();
    Ok(queue::push_all(&mut db, &jobs).await?)
}

/// Tells members some days before that it ends.
pub async fn remind_of_hardship(app: &App) -> Result<()> {
    let today = app.clock().today();
    let days = app.setting(settings::HARDSHIP_REMIND_DAYS, today);
    let mut db = app.pool().acquire().await?;
    let ending = hardships::list_ending(&mut db, today + Days::new(days.into())).await?;
    drop(db);
    for hardship in ending {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        let now = change.now;
        if hardships::set_reminded(&mut change, hardship.id, now).await?
            && let Some(membership) = sql::find_of_person(&mut change, hardship.person).await?
            && !membership.state.is_ended()
        {
            let known = find_person(&mut change, hardship.person).await?;
            let letter = mail::ends(app, known.greeting(), &membership, &hardship)?;
            change.mail(format!("hardship-ends:{}:{}", hardship.id, hardship.until), &known.email, letter);
        }
        change.commit().await?;
    }
    Ok(())
}
