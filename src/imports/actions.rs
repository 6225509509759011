//! Keeping a file, going through it, and what it brings.

use std::{
    collections::{HashMap, HashSet},
    io::Read,
};

use chrono::Duration;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    file::{Lines, Unreadable},
    model::{
        AdoptPayment, CHUNK, Counts, Decision, Emails, Entry, Field, GoThrough, Import, Known, Line, Outcome,
        Read as LineRead, Rules, Says, Stage, decide, read, recognise,
    },
    settings,
    sql::{self, Done},
};
use crate::{
    accounts::{self, ConsentPurpose, ForeignConsent, NewPerson, Standing},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::{Error, Result},
        queue::{self, Failure},
    },
    membership::{self, ForeignMember},
    payments::{self, Adopted},
};

/// Why a file is not kept.
#[derive(Debug)]
pub enum NotKept {
    Unreadable(Unreadable),
    Error(Error),
}

impl<E: Into<Error>> From<E> for NotKept {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Keeps a file, line by line.
///
/// # Errors
/// It is not a list; the database is away.
pub async fn keep(
    change: &mut Change<'_>,
    file_name: &str,
    officer: Option<Uuid>,
    file: impl Read,
) -> Result<Import, NotKept> {
    let now = change.now;
    let mut lines = Lines::open(file).map_err(NotKept::Unreadable)?;
    let mut import = Import {
        id: change.app.random().id(now),
        file_name: file_name.chars().take(200).collect(),
        heads: lines.heads.clone(),
        columns: None,
        stage: Stage::New,
        lines: 0,
        done: 0,
        counts: Counts::default(),
        officer,
        created_at: now,
        emptied_at: None,
    };
    sql::insert(change, &import).await?;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK
            && let Some(line) = lines.next_line().map_err(NotKept::Unreadable)?
        {
            chunk.push(line);
        }
        let Some(last) = chunk.last() else { break };
        import.lines = last.number;
        sql::insert_lines(change, import.id, &chunk).await?;
    }
    if import.lines == 0 {
        return Err(NotKept::Unreadable(Unreadable::NoLines));
    }
    sql::set_lines(change, import.id, import.lines).await?;
    Ok(import)
}

/// What the columns of a file hold: as officers said of columns with the same heads before, else as their names say.
///
/// # Errors
/// The database is away.
pub async fn guess(
    db: &mut PgConnection,
    heads: &[String],
) -> Result<(Option<&'static str>, Vec<Option<Field>>)> {
    let (system, mut columns) = recognise(heads);
    let said: HashMap<_, _> = sql::recall_columns(db, heads).await?.into_iter().collect();
    for (head, column) in heads.iter().zip(&mut columns) {
        if let Some(field) = said.get(head) {
            *column = *field;
        }
    }
    Ok((system, columns))
}

/// Sets the columns to what an officer says, remembers that for the next file, and has all lines checked by a job.
///
/// # Errors
/// A conflict while a job is working on it, or once it is finished.
pub async fn match_columns(change: &mut Change<'_>, id: Uuid, columns: &[Option<Field>]) -> Result<()> {
    let now = change.now;
    let import = sql::lock(change, id).await?.ok_or(Error::NotFound)?;
    may_change(&import)?;
    sql::remember_columns(change, &import.heads, columns, now).await?;
    begin(change, id, columns, Stage::Trying).await?;
    Ok(queue::push_keyed(change, &GoThrough { import: id }, &format!("import:{id}")).await?)
}

/// Begins a pass over all lines: a check, or the import itself.
pub async fn begin(change: &mut Change<'_>, id: Uuid, columns: &[Option<Field>], stage: Stage) -> Result<()> {
    Ok(sql::begin_pass(change, id, columns, stage).await?)
}

fn may_change(import: &Import) -> Result<()> {
    if import.emptied_at.is_some() {
        return Err(Error::Conflict("The lines of this file have been deleted. Upload it again."));
    }
    match import.stage {
        Stage::New | Stage::Tried => Ok(()),
        Stage::Trying | Stage::Running => {
            Err(Error::Conflict("This file is still being processed. Try again in a moment."))
        }
        Stage::Finished => Err(Error::Conflict("This file has already been imported.")),
    }
}

