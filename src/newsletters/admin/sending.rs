//! What officers do with one that is on its way: pause it, go on, cancel it, decide about what is uncertain.

use axum::{
    extract::{Path, State},
    response::Response,
};
use uuid::Uuid;

use super::shown::number_of_people;
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
    },
    newsletters::{
        actions::{self, Decision},
        model::Unsettled,
    },
};
pub async fn pause(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let paused = actions::pause(&mut change, id).await?;
    change.commit().await?;
    let said =
        if paused { "Sending is paused." } else { "It was not being sent, so there is nothing to pause." };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), said))
}

pub async fn resume(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let resumed = actions::resume(&mut change, id).await?;
    change.commit().await?;
    let said = if resumed { "Sending has resumed." } else { "It was not paused." };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), said))
}

pub async fn cancel(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let cancelled = actions::cancel(&mut change, id).await?;
    change.commit().await?;
    let said = match cancelled {
        Some(left_out) => {
            let number = i64::try_from(left_out).unwrap_or(i64::MAX);
            format!("Cancelled. {} will not get it.", number_of_people(number))
        }
        None => "It had already finished.".to_owned(),
    };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), &said))
}

/// The button's value says what: `again`, `retry` (what was refused) or `leave` for all, with `:ID` for one person.
pub async fn decide(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let pressed = form.value("decision");
    let (what, person) = pressed.split_once(':').map_or((pressed, None), |(what, id)| (what, Some(id)));
    let decision = match what {
        "again" => Decision::SendAgain(Unsettled::Uncertain),
        "retry" => Decision::SendAgain(Unsettled::Refused),
        "leave" => Decision::Leave,
        _ => return Err(Error::Invalid("Choose what to do with these emails.")),
    };
    let person: Option<Uuid> =
        person.map(str::parse).transpose().map_err(|_| Error::Invalid("That person is not known."))?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let number = actions::decide(&mut change, id, person, decision).await?;
    change.commit().await?;
    let number = number_of_people(i64::try_from(number).unwrap_or(i64::MAX));
    let said = match decision {
        Decision::SendAgain(_) => format!("It is sent to {number} again."),
        Decision::Leave => format!("Left as it is for {number}."),
    };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), &said))
}
