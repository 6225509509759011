//! Donor checks.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::{
    donations::model::{Books, ByHand, Case, Decision, Donor, GIFTS, Law, Outcome, Register, Sourced, Why},
    kit::{db::impossible, email_address::EmailAddress, money::Money},
    payments::{KindCode, Purpose},
    places::Address,
};

/// Opens a case for each payment that was a donation by the law of its day and has none: of one purpose, or of all.
/// Returns their lines.
pub async fn open(
    db: &mut PgConnection,
    laws: &[Law],
    of: Option<&Purpose>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    let from: Vec<_> = laws.iter().map(|law| law.from).collect();
    let above: Vec<_> = laws.iter().map(|law| law.check_above.pence()).collect();
    let days: Vec<_> = laws.iter().filter_map(|law| i32::try_from(law.check_days).ok()).collect();
    sqlx::query_scalar!(
        r#"insert into donor_cases (line, received_on, decide_by, opened_at, name, email, address)
           select l.id, received.day, received.day + law.days, $4,
                  coalesce(nullif(g.name, ''), p.name, c.name, 'Not known'), coalesce(g.email, p.email, c.email),
                  coalesce(g.address, m.personal -> 'address')
           from ledger l
           cross join lateral (select (l.at at time zone 'Europe/London')::date as day) received
           cross join lateral (select above, days from unnest($1::date[], $2::bigint[], $3::int[]) as law (valid_from, above, days)
                               where valid_from <= received.day order by valid_from desc limit 1) law
           left join gifts g on l.purpose_kind = $7 and g.id = l.purpose_id
           left join people p on p.id = l.person_id
           left join memberships m on m.person_id = l.person_id
           left join lateral (select name, email from checkouts c where c.purpose_kind = l.purpose_kind and c.purpose_id = l.purpose_id
                              order by c.created_at desc limit 1) c on true
           where l.kind = 'payment' and l.amount_pence > (select min(above) from unnest($2::bigint[]) as above)
             and l.amount_pence > law.above
             and ($5::text is null or (l.purpose_kind = $5 and l.purpose_id = $6))
             and not exists (select from donor_cases known where known.line = l.id)
           on conflict do nothing
           returning line"#,
        &from,
        &above,
        &days,
        now,
        of.map(|of| of.kind.as_str()),
        of.map(|of| of.id),
        GIFTS.code
    )
    .fetch_all(db)
    .await
}

struct Row {
    line: Uuid,
    kind: KindCode,
    amount: Money,
    received_on: NaiveDate,
    decide_by: NaiveDate,
    name: String,
    email: Option<EmailAddress>,
    address: Option<Json<Address>>,
    person: Option<Uuid>,
    outcome: Option<String>,
    decided_on: Option<NaiveDate>,
    decided_by: Option<String>,
    late_reason: Option<String>,
    register_on: Option<NaiveDate>,
    register_name: Option<String>,
    register_address: Option<Json<Address>>,
    elector_number: Option<String>,
    why: Option<Why>,
    returned_on: Option<NaiveDate>,
    returned_how: Option<String>,
    returned_to: Option<String>,
    left: Money,
    back_on: Option<NaiveDate>,
    failed: bool,
    by_stripe: bool,
    source: Option<String>,
}

impl TryFrom<Row> for Case {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let register = match (row.register_on, row.register_name, row.register_address, row.elector_number) {
            (Some(dated), Some(name), Some(Json(address)), Some(number)) => {
                Some(Register { dated, name, address, number })
            }
            _ => None,
        };
        let by_hand = match (row.returned_on, row.returned_how, row.returned_to) {
            (Some(on), Some(how), Some(to)) => Some(ByHand { on, how, to }),
            _ => None,
        };
        let outcome = match (row.outcome.as_deref(), row.why) {
            (None, None) => None,
            (Some("accepted"), None) => Some(Outcome::Accepted(register)),
            (Some("refused"), Some(why)) => Some(Outcome::Refused { why, by_hand }),
            _ => return Err(impossible("a donor check that was decided in no way we know")),
        };
        let decision = outcome.zip(row.decided_on).map(|(outcome, on)| Decision {
            on,
            by: row.decided_by,
            late: row.late_reason,
            outcome,
        });
        Ok(Self {
            line: row.line,
            kind: row.kind,
            amount: row.amount,
            received_on: row.received_on,
            decide_by: row.decide_by,
            donor: Donor {
                name: row.name,
                email: row.email,
                address: row.address.map(|Json(address)| address),
                person: row.person,
            },
            decision,
            books: Books {
                left: row.left,
                back_on: row.back_on,
                failed: row.failed,
                by_stripe: row.by_stripe,
            },
        })
    }
}

