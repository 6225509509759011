//! The outbox: mails that belong to something that happened.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Bulk, Letter, Message, SendError};
use crate::kit::{
    app::App,
    email_address::EmailAddress,
    queue::{self, Failure, Job, Lane},
};

/// Mails refused since last month (`$4`), and mails that have waited since before `$5`, as a `jsonb` object.
pub const COUNTS: &str = "
    select jsonb_build_object(
        'refused', (select count(*) from outbox where refused is not null and written_at >= $4),
        'waiting', (select count(*) from outbox where sent_at is null and refused is null and written_at < $5))";

/// A letter on its way into the outbox.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What it is about (`welcome:<id>`): a second letter for the same occasion is not written.
    pub occasion: String,
    pub to: EmailAddress,
    pub letter: Letter,
    /// A copy of something that goes to many carries the way to stop it.
    pub bulk: Option<Bulk>,
}

/// Whether somebody waits for a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurry {
    /// It goes out at once.
    Now,
    /// It waits for its turn among those that the clock's work writes.
    InTurn,
}

/// Writes letters into the outbox, each with its job, in a statement for all.
pub async fn push(
    app: &App,
    db: &mut PgConnection,
    now: DateTime<Utc>,
    hurry: Hurry,
    mails: &[Outgoing],
) -> Result<(), sqlx::Error> {
    if mails.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = mails.iter().map(|_| app.random().id(now)).collect();
    let texts = |of: fn(&Outgoing) -> &str| mails.iter().map(of).map(str::to_owned).collect::<Vec<_>>();
    let maybe = |of: fn(&Outgoing) -> Option<&str>| {
        mails.iter().map(of).map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
    };
    let written = sqlx::query_scalar!(
        "insert into outbox (id, occasion, recipient, subject, text_body, html_body, written_at, reply_to, unsubscribe, list)
         select id, occasion, recipient, subject, text_body, html_body, $1, reply_to, unsubscribe, list
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
             as mail (id, occasion, recipient, subject, text_body, html_body, reply_to, unsubscribe, list)
         where not exists (select from mail_stops where email = recipient::citext)
         on conflict (occasion) do nothing
         returning id",
        now,
        &ids,
        &texts(|mail| &mail.occasion),
        &texts(|mail| mail.to.as_str()),
        &texts(|mail| &mail.letter.subject),
        &texts(|mail| &mail.letter.text),
        &texts(|mail| &mail.letter.html),
        &maybe(|mail| mail.letter.reply_to.as_ref().map(EmailAddress::as_str)) as _,
        &maybe(|mail| mail.bulk.as_ref().map(|bulk| bulk.unsubscribe.as_str())) as _,
        &maybe(|mail| mail.bulk.as_ref().map(|bulk| bulk.list.as_str())) as _
    )
    .fetch_all(&mut *db)
    .await?;
    push_send(db, hurry, written).await
}

/// Forgets the letters that wait for an address, and keeps every later one from being written: its owner has died, and
/// whoever reads it now is not who we mean.
pub async fn stop(db: &mut PgConnection, to: &EmailAddress, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into mail_stops (email, stopped_at) values ($1::text::citext, $2) on conflict (email) do nothing",
        to.as_str(),
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from outbox where recipient = $1 and sent_at is null and refused is null",
        to.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether no letter to an address is written any more.
pub async fn is_stopped(db: &mut PgConnection, to: &EmailAddress) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from mail_stops where email = $1::text::citext) as "stopped!""#,
        to.as_str()
    )
    .fetch_one(db)
    .await
}

/// Lets letters to an address be written again.
pub async fn resume(db: &mut PgConnection, to: &EmailAddress) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from mail_stops where email = $1::text::citext", to.as_str()).execute(db).await?;
    Ok(())
}

/// Keyed, so that a mail has one job however often it is pushed.
async fn push_send(db: &mut PgConnection, hurry: Hurry, ids: Vec<Uuid>) -> Result<(), sqlx::Error> {
    let keyed = ids.into_iter().map(|id| (format!("mail:{id}"), SendMail { id }));
    match hurry {
        Hurry::Now => queue::push_all(db, &keyed.collect::<Vec<_>>()).await,
        Hurry::InTurn => {
            let jobs: Vec<_> = keyed.map(|(key, job)| (key, SendMailInTurn(job))).collect();
            queue::push_all(db, &jobs).await
        }
    }
}

