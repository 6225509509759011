//! A list of invented parties beside our partners, and members in every state of a decision.

use chrono::{Days, Duration};
use sqlx::PgConnection;

use super::model::Ruling;
use crate::{
    accounts::demo::CastMember,
    kit::{app::App, dates},
};

pub const RULE: &str = "Rules of 2025, clause 3.4";

/// Who was not admitted, and why.
pub const REFUSED: &str = "Gavin Threlfall";
pub const NOT_ADMITTED: &str = "They stand against us for the council in May.";

/// Name, other names, ruling, reason.
const LIST: [(&str, &[&str], Ruling, &str); 4] = [
    ("Landlords’ League", &["LL"], Ruling::Barred, "It stands against us in elections."),
    ("Fenland First", &[], Ruling::Barred, "It stands against us in elections."),
    ("Tenants’ Union of the North", &["TUN"], Ruling::Allowed, "A union, and no party."),
    ("Canal Street Greens", &[], Ruling::Ask, "We stand for the same council: each is looked at."),
];

/// What new members say, with what the list says of it.
const NEW: [(&str, Ruling); 3] =
    [("Left Unity", Ruling::Ask), ("Pendle Reading Circle", Ruling::Ask), ("TUN", Ruling::Allowed)];

/// Fills the list and lets some of the newest members answer.
pub async fn load(app: &App, db: &mut PgConnection, cast: &[CastMember]) -> Result<(), sqlx::Error> {
    let now = app.clock().now();
    let today = dates::london_date(now);
    let officer = cast.iter().find(|member| member.email == "alex@demo.test").map(|member| member.person);
    for (name, other_names, ruling, reason) in LIST {
        let id = app.random().id(now);
        let other_names: Vec<_> = other_names.iter().map(|name| (*name).to_owned()).collect();
        sqlx::query!(
            "with party as (
                 insert into other_parties (id, name, other_names, added_at) values ($1, $2, $3, $4) returning id
             )
             insert into other_party_rulings (id, party_id, ruling, starts_on, reason, rule, set_by, set_at)
             select $1, id, $5, $6, $7, $8, $9, $4 from party",
            id,
            name,
            &other_names,
            now - Duration::days(400),
            ruling.code(),
            today - Days::new(400),
            reason,
            RULE,
            officer
        )
        .execute(&mut *db)
        .await?;
    }
    let members = sqlx::query!(
        "select id, created_at from people where standing = 'member' and email::text like '%@members.example'
         order by created_at desc, id limit 6"
    )
    .fetch_all(&mut *db)
    .await?;
    for (number, member) in members.iter().enumerate() {
        let (parties, ruling) = NEW.get(number).copied().unwrap_or(("Canal Street Greens", Ruling::Ask));
        let said_at = if number == 3 { now - Duration::days(2) } else { member.created_at };
        let decided = number == 4;
        sqlx::query!(
            "insert into party_declarations (id, person_id, parties, source, declared_at, ruling, decide_until,
                    outcome, decided_at, decided_by, reason, rule)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            app.random().id(now),
            member.id,
            parties,
            if number == 3 { "own page" } else { "join form" },
            said_at,
            ruling.code(),
            (number != 3).then(|| dates::london_date(member.created_at) + Days::new(13)),
            decided.then_some("admitted"),
            decided.then(|| said_at + Duration::days(3)),
            officer.filter(|_| decided),
            decided.then_some("They helped in our last three campaigns."),
            decided.then_some(RULE)
        )
        .execute(&mut *db)
        .await?;
    }
    let refused = sqlx::query!("select id, created_at from people where name = $1", REFUSED);
    if let Some(member) = refused.fetch_optional(&mut *db).await? {
        let decided_at = member.created_at + Duration::days(9);
        sqlx::query!(
            "insert into party_declarations (id, person_id, parties, source, declared_at, ruling, decide_until,
                    outcome, decided_at, decided_by, reason, rule, left_on)
             values ($1, $2, 'Canal Street Greens', 'join form', $3, 'ask', $4, 'refused', $5, $6, $7, $8, $9)",
            app.random().id(now),
            member.id,
            member.created_at,
            dates::london_date(member.created_at) + Days::new(13),
            decided_at,
            officer,
            NOT_ADMITTED,
            RULE,
            dates::london_date(decided_at)
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}
