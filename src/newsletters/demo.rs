//! One update that was sent, and one that is being written.

use chrono::Duration;
use sqlx::PgConnection;

use super::{
    model::{Audience, Content},
    sql::{sending, updates},
};
use crate::{
    accounts::{self, Scope},
    kit::app::App,
};

const SENT: (&str, &str, &str) = (
    "The buses run after eight again",
    "Four thousand signatures, one council meeting, and a night bus",
    "It took four thousand signatures and one long council meeting. From **Monday** the 98 and the 163 run until midnight again.

## Who did it

Bus drivers, night nurses and the sixth-formers of two colleges, who stood at the stops with clipboards in the rain.

## What comes next

- The same for Sundays: the council decides in spring.
- A fare that a shift worker can pay. Our working group has [a first draft](/news).

> I can take the late shift again. That is sixty pounds a week.

Thank you to everybody who signed.

Orla",
);

const DRAFT: (&str, &str, &str) = (
    "We meet on Saturday, and you set the agenda",
    "The hall in Bury, 2pm, tea and cake",
    "**Saturday 5 December, 2pm**, in the hall on The Rock. Everybody can put a question on the list, on the day or by answering this email.

Bring a neighbour.",
);

/// # Errors
/// The database is away.
pub async fn load(app: &App, db: &mut PgConnection) -> anyhow::Result<()> {
    let Some(by) = accounts::find_person_by_email(db, &"alex@demo.test".parse()?).await? else {
        return Ok(());
    };
    let everybody = Audience::members_and_supporters();
    let now = app.clock().now();
    for ((subject, preheader, body), days) in [(SENT, 9), (DRAFT, 1)] {
        let at = now - Duration::days(days);
        let id = app.random().id(at);
        let content = Content { subject: subject.into(), preheader: preheader.into(), body: body.into() };
        updates::insert_update(db, id, &content, &everybody, by.id, at).await?;
        if subject == SENT.0 {
            let readers = sending::insert_deliveries(db, id, &everybody, &Scope::Everyone).await?;
            updates::set_started(db, id, i32::try_from(readers)?, at).await?;
            sending::set_all_sent(db, id, at).await?;
            updates::finish(db, id, at + Duration::minutes(4)).await?;
        }
    }
    Ok(())
}
