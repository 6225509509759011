//! Months: closing them, and their files for accountants.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    actions,
    admin::tell,
    model::{Account, Month, MonthRow, columns, to_close},
    sql::{self, Posted},
};
use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        csv,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    payments::Kinds,
};

/// Lines read at a time: a piece of the file.
const PIECE: i64 = 5_000;

#[derive(Template, WebTemplate)]
#[template(path = "books/months.html")]
struct MonthsPage {
    visit: Visit,
    months: Vec<MonthRow>,
    to_close: Option<Month>,
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let months = sql::list_months(&mut db, Month::of(visit.today())).await?;
    let first = months.last().map(|row| row.month);
    let to_close = to_close(first, sql::closed_through(&mut db).await?, visit.today());
    Ok(MonthsPage { visit, months, to_close }.into_response())
}

fn month(code: &str) -> Result<Month> {
    Month::parse(code).ok_or(Error::NotFound)
}

pub(super) async fn close(
    State(app): State<App>,
    Officer(who): Officer,
    Path(code): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let month = month(&code)?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::close(&mut change, who.person_id, month).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/admin/books/months", &format!("{} is closed.", month.name())))
}

/// Every line of a month as a file for a spreadsheet, or its sums as a journal that Xero imports. Downloads are
/// recorded.
pub(super) async fn export(
    State(app): State<App>,
    Officer(who): Officer,
    rooms: Rooms,
    visit: Visit,
    Path(code): Path<String>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let month = month(&code)?;
    let is_journal = form.value("format") == "xero";
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let format = if is_journal { "Xero" } else { "CSV" };
    change.audit(
        "books.exported",
        ("month", month.code()),
        json!({ "month": month.name(), "format": format }),
    );
    change.commit().await?;
    if is_journal {
        let trial = sql::trial_balance(&mut db, month).await?;
        let file = journal(month, trial.0.into_iter().map(|line| (line.account, line.moved)));
        return Ok(csv::download(&format!("books-{code}-xero"), visit.today(), file));
    }
    drop(db);
    let livemode = app.stripe().livemode();
    Ok(csv::download(&format!("books-{code}"), visit.today(), lines(app, month, Kinds::of(rooms), livemode)))
}

/// One manual journal, dated the last day of the month, with a line for each account: positive is debit. Xero takes 300
/// lines in a file, so single payments are not in it.
fn journal(month: Month, sums: impl IntoIterator<Item = (Account, crate::kit::money::Money)>) -> String {
    let last = month.next().first().pred_opt().unwrap_or(month.first());
    let mut file =
        csv::File::new(["*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount"]);
    for (account, sum) in sums.into_iter().filter(|(_, sum)| sum.pence() != 0) {
        file.row([
            csv::text(format!("Books of {}", month.name())),
            csv::text(last.format("%d/%m/%Y").to_string()),
            csv::text(account.name()),
            csv::number(i64::from(account.number())),
            csv::text("No VAT"),
            csv::amount(sum),
        ]);
    }
    file.take()
}

fn lines(app: App, month: Month, kinds: Kinds, livemode: bool) -> Body {
    let file = csv::File::new([
        "date",
        "entry",
        "account_number",
        "account",
        "debit_gbp",
        "credit_gbp",
        "what",
        "reference",
        "happened_on",
    ]);
    let start = (app, kinds, None, Some(file));
    Body::from_stream(futures_util::stream::try_unfold(start, move |(app, kinds, after, file)| async move {
        let Some(mut file) = file else { return Ok::<_, Error>(None) };
        let mut db = app.pool().acquire().await?;
        let postings = sql::list_month(&mut db, month, after, PIECE).await?;
        drop(db);
        for line in &postings {
            row(&mut file, line, &kinds, livemode);
        }
        let piece = Bytes::from(file.take());
        let after = postings.last().map(|line| (line.day, line.entry, line.account));
        let is_last = i64::try_from(postings.len()).is_ok_and(|count| count < PIECE);
        Ok(Some((piece, (app, kinds, after, (!is_last).then_some(file)))))
    }))
}

fn row(file: &mut csv::File, line: &Posted, kinds: &Kinds, livemode: bool) {
    let told = tell(&line.origin, kinds, livemode);
    let (debit, credit) = columns(line.sum);
    let side = |sum: Option<_>| sum.map_or(csv::text(""), csv::amount);
    file.row([
        csv::day(line.day),
        csv::number(line.entry),
        csv::number(i64::from(line.account.number())),
        csv::text(line.account.name()),
        side(debit),
        side(credit),
        csv::text(told.words),
        csv::text(told.reference),
        csv::day(line.happened_on),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::money::Money;

    #[test]
    fn the_journal_has_a_line_for_each_account_that_moved() {
        let sums =
            [(Account::Stripe, 47_200), (Account::Fees, 2_800), (Account::Bank, 0), (Account::Dues, -50_000)];
        let file = journal(
            Month::parse("2026-02").unwrap(),
            sums.map(|(account, pence)| (account, Money::from_pence(pence))),
        );
        let lines: Vec<_> = file.trim_start_matches('\u{FEFF}').lines().collect();
        assert_eq!(
            lines,
            [
                r#""*Narration","*Date","Description","*AccountCode","*TaxRate","*Amount""#,
                r#""Books of February 2026","28/02/2026","Stripe balance","91","No VAT","472.00""#,
                r#""Books of February 2026","28/02/2026","Stripe’s fees","404","No VAT","28.00""#,
                r#""Books of February 2026","28/02/2026","Subscriptions","200","No VAT","-500.00""#,
            ]
        );
    }
}
