//! Members whose money comes by hand or through the bank.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{books::statement::Candidate, kit::money::Money, membership::EndReason};

/// A member, as the treasurer looks for them.
pub struct Member {
    pub person: Uuid,
    pub number: i64,
    pub name: String,
    pub email: String,
    pub dues: Money,
    /// An automatic payment of theirs has failed, and is still being tried.
    pub is_failing: bool,
}

/// Members with this number, or whose name or address contains the words.
pub async fn list(db: &mut PgConnection, typed: &str, limit: i64) -> Result<Vec<Member>> {
    let number = typed.trim_start_matches(['m', 'M', '#']).trim().parse::<i64>().ok();
    sqlx::query_as!(
        Member,
        r#"select p.id as person, m.number, p.name, p.email::text as "email!", m.amount_pence as "dues: Money",
                  exists (select from subscriptions s where s.id = m.subscription and s.state in ('past_due', 'unpaid')) as "is_failing!"
           from memberships m join people p on p.id = m.person_id
           where m.number = $1 or ($1 is null and p.search like '%' || plain_text($2) || '%')
           order by m.number limit $3"#,
        number,
        typed,
        limit
    )
    .fetch_all(db)
    .await
}

/// The member with a number.
pub async fn find(db: &mut PgConnection, number: i64) -> Result<Option<Member>> {
    Ok(list(db, &number.to_string(), 1).await?.pop())
}

/// Members with one of these numbers, or of exactly one of these names.
pub async fn list_candidates(
    db: &mut PgConnection,
    numbers: &[i64],
    names: &[String],
) -> Result<Vec<Candidate>> {
    sqlx::query_as!(
        Candidate,
        r#"with found as (
               select id from memberships where number = any($1)
               union
               select m.id from unnest($2::text[]) as asked(name) join people p on p.search like '%' || asked.name || '%'
               join memberships m on m.person_id = p.id where plain_text(p.name) = asked.name)
           select p.id as person, m.number, p.name, plain_text(p.name) as "plain!", m.amount_pence as "dues: Money",
                  case m.state when 'ended' then m.end_reason end as "ended: EndReason",
                  exists (select from subscriptions s where s.id = m.subscription and s.state in ('past_due', 'unpaid')) as "is_failing!"
           from found join memberships m using (id) join people p on p.id = m.person_id"#,
        numbers,
        names
    )
    .fetch_all(db)
    .await
}
