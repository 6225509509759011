use serde::{Deserialize, Serialize};

use super::actions;
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        queue::{Failure, Job, Lane},
    },
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

/// Opens donor checks for whatever has none, warns officers of those that wait, asks by which cards payments just below
/// the law's sum were made, and looks for parts of one donation among them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct WatchCases {}

impl Job for WatchCases {
    const NAME: &'static str = "donations_watch_cases";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut change = Change::begin_alone(&app, Actor::System).await?.in_turn();
        actions::cases::watch(&mut change).await.map_err(Failure::from_page)?;
        change.commit().await?;
        actions::cards::note(&app).await?;
        let mut db = app.pool().acquire().await?;
        actions::splits::note(&app, &mut db).await.map_err(Failure::from_page)
    }
}
