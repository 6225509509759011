//! What officers set by hand for a time.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::membership::model::{NewOverride, OverrideKind};

/// The officer and the moment of a new one.
pub struct Setting {
    pub id: Uuid,
    pub membership: Uuid,
    pub by: Uuid,
    pub from: NaiveDate,
    pub now: DateTime<Utc>,
}

pub async fn insert(db: &mut PgConnection, at: &Setting, new: &NewOverride) -> Result<()> {
    sqlx::query!(
        "insert into membership_overrides (id, membership_id, kind, starts_on, until_on, reason, is_confidential, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        at.id,
        at.membership,
        new.kind.code(),
        at.from,
        new.until,
        new.reason,
        new.is_confidential,
        at.by,
        at.now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one before its time. Its kind, or `None` if it is not there or over already.
pub async fn lift(
    db: &mut PgConnection,
    membership: Uuid,
    id: Uuid,
    by: Uuid,
    today: NaiveDate,
) -> Result<Option<OverrideKind>> {
    sqlx::query_scalar!(
        r#"update membership_overrides set lifted_on = greatest($4, starts_on), lifted_by = $3
           where id = $2 and membership_id = $1 and lifted_on is null and until_on >= $4 returning kind as "kind: OverrideKind""#,
        membership,
        id,
        by,
        today
    )
    .fetch_optional(db)
    .await
}

/// The last day on which a membership counts as current by hand; `None` if it does not today.
pub async fn counted_until(
    db: &mut PgConnection,
    membership: Uuid,
    today: NaiveDate,
) -> Result<Option<NaiveDate>> {
    sqlx::query_scalar!(
        "select max(until_on) from membership_overrides
         where membership_id = $1 and kind = 'current' and lifted_on is null and starts_on <= $2 and until_on >= $2",
        membership,
        today
    )
    .fetch_one(db)
    .await
}
