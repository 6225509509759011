//! One way through a text, for pages, mails and the forms in which it is written.

use std::{fmt, ops::Range};

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::links::{self, Address};
use crate::kit::typed;

/// Quotes, lists and emphasis inside each other. A browser, the cleaner and the mail's styles go down by one call each.
const MOST_DEEP: usize = 16;
/// Paragraphs, items, cells, links together. A table grows by rows times columns, whatever its source's length.
const MOST_PARTS: usize = 5_000;

/// Where this site has pictures.
const PICTURES: [&str; 2] = ["/pictures/", "/static/"];

/// What a text cannot be saved with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    TooDeep,
    TooMany,
    /// The address that was typed.
    LeadsNowhere(String),
    /// The address of a picture on another site.
    Elsewhere(String),
    /// The address of a picture that is none of ours: `![tea](/faq)`.
    NoPicture(String),
    /// A picture without words for who does not see it.
    Unsaid,
    /// What was meant for a link and is none: `[x](a b)`, `[x][1]`.
    Brackets(String),
    /// A link without words to press, or a text that shows nothing at all.
    Unseen,
    /// A link in HTML, which stands there as it was typed.
    Html,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}: ", self.line)?;
        match &self.what {
            What::TooDeep => {
                write!(f, "too many lists or quotes inside each other. Use at most {MOST_DEEP} levels")
            }
            What::TooMany => {
                write!(f, "the text has too many parts from here on. Split it, or make it shorter")
            }
            What::LeadsNowhere(typed) => write!(
                f,
                "the link to “{}” leads nowhere. Begin it with https://, with / for a page of this site, or write an email address",
                super::shorten(typed, 60)
            ),
            What::Elsewhere(typed) => write!(
                f,
                "the picture “{}” is on another site, and browsers will not show it here",
                super::shorten(typed, 60)
            ),
            What::NoPicture(typed) => write!(
                f,
                "“{}” is no picture. Copy its line from the list of pictures",
                super::shorten(typed, 60)
            ),
            What::Brackets(typed) => write!(
                f,
                "“{}” is no link. Write [words](https://example.org), without spaces in the address",
                super::shorten(typed, 60)
            ),
            What::Unseen => f.write_str(
                "nothing can be seen of this. Write the words of a link in square brackets, and its address behind them",
            ),
            What::Html => {
                f.write_str("HTML is shown as it is typed. Write a link as [words](https://example.org)")
            }
            What::Unsaid => {
                f.write_str("say in the square brackets what the picture shows, for people who cannot see it")
            }
        }
    }
}

/// What is wrong with a text.
pub fn faults(source: &str) -> Vec<Fault> {
    Reading::of(source).faults
}

/// Where the links of a text lead, each once, in their order.
pub fn links(source: &str) -> Vec<Address> {
    Reading::of(source).links
}

/// The text's events: never deeper or more than the bounds, with links that lead somewhere.
pub(in crate::kit) fn events(source: &str) -> Vec<Event<'_>> {
    Reading::of(source).events
}

#[derive(Default)]
struct Reading<'a> {
    source: &'a str,
    events: Vec<Event<'a>>,
    faults: Vec<Fault>,
    links: Vec<Address>,
    /// What is open, and whether it was kept, and as what.
    open: Vec<Option<TagEnd>>,
    parts: usize,
    /// Links, pictures and code that are open: in them an address is only words.
    closed_to_links: usize,
    /// Words that stand together in the source, waiting to be looked through for addresses.
    words: Option<(String, Range<usize>)>,
    /// Where such words are wrong.
    wrong: Vec<(usize, What)>,
}

impl<'a> Reading<'a> {
    fn of(source: &'a str) -> Self {
        let mut reading = Self { source, ..Self::default() };
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut faults: Vec<(usize, What)> = Vec::new();
        for (event, at) in Parser::new_ext(source, options).into_offset_iter() {
            if reading.parts > MOST_PARTS {
                faults.push((at.start, What::TooMany));
                break;
            }
            let fault = reading.take(event, &at);
            faults.append(&mut reading.wrong);
            faults.extend(fault.map(|what| (at.start, what)));
        }
        reading.flush();
        faults.append(&mut reading.wrong);
        if reading.shows_nothing() {
            faults.push((0, What::Unseen));
        }
        while let Some(open) = reading.open.pop() {
            reading.events.extend(open.map(Event::End));
        }
        let mut line = 1;
        let mut from = 0;
        for (at, what) in faults {
            let between = source.get(from..at).unwrap_or_default();
            line += between.matches('\n').count();
            from = from.max(at);
            reading.faults.push(Fault { line, what });
        }
        reading.faults.dedup_by(|b, a| a.what == What::TooDeep && b.what == What::TooDeep);
        reading
    }

