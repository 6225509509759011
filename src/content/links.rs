//! Whether the links and pictures of a text lead to something that its readers can open.

use std::fmt;

use sqlx::PgConnection;

use super::{
    kind::{FIXED_PAGES, Kind},
    sql,
};
use crate::{
    accounts::{Access, Paths},
    kit::{
        markdown::{self, Address},
        picture::Picture,
    },
    pictures,
};

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    NoPage,
    NoPicture,
    /// A draft, perhaps, that is published before the text is.
    Unpublished,
    OfficersOnly,
    DevelopmentOnly,
}

impl fmt::Display for Dead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPage => "There is no page at this address",
            Self::NoPicture => "There is no picture at this address. Copy its line from the list of pictures",
            Self::Unpublished => "Nothing is published at this address",
            Self::OfficersOnly => "Only officers can open this page",
            Self::DevelopmentOnly => "This page is for development only",
        })
    }
}

/// What was found in a text.
#[derive(Default)]
pub struct Checked {
    links: usize,
    /// The address, and what is wrong with it.
    pub faults: Vec<(String, Dead)>,
}

impl Checked {
    /// `3 links, all fine`
    pub fn words(&self) -> String {
        let links = match self.links {
            0 => return "No links".to_owned(),
            1 => "1 link".to_owned(),
            number => format!("{number} links"),
        };
        match self.faults.len() {
            0 if self.links == 1 => "1 link, fine".to_owned(),
            0 => format!("{links}, all fine"),
            1 => format!("{links}, 1 to look at"),
            number => format!("{links}, {number} to look at"),
        }
    }

    /// What a text cannot be saved with, with its line: nobody can put a page at that address afterwards.
    pub fn refusal(&self, text: &str) -> Option<String> {
        let (address, what) =
            self.faults.iter().find(|(_, what)| matches!(what, Dead::NoPage | Dead::NoPicture))?;
        let line = text.lines().position(|line| line.contains(address)).unwrap_or_default() + 1;
        Some(format!("Line {line}: “{}”. {what}", markdown::shorten(address, 60)))
    }
}

/// Looks up addresses of this site among its pages and pictures. Others are held to their form when a text is saved.
///
/// # Errors
/// The database is away.
pub async fn check(
    db: &mut PgConnection,
    paths: &Paths,
    public_url: &str,
    text: &str,
) -> Result<Checked, sqlx::Error> {
    let links = markdown::links(text);
    let ours: Vec<String> = links.iter().filter_map(|link| path(link, public_url)).collect();
    let unpublished = list_unpublished(db, &ours).await?;
    let shown: Vec<Picture> = ours.iter().filter_map(|path| path.parse().ok()).collect();
    let missing = pictures::list_missing(db, &shown).await?;
    let fault = |path: String| {
        let what = match paths.find(&path) {
            _ if unpublished.contains(&path) => Dead::Unpublished,
            _ if path.starts_with("/pictures/") => match path.parse() {
                Ok(picture) if !missing.contains(&picture) => return None,
                _ => Dead::NoPicture,
            },
            Some((line, written)) if written == path => match line.access {
                Access::Officer(_) => Dead::OfficersOnly,
                Access::Development => Dead::DevelopmentOnly,
                _ => return None,
            },
            _ => Dead::NoPage,
        };
        Some((path, what))
    };
    Ok(Checked { links: links.len(), faults: ours.into_iter().filter_map(fault).collect() })
}

/// The path of a link into this site, without what follows it.
fn path(link: &Address, public_url: &str) -> Option<String> {
    let path = match link {
        Address::Here(path) => path,
        Address::Web(address) => address.strip_prefix(public_url)?,
        Address::Mail(_) | Address::Phone(_) => return None,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match path {
        "" => Some("/".to_owned()),
        path if path.starts_with('/') => Some(path.to_owned()),
        // Another host whose name begins with ours.
        _ => None,
    }
}

/// Of paths that pages of this room answer (`/news/we-won`), those with nothing published behind them.
async fn list_unpublished(db: &mut PgConnection, paths: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let (kinds, slugs): (Vec<_>, Vec<_>) =
        paths.iter().filter_map(|path| kind_and_slug(path)).map(|(kind, slug)| (kind.code(), slug)).unzip();
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let dead = sql::list_dead(db, &kinds, &slugs).await?;
    Ok(dead.into_iter().map(|(kind, slug)| kind.address(&slug)).collect())
}

fn kind_and_slug(path: &str) -> Option<(Kind, &str)> {
    [(Kind::Question, "/faq/"), (Kind::Article, "/news/"), (Kind::Page, "/pages/")].into_iter().find_map(
        |(kind, shelf)| {
            let slug = path.strip_prefix(shelf)?;
            let is_slug = !slug.contains(['/', '.']) && !FIXED_PAGES.contains(&slug);
            is_slug.then_some((kind, slug))
        },
    )
}
