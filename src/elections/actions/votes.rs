//! The vote of an election: made when withdrawals are over, and what follows from its result.

use serde_json::json;

use super::{candidacies, offices, subject};
use crate::{
    accounts,
    audit::Change,
    ballots::{
        self, Draft, State, Times,
        counting::Method,
        proof::{Choice, Kind, Verdict},
    },
    elections::{
        mail,
        model::{Election, How, Nomination, Outcome, numbered},
        sql,
    },
    kit::error::{Error, Result},
    newsletters::{self, Notice},
};

/// Who stands is fixed: makes the vote, or declares who is elected without one.
///
/// # Errors
/// The database is away.
pub(super) async fn make(change: &mut Change<'_>, election: &Election) -> Result<()> {
    for nomination in sql::nominations::list_standing(change, election.id).await? {
        candidacies::bar(change, election, &nomination).await?;
    }
    let standing = sql::nominations::list_standing(change, election.id).await?;
    let places = usize::try_from(election.plan.seats).unwrap_or(usize::MAX);
    if standing.is_empty() {
        return settle(change, election, Outcome::NoCandidates, None).await;
    }
    if standing.len() <= places {
        offices::fill(change, election, &standing.iter().collect::<Vec<_>>(), How::Unopposed).await?;
        return settle(change, election, Outcome::Unopposed, None).await;
    }
    let (id, slug) = ballots::add(change, &draft(election, &standing, places), None, None).await?;
    for (nomination, number) in standing.iter().zip(1..) {
        sql::nominations::set_number(change, nomination.id, number).await?;
    }
    sql::elections::set_ballot(change, election.id, id).await?;
    change.audit(
        "elections.vote_made",
        subject(election.id),
        json!({ "title": election.words.title, "vote": slug }),
    );
    if election.plan.held == ballots::Held::Site {
        match ballots::announce(change, id).await {
            // The site was away for too long: its officers see to the hours of the draft.
            Err(Error::Conflict(why)) => {
                tracing::warn!(%why, election = %election.id, "a vote is not announced");
            }
            other => other?,
        }
    }
    Ok(())
}

fn draft(election: &Election, standing: &[Nomination], places: usize) -> Draft {
    let reopen = election.plan.reopen;
    let mut options: Vec<_> = numbered(standing)
        .into_iter()
        .zip(standing)
        .map(|(name, nomination)| Choice { name, statement: nomination.statement.clone() })
        .collect();
    if reopen {
        options.push(Choice { name: ballots::REOPEN.to_owned(), statement: String::new() });
    }
    let method = if places == 1 { Method::Irv } else { Method::ScottishStv };
    let times = &election.plan.timetable;
    Draft {
        title: election.words.title.clone(),
        question: format!(
            "Who should be elected? There {} {}.\n\n{}",
            if places == 1 { "is" } else { "are" },
            election.places(),
            election.words.duties
        ),
        kind: Kind::Ranked { method, seats: places, reopen, most_ranks: None },
        options,
        electorate: election.words.electorate.clone(),
        times: Times { roll_on: times.roll_on(), opens_at: times.opens, closes_at: times.closes },
        held: election.plan.held,
    }
}

pub(super) async fn settle(
    change: &mut Change<'_>,
    election: &Election,
    outcome: Outcome,
    why: Option<&str>,
) -> Result<()> {
    let now = change.now;
    for nomination in sql::nominations::list_standing(change, election.id).await? {
        accounts::pause_offices(change, nomination.person, false).await?;
    }
    sql::elections::set_settled(change, election.id, outcome, why, now).await?;
    let detail = json!({ "title": election.words.title, "outcome": outcome.code() });
    change.audit("elections.settled", subject(election.id), detail);
    Ok(())
}

/// What has become of the vote: the one email of all candidates when it opens, and offices when its result is final.
///
/// # Errors
/// The database is away.
pub(super) async fn follow(change: &mut Change<'_>, election: &Election) -> Result<()> {
    let Some(made) = &election.ballot else { return Ok(()) };
    let ballot = ballots::find(change, made.id).await?.ok_or(Error::NotFound)?;
    match ballot.state {
        State::Open if !election.letters_sent => send_letters(change, election, ballot.id).await,
        State::Void => settle(change, election, Outcome::Void, ballot.void_reason.as_deref()).await,
        State::Declared if !ballot.is_provisional(change.now) => {
            let elected = match ballot.outcome.map(|outcome| outcome.verdict) {
                Some(Verdict::Elected { elected, .. }) => elected,
                _ => Vec::new(),
            };
            let standing = sql::nominations::list_standing(change, election.id).await?;
            let won = |it: &&Nomination| it.number.is_some_and(|number| elected.contains(&number));
            let won: Vec<_> = standing.iter().filter(won).collect();
            offices::fill(change, election, &won, How::Elected).await?;
            let outcome = if won.is_empty() { Outcome::Nobody } else { Outcome::Elected };
            settle(change, election, outcome, None).await
        }
        _ => Ok(()),
    }
}

/// Hands the sender one email with a text of each candidate, in an order drawn by lot, to everybody on the roll.
async fn send_letters(change: &mut Change<'_>, election: &Election, ballot: uuid::Uuid) -> Result<()> {
    let app = change.app;
    let mut standing = sql::nominations::list_standing(change, election.id).await?;
    standing.sort_by_cached_key(|_| app.random().bytes::<16>());
    sql::elections::set_letters_sent(change, election.id).await?;
    if standing.iter().all(|nomination| nomination.letter.is_empty()) {
        return Ok(());
    }
    let people = ballots::voters(change, ballot).await?;
    let (subject, body) = mail::letters(app, election, &standing)?;
    let reason = "You get this because you can vote in this election.".to_owned();
    let notice = Notice { key: format!("election:{}:letters", election.id), subject, body, reason, by: None };
    newsletters::notify(change, &notice, &people).await?;
    Ok(())
}
