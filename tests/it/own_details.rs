//! Name and email address, changed by the person themselves.

use breakthrough::kit::stripe::stand_in::PaidBy;

use crate::{
    membership::{pay, settle, signed_in_by_welcome},
    support::{Browser, Site},
};

const OLD: &str = "robin@example.org";
const NEW: &str = "robin@new.example";

async fn member(site: &Site) -> Browser {
    site.app.stripe_stand_in().hold();
    pay(site, OLD, PaidBy::Card).await;
    signed_in_by_welcome(site, OLD).await
}

async fn want(site: &Site, browser: &mut Browser, email: &str) {
    // Mails are told apart by their time.
    site.app.clock().advance(chrono::Duration::seconds(1));
    let form = browser.get("/account/email").await.form("/account/email");
    form.fill("email", email).submit(browser).await.expect_status(200).expect("Open the emails that we sent");
}

/// The link in the newest mail to an address.
async fn link(site: &Site, email: &str) -> String {
    site.work().await;
    let mails = site.mails_to(email).await;
    let newest = mails.iter().rfind(|mail| mail.text.contains("/account/email/"));
    newest.expect("a link was mailed").link("/account/email/")
}

async fn answer(site: &Site, link: &str, answer: &str) -> String {
    let mut anybody = site.stranger();
    let page = anybody.get(link).await;
    page.expect_status(200).expect("Change your email address?");
    page.form(link).press("answer", answer).submit(&mut anybody).await.words()
}

async fn address_of(site: &Site, name: &str) -> String {
    sqlx::query_scalar("select email::text from people where name = $1")
        .bind(name)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

const NAME: &str = "Robin Ó Súilleabháin";

#[tokio::test]
async fn an_address_changes_once_both_addresses_have_confirmed() {
    for new_first in [true, false] {
        let site = Site::open().await;
        let mut browser = member(&site).await;
        want(&site, &mut browser, NEW).await;
        let (old, new) = (link(&site, OLD).await, link(&site, NEW).await);
        let (first, second) = if new_first { (&new, &old) } else { (&old, &new) };
        // Looking at a link confirms nothing: mail scanners do.
        browser.get(first).await.expect("Change your email address?");
        assert!(answer(&site, first, "yes").await.contains("One more step"));
        assert_eq!(address_of(&site, NAME).await, OLD);
        site.stranger().get(first).await.expect("One more step");
        let words = if new_first { "to your old address" } else { "to the new address" };
        browser.get("/account").await.expect(words);
        assert!(answer(&site, second, "yes").await.contains("Your address has been changed"));
        assert_eq!(address_of(&site, NAME).await, NEW);
        site.stranger().get(second).await.expect_status(404).expect("This link no longer works");
        settle(&site).await;
        for address in [OLD, NEW] {
            let mails = site.mails_to(address).await;
            let told = "The email address of your account has been changed";
            assert_eq!(mails.iter().filter(|mail| mail.subject == told).count(), 1, "{address}");
        }
        // They are still signed in, and Stripe writes to the new address.
        browser.get("/account").await.expect(NEW);
        let at_stripe: String = sqlx::query_scalar(
            "select o.body ->> 'email' from stripe_stand_in.objects o join subscriptions s on s.customer = o.id
             join memberships m on m.subscription = s.id join people p on p.id = m.person_id where p.name = $1",
        )
        .bind(NAME)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(at_stripe, NEW);
    }
}

#[tokio::test]
async fn whoever_reads_the_old_address_can_refuse_and_ends_all_sessions() {
    let site = Site::open().await;
    let mut thief = member(&site).await;
    want(&site, &mut thief, NEW).await;
    let (old, new) = (link(&site, OLD).await, link(&site, NEW).await);
    answer(&site, &new, "yes").await;
    assert!(answer(&site, &old, "no").await.contains("Nothing has changed"));
    assert_eq!(address_of(&site, NAME).await, OLD);
    thief.get("/account").await.expect("Email me a link").expect_not(NAME);
    for gone in [&old, &new] {
        site.stranger().get(gone).await.expect_status(404);
        site.stranger().post(gone, &[("answer", "yes")]).await.expect_status(404);
    }
    assert_eq!(address_of(&site, NAME).await, OLD);
}

#[tokio::test]
async fn an_address_of_somebody_else_is_told_to_them_alone() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    want(&site, &mut browser, "ana@demo.test").await;
    let old = link(&site, OLD).await;
    assert_eq!(site.mail_to("ana@demo.test").await.subject, "You already have an account with this address");
    assert!(answer(&site, &old, "yes").await.contains("One more step"));
    assert_eq!(address_of(&site, NAME).await, OLD);

    // Free when it was wanted, taken by the time it is confirmed.
    want(&site, &mut browser, NEW).await;
    let (old, new) = (link(&site, OLD).await, link(&site, NEW).await);
    answer(&site, &new, "yes").await;
    sqlx::query("update people set email = $1::text::citext where email = 'sam@demo.test'")
        .bind(NEW)
        .execute(&site.pool)
        .await
        .unwrap();
    assert!(answer(&site, &old, "yes").await.contains("This address is in use"));
    assert_eq!(address_of(&site, NAME).await, OLD);
}

