//! When what happens in one room matters to a higher room: here and nowhere else.
//!
//! The lower room defines the payload and pushes it as a job in its own transaction; the consequence stands here;
//! `site.rs` joins the two.

use crate::{
    accounts::AddressMoved,
    audit::{Actor, Change},
    donations,
    kit::{
        app::App,
        error::Error,
        queue::{self, FOR_DAYS, Failure, Job, Lane},
    },
    membership::{self, NewDues},
    payments::{self, NightlyNotices, PaymentNotice},
};

/// Money came, failed to come, or went back: the room that wanted it looks at how things are.
impl Job for PaymentNotice {
    const NAME: &'static str = "payments_notice";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        let change = Change::begin_alone(&app, Actor::System).await?;
        hear(change, &self).await
    }
}

/// Stripe writes to whoever pays by Direct Debit before each payment: it has to know where.
impl Job for AddressMoved {
    const NAME: &'static str = "accounts_address_moved";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        payments::tell_address(&app, self.person).await
    }
}

impl Job for NightlyNotices {
    const NAME: &'static str = "payments_nightly_notices";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        for notice in self.list(&app).await? {
            let change = Change::begin_alone(&app, Actor::System).await?.in_turn();
            if hear(change, &notice).await.is_err() {
                // It keeps no other waiting: it is tried again by itself, and says why.
                let key = format!(
                    "nightly:{}",
                    notice.subscription.as_ref().unwrap_or(&notice.purpose.id.to_string())
                );
                let mut db = app.pool().acquire().await?;
                queue::push_keyed(&mut db, &notice, &key).await?;
            }
        }
        Ok(())
    }
}

/// Dues that begin, with whosever address they are paid: what takes its owner over the limit goes back.
async fn hear_dues(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<(), Error> {
    match membership::new_dues(change, notice).await? {
        NewDues::Begin(payer) => {
            let without = payer.instead_of.as_deref();
            if !donations::holds(change, &payer.email, payer.is_overseas, without).await? {
                donations::send_back(change, &notice.purpose).await?;
                let most = donations::cap_on(change.app, change.today(), payer.is_overseas);
                return membership::refuse_above_limit(change, notice, most).await;
            }
        }
        // Collected after all.
        NewDues::AboveLimit => return donations::send_back(change, &notice.purpose).await,
        NewDues::None => {}
    }
    membership::hear(change, notice).await
}

/// Whoever gives somebody a year of membership is its donor, and the most that one person may give counts it.
async fn hear_gift_year(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<(), Error> {
    let is_within_cap = match membership::new_giver(change, notice.purpose.id).await? {
        Some(giver) => donations::is_within_cap(change, &giver).await?,
        None => true,
    };
    if !is_within_cap {
        donations::send_back(change, &notice.purpose).await?;
    }
    membership::hear_gift(change, notice, is_within_cap).await
}

async fn hear(mut change: Change<'_>, notice: &PaymentNotice) -> Result<(), Failure> {
    let kind = &notice.purpose.kind;
    let heard = if kind.is(&membership::DUES) {
        hear_dues(&mut change, notice).await
    } else if kind.is(&membership::GIFT_YEARS) {
        hear_gift_year(&mut change, notice).await
    } else if kind.is(&donations::GIFTS) {
        donations::hear(&mut change, notice).await
    } else {
        // The money is in the books. The job is tried for days, in case the room is on its way, and then stands
        // among the work that officers are told was given up.
        return Err(anyhow::anyhow!("no room hears of payments of the kind `{kind}`").into());
    };
    heard.map_err(Failure::from_page)?;
    donations::watch_payment(&mut change, notice).await.map_err(Failure::from_page)?;
    change.commit().await?;
    Ok(())
}
