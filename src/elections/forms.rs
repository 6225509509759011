//! What returning officers, members and candidates type about elections.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};

use super::model::{
    LONGEST_ANSWER, LONGEST_LETTER, LONGEST_QUESTION, Plan, PostWords, ROLES, Rules, Step, Timetable,
};
use crate::{
    accounts::Role,
    ballots::{Electorate, Held},
    kit::{
        email_address::EmailAddress,
        form::{Check, Form},
        typed,
    },
    places::Region,
};

fn number(check: &mut Check<'_>, name: &str, range: RangeInclusive<u32>, wrong: &str) -> Option<u32> {
    let text = check.text(name, wrong, 10)?;
    let number = typed::plain(&text).parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        check.fail(name, wrong);
    }
    number
}

pub fn post(form: &Form) -> Result<PostWords, Form> {
    let mut check = form.check();
    let title = check.text("title", "Enter what the post is called", 80);
    let duties = check.markdown("duties", "Write what whoever holds it does", 5_000);
    let seats = number(&mut check, "seats", 1..=60, "Enter how many hold it, from 1 to 60");
    let months =
        number(&mut check, "term_months", 1..=120, "Enter how many months it is held, from 1 to 120");
    let regions = check.choices::<Region>("regions", "Choose regions from the list");
    let wrong = "Enter an age between 14 and 120, or leave it empty";
    let oldest = if form.value("oldest").trim().is_empty() {
        None
    } else {
        number(&mut check, "oldest", 14..=120, wrong)
    };
    let role = check.optional::<Role>("role").filter(|role| ROLES.contains(role));
    if role == Some(Role::Organiser) && regions.as_ref().is_none_or(|regions| regions.len() != 1) {
        check.fail("role", "An organiser’s post is elected in one region: choose it above");
    }
    check.finish(|| {
        Some(PostWords {
            role,
            title: title?,
            duties: duties?,
            seats: seats?,
            term_months: months?,
            electorate: Electorate { regions: regions?, oldest },
        })
    })
}

pub fn fill_post(words: &PostWords) -> Form {
    let mut form = Form::default()
        .with("title", &words.title)
        .with("duties", &words.duties)
        .with("seats", words.seats.to_string())
        .with("term_months", words.term_months.to_string())
        .with("oldest", words.electorate.oldest.map(|age| age.to_string()).unwrap_or_default())
        .with("role", words.role.map(Role::code).unwrap_or_default());
    for region in &words.electorate.regions {
        form = form.with("regions", region.slug());
    }
    form
}

/// What is fixed of an election by the rule book and its post.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    pub now: DateTime<Utc>,
    pub rules: Rules,
    pub seconders: u32,
    pub statement_length: u32,
    /// Of the post.
    pub seats: u32,
}

/// A new election, by the last day of its vote.
pub fn plan(form: &Form, basis: Basis) -> Result<Plan, Form> {
    let mut check = form.check();
    let day = check.date("polling", "Enter the last day of the vote");
    let wrong = format!("Enter how many places are filled, from 1 to {}", basis.seats);
    let seats = number(&mut check, "seats", 1..=basis.seats, &wrong);
    let held = check.choice::<Held>("held", "Choose who keeps the key");
    let reopen = check.ticked("reopen");
    let timetable = day.map(|day| Timetable::calculate(day, basis.rules));
    if let Some(timetable) = &timetable
        && timetable.notice < basis.now
    {
        let earliest = earliest(basis);
        let words = format!(
            "Enter {} or later, so that there is time for every step",
            crate::kit::dates::day(earliest)
        );
        check.fail("polling_day", words);
    }
    check.finish(|| {
        Some(Plan {
            seats: seats?,
            seconders: basis.seconders,
            statement_length: basis.statement_length,
            reopen,
            held: held?,
            timetable: timetable?,
        })
    })
}

/// The first last day of a vote for which the notice can still be given.
pub fn earliest(basis: Basis) -> NaiveDate {
    let today = crate::kit::dates::london_date(basis.now);
    let fits = |day: &NaiveDate| Timetable::calculate(*day, basis.rules).notice >= basis.now;
    today.iter_days().find(fits).unwrap_or(today)
}

/// Beside each step: `{code}_day` and so on, as `Check::moment` reads it. Steps that have passed are not in the form.
pub fn timetable(
    form: &Form,
    known: &Timetable,
    rules: Rules,
    now: DateTime<Utc>,
) -> Result<Timetable, Form> {
    let mut check = form.check();
    let mut wanted = *known;
    for step in known.ahead(now) {
        if let Some(at) = check.moment(step.code(), "Enter the day and the time") {
            wanted = wanted.with(step, at);
        }
    }
    let wanted = check.finish(|| Some(wanted))?;
    let mut check = form.check();
    for step in known.ahead(now) {
        if wanted.at(step) <= now {
            check.fail(&format!("{}_day", step.code()), "Enter a time that is to come");
        }
    }
    // What has passed stands in no field.
    for (step, words) in wanted.faults(rules) {
        let step = if known.at(step) > now { step } else { Step::Closes };
        check.fail(&format!("{}_day", step.code()), words);
    }
    check.finish(|| Some(wanted))
}

pub fn fill_timetable(known: &Timetable, now: DateTime<Utc>) -> Form {
    known.ahead(now).fold(Form::default(), |form, step| form.with_moment(step.code(), known.at(step)))
}

