//! Telling people of votes: everybody on the roll by notices, and voters that their vote was recorded.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    casting::model::show,
    mail,
    model::Ballot,
    news::{News, TellRoll},
    sql,
};
use crate::{
    accounts,
    audit::{Actor, Change},
    kit::{
        app::App,
        error::{Error, Result},
        queue,
    },
    newsletters::{self, Notice},
};

/// Has everybody on the roll told, once.
pub async fn tell(change: &mut Change<'_>, ballot: &Ballot, news: News) -> Result<()> {
    let key = news.key(ballot);
    if !newsletters::has_notice(change, &key).await? {
        queue::push_keyed(change, &TellRoll { ballot: ballot.id, news }, &format!("tell:{key}")).await?;
    }
    Ok(())
}

/// Tells everybody on the roll. That it is open is told to whoever can vote, and reminders go to those who have not voted; who
/// that was is forgotten with the close.
pub async fn tell_now(change: &mut Change<'_>, ballot: Uuid, news: News) -> Result<()> {
    let ballot = sql::find(change, ballot).await?.ok_or(Error::NotFound)?;
    let key = news.key(&ballot);
    if newsletters::has_notice(change, &key).await? {
        return Ok(());
    }
    let app = change.app;
    let only_waiting = matches!(news, News::Opened | News::Reminder);
    let mut people = sql::roll::list_people(change, ballot.id, only_waiting).await?;
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

/// The job that [`tell`] pushes.
pub async fn tell_roll(app: &App, ballot: Uuid, news: News) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    tell_now(&mut change, ballot, news).await?;
    change.commit().await?;
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
