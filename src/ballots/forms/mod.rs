//! What returning officers and members type about votes.

mod kinds;

use std::ops::RangeInclusive;

use chrono::{DateTime, Duration, NaiveDate, Utc};

pub use kinds::{Asks, Counts, Needs, Of};

use super::{
    counting::{Fraction, Motion, Quorum, Threshold},
    model::{Draft, Electorate, Held, Hours, Times},
    proof::{Choice, CountKey, CountSecretKey, Kind, MOTION},
};
use crate::{
    kit::{
        dates,
        form::{Check, Form},
        typed,
    },
    places::Region,
};

/// The name that the option gets by which nobody is elected.
pub const REOPEN: &str = "Re-open nominations";

/// More options than this and nobody reads them; the count could take more.
const MOST_OPTIONS: usize = 60;

/// The ballot that was written, or what is missing in it.
pub fn ballot(form: &Form, hours: Hours) -> Result<Draft, Form> {
    let mut check = form.check();
    let title = check.text("title", "Enter a short title", 120).filter(|title| {
        let is_title = title.chars().any(char::is_alphabetic);
        if !is_title {
            check.fail("title", "Enter a title in words");
        }
        is_title
    });
    let question = check.markdown("question", "Write what is asked", 20_000);
    let kind = kind(&mut check);
    let options = kind.as_ref().and_then(|kind| options(&mut check, kind));
    let regions = check.choices::<Region>("regions", "Choose regions from the list");
    let oldest = number(&mut check, "oldest", 14..=120, "Enter an age between 14 and 120, or leave it empty");
    let times = times(&mut check, hours);
    let held = check.choice::<Held>("held", "Choose who keeps the key");
    let electorate = regions.map(|regions| Electorate { regions, oldest });
    check.finish(|| {
        Some(Draft {
            title: title?,
            question: question?,
            kind: kind?,
            options: options?,
            electorate: electorate?,
            times: times?,
            held: held?,
        })
    })
}

/// A whole number that may be missing: `None` also after a fault.
fn number(check: &mut Check<'_>, name: &str, range: RangeInclusive<u32>, wrong: &str) -> Option<u32> {
    let text = check.optional_text(name, 10).filter(|text| !text.is_empty())?;
    let figures = typed::plain(&text);
    let figures = figures.trim_end_matches('%').trim();
    let number = figures.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        check.fail(name, wrong);
    }
    number
}

fn kind(check: &mut Check<'_>) -> Option<Kind> {
    let asks = check.choice::<Asks>("asks", "Choose how people vote")?;
    refuse_others(check, asks);
    if asks == Asks::Motion {
        return motion(check).map(Kind::Motion);
    }
    check.text("seats", "Enter how many are chosen", 10)?;
    let seats = number(check, "seats", 1..=60, "Enter how many are chosen, from 1 to 60")?;
    let seats = usize::try_from(seats).ok()?;
    match asks {
        Asks::Single => Some(Kind::Single { seats }),
        Asks::Approval => Some(Kind::Approval { seats }),
        _ => {
            let counts = check.choice::<Counts>("counts", "Choose how the preferences are counted")?;
            if counts == Counts::Irv && seats > 1 {
                check.fail(
                    "counts",
                    "The alternative vote fills one place: enter 1, or choose another method",
                );
                return None;
            }
            let most = number(check, "most_ranks", 1..=60, "Enter a number from 1 to 60, or leave it empty");
            let most_ranks = most.and_then(|most| usize::try_from(most).ok());
            Some(Kind::Ranked { method: counts.method(), seats, reopen: check.ticked("reopen"), most_ranks })
        }
    }
}

/// The page asks all of every kind: what was said about another kind than the one chosen would be lost.
fn refuse_others(check: &mut Check<'_>, asks: Asks) {
    let (motion, ranked) =
        (asks == Asks::Motion, !matches!(asks, Asks::Motion | Asks::Single | Asks::Approval));
    let of_motions =
        "This counts only with “For, against or abstain”. Choose that above, or leave this as it was";
    let of_options =
        "With “For, against or abstain” there are no options. Choose another way to vote, or clear this";
    let of_orders = "This counts only with “Put in order”. Choose that above, or clear this";
    let said =
        |check: &Check<'_>, field: &str, usual: &str| check.is_filled(field) && !check.chosen(field, usual);
    if !motion {
        for (field, usual) in
            [("quorum", ""), ("needs", Needs::More.code()), ("of", Of::ForAndAgainst.code())]
        {
            if said(check, field, usual) {
                check.fail(field, of_motions);
            }
        }
    }
    if motion {
        for (field, usual) in [("options", ""), ("seats", "1")] {
            if said(check, field, usual) {
                check.fail(field, of_options);
            }
        }
    }
    if !ranked {
        for field in ["most_ranks", "reopen"] {
            if check.is_filled(field) {
                check.fail(field, of_orders);
            }
        }
    }
}

