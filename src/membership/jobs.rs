use serde::{Deserialize, Serialize};

use super::{
    actions, gifts,
    model::{ApplyHardship, CarryDays, ChangeRate, WarnMember},
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        queue::{FOR_DAYS, Failure, Job, Lane},
    },
};

/// Works out the states that change with the date, gives back what nobody accepted, and forgets what came to nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TurnOfDay {}

impl Job for TurnOfDay {
    const NAME: &'static str = "membership_turn_of_day";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::turn_of_day(&app).await.map_err(Failure::from_page)?;
        actions::carrying::carry_rest(&app).await.map_err(Failure::from_page)?;
        gifts::actions::turn_of_day(&app).await.map_err(Failure::from_page)
    }
}

/// Sends gifts whose day has come; reminds of payments that were not finished, and of the end of what was paid by hand and of paying less.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Remind {}

impl Job for Remind {
    const NAME: &'static str = "membership_remind";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::remind_applicants(&app).await.map_err(Failure::from_page)?;
        gifts::actions::send_due(&app).await.map_err(Failure::from_page)?;
        actions::remind_of_renewal(&app).await.map_err(Failure::from_page)?;
        actions::hardship::remind_of_hardship(&app).await.map_err(Failure::from_page)
    }
}

impl Job for WarnMember {
    const NAME: &'static str = "membership_warn_member";

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut change = Change::begin_alone(&app, Actor::System).await?;
        actions::warn_member(&mut change, self.application).await.map_err(Failure::from_page)?;
        Ok(change.commit().await?)
    }
}

impl Job for ApplyHardship {
    const NAME: &'static str = "membership_apply_hardship";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::hardship::apply_hardship(&app, self.hardship).await
    }
}

impl Job for CarryDays {
    const NAME: &'static str = "membership_carry_days";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::carrying::carry(&app, &self.subscription).await
    }
}

impl Job for ChangeRate {
    const NAME: &'static str = "membership_change_rate";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        actions::apply_rate(&app, self.change).await
    }
}
