//! Mails that remind: of a payment that was not finished, and of the end of what is paid for.

use chrono::{Days, Duration};
use uuid::Uuid;

use super::{joining, person as find_person};
use crate::{
    audit::{Actor, Change},
    kit::{app::App, error::Result},
    membership::{mail, settings, sql},
    payments::{self, CheckoutState},
};

/// After so many days nobody is reminded of a payment any more.
const LATE_DAYS: i64 = 7;

/// Reminds whoever filled in the form and did not pay, once. Called every hour by day.
pub async fn remind_applicants(app: &App) -> Result<()> {
    let (now, hours) = (app.clock().now(), app.setting(settings::REMIND_HOURS, app.clock().today()));
    if hours == 0 {
        return Ok(());
    }
    let mut db = app.pool().acquire().await?;
    let until = now - Duration::hours(hours.into());
    let waiting = sql::list_abandoned(&mut db, until - Duration::days(LATE_DAYS), until).await?;
    drop(db);
    for application in waiting {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        remind_applicant(&mut change, application).await?;
        change.commit().await?;
    }
    Ok(())
}

async fn remind_applicant(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let Some(application) = sql::lock_application(change, id).await? else { return Ok(()) };
    // Of a payment that is on its way nobody needs to be reminded.
    let checkout = payments::checkout_for(change, &joining::purpose(id), now).await?;
    if checkout.is_none_or(|it| matches!(it.state, CheckoutState::Pending | CheckoutState::Paid))
        || !sql::set_reminded(change, id, now).await?
    {
        return Ok(());
    }
    let letter = mail::unfinished(app, &application.answers.name, &application.answers, &joining::path(id))?;
    change.mail(format!("joining-unfinished:{id}"), &application.email, letter);
    Ok(())
}

/// Reminds members who pay by hand that what they paid for ends soon. Whoever pays automatically is never reminded.
pub async fn remind_of_renewal(app: &App) -> Result<()> {
    let today = app.clock().today();
    let before = [settings::RENEWAL_FIRST, settings::RENEWAL_LAST].map(|setting| app.setting(setting, today));
    let days: Vec<_> = before
        .iter()
        .filter(|days| **days > 0)
        .filter_map(|days| today.checked_add_days(Days::new((*days).into())))
        .collect();
    let mut db = app.pool().acquire().await?;
    let due = sql::list_paid_until(&mut db, &days).await?;
    drop(db);
    for person in due {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        if let Some(membership) = sql::find_of_person(&mut change, person).await?
            && let Some(until) = membership.ends_on
        {
            let known = find_person(&mut change, person).await?;
            let letter = mail::renewal(app, known.greeting(), &membership, until)?;
            change.mail(
                format!("renewal:{}:{until}:{}", membership.id, (until - today).num_days()),
                &known.email,
                letter,
            );
        }
        change.commit().await?;
    }
    Ok(())
}
