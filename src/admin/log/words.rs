//! Lines of the audit log as people say them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::{Role, Rooms, Standing},
    audit::Chain,
    kit::{dates, markdown::shorten, money::Money, settings::Known},
    membership::{EndReason, Rate, Status},
    places::Region,
    supporters::Interest,
};

/// The subject of a setting's lines: its key.
const SETTING: &str = "setting";

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

/// What a line is about, where that is no person: `Setting: Annual donation limit`. An id tells a reader nothing; a
/// key or a name does.
pub fn subject(rooms: Rooms, kind: &str, id: &str) -> String {
    let noun = match kind {
        "gift" => "Donation".to_owned(),
        "ledger" => return "Payments".to_owned(),
        kind => sentence(kind),
    };
    let name = match kind {
        SETTING => setting(rooms, kind, id).map(|known| known.label.to_owned()),
        _ if id.parse::<Uuid>().is_ok() => return noun,
        _ => None,
    };
    format!("{noun}: {}", name.unwrap_or_else(|| id.replace('_', " ")))
}

fn setting(rooms: Rooms, kind: &str, id: &str) -> Option<&'static Known> {
    rooms.settings().find(|known| kind == SETTING && known.key == id)
}

/// Old and new values, and whatever else a line about this subject holds. Ids of records are left out.
pub fn changes(rooms: Rooms, (kind, id): (&str, &str), detail: &Value) -> Vec<Change> {
    let Some(fields) = detail.as_object() else { return Vec::new() };
    let known = setting(rooms, kind, id);
    let say = |field: &str, value: &Value| match (known, value) {
        (Some(known), Value::String(value)) if field == "value" && !value.is_empty() => known.show(value),
        _ => text(field, value),
    };
    let is_id = |value: &Value| value.as_str().is_some_and(|text| text.parse::<Uuid>().is_ok());
    let shown = fields.iter().filter(|(_, value)| !matches!(value, Value::Null) && !is_id(value));
    shown
        .map(|(field, value)| {
            let (old, new) = match value.as_array().map(Vec::as_slice) {
                Some([old, new]) if !is_list(field) => (Some(say(field, old)), say(field, new)),
                _ => (None, say(field, value)),
            };
            Change { field: name(field), old, new }
        })
        .collect()
}

/// Whether several values are several, and not what stood there before and after.
fn is_list(field: &str) -> bool {
    matches!(field, "fields" | "interests")
}

fn name(field: &str) -> String {
    match field {
        "pence" => "Amount".to_owned(),
        "state" => "Status".to_owned(),
        "words" => "In their words".to_owned(),
        "until" => "Until".to_owned(),
        "needs_check" => "Needs a donor check".to_owned(),
        "ends_on" => "Ends".to_owned(),
        field => {
            sentence(field.strip_suffix("_pence").or_else(|| field.strip_suffix("_on")).unwrap_or(field))
        }
    }
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
        Value::Number(pence) if field == "pence" || field.ends_with("_pence") => {
            pence.as_i64().map_or_else(|| pence.to_string(), |pence| Money::from_pence(pence).to_string())
        }
        Value::String(code) => word(field, code),
        Value::Array(several) => several.iter().map(|one| text(field, one)).collect::<Vec<_>>().join(", "),
        Value::Object(several) => {
            let parts = several.iter().map(|(field, one)| format!("{}: {}", name(field), text(field, one)));
            parts.collect::<Vec<_>>().join("; ")
        }
        Value::Number(number) => number.to_string(),
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
        "reason" => code.parse().ok().map(|reason| sentence(EndReason::words(reason))),
        "interests" => code.parse().ok().map(|interest| Interest::name(interest).to_lowercase()),
        "fields" => Some(code.replace('_', " ")),
        _ => code.parse::<NaiveDate>().ok().map(dates::day).or_else(|| moment(code)),
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
        Chain::Broken { at } => Err(format!(
            "Line {at} or one before it was changed or removed, or sealed with another key. {REMEDY}"
        )),
        Chain::Cut(seal) => Err(format!(
            "This is not the log that the seal was told of: lines were taken away or replaced. Its seal is now {seal}. {REMEDY}"
        )),
    }
}

fn moment(text: &str) -> Option<String> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| dates::moment(at.with_timezone(&Utc)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::donations;

    const ROOMS: Rooms = Rooms(&[&donations::ROOM]);

    fn said(subject: (&str, &str), detail: &Value) -> Vec<String> {
        let found = changes(ROOMS, subject, detail);
        let line = |change: &Change| match &change.old {
            Some(old) => format!("{}: {old} -> {}", change.field, change.new),
            None => format!("{}: {}", change.field, change.new),
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn says_what_changed_from_what_to_what() {
        let detail = json!({
            "name": ["Ana", "Ana Silva"], "postcode": ["", "BL9 0ND"], "region": ["", "north-west"],
            "state": ["grace", "active"], "ends_on": [null, "2026-12-25"],
        });
        let lines = said(("person", ""), &detail);
        for expected in [
            "Name: Ana -> Ana Silva",
            "Postcode: nothing -> BL9 0ND",
            "Region: nothing -> North West",
            "Status: Payment overdue -> In good standing",
            "Ends: nothing -> 25 December 2026",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected}: {lines:?}");
        }
    }

    #[test]
    fn money_days_and_codes_are_in_peoples_words() {
        for (detail, expected) in [
            (json!({ "amount_pence": 450_000 }), "Amount: £4,500"),
            (json!({ "pence": 75_050 }), "Amount: £750.50"),
            (json!({ "until": "2026-12-25" }), "Until: 25 December 2026"),
            (json!({ "at": "2026-12-25T18:30:00Z" }), "At: 25 December 2026, 6:30pm"),
            (json!({ "role": "returning_officer" }), "Role: Returning officer"),
            (json!({ "reason": "left" }), "Reason: Left at the member’s request"),
            (json!({ "reason": "Letters for the AGM" }), "Reason: Letters for the AGM"),
            (json!({ "interests": ["leafleting", "events"] }), "Interests: leafleting, events"),
            (json!({ "fields": ["title", "body"] }), "Fields: title, body"),
            (
                json!({ "price": { "amount_pence": 500, "from": "2026-12-01" } }),
                "Price: Amount: £5; From: 1 December 2026",
            ),
            (json!({ "needs_check": true }), "Needs a donor check: yes"),
        ] {
            assert_eq!(said(("person", ""), &detail), [expected]);
        }
        for hidden in [json!("text"), json!({ "region": null }), json!({ "person": Uuid::nil() })] {
            assert!(said(("person", ""), &hidden).is_empty(), "{hidden}");
        }
    }

    #[test]
    fn settings_are_called_what_their_page_calls_them() {
        let limit = donations::ROOM.settings.iter().find(|known| known.key == "donation_cap_pence").unwrap();
        assert_eq!(subject(ROOMS, "setting", limit.key), format!("Setting: {}", limit.label));
        let detail = json!({ "value": ["500000", "450000"], "from": "2027-01-01" });
        let lines = said(("setting", limit.key), &detail);
        assert!(lines.contains(&"Value: £5,000 -> £4,500".to_owned()), "{lines:?}");
        assert!(lines.contains(&"From: 1 January 2027".to_owned()), "{lines:?}");
        assert_eq!(subject(ROOMS, "gift", &Uuid::nil().to_string()), "Donation");
        assert_eq!(subject(ROOMS, "ledger", "all"), "Payments");
        assert_eq!(subject(ROOMS, "list", "members"), "List: members");
        assert_eq!(subject(ROOMS, "setting", "gone_key"), "Setting: gone key");
    }
}
