//! What givers and receivers are told.

use askama::Template;

use super::model::GiftYear;
use crate::kit::{
    app::App,
    dates,
    error::Result,
    mail::{Frame, Letter},
    money::Money,
};

/// What a giver hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Paid,
    /// They have given too much this year: it goes back.
    AboveCap,
    Accepted,
    /// It goes back.
    NotAccepted,
}

#[derive(Template)]
#[template(path = "membership/mail_gift_giver.md")]
struct ToGiver<'a> {
    name: &'a str,
    gift: &'a GiftYear,
    news: News,
    party: String,
    amount: Money,
    paid_on: String,
    page: String,
    contact: String,
}

pub(super) fn to_giver(app: &App, gift: &GiftYear, news: News) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because a membership was paid for with your address.");
    let site = app.settings().site(app.clock().today());
    let paid_on = dates::day(gift.paid_at.map_or(app.clock().today(), dates::london_date));
    let mail = ToGiver {
        name: &gift.giver_name,
        gift,
        news,
        party: site.name,
        amount: gift.amount,
        paid_on,
        page: app.link(&gift.path()),
        contact: site.contact_email.to_string(),
    };
    Letter::new(&frame, &mail)
}

#[derive(Template)]
#[template(path = "membership/mail_gift.md")]
struct Invitation<'a> {
    name: &'a str,
    gift: &'a GiftYear,
    party: String,
    page: String,
    contact: String,
}

pub(super) fn invitation(app: &App, gift: &GiftYear) -> Result<Letter> {
    let frame =
        Frame::service(app, "You get this once, because somebody gave us your address to pass this on.");
    let site = app.settings().site(app.clock().today());
    let mail = Invitation {
        name: &gift.receiver_name,
        gift,
        party: site.name,
        page: app.link(&gift.path_for()),
        contact: site.contact_email.to_string(),
    };
    Letter::new(&frame, &mail)
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let (now, today) = (app.clock().now(), app.clock().today());
    let gift = |message: &str| GiftYear {
        id: uuid::Uuid::nil(),
        key: uuid::Uuid::nil(),
        giver_name: name.to_owned(),
        giver_email: "ana_b*c@example.org".parse().expect("an address"),
        receiver_name: name.to_owned(),
        receiver_email: None,
        message: message.to_owned(),
        send_on: today,
        amount: Money::from_pence(5000),
        created_at: now,
        paid_at: Some(now),
        accept_by: Some(today),
        declined_at: None,
        accepted_at: None,
        returned_at: None,
        refunded_at: None,
        person: None,
    };
    let news = [News::Paid, News::AboveCap, News::Accepted, News::NotAccepted];
    let to_giver = news.map(|news| ("membership/mail_gift_giver", to_giver(app, &gift(""), news)));
    let message = format!("{name}\n\n    # Your password\n---\n> [Sign in](http://evil.test)\n\nBest,\nAna");
    let invitations = ["", &message].map(|message| ("membership/mail_gift", invitation(app, &gift(message))));
    to_giver.into_iter().chain(invitations).collect()
}
