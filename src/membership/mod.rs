//! Members: joining, what they pay, and where that leaves them.
//!
//! A person has one membership for life, with one number and one date of joining; periods keep the gaps. Its state is
//! never typed: [`State`] follows by the rules in `model/rules.rs` from the one subscription that counts, a suspension, or an
//! officer's decision to end it, and is worked out again after each payment ([`hear`]) and each night ([`TurnOfDay`]).
//!
//! Joining stores an application and a wish to pay, then leads to Stripe. The page afterwards only shows state; what
//! makes a member is Stripe's word to our webhook. A second subscription of the same person is ended and paid back.
//! Nobody learns from the form whether an address is known. Tables: `applications`, `memberships`,
//! `membership_states`
//! and `membership_periods` (where everybody stood on which days, for good), `membership_overrides`
//! (what officers set by hand for a time), `membership_notes`, `membership_rate_changes`,
//! `membership_hardships` (who pays less for a time, which nobody else reads),
//! `membership_gifts` (years that somebody paid for somebody else), `membership_carried` (days that were paid for before
//! somebody began to pay regularly). Name, email, postcode and region of a member are in `people`, whatever else they
//! say about themselves is [`Personal`].

mod personal;
mod model;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod actions;
pub(crate) mod gifts;
mod join;
mod hardship;
mod pages;
mod rates;
mod admin;
mod standing;
mod jobs;
pub mod demo;

pub use actions::{
    ForeignMember, NewDues, add_foreign, adopt, dues_of, fill_personal, freeze_day, has_membership, hear,
    new_dues, paid_by_hand, price, purpose, refuse_above_limit, roll, rules, settle_unaccepted, standing_age,
    stood_on, summary, voting_rules,
};
pub use forms::least_age;
pub use gifts::{
    actions::{hear as hear_gift, new_giver},
    model::GIFT_YEARS,
};
pub use jobs::{Remind, TurnOfDay};
pub use model::{
    DUES, EndReason, Era, History, Membership, NoVote, Note, Override, OverrideKind, Past, Period, Price,
    Prices, Rate, Rules, Standing, State, Status, Stood, Suspension, Unaccepted, VotingRules,
};
pub use personal::Personal;
pub use settings::GRACE_DAYS;
pub use sql::{find_of_person, read_membership};

