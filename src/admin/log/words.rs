//! Lines of the audit log as people say them.

use serde_json::Value;

use crate::{
    accounts::{Role, Standing},
    audit::Chain,
    kit::markdown::shorten,
    membership::{Rate, Status},
    places::Region,
};

/// One field of a line's details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    /// What stood there before, where the line says.
    pub old: Option<String>,
    pub new: String,
}

/// What stands for an action that no room declares.
pub const UNKNOWN: &str = "Unknown action";

/// Old and new values, and whatever else a line holds.
pub fn changes(detail: &Value) -> Vec<Change> {
    let Some(fields) = detail.as_object() else { return Vec::new() };
    let shown = fields.iter().filter(|(_, value)| !matches!(value, Value::Null));
    shown
        .map(|(field, value)| {
            let (old, new) = match value.as_array().map(Vec::as_slice) {
                Some([old, new]) => (Some(text(field, old)), text(field, new)),
                _ => (None, text(field, value)),
            };
            Change { field: name(field), old, new }
        })
        .collect()
}

fn name(field: &str) -> String {
    let field = field.strip_suffix("_pence").or_else(|| field.strip_suffix("_on")).unwrap_or(field);
    sentence(field)
}

/// A code as the beginning of a sentence.
pub fn sentence(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn text(field: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(pence) if field.ends_with("_pence") => pence.as_i64().map_or_else(
            || pence.to_string(),
            |pence| crate::kit::money::Money::from_pence(pence).to_string(),
        ),
        Value::String(code) => word(field, code),
        Value::Array(several) => several.iter().map(|one| text(field, one)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let text = shorten(&text, 300);
    if text.is_empty() { "nothing".to_owned() } else { text }
}

fn word(field: &str, code: &str) -> String {
    let named = match field {
        "role" => code.parse::<Role>().ok().map(|role| role.name().to_owned()),
        "region" => code.parse::<Region>().ok().map(|region| region.name().to_owned()),
        "state" => code.parse().ok().map(|status| Status::name(status).to_owned()),
        "rate" => code.parse().ok().map(|rate| Rate::name(rate).to_owned()),
        "standing" => code.parse().ok().map(|standing| Standing::name(standing).to_owned()),
        _ => None,
    };
    named.unwrap_or_else(|| code.to_owned())
}

/// What a check of the log found, in words; an error if something is wrong.
pub fn of_chain(chain: &Chain) -> Result<String, String> {
    const REMEDY: &str = "Tell the administrators and keep a copy of the database.";
    match chain {
        Chain::Whole(seal) => {
            Ok(format!("No line was changed since it was written. The log’s seal is {seal}."))
        }
        Chain::Broken { at } => Err(format!("Line {at} or one before it was changed or removed. {REMEDY}")),
        Chain::Cut(seal) => Err(format!(
            "This is not the log that the seal was told of: lines were taken away or replaced. Its seal is now {seal}. {REMEDY}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_what_changed_from_what_to_what() {
        let found = changes(
            &json!({ "name": ["Ana", "Ana Silva"], "postcode": ["", "BL9 0ND"], "region": ["", "north-west"] }),
        );
        let words: Vec<_> =
            found.iter().map(|c| (c.field.as_str(), c.old.as_deref(), c.new.as_str())).collect();
        assert_eq!(
            words,
            [
                ("Name", Some("Ana"), "Ana Silva"),
                ("Postcode", Some("nothing"), "BL9 0ND"),
                ("Region", Some("nothing"), "North West")
            ]
        );
    }

    #[test]
    fn knows_codes_and_money_and_leaves_the_rest() {
        let found = changes(
            &json!({ "role": "returning_officer", "amount_pence": 500, "region": null, "words": "As agreed" }),
        );
        let words: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.new.as_str())).collect();
        assert_eq!(words, [("Amount", "£5"), ("Role", "Returning officer"), ("Words", "As agreed")]);
        assert!(changes(&json!("text")).is_empty());
    }
}