    fn take(&mut self, event: Event<'a>, at: &Range<usize>) -> Option<What> {
        if let Event::Text(text) = &event
            && self.closed_to_links == 0
        {
            // What is escaped, as values in mails are, does not stand together and stays words.
            match &mut self.words {
                Some((words, range)) if range.end == at.start => {
                    words.push_str(text);
                    range.end = at.end;
                }
                _ => {
                    self.flush();
                    self.words = Some((text.to_string(), at.clone()));
                }
            }
            return None;
        }
        self.flush();
        match event {
            Event::Start(tag) => return self.start(tag),
            Event::End(end) => return self.end(end),
            Event::Html(text) | Event::InlineHtml(text) => {
                let is_link = ["<a ", "<img "].iter().any(|tag| text.to_lowercase().contains(tag));
                self.events.push(Event::Text(text));
                return is_link.then_some(What::Html);
            }
            other => self.events.push(other),
        }
        None
    }

    fn start(&mut self, tag: Tag<'a>) -> Option<What> {
        self.parts += 1;
        let end = tag.to_end();
        if closes(end) {
            self.closed_to_links += 1;
        }
        let (kept, fault) = if self.open.len() >= MOST_DEEP {
            // Its words stay.
            self.events.push(Event::SoftBreak);
            (None, Some(What::TooDeep))
        } else {
            self.judged(tag)
        };
        self.open.push(kept.as_ref().map(|tag| if let Tag::Link { .. } = tag { TagEnd::Link } else { end }));
        self.events.extend(kept.map(Event::Start));
        fault
    }

    /// The tag as it is kept, and what is wrong with it.
    fn judged(&mut self, tag: Tag<'a>) -> (Option<Tag<'a>>, Option<What>) {
        match tag {
            Tag::Link { dest_url, title, .. } => match Address::read(&dest_url) {
                Some(address) => (Some(self.link(address, title)), None),
                None => (None, Some(What::LeadsNowhere(dest_url.into_string()))),
            },
            Tag::Image { dest_url, title, id, link_type } => match Address::read(&dest_url) {
                Some(address @ Address::Here(_)) => {
                    let is_none = !PICTURES.iter().any(|place| dest_url.starts_with(place));
                    let fault = is_none.then(|| What::NoPicture(dest_url.to_string()));
                    self.leads_to(address);
                    (Some(Tag::Image { dest_url, title, id, link_type }), fault)
                }
                // Better a link to it than nothing.
                Some(address) => {
                    (Some(self.link(address, title)), Some(What::Elsewhere(dest_url.into_string())))
                }
                None => (None, Some(What::LeadsNowhere(dest_url.into_string()))),
            },
            other => (Some(other), None),
        }
    }

    fn link(&mut self, address: Address, title: CowStr<'a>) -> Tag<'a> {
        let dest_url = address.to_string().into();
        self.leads_to(address);
        Tag::Link { link_type: LinkType::Inline, dest_url, title, id: CowStr::Borrowed("") }
    }

    fn leads_to(&mut self, address: Address) {
        if !self.links.contains(&address) {
            self.links.push(address);
        }
    }

    fn end(&mut self, end: TagEnd) -> Option<What> {
        if closes(end) {
            self.closed_to_links -= 1;
        }
        let begun = self.events.last();
        let fault = match end {
            TagEnd::Image if matches!(begun, Some(Event::Start(Tag::Image { .. }))) => Some(What::Unsaid),
            TagEnd::Link if matches!(begun, Some(Event::Start(Tag::Link { .. }))) => Some(What::Unseen),
            _ => None,
        };
        let kept = self.open.pop().flatten();
        self.events.extend(kept.map(Event::End));
        fault
    }

    /// Whether something was typed, and all of it is Markdown that stands for nothing.
    fn shows_nothing(&self) -> bool {
        let is_seen = |event: &Event<'_>| match event {
            Event::Text(text) | Event::Code(text) => typed::is_visible(text),
            Event::Rule | Event::Start(Tag::Image { .. }) => true,
            _ => false,
        };
        typed::is_visible(self.source) && !self.events.iter().any(is_seen)
    }

