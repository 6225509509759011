//! Members from another system: by the page, by the command, killed in the middle, and twice.

use breakthrough::{
    imports::GoThrough,
    kit::{
        queue,
        stripe::{
            Interval, Metadata, SubscriptionStatus,
            stand_in::{PaidBy, Seed, seed_subscriptions},
        },
    },
};
use reqwest::{Method, Response, header};

use crate::support::{
    Browser, Page, Site,
    program::{program, run},
};

const OFFICER: &str = "alex@demo.test";
const BORDER: &str = "a-border-that-no-list-holds";

/// Sends the form as a browser without JavaScript does.
async fn send(browser: &Browser, name: &str, file: &[u8]) -> Response {
    let mut body = format!(
        "--{BORDER}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
    )
    .into_bytes();
    body.extend(file);
    body.extend(format!("\r\n--{BORDER}--\r\n").bytes());
    let request = browser.raw(Method::POST, "/admin/imports").header("sec-fetch-site", "same-origin");
    let kind = format!("multipart/form-data; boundary={BORDER}");
    request.header(header::CONTENT_TYPE, kind).body(body).send().await.unwrap()
}

/// Uploads a file, and opens the page that matches its columns.
async fn upload(browser: &mut Browser, name: &str, file: &[u8]) -> Page {
    let answer = send(browser, name, file).await;
    assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
    let path = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    browser.get(&path).await
}

/// Matches the columns as they are found, and waits for the check.
async fn check(site: &Site, browser: &mut Browser, page: &Page) -> Page {
    let show = page.path.trim_end_matches("/columns").to_owned();
    page.form(&page.path).submit(browser).await.expect_status(200);
    site.work().await;
    browser.get(&show).await
}

async fn import(site: &Site, browser: &mut Browser, name: &str, file: &[u8]) -> Page {
    let page = upload(browser, name, file).await;
    let page = check(site, browser, &page).await;
    page.form(&format!("{}/run", page.path)).submit(browser).await;
    site.work().await;
    browser.get(&page.path).await
}

fn figures(page: &Page) -> String {
    page.select(".figures strong").join(" ")
}

async fn number(site: &Site, question: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(question.to_owned())).fetch_one(&site.pool).await.unwrap()
}

const FILE: &str = "\
Contact ID,Display Name,Email,Birth Date,Phone,Street Address,City,Postal Code,Country,Member Since,Membership Expiration Date,Membership Status,No Bulk Emails (User Opt Out)
1,Nia Rees,nia@example.org,1984-06-02,01267 960123,3 Quay Street,Carmarthen,SA31 3JP,United Kingdom,2021-04-01,2027-03-31,Current,No
2,Owen Rees,owen@example.org,02/06/1984,,3 Quay Street,Carmarthen,SA31 3JP,,2021-04-01,2026-11-20,Current,Yes
3,Old Member,old@example.org,,,,,,,2019-01-01,2020-12-31,Expired,
4,Bad Date,bad@example.org,31/02/1990,,,,,,,,,Yes
5,,ben@demo.test,,,,,,,,,,
6,Nia Again,NIA@example.org,,,,,,,,,,
7,Jean Moulin,jean@example.org,,,12 rue de Rivoli,Paris,75004,France,2022-01-01,,Current,
";

