//! One change to what the site knows: a transaction, who makes it and when, and what is said of it at its end.

use std::{
    fmt::Display,
    ops::{Deref, DerefMut},
};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use super::{Actor, Entry, sql};
use crate::kit::{
    app::App,
    dates,
    db::Tx,
    email_address::EmailAddress,
    mail::{self, Bulk, Hurry, Letter, Outgoing},
};

/// What an action works in. Begun and committed by the handler, job or command that wants the change; dropped without a
/// commit it leaves nothing: no row, no line in the audit log, no mail.
///
/// It is the connection of its transaction, so that statements and look-ups take it as they take any other.
pub struct Change<'c> {
    pub app: &'c App,
    pub by: Actor,
    /// The moment of the whole change.
    pub now: DateTime<Utc>,
    tx: Tx<'c>,
    lines: Vec<Entry>,
    mails: Vec<Outgoing>,
    hurry: Hurry,
}

impl<'c> Change<'c> {
    /// Begins on a connection that is at hand. Within a transaction it becomes a part of that, and the log's chain stays
    /// locked until the outer one ends: for the demo and tests, not for what runs beside others.
    pub async fn begin(app: &'c App, db: &'c mut PgConnection, by: Actor) -> Result<Self, sqlx::Error> {
        let tx = db.begin().await?;
        Ok(Self::within(app, tx, by))
    }

    /// Begins on a connection of its own, for jobs and for handlers that hold none.
    pub async fn begin_alone(app: &'c App, by: Actor) -> Result<Self, sqlx::Error> {
        let tx = app.pool().begin().await?;
        Ok(Self::within(app, tx, by))
    }

    fn within(app: &'c App, tx: Tx<'c>, by: Actor) -> Self {
        Self { app, by, now: app.clock().now(), tx, lines: Vec::new(), mails: Vec::new(), hurry: Hurry::Now }
    }

    /// For one of many that the clock's work makes: its mails let those pass that somebody waits for.
    #[must_use]
    pub fn in_turn(self) -> Self {
        Self { hurry: Hurry::InTurn, ..self }
    }

    /// The day in London.
    pub fn today(&self) -> NaiveDate {
        dates::london_date(self.now)
    }

    /// Notes a line for the audit log: `room.what_happened`, the record's kind and id, and what changed.
    pub fn audit(&mut self, action: &'static str, (kind, id): (&'static str, impl Display), detail: Value) {
        self.lines.push(Entry { action, subject_kind: kind, subject_id: id.to_string(), detail });
    }

    /// Puts a mail into the outbox. `occasion` names what it is about (`welcome:<id>`): a second mail for the same
    /// occasion is never written.
    pub fn mail(&mut self, occasion: impl Into<String>, to: &EmailAddress, letter: Letter) {
        self.mails.push(Outgoing { occasion: occasion.into(), to: to.clone(), letter, bulk: None });
    }

    /// The same for a copy of something that goes to many: it carries the way to stop it.
    pub fn mail_bulk(&mut self, occasion: impl Into<String>, to: &EmailAddress, letter: Letter, bulk: Bulk) {
        let bulk = Some(bulk);
        self.mails.push(Outgoing { occasion: occasion.into(), to: to.clone(), letter, bulk });
    }

    /// Writes the mails, then the lines, and makes it all true.
    ///
    /// The lines come last because each is chained to the one before: from the first of them to the commit, every
    /// other change waits.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        mail::push(self.app, &mut self.tx, self.now, self.hurry, &self.mails).await?;
        if !self.lines.is_empty() {
            sql::write(self.app, &mut self.tx, self.now, self.by, &self.lines).await?;
        }
        self.tx.commit().await
    }
}

impl Deref for Change<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