fn motion(check: &mut Check<'_>) -> Option<Motion> {
    let needs = check.choice::<Needs>("needs", "Choose what it needs to be carried");
    let of = check.choice::<Of>("of", "Choose what that is measured against");
    let quorum = number(check, "quorum", 1..=100, "Enter a percentage between 1 and 100, or leave it empty");
    let quorum = quorum.and_then(|percent| Fraction::new(percent.into(), 100)).map(|share| Quorum {
        share,
        threshold: Threshold::AtLeast,
        abstentions_count: true,
    });
    Some(Motion { quorum, base: of?.base(), majority: needs?.majority() })
}

fn options(check: &mut Check<'_>, kind: &Kind) -> Option<Vec<Choice>> {
    let choice = |name: &str| Choice { name: name.to_owned(), statement: String::new() };
    if let Kind::Motion(_) = kind {
        return Some(MOTION.map(choice).to_vec());
    }
    let text = check.paragraphs("options", "Write the options, each on a line of its own", 12_000)?;
    let mut options: Vec<Choice> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, statement) = line.split_once('|').unwrap_or((line, ""));
        let (name, statement) = (name.trim(), statement.trim());
        if name.is_empty() || name.chars().count() > 150 {
            check.fail("options", format!("Give the option “{line}” a name of at most 150 characters"));
            return None;
        }
        if options.iter().any(|known| known.name.to_lowercase() == name.to_lowercase()) {
            check.fail("options", format!("“{name}” is listed twice"));
            return None;
        }
        options.push(Choice { name: name.to_owned(), statement: statement.to_owned() });
    }
    let (seats, reopen) = match kind {
        Kind::Ranked { seats, reopen, .. } => (*seats, *reopen),
        Kind::Single { seats } | Kind::Approval { seats } => (*seats, false),
        Kind::Motion(_) => (1, false),
    };
    if options.is_empty() || (options.len() < 2 && !reopen) {
        check.fail("options", "Write at least two options, each on a line of its own");
        return None;
    }
    if options.len() > MOST_OPTIONS {
        check.fail("options", format!("Write at most {MOST_OPTIONS} options"));
        return None;
    }
    if seats > options.len() {
        check.fail("seats", format!("There are {} options: choose no more", options.len()));
        return None;
    }
    if let Kind::Ranked { most_ranks: Some(most), .. } = kind
        && *most > options.len()
    {
        check.fail(
            "most_ranks",
            format!("There are {} options: enter no more, or leave it empty", options.len()),
        );
        return None;
    }
    if reopen {
        options.push(choice(REOPEN));
    }
    Some(options)
}

fn times(check: &mut Check<'_>, hours: Hours) -> Option<Times> {
    let roll_on = check.date("roll", "Enter the day of the roll");
    let opens_at = check.moment("opens", "Enter the day on which the vote opens");
    let closes_at = check.moment("closes", "Enter the day on which the vote closes");
    let (roll_on, opens_at, closes_at) = (roll_on?, opens_at?, closes_at?);
    let earliest = hours.earliest(roll_on);
    if opens_at < earliest {
        let words = format!(
            "Enter {} or later: members have {} hours to object to the roll",
            dates::moment(earliest),
            hours.objections
        );
        check.fail("opens_day", words);
        return None;
    }
    if closes_at < opens_at + Duration::hours(hours.least.into()) {
        check.fail("closes_day", format!("The vote has to be open for at least {} hours", hours.least));
        return None;
    }
    if closes_at > opens_at + Duration::days(92) {
        check.fail("closes_day", "The vote can be open for three months at most");
        return None;
    }
    Some(Times { roll_on, opens_at, closes_at })
}

/// The hours alone, of a vote whose words were made elsewhere.
pub fn times_alone(form: &Form, hours: Hours) -> Result<Times, Form> {
    let mut check = form.check();
    let times = times(&mut check, hours);
    check.finish(|| times)
}

/// The form of them.
pub fn fill_times(times: &Times) -> Form {
    Form::default()
        .with_date("roll", times.roll_on)
        .with_moment("opens", times.opens_at)
        .with_moment("closes", times.closes_at)
}

