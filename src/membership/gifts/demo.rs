//! Gifts of a year for the demo party: one that was accepted, one that waits, and one that went back.

use chrono::{DateTime, Days, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    model::{GIFT_YEARS, GiftYear},
    sql,
};
use crate::{
    accounts::demo::{DemoPerson, add_people},
    kit::{app::App, dates, email_address::EmailAddress, stripe::Interval},
    membership::{
        model::{Membership, OWN_MONEY, Rate, State},
        personal::Personal,
        sql::insert_memberships,
    },
    payments::{
        Purpose,
        demo::{DemoGift, load_gifts},
    },
};

/// `id` makes ids; `taker` accepted one of them, on the day on which they were added.
pub async fn load(
    app: &App,
    db: &mut PgConnection,
    mut id: impl FnMut() -> Uuid,
    (taker, personal): (DemoPerson, Personal),
) -> anyhow::Result<()> {
    let now = app.clock().now();
    let gift = |id: Uuid,
                key: Uuid,
                giver: &str,
                receiver: &str,
                paid_at: DateTime<Utc>|
     -> anyhow::Result<GiftYear> {
        let address = |name: &str, at: &str| -> Result<EmailAddress, _> {
            format!("{}@{at}.example", name.to_lowercase().replace(' ', ".")).parse()
        };
        Ok(GiftYear {
            id,
            key,
            giver_name: giver.to_owned(),
            giver_email: address(giver, "givers")?,
            receiver_name: receiver.to_owned(),
            receiver_email: Some(address(receiver, "friends")?),
            message: "You always say that somebody should do something. Here is your chance!".to_owned(),
            send_on: dates::london_date(paid_at),
            amount: actions::price(app),
            created_at: paid_at,
            paid_at: Some(paid_at),
            accept_by: None,
            declined_at: None,
            accepted_at: None,
            returned_at: None,
            refunded_at: None,
            person: None,
        })
    };
    let returned = gift(id(), id(), "Kofi Mensah", "Ama Mensah", now - Duration::days(70))?;
    let accepted = gift(id(), id(), "Rosa Santos", &taker.name, taker.created_at - Duration::days(2))?;
    let waiting = gift(id(), id(), "Anwen Price", "Gwen Price", now - Duration::days(6))?;
    for it in [&returned, &accepted, &waiting] {
        sql::insert(db, it, OWN_MONEY).await?;
        sql::set_paid(db, it.id, it.created_at).await?;
        sql::set_sent(db, it.id, it.send_on + Days::new(30), it.created_at).await?;
    }
    // It came and went: the books of the demo have neither.
    let went_back = returned.created_at + Duration::days(31);
    sql::set_returned(db, returned.id, went_back).await?;
    sql::set_refunded(db, returned.id, Some(went_back)).await?;
    let joined_on = dates::london_date(taker.created_at);
    let membership = Membership {
        id: id(),
        person: taker.id,
        number: 0,
        joined_on,
        personal,
        rate: Rate::Standard,
        every: Interval::Year,
        amount: accepted.amount,
        subscription: None,
        state: State::Active,
        state_since: taker.created_at,
        ends_on: Some(dates::months_later(joined_on, 12) - Days::new(1)),
        end_words: None,
        decision: None,
        suspension: None,
    };
    add_people(db, std::slice::from_ref(&taker)).await?;
    insert_memberships(db, &[(membership, id())]).await?;
    sql::set_accepted(db, accepted.id, taker.id, taker.created_at).await?;
    let payments = [("Year0", accepted), ("Year1", waiting)].map(|(key, gift)| DemoGift {
        key: key.to_owned(),
        purpose: Purpose::new(GIFT_YEARS, gift.id),
        checkout: id(),
        person: None,
        name: gift.giver_name,
        email: gift.giver_email.to_string(),
        pence: gift.amount.pence(),
        at: gift.created_at,
    });
    Ok(load_gifts(db, &payments).await?)
}
