//! Counting the papers of a result again without some of its options, for whoever has to fill a place.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    proof::{self, Choices},
    sql,
};
use crate::kit::error::{Error, Result};

/// Who would be elected by the published papers if some had not stood, by number, in the order of their election.
///
/// # Errors
/// Conflict before the result is declared.
pub async fn recount(db: &mut PgConnection, id: Uuid, without: &[u16]) -> Result<Vec<u16>> {
    let ballot = sql::find(db, id).await?.ok_or(Error::NotFound)?;
    let outcome = ballot.outcome.as_ref().ok_or(Error::Conflict("This vote has no result yet."))?;
    let manifest = actions::manifest(db, &ballot).await?;
    let mut papers = Vec::new();
    for numbers in sql::record::list_choices(db, id).await? {
        let numbers = numbers.into_iter().map(u16::try_from).collect::<std::result::Result<_, _>>();
        let numbers = numbers.map_err(anyhow::Error::from)?;
        papers.push(Choices::new(&manifest, numbers).map_err(anyhow::Error::from)?);
    }
    let elected = proof::recount(&manifest, papers.into_iter(), &outcome.lots_seed, without);
    Ok(elected.map_err(anyhow::Error::from)?)
}