/// The form filled with a draft.
pub fn fill(draft: &Draft) -> Form {
    let mut form = fill_times(&draft.times)
        .with("title", &draft.title)
        .with("question", &draft.question)
        .with("asks", Asks::of(&draft.kind).code())
        .with("oldest", draft.electorate.oldest.map(|age| age.to_string()).unwrap_or_default())
        .with("held", draft.held.code());
    for region in &draft.electorate.regions {
        form = form.with("regions", region.slug());
    }
    let mut own = draft.options.as_slice();
    match &draft.kind {
        Kind::Motion(motion) => {
            own = &[];
            let of = Of::ALL.into_iter().find(|of| of.base() == motion.base).unwrap_or(Of::ForAndAgainst);
            let percent = motion.quorum.map(|quorum| quorum.share.percent().to_string());
            form = form
                .with("needs", Needs::of(motion.majority).code())
                .with("of", of.code())
                .with("quorum", percent.unwrap_or_default());
        }
        Kind::Single { seats } | Kind::Approval { seats } => form = form.with("seats", seats.to_string()),
        Kind::Ranked { method, seats, reopen, most_ranks } => {
            form = form
                .with("seats", seats.to_string())
                .with("counts", Counts::of(*method).code())
                .with("most_ranks", most_ranks.map(|most| most.to_string()).unwrap_or_default());
            if *reopen {
                form = form.with("reopen", "yes");
                own = own.split_last().map_or(own, |(_, own)| own);
            }
        }
    }
    let lines = own.iter().map(|option| match option.statement.as_str() {
        "" => option.name.clone(),
        statement => format!("{} | {statement}", option.name),
    });
    form.with("options", lines.collect::<Vec<_>>().join("\n"))
}

/// An empty form, with what is usual.
pub fn blank(roll_on: NaiveDate, opens_at: DateTime<Utc>, closes_at: DateTime<Utc>) -> Form {
    Form::default()
        .with("asks", Asks::Motion.code())
        .with("needs", Needs::More.code())
        .with("of", Of::ForAndAgainst.code())
        .with("counts", Counts::Scottish.code())
        .with("seats", "1")
        .with("held", Held::Site.code())
        .with_date("roll", roll_on)
        .with_moment("opens", opens_at)
        .with_moment("closes", closes_at)
}

/// The public half of the scrutineers' key, as their program wrote it.
pub fn key_file(form: &Form) -> Result<CountKey, Form> {
    let mut check = form.check();
    let key = check.paragraphs("key", "Paste the file that the command wrote", 20_000).and_then(|text| {
        CountKey::from_file(&text).map_err(|error| check.fail("key", error.to_string())).ok()
    });
    check.finish(|| key)
}

/// The key that scrutineers put together from their shares.
pub fn secret_key(form: &Form) -> Result<CountSecretKey, Form> {
    let mut check = form.check();
    let key = check.text("password_key", "Paste the key that the command printed", 200).and_then(|text| {
        text.parse()
            .map_err(|_| check.fail("password_key", "This is not a key. Copy it again, all 64 characters"))
            .ok()
    });
    check.finish(|| key)
}

/// Some sentences in one field.
pub fn words(form: &Form, field: &str, missing: &str) -> Result<String, Form> {
    let mut check = form.check();
    let words = check.paragraphs(field, missing, 5_000);
    check.finish(|| words)
}