pub fn nominee(form: &Form) -> Result<EmailAddress, Form> {
    let mut check = form.check();
    let email = check.email("email");
    check.finish(|| email)
}

/// A candidate's statement and their part of the email to voters. Either may be empty.
pub fn words(form: &Form, longest: u32) -> Result<(String, String), Form> {
    let mut check = form.check();
    let longest = usize::try_from(longest).unwrap_or(usize::MAX);
    let statement = check.optional_markdown("statement", longest);
    let letter = check.optional_paragraphs("letter", LONGEST_LETTER);
    check.finish(|| Some((statement?, letter?)))
}

pub fn question(form: &Form) -> Result<String, Form> {
    let mut check = form.check();
    let words = check.paragraphs("question", "Write your question", LONGEST_QUESTION);
    check.finish(|| words)
}

pub fn answer(form: &Form, field: &str) -> Result<String, Form> {
    let mut check = form.check();
    let words = check.paragraphs(field, "Write your answer", LONGEST_ANSWER);
    check.finish(|| words)
}

/// A reason that somebody reads.
pub fn why(form: &Form, field: &str, missing: &str) -> Result<String, Form> {
    let mut check = form.check();
    let words = check.paragraphs(field, missing, 1_000);
    check.finish(|| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis() -> Basis {
        Basis {
            now: "2026-11-26T12:00:00Z".parse().unwrap(),
            rules: Rules {
                notice: 7,
                nomination: 14,
                withdrawal: 3,
                hustings: 10,
                poll: 14,
                objection_hours: 48,
            },
            seconders: 3,
            statement_length: 2_000,
            seats: 2,
        }
    }

    fn faults(form: &Form) -> String {
        form.errors().iter().map(|error| error.field.clone()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_post_comes_back_as_it_was_written() {
        let form = Form::default()
            .with("title", "Youth officer, Wales")
            .with("duties", "Speaks for the **young**.")
            .with("seats", "2")
            .with("term_months", "24")
            .with("regions", "wales")
            .with("oldest", "30");
        let words = post(&form).unwrap();
        assert_eq!(post(&fill_post(&words)).unwrap(), words);
        for (field, wrong) in [
            ("title", ""),
            ("seats", "0"),
            ("seats", "61"),
            ("term_months", "x"),
            ("oldest", "9"),
            ("regions", "mars"),
        ] {
            assert_eq!(faults(&post(&form.clone().set(field, wrong)).unwrap_err()), field);
        }
        assert_eq!(post(&form.set("oldest", " ")).unwrap().electorate.oldest, None);
    }

    #[test]
    fn a_vote_that_comes_too_soon_for_its_notice_is_refused() {
        let form = Form::default().with("seats", "1").with("held", "site");
        // 48 days from the notice to the end of the vote; at noon today's notice at 9am is over.
        assert_eq!(earliest(basis()), "2027-01-14".parse().unwrap());
        let with = |day: &str| form.clone().with_date("polling", day.parse().unwrap());
        assert_eq!(faults(&plan(&with("2027-01-13"), basis()).unwrap_err()), "polling_day");
        let made = plan(&with("2027-01-14"), basis()).unwrap();
        assert_eq!((made.seconders, made.reopen, made.held), (3, false, Held::Site));
        assert_eq!(faults(&plan(&with("2027-01-14").set("seats", "3"), basis()).unwrap_err()), "seats");
    }

    #[test]
    fn a_timetable_is_moved_where_it_has_not_passed() {
        let known = Timetable::calculate("2027-04-05".parse().unwrap(), basis().rules);
        let rules = basis().rules;
        let form = fill_timetable(&known, known.nominations_close);
        assert_eq!(timetable(&form, &known, rules, known.nominations_close).unwrap(), known);
        let later = form.clone().set("closes_day", "6");
        let moved = timetable(&later, &known, rules, known.nominations_close).unwrap();
        assert_eq!(moved, known.with(Step::Closes, "2027-04-06T16:00:00Z".parse().unwrap()));
        // A passed step that is sent along is not looked at.
        let sly = form.clone().with("notice_day", "1").with("notice_month", "1");
        assert_eq!(timetable(&sly, &known, rules, known.nominations_close).unwrap(), known);
        assert_eq!(
            faults(
                &timetable(&form.clone().set("closes_day", "4"), &known, rules, known.nominations_close)
                    .unwrap_err()
            ),
            "closes_day"
        );
        // In the night in which the clocks go forward.
        let night = form.set("opens_day", "28").set("opens_month", "3").set("opens_time", "01:30");
        assert_eq!(
            faults(&timetable(&night, &known, rules, known.nominations_close).unwrap_err()),
            "opens_time"
        );
    }

    #[test]
    fn a_statement_is_as_long_as_it_may_be_and_no_longer() {
        let form = |letters: usize| Form::default().with("statement", "é".repeat(letters));
        assert!(words(&form(2_000), 2_000).is_ok());
        assert_eq!(faults(&words(&form(2_001), 2_000).unwrap_err()), "statement");
        let letter = |letters| Form::default().with("letter", "x".repeat(letters));
        assert!(words(&letter(LONGEST_LETTER), 2_000).is_ok());
        assert_eq!(faults(&words(&letter(LONGEST_LETTER + 1), 2_000).unwrap_err()), "letter");
    }
}
