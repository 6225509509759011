//! What officers set in the site, and the figures that law and party rules give: each a value with the day from
//! which it holds and its source. Kept in memory; every process hears of a change.
//!
//! A room states its settings as constants and lists them in its `ROOM`:
//!
//! ```ignore
//! pub const GRACE_DAYS: Setting<u32> = Setting::number(
//!     "grace_days", 0..=365, "Grace period (days)", "How long ...", &[since(2021, 1, 1, "30", "party rules")]);
//! let days = app.setting(GRACE_DAYS, today);
//! ```
//!
//! A constant brings its own dated values, so that nothing has to be in the table for it. Stored values and these make
//! one history, in which the newest that has begun holds; on the same day the stored one. So a new figure of law comes
//! into force with the release that knows it, whatever was stored before.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{email_address::EmailAddress, money::Money, person_name};

/// In characters.
pub const LONGEST_NAME: usize = 60;

/// One value of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    pub value: String,
    pub valid_from: NaiveDate,
    /// Where the figure comes from: a law, a decision, or who set it.
    pub source: String,
}

/// How a value is written down, and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// One line of text.
    Line,
    /// What stands at the head of every page and mail: letters, and nothing that a mail program makes a link of.
    Name,
    Email,
    /// Stored in pence.
    Money {
        least: Money,
        most: Money,
    },
    Number {
        least: u32,
        most: u32,
    },
    /// A number, or 0 for no limit.
    Limit {
        most: u32,
    },
    YesOrNo,
}

impl Meaning {
    /// Whether a value may be stored as this.
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Line => !value.trim().is_empty() && value.chars().count() <= 300,
            Self::Name => {
                let letters = value.chars().filter(|c| c.is_alphabetic()).count();
                letters > 1 && value.chars().count() <= LONGEST_NAME && !person_name::holds_address(value)
            }
            Self::Email => value.parse::<EmailAddress>().is_ok(),
            Self::Money { least, most } => read_money(value).is_some_and(|it| (least..=most).contains(&it)),
            Self::Number { least, most } => value.parse().is_ok_and(|it: u32| (least..=most).contains(&it)),
            Self::Limit { most } => value.parse().is_ok_and(|it: u32| it <= most),
            Self::YesOrNo => read_switch(value).is_some(),
        }
    }
}

/// A value that a constant brings along.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    value: &'static str,
    valid_from: NaiveDate,
    source: &'static str,
}

/// A value with its first day and its source: a law, or a decision.
#[expect(clippy::panic, reason = "stops the compiler at a day that does not exist")]
pub const fn since(year: i32, month: u32, day: u32, value: &'static str, source: &'static str) -> Given {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(valid_from) => Given { value, valid_from, source },
        None => panic!("there is no such day"),
    }
}

/// What the settings pages need to know of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub key: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub meaning: Meaning,
    given: &'static [Given],
}

impl Known {
    /// A stored value as people say it.
    pub fn show(&self, value: &str) -> String {
        match self.meaning {
            Meaning::Money { .. } => {
                read_money(value).map_or_else(|| value.to_owned(), |money| money.to_string())
            }
            Meaning::Limit { .. } if value == "0" => "no limit".to_owned(),
            _ => value.to_owned(),
        }
    }

    fn number(value: &str) -> Option<i64> {
        value.parse().ok()
    }

    /// Whether a value of this setting is above a value of another that counts the same.
    pub fn is_above(value: &str, other: &str) -> bool {
        Self::number(value).zip(Self::number(other)).is_some_and(|(value, other)| value > other)
    }

    /// A stored value as the form takes it.
    pub fn typed(&self, value: &str) -> String {
        match self.meaning {
            Meaning::Money { .. } => self.show(value).trim_start_matches('£').to_owned(),
            _ => value.to_owned(),
        }
    }

    /// The values that come with the program, oldest first.
    pub fn given(&self) -> impl DoubleEndedIterator<Item = Dated> {
        self.given.iter().map(|given| Dated {
            value: given.value.to_owned(),
            valid_from: given.valid_from,
            source: given.source.to_owned(),
        })
    }
}

/// A setting whose values are of type `T`. Which key, words and bounds it has is in [`Known`].
#[derive(Clone, Copy, Debug)]
pub struct Setting<T: 'static> {
    pub known: Known,
    read: fn(&str) -> Option<T>,
}

fn read_money(value: &str) -> Option<Money> {
    value.parse().ok().map(Money::from_pence)
}

