//! The sender of one update or notice: takes mail after mail over a few connections, and is honest about each.
//!
//! A connection takes some mails at a time, marks them in the database, sends one after the other, and writes down what
//! became of them together with the mark of the next ones. It takes as many as it sends in a moment: if the program ends
//! meanwhile, they are uncertain.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sqlx::PgConnection;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use uuid::{Builder, Uuid};

use super::{
    letter::{self, Rendered},
    model::{Outcome, later},
    settings,
    sql::{
        sending::{self, Claimed},
        updates,
    },
    unsubscribe,
};
use crate::kit::{
    app::App,
    db,
    email_address::EmailAddress,
    mail::{MailConnection, Message, SendError},
};

/// After so many refusals one after the other it is not the readers: the sender stops and an officer looks.
const REFUSALS: u32 = 50;
/// After so many "not now" the server wants a rest.
const DELAYS: u32 = 20;
/// Tries to reach the server, with growing pauses, before the next sweep starts afresh.
const ABSENCES: u32 = 5;
/// Mails that a connection takes at a time: as many as it sends in so long, and never more than so many.
const MOMENT: Duration = Duration::from_millis(25);
const MOST: usize = 64;
/// How often it is made sure that the lock is still held.
const PULSE: Duration = Duration::from_secs(5);

/// Sends what waits of an update, until nothing is due, an officer stops it, or the mail server does.
///
/// # Errors
/// The database is away; rows in hand are then settled by whoever sends next.
pub async fn run(app: &App, id: Uuid) -> anyhow::Result<()> {
    let mut db = app.pool().acquire().await?;
    let Some(update) = updates::find_update(&mut db, id).await? else { return Ok(()) };
    // A session of its own: the lock lives and dies with it.
    let mut session = app.pool().acquire().await?.detach();
    if !lock(&mut session, update.number).await? || !sending::try_take_slot(&mut session).await? {
        // Another sender has it, or two others are at work: the sweep asks again within a minute.
        return Ok(());
    }
    let now = app.clock().now();
    let orphans = sending::set_orphans_uncertain(&mut db, id, now).await?;
    if orphans > 0 {
        tracing::warn!(update = update.number, orphans, "a sender had stopped with mails in hand");
    }
    sending::analyze(&mut db).await?;
    if !sending::set_preparing(&mut db, id).await? {
        let words =
            "The site stopped while it was preparing this email. If that happens again, ask whoever runs it.";
        updates::set_paused(&mut db, id, Some(words)).await?;
        return Ok(());
    }
    let rendered = letter::render(app, &update).await;
    sending::set_prepared(&mut db, id).await?;
    let rendered = rendered.map_err(anyhow::Error::from)?;
    let run = app.random().opaque_id();
    if !sending::set_run(&mut db, id, run).await? {
        // Cancelled or paused while its sender was gone.
        updates::close_cancelled(&mut db, id, now).await?;
        return Ok(());
    }
    drop(db);
    let today = app.clock().today();
    let connections = app.setting(settings::CONNECTIONS, today);
    let sender = Arc::new(Sender {
        app: app.clone(),
        id,
        run,
        is_notice: update.class.is_notice(),
        rendered,
        pace: Pace::new(app.setting(settings::PACE, today)),
        stop: AtomicBool::new(false),
        refusals: AtomicU32::new(0),
        delays: AtomicU32::new(0),
        absences: AtomicU32::new(0),
        trouble: Mutex::default(),
        after: Mutex::default(),
    });
    // Dropped with the job when the process ends in a hurry; what is in hand is then uncertain.
    let mut sending = JoinSet::new();
    for _ in 0..connections {
        let sender = sender.clone();
        sending.spawn(async move { sender.connection().await });
    }
    let mut fault = Ok(());
    loop {
        tokio::select! {
            ended = sending.join_next() => match ended {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => fault = Err(error),
                Some(Err(error)) => fault = Err(error.into()),
            },
            () = sleep(PULSE) => {
                if !sending::is_session_alive(&mut session).await {
                    sender.stop.store(true, Ordering::Relaxed);
                }
            }
        }
    }
    sender.end().await?;
    fault
}

