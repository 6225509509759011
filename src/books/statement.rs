//! A bank's statement as a CSV file, and whose money a line is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    kit::{dates, money::Money, typed},
    membership::EndReason,
};

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub day: NaiveDate,
    /// Negative when it left the bank.
    pub sum: Money,
    pub words: String,
    /// Among those of a day that are alike.
    pub number: i32,
}

/// The columns that statements of banks have, by the names that they give them.
const DAYS: [&str; 5] = ["date", "transaction date", "date posted", "posting date", "completed date"];
const SUMS: [&str; 4] = ["amount", "value", "amount (gbp)", "transaction amount"];
const IN: [&str; 5] = ["money in", "paid in", "credit", "credit amount", "in"];
const OUT: [&str; 5] = ["money out", "paid out", "debit", "debit amount", "out"];
const WORDS: [&str; 12] = [
    "description",
    "transaction description",
    "narrative",
    "details",
    "memo",
    "reference",
    "payment reference",
    "counter party",
    "counterparty",
    "name",
    "payee",
    "type",
];

/// Reads a statement: its first row names the columns. Lines with an empty sum are skipped.
///
/// # Errors
/// What is missing or cannot be read, with its row, in words.
pub fn read(file: &str, today: NaiveDate) -> Result<Vec<Line>, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(file.trim_start_matches('\u{FEFF}').as_bytes());
    let heads: Vec<_> = match reader.headers() {
        Ok(heads) => heads.iter().map(|head| typed::plain(head).trim().to_lowercase()).collect(),
        Err(_) => {
            return Err("This is not a CSV file. Download the statement from your bank as CSV".to_owned());
        }
    };
    let column = |names: &[&str]| heads.iter().position(|head| names.contains(&head.as_str()));
    let day = column(&DAYS).ok_or("No column is called “Date”. The first row must name the columns")?;
    let (sum, credit, debit) = (column(&SUMS), column(&IN), column(&OUT));
    if sum.is_none() && (credit.is_none() || debit.is_none()) {
        return Err(
            "No column is called “Amount”, and no two are called “Money in” and “Money out”".to_owned()
        );
    }
    let words: Vec<_> = (0..heads.len()).filter(|at| WORDS.contains(&heads[*at].as_str())).collect();
    if words.is_empty() {
        return Err("No column is called “Description” or “Reference”".to_owned());
    }
    let mut lines = Vec::new();
    let mut alike = BTreeMap::new();
    for (row, record) in reader.records().enumerate() {
        let row = row + 2;
        let record = record.map_err(|_| format!("Row {row} cannot be read"))?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let wrong = |what: &str, text: &str| format!("Row {row}: “{text}” is not {what}");
        let read_sum = |at: usize| signed(cell(at)).ok_or_else(|| wrong("an amount", cell(at)));
        let sum = match (sum, credit, debit) {
            (Some(at), ..) => read_sum(at)?,
            (None, Some(credit), Some(debit)) => {
                // Some banks write what went out with a minus, some without.
                read_sum(credit)?
                    .pence()
                    .abs()
                    .checked_sub(read_sum(debit)?.pence().abs())
                    .map_or(Money::ZERO, Money::from_pence)
            }
            _ => Money::ZERO,
        };
        if sum == Money::ZERO {
            continue;
        }
        let day = read_day(cell(day)).ok_or_else(|| wrong("a date", cell(day)))?;
        if day > today {
            return Err(format!("Row {row}: {} has not come yet", dates::day(day)));
        }
        if day < dates::oldest_entered(today) {
            return Err(format!(
                "Row {row}: {} is more than {} years ago",
                dates::day(day),
                dates::ENTERED_YEARS
            ));
        }
        let mut said: Vec<&str> = Vec::new();
        for at in &words {
            if !cell(*at).is_empty() && !said.contains(&cell(*at)) {
                said.push(cell(*at));
            }
        }
        let words: String = typed::clean(&said.join(" ")).chars().take(300).collect();
        let number = alike.entry((day, sum, words.clone())).or_insert(0);
        *number += 1;
        lines.push(Line { day, sum, words, number: *number });
    }
    if lines.is_empty() { Err("There are no payments in this file".to_owned()) } else { Ok(lines) }
}

/// `-12.50`, `1,234.56`, `£5`, `(5.00)`; nothing is zero.
fn signed(text: &str) -> Option<Money> {
    let text = typed::plain(text).replace('−', "-");
    let text = text.trim();
    if text.is_empty() {
        return Some(Money::ZERO);
    }
    let bracketed = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let (rest, sign) = match (bracketed, text.strip_prefix('-')) {
        (Some(rest), _) | (None, Some(rest)) => (rest, -1),
        _ => (text.strip_prefix('+').unwrap_or(text), 1),
    };
    let rest = rest.trim_start_matches('£').trim_start_matches('-');
    Money::parse(rest).ok()?.checked_mul(sign)
}

