use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::model::{Happening, Pays, Record};
use crate::{
    accounts::{Consent, Rooms, Standing, Term},
    kit::money::Money,
    membership::{self, Note},
    places::Region,
    supporters::Interest,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Everything but the timeline, in one query.
pub async fn find_record(db: &mut PgConnection, id: Uuid) -> Result<Option<Record>> {
    let row = sqlx::query!(
        r#"select p.id, p.name, p.email::text as "email!", p.email_verified_at, p.postcode,
                  p.region as "region: Region", p.standing as "standing: Standing", p.created_at,
                  (select to_jsonb(m) from memberships m where m.person_id = p.id) as membership,
                  (select json_build_object('id', s.id, 'state', s.state, 'next_on', s.current_period_end,
                              'is_ending', s.cancel_at_period_end, 'is_paid', s.first_paid_at is not null,
                              'failing_since', s.failing_since, 'next_try', s.next_try,
                              'method', (select to_jsonb(c) from payment_methods c where c.id = s.payment_method))
                   from memberships m join subscriptions s on s.id = m.subscription where m.person_id = p.id)
                      as "pays: Json<Pays>",
                  coalesce((select json_agg(json_build_object('purpose', c.purpose, 'wording', c.wording, 'source', c.source,
                                'given_at', c.given_at,
                                'withdrawn', case when c.withdrawn_at is not null then json_build_array(c.withdrawn_at, c.withdrawn_how) end)
                                order by c.given_at desc)
                            from consents c where c.person_id = p.id), '[]') as "consents!: Json<Vec<Consent>>",
                  coalesce((select json_agg(json_build_object('role', o.role, 'region', o.region, 'granted_at', o.granted_at,
                                'ended_at', o.ended_at) order by o.granted_at desc)
                            from officers o where o.person_id = p.id), '[]') as "offices!: Json<Vec<Term>>",
                  coalesce((select json_agg(json_build_object('words', n.words, 'author', a.name, 'written_at', n.written_at)
                                order by n.written_at desc)
                            from membership_notes n join people a on a.id = n.author_id where n.person_id = p.id), '[]')
                      as "notes!: Json<Vec<Note>>",
                  (select s.interests from supporters s where s.person_id = p.id) as interests,
                  (select count(*) from ledger l where l.person_id = p.id and l.kind = 'payment') as "payments!",
                  (select coalesce(sum(l.amount_pence), 0)::bigint from ledger l where l.person_id = p.id) as "paid!: Money"
           from people p where p.id = $1"#,
        id
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Record {
        id: row.id,
        name: row.name,
        email: row.email,
        email_verified_at: row.email_verified_at,
        postcode: row.postcode,
        region: row.region,
        standing: row.standing,
        created_at: row.created_at,
        membership: row.membership.map(membership::read_membership).transpose()?,
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
        paid_in_all: row.paid,
        pays: row.pays.map(|pays| pays.0),
    }))
}

/// What happened, newest first, from every room that knows of this person.
pub async fn list_happenings(
    db: &mut PgConnection,
    rooms: Rooms,
    id: Uuid,
    most: i64,
) -> Result<Vec<Happening>> {
    let arms: Vec<_> = rooms
        .iter()
        .filter_map(|room| room.timeline)
        .map(|timeline| {
            format!(
                "(select at, source, what, detail, actor from {} where person_id = $1 order by at desc limit $2)",
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
         order by t.at desc limit $2",
        arms.join(" union all ")
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(id).bind(most).fetch_all(db).await
}
