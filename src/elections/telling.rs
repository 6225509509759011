//! Telling everybody who could vote in an election of it.

use uuid::Uuid;

use super::{
    mail,
    model::{News, TellElectors},
    sql,
};
use crate::{
    audit::{Actor, Change},
    ballots,
    kit::{
        app::App,
        error::{Error, Result},
        queue,
    },
    newsletters::{self, Notice},
};

/// Has everybody told who could vote in it today, once.
pub async fn tell(change: &mut Change<'_>, election: Uuid, news: News) -> Result<()> {
    let key = format!("tell:{}", news.key(election));
    Ok(queue::push_keyed(change, &TellElectors { election, news }, &key).await?)
}

/// The job that [`tell`] pushes.
pub async fn tell_now(app: &App, id: Uuid, news: &News) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let election = sql::elections::find(&mut change, id).await?.ok_or(Error::NotFound)?;
    let people = ballots::electors(app, &mut change, &election.words.electorate).await?;
    if people.is_empty() {
        return Ok(());
    }
    let (subject, body) = mail::notice(app, &election, news)?;
    let reason = "You get this because you can vote in this election.".to_owned();
    let notice = Notice { key: news.key(id), subject, body, reason, by: None };
    newsletters::notify(&mut change, &notice, &people).await?;
    change.commit().await?;
    Ok(())
}
