//! The words of each kind of content, as they are stored and edited. No database, no pages.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::kind::Kind;
use crate::kit::markdown;

/// One kind's struct, for pages that show only that kind.
pub trait OfKind: DeserializeOwned {
    const KIND: Kind;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub question: String,
    pub answer: String,
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
}

/// Of somebody who acts for the party, for visitors; no member's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub role: String,
    pub text: String,
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub title: String,
    pub summary: String,
    pub body: String,
}

impl OfKind for Group {
    const KIND: Kind = Kind::Group;
}
impl OfKind for Question {
    const KIND: Kind = Kind::Question;
}
impl OfKind for Page {
    const KIND: Kind = Kind::Page;
}
impl OfKind for Profile {
    const KIND: Kind = Kind::Profile;
}
impl OfKind for Ally {
    const KIND: Kind = Kind::Ally;
}
impl OfKind for Article {
    const KIND: Kind = Kind::Article;
}

impl Question {
    pub fn answer_html(&self) -> String {
        markdown::to_html_under(&self.answer, 3)
    }
}

impl Profile {
    pub fn html(&self) -> String {
        markdown::to_html_under(&self.text, 2)
    }
}

impl Ally {
    pub fn html(&self) -> String {
        markdown::to_html_under(&self.text, 2)
    }
}

impl Article {
    pub fn html(&self) -> String {
        markdown::to_html(&self.body)
    }
}

/// A part of a page under a heading of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub heading: String,
    pub html: String,
}

impl Page {
    pub fn html(&self) -> String {
        markdown::to_html(&self.body)
    }

    /// The body cut at its `## ` headings. What stands before the first has an empty heading.
    pub fn sections(&self) -> Vec<Section> {
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
        let section =
            |(heading, text): (String, String)| Section { heading, html: markdown::to_html_under(&text, 2) };
        parts.into_iter().map(section).collect()
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

    /// What visitors will see of it, for the preview.
    pub fn html(&self) -> String {
        match self {
            Self::Group(_) => String::new(),
            Self::Question(question) => question.answer_html(),
            Self::Page(page) => page.html(),
            Self::Profile(profile) => profile.html(),
            Self::Ally(ally) => ally.html(),
            Self::Article(article) => article.html(),
        }
    }

    pub fn fields(&self) -> Vec<Field> {
        let field = |name, label, text: &String| Field { name, label, text: text.clone() };
        let flag =
            |name, label, set: bool| Field { name, label, text: if set { "yes" } else { "" }.to_owned() };
        match self {
            Self::Group(group) => vec![field("title", "Title", &group.title)],
            Self::Question(question) => vec![
                field("question", "Question", &question.question),
                field("answer", "Answer", &question.answer),
                flag("on_home", "On the home page", question.on_home),
            ],
            Self::Page(page) => vec![
                field("title", "Title", &page.title),
                field("description", "Description", &page.description),
                field("body", "Text", &page.body),
            ],
            Self::Profile(profile) => vec![
                field("name", "Name", &profile.name),
                field("role", "Role", &profile.role),
                field("text", "Text", &profile.text),
            ],
            Self::Ally(ally) => vec![
                field("name", "Name", &ally.name),
                field("text", "Text", &ally.text),
                field("link", "Their site", &ally.link),
                field("since", "Since", &ally.since),
                flag("memorandum", "Memorandum of Understanding", ally.memorandum),
            ],
            Self::Article(article) => vec![
                field("title", "Title", &article.title),
                field("summary", "Summary", &article.summary),
                field("body", "Text", &article.body),
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
        };
        let sections = page.sections();
        assert_eq!(sections.iter().map(|s| s.heading.as_str()).collect::<Vec<_>>(), ["", "One", "Two"]);
        assert!(sections[1].html.contains("<li>a</li>") && sections[1].html.contains("<h3>Deeper</h3>"));
    }

    #[test]
    fn every_kind_reads_back_what_it_wrote() {
        let article = Article { title: "A".into(), summary: "B".into(), body: "C".into() };
        let words = Words::Article(article);
        let value = serde_json::to_value(&words).unwrap();
        assert_eq!(Words::read(Kind::Article, value.clone()).unwrap(), words);
        assert!(Words::read(Kind::Profile, value).is_err());
    }
}