#[tokio::test]
async fn a_list_is_matched_checked_imported_and_adds_nothing_the_second_time() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let people = "select count(*) from people";
    let before = number(&site, people).await;
    let page = upload(&mut officer, "civi.csv", FILE.as_bytes()).await;
    page.expect("civi.csv has the same columns as CiviCRM").expect("read day first");
    assert_eq!(page.form(&page.path).value("column_4"), Some("born_on"));
    let page = check(&site, &mut officer, &page).await;
    page.expect("7 lines checked. Nothing has been imported yet.");
    assert_eq!(figures(&page), "4 0 1 2");
    assert_eq!(page.table("Rejected lines").column("Line"), ["Line 5", "Line 7"]);
    page.expect("Date of birth: Enter a date like 27/3/2001").expect("line 2 has the same");
    assert_eq!(number(&site, people).await, before, "a check writes nothing");
    page.form(&format!("{}/run", page.path)).submit(&mut officer).await.expect("The import has started.");
    site.work().await;
    let page = officer.get(&page.path).await;
    page.expect("7 lines imported.");
    assert_eq!(figures(&page), "4 0 1 2", "what was promised");
    assert_eq!(number(&site, people).await, before + 4);
    // Standing follows from what the file says.
    for (email, state) in [("nia", "active"), ("owen", "grace"), ("old", "ended"), ("jean", "active")] {
        let found: String = sqlx::query_scalar(
            "select m.state from memberships m join people p on p.id = m.person_id where p.email = $1::citext",
        )
        .bind(format!("{email}@example.org"))
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(found, state, "{email}");
    }
    let record: String =
        sqlx::query_scalar("select '/admin/members/' || id from people where email = 'nia@example.org'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let nia = officer.get(&record).await;
    nia.expect("Nia Rees").expect("3 Quay Street, Carmarthen, SA31 3JP").expect("2 June 1984");
    nia.expect("1 April 2021").expect("It is paid for until then").expect_not("stopped renewal");
    officer.get(&format!("{record}/activity")).await.expect("Added from another system");
    assert!(mails(&site, "nia@example.org").await.is_empty(), "nobody is written to");
    // The same file again, and from then on a night.
    let page = upload(&mut officer, "civi.csv", FILE.as_bytes()).await;
    let page = check(&site, &mut officer, &page).await;
    assert_eq!(figures(&page), "0 0 5 2");
    assert_eq!(number(&site, people).await, before + 4);
    assert_eq!(
        number(&site, "select count(*) from memberships where joined_on < '2019-01-02' and state = 'ended'")
            .await,
        1
    );
    site.app.clock().advance(chrono::Duration::days(60));
    let mut db = site.pool.acquire().await.unwrap();
    queue::push(&mut db, &breakthrough::membership::TurnOfDay::default()).await.unwrap();
    queue::push(&mut db, &breakthrough::imports::TidyImports::default()).await.unwrap();
    site.work().await;
    let states = "select count(*) from memberships m join people p on p.id = m.person_id
                  where p.email = 'owen@example.org' and m.state = 'ended' and m.end_reason = 'lapsed'";
    assert_eq!(number(&site, states).await, 1, "the days of grace are over");
    assert_eq!(number(&site, "select count(*) from import_lines").await, 0, "the upload is deleted in time");
}

