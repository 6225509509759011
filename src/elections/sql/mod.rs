//! The statements of this room.

pub mod elections;
pub mod nominations;
pub mod offices;
pub mod posts;
pub mod questions;

use crate::{elections::model::PostWords, places::Region};

/// What waits for returning officers, as a `jsonb` object.
pub const COUNTS: &str = "
    select jsonb_build_object(
        'questions', (select count(*) from election_questions q join elections e on e.id = q.election_id
                      where q.answers_at is null and q.refused_why is null and e.settled_at is null))";

/// A whole number as it is stored.
fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn regions(words: &PostWords) -> Option<Vec<String>> {
    let regions: Vec<_> =
        words.electorate.regions.iter().map(|region: &Region| region.slug().to_owned()).collect();
    (!regions.is_empty()).then_some(regions)
}
