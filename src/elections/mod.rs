//! Elections: how members choose people for posts of the party.
//!
//! A returning officer writes a post and calls an election for it by the last day of its vote; the timetable is calculated
//! from that day and the rule book, and published. Members nominate themselves or each other, others second them, each by
//! signing in; candidates write statements of equal length and answer members' questions in equal time. What may be done
//! when goes by the clock alone ([`model::Election::stage`]); what the clock brings is in `actions::elections::turn`, each
//! minute: nominations are judged, the vote is made in `ballots`, and when its result is final, offices are given until the
//! end of the term. A place that is given up is filled by a countback or a by-election. Whoever stands has no officers'
//! tools meanwhile.
//!
//! Tables: `election_posts`, `elections`, `election_nominations`, `election_seconds`, `election_questions`,
//! `election_answers`, `election_offices`.

mod model;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod telling;
mod actions;
mod pages;
mod admin;
mod jobs;
pub mod demo;

pub use jobs::TurnElections;
pub use model::Office;
pub use sql::offices::list_held;

use crate::{
    accounts::{Access, Desk, Group, Rank, Room, Routes, Task, Tells, moves, moves_unless, says},
    ballots::{RUN_BALLOTS, WATCH_BALLOTS},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk { title: "Elections", path: admin::PATH, permission: WATCH_BALLOTS, group: Group::People }],
    settings: &[
        settings::NOTICE_DAYS.known,
        settings::NOMINATION_DAYS.known,
        settings::WITHDRAWAL_DAYS.known,
        settings::HUSTINGS_DAYS.known,
        settings::ANSWER_HOURS.known,
        settings::POLL_DAYS.known,
        settings::SECONDERS.known,
        settings::STATEMENT_LENGTH.known,
    ],
    log: &[("elections.", "Elections")],
    audit: &[
        says("elections.post_added", "Post added", Tells::Party),
        says("elections.post_changed", "Post changed", Tells::Party),
        says("elections.called", "Election written", Tells::Party),
        says("elections.deleted", "Draft of an election deleted", Tells::Party),
        says("elections.published", "Election published", Tells::Party),
        says("elections.moved", "Timetable of an election changed", Tells::Party),
        says("elections.called_off", "Election called off", Tells::Party),
        says("elections.judged", "Nominations closed and checked", Tells::Party),
        says("elections.nominated", "Nominated for a post", Tells::People),
        says("elections.accepted", "Nomination accepted", Tells::People),
        says("elections.declined", "Nomination declined", Tells::People),
        says("elections.seconded", "Nomination seconded", Tells::Party),
        says("elections.unseconded", "Second taken back", Tells::Party),
        says("elections.statement_written", "Candidate’s statement written", Tells::People),
        says("elections.portrait_set", "Candidate’s portrait changed", Tells::People),
        says("elections.candidacy_ended", "Candidacy ended", Tells::People),
        says("elections.vote_made", "Vote of an election made", Tells::Party),
        says("elections.settled", "Election over", Tells::Party),
        says("elections.office_given", "Elected to a post", Tells::People),
        says("elections.office_not_given", "Elected, and cannot hold the post", Tells::People),
        says("elections.office_ended", "Post ended", Tells::People),
        says(
            "elections.counted_back",
            "Papers of an election counted again for a vacant place",
            Tells::Party,
        ),
        says("elections.asked", "Question to candidates asked", Tells::People),
        says("elections.question_let_through", "Question to candidates published", Tells::Party),
        says("elections.question_refused", "Question to candidates refused", Tells::Party),
        says("elections.answered", "Question answered by a candidate", Tells::People),
    ],
    public: &["/elections"],
    counts: Some(sql::COUNTS),
    tasks: &[Task {
        count: "questions",
        one: "question to candidates waits to be read",
        many: "questions to candidates wait to be read",
        path: admin::PATH,
        permission: RUN_BALLOTS,
        whole_party: true,
    }],
    card: Some((Rank::Duties, |asked| Box::pin(pages::elections::card(asked)))),
    people: &[
        moves("elections", "written_by"),
        moves_unless(
            "election_nominations",
            "person_id",
            "k.election_id = g.election_id or (k.stands and g.stands)",
        ),
        moves("election_nominations", "nominated_by"),
        moves_unless("election_seconds", "person_id", "k.nomination_id = g.nomination_id"),
        moves("election_questions", "asked_by"),
        moves_unless("election_offices", "person_id", "k.election_id = g.election_id"),
    ],
    jobs: |jobs| jobs.with::<model::TellElectors>().each_minute::<TurnElections>(),
    demo: Some(|app, db, cast| Box::pin(demo::load(app, db, cast))),
    ..Room::new("elections")
};

