//! The settings of the site in words, and what each may be. A room that adds a setting adds a line here; a test
//! finds those that are missing.

use chrono::NaiveDate;

use crate::kit::{money::Money, settings::Settings};

/// How a value is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Line,
    Email,
    /// Stored in pence.
    Money,
    /// Money that Stripe collects.
    Price,
    Number {
        least: i64,
        most: i64,
    },
    YesOrNo,
}

pub struct Known {
    pub key: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub meaning: Meaning,
}

const fn known(key: &'static str, label: &'static str, hint: &'static str, meaning: Meaning) -> Known {
    Known { key, label, hint, meaning }
}

const fn price(key: &'static str, label: &'static str) -> Known {
    known(
        key,
        label,
        "In pounds. For those who join from then on; who pays already keeps the price",
        Meaning::Price,
    )
}

const YEARS: Meaning = Meaning::Number { least: 1, most: 120 };

pub static ALL: [Known; 18] = [
    known("site_name", "Name of the party", "Shown on every page and in every email", Meaning::Line),
    known(
        "imprint",
        "Imprint",
        "Who publishes this, with a postal address. The law wants it on every page and in every email",
        Meaning::Line,
    ),
    known(
        "contact_email",
        "Contact address",
        "Shown on every page; messages from the contact form go there",
        Meaning::Email,
    ),
    price("rate_low_wage_month", "Low-wage or unwaged rate, a month"),
    price("rate_low_wage_year", "Low-wage or unwaged rate, a year"),
    price("rate_standard_month", "Standard rate, a month"),
    price("rate_standard_year", "Standard rate, a year"),
    price("rate_solidarity_month", "Least at the solidarity rate, a month"),
    price("rate_solidarity_year", "Least at the solidarity rate, a year"),
    known("member_min_age", "Youngest age of members", "In whole years", YEARS),
    known("supporter_min_age", "Youngest age of supporters", "In whole years", YEARS),
    known("donation_cap_pence", "Most that one person may give in a year", "In pounds", Meaning::Money),
    known("donation_min_pence", "Smallest gift", "In pounds", Meaning::Money),
    known(
        "donation_check_pence",
        "Gifts above this are checked against the electoral register",
        "In pounds; the law sets it",
        Meaning::Money,
    ),
    known(
        "grace_days",
        "Days of grace",
        "How long somebody stays a member after a payment failed",
        Meaning::Number { least: 0, most: 365 },
    ),
    known(
        "debit_pending_is_member",
        "Members’ pages open while a first Direct Debit is on its way",
        "Yes or no",
        Meaning::YesOrNo,
    ),
    known(
        "update_connections",
        "Connections to the mail server for one update",
        "More send faster, if the mail provider allows it",
        Meaning::Number { least: 1, most: 32 },
    ),
    known(
        "update_mails_a_second",
        "Most emails of an update in a second",
        "0 is no limit: as fast as the mail server takes them",
        Meaning::Number { least: 0, most: 1000 },
    ),
];

pub fn find(key: &str) -> Option<&'static Known> {
    ALL.iter().find(|known| known.key == key)
}

impl Known {
    /// A stored value as people say it.
    pub fn show(&self, value: &str) -> String {
        match self.meaning {
            Meaning::Money | Meaning::Price => {
                value.parse().map_or_else(|_| value.to_owned(), |pence| Money::from_pence(pence).to_string())
            }
            Meaning::Number { .. } if self.key == "update_mails_a_second" && value == "0" => {
                "no limit".to_owned()
            }
            _ => value.to_owned(),
        }
    }

    /// A stored value as the form takes it.
    pub fn typed(&self, value: &str) -> String {
        match self.meaning {
            Meaning::Money | Meaning::Price => self.show(value).trim_start_matches('£').to_owned(),
            _ => value.to_owned(),
        }
    }

    pub fn value(&self, settings: &Settings, day: NaiveDate) -> String {
        self.show(settings.text(self.key, day))
    }
}
