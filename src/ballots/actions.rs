//! What happens to a ballot, from its draft to its result.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    casting::{self, lots},
    entitlement::{self, Entitlement, Known},
    mail::News,
    model::{Ballot, CountPapers, Draft, Electorate, Held, Hours, Next, State, Step, TWO_PEOPLE},
    proof::{self, BoardKey, CountKey, CountSecretKey, Format, Manifest, RollSummary, SigningKey, board},
    settings, sql, telling,
};
use crate::{
    accounts,
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        error::{Error, Result},
        markdown, queue,
    },
    membership, newsletters,
};

const COUNT_SECRET: &str = "ballot count key";

pub fn objection_hours(app: &App) -> u32 {
    app.setting(settings::OBJECTION_HOURS, app.clock().today())
}

pub fn hours(app: &App) -> Hours {
    let today = app.clock().today();
    Hours {
        now: app.clock().now(),
        objections: objection_hours(app),
        least: app.setting(settings::LEAST_HOURS, today),
    }
}

/// What is usual for a new ballot: a roll of today, open in a week for two weeks.
pub fn usual(app: &App) -> (NaiveDate, DateTime<Utc>, DateTime<Utc>) {
    let today = app.clock().today();
    let at = |days, hour| {
        let day = today.checked_add_days(Days::new(days)).unwrap_or(today);
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        dates::in_london(day, time).unwrap_or_else(|_| dates::start_of_day(day))
    };
    (today, at(7, 9), at(21, 17))
}

fn subject(ballot: Uuid) -> (&'static str, Uuid) {
    ("ballot", ballot)
}

async fn lock(change: &mut Change<'_>, id: Uuid) -> Result<Ballot> {
    sql::lock(change, id).await?.ok_or(Error::NotFound)
}

/// Adds a draft, once for each key of a form, and its keys: the one that signs its board, and the one that papers are sealed to if the site keeps it.
///
/// # Errors
/// The database is away.
pub async fn add(
    change: &mut Change<'_>,
    draft: &Draft,
    by: Option<Uuid>,
    key: Option<Uuid>,
) -> Result<(Uuid, String)> {
    let app = change.app;
    let fresh = app.random().id(change.now);
    let mut id = key.unwrap_or(fresh);
    let stem = markdown::slug(&draft.title);
    let stem = if stem.is_empty() { "vote".to_owned() } else { stem };
    // The second of a name has a number.
    let mut slug = stem.clone();
    let mut number = 1;
    loop {
        let board_secret = app.seal(lots::BOARD, id.as_bytes(), &app.random().bytes::<32>());
        let new = sql::New { id, slug: &slug, board_secret: &board_secret, by, now: change.now };
        if sql::insert(change, &new, draft).await? {
            break;
        }
        if let Some(there) = sql::find(change, id).await? {
            if there.draft == *draft {
                return Ok((id, there.slug));
            }
            // The form was sent again with other words: these are another draft.
            id = fresh;
            continue;
        }
        number += 1;
        slug = format!("{stem}-{number}");
    }
    keep_key(change, id, draft.held).await?;
    change.audit("ballots.written", subject(id), json!({ "title": draft.title }));
    Ok((id, slug))
}

/// Makes the key that papers are sealed to, where the site keeps it.
async fn keep_key(change: &mut Change<'_>, id: Uuid, held: Held) -> Result<()> {
    if held == Held::Shares {
        return Ok(());
    }
    let app = change.app;
    let secret = CountSecretKey::generate(&mut app.random().stream());
    let public = CountKey { public: secret.public().map_err(anyhow::Error::from)?, held: proof::Held::Site };
    let sealed = app.seal(COUNT_SECRET, id.as_bytes(), secret.expose());
    sql::set_key(change, id, Some(&public), Some(&sealed)).await?;
    Ok(())
}

pub const ANNOUNCED: Error = Error::Conflict("This vote has been announced. Take it back to change it.");

/// Changes a draft.
///
/// # Errors
/// Conflict once it is announced.
pub async fn edit(change: &mut Change<'_>, id: Uuid, draft: &Draft) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Draft {
        return Err(ANNOUNCED);
    }
    sql::set_draft(change, id, draft).await?;
    if ballot.draft.held != draft.held {
        keep_key(change, id, draft.held).await?;
    }
    change.audit("ballots.changed", subject(id), json!({ "title": draft.title }));
    Ok(())
}

/// Deletes a draft that was never announced.
///
/// # Errors
/// Conflict once it is.
pub async fn delete(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Draft || !sql::delete_draft(change, id).await? {
        return Err(Error::Conflict("This vote has been announced, so that it cannot be deleted."));
    }
    change.audit("ballots.deleted", subject(id), json!({ "title": ballot.draft.title }));
    Ok(())
}

