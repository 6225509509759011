use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::model::{Consent, Happening, Membership, Note, Office, Record};
use crate::{accounts::Rooms, kit::money::Money, supporters::Interest};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Everything but the timeline, in one query.
pub async fn find_record(db: &mut PgConnection, id: Uuid) -> Result<Option<Record>> {
    let row = sqlx::query!(
        r#"select p.id, p.name, p.email::text as "email!", p.email_verified_at, p.postcode, p.region, p.standing, p.created_at,
                  m.number as "number?", m.state as "state?", m.joined_on as "joined_on?", m.born_on as "born_on?",
                  m.address_line1 as "address_line1?", m.address_line2 as "address_line2?", m.town as "town?",
                  m.rate as "rate?", m.amount_pence as "amount_pence?", m.billing_interval as "billing_interval?",
                  m.grace_until as "grace_until?", m.ends_on as "ends_on?", m.ended_on as "ended_on?",
                  m.end_reason as "end_reason?", m.end_words as "end_words?",
                  m.suspended_until as "suspended_until?", m.suspended_words as "suspended_words?",
                  coalesce((select json_agg(json_build_object('purpose', c.purpose, 'wording', c.wording, 'source', c.source,
                                'given_at', c.given_at, 'withdrawn_at', c.withdrawn_at, 'withdrawn_how', c.withdrawn_how)
                                order by c.given_at desc)
                            from consents c where c.person_id = p.id), '[]') as "consents!: Json<Vec<Consent>>",
                  coalesce((select json_agg(json_build_object('role', o.role, 'region', o.region, 'granted_at', o.granted_at,
                                'ended_at', o.ended_at) order by o.granted_at desc)
                            from officers o where o.person_id = p.id), '[]') as "offices!: Json<Vec<Office>>",
                  coalesce((select json_agg(json_build_object('words', n.words, 'author', a.name, 'written_at', n.written_at)
                                order by n.written_at desc)
                            from membership_notes n join people a on a.id = n.author_id where n.person_id = p.id), '[]')
                      as "notes!: Json<Vec<Note>>",
                  (select s.interests from supporters s where s.person_id = p.id) as interests,
                  (select count(*) from ledger l where l.person_id = p.id and l.kind = 'payment') as "payments!",
                  (select coalesce(sum(l.amount_pence), 0)::bigint from ledger l where l.person_id = p.id) as "paid_pence!"
           from people p left join memberships m on m.person_id = p.id
           where p.id = $1"#,
        id
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let region = row.region.map(|slug| slug.parse()).transpose();
    let membership = match (row.number, row.state, row.joined_on, row.born_on) {
        (Some(number), Some(state), Some(joined_on), Some(born_on)) => {
            let lines = [row.address_line1, row.address_line2, row.town, row.postcode.clone()];
            let lines: Vec<_> = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect();
            let amount = Money::from_pence(row.amount_pence.unwrap_or_default());
            let rate = row.rate.unwrap_or_default().replace('_', "-");
            Some(Membership {
                number,
                state,
                joined_on,
                born_on,
                address: lines.join(", "),
                pays: format!("{amount} a {} ({rate} rate)", row.billing_interval.unwrap_or_default()),
                grace_until: row.grace_until,
                ends_on: row.ends_on,
                ended: row.ended_on.map(|on| {
                    let reason = row.end_reason.unwrap_or_default();
                    (on, row.end_words.filter(|words| !words.is_empty()).unwrap_or(reason))
                }),
                suspended: row.suspended_until.map(|until| (until, row.suspended_words.unwrap_or_default())),
            })
        }
        _ => None,
    };
    Ok(Some(Record {
        id: row.id,
        name: row.name,
        email: row.email,
        email_verified_at: row.email_verified_at,
        postcode: row.postcode,
        region: region.map_err(|error: String| sqlx::Error::Decode(error.into()))?,
        standing: row.standing,
        created_at: row.created_at,
        membership,
        consents: row.consents.0,
        offices: row.offices.0,
        notes: row.notes.0,
        interests: row
            .interests
            .unwrap_or_default()
            .iter()
            .filter_map(|code| code.parse::<Interest>().ok())
            .collect(),
        payments: row.payments,
        paid_in_all: Money::from_pence(row.paid_pence),
    }))
}

/// What happened, newest first, from every room that knows of this person. Officers who may not see `all` get no
/// sensitive lines: those hold addresses, prices and officers' reasons.
pub async fn list_happenings(
    db: &mut PgConnection,
    rooms: Rooms,
    id: Uuid,
    all: bool,
    most: i64,
) -> Result<Vec<Happening>> {
    let arms: Vec<_> = rooms
        .iter()
        .filter_map(|room| room.timeline)
        .map(|timeline| {
            format!(
                "(select at, source, what, detail, actor from {} where person_id = $1 and ($2 or not sensitive)
                  order by at desc limit $3)",
                timeline.view
            )
        })
        .collect();
    if arms.is_empty() {
        return Ok(Vec::new());
    }
    // The names of the views are constants of the rooms, and a test reads them all.
    let statement = format!(
        "select t.at, t.source, t.what, t.detail, a.name as by from ({}) t left join people a on a.id = t.actor
         order by t.at desc limit $3",
        arms.join(" union all ")
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(id).bind(all).bind(most).fetch_all(db).await
}

/// A record that is about to be changed.
pub struct Locked {
    /// Whose it is, as far as scope goes.
    pub region: Option<String>,
    /// Whether there is a membership, whichever its state.
    pub has_membership: bool,
}

pub async fn lock_record(db: &mut PgConnection, id: Uuid) -> Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select region, exists (select from memberships m where m.person_id = p.id) as "has_membership!"
           from people p where id = $1 for update"#,
        id
    )
    .fetch_optional(db)
    .await
}
