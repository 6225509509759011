//! Mail: a [`Letter`] is written into the outbox in the transaction of the change it tells about; the worker sends it.
//!
//! `outbox` holds the table, `transport` hands a message to the outside: an SMTP server (`smtp`), or in development a
//! folder of .eml files shown at /dev/mail. `compose` writes the headers and signs. Mail of the outbox goes out at
//! least once with a Message-ID that never changes, so that a mailbox drops a second copy. Updates to thousands have
//! their own room with stricter bookkeeping: it opens [`Mailer::connect`] and sends over the [`MailConnection`] itself.
//!
//! What went wrong is told apart in [`SendError`], since each kind asks for something else.

pub(crate) mod compose;
pub mod folder;
mod letter;
mod message;
mod outbox;
mod plain;
mod smtp;
mod transport;

pub use letter::{Frame, policy};
pub use message::{Bulk, Letter, Message, SOFT_BREAK, SendError, Written, quoted};
pub use outbox::{
    COUNTS, Hurry, Outgoing, SendMail, SendMailInTurn, SweepOutbox, is_stopped, push, resume, stop,
};
pub use transport::{MailConnection, Mailer};
