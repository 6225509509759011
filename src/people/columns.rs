//! The columns of an exported list.

use super::sql::Row;
use crate::{
    kit::{csv, dates, stripe::Interval},
    membership::Personal,
    places::Region,
};

pub fn heads() -> impl Iterator<Item = &'static str> {
    ["Number", "Name", "Email"].into_iter().chain(Personal::heads()).chain([
        "Postcode",
        "Region",
        "Status",
        "Rate",
        "Amount in pounds",
        "Paid every",
        "Joined",
        "Last payment",
        "Email updates",
        "Organisers may write",
        "Record",
    ])
}

pub fn cells<'a>(row: &'a Row, record: &str) -> impl Iterator<Item = csv::Cell<'a>> {
    let personal = row.personal.as_ref().map(|personal| &personal.0);
    [csv::number(row.number), csv::name(Some(row.name.as_str())), csv::text(&row.email)]
        .into_iter()
        .chain(Personal::cells(personal))
        .chain([
            csv::text(row.postcode.as_deref().unwrap_or_default()),
            csv::text(row.region.map_or("", Region::name)),
            csv::text(row.status_name()),
            csv::text(row.rate_name()),
            csv::amount(row.amount.unwrap_or_default()),
            csv::text(row.interval.map_or("", Interval::code)),
            csv::day(row.joined_on),
            csv::day(row.last_paid_at.map(dates::london_date)),
            csv::yes(row.wants_updates),
            csv::yes(row.open_to_organisers),
            csv::text(format!("{record}{}", row.id)),
        ])
}
