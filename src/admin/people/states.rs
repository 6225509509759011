//! How states are shown: a word, and the class that gives it a shape and a colour.

/// `state` is a membership's, if there is one.
pub fn words(state: Option<&str>, standing: &str) -> &'static str {
    match (state, standing) {
        (Some("active"), _) => "In good standing",
        (Some("grace"), _) => "Payment overdue",
        (Some("pending"), _) => "First payment on its way",
        (Some("suspended"), _) => "Suspended",
        (Some(_), _) => "Ended",
        (None, "member") => "Member",
        (None, "supporter") => "Supporter",
        (None, _) => "Neither member nor supporter",
    }
}

pub fn class(state: Option<&str>, standing: &str) -> &'static str {
    match (state, standing) {
        (Some("active"), _) | (None, "member" | "supporter") => "good",
        (Some("grace" | "pending"), _) => "wait",
        (Some("suspended"), _) => "bad",
        _ => "off",
    }
}
