//! What members are told by mail.

pub mod hardship;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

use super::model::{Answers, Decision, EndReason, Membership, NewOverride, NewRate, OverrideKind, State};
use crate::{
    kit::{
        app::App,
        dates,
        error::Result,
        mail::{Frame, Letter},
        money::Money,
    },
    payments,
};

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

#[derive(Template)]
#[template(path = "membership/mail_welcome.md")]
struct Welcome<'a> {
    name: &'a str,
    membership: &'a Membership,
    link: &'a str,
    party: String,
    is_back: bool,
    pending: bool,
    kept: bool,
    /// More than this at one time is a donation in law, and is checked.
    check_above: Money,
}

/// `link` signs them in once and leads to their page. `kept` says that what was known of them was not changed.
pub(super) fn welcome(
    app: &App,
    name: &str,
    membership: &Membership,
    link: &str,
    is_back: bool,
    kept: bool,
) -> Result<Letter> {
    let pending = membership.state == State::Pending;
    let check_above = app.setting(payments::CHECK_ABOVE, app.clock().today());
    let party = party(app);
    Letter::new(&frame(app), &Welcome { name, membership, link, party, is_back, pending, kept, check_above })
}

#[derive(Template)]
#[template(path = "membership/mail_carried.md")]
struct Carried<'a> {
    name: &'a str,
    membership: &'a Membership,
    on: String,
    page: String,
    contact: String,
}

