//! Pages of a list, by number. Counting stops early and far pages are refused: a list that long wants a search.

use serde::Deserialize;

/// `?page=3` as it was sent; anything that is no number is page 1.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(from = "Option<String>")]
pub struct PageNumber(u32);

impl From<Option<String>> for PageNumber {
    fn from(sent: Option<String>) -> Self {
        Self(sent.and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, 10_000))
    }
}

impl PageNumber {
    pub fn number(self) -> u32 {
        self.0.max(1)
    }

    pub fn offset(self, size: u32) -> i64 {
        i64::from(self.number() - 1) * i64::from(size)
    }
}

/// Where in the list a page stands. Fetch `size + 1` rows; the surplus row says that there is a next page.
#[derive(Clone, Debug)]
pub struct Paging {
    pub page: u32,
    pub has_next: bool,
    /// The rest of the query, ready to be followed by `page=`: `q=ana&sort=name&` or empty.
    pub query: String,
}

impl Paging {
    /// Cuts the surplus row off.
    pub fn cut<T>(rows: &mut Vec<T>, page: PageNumber, size: u32, query: String) -> Self {
        let has_next = rows.len() > size as usize;
        rows.truncate(size as usize);
        Self { page: page.number(), has_next, query }
    }

    pub fn previous(&self) -> Option<u32> {
        (self.page > 1).then(|| self.page - 1)
    }

    pub fn next(&self) -> Option<u32> {
        self.has_next.then_some(self.page + 1)
    }
}