    /// Words with the addresses in them made links.
    fn flush(&mut self) {
        let Some((words, at)) = self.words.take() else { return };
        let is_escaped = self.source[..at.start].ends_with('\\');
        if let Some(typed) = brackets(&words, is_escaped) {
            self.wrong.push((at.start, What::Brackets(typed.to_owned())));
        }
        let mut from = 0;
        for (range, address) in links::bare(&words) {
            if self.open.len() >= MOST_DEEP || self.parts > MOST_PARTS {
                break;
            }
            self.parts += 1;
            if range.start > from {
                self.events.push(Event::Text(words[from..range.start].to_owned().into()));
            }
            let link = self.link(address, CowStr::Borrowed(""));
            self.events.push(Event::Start(link));
            self.events.push(Event::Text(words[range.clone()].to_owned().into()));
            self.events.push(Event::End(TagEnd::Link));
            from = range.end;
        }
        if from < words.len() {
            self.events.push(Event::Text(words[from..].to_owned().into()));
        }
    }
}

/// What looks like a link and was not read as one. Who escapes the first bracket means no link.
fn brackets(words: &str, is_escaped: bool) -> Option<&str> {
    let middle = ["](", "][", "] (http", "] (www.", "] (/"].iter().find_map(|sign| words.find(sign))?;
    let start = words[..middle].rfind('[')?;
    if is_escaped && start == 0 {
        return None;
    }
    let end = words[middle + 2..].find([')', ']']).map_or(words.len(), |end| middle + 3 + end);
    Some(&words[start..end])
}

