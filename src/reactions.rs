//! When one room's news matters to a higher room: here and nowhere else.
//!
//! The lower room defines the payload and pushes it as a job in its own transaction; the consequence stands here;
//! `site.rs` joins the two.

use crate::{
    donations,
    kit::{
        app::App,
        queue::{FOR_DAYS, Failure, Job},
    },
    membership,
    payments::{PaymentNews, PurposeKind},
};

/// Money came, failed to come, or went back: the room that wanted it looks at how things are.
impl Job for PaymentNews {
    const NAME: &'static str = "payments_news";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut tx = app.pool().begin().await?;
        let heard = match self.purpose.kind {
            PurposeKind::Membership => membership::hear(&app, &mut tx, &self).await,
            PurposeKind::Donation => donations::hear(&app, &mut tx, &self).await,
        };
        heard.map_err(Failure::from_page)?;
        tx.commit().await?;
        Ok(())
    }
}