/// Has a job import a file that was checked. Pressing twice is one import.
///
/// # Errors
/// A conflict if it was not checked.
pub async fn run(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let import = sql::lock(change, id).await?.ok_or(Error::NotFound)?;
    if matches!(import.stage, Stage::Running | Stage::Finished) {
        return Ok(());
    }
    may_change(&import)?;
    let Some(columns) = import.columns.filter(|_| import.stage == Stage::Tried) else {
        return Err(Error::Conflict("Match the columns first."));
    };
    begin(change, id, &columns, Stage::Running).await?;
    let detail = json!({ "file": import.file_name, "lines": import.lines });
    change.audit("import.started", ("import", id), detail);
    Ok(queue::push_keyed(change, &GoThrough { import: id }, &format!("import:{id}")).await?)
}

/// Processes the next lines in one transaction, so that whatever ends the program, all of them or none are done.
/// Returns how far it has got.
///
/// # Errors
/// The database is away; a conflict if somebody joined with one of the addresses at this moment, which a second try
/// sees.
pub async fn step(app: &App, id: Uuid) -> Result<Import> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let import = go_on(&mut change, id).await?;
    change.commit().await?;
    Ok(import)
}

/// The same within a change.
///
/// # Errors
/// As [`step`].
pub async fn go_on(change: &mut Change<'_>, id: Uuid) -> Result<Import> {
    sql::take_turn(change).await?;
    let mut import = sql::lock(change, id).await?.ok_or(Error::NotFound)?;
    let Some(columns) = import.columns.clone().filter(|_| import.stage.is_busy()) else { return Ok(import) };
    change.by = import.officer.map_or(Actor::System, Actor::Person);
    let (now, today) = (change.now, change.today());
    let lines = sql::next_lines(change, id, import.done, CHUNK).await?;
    let rules = Rules { today, least_age: membership::least_age(change.app) };
    let chunk = Chunk::look_up(change, &import, &columns, lines, rules).await?;
    chunk.count(&mut import.counts);
    if import.stage == Stage::Running {
        chunk.write(change, &import).await?;
    }
    sql::set_outcomes(change, id, &chunk.outcomes()).await?;
    import.done = chunk.lines.last().map_or(import.lines, |(line, ..)| line.number);
    if import.done >= import.lines {
        let runs = import.stage == Stage::Running;
        import.stage = if runs { Stage::Finished } else { Stage::Tried };
        if runs {
            let detail = json!({ "file": import.file_name, "counts": import.counts });
            change.audit("import.finished", ("import", id), detail);
        }
    }
    sql::set_progress(change, &import, (import.stage == Stage::Finished).then_some(now)).await?;
    Ok(import)
}

/// Some lines, what is known of their addresses, and what becomes of them.
struct Chunk {
    lines: Vec<(Line, LineRead, Decision)>,
    known: HashMap<String, Known>,
}

fn key(email: &EmailAddress) -> String {
    email.as_str().to_lowercase()
}

fn hash(email: &EmailAddress) -> Vec<u8> {
    Sha256::digest(format!("emails stopped elsewhere: {}", key(email))).to_vec()
}

impl Chunk {
    async fn look_up(
        db: &mut PgConnection,
        import: &Import,
        columns: &[Option<Field>],
        lines: Vec<Line>,
        rules: Rules,
    ) -> Result<Self> {
        let mut lines: Vec<_> = lines
            .into_iter()
            .map(|line| {
                let read = read(columns, &line.cells, rules);
                (line, read)
            })
            .collect();
        let emails: Vec<_> = lines.iter().filter_map(|(_, read)| read.email.as_ref()).collect();
        let hashes: Vec<_> = emails.iter().map(|email| hash(email)).collect();
        let emails: Vec<_> = emails.into_iter().map(key).collect();
        // Who stopped emails elsewhere agrees to them in person or not at all.
        let stopped: HashSet<_> = sql::list_opt_outs(db, &hashes).await?.into_iter().collect();
        for (_, read) in &mut lines {
            let is_stopped = read.email.as_ref().is_some_and(|email| stopped.contains(&hash(email)));
            if is_stopped && matches!(read.says, Says::Agreed { .. }) {
                read.says = Says::Nothing;
            }
        }
        let first = lines.first().map_or(0, |(line, _)| line.number);
        let mut before: HashMap<_, _> =
            sql::first_lines(db, import.id, first, &emails).await?.into_iter().collect();
        let known: HashMap<_, _> = sql::list_known(db, &emails).await?.into_iter().collect();
        let lines = lines.into_iter().map(|(line, read)| {
            let key = read.email.as_ref().map(key);
            let earlier = key.as_ref().and_then(|key| before.get(key)).copied();
            let decision = decide(&read, key.as_ref().and_then(|key| known.get(key)), earlier);
            if let Some(key) = key.filter(|_| decision.outcome() != Outcome::Rejected) {
                before.entry(key).or_insert(line.at);
            }
            (line, read, decision)
        });
        Ok(Self { lines: lines.collect(), known })
    }

