use serde::{Deserialize, Serialize};

use super::{actions::elections, model::TellElectors, telling};
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

/// What the clock brings to elections. Each minute.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TurnElections {}

impl Job for TurnElections {
    const NAME: &'static str = "elections_turn";
    const LANE: Lane = Lane::Long;
    const TRIES: i32 = 1;

    async fn run(self, app: App) -> Result<(), Failure> {
        elections::turn(&app).await.map_err(Failure::from_page)
    }
}

impl Job for TellElectors {
    const NAME: &'static str = "elections_tell";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        telling::tell_now(&app, self.election, &self.news).await.map_err(Failure::from_page)
    }
}
