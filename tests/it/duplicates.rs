//! Two records of one person: found, merged with everything that belongs to them, parted again.

use std::collections::BTreeSet;

use breakthrough::{
    accounts::{self, Carry, ConsentPurpose, Rooms},
    duplicates::FindDuplicates,
    kit::queue,
    site,
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Browser, Page, Site};

const OFFICER: &str = "alex@demo.test";
const ROOMS: Rooms = Rooms(site::ROOMS);

#[tokio::test]
async fn every_column_that_points_to_a_person_is_stated_by_its_room() {
    let site = Site::open().await;
    let keys: Vec<(String, String)> = sqlx::query_as(
        "select c.conrelid::regclass::text, a.attname::text from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
         where c.contype = 'f' and c.confrelid = 'people'::regclass",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let keys: BTreeSet<_> = keys.into_iter().collect();
    let stated = ROOMS.iter().flat_map(|room| room.people);
    let stated: BTreeSet<_> =
        stated.map(|points| (points.table.to_owned(), points.column.to_owned())).collect();
    let forgotten: Vec<_> = keys.difference(&stated).collect();
    assert!(
        forgotten.is_empty(),
        "a merge would lose these; state them in `people` of the room's ROOM: {forgotten:?}"
    );
    assert_eq!(
        stated.difference(&keys).collect::<Vec<_>>(),
        Vec::<&(String, String)>::new(),
        "these point to nobody"
    );
}

async fn number(site: &Site, question: &str, person: Uuid) -> i64 {
    let question = sqlx::AssertSqlSafe(question.to_owned());
    sqlx::query_scalar(question).bind(person).fetch_one(&site.pool).await.unwrap()
}

/// Everything that is known of two people, but for how they are signed in.
async fn known(site: &Site, people: &[Uuid]) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let read = async |statement: String| -> Value {
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).bind(people).fetch_one(&site.pool).await.unwrap()
    };
    for points in ROOMS.iter().flat_map(|room| room.people) {
        if matches!(points.carry, Carry::Ends) || points.table == "merges" {
            continue;
        }
        let (table, column) = (points.table, points.column);
        let rows = read(format!(
            "select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') from {table} t where {column} = any($1)"
        ));
        all.push((format!("{table}.{column}"), rows.await));
    }
    let people = "select jsonb_agg(to_jsonb(p) order by id) from people p where id = any($1)";
    all.push(("people".into(), read(people.into()).await));
    let periods = "select jsonb_agg(to_jsonb(q) order by q.id) from membership_periods q
                   join memberships m on m.id = q.membership_id where m.person_id = any($1)";
    all.push(("periods".into(), read(format!("select coalesce(({periods}), '[]')")).await));
    for table in ["membership_states", "membership_overrides"] {
        let rows = format!(
            "select coalesce(jsonb_agg(to_jsonb(t) - array['id'] order by t.membership_id, t.starts_on), '[]') from {table} t
             join memberships m on m.id = t.membership_id where m.person_id = any($1)"
        );
        all.push((table.into(), read(rows).await));
    }
    all
}

async fn compare(officer: &mut Browser, kept: Uuid, gone: Uuid) -> Page {
    officer.get(&format!("/admin/duplicates/{kept}/{gone}")).await
}

async fn merge(officer: &mut Browser, kept: Uuid, gone: Uuid) -> Page {
    let page = compare(officer, kept, gone).await;
    page.form(&page.path).submit(officer).await
}

async fn undo(officer: &mut Browser) -> Page {
    let page = officer.get("/admin/duplicates").await;
    let action = page.attributes("form[action$='/undo']", "action")[0].clone();
    page.form(&action).submit(officer).await
}

