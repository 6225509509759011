//! The time, as an input. Everything that asks "when is now?" asks a [`Clock`], so that tests can set it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, Utc};

#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Set(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `at` until [`Clock::advance`] moves it; clones share the hand.
    pub fn set_to(at: DateTime<Utc>) -> Self {
        Self(Source::Set(Arc::new(Mutex::new(at))))
    }

    /// The present moment, cut to microseconds as Postgres stores them.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
            Source::System => Utc::now(),
            Source::Set(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Today's date in London, which is the date that party rules and the law go by.
    pub fn today(&self) -> NaiveDate {
        super::dates::london_date(self.now())
    }

    /// Moves a set clock forward; the system clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(at) = &self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}
