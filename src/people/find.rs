//! From a question to a page of people.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    condition::Segment,
    model::{List, Place, Search},
    sql::{self, Order, Row},
};
use crate::accounts::Scope;

/// Found at once, sorted, and paged by number. More than these are too many to look through; without words they are
/// a list, which is walked.
pub const MOST_FOUND: i64 = 1_000;
pub const PAGE_SIZE: u32 = 50;

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Exactly(i64),
    /// More than [`MOST_FOUND`]; all of them are in the list, further on. How many, where that is cheap to say.
    Many(Option<i64>),
    /// More than [`MOST_FOUND`] fit the words, and only so many are looked through.
    TooMany,
}

#[derive(Debug)]
pub struct Answer {
    pub rows: Vec<Row>,
    pub count: Count,
    /// Nobody fitted exactly; these come close.
    pub similar: bool,
    pub previous: Option<Place>,
    pub next: Option<Place>,
}

/// One page of a list, in a transaction made by [`begin`](super::begin).
///
/// # Errors
/// The database is away.
pub async fn find(db: &mut PgConnection, search: &Search, scope: &Scope) -> Result<Answer, sqlx::Error> {
    let segment = search.segment();
    // The kept numbers count those too who share nothing with organisers.
    let total = match search.whole_list().filter(|_| *scope == Scope::Everyone) {
        Some((standing, regions)) => Some(sql::count_standing(db, standing, regions).await?),
        None => None,
    };
    if search.words.is_empty()
        && let Place::After(person) = search.place
    {
        return walk(db, search, scope, Some(person), total).await;
    }
    if total.is_some_and(|total| total > MOST_FOUND) {
        return walk(db, search, scope, None, total).await;
    }
    let mut found = sql::find(db, &segment, scope, MOST_FOUND + 1).await?;
    let many = i64::try_from(found.len()).unwrap_or(i64::MAX) > MOST_FOUND;
    if many && search.words.is_empty() {
        return walk(db, search, scope, None, None).await;
    }
    let mut similar = false;
    if found.is_empty() && search.words.has_long() {
        found = sql::find_similar(db, &segment, scope, &search.words, MOST_FOUND).await?;
        similar = !found.is_empty();
    }
    found.truncate(usize::try_from(MOST_FOUND).unwrap_or(usize::MAX));
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    // Of those who only come close, one page is enough.
    let total = if similar { total.min(i64::from(PAGE_SIZE)) } else { total };
    let page = match search.place {
        Place::Page(number) => i64::from(number.max(1)),
        Place::After(_) => 1,
    };
    let size = i64::from(PAGE_SIZE);
    // An order by likeness tells of addresses that an officer of some regions may not see.
    let order = if similar && *scope == Scope::Everyone {
        Order::Like(search.words.longest())
    } else {
        Order::By(search.sort)
    };
    let rows = if found.is_empty() {
        Vec::new()
    } else {
        sql::rows(db, &found, order, size, (page - 1) * size).await?
    };
    let at = |page: i64| Place::Page(u32::try_from(page).unwrap_or(1));
    Ok(Answer {
        rows,
        count: if many { Count::TooMany } else { Count::Exactly(total) },
        similar,
        previous: (page > 1).then(|| at(page - 1)),
        next: (page * size < total).then(|| at(page + 1)),
    })
}

async fn walk(
    db: &mut PgConnection,
    search: &Search,
    scope: &Scope,
    after: Option<Uuid>,
    total: Option<i64>,
) -> Result<Answer, sqlx::Error> {
    let size = PAGE_SIZE as usize;
    let sort = (search.sort, search.list == List::Members);
    let most = i64::from(PAGE_SIZE) + 1;
    let mut found = sql::walk(db, &search.segment(), scope, sort, after, most).await?;
    let has_next = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| has_next).copied().map(Place::After);
    let rows = sql::rows(db, &found, Order::AsGiven, i64::from(PAGE_SIZE), 0).await?;
    Ok(Answer {
        rows,
        count: Count::Many(total),
        similar: false,
        previous: after.map(|_| Place::Page(1)),
        next,
    })
}

/// Everybody in a segment, for an export or a roll; those who only come close are left out. In a transaction made by
/// [`begin`](super::begin).
///
/// # Errors
/// The database is away.
pub async fn list_ids(
    db: &mut PgConnection,
    segment: &Segment,
    scope: &Scope,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut found = sql::find(db, segment, scope, 10_000_000).await?;
    // Ids begin with the time they were made at: whoever came first stands first.
    found.sort_unstable();
    Ok(found)
}
