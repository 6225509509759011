//! What stands on the desk, and the figures of who stays. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::{
    accounts::{Counts, Officer, Rooms, Waits},
    admin::overview::{LineChart, percent},
    kit::{
        dates,
        money::{Money, grouped},
    },
    membership::EndReason,
};

/// Something that somebody has to decide.
#[derive(Debug)]
pub struct Card {
    pub title: &'static str,
    /// `3 donations need a donor check`
    pub words: String,
    pub path: &'static str,
    pub amount: Option<Money>,
    /// By when, or how long it has waited; with whether that is late.
    pub when: Option<(String, bool)>,
    waits: Waits,
}

/// What waits for an officer: first by its last day, then by its age.
pub fn cards(rooms: Rooms, counts: &Counts, who: &Officer, today: NaiveDate) -> Vec<Card> {
    let mut cards = Vec::new();
    for room in rooms.iter() {
        for decision in room.decisions {
            let waits = counts.waits(room.name, decision.count);
            let Some(task) = room.tasks.iter().find(|task| task.count == decision.count) else { continue };
            if waits.count > 0 && who.may(task.permission) {
                let words = if waits.count == 1 { task.one } else { task.many };
                cards.push(Card {
                    title: decision.title,
                    words: format!("{} {words}", grouped(waits.count.unsigned_abs())),
                    path: task.path,
                    amount: waits.pence.filter(|sum| *sum > Money::ZERO),
                    when: when(&waits, today),
                    waits,
                });
            }
        }
    }
    cards.sort_by_key(|card| {
        let never = NaiveDate::MAX;
        (card.waits.due.unwrap_or(never), card.waits.since.unwrap_or(never))
    });
    cards
}

/// `5 days`
fn days(number: i64) -> String {
    if number == 1 { "1 day".to_owned() } else { format!("{} days", grouped(number.unsigned_abs())) }
}

fn when(waits: &Waits, today: NaiveDate) -> Option<(String, bool)> {
    if let Some(due) = waits.due {
        let left = (due - today).num_days();
        let day = dates::near_day(due, today);
        let first = if waits.count == 1 { "Decide by" } else { "The first by" };
        return Some(match left {
            ..0 => (format!("Overdue since {day}"), true),
            0 => ("Today is the last day".to_owned(), true),
            left => (format!("{first} {day}, in {}", days(left)), false),
        });
    }
    let waited = (today - waits.since?).num_days();
    let whose = if waits.count == 1 { "Has" } else { "The oldest has" };
    Some(match waited {
        ..=0 => ("Since today".to_owned(), false),
        waited => (format!("{whose} waited {}", days(waited)), false),
    })
}

/// How long somebody is behind, in days; the last one has no end.
pub const BUCKETS: [(u64, Option<u64>); 4] = [(0, Some(30)), (31, Some(60)), (61, Some(90)), (91, None)];

/// Those who have been behind for so long.
#[derive(Debug)]
pub struct Arrears {
    pub words: String,
    /// The members' list of them.
    pub path: String,
    pub members: i64,
    /// Regular payments for something else than membership.
    pub others: i64,
    /// What they owe for the periods that have begun since.
    pub owed: Money,
}

impl Arrears {
    pub fn new(
        (from, to): (u64, Option<u64>),
        today: NaiveDate,
        (members, others): (i64, i64),
        owed: Money,
    ) -> Self {
        let ago = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let first = to.map(|to| format!("&behind_from={}", ago(to))).unwrap_or_default();
        Self {
            words: match to {
                Some(to) => format!("{from} to {to} days"),
                None => format!("More than {} days", from.saturating_sub(1)),
            },
            path: format!("/admin/members?state=grace{first}&behind_to={}", ago(from)),
            members,
            others,
            owed,
        }
    }
}

/// Why people left, as columns of a table.
pub const KINDS: [(&str, &[EndReason]); 4] = [
    ("Left", &[EndReason::Left]),
    ("Lapsed", &[EndReason::Lapsed]),
    ("Ended by the party", &[EndReason::Expelled, EndReason::Refused, EndReason::Officer]),
    ("Died", &[EndReason::Died]),
];

/// A month's comings and goings.
#[derive(Debug)]
pub struct Churn {
    pub first: NaiveDate,
    pub joined: i64,
    /// By [`KINDS`], and what is none of them.
    pub left: Vec<i64>,
    pub members: i64,
}

