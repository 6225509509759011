use serde::{Deserialize, Serialize};

use super::sql;
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

/// Forgets sign-ups whose link is over, confirmed or not: what was confirmed stands in its own tables.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidySupporters {}

impl Job for TidySupporters {
    const NAME: &'static str = "supporters_tidy";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        let forgotten = sql::delete_expired(&mut db, app.clock().now()).await?;
        tracing::info!(forgotten, "sign-ups tidied");
        Ok(())
    }
}
