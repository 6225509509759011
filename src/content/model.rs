//! Items of content, their kinds and versions, and what changed between two of them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use uuid::Uuid;

use super::words::Words;
use crate::{
    accounts::{Permission, Role},
    kit::codes::codes,
};

pub const EDIT_CONTENT: Permission =
    Permission { code: "edit_content", held_by: &[Role::Editor, Role::Communications] };

pub const CHANGE_SETTINGS: Permission =
    Permission { code: "change_settings", held_by: &[Role::Administrator] };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Group,
    Question,
    Page,
    Profile,
    Ally,
    Article,
}
codes!(Kind {
    Group = "group",
    Question = "question",
    Page = "page",
    Profile = "profile",
    Ally = "ally",
    Article = "article",
});

impl Kind {
    /// "a question", "an article".
    pub fn noun(self) -> &'static str {
        match self {
            Self::Group => "a group",
            Self::Question => "a question",
            Self::Page => "a page",
            Self::Profile => "a profile",
            Self::Ally => "an ally",
            Self::Article => "an article",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Self::Group => "Groups of questions",
            Self::Question => "Questions",
            Self::Page => "Pages",
            Self::Profile => "Profiles",
            Self::Ally => "Allies",
            Self::Article => "News",
        }
    }

    /// Where officers edit this kind.
    pub fn desk(self) -> &'static str {
        match self {
            Self::Group => "/admin/faq/groups",
            Self::Question => "/admin/faq",
            Self::Page => "/admin/pages",
            Self::Profile => "/admin/profiles",
            Self::Ally => "/admin/allies",
            Self::Article => "/admin/news",
        }
    }

    /// The list on the desk; groups stand with their questions.
    pub fn list(self) -> &'static str {
        if self == Self::Group { "/admin/faq" } else { self.desk() }
    }

    /// Where visitors see this kind.
    pub fn shelf(self) -> &'static str {
        match self {
            Self::Group | Self::Question => "/faq",
            Self::Page => "/",
            Self::Profile => "/people",
            Self::Ally => "/allies",
            Self::Article => "/news",
        }
    }

    /// The public address of one item.
    pub fn address(self, slug: &str) -> String {
        match self {
            Self::Page if slug == "home" => "/".to_owned(),
            Self::Page if FIXED_PAGES.contains(&slug) => format!("/{slug}"),
            Self::Page => format!("/pages/{slug}"),
            kind if kind.has_slug() => format!("{}/{slug}", kind.shelf()),
            kind => kind.shelf().to_owned(),
        }
    }

    pub fn has_slug(self) -> bool {
        matches!(self, Self::Question | Self::Page | Self::Article)
    }

    /// Whether officers put these in an order; news goes by date.
    pub fn is_ordered(self) -> bool {
        self != Self::Article
    }

    /// From the path of an officers' page.
    pub fn at(path: &str) -> Option<Self> {
        // Groups first: their desk lies inside that of the questions.
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| {
            path.strip_prefix(kind.desk()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Pages that the site links to by name: their addresses stay, and they cannot be taken away.
pub(super) const FIXED_PAGES: [&str; 5] = ["home", "about", "funding", "privacy", "accessibility"];

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::words::Group;

    #[test]
    fn kinds_are_known_by_their_paths() {
        for (path, kind) in [
            ("/admin/faq", Some(Kind::Question)),
            ("/admin/faq/new", Some(Kind::Question)),
            ("/admin/faq/groups/new", Some(Kind::Group)),
            ("/admin/faqs", None),
            ("/admin/news/0/versions", Some(Kind::Article)),
        ] {
            assert_eq!(Kind::at(path), kind, "{path}");
        }
    }

    #[test]
    fn addresses_of_pages() {
        assert_eq!(Kind::Page.address("home"), "/");
        assert_eq!(Kind::Page.address("privacy"), "/privacy");
        assert_eq!(Kind::Page.address("rules"), "/pages/rules");
        assert_eq!(Kind::Article.address("hello"), "/news/hello");
        assert_eq!(Kind::Profile.address(""), "/people");
    }

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
