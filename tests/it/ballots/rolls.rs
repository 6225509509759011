//! What becomes of a roll after it was published.

use uuid::Uuid;

use super::{agree, announce, busy, draft, turn};
use crate::support::Site;

async fn entries(site: &Site) -> Vec<(Uuid, Vec<u8>, bool)> {
    sqlx::query_as("select ballot_id, entry, voted from ballot_roll order by 1, 2")
        .fetch_all(&site.pool)
        .await
        .unwrap()
}

async fn sizes_hold(site: &Site) -> bool {
    sqlx::query_scalar(
        "select bool_and(roll_size = (select count(*) from ballot_roll r where r.ballot_id = b.id))
         from ballots b where roll_size is not null",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_roll_stays_as_it_was_published_when_two_records_become_one() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    // Both on the roll of the demo party's finished votes, and of the one that is open.
    let both: Vec<Uuid> = sqlx::query_scalar(
        "select r.person_id from ballot_roll r join ballots b on b.id = r.ballot_id join people p on p.id = r.person_id
         where p.email::text like '%@members.example'
         group by r.person_id having bool_or(b.state = 'open') and count(*) filter (where b.state = 'declared') > 1
         order by r.person_id limit 2",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let [kept, gone] = both[..] else { panic!("{both:?}") };
    sqlx::query("update memberships set subscription = null where person_id = $1")
        .bind(gone)
        .execute(&site.pool)
        .await
        .unwrap();
    let published = entries(&site).await;
    let path = format!("/admin/duplicates/{kept}/{gone}");
    let page = officer.get(&path).await.form(&path).submit(&mut officer).await;
    page.expect_status(409).expect("on the roll of a vote under way");
    assert_eq!(entries(&site).await, published);
    sqlx::query("update ballots set state = 'void', voided_at = now(), void_reason = 'A test.' where state in ('announced', 'open', 'closed', 'counted')")
        .execute(&site.pool)
        .await
        .unwrap();
    officer.get(&path).await.form(&path).submit(&mut officer).await.expect("The two records are now one");
    assert_eq!(entries(&site).await, published);
    assert!(sizes_hold(&site).await);
    let nobodys: i64 = sqlx::query_scalar("select count(*) from ballot_roll where person_id is null")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert!(nobodys > 1, "{nobodys}");
    let page = officer.get("/admin/duplicates").await;
    let undo = page.attributes("form[action$='/undo']", "action")[0].clone();
    page.form(&undo).submit(&mut officer).await.expect_status(200);
    assert_eq!(entries(&site).await, published);
    let theirs: i64 = sqlx::query_scalar("select count(*) from ballot_roll where person_id = $1")
        .bind(gone)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert!(theirs >= nobodys, "{theirs} of {nobodys}");
    site.work().await;
}

#[tokio::test]
async fn a_vote_that_is_taken_back_is_said_to_be_and_announced_again() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "Twice announced").await;
    let told = async |words: &str| {
        let mails = site.mails_to("ana@demo.test").await;
        mails.iter().filter(|mail| mail.subject == format!("{words}: Twice announced")).count()
    };
    announce(&site, &desk, &mut first).await;
    assert_eq!((told("A vote is coming").await, told("Not yet").await), (1, 0));
    first.post(&format!("{desk}/withdrawal"), &[]).await.expect_status(200);
    assert_eq!((told("A vote is coming").await, told("Not yet").await), (1, 1));
    site.app.clock().advance(chrono::Duration::hours(1));
    announce(&site, &desk, &mut first).await;
    assert_eq!((told("A vote is coming").await, told("Not yet").await), (2, 1));
    first.get(&desk).await.expect("Announcement");
    site.app.clock().advance(chrono::Duration::hours(48));
    agree(&desk, "open", &mut first).await;
    agree(&desk, "open", &mut second).await;
    turn(&site).await;
    assert_eq!(told("A vote is coming").await, 2);
}
