//! Posts.

use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::Change,
    elections::{model::PostWords, sql},
    kit::{
        error::{Error, Result},
        markdown,
    },
};

/// Adds a post.
///
/// # Errors
/// The database is away.
pub async fn add(change: &mut Change<'_>, words: &PostWords) -> Result<Uuid> {
    let (id, now) = (change.app.random().id(change.now), change.now);
    let stem = markdown::slug(&words.title);
    let stem = if stem.is_empty() { "post".to_owned() } else { stem };
    let mut slug = stem.clone();
    let mut number = 1;
    while !sql::posts::insert(change, (id, &slug), words, now).await? {
        number += 1;
        slug = format!("{stem}-{number}");
    }
    change.audit("elections.post_added", ("post", id), json!({ "title": words.title }));
    Ok(id)
}

/// Changes a post. What it is and who elects it stays as it is while an election is under way.
///
/// # Errors
/// Conflict while one is.
pub async fn edit(change: &mut Change<'_>, id: Uuid, words: &PostWords) -> Result<()> {
    let post = sql::posts::lock(change, id).await?.ok_or(Error::NotFound)?;
    if post.under_way.is_some() {
        return Err(Error::Conflict("An election for this post is under way. It can be changed afterwards."));
    }
    sql::posts::update(change, id, words).await?;
    change.audit("elections.post_changed", ("post", id), json!({ "title": words.title }));
    Ok(())
}
