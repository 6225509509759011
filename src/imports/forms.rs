//! What officers say of a file's columns.

use super::model::{Field, faults};
use crate::kit::form::Form;

/// The name of a column's field.
pub(super) fn field(at: usize) -> String {
    format!("column_{}", at + 1)
}

pub(super) fn filled(columns: &[Option<Field>]) -> Form {
    columns
        .iter()
        .enumerate()
        .fold(Form::default(), |form, (at, column)| form.with(&field(at), column.map_or("", Field::code)))
}

/// What each of so many columns holds.
pub(super) fn columns(form: &Form, count: usize) -> Result<Vec<Option<Field>>, Form> {
    let mut check = form.check();
    let columns: Vec<_> = (0..count).map(|at| check.said::<Field>(&field(at))).collect();
    for fault in faults(&columns) {
        check.fail(&field(0), fault);
    }
    check.finish(|| Some(columns))
}