/// Whether a path takes a portrait, which may be larger than any other form.
pub fn is_upload(path: &str) -> bool {
    path.starts_with("/elections/") && path.ends_with("/portrait")
}

fn routes(_: &App) -> Routes {
    use Access::{Cached, Member, Officer};
    let (runs, watches) = (Officer(RUN_BALLOTS), Officer(WATCH_BALLOTS));
    Routes::new()
        .get(Cached(&["elections", "election_posts", "ballots"]), "/elections", pages::elections::list)
        .get(
            Cached(&["elections", "election_posts", "ballots", "election_nominations", "election_offices"]),
            "/elections/{slug}",
            pages::elections::show,
        )
        .get(
            Cached(&[
                "elections",
                "election_posts",
                "ballots",
                "election_nominations",
                "election_questions",
                "election_answers",
            ]),
            "/elections/{slug}/candidates/{id}",
            pages::elections::candidate,
        )
        .get(
            Cached(&[
                "elections",
                "election_posts",
                "ballots",
                "election_nominations",
                "election_questions",
                "election_answers",
            ]),
            "/elections/{slug}/questions",
            pages::questions::list,
        )
        .post(Member, "/elections/{slug}/questions", pages::questions::ask)
        .post(Member, "/elections/{slug}/questions/{question}/answer", pages::questions::answer)
        .get(Member, "/elections/{slug}/nominations/new", pages::nominations::new)
        .post(Member, "/elections/{slug}/nominations/own", pages::nominations::nominate_oneself)
        .post(Member, "/elections/{slug}/nominations", pages::nominations::nominate)
        .get(Member, "/elections/{slug}/nominations/{id}", pages::nominations::show)
        .post(Member, "/elections/{slug}/nominations/{id}/acceptance", pages::nominations::accept)
        .post(Member, "/elections/{slug}/nominations/{id}/refusal", pages::nominations::decline)
        .post(Member, "/elections/{slug}/nominations/{id}/second", pages::nominations::second)
        .post(Member, "/elections/{slug}/nominations/{id}/second/end", pages::nominations::unsecond)
        .post(Member, "/elections/{slug}/nominations/{id}/statement", pages::nominations::write)
        .post(Member, "/elections/{slug}/nominations/{id}/portrait", pages::nominations::set_portrait)
        .post(Member, "/elections/{slug}/nominations/{id}/portrait/end", pages::nominations::drop_portrait)
        .post(Member, "/elections/{slug}/nominations/{id}/withdrawal", pages::nominations::withdraw)
        .get(watches, admin::PATH, admin::posts::list)
        .get(runs, "/admin/elections/posts/new", admin::posts::new)
        .post(runs, "/admin/elections/posts/new", admin::posts::create)
        .get(runs, "/admin/elections/posts/{post}", admin::posts::edit)
        .post(runs, "/admin/elections/posts/{post}", admin::posts::update)
        .get(runs, "/admin/elections/posts/{post}/call", admin::elections::new)
        .post(runs, "/admin/elections/posts/{post}/call", admin::elections::create)
        .get(watches, "/admin/elections/offices", admin::offices::list)
        .post(runs, "/admin/elections/offices/{office}/end", admin::offices::end)
        .post(runs, "/admin/elections/offices/{office}/countback", admin::offices::countback)
        .get(watches, "/admin/elections/{id}", admin::elections::show)
        .get(runs, "/admin/elections/{id}/timetable", admin::elections::edit_timetable)
        .post(runs, "/admin/elections/{id}/timetable", admin::elections::update_timetable)
        .post(runs, "/admin/elections/{id}/publication", admin::elections::publish)
        .post(runs, "/admin/elections/{id}/deletion", admin::elections::delete)
        .post(runs, "/admin/elections/{id}/end", admin::elections::call_off)
        .post(
            runs,
            "/admin/elections/{id}/nominations/{nomination}/refusal",
            admin::elections::refuse_nomination,
        )
        .post(runs, "/admin/elections/{id}/questions/{question}/publication", admin::elections::let_through)
        .post(runs, "/admin/elections/{id}/questions/{question}/refusal", admin::elections::refuse_question)
}
