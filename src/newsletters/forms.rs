use super::model::{Audience, Content};
use crate::{kit::form::Form, places::Region};

/// What the page to write an update sends.
pub struct Written {
    pub content: Content,
    pub audience: Audience,
    /// The version that was on the page; 0 for a new one.
    pub version: i32,
}

pub fn written(form: &Form) -> Result<Written, Form> {
    let mut check = form.check();
    let subject = check.text("subject", "Enter a subject", 150);
    let preheader = check.optional_text("preheader", 150);
    let body = check.paragraphs("body", "Write something", 50_000);
    let (members, supporters) = (form.checked("to", "members"), form.checked("to", "supporters"));
    if !members && !supporters {
        check.fail("to", "Choose members, supporters, or both");
    }
    let regions = check.choices::<Region>("region", "Choose regions from the list");
    let version = form.value("version").parse().unwrap_or_default();
    check.finish(|| {
        Some(Written {
            content: Content { subject: subject?, preheader: preheader?, body: body? },
            audience: Audience { members, supporters, regions: regions? },
            version,
        })
    })
}

/// The form filled with an update.
pub fn filled(content: &Content, audience: &Audience, version: i32) -> Form {
    let mut form = Form::filled([
        ("subject", content.subject.clone()),
        ("preheader", content.preheader.clone()),
        ("body", content.body.clone()),
        ("version", version.to_string()),
    ]);
    for (chosen, to) in [(audience.members, "members"), (audience.supporters, "supporters")] {
        if chosen {
            form = form.with("to", to);
        }
    }
    audience.regions.iter().fold(form, |form, region| form.with("region", region.slug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let content =
            Content { subject: "We won".into(), preheader: String::new(), body: "*All*\nof it".into() };
        let audience = Audience { members: true, supporters: false, regions: vec![Region::Wales] };
        let read = written(&filled(&content, &audience, 3)).unwrap();
        assert_eq!((read.content, read.audience, read.version), (content, audience, 3));
    }

    #[test]
    fn an_update_needs_words_and_readers() {
        let Err(form) = written(&Form::default()) else { panic!("must not pass") };
        let fields: Vec<_> = form.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["subject", "body", "to"]);
    }
}
