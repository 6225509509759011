//! Gifts from people, and the law on donations: no companies, no super-rich.
//!
//! A gift is stored with the wish to pay it, then the giver is led to Stripe; Stripe's word to our webhook makes it
//! paid ([`hear`]). All that one source pays in a calendar year, fees included, stays under the party's cap: a gift or a
//! subscription that would exceed it, with what is paid and promised already, is refused on the form to whoever is signed in
//! (`actions/ceiling.rs`); what anybody else pays with a known address, for whatever, goes back.
//!
//! Above a sum a payment is a donation in law, whatever it was for (PPERA 2000, Part IV; one annual fee of £600 is, twelve
//! of £45 are not). Each has a case ([`watch_payment`], and each hour for whatever nobody told of), whose clock runs from
//! the day on which Stripe took the money, which is never later than its arrival at the bank. Officers accept it with what
//! they found on the electoral register, or send it back, and are warned in time; a case that nobody has decided stays at the top
//! of their list for ever. The figures are dated settings, each with its source.
//!
//! What one source (one legal person; officers can say that two records are one) gave in a calendar year is added up and
//! compared with the thresholds of the day (`model/returns.rs`). Returns are frozen, never changed, and compared with how
//! things stand since.
//!
//! Tables: `gifts`, `gift_payments`, `donor_cases`, `donor_case_warnings`, `donor_merges`, `split_dismissals`, `split_flags`,
//! `donation_cards`, `donation_returns`, `returns_due`, `election_periods`, `above_limit`, `donation_refusals`; the money itself is in the books of `payments`.

mod model;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod actions;
mod pages;
mod admin;
mod jobs;
pub mod demo;

pub use actions::{
    Entered, bounds, cap_on,
    ceiling::{holds, send_back},
    enter, hear, is_within_cap, watch_payment,
};
pub use jobs::{TidyGifts, WatchCases};
pub use model::{Bounds, CHECK_DONORS, GIFTS};
pub use settings::{CAP, CRYPTO_BANNED};
pub use sql::giving::{Giving, giving};