    fn known(&self, read: &LineRead) -> Option<&Known> {
        self.known.get(&key(read.email.as_ref()?))
    }

    fn count(&self, counts: &mut Counts) {
        for (_, read, decision) in &self.lines {
            counts.note(decision.outcome(), &read.says);
            let asks = match decision {
                Decision::Add(_) => true,
                Decision::Fill { emails, .. } => *emails,
                Decision::Unchanged | Decision::Reject(_) => false,
            };
            counts.agreed += i64::from(asks && matches!(read.says, Says::Agreed { .. }));
            counts.customers += i64::from(self.customer(read, decision).is_some());
        }
    }

    /// The customer whose payment is looked for.
    fn customer<'a>(&self, read: &'a LineRead, decision: &Decision) -> Option<&'a str> {
        let entry = read.entry.as_ref().ok().filter(|_| !matches!(decision, Decision::Reject(_)))?;
        let pays = self.known(read).is_some_and(|known| known.has_subscription);
        entry.customer.as_deref().filter(|_| !pays)
    }

    fn outcomes(&self) -> Vec<Done> {
        let done = |(line, read, decision): &(Line, LineRead, Decision)| Done {
            number: line.number,
            email: read.email.as_ref().map(key),
            outcome: decision.outcome(),
            reason: match decision {
                Decision::Reject(reason) => Some(reason.clone()),
                _ => None,
            },
        };
        self.lines.iter().map(done).collect()
    }

    /// Everything that the lines bring, in a few statements.
    async fn write(&self, change: &mut Change<'_>, import: &Import) -> Result<()> {
        let app = change.app;
        let (now, today) = (change.now, change.today());
        let source = format!("imported from {}", import.file_name);
        let (mut people, mut members, mut personal, mut places) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut consents, mut ended, mut opt_outs) = (Vec::new(), Vec::new(), Vec::new());
        let (mut agreeing, mut adoptions) = (Vec::new(), Vec::new());
        let member = |person, entry: &Entry| ForeignMember {
            person,
            joined_on: entry.joined_on.unwrap_or(today),
            paid_until: entry.paid_until,
            ended_on: entry.is_ended.then(|| entry.paid_until.filter(|day| *day < today).unwrap_or(today)),
            personal: entry.personal.clone(),
            rate: entry.rate,
            every: entry.every,
            amount: entry.amount,
        };
        for (line, read, decision) in &self.lines {
            let known = self.known(read);
            if let (Says::Stopped, Some(email)) = (&read.says, &read.email) {
                opt_outs.push(hash(email));
                ended.extend(known.filter(|known| known.emails == Emails::Agree).map(|known| known.person));
            }
            let (person, asks) = match decision {
                Decision::Add(entry) => {
                    let person = app.random().id(now);
                    people.push(NewPerson {
                        id: person,
                        email: entry.email.clone(),
                        name: entry.name.clone(),
                        postcode: entry.postcode.as_ref().map(ToString::to_string),
                        region: entry.region,
                        standing: Standing::None,
                        added_at: now,
                        proved_at: None,
                    });
                    members.push(member(person, entry));
                    let detail = json!({ "file": import.file_name, "line": line.at });
                    change.audit("import.added", ("person", person), detail);
                    (person, true)
                }
                Decision::Fill { person, membership, personal: filled, place, emails } => {
                    members.extend(membership.as_ref().map(|entry| member(*person, entry)));
                    personal.extend(filled.clone().map(|filled| (*person, filled)));
                    places.extend(place.clone().map(|(postcode, region)| (*person, postcode, region)));
                    let what = [
                        membership.as_ref().map(|_| "membership"),
                        filled.as_ref().map(|_| "details"),
                        place.as_ref().map(|_| "postcode"),
                        emails.then_some("emails"),
                    ];
                    let what = what.into_iter().flatten().collect::<Vec<_>>().join(", ");
                    let detail = json!({ "file": import.file_name, "line": line.at, "changed": what });
                    change.audit("import.filled", ("person", *person), detail);
                    (*person, *emails)
                }
                Decision::Unchanged | Decision::Reject(_) => {
                    if let Some(known) =
                        known.filter(|known| read.says == Says::Stopped && known.emails == Emails::Agree)
                    {
                        let detail =
                            json!({ "file": import.file_name, "line": line.at, "changed": "emails" });
                        change.audit("import.filled", ("person", known.person), detail);
                    }
                    let Some(known) = known.filter(|_| decision.outcome() == Outcome::Unchanged) else {
                        continue;
                    };
                    (known.person, false)
                }
            };
            if let Some(customer) = self.customer(read, decision) {
                let job = AdoptPayment { person, customer: customer.to_owned() };
                adoptions.push((format!("adopt:{customer}"), job));
            }
            if asks {
                consents.extend(consent(app.random().id(now), person, &read.says, &source, now));
            }
            if matches!(read.says, Says::Agreed { .. }) && asks
                || known.is_some_and(|known| known.emails == Emails::Agree)
            {
                agreeing.push(person);
            }
        }
        agreeing.retain(|person| !ended.contains(person));
        let added = accounts::add_people(change, &people).await?;
        if added.len() < people.len() {
            return Err(Error::Conflict("Somebody has just joined with one of these addresses."));
        }
        membership::add_foreign(change, &members, &agreeing).await?;
        membership::fill_personal(change, &personal).await?;
        accounts::fill_places(change, &places).await?;
        sql::insert_opt_outs(change, &opt_outs, now).await?;
        accounts::end_consents(change, &ended, ConsentPurpose::EmailUpdates, &source, now).await?;
        accounts::add_foreign_consents(change, &consents).await?;
        Ok(queue::push_all(change, &adoptions).await?)
    }
}