#[tokio::test]
async fn pairs_are_found_and_two_people_are_remembered_as_two() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let page = officer.get("/admin/duplicates").await;
    page.expect("Hollie Marsh").expect("the same mailbox, name and postcode");
    let (one, other) =
        (site.person("hollie.marsh@gmail.com").await, site.person("holliemarsh+news@gmail.com").await);
    let page = compare(&mut officer, one, other).await;
    page.expect("hollie.marsh@gmail.com").expect("holliemarsh+news@gmail.com");
    let refused = page.form(&format!("{}/refusal", page.path)).submit(&mut officer).await;
    refused.expect("these are two people").expect_not("Hollie Marsh");
    let mut db = site.pool.acquire().await.unwrap();
    queue::push(&mut db, &FindDuplicates::default()).await.unwrap();
    drop(db);
    site.work().await;
    officer.get("/admin/duplicates").await.expect_not("Hollie Marsh");
    // Addresses that look alike and are not.
    for (one, other, same) in [
        ("a.b@gmail.com", "AB+x@googlemail.com", true),
        ("ab+x@outlook.com", "ab@outlook.com", true),
        ("a.b@outlook.com", "ab@outlook.com", false),
        ("a.b@example.org", "ab@example.org", false),
        ("ab+x@example.org", "ab@example.org", false),
    ] {
        let found: bool = sqlx::query_scalar("select same_mailbox($1) = same_mailbox($2)")
            .bind(one)
            .bind(other)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        assert_eq!(found, same, "{one} {other}");
    }
}

#[tokio::test]
async fn a_merge_carries_everything_and_an_undo_gives_it_back() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    // Ben was a member and is none; Sam is a supporter with consents. Each has a past in many rooms.
    for (kept, gone) in [
        ("sam@demo.test", "ben@demo.test"),
        ("ana@demo.test", "sam@demo.test"),
        ("ana@demo.test", "ben@demo.test"),
    ] {
        let (kept_id, gone_id) = (site.person(kept).await, site.person(gone).await);
        let payments = "select count(*) from ledger where person_id = $1";
        let both = number(&site, payments, kept_id).await + number(&site, payments, gone_id).await;
        let form = officer
            .get(&format!("/admin/members/{gone_id}/notes"))
            .await
            .form(&format!("/admin/members/{gone_id}/notes"));
        form.fill("words", &format!("Called about {kept}")).submit(&mut officer).await;
        let before = known(&site, &[kept_id, gone_id]).await;
        merge(&mut officer, kept_id, gone_id).await.expect("The two records are now one");
        assert_eq!(number(&site, "select count(*) from people where id = $1", gone_id).await, 0);
        compare(&mut officer, gone_id, kept_id).await.expect("These records have already been merged");
        assert_eq!(number(&site, payments, kept_id).await, both, "{gone} into {kept}");
        for points in ROOMS.iter().flat_map(|room| room.people) {
            let left = format!("select count(*) from {} where {} = $1", points.table, points.column);
            assert_eq!(number(&site, &left, gone_id).await, 0, "{}.{}", points.table, points.column);
        }
        // The old address of the record leads to what it is part of.
        let page = officer.get(&format!("/admin/members/{gone_id}")).await;
        page.expect_status(200).expect(kept).expect(&format!("Called about {kept}"));
        undo(&mut officer).await.expect("they are two records again");
        let after = known(&site, &[kept_id, gone_id]).await;
        for (was, is) in before.iter().zip(&after) {
            assert_eq!(was, is, "{gone} into {kept}");
        }
    }
    let log: Vec<String> =
        sqlx::query_scalar("select action from audit_log where action like 'merge.%' order by id limit 2")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(log, ["merge.done", "merge.undone"]);
}

