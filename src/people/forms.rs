//! The filters in the address, and the reason for an export.

use uuid::Uuid;

use super::{
    condition::Condition,
    model::{List, Place, Search, Sort, State},
    words::Words,
};
use crate::{
    accounts::ConsentPurpose,
    kit::form::{Check, Form},
    membership::Rate,
    places::Region,
};

pub fn search(list: List, form: &Form) -> Result<Search, Form> {
    let mut check = form.check();
    let state = if form.value("state").is_empty() {
        Some(State::default())
    } else {
        check.parse::<State>("state").filter(|state| list.states().contains(state))
    };
    let sort =
        if form.value("sort").is_empty() { Some(Sort::default()) } else { check.parse::<Sort>("sort") };
    let sort = sort.map(|sort| if list.sorts().contains(&sort) { sort } else { Sort::default() });
    let mut conditions = Vec::new();
    let region =
        optional(form, "region", || check.choice::<Region>("region", "Choose a region from the list"));
    conditions.extend(region.map(|region| Condition::Region(vec![region])));
    let rate = optional(form, "rate", || check.choice::<Rate>("rate", "Choose a rate from the list"));
    conditions.extend(rate.map(|rate| Condition::Rate(vec![rate])));
    conditions.extend(joined(&mut check));
    conditions.extend(behind(&mut check));
    let consent = optional(form, "consent", || {
        check.choice::<ConsentPurpose>("consent", "Choose a consent from the list")
    });
    conditions.extend(consent.map(Condition::Consent));
    conditions.extend(chosen(&mut check));
    // An address that was cut off or is years old leads to the first page, not to an error.
    let after = Uuid::parse_str(form.value("after")).ok().map(Place::After);
    let page = form.value("page").parse().unwrap_or(1).clamp(1, 100);
    check.finish(|| {
        Some(Search {
            list,
            words: Words::parse(form.value("q")),
            state: state.unwrap_or_default(),
            conditions,
            sort: sort.unwrap_or_default(),
            place: after.unwrap_or(Place::Page(page)),
        })
    })
}

/// From which day to which somebody joined: the fields `joined_from` and `joined_to`.
pub fn joined(check: &mut Check<'_>) -> Vec<Condition> {
    let from = check.optional_day("joined_from");
    let to = check.optional_day("joined_to");
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        check.fail("joined_to", "This day is before the first one. Change one of them");
    }
    from.map(Condition::JoinedFrom).into_iter().chain(to.map(Condition::JoinedTo)).collect()
}

/// From which day to which somebody has been behind with a payment: the fields `behind_from` and `behind_to`.
fn behind(check: &mut Check<'_>) -> Vec<Condition> {
    let from = check.optional_day("behind_from");
    let to = check.optional_day("behind_to");
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        check.fail("behind_to", "This day is before the first one. Change one of them");
    }
    from.map(Condition::BehindFrom).into_iter().chain(to.map(Condition::BehindTo)).collect()
}

/// The people whose boxes were ticked in a list. The form that asks about them sends `chosen` too, so that none is
/// not everybody.
pub fn chosen(check: &mut Check<'_>) -> Option<Condition> {
    let people = check.choices::<Uuid>("person", "Choose people from the list")?;
    if people.is_empty() && check.ticked("chosen") {
        check.fail("", "Nobody is chosen. Tick the boxes beside their names first");
    }
    (!people.is_empty()).then_some(Condition::People(people))
}

fn optional<T>(form: &Form, name: &str, read: impl FnOnce() -> Option<T>) -> Option<T> {
    if form.value(name).trim().is_empty() { None } else { read() }
}

pub fn reason(form: &Form) -> Result<String, Form> {
    let mut check = form.check();
    let reason = check.text("reason", "Say what you need the list for", 300);
    if reason.as_ref().is_some_and(|reason| reason.chars().count() < 5) {
        check.fail("reason", "Say it in a few words: other officers will read it");
    }
    check.finish(|| reason)
}

/// What a saved filter is called, or what is wrong with that in words.
pub fn filter_name(form: &Form) -> Result<String, String> {
    let mut check = form.check();
    let name = check.text("name", "Give the filter a name", 60);
    check
        .finish(|| name)
        .map_err(|form| format!("{}.", form.error("name").unwrap_or("Give the filter a name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(query: &str) -> Form {
        Form::from_values(serde_html_form::from_str(query).unwrap())
    }

    #[test]
    fn an_empty_form_asks_for_the_list_as_it_is() {
        let search = search(List::Members, &form("q=&state=&region=&joined_from=")).unwrap();
        assert!(!search.is_filtered());
        assert_eq!(search.place, Place::Page(1));
    }

    #[test]
    fn says_what_is_wrong() {
        for (query, field) in [
            ("joined_from=yesterday", "joined_from"),
            ("joined_from=-5000-01-01", "joined_from"),
            ("joined_to=9999-12-31", "joined_to"),
            ("joined_from=2026-02-01&joined_to=2026-01-01", "joined_to"),
            ("region=atlantis", "region"),
            ("state=asleep", "state"),
            ("sort=height", "sort"),
        ] {
            let back = search(List::Members, &form(query)).unwrap_err();
            assert!(back.error(field).is_some(), "{query}");
        }
        assert!(search(List::Supporters, &form("sort=last_payment&page=-4&after=x")).is_ok());
    }
}
