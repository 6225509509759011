//! Ballots: how members decide together, in secret, so that anybody can count again.
//!
//! A returning officer writes a draft and announces it. Its roll is made of everybody who may vote on a certain day; after
//! the hours for objections two people fix every word (the manifest, by whose hash everything else hangs) and open it.
//! `casting/` takes votes so that nobody can say whose a paper is. At the hour it closes by itself, two people have the papers
//! opened (`record.rs`), and two declare the result, which is provisional until the days for `complaints/` are over. What the clock
//! brings is in [`actions::turn`], each minute.
//!
//! `counting/` turns papers into a result, `proof/` shows that it is the right one. Both are pure: no database, no web,
//! no clock and no chance of their own, so that anyone can repeat what they do (`breakthrough count`, `breakthrough
//! verify`).
//!
//! Tables: `ballots`, `ballot_approvals`, `ballot_rulings`, `ballot_complaints`; `ballot_roll`, `ballot_confirmations`; apart
//! from any person: `ballot_incoming`, `ballot_papers`, `ballot_withdrawn`, `ballot_spoilt`, `ballot_board`,
//! `ballot_openings`, `ballot_files`.

pub mod counting;
pub mod proof;

mod model;
mod news;
mod entitlement;
mod result;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod casting;
mod complaints;
mod record;
mod telling;
mod recount;
mod actions;
mod pages;
mod admin;
mod jobs;
mod merging;
pub mod demo;

pub use actions::{add, announce, electors, objection_hours};
pub use forms::REOPEN;
pub use model::{
    Ballot, CountPapers, Draft, Electorate, Held, RUN_BALLOTS, State, TellVoters, Times, TurnBallots,
    WATCH_BALLOTS,
};
pub use recount::recount;
pub use result::rule;
pub use sql::{OpenBallot, find, list_open, roll::list_voters as voters};

