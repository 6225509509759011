//! What somebody finds who gets the whole database, its system columns too, and wants to know who cast which paper.

use std::collections::BTreeMap;

use breakthrough::ballots::proof::{Commitment, Sha, TrackingCode};
use sqlx::PgPool;

use super::{busy, cast, count, crowd, draft, open, turn};
use crate::support::Site;

/// Every column of the box and what leads to it. None is a time or a number that counts up, and none names a person but
/// in the roll, which names no paper.
const COLUMNS: &[(&str, &str)] = &[
    ("ballot_confirmations", "ballot_id uuid, lot int4, person_id uuid"),
    (
        "ballot_incoming",
        "commitment bytea, ballot_id uuid, voter bytea, person bytea, sealed bytea, change_hash bytea",
    ),
    ("ballot_openings", "ballot_id uuid, code text, mark text, choices _int4"),
    ("ballot_papers", "commitment bytea, ballot_id uuid, sealed bytea, change_hash bytea"),
    ("ballot_roll", "ballot_id uuid, person_id uuid, salt bytea, entry bytea, voted bool"),
    ("ballot_spoilt", "commitment bytea, ballot_id uuid"),
    ("ballot_withdrawn", "commitment bytea, ballot_id uuid"),
];

#[tokio::test]
async fn no_column_of_the_box_tells_a_time_an_order_or_a_person() {
    let site = Site::open().await;
    for (table, columns) in COLUMNS {
        let found: String = sqlx::query_scalar(
            "select string_agg(column_name || ' ' || udt_name, ', ' order by ordinal_position)
             from information_schema.columns where table_name = $1 and table_schema = 'public'",
        )
        .bind(table)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(found, *columns, "{table}");
        let triggers: i64 = sqlx::query_scalar(
            "select count(*) from information_schema.triggers where event_object_table = $1",
        )
        .bind(table)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(triggers, 0, "{table}");
    }
}

/// The rows of a table as an attacker sees them: each column, and those of the system, as text that sorts.
async fn rows(pool: &PgPool, sql: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let found: Vec<(String, serde_json::Value)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(pool).await.unwrap();
    found
        .into_iter()
        .map(|(name, columns)| {
            let columns = columns.as_object().unwrap().iter();
            (name, columns.map(|(key, value)| (key.clone(), value.to_string())).collect())
        })
        .collect()
}

/// How many papers the best of all simple matchings gives to the person who cast them: rows are sorted by any pair of
/// columns and laid beside each other, forwards and backwards; columns that both tables share are joined.
async fn best_matching(site: &Site, truth: &BTreeMap<String, String>, roll: &str, papers: &str) -> usize {
    let people = rows(&site.pool, roll).await;
    let papers = rows(&site.pool, papers).await;
    let columns = |rows: &[(String, BTreeMap<String, String>)]| -> Vec<String> {
        rows.first().map(|(_, columns)| columns.keys().cloned().collect()).unwrap_or_default()
    };
    let mut best = 0;
    for by in columns(&people) {
        for with in columns(&papers) {
            let mut left: Vec<_> = people.iter().collect();
            left.sort_by(|a, b| a.1[&by].cmp(&b.1[&by]));
            let mut right: Vec<_> = papers.iter().collect();
            right.sort_by(|a, b| a.1[&with].cmp(&b.1[&with]));
            for _ in 0..2 {
                let hits =
                    left.iter().zip(&right).filter(|(person, paper)| truth.get(&person.0) == Some(&paper.0));
                best = best.max(hits.count());
                right.reverse();
            }
            // What is equal and alone on both sides belongs together.
            let alone = |rows: &[(String, BTreeMap<String, String>)], column: &str| {
                let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
                for (name, columns) in rows {
                    seen.entry(columns[column].clone()).or_default().push(name.clone());
                }
                seen.into_iter()
                    .filter(|(_, names)| names.len() == 1)
                    .map(|(key, names)| (key, names[0].clone()))
                    .collect::<BTreeMap<_, _>>()
            };
            let (left, right) = (alone(&people, &by), alone(&papers, &with));
            let joined = left.iter().filter(|(key, person)| {
                right.get(*key).is_some_and(|paper| truth.get(*person) == Some(paper))
            });
            best = best.max(joined.count());
        }
    }
    best
}

const ROLL: &str = "select p.email::text, to_jsonb(r) || jsonb_build_object('xmin', lpad(r.xmin::text, 12, '0'), 'ctid', lpad(split_part(r.ctid::text, ',', 1), 9, '0') || lpad(split_part(r.ctid::text, ',', 2), 9, '0'), 'email', p.email, 'person', r.person_id)
                    from ballot_roll r join people p on p.id = r.person_id join ballots b on b.id = r.ballot_id where b.slug = 'who-knows' and r.voted";
