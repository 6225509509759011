//! The books: double entry, in pence, that adds up to nothing.
//!
//! Each receipt in the ledger of `payments`, and each fee and payout that Stripe lists, becomes an entry in the
//! transaction that adds it, by a trigger; what did not pass through Stripe is entered by the treasurer. An entry has lines in accounts ([`Account`]) that add up to zero;
//! the database refuses any other, and any change: a mistake is corrected by another entry. Sums come from the
//! tally of postings by month and account. A closed month takes nothing more: what is heard of it later is dated the
//! first open day, with its own day beside. Tables: `book_entries`, `book_postings`, `book_months`, `bank_lines`.

mod model;
mod sql;
mod forms;
mod actions;
mod admin;
mod demo;
mod months;
mod receipts;
mod statement;

pub use model::{Account, Class, KEEP_BOOKS};
pub use sql::{entered_income, spent_between};

use crate::{
    accounts::{Access, Decision, Desk, Group, Room, Routes, Task, Tells, moves, says, stays},
    kit::app::App,
    payments::SEE_PAYMENTS,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk { title: "Books", path: "/admin/books", permission: SEE_PAYMENTS, group: Group::Money }],
    demo: Some(|app, db, cast| Box::pin(async { Ok(demo::load(app, db, cast).await?) })),
    counts: Some(sql::COUNTS),
    tasks: &[
        Task {
            count: "waiting",
            one: "line of a bank statement needs checking",
            many: "lines of bank statements need checking",
            path: "/admin/books/statement",
            permission: KEEP_BOOKS,
            whole_party: true,
        },
        Task {
            count: "months",
            one: "month is over and can be closed",
            many: "months are over and can be closed",
            path: "/admin/books/months",
            permission: KEEP_BOOKS,
            whole_party: true,
        },
    ],
    decisions: &[
        Decision { count: "waiting", title: "Bank lines" },
        Decision { count: "months", title: "Months to close" },
    ],
    log: &[("books.", "Books")],
    audit: &[
        says("books.entered", "Entered in the books", Tells::Party),
        says("books.month_closed", "Month closed", Tells::Party),
        says("books.statement_uploaded", "Bank statement uploaded", Tells::Party),
        says("books.statement_settled", "Bank statement lines saved", Tells::Party),
        says("books.exported", "Month’s books downloaded", Tells::Party),
    ],
    people: &[
        stays("book_entries", "entered_by"),
        stays("book_months", "closed_by"),
        moves("bank_lines", "uploaded_by"),
        moves("bank_lines", "settled_by"),
    ],
    ..Room::new("books")
};

fn routes(_: &App) -> Routes {
    let (see, keep) = (Access::Officer(SEE_PAYMENTS), Access::Officer(KEEP_BOOKS));
    Routes::new()
        .get(see, "/admin/books", admin::trial)
        .get(see, "/admin/books/accounts/{account}", admin::account)
        .get(see, "/admin/books/entries/{entry}", admin::entry)
        .get(see, "/admin/books/months", months::list)
        .post(keep, "/admin/books/months/{month}/closing", months::close)
        .post(see, "/admin/books/months/{month}/export", months::export)
        .get(keep, "/admin/books/received", receipts::search)
        .get(keep, "/admin/books/received/{member}", receipts::new)
        .post(keep, "/admin/books/received/{member}", receipts::create)
        .get(keep, "/admin/books/statement", receipts::statement)
        .post(keep, "/admin/books/statement", receipts::upload)
        .post(keep, "/admin/books/statement/lines", receipts::settle)
        .get(keep, "/admin/books/new", admin::new)
        .post(keep, "/admin/books/new", admin::create)
        .get(keep, "/admin/books/spending", admin::spending)
        .post(keep, "/admin/books/spending", admin::spend)
}
