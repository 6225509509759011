//! Telling people of votes: everybody on the roll by notices, and voters that their vote was recorded.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    casting::model::show,
    mail::{self, News},
    model::Ballot,
    sql,
};
use crate::{
    accounts,
    audit::{Actor, Change},
    kit::{
        app::App,
        error::{Error, Result},
    },
    newsletters::{self, Notice},
};

/// Tells everybody on the roll, once. Reminders go to those who have not voted; who that was is forgotten with the close.
pub async fn tell(change: &mut Change<'_>, ballot: &Ballot, news: News) -> Result<()> {
    let ballot = sql::find(change, ballot.id).await?.ok_or(Error::NotFound)?;
    let key = news.key(&ballot);
    if newsletters::has_notice(change, &key).await? {
        return Ok(());
    }
    let app = change.app;
    let mut people = sql::roll::list_people(change, ballot.id, news == News::Reminder).await?;
    if news == News::Reminder {
        // Some of those who are not marked on the roll yet have voted since the last lot.
        let hidden = sql::casting::list_waiting(change, ballot.id).await?;
        let voted: HashSet<_> = hidden.iter().filter_map(|hidden| show(app, ballot.id, hidden)).collect();
        people.retain(|person| !voted.contains(person));
    }
    // A notice to nobody is kept too, so that nobody is not looked for again.
    let (subject, body) = mail::words(app, change.now, &ballot, news)?;
    let reason = "You get this because you are on the roll of this vote.".to_owned();
    let notice = Notice { key, subject, body, reason, by: None };
    match news {
        News::Reminder => newsletters::remind(change, &notice, &people).await?,
        _ => newsletters::notify(change, &notice, &people).await?,
    };
    Ok(())
}

/// Tells the voters of a lot, in an order that says nothing.
pub async fn tell_voters(app: &App, ballot: Uuid, lot: i32) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let Some(it) = sql::find(&mut change, ballot).await? else { return Ok(()) };
    let people = sql::casting::take_confirmations(&mut change, ballot, lot).await?;
    let now = change.now;
    let mut voters = accounts::list_people(&mut change, &people).await?;
    voters.sort_by_cached_key(|_| app.random().bytes::<16>());
    for voter in voters {
        let letter = mail::recorded(app, now, &it, voter.greeting())?;
        change.mail(format!("vote_recorded:{ballot}:{}", voter.id), &voter.email, letter);
    }
    change.commit().await?;
    Ok(())
}
