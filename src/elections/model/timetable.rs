//! The timetable of an election: every step with its instant, calculated backwards from the last day of the vote and the
//! rule book. Days are London's, so that a week with a clock change is a week.

use std::borrow::Borrow;

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kit::{codes::codes, dates};

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Notice,
    NominationsOpen,
    NominationsClose,
    WithdrawalsClose,
    Roll,
    QuestionsClose,
    Opens,
    Closes,
}
codes!(Step {
    Notice = "notice",
    NominationsOpen = "nominations_open",
    NominationsClose = "nominations_close",
    WithdrawalsClose = "withdrawals_close",
    Roll = "roll",
    QuestionsClose = "questions_close",
    Opens = "opens",
    Closes = "closes",
});

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "Notice of the election",
            Self::NominationsOpen => "Nominations open",
            Self::NominationsClose => "Nominations close",
            Self::WithdrawalsClose => "Last moment to withdraw",
            Self::Roll => "Roll of voters is made",
            Self::QuestionsClose => "Questions to candidates close",
            Self::Opens => "Voting opens",
            Self::Closes => "Voting closes",
        }
    }
}

/// How long things take, in days, by the rule book; and in hours, how long members can object to a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub notice: u32,
    pub nomination: u32,
    pub withdrawal: u32,
    pub hustings: u32,
    pub poll: u32,
    pub objection_hours: u32,
}

impl Rules {
    /// Days before the vote opens on which the roll is made: the hours for objections, and two days for two people to
    /// agree to the opening.
    fn roll(self) -> u32 {
        self.objection_hours.div_ceil(24) + 2
    }
}

/// Questions close so many days before the vote opens, so that there is time to answer the last.
const LAST_ANSWERS: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timetable {
    pub notice: DateTime<Utc>,
    pub nominations_open: DateTime<Utc>,
    pub nominations_close: DateTime<Utc>,
    pub withdrawals_close: DateTime<Utc>,
    pub roll: DateTime<Utc>,
    pub questions_close: DateTime<Utc>,
    pub opens: DateTime<Utc>,
    pub closes: DateTime<Utc>,
}

fn before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(day)
}

/// The clocks change at night, so that there are such hours on every day.
fn at(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    dates::in_london(day, time).unwrap_or_else(|_| dates::start_of_day(day))
}

impl Timetable {
    /// From the day on which the vote closes.
    pub fn calculate(polling_day: NaiveDate, rules: Rules) -> Self {
        let opens = before(polling_day, rules.poll);
        let hustings = rules.hustings.max(rules.roll() + 1);
        let withdrawals_close = before(opens, hustings);
        let nominations_close = before(withdrawals_close, rules.withdrawal);
        let nominations_open = before(nominations_close, rules.nomination);
        Self {
            notice: at(before(nominations_open, rules.notice), 9),
            nominations_open: at(nominations_open, 9),
            nominations_close: at(nominations_close, 12),
            withdrawals_close: at(withdrawals_close, 12).max(at(nominations_close, 13)),
            roll: dates::start_of_day(before(opens, rules.roll())),
            questions_close: at(before(opens, LAST_ANSWERS.min(rules.roll())), 12),
            opens: at(opens, 9),
            closes: at(polling_day, 17),
        }
    }

    pub fn at(&self, step: impl Borrow<Step>) -> DateTime<Utc> {
        match step.borrow() {
            Step::Notice => self.notice,
            Step::NominationsOpen => self.nominations_open,
            Step::NominationsClose => self.nominations_close,
            Step::WithdrawalsClose => self.withdrawals_close,
            Step::Roll => self.roll,
            Step::QuestionsClose => self.questions_close,
            Step::Opens => self.opens,
            Step::Closes => self.closes,
        }
    }

    #[must_use]
    pub fn with(mut self, step: Step, at: DateTime<Utc>) -> Self {
        let place = match step {
            Step::Notice => &mut self.notice,
            Step::NominationsOpen => &mut self.nominations_open,
            Step::NominationsClose => &mut self.nominations_close,
            Step::WithdrawalsClose => &mut self.withdrawals_close,
            Step::Roll => &mut self.roll,
            Step::QuestionsClose => &mut self.questions_close,
            Step::Opens => &mut self.opens,
            Step::Closes => &mut self.closes,
        };
        *place = at;
        self
    }

    /// The roll is of everybody who may vote at the end of this day.
    pub fn roll_on(&self) -> NaiveDate {
        before(dates::london_date(self.roll), 1)
    }

    /// Steps that have not passed, which alone can be moved.
    pub fn ahead(&self, now: impl Borrow<DateTime<Utc>>) -> impl Iterator<Item = Step> {
        let (this, now) = (*self, *now.borrow());
        Step::ALL.into_iter().filter(move |step| this.at(*step) > now)
    }