async fn mails(site: &Site, email: &str) -> Vec<String> {
    site.mails_to(email).await.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn rejected_lines_come_back_as_a_file_that_is_mended_and_taken() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let file = "Full name,Email address,Date of birth,Phone\nAna Lima,lima@example.org,31/02/1990,+44 161 496 0000\nKit Moss,moss@example.org,,";
    let page = import(&site, &mut officer, "list.csv", file.as_bytes()).await;
    assert_eq!(figures(&page), "1 0 0 1");
    let answer = officer.raw(Method::POST, &format!("{}/rejected", page.path));
    let answer = answer.header("sec-fetch-site", "same-origin").send().await.unwrap();
    let rejected = answer.text().await.unwrap();
    let lines: Vec<_> = rejected.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], r#""Line","What is wrong","Full name","Email address","Date of birth","Phone""#);
    assert!(lines[1].starts_with(r#""2","Date of birth: Enter a date"#), "{}", lines[1]);
    assert!(
        lines[1].ends_with(r#""Ana Lima","lima@example.org","31/02/1990","'+44 161 496 0000""#),
        "{}",
        lines[1]
    );
    let page = import(&site, &mut officer, "mended.csv", rejected.replace("31/02", "28/02").as_bytes()).await;
    assert_eq!(figures(&page), "1 0 0 0");
    let known = "select count(*) from memberships m join people p on p.id = m.person_id where p.email = 'lima@example.org'
                 and m.personal ->> 'born_on' = '1990-02-28' and m.personal ->> 'phone' = '01614960000'";
    assert_eq!(number(&site, known).await, 1);
    let downloads = "select count(*) from audit_log where action = 'import.downloaded'";
    assert_eq!(number(&site, downloads).await, 1);
}

async fn consent(site: &Site, email: &str) -> Option<(bool, String)> {
    sqlx::query_as(
        "select c.withdrawn_at is null, c.source from consents c join people p on p.id = c.person_id
         where p.email = $1::citext and c.purpose = 'email_updates' order by c.given_at desc, c.id desc limit 1",
    )
    .bind(email)
    .fetch_optional(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_no_to_emails_is_never_lost_and_a_yes_needs_its_proof() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let head =
        "Email address,Full name,Date of birth,Agreed to emails,Agreed on,How they agreed,Stopped emails";
    let file = format!(
        "{head}
yes@example.org,Yes Person,,yes,1/5/2024,join form,
bare@example.org,Bare Yes,,yes,,,
silent@example.org,Silent Person,,,,,
no@example.org,No Person,,yes,1/5/2024,join form,2025-01-01
broken@example.org,Broken Line,99/99/1990,,,,yes
sam@demo.test,Sam,99/99/1990,,,,yes
"
    );
    assert_eq!(consent(&site, "sam@demo.test").await.map(|(stands, _)| stands), Some(true));
    let page = import(&site, &mut officer, "a.csv", file.as_bytes()).await;
    assert_eq!(figures(&page), "4 0 0 2");
    page.expect("3 lines say that emails were stopped").expect("1 line says that somebody agreed to emails");
    let stands = |found: Option<(bool, String)>| found.map(|(stands, _)| stands);
    assert_eq!(consent(&site, "yes@example.org").await, Some((true, "imported from a.csv".to_owned())));
    assert_eq!(consent(&site, "bare@example.org").await, None);
    assert_eq!(consent(&site, "silent@example.org").await, None);
    assert_eq!(stands(consent(&site, "no@example.org").await), Some(false));
    assert_eq!(stands(consent(&site, "sam@demo.test").await), Some(false), "even if the line is rejected");
    // An older list that says yes to all of them.
    let yes = ["no", "broken", "silent"]
        .map(|name| format!("{name}@example.org,{name} name,,yes,1/5/2020,old form,"))
        .join("\n");
    let older = format!("{head}\n{yes}\nsam@demo.test,Sam,,yes,1/5/2020,old form,\n");
    import(&site, &mut officer, "older.csv", older.as_bytes()).await;
    for (email, expected) in [
        ("no@example.org", Some(false)),
        ("sam@demo.test", Some(false)),
        ("broken@example.org", None),
        ("silent@example.org", Some(true)),
    ] {
        assert_eq!(stands(consent(&site, email).await), expected, "{email}");
    }
}

#[tokio::test]
async fn what_is_known_here_is_filled_in_and_never_written_over() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let of_ana = "select count(*) from people p join memberships m on m.person_id = p.id where p.email = 'ana@demo.test' and ";
    sqlx::query("update memberships set personal = personal - 'phone' || '{\"phone\": null}' where person_id = (select id from people where email = 'ana@demo.test')")
        .execute(&site.pool)
        .await
        .unwrap();
    let file = "Email address,Full name,Date of birth,Phone,Postcode,Address line 1\n\
                ana@demo.test,Somebody Else,1/1/1950,0161 496 0001,SW1A 1AA,1 The Mall\n\
                sam@demo.test,Sam,1/1/1990,,,\n";
    let page = import(&site, &mut officer, "a.csv", file.as_bytes()).await;
    assert_eq!(figures(&page), "0 2 0 0");
    let kept =
        "p.name <> 'Somebody Else' and p.postcode <> 'SW1A 1AA' and m.personal ->> 'born_on' <> '1950-01-01'
                and m.personal ->> 'phone' = '01614960001'";
    assert_eq!(number(&site, &format!("{of_ana}{kept}")).await, 1);
    // A supporter becomes a member, with the supporter's sign-up kept.
    let sam = "select count(*) from people p join memberships m on m.person_id = p.id join supporters s on s.person_id = p.id
               where p.email = 'sam@demo.test' and p.standing = 'member'";
    assert_eq!(number(&site, sam).await, 1);
    let page = upload(&mut officer, "a.csv", file.as_bytes()).await;
    let page = check(&site, &mut officer, &page).await;
    assert_eq!(figures(&page), "0 0 2 0");
}

#[tokio::test]
async fn columns_matched_by_hand_are_remembered_and_what_is_no_list_is_refused() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let file = b"Wer,Wo,Was\nKit Moss,kit.moss@example.org,x\n";
    let page = upload(&mut officer, "a.csv", file).await;
    page.expect("We do not recognise the columns of a.csv");
    let refused = page.form(&page.path).submit(&mut officer).await;
    refused.expect_status(422).expect("which column holds the email address");
    let twice = page.form(&page.path).fill("column_1", "email").fill("column_2", "email");
    twice.submit(&mut officer).await.expect_status(422).expect("Two columns are set to");
    let form = page.form(&page.path).fill("column_1", "name").fill("column_2", "email");
    form.submit(&mut officer).await.expect_status(200);
    site.work().await;
    let page = upload(&mut officer, "b.csv", b"Wo,Neu,Wer\nkit.moss@example.org,,Kit Moss\n").await;
    let form = page.form(&page.path);
    assert_eq!(
        ["column_1", "column_2", "column_3"].map(|name| form.value(name).unwrap_or("")),
        ["email", "", "name"]
    );
    // The command reads them alike.
    for (file, said) in [
        (&b""[..], "This file is empty"),
        (b"email,name\n", "only headings"),
        (b"PK\x03\x04", "Save as"),
        (b"email,email\n1,2\n", "Two columns are called"),
    ] {
        let answer = send(&officer, "a.csv", file).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(send(&officer, "", b"").await.status(), 422);
    assert_eq!(send(&officer, "a.csv", &vec![b'a'; 33 * 1024 * 1024]).await.status(), 413);
    let treasurer = site.signed_in_as("treasurer@demo.test").await;
    assert_eq!(send(&treasurer, "a.csv", file).await.status(), 403);
    let empty = number(&site, "select count(*) from import_lines l join imports i on i.id = l.import_id where i.file_name = 'a.csv'").await;
    assert_eq!(empty, 1, "nothing is kept of a file that is refused");
}

#[tokio::test]
async fn a_running_payment_is_taken_over_by_its_customer() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let started = site.app.clock().now() - chrono::Duration::days(100);
    let seed = |key: &str| Seed {
        key: key.into(),
        email: "nia@example.org".into(),
        name: "Nia Rees".into(),
        product_name: "Old membership".into(),
        amount_pence: 700,
        interval: Interval::Month,
        method: PaidBy::Card,
        started_at: started,
        paid_periods: 4,
        status: SubscriptionStatus::Active,
        metadata: Metadata::new(),
    };
    let mut db = site.pool.acquire().await.unwrap();
    let url = site.app.config().public_url.clone();
    seed_subscriptions(&mut db, &url, &[seed("Nia")]).await.unwrap();
    drop(db);
    let file = "Email address,Full name,Joined on,Stripe customer\n\
                nia@example.org,Nia Rees,2020-01-01,cus_SeedNia\n\
                owen@example.org,Owen Rees,2020-01-01,cus_nobody\n";
    let books = number(&site, "select count(*) from ledger").await;
    for pass in ["first", "second"] {
        import(&site, &mut officer, "a.csv", file.as_bytes()).await;
        let nia = "select count(*) from memberships m join people p on p.id = m.person_id
                   join subscriptions s on s.id = m.subscription
                   where p.email = 'nia@example.org' and m.state = 'active' and m.amount_pence = 700 and s.first_paid_at is not null";
        assert_eq!(number(&site, nia).await, 1, "{pass}");
    }
    assert_eq!(
        number(&site, "select count(*) from ledger").await,
        books,
        "old payments are in the books of others"
    );
    let nobody = "select count(*) from audit_log where action = 'import.no_payment' and detail ->> 'why' like '%Stripe%'
                  or action = 'import.no_payment' and detail ->> 'why' like '%customer%'";
    assert!(number(&site, nobody).await >= 1);
    // From now on it is a payment like any other.
    let before =
        number(&site, "select count(*) from audit_log where action = 'membership.payment_adopted'").await;
    assert_eq!(before, 1, "once");
    breakthrough::payments::reconcile(&site.app, &mut breakthrough::kit::progress::Progress::default())
        .await
        .map_err(queue::Failure::into_error)
        .unwrap();
    site.work().await;
    assert_eq!(number(&site, "select count(*) from memberships m join people p on p.id = m.person_id where p.email = 'nia@example.org' and m.state = 'active'").await, 1);
}

#[tokio::test]
async fn a_killed_import_goes_on_where_it_was() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(OFFICER).await;
    let lines: Vec<_> = (0..1_200).map(|number| format!("many{number}@example.org,Many Moss\n")).collect();
    let file = format!("Email address,Full name\n{}", lines.concat());
    let page = upload(&mut officer, "many.csv", file.as_bytes()).await;
    let page = check(&site, &mut officer, &page).await;
    assert_eq!(figures(&page), "1,200 0 0 0");
    page.form(&format!("{}/run", page.path)).submit(&mut officer).await;
    // One chunk is in, and the program has ended in the middle of the next.
    let id: uuid::Uuid = page.path.rsplit('/').next().unwrap().parse().unwrap();
    let many = "select count(*) from people where email::text like 'many%@example.org'";
    let mut change = site.change().await;
    breakthrough::imports::go_on(&mut change, id).await.unwrap();
    change.commit().await.unwrap();
    let mut change = site.change().await;
    breakthrough::imports::go_on(&mut change, id).await.unwrap();
    drop(change);
    assert_eq!(number(&site, many).await, 500);
    officer.get(&page.path).await.expect("500 of 1,200 lines done");
    let mut db = site.pool.acquire().await.unwrap();
    queue::push(&mut db, &GoThrough { import: id }).await.unwrap();
    drop(db);
    site.work().await;
    assert_eq!(number(&site, many).await, 1_200);
    let page = officer.get(&page.path).await;
    assert_eq!(figures(&page), "1,200 0 0 0");
    assert_eq!(number(&site, "select count(*) from audit_log where action = 'import.added'").await, 1_200);
}

