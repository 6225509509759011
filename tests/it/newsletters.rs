//! Updates, from the draft to the mailbox, and the ways to stop them.

mod killed;
mod notices;

use breakthrough::{
    accounts::{self, ConsentPurpose},
    newsletters, people,
};
use reqwest::Method;
use sha2::{Digest, Sha256};

use crate::support::{Browser, Page, Site, smtp::Sink};

async fn open() -> Site {
    without_updates(Site::open().await).await
}

/// The demo party has sent one already, which the counts below would have to leave out.
async fn without_updates(site: Site) -> Site {
    sqlx::raw_sql("delete from deliveries; delete from updates").execute(&site.pool).await.unwrap();
    site
}

/// Writes a draft; the page it leads to.
async fn write(officer: &mut Browser, subject: &str, to: &[&str], regions: &[&str]) -> Page {
    let page = officer.get("/admin/updates/new").await;
    let mut form = page
        .form("/admin/updates")
        .fill("subject", subject)
        .fill("preheader", "Come to the hall")
        .fill("body", "We *meet* on Saturday. [Where and when](/events)\n\n- bring a friend\n- bring cake")
        .clear("to[]");
    for who in to {
        form = form.tick("to[]", who);
    }
    for region in regions {
        form = form.tick("region[]", region);
    }
    let page = form.submit(officer).await;
    page.expect_status(200).expect("The draft is saved.");
    page
}

/// Presses the button that sends; the page it leads to.
async fn send(officer: &mut Browser, draft: &str) -> Page {
    let page = officer.get(&format!("{draft}/sending")).await;
    page.form(&format!("{draft}/sending")).submit(officer).await
}

async fn audience(site: &Site, condition: &str) -> i64 {
    let query = format!(
        "select count(*) from people p where {condition} and exists (select from consents c where c.person_id = p.id and c.purpose = 'email_updates' and c.withdrawn_at is null)"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&site.pool).await.unwrap()
}

/// What became of each mail.
async fn states(site: &Site) -> Vec<(String, i64)> {
    sqlx::query_as("select state, count(*) from deliveries group by state order by state")
        .fetch_all(&site.pool)
        .await
        .unwrap()
}

/// Few readers, so that a test is quick: everybody but these stops the emails.
async fn only(site: &Site, emails: &[&str]) {
    sqlx::query("delete from consents").execute(&site.pool).await.unwrap();
    let mut change = site.change().await;
    for email in emails {
        let email = email.parse().unwrap();
        let (id, _) = accounts::find_or_add_person(&mut change, &email, "Rea Reader").await.unwrap();
        accounts::set_standing(&mut change, id, accounts::Standing::Supporter).await.unwrap();
        accounts::give_consent(&mut change, id, ConsentPurpose::EmailUpdates, "test").await.unwrap();
    }
    change.commit().await.unwrap();
}

