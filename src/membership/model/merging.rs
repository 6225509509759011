//! Which of two memberships of one person stays.

use chrono::NaiveDate;

use super::{Era, Membership, Past, Period};

/// The record whose membership stays when two become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// That of the record that goes.
    OfGone,
    OfKept,
}

/// The one that is paid for, else the one that has not ended, else that of the record that stays. `pays` says for each
/// whether money may still come for it.
///
/// # Errors
/// In words: they cannot be one yet.
pub fn which_stays(gone: (&Membership, bool), kept: (&Membership, bool)) -> Result<Stays, &'static str> {
    let ((gone, gone_pays), (kept, kept_pays)) = (gone, kept);
    if gone_pays && kept_pays {
        return Err("Both records pay for a membership. End one of the two memberships first.");
    }
    for membership in [gone, kept] {
        if membership.suspension.is_some() {
            return Err(
                "One of the two memberships is suspended. Lift the suspension first, or wait until it ends.",
            );
        }
        if membership.state.is_expelled() {
            return Err("The party ended one of the two memberships. A merge must not undo that.");
        }
    }
    let better = (gone_pays, !gone.state.is_ended()) > (kept_pays, !kept.state.is_ended());
    Ok(if better { Stays::OfGone } else { Stays::OfKept })
}

/// The states of two memberships as those of one. Of a day of which both tell, a state in which they were a member counts
/// before an end, and otherwise that of the membership that stays.
pub fn one_history(stays: &[Era], goes: &[Era]) -> Vec<Era> {
    let both = || stays.iter().chain(goes);
    let mut days: Vec<_> =
        both().map(|era| era.starts_on).chain(both().filter_map(|era| era.ends_on)).collect();
    days.sort_unstable();
    days.dedup();
    let mut all: Vec<Era> = Vec::new();
    for (at, starts_on) in days.iter().enumerate() {
        let (kept, other) = (state_on(stays, *starts_on), state_on(goes, *starts_on));
        let is_in = |past: &Past| !matches!(past, Past::Ended { .. });
        let state = kept.filter(is_in).or(other.filter(is_in)).or(kept).or(other);
        let (Some(state), ends_on) = (state, days.get(at + 1).copied()) else { continue };
        match all.last_mut() {
            Some(last) if last.state == state && last.ends_on == Some(*starts_on) => last.ends_on = ends_on,
            _ => all.push(Era { state, starts_on: *starts_on, ends_on }),
        }
    }
    all
}

fn state_on(eras: &[Era], day: NaiveDate) -> Option<Past> {
    let holds = |era: &&Era| era.starts_on <= day && era.ends_on.is_none_or(|end| day < end);
    eras.iter().find(holds).map(|era| era.state)
}