#[tokio::test]
async fn the_command_checks_imports_and_says_what_it_did() {
    let site = Site::open().await;
    let path = site.folder().join("members.csv");
    std::fs::write(&path, FILE).unwrap();
    let import = async |file: &std::path::Path, more: &[&str]| {
        let mut command = program(site.folder(), Some(&site.database_url));
        command.args(["import", "members"]).arg(file).args(more);
        let output = run(command).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let before = number(&site, "select count(*) from people").await;
    let (code, out, said) = import(&path, &["--dry-run"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(
            "4 would be added, 0 would be filled in, 1 unchanged, 2 rejected; nothing has been imported."
        ),
        "{said}"
    );
    assert!(said.contains("same columns as CiviCRM") && said.contains("Not imported: Contact ID."), "{said}");
    assert_eq!(number(&site, "select count(*) from people").await, before);
    let (code, rejected, said) = import(&path, &[]).await;
    assert_eq!((code, &rejected), (Some(0), &out), "{said}");
    assert!(said.contains("4 added, 0 filled in, 1 unchanged, 2 rejected."), "{said}");
    assert_eq!(rejected.lines().count(), 3);
    let (code, _, said) = import(&path, &[]).await;
    assert_eq!(code, Some(0));
    assert!(said.contains("0 added, 0 filled in, 5 unchanged, 2 rejected."), "{said}");
    assert_eq!(number(&site, "select count(*) from people").await, before + 4);
    let lines =
        "select count(*) from import_lines l join imports i on i.id = l.import_id where i.officer_id is null";
    assert_eq!(number(&site, lines).await, 0, "nothing of the file stays");
    // What went wrong, and what to do.
    let unknown = site.folder().join("unknown.csv");
    std::fs::write(&unknown, "Wer,Wo\na,b\n").unwrap();
    let bad = site.folder().join("bad.csv");
    std::fs::write(&bad, "email,name\nnobody,Nobody\n").unwrap();
    for (file, expected, words) in [
        (site.folder().join("none.csv"), 2, "none.csv"),
        (site.folder().to_owned(), 2, "not a CSV file"),
        (unknown, 2, "match them once on the site"),
        (bad, 1, "1 rejected"),
    ] {
        let (code, _, said) = import(&file, &[]).await;
        assert_eq!(code, Some(expected), "{said}");
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(import(&path, &["--never"]).await.0, Some(2));
}