fn read_day(text: &str) -> Option<NaiveDate> {
    let text = text.split(['T', ' ']).next().filter(|first| first.len() >= 8).unwrap_or(text);
    // Two figures of a year first: four would be read as the year 26 otherwise.
    let forms = [
        "%d/%m/%y", "%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y",
        "%Y/%m/%d",
    ];
    let day = forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())?;
    (NaiveDate::from_ymd_opt(2000, 1, 1)?..NaiveDate::from_ymd_opt(2200, 1, 1)?).contains(&day).then_some(day)
}

/// A member whom a line may be naming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub person: Uuid,
    pub number: i64,
    pub name: String,
    /// The name in small letters without accents.
    pub plain: String,
    pub dues: Money,
    /// Why the membership is over, if it is.
    pub ended: Option<EndReason>,
    /// An automatic payment of theirs has failed, and is still being tried.
    pub is_failing: bool,
}

impl Candidate {
    /// What to know before money of theirs is booked as a subscription, in a sentence.
    fn note(&self) -> Option<String> {
        Some(match self.ended {
            Some(EndReason::Lapsed) => {
                "Their membership lapsed: a subscription makes them a member again".to_owned()
            }
            Some(EndReason::Left) => {
                "They have left, and a payment does not make them a member again".to_owned()
            }
            Some(reason) => {
                format!("Their membership has ended ({}), and no payment brings it back", reason.words())
            }
            None if self.is_failing => {
                "Their automatic payment failed: a subscription ends it, and we email them".to_owned()
            }
            None => return None,
        })
    }
}

/// Whose money a line is taken for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub number: i64,
    pub name: String,
    pub why: &'static str,
    /// Good enough to be ticked beforehand. Money of somebody whose membership has ended never is.
    pub is_sure: bool,
    /// What to know before it is booked as a subscription, in a sentence.
    pub note: Option<String>,
}

/// The whole numbers in a line, as a membership number may stand in it: `M1042`, `MEM 1042`.
pub fn numbers(words: &str) -> BTreeSet<i64> {
    let runs = words.split(|letter: char| !letter.is_ascii_digit());
    runs.filter(|run| (1..=9).contains(&run.len())).filter_map(|run| run.parse().ok()).collect()
}

/// Two words that stand together, either way round, as a name may: `silva ana`, `ana silva`. `plain` is the line in small
/// letters without accents.
pub fn pairs(plain: &str) -> BTreeSet<String> {
    let words: Vec<_> = plain
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| word.len() > 1)
        .collect();
    words
        .windows(2)
        .flat_map(|two| [format!("{} {}", two[0], two[1]), format!("{} {}", two[1], two[0])])
        .collect()
}

