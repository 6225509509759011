//! Merging two records, separating them again, and saying that a pair is two people.

use std::collections::BTreeMap;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    model::{Choices, Side, UNDO_DAYS, ordered},
    sql::{self, Carried},
};
use crate::{
    accounts::{self, Carry, Details, Merging, Points, Rooms, Standing},
    audit::Change,
    kit::error::{Error, Result},
    membership,
};

/// What is needed to separate two records again.
#[derive(Serialize, Deserialize)]
struct Undo {
    /// The row of the record that is gone.
    gone: Value,
    /// What the other said before, and what was chosen.
    before: Details,
    standing: Standing,
    chosen: Details,
    carried: Vec<Carried>,
    /// What each room did with what belongs together.
    rooms: BTreeMap<String, Value>,
}

/// One record of two, with what there is of it.
///
/// # Errors
/// There is none; the database is away.
pub async fn side(db: &mut PgConnection, person: Uuid) -> Result<Side> {
    let found = accounts::find_person(db, person).await?.ok_or(Error::NotFound)?;
    let membership = membership::find_of_person(db, person).await?;
    let (payments, notes, consents) = sql::count_of(db, person).await?;
    Ok(Side { person: found, membership, payments, consents, notes })
}

fn points(rooms: Rooms) -> impl Iterator<Item = &'static Points> {
    rooms.iter().flat_map(|room| room.people)
}

/// Makes one record of two, in one transaction: facts as they were chosen, everything that points to the one that goes
/// is carried over, and the stricter of two consents holds. Returns the merge's id.
///
/// # Errors
/// A conflict, in words, where two records cannot be one yet; not found if one of them is gone.
pub async fn merge(
    change: &mut Change<'_>,
    rooms: Rooms,
    officer: Uuid,
    (gone, kept): (Uuid, Uuid),
    choices: &Choices,
) -> Result<Uuid> {
    let now = change.now;
    if gone == kept || !sql::lock_both(change, gone, kept).await? {
        return Err(Error::NotFound);
    }
    let (gone_side, kept_side) = (side(change, gone).await?, side(change, kept).await?);
    if accounts::holds_office(change, gone).await? {
        return Err(Error::Conflict(
            "The record to remove holds an office. End the office first, or keep that record instead.",
        ));
    }
    for stays in points(rooms).filter(|points| matches!(points.carry, Carry::Stays)) {
        if sql::has_rows(change, stays, gone).await? {
            return Err(Error::Conflict(
                "The record to remove appears in the books, which are never changed. Keep that record instead.",
            ));
        }
    }
    let before = Details {
        name: kept_side.person.name.clone(),
        email: kept_side.person.email.clone(),
        postcode: kept_side.person.postcode.clone(),
        region: kept_side.person.region,
    };
    let chosen = choices.details(&gone_side, &kept_side);
    let personal = choices.personal(gone_side.personal(), kept_side.personal());
    if kept_side.person.standing < gone_side.person.standing {
        accounts::set_standing(change, kept, gone_side.person.standing).await?;
    }
    let merging = Merging { gone, kept, at: now };
    let mut undo = Undo {
        gone: Value::Null,
        before,
        standing: kept_side.person.standing,
        chosen,
        carried: Vec::new(),
        rooms: BTreeMap::new(),
    };
    for room in rooms.iter() {
        if let Some(combine) = &room.combine {
            undo.rooms.insert(room.name.to_owned(), (combine.join)(change, merging).await?);
        }
    }
    for points in points(rooms).filter(|points| !matches!(points.carry, Carry::Stays)) {
        undo.carried.push(sql::carry(change, points, gone, kept).await?);
    }
    undo.gone = accounts::remove_person(change, gone).await?;
    accounts::change_details(change, kept, &undo.chosen).await?;
    if let Some(personal) = personal {
        membership::fill_personal(change, &[(kept, personal)]).await?;
    }
    let id = change.app.random().id(now);
    let stored = serde_json::to_value(&undo).map_err(anyhow::Error::from)?;
    sql::insert_merge(change, id, (gone, kept), officer, &stored, now).await?;
    let carried: BTreeMap<_, _> = undo
        .carried
        .iter()
        .filter(|carried| !carried.moved.is_empty())
        .map(|carried| (carried.table.as_str(), carried.moved.len()))
        .collect();
    let detail =
        json!({ "name": gone_side.person.name, "email": gone_side.person.email, "carried": carried });
    change.audit("merge.done", ("person", kept), detail);
    Ok(id)
}

/// Separates two records again: each has what it had, and what has come since stays with the one that was kept.
///
/// # Errors
/// A conflict if it is too late, or if the record has been merged again since.
pub async fn undo(change: &mut Change<'_>, rooms: Rooms, id: Uuid) -> Result<Uuid> {
    let now = change.now;
    let merge =
        sql::lock_merge(change, id).await?.ok_or(Error::Conflict("This merge can no longer be undone."))?;
    if merge.merged_at < now - Duration::days(UNDO_DAYS) {
        return Err(Error::Conflict("This merge can no longer be undone."));
    }
    if merge.is_built_on {
        return Err(Error::Conflict("This record has been merged again since. Undo the newer merge first."));
    }
    let undo: Undo = serde_json::from_value(merge.undo).map_err(anyhow::Error::from)?;
    let (gone, kept) = (merge.gone, merge.kept);
    let merging = Merging { gone, kept, at: merge.merged_at };
    let now_is = accounts::find_person(change, kept).await?.ok_or(Error::NotFound)?;
    let (before, chosen) = (undo.before, undo.chosen);
    // What was changed since by hand stays.
    let back = Details {
        name: if now_is.name == chosen.name { before.name } else { now_is.name },
        email: if now_is.email == chosen.email { before.email } else { now_is.email },
        postcode: if now_is.postcode == chosen.postcode { before.postcode } else { now_is.postcode },
        region: if now_is.region == chosen.region { before.region } else { now_is.region },
    };
    accounts::change_details(change, kept, &back).await?;
    accounts::set_standing(change, kept, undo.standing).await?;
    accounts::revive_person(change, &undo.gone).await?;
    for carried in undo.carried.iter().rev() {
        sql::give_back(change, carried, gone, kept).await?;
    }
    for room in rooms.iter() {
        if let (Some(combine), Some(did)) = (&room.combine, undo.rooms.get(room.name)) {
            (combine.part)(change, merging, did.clone()).await?;
        }
    }
    sql::set_undone(change, id, now).await?;
    change.audit("merge.undone", ("person", kept), json!({ "name": undo.gone["name"] }));
    Ok(kept)
}

/// Remembers that a pair is two people, so that they are never shown again.
///
/// # Errors
/// The database is away.
pub async fn say_not(change: &mut Change<'_>, officer: Uuid, one: Uuid, other: Uuid) -> Result<()> {
    let now = change.now;
    if one == other || !sql::lock_both(change, one, other).await? {
        return Err(Error::NotFound);
    }
    let pair = ordered(one, other);
    if sql::insert_not_duplicate(change, pair, officer, now).await? {
        change.audit("merge.refused", ("person", pair.0), json!({ "other": pair.1 }));
    }
    Ok(())
}

/// Finds pairs anew, and forgets what is needed to undo merges that are too old.
///
/// # Errors
/// The database is away.
pub async fn find(change: &mut Change<'_>) -> Result<u64> {
    let now = change.now;
    sql::forget_undo(change, now - Duration::days(UNDO_DAYS)).await?;
    Ok(sql::find_pairs(change).await?)
}
