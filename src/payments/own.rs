//! What somebody has paid, for themselves: the list, and a receipt for each payment.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, Query};
use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use super::{model::LedgerLine, model::LineKind, purposes::Kinds, sql::ledger};
use crate::{
    accounts::{Rooms, SignedIn},
    kit::{
        dates,
        db::Db,
        error::{Error, Result},
        money::Money,
        paging::{PageNumber, Paging},
        visit::Visit,
    },
};

const PAGE_SIZE: u32 = 36;

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    page: PageNumber,
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/own.html")]
pub(super) struct OwnPage {
    visit: Visit,
    kinds: Kinds,
    lines: Vec<LedgerLine>,
    /// What each calendar year came to, the newest first.
    years: Vec<(i32, Money)>,
    paging: Paging,
}

pub(super) async fn list(
    visit: Visit,
    SignedIn(who): SignedIn,
    rooms: Rooms,
    Query(asked): Query<Asked>,
    mut db: Db,
) -> Result<OwnPage> {
    let skip = i64::from(asked.page.number() - 1) * i64::from(PAGE_SIZE);
    let mut lines = ledger::of_person(&mut db, who.person_id, i64::from(PAGE_SIZE) + 1, skip).await?;
    let paging = Paging::cut(&mut lines, asked.page, PAGE_SIZE, "/payments", &[]);
    let years = ledger::years_of(&mut db, who.person_id).await?;
    Ok(OwnPage { visit, kinds: Kinds::of(rooms), lines, years, paging })
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/receipt.html")]
pub(super) struct ReceiptPage {
    visit: Visit,
    /// What it was for: `Membership`.
    purpose: String,
    payer: String,
    day: NaiveDate,
    line: LedgerLine,
    /// What went back of it, and when.
    returned: Vec<LedgerLine>,
}

/// Of one payment of the person who asks. Anybody else's is not found.
pub(super) async fn receipt(
    visit: Visit,
    SignedIn(who): SignedIn,
    rooms: Rooms,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<ReceiptPage> {
    let mut lines = ledger::with_corrections(&mut db, who.person_id, id).await?.into_iter();
    let line = lines.next().filter(|line| line.kind == LineKind::Payment).ok_or(Error::NotFound)?;
    let payer = visit.viewer.as_ref().map(|viewer| viewer.name.clone()).unwrap_or_default();
    let (purpose, day) = (Kinds::of(rooms).name(&line.purpose.kind).to_owned(), dates::london_date(line.at));
    Ok(ReceiptPage { visit, purpose, payer, day, line, returned: lines.collect() })
}