/// The member whom a line names by number or name. Two who fit equally well are nobody.
pub fn suggest(words: &str, plain: &str, sum: Money, candidates: &[Candidate]) -> Option<Suggestion> {
    let (numbers, pairs) = (numbers(words), pairs(plain));
    let score = |it: &Candidate| {
        let (number, name) = (numbers.contains(&it.number), pairs.contains(&it.plain));
        match (number, name, it.dues == sum) {
            (true, true, _) => (4, "number and name", true),
            (true, false, true) => (3, "number and amount", true),
            (false, true, true) => (3, "name and amount", true),
            (false, true, false) => (2, "name", false),
            (true, false, false) => (1, "number", false),
            (false, false, _) => (0, "", false),
        }
    };
    let best = candidates.iter().map(|it| score(it).0).max().filter(|best| *best > 0)?;
    let mut found = candidates.iter().filter(|it| score(it).0 == best);
    let (first, more) = (found.next()?, found.next());
    let (_, why, is_sure) = score(first);
    more.is_none().then(|| Suggestion {
        number: first.number,
        name: first.name.clone(),
        why,
        is_sure: is_sure && first.ended.is_none(),
        note: first.note(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
    }

    #[test]
    fn a_line_of_tomorrow_or_of_long_ago_is_refused() {
        let file = |day: &str| format!("Date,Description,Amount\n{day},X,1\n");
        assert!(read(&file("21/11/2026"), today()).is_ok());
        for day in ["22/11/2026", "20/11/2036", "2026-12-01"] {
            assert!(read(&file(day), today()).unwrap_err().contains("has not come yet"), "{day}");
        }
        assert!(read(&file("21/11/2019"), today()).is_ok());
        for day in ["20/11/2019", "2019-11-20", "1 Jan 2001", "31.12.2018", "05/05/2003"] {
            assert!(read(&file(day), today()).unwrap_err().contains("more than 7 years ago"), "{day}");
        }
    }

    #[test]
    fn statements_of_several_banks_are_read() {
        let expected = |sum: i64, words: &str| Line {
            day: day("2026-11-03"),
            sum: Money::from_pence(sum),
            words: words.to_owned(),
            number: 1,
        };
        for (file, lines) in [
            (
                "Date,Description,Amount\n03/11/2026,ANA SILVA M1042,5.00\n",
                vec![expected(500, "ANA SILVA M1042")],
            ),
            (
                "\u{FEFF}Date,Amount,Reference\r\n2026-11-03,\"-1,234.56\",RENT\r\n",
                vec![expected(-123_456, "RENT")],
            ),
            (
                "Transaction Date,Details,Paid out,Paid in,Balance\n3/11/26,RENT,9.99,,1\n03 Nov 2026,ANA,,£5,2\n",
                vec![expected(-999, "RENT"), expected(500, "ANA")],
            ),
            ("Date,Narrative,Debit,Credit\n03-11-2026,FEE,-2.00,\n,,,\n", vec![expected(-200, "FEE")]),
            (
                "date,name,reference,amount\n2026-11-03T10:00:00Z,Ana Silva,dues,(5.00)\n",
                vec![expected(-500, "Ana Silva dues")],
            ),
        ] {
            assert_eq!(read(file, today()), Ok(lines), "{file}");
        }
        let twice =
            read("Date,Description,Amount\n3/11/2026,X,1\n3/11/2026,X,1\n3/11/2026,Y,1\n", today()).unwrap();
        assert_eq!(twice.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 1]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (file, fault) in [
            ("", "No column is called “Date”"),
            ("When,Description,Amount\n", "No column is called “Date”"),
            ("Date,Description,Money in\n", "No column is called “Amount”"),
            ("Date,Amount\n", "No column is called “Description”"),
            ("Date,Description,Amount\n", "There are no payments"),
            ("Date,Description,Amount\n31/02/2026,X,5\n", "Row 2: “31/02/2026” is not a date"),
            ("Date,Description,Amount\n03/11/2026,X,five\n", "Row 2: “five” is not an amount"),
            ("Date,Description,Amount\n03/11/1826,X,5\n", "Row 2"),
        ] {
            let refused = read(file, today()).unwrap_err();
            assert!(refused.contains(fault), "{file}: {refused}");
        }
    }

    #[test]
    fn a_line_names_a_member_by_number_or_name() {
        let member = |number, name: &str, dues| Candidate {
            person: Uuid::nil(),
            number,
            name: name.to_owned(),
            plain: name.to_lowercase(),
            dues: Money::from_pence(dues),
            ended: None,
            is_failing: false,
        };
        let members =
            [member(1042, "Ana Silva", 500), member(7, "Ben Okoro", 1_000), member(8, "Ben Okoro", 500)];
        let say = |words: &str, pence| {
            let found = suggest(words, &words.to_lowercase(), Money::from_pence(pence), &members)?;
            Some((found.number, found.why, found.is_sure))
        };
        assert_eq!(say("SILVA ANA M1042", 700), Some((1042, "number and name", true)));
        assert_eq!(say("STO MEM 1042", 500), Some((1042, "number and amount", true)));
        assert_eq!(say("STO MEM 1042", 600), Some((1042, "number", false)));
        assert_eq!(say("Ana Silva", 500), Some((1042, "name and amount", true)));
        assert_eq!(say("Silva Ana thanks", 700), Some((1042, "name", false)));
        // Two of one name: the amount tells them apart, or nothing does.
        assert_eq!(say("BEN OKORO", 500), Some((8, "name and amount", true)));
        assert_eq!(say("BEN OKORO", 700), None);
        assert_eq!(say("BEN OKORO 7", 700), Some((7, "number and name", true)));
        assert_eq!(say("TESCO STORES 3042", 500), None);
        assert_eq!(numbers("a1b22c333-4444444444"), BTreeSet::from([1, 22, 333]));
    }

    #[test]
    fn money_of_somebody_whose_membership_has_ended_is_never_sure_and_says_what_it_does() {
        for (reason, says) in [
            (EndReason::Left, "They have left"),
            (EndReason::Lapsed, "makes them a member again"),
            (EndReason::Expelled, "no payment brings it back"),
            (EndReason::Died, "has died"),
            (EndReason::Refused, "no payment brings it back"),
            (EndReason::Error, "made by mistake"),
        ] {
            let kai = Candidate {
                person: Uuid::nil(),
                number: 279,
                name: "Kai Ivanova".to_owned(),
                plain: "kai ivanova".to_owned(),
                dues: Money::from_pence(500),
                ended: Some(reason),
                is_failing: false,
            };
            for words in ["KAI IVANOVA M279 STO", "IVANOVA KAI", "STO 279"] {
                let found =
                    suggest(words, &words.to_lowercase(), Money::from_pence(500), std::slice::from_ref(&kai));
                let found = found.unwrap();
                assert!(!found.is_sure, "{words}");
                assert!(found.note.is_some_and(|said| said.contains(says)), "{words} {says}");
            }
        }
    }
}
