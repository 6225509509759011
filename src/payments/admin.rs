//! The books, as the treasurer sees them.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::{
    model::LineKind,
    purposes::{KindCode, Kinds},
    sql::{
        events::{self, EventLine},
        ledger::{self, LineFilter, NamedLine, Totals},
        methods::{self, Stopped},
    },
};
use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        csv, dates,
        db::Db,
        error::Result,
        form::{Form, UNREADABLE},
        money::grouped,
        paging::{PageNumber, Paging},
        queue::{self, Failed},
        typed,
        visit::Visit,
    },
};

const SIZE: u32 = 50;

/// Lines in one export: more than ten years of a party with ten thousand members.
const MOST_EXPORTED: i64 = 2_000_000;

/// `?month=2026-11&purpose=membership&kind=refund&q=ana&page=2`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    month: String,
    purpose: String,
    kind: String,
    q: String,
    page: PageNumber,
}

impl Asked {
    fn filter(&self, kinds: &Kinds) -> Result<LineFilter> {
        let month = |text: &str| {
            let first = format!("{text}-01").parse::<NaiveDate>().ok();
            first.filter(|month| (2000..=2200).contains(&month.year()))
        };
        Ok(LineFilter {
            month: chosen(&self.month, month)?,
            purpose: chosen(&self.purpose, |text| text.parse().ok().filter(|it| kinds.is_known(it)))?,
            kind: chosen(&self.kind, |text| text.parse().ok())?,
            search: typed::searched(&self.q, 100),
        })
    }
}

/// What was chosen in a list, or nothing.
fn chosen<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some).ok_or(UNREADABLE) }
}

