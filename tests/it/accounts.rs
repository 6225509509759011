//! Signing in, the account page, and who may do what to whose account.

use breakthrough::accounts::{self, Role};
use chrono::Duration;
use reqwest::Method;

use crate::support::{Browser, Mail, Page, Site};

/// Asks for a link and a code; the page that takes the code.
async fn ask(browser: &mut Browser, email: &str) -> Page {
    let page = browser.get("/sign-in").await;
    page.form("/sign-in").fill("email", email).press("how", "link").submit(browser).await
}

fn code_in(mail: &Mail) -> String {
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    mail.text.split_whitespace().find(is_code).expect("a code").to_owned()
}

async fn id_of(site: &Site, email: &str) -> uuid::Uuid {
    let id = sqlx::query_scalar("select id from people where email = $1::text::citext").bind(email);
    id.fetch_one(&site.pool).await.unwrap()
}

async fn appoint(site: &Site, email: &str, role: Role) {
    let person = id_of(site, email).await;
    let mut change = site.change().await;
    accounts::add_officer(&mut change, person, role, None).await.unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn a_link_by_mail_signs_in_once() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = browser.get("/sign-in").await;
    let page =
        page.form("/sign-in").fill("email", "ana@demo.test").press("how", "link").submit(&mut browser).await;
    page.expect("Check your email");
    let mail = site.mail_to("ana@demo.test").await;
    let link = mail.link("/sign-in/link/");
    // A scanner that follows the link does not use it up.
    browser.get(&link).await.expect("Welcome, Ana Silva");
    let page = browser.get(&link).await;
    page.form(&link).submit(&mut browser).await;
    browser.get("/account").await.expect_status(200).expect("ana@demo.test");
    let mut thief = site.stranger();
    let page = thief.post(&link, &[]).await;
    page.expect_status(410).expect("This link no longer works");
}

#[tokio::test]
async fn a_code_signs_in() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = ask(&mut browser, "ana@demo.test").await;
    let mail = site.mail_to("ana@demo.test").await;
    let code = code_in(&mail);
    // Officers see the subjects of a person's mails.
    assert_eq!(mail.subject, "Your sign-in code");
    for _ in 0..4 {
        let page = page.form("/sign-in/code").fill("code", "000000").submit(&mut browser).await;
        page.expect_status(422).expect("That code does not work");
    }
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    page.form("/sign-in/code").fill("code", &spaced).submit(&mut browser).await;
    browser.get("/account").await.expect_status(200).expect("Ana Silva");
}

#[tokio::test]
async fn five_wrong_codes_end_the_right_one() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = ask(&mut browser, "ana@demo.test").await;
    let code = code_in(&site.mail_to("ana@demo.test").await);
    for typed in ["000000", "000001", "000002", "000003", "000004", &code] {
        let page = page.form("/sign-in/code").fill("code", typed).submit(&mut browser).await;
        page.expect_status(422).expect("That code does not work");
    }
    browser.get("/account").await.expect("Email me a link");
}

#[tokio::test]
async fn a_code_of_another_mail_is_told_from_a_wrong_one() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let mut asked = Vec::new();
    for _ in 0..2 {
        let page = ask(&mut browser, "ana@demo.test").await;
        asked.push((page, code_in(&site.mail_to("ana@demo.test").await)));
        site.app.clock().advance(Duration::minutes(1));
    }
    let [(_, first), (page, second)] = &asked[..] else { panic!("two") };
    let form = page.form("/sign-in/code").fill("code", first);
    form.submit(&mut browser).await.expect_status(422).expect("This code is from an earlier email");
    // Somebody else's is just wrong.
    let other = ask(&mut site.stranger(), "sam@demo.test").await;
    let form = other.form("/sign-in/code").fill("code", first);
    form.submit(&mut browser).await.expect_status(422).expect("That code does not work");
    page.form("/sign-in/code").fill("code", second).submit(&mut browser).await;
    browser.get("/account").await.expect("Ana Silva");
    site.work().await;
}

