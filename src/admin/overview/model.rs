//! Figures, and the charts they make. Pure: all in whole numbers, places in the picture as percent with a decimal.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    accounts::PurposeKind,
    kit::money::{Money, grouped},
    payments::Income,
    places::{
        Region,
        map::{self, RegionShape},
    },
};

/// A mail that a mail server would not take.
#[derive(Clone, Debug)]
pub struct RefusedMail {
    pub recipient: String,
    pub subject: String,
    /// The server's words.
    pub answer: String,
    pub at: DateTime<Utc>,
    /// Whose address it is now, if anybody's.
    pub person: Option<Uuid>,
    pub name: String,
}

/// One month, oldest first in a list.
#[derive(Clone, Debug)]
pub struct Month {
    pub first: NaiveDate,
    pub joined: i64,
    pub left: i64,
    /// At the month's end, or today.
    pub members: i64,
    pub income: Income,
}

impl Month {
    /// `November 2026`
    pub fn name(&self) -> String {
        self.first.format("%B %Y").to_string()
    }
}

/// A line for `kit/chart_line.html`: (from the left, from the top) in percent.
#[derive(Debug, Default)]
pub struct LineChart {
    pub points: Vec<(String, String)>,
    /// (from the top, words)
    pub up: Vec<(String, String)>,
    /// (from the left, words)
    pub along: Vec<(String, String)>,
}

/// Tenths of a percent as `12.5`.
pub fn percent(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, (tenths % 10).abs())
}

/// The next round number: 1, 2 or 5 with noughts after it.
fn round_up(number: i64) -> i64 {
    let mut step = 1;
    while step < i64::MAX / 10 {
        if let Some(round) = [1, 2, 5].into_iter().map(|times| times * step).find(|round| *round >= number) {
            return round;
        }
        step *= 10;
    }
    number
}

pub fn growth(months: &[Month]) -> LineChart {
    let most = months.iter().map(|month| month.members).max().unwrap_or(0);
    let tick = round_up((most / 3).max(1));
    let top = ((most + tick - 1) / tick).max(1) * tick;
    let last = i64::try_from(months.len()).unwrap_or(1).saturating_sub(1).max(1);
    let across = |index: usize| percent(i64::try_from(index).unwrap_or(0) * 1_000 / last);
    let down = |value: i64| percent(1_000 - value.clamp(0, top) * 1_000 / top);
    let words = |month: &Month| month.first.format("%b %Y").to_string();
    let mut marks = vec![0, months.len() / 2, months.len().saturating_sub(1)];
    marks.dedup();
    LineChart {
        points: months.iter().enumerate().map(|(at, month)| (across(at), down(month.members))).collect(),
        up: (0..=top / tick).map(|n| n * tick).map(|n| (down(n), grouped(n.unsigned_abs()))).collect(),
        along: marks
            .into_iter()
            .filter_map(|at| months.get(at).map(|month| (across(at), words(month))))
            .collect(),
    }
}

/// One month's income as a bar of parts.
#[derive(Debug)]
pub struct Bar {
    pub label: String,
    pub words: String,
    /// One a column: where it begins and how wide it is, in percent of the best month.
    pub parts: Vec<(String, String)>,
}

/// The shades of a bar's parts, far from each other where there are few.
pub fn shade(column: usize) -> usize {
    [2, 4, 1, 5, 3][column % 5]
}

/// The newest six, newest first: what one looks for stands on top.
pub fn income(months: &[Month], columns: &[PurposeKind]) -> Vec<Bar> {
    let newest: Vec<_> = months.iter().rev().take(6).collect();
    let most = newest.iter().map(|month| month.income.total().pence()).max().unwrap_or(0).max(1);
    // More paid back than paid in makes a sum below nothing, and no bar.
    let width = |amount: Money| amount.pence().clamp(0, most) * 1_000 / most;
    newest
        .into_iter()
        .map(|month| {
            let mut start = 0;
            let part = |sum: Money| {
                let width = width(sum).min(1_000 - start);
                start += width;
                (percent(start - width), percent(width))
            };
            Bar {
                label: month.name(),
                words: month.income.total().to_string(),
                parts: month.income.split(columns).into_iter().map(part).collect(),
            }
        })
        .collect()
}

