//! What is a name is one rule, on every form that asks for one.

use uuid::Uuid;

use crate::support::Site;

#[tokio::test]
async fn no_form_takes_for_a_name_what_is_none() {
    let site = Site::open().await;
    let sam: Uuid = sqlx::query_scalar("select id from people where email = 'sam@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut stranger = site.stranger();
    let mut member = site.signed_in_as("ana@demo.test").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let details = format!("/admin/supporters/{sam}/details");
    for name in ["?", "..", "=1", "🌹", "x", "ˈ", "https://evil.test/win", "evil.test", "Ana www.evil", "ana@evil.test"]
    {
        for (browser, page, action, field) in [
            (&mut stranger, "/join", "/join", "name"),
            (&mut stranger, "/donate", "/donate", "name"),
            (&mut stranger, "/support", "/support", "name"),
            (&mut stranger, "/contact", "/contact", "name"),
            (&mut stranger, "/gift-membership", "/gift-membership", "name"),
            (&mut stranger, "/gift-membership", "/gift-membership", "receiver_name"),
            (&mut member, "/account/name", "/account/name", "name"),
            (&mut member, "/account/name", "/account/name", "called"),
            (&mut officer, details.as_str(), details.as_str(), "name"),
            (&mut officer, "/admin/officers", "/admin/officers", "name"),
        ] {
            let sent = browser.get(page).await.form(action).fill(field, name).submit_once(browser).await;
            sent.expect_status(422);
            let fault = sent.select(&format!("#error-{field}"));
            assert_eq!(fault.len(), 1, "{action} took {name} as {field}");
        }
    }
    for name in ["test", "a n o n", "Anonymous", "N/A", "XX", "nobody"] {
        let page = stranger.get("/donate").await;
        let page = page.form("/donate").fill("name", name).submit_once(&mut stranger).await;
        page.expect("does not allow us to accept anonymous donations");
    }
    for message in ["Look: https://evil.test", "www.evil.test", "See evil.test", "Write to a@evil.test"] {
        let page = stranger.get("/gift-membership").await;
        let page = page.form("/gift-membership").fill("message", message).submit_once(&mut stranger).await;
        page.expect("Leave out web and email addresses");
    }
}