use crate::{
    accounts::{
        self, Access, CHANGE_PEOPLE, Combine, Desk, Figure, Group, HELP_MEMBERS, Link, Rank, Room, Routes,
        SEE_PEOPLE, Source, Task, Tells, Timeline, moves, moves_unless, says,
    },
    kit::{app::App, markdown::shorten},
    payments::leading,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    head: |session| (session.standing != accounts::Standing::Member).then_some(Link::button("Join", "/join")),
    desk: &[Desk {
        title: "Gift memberships",
        path: gifts::admin::PATH,
        permission: HELP_MEMBERS,
        group: Group::Money,
    }],
    rising: &[
        &[
            settings::HARDSHIP_MONTH.known,
            settings::LOW_WAGE_MONTH.known,
            settings::STANDARD_MONTH.known,
            settings::SOLIDARITY_MONTH.known,
        ],
        &[
            settings::HARDSHIP_YEAR.known,
            settings::LOW_WAGE_YEAR.known,
            settings::STANDARD_YEAR.known,
            settings::SOLIDARITY_YEAR.known,
        ],
    ],
    settings: &[
        settings::LOW_WAGE_MONTH.known,
        settings::LOW_WAGE_YEAR.known,
        settings::STANDARD_MONTH.known,
        settings::STANDARD_YEAR.known,
        settings::SOLIDARITY_MONTH.known,
        settings::SOLIDARITY_YEAR.known,
        settings::MIN_AGE.known,
        settings::GRACE_DAYS.known,
        settings::PENDING_COUNTS.known,
        settings::HARDSHIP_MONTH.known,
        settings::HARDSHIP_YEAR.known,
        settings::HARDSHIP_MONTHS.known,
        settings::HARDSHIP_REMIND_DAYS.known,
        settings::GIFT_DAYS.known,
        settings::REMIND_HOURS.known,
        settings::RENEWAL_FIRST.known,
        settings::RENEWAL_LAST.known,
        settings::OBJECTION_DAYS.known,
        settings::VOTING_WAIT_DAYS.known,
        settings::VOTING_AGE.known,
        settings::STANDING_AGE.known,
        settings::FREEZE_DAYS.known,
    ],
    purposes: &[DUES, GIFT_YEARS],
    log: &[("membership.", "Memberships")],
    audit: &[
        says("membership.joined", "Joined", Tells::People),
        says("membership.rejoined", "Rejoined", Tells::People),
        says("membership.payment_replaced", "Payment replaced", Tells::People),
        says("membership.payment_adopted", "Payment taken over from another system", Tells::People),
        says("membership.second_payment", "Duplicate payment ended", Tells::People),
        says("membership.above_limit", "Subscription above the annual limit sent back", Tells::People),
        says("membership.state_changed", "Membership status changed", Tells::People),
        says("membership.renewal_stopped", "Renewal stopped", Tells::People),
        says("membership.renewal_resumed", "Renewal resumed", Tells::People),
        says("membership.rate_changed", "Rate changed", Tells::People),
        says("membership.rate_refused", "New rate refused by Stripe", Tells::People),
        says("membership.method_lost", "Direct Debit cancelled at the bank", Tells::People),
        says("membership.price_changed", "Price changed at Stripe", Tells::People),
        says("membership.details_changed", "Member’s details changed", Tells::People),
        says("membership.suspended", "Membership suspended", Tells::People),
        says("membership.suspension_lifted", "Suspension lifted", Tells::People),
        says("membership.ended", "Membership ended", Tells::People),
        says("membership.death_taken_back", "Recorded death undone, a mistake", Tells::People),
        says("membership.override_set", "Standing set by hand", Tells::People),
        says("membership.override_ended", "Standing set by hand ended", Tells::People),
        says("membership.paid_by_hand", "Paid by hand", Tells::People),
        says("membership.unpaid", "Payment not accepted, membership unpaid", Tells::People),
        says("membership.gift_paid", "Gift membership paid", Tells::People),
        says("membership.gift_accepted", "Gift membership accepted", Tells::People),
        says("membership.gift_returned", "Gift membership not accepted, money goes back", Tells::People),
        says("membership.gift_lost", "Gift membership refunded after it was accepted", Tells::People),
        says("membership.days_carried", "Days that were paid for carried over", Tells::People),
        says("membership.note_added", "Note added", Tells::People),
    ],
    public: &["/join", "/gift-membership"],
    closed: &["/membership"],
    counts: Some(sql::COUNTS),
    figures: &[
        Figure {
            whole_party: false,
            words: |counts| {
                let (members, good) = (counts.of("accounts", "members"), counts.of("membership", "active"));
                let standing = if members == good {
                    "members, all in good standing".to_owned()
                } else {
                    format!("members, {} in good standing", counts.words("membership", "active"))
                };
                (counts.words("accounts", "members"), standing)
            },
        },
        Figure {
            whole_party: false,
            words: |counts| {
                let left = counts.words("membership", "left");
                (counts.words("membership", "joined"), format!("joined this month, {left} left"))
            },
        },
    ],
    tasks: &[
        Task {
            count: "grace",
            one: "payment is overdue",
            many: "payments are overdue",
            path: "/admin/members?state=grace",
            permission: SEE_PEOPLE,
            whole_party: true,
        },
        Task {
            count: "pending",
            one: "first Direct Debit is on its way",
            many: "first Direct Debits are on their way",
            path: "/admin/members?state=pending",
            permission: SEE_PEOPLE,
            whole_party: true,
        },
        Task {
            count: "suspended",
            one: "membership is suspended",
            many: "memberships are suspended",
            path: "/admin/members?state=suspended",
            permission: SEE_PEOPLE,
            whole_party: true,
        },
    ],
    timeline: Some(Timeline {
        view: "membership_timeline",
        sources: &[Source {
            name: "note",
            title: "Note",
            words: |_, _, detail| shorten(detail["words"].as_str().unwrap_or_default(), 200),
        }],
    }),
    card: Some((Rank::Standing, |asked| Box::pin(pages::card(asked)))),
    people: &[
        moves("applications", "signed_in_id"),
        moves("applications", "person_id"),
        moves("memberships", "person_id"),
        moves("memberships", "suspended_by"),
        moves("membership_notes", "person_id"),
        moves("membership_notes", "author_id"),
        moves_unless(
            "membership_rate_changes",
            "person_id",
            "k.done_at is null and k.refused is null and g.done_at is null and g.refused is null",
        ),
        moves("membership_rate_changes", "asked_by"),
        moves_unless("membership_hardships", "person_id", "true"),
        moves("membership_gifts", "person_id"),
        moves("membership_overrides", "set_by"),
        moves("membership_overrides", "lifted_by"),
    ],
    combine: Some(Combine {
        join: |change, merging| Box::pin(actions::join(change, merging)),
        part: |change, merging, did| Box::pin(actions::part(change, merging, did)),
    }),
    begun: Some(|db, email, now| Box::pin(actions::begun(db, email, now))),
    jobs: |jobs| {
        jobs.with::<model::WarnMember>()
            .with::<model::ChangeRate>()
            .with::<model::CarryDays>()
            .with::<model::ApplyHardship>()
            .every::<TurnOfDay>("5 0,1 * * *")
            .every::<Remind>("20 8-18 * * *")
    },
    demo: Some(|app, db, cast| Box::pin(demo::load(app, db, cast))),
    ..Room::new("membership")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Public, SignedIn};
    let (officer, help) = (Access::Officer(CHANGE_PEOPLE), Access::Officer(HELP_MEMBERS));
    Routes::new()
        .get(Cached(&[]), "/join", join::show)
        .post(Public, "/join", join::create)
        .get(Public, "/join/{application}/again", join::again)
        .get(Public, "/join/{application}", leading::show::<join::Joining>)
        .post(Public, "/join/{application}/payment", leading::pay::<join::Joining>)
        .get(Public, "/gift-membership", gifts::pages::new)
        .post(Public, "/gift-membership", gifts::pages::create)
        .get(Public, "/gift-membership/{gift}", leading::show::<gifts::pages::Given>)
        .post(Public, "/gift-membership/{gift}/payment", leading::pay::<gifts::pages::Given>)
        .get(Public, "/gift-membership/for/{key}", gifts::pages::show)
        .post(Public, "/gift-membership/for/{key}", gifts::pages::accept)
        .post(Public, "/gift-membership/for/{key}/decline", gifts::pages::decline)
        .get(help, gifts::admin::PATH, gifts::admin::list)
        .get(SignedIn, "/membership", pages::show)
        .get(SignedIn, "/membership/details", pages::edit_details)
        .post(SignedIn, "/membership/details", pages::update_details)
        .get(SignedIn, "/membership/rate", rates::edit)
        .post(SignedIn, "/membership/rate", rates::update)
        .get(SignedIn, "/membership/hardship", hardship::edit)
        .post(SignedIn, "/membership/hardship", hardship::update)
        .post(SignedIn, "/membership/hardship/end", hardship::end)
        .get(SignedIn, "/membership/end", pages::confirm_end)
        .post(SignedIn, "/membership/end", pages::end)
        .post(SignedIn, "/membership/resume", pages::resume)
        .post(SignedIn, "/membership/method", pages::change_method)
        .get(officer, "/admin/members/{person}/details", admin::edit_details)
        .post(officer, "/admin/members/{person}/details", admin::update_details)
        .get(help, "/admin/members/{person}/rate", rates::edit_for)
        .post(help, "/admin/members/{person}/rate", rates::update_for)
        .get(officer, "/admin/members/{person}/end", admin::confirm_end)
        .post(officer, "/admin/members/{person}/end", admin::end)
        .post(officer, "/admin/members/{person}/end/mistake", admin::take_back_death)
        .get(officer, "/admin/members/{person}/standing", standing::show)
        .get(officer, "/admin/members/{person}/override", admin::new_override)
        .post(officer, "/admin/members/{person}/override", admin::create_override)
        .post(officer, "/admin/members/{person}/overrides/{override}/end", admin::end_override)
        .get(officer, "/admin/members/{person}/suspension", admin::new_suspension)
        .post(officer, "/admin/members/{person}/suspension", admin::suspend)
        .post(officer, "/admin/members/{person}/suspension/end", admin::lift_suspension)
        .get(officer, "/admin/members/{person}/notes", admin::new_note)
        .post(officer, "/admin/members/{person}/notes", admin::create_note)
}
