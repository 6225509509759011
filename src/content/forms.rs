//! What officers type into the editor, and what visitors write to us.

use std::str::FromStr;

use uuid::Uuid;

use super::{
    kind::Kind,
    model::{Direction, Draft, Item, Message},
    words::{Ally, Article, Group, Page, Profile, Question, Words},
};
use crate::{
    kit::{
        form::{Check, Form},
        markdown,
    },
    pictures::{Shot, Stored},
};

const LONGEST_BODY: usize = 60_000;

/// The editor's form, filled with what stands now.
pub(super) fn filled(item: &Item<Words>) -> Form {
    let mut form = with_draft(&item.draft());
    form = form.with("version", item.version.to_string());
    form
}

fn with_draft(draft: &Draft) -> Form {
    let mut form = Form::default().with("slug", draft.slug.clone());
    if let Some(parent) = draft.parent {
        form = form.with("parent", parent.to_string());
    }
    for field in draft.words.fields() {
        form = form.with(field.name, field.text);
    }
    form
}

/// Which version the writer had before them.
pub(super) fn based_on(form: &Form) -> i32 {
    form.value("version").parse().unwrap_or_default()
}

/// An address: what stands behind the last slash.
struct Slug(String);

impl FromStr for Slug {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == markdown::slug(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err("Use small letters, figures and hyphens only, like our-autumn-conference")
        }
    }
}

/// What the editor's form offers to choose from.
#[derive(Default)]
pub(super) struct Choices {
    pub groups: Vec<(Uuid, String)>,
    pub pictures: Vec<Stored>,
}

/// Reads the editor's form. An empty address is made from the title.
pub(super) fn draft(kind: Kind, form: &Form, choices: &Choices) -> Result<Draft, Form> {
    let mut check = form.check();
    let words = words(kind, &mut check, choices);
    let mut slug = Some(String::new());
    if kind.has_slug() {
        slug = check.parse::<Slug>("slug").map(|slug| slug.0);
        if slug.as_deref() == Some("") {
            slug = words.as_ref().map(|words| markdown::slug(words.title()));
        }
        if words.is_some() && slug.as_deref() == Some("") {
            check.fail("slug", "Write an address in small letters, like our-autumn-conference");
        }
    }
    let mut parent = Some(None);
    if kind == Kind::Question {
        let chosen: Option<Uuid> = check.choice("parent", "Choose the group in which it stands");
        parent = chosen.map(Some);
        if chosen.is_some_and(|chosen| !choices.groups.iter().any(|(id, _)| *id == chosen)) {
            check.fail("parent", "Choose the group in which it stands");
        }
    }
    check.finish(|| Some(Draft { slug: slug?, parent: parent?, words: words? }))
}

/// The picture that was chosen, if any; its words come from the list.
fn picture(check: &mut Check<'_>, choices: &Choices) -> Option<Shot> {
    let address = check.optional_text("picture", 100)?;
    let found = choices.pictures.iter().find(|stored| stored.shot.picture.to_string() == address);
    if found.is_none() && !address.is_empty() {
        check.fail("picture", "Choose a picture from the list");
    }
    found.map(|stored| stored.shot.clone())
}

fn words(kind: Kind, check: &mut Check<'_>, choices: &Choices) -> Option<Words> {
    let picture = picture(check, choices);
    // Every field is read before any `?`, so that all faults show at once.
    Some(match kind {
        Kind::Group => Words::Group(Group { title: check.text("title", "Enter a title", 100)? }),
        Kind::Question => {
            let question = check.text("question", "Enter the question", 200);
            let answer = check.markdown("answer", "Enter the answer", LONGEST_BODY);
            let found_by = check.optional_text("found_by", 300);
            Words::Question(Question {
                question: question?,
                answer: answer?,
                found_by: found_by?,
                on_home: check.ticked("on_home"),
            })
        }
        Kind::Page => {
            let title = check.text("title", "Enter a title", 150);
            let description = check.text("description", "Describe the page in a sentence or two", 300);
            let body = check.markdown("body", "Enter the text", LONGEST_BODY);
            Words::Page(Page { title: title?, description: description?, body: body?, picture })
        }
        Kind::Profile => {
            let name = check.person_name("name", "Enter the name");
            let role = check.text("role", "Enter the role", 100);
            let text = check.optional_markdown("text", 5_000);
            Words::Profile(Profile { name: name?, role: role?, text: text?, picture })
        }
        Kind::Ally => {
            let name = check.text("name", "Enter the name", 150).filter(|name| {
                let is_name = name.chars().filter(|c| c.is_alphabetic()).count() > 1;
                if !is_name {
                    check.fail("name", "Enter the name in letters");
                }
                is_name
            });
            let text = check.optional_markdown("text", 5_000);
            let link = check.optional_text("link", 500);
            if link.as_deref().is_some_and(|link| !link.is_empty() && !is_link(link)) {
                check.fail("link", "Enter a whole address, like https://example.org");
            }
            let since = check.optional_text("since", 40);
            let memorandum = check.ticked("memorandum");
            Words::Ally(Ally { name: name?, text: text?, link: link?, since: since?, memorandum, picture })
        }
        Kind::Article => {
            let title = check.text("title", "Enter a title", 150);
            let summary = check.text("summary", "Sum it up in a sentence or two", 300);
            let body = check.markdown("body", "Enter the text", LONGEST_BODY);
            Words::Article(Article { title: title?, summary: summary?, body: body?, picture })
        }
    })
}

fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let plain = !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\'));
    plain && host.is_some_and(|host| host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
}

pub(super) fn direction(form: &Form) -> Direction {
    if form.value("to") == "up" { Direction::Up } else { Direction::Down }
}

pub(super) fn message(form: &Form) -> Result<Message, Form> {
    let mut check = form.check();
    let name = check.person_name("name", "Enter your name");
    let email = check.email("email");
    let topic = check.choice("topic", "Choose what it is about");
    let text = check.paragraphs("message", "Write your message", 5_000);
    check.finish(|| Some(Message { name: name?, email: email?, topic: topic?, text: text? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        Form::from_values(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn an_address_is_made_from_the_title() {
        let typed = form(&[("title", "We won in Bury!"), ("summary", "s"), ("body", "b"), ("slug", "")]);
        let Ok(draft) = draft(Kind::Article, &typed, &Choices::default()) else { panic!("must pass") };
        assert_eq!(draft.slug, "we-won-in-bury");
    }

    #[test]
    fn every_fault_shows_at_once() {
        let typed = form(&[("name", ""), ("link", "javascript:alert(1)"), ("since", &"9".repeat(50))]);
        let Err(back) = draft(Kind::Ally, &typed, &Choices::default()) else { panic!("must not pass") };
        let fields: Vec<_> = back.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "link", "since"]);
        assert_eq!(back.value("link"), "javascript:alert(1)");
    }

    #[test]
    fn a_question_stands_in_a_group_that_is_there() {
        let group = Uuid::from_u128(1);
        let typed =
            form(&[("question", "Q?"), ("answer", "A"), ("slug", ""), ("parent", &group.to_string())]);
        let choices = Choices { groups: vec![(group, "Group".into())], ..Choices::default() };
        assert!(draft(Kind::Question, &typed, &Choices::default()).is_err());
        assert!(draft(Kind::Question, &typed, &choices).is_ok());
    }
}
