use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    model::{self, Arrears, Card, Churn, Cohort, KINDS},
    sql,
};
use crate::{
    accounts::{Officer, PurposeKind, Rooms, SEE_PEOPLE},
    admin::overview::{self, Bar, LineChart, Month},
    kit::{app::App, db::Db, error::Result, money::Money, visit::Visit},
    payments::Kinds,
};

/// So many months are looked back on: this one, and the year before it.
const MONTHS: u32 = 13;

#[derive(Template, WebTemplate)]
#[template(path = "admin/money.html")]
struct DeskPage {
    visit: Visit,
    cards: Vec<Card>,
    /// Whether this officer may open the list of members.
    sees_people: bool,
    arrears: Vec<Arrears>,
    behind: i64,
    /// Regular donations that are behind.
    others: i64,
    owed: Money,
    income: Vec<Bar>,
    columns: Vec<PurposeKind>,
    months: Vec<Month>,
}

pub async fn desk(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    mut db: Db,
) -> Result<Response> {
    let today = visit.today();
    let counts = overview::counts(&mut db, rooms, None, &overview::span(app.clock().now())).await?;
    let arrears = sql::arrears(&mut db, today).await?;
    let months = overview::months(&mut db, None, &overview::last_months(today, MONTHS)).await?;
    let columns = Kinds::of(rooms).columns(months.iter().map(|month| &month.income));
    let page = DeskPage {
        cards: model::cards(rooms, &counts, &who, today),
        sees_people: who.may(SEE_PEOPLE),
        behind: arrears.iter().map(|it| it.members).sum(),
        others: arrears.iter().map(|it| it.others).sum(),
        owed: Money::from_pence(arrears.iter().map(|it| it.owed.pence()).sum()),
        arrears,
        income: overview::income(&months, &columns),
        columns,
        months,
        visit,
    };
    Ok(page.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/joining.html")]
struct JoiningPage {
    visit: Visit,
    churn: Vec<Churn>,
    cohorts: Vec<Cohort>,
    /// How many columns the table of cohorts has.
    longest: usize,
    chart: LineChart,
    chart_words: String,
}

impl JoiningPage {
    /// Whether anybody left for none of the kinds.
    fn has_others(&self) -> bool {
        self.churn.iter().any(|month| month.left.last().is_some_and(|others| *others > 0))
    }
}

pub async fn joining(visit: Visit, mut db: Db) -> Result<Response> {
    let today = visit.today();
    let firsts = overview::last_months(today, MONTHS);
    let from = firsts.first().copied().unwrap_or(today);
    let months = overview::months(&mut db, None, &firsts).await?;
    let ended = sql::ended(&mut db, from).await?;
    let cohorts = sql::cohorts(&mut db, from, today).await?;
    let none = std::collections::BTreeMap::new();
    let churn = months.iter().rev().map(|it| {
        let reasons = ended.get(&it.first).unwrap_or(&none);
        Churn::new((it.first, it.joined, it.left, it.members), reasons)
    });
    let stays = model::stays(&cohorts);
    let page = JoiningPage {
        churn: churn.collect(),
        longest: cohorts.iter().map(|cohort| cohort.stayed.len()).max().unwrap_or(0),
        chart: model::retention(&stays),
        chart_words: chart_words(&stays),
        cohorts,
        visit,
    };
    Ok(page.into_response())
}

fn chart_words(stays: &[i64]) -> String {
    match stays.len() {
        0 | 1 => String::new(),
        count => {
            let (months, share) = (count - 1, stays[count - 1]);
            let after = if months == 1 { "1 month".to_owned() } else { format!("{months} months") };
            format!("Of a hundred people who join, {} are members {after} later.", (share + 5).div_euclid(10))
        }
    }
}
