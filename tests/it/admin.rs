use std::collections::{BTreeMap, BTreeSet};

use breakthrough::accounts::ConsentPurpose;
use uuid::Uuid;

use crate::{
    people::{DILYS, KWABENA, Someone, ZOE, add, consent, pay},
    support::{Browser, Page, Site},
};

#[tokio::test]
async fn a_persons_page_tells_everything_that_happened() {
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
        .expect("£12.50 in 2 payments")
        .expect(ConsentPurpose::EmailUpdates.wording())
        .expect("We emailed “Welcome to the party”")
        .expect("Agreed to email updates (joining form)")
        .expect("Paid £5 for membership by card")
        .expect("Record opened")
        .expect_not("271828");
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
    taken.expect_status(422).expect("This email address is already in use");
    let page = taken
        .form(&action)
        .fill("name", "Samira Whitlock")
        .fill("email", "sam@demo.test")
        .fill("postcode", "bl90nd")
        .fill("region", "")
        .submit(&mut officer)
        .await;
    page.expect("Saved.").expect("Samira Whitlock").expect("BL9 0ND").expect("North West");
    let log = officer.get("/admin/audit?room=person.&person=samira").await;
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
async fn the_overview_says_what_the_tables_say() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    add(&site.pool, ZOE).await;
    add(&site.pool, KWABENA).await;
    add(
        &site.pool,
        Someone {
            name: "Gone Girl",
            email: "gone@x.test",
            state: "ended",
            joined_on: "2026-02-01",
            ..KWABENA
        },
    )
    .await;
    pay(&site.pool, dilys, 1_234, "2026-11-03T10:00:00Z").await;
    pay(&site.pool, dilys, 4_321, "2026-10-31T23:59:00Z").await;
    // Summer time ended on 25 October: half past eleven in the evening before, in UTC, is October in London.
    pay(&site.pool, dilys, 1, "2026-09-30T23:30:00Z").await;
    let number = |query: &'static str| {
        let pool = site.pool.clone();
        async move { sqlx::query_scalar::<_, i64>(query).fetch_one(&pool).await.unwrap() }
    };
    let members = number("select count(*) from people where standing = 'member'").await;
    let joined = number("select count(*) from membership_periods where started_on >= '2026-11-01'").await;
    let left = number("select count(*) from membership_periods where ended_on >= '2026-11-01'").await;
    let open =
        number("select count(*) from membership_periods where ended_on is null or ended_on > '2026-11-21'")
            .await;
    let overdue = number("select count(*) from memberships where state = 'grace'").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin").await;
    page.expect_status(200);
    let figures = page.select(".figures p");
    assert!(figures[0].starts_with(&format!("{members} members, ")), "{figures:?}");
    assert!(figures.contains(&format!("{joined} joined this month, {left} left")), "{figures:?}");
    let income = |from: &'static str, to: &'static str| {
        let pool = site.pool.clone();
        async move {
            let pence: i64 = sqlx::query_scalar(
                "select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $1::timestamptz and at < $2::timestamptz",
            )
            .bind(from.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .bind(to.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .fetch_one(&pool)
            .await
            .unwrap();
            breakthrough::kit::money::Money::from_pence(pence).to_string()
        }
    };
    let october = income("2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z").await;
    let november = income("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").await;
    assert!(figures.contains(&format!("{november} came in this month, {october} last month")), "{figures:?}");
    page.expect(&format!("{overdue} payment"));
    let month = |table: usize, row: usize, column: usize| {
        let selector = format!(
            "main .table-scroll[aria-label='{}'] tbody tr:nth-child({row}) > *:nth-child({column})",
            ["Members, month by month", "Income by month", "Members by region"][table]
        );
        page.select(&selector).remove(0)
    };
    assert_eq!(month(0, 1, 1), "November 2026");
    assert_eq!(month(0, 1, 4), open.to_string());
    assert_eq!(month(1, 2, 4), october);
    let wales = number("select count(*) from people where standing = 'member' and region = 'wales'").await;
    assert_eq!(month(2, 11, 1), "Wales");
    assert_eq!(month(2, 11, 2), wales.to_string());
    // Each picture has its words.
    assert_eq!(page.select("svg[role=img] > title").len(), 3);
    officer.get("/admin/members?state=grace").await.expect(KWABENA.name);
}

#[tokio::test]
async fn the_audit_log_is_filtered_and_checked() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin/audit").await;
    page.expect("Office given").expect("The site itself").expect("Returning officer");
    officer.get("/admin/audit?person=theo").await.expect("Treasurer").expect_not("Rukhsana");
    officer.get("/admin/audit?from=2026-11-22").await.expect("No line fits");
    officer.get("/admin/audit?from=2026-11-21&to=2026-11-21").await.expect("Office given");
    officer.get("/admin/audit?to=-5000-01-01").await.expect_status(422).expect("between 1900 and 2100");
    officer.get("/admin/audit?from=then").await.expect_status(422).expect("Enter a date like 2026-11-21");
    officer.get("/admin/audit?before=1&room=nonsense").await.expect("No line fits");
    let last: i64 = sqlx::query_scalar("select max(id) from audit_log").fetch_one(&site.pool).await.unwrap();
    let checked = page.form("/admin/audit/check").submit(&mut officer).await;
    checked.expect(&format!("No line was changed since it was written, up to line {last}."));
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
    let first = officer.get("/admin/audit?room=setting.").await;
    assert_eq!(first.select("tbody tr").len(), 50);
    let older = officer.get(&first.attributes("nav.paging a[rel=next]", "href")[0]).await;
    assert_eq!(older.select("tbody tr").len(), 10);
    older.expect("Newest lines").expect("Setting: imprint");
}