impl Churn {
    pub fn new(
        (first, joined, left, members): (NaiveDate, i64, i64, i64),
        reasons: &BTreeMap<EndReason, i64>,
    ) -> Self {
        let of = |kinds: &[EndReason]| kinds.iter().filter_map(|kind| reasons.get(kind)).sum::<i64>();
        let mut by_kind: Vec<_> = KINDS.iter().map(|(_, kinds)| of(kinds)).collect();
        by_kind.push((left - by_kind.iter().sum::<i64>()).max(0));
        Self { first, joined, left: by_kind, members }
    }

    /// `November 2026`
    pub fn name(&self) -> String {
        self.first.format("%B %Y").to_string()
    }

    pub fn all_left(&self) -> i64 {
        self.left.iter().sum()
    }

    /// `+12`, with a proper minus sign.
    pub fn net(&self) -> String {
        match self.joined - self.all_left() {
            0 => "0".to_owned(),
            more @ 1.. => format!("+{}", grouped(more.unsigned_abs())),
            fewer => format!("\u{2212}{}", grouped(fewer.unsigned_abs())),
        }
    }
}

/// Those who first joined in one month.
#[derive(Debug)]
pub struct Cohort {
    pub first: NaiveDate,
    pub size: i64,
    /// How many were members at the end of that month, of the next, and so on; the last one is today.
    pub stayed: Vec<i64>,
}

impl Cohort {
    /// `moved` are how many more came than left, by month.
    pub fn new(first: NaiveDate, size: i64, moved: &BTreeMap<NaiveDate, i64>, today: NaiveDate) -> Self {
        let this = today.with_day(1).unwrap_or(today);
        let months = (0..).map_while(|after| first.checked_add_months(Months::new(after)));
        let mut stay = 0;
        let stayed = months.take_while(|month| *month <= this).map(|month| {
            stay += moved.get(&month).copied().unwrap_or_default();
            stay
        });
        Self { first, size, stayed: stayed.collect() }
    }

    /// `Nov 2026`
    pub fn name(&self) -> String {
        self.first.format("%b %Y").to_string()
    }

    /// Of each month: how many, whole percent of those who joined, and the shade of the cell.
    pub fn cells(&self) -> Vec<(String, i64, i64)> {
        let cell = |stayed: &i64| {
            let (share, shade) = self.share(*stayed);
            (grouped(stayed.unsigned_abs()), share, shade)
        };
        self.stayed.iter().map(cell).collect()
    }

    /// Whole percent of those who joined, and the shade of the cell: 0, palest, to 5.
    fn share(&self, stayed: i64) -> (i64, i64) {
        let share = rounded(stayed * 100, self.size);
        (share, (share / 20).clamp(0, 5))
    }
}

/// To the nearest whole number.
fn rounded(number: i64, by: i64) -> i64 {
    if by <= 0 { 0 } else { (number + by / 2).div_euclid(by) }
}

/// Of all who joined so many months ago or more, how many in a hundred are members that many months later, in tenths.
/// Only months that are over.
pub fn stays(cohorts: &[Cohort]) -> Vec<i64> {
    let longest = cohorts.iter().map(|cohort| cohort.stayed.len()).max().unwrap_or(0).saturating_sub(1);
    (0..longest)
        .map(|after| {
            let known = cohorts.iter().filter(|cohort| cohort.stayed.len() > after + 1);
            let (size, stayed) = known
                .fold((0, 0), |(size, stayed), cohort| (size + cohort.size, stayed + cohort.stayed[after]));
            rounded(stayed * 1_000, size)
        })
        .collect()
}

