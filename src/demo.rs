//! The demo party: a cast of named people in every state, the same every time, for a first look and for tests.
//!
//! Each room adds its part, as it states in its `ROOM`. Everyone has the password [`PASSWORD`].

use anyhow::ensure;
use sqlx::PgConnection;

use crate::{
    accounts::{self, Role, Rooms, Standing, demo::CastMember},
    audit::{Actor, Change},
    kit::{app::App, db, email_address::EmailAddress},
    places::Region,
};

pub const PASSWORD: &str = "breakthrough-demo";

/// Those with names that tests and the README use.
const CAST: [(&str, &str, Standing); 7] = [
    ("alex@demo.test", "Alex Mwangi", Standing::Member),
    ("treasurer@demo.test", "Theo Okafor", Standing::Member),
    ("returning@demo.test", "Rukhsana Begum", Standing::Member),
    ("organiser@demo.test", "Orla Fitzgerald", Standing::Member),
    ("ana@demo.test", "Ana Silva", Standing::Member),
    ("ben@demo.test", "Ben Hartley", Standing::None),
    ("sam@demo.test", "Sam Whitlock", Standing::Supporter),
];

/// Loads the demo party into an empty database, in development only.
///
/// # Errors
/// People are there already, or the site is in production.
pub async fn load(app: &App, db: &mut PgConnection, rooms: Rooms) -> anyhow::Result<()> {
    ensure!(app.config().is_development(), "The demo party is for development only.");
    ensure!(
        !accounts::has_people(db).await?,
        "The demo party needs an empty database; this one has people in it."
    );
    let hash = accounts::hash_password(PASSWORD.into()).await?;
    let mut cast = Vec::new();
    let mut change = Change::begin(app, db, Actor::System).await?;
    for (address, name, standing) in CAST {
        let email: EmailAddress = address.parse()?;
        let (person, _) = accounts::find_or_add_person(&mut change, &email, name).await?;
        accounts::verify_email(&mut change, person).await?;
        accounts::set_password_hash(&mut change, person, &hash).await?;
        accounts::set_standing(&mut change, person, standing).await?;
        for (role, region) in offices(email.as_str()) {
            accounts::add_officer(&mut change, person, role, region).await?;
        }
        // Ben was a member once.
        let has_membership = standing == Standing::Member || address == "ben@demo.test";
        cast.push(CastMember { person, email: address, name, standing, has_membership });
    }
    change.commit().await?;
    for demo in rooms.iter().filter_map(|room| room.demo) {
        demo(app, db, &cast).await?;
    }
    Ok(())
}

/// When the demo party is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// If nobody is in the database yet.
    Empty,
    /// Because an operator asked for it.
    Asked,
}

/// [`load`] in a transaction of its own. Of two processes that start together one loads it.
///
/// # Errors
/// As [`load`]; with [`When::Empty`], people who are there already are no error.
pub async fn install(app: &App, rooms: Rooms, when: When) -> anyhow::Result<()> {
    let mut tx = app.pool().begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(db::lock::DEMO).execute(&mut *tx).await?;
    if when == When::Empty && accounts::has_people(&mut tx).await? {
        return Ok(());
    }
    load(app, &mut tx, rooms).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether the people named here are there, so that one can sign in as them.
///
/// # Errors
/// The database is away.
pub async fn is_loaded(db: &mut PgConnection) -> anyhow::Result<bool> {
    let email: EmailAddress = "alex@demo.test".parse()?;
    Ok(accounts::find_person_by_email(db, &email).await?.is_some())
}

fn offices(email: &str) -> Vec<(Role, Option<Region>)> {
    match email {
        "alex@demo.test" => {
            Role::ALL.into_iter().filter(|role| *role != Role::Organiser).map(|role| (role, None)).collect()
        }
        "treasurer@demo.test" => vec![(Role::Treasurer, None)],
        "returning@demo.test" => vec![(Role::ReturningOfficer, None)],
        "organiser@demo.test" => vec![(Role::Organiser, Some(Region::NorthWest))],
        _ => Vec::new(),
    }
}
