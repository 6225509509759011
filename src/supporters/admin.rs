//! The officers' form about somebody who is no member. The list and the person's page link here.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::forms;
use crate::{
    accounts::{self, CHANGE_PEOPLE, Officer, Person, Standing},
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    places::{self, Region},
};

#[derive(Template, WebTemplate)]
#[template(path = "supporters/details.html")]
struct DetailsPage {
    visit: Visit,
    person: Person,
    form: Form,
    regions: Vec<(&'static str, &'static str)>,
}

fn page(visit: Visit, person: Person, form: Form) -> DetailsPage {
    let regions = Region::ALL.map(|region| (region.slug(), region.name())).into();
    DetailsPage { visit, person, form, regions }
}

/// The person, if they live where this officer may change somebody and are no member: a member has an address too,
/// which the membership's own form changes with the rest.
async fn find(db: &mut PgConnection, who: &Officer, id: Uuid) -> Result<Person> {
    let person = accounts::find_person(db, id).await?.ok_or(Error::NotFound)?;
    if !who.scope(CHANGE_PEOPLE)?.covers(person.region) {
        return Err(Error::NotFound);
    }
    if person.standing == Standing::Member {
        return Err(Error::Conflict(
            "A member’s details are changed together with the address, from the member’s page.",
        ));
    }
    Ok(person)
}

pub(super) async fn edit_details(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let person = find(&mut db, &who, id).await?;
    let form = forms::filled(&person).versioned();
    Ok(page(visit, person, form).into_response())
}

pub(super) async fn update_details(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    accounts::lock_person(&mut change, id).await?;
    let person = find(&mut change, &who, id).await?;
    if let Some(form) = form.overtaken(&forms::filled(&person), places::say) {
        return Ok((StatusCode::CONFLICT, page(visit, person, form)).into_response());
    }
    let (status, wrong) = match forms::details(&form) {
        Err(form) => (StatusCode::UNPROCESSABLE_ENTITY, form),
        Ok(new) => match accounts::change_details(&mut change, id, &new).await {
            Ok(()) => {
                change.commit().await?;
                return Ok(flash::redirect(&app, &format!("/admin/members/{id}"), "Saved."));
            }
            Err(Error::Conflict(sentence)) => (StatusCode::CONFLICT, form.failed("email", sentence)),
            Err(error) => return Err(error),
        },
    };
    Ok((status, page(visit, person, wrong)).into_response())
}