pub fn retention(stays: &[i64]) -> LineChart {
    let last = i64::try_from(stays.len()).unwrap_or(1).saturating_sub(1).max(1);
    let across = |index: usize| percent(i64::try_from(index).unwrap_or(0) * 1_000 / last);
    let mut marks = vec![0, stays.len() / 2, stays.len().saturating_sub(1)];
    marks.dedup();
    // Only the last one says what is counted: they stand close together where the chart is narrow.
    let end = stays.len().saturating_sub(1);
    let after = |months: usize| match months {
        0 => "joined".to_owned(),
        1 if end == 1 => "1 month".to_owned(),
        months if months == end => format!("{months} months"),
        months => months.to_string(),
    };
    LineChart {
        points: stays
            .iter()
            .enumerate()
            .map(|(at, share)| (across(at), percent(1_000 - (*share).clamp(0, 1_000))))
            .collect(),
        up: (0..=4).map(|n| (percent(1_000 - n * 250), format!("{}%", n * 25))).collect(),
        along: marks.into_iter().filter(|at| *at < stays.len()).map(|at| (across(at), after(at))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn says_by_when_or_how_long() {
        let today = day("2026-11-26");
        let words = |count, since: Option<&str>, due: Option<&str>| {
            when(&Waits { count, pence: None, since: since.map(day), due: due.map(day) }, today)
        };
        let said = |text: &str, late| Some((text.to_owned(), late));
        assert_eq!(
            words(1, Some("2026-11-20"), Some("2026-12-17")),
            said("Decide by 17 December, in 21 days", false)
        );
        assert_eq!(
            words(2, None, Some("2027-01-17")),
            said("The first by 17 January 2027, in 52 days", false)
        );
        assert_eq!(words(2, None, Some("2026-11-27")), said("The first by 27 November, in 1 day", false));
        assert_eq!(words(2, None, Some("2026-11-26")), said("Today is the last day", true));
        assert_eq!(words(1, None, Some("2026-11-25")), said("Overdue since 25 November", true));
        assert_eq!(words(1, Some("2026-11-25"), None), said("Has waited 1 day", false));
        assert_eq!(words(3, Some("2025-11-26"), None), said("The oldest has waited 365 days", false));
        assert_eq!(words(3, Some("2026-11-26"), None), said("Since today", false));
        assert_eq!(words(3, None, None), None);
    }

    #[test]
    fn arrears_are_linked_by_days_that_do_not_overlap() {
        let today = day("2026-11-26");
        let paths = BUCKETS.map(|bucket| Arrears::new(bucket, today, (1, 0), Money::ZERO).path);
        assert_eq!(
            paths,
            [
                "/admin/members?state=grace&behind_from=2026-10-27&behind_to=2026-11-26",
                "/admin/members?state=grace&behind_from=2026-09-27&behind_to=2026-10-26",
                "/admin/members?state=grace&behind_from=2026-08-28&behind_to=2026-09-26",
                "/admin/members?state=grace&behind_to=2026-08-27",
            ]
        );
        assert_eq!(Arrears::new(BUCKETS[3], today, (1, 0), Money::ZERO).words, "More than 90 days");
    }

    #[test]
    fn those_who_stay_are_counted_month_by_month() {
        let today = day("2026-11-26");
        let month = |text: &str| day(&format!("{text}-01"));
        let moved = |moves: &[(&str, i64)]| moves.iter().map(|(at, by)| (month(at), *by)).collect();
        // Ten joined in August, one left in the same month, three in October, one came back in November.
        let august = Cohort::new(
            month("2026-08"),
            10,
            &moved(&[("2026-08", 9), ("2026-10", -3), ("2026-11", 1)]),
            today,
        );
        assert_eq!(august.stayed, [9, 9, 6, 7]);
        assert_eq!(
            august.stayed.iter().map(|it| august.share(*it)).collect::<Vec<_>>(),
            [(90, 4), (90, 4), (60, 3), (70, 3)]
        );
        let october = Cohort::new(month("2026-10"), 3, &moved(&[("2026-10", 3), ("2026-11", -1)]), today);
        assert_eq!(october.stayed, [3, 2]);
        assert_eq!(october.share(2), (67, 3));
        assert_eq!(october.share(3), (100, 5));
        // Of 13 who joined, 12 were there at the end of their month; of August's ten, 9 after one and 6 after two months.
        // What is not over does not count.
        assert_eq!(stays(&[august, october]), [923, 900, 600]);
        assert!(stays(&[]).is_empty());
        assert!(retention(&[]).points.is_empty());
        // Nobody joined, and nobody left.
        assert_eq!(Cohort::new(month("2026-11"), 0, &BTreeMap::new(), today).share(0), (0, 0));
    }

    #[test]
    fn a_month_that_lost_more_than_it_won_says_so() {
        let reasons = BTreeMap::from([(EndReason::Left, 2), (EndReason::Lapsed, 3), (EndReason::Officer, 1)]);
        let churn = |joined, left| Churn::new((day("2026-11-01"), joined, left, 100), &reasons);
        assert_eq!(churn(4, 7).left, [2, 3, 1, 0, 1]);
        assert_eq!(churn(4, 7).net(), "\u{2212}3");
        assert_eq!(churn(1_207, 7).net(), "+1,200");
        assert_eq!(churn(7, 7).net(), "0");
    }
}
