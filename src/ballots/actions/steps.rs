//! The steps of a ballot, from its announcement to its result.

use chrono::Duration;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    drafts::COUNT_SECRET,
    lock,
    manifests::{fix, manifest, unfix},
    objection_hours, subject,
};
use crate::{
    audit::Change,
    ballots::{
        casting::lots,
        model::{Ballot, CountPapers, Next, State, Step, TWO_PEOPLE, TurnBallots},
        news::News,
        proof::{CountSecretKey, SigningKey, board},
        settings, sql, telling,
    },
    kit::{
        app::App,
        error::{Error, Result},
        queue,
    },
    newsletters,
};

/// Makes a draft public, and has its roll made at once if its day has ended.
///
/// # Errors
/// Conflict if it has no key, or its hours cannot be kept any more.
pub async fn announce(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Draft {
        return Err(Error::Conflict("This vote has been announced already."));
    }
    if ballot.count_key.is_none() {
        return Err(Error::Conflict("Enter the scrutineers’ key first."));
    }
    if change.now + Duration::hours(objection_hours(change.app).into()) > ballot.draft.times.opens_at {
        return Err(Error::Conflict(
            "It is too late to open at the hour that is set. Change the hours first.",
        ));
    }
    let now = change.now;
    sql::set_announced(change, id, Some(now)).await?;
    change.audit("ballots.announced", subject(id), json!({ "title": ballot.draft.title }));
    if ballot.draft.times.roll_from() <= change.now {
        // A long roll takes longer than a page may.
        queue::push_keyed(change, &TurnBallots {}, "ballots_turn:now").await?;
    }
    Ok(())
}

/// Takes an announcement back, so that the ballot can be changed.
///
/// # Errors
/// Conflict once it is open.
pub async fn withdraw(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Announced {
        return Err(Error::Conflict("Only a vote that is announced and not open can be taken back."));
    }
    unfix(change, id).await?;
    if ballot.roll.is_some() {
        newsletters::forget_notice(change, &News::Announced.key(&ballot)).await?;
        // At once: the roll goes with it.
        telling::tell_now(change, id, News::Withdrawn).await?;
    }
    sql::roll::delete(change, id).await?;
    sql::set_announced(change, id, None).await?;
    change.audit("ballots.withdrawn", subject(id), json!({ "title": ballot.draft.title }));
    Ok(())
}

/// One of two people agrees to a step. The first to agree to the opening fixes the words; the second that agrees to
/// anything else brings it about.
///
/// # Errors
/// Conflict if the step is not the next one.
pub async fn approve(
    change: &mut Change<'_>,
    id: Uuid,
    step: Step,
    by: Uuid,
    reason: Option<&str>,
) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let ballot = lock(change, id).await?;
    let approved = sql::count_approvals(change, id, step).await?;
    let next = ballot.next(now, objection_hours(app), approved);
    let fits = match step {
        Step::Open => next == Next::Open,
        Step::Count => next == Next::Count,
        Step::Declare => next == Next::Declare,
        Step::Void => ballot.can_be_called_off(),
    };
    if !fits {
        return Err(Error::Conflict("This is not the next step of the vote any more. Look at its page."));
    }
    if step == Step::Count && sql::find_secrets(change, id).await?.0.is_none() {
        return Err(Error::Conflict("Enter the scrutineers’ key first."));
    }
    if step == Step::Open && ballot.hash.is_none() {
        fix(change, &ballot).await?;
    }
    sql::insert_approval(change, id, step, by, now).await?;
    let approved = sql::count_approvals(change, id, step).await?;
    change.audit("ballots.approved", subject(id), json!({ "step": step.name(), "people": approved }));
    if step == Step::Void {
        sql::set_void_reason(change, id, reason).await?;
    }
    if approved < TWO_PEOPLE {
        return Ok(());
    }
    match step {
        // By the clock.
        Step::Open => {
            let ballot = lock(change, id).await?;
            if ballot.is_due_to_open(now, objection_hours(app), approved) {
                open(change, &ballot).await?;
            }
        }
        Step::Count => queue::push_keyed(change, &CountPapers { ballot: id }, &format!("count:{id}")).await?,
        Step::Declare => declare(change, &ballot).await?,
        Step::Void => {
            sql::set_void(change, id, now).await?;
            lots::forget(change, id).await?;
            change.audit("ballots.voided", subject(id), json!({ "title": ballot.draft.title }));
            telling::tell(change, &ballot, News::Void).await?;
        }
    }
    Ok(())
}

/// Opens a ballot to which two people have agreed, at its hour.
///
/// # Errors
/// The database is away.
pub async fn open(change: &mut Change<'_>, ballot: &Ballot) -> Result<()> {
    let now = change.now;
    if !sql::set_open(change, ballot.id, now).await? {
        return Ok(());
    }
    let manifest = manifest(change, ballot).await?;
    let key: SigningKey = lots::board_key(change.app, change, ballot.id).await?;
    let entry = board::begin(manifest.hash(), now, &key);
    sql::casting::insert_entry(change, ballot.id, entry.entry.n, &entry.to_json()).await?;
    change.audit("ballots.opened", subject(ballot.id), json!({ "hash": manifest.hash().to_string() }));
    telling::tell(change, ballot, News::Opened).await
}

/// Takes the key that scrutineers put together from their shares, if it is the one that papers are sealed to.
///
/// # Errors
/// Invalid if it is another one, conflict before the close.
pub async fn take_secret(change: &mut Change<'_>, id: Uuid, secret: &CountSecretKey) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Closed {
        return Err(Error::Conflict(
            "The key is entered after the vote has closed and before it is counted.",
        ));
    }
    let public = secret.public().map_err(anyhow::Error::from)?;
    if ballot.count_key.as_ref().is_none_or(|key| key.public != public) {
        return Err(Error::Invalid(
            "This is the key of another vote. Put the shares of this one together again.",
        ));
    }
    let sealed = change.app.seal(COUNT_SECRET, id.as_bytes(), secret.expose());
    sql::set_key(change, id, None, Some(&sealed)).await?;
    change.audit("ballots.secret_taken", subject(id), json!({}));
    Ok(())
}

/// The key that opens the papers.
///
/// # Errors
/// The database is away, or there is no such key.
pub async fn count_secret(app: &App, db: &mut PgConnection, id: Uuid) -> Result<CountSecretKey> {
    let (sealed, _) = sql::find_secrets(db, id).await?;
    let sealed = sealed.ok_or(Error::Conflict("Enter the scrutineers’ key first."))?;
    let bytes = app.unseal(COUNT_SECRET, id.as_bytes(), &sealed).and_then(|bytes| bytes.try_into().ok());
    let bytes =
        bytes.ok_or_else(|| anyhow::anyhow!("SECRET_KEY is not the one that this ballot was made with"))?;
    Ok(CountSecretKey::from_bytes(bytes).map_err(anyhow::Error::from)?)
}

async fn declare(change: &mut Change<'_>, ballot: &Ballot) -> Result<()> {
    let now = change.now;
    let days = change.app.setting(settings::COMPLAINT_DAYS, change.today());
    sql::set_declared(change, ballot.id, now, now + Duration::days(days.into())).await?;
    change.audit("ballots.declared", subject(ballot.id), json!({ "title": ballot.draft.title }));
    telling::tell(change, ballot, News::Declared).await
}
