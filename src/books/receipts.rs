//! What members pay in cash, by cheque or through the bank: entered one by one, or matched to the lines of a statement.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    actions,
    admin::blank,
    forms,
    model::{Account, Class, Misfit, What},
    sql::{self, bank::BankLine, members::Member},
    statement::{self, Suggestion},
};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    donations::CRYPTO_BANNED,
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        money::Money,
        typed,
        visit::Visit,
    },
    payments::Method,
};

/// Lines on the page at a time.
const SHOWN: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "books/received.html")]
struct SearchPage {
    visit: Visit,
    form: Form,
    asked: bool,
    members: Vec<Member>,
}

/// Whose money it is.
pub(super) async fn search(visit: Visit, Query(asked): Query<Asked>, mut db: Db) -> Result<Response> {
    let words = typed::searched(&asked.q, 100);
    let asked = words.chars().count() > 1 || words.parse::<i64>().is_ok();
    // Before anything is asked, the first members, so that the page shows what it is for.
    let members =
        if asked || words.is_empty() { sql::members::list(&mut db, &words, 20).await? } else { Vec::new() };
    let form = Form::filled([("q", words)]);
    Ok(SearchPage { visit, form, asked, members }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "books/receipt.html")]
struct ReceiptPage {
    visit: Visit,
    form: Form,
    member: Member,
    methods: Vec<(&'static str, &'static str)>,
}

/// After what was saved, if it cannot be kept.
const SEND_BACK: &str =
    " A donation takes its donor over the annual limit. Send it back, and record that under Donor checks.";

const KINDS: [(&str, &str); 2] = [("dues", "Membership subscription"), ("gift", "Donation")];

fn receipt_page(visit: Visit, form: Form, member: Member) -> ReceiptPage {
    let methods = Method::ALL.into_iter().filter(|method| !method.is_stripe());
    let methods = methods.map(|it| (it.code(), it.name()));
    let refused = [(forms::CRYPTO, "Cryptoassets, like Bitcoin")];
    ReceiptPage { visit, form, member, methods: methods.chain(refused).collect() }
}

