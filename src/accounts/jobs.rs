use serde::{Deserialize, Serialize};

use chrono::Duration;

use super::sql::{email_changes, requests, sessions};
use crate::kit::{
    app::App,
    queue::{Failure, Job, Lane},
    rate_limit,
};

/// Forgets sessions, sign-in requests and counted tries that are over.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyAccounts {}

impl Job for TidyAccounts {
    const NAME: &'static str = "accounts_tidy";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        sessions::delete_expired(&mut db, app.clock().now()).await?;
        requests::delete_expired(&mut db, app.clock().now()).await?;
        email_changes::delete_old(&mut db, app.clock().now() - Duration::days(30)).await?;
        rate_limit::tidy(&mut db, app.clock().now()).await?;
        Ok(())
    }
}
