use serde::{Deserialize, Serialize};

use super::actions;
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

/// Announces Direct Debits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AnnounceDebits {}

impl Job for AnnounceDebits {
    const NAME: &'static str = "payments_announce_debits";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::announce(&app).await.map_err(Failure::from_page)
    }
}
