use crate::support::Site;

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
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn a_code_signs_in_and_five_wrong_ones_end_it() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let ask =
        browser.get("/sign-in").await.form("/sign-in").fill("email", "ana@demo.test").press("how", "link");
    let page = ask.submit(&mut browser).await;
    let mail = site.mail_to("ana@demo.test").await;
    let code = mail.subject.split(' ').next().unwrap().to_owned();
    for _ in 0..4 {
        let page = page.form("/sign-in/code").fill("code", "000000").submit(&mut browser).await;
        page.expect_status(422).expect("That code does not work");
    }
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    page.form("/sign-in/code").fill("code", &spaced).submit(&mut browser).await;
    browser.get("/account").await.expect_status(200).expect("Ana Silva");
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
    site.mail_to("nobody@example.org").await.text.contains("We do not know it").then_some(()).unwrap();
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
    site.app.clock().advance(chrono::Duration::minutes(15));
    browser.post("/sign-in", &fields).await.expect_status(422);
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let site = Site::open().await;
    let browser = site.signed_in_as("ana@demo.test").await;
    for origin in [Some("https://evil.example"), None] {
        let mut request = browser.raw(reqwest::Method::POST, "/account/consents").body("");
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
