//! Where the links of an update lead: a mail cannot be called back.

use sqlx::PgConnection;

use super::model::Content;
use crate::{
    accounts::{Access, Paths},
    content,
    kit::markdown::{self, Address},
};

/// What was found before sending.
pub struct Checked {
    links: usize,
    /// The address, and what is wrong with it.
    pub faults: Vec<(String, &'static str)>,
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
}

/// Looks up addresses of this site among its pages. Others have been held to their form when the text was saved.
///
/// # Errors
/// The database is away.
pub async fn check(
    db: &mut PgConnection,
    paths: &Paths,
    public_url: &str,
    content: &Content,
) -> Result<Checked, sqlx::Error> {
    let links = markdown::links(&content.body);
    let ours: Vec<String> = links.iter().filter_map(|link| path(link, public_url)).collect();
    let dead = content::list_dead(db, &ours.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let fault = |path: String| {
        let what = match paths.find(&path) {
            _ if dead.contains(&path) => "Nothing is published at this address",
            Some((line, written)) if written == path => match line.access {
                Access::Officer(_) => "Only officers can open this page",
                Access::Development => "This page is for development only",
                _ => return None,
            },
            _ => "There is no page at this address",
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