/// Takes the public half of the scrutineers' key.
///
/// # Errors
/// Conflict once it is announced, or if the site keeps the key.
pub async fn take_key(change: &mut Change<'_>, id: Uuid, key: &CountKey) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Draft || ballot.draft.held != Held::Shares {
        return Err(Error::Conflict("The key of this vote cannot be changed now."));
    }
    sql::set_key(change, id, Some(key), None).await?;
    change.audit("ballots.key_taken", subject(id), json!({ "key": key.public.to_string() }));
    Ok(())
}

/// Makes a draft public, and tells everybody who may vote if its roll is made already.
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
        freeze(change, &ballot).await?;
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
        telling::tell(change, &ballot, News::Withdrawn).await?;
    }
    sql::roll::delete(change, id).await?;
    sql::set_announced(change, id, None).await?;
    change.audit("ballots.withdrawn", subject(id), json!({ "title": ballot.draft.title }));
    Ok(())
}

/// What was fixed is open again: whoever agreed to it agreed to something else.
async fn unfix(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    sql::clear_manifest(change, id).await?;
    sql::delete_approvals(change, id, Step::Open).await?;
    Ok(())
}

/// The day by which somebody must have joined to be on the roll.
pub fn joined_by(app: &App, draft: &Draft) -> NaiveDate {
    let opens_on = dates::london_date(draft.times.opens_at);
    membership::freeze_day(app, opens_on).min(draft.times.roll_on)
}

/// How many people would be on the roll of a draft, by what is known today.
///
/// # Errors
/// The database is away.
pub async fn count_roll(app: &App, db: &mut PgConnection, draft: &Draft) -> Result<i64> {
    let day = draft.times.roll_on.min(app.clock().today());
    let rules = membership::voting_rules(app, draft.times.roll_on);
    Ok(sql::roll::count(db, &draft.electorate, (day, joined_by(app, draft)), rules).await?)
}

/// Everybody who could vote for something today.
///
/// # Errors
/// The database is away.
pub async fn electors(app: &App, db: &mut PgConnection, electorate: &Electorate) -> Result<Vec<Uuid>> {
    let today = app.clock().today();
    let rules = membership::voting_rules(app, today);
    Ok(sql::roll::list_electors(db, electorate, (today, today), rules).await?)
}

/// Makes the roll of an announced ballot whose day has ended, and tells everybody on it.
///
/// # Errors
/// The database is away.
pub async fn freeze(change: &mut Change<'_>, ballot: &Ballot) -> Result<()> {
    if ballot.roll.is_some() {
        return Ok(());
    }
    let (app, now) = (change.app, change.now);
    let draft = &ballot.draft;
    let rules = membership::voting_rules(app, draft.times.roll_on);
    let days = (draft.times.roll_on, joined_by(app, draft));
    let size = sql::roll::make(change, ballot.id, &draft.electorate, days, rules).await?;
    let print = sql::roll::fingerprint(change, ballot.id).await?;
    sql::roll::set_frozen(change, ballot.id, size, &print, now).await?;
    change.audit("ballots.roll_made", subject(ballot.id), json!({ "size": size, "fingerprint": print }));
    telling::tell(change, ballot, News::Announced).await
}

/// Adds a member to the roll or takes them off it, by a ruling, before anything is fixed.
///
/// # Errors
/// Conflict if the ballot is past that, or nothing would change.
pub async fn correct_roll(
    change: &mut Change<'_>,
    id: Uuid,
    by: Uuid,
    number: i64,
    adds: bool,
    words: &str,
) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Announced || ballot.roll.is_none() {
        return Err(Error::Conflict("The roll can be corrected after it is made and before the vote opens."));
    }
    let changed = if adds {
        sql::roll::insert_person(change, id, number).await?
    } else {
        sql::roll::delete_person(change, id, number).await?
    };
    if !changed {
        return Err(Error::Conflict(
            "Nothing changes: check the membership number, and whether they are on the roll.",
        ));
    }
    unfix(change, id).await?;
    let size = sql::roll::size(change, id).await?;
    let print = sql::roll::fingerprint(change, id).await?;
    let now = change.now;
    sql::roll::set_frozen(change, id, size, &print, now).await?;
    rule(change, &ballot, by, words).await?;
    let what = if adds { "added" } else { "taken off" };
    change.audit(
        "ballots.roll_corrected",
        subject(id),
        json!({ "member": number, "what": what, "size": size }),
    );
    Ok(())
}