/// `cases!("where c.line = $1", line)`: the case is `c`, its payment `l`, what the books say of it `books`.
macro_rules! cases {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select c.line, l.purpose_kind as "kind: KindCode", l.amount_pence as "amount: Money", c.received_on, c.decide_by,
                      c.name, c.email as "email: EmailAddress", c.address as "address: Json<Address>", l.person_id as "person",
                      c.outcome, c.decided_on, (select name from people where id = c.decided_by) as decided_by, c.late_reason,
                      c.register_on, c.register_name, c.register_address as "register_address: Json<Address>", c.elector_number,
                      c.why as "why: Why", c.returned_on, c.returned_how, c.returned_to,
                      books."left" as "left!: Money", books.back_on, books.failed as "failed!",
                      l.payment_intent is not null as "by_stripe!",
                      donation_source(l.person_id, c.email) as source
               from donor_cases c join ledger l on l.id = c.line
               cross join lateral (
                   select (l.amount_pence + coalesce(sum(amount_pence), 0))::bigint as "left",
                          (max(at) filter (where amount_pence < 0) at time zone 'Europe/London')::date as back_on,
                          coalesce(bool_or(kind = 'refund_failed'), false) or c.given_up as failed
                   from corrections_of(l)) books "# + $which
            $(, $value)*
        )
    };
}

fn all(rows: Vec<Row>) -> Result<Vec<Case>> {
    rows.into_iter().map(Case::try_from).collect()
}

pub async fn find(db: &mut PgConnection, line: Uuid) -> Result<Option<Case>> {
    cases!("where c.line = $1", line).fetch_optional(db).await?.map(Case::try_from).transpose()
}

/// Locked, so that of two officers one is first.
pub async fn lock(db: &mut PgConnection, line: Uuid) -> Result<Option<Case>> {
    cases!("where c.line = $1 for update of c", line)
        .fetch_optional(db)
        .await?
        .map(Case::try_from)
        .transpose()
}

/// Those of one purpose, locked.
pub async fn lock_of(db: &mut PgConnection, of: &Purpose) -> Result<Vec<Case>> {
    let rows = cases!(
        "where l.purpose_kind = $1 and l.purpose_id = $2 order by c.line for update of c",
        of.kind.as_str(),
        of.id
    );
    all(rows.fetch_all(db).await?)
}

/// Those that nobody has decided, the first to run out first.
pub async fn list_open(db: &mut PgConnection) -> Result<Vec<Case>> {
    all(cases!("where c.outcome is null order by c.decide_by, c.line limit 500").fetch_all(db).await?)
}

/// Refused ones whose money has not gone back.
pub async fn list_on_the_way_back(db: &mut PgConnection) -> Result<Vec<Case>> {
    let rows = cases!(
        r#"where c.outcome = 'refused' and c.returned_on is null and books."left" > 0 order by c.decide_by, c.line limit 500"#
    );
    all(rows.fetch_all(db).await?)
}

/// What was accepted of the same source that was received in the same calendar year.
pub async fn accepted_beside(db: &mut PgConnection, line: Uuid) -> Result<Money> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(l.amount_pence), 0)::bigint as "sum!: Money"
           from donor_cases own join ledger paid on paid.id = own.line
           join donor_cases c on c.outcome = 'accepted' and c.line <> own.line
                             and date_trunc('year', c.received_on::timestamp) = date_trunc('year', own.received_on::timestamp)
           join ledger l on l.id = c.line
           where own.line = $1 and donation_source(l.person_id, c.email) = donation_source(paid.person_id, own.email)"#,
        line
    )
    .fetch_one(db)
    .await
}

/// Decided ones, the newest first.
pub async fn list_decided(db: &mut PgConnection, offset: i64, limit: i64) -> Result<Vec<Case>> {
    let rows = cases!(
        "where c.outcome is not null order by c.decided_on desc, c.line limit $1 offset $2",
        limit,
        offset
    );
    all(rows.fetch_all(db).await?)
}

