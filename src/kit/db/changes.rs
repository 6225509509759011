//! What processes tell each other: a trigger on a table says NOTIFY, every process forgets the pages that read it.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::kit::app::App;

/// The channel of the function `notify_changed` (see the first migration).
const CHANNEL: &str = "changed";

/// Listens until the process ends. After a lost connection everything kept is forgotten, since notifications may be missed.
pub async fn listen(app: App) {
    loop {
        if let Err(error) = listen_once(&app).await {
            if app.pool().is_closed() {
                return;
            }
            tracing::warn!(%error, "not hearing of changes; trying again");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

async fn listen_once(app: &App) -> anyhow::Result<()> {
    let mut listener = PgListener::connect_with(app.pool()).await?;
    listener.listen(CHANNEL).await?;
    app.reload_settings().await?;
    loop {
        match listener.try_recv().await? {
            Some(told) if told.payload() != "settings" => app.pages().forget(told.payload()),
            // `None` is a lost connection, on which notifications may have been missed.
            Some(_) | None => app.reload_settings().await?,
        }
    }
}