/// The times of two memberships as those of one: times that overlap are one, since the earlier day.
pub fn one_time(mut periods: Vec<Period>) -> Vec<Period> {
    periods.sort_by_key(|it| (it.started_on, it.ended_on.is_none(), it.ended_on));
    let mut all: Vec<Period> = Vec::new();
    for period in periods {
        match all.last_mut() {
            Some(last) if last.ended_on.is_none_or(|end| period.started_on < end) => {
                last.ended_on = last.ended_on.zip(period.ended_on).map(|(one, other)| one.max(other));
            }
            _ => all.push(period),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::model::{EndReason, State, Suspension};

    #[test]
    fn the_membership_that_runs_stays_and_no_decision_is_lost() {
        let active = Membership::sample();
        let ended =
            |reason| Membership { state: State::Ended { on: active.joined_on, reason }, ..active.clone() };
        let lapsed = ended(EndReason::Lapsed);
        for (gone, kept, stays) in [
            ((&active, false), (&active, false), Stays::OfKept),
            ((&active, true), (&active, false), Stays::OfGone),
            ((&active, false), (&active, true), Stays::OfKept),
            ((&active, false), (&lapsed, false), Stays::OfGone),
            ((&lapsed, false), (&lapsed, false), Stays::OfKept),
            ((&lapsed, false), (&active, false), Stays::OfKept),
        ] {
            assert_eq!(which_stays(gone, kept), Ok(stays));
        }
        let suspension = Suspension {
            since: active.state_since,
            until: active.joined_on,
            reason: "A reason".into(),
            by: None,
        };
        let suspended = Membership { suspension: Some(suspension), ..active.clone() };
        let expelled = ended(EndReason::Expelled);
        assert!(which_stays((&active, true), (&active, true)).is_err());
        for barred in [&suspended, &expelled] {
            assert!(which_stays((barred, false), (&active, false)).is_err());
            assert!(which_stays((&active, false), (barred, false)).is_err());
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn eras(list: &[(&str, Past)], end: Option<&str>) -> Vec<Era> {
        let next = |at: usize| list.get(at + 1).map(|(from, _)| *from).or(end);
        let era = |(at, (from, state)): (usize, &(&str, Past))| Era {
            state: *state,
            starts_on: day(from),
            ends_on: next(at).map(day),
        };
        list.iter().enumerate().map(era).collect()
    }

    #[test]
    fn p3_one_history_has_each_day_once_and_no_day_of_membership_is_lost() {
        let ended = Past::Ended { reason: Some(EndReason::Lapsed) };
        let grace = Past::Grace { until: day("2026-03-15") };
        for (stays, goes, one) in [
            // The one that goes was over before the other began, long before or after it had ended.
            (
                &[("2025-08-03", Past::Active)][..],
                &[("2024-06-28", Past::Active), ("2025-01-01", ended)][..],
                &[("2024-06-28", Past::Active), ("2025-01-01", ended), ("2025-08-03", Past::Active)][..],
            ),
            // They overlap: nothing is twice.
            (
                &[("2025-08-03", Past::Active)],
                &[("2024-06-28", Past::Active), ("2026-11-25", ended)],
                &[("2024-06-28", Past::Active)],
            ),
            // A gap of the one that stays is filled.
            (
                &[("2024-01-01", Past::Active), ("2024-06-01", ended), ("2025-06-01", Past::Active)],
                &[("2024-08-01", Past::Pending), ("2024-08-05", Past::Active), ("2024-12-01", ended)],
                &[
                    ("2024-01-01", Past::Active),
                    ("2024-06-01", ended),
                    ("2024-08-01", Past::Pending),
                    ("2024-08-05", Past::Active),
                    ("2024-12-01", ended),
                    ("2025-06-01", Past::Active),
                ],
            ),
            // Of two states of membership that of the one that stays counts.
            (
                &[("2026-01-01", Past::Active), ("2026-03-01", grace)],
                &[("2026-02-01", Past::Active)],
                &[("2026-01-01", Past::Active), ("2026-03-01", grace)],
            ),
            (&[("2026-01-01", ended)], &[("2026-02-01", ended)], &[("2026-01-01", ended)]),
            (&[], &[("2026-02-01", ended)], &[("2026-02-01", ended)]),
        ] {
            assert_eq!(one_history(&eras(stays, None), &eras(goes, None)), eras(one, None));
        }
    }

    #[test]
    fn p3_times_that_overlap_are_one() {
        let time = |(from, to): (&str, &str)| Period {
            started_on: day(from),
            ended_on: Some(to).filter(|to| !to.is_empty()).map(day),
            settled_on: None,
        };
        for (list, one) in [
            (&[("2025-08-03", ""), ("2024-06-28", "2026-11-25")][..], &[("2024-06-28", "")][..]),
            (
                &[("2026-11-26", ""), ("2024-06-28", "2026-11-25")],
                &[("2024-06-28", "2026-11-25"), ("2026-11-26", "")],
            ),
            (&[("2024-01-01", "2024-06-01"), ("2024-03-01", "2024-04-01")], &[("2024-01-01", "2024-06-01")]),
            (
                &[("2024-01-01", "2024-06-01"), ("2024-06-01", "")],
                &[("2024-01-01", "2024-06-01"), ("2024-06-01", "")],
            ),
        ] {
            let one: Vec<_> = one.iter().map(|it| time(*it)).collect();
            assert_eq!(one_time(list.iter().map(|it| time(*it)).collect()), one);
        }
    }
}
