//! The books, as the treasurer sees them.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use chrono::Months;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    actions, forms,
    model::{Account, Class, Month, NewEntry, TrialBalance, movement},
    sql::{self, Origin, Posted},
};
use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::{Form, UNREADABLE},
        money::Money,
        paging::{PageNumber, Paging, address},
        visit::Visit,
    },
    payments::{Kinds, stripe_page},
};

const SIZE: u32 = 100;

/// `?month=2026-11&page=2`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    month: String,
    page: PageNumber,
}

impl Asked {
    fn month(&self, visit: &Visit) -> Result<Month> {
        if self.month.is_empty() {
            return Ok(Month::of(visit.today()));
        }
        Month::parse(&self.month).ok_or(UNREADABLE)
    }
}

/// The months that have books, newest first, by code and name.
fn months(first: Option<Month>, last: Month) -> Vec<(String, String)> {
    let mut months: Vec<_> = std::iter::successors(first.or(Some(last)), |month| Some(month.next()))
        .take_while(|month| *month <= last)
        .collect();
    months.reverse();
    months.into_iter().map(|month| (month.code(), month.name())).collect()
}

#[derive(Template, WebTemplate)]
#[template(path = "books/trial.html")]
struct TrialPage {
    visit: Visit,
    form: Form,
    month: Month,
    months: Vec<(String, String)>,
    trial: TrialBalance,
    closed: bool,
}

impl TrialPage {
    /// The accounts under the heading of their class.
    fn classes(&self) -> Vec<(Class, Vec<super::model::Balance>)> {
        let groups = self.trial.0.chunk_by(|one, next| one.account.class() == next.account.class());
        groups.map(|lines| (lines[0].account.class(), lines.to_vec())).collect()
    }

    fn account_path(&self, account: Account) -> String {
        address(&format!("/admin/books/accounts/{account}"), &[("month", self.month.code())])
    }
}

pub(super) async fn trial(visit: Visit, Query(asked): Query<Asked>, mut db: Db) -> Result<Response> {
    let month = asked.month(&visit)?;
    let trial = sql::trial_balance(&mut db, month).await?;
    let months = months(sql::first_month(&mut db).await?, Month::of(visit.today()));
    let closed = sql::closed_through(&mut db).await?.is_some_and(|last| month <= last);
    let form = Form::filled([("month", month.code())]);
    Ok(TrialPage { visit, form, month, months, trial, closed }.into_response())
}

/// What an entry comes from, in words, and where that is shown.
pub(super) struct Told {
    pub words: String,
    pub reference: String,
    path: Option<String>,
}

pub(super) fn tell(origin: &Origin, kinds: &Kinds, livemode: bool) -> Told {
    match origin {
        Origin::Line { kind, purpose, stripe_id, reference } => Told {
            words: format!("{}, {}", kind.name(), kinds.name(purpose).to_lowercase()),
            reference: stripe_id.clone().or(reference.clone()).unwrap_or_default(),
            path: stripe_id.as_ref().map(|id| stripe_page(livemode, id)),
        },
        Origin::Balance { category, source, later } => Told {
            words: if *later { "Explained by a later receipt".to_owned() } else { movement(category) },
            reference: source.clone(),
            path: Some(stripe_page(livemode, source)),
        },
        Origin::Entered { words, document } => {
            Told { words: words.clone(), reference: document.clone().unwrap_or_default(), path: None }
        }
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "books/account.html")]
struct AccountPage {
    visit: Visit,
    form: Form,
    account: Account,
    month: Month,
    months: Vec<(String, String)>,
    lines: Vec<(Posted, Told)>,
    paging: Paging,
    before: Money,
    after: Money,
    /// Of the balance at Stripe: what Stripe's own list comes to.
    stripe_says: Option<Money>,
}

impl AccountPage {
    /// What Stripe's own list comes to, if it is something else.
    fn differs(&self) -> Option<Money> {
        self.stripe_says.filter(|sum| *sum != self.after)
    }
}

