//! Everything about one person, on one page.

use breakthrough::accounts::ConsentPurpose;
use uuid::Uuid;

use crate::{
    people::{KWABENA, add, consent, pay},
    support::Site,
};

#[tokio::test]
async fn a_persons_record_tells_everything_that_happened() {
    let site = Site::open().await;
    let kwabena = add(&site.pool, KWABENA).await;
    pay(&site.pool, kwabena, 500, "2026-11-03T10:00:00Z").await;
    pay(&site.pool, kwabena, 750, "2026-10-03T10:00:00Z").await;
    consent(&site.pool, kwabena, ConsentPurpose::EmailUpdates).await;
    let email: breakthrough::kit::email_address::EmailAddress = KWABENA.email.parse().unwrap();
    let letter = breakthrough::kit::mail::Letter {
        subject: "Welcome to the party".to_owned(),
        text: "Hello".to_owned(),
        html: "<p>Hello</p>".to_owned(),
        reply_to: None,
    };
    let mut change = site.change().await;
    change.mail("test:welcome", &email, letter.clone());
    let letter = breakthrough::kit::mail::Letter { subject: "Sign in with 271828".to_owned(), ..letter };
    change.mail("sign-in:test", &email, letter);
    change.commit().await.unwrap();
    site.work().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{kwabena}");
    let page = officer.get(&path).await;
    page.expect_status(200)
        .expect("Payment overdue")
        .expect("counts as a member until 1 December 2026")
        .expect("1 High Street, Bury, BN1 1AA")
        .expect(ConsentPurpose::EmailUpdates.wording());
    let paid = page.follow(&mut officer, "Payments (2)").await;
    paid.expect("£12.50 in 2 payments").expect("3 October 2026").expect("£7.50");
    let page = page.follow(&mut officer, "Activity").await;
    page.expect("We emailed “Welcome to the party”")
        .expect("Agreed to email updates (joining form)")
        .expect("Paid £5 for membership by card")
        .expect_not("271828")
        // That somebody looked is no part of their story; the audit log has it.
        .expect_not("Record opened");
    officer.get("/admin/audit?kind=record.seen").await.expect("Record opened").expect(KWABENA.name);
    let times = page.attributes("ol.timeline time", "datetime");
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    // Opened once a day, whoever reloads.
    officer.get(&path).await;
    let seen = |expected: usize| {
        let pool = site.pool.clone();
        async move {
            let lines: Vec<i64> = sqlx::query_scalar(
                "select id from audit_log where action = 'record.seen' and subject_id = $1",
            )
            .bind(kwabena.to_string())
            .fetch_all(&pool)
            .await
            .unwrap();
            assert_eq!(lines.len(), expected);
        }
    };
    seen(1).await;
    site.app.clock().advance(chrono::Duration::days(1));
    officer.get(&path).await;
    seen(2).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get(&path).await.expect_not("What you can do").expect_not("Write a note");
    seen(3).await;
}

#[tokio::test]
async fn an_officer_changes_details_and_the_log_says_from_what_to_what() {
    let site = Site::open().await;
    let sam: Uuid = sqlx::query_scalar("select id from people where email = 'sam@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let (path, action) = (format!("/admin/members/{sam}"), format!("/admin/supporters/{sam}/details"));
    let page = officer.get(&path).await;
    assert!(page.attributes("main a", "href").contains(&action));
    let wrong = officer
        .get(&action)
        .await
        .form(&action)
        .fill("name", "")
        .fill("email", "ana@demo.test")
        .fill("postcode", "nowhere")
        .submit(&mut officer)
        .await;
    wrong.expect_status(422).expect("There is a problem").expect("Enter the full name");
    let taken = wrong
        .form(&action)
        .fill("name", "Sam Whitlock")
        .fill("email", "ana@demo.test")
        .fill("postcode", "")
        .submit(&mut officer)
        .await;
    taken.expect_status(409).expect("This email address is already in use");
    let page = taken
        .form(&action)
        .fill("name", "Samira Whitlock")
        .fill("email", "sam@demo.test")
        .fill("postcode", "bl90nd")
        .fill("region", "")
        .submit(&mut officer)
        .await;
    page.expect("Saved.").expect("Samira Whitlock").expect("BL9 0ND").expect("North West");
    let log = officer.get("/admin/audit?kind=person.&person=samira").await;
    log.expect("Details changed").expect("Sam Whitlock").expect("Samira Whitlock");
    assert_eq!(log.select("tbody tr").len(), 1);
    assert!(log.select("td del").contains(&"Sam Whitlock".to_owned()));
    let nobody = officer.post("/admin/supporters/00000000-0000-0000-0000-000000000000/details", &[]).await;
    nobody.expect_status(404);
    // A member has an address with them, which another form changes.
    let ana: Uuid = sqlx::query_scalar("select id from people where email = 'ana@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let action = format!("/admin/supporters/{ana}/details");
    let sent = [("name", "Ana"), ("email", "ana@demo.test")];
    officer.post(&action, &sent).await.expect_status(409).expect("from the member’s page");
    officer.get(&action).await.expect_status(409);
}

#[tokio::test]
async fn an_officer_finds_every_form_from_a_members_page() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let found = officer.get("/admin/members?q=ana%40demo.test").await;
    let member = officer.get(&found.attributes("tbody th a", "href")[0]).await;
    let path = member.path.clone();
    assert!(member.attributes("form", "action").iter().all(|to| !to.starts_with("/admin/supporters")));
    let by_hand = format!("{}/details", path.replace("/members/", "/supporters/"));
    let fields = [("name", "Ana"), ("email", "ana@demo.test"), ("postcode", "LS6 2AB")];
    officer.post(&by_hand, &fields).await.expect_status(409).expect("together with the address");

    let page = member.follow(&mut officer, "Change the details and the address").await;
    let form = page.form(&format!("{path}/details")).fill("town", "Ramsbottom");
    let member = form.submit(&mut officer).await;
    member.expect("The details are saved.").expect("Ramsbottom");

    let page = member.follow(&mut officer, "Write a note").await;
    let form = page.form(&format!("{path}/notes")).fill("words", "Spoke on the phone.");
    let member = form.submit(&mut officer).await;
    member.expect("Note saved.");
    assert_eq!(member.select(".note .words"), ["Spoke on the phone."]);

    let page = member.follow(&mut officer, "Suspend the membership").await;
    let form = page.form(&format!("{path}/suspension")).fill("until_day", "15").fill("until_month", "12");
    let form = form.fill("until_year", "2026").fill("reason", "Complaint 7, rule 9");
    let member = form.submit(&mut officer).await;
    member.expect("Suspended until 15 December 2026: Complaint 7, rule 9").expect("Change the suspension");

    let lifted = member.form(&format!("{path}/suspension/end")).submit(&mut officer).await;
    lifted.expect("The suspension is lifted.").expect("In good standing").expect_not("Lift the suspension");

    let page = lifted.follow(&mut officer, "End the membership").await;
    let form =
        page.form(&format!("{path}/end")).fill("reason", "left").fill("words", "By letter, 20 November");
    let member = form.submit(&mut officer).await;
    member.expect("Ended on 21 November 2026: By letter, 20 November").expect_not("End the membership");
    site.work().await;
}
