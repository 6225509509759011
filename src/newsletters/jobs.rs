use serde::{Deserialize, Serialize};

use super::{actions, model::SendUpdate, sender, sql::sending};
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

impl Job for SendUpdate {
    const NAME: &'static str = "newsletters_send";
    const LANE: Lane = Lane::Long;
    /// Mails in hand are uncertain then, and one that ended before the first mail pauses its update.
    const GOES_ON: bool = true;
    /// The sweep pushes another one each minute while there is something to send.
    const TRIES: i32 = 3;

    async fn run(self, app: App) -> Result<(), Failure> {
        Ok(sender::run(&app, self.id).await?)
    }
}

/// Finds updates whose sender is gone, or whose time to try again has come, and pushes a sender.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SweepUpdates {}

impl Job for SweepUpdates {
    const NAME: &'static str = "newsletters_sweep";
    const TRIES: i32 = 1;

    async fn run(self, app: App) -> Result<(), Failure> {
        wake(&app).await.map_err(Failure::Retry)
    }
}

/// What a worker does first: goes on where a killed one stopped, without waiting for the queue to miss it.
///
/// # Errors
/// The database is away.
pub async fn wake(app: &App) -> anyhow::Result<()> {
    let mut db = app.pool().acquire().await?;
    for id in sending::list_without_sender(&mut db).await? {
        actions::push(&mut db, id).await?;
    }
    Ok(())
}
