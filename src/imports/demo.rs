//! A file that was checked and not imported yet.

use sqlx::PgConnection;

use super::{
    actions::{self, NotKept},
    model::Stage,
};
use crate::{
    accounts::{self, demo::CastMember},
    audit::{Actor, Change},
    kit::app::App,
};

const FILE: &str = "\
first_name,last_name,email,email_opt_in,born_at,phone_number,primary_address1,primary_city,primary_zip,membership_expires_at,nationbuilder_id
Tamsin,Pascoe,tamsin.pascoe@example.org,,1984-06-02,01726 960123,3 Quay Street,St Austell,PL25 5AA,2027-03-31,1204
Idris,Bevan,idris.bevan@example.org,false,1971-11-19,,22 Chapel Row,Aberdare,CF44 7AF,2027-01-31,1205
Ruth,Adeyemi,ruth.adeyemi@example.org,,31/02/1990,,8 Well Lane,Leeds,LS6 2AB,,1206
Gwen,Hale,gwen.hale@example,,1966-04-08,,1 Mill Road,Bolton,BL1 4QR,2026-12-31,1207
";

/// # Errors
/// The database is away.
pub async fn load(app: &App, db: &mut PgConnection, _: &[CastMember]) -> anyhow::Result<()> {
    let Some(by) = accounts::find_person_by_email(db, &"alex@demo.test".parse()?).await? else {
        return Ok(());
    };
    let mut change = Change::begin(app, db, Actor::Person(by.id)).await?;
    let kept = actions::keep(&mut change, "members-october.csv", Some(by.id), FILE.as_bytes()).await;
    let import = kept.map_err(|why| match why {
        NotKept::Unreadable(why) => why.into(),
        NotKept::Error(error) => anyhow::Error::from(error),
    })?;
    let (_, columns) = actions::guess(&mut change, &import.heads).await?;
    actions::begin(&mut change, import.id, &columns, Stage::Trying).await?;
    actions::go_on(&mut change, import.id).await?;
    change.commit().await?;
    Ok(())
}
