//! The audit log as officers read it, and that nothing is missing in it.

use uuid::Uuid;

use crate::support::{Page, Site};

#[tokio::test]
async fn the_audit_log_is_filtered_and_checked() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin/audit").await;
    page.expect("Office given").expect("The site itself").expect("Returning officer");
    let page = officer.get("/admin/audit").await;
    let ballots = page.attributes("td a[href^='/admin/ballots/']", "href");
    officer.get(&ballots[0]).await.expect_status(200);
    let articles = page.attributes("td a[href^='/admin/news/']", "href");
    officer.get(&articles[0]).await.expect_status(200);
    let mut returning = site.signed_in_as("returning@demo.test").await;
    let page = returning.get("/admin/audit").await;
    assert!(!page.attributes("td a[href^='/admin/ballots/']", "href").is_empty());
    assert!(
        page.attributes("td a[href^='/admin/news/']", "href").is_empty(),
        "no link to what they cannot open"
    );
    officer.get("/admin/audit?person=theo").await.expect("Treasurer").expect_not("Rukhsana");
    officer.get("/admin/audit?from=2026-11-22").await.expect("No entries match");
    officer.get("/admin/audit?from=2026-11-21&to=2026-11-21").await.expect("Office given");
    officer.get("/admin/audit?to=-5000-01-01").await.expect_status(422).expect("between 1900 and 2100");
    officer.get("/admin/audit?from=then").await.expect_status(422).expect("Enter a date like 2026-11-21");
    officer.get("/admin/audit?before=1&kind=setting.").await.expect("No entries match");
    officer.get("/admin/audit?kind=nonsense").await.expect_status(422).expect("Choose from the list");
    officer
        .get("/admin/audit?from=2026-11-22&to=2026-11-21")
        .await
        .expect_status(422)
        .expect("or a later one");
    let checked = page.form("/admin/audit/check").submit(&mut officer).await;
    checked.expect("No line was changed since it was written. The log’s seal is ");
    sqlx::query("alter table audit_log disable trigger audit_log_append_only")
        .execute(&site.pool)
        .await
        .unwrap();
    sqlx::query("update audit_log set actor = 'somebody' where id = 2").execute(&site.pool).await.unwrap();
    let checked = page.form("/admin/audit/check").submit(&mut officer).await;
    checked.expect("Line 2 or one before it was changed or removed");
}

#[tokio::test]
async fn long_logs_are_read_page_by_page() {
    let site = Site::open().await;
    let mut change = site.change().await;
    for _ in 0..60 {
        change.audit(
            "setting.changed",
            ("setting", "imprint"),
            serde_json::json!({ "value": ["old", "new"] }),
        );
    }
    change.commit().await.unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let first = officer.get("/admin/audit?kind=setting.").await;
    assert_eq!(first.select("tbody tr").len(), 50);
    let older = officer.get(&first.attributes("nav.paging a[rel=next]", "href")[0]).await;
    assert_eq!(older.select("tbody tr").len(), 10);
    older.expect("Newest entries").expect("Setting: Imprint");
}

#[tokio::test]
async fn officers_without_the_records_read_no_details_in_the_log() {
    let site = Site::open().await;
    let sam = site.person("sam@demo.test").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let action = format!("/admin/supporters/{sam}/details");
    let page = officer.get(&action).await;
    page.form(&action).fill("email", "sam@elsewhere.test").submit(&mut officer).await.expect("Saved.");
    officer.get("/admin/audit?kind=person.").await.expect("sam@demo.test").expect("sam@elsewhere.test");
    let mut returning = site.signed_in_as("returning@demo.test").await;
    let page = returning.get("/admin/audit").await;
    page.expect("Details changed").expect("A person").expect("Alex Mwangi");
    returning.get("/admin/audit?kind=officer.").await.expect("Returning officer");
    page.expect_not("sam@").expect_not("Sam Whitlock").expect_not("By or about");
    assert!(page.attributes("main a", "href").iter().all(|href| !href.starts_with("/admin/members/")));
    // Asking by name must not tell whose a line is either.
    let asked = returning.get("/admin/audit?person=sam").await;
    assert_eq!(asked.select("tbody tr").len(), page.select("tbody tr").len());
    site.work().await;
}