/// Hands one mail of the outbox to the mail server.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMail {
    pub id: Uuid,
}

impl Job for SendMail {
    const NAME: &'static str = "mail_send";
    const LANE: Lane = Lane::Mail;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        let row = sqlx::query!(
            "select recipient, reply_to, subject, text_body, html_body, written_at, unsubscribe, list from outbox where id = $1 and sent_at is null and refused is null",
            self.id
        )
        .fetch_optional(&mut *db)
        .await?;
        let Some(row) = row else { return Ok(()) };
        // Sending may take long; the connection is not kept for it.
        drop(db);
        let to: EmailAddress = row.recipient.parse()?;
        let reply_to = row.reply_to.map(|address| address.parse()).transpose()?;
        let letter = Letter { subject: row.subject, text: row.text_body, html: row.html_body, reply_to };
        let bulk = row.unsubscribe.zip(row.list).map(|(unsubscribe, list)| Bulk { unsubscribe, list });
        let letter = letter.written();
        let message = Message { id: self.id, to, name: String::new(), at: row.written_at, letter, bulk };
        let refused = match app.mailer().send(&message).await {
            Ok(()) => None,
            Err(SendError::Refused(answer)) => Some(answer),
            // A second copy carries the same Message-ID; a lost sign-in link would be worse than two.
            Err(SendError::Later(_)) => return Err(self.again("not taken now")),
            Err(SendError::Unclear(_)) => return Err(self.again("the answer was lost")),
            Err(error @ SendError::Away(_)) => return Err(error.into()),
        };
        let mut db = app.pool().acquire().await?;
        // The words are kept for as long as they are needed to send, not longer: they are personal.
        sqlx::query!(
            "update outbox set sent_at = case when $2::text is null then $3::timestamptz end, refused = $2, text_body = '', html_body = '', reply_to = null where id = $1",
            self.id,
            refused,
            app.clock().now()
        )
        .execute(&mut *db)
        .await?;
        match refused {
            None => Ok(()),
            Some(_) => Err(Failure::GiveUp(format!("the mail server refused mail {}", self.id))),
        }
    }
}

/// The same for a mail that nobody waits for: thousands of them keep no sign-in link waiting.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SendMailInTurn(SendMail);

impl Job for SendMailInTurn {
    const NAME: &'static str = "mail_send_in_turn";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        self.0.run(app).await
    }
}

impl SendMail {
    /// Logs get the id alone: what a server answers quotes the address.
    fn again(&self, what: &str) -> Failure {
        Failure::Retry(anyhow::anyhow!("mail {}: {what}", self.id))
    }
}

/// A mail is tried again for so many days; after that somebody has to look.
const TRY_DAYS: i64 = 7;
/// Who a mail went to and its subject are known for so many days.
const REMEMBER_DAYS: i64 = 90;

/// Pushes every mail that waits, since a job ends with its tries and a mail server may be away for longer. Forgets who
/// old mails went to; their occasions stay, so that nothing is sent again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SweepOutbox {}

impl Job for SweepOutbox {
    const NAME: &'static str = "mail_sweep";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let now = app.clock().now();
        let mut db = app.pool().acquire().await?;
        let waiting = list_waiting(&mut db, now - Duration::days(TRY_DAYS), now - Duration::hours(1)).await?;
        push_send(&mut db, Hurry::InTurn, waiting).await?;
        sqlx::query!(
            "update outbox set recipient = '', subject = '', refused = case when refused is not null then '' end
             where recipient <> '' and written_at < $1 and (sent_at is not null or refused is not null)",
            now - Duration::days(REMEMBER_DAYS)
        )
        .execute(&mut *db)
        .await?;
        Ok(())
    }
}

/// Without those in whose middle the program ended.
async fn list_waiting(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from outbox o where sent_at is null and refused is null and written_at between $1 and $2
           and not exists (
               select from crashed_jobs c
               where c.name in ('mail_send', 'mail_send_in_turn') and c.payload = jsonb_build_object('id', o.id))
         order by written_at limit 1000",
        from,
        until
    )
    .fetch_all(db)
    .await
}
