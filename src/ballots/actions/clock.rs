//! What the clock brings to ballots.

use chrono::Duration;
use serde_json::json;

use super::{lock, objection_hours, roll::freeze, steps::open, subject};
use crate::{
    audit::{Actor, Change},
    ballots::{
        casting::lots,
        model::{Ballot, State, Step},
        news::News,
        sql, telling,
    },
    kit::{app::App, error::Result},
    newsletters,
};

/// What the clock brings: rolls are made, ballots open and close, lots go into the box. Each in a transaction of its own,
/// so that one that cannot be done keeps no other.
///
/// # Errors
/// The first that went wrong, after all were tried.
pub async fn turn(app: &App) -> Result<()> {
    let mut db = app.pool().acquire().await?;
    let all = sql::list_under_way(&mut db).await?;
    drop(db);
    let mut fault = Ok(());
    for ballot in all {
        let done = turn_one(app, &ballot).await;
        if let (Err(error), Err(_)) = (&done, &fault) {
            tracing::error!(%error, ballot = %ballot.id, "another ballot was not taken on");
        }
        fault = fault.and(done);
    }
    fault
}

async fn turn_one(app: &App, ballot: &Ballot) -> Result<()> {
    let (now, times) = (app.clock().now(), &ballot.draft.times);
    match ballot.state {
        State::Announced if ballot.roll.is_none() && times.roll_from() <= now => {
            let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
            let ballot = lock(&mut change, ballot.id).await?;
            if ballot.state == State::Announced {
                freeze(&mut change, &ballot).await?;
            }
            change.commit().await?;
        }
        State::Announced if times.opens_at <= now => {
            let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
            let ballot = lock(&mut change, ballot.id).await?;
            let approved = sql::count_approvals(&mut change, ballot.id, Step::Open).await?;
            if ballot.is_due_to_open(now, objection_hours(app), approved) {
                open(&mut change, &ballot).await?;
            }
            change.commit().await?;
        }
        State::Open if times.closes_at <= now => {
            let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
            if lots::close_last(app, &mut change, ballot).await? {
                newsletters::forget_notice(&mut change, &News::Reminder.key(ballot)).await?;
                change.audit("ballots.closed", subject(ballot.id), json!({ "title": ballot.draft.title }));
            }
            change.commit().await?;
        }
        State::Open => {
            while close_lot(app, ballot).await? {}
            if times.closes_at - now <= Duration::hours(24) {
                let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
                telling::tell(&mut change, ballot, News::Reminder).await?;
                change.commit().await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// True if more wait than one lot takes.
async fn close_lot(app: &App, ballot: &Ballot) -> Result<bool> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let more = lots::close(app, &mut change, ballot).await?;
    change.commit().await?;
    Ok(more)
}
