//! What the lines of `accounts_timeline` say.

use serde_json::Value;

use super::model::ConsentPurpose;

fn text<'a>(detail: &'a Value, key: &str) -> &'a str {
    detail.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn consent(what: &str, detail: &Value) -> String {
    let purpose = text(detail, "purpose").parse().map_or("something", ConsentPurpose::name);
    let place = text(detail, "where");
    match what {
        "given" => format!("Agreed to {purpose} ({place})"),
        _ => format!("No longer agrees to {purpose} ({place})"),
    }
}

pub(super) fn mail(what: &str, detail: &Value) -> String {
    let subject = text(detail, "subject");
    match what {
        "sent" => format!("We emailed “{subject}”"),
        "refused" => format!("The mail server refused “{subject}”"),
        _ => format!("“{subject}” is waiting to be sent"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn consents_in_plain_words() {
        let detail = json!({ "purpose": "email_updates", "where": "joining form" });
        assert_eq!(consent("given", &detail), "Agreed to email updates (joining form)");
        assert_eq!(consent("withdrawn", &detail), "No longer agrees to email updates (joining form)");
    }
}
