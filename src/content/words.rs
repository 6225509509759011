//! The words of each kind of content, as they are stored and edited. No database, no pages.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::kind::Kind;
use crate::{kit::markdown::Source, pictures::Shot};

/// One kind's struct, for pages that show only that kind.
pub trait OfKind: DeserializeOwned {
    const KIND: Kind;

    /// The text that visitors read under its title; empty where there is none.
    fn source(&self) -> Source;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub question: String,
    pub answer: String,
    /// Words that people search for, where neither question nor answer says them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found_by: String,
    /// Among the questions on the home page.
    #[serde(default)]
    pub on_home: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub title: String,
    /// One or two sentences: under the title, and what search engines show.
    pub description: String,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Shot>,
}

/// Of somebody who acts for the party, for visitors; no member's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub role: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Shot>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ally {
    pub name: String,
    pub text: String,
    /// Their site, or empty.
    pub link: String,
    /// Since when we work together, as people say it: `2022`, `March 2023`. Or empty.
    pub since: String,
    /// A Memorandum of Understanding is agreed.
    pub memorandum: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Shot>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub title: String,
    pub summary: String,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Shot>,
}

impl OfKind for Group {
    const KIND: Kind = Kind::Group;

    fn source(&self) -> Source {
        Source::under(2, "")
    }
}

impl OfKind for Question {
    const KIND: Kind = Kind::Question;

    fn source(&self) -> Source {
        Source::under(3, &self.answer)
    }
}

impl OfKind for Page {
    const KIND: Kind = Kind::Page;

    fn source(&self) -> Source {
        Source::under(1, &self.body)
    }
}

impl OfKind for Profile {
    const KIND: Kind = Kind::Profile;

    fn source(&self) -> Source {
        Source::under(2, &self.text)
    }
}

impl OfKind for Ally {
    const KIND: Kind = Kind::Ally;

    fn source(&self) -> Source {
        Source::under(2, &self.text)
    }
}

impl OfKind for Article {
    const KIND: Kind = Kind::Article;

    fn source(&self) -> Source {
        Source::under(1, &self.body)
    }
}

impl Page {
    /// The body cut at its `## ` headings: each heading and what stands under it. What stands before the first has an
    /// empty heading.
    pub fn sections(&self) -> Vec<(String, String)> {
        let mut parts: Vec<(String, String)> = Vec::new();
        for line in self.body.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                parts.push((heading.trim().to_owned(), String::new()));
                continue;
            }
            if parts.is_empty() {
                parts.push((String::new(), String::new()));
            }
            if let Some((_, text)) = parts.last_mut() {
                text.push_str(line);
                text.push('\n');
            }
        }
        parts.retain(|(heading, text)| !heading.is_empty() || !text.trim().is_empty());
        parts
    }
}

/// The words of an item whose kind is known at run time only: on the officers' desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Words {
    Group(Group),
    Question(Question),
    Page(Page),
    Profile(Profile),
    Ally(Ally),
    Article(Article),
}

/// One field of the words, as officers see it in forms and in what changed.
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub text: String,
}

impl Words {
    pub fn read(kind: Kind, value: Value) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            Kind::Group => Self::Group(serde_json::from_value(value)?),
            Kind::Question => Self::Question(serde_json::from_value(value)?),
            Kind::Page => Self::Page(serde_json::from_value(value)?),
            Kind::Profile => Self::Profile(serde_json::from_value(value)?),
            Kind::Ally => Self::Ally(serde_json::from_value(value)?),
            Kind::Article => Self::Article(serde_json::from_value(value)?),
        })
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Group(Group { title })
            | Self::Page(Page { title, .. })
            | Self::Article(Article { title, .. }) => title,
            Self::Question(question) => &question.question,
            Self::Profile(Profile { name, .. }) | Self::Ally(Ally { name, .. }) => name,
        }
    }

    pub fn source(&self) -> Source {
        match self {
            Self::Group(group) => group.source(),
            Self::Question(question) => question.source(),
            Self::Page(page) => page.source(),
            Self::Profile(profile) => profile.source(),
            Self::Ally(ally) => ally.source(),
            Self::Article(article) => article.source(),
        }
    }

    /// The picture that stands for it.
    pub fn picture(&self) -> Option<&Shot> {
        match self {
            Self::Group(_) | Self::Question(_) => None,
            Self::Page(Page { picture, .. })
            | Self::Profile(Profile { picture, .. })
            | Self::Ally(Ally { picture, .. })
            | Self::Article(Article { picture, .. }) => picture.as_ref(),
        }
    }

    pub fn fields(&self) -> Vec<Field> {
        let field = |name, label, text: &String| Field { name, label, text: text.clone() };
        let flag =
            |name, label, set: bool| Field { name, label, text: if set { "yes" } else { "" }.to_owned() };
        let address = self.picture().map(|shot| shot.picture.to_string()).unwrap_or_default();
        let picture = Field { name: "picture", label: "Picture", text: address };
        match self {
            Self::Group(group) => vec![field("title", "Title", &group.title)],
            Self::Question(question) => vec![
                field("question", "Question", &question.question),
                field("answer", "Answer", &question.answer),
                field("found_by", "Also found by", &question.found_by),
                flag("on_home", "On the home page", question.on_home),
            ],
            Self::Page(page) => vec![
                field("title", "Title", &page.title),
                field("description", "Description", &page.description),
                field("body", "Text", &page.body),
                picture,
            ],
            Self::Profile(profile) => vec![
                field("name", "Name", &profile.name),
                field("role", "Role", &profile.role),
                field("text", "Text", &profile.text),
                picture,
            ],
            Self::Ally(ally) => vec![
                field("name", "Name", &ally.name),
                field("text", "Text", &ally.text),
                field("link", "Their site", &ally.link),
                field("since", "Since", &ally.since),
                flag("memorandum", "Memorandum of Understanding", ally.memorandum),
                picture,
            ],
            Self::Article(article) => vec![
                field("title", "Title", &article.title),
                field("summary", "Summary", &article.summary),
                field("body", "Text", &article.body),
                picture,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_at_its_headings() {
        let page = Page {
            title: String::new(),
            description: String::new(),
            body: "Before\n\n## One\n\n- a\n\n### Deeper\n\n## Two\n".into(),
            picture: None,
        };
        let sections = page.sections();
        assert_eq!(
            sections.iter().map(|(heading, _)| heading.as_str()).collect::<Vec<_>>(),
            ["", "One", "Two"]
        );
        assert_eq!(sections[1].1.trim(), "- a\n\n### Deeper");
    }

    #[test]
    fn every_kind_reads_back_what_it_wrote() {
        let article = Article { title: "A".into(), summary: "B".into(), body: "C".into(), picture: None };
        let words = Words::Article(article);
        let value = serde_json::to_value(&words).unwrap();
        assert_eq!(Words::read(Kind::Article, value.clone()).unwrap(), words);
        assert!(Words::read(Kind::Profile, value).is_err());
    }
}
