//! What a room states of records that become one.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Pending;
use crate::{audit::Change, kit::error::Result};

/// A column that points to a person, and what becomes of its rows when two records of one person are merged.
#[derive(Clone, Copy, Debug)]
pub struct Points {
    pub table: &'static str,
    pub column: &'static str,
    pub carry: Carry,
}

#[derive(Clone, Copy, Debug)]
pub enum Carry {
    /// They go to the record that stays.
    Moves,
    /// They do, but for those (`g`) of which the record that stays has its own (`k`): these are kept aside.
    MovesUnless(&'static str),
    /// They end.
    Ends,
    /// They cannot be changed: whoever has any is the record that stays.
    Stays,
}

pub const fn moves(table: &'static str, column: &'static str) -> Points {
    Points { table, column, carry: Carry::Moves }
}

pub const fn moves_unless(table: &'static str, column: &'static str, clash: &'static str) -> Points {
    Points { table, column, carry: Carry::MovesUnless(clash) }
}

pub const fn ends(table: &'static str, column: &'static str) -> Points {
    Points { table, column, carry: Carry::Ends }
}

pub const fn stays(table: &'static str, column: &'static str) -> Points {
    Points { table, column, carry: Carry::Stays }
}

/// Two records of one person: the one that goes, the one that stays, and when they became one.
#[derive(Clone, Copy, Debug)]
pub struct Merging {
    pub gone: Uuid,
    pub kept: Uuid,
    pub at: DateTime<Utc>,
}

/// What a room does with what cannot just be carried over.
#[derive(Clone, Copy)]
pub struct Combine {
    /// Before the rows are carried over. The answer is what [`Combine::part`] has to know.
    pub join: for<'a, 'c> fn(&'a mut Change<'c>, Merging) -> Pending<'a, Result<Value>>,
    /// After they have been given back.
    pub part: for<'a, 'c> fn(&'a mut Change<'c>, Merging, Value) -> Pending<'a, Result<()>>,
}
