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
    let mut signed_in = [site.signed_in_as("ana@demo.test").await, site.signed_in_as("alex@demo.test").await];
    let details = format!("/admin/supporters/{sam}/details");
    for name in [
        "?",
        "..",
        "=1",
        "🌹",
        "x",
        "ˈ",
        "https://evil.test/win",
        "evil.test",
        "Ana www.evil",
        "ana@evil.test",
    ] {
        for (who, path, field) in [
            (None, "/join", "name"),
            (None, "/donate", "name"),
            (None, "/support", "name"),
            (None, "/contact", "name"),
            (None, "/gift-membership", "name"),
            (None, "/gift-membership", "receiver_name"),
            (Some(0), "/account/name", "name"),
            (Some(0), "/account/name", "called"),
            (Some(1), details.as_str(), "name"),
            (Some(1), "/admin/officers", "name"),
        ] {
            let browser = who.map_or(&mut stranger, |at: usize| &mut signed_in[at]);
            let sent = browser.get(path).await.form(path).fill(field, name).submit_once(browser).await;
            sent.expect_status(422);
            let fault = sent.select(&format!("#error-{field}"));
            assert_eq!(fault.len(), 1, "{path} took {name} as {field}");
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
