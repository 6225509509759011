//! What is pressed twice is done once, also where nothing is saved but a mail goes out.

use crate::support::Site;

#[tokio::test]
async fn a_button_pressed_twice_sends_one_mail() {
    let site = Site::open().await;
    let sent = async |email: &str| site.mails_to(email).await.len();
    let mut stranger = site.stranger();
    let sign_up = [
        ("email", "nia@example.org"),
        ("name", "Nia"),
        ("postcode", "M1 1AE"),
        ("old_enough", "yes"),
        ("email_updates", "yes"),
    ];
    for _ in 0..3 {
        stranger.post("/support", &sign_up).await;
    }
    assert_eq!(sent("nia@example.org").await, 1);
    let mut member = site.signed_in_as("ana@demo.test").await;
    let before = sent("ana@demo.test").await;
    for _ in 0..3 {
        member.post("/account/email", &[("email", "ana@example.org")]).await;
    }
    assert_eq!((sent("ana@example.org").await, sent("ana@demo.test").await - before), (1, 1));
    // Who waits and hears nothing asks again.
    site.app.clock().advance(chrono::Duration::minutes(2));
    stranger.post("/support", &sign_up).await;
    member.post("/account/email", &[("email", "ana@example.org")]).await;
    assert_eq!((sent("nia@example.org").await, sent("ana@example.org").await), (2, 2));
}
