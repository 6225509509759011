//! Markdown that officers write, as HTML that is safe to show and to mail.

use ammonia::Builder;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

/// Renders Markdown with tables and strike-through. Raw HTML is left out, headings start at level 2 (the page has
/// its own level 1), links to other sites carry `rel`, images must be ours or https.
pub fn to_html(source: &str) -> String {
    let events =
        Parser::new_ext(source, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).map(|event| {
            match event {
                Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
                Event::Start(Tag::Heading { level, id, classes, attrs }) => {
                    Event::Start(Tag::Heading { level: lower(level), id, classes, attrs })
                }
                Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
                other => other,
            }
        });
    let mut html = String::with_capacity(source.len() * 3 / 2);
    push_html(&mut html, events);
    Builder::default()
        .link_rel(Some("noopener"))
        .rm_tags(["div", "span", "map", "area"])
        .clean(&html)
        .to_string()
}

/// The first paragraph as plain text, cut at a word to about `length` characters: for descriptions and lists.
pub fn summary(source: &str, length: usize) -> String {
    let mut text = String::new();
    for event in Parser::new(source) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Paragraph) if !text.is_empty() => break,
            Event::End(TagEnd::Heading(_)) => text.clear(),
            _ => {}
        }
    }
    shorten(&text, length)
}

/// Cuts at a word's end and adds an ellipsis, if the text is longer than `length` characters.
pub fn shorten(text: &str, length: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(length) else { return text.to_owned() };
    let head = &text[..cut];
    let end = head.rfind(char::is_whitespace).unwrap_or(cut);
    format!("{}…", head[..end].trim_end_matches([',', '.', ';', ':', ' ']))
}

/// `About us & you` becomes `about-us-you`: for addresses of pages.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for letter in title.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            '\'' | '’' => {}
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    let mut slug = slug.trim_end_matches('-').to_owned();
    slug.truncate(80);
    slug.trim_end_matches('-').to_owned()
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// Escapes text that goes into Markdown as words, so that a name cannot become a link.
pub fn escape(text: &str) -> CowStr<'_> {
    if text.contains(|c: char| c.is_ascii_punctuation()) {
        text.chars()
            .flat_map(|c| c.is_ascii_punctuation().then_some('\\').into_iter().chain([c]))
            .collect::<String>()
            .into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn renders_and_cleans() {
        assert_eq!(to_html("# Hi\n\n*you*"), "<h2>Hi</h2>\n<p><em>you</em></p>\n");
        assert!(!to_html("<script>alert(1)</script>").contains("<script"));
        assert!(!to_html("[x](javascript:alert(1))").contains("javascript:"));
        assert_eq!(summary("# Title\n\nFirst *words* here.\n\nMore", 200), "First words here.");
        assert_eq!(shorten("one two three", 8), "one two…");
        assert_eq!(slug("Won’t a new left party split the vote?"), "wont-a-new-left-party-split-the-vote");
        assert_eq!(to_html(&escape("*not* [bold](x)")), "<p>*not* [bold](x)</p>\n");
    }

    proptest! {
        #[test]
        fn never_lets_a_script_through(text in ".{0,200}", inside in "<(script|img|svg|iframe) [a-z]{0,9}=.{0,40}>") {
            let html = to_html(&format!("{text}{inside}{text}")).to_lowercase();
            prop_assert!(!html.contains("<script") && !html.contains("<iframe") && !html.contains("<svg"));
        }
    }
}