#[tokio::test]
async fn an_officer_needs_more_than_a_code() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = ask(&mut browser, "alex@demo.test").await;
    let mail = site.mail_to("alex@demo.test").await;
    assert!(mail.text.contains("you also need your password"), "{}", mail.text);
    let form = page.form("/sign-in/code").fill("code", &code_in(&mail));
    let page = form.submit(&mut browser).await;
    page.expect_status(422).expect("Officers enter their password too");
    let form = page.form("/sign-in/code").fill("password", "wrong");
    let page = form.submit(&mut browser).await;
    page.expect_status(422).expect("The password is wrong");
    browser.get("/account").await.expect("Email me a link");
    let form = page.form("/sign-in/code").fill("password", breakthrough::demo::PASSWORD);
    form.submit(&mut browser).await;
    browser.get("/account").await.expect("alex@demo.test");

    // Whoever has no password gets no code: the link is their way in.
    sqlx::query("update people set password_hash = null where email = 'treasurer@demo.test'")
        .execute(&site.pool)
        .await
        .unwrap();
    ask(&mut site.stranger(), "treasurer@demo.test").await.expect("Check your email");
    let mail = site.mail_to("treasurer@demo.test").await;
    assert_eq!(mail.subject, "Your sign-in link");
    assert!(!mail.text.split_whitespace().any(|word| word.parse::<u32>().is_ok_and(|code| code > 9_999)));
    let link = mail.link("/sign-in/link/");
    let mut browser = site.stranger();
    browser.get(&link).await.form(&link).submit(&mut browser).await;
    browser.get("/account").await.expect("treasurer@demo.test");
}

#[tokio::test]
async fn return_in_a_field_does_what_was_filled_in() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = browser.get("/sign-in").await;
    // Browsers press the first button.
    assert_eq!(page.attributes("form[action='/sign-in'] button", "value"), ["password", "link"]);
    assert_eq!(page.attributes("#field-email", "autocomplete"), ["username"]);
    let form = page.form("/sign-in").fill("email", "ana@demo.test").press("how", "password");
    form.submit(&mut browser).await.expect("Check your email");
    let form = page.form("/sign-in").fill("email", "ana@demo.test").press("how", "password");
    form.fill("password", breakthrough::demo::PASSWORD).submit(&mut browser).await;
    let account = browser.get("/account").await;
    assert_eq!(account.attributes("input[autocomplete=username]", "value"), ["ana@demo.test"]);
    assert_eq!(account.attributes("input[autocomplete=username]", "type"), ["email"]);
    site.work().await;
}

