//! What the demo party had when its books began, and what it spends.

use sqlx::PgConnection;

use chrono::{Duration, Months};

use super::{model::Month, sql};
use crate::{
    accounts::demo::CastMember,
    kit::{app::App, dates},
};

/// So many months that are over are still to be closed.
const OPEN_MONTHS: Months = Months::new(2);

/// A year of spending, and the months before the last two closed.
pub(super) async fn load(app: &App, db: &mut PgConnection, cast: &[CastMember]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with spent as (
             select gen_random_uuid() as key, (date_trunc('month', $1::date) - ago * interval '1 month' + day * interval '1 day')::date as on_day,
                    words, account, pence, row_number() over () as number
             from generate_series(0, 11) ago,
                  (values (2, 'Room for the members’ meeting', 'events', 12500), (4, 'Website and mail', 'tools', 4200),
                          (9, 'Leaflets', 'printing', 18750), (11, 'Train fares of speakers', 'travel', 6380),
                          (14, 'Stall at the market', 'campaigns', 9900)) s(day, words, account, pence)
             where date_trunc('month', $1::date) - ago * interval '1 month' + day * interval '1 day' <= $1::date
               and (ago + day) % 3 <> 0),
         made as (
             insert into book_entries (day, happened_on, source, words, document, entered_by, key, recorded_at)
             select on_day, on_day, 'entered', words, 'Invoice ' || number, (select id from people where email = 'treasurer@demo.test'), key, $2
             from spent order by on_day
             returning number, day, key)
         insert into book_postings (entry, day, account, pence)
         select made.number, made.day, side.account, side.pence
         from made join spent using (key) cross join lateral (values (spent.account, spent.pence), ('bank', -spent.pence)) side(account, pence)",
        app.clock().today(),
        app.clock().now()
    )
    .execute(&mut *db)
    .await?;
    let today = app.clock().today();
    let treasurer = cast.iter().find(|member| member.email == "treasurer@demo.test");
    let (Some(treasurer), Some(mut month)) = (treasurer, sql::first_month(db).await?) else { return Ok(()) };
    let first_open = Month::of(today.checked_sub_months(OPEN_MONTHS).unwrap_or(today));
    while month < first_open {
        let at = dates::start_of_day(month.next().first()) + Duration::days(5) + Duration::hours(16);
        sql::close(db, month, treasurer.person, at).await?;
        month = month.next();
    }
    Ok(())
}
