//! The paper as it is filled in.

use crate::{
    ballots::proof::{ChangeKey, Choices, Kind, Manifest, Sha, VoterMark},
    kit::{
        form::{Check, Form},
        typed,
    },
};

/// The field of the rank of an option.
pub fn rank(number: u16) -> String {
    format!("rank_{number}")
}

/// Choices and mark, and the key of the paper that is to be replaced, if one is.
pub fn vote(
    form: &Form,
    manifest: &Manifest,
    replacing: bool,
) -> Result<(Choices, VoterMark, Option<Sha>), Form> {
    let mut check = form.check();
    let choices = choices(&mut check, manifest);
    let mark = check.parse::<VoterMark>("mark");
    let key = if replacing {
        check.parse::<ChangeKey>("change_key").map(|key| Some(key.hash()))
    } else {
        Some(None)
    };
    check.finish(|| Some((choices?, mark?, key?)))
}

fn choices(check: &mut Check<'_>, manifest: &Manifest) -> Option<Choices> {
    let (numbers, field) = match &manifest.kind {
        Kind::Motion(_) => (vec![check.choice::<u16>("choice", "Choose For, Against or Abstain")?], "choice"),
        Kind::Single { .. } => (check.said::<u16>("choice").into_iter().collect(), "choice"),
        Kind::Approval { .. } => {
            let mut numbers = check.choices::<u16>("choice", "Choose from the list")?;
            numbers.sort_unstable();
            (numbers, "choice")
        }
        Kind::Ranked { .. } => (ranked(check, manifest)?, "rank_1"),
    };
    Choices::new(manifest, numbers).map_err(|error| check.fail(field, error.to_string())).ok()
}

/// Numbers in boxes, from 1 without gaps.
fn ranked(check: &mut Check<'_>, manifest: &Manifest) -> Option<Vec<u16>> {
    let mut ranks: Vec<(u16, u16)> = Vec::new();
    let mut whole = true;
    for (number, option) in (1u16..).zip(&manifest.options) {
        let field = rank(number);
        let Some(text) = check.optional_text(&field, 10) else {
            whole = false;
            continue;
        };
        let text = typed::plain(&text);
        if text.is_empty() {
            continue;
        }
        match text.parse::<u16>().ok().filter(|place| *place > 0) {
            None => {
                check.fail(
                    &field,
                    format!("Write a whole number beside {}, like 1 or 2, or nothing", option.name),
                );
                whole = false;
            }
            Some(place) => {
                if let Some((_, other)) = ranks.iter().find(|(known, _)| *known == place) {
                    let other = manifest.options.get(usize::from(*other) - 1).map_or("", |it| &it.name);
                    check.fail(&field, format!("{other} and {} both have number {place}", option.name));
                    whole = false;
                }
                ranks.push((place, number));
            }
        }
    }
    if !whole {
        return None;
    }
    ranks.sort_unstable();
    for (wanted, (place, number)) in (1u16..).zip(&ranks) {
        if *place != wanted {
            check.fail(
                &rank(*number),
                format!("You wrote {place}, but no {wanted}. Number them 1, 2, 3 without a gap"),
            );
            return None;
        }
    }
    if ranks.len() > manifest.most_choices() {
        let (_, number) = ranks[manifest.most_choices()];
        check.fail(
            &rank(number),
            format!("Number {} at most, and leave the others empty", manifest.most_choices()),
        );
        return None;
    }
    Some(ranks.into_iter().map(|(_, number)| number).collect())
}

/// The form as it was filled in for these choices.
pub fn fill(manifest: &Manifest, choices: &Choices, mark: &VoterMark) -> Form {
    let form = Form::default().with("mark", mark.to_string());
    match manifest.kind {
        Kind::Ranked { .. } => (1..)
            .zip(choices.numbers())
            .fold(form, |form, (place, number): (u32, _)| form.with(&rank(*number), place.to_string())),
        _ => choices.numbers().iter().fold(form, |form, number| form.with("choice", number.to_string())),
    }
}
