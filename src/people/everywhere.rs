//! The search in the head of officers' pages: people of every kind, and payments.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::RawQuery,
    response::{IntoResponse, Response},
};

use super::{
    admin::{count_words, read},
    find::{self, Answer},
    forms,
    model::{List, Place},
    sql,
};
use crate::{
    accounts::{Officer, Rooms, SEE_PEOPLE, Scope},
    kit::{
        db::Db,
        error::{Error, Result},
        form::Form,
        paging::{self, Paging},
        visit::Visit,
    },
    payments::{self, Kinds, LineKind, NamedLine, SEE_PAYMENTS},
};

/// The payments' own page has the rest.
const MOST_PAYMENTS: i64 = 10;

#[derive(Template, WebTemplate)]
#[template(path = "people/everywhere.html")]
struct EverywherePage {
    visit: Visit,
    form: Form,
    /// Whether more is shown and searched than name, email address and region.
    everywhere: bool,
    /// `None` when nothing was asked.
    found: Option<Found>,
}

struct Found {
    typed: String,
    answer: Answer,
    count: String,
    paging: Paging,
    /// `None` for who may not see them.
    payments: Option<Payments>,
}

struct Payments {
    lines: Vec<NamedLine>,
    kinds: Kinds,
    /// The address of all of them.
    all: String,
}

pub async fn show(
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    RawQuery(query): RawQuery,
    mut db: Db,
) -> Result<Response> {
    let scope = who.scope(SEE_PEOPLE)?;
    let everywhere = scope == Scope::Everyone;
    let form = read(query)?;
    let search = forms::search(List::Everybody, &form)
        .map_err(|_| Error::Invalid("We could not read this address. Start again from the search."))?;
    let search = search.within(&scope);
    let typed = search.words.typed().to_owned();
    if typed.is_empty() {
        return Ok(EverywherePage { visit, form, everywhere, found: None }.into_response());
    }
    let mut tx = sql::begin(&mut db).await?;
    let answer = find::find(&mut tx, &search, &scope).await?;
    let payments = if who.may(SEE_PAYMENTS) && search.place == Place::Page(1) {
        Some(Payments {
            lines: payments::find_lines(&mut tx, &typed, MOST_PAYMENTS).await?,
            kinds: Kinds::of(rooms),
            all: paging::address("/admin/payments", &[("q", typed.clone())]),
        })
    } else {
        None
    };
    tx.commit().await?;
    let address = |place: Option<Place>| {
        place.map(|place| search.address(List::Everybody.path(), place)).unwrap_or_default()
    };
    let found = Found {
        count: count_words(answer.count, answer.similar),
        paging: Paging {
            words: String::new(),
            previous: address(answer.previous),
            next: address(answer.next),
        },
        payments,
        answer,
        typed,
    };
    Ok(EverywherePage { visit, form, everywhere, found: Some(found) }.into_response())
}
