//! A change: what it leaves when it is committed and when it is not, and who has to wait for it.

use std::time::{Duration, Instant};

use breakthrough::{
    accounts,
    audit::{Chain, verify},
    kit::mail::Letter,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::Site;

fn letter() -> Letter {
    Letter { subject: "Hello".into(), text: "Hello".into(), html: "<p>Hello</p>".into(), reply_to: None }
}

async fn count(site: &Site, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(&site.pool).await.unwrap()
}

const LINES: &str = "select count(*) from audit_log where subject_kind = 'test'";
const MAILS: &str = "select count(*) from outbox where occasion like 'test:%'";
const PEOPLE: &str = "select count(*) from people where email = 'new@example.org'";

#[tokio::test]
async fn a_change_leaves_all_of_itself_or_nothing() {
    let site = Site::open().await;
    let email = "new@example.org".parse().unwrap();
    for committed in [false, true] {
        let mut change = site.change().await;
        accounts::find_or_add_person(&mut change, &email, "New").await.unwrap();
        change.audit("person.changed", ("test", 1), json!({}));
        change.mail("test:1", &email, letter());
        if committed {
            change.commit().await.unwrap();
        } else {
            drop(change);
        }
        let all = (count(&site, PEOPLE).await, count(&site, LINES).await, count(&site, MAILS).await);
        assert_eq!(all, if committed { (1, 1, 1) } else { (0, 0, 0) });
    }
    // The same occasion again is no second mail.
    let mut change = site.change().await;
    change.mail("test:1", &email, letter());
    change.mail("test:2", &email, letter());
    change.mail("test:2", &email, letter());
    change.commit().await.unwrap();
    assert_eq!(count(&site, MAILS).await, 2);
    site.work().await;
}

#[tokio::test]
async fn lines_come_in_order_and_the_chain_holds() {
    let site = Site::open().await;
    let mut change = site.change().await;
    for number in 0..20 {
        change.audit("person.changed", ("test", number), json!({ "b": number, "a": ["é", null] }));
    }
    change.commit().await.unwrap();
    let order: Vec<String> =
        sqlx::query_scalar("select subject_id from audit_log where subject_kind = 'test' order by id")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(order, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
    let mut db = site.pool.acquire().await.unwrap();
    assert!(matches!(verify(&mut db).await.unwrap(), Chain::Whole { .. }));
}

#[tokio::test]
async fn an_action_that_takes_long_keeps_no_other_waiting() {
    let site = Site::open().await;
    let mut slow = site.change().await;
    slow.audit("person.changed", ("test", "slow"), json!({}));
    accounts::find_or_add_person(&mut slow, &"new@example.org".parse().unwrap(), "New").await.unwrap();
    let mut quick = site.change().await;
    quick.audit("person.changed", ("test", "quick"), json!({}));
    tokio::time::timeout(Duration::from_secs(2), quick.commit()).await.expect("it need not wait").unwrap();
    slow.commit().await.unwrap();
    let mut db = site.pool.acquire().await.unwrap();
    assert!(matches!(verify(&mut db).await.unwrap(), Chain::Whole { .. }));
}

/// How many suspensions fifty officers get through at once, by the page. Run by hand:
/// `cargo test --test it fifty_officers -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "it measures, and tells nothing on a busy machine"]
async fn fifty_officers_at_once() {
    let site = Site::open_with_connections(50).await;
    let people: Vec<Uuid> = sqlx::query_scalar(
        "select person_id from memberships where ended_on is null order by number limit 200",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let officer = site.signed_in_as("alex@demo.test").await;
    let began = Instant::now();
    let mut officers = tokio::task::JoinSet::new();
    for chunk in people.chunks(4) {
        let (mut officer, chunk) = (officer.clone(), chunk.to_vec());
        officers.spawn(async move {
            for round in 1..=5 {
                for person in &chunk {
                    let reason = format!("Complaint {round}");
                    let fields = [
                        ("until_day", "15"),
                        ("until_month", "12"),
                        ("until_year", "2026"),
                        ("reason", &reason),
                    ];
                    let page =
                        officer.post_once(&format!("/admin/members/{person}/suspension"), &fields).await;
                    page.expect_status(303);
                }
            }
        });
    }
    officers.join_all().await;
    let changes = u32::try_from(people.len()).unwrap() * 5;
    println!("{:.0} changes a second", f64::from(changes) / began.elapsed().as_secs_f64());
    site.work().await;
}
