//! Pictures as they are kept and shown.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{Permission, Role},
    kit::picture::Picture,
};

pub const EDIT_CONTENT: Permission =
    Permission { code: "edit_content", held_by: &[Role::Editor, Role::Communications] };

/// A picture in its place, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    pub picture: Picture,
    pub alt: String,
}

/// One of those that were uploaded.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: Uuid,
    pub shot: Shot,
}

impl Stored {
    /// The line of Markdown that shows it in a text.
    pub fn line(&self) -> String {
        let alt: String = self
            .shot
            .alt
            .chars()
            .flat_map(|letter| letter.is_ascii_punctuation().then_some('\\').into_iter().chain([letter]))
            .collect();
        format!("![{alt}]({})", self.shot.picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::{markdown, picture::Kind};

    #[test]
    fn the_line_shows_the_picture_whatever_its_words_are() {
        let picture =
            Picture { hash: "0123456789abcdef".repeat(2), width: 400, height: 300, kind: Kind::Jpeg };
        for alt in ["A wet Saturday", "Our [best] day * ever", "<b>\"x\"</b>", "a\\"] {
            let shot = Shot { picture: picture.clone(), alt: alt.to_owned() };
            let line = Stored { id: Uuid::nil(), shot }.line();
            assert!(markdown::faults(&line).is_empty(), "{line}");
            let html = markdown::to_html(&line);
            assert!(html.starts_with("<p><img ") && html.contains("400x300.jpg"), "{html}");
            let shown = html.split("alt=\"").nth(1).unwrap().split('"').next().unwrap();
            let shown =
                shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            assert_eq!(shown, alt);
        }
    }
}
