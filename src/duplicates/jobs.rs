use super::{actions, model::FindDuplicates};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        queue::{Failure, Job, Lane},
    },
};

impl Job for FindDuplicates {
    const NAME: &'static str = "duplicates_find";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut change = Change::begin_alone(&app, Actor::System).await?;
        actions::find(&mut change).await.map_err(Failure::from_page)?;
        Ok(change.commit().await?)
    }
}
