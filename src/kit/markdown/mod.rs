//! Markdown that officers write, as HTML that is safe to show and to mail.
//!
//! [`reading`] goes through a text once for everybody: it makes links right, holds depth and length, and says what is
//! wrong, which a form shows before anything is saved ([`faults`]). Rendering itself may meet anything and stays within
//! the same bounds. Pages take their HTML from [`memory`], which renders away from the threads that answer requests,
//! and each text once.

mod links;
mod memory;
mod reading;

use std::fmt::{self, Write};

use ammonia::Builder;
use askama::filters::{Escaper, Html};
use deunicode::deunicode_char;
use pulldown_cmark::{Event, HeadingLevel, Tag, TagEnd, html::push_html};

pub use links::Address;
pub use memory::{Source, render};
pub(in crate::kit) use reading::events;
pub use reading::{Fault, faults, links};

use super::picture::Picture;

/// Renders Markdown with tables and strike-through, under a heading of level 1. Raw HTML is shown as the text
/// it was typed as; what could run in a browser is cleaned out of the rest, and links carry `rel="noopener"`.
pub fn to_html(source: &str) -> String {
    to_html_under(source, 1)
}

/// The same under a heading of the given level. The highest heading in the text becomes the next level, whichever
/// number of `#` its writer likes, so that none is left out.
pub fn to_html_under(source: &str, level: usize) -> String {
    html(source, level, "")
}

/// The same for who reads it elsewhere: addresses of this site (`/faq`) become whole ones.
pub fn to_html_abroad(source: &str, public_url: &str) -> String {
    html(source, 1, public_url)
}

fn html(source: &str, level: usize, public_url: &str) -> String {
    let mut events = events(source);
    let highest = events.iter().filter_map(|event| match event {
        Event::Start(Tag::Heading { level, .. }) => Some(*level as usize),
        _ => None,
    });
    let highest = highest.min().unwrap_or(1);
    let place = |heading: &mut HeadingLevel| {
        let level = (*heading as usize - highest + level + 1).min(6);
        *heading = HeadingLevel::try_from(level).unwrap_or(HeadingLevel::H6);
    };
    for event in &mut events {
        match event {
            Event::Start(Tag::Heading { level, .. }) | Event::End(TagEnd::Heading(level)) => place(level),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                if dest_url.starts_with('/') =>
            {
                *dest_url = format!("{public_url}{dest_url}").into();
            }
            _ => {}
        }
    }
    let mut html = String::with_capacity(source.len() * 3 / 2);
    push_html(&mut html, in_sizes(events, public_url).into_iter());
    let clean = Builder::default()
        .add_tag_attributes("img", ["srcset", "sizes", "loading"])
        .link_rel(Some("noopener"))
        .rm_tags(["div", "span", "map", "area"])
        .clean(&html)
        .to_string();
    if public_url.is_empty() { scrolling(&clean) } else { clean }
}

/// Tables in a frame that a narrow screen scrolls, by finger and by keyboard, instead of the page.
fn scrolling(html: &str) -> String {
    let mut parts = html.split("<table>");
    let mut framed = parts.next().unwrap_or_default().to_owned();
    for (number, part) in (1..).zip(parts) {
        let _ = write!(
            framed,
            "<section class=\"table-scroll\" tabindex=\"0\" aria-label=\"Table {number}\"><table>"
        );
        framed.push_str(&part.replacen("</table>", "</table></section>", 1));
    }
    framed
}

/// The pictures of this site in the sizes that a phone and a desk need. Elsewhere, where little is known of the reader's
/// program, one of middle size.
fn in_sizes<'a>(events: Vec<Event<'a>>, public_url: &str) -> Vec<Event<'a>> {
    let mut written = Vec::with_capacity(events.len());
    let mut events = events.into_iter();
    while let Some(event) = events.next() {
        let picture = match &event {
            Event::Start(Tag::Image { dest_url, .. }) => {
                dest_url.strip_prefix(public_url).and_then(|path| path.parse::<Picture>().ok())
            }
            _ => None,
        };
        let Some(picture) = picture else {
            written.push(event);
            continue;
        };
        let mut alt = String::new();
        for inside in events.by_ref() {
            match inside {
                Event::End(TagEnd::Image) => break,
                Event::Text(words) | Event::Code(words) => alt.push_str(&words),
                Event::SoftBreak | Event::HardBreak => alt.push(' '),
                _ => {}
            }
        }
        let mut img = String::from("<img");
        if public_url.is_empty() {
            let srcset = picture.srcset();
            if !srcset.is_empty() {
                let _ = write!(img, " srcset=\"{srcset}\" sizes=\"(min-width: 48em) 42rem, 100vw\"");
            }
            img.push_str(" loading=\"lazy\"");
        }
        let shown = picture.at_least(960);
        let (width, height) = (shown.width, shown.height);
        let _ = write!(img, " src=\"{public_url}{shown}\" width=\"{width}\" height=\"{height}\" alt=\"");
        let _ = Html.write_escaped_str(&mut img, &alt);
        img.push_str("\">");
        written.push(Event::InlineHtml(img.into()));
    }
    written
}