use crate::{
    accounts::{
        Access, Combine, Desk, Group, Rank, Room, Routes, Task, Tells, ends, moves, moves_unless, says,
    },
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk { title: "Votes", path: admin::PATH, permission: WATCH_BALLOTS, group: Group::People }],
    settings: &[settings::OBJECTION_HOURS.known, settings::LEAST_HOURS.known, settings::COMPLAINT_DAYS.known],
    subjects: &[("ballot", "/admin/ballots")],
    log: &[("ballots.", "Votes")],
    audit: &[
        says("ballots.written", "Vote written", Tells::Party),
        says("ballots.changed", "Vote changed", Tells::Party),
        says("ballots.deleted", "Draft of a vote deleted", Tells::Party),
        says("ballots.key_taken", "Scrutineers’ key entered", Tells::Party),
        says("ballots.announced", "Vote announced", Tells::Party),
        says("ballots.withdrawn", "Announcement of a vote taken back", Tells::Party),
        says("ballots.roll_made", "Roll of a vote made", Tells::Party),
        says("ballots.roll_corrected", "Roll of a vote corrected", Tells::Party),
        says("ballots.ruled", "Ruling about a vote", Tells::Party),
        says("ballots.fixed", "Wording of a vote fixed", Tells::Party),
        says("ballots.approved", "Step of a vote approved", Tells::Party),
        says("ballots.opened", "Vote opened", Tells::Party),
        says("ballots.closed", "Vote closed", Tells::Party),
        says("ballots.secret_taken", "Key to the papers of a vote entered", Tells::Party),
        says("ballots.counted", "Vote counted", Tells::Party),
        says("ballots.declared", "Result of a vote declared", Tells::Party),
        says("ballots.voided", "Vote called off", Tells::Party),
        says("ballots.complained", "Complaint about a vote", Tells::People),
        says("ballots.replied", "Complaint about a vote answered", Tells::People),
        says("ballots.appealed", "Appeal about a vote", Tells::People),
        says("ballots.decided", "Appeal about a vote decided", Tells::People),
    ],
    public: &["/ballots", "/ballots/how"],
    counts: Some(sql::COUNTS),
    tasks: &[
        Task {
            count: "to_count",
            one: "vote has closed and waits for its count",
            many: "votes have closed and wait for their count",
            path: admin::PATH,
            permission: RUN_BALLOTS,
            whole_party: true,
        },
        Task {
            count: "to_declare",
            one: "result waits to be declared",
            many: "results wait to be declared",
            path: admin::PATH,
            permission: RUN_BALLOTS,
            whole_party: true,
        },
        Task {
            count: "to_answer",
            one: "complaint about a vote waits for an answer",
            many: "complaints about votes wait for an answer",
            path: admin::PATH,
            permission: RUN_BALLOTS,
            whole_party: true,
        },
    ],
    card: Some((Rank::Duties, |asked| Box::pin(pages::card(asked)))),
    people: &[
        moves("ballots", "written_by"),
        moves("ballot_roll", "person_id"),
        ends("ballot_confirmations", "person_id"),
        moves_unless("ballot_approvals", "person_id", "k.ballot_id = g.ballot_id and k.step = g.step"),
        moves("ballot_rulings", "made_by"),
        moves("ballot_complaints", "person_id"),
        moves("ballot_complaints", "replied_by"),
        moves("ballot_complaints", "decided_by"),
    ],
    combine: Some(Combine {
        join: |change, merging| Box::pin(merging::join(change, merging)),
        part: |change, merging, did| Box::pin(merging::part(change, merging, did)),
    }),
    jobs: |jobs| {
        jobs.with::<TellVoters>().with::<news::TellRoll>().with::<CountPapers>().each_minute::<TurnBallots>()
    },
    demo: Some(|app, db, cast| Box::pin(demo::load(app, db, cast))),
    ..Room::new("ballots")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Member, Officer, SecretBallot};
    let (runs, watches) = (Officer(RUN_BALLOTS), Officer(WATCH_BALLOTS));
    Routes::new()
        .get(Cached(&["ballots"]), "/ballots", pages::list)
        .get(Cached(&[]), "/ballots/how", pages::how)
        .get(Cached(&["ballots", "ballot_rulings"]), "/ballots/{slug}", pages::show)
        .get(Access::Public, "/ballots/{slug}/check", pages::check)
        .get(Cached(&["ballots"]), "/ballots/{slug}/sheet", pages::sheet)
        .get(Access::Public, "/ballots/{slug}/record/{name}", pages::file)
        .get(Member, "/ballots/{slug}/complaint", complaints::pages::show)
        .post(Member, "/ballots/{slug}/complaint", complaints::pages::create)
        .post(Member, "/ballots/{slug}/complaint/{id}/appeal", complaints::pages::appeal)
        .get(SecretBallot, "/ballots/{slug}/vote", casting::pages::choose)
        .post(SecretBallot, "/ballots/{slug}/vote", casting::pages::check)
        .get(SecretBallot, "/ballots/{slug}/vote/change", casting::pages::change)
        .post(SecretBallot, "/ballots/{slug}/vote/again", casting::pages::again)
        .post(SecretBallot, "/ballots/{slug}/vote/cast", casting::pages::cast)
        .post(SecretBallot, "/ballots/{slug}/vote/challenge", casting::pages::challenge)
        .post(SecretBallot, "/ballots/{slug}/vote/slip", casting::pages::slip)
        .get(watches, admin::PATH, admin::list)
        .get(runs, "/admin/ballots/new", admin::new)
        .post(runs, admin::PATH, admin::create)
        .get(watches, "/admin/ballots/{id}", admin::desk::show)
        .get(runs, "/admin/ballots/{id}/edit", admin::edit)
        .post(runs, "/admin/ballots/{id}/edit", admin::update)
        .get(watches, "/admin/ballots/{id}/preview", admin::preview)
        .get(runs, "/admin/ballots/{id}/undelivered", admin::rulings::undelivered)
        .post(runs, "/admin/ballots/{id}/deletion", admin::steps::delete)
        .post(runs, "/admin/ballots/{id}/announcement", admin::steps::announce)
        .post(runs, "/admin/ballots/{id}/withdrawal", admin::steps::withdraw)
        .post(runs, "/admin/ballots/{id}/key", admin::steps::key)
        .post(runs, "/admin/ballots/{id}/secret", admin::steps::secret)
        .post(runs, "/admin/ballots/{id}/approvals/{step}", admin::steps::approve)
        .post(runs, "/admin/ballots/{id}/rulings", admin::rulings::rule)
        .post(runs, "/admin/ballots/{id}/roll", admin::rulings::roll)
        .post(runs, "/admin/ballots/{id}/complaints/{complaint}", admin::rulings::answer)
}
