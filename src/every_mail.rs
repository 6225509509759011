//! Every mail that the site writes, rendered with awkward data and judged. The rooms bring their samples; a template
//! without one fails here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use mail_parser::MessageParser;
use scraper::{Html, Selector};
use uuid::Uuid;

use crate::kit::{
    app::App,
    clock::Clock,
    config, db,
    mail::{Letter, Message, compose::tests::written},
    random::Random,
    settings::Settings,
};

const NAME: &str = "*Ana* [x](http://evil.test) <b>O’Neill</b> & _Co_ #1 `y`, said to be “the 1st”";
const PARTY: &str = "Green_& <Free> *Party*";
const IMPRINT: &str = "Promoted by A. *Smith* & B. <Jones> on behalf of the Party, both at 1_2 High Street.";
const PUBLIC_URL: &str = "http://127.0.0.1:8000";

fn app() -> App {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pool = db::pool("postgres://localhost/none", 1).unwrap();
    let config = config::tests::development().check().unwrap();
    assert_eq!(config.public_url, PUBLIC_URL);
    let clock = Clock::set_to("2026-11-21T12:00:00Z".parse().unwrap());
    let app = App::without_settings(config, pool, clock, Random::seeded(1)).unwrap();
    app.set_settings(Settings::fixed(&[
        ("site_name", PARTY),
        ("imprint", IMPRINT),
        ("contact_email", "hello_us@party.example"),
    ]));
    app
}

fn samples(app: &App) -> Vec<(&'static str, Letter)> {
    [
        crate::accounts::mail::samples(app, NAME),
        crate::admin::log::mail::samples(app, NAME),
        crate::content::mail::samples(app, NAME),
        crate::supporters::mail::samples(app, NAME),
        crate::newsletters::letter::samples(app, NAME),
        crate::membership::mail::samples(app, NAME),
        crate::payments::alerts::mail::samples(app, NAME),
        crate::membership::gifts::mail::samples(app, NAME),
        crate::parties::mail::samples(app, NAME),
        crate::payments::refunds::mail::samples(app, NAME),
        crate::payments::notices::mail::samples(app, NAME),
        crate::donations::mail::samples(app, NAME),
        crate::ballots::mail::samples(app, NAME),
        crate::elections::mail::samples(app, NAME),
    ]
    .into_iter()
    .flatten()
    .map(|(template, letter)| (template, letter.unwrap()))
    .collect()
}

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