#[tokio::test]
async fn an_officer_writes_tests_and_sends() {
    let site = open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin/updates").await.expect("No updates yet");
    let page = write(&mut officer, "Meet us in Wales", &["supporters"], &["wales"]).await;
    let draft = page.path.clone();
    let expected = audience(&site, "p.standing = 'supporter' and p.region = 'wales'").await;
    assert!(expected > 3);
    page.expect(&format!("Supporters in Wales: {expected} people at present"));
    page.expect("Where and when (http").expect("Hello Alex Mwangi");
    // As it will look: a page of its own, in which nothing runs.
    let preview = officer.get(&format!("{draft}/preview")).await;
    preview.expect("Hello Alex Mwangi,").expect("bring cake").expect("151 The Rock").expect("Unsubscribe");
    let policy = preview.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"));
    assert!(!policy.contains("unsafe-inline"));
    // Each style in it is allowed by its hash, and there are some.
    let mut styles = preview.attributes("[style]", "style");
    styles.extend(
        preview.body.split("<style>").skip(1).map(|css| css.split_once("</style>").unwrap().0.to_owned()),
    );
    assert!(styles.len() > 10, "{styles:?}");
    for style in styles {
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(&style));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{style}");
    }
    // A test, to oneself alone.
    page.form(&format!("{draft}/test"))
        .submit(&mut officer)
        .await
        .expect("A test is on its way to alex@demo.test");
    let test = site.mail_to("alex@demo.test").await;
    assert_eq!(test.subject, "Test: Meet us in Wales");
    assert_eq!(test.list.as_deref(), Some("<updates.breakthrough.test>"));
    assert!(test.unsubscribe.is_some());
    assert!(states(&site).await.is_empty());
    // How many, and only then the button.
    let page = officer.get(&format!("{draft}/sending")).await;
    page.expect(&format!("Send it to {expected} people?"));
    assert_eq!(page.select("main form button"), [format!("Send to {expected} people")]);
    let page = send(&mut officer, &draft).await;
    page.expect(&format!("It is on its way to {expected} people.")).expect("Being sent");
    assert_eq!(page.attributes("[data-refresh-seconds]", "data-refresh-seconds"), ["3"]);
    site.work().await;
    let page = officer.get(&draft).await;
    page.expect(&format!("{expected} of {expected} done"))
        .expect(&format!("{expected} sent"))
        .expect("0 bounced");
    page.expect("Supporters in Wales");
    assert_eq!(states(&site).await, [("sent".to_owned(), expected)]);
    officer.get("/admin/updates").await.expect(&format!("{expected} of {expected}"));
    // One mail, as its reader gets it.
    let (email, name): (String, String) = sqlx::query_as(
        "select p.email::text, p.name from deliveries d join people p on p.id = d.person_id order by d.person_id limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let mails = site.mails_to(&email).await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    let text = mail.text.replace("\r\n", "\n");
    assert!(text.starts_with(&format!("Hello {name},\n\nWe meet on Saturday.")), "{text}");
    assert!(
        mail.html.contains("<em")
            && mail.html.contains("/unsubscribe/")
            && mail.text.contains("/unsubscribe/")
    );
    assert!(mail.html.contains(&format!("href=\"{}/events\"", site.app.config().public_url)));
    let unsubscribe = mail.unsubscribe.as_deref().unwrap();
    assert!(!unsubscribe.contains(&email));
    // Everything is in the log, and it cannot be changed any more.
    let log: Vec<String> =
        sqlx::query_scalar("select action from audit_log where action like 'update.%' order by id")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(log, ["update.written", "update.sent"]);
    officer.get(&format!("{draft}/edit")).await.expect_status(409);
}

#[tokio::test]
async fn links_are_looked_at_before_an_update_is_sent() {
    let site = open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Links", &["supporters"], &[]).await.path;
    let page = officer.get(&draft).await;
    page.expect("1 link, 1 to look at").expect("/events : There is no page at this address");
    let mut write = async |body: &str| {
        let edit = officer.get(&format!("{draft}/edit")).await;
        edit.form(&draft).fill("body", body).submit(&mut officer).await
    };
    let own = site.app.config().public_url.clone();
    for (body, said) in [
        ("Hello".to_owned(), "No links"),
        ("[Join](/join?from=mail#rates)".to_owned(), "1 link, fine"),
        (
            format!("[a](/faq/who-funds-you) [b](/) [c](www.example.org) d@e.test {own}/news"),
            "5 links, all fine",
        ),
        (
            "[a](/faq/who-funds-us) [b](/join)".to_owned(),
            "/faq/who-funds-us : Nothing is published at this address",
        ),
        ("[a](/news/a-draft-for-the-new-year)".to_owned(), "Nothing is published at this address"),
        (format!("{own}/joyn"), "/joyn : There is no page at this address"),
        ("[a](/Join)".to_owned(), "/Join : There is no page at this address"),
        ("[a](/admin/updates)".to_owned(), "Only officers can open this page"),
    ] {
        write(&body).await.expect_status(200).expect(said);
    }
    for (body, said) in [
        (">".repeat(3_000), "Line 1: too many lists or quotes"),
        ("Hi\n\n[a](events)".to_owned(), "Line 3: the link to “events” leads nowhere"),
        ("![a](https://a.test/b.png)".to_owned(), "is on another site"),
    ] {
        write(&body).await.expect_status(422).expect(said);
    }
}