fn read_switch(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

const fn known(
    key: &'static str,
    label: &'static str,
    hint: &'static str,
    meaning: Meaning,
    given: &'static [Given],
) -> Known {
    assert!(!given.is_empty(), "a setting needs a value to begin with");
    Known { key, label, hint, meaning, given }
}

impl Setting<String> {
    pub const fn line(
        key: &'static str,
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        Self { known: known(key, label, hint, Meaning::Line, given), read: |value| Some(value.to_owned()) }
    }

    pub const fn name(
        key: &'static str,
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        Self { known: known(key, label, hint, Meaning::Name, given), read: |value| Some(value.to_owned()) }
    }
}

impl Setting<EmailAddress> {
    pub const fn email(
        key: &'static str,
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        Self { known: known(key, label, hint, Meaning::Email, given), read: |value| value.parse().ok() }
    }
}

impl Setting<Money> {
    /// Values are given in pence.
    pub const fn money(
        key: &'static str,
        (least, most): (Money, Money),
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        Self { known: known(key, label, hint, Meaning::Money { least, most }, given), read: read_money }
    }
}

impl Setting<u32> {
    pub const fn number(
        key: &'static str,
        bounds: RangeInclusive<u32>,
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        let meaning = Meaning::Number { least: *bounds.start(), most: *bounds.end() };
        Self { known: known(key, label, hint, meaning, given), read: |value| value.parse().ok() }
    }
}

impl Setting<Option<u32>> {
    /// A number up to `most`, or 0 for no limit, which is read as `None`.
    pub const fn limit(
        key: &'static str,
        most: u32,
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        let read = |value: &str| value.parse().ok().map(|number: u32| Some(number).filter(|it| *it > 0));
        Self { known: known(key, label, hint, Meaning::Limit { most }, given), read }
    }
}

impl Setting<bool> {
    /// Values are given as `yes` or `no`.
    pub const fn yes_or_no(
        key: &'static str,
        label: &'static str,
        hint: &'static str,
        given: &'static [Given],
    ) -> Self {
        Self { known: known(key, label, hint, Meaning::YesOrNo, given), read: read_switch }
    }
}

const NOT_SET: &str = "not set yet";

pub const SITE_NAME: Setting<String> = Setting::name(
    "site_name",
    "Name",
    "Shown on every page and in every email",
    &[since(2021, 1, 1, "This site", NOT_SET)],
);

pub const IMPRINT: Setting<String> = Setting::line(
    "imprint",
    "Imprint",
    "Who publishes this, with a postal address. The law requires it on every page and in every email",
    &[since(2021, 1, 1, "The publisher’s name and postal address are missing here.", NOT_SET)],
);

pub const CONTACT_EMAIL: Setting<EmailAddress> = Setting::email(
    "contact_email",
    "Contact address",
    "Shown on every page; messages from the contact form go there",
    &[since(2021, 1, 1, "hello@example.org", NOT_SET)],
);

/// Every stored value, by key, oldest first.
#[derive(Debug, Default)]
pub struct Settings {
    stored: BTreeMap<String, Vec<Dated>>,
    /// Values that cannot be used and are in the log already.
    reported: Mutex<BTreeSet<(&'static str, NaiveDate)>>,
}

/// What every page and mail shows.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    /// Who publishes this, with a postal address (Elections Act 2022, Part 6).
    pub imprint: String,
    pub contact_email: EmailAddress,
}

impl Settings {
    /// What is stored, which nobody else changes until this transaction ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn lock(db: &mut PgConnection) -> Result<Self, sqlx::Error> {
        sqlx::query!("lock table settings in share row exclusive mode").execute(&mut *db).await?;
        Self::load(db).await
    }

    pub async fn load(db: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let rows =
            sqlx::query!("select key, value, valid_from, source from settings order by key, valid_from")
                .fetch_all(db)
                .await?;
        let mut stored = BTreeMap::<String, Vec<Dated>>::new();
        for row in rows {
            stored.entry(row.key).or_default().push(Dated {
                value: row.value,
                valid_from: row.valid_from,
                source: row.source,
            });
        }
        Ok(Self { stored, ..Self::default() })
    }

    /// Values that hold from 2022 on.
    #[cfg(test)]
    pub(crate) fn fixed(values: &[(&str, &str)]) -> Self {
        let dated = |value: &str| Dated {
            value: value.to_owned(),
            valid_from: NaiveDate::from_ymd_opt(2022, 1, 1).expect("a day"),
            source: String::new(),
        };
        let stored = values.iter().map(|(key, value)| ((*key).to_owned(), vec![dated(value)])).collect();
        Self { stored, ..Self::default() }
    }

    /// The value that holds on a day.
    pub fn get<T>(&self, setting: Setting<T>, day: NaiveDate) -> T {
        let value = self.text(&setting.known, day);
        (setting.read)(value).unwrap_or_else(|| {
            unreachable!("`{value}` is accepted as {} and cannot be read", setting.known.key)
        })
    }

    /// The value that holds on a day, as it is written down. A stored value that its setting does not accept is
    /// logged once and passed over.
    pub fn text<'a>(&'a self, known: &'a Known, day: NaiveDate) -> &'a str {
        let stored = self.stored.get(known.key).map(Vec::as_slice).unwrap_or_default();
        let stored = stored
            .iter()
            .rev()
            .filter(|dated| dated.valid_from <= day)
            .find(|dated| known.meaning.accepts(&dated.value) || self.report(known, dated));
        let given = known.given.iter().rev().find(|given| given.valid_from <= day);
        match (stored, given.or(known.given.first())) {
            (Some(stored), Some(given)) if stored.valid_from < given.valid_from => given.value,
            (Some(stored), _) => &stored.value,
            (None, Some(given)) => given.value,
            (None, None) => unreachable!("a setting has a value to begin with"),
        }
    }

    /// Returns false, for the search above to go on.
    fn report(&self, known: &Known, dated: &Dated) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.insert((known.key, dated.valid_from)) {
            let (key, valid_from) = (known.key, dated.valid_from);
            tracing::error!(key, %valid_from, "a stored setting cannot be used; the value before it holds");
        }
        false
    }

    /// Every value, oldest first: stored ones and those that come with the program.
    pub fn history(&self, known: &Known) -> Vec<Dated> {
        let mut values: BTreeMap<NaiveDate, Dated> =
            known.given().map(|dated| (dated.valid_from, dated)).collect();
        let stored = self.stored.get(known.key).map(Vec::as_slice).unwrap_or_default();
        values.extend(stored.iter().map(|dated| (dated.valid_from, dated.clone())));
        values.into_values().collect()
    }

    pub fn site(&self, day: NaiveDate) -> Site {
        Site {
            name: self.get(SITE_NAME, day),
            imprint: self.get(IMPRINT, day),
            contact_email: self.get(CONTACT_EMAIL, day),
        }
    }
}

