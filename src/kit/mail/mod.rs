//! Mail: a [`Letter`] is written into the outbox in the transaction of the change it tells about; the worker sends it.
//!
//! `outbox` holds the table, `transport` hands a message to the outside: an SMTP server, or in development a folder
//! of .eml files shown at /dev/mail. Mail goes out at least once with a Message-ID that never changes, so that a
//! mailbox drops a second copy. Updates to thousands have their own room with stricter bookkeeping, and use
//! [`Mailer`] directly.

pub mod folder;
mod letter;
mod outbox;
mod transport;

pub use letter::{Frame, Letter, Message};
pub use outbox::{SendMail, push};
pub use transport::{Mailer, SendError};
