//! What officers set in the site, and the figures that law and party rules give: each a value with the day from
//! which it holds and its source. Kept in memory; every process hears of a change.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::money::Money;

/// One value of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    pub value: String,
    pub valid_from: NaiveDate,
    /// Where the figure comes from: a law, a decision, or who set it.
    pub source: String,
}

#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, Vec<Dated>>);

/// What every page and mail shows.
#[derive(Clone, Debug, Default)]
pub struct Site {
    pub name: String,
    /// Who publishes this, with a postal address (Elections Act 2022, Part 6).
    pub imprint: String,
    pub contact_email: String,
}

impl Settings {
    pub async fn load(db: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let rows =
            sqlx::query!("select key, value, valid_from, source from settings order by key, valid_from")
                .fetch_all(db)
                .await?;
        let mut settings = BTreeMap::<String, Vec<Dated>>::new();
        for row in rows {
            settings.entry(row.key).or_default().push(Dated {
                value: row.value,
                valid_from: row.valid_from,
                source: row.source,
            });
        }
        Ok(Self(settings))
    }

    /// The value that holds on a day.
    pub fn on(&self, key: &str, day: NaiveDate) -> Option<&str> {
        let values = self.0.get(key)?;
        values.iter().rev().find(|dated| dated.valid_from <= day).map(|dated| dated.value.as_str())
    }

    pub fn text(&self, key: &str, day: NaiveDate) -> &str {
        self.on(key, day).unwrap_or_default()
    }

    pub fn number(&self, key: &str, day: NaiveDate) -> Option<i64> {
        self.on(key, day)?.parse().ok()
    }

    /// A setting in pence.
    pub fn money(&self, key: &str, day: NaiveDate) -> Option<Money> {
        self.number(key, day).map(Money::from_pence)
    }

    pub fn site(&self, day: NaiveDate) -> Site {
        Site {
            name: self.text("site_name", day).to_owned(),
            imprint: self.text("imprint", day).to_owned(),
            contact_email: self.text("contact_email", day).to_owned(),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = (&str, &[Dated])> {
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }
}

/// Sets a value from a day on; the values before it stay for the record.
pub async fn set(db: &mut PgConnection, key: &str, dated: &Dated) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into settings (key, value, valid_from, source) values ($1, $2, $3, $4)
         on conflict (key, valid_from) do update set value = excluded.value, source = excluded.source",
        key,
        dated.value,
        dated.valid_from,
        dated.source
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_the_day_holds() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let dated = |value: &str, from: &str| Dated {
            value: value.into(),
            valid_from: day(from),
            source: String::new(),
        };
        let settings = Settings(
            [("cap".to_owned(), vec![dated("100", "2024-01-01"), dated("200", "2026-01-01")])].into(),
        );
        assert_eq!(settings.number("cap", day("2023-12-31")), None);
        assert_eq!(settings.number("cap", day("2025-12-31")), Some(100));
        assert_eq!(settings.number("cap", day("2026-01-01")), Some(200));
    }
}
