//! What members are told by mail.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

use super::model::{EndReason, Membership, State};
use crate::kit::{
    app::App,
    dates,
    error::Result,
    mail::{Frame, Letter},
    money::Money,
};

macro_rules! pair {
    ($text:ident, $html:ident, $text_path:literal, $html_path:literal { $($field:ident : $type:ty),* $(,)? }) => {
        #[derive(Template)]
        #[template(path = $text_path)]
        struct $text<'a> { letter: Frame, name: &'a str, $($field: $type),* }
        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> { letter: Frame, name: &'a str, $($field: $type),* }
    };
}

pair!(WelcomeText, WelcomeHtml, "membership/mail_welcome.txt", "membership/mail_welcome.html" { membership: &'a Membership, link: &'a str, party: &'a str, is_back: bool, pending: bool, kept: bool });
pair!(AlreadyText, AlreadyHtml, "membership/mail_already.txt", "membership/mail_already.html" { party: &'a str, state: State, page: &'a str, contact: &'a str });
pair!(TwiceText, TwiceHtml, "membership/mail_twice.txt", "membership/mail_twice.html" { amount: Money, contact: &'a str, overdue: bool, page: &'a str });
pair!(FailedText, FailedHtml, "membership/mail_failed.txt", "membership/mail_failed.html" { price: &'a str, page: &'a str, is_stripe: bool, next_try: Option<String>, until: Option<String>, ended: bool });
pair!(StoppedText, StoppedHtml, "membership/mail_stopped.txt", "membership/mail_stopped.html" { on: &'a str, page: &'a str });
pair!(EndedText, EndedHtml, "membership/mail_ended.txt", "membership/mail_ended.html" { reason: EndReason, join: &'a str, contact: &'a str });
pair!(SuspendedText, SuspendedHtml, "membership/mail_suspended.txt", "membership/mail_suspended.html" { until: &'a str, contact: &'a str });

fn frame(app: &App) -> Frame {
    Frame::service(
        app,
        "You get this because of your membership, or because somebody joined with your address.",
    )
}

fn contact(app: &App) -> String {
    app.settings().site(app.clock().today()).contact_email.to_string()
}

fn party(app: &App) -> String {
    app.settings().site(app.clock().today()).name
}

/// `link` signs her in once and leads to her page. `kept` says that what was known of her was not changed.
pub(super) fn welcome(
    app: &App,
    name: &str,
    membership: &Membership,
    link: &str,
    is_back: bool,
    kept: bool,
) -> Result<Letter> {
    let party = &party(app);
    let pending = membership.state == State::Pending;
    let subject =
        if is_back { format!("Welcome back to the {party}") } else { format!("Welcome to the {party}") };
    Letter::new(
        subject,
        &WelcomeText { letter: frame(app), name, membership, link, party, is_back, pending, kept },
        &WelcomeHtml { letter: frame(app), name, membership, link, party, is_back, pending, kept },
    )
}

/// Somebody, probably she herself, fills in the form with a member's address.
pub(super) fn member_already(app: &App, name: &str, state: State) -> Result<Letter> {
    let (party, page, contact) = (&party(app), &app.link("/membership"), &contact(app));
    let subject = match state {
        State::Suspended { .. } | State::Ended { .. } => "About your form to join",
        State::Grace { .. } => "Your payment is overdue",
        State::Pending | State::Active => "You are with us already",
    };
    Letter::new(
        subject,
        &AlreadyText { letter: frame(app), name, party, state, page, contact },
        &AlreadyHtml { letter: frame(app), name, party, state, page, contact },
    )
}

/// `overdue`: a payment of hers had failed, which this one could not take the place of.
pub(super) fn paid_twice(app: &App, name: &str, amount: Money, overdue: bool) -> Result<Letter> {
    let (contact, page) = (&contact(app), &app.link("/membership"));
    Letter::new(
        "We are sending a payment back to you",
        &TwiceText { letter: frame(app), name, amount, contact, overdue, page },
        &TwiceHtml { letter: frame(app), name, amount, contact, overdue, page },
    )
}

/// `page` is Stripe's page where she can pay at once, of no use once the membership is over.
pub(super) fn payment_failed(
    app: &App,
    name: &str,
    membership: &Membership,
    next_try: Option<DateTime<Utc>>,
    page: Option<&str>,
) -> Result<Letter> {
    let price = &membership.price();
    let until = match membership.state {
        State::Grace { until } => Some(dates::day(until)),
        _ => None,
    };
    let ended = membership.state.is_ended();
    let next_try = next_try.filter(|_| !ended).map(|at| dates::weekday(dates::london_date(at)));
    let page = page.filter(|_| !ended);
    let own = if ended { app.link("/join") } else { app.link("/membership") };
    let (is_stripe, page) = (page.is_some(), page.unwrap_or(&own));
    Letter::new(
        "Your payment did not go through",
        &FailedText {
            letter: frame(app),
            name,
            price,
            page,
            is_stripe,
            next_try: next_try.clone(),
            until: until.clone(),
            ended,
        },
        &FailedHtml { letter: frame(app), name, price, page, is_stripe, next_try, until, ended },
    )
}

pub(super) fn stopped(app: &App, name: &str, on: NaiveDate) -> Result<Letter> {
    let (on, page) = (&dates::day(on), &app.link("/membership"));
    Letter::new(
        format!("Your membership ends on {on}"),
        &StoppedText { letter: frame(app), name, on, page },
        &StoppedHtml { letter: frame(app), name, on, page },
    )
}

pub(super) fn ended(app: &App, name: &str, reason: EndReason) -> Result<Letter> {
    let (join, contact) = (&app.link("/join"), &contact(app));
    Letter::new(
        "Your membership has ended",
        &EndedText { letter: frame(app), name, reason, join, contact },
        &EndedHtml { letter: frame(app), name, reason, join, contact },
    )
}

pub(super) fn suspended(app: &App, name: &str, until: NaiveDate) -> Result<Letter> {
    let (until, contact) = (&dates::day(until), &contact(app));
    Letter::new(
        "Your membership is suspended",
        &SuspendedText { letter: frame(app), name, until, contact },
        &SuspendedHtml { letter: frame(app), name, until, contact },
    )
}
