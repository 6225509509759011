use breakthrough::supporters::{Interest, find_supporter};

use crate::support::{Browser, Filled, Page, Site};

async fn sign_up(browser: &mut Browser, email: &str, name: &str, postcode: &str) -> Page {
    filled(browser, email, name, postcode).await.submit(browser).await
}

async fn filled(browser: &mut Browser, email: &str, name: &str, postcode: &str) -> Filled {
    let page = browser.get("/support").await;
    page.form("/support")
        .fill("email", email)
        .fill("name", name)
        .fill("postcode", postcode)
        .tick("interest[]", "events")
        .tick("interest[]", "skills")
        .tick("old_enough", "yes")
        .tick("email_updates", "yes")
}

async fn standing(site: &Site, email: &str) -> Option<String> {
    sqlx::query_scalar("select standing from people where email = $1::text::citext")
        .bind(email)
        .fetch_optional(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn people_in_other_countries_follow_the_party_too() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = sign_up(&mut browser, "berlin@example.org", "Bo", "10115 Berlin").await;
    page.expect_status(422).expect("I live in another country");
    let form = page.form("/support");
    assert_eq!(form.value("postcode"), Some("10115 Berlin"), "what was typed stays");
    form.tick("abroad", "yes").submit(&mut browser).await.expect("Check your email");
    let link = site.mail_to("berlin@example.org").await.link("/support/confirm/");
    let page = browser.get(&link).await;
    page.expect("Postcode none").form(&link).submit(&mut browser).await.expect_status(200);
    site.work().await;
    assert_eq!(standing(&site, "berlin@example.org").await.as_deref(), Some("supporter"));
    // And they join from where they live.
    assert_eq!(browser.get("/join").await.form("/join").value("postcode"), Some(""));
}

#[tokio::test]
async fn signing_up_takes_a_press_in_the_mail() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = browser.get("/support").await;
    page.expect("I am 13 or older.").expect("Email me news and campaign updates");
    assert_eq!(page.select("input[checked]"), Vec::<String>::new(), "no box is ticked beforehand");
    let page = sign_up(&mut browser, "nia@example.org", "Nia Ó Briain", "bl90nd").await;
    page.expect_status(200).expect("Check your email");
    let mail = site.mail_to("nia@example.org").await;
    assert!(mail.subject.contains("Breakthrough Party"), "{}", mail.subject);
    assert!(mail.text.contains("151 The Rock"), "the imprint: {}", mail.text);
    assert_eq!(
        standing(&site, "nia@example.org").await,
        None,
        "nothing is known of them before they confirm"
    );
    assert!(
        !mail.text.contains("Nia") && !mail.html.contains("Nia"),
        "nothing that the sender chose: {}",
        mail.text
    );
    let link = mail.link("/support/confirm/");
    // A scanner opens the link twice, and nothing happens.
    browser.get(&link).await.expect_status(200);
    let page = site.stranger().get(&link).await;
    page.expect("One more step");
    assert_eq!(standing(&site, "nia@example.org").await, None);
    site.app.clock().advance(chrono::Duration::minutes(1));
    page.form(&link)
        .submit(&mut browser)
        .await
        .expect("Good to have you with us")
        .expect("You are signed in");
    assert_eq!(standing(&site, "nia@example.org").await.as_deref(), Some("supporter"));
    let join = browser.get("/join").await;
    let join = join.form("/join");
    assert_eq!((join.value("name"), join.value("postcode")), (Some("Nia Ó Briain"), Some("BL9 0ND")));
    let consents: Vec<(String, String, String)> = sqlx::query_as(
        "select purpose, wording, source from consents c join people p on p.id = c.person_id where p.email = 'nia@example.org'",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let [(purpose, wording, source)] = consents.as_slice() else { panic!("one consent: {consents:?}") };
    assert_eq!((purpose.as_str(), source.as_str()), ("email_updates", "supporter sign-up"));
    assert!(wording.starts_with("Email me news"));
    // The welcome signs them in, and the link works once.
    let welcome = site.mail_to("nia@example.org").await;
    assert_eq!(welcome.subject, "Good to have you with us");
    let enter = welcome.link("/sign-in/link/");
    browser.forget_cookies();
    let to_join =
        welcome.text.split("Join us as a member:").nth(1).unwrap().split_whitespace().next().unwrap();
    let to_join = to_join[to_join.find("/sign-in").unwrap()..].to_owned();
    let page = browser.get(&to_join).await.form(&to_join).submit(&mut browser).await;
    assert_eq!(
        page.form("/join").value("name"),
        Some("Nia Ó Briain"),
        "the link leads to the filled-in form"
    );
    browser.forget_cookies();
    browser.get(&enter).await.form(&enter).submit(&mut browser).await;
    let account = browser.get("/account").await;
    account.expect("nia@example.org");
    browser.post(&link, &[]).await.expect_status(200).expect("You have confirmed already");
    assert_eq!(site.mails_to("nia@example.org").await.len(), 2);
    let mut db = site.pool.acquire().await.unwrap();
    let person = sqlx::query_scalar("select id from people where email = 'nia@example.org'")
        .fetch_one(&mut *db)
        .await
        .unwrap();
    let supporter = find_supporter(&mut db, person).await.unwrap().unwrap();
    assert_eq!(supporter.interests, [Interest::Events, Interest::Skills]);
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let mut answers = Vec::new();
    for email in ["ana@demo.test", "sam@demo.test", "nobody@example.org"] {
        let form = filled(&mut browser, email, "Somebody Else", "BL9 0ND").await;
        let page = form.submit_once(&mut browser).await;
        let mail = site.mail_to(email).await;
        answers.push((page.status, page.location, page.body, mail.subject, mail.text.lines().count()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn the_owner_sees_what_a_stranger_entered_before_any_of_it_counts() {
    let site = Site::open().await;
    let known = async || -> (String, Option<String>, String, Vec<String>) {
        sqlx::query_as(
            "select p.name, p.region, array_to_string(s.interests, ','),
                    array(select purpose from consents c where c.person_id = p.id and withdrawn_at is null order by 1)
             from people p join supporters s on s.person_id = p.id where p.email = 'sam@demo.test'",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap()
    };
    let mut sam = site.signed_in_as("sam@demo.test").await;
    sam.get("/account").await.form("/account/consents").clear("consent[]").submit(&mut sam).await;
    sqlx::query(
        "update people set postcode = 'BL9 0ND', region = 'north-west' where email = 'sam@demo.test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let before = known().await;
    assert!(before.3.is_empty());
    let mut stranger = site.stranger();
    let form = filled(&mut stranger, "sam@demo.test", "Mallory", "CF10 1EP").await;
    form.tick("organiser_contact", "yes").submit(&mut stranger).await.expect_status(200);
    let link = site.mail_to("sam@demo.test").await.link("/support/confirm/");
    assert_eq!(known().await, before, "the form changes nothing");
    let page = site.stranger().get(&link).await;
    page.expect("Sam Whitlock in the form: Mallory")
        .expect("BL9 0ND in the form: CF10 1EP")
        .expect("North West in the form: Wales")
        .expect("Social media in the form: Events, Skills")
        .expect("Email me news and campaign updates.")
        .expect("Share my name and email with the volunteer organisers");
    assert_eq!(known().await, before, "neither does the page");
    // Without the box there is nothing of organisers on it.
    site.app.clock().advance(chrono::Duration::minutes(1));
    sign_up(&mut stranger, "sam@demo.test", &before.0, "CF10 1EP").await;
    let plain = site.mail_to("sam@demo.test").await.link("/support/confirm/");
    assert_ne!(plain, link);
    site.stranger().get(&plain).await.expect_not("organisers").expect_not("Mallory");
    page.form(&link).submit(&mut sam).await.expect("Good to have you with us");
    let after = known().await;
    assert_eq!((&after.0, &after.1, &after.2), (&before.0, &before.1, &before.2), "nothing known is changed");
    assert_eq!(after.3, ["email_updates", "organiser_contact"], "what was shown, and the owner pressed");
    // Whoever moved says so, by a box that nobody else ticks.
    site.app.clock().advance(chrono::Duration::minutes(1));
    filled(&mut stranger, "sam@demo.test", "Samira", "CF10 1EP").await.submit(&mut stranger).await;
    let moved = site.mail_to("sam@demo.test").await.link("/support/confirm/");
    let page = sam.get(&moved).await;
    page.form(&moved).tick("change", "yes").submit(&mut sam).await.expect("Good to have you with us");
    let after = known().await;
    assert_eq!((after.0.as_str(), after.1.as_deref()), ("Samira", Some("wales")));
    assert_eq!(after.2, "events,skills");
    // Of a member nothing is shown as changed, for nothing is.
    sign_up(&mut stranger, "ana@demo.test", "Mallory", "CF10 1EP").await;
    let link = site.mail_to("ana@demo.test").await.link("/support/confirm/");
    let page = site.stranger().get(&link).await;
    page.expect("Ana Silva").expect_not("Mallory").expect_not("CF10").expect_not("Change my details");
    site.work().await;
}

#[tokio::test]
async fn a_member_stays_a_member_and_keeps_her_name() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    sign_up(&mut browser, "Ana@demo.test", "Anna S", "M1 1AE").await;
    let link = site.mail_to("ana@demo.test").await.link("/support/confirm/");
    browser.get(&link).await.form(&link).submit(&mut browser).await.expect("You are already a member");
    assert_eq!(standing(&site, "ana@demo.test").await.as_deref(), Some("member"));
    let name: String = sqlx::query_scalar("select name from people where email = 'ana@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(name, "Ana Silva");
    site.work().await;
}

#[tokio::test]
async fn signing_up_twice_does_no_harm() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let mut links = Vec::new();
    for name in ["Nia", "Nia Jones"] {
        sign_up(&mut browser, "nia@example.org", name, "M1 1AE").await;
        links.push(site.mail_to("nia@example.org").await.link("/support/confirm/"));
        site.app.clock().advance(chrono::Duration::minutes(1));
    }
    assert_ne!(links[0], links[1]);
    for (link, form) in [(&links[0], None), (&links[1], Some("Nia Jones"))] {
        let page = browser.get(link).await;
        let confirm = page.form(link);
        let confirm = match form {
            Some(name) => {
                page.expect(&format!("Nia in the form: {name}"));
                confirm.tick("change", "yes")
            }
            None => confirm,
        };
        confirm.submit(&mut browser).await.expect("Good to have you with us");
    }
    let (name, consents): (String, i64) = sqlx::query_as(
        "select name, (select count(*) from consents c where c.person_id = p.id) from people p where email = 'nia@example.org'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((name.as_str(), consents), ("Nia Jones", 1));
    // Two links to confirm and one welcome.
    assert_eq!(site.mails_to("nia@example.org").await.len(), 3);
}

#[tokio::test]
async fn the_region_is_asked_at_a_border() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = sign_up(&mut browser, "nia@example.org", "Nia", "CH4 7AA").await;
    page.expect_status(422)
        .expect("Which region do you live in?")
        .expect("North West")
        .expect_not("Scotland");
    let form = page.form("/support");
    assert_eq!(form.value("name"), Some("Nia"), "what was typed is kept");
    form.fill("region", "wales").submit(&mut browser).await.expect_status(200);
    let link = site.mail_to("nia@example.org").await.link("/support/confirm/");
    browser.get(&link).await.form(&link).submit(&mut browser).await;
    let region: Option<String> =
        sqlx::query_scalar("select region from people where email = 'nia@example.org'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(region.as_deref(), Some("wales"));
    site.work().await;
}

#[tokio::test]
async fn what_is_missing_is_said_beside_the_field() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = browser.get("/support").await;
    let page = page.form("/support").fill("name", "<b>Nia</b>").submit(&mut browser).await;
    page.expect_status(422)
        .expect("There is a problem")
        .expect("Enter your email address")
        .expect("Confirm that you are 13 or older")
        .expect("Tick the box so that we may email you");
    assert_eq!(page.form("/support").value("name"), Some("<b>Nia</b>"));
}

#[tokio::test]
async fn a_link_ends_after_a_week_and_is_forgotten() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    sign_up(&mut browser, "nia@example.org", "Nia", "M1 1AE").await;
    let link = site.mail_to("nia@example.org").await.link("/support/confirm/");
    site.app.clock().advance(chrono::Duration::days(7));
    browser.get(&link).await.expect_status(410).expect("This link no longer works");
    browser.post(&link, &[]).await.expect_status(410);
    assert_eq!(standing(&site, "nia@example.org").await, None);
    site.app.clock().advance(chrono::Duration::days(1));
    let mut db = site.pool.acquire().await.unwrap();
    breakthrough::kit::queue::push(&mut db, &breakthrough::supporters::TidySupporters::default())
        .await
        .unwrap();
    site.work().await;
    let left: i64 =
        sqlx::query_scalar("select count(*) from supporter_sign_ups").fetch_one(&mut *db).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn sign_ups_are_limited() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for _ in 0..5 {
        sign_up(&mut browser, "nia@example.org", "Nia", "M1 1AE").await.expect_status(200);
    }
    sign_up(&mut browser, "NIA@example.org", "Nia", "M1 1AE").await.expect_status(429);
    sign_up(&mut browser, "other@example.org", "Nia", "M1 1AE").await.expect_status(200);
    site.work().await;
}

#[tokio::test]
async fn confirming_opens_no_account_with_an_office_or_a_password() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for email in ["alex@demo.test", "sam@demo.test"] {
        sign_up(&mut browser, email, "Somebody", "M1 1AE").await;
        let link = site.mail_to(email).await.link("/support/confirm/");
        browser.get(&link).await.form(&link).submit(&mut browser).await.expect_status(200);
        assert_eq!(browser.get_once("/account").await.status, 303, "{email} still has to sign in");
    }
}