/// The newest line of the audit log.
async fn newest_action(site: &Site) -> String {
    sqlx::query_scalar("select action from audit_log order by id desc limit 1")
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_change_by_an_officer_is_in_the_audit_log() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    macro_rules! logged {
        ($action:literal, $form:expr) => {{
            let page = $form.submit(&mut officer).await;
            page.expect_status(200);
            assert_eq!(newest_action(&site).await, $action);
            page
        }};
    }
    let form = |page: &Page, action: &str| page.form(action);

    let page = officer.get("/admin/officers").await;
    let new = form(&page, "/admin/officers").fill("email", "kim@demo.test").fill("name", "Kim Kay");
    let page = logged!("officer.added", new.fill("role", "editor"));
    let mail = site.mail_to("kim@demo.test").await;
    assert_eq!(mail.subject, "You now hold an office: Editor");
    let ends = page.select("a[href^='/admin/officers/']");
    let at = ends.iter().position(|words| words.contains("Kim Kay")).unwrap();
    let end = page.attributes("a[href^='/admin/officers/']", "href").remove(at);
    // It asks first, and can be undone.
    let asked = officer.get(&end).await;
    asked.expect("End this office?").expect("Kim Kay is editor").expect("You can give the office back");
    let page = logged!("officer.ended", form(&asked, &end));
    let back = page.attributes("form[action$='/return']", "action").remove(0);
    let page = logged!("officer.added", form(&page, &back));
    page.expect("Kim Kay is editor again.").expect_not("Ended in the last 30 days");
    officer.get(&end).await.expect_status(409);

    let path = "/admin/settings/grace_days";
    let new = officer.get(path).await.form(path).fill("value", "20").fill("source", "Executive, 3 May");
    logged!("setting.changed", new);

    let write = officer.get("/admin/updates/new").await.form("/admin/updates");
    let page = logged!("update.written", write.fill("subject", "One").fill("body", "Words"));
    let update = page.path.clone();
    let edit = officer.get(&format!("{update}/edit")).await;
    logged!("update.changed", form(&edit, &update).fill("subject", "Two"));
    let confirm = officer.get(&format!("{update}/sending")).await;
    let page = logged!("update.sent", form(&confirm, &format!("{update}/sending")));
    let page = logged!("update.paused", form(&page, &format!("{update}/pause")));
    let page = logged!("update.resumed", form(&page, &format!("{update}/resumption")));
    logged!("update.cancelled", form(&page, &format!("{update}/cancellation")));
    sqlx::query("update deliveries set state = 'uncertain' where update_id = $1")
        .bind(update.rsplit('/').next().unwrap().parse::<Uuid>().unwrap())
        .execute(&site.pool)
        .await
        .unwrap();
    let page = officer.get(&update).await;
    logged!("update.decided", form(&page, &format!("{update}/uncertain")).press("decision", "leave"));
    let write = officer.get("/admin/updates/new").await.form("/admin/updates");
    let page = logged!("update.written", write.fill("subject", "Three").fill("body", "Words"));
    let draft = page.path.clone();
    let page = logged!("update.deleted", form(&page, &format!("{draft}/removal")));
    page.expect("The draft is deleted.").expect_not("Three");
    officer.post(&format!("{update}/removal"), &[]).await.expect_status(409);

    let found = officer.get("/admin/members?q=ana%40demo.test").await;
    let member = found.attributes("tbody th a", "href").remove(0);
    let page = officer.get(&format!("{member}/suspension")).await;
    let suspend = form(&page, &format!("{member}/suspension")).fill("until_day", "15");
    let suspend = suspend.fill("until_month", "12").fill("until_year", "2026").fill("reason", "Rule 9");
    let page = suspend.submit(&mut officer).await;
    form(&page, &format!("{member}/suspension/end")).submit(&mut officer).await;
    let actions: Vec<String> = sqlx::query_scalar("select action from audit_log order by id desc limit 8")
        .fetch_all(&site.pool)
        .await
        .unwrap();
    // Lifting works the state out again, which is a line of its own.
    for expected in ["membership.suspended", "membership.suspension_lifted", "membership.state_changed"] {
        assert!(actions.iter().any(|action| action == expected), "{expected}: {actions:?}");
    }

    let page = officer.get("/admin/donations").await;
    let case = page.attributes("tbody th a", "href").remove(0);
    let page = officer.get(&case).await;
    let accept = form(&page, &format!("{case}/acceptance")).fill("elector_number", "BL1-7");
    logged!("donation.accepted", accept);
    let page = officer.get(&case).await;
    let page = logged!("donation.check_undone", form(&page, &format!("{case}/undo")));
    let refuse = form(&page, &format!("{case}/refusal")).fill("why", "not_on_register");
    logged!("donation.refused", refuse);
    officer.post(&format!("{case}/undo"), &[]).await.expect_status(409);

    let page = officer.get("/admin/pages").await;
    let place = page.attributes("form[action$='/place']", "action").remove(1);
    logged!("content.moved", form(&page, &place).press("to", "up"));

    // Every line is found by the filter of its kind, and every filter is for lines that are written.
    let log = officer.get("/admin/audit").await;
    let mut filters = log.attributes("select[name=kind] option", "value");
    filters.retain(|filter| !filter.is_empty());
    let actions: Vec<String> = sqlx::query_scalar("select distinct action from audit_log order by action")
        .fetch_all(&site.pool)
        .await
        .unwrap();
    for action in &actions {
        let filter = filters.iter().find(|filter| action.starts_with(filter.as_str()));
        let filter = filter.unwrap_or_else(|| panic!("no filter for {action}"));
        let page = officer.get(&format!("/admin/audit?kind={filter}")).await;
        assert!(!page.select("tbody tr").is_empty(), "{filter}");
    }
    log.form("/admin/audit/check").submit(&mut officer).await.expect("No line was changed");
    site.work().await;
}