/// The templates of mails, like `accounts/mail_sign_in.md`.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().unwrap().to_str().unwrap().starts_with("mail_") {
            found.insert(path.strip_prefix(templates()).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

/// With every run of white space as one space, as a browser shows it.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Addresses in a text, of pages and of people.
fn links_in_text(text: &str) -> BTreeSet<String> {
    text.split_whitespace()
        .map(|word| word.trim_matches(['(', ')', '<', '>', '.', ',', ':']))
        .filter(|word| word.starts_with("http") || (word.contains('@') && !word.contains('[')))
        .map(str::to_owned)
        .collect()
}

fn faults(template: &str, letter: &Letter) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, fault: &str| {
        if !holds {
            faults.push(format!("{template}: {fault}"));
        }
    };
    let html = Html::parse_document(&letter.html);
    let select = |selector: &str| html.select(&Selector::parse(selector).unwrap()).collect::<Vec<_>>();
    let seen = flat(&select("body").iter().flat_map(scraper::ElementRef::text).collect::<String>());
    let text = flat(&letter.text);
    let source = fs::read_to_string(templates().join(format!("{template}.md"))).unwrap();

    let subject = &letter.subject;
    expect(!subject.is_empty() && subject.chars().count() < 60, "the subject is empty or too long");
    expect(flat(subject) == *subject, "the subject is not on one line");
    expect(select("h1").len() == 1, "not one heading");
    expect(select("h1")[0].text().collect::<String>() == *subject, "the heading is not the subject");

    for (part, words) in [("text", &text), ("HTML", &seen)] {
        let mut expect = |holds: bool, fault: &str| expect(holds, &format!("the {part} part {fault}"));
        expect(words.contains(IMPRINT), "has no imprint");
        expect(!source.contains("name }}") || words.contains(NAME), "does not show a name as it was typed");
        expect(!source.contains("party }}") || words.contains(PARTY), "does not show the party's name");
        // What was typed may hold anything.
        let own = [NAME, PARTY, IMPRINT].iter().fold(words.clone(), |rest, typed| rest.replace(typed, "…"));
        let quoted = ["content/mail_contact", "membership/mail_gift"].contains(&template);
        for mark in ["{{", "}}", "{%", "None", "Some(", "\\", "**", "`", "()", "[", "](", " .", " ,", "&amp;"]
        {
            expect(
                !own.contains(mark) || (quoted && "[](".contains(mark)),
                &format!("holds {mark:?}: {own}"),
            );
        }
        let lower = own.to_lowercase();
        let told = lower
            .split(|c: char| !c.is_alphabetic())
            .find(|word| ["she", "her", "hers", "he", "him", "his", "whom"].contains(word));
        expect(told.is_none(), &format!("says {told:?}"));
    }
    for line in letter.text.lines() {
        let line = line.strip_prefix("    ").filter(|code| !code.contains(' ')).unwrap_or(line);
        expect(!line.contains("  ") && !line.starts_with(' '), &format!("spaces in {line:?}"));
        expect(line == "-- " || !line.ends_with(' '), &format!("a space ends {line:?}"));
    }

    if template != "content/mail_contact" {
        let greeting = if source.contains("Hello {{ name }},") || source.contains("Hello {{ gift.name }},") {
            format!("Hello {NAME},")
        } else {
            "Hello,".to_owned()
        };
        let mut paragraphs = letter.text.split("\n\n");
        expect(paragraphs.next() == Some(greeting.as_str()), "the text does not begin with a greeting");
        let first = paragraphs.next().unwrap_or_default();
        expect(first.starts_with(char::is_uppercase), &format!("a small letter after the greeting: {first}"));
        let first = select(".letter > p").first().map(|first| flat(&first.text().collect::<String>()));
        expect(first == Some(greeting), "the HTML does not begin with a greeting");
    }

    let mut links = BTreeSet::new();
    for link in select("a") {
        let address = link.value().attr("href").unwrap_or_default();
        let known = [PUBLIC_URL, "https://pay.example/", "mailto:", crate::payments::GUARANTEE];
        let known = known.iter().any(|own| address.starts_with(own));
        expect(known, &format!("leads to {address:?}"));
        expect(!link.text().collect::<String>().trim().is_empty(), "holds a link without words");
        links.insert(address.trim_start_matches("mailto:").to_owned());
    }
    let in_text = links_in_text(&letter.text);
    expect(links == in_text, &format!("the parts lead to different places: {links:?}, {in_text:?}"));
    expect(select("script, img, b, iframe").is_empty(), "holds what nobody wrote");

    let message = Message {
        id: Uuid::from_u128(7),
        to: "ana@demo.test".parse().unwrap(),
        name: NAME.to_owned(),
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
        letter: letter.written(),
        bulk: None,
    };
    let written = written(&message);
    expect(written.is_ascii() && written.split("\r\n").all(|line| line.len() < 998), "a line is too long");
    let read = MessageParser::default().parse(written.as_bytes()).unwrap();
    expect(read.subject() == Some(subject), "the subject is not read back");
    let arrived = |part: Option<std::borrow::Cow<'_, str>>| part.unwrap_or_default().replace("\r\n", "\n");
    expect(arrived(read.body_text(0)).trim() == letter.text.trim(), "the text is not read back");
    expect(arrived(read.body_html(0)).trim() == letter.html.trim(), "the HTML is not read back");
    faults
}

#[tokio::test]
async fn every_mail_is_fit_to_send() {
    let samples = samples(&app());
    let faults: Vec<_> = samples.iter().flat_map(|(template, letter)| faults(template, letter)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn every_mail_has_one_source_and_a_sample() {
    let files: BTreeSet<_> =
        files(&templates()).into_iter().filter(|name| !name.starts_with("kit/mail_")).collect();
    let sampled: BTreeSet<_> = samples(&app()).iter().map(|(template, _)| format!("{template}.md")).collect();
    assert_eq!(
        files, sampled,
        "each mail is one file, templates/<room>/mail_<what>.md, with a sample in `samples`"
    );
    for name in files {
        let source = fs::read_to_string(templates().join(&name)).unwrap();
        let unescaped = source.contains("safe");
        assert!(!unescaped || name == "newsletters/mail_update.md", "{name} puts values in unescaped");
    }
}
