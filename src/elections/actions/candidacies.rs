//! How a candidacy ends other than by the vote.

use serde_json::json;

use super::{obstacle_of, subject};
use crate::{
    accounts,
    audit::Change,
    elections::{
        mail,
        model::{Election, Ended, Nomination, Part, Standing},
        sql,
    },
    kit::error::{Error, Result},
};

/// Nominations are closed: whoever was not seconded by enough members, or cannot stand any more, does not.
pub(super) async fn judge(change: &mut Change<'_>, election: &Election) -> Result<()> {
    let now = change.now;
    for nomination in sql::nominations::list(change, election.id).await? {
        if let Standing::Wants(_) = nomination.standing(election.plan.seconders) {
            end(change, election, &nomination, Ended::Seconders, None).await?;
        } else if nomination.stands {
            bar(change, election, &nomination).await?;
        }
    }
    sql::elections::set_judged(change, election.id, now).await?;
    change.audit("elections.judged", subject(election.id), json!({ "title": election.words.title }));
    Ok(())
}

/// Takes somebody off who cannot stand any more, as one whose membership is suspended.
pub(super) async fn bar(change: &mut Change<'_>, election: &Election, nomination: &Nomination) -> Result<()> {
    let app = change.app;
    let electorate = &election.words.electorate;
    if let Some(why) = obstacle_of(app, change, electorate, Part::Candidate, nomination.person).await? {
        end(change, election, nomination, Ended::Barred, Some(&why)).await?;
    }
    Ok(())
}

/// Somebody does not stand any more, and is told why.
pub(super) async fn end(
    change: &mut Change<'_>,
    election: &Election,
    nomination: &Nomination,
    how: Ended,
    why: Option<&str>,
) -> Result<()> {
    let (app, now) = (change.app, change.now);
    sql::nominations::set_ended(change, nomination.id, how, why, now).await?;
    if nomination.stands {
        accounts::pause_offices(change, nomination.person, false).await?;
    }
    let detail = json!({ "post": election.words.title, "how": how.code() });
    change.audit("elections.candidacy_ended", ("person", nomination.person), detail);
    if how == Ended::Withdrawn {
        return Ok(());
    }
    let person = accounts::find_person(change, nomination.person).await?.ok_or(Error::NotFound)?;
    let letter = mail::ended(app, election, person.greeting(), how, why)?;
    change.mail(format!("candidacy_ended:{}", nomination.id), &person.email, letter);
    Ok(())
}
