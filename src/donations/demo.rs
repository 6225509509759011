//! Some gifts for the demo party, among them one that the treasurer has to check, one that comes every month and one
//! that should but fails; and
//! returns that were filed.

use chrono::{DateTime, Days, Duration, Months, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    model::{ByHand, DECLARATION, GIFTS, Nature, NewRefusal},
    sql,
};
use crate::{
    accounts::demo::CastMember,
    kit::{
        app::App,
        dates,
        money::Money,
        stripe::{Interval, SubscriptionStatus},
    },
    membership::demo::Dice,
    payments::{
        self, Purpose,
        demo::{DemoGift, DemoSubscription, load as load_payments, load_gifts},
    },
    places::Address,
};

const GIVERS: [&str; 8] = [
    "Maeve Donnelly",
    "Rashid Mahmood",
    "Anwen Price",
    "Kofi Mensah",
    "Joanna Nowak",
    "Harjit Gill",
    "Callum Reid",
    "Rosa Santos",
];

const SUMS: [i64; 7] = [500, 1_000, 1_000, 2_000, 2_500, 5_000, 10_000];

/// Those that are donations in law, in pence, and how many days old: one to decide soon, one decided long ago; and two
/// that may be parts of one.
fn large(number: u32) -> Option<(i64, i64)> {
    match number {
        59 => Some((75_000, 4)),
        // Two just below the sum and close together, by one card.
        54 => Some((42_000, 22)),
        55 => Some((46_000, 13)),
        // And of one donor.
        56 => Some((45_000, 60)),
        57 => Some((48_000, 45)),
        58 => Some((60_000, 96)),
        _ => None,
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    name: &'a str,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    amount_pence: i64,
    at: DateTime<Utc>,
    needs_check: bool,
}

/// So many of the quarters that are over are not filed: nil returns before them excuse the party.
const NOT_FILED: usize = 3;

/// Two years of gifts and their returns.
pub async fn load(app: &App, db: &mut PgConnection, cast: &[CastMember]) -> anyhow::Result<()> {
    load_all(app, db).await?;
    let today = app.clock().today();
    let returns = actions::returns::list(app, db, today).await?;
    let over: Vec<_> = returns.quarters.iter().filter(|it| it.duty.is_open()).collect();
    let filed = over.len().saturating_sub(NOT_FILED);
    let treasurer = cast.iter().find(|member| member.email == "treasurer@demo.test");
    for it in over.iter().take(filed) {
        let at = dates::start_of_day(it.standing.period.to + Days::new(12)) + Duration::hours(15);
        let by = treasurer.map(|treasurer| treasurer.person).unwrap_or_default();
        actions::returns::keep(db, app.random().id(at), 1, &it.standing, (by, at)).await?;
    }
    if let Some(treasurer) = treasurer {
        load_refused(app, db, treasurer.person).await?;
    }
    actions::returns::note_due(app, db, today).await?;
    actions::splits::note(app, db).await?;
    Ok(())
}

/// Something that never was accepted, and is back where it came from: too little to be reported.
async fn load_refused(app: &App, db: &mut PgConnection, treasurer: Uuid) -> sqlx::Result<()> {
    let now = app.clock().now();
    let received_on = app.clock().today() - Days::new(33);
    let new = NewRefusal {
        id: app.random().id(now),
        nature: Nature::Crypto,
        words: "0.004 bitcoin, sent to a wallet that a volunteer had put on a leaflet".to_owned(),
        value: Money::from_pence(31_000),
        received_on,
        name: None,
        address: None,
    };
    sql::refusals::insert(db, &new, received_on + Days::new(30), treasurer, now).await?;
    let by_hand = ByHand {
        on: received_on + Days::new(2),
        how: "To the wallet it came from".to_owned(),
        to: "The owner of that wallet, not known".to_owned(),
    };
    sql::refusals::set_returned(db, new.id, &by_hand).await?;
    Ok(())
}

/// Somebody who gives every month, for the last eight.
fn regular(dice: &mut Dice, now: DateTime<Utc>) -> DemoSubscription {
    let months = |ago: u32| now.checked_sub_months(Months::new(ago)).unwrap_or(now) - Duration::days(3);
    DemoSubscription {
        key: "Giver01".to_owned(),
        purpose: Purpose::new(GIFTS, dice.id()),
        checkout: dice.id(),
        person: None,
        name: "Maeve Donnelly".to_owned(),
        email: "maeve.donnelly@givers.example".to_owned(),
        product: "Donation",
        pence: 1_000,
        every: Interval::Month,
        by_debit: false,
        state: SubscriptionStatus::Active,
        cancel_at_period_end: false,
        started_at: months(7),
        ended_at: None,
        failing_since: None,
        current_period_end: months(0).checked_add_months(Months::new(1)).unwrap_or(now),
        paid_at: (0..8).rev().map(months).collect(),
        returned: None,
    }
}

/// Writes the gifts in a handful of statements.
async fn load_all(app: &App, db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut dice = Dice::new(1926);
    let now = app.clock().now();
    let check_above = app.setting(payments::CHECK_ABOVE, app.clock().today());
    let mut gifts = Vec::new();
    for number in 0..60_u32 {
        let picked = *dice.pick(&GIVERS);
        let name = match number {
            54 => "Kofi Mensah",
            55 => "Joanna Nowak",
            56 | 57 => "Callum Reid",
            _ => picked,
        };
        let days = i64::try_from(1 + dice.roll(700)).unwrap_or(1);
        gifts.push(DemoGift {
            key: format!("{number:04}"),
            purpose: Purpose::new(GIFTS, dice.id()),
            checkout: dice.id(),
            person: None,
            name: name.to_owned(),
            email: format!("{}@givers.example", name.to_lowercase().replace(' ', ".")),
            pence: large(number).map_or_else(|| *dice.pick(&SUMS), |(pence, _)| pence),
            at: now - Duration::days(large(number).map_or(days, |(_, days)| days)),
        });
    }
    let rows: Vec<_> = gifts
        .iter()
        .map(|gift| {
            let needs_check = Money::from_pence(gift.pence) > check_above;
            Row {
                id: gift.purpose.id,
                name: &gift.name,
                email: &gift.email,
                // An overseas voter, who may give as well.
                address: needs_check.then(|| Address::Abroad {
                    lines: vec!["14 rue du Moulin".to_owned(), "69005 Lyon".to_owned()],
                    country: "France".to_owned(),
                }),
                amount_pence: gift.pence,
                at: gift.at,
                needs_check,
            }
        })
        .collect();
    sqlx::query!(
        "insert into gifts (id, name, email, address, amount_pence, declaration, created_at, paid_at, needs_check)
         select id, name, email::citext, address, amount_pence, $2, at, at, needs_check
         from jsonb_to_recordset($1) as r(id uuid, name text, email text, address jsonb, amount_pence bigint, at timestamptz,
                                          needs_check boolean)",
        serde_json::to_value(rows).map_err(|error| sqlx::Error::Encode(error.into()))?,
        DECLARATION
    )
    .execute(&mut *db)
    .await?;
    load_gifts(db, &gifts).await?;
    let regular = regular(&mut dice, now);
    let failing = DemoSubscription {
        key: "Giver02".to_owned(),
        purpose: Purpose::new(GIFTS, dice.id()),
        checkout: dice.id(),
        name: "Rashid Mahmood".to_owned(),
        email: "rashid.mahmood@givers.example".to_owned(),
        pence: 2_500,
        state: SubscriptionStatus::PastDue,
        failing_since: Some(now - Duration::days(3)),
        ..regular.clone()
    };
    for regular in [&regular, &failing] {
        sqlx::query!(
        "insert into gifts (id, name, email, amount_pence, declaration, created_at, paid_at, needs_check, billing_interval)
         values ($1, $2, $3::text::citext, $4, $5, $6, $6, false, $7)",
        regular.purpose.id,
        regular.name,
        regular.email,
        regular.pence,
        DECLARATION,
        regular.started_at,
        regular.every.code()
    )
    .execute(&mut *db)
    .await?;
    }
    load_payments(app, db, &[regular, failing]).await?;
    sql::cases::open(db, &actions::cases::laws(app), None, now).await?;
    sqlx::query!(
        "insert into gift_payments (line, gift_id, heard_at)
         select l.id, g.id, g.paid_at from gifts g
         join ledger l on l.purpose_kind = $1 and l.purpose_id = g.id and l.kind = 'payment'",
        GIFTS.code
    )
    .execute(&mut *db)
    .await?;
    for gift in gifts.iter().filter(|gift| [42_000, 46_000].contains(&gift.pence)) {
        sqlx::query!(
            "insert into donation_cards (line, fingerprint, asked_at)
             select id, 'CardOfTheDemo', at from ledger where purpose_kind = $1 and purpose_id = $2",
            GIFTS.code,
            gift.purpose.id
        )
        .execute(&mut *db)
        .await?;
    }
    let decided = gifts.iter().find(|gift| gift.pence == 60_000);
    sqlx::query!(
        "update donor_cases set outcome = 'accepted', decided_on = received_on + 6, register_on = received_on - 8,
                register_name = name, register_address = address, elector_number = 'BL2-417'
         where line = (select id from ledger where purpose_kind = $1 and purpose_id = $2)",
        GIFTS.code,
        decided.map(|gift| gift.purpose.id)
    )
    .execute(db)
    .await?;
    Ok(())
}
