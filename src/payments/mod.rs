//! Money: wishes to pay, what Stripe says of them, regular payments, and the books.
//!
//! A room that wants money stores a [`Wish`] in its transaction, commits, and then leads the payer to Stripe's page with
//! [`leading`], which also has the page to come back to. That page only shows state: it never grants anything. What is
//! paid for is an opaque [`Purpose`]; rooms declare the kinds in their `ROOM`. Webhooks are stored first and processed by
//! a job, which fetches the object afresh, so neither order nor repetition matters; the room hears of it as
//! [`PaymentNotice`], whose consequence stands in `reactions.rs`.
//!
//! The books (`ledger`) are added to and never changed. A line is Stripe's or was entered by an officer ([`Origin`]).
//! Its amount is negative when money leaves us; corrections are lines of their own, unique by Stripe's object and kind.
//! Tables: `stripe_events`, `checkouts`, `subscriptions`, `payment_methods`, `method_changes`, `refunds`, `ledger`,
//! `balance_transactions`, `balance_readings`, `stripe_alerts`, `debit_notices`. Everything that Stripe has and we lack is
//! repaired by [`reconcile`].

mod model;
mod purposes;
mod settings;
mod sql;
mod sync;
mod actions;
mod adopting;
mod jobs;
mod reconciling;
mod own;
mod postponing;
pub mod returning;
pub(crate) mod alerts;
pub(crate) mod refunds;
pub(crate) mod notices;
mod webhook;
mod admin;
pub mod leading;
pub mod demo;

pub use actions::{
    Received, Wish, checkout_for, end_all_of, end_surplus, give_back, receive, set_price, set_renewal,
    tell_address, wish,
};
pub use adopting::{Adopted, adopt};
pub use jobs::{CatchUp, EVENTS, TidyPayments};
pub use model::{
    Checkout, CheckoutState, CloseCheckout, EndSubscription, GiveBack, LedgerLine, LineKind, Method, Origin,
    PaymentMethod, ProcessEvent, REFUND, SEE_PAYMENTS, SendRefund, Subscription, TellOfficers, WarnOfCards,
    stripe_page,
};
pub use notices::{actions::announced_for, jobs::AnnounceDebits, mail::GUARANTEE};
pub use postponing::postpone;
pub use purposes::{Income, KindCode, Kinds, MonthIncome, Purpose};
pub use reconciling::{NightlyNotices, Reconcile, Report, reconcile};
pub use settings::CHECK_ABOVE;
pub use sql::ledger::{LineFilter, NamedLine, Totals, attribute, find_lines, income_by_month, of_person};
pub use sql::subscriptions::find as find_subscription;
pub use sync::{PaymentNotice, What};

