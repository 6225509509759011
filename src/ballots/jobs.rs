use super::{
    actions,
    model::{CountPapers, TellVoters, TurnBallots},
    news::TellRoll,
    record, telling,
};
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

impl Job for TurnBallots {
    const NAME: &'static str = "ballots_turn";
    const LANE: Lane = Lane::Long;
    const TRIES: i32 = 1;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::turn(&app).await.map_err(Failure::from_page)
    }
}

impl Job for TellVoters {
    const NAME: &'static str = "ballots_tell_voters";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        telling::tell_voters(&app, self.ballot, self.lot).await.map_err(Failure::from_page)
    }
}

impl Job for TellRoll {
    const NAME: &'static str = "ballots_tell_roll";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        telling::tell_roll(&app, self.ballot, self.news).await.map_err(Failure::from_page)
    }
}

impl Job for CountPapers {
    const NAME: &'static str = "ballots_count";
    const LANE: Lane = Lane::Long;
    /// It begins again from the box.
    const GOES_ON: bool = true;

    async fn run(self, app: App) -> Result<(), Failure> {
        record::count(&app, self.ballot).await.map_err(Failure::from_page)
    }
}
