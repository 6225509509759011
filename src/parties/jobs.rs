use serde::{Deserialize, Serialize};

use super::actions;
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
};

/// Forgets declarations that count no more, after the time that is set.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ForgetDeclarations {}

impl Job for ForgetDeclarations {
    const NAME: &'static str = "parties_forget_declarations";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        actions::forget(&app, &mut db).await.map_err(Failure::from_page)
    }
}