pub(super) async fn new(
    State(app): State<App>,
    visit: Visit,
    Path(number): Path<i64>,
    mut db: Db,
) -> Result<Response> {
    let member = sql::members::find(&mut db, number).await?.ok_or(Error::NotFound)?;
    let form = blank(&app, &visit).with("what", What::Dues.code()).with("amount", member.dues.decimal());
    Ok(receipt_page(visit, form, member).into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    Officer(who): Officer,
    visit: Visit,
    Path(number): Path<i64>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let member = sql::members::find(&mut db, number).await?.ok_or(Error::NotFound)?;
    let receipt = match forms::receipt(&form, visit.today(), |day| app.setting(CRYPTO_BANNED, day)) {
        Ok(receipt) => receipt,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, receipt_page(visit, form, member)).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let is_above_cap = match actions::receive(&mut change, who.person_id, &member, receipt).await {
        Err(Error::Conflict(why)) => {
            let page = receipt_page(visit, form.failed("amount", why), member);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        received => received?,
    };
    change.commit().await?;
    let then = if is_above_cap { SEND_BACK } else { "" };
    let words = format!("Payment from {} recorded.{then}", member.name);
    Ok(flash::redirect(&app, "/admin/books/received", &words))
}

/// A line that is waiting, and whose it may be.
struct Waiting {
    line: BankLine,
    suggestion: Option<Suggestion>,
}

#[derive(Template, WebTemplate)]
#[template(path = "books/statement.html")]
struct StatementPage {
    visit: Visit,
    form: Form,
    waiting: Vec<Waiting>,
    count: i64,
}

impl StatementPage {
    /// What money that came in may be.
    fn incomes() -> Vec<(&'static str, &'static str)> {
        let others = [Account::OtherIncome, Account::Hand, Account::Opening];
        let others = others.map(|account| (account.code(), account.name()));
        KINDS.into_iter().chain([("known", "Already in the books")]).chain(others).collect()
    }

    /// What money that went out may be.
    fn outgoings() -> Vec<(&'static str, &'static str)> {
        let fits = |account: Account| account.class() == Class::Spending && account != Account::Fees;
        [("known", "Already in the books")].into_iter().chain(Account::choices(fits)).collect()
    }

    fn value(&self, name: &str, line: &BankLine) -> &str {
        self.form.value(&format!("{name}-{}", line.id))
    }

    /// What is wrong with a line, by the field's name.
    fn wrong(&self, name: &str, line: &BankLine) -> Option<&str> {
        self.form.error(&format!("{name}-{}", line.id))
    }

    fn is_ticked(&self, line: &BankLine) -> bool {
        self.form.checked("line", &line.id.to_string())
    }
}

async fn statement_page(visit: Visit, form: Form, db: &mut Db) -> Result<StatementPage> {
    let lines = sql::bank::list_waiting(db, SHOWN).await?;
    let income = || lines.iter().filter(|line| line.sum > Money::ZERO);
    let numbers: Vec<_> = income().flat_map(|line| statement::numbers(&line.words)).collect();
    let names: Vec<_> = income().flat_map(|line| statement::pairs(&line.plain)).collect();
    let candidates = sql::members::list_candidates(db, &numbers, &names).await?;
    let waiting: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let is_income = line.sum > Money::ZERO;
            let found = || statement::suggest(&line.words, &line.plain, line.sum, &candidates);
            let suggestion = is_income.then(found).flatten();
            Waiting { line, suggestion }
        })
        .collect();
    let mut form = form;
    // As it is first shown; afterwards as it was sent.
    if form.value("shown").is_empty() {
        for Waiting { line, suggestion } in &waiting {
            let Some(suggestion) = suggestion else { continue };
            form = form
                .with(&format!("member-{}", line.id), suggestion.number.to_string())
                .with(&format!("as-{}", line.id), What::Dues.code());
            if suggestion.is_sure {
                form = form.with("line", line.id.to_string());
            }
        }
    }
    let count = sql::bank::count_waiting(db).await?;
    Ok(StatementPage { visit, form, waiting, count })
}

const STATEMENT: &str = "/admin/books/statement";

pub(super) async fn statement(visit: Visit, mut db: Db) -> Result<Response> {
    Ok(statement_page(visit, Form::default(), &mut db).await?.into_response())
}

pub(super) async fn upload(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    mut sent: Multipart,
) -> Result<Response> {
    let mut file = Vec::new();
    while let Some(field) = sent.next_field().await? {
        if field.name() == Some("file") {
            file = field.bytes().await?.to_vec();
        }
    }
    let read = if file.is_empty() {
        Err("Choose the file".to_owned())
    } else {
        // Some banks write in an older encoding, whose letters beyond ASCII are lost: amounts and numbers are not.
        statement::read(&String::from_utf8_lossy(&file), visit.today())
    };
    let lines = match read {
        Ok(lines) => lines,
        Err(fault) => {
            let page = statement_page(visit, Form::default().failed("file", fault), &mut db).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let new = actions::upload(&mut change, who.person_id, &lines).await?;
    change.commit().await?;
    let words = format!("{new} of {} lines are new.", lines.len());
    Ok(flash::redirect(&app, STATEMENT, &words))
}

pub(super) async fn settle(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let settled = match forms::settled(&form) {
        Ok(settled) => settled,
        Err(form) => {
            let page = statement_page(visit, form, &mut db).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let (count, above_cap) = match actions::settle(&mut change, who.person_id, settled).await? {
        Ok(saved) => saved,
        Err(misfits) => {
            drop(change);
            let form =
                misfits.iter().map(Misfit::at).fold(form, |form, (field, why)| form.failed(&field, why));
            let page = statement_page(visit, form, &mut db).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    change.commit().await?;
    let then = if above_cap > 0 { SEND_BACK } else { "" };
    Ok(flash::redirect(&app, STATEMENT, &format!("Lines saved: {count}.{then}")))
}