#[tokio::test]
async fn what_is_wanted_is_replaced_forgotten_and_ends_by_itself() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    for (email, says) in
        [(OLD, "already your address"), ("ROBIN@example.org", "already your address"), ("robin@", "Enter")]
    {
        let form = browser.get("/account/email").await.form("/account/email");
        let page = form.fill("email", email).submit(&mut browser).await;
        page.expect_status(422).expect(says);
        assert_eq!(page.form("/account/email").value("email"), Some(email));
    }
    want(&site, &mut browser, "first@new.example").await;
    let first = link(&site, "first@new.example").await;
    want(&site, &mut browser, NEW).await;
    site.stranger().get(&first).await.expect_status(404);
    let second = link(&site, NEW).await;
    let page = browser.get("/account").await;
    page.form("/account/email/end").submit(&mut browser).await.expect("Your address stays as it is");
    site.stranger().get(&second).await.expect_status(404);
    want(&site, &mut browser, NEW).await;
    let third = link(&site, NEW).await;
    site.app.clock().advance(chrono::Duration::hours(49));
    site.stranger().get(&third).await.expect_status(404);
    browser.get("/account").await.expect_not(NEW);
}

#[tokio::test]
async fn people_say_their_name_and_what_they_want_to_be_called() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    let (page, stale) = (browser.get("/account/name").await, browser.get("/account/name").await);
    page.form("/account/name")
        .fill("name", "Robin Ó Súilleabháin-Jones")
        .fill("called", "Rob")
        .submit(&mut browser)
        .await
        .expect("Your name is saved")
        .expect("We call you Rob");
    // Another tab does not take it back unseen.
    let form = stale.form("/account/name").fill("name", "Robin Jones");
    form.submit(&mut browser).await.expect_status(409).expect("Súilleabháin-Jones");
    let form = browser.get("/account/name").await.form("/account/name");
    form.fill("name", " \u{200b} ")
        .submit(&mut browser)
        .await
        .expect_status(422)
        .expect("Enter your full name");
    want(&site, &mut browser, NEW).await;
    site.work().await;
    let mail = site.mail_to(NEW).await;
    assert!(mail.text.contains("Hello Rob,"), "{}", mail.text);
    // Letters about the membership greet them by it too.
    let form = browser.get("/membership/end").await.form("/membership/end");
    form.submit(&mut browser).await;
    let letter = site.mail_to(OLD).await;
    assert!(letter.text.contains("Hello Rob,"), "{}", letter.text);
    let changed: serde_json::Value = sqlx::query_scalar(
        "select detail from audit_log where action = 'person.changed' order by id desc limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(changed["called"], serde_json::json!(["", "Rob"]));
    // The same again, and nothing.
    let form = browser.get("/account/name").await.form("/account/name");
    form.fill("called", "").submit(&mut browser).await.expect_not("We call you");
}