use crate::{
    accounts::{
        Access, Decision, Desk, Figure, Group, Room, Routes, Source, Task, Tells, Timeline, moves, says,
        stays,
    },
    kit::{app::App, money::Money},
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk {
        title: "Payments",
        path: "/admin/payments",
        permission: SEE_PAYMENTS,
        group: Group::Money,
    }],
    settings: &[
        settings::CHECK_ABOVE.known,
        settings::CARD_DAYS.known,
        settings::REFUND_ALONE.known,
        settings::NOTICE_DAYS.known,
        settings::OWN_NOTICES.known,
    ],
    log: &[("payment.", "Payments")],
    // Lists are searched by names and addresses.
    audit: &[
        says("payment.exported", "Payments exported", Tells::People),
        says("payment.refund_asked", "Refund requested", Tells::People),
        says("payment.refund_approved", "Refund approved", Tells::People),
        says("payment.refund_declined", "Refund declined", Tells::People),
        says("payment.refund_tried_again", "Refund tried again", Tells::People),
        says("payment.refund_failed", "Refund failed", Tells::People),
        says("payment.refunded", "Refunded", Tells::People),
        says("payment.received", "Payment entered", Tells::People),
        says("payment.returned", "Payment sent back by hand", Tells::People),
        says("payment.alert_settled", "Alert from Stripe marked as done", Tells::Party),
    ],
    counts: Some(sql::COUNTS),
    figures: &[Figure {
        whole_party: true,
        words: |counts| {
            let income = |name| Money::from_pence(counts.of("payments", name));
            let (this, last) = (income("income"), income("income_before"));
            (this.to_string(), format!("came in this month, {last} last month"))
        },
    }],
    tasks: &[
        Task {
            count: "failed_events",
            one: "message from Stripe could not be processed",
            many: "messages from Stripe could not be processed",
            path: "/admin/payments/events",
            permission: SEE_PAYMENTS,
            whole_party: true,
        },
        Task {
            count: "refunds",
            one: "refund needs attention",
            many: "refunds need attention",
            path: "/admin/payments/refunds",
            permission: REFUND,
            whole_party: true,
        },
        Task {
            count: "stopped",
            one: "Direct Debit was cancelled at the bank",
            many: "Direct Debits were cancelled at the bank",
            path: "/admin/payments/cancelled",
            permission: SEE_PAYMENTS,
            whole_party: true,
        },
        Task {
            count: "dispute",
            one: "payment is disputed",
            many: "payments are disputed",
            path: "/admin/payments/alerts/dispute",
            permission: SEE_PAYMENTS,
            whole_party: true,
        },
        Task {
            count: "payout",
            one: "payout to the bank failed",
            many: "payouts to the bank failed",
            path: "/admin/payments/alerts/payout",
            permission: SEE_PAYMENTS,
            whole_party: true,
        },
        Task {
            count: "mode",
            one: "message from Stripe came in the wrong mode, live or test",
            many: "messages from Stripe came in the wrong mode, live or test",
            path: "/admin/payments/alerts/mode",
            permission: SEE_PAYMENTS,
            whole_party: true,
        },
    ],
    decisions: &[
        Decision { count: "dispute", title: "Disputes" },
        Decision { count: "payout", title: "Failed payouts" },
        Decision { count: "refunds", title: "Refunds" },
        Decision { count: "stopped", title: "Cancelled Direct Debits" },
        Decision { count: "failed_events", title: "Messages from Stripe" },
        Decision { count: "mode", title: "Live or test" },
    ],
    timeline: Some(Timeline {
        view: "payments_timeline",
        sources: &[Source {
            name: "payment",
            title: "Payment",
            words: |rooms, what, detail| model::line_words(&Kinds::of(rooms), what, detail),
        }],
    }),
    jobs: |jobs| {
        jobs.with::<ProcessEvent>()
            .with::<PaymentNotice>()
            .with::<NightlyNotices>()
            .with::<CloseCheckout>()
            .with::<EndSubscription>()
            .with::<GiveBack>()
            .with::<SendRefund>()
            .every::<CatchUp>("*/10 * * * *")
            .every::<Reconcile>("41 3 * * *")
            .every::<TidyPayments>("37 3 * * *")
            .every::<WarnOfCards>("13 9 * * *")
            .every::<TellOfficers>("4,14,24,34,44,54 * * * *")
            .every::<AnnounceDebits>("25 * * * *")
    },
    demo: Some(|app, db, _| {
        Box::pin(async {
            demo::load_notice(app, db).await?;
            Ok(demo::load_balance(app, db).await?)
        })
    }),
    people: &[
        moves("ledger", "person_id"),
        stays("ledger", "entered_by"),
        moves("stripe_alerts", "settled_by"),
        stays("refunds", "asked_by"),
        stays("refunds", "decided_by"),
    ],
    ..Room::new("payments")
};

fn routes(_: &App) -> Routes {
    let officer = Access::Officer(SEE_PAYMENTS);
    let refund = Access::Officer(REFUND);
    Routes::new()
        .post(Access::Machine, "/webhooks/stripe", webhook::receive)
        .get(Access::SignedIn, "/payments", own::list)
        .get(Access::SignedIn, "/payments/method/{change}", leading::method_changed)
        .get(Access::SignedIn, "/payments/{line}", own::receipt)
        .get(officer, "/admin/payments", admin::list)
        .post(officer, "/admin/payments/export", admin::export)
        .get(officer, "/admin/payments/events", admin::events)
        .get(officer, "/admin/payments/cancelled", admin::cancelled)
        .get(officer, "/admin/payments/alerts/{kind}", alerts::admin::list)
        .post(officer, "/admin/payments/alerts/{kind}/{alert}", alerts::admin::settle)
        .get(officer, "/admin/payments/notices", notices::admin::list)
        .get(refund, "/admin/payments/refunds", refunds::admin::list)
        .post(refund, "/admin/payments/refunds/{refund}", refunds::admin::decide)
        .post(refund, "/admin/payments/refunds/{refund}/retry", refunds::admin::try_again)
        .get(refund, "/admin/payments/lines/{payment}", refunds::admin::show)
        .post(refund, "/admin/payments/lines/{payment}/refund", refunds::admin::ask)
        .post(refund, "/admin/payments/lines/{payment}/return", refunds::admin::note_return)
}
