//! Everything about one person, on one page.

use breakthrough::accounts::ConsentPurpose;

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
    let paid = page.follow(&mut officer, "Money (2)").await;
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
    let sam = site.person("sam@demo.test").await;
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
    let ana = site.person("ana@demo.test").await;
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
    member.expect("Details saved.").expect("Ramsbottom");

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
    let mails = site.mails_to("ana@demo.test").await;
    assert!(mails.iter().any(|mail| mail.subject == "Your suspension has been lifted"));
    lifted
        .expect("The suspension has been lifted.")
        .expect("In good standing")
        .expect_not("Lift the suspension");

    let page = lifted.follow(&mut officer, "End the membership").await;
    let form =
        page.form(&format!("{path}/end")).fill("reason", "left").fill("words", "By letter, 20 November");
    let member = form.submit(&mut officer).await;
    member.expect("Ended on 21 November 2026: By letter, 20 November").expect_not("End the membership");
    site.work().await;
}

#[tokio::test]
async fn the_second_of_two_officers_sees_what_the_first_saved_and_loses_nothing() {
    let site = Site::open().await;
    let (ana, sam) = (site.person("ana@demo.test").await, site.person("sam@demo.test").await);
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let mut member = site.signed_in_as("ana@demo.test").await;
    // The form, what the first writes, what the second writes, and what the second is told.
    for (action, first, second, told) in [
        (
            format!("/admin/members/{ana}/details"),
            ("town", "Leeds"),
            ("phone", "0161 496 0000"),
            "Saved now: “Leeds”",
        ),
        (format!("/admin/members/{ana}/details"), ("dob_year", "1971"), ("name", "Ana S."), "1971”"),
        (
            format!("/admin/supporters/{sam}/details"),
            ("postcode", "CF10 3NP"),
            ("name", "Samira"),
            "Saved now: “CF10 3NP”",
        ),
        (
            format!("/admin/supporters/{sam}/details"),
            ("region", "london"),
            ("name", "Sami"),
            "Saved now: “London”",
        ),
        ("/admin/settings/grace_days".to_owned(), ("value", "20"), ("value", "25"), "Saved now: “20”"),
        (
            "/admin/settings/donation_cap_pence".to_owned(),
            ("value", "4,500"),
            ("value", "4,000"),
            "Saved now: “4,500”",
        ),
    ] {
        let (one, two) = (officer.get(&action).await, officer.get(&action).await);
        let of = |page: &crate::support::Page| {
            let form = page.form(&action);
            if action.contains("settings") { form.fill("source", "The executive") } else { form }
        };
        of(&one).fill(first.0, first.1).submit(&mut officer).await.expect_status(200);
        let page = of(&two).fill(second.0, second.1).submit_once(&mut officer).await;
        page.expect_status(409).expect("Somebody else saved this while you were writing").expect(told);
        assert_eq!(page.form(&action).value(second.0), Some(second.1), "{action}");
        page.form(&action).submit(&mut officer).await.expect_status(200).expect_not("There is a problem");
    }
    // A member and an officer, the member second.
    let own = member.get("/membership/details").await;
    let action = format!("/admin/members/{ana}/details");
    officer
        .get(&action)
        .await
        .form(&action)
        .fill("town", "Hull")
        .submit(&mut officer)
        .await
        .expect("Details saved");
    let form = own.form("/membership/details").fill("phone", "0161 496 0001");
    let page = form.submit_once(&mut member).await;
    page.expect_status(409).expect("Saved now: “Hull”");
    // What only the officer's form has is no quarrel.
    let own = member.get("/membership/details").await;
    officer
        .get(&action)
        .await
        .form(&action)
        .fill("name", "Ana Maria")
        .submit(&mut officer)
        .await
        .expect("Details saved");
    own.form("/membership/details")
        .fill("town", "York")
        .submit(&mut member)
        .await
        .expect("Your details have been saved.");
    // A suspension.
    let action = format!("/admin/members/{ana}/suspension");
    let (one, two) = (officer.get(&action).await, officer.get(&action).await);
    let suspend = |page: &crate::support::Page, day: &str, reason: &str| {
        let form =
            page.form(&action).fill("until_day", day).fill("until_month", "12").fill("until_year", "2026");
        form.fill("reason", reason)
    };
    suspend(&one, "15", "Complaint 7")
        .submit(&mut officer)
        .await
        .expect("The membership has been suspended.");
    let page = suspend(&two, "20", "Complaint 8").submit_once(&mut officer).await;
    page.expect_status(409).expect("Saved now: “15 12 2026”").expect("Saved now: “Complaint 7”");
    let page = page.form(&action).submit(&mut officer).await;
    page.expect("Suspended until 20 December 2026: Complaint 8");
    site.work().await;
}
