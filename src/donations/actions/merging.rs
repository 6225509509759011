//! What becomes of joined donors when two people are found to be one, and when that is undone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    accounts::Merging,
    audit::{Actor, Change},
    donations::sql::merging::{self, Class, Joined},
    kit::error::Result,
};

/// How records were joined before, and since.
#[derive(Debug, Serialize, Deserialize)]
struct Did {
    before: Vec<Joined>,
    after: Vec<Joined>,
}

/// Whatever counted as either of two people counts as the one who stays; so does what the address that goes has given, and will.
///
/// # Errors
/// The database is away.
pub async fn join(change: &mut Change<'_>, Merging { gone, kept, at }: Merging) -> Result<Value> {
    let Class { sources, rows: before } = merging::class(change, [gone, kept]).await?;
    let (gone, kept) = (format!("person:{gone}"), format!("person:{kept}"));
    let head = before.iter().find(|row| row.source == kept && row.into_source != gone);
    let head = head.map_or(&kept, |row| &row.into_source);
    let joined = |source: &String| {
        let known = before.iter().find(|row| row.source == *source || row.into_source == *source);
        let into = |row: Joined| Joined { source: source.clone(), into_source: head.clone(), ..row };
        match (known, change.by) {
            (Some(known), _) => Some(into(known.clone())),
            (None, Actor::Person(by)) => Some(into(Joined {
                source: String::new(),
                into_source: String::new(),
                reason: "Two records of one person were merged".to_owned(),
                merged_by: by,
                merged_at: at,
            })),
            (None, Actor::System) => None,
        }
    };
    let others = sources.iter().filter(|source| *source != head && **source != gone);
    let after: Vec<_> = others.filter_map(joined).collect();
    merging::delete(change, &before).await?;
    merging::insert(change, &after).await?;
    Ok(serde_json::to_value(Did { before, after }).map_err(anyhow::Error::from)?)
}

/// The two are two again: what was joined before is, and what officers have said since stays.
///
/// # Errors
/// The database is away.
pub async fn part(change: &mut Change<'_>, _: Merging, did: Value) -> Result<()> {
    let Did { before, after } = serde_json::from_value(did).map_err(anyhow::Error::from)?;
    merging::delete(change, &after).await?;
    Ok(merging::insert(change, &before).await?)
}
