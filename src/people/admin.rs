//! The lists of members and supporters, as officers see them.

use std::borrow::Borrow;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::RawQuery,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    filters::{self, Saved},
    find::{self, Answer, Count},
    forms,
    model::{List, Search, Sort},
    sql,
};
pub use crate::kit::form::read_query as read;
use crate::{
    accounts::{ConsentPurpose, EXPORT_PEOPLE, Officer, SEE_PEOPLE, Scope},
    kit::{db::Db, error::Result, form::Form, money, paging::Paging, visit::Visit},
    membership::Rate,
    places::Region,
};

#[derive(Template, WebTemplate)]
#[template(path = "people/list.html")]
struct PeoplePage {
    visit: Visit,
    list: List,
    form: Form,
    choices: Choices,
    /// Whether one of the filters behind "More" is set or wrong.
    more_open: bool,
    /// `None` when the filters could not be read.
    found: Option<Found>,
    may_export: bool,
    saved: Vec<Saved>,
}

impl PeoplePage {
    /// Whether this officer writes to people: a higher room's business, which has a link for those who do.
    fn may_write(&self) -> bool {
        self.visit.viewer.as_ref().is_some_and(|viewer| viewer.opens("/admin/updates"))
    }
}

/// What the filters offer.
struct Choices {
    /// Of the whole party. An officer of some regions filters by these alone.
    everywhere: bool,
    states: Vec<(&'static str, &'static str)>,
    sorts: Vec<(&'static str, &'static str)>,
    regions: Vec<(&'static str, &'static str)>,
    rates: Vec<(&'static str, &'static str)>,
    consents: Vec<(&'static str, &'static str)>,
}

struct Found {
    search: Search,
    answer: Answer,
    /// The region of an officer who sees no other.
    own_regions: Option<String>,
    /// Whether the columns about payments are there.
    money: bool,
    count: String,
    paging: Paging,
    export: String,
}

impl Found {
    /// For `aria-sort` and the link of a column's head.
    fn order(&self, by: impl Borrow<Sort>) -> &'static str {
        let by = *by.borrow();
        match (self.search.sort == by, by) {
            (false, _) => "",
            (true, Sort::Newest | Sort::LastPayment) => "descending",
            (true, _) => "ascending",
        }
    }

    /// Pressing a head again turns the one order round that has two directions.
    fn link(&self, by: impl Borrow<Sort>) -> String {
        let by = *by.borrow();
        let next = if by == Sort::Newest && self.search.sort == Sort::Newest { Sort::Oldest } else { by };
        self.search.sorted(next)
    }
}

pub async fn members(visit: Visit, who: Officer, query: RawQuery, db: Db) -> Result<Response> {
    show(List::Members, visit, &who, query, db).await
}

pub async fn supporters(visit: Visit, who: Officer, query: RawQuery, db: Db) -> Result<Response> {
    show(List::Supporters, visit, &who, query, db).await
}

async fn show(
    list: List,
    visit: Visit,
    who: &Officer,
    RawQuery(query): RawQuery,
    mut db: Db,
) -> Result<Response> {
    let scope = who.scope(SEE_PEOPLE)?;
    let form = read(query)?;
    let choices = choices(list, &scope);
    let may_export = who.may(EXPORT_PEOPLE);
    let saved = filters::list(&mut db, who.0.person_id, list).await?;
    let search = match forms::search(list, &form) {
        Ok(search) => search,
        Err(form) => {
            let page =
                PeoplePage { visit, list, form, choices, more_open: true, found: None, may_export, saved };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let search = search.within(&scope);
    let mut tx = sql::begin(&mut db).await?;
    let answer = find::find(&mut tx, &search, &scope).await?;
    tx.commit().await?;
    let more = ["rate", "joined_from", "joined_to", "behind_from", "behind_to", "consent", "sort"];
    let more_open = search.fields().iter().any(|(name, _)| more.contains(name));
    let found = Some(found(search, answer, &scope));
    Ok(PeoplePage { visit, list, form, choices, more_open, found, may_export, saved }.into_response())
}

fn found(search: Search, answer: Answer, scope: &Scope) -> Found {
    let path = search.list.path();
    let own_regions = match scope {
        Scope::Everyone => None,
        Scope::Regions(regions) => {
            Some(regions.iter().map(|region| region.in_words()).collect::<Vec<_>>().join(" and "))
        }
    };
    let address =
        |place: Option<super::Place>| place.map(|place| search.address(path, place)).unwrap_or_default();
    Found {
        own_regions,
        money: *scope == Scope::Everyone && search.list == List::Members,
        count: count_words(answer.count, answer.similar),
        paging: Paging {
            words: match (search.place, answer.count) {
                (super::Place::Page(page), Count::Exactly(total)) if total > i64::from(find::PAGE_SIZE) => {
                    let pages = (total + i64::from(find::PAGE_SIZE) - 1) / i64::from(find::PAGE_SIZE);
                    format!("Page {page} of {pages}")
                }
                (super::Place::Page(page), _) => format!("Page {page}"),
                (super::Place::After(_), _) => "Further on in the list".to_owned(),
            },
            previous: address(answer.previous),
            next: address(answer.next),
        },
        export: search.address(&format!("{path}/export"), super::Place::Page(1)),
        search,
        answer,
    }
}

pub(super) fn count_words(count: Count, similar: bool) -> String {
    match (count, similar) {
        (Count::Exactly(1), true) => "No exact matches. One is close:".to_owned(),
        (Count::Exactly(_), true) => "No exact matches. These are close:".to_owned(),
        (Count::Exactly(0), false) => "Nobody found".to_owned(),
        (Count::Exactly(1), false) => "1 person".to_owned(),
        (Count::Exactly(many), false) | (Count::Many(Some(many)), _) => {
            format!("{} people", money::grouped(many.unsigned_abs()))
        }
        (Count::Many(None), _) => "More than 1,000 people".to_owned(),
        (Count::TooMany, _) => {
            "More than 1,000 people found: here are 1,000 of them. Add a word or a filter to narrow it down"
                .to_owned()
        }
    }
}

fn choices(list: List, scope: &Scope) -> Choices {
    let everywhere = *scope == Scope::Everyone;
    let sorts = list.sorts().iter().filter(|sort| everywhere || sort.is_shared());
    let regions = Region::ALL.into_iter().filter(|region| scope.covers(Some(*region)));
    Choices {
        everywhere,
        states: list.states().iter().map(|state| (state.code(), state.words(list))).collect(),
        sorts: sorts.map(|sort| (sort.code(), sort.words())).collect(),
        regions: regions.map(|region| (region.slug(), region.name())).collect(),
        rates: if list == List::Members && everywhere {
            Rate::ALL.iter().map(|rate| (rate.code(), rate.name())).collect()
        } else {
            Vec::new()
        },
        consents: ConsentPurpose::ALL.map(|purpose| (purpose.code(), purpose.name())).into(),
    }
}
