use serde::{Deserialize, Serialize};

use super::actions;
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

/// Works out the states that change with the date, and forgets applications that came to nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TurnOfDay {}

impl Job for TurnOfDay {
    const NAME: &'static str = "membership_turn_of_day";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::turn_of_day(&app).await.map_err(Failure::from_page)
    }
}
