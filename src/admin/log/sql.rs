use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The people whose name, email or postcode holds this, for the filter. At most fifty.
pub async fn find_people(db: &mut PgConnection, typed: &str) -> Result<Vec<Uuid>> {
    let pattern = typed.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    sqlx::query_scalar!(
        "select id from people where search like (select '%' || plain_text($1::text) || '%') limit 50",
        pattern
    )
    .fetch_all(db)
    .await
}

pub async fn names(db: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let rows = sqlx::query!("select id, name from people where id = any($1)", ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
