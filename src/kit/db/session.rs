//! Connections whose locks say that somebody lives.

use sqlx::PgConnection;

/// Makes the server notice within a minute that the machine at the other end is gone, and let go of its locks.
pub async fn watch(session: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select set_config('tcp_keepalives_idle', '20', false) as idle, set_config('tcp_keepalives_interval', '10', false) as pause,
                set_config('tcp_keepalives_count', '3', false) as count"
    )
    .fetch_one(session)
    .await?;
    Ok(())
}