/// The record of what another system knew about someone’s emails.
fn consent(
    id: Uuid,
    person: Uuid,
    says: &Says,
    source: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<ForeignConsent> {
    let (wording, given_at, withdrawn) = match says {
        Says::Agreed { on, how } => {
            (format!("As it was kept in another system: {how}"), dates::start_of_day(*on), None)
        }
        Says::Stopped => {
            ("Emails were stopped in another system".to_owned(), now, Some((now, source.to_owned())))
        }
        Says::Nothing | Says::Unproved => return None,
    };
    let purpose = ConsentPurpose::EmailUpdates;
    Some(ForeignConsent {
        id,
        person_id: person,
        purpose,
        wording,
        source: source.to_owned(),
        given_at,
        withdrawn,
    })
}

/// Lets a customer's payment count for a member. Speaks to Stripe: call it without a transaction at hand.
///
/// # Errors
/// Stripe or the database is away.
pub async fn adopt_payment(app: &App, wish: &AdoptPayment) -> Result<(), Failure> {
    let mut db = app.pool().acquire().await?;
    let membership = membership::find_of_person(&mut db, wish.person).await?;
    let person = accounts::find_person(&mut db, wish.person).await?;
    drop(db);
    let (Some(membership), Some(person)) = (membership, person) else { return Ok(()) };
    if membership.subscription.is_some() {
        return Ok(());
    }
    let purpose = membership::purpose(membership.id);
    let adopted =
        payments::adopt(app, &wish.customer, &purpose, (&person.name, person.email.as_str())).await?;
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    match adopted {
        Adopted::Yes(subscription) => {
            membership::adopt(&mut change, wish.person, &subscription).await.map_err(Failure::from_page)?;
        }
        Adopted::No(why) => {
            let detail = json!({ "customer": wish.customer, "why": why });
            change.audit("import.no_payment", ("person", wish.person), detail);
        }
    }
    Ok(change.commit().await?)
}

/// Deletes the lines of a file.
///
/// # Errors
/// A conflict while a job is working on it.
pub async fn empty(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let now = change.now;
    let import = sql::lock(change, id).await?.ok_or(Error::NotFound)?;
    if import.stage.is_busy() {
        return Err(Error::Conflict("This file is still being processed. Try again in a moment."));
    }
    if sql::empty(change, id, now).await? {
        change.audit("import.emptied", ("import", id), json!({ "file": import.file_name }));
    }
    Ok(())
}

/// Deletes the lines of files that are older than the party keeps them.
///
/// # Errors
/// The database is away.
pub async fn empty_old(app: &App) -> Result<()> {
    let days: u32 = app.setting(settings::KEEP_DAYS, app.clock().today());
    let mut db = app.pool().acquire().await?;
    let old = sql::list_old(&mut db, app.clock().now() - Duration::days(days.into())).await?;
    drop(db);
    for id in old {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        let now = change.now;
        sql::empty(&mut change, id, now).await?;
        change.commit().await?;
    }
    Ok(())
}
