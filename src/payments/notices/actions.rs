//! Finding what has to be announced, and announcing it once.

use chrono::{Days, Duration, NaiveDate};

use super::mail;
use crate::{
    audit::{Actor, Change},
    kit::{app::App, dates, error::Result, working_days},
    payments::{
        model::{Collection, Subscription},
        settings,
        sql::notices::{self, Window},
    },
};

/// A first collection that was ordered longer ago than this is on its way, and comes too late to be announced.
const FIRST_DAYS: i64 = 3;

/// Writes to everybody whose next Direct Debit has to be announced, if that is ours to do.
pub async fn announce(app: &App) -> Result<()> {
    let today = app.clock().today();
    if !app.setting(settings::OWN_NOTICES, today) {
        return Ok(());
    }
    let window = Window {
        ordered_since: app.clock().now() - Duration::days(FIRST_DAYS),
        from: today + Days::new(1),
        // One day more than is promised: the work may be late by some hours.
        until: working_days::after(today, app.setting(settings::NOTICE_DAYS, today) + 1),
    };
    let mut db = app.pool().acquire().await?;
    let all = notices::list_unannounced(&mut db, &window).await?;
    drop(db);
    for collection in all {
        announce_one(app, &collection).await?;
    }
    Ok(())
}

async fn announce_one(app: &App, collection: &Collection) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let (now, today) = (change.now, change.today());
    let notice_days = app.setting(settings::NOTICE_DAYS, today);
    let due_on = collection.due_on(today, notice_days);
    if notices::insert(&mut change, collection, due_on, today, now).await? {
        let letter = mail::notice(app, collection, due_on, notice_days)?;
        let occasion = format!("debit-notice:{}:{}:{today}", collection.subscription, collection.period_on);
        change.mail(occasion, &collection.email, letter);
    }
    Ok(change.commit().await?)
}

/// The day of a Direct Debit that is announced by now, so that it cannot become another any more; `None` while it can.
pub fn announced_for(app: &App, it: &Subscription) -> Option<NaiveDate> {
    let today = app.clock().today();
    let by_debit = it.method.as_ref().is_some_and(|method| method.kind == "bacs_debit");
    if !by_debit || !app.setting(settings::OWN_NOTICES, today) {
        return None;
    }
    let due_on = working_days::on_or_after(dates::london_date(it.current_period_end?));
    let days = app.setting(settings::NOTICE_DAYS, today);
    (working_days::before(due_on, days) < today && today <= due_on).then_some(due_on)
}