fn closes(end: TagEnd) -> bool {
    matches!(end, TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::markdown::{plain, to_html, to_mail};

    fn said(source: &str) -> Vec<String> {
        faults(source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_are_made_right() {
        for (source, html) in [
            ("[shop](www.example.org)", "<a href=\"https://www.example.org\" rel=\"noopener\">shop</a>"),
            ("[write](hello@example.org)", "<a href=\"mailto:hello@example.org\" rel=\"noopener\">write</a>"),
            (
                "https://a.test/x_y_z?a=1&b=2.",
                "<a href=\"https://a.test/x_y_z?a=1&amp;b=2\" rel=\"noopener\">https://a.test/x_y_z?a=1&amp;b=2</a>.",
            ),
            (
                "**www.a.test**",
                "<strong><a href=\"https://www.a.test\" rel=\"noopener\">www.a.test</a></strong>",
            ),
            ("`https://a.test`", "<code>https://a.test</code>"),
            ("[https://a.test](/faq)", "<a href=\"/faq\" rel=\"noopener\">https://a.test</a>"),
            ("<ana@a.test>", "<a href=\"mailto:ana@a.test\" rel=\"noopener\">ana@a.test</a>"),
            ("https\\://a.test", "https://a.test"),
            ("[dead](join) end", "dead end"),
            ("![tea](https://a.test/x.png)", "<a href=\"https://a.test/x.png\" rel=\"noopener\">tea</a>"),
            ("![tea](/pictures/x)", "<img src=\"/pictures/x\" alt=\"tea\">"),
        ] {
            assert_eq!(to_html(source), format!("<p>{html}</p>\n"), "{source}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_named_with_its_line() {
        let source = "Fine: [a](/b)\n\n- [c](join)\n- ![d](https://e.test/f.png)\n\n![](/pictures/g)";
        let said = said(source);
        for (said, words) in said.iter().zip([
            "Line 3: the link to “join” leads",
            "Line 4: the picture “https://e.test/f.png”",
            "Line 6: say in",
        ]) {
            assert!(said.starts_with(words), "{said}");
        }
        assert_eq!(said.len(), 3);
        for source in [
            "[x](example.co.uk/a b)",
            "[x](tel:0161 496)",
            "See [x][1]",
            "- a\n- [x](a b) c",
            "| [a][b] |",
            "[x](https://a.test",
            "text [x] (https://a.test)",
            "[x] (/faq)",
            "[x](y\\)",
        ] {
            let said = super::faults(source).iter().map(ToString::to_string).collect::<Vec<_>>();
            assert!(said.len() == 1 && said[0].contains("is no link"), "{source}: {said:?}");
        }
        for source in ["<a href=\"https://a.test\">x</a>", "See <A HREF='/faq'>x</A>", "<img src=x>"] {
            assert!(super::faults(source).iter().any(|fault| fault.what == What::Html), "{source}");
        }
        for source in ["[a]: https://a.test", "[](https://a.test)", "Go [](/faq)", "[ ](/faq)", "&#8203;"] {
            let said = super::faults(source).iter().map(ToString::to_string).collect::<Vec<_>>();
            assert!(said.iter().any(|said| said.contains("nothing can be seen")), "{source}: {said:?}");
        }
        for source in [
            "\\[x](y)",
            "\\[x] (https://a.test)",
            "---",
            "",
            " ",
            "[a](/faq)\n\n[a]: /faq",
            "![tea](/pictures/x)",
        ] {
            assert!(super::faults(source).is_empty(), "{source}: {:?}", super::faults(source));
        }
        for source in ["[x]", "a [1] b (c)", "see\n\n[x]: y", "£5 [per head] (each)"] {
            assert!(faults(source).is_empty(), "{source}");
        }
        assert_eq!(links("![tea](/pictures/x)"), [Address::Here("/pictures/x".to_owned())]);
        for source in ["![tea](/nothing.png)", "![tea](/faq)", "![tea](/)"] {
            assert!(
                super::faults(source).iter().any(|fault| fault.to_string().contains("is no picture")),
                "{source}"
            );
        }
        assert!(faults("[a](b.test) and c@d.test, https://e.test").is_empty());
        let to: Vec<_> =
            links("[a](b.test) and c@d.test, /f, https://b.test").iter().map(ToString::to_string).collect();
        assert_eq!(to, ["https://b.test", "mailto:c@d.test"]);
    }

    /// Texts that grow without end in one way or another.
    fn endless() -> impl Iterator<Item = String> {
        let pieces = [
            ">",
            "> ",
            "1. ",
            "*a _b ",
            "**a *b ",
            "[",
            "![",
            "[a](",
            "<",
            "<b>",
            "~~a **b ",
            "* ",
            "a\n\n",
            "- a\n",
            "|a",
            "[a](/b) ",
            "https://a.test ",
            "`a` ",
            "> a\n> > b\n",
            "https://a.b,",
            "www.a.bc,",
            "a@b.cc,",
            "&#x",
            "](",
            "[a] (",
            "a ",
        ];
        let stairs =
            |step: &'static str| (0..300).map(|depth| step.repeat(depth) + "- a\n").collect::<String>();
        let table = format!("{}\n{}\n{}", "|a".repeat(5_000), "|-".repeat(5_000), "|b\n".repeat(8_000));
        pieces.into_iter().map(|piece| piece.repeat(60_000 / piece.len())).chain([
            stairs("  "),
            stairs("> "),
            table,
        ])
    }

    #[test]
    fn nothing_is_deeper_or_more_than_it_may_be() {
        for source in endless() {
            let start = source.chars().take(12).collect::<String>();
            let (mut deep, mut parts, mut deepest) = (0usize, 0, 0);
            for event in events(&source) {
                match event {
                    Event::Start(_) => (deep, parts) = (deep + 1, parts + 1),
                    Event::End(_) => deep -= 1,
                    _ => {}
                }
                deepest = deepest.max(deep);
            }
            assert_eq!(deep, 0, "{start}");
            assert!(deepest <= MOST_DEEP && parts <= MOST_PARTS + 1, "{start}: {deepest}, {parts}");
            plain(&source);
        }
        assert!(said(&">".repeat(3_000))[0].starts_with("Line 1: too many lists or quotes"));
        assert!(said(&"a\n\n".repeat(6_000))[0].starts_with("Line 10001: the text has too many parts"));
    }

    #[test]
    fn no_text_takes_long_to_read() {
        for source in endless() {
            let started = std::time::Instant::now();
            faults(&source);
            let took = started.elapsed();
            // A square of the length takes ten times this; the machine may be busy.
            assert!(took.as_secs() < 4, "{}: {took:?}", source.chars().take(12).collect::<String>());
        }
    }

    #[test]
    fn anything_is_mailed_on_a_small_stack() {
        let run = || {
            for source in endless() {
                let page = format!(
                    "<html><head><style>p {{ margin: 0 }} a {{ color: red }}</style></head><body>{}</body></html>",
                    to_mail(&source, "")
                );
                css_inline::CSSInliner::options().build().inline(&page).unwrap();
            }
        };
        std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
    }
}
