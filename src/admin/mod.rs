//! The officers' desk: overview, one person's page, the audit log.
//!
//! It reads many rooms and owns no table; what an officer changes from here is changed by the room it belongs to
//! (`accounts`, `membership`). Every query takes the officer's [`Scope`](crate::accounts::Scope): an organiser sees
//! and counts the people of one region only, and a person outside it is not found.
//!
//! `person` is the page of one, `overview` the figures and charts (and refused mails), `money` the treasurer's desk, `work` the
//! background work that failed, `log` the audit log in words.
//! Other officers' pages live with their subject (`people/admin.rs`, `membership/admin.rs`).

pub(crate) mod log;
mod money;
mod overview;
mod permissions;
mod person;
mod work;

pub use permissions::{LOOK_AFTER_WORK, SEE_AUDIT, SEE_OVERVIEW};

use crate::{
    accounts::{Access, Desk, Group, Link, Rank, Room, Routes, SEE_PEOPLE, Task, Tells, says},
    kit::{app::App, queue},
    payments::SEE_PAYMENTS,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    head: |session| (!session.offices.is_empty()).then_some(Link::new("Officers", "/admin")),
    desk: &[
        Desk { title: "Overview", path: "/admin", permission: SEE_OVERVIEW, group: Group::Start },
        Desk {
            title: "Treasurer’s desk", path: money::PATH, permission: SEE_PAYMENTS, group: Group::Money
        },
        Desk { title: "Audit log", path: "/admin/audit", permission: SEE_AUDIT, group: Group::Control },
    ],
    closed: &["/admin"],
    log: &[("work.", "Background work")],
    audit: &[says("work.tried_again", "Failed background work tried again", Tells::Party)],
    counts: Some(queue::COUNTS),
    tasks: &[Task {
        count: "failed",
        one: "piece of background work failed",
        many: "pieces of background work failed",
        path: work::PATH,
        permission: LOOK_AFTER_WORK,
        whole_party: true,
    }],
    jobs: |jobs| jobs.every::<log::TellSeal>("47 3 * * *"),
    card: Some((Rank::Duties, |asked| Box::pin(async move { overview::card(&asked) }))),
    ..Room::new("admin")
};

fn routes(_: &App) -> Routes {
    let overview = Access::Officer(SEE_OVERVIEW);
    let see = Access::Officer(SEE_PEOPLE);
    let money = Access::Officer(SEE_PAYMENTS);
    let audit = Access::Officer(SEE_AUDIT);
    let work = Access::Officer(LOOK_AFTER_WORK);
    Routes::new()
        .get(overview, "/admin", overview::show)
        .get(money, "/admin/money", money::desk)
        .get(money, "/admin/money/joining", money::joining)
        .get(see, "/admin/emails", overview::emails)
        .get(see, "/admin/members/{person}", person::show)
        .get(see, "/admin/members/{person}/payments", person::payments)
        .get(see, "/admin/members/{person}/activity", person::activity)
        .get(work, "/admin/work", work::list)
        .post(work, "/admin/work", work::try_again)
        .get(audit, "/admin/audit", log::list)
        .post(audit, "/admin/audit/check", log::check)
}