const PAPERS: &str = "select encode(q.commitment, 'hex'), to_jsonb(q) || jsonb_build_object('xmin', lpad(q.xmin::text, 12, '0'), 'ctid', lpad(split_part(q.ctid::text, ',', 1), 9, '0') || lpad(split_part(q.ctid::text, ',', 2), 9, '0'))
                      from ballot_papers q join ballots b on b.id = q.ballot_id where b.slug = 'who-knows'";

#[tokio::test]
async fn the_whole_database_does_not_say_who_cast_which_paper() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    site.leaves_waiting("ballots_tell_voters");
    let desk = draft(&mut first, "Who knows").await;
    open(&site, &desk, &mut first, &mut second).await;
    let vote = "/ballots/who-knows/vote";
    let mut codes = BTreeMap::new();
    for (number, email) in crowd(&site, 70).await.into_iter().enumerate() {
        let mut voter = site.signed_in_as(&email).await;
        let slip = cast(&mut voter, vote, if number % 2 == 0 { "1" } else { "2" }, "111111").await;
        codes.insert(email, slip.code);
        if number == 34 {
            turn(&site).await;
        }
    }
    turn(&site).await;
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 0);
    // Which paper is whose, as only the voters know.
    let mut truth = BTreeMap::new();
    let commitments: Vec<(Vec<u8>,)> =
        sqlx::query_as("select commitment from ballot_papers").fetch_all(&site.pool).await.unwrap();
    for (commitment,) in commitments {
        let code = TrackingCode::of(&Commitment(Sha(commitment.clone().try_into().unwrap()))).to_string();
        if let Some((email, _)) = codes.iter().find(|(_, known)| **known == code) {
            truth.insert(email.clone(), hex(&commitment));
        }
    }
    assert_eq!(truth.len(), 70);

    // With the vote open: each lot is one transaction of 35, and matching is left to chance. Of 70 the expected number of
    // hits of one blind matching is 1 (2 within the right lots); that the best of about a hundred reaches 12 happens in
    // less than one of a million runs.
    let lots = "select min(many) from (select count(*) as many from ballot_papers p join ballots b on b.id = p.ballot_id where b.slug = 'who-knows' group by p.xmin) lot";
    assert!(count(&site, lots).await >= 32);
    let found = best_matching(&site, &truth, ROLL, PAPERS).await;
    assert!(found < 12, "{found} of 70");
    // Nothing else in the database has a commitment beside a person, or a code, a key or a choice at all.
    everywhere(&site, &codes).await;

    site.app.clock().advance(chrono::Duration::hours(super::WEEK + 8));
    turn(&site).await;
    for table in ["ballot_papers", "ballot_roll"] {
        let ask = format!("select count(distinct xmin::text) from {table}");
        let many: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(ask)).fetch_one(&site.pool).await.unwrap();
        assert_eq!(many, 1, "{table} is written anew");
    }
    let found = best_matching(&site, &truth, ROLL, PAPERS).await;
    assert!(found < 12, "{found} of 70 after the close");

    // The attacker is worth something: planted leaks are found.
    let plant = "alter table ballot_papers add column at int; alter table ballot_roll add column at int";
    sqlx::raw_sql(plant).execute(&site.pool).await.unwrap();
    for (number, (email, commitment)) in (1000..).zip(&truth) {
        sqlx::query("update ballot_papers set at = $1 where encode(commitment, 'hex') = $2")
            .bind(number)
            .bind(commitment)
            .execute(&site.pool)
            .await
            .unwrap();
        sqlx::query("update ballot_roll set at = $1 from people p where p.id = person_id and p.email = $2::text::citext")
            .bind(number)
            .bind(email)
            .execute(&site.pool)
            .await
            .unwrap();
    }
    assert_eq!(best_matching(&site, &truth, ROLL, PAPERS).await, 70, "the same moment in both");
    let other = "alter table ballot_papers rename at to other; update ballot_papers set other = other * 3";
    sqlx::raw_sql(other).execute(&site.pool).await.unwrap();
    assert_eq!(best_matching(&site, &truth, ROLL, PAPERS).await, 70, "the same order in both");
}

fn hex(bytes: &[u8]) -> String {
    Sha(bytes.try_into().unwrap()).to_string()
}

/// Searches every table, the queue and the mails for codes.
async fn everywhere(site: &Site, codes: &BTreeMap<String, String>) {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    for table in tables {
        let ask = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(ask)).fetch_one(&site.pool).await.unwrap();
        for code in codes.values() {
            assert!(!text.contains(code.as_str()), "{table} has a tracking code");
        }
    }
    for entry in std::fs::read_dir(site.folder().join("mail")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for code in codes.values() {
            assert!(!text.contains(code.as_str()), "a mail has a tracking code");
        }
    }
}