#[tokio::test]
async fn an_update_from_before_there_were_bounds_ends_no_process() {
    let site = open().await;
    only(&site, &["rea@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Deep", &["supporters"], &[]).await.path;
    sqlx::query("update updates set body = $1")
        .bind(">".repeat(3_000) + "the end")
        .execute(&site.pool)
        .await
        .unwrap();
    officer.get(&draft).await.expect("the end");
    officer.get(&format!("{draft}/preview")).await.expect("the end");
    send(&mut officer, &draft).await.expect("It is on its way to 1 person.");
    site.work().await;
    assert!(site.mail_to("rea@example.org").await.html.contains("the end"));
}

#[tokio::test]
async fn the_audience_is_counted_as_it_is_chosen() {
    let site = open().await;
    // Some members agree as well.
    let mut change = site.change().await;
    for email in ["ana@demo.test", "alex@demo.test", "ben@demo.test"] {
        let id = site.person(email).await;
        accounts::give_consent(&mut change, id, ConsentPurpose::EmailUpdates, "test").await.unwrap();
    }
    change.commit().await.unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (to, regions, condition) in [
        (&["members"][..], &[][..], "p.standing = 'member'"),
        (&["supporters"], &[], "p.standing = 'supporter'"),
        (&["members", "supporters"], &[], "p.standing in ('member', 'supporter')"),
        (
            &["members", "supporters"],
            &["london", "north-west"],
            "p.standing <> 'none' and p.region in ('london', 'north-west')",
        ),
    ] {
        let draft = write(&mut officer, "Counted", to, regions).await.path;
        let expected = audience(&site, condition).await;
        assert!(expected > 0);
        officer.get(&format!("{draft}/sending")).await.expect(&format!("Send it to {expected} p"));
    }
    let page = officer.get("/admin/updates/new").await;
    let page = page.form("/admin/updates").clear("to[]").submit(&mut officer).await;
    page.expect_status(422)
        .expect("Enter a subject")
        .expect("Write something")
        .expect("Choose members, supporters, or both");
}

#[tokio::test]
async fn an_audience_is_narrowed_and_counted_before_anything_is_saved() {
    let site = open().await;
    sqlx::query(
        "insert into consents (id, person_id, purpose, wording, source, given_at)
         select gen_random_uuid(), m.person_id, 'email_updates', 'yes', 'test', now() from memberships m
         on conflict (person_id, purpose) where withdrawn_at is null do nothing",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let member = |condition: &str| {
        format!(
            "p.standing = 'member' and exists (select from memberships m where m.person_id = p.id and {condition})"
        )
    };
    let cases = [
        (
            vec![("to[]", "members"), ("status[]", "grace")],
            "Members everywhere, payment overdue",
            member("m.state = 'grace'"),
        ),
        (
            vec![("to[]", "supporters"), ("region[]", "north-west"), ("interest[]", "leafleting")],
            "Supporters in the North West, offered to help with leafleting",
            "p.standing = 'supporter' and p.region = 'north-west'
             and exists (select from supporters s where s.person_id = p.id and 'leafleting' = any(s.interests))"
                .to_owned(),
        ),
        (
            vec![("to[]", "members"), ("joined_from", "2026-10-01")],
            "Members everywhere, joined since 1 October 2026",
            member("m.joined_on >= '2026-10-01'"),
        ),
    ];
    for (fields, words, condition) in cases {
        let expected = audience(&site, &condition).await;
        assert!(expected > 0, "{words}: nobody to count");
        let number = if expected == 1 { "1 person".to_owned() } else { format!("{expected} people") };
        let page = officer.get("/admin/updates/new").await;
        let mut form = page.form("/admin/updates").clear("to[]").clear("joined_from");
        for (name, value) in fields {
            form = form.tick(name, value);
        }
        // Counted while subject and text are still empty.
        let counted = form.press("press", "count").submit(&mut officer).await;
        counted.expect_status(200).expect(&format!("{words}: {number} at present"));
        let drafts: i64 = sqlx::query_scalar("select count(*) from updates where subject = $1")
            .bind(words)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        assert_eq!(drafts, 0);
        let draft = counted
            .form("/admin/updates")
            .fill("subject", words)
            .fill("body", "Hello")
            .submit(&mut officer)
            .await;
        draft.expect("The draft is saved.").expect(&format!("{words}: {number} at present"));
        // What was chosen is found again, and the confirmation says it.
        let again = officer.get(&format!("{}/edit", draft.path)).await;
        again.form(&draft.path).submit(&mut officer).await.expect(&format!("{words}: {number} at present"));
        let confirm = officer.get(&format!("{}/sending", draft.path)).await;
        confirm.expect(&format!("Send it to {number}?")).expect(words);
        send(&mut officer, &draft.path).await.expect(&format!("It is on its way to {number}."));
        let fits = format!(
            "select count(*) = count(*) filter (where {condition}) from deliveries d
             join updates u on u.id = d.update_id join people p on p.id = d.person_id where u.subject = $1"
        );
        let all_fit: bool =
            sqlx::query_scalar(sqlx::AssertSqlSafe(fits)).bind(words).fetch_one(&site.pool).await.unwrap();
        assert!(all_fit, "{words}");
    }
    let page = officer.get("/admin/updates/new").await;
    let wrong = page.form("/admin/updates").tick("status[]", "grace").press("press", "count");
    wrong.submit(&mut officer).await.expect_status(422).expect("are about members only");
    site.work().await;
    officer.get("/admin/updates").await.expect("Members everywhere, payment overdue");
}

#[tokio::test]
async fn updates_from_before_audiences_had_conditions_keep_theirs() {
    let site = open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for subject in ["All", "Members in two", "Supporters"] {
        write(&mut officer, subject, &["members"], &[]).await;
    }
    sqlx::raw_sql(
        "alter table updates drop column audience, add column to_members boolean not null default true,
             add column to_supporters boolean not null default true, add column regions text[];
         update updates set to_supporters = false, regions = '{london,north-west}' where subject = 'Members in two';
         update updates set to_members = false where subject = 'Supporters'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    sqlx::raw_sql(include_str!("../../migrations/20261126000720_newsletters_audience.sql"))
        .execute(&site.pool)
        .await
        .unwrap();
    // Statements that were planned before know the old columns.
    let mut found: Vec<(String, String)> =
        sqlx::query_as("select subject, audience::text from updates order by subject")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    let found: Vec<_> = found
        .drain(..)
        .map(|(subject, document)| {
            let segment: people::Segment = serde_json::from_str(&document).unwrap();
            (subject, segment.to_string())
        })
        .collect();
    let expected = [
        ("All", "Members and supporters everywhere"),
        ("Members in two", "Members in London and the North West"),
        ("Supporters", "Supporters everywhere"),
    ];
    assert_eq!(found, expected.map(|(subject, words)| (subject.to_owned(), words.to_owned())));
}

#[tokio::test]
async fn pressing_twice_sends_once() {
    let site = open().await;
    only(&site, &["rea@example.org", "ria@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Once", &["supporters"], &[]).await.path;
    let action = format!("{draft}/sending");
    let page = officer.get(&action).await;
    let (one, two) = (page.form(&action), page.form(&action));
    let (mut tab, mut other) = (officer.clone(), officer.clone());
    let (first, second) = tokio::join!(one.submit(&mut tab), two.submit(&mut other));
    let said = [first.words(), second.words()];
    assert_eq!(said.iter().filter(|words| words.contains("It is on its way to 2 people")).count(), 1);
    assert_eq!(said.iter().filter(|words| words.contains("Nobody gets it twice")).count(), 1);
    site.work().await;
    for email in ["rea@example.org", "ria@example.org"] {
        assert_eq!(site.mails_to(email).await.len(), 1);
    }
}

#[tokio::test]
async fn what_was_changed_in_another_tab_is_not_sent_unseen() {
    let site = open().await;
    only(&site, &["rea@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "First words", &["supporters"], &[]).await.path;
    let confirm = officer.get(&format!("{draft}/sending")).await;
    let (tab, other) =
        (officer.get(&format!("{draft}/edit")).await, officer.get(&format!("{draft}/edit")).await);
    tab.form(&draft).fill("subject", "Second words").submit(&mut officer).await.expect("The draft is saved.");
    let page = confirm.form(&format!("{draft}/sending")).submit(&mut officer).await;
    page.expect("This draft was changed after you looked at it, so nothing was sent");
    // The other tab is told, keeps what was typed, and may insist.
    let page = other.form(&draft).fill("subject", "Third words").submit(&mut officer).await;
    page.expect_status(409).expect("Somebody else saved this while you were writing");
    assert_eq!(page.form(&draft).value("subject"), Some("Third words"));
    page.form(&draft).submit(&mut officer).await.expect("The draft is saved.");
    officer.get(&draft).await.expect("Third words");
}

#[tokio::test]
async fn consent_is_asked_again_for_each_mail() {
    let site = open().await;
    only(&site, &["rea@example.org", "ria@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Between", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await.expect("2 people");
    // Ria stops before the worker reaches Ria.
    let ria = site.person("ria@example.org").await;
    let mut change = site.change().await;
    accounts::withdraw_consent(&mut change, ria, ConsentPurpose::EmailUpdates, "account page").await.unwrap();
    change.commit().await.unwrap();
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 1);
    assert_eq!(site.mails_to("ria@example.org").await.len(), 0);
    officer.get(&draft).await.expect("1 sent").expect("1 left out");
}

#[tokio::test]
async fn pause_resume_and_cancel() {
    let site = open().await;
    only(&site, &["rea@example.org", "ria@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Slowly", &["supporters"], &[]).await.path;
    let page = send(&mut officer, &draft).await;
    let page = page.form(&format!("{draft}/pause")).submit(&mut officer).await;
    page.expect("Sending is paused.");
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 0);
    let page = officer.get(&draft).await;
    page.form(&format!("{draft}/resumption")).submit(&mut officer).await.expect("Sending has resumed.");
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 1);
    officer.get(&draft).await.expect("2 of 2 done");
    let draft = write(&mut officer, "Never", &["supporters"], &[]).await.path;
    let page = send(&mut officer, &draft).await;
    let page = page.form(&format!("{draft}/cancellation")).submit(&mut officer).await;
    page.expect("Cancelled. 2 people will not get it.");
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 1);
}

#[tokio::test]
async fn an_update_under_which_the_program_ended_is_paused() {
    let site = open().await;
    only(&site, &["rea@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Heavy", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await;
    // A sender had begun to make its letter, and is gone.
    sqlx::query("update updates set preparing = true").execute(&site.pool).await.unwrap();
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 0);
    let page = officer.get(&draft).await;
    page.expect("Paused").expect("The site stopped while it was preparing this email");
    page.form(&format!("{draft}/resumption")).submit(&mut officer).await.expect("Sending has resumed.");
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 1);
    officer.get(&draft).await.expect("1 of 1 done");
}

#[tokio::test]
async fn only_officers_for_it_come_in() {
    let site = open().await;
    let stranger = site.stranger().get_once("/admin/updates").await;
    assert_eq!(stranger.location.as_deref(), Some("/sign-in?next=%2Fadmin%2Fupdates"));
    for email in ["ana@demo.test", "treasurer@demo.test"] {
        let mut browser = site.signed_in_as(email).await;
        browser.get("/admin/updates").await.expect_status(403);
        browser.post("/admin/updates", &[("subject", "x")]).await.expect_status(403);
    }
}

#[tokio::test]
async fn the_mail_server_is_heard() {
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = without_updates(Site::open_with(|settings| settings.smtp_url = Some(url.into())).await).await;
    let readers = ["rea@demo.test", "hardrefuse@demo.test", "tempfail1@demo.test", "dropafter@demo.test"];
    only(&site, &readers).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Over the wire", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await.expect("4 people");
    site.work().await;
    let page = officer.get(&draft).await;
    page.expect("3 of 4 done").expect("1 sent").expect("1 waiting").expect("1 bounced").expect("1 uncertain");
    page.expect("no such mailbox").expect("dropafter@demo.test");
    // Its time comes, and the sweep finds it.
    site.app.clock().advance(chrono::Duration::minutes(2));
    breakthrough::site::wake(&site.app).await.unwrap();
    site.work().await;
    let page = officer.get(&draft).await;
    page.expect("4 of 4 done").expect("2 sent");
    assert_eq!(sink.accepted().len(), 3);
    // Never by itself; when the officer says so, with the same Message-ID.
    breakthrough::site::wake(&site.app).await.unwrap();
    site.work().await;
    assert_eq!(sink.accepted().len(), 3);
    let form = page.form(&format!("{draft}/uncertain"));
    form.press("decision", "again").submit(&mut officer).await.expect("It is sent to 1 person again.");
    site.work().await;
    let again: Vec<_> = sink.accepted().into_iter().filter(|(to, _)| to == "dropafter@demo.test").collect();
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].1, again[1].1);
    let page = officer.get(&draft).await;
    let person = site.person("dropafter@demo.test").await;
    let form = page.form(&format!("{draft}/uncertain"));
    let page = form.press("decision", &format!("leave:{person}")).submit(&mut officer).await;
    page.expect("Left as it is for 1 person.").expect("0 uncertain");
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let site = without_updates(
        Site::open_with(|settings| settings.smtp_url = Some(format!("smtp://{nobody}").into())).await,
    )
    .await;
    only(&site, &["rea@demo.test"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Patience", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await;
    site.work().await;
    let page = officer.get(&draft).await;
    page.expect("Being sent").expect("Waiting.").expect("We try again every minute").expect("1 waiting");
    assert_eq!(states(&site).await, [("waiting".to_owned(), 1)]);
}

#[tokio::test]
async fn one_click_stops_the_emails() {
    let site = open().await;
    let sam = site.person("sam@demo.test").await;
    let link = newsletters::unsubscribe_link(&site.app, sam);
    let path = link.strip_prefix(&site.app.config().public_url).unwrap().to_owned();
    assert!(!path.contains(&sam.simple().to_string()) && !path.contains(&sam.to_string()));
    let stands = async || audience(&site, "p.email = 'sam@demo.test'").await == 1;
    // A scanner's visit changes nothing.
    let mut reader = site.stranger();
    let page = reader.get(&path).await;
    page.expect_status(200).expect("Stop these emails?").expect("s…@demo.test").expect_not("sam@demo.test");
    assert!(stands().await);
    // A mailbox says nothing of where it comes from, has no cookie, and may choose either encoding.
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
        ),
    ] {
        let request = site.stranger().raw(Method::POST, &path).header("content-type", kind).body(body);
        // Some mail programs run in a browser and say so; the token is proof enough.
        let request = request.header("origin", "https://mail.example").header("sec-fetch-site", "cross-site");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{kind}: {}", answer.text().await.unwrap());
        assert!(!stands().await);
    }
    let how: String = sqlx::query_scalar(
        "select withdrawn_how from consents where person_id = $1 and purpose = 'email_updates'",
    )
    .bind(sam)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(how, "one click in the mailbox");
    // Opened again, the link says how it is.
    reader.get(&path).await.expect("Stopped").expect_not("Stop these emails?");
    // It was a mistake.
    let page = page.form(&path).submit(&mut reader).await;
    page.expect("Stopped");
    let undo = format!("{path}/undo");
    page.form(&undo).submit(&mut reader).await.expect("We keep sending");
    assert!(stands().await);
    // Not by a redirect, which a mailbox would not follow.
    reader.post_once(&path, &[]).await.expect_status(200).expect("Stopped");
    // A day later the page of a mail that was passed on starts nothing.
    site.app.clock().advance(chrono::Duration::hours(24));
    reader.post(&undo, &[]).await.expect("cannot be undone here any more");
    assert!(!stands().await);
    let forged = format!("/unsubscribe/{}", "A".repeat(43));
    // The token as it is copied out of a sentence or brackets.
    for end in [".", ")", "%3E", "%20", "),"] {
        let page = site.stranger().get(&format!("{path}{end}")).await;
        page.expect_status(200);
    }
    for cut in ["/unsubscribe", "/unsubscribe/"] {
        reader.get(cut).await.expect_status(404).expect("This link is damaged").expect("Sign in");
    }
    for wrong in [forged.as_str(), "/unsubscribe/x", &path[..path.len() - 1]] {
        reader.get(wrong).await.expect_status(404).expect("This link is damaged").expect("Sign in");
        reader.post(wrong, &[]).await.expect_status(404).expect("This link is damaged");
    }
}

#[tokio::test]
async fn the_bar_is_drawn_from_bare_numbers() {
    let site = open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    sqlx::query(
        "with added as (
             insert into people (id, email, name, standing, created_at)
             select gen_random_uuid(), 'bar' || n || '@example.org', 'Bar ' || n, 'supporter', now() from generate_series(1, 1500) n
             returning id)
         insert into consents (id, person_id, purpose, wording, source, given_at)
         select gen_random_uuid(), id, 'email_updates', 'yes', 'test', now() from added",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let draft = write(&mut officer, "Many", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await;
    let done = sqlx::query("update deliveries set state = 'sent' where person_id in (select id from people where name like 'Bar %' order by id limit 1200)")
        .execute(&site.pool)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1_200);
    let all = audience(&site, "p.standing = 'supporter'").await;
    assert!(all >= 1_500);
    let page = officer.get(&draft).await;
    page.expect("1,200 of 1,");
    assert_eq!(page.attributes("progress", "max"), [all.to_string()]);
    assert_eq!(page.attributes("progress", "value"), ["1200"]);
    site.work().await;
}

#[tokio::test]
async fn what_a_mail_server_refused_by_mistake_is_sent_once_it_is_mended() {
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = without_updates(Site::open_with(|settings| settings.smtp_url = Some(url.into())).await).await;
    let readers: Vec<_> = (0..55).map(|n| format!("hardrefuse{n}@demo.test")).collect();
    only(&site, &readers.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Refused", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await.expect("55 people");
    site.work().await;
    let page = officer.get(&draft).await;
    page.expect("Paused.").expect("The mail server refused 50 mails in a row");
    let refused = states(&site).await.iter().find(|(state, _)| state == "refused").unwrap().1;
    assert!(refused >= 50, "{refused}");
    let form = page.form(&format!("{draft}/uncertain"));
    let page = form.press("decision", "retry").submit(&mut officer).await;
    page.expect(&format!("It is sent to {refused} people again.")).expect("0 bounced").expect("Paused");
    assert_eq!(states(&site).await, [("waiting".to_owned(), 55)]);
    sqlx::query("update people set email = replace(email::text, 'hardrefuse', 'mended')::citext")
        .execute(&site.pool)
        .await
        .unwrap();
    page.form(&format!("{draft}/resumption")).submit(&mut officer).await.expect("Sending has resumed.");
    site.work().await;
    assert_eq!(states(&site).await, [("sent".to_owned(), 55)]);
    assert_eq!(sink.accepted().len(), 55);
    // One of them alone, when it has ended.
    let one = site.person("mended7@demo.test").await;
    sqlx::query("update deliveries set state = 'refused' where person_id = $1")
        .bind(one)
        .execute(&site.pool)
        .await
        .unwrap();
    let page = officer.get(&draft).await;
    let form = page.form(&format!("{draft}/uncertain"));
    let page = form.press("decision", &format!("retry:{one}")).submit(&mut officer).await;
    page.expect("It is sent to 1 person again.");
    site.work().await;
    assert_eq!(sink.accepted().len(), 56);
}

#[tokio::test]
async fn no_more_than_two_updates_are_sent_at_once() {
    let site = open().await;
    only(&site, &["rea@example.org"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "In turn", &["supporters"], &[]).await.path;
    // As two long ones would, in two processes.
    let (mut one, mut two) = (site.pool.acquire().await.unwrap(), site.pool.acquire().await.unwrap());
    for (holder, slot) in [(&mut one, 1), (&mut two, 2)] {
        sqlx::query("select pg_advisory_lock(7265003, $1)").bind(slot).execute(&mut **holder).await.unwrap();
    }
    send(&mut officer, &draft).await;
    site.work().await;
    assert_eq!(states(&site).await, [("waiting".to_owned(), 1)]);
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut *two).await.unwrap();
    breakthrough::site::wake(&site.app).await.unwrap();
    site.work().await;
    assert_eq!(states(&site).await, [("sent".to_owned(), 1)]);
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut *one).await.unwrap();
}

#[tokio::test]
async fn what_is_deferred_while_an_update_is_cancelled_does_not_wait_for_ever() {
    let sink = Sink::start(&["--delay", "1"]);
    let url = sink.address();
    let site = without_updates(Site::open_with(|settings| settings.smtp_url = Some(url.into())).await).await;
    only(&site, &["rea@demo.test", "laterdata@demo.test"]).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = write(&mut officer, "Stop it", &["supporters"], &[]).await.path;
    let page = send(&mut officer, &draft).await;
    let cancel = async {
        // Both are in hand: the mail server takes a second to answer.
        while states(&site).await != [("sending".to_owned(), 2)] {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        page.form(&format!("{draft}/cancellation")).submit(&mut officer).await
    };
    let (page, ()) = tokio::join!(cancel, site.work());
    page.expect("Cancelled. 0 people will not get it.");
    assert_eq!(states(&site).await, [("sent".to_owned(), 1), ("skipped".to_owned(), 1)]);
    let sent: i32 = sqlx::query_scalar("select sent from updates").fetch_one(&site.pool).await.unwrap();
    assert_eq!(sent, 1);
}