#[tokio::test]
async fn codes_that_stood_in_subjects_are_taken_out() {
    let site = Site::open().await;
    sqlx::query(
        "insert into outbox (id, occasion, recipient, subject, text_body, html_body, written_at)
         select gen_random_uuid(), subject, 'ana@demo.test', subject, '', '', now()
         from unnest(array['123456 is your sign-in code', '123456 members']) subject",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let migration = include_str!("../../migrations/20261102004100_kit_outbox_forgets.sql");
    sqlx::query(migration.split(';').next().unwrap()).execute(&site.pool).await.unwrap();
    let kept: Vec<String> =
        sqlx::query_scalar("select subject from outbox where recipient = 'ana@demo.test' order by 1")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(kept, ["123456 members", "Your sign-in code"]);
}

#[tokio::test]
async fn nobody_is_led_off_the_site() {
    let site = Site::open().await;
    let mut browser = site.signed_in_as("ana@demo.test").await;
    for (next, to) in [
        ("/membership?a=b", "/membership?a=b"),
        ("/%09/evil.example", "/dashboard"),
        ("//evil.example", "/dashboard"),
        ("/%5Cevil.example", "/dashboard"),
        ("/%01", "/dashboard"),
        ("/%F0%9F%8C%B9", "/dashboard"),
    ] {
        let page = browser.get_once(&format!("/sign-in?next={next}")).await;
        assert_eq!((page.status.as_u16(), page.location.as_deref()), (303, Some(to)), "{next}");
    }
    for next in ["/\t/evil.example", "/\u{1}", "/\0"] {
        let fields = [("email", "ana@demo.test"), ("password", breakthrough::demo::PASSWORD), ("next", next)];
        let page = site.stranger().post_once("/sign-in", &fields).await;
        assert_eq!((page.status.as_u16(), page.location.as_deref()), (303, Some("/dashboard")), "{next:?}");
    }
}

#[tokio::test]
async fn an_officer_keeps_her_address_unless_an_administrator_changes_it() {
    let site = Site::open().await;
    appoint(&site, "ana@demo.test", Role::Membership).await;
    let theo = id_of(&site, "treasurer@demo.test").await;
    let path = format!("/admin/members/{theo}");
    let mut secretary = site.signed_in_as("ana@demo.test").await;
    let action = format!("{path}/details");
    // Their other details may be corrected.
    let form = secretary.get(&action).await.form(&action).fill("name", "Theo B. Okafor");
    form.submit(&mut secretary).await.expect("Theo B. Okafor").expect_status(200);
    let form = secretary.get(&action).await.form(&action).fill("email", "thief@example.org");
    form.submit(&mut secretary).await.expect_status(409).expect("Only an administrator");
    let mut administrator = site.signed_in_as("alex@demo.test").await;
    let form = administrator.get(&action).await.form(&action);
    form.fill("email", "theo@demo.test").submit(&mut administrator).await.expect("theo@demo.test");
    let mail = site.mail_to("treasurer@demo.test").await;
    assert_eq!(mail.subject, "The email address of your account was changed");
}

#[tokio::test]
async fn a_new_address_ends_everything_that_hung_on_the_old_one() {
    let site = Site::open().await;
    let mut open = site.signed_in_as("ben@demo.test").await;
    let mut asking = site.stranger();
    let check = ask(&mut asking, "ben@demo.test").await;
    let mail = site.mail_to("ben@demo.test").await;
    let (link, code) = (mail.link("/sign-in/link/"), code_in(&mail));
    let ben = id_of(&site, "ben@demo.test").await;
    let action = format!("/admin/members/{ben}/details");
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get(&action).await;
    page.form(&action).fill("name", "Ben J. Hartley").submit(&mut officer).await.expect("Ben J. Hartley");
    open.get("/account").await.expect("Your account");
    let page = officer.get(&action).await;
    site.app.clock().advance(Duration::minutes(1));
    page.form(&action).fill("email", "b.hartley@demo.test").submit(&mut officer).await;
    let told = site.mail_to("ben@demo.test").await;
    assert_eq!(told.subject, "The email address of your account was changed");
    assert!(told.text.contains("Ben J. Hartley") && !told.text.contains("b.hartley"), "{}", told.text);
    open.get("/account").await.expect("Email me a link");
    site.stranger().post(&link, &[]).await.expect_status(410);
    check.form("/sign-in/code").fill("code", &code).submit(&mut asking).await.expect_status(422);
    let verified: Option<chrono::DateTime<chrono::Utc>> =
        sqlx::query_scalar("select email_verified_at from people where id = $1")
            .bind(ben)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(verified, None);
}

#[tokio::test]
async fn two_administrators_cannot_end_each_other_at_once() {
    let site = Site::open().await;
    appoint(&site, "ana@demo.test", Role::Administrator).await;
    let office = async |email: &str| -> uuid::Uuid {
        sqlx::query_scalar("select id from officers where person_id = $1 and role = 'administrator'")
            .bind(id_of(&site, email).await)
            .fetch_one(&site.pool)
            .await
            .unwrap()
    };
    let (alex, ana) = (office("alex@demo.test").await, office("ana@demo.test").await);
    let mut browser = site.signed_in_as("ana@demo.test").await;
    // Alex's end is written and not yet committed when Ana ends herself.
    let mut tx = site.pool.begin().await.unwrap();
    let end = sqlx::query("update officers set ended_at = now() where id = $1").bind(alex);
    end.execute(&mut *tx).await.unwrap();
    let path = format!("/admin/officers/{ana}/end");
    let (page, ()) = tokio::join!(browser.post_once(&path, &[]), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
    });
    page.expect_status(409).expect("This is the last administrator");
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let mut pages = Vec::new();
    for email in ["ana@demo.test", "nobody@example.org"] {
        let page = browser.get("/sign-in").await;
        let page = page.form("/sign-in").fill("email", email).press("how", "link").submit(&mut browser).await;
        pages.push((page.status, page.words()));
    }
    assert_eq!(pages[0], pages[1]);
    site.mail_to("nobody@example.org")
        .await
        .text
        .contains("We have no account for it")
        .then_some(())
        .unwrap();
    let mut wrong = Vec::new();
    for email in ["ana@demo.test", "nobody@example.org"] {
        let page = browser.get("/sign-in").await;
        let form =
            page.form("/sign-in").fill("email", email).fill("password", "wrong").press("how", "password");
        let page = form.submit(&mut browser).await;
        page.expect_status(422);
        wrong.push(page.words().replace(email, ""));
    }
    assert_eq!(wrong[0], wrong[1]);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let site = Site::open().await;
    let mut phone = site.signed_in_as("ana@demo.test").await;
    let mut laptop = site.signed_in_as("ana@demo.test").await;
    let page = laptop.get("/account").await;
    page.form("/account/sessions/end-others")
        .submit(&mut laptop)
        .await
        .expect("Every other device is signed out");
    phone.get("/account").await.expect("Email me a link");
    laptop.get("/account").await.expect("Your account");
    laptop.post("/sign-out", &[]).await;
    laptop.get("/account").await.expect("Email me a link");
}

