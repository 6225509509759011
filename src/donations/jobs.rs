use serde::{Deserialize, Serialize};

use super::actions;
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

/// Forgets gifts that were never paid.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyGifts {}

impl Job for TidyGifts {
    const NAME: &'static str = "donations_tidy";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        actions::tidy(&mut db, app.clock().now()).await.map_err(Failure::from_page)
    }
}
