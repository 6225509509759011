//! Returns to the Electoral Commission: what one says as things stand, and freezing it.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    audit::Change,
    donations::{
        model::{
            self, Difference, Duty, Item, Kind, Period, Refusal, Reported, Sort, Sourced, Thresholds,
            compile, differences, duties,
        },
        settings,
        sql::{
            self,
            returns::{Calendar, Election, Filed, NewReturn},
        },
    },
    kit::{
        app::App,
        csv,
        error::{Error, Result},
    },
    payments,
};

pub fn thresholds(app: &App, day: NaiveDate) -> Thresholds {
    Thresholds {
        donation: app.setting(payments::CHECK_ABOVE, day),
        first: app.setting(settings::REPORT_ABOVE, day),
        further: app.setting(settings::REPORT_FURTHER, day),
    }
}

/// A return as things stand, beside what was filed of it.
pub struct Standing {
    pub period: Period,
    pub items: Vec<Item>,
    /// The newest version first.
    pub filed: Vec<Filed>,
    /// From the newest version to now.
    pub changes: Vec<Difference>,
}

/// What is in each return, worked out from the same donations.
pub fn stand(app: &App, period: Period, known: &Known) -> Standing {
    let filed: Vec<_> = known.filed.iter().filter(|filed| filed.period == period).cloned().collect();
    let last = filed.first().map(|filed| filed.items.as_slice()).unwrap_or_default();
    let mut reported = Reported::default();
    let mut seen = BTreeSet::new();
    // The newest version of each return comes first.
    let newest =
        known.filed.iter().filter(|filed| filed.period.kind == Kind::Quarterly && seen.insert(filed.period));
    for filed in newest {
        let accepted = filed.items.iter().filter(|item| item.sort == Sort::Accepted).map(|item| item.line);
        let of = if filed.period == period { &mut reported.here } else { &mut reported.elsewhere };
        of.extend(accepted);
    }
    let items = compile(period, &known.cases, &known.refusals, &reported, |day| thresholds(app, day));
    let changes = if filed.is_empty() { Vec::new() } else { differences(last, &items) };
    Standing { period, items, filed, changes }
}

/// Every donation and what was filed, for [`stand`].
pub struct Known {
    cases: Vec<Sourced>,
    refusals: Vec<Refusal>,
    filed: Vec<Filed>,
}

async fn load(db: &mut PgConnection) -> Result<(Known, Calendar)> {
    let cases = sql::cases::list_sourced(db).await?;
    let mut calendar = sql::returns::calendar(db).await?;
    let refusals = std::mem::take(&mut calendar.refusals);
    Ok((Known { cases, refusals, filed: sql::returns::list(db).await? }, calendar))
}

/// A return with what it asks for today.
pub struct Listed {
    pub standing: Standing,
    /// The last day to file it.
    pub due: NaiveDate,
    pub duty: Duty,
}

/// Every return that there is to file, or was.
pub struct Returns {
    /// Without a gap, the oldest first, to the one that runs.
    pub quarters: Vec<Listed>,
    /// The weeks of each election that have begun, the newest election first.
    pub elections: Vec<(Election, Vec<Listed>)>,
    /// Whether no nil return is needed for now.
    pub nil_in_a_row: bool,
}

impl Returns {
    pub fn all(&self) -> impl Iterator<Item = &Listed> {
        self.quarters.iter().chain(self.elections.iter().flat_map(|(_, weeks)| weeks))
    }
}

fn due(app: &App, period: Period) -> NaiveDate {
    let days = match period.kind {
        Kind::Quarterly => settings::RETURN_DAYS,
        Kind::Weekly => settings::WEEKLY_RETURN_DAYS,
    };
    period.to + Days::new(app.setting(days, period.to).into())
}

/// At least so many quarters are listed, the running one included.
pub const QUARTERS: usize = 9;

/// All returns as things stand, in three queries.
pub async fn list(app: &App, db: &mut PgConnection, today: NaiveDate) -> Result<Returns> {
    let (known, Calendar { began, elections, .. }) = load(db).await?;
    let received = known.cases.iter().map(|it| it.case.received_on);
    let received = received.chain(known.refusals.iter().map(|it| it.it.received_on));
    let first = received.chain(began).min();
    let listed = |periods: Vec<Period>| {
        let standing: Vec<_> = periods.into_iter().map(|period| stand(app, period, &known)).collect();
        let returns: Vec<_> = standing
            .iter()
            .map(|it| model::Known {
                period: it.period,
                due: due(app, it.period),
                filed: it.filed.first().map(|filed| filed.items.as_slice()),
                now: &it.items,
                changes: &it.changes,
            })
            .collect();
        let (duties, nil_in_a_row) = duties(&returns, began, today);
        let listed = standing.into_iter().zip(duties);
        let listed = listed.map(|(standing, duty)| Listed { due: due(app, standing.period), standing, duty });
        (listed.collect::<Vec<_>>(), nil_in_a_row)
    };
    let running = Period::quarter_of(today);
    let before = std::iter::successors(Some(running), |period| Some(period.before()));
    let is_listed =
        |(at, period): &(usize, Period)| *at < QUARTERS || first.is_some_and(|first| period.to >= first);
    let mut quarters: Vec<_> = before.enumerate().take_while(is_listed).map(|(_, period)| period).collect();
    quarters.reverse();
    let (quarters, nil_in_a_row) = listed(quarters);
    let elections = elections.into_iter().map(|election| {
        let weeks = Period::weeks(election.from, election.to);
        let begun = weeks.into_iter().filter(|week| week.from <= today);
        let weeks = listed(begun.collect()).0;
        (election, weeks)
    });
    Ok(Returns { quarters, elections: elections.collect(), nil_in_a_row })
}