/// A region on the map and in the table.
#[derive(Debug)]
pub struct Area {
    pub shape: &'static RegionShape,
    pub members: i64,
    /// 0, palest, to 5.
    pub shade: i64,
}

pub fn areas(counts: &[(Region, i64)]) -> Vec<Area> {
    let of =
        |region: Region| counts.iter().find(|(other, _)| *other == region).map_or(0, |(_, count)| *count);
    let most = Region::ALL.into_iter().map(of).max().unwrap_or(0).max(1);
    map::regions()
        .iter()
        .map(|shape| {
            let members = of(shape.region);
            Area { shape, members, shade: (members * 5 + most - 1) / most }
        })
        .collect()
}

/// What the shades mean: `1 to 24 members`, palest first; shades that would be empty are left out.
pub fn key(areas: &[Area]) -> Vec<(i64, String)> {
    let most = areas.iter().map(|area| area.members).max().unwrap_or(0);
    let mut key = vec![(0, "none".to_owned())];
    for shade in 1..=5 {
        let (from, to) = ((shade - 1) * most / 5 + 1, shade * most / 5);
        if to > from {
            key.push((shade, format!("{} to {}", grouped(from.unsigned_abs()), grouped(to.unsigned_abs()))));
        } else if to == from {
            key.push((shade, grouped(to.unsigned_abs())));
        }
    }
    key
}

/// The first days of this month and those before it, oldest first.
pub fn last_months(today: NaiveDate, number: u32) -> Vec<NaiveDate> {
    let this = today.with_day(1).unwrap_or(today);
    let months = (0..number).rev().filter_map(|back| this.checked_sub_months(chrono::Months::new(back)));
    months.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{donations::GIFTS, membership::DUES};

    fn month(year: i32, month: u32, members: i64, dues: i64, gifts: i64) -> Month {
        Month {
            first: NaiveDate::from_ymd_opt(year, month, 1).unwrap(),
            joined: 0,
            left: 0,
            members,
            income: [(DUES, dues), (GIFTS, gifts)]
                .into_iter()
                .map(|(kind, pence)| (kind.into(), Money::from_pence(pence)))
                .collect(),
        }
    }

    #[test]
    fn the_line_keeps_to_its_frame() {
        let line = growth(&[month(2026, 9, 0, 0, 0), month(2026, 10, 30, 0, 0), month(2026, 11, 60, 0, 0)]);
        assert_eq!(line.points.first().unwrap(), &("0.0".to_owned(), "100.0".to_owned()));
        assert_eq!(line.points.last().unwrap(), &("100.0".to_owned(), "0.0".to_owned()));
        assert_eq!(
            line.up.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>(),
            ["0", "20", "40", "60"]
        );
        assert_eq!(line.along.len(), 3);
        assert!(growth(&[]).points.is_empty());
        assert_eq!(growth(&[month(2026, 11, 0, 0, 0)]).points, [("0.0".to_owned(), "100.0".to_owned())]);
    }

    #[test]
    fn bars_are_shares_of_the_best_month() {
        let bars = income(&[month(2026, 10, 0, 100, 100), month(2026, 11, 0, 50, -200)], &[DUES, GIFTS]);
        let owned = |(start, width): (&str, &str)| (start.to_owned(), width.to_owned());
        assert_eq!(bars[0].label, "November 2026");
        assert_eq!(bars[0].parts, [("0.0", "25.0"), ("25.0", "0.0")].map(owned));
        assert_eq!(bars[1].parts, [("0.0", "50.0"), ("50.0", "50.0")].map(owned));
    }

    #[test]
    fn every_shade_on_the_map_is_in_the_key() {
        for most in [0, 1, 2, 3, 7, 24, 9_999] {
            let areas = areas(&[(Region::Wales, most), (Region::London, most / 3)]);
            let key = key(&areas);
            for area in &areas {
                assert!(key.iter().any(|(shade, _)| *shade == area.shade), "{most}: {}", area.shade);
            }
        }
    }

    #[test]
    fn a_year_ends_with_this_month() {
        let months = last_months(NaiveDate::from_ymd_opt(2026, 3, 31).unwrap(), 12);
        assert_eq!(months.len(), 12);
        assert_eq!(months[0].to_string(), "2025-04-01");
        assert_eq!(months[11].to_string(), "2026-03-01");
    }
}
