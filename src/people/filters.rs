//! Filters of the lists that an officer keeps for themselves, by name.

use axum::{
    extract::{Path, State},
    response::Response,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{forms, model::List, sql};
use crate::{
    accounts::Officer,
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        paging,
    },
};

/// More than one finds again by their names.
const MOST: i64 = 30;

/// A filter as the list links to it.
pub struct Saved {
    pub id: Uuid,
    pub name: String,
    pub address: String,
}

impl Saved {
    fn new(list: List, id: Uuid, name: String, fields: &[(String, String)]) -> Self {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        Self { id, name, address: paging::address(list.path(), &fields) }
    }
}

pub async fn list(db: &mut PgConnection, officer: Uuid, list: List) -> Result<Vec<Saved>> {
    let found = sql::list_filters(db, officer, list.code()).await?;
    Ok(found.into_iter().map(|(id, name, fields)| Saved::new(list, id, name, &fields)).collect())
}

/// The list and its filter come with the form, as in the list's address.
pub async fn create(
    State(app): State<App>,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let list = List::read(form.value("list")).ok_or(Error::NotFound)?;
    let search = forms::search(list, &form)
        .map_err(|_| Error::Invalid("We could not read this filter. Start again from the list."))?;
    let path = search.address(list.path(), super::Place::Page(1));
    let name = match forms::filter_name(&form) {
        Ok(name) => name,
        Err(why) => return Ok(flash::redirect_with_warning(&app, &path, &why)),
    };
    let fields: Vec<_> = search.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let now = app.clock().now();
    let (id, officer) = (app.random().id(now), who.person_id);
    let new = sql::NewFilter { id, officer, list: list.code(), name: &name, fields: &fields, now };
    Ok(if sql::save_filter(&mut db, &new, MOST).await? {
        flash::redirect(&app, &path, &format!("The filter “{name}” is saved. Only you see it."))
    } else {
        flash::redirect_with_warning(&app, &path, "You have 30 saved filters. Remove one first.")
    })
}

pub async fn remove(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let list = sql::delete_filter(&mut db, id, who.person_id).await?;
    let list = list.as_deref().and_then(List::read).ok_or(Error::NotFound)?;
    Ok(flash::redirect(&app, list.path(), "The filter is removed."))
}