/// Works out which returns have to be filed, and keeps it for pages that only count.
pub async fn note_due(app: &App, db: &mut PgConnection, today: NaiveDate) -> Result<()> {
    let returns = list(app, db, today).await?;
    let open = returns.all().filter(|it| it.duty.is_open());
    let due: Vec<_> =
        open.map(|it| (it.standing.period, (it.duty != Duty::Changed).then_some(it.due))).collect();
    Ok(sql::returns::set_due(db, &due).await?)
}

/// The file that is filed and kept.
fn file(items: &[Item]) -> String {
    let mut file = csv::File::new(Item::HEADS);
    for item in items {
        let texts = item.texts();
        file.row(texts.iter().enumerate().map(|(column, text)| {
            if Item::HEADS[column] == "amount_gbp" {
                csv::amount(item.amount())
            } else {
                csv::text(text.as_str())
            }
        }));
    }
    file.take()
}

/// Freezes a return as it stands: the next version of it.
///
/// # Errors
/// A conflict while its period runs, while a donation of it is undecided past its last day, and if nothing has changed
/// since it was filed.
pub async fn freeze(change: &mut Change<'_>, officer: Uuid, period: Period) -> Result<()> {
    let (app, now, today) = (change.app, change.now, change.today());
    if today <= period.to {
        return Err(Error::Conflict("This period is not over yet."));
    }
    sql::returns::lock(change).await?;
    if sql::returns::count_late(change, period.to, today).await? > 0 {
        return Err(Error::Conflict(
            "A donation from this period is past its last day and undecided, or was refused and not sent back. See to it first, under Donor checks.",
        ));
    }
    let standing = stand(app, period, &load(change).await?.0);
    let version = standing.filed.first().map_or(1, |filed| filed.version + 1);
    if version > 1 && standing.changes.is_empty() {
        return Err(Error::Conflict("Nothing has changed since this return was filed."));
    }
    let id = app.random().id(now);
    let sha256 = keep(change, id, version, &standing, (officer, now)).await?;
    let detail = json!({ "about": period.to_string(), "version": version, "rows": standing.items.len(), "sha256": sha256 });
    change.audit("donation.return_frozen", ("donation_return", id), detail);
    note_due(app, change, today).await
}

/// Keeps a return with the fingerprint of its file, which it answers.
pub async fn keep(
    db: &mut PgConnection,
    id: Uuid,
    version: i32,
    standing: &Standing,
    (by, at): (Uuid, DateTime<Utc>),
) -> Result<String> {
    let file = file(&standing.items);
    let sha256 = hex::encode(Sha256::digest(&file));
    let (period, items) = (standing.period, &standing.items);
    let new = NewReturn { id, period, version, items, file: &file, sha256: &sha256, by, at };
    sql::returns::insert(db, &new).await?;
    Ok(sha256)
}

/// The file of a return that was filed. Downloads are recorded.
pub async fn take_file(change: &mut Change<'_>, id: Uuid) -> Result<(String, NaiveDate)> {
    let found = sql::returns::find_file(change, id).await?.ok_or(Error::NotFound)?;
    change.audit("donation.return_downloaded", ("donation_return", id), json!({}));
    Ok(found)
}

pub async fn add_election(change: &mut Change<'_>, officer: Uuid, new: &Election) -> Result<()> {
    let (app, now, today) = (change.app, change.now, change.today());
    // The same days entered twice are one period.
    if !sql::returns::insert_election(change, new, officer, now).await? {
        return Ok(());
    }
    let detail = json!({ "name": new.name, "starts_on": new.from, "ends_on": new.to });
    change.audit("donation.election_entered", ("election_period", new.id), detail);
    note_due(app, change, today).await
}

/// Takes out an election period that was entered by mistake.
///
/// # Errors
/// A conflict if a return of one of its weeks was filed; not found if there is no such period.
pub async fn remove_election(change: &mut Change<'_>, id: Uuid, reason: &str) -> Result<()> {
    let (app, today) = (change.app, change.today());
    sql::returns::lock(change).await?;
    let Election { name, from, to, .. } =
        sql::returns::delete_election(change, id).await?.ok_or(Error::NotFound)?;
    if sql::returns::has_weekly(change, from, to).await? {
        return Err(Error::Conflict("A return for one of its weeks has been filed, so it has to stay."));
    }
    let detail = json!({ "name": name, "starts_on": from, "ends_on": to, "because": reason });
    change.audit("donation.election_removed", ("election_period", id), detail);
    note_due(app, change, today).await
}