/// The filter by the names that it has in the address.
fn fields(filter: &LineFilter) -> [(&'static str, String); 4] {
    [
        ("month", filter.month.map(|month| month.format("%Y-%m").to_string()).unwrap_or_default()),
        ("purpose", filter.purpose.as_ref().map(KindCode::to_string).unwrap_or_default()),
        ("kind", filter.kind.map(|kind| kind.to_string()).unwrap_or_default()),
        ("q", filter.search.clone()),
    ]
}

/// `November 2026, donation, refund, found by “ana”`, for the audit log.
fn in_words(filter: &LineFilter, kinds: &Kinds) -> String {
    let words = [
        filter.month.map(|month| month.format("%B %Y").to_string()),
        filter.purpose.as_ref().map(|purpose| kinds.name(purpose).to_lowercase()),
        filter.kind.map(|kind| kind.name().to_lowercase()),
        Some(format!("found by “{}”", filter.search)).filter(|_| !filter.search.is_empty()),
    ];
    let words: Vec<_> = words.into_iter().flatten().collect();
    if words.is_empty() { "everything".to_owned() } else { words.join(", ") }
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/list.html")]
struct ListPage {
    visit: Visit,
    form: Form,
    lines: Vec<NamedLine>,
    totals: Totals,
    paging: Paging,
    months: Vec<(String, String)>,
    purposes: Kinds,
    kinds: Vec<(&'static str, &'static str)>,
    livemode: bool,
    failed: i64,
    ignored: i64,
}

impl ListPage {
    fn counted(&self) -> String {
        match self.totals.count {
            1 => "1 line".to_owned(),
            count => format!("{} lines", grouped(count.unsigned_abs())),
        }
    }
}

/// The last two years and a bit, newest first.
fn months(today: NaiveDate) -> Vec<(String, String)> {
    (0..30)
        .filter_map(|ago| today.with_day(1)?.checked_sub_months(chrono::Months::new(ago)))
        .map(|month| (month.format("%Y-%m").to_string(), month.format("%B %Y").to_string()))
        .collect()
}

pub(super) async fn list(
    State(app): State<App>,
    visit: Visit,
    rooms: Rooms,
    Query(asked): Query<Asked>,
    mut db: Db,
) -> Result<Response> {
    let kinds = Kinds::of(rooms);
    let filter = asked.filter(&kinds)?;
    let mut lines =
        ledger::list_lines(&mut db, &filter, asked.page.offset(SIZE), i64::from(SIZE) + 1).await?;
    let totals = ledger::total(&mut db, &filter).await?;
    let (_, failed, ignored) = events::count(&mut db).await?;
    let fields = fields(&filter);
    let paging = Paging::cut(&mut lines, asked.page, SIZE, "/admin/payments", &fields);
    let form = Form::filled(fields);
    let page = ListPage {
        months: months(app.clock().today()),
        purposes: kinds,
        kinds: LineKind::ALL.iter().map(|kind| (kind.code(), kind.name())).collect(),
        livemode: app.stripe().livemode(),
        visit,
        form,
        lines,
        totals,
        paging,
        failed,
        ignored,
    };
    Ok(page.into_response())
}

/// The same lines as a file for a spreadsheet, amounts in pounds with two decimals. Downloads are recorded.
pub(super) async fn export(
    State(app): State<App>,
    Officer(who): Officer,
    rooms: Rooms,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let sent = |name: &str| form.value(name).to_owned();
    let asked = Asked {
        month: sent("month"),
        purpose: sent("purpose"),
        kind: sent("kind"),
        q: sent("q"),
        page: PageNumber::default(),
    };
    let kinds = Kinds::of(rooms);
    let filter = asked.filter(&kinds)?;
    let lines = ledger::list_lines(&mut db, &filter, 0, MOST_EXPORTED).await?;
    let mut file = csv::File::new([
        "date",
        "what",
        "for",
        "name",
        "email",
        "amount_gbp",
        "how",
        "stripe_id",
        "payment_intent",
        "subscription",
    ]);
    for NamedLine { line, name, email } in &lines {
        file.row([
            csv::day(dates::london_date(line.at)),
            csv::text(line.kind.name()),
            csv::text(kinds.name(&line.purpose.kind)),
            csv::name(name.as_deref()),
            csv::text(email.as_deref().unwrap_or_default()),
            csv::amount(line.amount),
            csv::text(line.method_name()),
            csv::text(line.origin.stripe_id().unwrap_or_default()),
            csv::text(line.origin.payment_intent().unwrap_or_default()),
            csv::text(line.origin.subscription().unwrap_or_default()),
        ]);
    }
    let detail = serde_json::json!({ "lines": lines.len(), "filter": in_words(&filter, &kinds) });
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    change.audit("payment.exported", ("ledger", "all"), detail);
    change.commit().await?;
    Ok(csv::download("payments", app.clock().today(), file.take()))
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/events.html")]
struct EventsPage {
    visit: Visit,
    shown: &'static str,
    events: Vec<EventLine>,
    counts: (i64, i64, i64),
    /// Jobs of the whole site that need a person, by name.
    failed: Vec<Failed>,
    livemode: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    outcome: String,
}

/// Events of Stripe's that were not processed.
pub(super) async fn events(
    State(app): State<App>,
    visit: Visit,
    Query(which): Query<Which>,
    mut db: Db,
) -> Result<Response> {
    let shown = match which.outcome.as_str() {
        "ignored" => "ignored",
        "waiting" => "waiting",
        _ => "failed",
    };
    let events = events::list(&mut db, shown, 200).await?;
    let counts = events::count(&mut db).await?;
    let failed = queue::list_failed(&mut db).await?;
    let livemode = app.stripe().livemode();
    Ok(EventsPage { visit, shown, events, counts, failed, livemode }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/cancelled.html")]
pub(super) struct CancelledPage {
    visit: Visit,
    stopped: Vec<Stopped>,
    livemode: bool,
}

/// Regular payments that the payers' banks no longer make.
pub(super) async fn cancelled(State(app): State<App>, visit: Visit, mut db: Db) -> Result<CancelledPage> {
    let stopped = methods::list_stopped(&mut db, 500).await?;
    Ok(CancelledPage { visit, stopped, livemode: app.stripe().livemode() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_no_filter() {
        let asked =
            |month: &str, kind: &str| Asked { month: month.into(), kind: kind.into(), ..Asked::default() };
        let kinds = Kinds::of(Rooms(&[]));
        let filter = asked("2026-11", "refund").filter(&kinds).unwrap();
        assert_eq!(filter.month, NaiveDate::from_ymd_opt(2026, 11, 1));
        assert_eq!(filter.kind, Some(LineKind::Refund));
        assert_eq!(in_words(&filter, &kinds), "November 2026, refund");
        for month in ["2026-13", "1026-11", "11-2026", "2026-11-01-01", "'; drop"] {
            assert!(asked(month, "").filter(&kinds).is_err(), "{month}");
        }
        assert!(asked("", "gift").filter(&kinds).is_err());
        assert!(Asked { purpose: "none".into(), ..asked("", "") }.filter(&kinds).is_err());
        let filter = Asked { q: "a&b=c".into(), ..asked("2026-11", "") }.filter(&kinds).unwrap();
        assert_eq!(in_words(&filter, &kinds), "November 2026, found by “a&b=c”");
        assert_eq!(in_words(&LineFilter::default(), &kinds), "everything");
    }
}
