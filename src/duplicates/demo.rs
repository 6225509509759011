//! A pair that is one person: a supporter who signed up again from another address.

use sqlx::PgConnection;

use super::{PAIR_EMAILS, sql};
use crate::{
    accounts::{self, NewPerson, Standing},
    kit::app::App,
    places::Region,
};

/// # Errors
/// The database is away.
pub async fn load(app: &App, db: &mut PgConnection) -> anyhow::Result<()> {
    let now = app.clock().now();
    let people = PAIR_EMAILS.map(|email| {
        Ok::<_, anyhow::Error>(NewPerson {
            id: app.random().id(now),
            email: email.parse()?,
            name: "Hollie Marsh".to_owned(),
            postcode: Some("OL9 7AX".to_owned()),
            region: Some(Region::NorthWest),
            standing: Standing::None,
            added_at: now,
            proved_at: None,
        })
    });
    let people: Vec<_> = people.into_iter().collect::<Result<_, _>>()?;
    accounts::add_people(db, &people).await?;
    sql::find_pairs(db).await?;
    Ok(())
}