/// A membership number, whether it is added to the roll or taken off, and why.
pub fn correction(form: &Form) -> Result<(i64, bool, String), Form> {
    let mut check = form.check();
    let number = check.text("number", "Enter the membership number", 20);
    let number = number.and_then(|text| {
        let number = typed::plain(&text).parse::<i64>().ok().filter(|number| *number > 0);
        if number.is_none() {
            check.fail("number", "Enter the number alone, like 123");
        }
        number
    });
    let words = check.paragraphs("why", "Write why the roll is wrong. Everybody reads it", 5_000);
    let adds = check.chosen("roll", "add");
    check.finish(|| Some((number?, adds, words?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        Hours { now: "2026-11-26T12:00:00Z".parse().unwrap(), objections: 48, least: 72 }
    }

    fn typed() -> Form {
        blank(
            "2026-11-28".parse().unwrap(),
            "2026-12-02T09:00:00Z".parse().unwrap(),
            "2026-12-09T17:00:00Z".parse().unwrap(),
        )
        .with("title", "Free buses")
        .with("question", "Should buses be free?")
    }

    fn fault(form: &Form) -> String {
        let form = ballot(form, hours()).unwrap_err();
        form.errors().iter().map(|error| error.field.clone()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_filled_in_comes_back_as_it_was() {
        let ranked = typed()
            .set("asks", "ranked")
            .set("seats", "2")
            .set("counts", "meek")
            .with("reopen", "yes")
            .with("regions", "wales")
            .with("oldest", "30")
            .with("options", "Ann Lee | A nurse | from Bury\nBo\n\n Cy ");
        for form in [
            typed(),
            typed().set("quorum", "15%").set("needs", "two_thirds").set("of", "entitled"),
            ranked.clone(),
            typed().set("asks", "approval").set("options", "A\nB"),
        ] {
            let draft = ballot(&form, hours()).unwrap();
            assert_eq!(ballot(&fill(&draft), hours()).unwrap(), draft);
        }
        let draft = ballot(&ranked, hours()).unwrap();
        let names: Vec<_> = draft.options.iter().map(|option| option.name.as_str()).collect();
        assert_eq!(names, ["Ann Lee", "Bo", "Cy", REOPEN]);
        assert_eq!(draft.options[0].statement, "A nurse | from Bury");
    }

    #[test]
    fn a_ballot_that_cannot_be_held_is_refused_beside_the_field() {
        let single = typed().set("asks", "single");
        for (form, field) in [
            (typed().set("title", ""), "title"),
            (typed().set("quorum", "0"), "quorum"),
            (typed().set("quorum", "101"), "quorum"),
            (typed().set("title", ".."), "title"),
            (typed().set("options", "Build it\nLeave it"), "options"),
            (typed().set("seats", "2"), "seats"),
            (typed().set("most_ranks", "2"), "most_ranks"),
            (typed().set("reopen", "yes"), "reopen"),
            (single.clone().set("options", "A\nB").set("quorum", "10"), "quorum"),
            (single.clone().set("options", "A\nB").set("needs", "two_thirds"), "needs"),
            (single.clone().set("options", "A\nB").set("of", "entitled"), "of"),
            (single.clone().set("options", "A\nB").set("reopen", "yes"), "reopen"),
            (typed().set("asks", "approval").set("options", "A\nB").set("most_ranks", "2"), "most_ranks"),
            (typed().set("asks", "ranked").set("options", "A\nB\nC").set("most_ranks", "9"), "most_ranks"),
            (typed().set("asks", "ranked").set("options", "A\nB\nC").set("quorum", "20"), "quorum"),
            (typed().set("oldest", "1e3"), "oldest"),
            (single.clone().set("options", "A"), "options"),
            (single.clone().set("options", "A\na"), "options"),
            (single.clone().set("options", "A\n| B"), "options"),
            (single.clone().set("options", "A\nB").set("seats", "3"), "seats"),
            (single.set("options", "A\nB").set("seats", ""), "seats"),
            (
                typed()
                    .set("asks", "ranked")
                    .set("counts", "irv")
                    .set("seats", "2")
                    .set("options", "A\nB\nC"),
                "counts",
            ),
            (typed().set("opens_time", "25:00"), "opens_time"),
            (typed().set("roll_day", "30"), "opens_day"),
            (typed().set("closes_day", "4"), "closes_day"),
            (typed().set("closes_year", "2027"), "closes_day"),
            (typed().set("held", "nobody"), "held"),
        ] {
            assert_eq!(fault(&form), field);
        }
    }

    /// 48 hours for objections, and 72 for votes, whatever the clocks do.
    #[test]
    fn hours_are_counted_as_they_pass() {
        let form = typed().set("roll_day", "29");
        assert!(ballot(&form.clone().set("opens_time", "00:00"), hours()).is_ok());
        let spring = Hours { now: "2027-03-20T12:00:00Z".parse().unwrap(), ..hours() };
        // Of these 72 hours by the clock one is missing.
        let form = typed().set("roll_day", "21").set("roll_month", "3").set("roll_year", "2027");
        let form = form.set("opens_day", "26").set("opens_month", "3").set("opens_year", "2027");
        let form = form.set("closes_day", "29").set("closes_month", "3").set("closes_year", "2027");
        let form = form.set("opens_time", "9am");
        assert!(ballot(&form.clone().set("closes_time", "9am"), spring).is_err());
        assert!(ballot(&form.set("closes_time", "10am"), spring).is_ok());
    }
}