#[tokio::test]
async fn facts_are_chosen_one_by_one_and_gaps_are_filled() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    // She is on the roll of a vote under way, which is waited for.
    sqlx::query("update ballots set state = 'void', voided_at = now(), void_reason = 'A test.' where state not in ('draft', 'declared', 'void')")
        .execute(&site.pool)
        .await
        .unwrap();
    let (ana, sam) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    let page = compare(&mut officer, sam, ana).await;
    let form = page.form(&page.path).fill("email", "gone");
    form.submit(&mut officer).await.expect("The two records are now one");
    let found: (String, String, String) =
        sqlx::query_as("select name, email::text, standing from people where id = $1")
            .bind(sam)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!((found.1.as_str(), found.2.as_str()), ("ana@demo.test", "member"));
    let born = "select count(*) from memberships where person_id = $1 and personal ->> 'born_on' is not null";
    assert_eq!(number(&site, born, sam).await, 1);
    // An address that no longer leads to the record hears of it, as with any change of address.
    assert_eq!(site.mails_to("sam@demo.test").await.len(), 1);
    undo(&mut officer).await;
    site.work().await;
    assert_eq!((site.person("ana@demo.test").await, site.person("sam@demo.test").await), (ana, sam));
}

#[tokio::test]
async fn the_stricter_consent_holds_also_after_the_merge_is_undone() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let (ana, sam) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    let purpose = ConsentPurpose::EmailUpdates;
    let mut change = site.change().await;
    accounts::give_consent(&mut change, ana, purpose, "test").await.unwrap();
    accounts::give_consent(&mut change, sam, purpose, "test").await.unwrap();
    accounts::withdraw_consent(&mut change, sam, purpose, "test").await.unwrap();
    change.commit().await.unwrap();
    let stands = "select count(*) from consents where person_id = $1 and purpose = 'email_updates' and withdrawn_at is null";
    site.app.clock().advance(chrono::Duration::minutes(1));
    merge(&mut officer, ana, sam).await;
    assert_eq!(number(&site, stands, ana).await, 0, "a no outweighs a yes");
    undo(&mut officer).await;
    assert_eq!((number(&site, stands, ana).await, number(&site, stands, sam).await), (1, 0));
    // Both agree, and while they are one, they stop.
    let mut change = site.change().await;
    accounts::give_consent(&mut change, sam, purpose, "test").await.unwrap();
    change.commit().await.unwrap();
    site.app.clock().advance(chrono::Duration::minutes(1));
    merge(&mut officer, ana, sam).await;
    assert_eq!(number(&site, stands, ana).await, 1);
    site.app.clock().advance(chrono::Duration::minutes(1));
    let mut change = site.change().await;
    accounts::withdraw_consent(&mut change, ana, purpose, "test").await.unwrap();
    change.commit().await.unwrap();
    undo(&mut officer).await;
    assert_eq!((number(&site, stands, ana).await, number(&site, stands, sam).await), (0, 0));
}

#[tokio::test]
async fn what_cannot_be_one_is_refused_in_words_and_leaves_all_as_it_was() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let paying: Vec<Uuid> = sqlx::query_scalar(
        "select m.person_id from memberships m join subscriptions s on s.id = m.subscription
         where m.state = 'active' and s.state = 'active' and m.suspended_at is null
           and not exists (select from officers o where o.person_id = m.person_id) order by m.number limit 2",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let before = known(&site, &paying).await;
    merge(&mut officer, paying[0], paying[1]).await.expect_status(409).expect("Both records pay");
    assert_eq!(known(&site, &paying).await, before);
    let treasurer = site.person("treasurer@demo.test").await;
    merge(&mut officer, paying[0], treasurer).await.expect_status(409).expect("holds an office");
    let path = format!("/admin/duplicates/{0}/{0}", paying[0]);
    let page = officer.get(&path).await;
    page.form(&path).submit(&mut officer).await.expect_status(404);
    // Only who may merge does.
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/duplicates").await.expect_status(403);
    // A month later it is too late.
    let (ana, sam) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    merge(&mut officer, ana, sam).await.expect("The two records are now one");
    sqlx::query("update merges set merged_at = merged_at - interval '31 days'")
        .execute(&site.pool)
        .await
        .unwrap();
    undo(&mut officer).await.expect_status(409).expect("can no longer be undone");
    let mut db = site.pool.acquire().await.unwrap();
    queue::push(&mut db, &FindDuplicates::default()).await.unwrap();
    drop(db);
    site.work().await;
    officer.get("/admin/duplicates").await.expect_not("Can be undone");
    officer.get(&format!("/admin/members/{sam}")).await.expect("ana@demo.test");
}

