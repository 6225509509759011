use serde::{Deserialize, Serialize};

use super::{
    actions,
    model::{AdoptPayment, GoThrough},
};
use crate::kit::{
    app::App,
    queue::{FOR_DAYS, Failure, Job, Lane},
};

impl Job for GoThrough {
    const NAME: &'static str = "imports_go_through";
    const LANE: Lane = Lane::Long;
    /// Lines that were gone through are not gone through again.
    const GOES_ON: bool = true;

    async fn run(self, app: App) -> Result<(), Failure> {
        while actions::step(&app, self.import).await.map_err(Failure::from_page)?.stage.is_busy() {}
        Ok(())
    }
}

impl Job for AdoptPayment {
    const NAME: &'static str = "imports_adopt_payment";
    const LANE: Lane = Lane::Long;
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::adopt_payment(&app, &self).await
    }
}

/// Deletes the lines of old files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyImports {}

impl Job for TidyImports {
    const NAME: &'static str = "imports_tidy";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::empty_old(&app).await.map_err(Failure::from_page)
    }
}
