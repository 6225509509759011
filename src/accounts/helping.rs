//! What officers do for somebody who cannot find their way in.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    actions,
    model::HELP_MEMBERS,
    pages::{BY_ADDRESS, take_link},
    proofs::Officer,
    rooms::Rooms,
    sql::people,
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash, mail,
        proxy::ClientAddress,
        rate_limit,
    },
};

/// Sends somebody the ordinary mail to sign in, to the address that we know; as often as the public form would.
pub(super) async fn send_link(
    State(app): State<App>,
    rooms: Rooms,
    who: Officer,
    ClientAddress(address): ClientAddress,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let person = people::find_person(&mut db, id).await?.ok_or(Error::NotFound)?;
    if !who.scope(HELP_MEMBERS)?.covers(person.region) {
        return Err(Error::NotFound);
    }
    let back = format!("/admin/members/{id}/payments");
    if mail::is_stopped(&mut db, &person.email).await? {
        return Ok(flash::redirect_with_warning(&app, &back, "We no longer write to this address."));
    }
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    take_link(&app, &mut db, &person.email, address).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::request_sign_in(&mut change, rooms, &person.email, "").await?;
    change.audit("person.link_sent", ("person", id), json!({}));
    change.commit().await?;
    let said = format!("We sent the sign-in link to {}. It works once, for a short time.", person.email);
    Ok(flash::redirect(&app, &back, &said))
}
