//! Money that went back outside of Stripe.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::money::Money,
    payments::{
        model::Returned,
        purposes::{KindCode, Purpose},
    },
};

/// Adds the line, once for its id. Returns what the payment was for if it is new. It is never before its payment.
pub async fn insert(
    db: &mut PgConnection,
    it: &Returned,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Purpose>> {
    let row = sqlx::query!(
        r#"insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, person_id, method, recorded_at, entered_by, reference, corrects)
           select $1, 'refund', -$3::bigint, greatest($4, at), purpose_kind, purpose_id, person_id, $5, $6, $7, $8, id
           from ledger where id = $2 and kind = 'payment'
           on conflict do nothing
           returning purpose_kind as "kind: KindCode", purpose_id as id"#,
        it.id,
        it.payment,
        it.amount.pence(),
        at,
        it.sent.method.code(),
        now,
        it.entered_by,
        it.sent.reference
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Purpose { kind: row.kind, id: row.id }))
}

/// What is left of a payment after everything that went back, which may be less than nothing.
pub async fn left_of(db: &mut PgConnection, payment: Uuid) -> Result<Money> {
    sqlx::query_scalar!(
        r#"select (amount_pence + coalesce((select sum(amount_pence) from corrections_of(l)), 0))::bigint as "left!: Money"
           from ledger l where id = $1"#,
        payment
    )
    .fetch_one(db)
    .await
}

/// Whether nothing is left of a payment at Stripe, some of which was sent back by hand.
pub async fn is_back_by_hand(db: &mut PgConnection, payment_intent: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ledger l where payment_intent = $1 and kind = 'payment'
                            and exists (select from ledger r where r.corrects = l.id)
                            and amount_pence + (select sum(amount_pence) from corrections_of(l)) <= 0) as "back!""#,
        payment_intent
    )
    .fetch_one(db)
    .await
}
