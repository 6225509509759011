//! Markdown as the text part of a mail: read by people who see no HTML, so it keeps paragraphs, lists and where
//! links lead, and drops the marks.

use std::fmt::Write;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::kit::markdown;

/// Plain text with a blank line between blocks. Addresses of this site (`/faq`) become whole ones.
pub fn to_text(source: &str, public_url: &str) -> String {
    let mut text = Text { public_url, ..Text::default() };
    let events = markdown::events(source);
    for (at, event) in events.iter().enumerate() {
        if *event == Event::Start(Tag::Paragraph) {
            text.alone = is_alone(&events[at + 1..]);
        }
        text.take(event.clone());
    }
    let mut lines: Vec<&str> = text.written.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines.join("\n").trim().to_owned()
}

/// Whether a paragraph is one link or one code.
fn is_alone(inside: &[Event<'_>]) -> bool {
    match inside {
        [Event::Code(_), Event::End(TagEnd::Paragraph), ..] => true,
        [Event::Start(Tag::Link { .. }), rest @ ..] => {
            let end = rest.iter().position(|event| *event == Event::End(TagEnd::Link));
            end.is_some_and(|end| rest.get(end + 1) == Some(&Event::End(TagEnd::Paragraph)))
        }
        _ => false,
    }
}

#[derive(Default)]
struct Text<'a> {
    public_url: &'a str,
    written: String,
    /// The next number of each list that is open; `None` has dots.
    lists: Vec<Option<u64>>,
    quotes: usize,
    /// Where an open link leads, and where its words begin.
    links: Vec<(String, usize)>,
    /// Whether the paragraph is one link, whose address gets a line of its own, or one code, which is set in.
    alone: bool,
}

impl Text<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Code(words) if self.alone => {
                self.written.push_str("    ");
                self.written.push_str(&words);
            }
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => {
                for (number, line) in words.split('\n').enumerate() {
                    if number > 0 {
                        self.line();
                    }
                    self.written.push_str(line);
                }
            }
            Event::SoftBreak => self.written.push(' '),
            Event::HardBreak => self.line(),
            Event::Rule => {
                self.block();
                self.written.push_str("* * *");
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph if self.written.ends_with("- ") || self.written.ends_with(". ") => {
                self.alone = false;
            }
            Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Table(_) => self.block(),
            Tag::BlockQuote(_) => {
                self.block();
                self.quotes += 1;
                self.written.push_str("> ");
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                if !self.written.ends_with('\n') && !self.written.is_empty() {
                    self.line();
                }
                self.written.push_str(&"  ".repeat(self.lists.len().saturating_sub(1)));
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let _ = write!(self.written, "{number}. ");
                        *number += 1;
                    }
                    _ => self.written.push_str("- "),
                }
            }
            Tag::TableRow => self.line(),
            Tag::Link { dest_url, .. } => {
                let whole = match dest_url.strip_prefix('/') {
                    Some(path) => format!("{}/{path}", self.public_url),
                    None => dest_url.into_string(),
                };
                self.links.push((whole, self.written.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::TableCell => self.written.push_str("   "),
            TagEnd::Link => {
                if let Some((address, from)) = self.links.pop()
                    && let words = self.written.get(from..).unwrap_or_default()
                    && !["", "mailto:", "https://"].iter().any(|begin| address == format!("{begin}{words}"))
                {
                    let words_only = address.strip_prefix("mailto:").unwrap_or(&address);
                    if self.alone {
                        self.written.push_str(if self.written.ends_with(char::is_alphanumeric) {
                            ":"
                        } else {
                            ""
                        });
                        self.line();
                        self.written.push_str(words_only);
                    } else {
                        let _ = write!(self.written, " ({words_only})");
                    }
                }
            }
            _ => {}
        }
    }

    fn line(&mut self) {
        self.written.push('\n');
        self.written.push_str(&"> ".repeat(self.quotes));
    }

    fn block(&mut self) {
        let quoted = self.quotes > 0 && self.written.ends_with("> ");
        if !self.written.is_empty() && !quoted {
            self.line();
            self.line();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::to_text;

    #[test]
    fn reads_like_a_letter() {
        let markdown = "# Meet us\n\nWe *meet* on **Saturday** in [Bury](/events/bury).\n\n- one\n- two: <https://a.example>\n\n1. first\n2. second\n\n> Quoted\n\nWrite to [us](mailto:a@b.cc).";
        let text = "Meet us\n\nWe meet on Saturday in Bury (https://p.test/events/bury).\n\n- one\n- two: https://a.example\n\n1. first\n2. second\n\n> Quoted\n\nWrite to us (a@b.cc).";
        assert_eq!(to_text(markdown, "https://p.test"), text);
        assert_eq!(to_text("", "https://p.test"), "");
        let markdown = "Hi\n\n[Join](/join)\n\n> [Ask!](mailto:a@b.cc)\n\n`123456`\n\n<https://a.example>\n\n- [One](/1)\n\n- [Two](/2)";
        let text = "Hi\n\nJoin:\nhttps://p.test/join\n\n> Ask!\n> a@b.cc\n\n    123456\n\nhttps://a.example\n\n- One (https://p.test/1)\n- Two (https://p.test/2)";
        assert_eq!(to_text(markdown, "https://p.test"), text);
    }

    proptest! {
        #[test]
        fn anything_typed_becomes_text(typed in "[-*_#>|`\\[\\]()\\n a-z0-9.]{0,200}") {
            let text = to_text(&typed, "https://p.test");
            prop_assert_eq!(text.trim(), &text);
        }
    }
}
