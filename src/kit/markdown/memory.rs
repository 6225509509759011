//! HTML that is made once for each text, and never on a thread that answers requests.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::kit::error::Result;

/// A text and how it is to be rendered.
#[derive(Clone, Debug)]
pub struct Source {
    pub text: String,
    /// Of the heading under which it stands.
    pub level: usize,
    /// Set for who reads it elsewhere: what its addresses of this site begin with.
    pub public_url: String,
}

impl Source {
    pub fn under(level: usize, text: &str) -> Self {
        Self { text: text.to_owned(), level, public_url: String::new() }
    }

    /// By what it is made of, so that a text that changes is another one, and a new program starts with none.
    fn key(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.level.to_be_bytes());
        hash.update(&self.public_url);
        hash.update([0]);
        hash.update(&self.text);
        hash.finalize().into()
    }
}

#[derive(Default)]
struct Made {
    html: HashMap<[u8; 32], Arc<str>>,
    bytes: usize,
}

/// More than all that a party has on its pages.
const MOST_BYTES: usize = 16 * 1024 * 1024;

static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);

fn made() -> std::sync::MutexGuard<'static, Made> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The HTML of each text, in their order.
pub async fn render(sources: Vec<Source>) -> Result<Vec<Arc<str>>> {
    let keys: Vec<_> = sources.iter().map(Source::key).collect();
    let known: Option<Vec<_>> = {
        let made = made();
        keys.iter().map(|key| made.html.get(key).cloned()).collect()
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let work = move || {
        let html = |(key, source): ([u8; 32], &Source)| {
            if let Some(html) = made().html.get(&key) {
                return html.clone();
            }
            let html: Arc<str> = super::html(&source.text, source.level, &source.public_url).into();
            let mut made = made();
            if made.bytes + html.len() > MOST_BYTES {
                *made = Made::default();
            }
            if made.html.insert(key, html.clone()).is_none() {
                made.bytes += html.len();
            }
            html
        };
        keys.into_iter().zip(&sources).map(html).collect()
    };
    Ok(tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_is_rendered_once_for_each_place() {
        let place = |level, public_url: &str| Source {
            text: "# Once\n\n[a](/b)".to_owned(),
            level,
            public_url: public_url.to_owned(),
        };
        let sources = vec![place(1, ""), place(3, ""), place(1, "https://p.test")];
        let first = render(sources.clone()).await.unwrap();
        assert!(first[0].contains("<h2>Once</h2>") && first[1].contains("<h4>Once</h4>"));
        assert!(first[0].contains("\"/b\"") && first[2].contains("\"https://p.test/b\""));
        let again = render(sources).await.unwrap();
        assert!(first.iter().zip(&again).all(|(a, b)| Arc::ptr_eq(a, b)));
    }
}