pub(super) async fn account(
    State(app): State<App>,
    visit: Visit,
    rooms: Rooms,
    Path(account): Path<String>,
    Query(asked): Query<Asked>,
    mut db: Db,
) -> Result<Response> {
    let account: Account = account.parse().map_err(|_| Error::NotFound)?;
    let (month, kinds) = (asked.month(&visit)?, Kinds::of(rooms));
    let mut lines =
        sql::list_postings(&mut db, account, month, asked.page.offset(SIZE), i64::from(SIZE) + 1).await?;
    let before = sql::balance_before(&mut db, account, month).await?;
    let after = sql::balance_before(&mut db, account, month.next()).await?;
    let stripe_says = match account {
        Account::Stripe => Some(sql::stripe_says(&mut db, month.next()).await?),
        _ => None,
    };
    let months = months(sql::first_month(&mut db).await?, Month::of(visit.today()));
    let path = format!("/admin/books/accounts/{account}");
    let fields = [("month", month.code())];
    let paging = Paging::cut(&mut lines, asked.page, SIZE, &path, &fields);
    let livemode = app.stripe().livemode();
    let lines = lines.into_iter().map(|line| {
        let told = tell(&line.origin, &kinds, livemode);
        (line, told)
    });
    let lines = lines.collect();
    let form = Form::filled(fields);
    Ok(AccountPage { visit, form, account, month, months, lines, paging, before, after, stripe_says }
        .into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "books/entry.html")]
struct EntryPage {
    visit: Visit,
    number: i64,
    lines: Vec<Posted>,
    told: Told,
    by: Option<String>,
    recorded: String,
}

pub(super) async fn entry(
    State(app): State<App>,
    visit: Visit,
    rooms: Rooms,
    Path(number): Path<i64>,
    mut db: Db,
) -> Result<Response> {
    let lines = sql::lines_of(&mut db, number).await?;
    let (Some(first), Some((by, at))) = (lines.first(), sql::recorded(&mut db, number).await?) else {
        return Err(Error::NotFound);
    };
    let told = tell(&first.origin, &Kinds::of(rooms), app.stripe().livemode());
    Ok(EntryPage { visit, number, told, by, recorded: dates::moment(at), lines }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "books/new.html")]
struct NewPage {
    visit: Visit,
    form: Form,
    accounts: Vec<(&'static str, &'static str)>,
}

/// Accounts that an officer enters in: all, because what is wrong anywhere is put right by an entry.
fn new_page(visit: Visit, form: Form) -> NewPage {
    NewPage { visit, form, accounts: Account::choices(|_| true) }
}

/// An empty form, with a key of its own.
pub(super) fn blank(app: &App, visit: &Visit) -> Form {
    Form::default().keyed(app.random().opaque_id()).with_date("on", visit.today())
}

pub(super) async fn new(State(app): State<App>, visit: Visit) -> Response {
    let form = blank(&app, &visit);
    new_page(visit, form).into_response()
}

#[derive(Template, WebTemplate)]
#[template(path = "books/spending.html")]
struct SpendingPage {
    visit: Visit,
    form: Form,
    headings: Vec<(&'static str, &'static str)>,
    paid_from: Vec<(&'static str, &'static str)>,
    /// What was spent in the last twelve months, the most first.
    spent: Vec<(Account, Money)>,
    newest: Vec<Posted>,
}

async fn spending_page(visit: Visit, form: Form, db: &mut Db) -> Result<SpendingPage> {
    let since = Month::of(visit.today() - Months::new(12)).next();
    Ok(SpendingPage {
        spent: sql::spent_since(db, since).await?,
        newest: sql::list_spending(db, 20).await?,
        headings: Account::choices(|account| account.class() == Class::Spending),
        paid_from: vec![("bank", "From the bank"), ("hand", "In cash")],
        visit,
        form,
    })
}

pub(super) async fn spending(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let form = blank(&app, &visit).with("from", "bank");
    Ok(spending_page(visit, form, &mut db).await?.into_response())
}

pub(super) async fn spend(
    State(app): State<App>,
    Officer(who): Officer,
    visit: Visit,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::spending(&form, visit.today()) {
        Ok(new) => new,
        Err(form) => {
            let page = spending_page(visit, form, &mut db).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    enter(&app, &mut db, who.person_id, &new).await?;
    Ok(flash::redirect(&app, "/admin/books/spending", "Spending recorded."))
}

async fn enter(app: &App, db: &mut Db, by: Uuid, new: &NewEntry) -> Result<()> {
    let mut change = Change::begin(app, db, Actor::Person(by)).await?;
    actions::enter(&mut change, by, new).await?;
    Ok(change.commit().await?)
}

pub(super) async fn create(
    State(app): State<App>,
    Officer(who): Officer,
    visit: Visit,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::entry(&form, visit.today()) {
        Ok(new) => new,
        Err(form) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, new_page(visit, form)).into_response()),
    };
    enter(&app, &mut db, who.person_id, &new).await?;
    let path = address(&format!("/admin/books/accounts/{}", new.to), &[("month", Month::of(new.on).code())]);
    Ok(flash::redirect(&app, &path, "Entry added."))
}
