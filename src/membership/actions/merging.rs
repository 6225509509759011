//! Two records of one person become one, and their memberships with them.

use serde_json::Value;

use super::{standing::tell_standing, subscription_of};
use crate::{
    accounts::Merging,
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        model::{Membership, Stays, one_history, one_time, which_stays},
        sql::{self, merging},
    },
};

/// Gives the record that stays the one membership, since the earlier day, with the past of both. Returns both as they
/// were.
///
/// # Errors
/// A conflict, in words, if the two cannot be one yet.
pub async fn join(change: &mut Change<'_>, merge: Merging) -> Result<Value> {
    let now = change.now;
    let before = merging::rows(change, merge.gone, merge.kept, now).await?;
    let Some(gone) = sql::lock_of_person(change, merge.gone).await? else { return Ok(before) };
    let (stays, joined_on) = match sql::lock_of_person(change, merge.kept).await? {
        None => (gone.clone(), gone.joined_on),
        Some(kept) => {
            let joined_on = gone.joined_on.min(kept.joined_on);
            let pays = (pays(change, &gone).await?, pays(change, &kept).await?);
            let (stays, goes) =
                match which_stays((&gone, pays.0), (&kept, pays.1)).map_err(Error::Conflict)? {
                    Stays::OfGone => (gone, kept),
                    Stays::OfKept => (kept, gone),
                };
            let of_stays = sql::history::find(change, stays.id).await?;
            let of_goes = sql::history::find(change, goes.id).await?;
            let eras = one_history(&of_stays.eras, &of_goes.eras);
            let periods = one_time([of_stays.periods, of_goes.periods].concat());
            merging::set_past(change, (goes.id, stays.id), &eras, &periods, now).await?;
            merging::delete(change, goes.id).await?;
            (stays, joined_on)
        }
    };
    merging::give(change, stays.id, merge.kept, joined_on).await?;
    tell_standing(change, &Membership { person: merge.kept, ..stays }).await?;
    Ok(before)
}

async fn pays(change: &mut Change<'_>, membership: &Membership) -> Result<bool> {
    Ok(subscription_of(change, membership).await?.is_some_and(|it| it.is_alive()))
}

/// Gives each their own again. How the membership that stayed has gone on since stays as it is.
///
/// # Errors
/// The database is away.
pub async fn part(change: &mut Change<'_>, merge: Merging, before: Value) -> Result<()> {
    merging::restore(change, &before).await?;
    for person in [merge.gone, merge.kept] {
        let Some(membership) = sql::lock_of_person(change, person).await? else { continue };
        // What it was is put back with the record; what has become of the membership since counts.
        let id = membership.id.to_string();
        let was = before["memberships"].as_array().and_then(|rows| rows.iter().find(|row| row["id"] == id));
        if was.is_none_or(|was| was["state"] != membership.state.code()) {
            tell_standing(change, &membership).await?;
        }
    }
    Ok(())
}