/// Sets a value from a day on; the values before it stay for the record. Returns whether it was another one.
pub async fn set(db: &mut PgConnection, known: &Known, dated: &Dated) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into settings (key, value, valid_from, source) values ($1, $2, $3, $4)
         on conflict (key, valid_from) do update set value = excluded.value, source = excluded.source
         where (settings.value, settings.source) <> (excluded.value, excluded.source)",
        known.key,
        dated.value,
        dated.valid_from,
        dated.source
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn stored(values: &[(&str, &str)]) -> Settings {
        let dated = |(value, from): &(&str, &str)| Dated {
            value: (*value).to_owned(),
            valid_from: day(from),
            source: String::new(),
        };
        let stored = [("cap".to_owned(), values.iter().map(dated).collect())].into();
        Settings { stored, ..Settings::default() }
    }

    const CAP: Setting<u32> = Setting::number(
        "cap",
        1..=1_000,
        "",
        "",
        &[since(2021, 1, 1, "100", "the rules"), since(2027, 1, 1, "300", "the law")],
    );

    #[test]
    fn the_value_of_the_day_holds() {
        let none = Settings::default();
        assert_eq!(none.get(CAP, day("2020-12-31")), 100, "before the first day the first value");
        assert_eq!(none.get(CAP, day("2026-12-31")), 100);
        assert_eq!(none.get(CAP, day("2027-01-01")), 300);
        let set = stored(&[("50", "2024-01-01"), ("200", "2026-01-01")]);
        assert_eq!(set.get(CAP, day("2023-12-31")), 100);
        assert_eq!(set.get(CAP, day("2025-12-31")), 50);
        assert_eq!(set.get(CAP, day("2026-12-31")), 200);
        assert_eq!(set.get(CAP, day("2027-01-01")), 300, "a new law comes into force by itself");
        assert_eq!(stored(&[("7", "2027-01-01")]).get(CAP, day("2027-01-01")), 7, "set for that very day");
        let history = set.history(&CAP.known);
        assert_eq!(
            history.iter().map(|it| it.value.as_str()).collect::<Vec<_>>(),
            ["100", "50", "200", "300"]
        );
    }

    #[test]
    fn a_value_that_cannot_be_used_is_passed_over() {
        for wrong in ["lots", "0", "1001", "-5", ""] {
            let set = stored(&[("50", "2024-01-01"), (wrong, "2026-01-01")]);
            assert_eq!(set.get(CAP, day("2026-06-01")), 50, "{wrong:?}");
            assert_eq!(stored(&[(wrong, "2026-01-01")]).get(CAP, day("2026-06-01")), 100, "{wrong:?}");
        }
    }

    #[test]
    fn every_kind_knows_its_bounds_and_words() {
        let money = Meaning::Money { least: Money::from_pence(30), most: Money::from_pence(500) };
        for (kind, good, wrong) in [
            (Meaning::Line, "Anything", " "),
            (Meaning::Email, "a@party.test", "nobody"),
            (money, "30", "29"),
            (money, "500", "5.00"),
            (Meaning::Number { least: 1, most: 120 }, "120", "121"),
            (Meaning::Limit { most: 10 }, "0", "11"),
            (Meaning::YesOrNo, "yes", "maybe"),
        ] {
            assert!(kind.accepts(good) && !kind.accepts(wrong), "{kind:?}");
        }
        let limit = Setting::limit("pace", 10, "", "", const { &[since(2021, 1, 1, "0", "")] });
        assert_eq!(Settings::default().get(limit, day("2026-01-01")), None);
        assert_eq!((limit.known.show("0"), limit.known.typed("0")), ("no limit".into(), "0".into()));
        let bounds = (Money::ZERO, Money::from_pence(900));
        let price = Setting::money("price", bounds, "", "", const { &[since(2021, 1, 1, "750", "")] });
        assert_eq!((price.known.show("750"), price.known.typed("750")), ("£7.50".into(), "7.50".into()));
    }
}