#[tokio::test]
async fn a_link_that_stops_emails_works_for_the_record_that_stayed() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let (ana, sam) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    let purpose = ConsentPurpose::EmailUpdates;
    let mut change = site.change().await;
    accounts::give_consent(&mut change, sam, purpose, "test").await.unwrap();
    accounts::give_consent(&mut change, ana, purpose, "test").await.unwrap();
    change.commit().await.unwrap();
    let link = breakthrough::newsletters::unsubscribe_link(&site.app, sam);
    let path = link.split_once("/unsubscribe/").map(|(_, token)| format!("/unsubscribe/{token}")).unwrap();
    merge(&mut officer, ana, sam).await;
    let mut reader = site.stranger();
    let page = reader.get(&path).await;
    page.expect_status(200).expect("a…@demo.test");
    page.form(&path).submit(&mut reader).await.expect("Stopped");
    let stands = "select count(*) from consents where person_id = $1 and purpose = 'email_updates' and withdrawn_at is null";
    assert_eq!(number(&site, stands, ana).await, 0);
}

/// Where two people stood on a day, and whether they were on a roll of it.
async fn stood(site: &Site, people: &[Uuid], day: &str) -> Vec<(Uuid, String, bool)> {
    sqlx::query_as(
        "select person_id, standing, person_id in (select membership_roll($2::date, $2::date, 0, 14))
         from membership_standing($2::date, 0, 14) where person_id = any($1) order by standing, person_id",
    )
    .bind(people)
    .bind(day)
    .fetch_all(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn p3_where_somebody_stood_survives_a_merge_and_its_undoing() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    // One who is a member, and one whose membership has ended: the past of both is known.
    let pairs: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select k.person_id, g.person_id from
             (select *, row_number() over (order by number) as at from memberships where state = 'active' and suspended_until is null) k
             join (select *, row_number() over (order by number) as at from memberships where state = 'ended' and end_reason = 'lapsed') g
             using (at) where k.person_id <> g.person_id limit 3",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(pairs.len(), 3);
    // A vote under way would be waited for.
    sqlx::query("update ballots set state = 'void', voided_at = now(), void_reason = 'A test.' where state not in ('draft', 'declared', 'void')")
        .execute(&site.pool)
        .await
        .unwrap();
    for (kept, gone) in pairs {
        let people = [kept, gone];
        let days: Vec<String> = sqlx::query_scalar(
            "select distinct day::text from membership_states s join memberships m on m.id = s.membership_id,
                    unnest(array[s.starts_on, s.ends_on - 1, '2026-11-21'::date]) day where m.person_id = any($1) and day is not null",
        )
        .bind(people)
        .fetch_all(&site.pool)
        .await
        .unwrap();
        let mut before = Vec::new();
        for day in &days {
            before.push(stood(&site, &people, day).await);
        }
        merge(&mut officer, kept, gone).await.expect_status(200);
        for (day, before) in days.iter().zip(&before) {
            let after = stood(&site, &people, day).await;
            assert_eq!(after.len(), before.len().min(1), "{day}: {before:?}, {after:?}");
            assert_eq!(
                after.iter().any(|it| it.2),
                before.iter().any(|it| it.2),
                "{day}: whoever was on a roll still was: {before:?}, {after:?}"
            );
        }
        undo(&mut officer).await.expect_status(200);
        for (day, before) in days.iter().zip(&before) {
            assert_eq!(&stood(&site, &people, day).await, before, "{day}");
        }
    }
}