/// The same for a mail, where a link or a code that is a paragraph by itself stands out.
pub fn to_mail(source: &str, public_url: &str) -> String {
    let html = to_html_abroad(source, public_url);
    let mut paragraphs = html.split("<p>");
    let mut marked = paragraphs.next().unwrap_or_default().to_owned();
    for paragraph in paragraphs {
        let whole = paragraph.split_once("</p>").map_or(paragraph, |(whole, _)| whole);
        if !marked.ends_with("<li>\n") && is_button(whole) {
            marked.push_str("<p><a class=\"button\"");
            marked.push_str(paragraph.trim_start_matches("<a"));
        } else if is_only(whole, "<code>", "</code>") {
            marked.push_str("<p class=\"code\">");
            marked.push_str(paragraph);
        } else {
            marked.push_str("<p>");
            marked.push_str(paragraph);
        }
    }
    marked
}

fn is_only(html: &str, open: &str, close: &str) -> bool {
    let inside = html.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    inside.is_some_and(|inside| !inside.contains(close))
}

/// A link alone, in words: a bare address stays one.
fn is_button(html: &str) -> bool {
    let address = html.strip_prefix("<a href=\"").and_then(|rest| rest.split('"').next());
    is_only(html, "<a ", "</a>")
        && address.is_some_and(|address| {
            let bare = address.trim_start_matches("mailto:");
            [bare, bare.trim_start_matches("https://")]
                .iter()
                .all(|bare| !html.ends_with(&format!(">{bare}</a>")))
        })
}

/// All its words without the marks, for searching and quoting.
pub fn plain(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    for event in events(source) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::Start(Tag::Item) if text.trim_end().ends_with(char::is_alphanumeric) => {
                text.truncate(text.trim_end().len());
                text.push_str("; ");
            }
            Event::End(TagEnd::Link) => {}
            Event::SoftBreak | Event::HardBreak | Event::End(_) if !text.ends_with(' ') => text.push(' '),
            _ => {}
        }
    }
    text.trim_end().to_owned()
}

/// Cuts at a word's end and adds an ellipsis, if the text is longer than `length` characters.
pub fn shorten(text: &str, length: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(length) else { return text.to_owned() };
    let head = &text[..cut];
    let end = head.rfind(char::is_whitespace).unwrap_or(cut);
    format!("{}…", head[..end].trim_end_matches([',', '.', ';', ':', ' ']))
}

/// `About us & you` becomes `about-us-you`, `Siân … Môn` becomes `sian-mon`: for addresses of pages.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for letter in title.chars().filter(|letter| !matches!(letter, '\'' | '’')) {
        let latin = if letter.is_alphanumeric() { deunicode_char(letter).unwrap_or(" ") } else { " " };
        for letter in latin.chars() {
            match letter.to_ascii_lowercase() {
                letter @ ('a'..='z' | '0'..='9') => slug.push(letter),
                _ if slug.ends_with('-') || slug.is_empty() => {}
                _ => slug.push('-'),
            }
        }
    }
    slug.truncate(80);
    slug.trim_end_matches('-').to_owned()
}

/// How `{{ }}` in a template in Markdown writes a value: as words on one line, whatever was typed, so that a name can be
/// neither Markdown nor HTML. `askama.toml` ties it to the ending `.md`. In code a value is not read back, so only what
/// needs no escape may stand there.
#[derive(Clone, Copy, Debug)]
pub struct Values;

