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

/// The links under a list, for the macro of `templates/kit/paging.html`.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// `Page 2`, or nothing.
    pub words: String,
    /// Whole addresses with every filter in them; empty at an end.
    pub previous: String,
    pub next: String,
}

impl Paging {
    /// Links between numbered pages. Fetch `size + 1` rows; the surplus one says that there is a next page, and is
    /// cut off. `filter` is the rest of the query, by name and value.
    pub fn cut<T>(
        rows: &mut Vec<T>,
        page: PageNumber,
        size: u32,
        path: &str,
        filter: &[(&str, String)],
    ) -> Self {
        let page = page.number();
        let has_next = rows.len() > size as usize;
        rows.truncate(size as usize);
        let to = |number: u32| {
            // The first page has one address, whichever way people come to it.
            let number = if number == 1 { String::new() } else { number.to_string() };
            address(path, &[filter, &[("page", number)]].concat())
        };
        Self {
            words: format!("Page {page}"),
            previous: if page > 1 { to(page - 1) } else { String::new() },
            next: if has_next { to(page + 1) } else { String::new() },
        }
    }
}

/// What is not empty, as an address writes it: `month=2026-11&q=a%26b`.
pub fn query(fields: &[(&str, String)]) -> String {
    let filled: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    serde_html_form::to_string(filled).unwrap_or_default()
}

/// A path with such a query.
pub fn address(path: &str, fields: &[(&str, String)]) -> String {
    let query = query(fields);
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_neighbours_and_keep_the_filter() {
        let links = |page, rows: usize| {
            let mut rows = vec![(); rows];
            let paging = Paging::cut(
                &mut rows,
                PageNumber(page),
                2,
                "/list",
                &[("q", "a&b".into()), ("kind", String::new())],
            );
            assert!(rows.len() <= 2);
            (paging.previous, paging.next)
        };
        let at = |address: &str| address.to_owned();
        assert_eq!(links(1, 2), (String::new(), String::new()));
        assert_eq!(links(1, 3), (String::new(), at("/list?q=a%26b&page=2")));
        assert_eq!(links(2, 3), (at("/list?q=a%26b"), at("/list?q=a%26b&page=3")));
        assert_eq!(links(3, 1), (at("/list?q=a%26b&page=2"), String::new()));
        assert_eq!(address("/list", &[("q", String::new())]), "/list");
    }
}