#[tokio::test]
async fn officers_without_the_records_read_no_details_in_the_log() {
    let site = Site::open().await;
    let sam: Uuid = sqlx::query_scalar("select id from people where email = 'sam@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let action = format!("/admin/supporters/{sam}/details");
    let page = officer.get(&action).await;
    page.form(&action).fill("email", "sam@elsewhere.test").submit(&mut officer).await.expect("Saved.");
    officer.get("/admin/audit?room=person.").await.expect("sam@demo.test").expect("sam@elsewhere.test");
    let mut returning = site.signed_in_as("returning@demo.test").await;
    let page = returning.get("/admin/audit").await;
    page.expect("Details changed").expect("A person").expect("Alex Mwangi").expect("Returning officer");
    page.expect_not("sam@").expect_not("Sam Whitlock").expect_not("By or about");
    assert!(page.attributes("main a", "href").iter().all(|href| !href.starts_with("/admin/members/")));
    // Asking by name must not tell whose a line is either.
    let asked = returning.get("/admin/audit?person=sam").await;
    assert_eq!(asked.select("tbody tr").len(), page.select("tbody tr").len());
}

/// Follows a link by its words.
async fn follow(browser: &mut Browser, page: &Page, words: &str) -> Page {
    let (texts, hrefs) = (page.select("main a[href]"), page.attributes("main a[href]", "href"));
    let at = texts.iter().position(|text| text == words);
    let at = at.unwrap_or_else(|| panic!("{} has no link {words:?}: {texts:?}", page.path));
    browser.get(&hrefs[at]).await
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

    let page = follow(&mut officer, &member, "Change the details and the address").await;
    let form = page.form(&format!("{path}/details")).fill("town", "Ramsbottom");
    let member = form.submit(&mut officer).await;
    member.expect("The details are saved.").expect("Ramsbottom");

    let page = follow(&mut officer, &member, "Write a note").await;
    let form = page.form(&format!("{path}/notes")).fill("words", "Spoke on the phone.");
    let member = form.submit(&mut officer).await;
    member.expect("Note saved.");
    assert_eq!(member.select(".note .words"), ["Spoke on the phone."]);

    let page = follow(&mut officer, &member, "Suspend the membership").await;
    let form = page.form(&format!("{path}/suspension")).fill("until_day", "15").fill("until_month", "12");
    let form = form.fill("until_year", "2026").fill("reason", "Complaint 7, rule 9");
    let member = form.submit(&mut officer).await;
    member.expect("Suspended until 15 December 2026: Complaint 7, rule 9").expect("Change the suspension");

    let lifted = member.form(&format!("{path}/suspension/end")).submit(&mut officer).await;
    lifted.expect("The suspension is lifted.").expect("In good standing").expect_not("Lift the suspension");

    let page = follow(&mut officer, &lifted, "End the membership").await;
    let form =
        page.form(&format!("{path}/end")).fill("reason", "left").fill("words", "By letter, 20 November");
    let member = form.submit(&mut officer).await;
    member.expect("Ended on 21 November 2026: By letter, 20 November").expect_not("End the membership");
}

/// The pattern of the route table that an address fits; a path without a parameter comes before one with.
fn pattern<'a>(patterns: &[&'a str], address: &str) -> Option<&'a str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let fits = |pattern: &&&str| {
        let (mut left, mut right) = (pattern.split('/'), path.split('/'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(part), Some(with)) if part == with || part.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    patterns.iter().filter(fits).min_by_key(|pattern| pattern.matches('{').count()).copied()
}