impl Escaper for Values {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let mut before = None;
        for letter in text.chars() {
            let letter = if letter.is_control() { ' ' } else { letter };
            match (before, letter) {
                (Some(' '), ' ') => {}
                // As a bare space it could indent a line, which makes code of it.
                (None, ' ') => dest.write_str("&#32;")?,
                _ if letter.is_ascii_punctuation() => write!(dest, "\\{letter}")?,
                _ => dest.write_char(letter)?,
            }
            before = Some(letter);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn renders_and_cleans() {
        assert_eq!(to_html("# Hi\n\n*you*"), "<h2>Hi</h2>\n<p><em>you</em></p>\n");
        assert_eq!(to_html("### A\n\n#### B"), "<h2>A</h2>\n<h3>B</h3>\n");
        assert_eq!(to_html_under("## A\n\n# B", 3), "<h5>A</h5>\n<h4>B</h4>\n");
        let tables = to_html("|a|\n|-|\n|b|\n\nand\n\n|c|\n|-|\n\n`<table>`");
        assert_eq!(tables.matches("<section class=\"table-scroll\"").count(), 2, "{tables}");
        assert_eq!(tables.matches("</table></section>").count(), 2);
        assert!(tables.contains("Table 2") && tables.contains("<code>&lt;table&gt;</code>"), "{tables}");
        assert!(!to_mail("|a|\n|-|\n|b|", "https://p.test").contains("section"));
        assert!(!to_html("<script>alert(1)</script>").contains("<script"));
        assert!(!to_html("[x](javascript:alert(1))").contains("javascript:"));
        assert_eq!(plain("# Title\n\n- one\n- *two*\n"), "Title; one; two");
        assert_eq!(shorten("one two three", 8), "one two…");
        assert_eq!(slug("Won’t a new left party split the vote?"), "wont-a-new-left-party-split-the-vote");
        for (title, slugged) in [
            ("Siân wins … in Ynys Môn", "sian-wins-in-ynys-mon"),
            ("Łódź & Gdańsk", "lodz-gdansk"),
            ("Großer Erfolg", "grosser-erfolg"),
            ("李小龙", "li-xiao-long"),
            ("£5 – 50%", "5-50"),
            ("🌹 only", "only"),
            ("…", ""),
        ] {
            assert_eq!(slug(title), slugged, "{title}");
        }
    }

    #[test]
    fn what_stands_alone_in_a_mail_stands_out() {
        let mail = |source: &str| to_mail(source, "https://p.test");
        assert_eq!(
            mail("Hi\n\n[Join *now*](/join)\n\n`123456`"),
            "<p>Hi</p>\n<p><a class=\"button\" href=\"https://p.test/join\" rel=\"noopener\">Join <em>now</em></a></p>\n<p class=\"code\"><code>123456</code></p>\n"
        );
        for words in [
            "See [the page](/join).",
            "[One](/a) [Two](/b)",
            "<https://a.test/x>",
            "<a@b.test>",
            "- [One](/a)\n\n- [Two](/b)",
            "`a` `b`",
        ] {
            assert!(!mail(words).contains("class="), "{words}");
        }
    }

    #[test]
    fn a_value_is_words_on_one_line() {
        let escaped = |text: &str| {
            let mut escaped = String::new();
            Values.write_escaped_str(&mut escaped, text).unwrap();
            escaped
        };
        assert_eq!(escaped("Ana  Silva"), "Ana Silva");
        for (typed, html) in [
            ("*not* [bold](x)", "*not* [bold](x)"),
            ("    four", " four"),
            ("a\n\n# b\r\n", "a # b"),
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("<https://evil.test>", "&lt;https://evil.test&gt;"),
            ("https://evil.test", "https://evil.test"),
            ("www.evil.test ana@evil.test", "www.evil.test ana@evil.test"),
            ("1. x", "1. x"),
            ("| a |", "| a |"),
        ] {
            assert_eq!(to_html(&escaped(typed)), format!("<p>{html}</p>\n"), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_value_stays_what_was_typed(typed in "[-*_#>|`\\[\\]()<>&;!=+~\\\\:/\"' \\n\\ta-z0-9.é]{0,60}") {
            let mut escaped = String::new();
            Values.write_escaped_str(&mut escaped, &typed).unwrap();
            let together = |text: &str| text.split_whitespace().collect::<String>();
            let source = format!("{escaped}!");
            prop_assert_eq!(together(&plain(&source)), together(&format!("{typed}!")));
            let html = to_html(&source);
            prop_assert!(html.starts_with("<p>") && html.matches('<').count() == 2, "{}", html);
        }

        #[test]
        fn never_lets_a_script_through(text in ".{0,200}", inside in "<(script|img|svg|iframe) [a-z]{0,9}=.{0,40}>") {
            let html = to_html(&format!("{text}{inside}{text}")).to_lowercase();
            prop_assert!(!html.contains("<script") && !html.contains("<iframe") && !html.contains("<svg"));
        }
    }
}
