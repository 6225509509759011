//! What a page says to search engines, as JSON-LD (schema.org).

use serde_json::{Value, json};

use super::{
    model::Item,
    shown::Shown,
    words::{Article, Question},
};
use crate::kit::{dates, visit::Visit};

/// For the inside of `<script type="application/ld+json">`: no `<` is left, so nothing can end the element.
fn safe(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// On the question's own page: the list of all of them would say everything twice.
pub(super) fn question(item: &Shown<Item<Question>>) -> String {
    let question = json!({
        "@type": "Question",
        "name": item.words.question,
        "acceptedAnswer": {"@type": "Answer", "text": item.html},
    });
    safe(&json!({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [question]}))
}

pub(super) fn article(visit: &Visit, item: &Item<Article>) -> String {
    let publisher = json!({"@type": "Organization", "name": visit.site.name, "url": visit.public_url});
    let picture = item.words.picture.as_ref().map(|shot| format!("{}{}", visit.public_url, shot.picture));
    safe(&json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "image": picture,
        "headline": item.words.title,
        "description": item.words.summary,
        "datePublished": item.published_at.map(dates::machine),
        "dateModified": dates::machine(item.changed_at.max(item.published_at.unwrap_or(item.changed_at))),
        "mainEntityOfPage": format!("{}{}", visit.public_url, visit.path),
        "author": publisher,
        "publisher": publisher,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_end_the_script() {
        let text = safe(&json!({"name": "</script><script>alert(1)</script><!--"}));
        assert!(!text.contains('<') && !text.contains('>'));
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["name"], "</script><script>alert(1)</script><!--");
    }
}
