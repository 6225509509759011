//! The home page and the funding page.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use chrono::{Datelike, Months};

use crate::{
    accounts::{PurposeKind, Rooms},
    ballots::{self, OpenBallot},
    books::{self, Account},
    content::{self, Article, Item, Page, Question, Section, Shown},
    donations::{self, Giving},
    kit::{
        dates,
        db::Db,
        error::{Error, Result},
        money::Money,
        visit::Visit,
    },
    payments::{self, Kinds, MonthIncome},
    pictures::Shot,
};

#[derive(Template, WebTemplate)]
#[template(path = "home/front.html")]
struct FrontPage {
    visit: Visit,
    title: String,
    description: String,
    /// For who shares the address.
    picture: Option<Shot>,
    /// What members get: stands before the news.
    first: Option<Section>,
    rest: Vec<Section>,
    newest: Option<Item<Article>>,
    news: Vec<Item<Article>>,
    questions: Vec<Shown<Item<Question>>>,
    votes: Vec<OpenBallot>,
}

async fn page(db: &mut Db, slug: &str) -> Result<Item<Page>> {
    content::find_by_slug::<Page>(db, slug).await?.ok_or(Error::NotFound)
}

pub(super) async fn show(visit: Visit, mut db: Db) -> Result<Response> {
    let home = page(&mut db, "home").await?.words;
    let mut sections = content::show_sections(&home).await?.into_iter();
    let Page { title, description, picture, .. } = home;
    let mut news = content::list_news(&mut db, 4, 0).await?.into_iter();
    let mut questions = content::list_published::<Question>(&mut db).await?;
    questions.retain(|question| question.words.on_home);
    let votes = ballots::list_open(&mut db).await?;
    let page = FrontPage {
        visit,
        votes,
        title,
        description,
        picture,
        first: sections.next(),
        rest: sections.collect(),
        newest: news.next(),
        news: news.collect(),
        questions: content::show(questions).await?,
    };
    Ok(page.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "home/funding.html")]
struct FundingPage {
    visit: Visit,
    item: Shown<Item<Page>>,
    /// The annual donation limit of one person.
    cap: String,
    /// The last twelve whole months, oldest first; empty where nothing came in.
    months: Vec<MonthIncome>,
    /// The kinds of income in them.
    columns: Vec<PurposeKind>,
    /// Gifts of these months.
    giving: Giving,
    /// What was spent in these months, by heading.
    spent: Vec<(Account, Money)>,
}

impl FundingPage {
    /// What the whole year brought, for each column, and where it came from.
    fn sources(&self) -> Vec<(Money, &'static str)> {
        let mut sums = vec![0; self.columns.len()];
        for month in &self.months {
            for (sum, part) in sums.iter_mut().zip(month.income.split(&self.columns)) {
                *sum += part.pence();
            }
        }
        sums.into_iter().map(Money::from_pence).zip(self.columns.iter().map(|kind| kind.source)).collect()
    }

    /// What was spent under a heading, and percent of the greatest.
    fn spending(&self) -> Vec<(String, String, i64)> {
        let most = self.spent.first().map_or(1, |(_, sum)| sum.pence().max(1));
        let bar = |(heading, sum): &(Account, Money)| {
            (heading.name().to_owned(), sum.to_string(), sum.pence() * 100 / most)
        };
        self.spent.iter().map(bar).collect()
    }

    fn spent_in_all(&self) -> Money {
        Money::from_pence(self.spent.iter().map(|(_, sum)| sum.pence()).sum())
    }

    /// Name, total, and percent of the best month, newest first.
    fn bars(&self) -> Vec<(String, String, i64)> {
        let best =
            self.months.iter().map(|month| month.income.total().pence()).max().unwrap_or_default().max(1);
        let bar = |month: &MonthIncome| {
            let total = month.income.total();
            (month.name(), total.to_string(), (total.pence() * 100 / best).max(0))
        };
        self.months.iter().rev().map(bar).collect()
    }
}

pub(super) async fn funding(
    axum::extract::State(app): axum::extract::State<crate::kit::app::App>,
    visit: Visit,
    rooms: Rooms,
    mut db: Db,
) -> Result<Response> {
    let item = content::show_one(page(&mut db, "funding").await?).await?;
    let cap = app.setting(donations::CAP, visit.today()).to_string();
    let today = visit.today();
    let end = today.with_day(1).unwrap_or(today);
    let from = end.checked_sub_months(Months::new(12)).unwrap_or(end);
    let mut months = payments::income_by_month(&mut db, from, end.pred_opt().unwrap_or(end)).await?;
    for (month, sum) in books::entered_income(&mut db, from, end).await? {
        if let Some(known) = months.iter_mut().find(|known| known.month == month) {
            known.income.add_other(sum);
        }
    }
    let giving = donations::giving(&mut db, dates::start_of_day(from), dates::start_of_day(end)).await?;
    let spent = books::spent_between(&mut db, from, end).await?;
    if months.iter().all(|month| month.income.total() == Money::default()) {
        months.clear();
    }
    let columns = Kinds::of(rooms).columns(months.iter().map(|month| &month.income));
    Ok(FundingPage { visit, item, cap, months, columns, giving, spent }.into_response())
}
