//! What officers who read the audit log are told of it.

use askama::Template;

use super::of_chain;
use crate::{
    audit::Chain,
    kit::{
        app::App,
        error::Result,
        mail::{Frame, Letter},
    },
};

#[derive(Template)]
#[template(path = "admin/mail_seal.md")]
struct SealMail<'a> {
    name: &'a str,
    found: String,
    is_whole: bool,
    log: String,
}

pub(super) fn seal(app: &App, name: &str, chain: &Chain) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you may read the audit log.");
    let (is_whole, found) = match of_chain(chain) {
        Ok(found) => (true, found),
        Err(found) => (false, found),
    };
    Letter::new(&frame, &SealMail { name, found, is_whole, log: app.link("/admin/audit") })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let told = "1234-3fa94c0b27d1e688".parse().expect("a seal");
    let seal = |chain| ("admin/mail_seal", seal(app, name, &chain));
    vec![seal(Chain::Whole(told)), seal(Chain::Broken { at: 17 })]
}