    /// What the rule book or the order of things has against it, each with its step.
    pub fn faults(&self, rules: Rules) -> Vec<(Step, String)> {
        let mut faults = Vec::new();
        for pair in Step::ALL.windows(2) {
            if let [first, second] = pair
                && self.at(*second) <= self.at(*first)
            {
                let words = format!("“{}” has to come after “{}”", second.name(), first.name());
                faults.push((*second, words));
            }
        }
        if self.roll != dates::start_of_day(dates::london_date(self.roll)) {
            faults.push((Step::Roll, "The roll is made at midnight, when its day has ended".to_owned()));
        }
        for (from, to, days) in [
            (Step::Notice, Step::NominationsOpen, rules.notice),
            (Step::NominationsOpen, Step::NominationsClose, rules.nomination),
            (Step::NominationsClose, Step::WithdrawalsClose, rules.withdrawal),
            (Step::WithdrawalsClose, Step::Opens, rules.hustings),
            (Step::Opens, Step::Closes, rules.poll),
        ] {
            let between = dates::london_date(self.at(to)) - dates::london_date(self.at(from));
            if between < Duration::days(days.into()) {
                let plural = if days == 1 { "" } else { "s" };
                let words =
                    format!("By the rules this is {days} day{plural} after “{}” or later", from.name());
                faults.push((to, words));
            }
        }
        if self.opens < self.roll + Duration::hours(rules.objection_hours.into()) {
            let words =
                format!("Members have {} hours to object to the roll before this", rules.objection_hours);
            faults.push((Step::Opens, words));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { notice: 7, nomination: 14, withdrawal: 3, hustings: 10, poll: 14, objection_hours: 48 }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn hours(timetable: &Timetable) -> Vec<String> {
        Step::ALL.into_iter().map(|step| dates::machine(timetable.at(step))).collect()
    }

    #[test]
    fn a_timetable_is_calculated_back_from_the_last_day_of_the_vote() {
        let timetable = Timetable::calculate(day("2027-02-26"), rules());
        assert_eq!(
            hours(&timetable),
            [
                "2027-01-09T09:00:00Z",
                "2027-01-16T09:00:00Z",
                "2027-01-30T12:00:00Z",
                "2027-02-02T12:00:00Z",
                "2027-02-08T00:00:00Z",
                "2027-02-09T12:00:00Z",
                "2027-02-12T09:00:00Z",
                "2027-02-26T17:00:00Z",
            ]
        );
        assert_eq!(timetable.roll_on(), day("2027-02-07"));
        assert!(timetable.faults(rules()).is_empty());
    }

    /// Its hours are those of London's clocks on both sides of a change.
    #[test]
    fn a_clock_change_within_it_moves_no_hour() {
        // The clocks go forward on 28 March 2027 and back on 31 October 2027.
        for (polling_day, opens, closes) in [
            ("2027-03-28", "2027-03-14T09:00:00Z", "2027-03-28T16:00:00Z"),
            ("2027-04-10", "2027-03-27T09:00:00Z", "2027-04-10T16:00:00Z"),
            ("2027-04-11", "2027-03-28T08:00:00Z", "2027-04-11T16:00:00Z"),
            ("2027-10-30", "2027-10-16T08:00:00Z", "2027-10-30T16:00:00Z"),
            ("2027-10-31", "2027-10-17T08:00:00Z", "2027-10-31T17:00:00Z"),
            ("2027-11-14", "2027-10-31T09:00:00Z", "2027-11-14T17:00:00Z"),
        ] {
            let timetable = Timetable::calculate(day(polling_day), rules());
            assert_eq!(dates::machine(timetable.opens), opens);
            assert_eq!(dates::machine(timetable.closes), closes);
            assert!(timetable.faults(rules()).is_empty(), "{polling_day}");
        }
        // The roll of a day whose night has 23 hours, and of one with 25.
        let roll = |polling_day| dates::machine(Timetable::calculate(day(polling_day), rules()).roll);
        assert_eq!(roll("2027-04-15"), "2027-03-28T00:00:00Z");
        assert_eq!(roll("2027-04-16"), "2027-03-28T23:00:00Z");
        assert_eq!(roll("2027-11-18"), "2027-10-30T23:00:00Z");
        assert_eq!(roll("2027-11-19"), "2027-11-01T00:00:00Z");
    }

    /// Whatever the rule book says, what is calculated from it keeps it.
    #[test]
    fn what_is_calculated_keeps_every_rule_book() {
        for notice in [1, 7, 30] {
            for withdrawal in [0, 3] {
                for hustings in [1, 5, 60] {
                    for objection_hours in [0, 1, 48, 72, 720] {
                        let rules = Rules { notice, withdrawal, hustings, objection_hours, ..rules() };
                        for polling_day in ["2027-02-26", "2027-03-28", "2027-11-03", "2028-02-29"] {
                            let faults = Timetable::calculate(day(polling_day), rules).faults(rules);
                            assert!(faults.is_empty(), "{rules:?} {polling_day} {faults:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_breaks_the_rules_or_the_order_is_said_at_its_step() {
        let timetable = Timetable::calculate(day("2027-04-10"), rules());
        let fault = |step, minutes| {
            let moved = timetable.with(step, timetable.at(step) + Duration::minutes(minutes));
            moved.faults(rules()).into_iter().map(|(step, _)| step).collect::<Vec<_>>()
        };
        assert_eq!(fault(Step::NominationsOpen, -24 * 60), [Step::NominationsOpen]);
        assert_eq!(fault(Step::NominationsClose, -24 * 60), [Step::NominationsClose]);
        assert_eq!(fault(Step::Roll, 1), [Step::Roll]);
        assert_eq!(fault(Step::Closes, -24 * 60), [Step::Closes]);
        assert!(fault(Step::Closes, 1).is_empty());
        // By the clock this day has 23 hours; it is a day all the same.
        assert_eq!(fault(Step::Opens, -24 * 60), [Step::Opens]);
        assert_eq!(fault(Step::Closes, -30 * 24 * 60), [Step::Closes, Step::Closes]);
        // Moved to where it passes the roll.
        assert!(fault(Step::WithdrawalsClose, 7 * 24 * 60).contains(&Step::Roll));
    }

    #[test]
    fn what_has_passed_cannot_be_moved() {
        let timetable = Timetable::calculate(day("2027-02-26"), rules());
        let ahead = |now| timetable.ahead(now).collect::<Vec<_>>();
        assert_eq!(ahead(timetable.roll), [Step::QuestionsClose, Step::Opens, Step::Closes]);
        assert_eq!(ahead(timetable.roll - Duration::seconds(1)).first(), Some(&Step::Roll));
        assert!(ahead(timetable.closes).is_empty());
    }
}
