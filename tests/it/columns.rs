//! Types of the model in columns: written, read back, and refused without telling what was there.

use breakthrough::{
    accounts::Standing,
    kit::{email_address::EmailAddress, money::Money},
    membership::Rate,
    places::{Postcode, Region},
};
use sqlx::FromRow;

use crate::support::Site;

#[derive(Debug, PartialEq, FromRow)]
struct Row {
    email: EmailAddress,
    region: Option<Region>,
    regions: Vec<Region>,
    postcode: Option<Postcode>,
    standing: Standing,
    rate: Rate,
    paid: Money,
}

#[tokio::test]
async fn types_are_read_back_as_they_were_written() {
    let site = Site::open().await;
    let row = Row {
        email: "Ana@demo.test".parse().unwrap(),
        region: None,
        regions: vec![Region::NorthWest, Region::YorkshireAndTheHumber],
        postcode: "BL9 0ND".parse().ok(),
        standing: Standing::Supporter,
        rate: Rate::LowWage,
        paid: Money::from_pence(-1205),
    };
    let read: Row = sqlx::query_as(
        "select $1::text::citext as email, $2 as region, $3 as regions, $4 as postcode, $5 as standing, $6 as rate, $7 as paid",
    )
    .bind(&row.email)
    .bind(row.region)
    .bind(&row.regions)
    .bind(&row.postcode)
    .bind(row.standing)
    .bind(row.rate)
    .bind(row.paid)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(read, row);
    let found: Vec<Region> = sqlx::query_scalar("select region from people where region = any($1)")
        .bind(&row.regions)
        .fetch_all(&site.pool)
        .await
        .unwrap();
    assert!(found.contains(&Region::NorthWest), "{found:?}");
}

#[tokio::test]
async fn what_cannot_be_read_tells_its_column_and_type_and_not_its_value() {
    let site = Site::open().await;
    let unread = async |statement: &'static str| -> String {
        let error = sqlx::query_as::<_, (EmailAddress,)>(statement).fetch_one(&site.pool).await.unwrap_err();
        error.to_string()
    };
    for statement in ["select 'ana the treasurer'::citext", "select 'ana the treasurer'"] {
        let told = unread(statement).await;
        assert!(told.contains("column 0") && told.contains("no EmailAddress"), "{told}");
        assert!(!told.contains("ana"), "{told}");
    }
    let error = sqlx::query_scalar::<_, Vec<Region>>("select array['atlantis']")
        .fetch_one(&site.pool)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no Region") && !error.to_string().contains("atlantis"), "{error}");
}