use self::model::Gift;
use crate::{
    accounts::{Access, Combine, Decision, Desk, Group, Room, Routes, Task, Tells, moves, says, stays},
    kit::app::App,
    payments::leading,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk {
        title: "Donations",
        path: admin::cases::PATH,
        permission: CHECK_DONORS,
        group: Group::Money,
    }],
    rising: &[&[settings::LEAST.known, settings::CAP.known]],
    settings: &[
        settings::CAP.known,
        settings::OVERSEAS_CAP.known,
        settings::CRYPTO_BANNED.known,
        settings::LEAST.known,
        settings::CHECK_DAYS.known,
        settings::WARN_DAYS[0].known,
        settings::WARN_DAYS[1].known,
        settings::WARN_DAYS[2].known,
        settings::SPLIT_FROM.known,
        settings::SPLIT_DAYS.known,
        settings::REPORT_ABOVE.known,
        settings::REPORT_FURTHER.known,
        settings::RETURN_DAYS.known,
        settings::WEEKLY_RETURN_DAYS.known,
    ],
    purposes: &[GIFTS],
    subjects: &[("donor_case", "/admin/donations/cases")],
    log: &[("donation.", "Donations")],
    audit: &[
        says("donation.stopped", "Regular donation stopped", Tells::Party),
        says("donation.received", "Donation received", Tells::Party),
        says("donation.above_cap", "Payment above the annual limit sent back", Tells::Party),
        says("donation.check_opened", "Donor check opened", Tells::Party),
        says("donation.accepted", "Donation accepted, donor found on the register", Tells::Party),
        says("donation.check_undone", "Donor check undone", Tells::Party),
        says("donation.refused", "Donation refused and sent back", Tells::Party),
        says("donation.refund_tried_again", "Refund of a donation retried", Tells::Party),
        says("donation.returned", "Donation sent back by hand", Tells::Party),
        says("donation.went_back", "Donation refunded before it was decided", Tells::Party),
        says("donation.check_reopened", "Donor check reopened: the refund failed", Tells::Party),
        says("donation.refusal_entered", "Refused donation recorded", Tells::Party),
        says("donation.refusal_returned", "Refused donation sent back", Tells::Party),
        says("donation.refusal_removed", "Refused donation removed, entered by mistake", Tells::Party),
        says("donation.records_joined", "Two records of one donor joined", Tells::People),
        says("donation.records_separated", "Records of a donor separated", Tells::People),
        says("donation.split_dismissed", "Possible split donation looked into", Tells::People),
        says("donation.return_frozen", "Return of donations approved and frozen", Tells::Party),
        says("donation.return_downloaded", "Return of donations downloaded", Tells::Party),
        says("donation.election_entered", "Election period entered", Tells::Party),
        says("donation.election_removed", "Election period removed, entered by mistake", Tells::Party),
    ],
    public: &["/donate"],
    counts: Some(sql::COUNTS),
    tasks: &[
        Task {
            count: "to_check",
            one: "donation needs a donor check",
            many: "donations need a donor check",
            path: admin::cases::PATH,
            permission: CHECK_DONORS,
            whole_party: true,
        },
        Task {
            count: "stuck",
            one: "refused donation has not been returned",
            many: "refused donations have not been returned",
            path: admin::cases::PATH,
            permission: CHECK_DONORS,
            whole_party: true,
        },
        Task {
            count: "splits",
            one: "possible split donation has to be looked into",
            many: "possible split donations have to be looked into",
            path: admin::sources::SPLITS,
            permission: CHECK_DONORS,
            whole_party: true,
        },
        Task {
            count: "returns",
            one: "return to the Electoral Commission has to be filed",
            many: "returns to the Electoral Commission have to be filed",
            path: admin::returns::PATH,
            permission: CHECK_DONORS,
            whole_party: true,
        },
    ],
    decisions: &[
        Decision { count: "to_check", title: "Donor checks" },
        Decision { count: "stuck", title: "Donations to send back" },
        Decision { count: "splits", title: "Possible split donations" },
        Decision { count: "returns", title: "Returns" },
    ],
    moved: &[("/admin/payments/checks", admin::cases::PATH)],
    jobs: |jobs| jobs.every::<TidyGifts>("23 3 * * *").every::<WatchCases>("29 * * * *"),
    combine: Some(Combine {
        join: |change, merging| Box::pin(actions::merging::join(change, merging)),
        part: |change, merging, did| Box::pin(actions::merging::part(change, merging, did)),
    }),
    ceiling: Some(|change, planned| Box::pin(actions::ceiling::most(change, planned))),
    demo: Some(|app, db, cast| Box::pin(demo::load(app, db, cast))),
    people: &[
        moves("gifts", "person_id"),
        moves("donor_cases", "decided_by"),
        moves("donor_merges", "merged_by"),
        moves("split_dismissals", "dismissed_by"),
        moves("election_periods", "entered_by"),
        moves("donation_refusals", "entered_by"),
        stays("donation_returns", "approved_by"),
    ],
    ..Room::new("donations")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Public};
    let officer = Access::Officer(CHECK_DONORS);
    Routes::new()
        .get(Cached(&[]), "/donate", pages::show)
        .post(Public, "/donate", pages::create)
        .get(Public, "/donate/{gift}", leading::show::<Gift>)
        .post(Public, "/donate/{gift}/payment", leading::pay::<Gift>)
        .get(Public, "/donate/{gift}/stop", pages::confirm_stop)
        .post(Public, "/donate/{gift}/stop", pages::stop)
        .get(officer, "/admin/donations", admin::cases::list)
        .get(officer, "/admin/donations/decided", admin::cases::decided)
        .get(officer, "/admin/donations/cases/{case}", admin::cases::show)
        .post(officer, "/admin/donations/cases/{case}/acceptance", admin::cases::accept)
        .post(officer, "/admin/donations/cases/{case}/refusal", admin::cases::refuse)
        .post(officer, "/admin/donations/cases/{case}/return", admin::cases::note_return)
        .post(officer, "/admin/donations/cases/{case}/refund", admin::cases::refund_again)
        .post(officer, "/admin/donations/cases/{case}/undo", admin::cases::undo)
        .get(officer, "/admin/donations/sources", admin::sources::list)
        .post(officer, "/admin/donations/sources/merge", admin::sources::merge)
        .post(officer, "/admin/donations/sources/separation", admin::sources::separate)
        .get(officer, "/admin/donations/splits", admin::sources::splits)
        .post(officer, "/admin/donations/splits", admin::sources::dismiss)
        .get(officer, "/admin/donations/refusals", admin::refusals::list)
        .post(officer, "/admin/donations/refusals", admin::refusals::create)
        .get(officer, "/admin/donations/refusals/new", admin::refusals::new)
        .get(officer, "/admin/donations/refusals/{refusal}", admin::refusals::show)
        .post(officer, "/admin/donations/refusals/{refusal}/return", admin::refusals::note_return)
        .post(officer, "/admin/donations/refusals/{refusal}/removal", admin::refusals::remove)
        .get(officer, "/admin/donations/returns", admin::returns::list)
        .post(officer, "/admin/donations/elections", admin::returns::add_election)
        .post(officer, "/admin/donations/elections/{election}/removal", admin::returns::remove_election)
        .get(officer, "/admin/donations/returns/{kind}/{from}", admin::returns::show)
        .post(officer, "/admin/donations/returns/{kind}/{from}", admin::returns::freeze)
        .post(officer, "/admin/donations/returns/files/{id}", admin::returns::download)
}