/// All of them with their source, the oldest first: sums run over whole years, and large payments are few.
pub async fn list_sourced(db: &mut PgConnection) -> Result<Vec<Sourced>> {
    let rows = cases!("order by c.received_on, c.line").fetch_all(db).await?;
    rows.into_iter()
        .map(|mut row| {
            let source = row.source.take().unwrap_or_else(|| format!("line:{}", row.line));
            Ok(Sourced { source, case: row.try_into()? })
        })
        .collect()
}

/// Writes the decision; `None` takes it back.
pub async fn set_decision(
    db: &mut PgConnection,
    line: Uuid,
    decision: Option<&Decision>,
    by: Option<Uuid>,
) -> Result<()> {
    let outcome = decision.map(|decision| &decision.outcome);
    let register = match outcome {
        Some(Outcome::Accepted(register)) => register.as_ref(),
        _ => None,
    };
    let (why, by_hand) = match outcome {
        Some(Outcome::Refused { why, by_hand }) => (Some(*why), by_hand.as_ref()),
        _ => (None, None),
    };
    let code =
        outcome.map(|outcome| if matches!(outcome, Outcome::Accepted(_)) { "accepted" } else { "refused" });
    sqlx::query!(
        "update donor_cases set outcome = $2, decided_on = $3, decided_by = $4, late_reason = $5, register_on = $6,
                register_name = $7, register_address = $8, elector_number = $9, why = $10, returned_on = $11,
                returned_how = $12, returned_to = $13, given_up = false, tried_on = case when $2 = 'refused' then $3::date end
         where line = $1",
        line,
        code,
        decision.map(|decision| decision.on),
        by,
        decision.and_then(|decision| decision.late.as_deref()),
        register.map(|register| register.dated),
        register.map(|register| register.name.as_str()),
        register.map(|register| Json(&register.address)) as _,
        register.map(|register| register.number.as_str()),
        why.map(Why::code),
        by_hand.map(|by_hand| by_hand.on),
        by_hand.map(|by_hand| by_hand.how.as_str()),
        by_hand.map(|by_hand| by_hand.to.as_str())
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Another refund is tried from today on.
pub async fn set_tried(db: &mut PgConnection, line: Uuid, today: NaiveDate) -> Result<()> {
    sqlx::query!("update donor_cases set tried_on = $2, given_up = false where line = $1", line, today)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives up refunds that have been tried since before a day, and have not come: whoever sees them sends the money in another
/// way, or tries again.
pub async fn give_up(db: &mut PgConnection, before: NaiveDate) -> Result<()> {
    sqlx::query!(
        r#"with kept as (
               select l.id from ledger l
               where l.payment_intent is not null and l.id in (select line from donor_cases where outcome = 'refused' and returned_on is null
                                                               union all select line from above_limit)
                 and l.amount_pence + coalesce((select sum(amount_pence) from corrections_of(l)), 0) > 0
           ), cases as (
               update donor_cases c set given_up = true from kept
               where kept.id = c.line and c.outcome = 'refused' and not c.given_up and c.tried_on < $1
           )
           update above_limit a set given_up = true from kept
           where kept.id = a.line and not a.given_up and (a.noted_at at time zone 'Europe/London')::date < $1"#,
        before
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The payment at Stripe that a case is of.
pub async fn find_intent(db: &mut PgConnection, line: Uuid) -> Result<Option<String>> {
    let intent = sqlx::query_scalar!("select payment_intent from ledger where id = $1", line)
        .fetch_optional(db)
        .await?;
    Ok(intent.flatten())
}

/// Notes which cases were warned of on which of their days. Returns those of which that was not noted before.
pub async fn insert_warnings(db: &mut PgConnection, warnings: &[(Uuid, i64)]) -> Result<Vec<Uuid>> {
    let lines: Vec<_> = warnings.iter().map(|(line, _)| *line).collect();
    let days: Vec<_> = warnings.iter().map(|(_, day)| *day).collect();
    sqlx::query_scalar!(
        "insert into donor_case_warnings (line, day) select line, day::int from unnest($1::uuid[], $2::bigint[]) as it (line, day)
         on conflict do nothing returning line",
        &lines,
        &days
    )
    .fetch_all(db)
    .await
}
