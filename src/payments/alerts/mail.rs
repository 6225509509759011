//! The word to officers that something about money needs one of them.

use askama::Template;

use crate::{
    kit::{
        app::App,
        dates,
        error::Result,
        mail::{Frame, Letter},
    },
    payments::model::News,
};

#[derive(Template)]
#[template(path = "payments/mail_news.md")]
struct NewsMail<'a> {
    name: &'a str,
    /// Sentences, the day by which each has to be answered, and where it is.
    news: Vec<(String, Option<String>, String)>,
    desk: String,
}

pub(super) fn news(app: &App, name: &str, news: &[News]) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you look after the party’s money.");
    let news = news.iter().map(|it| (it.words(), it.due.map(dates::day), app.link(it.what.path()))).collect();
    Letter::new(&frame, &NewsMail { name, news, desk: app.link("/admin/money") })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    use crate::{kit::money::Money, payments::model::Told};

    let one = |what, count, pence: Option<i64>, due| News {
        what,
        count,
        amount: pence.map(Money::from_pence),
        due,
    };
    let today = app.clock().today();
    let all = [
        one(Told::Dispute, 2, Some(123_456), Some(today)),
        one(Told::DebitCancelled, 1_200, None, None),
        one(Told::Mode, 1, None, None),
        one(Told::Payout, 1, Some(50_000), None),
        one(Told::RefundFailed, 1, Some(500), None),
    ];
    [&all[..1], &all[3..4], &all[..]].map(|some| ("payments/mail_news", news(app, name, some))).into()
}
