//! Items of content and their versions, and what changed between two of them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use uuid::Uuid;

use super::{
    kind::{FIXED_PAGES, Kind},
    words::Words,
};
use crate::{
    accounts::{Permission, Role},
    kit::{codes::codes, email_address::EmailAddress},
};

pub const CHANGE_SETTINGS: Permission =
    Permission { code: "change_settings", held_by: &[Role::Administrator] };

/// One item as visitors see it.
#[derive(Clone, Debug)]
pub struct Item<W> {
    pub id: Uuid,
    pub parent_id: Option<Uuid>,
    /// Empty for kinds without an address of their own.
    pub slug: String,
    pub position: i32,
    pub version: i32,
    pub published_at: Option<DateTime<Utc>>,
    pub changed_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub words: W,
}

impl<W> Item<W> {
    pub fn is_published(&self) -> bool {
        self.published_at.is_some() && self.deleted_at.is_none()
    }
}

impl Item<Words> {
    pub fn draft(&self) -> Draft {
        Draft { slug: self.slug.clone(), parent: self.parent_id, words: self.words.clone() }
    }

    pub fn is_fixed(&self) -> bool {
        matches!(self.words, Words::Page(_)) && FIXED_PAGES.contains(&self.slug.as_str())
    }

    /// Where visitors see it.
    pub fn path(&self, kind: &Kind) -> String {
        kind.address(&self.slug)
    }
}

/// What an officer saves, and what a version keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Draft {
    pub slug: String,
    pub parent: Option<Uuid>,
    pub words: Words,
}

impl Draft {
    pub fn read(kind: Kind, mut snapshot: Value) -> Result<Self, serde_json::Error> {
        let slug = serde_json::from_value(snapshot["slug"].take())?;
        let parent = serde_json::from_value(snapshot["parent"].take())?;
        let words = Words::read(kind, snapshot["words"].take())?;
        Ok(Self { slug, parent, words })
    }

    /// Names of the fields in which another draft differs.
    pub fn changed_fields(&self, other: &Self) -> Vec<&'static str> {
        let mut names: Vec<_> = self
            .words
            .fields()
            .into_iter()
            .zip(other.words.fields())
            .filter(|(old, new)| old.text != new.text)
            .map(|(old, _)| old.name)
            .collect();
        if self.slug != other.slug {
            names.push("slug");
        }
        if self.parent != other.parent {
            names.push("parent");
        }
        names
    }
}

/// A version in the list of them.
#[derive(Clone, Debug)]
pub struct Revision {
    pub version: i32,
    /// Who saved it, by name; empty when the site itself did.
    pub author: String,
    pub at: DateTime<Utc>,
}

/// A stretch of text in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Same,
    Gone,
    New,
}

/// One field in which two versions differ.
pub struct Difference {
    pub label: &'static str,
    pub parts: Vec<(Mark, String)>,
}

/// What changed from one version to another, field by field, word by word.
pub fn compare(old: &Draft, new: &Draft) -> Vec<Difference> {
    let mut pairs: Vec<(&'static str, String, String)> = old
        .words
        .fields()
        .into_iter()
        .zip(new.words.fields())
        .map(|(old, new)| (old.label, old.text, new.text))
        .collect();
    pairs.push(("Address", old.slug.clone(), new.slug.clone()));
    pairs
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(label, old, new)| Difference { label, parts: parts(&old, &new) })
        .collect()
}

fn parts(old: &str, new: &str) -> Vec<(Mark, String)> {
    let mut parts: Vec<(Mark, String)> = Vec::new();
    for change in TextDiff::from_words(old, new).iter_all_changes() {
        let mark = match change.tag() {
            ChangeTag::Equal => Mark::Same,
            ChangeTag::Delete => Mark::Gone,
            ChangeTag::Insert => Mark::New,
        };
        match parts.last_mut() {
            Some((last, text)) if *last == mark => text.push_str(change.value()),
            _ => parts.push((mark, change.value().to_owned())),
        }
    }
    parts
}

/// What somebody writes to us about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Membership,
    Volunteering,
    Press,
    Privacy,
    Website,
    Other,
}
codes!(Topic {
    Membership = "membership",
    Volunteering = "volunteering",
    Press = "press",
    Privacy = "privacy",
    Website = "website",
    Other = "other",
});

impl Topic {
    pub fn words(self) -> &'static str {
        match self {
            Self::Membership => "Joining, or my membership",
            Self::Volunteering => "Helping or campaigning",
            Self::Press => "Press and media",
            Self::Privacy => "My data and privacy",
            Self::Website => "This website",
            Self::Other => "Something else",
        }
    }
}

/// A message from the contact form.
#[derive(Clone)]
pub struct Message {
    pub name: String,
    pub email: EmailAddress,
    pub topic: Topic,
    pub text: String,
}

/// Nothing of it belongs in a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// Where an item goes among its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::words::Group;

    #[test]
    fn compares_word_by_word() {
        let draft = |title: &str| Draft {
            slug: String::new(),
            parent: None,
            words: Words::Group(Group { title: title.into() }),
        };
        let found = compare(&draft("who leads us"), &draft("who leads them"));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].parts,
            [(Mark::Same, "who leads ".into()), (Mark::Gone, "us".into()), (Mark::New, "them".into())]
        );
        assert!(compare(&draft("a"), &draft("a")).is_empty());
        assert_eq!(draft("a").changed_fields(&draft("b")), ["title"]);
    }
}