/// Every page of the desk must be linked from somewhere.
#[tokio::test]
async fn every_page_of_the_desk_is_reached_by_links() {
    let site = Site::open().await;
    let mut patterns: Vec<&str> = include_str!("routes.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("GET ")?.split(' ').next())
        .filter(|path| path.starts_with("/admin"))
        .collect();
    patterns.sort_unstable();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut waiting = vec!["/admin".to_owned()];
    while let Some(address) = waiting.pop() {
        let Some(known) = pattern(&patterns, &address) else { continue };
        let addresses = seen.entry(known).or_default();
        // A few of each are enough, and there are three hundred members.
        if addresses.len() >= 8 || !addresses.insert(address.clone()) {
            continue;
        }
        let page = officer.get_once(&address).await;
        page.expect_status(200);
        waiting.extend(page.attributes("a[href^='/admin']", "href"));
    }
    let missed: Vec<_> = patterns.iter().filter(|pattern| !seen.contains_key(*pattern)).collect();
    assert!(missed.is_empty(), "no link leads to {missed:?}");
}

#[tokio::test]
async fn a_refused_email_is_found_from_the_overview() {
    let site = Site::open().await;
    sqlx::query(
        "insert into outbox (id, occasion, recipient, subject, text_body, html_body, written_at, refused)
         values (gen_random_uuid(), 'test:1', 'ana@demo.test', 'Your receipt', '', '', '2026-11-20T10:00:00Z', '550 no such mailbox'),
                (gen_random_uuid(), 'sign-in:1', 'nobody@demo.test', 'Sign in with 271828', '', '', '2026-11-20T11:00:00Z', '550 unknown'),
                (gen_random_uuid(), 'test:2', 'ana@demo.test', 'Long ago', '', '', '2026-09-20T11:00:00Z', '550 unknown')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let overview = officer.get("/admin").await;
    let list = follow(&mut officer, &overview, "2 emails were refused since last month").await;
    list.expect("Your receipt").expect("550 no such mailbox").expect("nobody@demo.test");
    list.expect_not("271828").expect_not("Long ago");
    follow(&mut officer, &list, "Ana Silva").await.expect("ana@demo.test");
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
    let words = page.select("form[action^='/admin/officers/'] button");
    let at = words.iter().position(|words| words.contains("Kim Kay")).unwrap();
    let end = page.attributes("form[action^='/admin/officers/']", "action").remove(at);
    logged!("officer.ended", form(&page, &end));

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

    let page = officer.get("/admin/payments/checks").await;
    let gift = page.attributes("form[action^='/admin/payments/checks/']", "action").remove(0);
    logged!("donation.checked", form(&page, &gift).press("found", "on_register"));

    let page = officer.get("/admin/pages").await;
    let place = page.attributes("form[action$='/place']", "action").remove(1);
    logged!("content.moved", form(&page, &place).press("to", "up"));

    // Every line is found by the filter of its kind, and every filter is for lines that are written.
    let log = officer.get("/admin/audit").await;
    let mut filters = log.attributes("select[name=room] option", "value");
    filters.retain(|filter| !filter.is_empty());
    let actions: Vec<String> = sqlx::query_scalar("select distinct action from audit_log order by action")
        .fetch_all(&site.pool)
        .await
        .unwrap();
    for action in &actions {
        let filter = filters.iter().find(|filter| action.starts_with(filter.as_str()));
        let filter = filter.unwrap_or_else(|| panic!("no filter for {action}"));
        let page = officer.get(&format!("/admin/audit?room={filter}")).await;
        assert!(!page.select("tbody tr").is_empty(), "{filter}");
    }
    log.form("/admin/audit/check").submit(&mut officer).await.expect("No line was changed");
}

#[tokio::test]
async fn the_menu_shows_each_officer_the_right_doors() {
    let site = Site::open().await;
    for (email, opens, closed) in [
        (
            "alex@demo.test",
            vec!["/admin", "/admin/members", "/admin/supporters", "/admin/audit", "/admin/officers"],
            "",
        ),
        ("treasurer@demo.test", vec!["/admin", "/admin/members", "/admin/supporters"], "/admin/audit"),
        ("returning@demo.test", vec!["/admin", "/admin/audit"], "/admin/members"),
        ("organiser@demo.test", vec!["/admin", "/admin/members", "/admin/supporters"], "/admin/officers"),
    ] {
        let mut officer = site.signed_in_as(email).await;
        let page = officer.get("/admin").await;
        let doors = page.attributes(".desk-nav a", "href");
        for path in opens {
            assert!(doors.contains(&path.to_owned()), "{email}: {path}");
            officer.get(path).await.expect_status(200);
        }
        if !closed.is_empty() {
            assert!(!doors.contains(&closed.to_owned()), "{email}: {closed}");
            officer.get(closed).await.expect_status(403);
        }
    }
}
