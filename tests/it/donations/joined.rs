//! Donors that the treasurer has joined, when two people are merged and parted again.

use uuid::Uuid;

use super::{
    send, session_of,
    sums::{accept_all, book, empty},
};
use crate::support::{Browser, Page, Site};

const OFFICER: &str = "alex@demo.test";

async fn merge(officer: &mut Browser, kept: Uuid, gone: Uuid) {
    let page = officer.get(&format!("/admin/duplicates/{kept}/{gone}")).await;
    page.form(&page.path).submit(officer).await.expect("The two records are now one");
}

async fn undo(officer: &mut Browser) {
    let page = officer.get("/admin/duplicates").await;
    let action = page.attributes("form[action$='/undo']", "action")[0].clone();
    page.form(&action).submit(officer).await;
}

async fn join(site: &Site, source: &str, into: &str) {
    sqlx::query(
        "insert into donor_merges (source, into_source, reason, merged_by, merged_at)
         select $1, $2, 'They told us', id, '2026-11-01' from people where email = 'treasurer@demo.test'",
    )
    .bind(source)
    .bind(into)
    .execute(&site.pool)
    .await
    .unwrap();
}

async fn source(site: &Site, email: &str) -> String {
    sqlx::query_scalar("select donation_source(null, $1::text::citext)")
        .bind(email)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

async fn rows(site: &Site) -> Vec<(String, String, String)> {
    sqlx::query_as("select source, into_source, reason from donor_merges order by 1")
        .fetch_all(&site.pool)
        .await
        .unwrap()
}

async fn sources(treasurer: &mut Browser) -> Page {
    treasurer.get("/admin/donations/sources").await
}

#[tokio::test]
async fn m15_joined_donors_stay_joined_when_two_people_are_merged_and_parted() {
    let site = Site::open().await;
    empty(&site).await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let (kept, gone) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    let (k, g) = (format!("person:{kept}"), format!("person:{gone}"));
    let ben = format!("person:{}", site.person("ben@demo.test").await);
    let other = "email:other@example.org".to_owned();
    let retired = "email:retired@example.org";
    // Everything that counts as either counts as one afterwards, and as before once it is undone.
    for (what, joined, one) in [
        ("into who goes", vec![(retired, g.as_str())], vec![retired]),
        ("into who stays", vec![(retired, k.as_str())], vec![retired]),
        (
            "who goes into another",
            vec![(g.as_str(), other.as_str()), (retired, other.as_str())],
            vec![retired, other.as_str()],
        ),
        ("who stays into another", vec![(k.as_str(), other.as_str())], vec![other.as_str()]),
        ("who stays into who goes", vec![(k.as_str(), g.as_str()), (retired, g.as_str())], vec![retired]),
        ("who goes into who stays", vec![(g.as_str(), k.as_str())], vec![]),
        (
            "both into others",
            vec![(g.as_str(), other.as_str()), (k.as_str(), retired)],
            vec![retired, other.as_str()],
        ),
        ("a third", vec![(ben.as_str(), g.as_str())], vec!["email:ben@demo.test"]),
    ] {
        sqlx::query("delete from donor_merges").execute(&site.pool).await.unwrap();
        for (from, into) in joined {
            join(&site, from, into).await;
        }
        let before = rows(&site).await;
        merge(&mut officer, kept, gone).await;
        let now = source(&site, "ana@demo.test").await;
        for record in one {
            assert_eq!(source(&site, record.strip_prefix("email:").unwrap()).await, now, "{what}: {record}");
        }
        assert!(
            rows(&site).await.iter().all(|row| row.0 != g && row.1 != g && row.1 == now),
            "{what}: {:?}",
            rows(&site).await
        );
        undo(&mut officer).await;
        assert_eq!(rows(&site).await, before, "{what}");
        site.app.clock().advance(chrono::Duration::minutes(1));
        officer = site.signed_in_as(OFFICER).await;
    }
    sources(&mut treasurer).await;
}

#[tokio::test]
async fn m15_the_cap_sums_and_returns_of_merged_people_are_one_and_two_again() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    empty(&site).await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let (kept, gone) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    super::cases::set(&site, "donation_cap_pence", "1130000", "2026-01-01").await;
    book(&site, "ana@demo.test", 600_000, "2026-07-01T12:00:00Z").await;
    book(&site, "sam@demo.test", 518_100, "2026-08-01T12:00:00Z").await;
    accept_all(&site).await;
    let quarter = "/admin/donations/returns/quarterly/2026-07-01";
    treasurer.get(quarter).await.expect("A nil return");
    merge(&mut officer, kept, gone).await;
    treasurer.get(quarter).await.expect("£6,000").expect("£5,181");
    let page = sources(&mut treasurer).await;
    assert!(page.table("Donors").column("Accepted").contains(&"£11,181".to_owned()));
    let mut ana = site.signed_in_as("ana@demo.test").await;
    send(&mut ana, "ana@demo.test", "own", "300").await.expect_status(422).expect("more this year");
    undo(&mut officer).await;
    session_of(&send(&mut ana, "ana@demo.test", "own", "300").await);
    site.work().await;
    treasurer.get(quarter).await.expect("A nil return");
    let page = sources(&mut treasurer).await;
    assert!(page.table("Donors").column("Accepted").contains(&"£5,181".to_owned()));
    // The address that went has given as a guest: what it gives later counts as the one who stayed.
    let guest = "insert into gifts (id, name, email, amount_pence, declaration, created_at, needs_check)
                 values (gen_random_uuid(), 'Sam', 'sam@demo.test', 1000, 'x', now(), false)";
    sqlx::query(guest).execute(&site.pool).await.unwrap();
    merge(&mut officer, kept, gone).await;
    assert_eq!(source(&site, "sam@demo.test").await, format!("person:{kept}"));
    undo(&mut officer).await;
    assert_eq!(source(&site, "sam@demo.test").await, format!("person:{gone}"));
    assert!(rows(&site).await.is_empty());
}
