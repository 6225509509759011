//! The outbox: mails that belong to something that happened.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Bulk, Letter, Message, SendError};
use crate::kit::{
    app::App,
    email_address::EmailAddress,
    queue::{self, Failure, Job},
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

/// Writes letters into the outbox, each with its job.
pub async fn push(
    app: &App,
    db: &mut PgConnection,
    now: DateTime<Utc>,
    mails: &[Outgoing],
) -> Result<(), sqlx::Error> {
    for mail in mails {
        let id = app.random().id(now);
        let written = sqlx::query!(
            "insert into outbox (id, occasion, recipient, subject, text_body, html_body, written_at, reply_to, unsubscribe, list)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (occasion) do nothing",
            id,
            mail.occasion,
            mail.to.as_str(),
            mail.letter.subject,
            mail.letter.text,
            mail.letter.html,
            now,
            mail.letter.reply_to.as_ref().map(EmailAddress::as_str),
            mail.bulk.as_ref().map(|bulk| bulk.unsubscribe.as_str()),
            mail.bulk.as_ref().map(|bulk| bulk.list.as_str())
        )
        .execute(&mut *db)
        .await?;
        if written.rows_affected() == 1 {
            push_send(db, id).await?;
        }
    }
    Ok(())
}

/// Keyed, so that a mail has one job however often it is pushed.
async fn push_send(db: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    queue::push_keyed(db, &SendMail { id }, &format!("mail:{id}")).await
}

/// Hands one mail of the outbox to the mail server.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMail {
    pub id: Uuid,
}

impl Job for SendMail {
    const NAME: &'static str = "mail_send";

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

    async fn run(self, app: App) -> Result<(), Failure> {
        let now = app.clock().now();
        let mut db = app.pool().acquire().await?;
        for id in list_waiting(&mut db, now - Duration::days(TRY_DAYS), now - Duration::hours(1)).await? {
            push_send(&mut db, id).await?;
        }
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

async fn list_waiting(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select id from outbox where sent_at is null and refused is null and written_at between $1 and $2
         order by written_at limit 1000",
        from,
        until
    )
    .fetch_all(db)
    .await
}