#[tokio::test]
async fn one_device_is_signed_out_from_another() {
    let site = Site::open().await;
    let mut laptop = site.signed_in_as("ana@demo.test").await;
    let mut phone = site.signed_in_as("ana@demo.test").await;
    sqlx::query("update sessions set browser = 'Firefox on Android' where id = (select id from sessions order by created_at desc, ctid desc limit 1)")
        .execute(&site.pool)
        .await
        .unwrap();
    let page = laptop.get("/account").await;
    page.expect("Firefox on Android").expect("This one");
    let ends = page.attributes("form[action$='/end']", "action");
    assert_eq!(ends.len(), 1, "{ends:?}");
    // Nobody else can end it.
    let mut other = site.signed_in_as("sam@demo.test").await;
    other.post(&ends[0], &[]).await;
    phone.get("/account").await.expect("Your account");
    laptop.post(&ends[0], &[]).await.expect("That device is signed out").expect_not("Firefox on Android");
    phone.get("/account").await.expect("Email me a link");
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used() {
    let site = Site::open().await;
    let mut used = site.signed_in_as("ana@demo.test").await;
    let mut left = site.signed_in_as("sam@demo.test").await;
    for _ in 0..2 {
        site.app.clock().advance(Duration::days(20));
        used.get("/account").await.expect("Your account");
    }
    left.get("/account").await.expect("Email me a link");
    site.app.clock().advance(Duration::days(31));
    used.get("/account").await.expect("Email me a link");
}

#[tokio::test]
async fn consents_are_given_and_taken_back() {
    let site = Site::open().await;
    let sam = id_of(&site, "sam@demo.test").await;
    let standing = async || -> Vec<String> {
        sqlx::query_scalar(
            "select purpose from consents where person_id = $1 and withdrawn_at is null order by 1",
        )
        .bind(sam)
        .fetch_all(&site.pool)
        .await
        .unwrap()
    };
    let mut browser = site.signed_in_as("sam@demo.test").await;
    let form = browser.get("/account").await.form("/account/consents").clear("consent[]");
    form.submit(&mut browser).await.expect("Your choices are saved");
    assert!(standing().await.is_empty());
    let form = browser.get("/account").await.form("/account/consents").tick("consent[]", "organiser_contact");
    let page = form.submit(&mut browser).await;
    page.expect("Your choices are saved").expect("You agreed on 21 November 2026");
    assert_eq!(standing().await, ["organiser_contact"]);
}

#[tokio::test]
async fn a_member_moves() {
    let site = Site::open().await;
    let mut browser = site.signed_in_as("ana@demo.test").await;
    let form = browser.get("/membership/details").await.form("/membership/details");
    let form =
        form.fill("address_line1", "9 Chapel Row").fill("town", "Cardiff").fill("postcode", "cf10 1ep");
    let page = form.submit(&mut browser).await;
    page.expect_status(200).expect("9 Chapel Row, Cardiff, CF10 1EP");
    browser.get("/account").await.expect("CF10 1EP").expect("Wales");
}

#[tokio::test]
async fn a_new_password_must_be_strong_and_ends_other_sessions() {
    let site = Site::open().await;
    let mut phone = site.signed_in_as("ana@demo.test").await;
    let mut laptop = site.signed_in_as("ana@demo.test").await;
    let page = laptop.get("/account").await;
    let page = page.form("/account/password").fill("password_new", "anasilva1").submit(&mut laptop).await;
    page.expect_status(422).expect("harder to guess");
    let page =
        page.form("/account/password").fill("password_new", "orange ladders sing").submit(&mut laptop).await;
    page.expect("Your password is set");
    phone.get("/account").await.expect("Email me a link");
    assert_eq!(site.mail_to("ana@demo.test").await.subject, "Your password was changed");
}

#[tokio::test]
async fn tries_are_limited() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let fields = [("email", "ana@demo.test"), ("password", "wrong"), ("how", "password")];
    for _ in 0..10 {
        browser.post("/sign-in", &fields).await.expect_status(422);
    }
    let page = browser.post("/sign-in", &fields).await;
    page.expect_status(429).expect("Wait 15 minutes");
    assert!(page.headers.contains_key("retry-after"));
    site.app.clock().advance(Duration::minutes(15));
    browser.post("/sign-in", &fields).await.expect_status(422);
}

