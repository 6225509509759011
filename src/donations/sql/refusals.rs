//! Donations that were refused before they were in the books.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::{
    donations::model::{ByHand, Nature, NewRefusal, Refusal},
    kit::money::Money,
    places::Address,
};

/// Returns whether it is new.
pub async fn insert(
    db: &mut PgConnection,
    new: &NewRefusal,
    decide_by: NaiveDate,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into donation_refusals (id, nature, words, value_pence, received_on, decide_by, name, address, entered_by, entered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        new.id,
        new.nature.code(),
        new.words,
        new.value.pence(),
        new.received_on,
        decide_by,
        new.name,
        new.address.as_ref().map(Json) as _,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One as the database writes it out.
#[derive(Debug, Deserialize)]
pub struct Row {
    id: Uuid,
    nature: Nature,
    words: String,
    #[serde(alias = "value_pence")]
    value: Money,
    received_on: NaiveDate,
    decide_by: NaiveDate,
    name: Option<String>,
    address: Option<Json<Address>>,
    returned_on: Option<NaiveDate>,
    returned_how: Option<String>,
    returned_to: Option<String>,
}

impl From<Row> for Refusal {
    fn from(row: Row) -> Self {
        let returned = row.returned_on.zip(row.returned_how).zip(row.returned_to);
        Self {
            it: NewRefusal {
                id: row.id,
                nature: row.nature,
                words: row.words,
                value: row.value,
                received_on: row.received_on,
                name: row.name,
                address: row.address.map(|Json(address)| address),
            },
            decide_by: row.decide_by,
            returned: returned.map(|((on, how), to)| ByHand { on, how, to }),
        }
    }
}

/// `refusals!("where id = $1", id)`
macro_rules! refusals {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id, nature as "nature: Nature", words, value_pence as "value: Money", received_on, decide_by, name,
                      address as "address: Json<Address>", returned_on, returned_how, returned_to
               from donation_refusals "# + $which
            $(, $value)*
        )
    };
}

/// The newest first. They are few.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Refusal>> {
    let rows = refusals!("order by received_on desc, id limit 500");
    Ok(rows.fetch_all(db).await?.into_iter().map(Refusal::from).collect())
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Refusal>> {
    Ok(refusals!("where id = $1", id).fetch_optional(db).await?.map(Refusal::from))
}

/// Returns whether it had not been sent back.
pub async fn set_returned(db: &mut PgConnection, id: Uuid, by_hand: &ByHand) -> Result<bool> {
    let done = sqlx::query!(
        "update donation_refusals set returned_on = $2, returned_how = $3, returned_to = $4 where id = $1 and returned_on is null",
        id,
        by_hand.on,
        by_hand.how,
        by_hand.to
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from donation_refusals where id = $1", id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