/// A sender that was told to stop needs a moment to let go; one that lives keeps the lock.
async fn lock(session: &mut PgConnection, number: i32) -> Result<bool, sqlx::Error> {
    db::session::watch(session).await?;
    for _ in 0..10 {
        if sending::try_lock_sender(session, number).await? {
            return Ok(true);
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(false)
}

struct Sender {
    app: App,
    id: Uuid,
    run: Uuid,
    is_notice: bool,
    rendered: Arc<Rendered>,
    pace: Pace,
    stop: AtomicBool,
    // Each counts how often in a row, over all connections.
    refusals: AtomicU32,
    delays: AtomicU32,
    absences: AtomicU32,
    trouble: Mutex<Option<Trouble>>,
    /// The last who was taken: the search for the next need not begin at the first each time.
    after: Mutex<Uuid>,
}

#[derive(Clone)]
enum Trouble {
    /// The next sweep tries again.
    Passing(String),
    /// An officer has to look.
    Pause(String),
}

impl Sender {
    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.app.is_stopping()
    }

    fn halt(&self, trouble: Trouble) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
        self.stop.store(true, Ordering::Relaxed);
    }

    /// One connection: some mails after others, marked before they go and settled with the mark of the next.
    async fn connection(&self) -> anyhow::Result<()> {
        let mut line = None;
        let mut settled = Vec::new();
        let mut many = 1;
        loop {
            // Asked once: a stop in between would leave with an outcome unsaid.
            let stopping = self.is_stopping();
            if stopping || !line.as_ref().is_some_and(MailConnection::is_open) || self.pace.is_limited() {
                // What is known is written down before anything that may take its time.
                self.settle(&mut settled).await?;
            }
            if stopping {
                break;
            }
            let Some(mut open) = self.open(line.take()).await else { break };
            self.pace.wait().await;
            let claimed = self.claim(&mut settled, many).await?;
            if claimed.is_empty() {
                open.close().await;
                return Ok(());
            }
            let (number, began) = (claimed.len(), Instant::now());
            let away = self.send_all(&mut open, claimed, &mut settled).await;
            if let Some(why) = away {
                self.settle(&mut settled).await?;
                self.absent(&why).await;
            }
            many = if self.pace.is_limited() { 1 } else { fitting(number, began.elapsed()) };
            line = Some(open);
        }
        if let Some(line) = line {
            line.close().await;
        }
        Ok(())
    }

    /// Sends what was taken. Returns why the server took nothing any more; what was not tried by then waits again.
    async fn send_all(
        &self,
        line: &mut MailConnection,
        claimed: Vec<Claimed>,
        settled: &mut Vec<(Uuid, Outcome)>,
    ) -> Option<String> {
        let mut away = None;
        let mut mails = claimed
            .into_iter()
            .filter(|claimed| claimed.wanted)
            .map(|claimed| (claimed.email.parse::<EmailAddress>(), claimed))
            .peekable();
        while let Some((to, claimed)) = mails.next() {
            let outcome = match to {
                _ if away.is_some() || !line.is_open() || self.is_stopping() => Outcome::Untried,
                Err(error) => Outcome::Refused(format!("the address cannot be used: {error}")),
                Ok(to) => {
                    let next = mails.peek().and_then(|(next, _)| next.as_ref().ok());
                    let result = line.send_before(&self.message(to, &claimed), next).await;
                    self.outcome(&claimed, result).unwrap_or_else(|why| {
                        away = Some(why);
                        Outcome::Untried
                    })
                }
            };
            settled.push((claimed.person_id, outcome));
        }
        away
    }

    /// The line as it is, or a new one. Waits while the server is away; `None` when it stays away.
    async fn open(&self, line: Option<MailConnection>) -> Option<MailConnection> {
        if let Some(line) = line.filter(MailConnection::is_open) {
            return Some(line);
        }
        loop {
            match self.app.mailer().connect().await {
                Ok(line) => return Some(line),
                Err(error) => self.absent(&error.to_string()).await,
            }
            if self.is_stopping() {
                return None;
            }
        }
    }

    /// The server is not there: wait, longer each time, and in the end leave it to the sweep.
    async fn absent(&self, why: &str) {
        let times = self.absences.fetch_add(1, Ordering::Relaxed);
        if times >= ABSENCES {
            self.halt(Trouble::Passing(format!("{why}. We try again every minute.")));
            return;
        }
        // In short naps, so that a stop is heard.
        for _ in 0..(5 << times.min(5)) {
            if self.is_stopping() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn message(&self, to: EmailAddress, claimed: &Claimed) -> Message {
        let stop = unsubscribe::link(&self.app, claimed.person_id);
        Message {
            id: self.message_id(claimed.person_id),
            to,
            name: claimed.name.clone(),
            at: self.app.clock().now(),
            letter: self.rendered.written(&claimed.name, &stop),
            bulk: (!self.is_notice).then(|| unsubscribe::bulk(stop)),
        }
    }

    /// What became of a mail, or why the server takes none.
    fn outcome(&self, claimed: &Claimed, result: Result<(), SendError>) -> Result<Outcome, String> {
        if result.is_ok() {
            for counter in [&self.refusals, &self.delays, &self.absences] {
                counter.store(0, Ordering::Relaxed);
            }
        }
        Ok(match result {
            Ok(()) => Outcome::Sent,
            Err(SendError::Refused(answer)) => {
                if self.refusals.fetch_add(1, Ordering::Relaxed) + 1 >= REFUSALS {
                    let words = format!("The mail server refused {REFUSALS} mails in a row: {answer}");
                    self.halt(Trouble::Pause(words));
                }
                Outcome::Refused(answer)
            }
            Err(SendError::Later(answer)) => {
                if self.delays.fetch_add(1, Ordering::Relaxed) + 1 >= DELAYS {
                    self.halt(Trouble::Passing(format!("The mail server asks us to wait: {answer}")));
                }
                later(claimed.tries + 1, answer, self.app.clock().now())
            }
            Err(SendError::Unclear(why)) => Outcome::Uncertain(format!(
                "The connection broke before the mail server had answered ({why})"
            )),
            Err(SendError::Away(why)) => return Err(why),
        })
    }

    /// The same for each try at the same reader, so that a mailbox drops a second copy.
    fn message_id(&self, person: Uuid) -> Uuid {
        let signed =
            self.app.sign("update message", &[self.id.as_bytes().as_slice(), person.as_bytes()].concat());
        let bytes = URL_SAFE_NO_PAD.decode(signed).unwrap_or_default();
        let first = bytes.first_chunk::<16>().copied().unwrap_or_default();
        Builder::from_random_bytes(first).into_uuid()
    }

    /// Settles what is known and takes up to so many mails more. Takes none when none is due.
    async fn claim(&self, settled: &mut Vec<(Uuid, Outcome)>, many: usize) -> anyhow::Result<Vec<Claimed>> {
        loop {
            let after = *self.after.lock().unwrap_or_else(PoisonError::into_inner);
            match self.write(settled, after, many).await {
                Ok(claimed) => {
                    settled.clear();
                    let last = claimed.last().map(|claimed| claimed.person_id);
                    let mut mark = self.after.lock().unwrap_or_else(PoisonError::into_inner);
                    match last {
                        Some(last) => *mark = last.max(*mark),
                        // At the end it begins anew: some may have become due.
                        None if !after.is_nil() => {
                            *mark = Uuid::nil();
                            continue;
                        }
                        None => {}
                    }
                    return Ok(claimed);
                }
                Err(error) => {
                    self.stop.store(true, Ordering::Relaxed);
                    // The statement may or may not have reached the database; saying it twice does no harm.
                    self.settle(settled).await?;
                    return Err(error.into());
                }
            }
        }
    }

    /// Tries for some seconds: an answer that is forgotten makes its mail uncertain.
    async fn settle(&self, settled: &mut Vec<(Uuid, Outcome)>) -> anyhow::Result<()> {
        let mut tries = 0;
        while !settled.is_empty() {
            match self.write(settled, Uuid::nil(), 0).await {
                Ok(_) => settled.clear(),
                Err(error) if tries >= 5 => return Err(error.into()),
                Err(_) => {
                    tries += 1;
                    sleep(Duration::from_millis(500)).await;
                }
            }
        }
        Ok(())
    }

    async fn write(
        &self,
        settled: &[(Uuid, Outcome)],
        after: Uuid,
        many: usize,
    ) -> sqlx::Result<Vec<Claimed>> {
        let mut db = self.app.pool().acquire().await?;
        let (now, many) = (self.app.clock().now(), i64::try_from(many).unwrap_or(1));
        sending::settle_and_claim(&mut db, self.id, self.run, settled, after, many, now).await
    }

    /// Ends the update if nothing is left, and tells the officer of trouble.
    async fn end(&self) -> anyhow::Result<()> {
        let mut db = self.app.pool().acquire().await?;
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match &trouble {
            Some(Trouble::Pause(words)) => {
                updates::set_paused(&mut db, self.id, Some(words)).await?;
            }
            Some(Trouble::Passing(words)) => updates::set_trouble(&mut db, self.id, Some(words)).await?,
            None => updates::set_trouble(&mut db, self.id, None).await?,
        }
        updates::close_cancelled(&mut db, self.id, self.app.clock().now()).await?;
        if updates::finish(&mut db, self.id, self.app.clock().now()).await? {
            tracing::info!(update = %self.id, "an update has been sent");
        }
        Ok(())
    }
}

/// How many mails go in a [`MOMENT`], when some took so long; at most twice as many.
fn fitting(mails: usize, took: Duration) -> usize {
    let fit = MOMENT.as_micros() * mails as u128 / took.as_micros().max(1);
    usize::try_from(fit).unwrap_or(MOST).min(2 * mails).clamp(1, MOST)
}

/// At most so many mails a second, over all connections.
struct Pace {
    between: Option<Duration>,
    next: tokio::sync::Mutex<Instant>,
}

impl Pace {
    /// `None`: as fast as the server takes them.
    fn new(a_second: Option<u32>) -> Self {
        let between = a_second.map(|mails| Duration::from_secs(1) / mails.max(1));
        Self { between, next: tokio::sync::Mutex::new(Instant::now()) }
    }

    fn is_limited(&self) -> bool {
        self.between.is_some()
    }

    async fn wait(&self) {
        let Some(between) = self.between else { return };
        let mut next = self.next.lock().await;
        let turn = (*next).max(Instant::now());
        *next = turn + between;
        drop(next);
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_in_hand_than_go_in_a_moment() {
        for (mails, took, fit) in [
            (1, Duration::from_secs(2), 1),
            (1, Duration::from_millis(1), 2),
            (8, Duration::from_millis(1), 16),
            (20, Duration::from_millis(100), 5),
            (64, Duration::from_mins(1), 1),
            (64, Duration::ZERO, MOST),
        ] {
            assert_eq!(fitting(mails, took), fit, "{mails} in {took:?}");
        }
    }
}