#[tokio::test]
async fn wrong_passwords_keep_nobody_from_a_link() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let fields = [("email", "ana@demo.test"), ("password", "wrong"), ("how", "password")];
    for _ in 0..11 {
        browser.post("/sign-in", &fields).await;
    }
    ask(&mut browser, "ana@demo.test").await.expect_status(200).expect("Check your email");
    // Links have a limit of their own.
    for _ in 0..9 {
        ask(&mut browser, "ana@demo.test").await.expect_status(200);
    }
    ask(&mut browser, "ana@demo.test").await.expect_status(429);
    assert_eq!(site.mails_to("ana@demo.test").await.len(), 10);
}

#[tokio::test]
async fn what_was_typed_survives_a_limit() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let fields = |name: &'static str| {
        [
            ("name", name),
            ("email", "robin@example.org"),
            ("topic", "press"),
            ("message", "Dear all, this took me an hour."),
            ("body", "Dear all, this took me an hour."),
        ]
    };
    for _ in 0..10 {
        browser.post_once("/contact", &fields("Robin")).await;
    }
    let page = browser.post_once("/contact", &fields("Robin")).await;
    page.expect_status(429).expect("What you typed is kept on this page");
    site.app.clock().advance(Duration::minutes(60));
    let page = page.form("/contact").submit(&mut browser).await;
    page.expect_status(200).expect("Thank you");
    site.work().await;
}

#[tokio::test]
async fn a_link_is_told_to_no_other_site_and_works_in_old_browsers() {
    let site = Site::open().await;
    ask(&mut site.stranger(), "ana@demo.test").await;
    let link = site.mail_to("ana@demo.test").await.link("/sign-in/link/");
    let page = site.stranger().get(&link).await;
    assert_eq!(page.headers["referrer-policy"], "same-origin");
    // What a browser without Sec-Fetch-Site sends under that policy.
    let browser = site.stranger();
    let origin = format!("http://{}", site.address);
    let sent = browser.raw(Method::POST, &link).header("origin", origin).body("").send().await.unwrap();
    assert_eq!(sent.status(), 303);
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let site = Site::open().await;
    let browser = site.signed_in_as("ana@demo.test").await;
    for origin in [Some("https://evil.example"), None] {
        let mut request = browser.raw(Method::POST, "/account/consents").body("");
        if let Some(origin) = origin {
            request = request.header("origin", origin).header("sec-fetch-site", "cross-site");
        }
        let response =
            request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(response.status(), 403);
        assert!(response.text().await.unwrap().contains("sent from another site"));
    }
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_is_handed_back() {
    let site = Site::open().await;
    let mut browser = site.signed_in_as("ana@demo.test").await;
    browser.forget_cookies();
    let page = browser.post("/account/consents", &[("consent", "email_updates")]).await;
    page.expect_status(401).expect("kept on this page");
    assert_eq!(page.attributes("form[action='/account/consents'] input", "value"), ["email_updates"]);
}
