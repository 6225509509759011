//! The kinds of content, and where each is seen and edited.

use crate::kit::codes::codes;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Group,
    Question,
    Page,
    Profile,
    Ally,
    Article,
}
codes!(Kind {
    Group = "group",
    Question = "question",
    Page = "page",
    Profile = "profile",
    Ally = "ally",
    Article = "article",
});

impl Kind {
    /// "a question", "an article".
    pub fn noun(self) -> &'static str {
        match self {
            Self::Group => "a group",
            Self::Question => "a question",
            Self::Page => "a page",
            Self::Profile => "a profile",
            Self::Ally => "an ally",
            Self::Article => "an article",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Self::Group => "Groups of questions",
            Self::Question => "Questions",
            Self::Page => "Pages",
            Self::Profile => "Profiles",
            Self::Ally => "Allies",
            Self::Article => "News",
        }
    }

    /// Where officers edit this kind.
    pub fn desk(self) -> &'static str {
        match self {
            Self::Group => "/admin/faq/groups",
            Self::Question => "/admin/faq",
            Self::Page => "/admin/pages",
            Self::Profile => "/admin/profiles",
            Self::Ally => "/admin/allies",
            Self::Article => "/admin/news",
        }
    }

    /// The list on the desk; groups stand with their questions.
    pub fn list(self) -> &'static str {
        if self == Self::Group { "/admin/faq" } else { self.desk() }
    }

    /// Where visitors see this kind.
    pub fn shelf(self) -> &'static str {
        match self {
            Self::Group | Self::Question => "/faq",
            Self::Page => "/",
            Self::Profile => "/people",
            Self::Ally => "/allies",
            Self::Article => "/news",
        }
    }

    /// The public address of one item.
    pub fn address(self, slug: &str) -> String {
        match self {
            Self::Page if slug == "home" => "/".to_owned(),
            Self::Page if FIXED_PAGES.contains(&slug) => format!("/{slug}"),
            Self::Page => format!("/pages/{slug}"),
            kind if kind.has_slug() => format!("{}/{slug}", kind.shelf()),
            kind => kind.shelf().to_owned(),
        }
    }

    pub fn has_slug(self) -> bool {
        matches!(self, Self::Question | Self::Page | Self::Article)
    }

    pub fn has_picture(self) -> bool {
        !matches!(self, Self::Group | Self::Question)
    }

    /// The field of its text in Markdown.
    pub fn text_field(self) -> &'static str {
        match self {
            Self::Question => "answer",
            Self::Profile | Self::Ally => "text",
            Self::Group | Self::Page | Self::Article => "body",
        }
    }

    /// Where its picture is shown.
    pub fn picture_hint(self) -> &'static str {
        match self {
            Self::Profile => "Their portrait, beside the text",
            Self::Ally => "Their logo, or a picture of your work together",
            _ => "At the top, and when somebody shares the address",
        }
    }

    /// Whether officers put these in an order; news goes by date.
    pub fn is_ordered(self) -> bool {
        self != Self::Article
    }

    /// From the path of an officers' page.
    pub fn at(path: &str) -> Option<Self> {
        // Groups first: their desk lies inside that of the questions.
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| {
            path.strip_prefix(kind.desk()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Pages that the site links to by name: their addresses stay, and they cannot be taken away.
pub(super) const FIXED_PAGES: [&str; 5] = ["home", "about", "funding", "privacy", "accessibility"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_paths() {
        for (path, kind) in [
            ("/admin/faq", Some(Kind::Question)),
            ("/admin/faq/new", Some(Kind::Question)),
            ("/admin/faq/groups/new", Some(Kind::Group)),
            ("/admin/faqs", None),
            ("/admin/news/0/versions", Some(Kind::Article)),
        ] {
            assert_eq!(Kind::at(path), kind, "{path}");
        }
    }

    #[test]
    fn addresses_of_pages() {
        assert_eq!(Kind::Page.address("home"), "/");
        assert_eq!(Kind::Page.address("privacy"), "/privacy");
        assert_eq!(Kind::Page.address("rules"), "/pages/rules");
        assert_eq!(Kind::Article.address("hello"), "/news/hello");
        assert_eq!(Kind::Profile.address(""), "/people");
    }
}