/// Writes down what the returning officer decided, for everybody to read.
///
/// # Errors
/// The database is away.
pub async fn rule(change: &mut Change<'_>, ballot: &Ballot, by: Uuid, words: &str) -> Result<()> {
    let (id, now) = (change.app.random().id(change.now), change.now);
    sql::complaints::insert_ruling(change, id, ballot.id, words, by, now).await?;
    change.audit("ballots.ruled", subject(ballot.id), json!({ "words": words }));
    Ok(())
}

/// What was hashed when the ballot was fixed.
///
/// # Errors
/// The database is away. Not found where nothing is fixed.
pub async fn manifest(db: &mut PgConnection, ballot: &Ballot) -> Result<Manifest> {
    let text = sql::find_manifest(db, ballot.id).await?.ok_or(Error::NotFound)?;
    Ok(Manifest::from_json(&text).map_err(anyhow::Error::from)?)
}

/// What will be hashed of a ballot. A draft's roll is taken to be of `roll`; its previews use it.
///
/// # Errors
/// The database is away.
pub async fn manifest_of(
    app: &App,
    db: &mut PgConnection,
    ballot: &Ballot,
    roll: RollSummary,
) -> Result<Manifest> {
    let draft = &ballot.draft;
    let key = ballot.count_key.clone().ok_or(Error::Conflict("This vote has no key yet."))?;
    let board_key = lots::board_key(app, db, ballot.id).await?;
    Ok(Manifest {
        format: Format::One,
        id: ballot.id,
        title: draft.title.clone(),
        question: draft.question.clone(),
        options: draft.options.clone(),
        kind: draft.kind.clone(),
        roll,
        opens_at: draft.times.opens_at,
        closes_at: draft.times.closes_at,
        key,
        board_key: BoardKey::of(&board_key),
        publish_papers: true,
        software: env!("CARGO_PKG_VERSION").to_owned(),
    })
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
        Step::Void => !matches!(ballot.state, State::Draft | State::Declared | State::Void),
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
            change.audit("ballots.voided", subject(id), json!({ "title": ballot.draft.title }));
            telling::tell(change, &ballot, News::Void).await?;
        }
    }
    Ok(())
}

async fn fix(change: &mut Change<'_>, ballot: &Ballot) -> Result<()> {
    let app = change.app;
    let roll = ballot.roll.as_ref().ok_or(Error::Conflict("The roll is not made yet."))?;
    let roll = RollSummary {
        size: roll.size.into(),
        fingerprint: roll.fingerprint.parse().map_err(anyhow::Error::from)?,
        frozen_on: ballot.draft.times.roll_on,
    };
    let manifest = manifest_of(app, change, ballot, roll).await?;
    if let Err(error) = manifest.check() {
        tracing::warn!(%error, ballot = %ballot.id, "a ballot cannot be held like this");
        return Err(Error::Conflict("This vote cannot be held like this: see that somebody is on its roll."));
    }
    let hash = manifest.hash().to_string();
    sql::set_manifest(change, ballot.id, &manifest.to_json(), &hash).await?;
    change.audit("ballots.fixed", subject(ballot.id), json!({ "hash": hash }));
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
            let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
            lots::close(app, &mut change, ballot).await?;
            if times.closes_at - now <= Duration::hours(24) {
                telling::tell(&mut change, ballot, News::Reminder).await?;
            }
            change.commit().await?;
        }
        _ => {}
    }
    Ok(())
}

/// Whether somebody can vote, and if not, why.
///
/// # Errors
/// The database is away.
pub async fn entitlement(
    app: &App,
    db: &mut PgConnection,
    ballot: &Ballot,
    person: Uuid,
    line: Option<&sql::roll::Line>,
) -> Result<Entitlement> {
    if line.is_some() {
        let voted = casting::actions::has_voted(app, db, ballot.id, person).await?;
        return Ok(Entitlement::OnRoll { voted: voted.unwrap_or_default() });
    }
    let draft = &ballot.draft;
    // Before its day it is guessed from today.
    let day = if ballot.roll.is_some() {
        draft.times.roll_on
    } else {
        app.clock().today().min(draft.times.roll_on)
    };
    let (stood, born_on) = membership::stood_on(app, db, person, day).await?;
    let region = accounts::find_person(db, person).await?.and_then(|person| person.region);
    let known = Known { stood, rules: membership::voting_rules(app, day), region, born_on };
    let obstacle = entitlement::obstacle(draft, joined_by(app, draft), &known);
    Ok(match ballot.roll {
        None => Entitlement::Expected(obstacle),
        Some(_) => {
            let missing = "No rule that we know of keeps you off the roll. Object to it, and the returning officer looks at it.";
            Entitlement::NotOnRoll(obstacle.unwrap_or_else(|| missing.to_owned()))
        }
    })
}
