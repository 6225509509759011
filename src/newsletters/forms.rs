use super::model::{Audience, Content, Update, Written};
use crate::{
    accounts::Standing,
    kit::form::{self, Check, Form},
    membership::Status,
    people::{self, Condition, Segment},
    places::Region,
    supporters::Interest,
};

pub fn written(form: &Form) -> Result<Written, Form> {
    let mut check = form.check();
    let subject = check.text("subject", "Enter a subject", 150);
    let preheader = check.optional_text("preheader", 150);
    let body = check.markdown("body", "Write something", 50_000);
    let audience = readers(&mut check, form);
    let version = form.value("version").parse().unwrap_or_default();
    check.finish(|| {
        Some(Written {
            content: Content { subject: subject?, preheader: preheader?, body: body? },
            audience: audience?,
            version,
            key: form.key(),
        })
    })
}

/// Whether the button was pressed that only counts.
pub fn is_count(form: &Form) -> bool {
    form.value("press") == "count"
}

/// The audience alone, to be counted before there is anything to send.
pub fn audience(form: &Form) -> Result<Audience, Form> {
    let mut check = form.check();
    let audience = readers(&mut check, form);
    check.finish(|| audience)
}

/// What is offered beside members, supporters and regions. What members pay is not: the progress page names readers
/// whose mail was refused, and would tell it.
pub const STATUSES: [Status; 3] = [Status::Active, Status::Grace, Status::Pending];

fn readers(check: &mut Check<'_>, form: &Form) -> Option<Audience> {
    let standings = [("members", Standing::Member), ("supporters", Standing::Supporter)];
    let standings: Vec<_> = standings
        .into_iter()
        .filter(|(value, _)| form.checked("to", value))
        .map(|(_, standing)| standing)
        .collect();
    if standings.is_empty() {
        check.fail("to", "Choose members, supporters, or both");
    }
    let mut conditions = vec![Condition::Standing(standings.clone())];
    let regions = check.choices::<Region>("region", "Choose regions from the list")?;
    conditions.extend((!regions.is_empty()).then_some(Condition::Region(regions)));
    let statuses = check.choices::<Status>("status", "Choose from the list")?;
    if statuses.iter().any(|status| !STATUSES.contains(status)) {
        check.fail("status", "Choose from the list");
    }
    let of_members = conditions.len();
    conditions.extend((!statuses.is_empty()).then_some(Condition::Status(statuses)));
    conditions.extend(people::joined(check));
    if conditions.len() > of_members && standings.contains(&Standing::Supporter) {
        check.fail(
            "to",
            "Payments and dates of joining are about members only. Untick supporters, or clear those filters",
        );
    }
    conditions.extend(people::chosen(check));
    let interests = check.choices::<Interest>("interest", "Choose from the list")?;
    conditions.extend((!interests.is_empty()).then_some(Condition::Interest(interests)));
    Some(Audience(Segment(conditions)))
}

/// The form filled with an update.
pub fn filled(content: &Content, audience: &Audience, version: i32) -> Form {
    let form = Form::filled([
        ("subject", content.subject.clone()),
        ("preheader", content.preheader.clone()),
        ("body", content.body.clone()),
        ("version", version.to_string()),
    ]);
    audience.0.0.iter().fold(form, |form, condition| match condition {
        Condition::Standing(standings) => standings.iter().fold(form, |form, standing| {
            form.with("to", if *standing == Standing::Member { "members" } else { "supporters" })
        }),
        condition => {
            condition.values().into_iter().fold(form, |form, value| form.with(condition.name(), value))
        }
    })
}

/// What was typed, with what somebody else saved meanwhile beside it. Sent again, now that it is known, it replaces that.
pub fn overtaken(new: &Written, now: &Update, audience: &Audience) -> Form {
    let form = filled(&new.content, &new.audience, now.version).failed("", form::OVERTAKEN);
    let (ours, theirs) = (&new.content, &now.content);
    let texts =
        [("subject", &ours.subject, &theirs.subject), ("preheader", &ours.preheader, &theirs.preheader)];
    let form = texts
        .into_iter()
        .filter(|(_, ours, theirs)| ours != theirs)
        .fold(form, |form, (name, _, theirs)| form.failed(name, form::saved_meanwhile(theirs)));
    let form = if ours.body == theirs.body {
        form
    } else {
        form.failed("body", "Another text is saved now. It is under yours")
    };
    if new.audience == *audience {
        form
    } else {
        form.failed("to", form::saved_meanwhile(&audience.to_string()))
    }
}

/// The form of a new update, narrowed to the people ticked in a list, or saying that nobody was.
pub fn for_chosen(form: Form, asked: &Form) -> Form {
    let mut check = asked.check();
    let chosen = people::chosen(&mut check);
    match check.finish(|| Some(chosen)) {
        Ok(Some(chosen)) => {
            chosen.values().into_iter().fold(form, |form, person| form.with(chosen.name(), person))
        }
        Ok(None) => form,
        Err(asked) => {
            asked.errors().iter().fold(form, |form, error| form.failed("to", error.message.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let content =
            Content { subject: "We won".into(), preheader: String::new(), body: "*All*\nof it".into() };
        let day = "2026-10-01".parse().unwrap();
        let audience = Audience(Segment(vec![
            Condition::Standing(vec![Standing::Member]),
            Condition::Region(vec![Region::Wales, Region::London]),
            Condition::Status(vec![Status::Grace]),
            Condition::JoinedFrom(day),
            Condition::JoinedTo(day),
            Condition::Interest(vec![Interest::Leafleting]),
        ]));
        let read = written(&filled(&content, &audience, 3)).unwrap();
        assert_eq!((read.content, read.audience, read.version), (content, audience, 3));
    }

    #[test]
    fn an_update_needs_words_and_readers() {
        let Err(form) = written(&Form::default()) else { panic!("must not pass") };
        let fields: Vec<_> = form.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["subject", "body", "to"]);
    }
    #[test]
    fn filters_about_members_are_not_asked_of_supporters() {
        let form = |values: &[(&str, &str)]| {
            values.iter().fold(Form::default(), |form, (name, value)| form.with(name, *value))
        };
        let members = [("to", "members"), ("status", "grace"), ("joined_from", "2026-10-01")];
        assert_eq!(
            audience(&form(&members)).unwrap().to_string(),
            "Members everywhere, payment overdue, joined since 1 October 2026"
        );
        for wrong in [
            &[("to", "members"), ("to", "supporters"), ("status", "grace")][..],
            &[("to", "supporters"), ("joined_to", "2026-10-01")],
        ] {
            assert!(audience(&form(wrong)).unwrap_err().error("to").is_some(), "{wrong:?}");
        }
        for (name, value) in
            [("status", "ended"), ("status", "odd"), ("joined_from", "soon"), ("interest", "tea")]
        {
            let wrong = audience(&form(&[("to", "members"), (name, value)])).unwrap_err();
            assert!(wrong.error(name).is_some(), "{name} {value}");
        }
        let both = form(&[("to", "members"), ("to", "supporters"), ("interest", "events")]);
        assert_eq!(
            audience(&both).unwrap().to_string(),
            "Members and supporters everywhere, offered to help with events"
        );
    }
}
