//! Content with its text as HTML, ready for a page.

use std::{ops::Deref, sync::Arc};

use super::{
    model::{Draft, Item},
    words::{OfKind, Page},
};
use crate::kit::{
    error::Result,
    markdown::{self, Source},
};

/// An item, or the draft of one, and its text as HTML.
pub struct Shown<T> {
    what: T,
    pub html: Arc<str>,
}

impl<T> Deref for Shown<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

/// What visitors see of each item.
pub async fn show<W: OfKind>(items: Vec<Item<W>>) -> Result<Vec<Shown<Item<W>>>> {
    show_abroad(items, "").await
}

/// The same for who reads it elsewhere: addresses of this site begin with `public_url`.
pub(super) async fn show_abroad<W: OfKind>(
    items: Vec<Item<W>>,
    public_url: &str,
) -> Result<Vec<Shown<Item<W>>>> {
    let source = |item: &Item<W>| Source { public_url: public_url.to_owned(), ..item.words.source() };
    let html = markdown::render(items.iter().map(source).collect()).await?;
    Ok(items.into_iter().zip(html).map(|(what, html)| Shown { what, html }).collect())
}

pub async fn show_one<W: OfKind>(item: Item<W>) -> Result<Shown<Item<W>>> {
    let html = one(item.words.source()).await?;
    Ok(Shown { what: item, html })
}

/// What visitors would see of a draft.
pub(super) async fn show_draft(draft: Draft) -> Result<Shown<Draft>> {
    let html = one(draft.words.source()).await?;
    Ok(Shown { what: draft, html })
}

async fn one(source: Source) -> Result<Arc<str>> {
    Ok(markdown::render(vec![source]).await?.pop().unwrap_or_default())
}

/// A part of a page under a heading of its own.
pub struct Section {
    pub heading: String,
    pub html: Arc<str>,
}

/// The page cut at its headings. What stands before the first has an empty heading.
pub async fn show_sections(page: &Page) -> Result<Vec<Section>> {
    let (headings, texts): (Vec<_>, Vec<_>) = page.sections().into_iter().unzip();
    let html = markdown::render(texts.iter().map(|text| Source::under(2, text)).collect()).await?;
    Ok(headings.into_iter().zip(html).map(|(heading, html)| Section { heading, html }).collect())
}
