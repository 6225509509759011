//! When one room's news matters to a higher room: here and nowhere else.
//!
//! The lower room defines the payload and pushes it as a job in its own transaction; the consequence stands here;
//! `site.rs` joins the two.

use crate::{
    audit::{Actor, Change},
    donations,
    kit::{
        app::App,
        queue::{FOR_DAYS, Failure, Job},
    },
    membership,
    payments::PaymentNews,
};

/// Money came, failed to come, or went back: the room that wanted it looks at how things are.
impl Job for PaymentNews {
    const NAME: &'static str = "payments_news";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut change = Change::begin_alone(&app, Actor::System).await?;
        let kind = &self.purpose.kind;
        let heard = if kind.is(&membership::DUES) {
            membership::hear(&mut change, &self).await
        } else if kind.is(&donations::GIFTS) {
            donations::hear(&mut change, &self).await
        } else {
            // The money is in the books. The job is tried for days, in case the room is on its way, and then stands
            // among the work that officers are told was given up.
            return Err(anyhow::anyhow!("no room hears of payments of the kind `{kind}`").into());
        };
        heard.map_err(Failure::from_page)?;
        change.commit().await?;
        Ok(())
    }
}