/// The next payment comes later, because days were paid for before.
pub(super) fn carried(app: &App, name: &str, membership: &Membership, on: NaiveDate) -> Result<Letter> {
    let (on, page, contact) = (dates::day(on), app.link("/membership"), contact(app));
    Letter::new(&frame(app), &Carried { name, membership, on, page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_already.md")]
struct Already<'a> {
    name: &'a str,
    party: String,
    state: State,
    page: String,
    contact: String,
}

/// Somebody, probably they themselves, filled in the form with a member's address.
pub(super) fn member_already(app: &App, name: &str, state: State) -> Result<Letter> {
    let (page, contact) = (app.link("/membership"), contact(app));
    Letter::new(&frame(app), &Already { name, party: party(app), state, page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_twice.md")]
struct Twice<'a> {
    name: &'a str,
    amount: Money,
    contact: String,
    overdue: bool,
    page: String,
}

/// `overdue`: an earlier payment had failed, which this one could not take the place of.
pub(super) fn paid_twice(app: &App, name: &str, amount: Money, overdue: bool) -> Result<Letter> {
    let (contact, page) = (contact(app), app.link("/membership"));
    Letter::new(&frame(app), &Twice { name, amount, contact, overdue, page })
}

#[derive(Template)]
#[template(path = "membership/mail_above_limit.md")]
struct AboveLimit<'a> {
    name: &'a str,
    amount: Money,
    most: Money,
    contact: String,
}

/// To the owner of an address with which somebody began to pay dues. `most` is what one person may pay in a year.
pub(super) fn above_limit(app: &App, name: &str, amount: Money, most: Money) -> Result<Letter> {
    Letter::new(&frame(app), &AboveLimit { name, amount, most, contact: contact(app) })
}

#[derive(Template)]
#[template(path = "membership/mail_failed.md")]
struct Failed<'a> {
    name: &'a str,
    price: String,
    page: String,
    is_stripe: bool,
    next_try: Option<String>,
    until: Option<String>,
    ended: bool,
    contact: String,
}

/// `page` is Stripe's page where they can pay at once, of no use once the membership is over.
pub(super) fn payment_failed(
    app: &App,
    name: &str,
    membership: &Membership,
    next_try: Option<DateTime<Utc>>,
    page: Option<&str>,
) -> Result<Letter> {
    let until = match membership.state {
        State::Grace { until } => Some(dates::day(until)),
        _ => None,
    };
    let ended = membership.state.is_ended();
    let next_try = next_try.filter(|_| !ended).map(|at| dates::weekday(dates::london_date(at)));
    let page = page.filter(|_| !ended);
    let is_stripe = page.is_some();
    let own = || app.link(if ended { "/join" } else { "/membership" });
    let page = page.map_or_else(own, str::to_owned);
    let (price, contact) = (membership.price(), contact(app));
    Letter::new(&frame(app), &Failed { name, price, page, is_stripe, next_try, until, ended, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_too_late.md")]
struct TooLate<'a> {
    name: &'a str,
    amount: Money,
    ended: bool,
    join: String,
    contact: String,
}

/// A last notice was paid after the subscription behind it had ended.
pub(super) fn paid_too_late(app: &App, name: &str, amount: Money, ended: bool) -> Result<Letter> {
    Letter::new(&frame(app), &TooLate { name, amount, ended, join: app.link("/join"), contact: contact(app) })
}

#[derive(Template)]
#[template(path = "membership/mail_stopped.md")]
struct Stopped<'a> {
    name: &'a str,
    on: String,
    page: String,
}

pub(super) fn stopped(app: &App, name: &str, on: NaiveDate) -> Result<Letter> {
    Letter::new(&frame(app), &Stopped { name, on: dates::day(on), page: app.link("/membership") })
}

#[derive(Template)]
#[template(path = "membership/mail_by_hand.md")]
struct ByHand<'a> {
    name: &'a str,
    until: String,
    is_back: bool,
    ends_automatic: bool,
    page: String,
    join: String,
    contact: String,
}

/// A payment that an officer entered made somebody a member again, or took the place of an automatic one that had failed.
pub(super) fn paid_by_hand(
    app: &App,
    name: &str,
    until: NaiveDate,
    is_back: bool,
    ends_automatic: bool,
) -> Result<Letter> {
    let (page, join, contact) = (app.link("/membership"), app.link("/join"), contact(app));
    Letter::new(
        &frame(app),
        &ByHand { name, until: dates::day(until), is_back, ends_automatic, page, join, contact },
    )
}

#[derive(Template)]
#[template(path = "membership/mail_ended.md")]
struct Ended<'a> {
    name: &'a str,
    reason: EndReason,
    is_paid: bool,
    decision: Option<String>,
    join: String,
    contact: String,
}

/// `is_paid`: whether anything ever came; else its first payment failed.
pub(super) fn ended(
    app: &App,
    name: &str,
    reason: EndReason,
    is_paid: bool,
    decision: Option<&Decision>,
) -> Result<Letter> {
    let (decision, join, contact) = (decision.map(Decision::in_words), app.link("/join"), contact(app));
    Letter::new(&frame(app), &Ended { name, reason, is_paid, decision, join, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_rate.md")]
struct RateChanged<'a> {
    name: &'a str,
    before: String,
    price: String,
    from: Option<String>,
    page: String,
    contact: String,
}

/// Also the notice of the new amount and its first day that payers by Direct Debit are owed.
pub(super) fn rate_changed(
    app: &App,
    name: &str,
    before: NewRate,
    new: NewRate,
    from: NaiveDate,
) -> Result<Letter> {
    let (page, contact, from) = (app.link("/membership"), contact(app), Some(dates::day(from)));
    Letter::new(
        &frame(app),
        &RateChanged { name, before: before.price(), price: new.price(), from, page, contact },
    )
}

/// Stripe would not take the new price.
pub(super) fn rate_refused(app: &App, name: &str, new: NewRate) -> Result<Letter> {
    let (page, contact) = (app.link("/membership"), contact(app));
    let before = String::new();
    Letter::new(&frame(app), &RateChanged { name, before, price: new.price(), from: None, page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_method_lost.md")]
struct MethodLost<'a> {
    name: &'a str,
    price: String,
    page: String,
    contact: String,
}

pub(super) fn method_lost(app: &App, name: &str, membership: &Membership) -> Result<Letter> {
    let (page, contact, price) = (app.link("/membership"), contact(app), membership.price());
    Letter::new(&frame(app), &MethodLost { name, price, page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_card.md")]
struct CardExpires<'a> {
    name: &'a str,
    price: String,
    method: String,
    on: String,
    page: String,
    contact: String,
}

/// `method` in words: `Visa card ending 4242`.
pub(super) fn card_expires(
    app: &App,
    name: &str,
    membership: &Membership,
    method: String,
    on: NaiveDate,
) -> Result<Letter> {
    let (page, contact, price) = (app.link("/membership"), contact(app), membership.price());
    Letter::new(&frame(app), &CardExpires { name, price, method, on: dates::day(on), page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_suspended.md")]
struct Suspended<'a> {
    name: &'a str,
    until: String,
    contact: String,
}

pub(super) fn suspended(app: &App, name: &str, until: NaiveDate) -> Result<Letter> {
    Letter::new(&frame(app), &Suspended { name, until: dates::day(until), contact: contact(app) })
}

#[derive(Template)]
#[template(path = "membership/mail_lifted.md")]
struct Lifted<'a> {
    name: &'a str,
    page: String,
    contact: String,
}

pub(super) fn suspension_lifted(app: &App, name: &str) -> Result<Letter> {
    Letter::new(&frame(app), &Lifted { name, page: app.link("/membership"), contact: contact(app) })
}

#[derive(Template)]
#[template(path = "membership/mail_override.md")]
struct SetByHand<'a> {
    name: &'a str,
    words: &'static str,
    until: String,
    reason: &'a str,
    may_vote: bool,
    page: String,
    contact: String,
}

/// An officer set something by hand, and it is not confidential.
pub(super) fn set_by_hand(app: &App, name: &str, new: &NewOverride) -> Result<Letter> {
    let may_vote = new.kind != OverrideKind::NoVote;
    let (words, until, page) = (new.kind.own_words(), dates::day(new.until), app.link("/membership"));
    let (reason, contact) = (new.reason.as_str(), contact(app));
    Letter::new(&frame(app), &SetByHand { name, words, until, reason, may_vote, page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_unfinished.md")]
struct Unfinished<'a> {
    name: &'a str,
    party: String,
    price: String,
    page: String,
    contact: String,
}

/// Somebody filled in the form and did not pay. `path` is where it goes on.
pub(super) fn unfinished(app: &App, name: &str, answers: &Answers, path: &str) -> Result<Letter> {
    let price = answers.collected().price();
    let (party, page, contact) = (party(app), app.link(path), contact(app));
    Letter::new(&frame(app), &Unfinished { name, party, price, page, contact })
}

#[derive(Template)]
#[template(path = "membership/mail_renewal.md")]
struct Renewal<'a> {
    name: &'a str,
    until: String,
    price: String,
    page: String,
    contact: String,
}

/// What was paid by hand, or by a gift, ends soon. Only whoever is signed in can pay for a membership that goes on.
pub(super) fn renewal(app: &App, name: &str, membership: &Membership, until: NaiveDate) -> Result<Letter> {
    let (until, price) = (dates::day(until), membership.price());
    let (page, contact) = (app.link("/sign-in?next=/join"), contact(app));
    Letter::new(&frame(app), &Renewal { name, until, price, page, contact })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    use super::{model::Rate, personal::Personal};
    use crate::kit::stripe::Interval;

    let (now, day) = (app.clock().now(), app.clock().today());
    let membership = |state| Membership {
        id: uuid::Uuid::nil(),
        person: uuid::Uuid::nil(),
        number: 4321,
        joined_on: day,
        personal: Personal::sample(),
        rate: Rate::Solidarity,
        every: Interval::Year,
        amount: Money::from_pence(123_456),
        subscription: None,
        state,
        state_since: now,
        ends_on: None,
        end_words: None,
        decision: None,
        suspension: None,
    };
    let link = app.link("/sign-in/link/a_b-c_d");
    let states = [
        State::Pending,
        State::Active,
        State::Grace { until: day },
        State::Suspended { until: day },
        State::Ended { on: day, reason: EndReason::Lapsed },
    ];
    let mut samples = Vec::new();
    for state in states {
        let membership = membership(state);
        samples.push(("membership/mail_already", member_already(app, name, state)));
        for kept in [false, true] {
            samples.push(("membership/mail_welcome", welcome(app, name, &membership, &link, !kept, kept)));
        }
        for next_try in [None, Some(now)] {
            for page in [None, Some("https://pay.example/i/acct_1/x_y?s=a*b*c")] {
                let letter = payment_failed(app, name, &membership, next_try, page);
                samples.push(("membership/mail_failed", letter));
            }
        }
    }
    for overdue in [false, true] {
        let letter = paid_twice(app, name, Money::from_pence(1250), overdue);
        samples.push(("membership/mail_twice", letter));
    }
    let (paid, most) = (Money::from_pence(41_666), Money::from_pence(500_000));
    samples.push(("membership/mail_above_limit", above_limit(app, name, paid, most)));
    for (is_back, ends_automatic) in [(true, false), (false, true), (true, true)] {
        let letter = paid_by_hand(app, name, day, is_back, ends_automatic);
        samples.push(("membership/mail_by_hand", letter));
    }
    for ended in [false, true] {
        let letter = paid_too_late(app, name, Money::from_pence(500), ended);
        samples.push(("membership/mail_too_late", letter));
    }
    let decision = Decision {
        by: "the *national* committee".into(),
        on: day,
        appeal_until: Some(day),
        rule: Some("Rules of 2025_1, *clause* 3".into()),
        reason: None,
    };
    for reason in
        [EndReason::Left, EndReason::Lapsed, EndReason::Expelled, EndReason::Refused, EndReason::Officer]
    {
        for is_paid in [false, true] {
            let decision = Some(&decision).filter(|_| is_paid && reason == EndReason::Expelled);
            samples.push(("membership/mail_ended", ended(app, name, reason, is_paid, decision)));
        }
    }
    let rate = |every| NewRate { rate: Rate::Solidarity, every, amount: Money::from_pence(123_456) };
    let (before, new) = (rate(Interval::Month), rate(Interval::Year));
    let paying = Membership { subscription: Some("sub_1".into()), ..membership(State::Active) };
    samples.push(("membership/mail_welcome", welcome(app, name, &paying, &link, false, false)));
    samples.push(("membership/mail_carried", carried(app, name, &paying, day)));
    samples.push(("membership/mail_rate", rate_changed(app, name, before, new, day)));
    samples.push(("membership/mail_rate", rate_refused(app, name, new)));
    let active = membership(State::Active);
    samples.push(("membership/mail_method_lost", method_lost(app, name, &active)));
    let card = "Visa card ending 4242".to_owned();
    samples.push(("membership/mail_card", card_expires(app, name, &active, card, day)));
    for kind in OverrideKind::ALL {
        let reason = "The bank *mixed up* two accounts".to_owned();
        let new = NewOverride { kind, until: day, reason, is_confidential: false };
        samples.push(("membership/mail_override", set_by_hand(app, name, &new)));
    }
    let answers = Answers {
        name: name.to_owned(),
        region: None,
        personal: Personal::sample(),
        rate: Rate::Standard,
        every: Interval::Year,
        amount: Money::from_pence(5000),
        consents: Vec::new(),
        less: None,
        other_parties: None,
    };
    samples.push(("membership/mail_unfinished", unfinished(app, name, &answers, "/join/a_b-c")));
    samples.push(("membership/mail_renewal", renewal(app, name, &membership(State::Active), day)));
    let by_gift = Membership { ends_on: Some(day), ..active.clone() };
    samples.push(("membership/mail_welcome", welcome(app, name, &by_gift, &link, false, false)));
    samples.extend(hardship::samples(app, name, &active, day));
    samples.push(("membership/mail_stopped", stopped(app, name, day)));
    samples.push(("membership/mail_suspended", suspended(app, name, day)));
    samples.push(("membership/mail_lifted", suspension_lifted(app, name)));
    samples
}
