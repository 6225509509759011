//! What is chosen of two records.

use super::model::{Choices, Fact};
use crate::kit::form::Form;

/// The facts that are taken from the record that goes; every other stays as the record that is kept has it.
pub(super) fn choices(form: &Form) -> Choices {
    Choices(Fact::ALL.into_iter().filter(|fact| form.value(fact.code()) == "gone").collect())
}
