//! What returning officers do with a vote, step by step.

use axum::{extract::Path, response::Response};
use uuid::Uuid;

use super::{PATH, desk::Desk};
use crate::{
    ballots::{
        actions, forms,
        model::{Step, TWO_PEOPLE},
        sql,
    },
    kit::{
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

pub async fn delete(mut desk: Desk) -> Result<Response> {
    let id = desk.id;
    let mut change = desk.change().await?;
    actions::delete(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&desk.app, PATH, "The draft is deleted."))
}

pub async fn announce(mut desk: Desk) -> Result<Response> {
    let id = desk.id;
    let mut change = desk.change().await?;
    actions::announce(&mut change, id).await?;
    change.commit().await?;
    Ok(desk.done("Announced. Everybody on the roll gets an email as soon as it is made."))
}

pub async fn withdraw(mut desk: Desk) -> Result<Response> {
    let id = desk.id;
    let mut change = desk.change().await?;
    actions::withdraw(&mut change, id).await?;
    change.commit().await?;
    Ok(desk.done("Taken back. It is a draft again, and its roll is gone."))
}

pub async fn key(visit: Visit, mut desk: Desk, form: Form) -> Result<Response> {
    let key = match forms::key_file(&form) {
        Ok(key) => key,
        Err(form) => return desk.wrong(visit, form).await,
    };
    let id = desk.id;
    let mut change = desk.change().await?;
    actions::take_key(&mut change, id, &key).await?;
    change.commit().await?;
    Ok(desk.done("The key is saved. Papers will be sealed to it."))
}

pub async fn secret(visit: Visit, mut desk: Desk, form: Form) -> Result<Response> {
    let secret = match forms::secret_key(&form) {
        Ok(secret) => secret,
        Err(form) => return desk.wrong(visit, form).await,
    };
    let id = desk.id;
    let mut change = desk.change().await?;
    match actions::take_secret(&mut change, id, &secret).await {
        Ok(()) => change.commit().await?,
        Err(Error::Invalid(why)) => {
            drop(change);
            return desk.wrong(visit, form.failed("password_key", why)).await;
        }
        Err(error) => return Err(error),
    }
    Ok(desk.done("The key fits. Two people can now have the papers opened."))
}

/// One of two people agrees to the step that the address names.
pub async fn approve(
    visit: Visit,
    mut desk: Desk,
    Path((id, step)): Path<(Uuid, String)>,
    form: Form,
) -> Result<Response> {
    let step: Step = step.parse().map_err(|_| Error::NotFound)?;
    let mut reason = None;
    if step == Step::Void {
        match forms::words(&form, "reason", "Write why the vote is called off. Everybody reads it") {
            Ok(words) => reason = Some(words),
            Err(form) => return desk.wrong(visit, form).await,
        }
    }
    let by = desk.by();
    let mut change = desk.change().await?;
    actions::approve(&mut change, id, step, by, reason.as_deref()).await?;
    change.commit().await?;
    let many = sql::count_approvals(&mut desk.db, id, step).await?;
    Ok(desk.done(if many < TWO_PEOPLE {
        "You have agreed. Another returning officer has to agree too."
    } else {
        "Two people have agreed."
    }))
}
