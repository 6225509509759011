//! Notices: to people because of their rights, whatever emails they agreed to.

use breakthrough::{
    accounts,
    newsletters::{self, Notice, NoticeProgress, Undelivered},
};
use uuid::Uuid;

use super::{open, send, states, without_updates, write};
use crate::{
    economy::Statements,
    support::{Site, smtp::Sink},
};

const KEY: &str = "vote:1:opening";

fn notice(key: &str) -> Notice {
    Notice {
        key: key.to_owned(),
        subject: "Voting is open".to_owned(),
        body: "Vote until **Friday, noon**.\n\n[Vote](/membership)".to_owned(),
        reason: "You get this because you are on the roll of this vote.".to_owned(),
        by: None,
    }
}

/// People who have agreed to nothing.
async fn strangers(site: &Site, emails: &[&str]) -> Vec<Uuid> {
    let mut change = site.change().await;
    let mut ids = Vec::new();
    for email in emails {
        let email = email.parse().unwrap();
        let (id, _) = accounts::find_or_add_person(&mut change, &email, "Rea <Reader>").await.unwrap();
        accounts::set_standing(&mut change, id, accounts::Standing::Supporter).await.unwrap();
        ids.push(id);
    }
    change.commit().await.unwrap();
    ids
}

async fn notify(site: &Site, notice: &Notice, people: &[Uuid]) -> bool {
    let mut change = site.change().await;
    let sent = newsletters::notify(&mut change, notice, people).await.unwrap();
    change.commit().await.unwrap();
    sent
}

async fn remind(site: &Site, notice: &Notice, people: &[Uuid]) -> bool {
    let mut change = site.change().await;
    let sent = newsletters::remind(&mut change, notice, people).await.unwrap();
    change.commit().await.unwrap();
    sent
}

async fn forget(site: &Site, key: &str) -> bool {
    let mut change = site.change().await;
    let forgotten = newsletters::forget_notice(&mut change, key).await.unwrap();
    change.commit().await.unwrap();
    forgotten
}

async fn found(site: &Site, key: &str) -> NoticeProgress {
    let mut db = site.pool.acquire().await.unwrap();
    newsletters::find_notice(&mut db, key).await.unwrap().unwrap()
}

async fn undelivered(site: &Site, key: &str, after: Option<Uuid>, limit: i64) -> Vec<Undelivered> {
    let mut db = site.pool.acquire().await.unwrap();
    newsletters::list_undelivered(&mut db, key, after, limit).await.unwrap()
}

#[tokio::test]
async fn a_notice_reaches_whoever_agreed_to_nothing_and_an_update_does_not() {
    let site = open().await;
    super::only(&site, &["rea@example.org"]).await;
    let (rea, ria) = (site.person("rea@example.org").await, strangers(&site, &["ria@example.org"]).await[0]);
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin/updates/notices").await.expect("No notices yet");
    let draft = write(&mut officer, "News", &["supporters"], &[]).await.path;
    send(&mut officer, &draft).await.expect("1 person");
    // Whoever is named twice gets it once, and somebody unknown is nobody.
    assert!(notify(&site, &notice(KEY), &[ria, rea, ria, Uuid::from_u128(1)]).await);
    site.work().await;
    assert_eq!(site.mails_to("rea@example.org").await.len(), 2);
    let mails = site.mails_to("ria@example.org").await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.subject, "Voting is open");
    let text = mail.text.replace("\r\n", "\n");
    assert!(text.starts_with("Hello Rea <Reader>,\n\nVote until Friday, noon."), "{text}");
    assert!(text.contains("You get this because you are on the roll of this vote."), "{text}");
    assert!(mail.html.contains("on the roll of this vote") && mail.html.contains("/membership\""));
    assert_eq!((&mail.unsubscribe, &mail.list), (&None, &None));
    for part in [&mail.text, &mail.html] {
        assert!(!part.to_lowercase().contains("unsubscribe"), "{part}");
    }
    // Never a second time, whoever it would be for.
    let other = strangers(&site, &["roy@example.org"]).await;
    assert!(!notify(&site, &notice(KEY), &other).await);
    assert!(!remind(&site, &notice(KEY), &[ria]).await);
    site.work().await;
    assert_eq!(site.mails_to("roy@example.org").await.len(), 0);
    assert_eq!(site.mails_to("ria@example.org").await.len(), 1);
    let progress = found(&site, KEY).await;
    assert_eq!((progress.total, progress.sent, progress.waiting, progress.left_out), (2, 2, 0, 0));
    assert!(progress.finished_at.is_some() && progress.state == newsletters::State::Finished);
    assert!(undelivered(&site, KEY, None, 10).await.is_empty());
    let mut db = site.pool.acquire().await.unwrap();
    assert_eq!(newsletters::find_notice(&mut db, "vote:2:opening").await.unwrap(), None);
    drop(db);
    // Each stands in its own list, and in the timeline.
    officer.get("/admin/updates").await.expect("News").expect_not("Voting is open");
    let list = officer.get("/admin/updates/notices").await;
    list.expect("Voting is open").expect("2 of 2").expect_not("News</a>");
    officer.get(&format!("/admin/members/{ria}/activity")).await.expect("Notice").expect("Voting is open");
    officer.get("/admin/audit").await.expect("Notice sent");
}

#[tokio::test]
async fn officers_watch_a_notice_and_cannot_write_it() {
    let site = open().await;
    let people = strangers(&site, &["ria@example.org", "roy@example.org"]).await;
    assert!(notify(&site, &notice(KEY), &people).await);
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/updates/{}", found(&site, KEY).await.id);
    let page = officer.get(&path).await;
    page.expect("Being sent")
        .expect("2 waiting")
        .expect("You get this because you are on the roll of this vote.");
    page.expect_not("Cancel remaining emails").expect_not("Send a test");
    officer.get(&format!("{path}/preview")).await.expect("Vote until").expect_not("Unsubscribe");
    for refused in ["edit", "sending"] {
        officer.get(&format!("{path}/{refused}")).await.expect_status(409);
    }
    for refused in ["cancellation", "test", "removal"] {
        officer.post(&format!("{path}/{refused}"), &[]).await.expect_status(409);
    }
    // While it waits at a mail server that is down, for one.
    let page = page.form(&format!("{path}/pause")).submit(&mut officer).await;
    page.expect("Sending is paused.").expect_not("Cancel remaining emails");
    site.work().await;
    assert!(site.mails_to("ria@example.org").await.is_empty());
    page.form(&format!("{path}/resumption")).submit(&mut officer).await.expect("Sending has resumed.");
    site.work().await;
    officer.get(&path).await.expect("2 of 2 done");
    let log: Vec<String> =
        sqlx::query_scalar("select action from audit_log where action ~ '^(notice|update)[.]' order by id")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(log, ["notice.sent", "notice.paused", "notice.resumed"]);
}

#[tokio::test]
async fn nothing_goes_to_whoever_has_died() {
    let site = open().await;
    let emails = ["early@example.org", "late@example.org", "ria@example.org"];
    let people = strangers(&site, &emails).await;
    let close = async |person| {
        let mut change = site.change().await;
        accounts::close_account(&mut change, person).await.unwrap();
        change.commit().await.unwrap();
    };
    close(people[0]).await;
    assert!(notify(&site, &notice(KEY), &people).await);
    // Between the notice and its sender.
    close(people[1]).await;
    site.work().await;
    for (email, mails) in emails.iter().zip([0, 0, 1]) {
        assert_eq!(site.mails_to(email).await.len(), mails, "{email}");
    }
    let progress = found(&site, KEY).await;
    assert_eq!((progress.total, progress.sent, progress.left_out), (3, 1, 2));
    let missing = undelivered(&site, KEY, None, 10).await;
    assert_eq!(missing.len(), 2);
    assert!(missing.iter().all(|it| it.why == "No emails go to this address any more"), "{missing:?}");
}

#[tokio::test]
async fn whom_a_notice_did_not_reach_is_listed_and_sent_it_again() {
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = without_updates(Site::open_with(|settings| settings.smtp_url = Some(url.into())).await).await;
    let emails = ["rea@demo.test", "hardrefuse@demo.test", "dropafter@demo.test"];
    let mut people = strangers(&site, &emails).await;
    let (refused, dropped) = (people[1], people[2]);
    assert!(notify(&site, &notice(KEY), &people).await);
    site.work().await;
    let progress = found(&site, KEY).await;
    assert_eq!(
        (progress.total, progress.sent, progress.refused, progress.uncertain),
        (3, 1, 1, 1),
        "{progress:?}"
    );
    let missing = undelivered(&site, KEY, None, 10).await;
    let why = |id| missing.iter().find(|it| it.person == id).unwrap();
    assert_eq!(missing.len(), 2);
    assert_eq!(
        (why(refused).name.as_str(), why(refused).email.as_str()),
        ("Rea <Reader>", "hardrefuse@demo.test")
    );
    assert!(why(refused).why.starts_with("The mail server refused it: "), "{missing:?}");
    assert!(why(dropped).why.starts_with("It may or may not have arrived: "), "{missing:?}");
    // One after the other.
    people.retain(|id| missing.iter().any(|it| it.person == *id));
    people.sort_unstable();
    let first = undelivered(&site, KEY, None, 1).await;
    let second = undelivered(&site, KEY, Some(first[0].person), 1).await;
    assert_eq!([first[0].person, second[0].person][..], people);
    assert!(undelivered(&site, KEY, Some(second[0].person), 1).await.is_empty());
    // An officer decides; it carries the same id again.
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/updates/{}", progress.id);
    officer.get("/admin").await.expect("1 email of a notice may or may not have arrived");
    let page = officer.get(&path).await;
    let form = page.form(&format!("{path}/uncertain"));
    form.press("decision", "again").submit(&mut officer).await.expect("It is sent to 1 person again.");
    site.work().await;
    let again: Vec<_> = sink.accepted().into_iter().filter(|(to, _)| to == "dropafter@demo.test").collect();
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].1, again[1].1);
    // Left alone it is still not known to have arrived.
    let form = officer.get(&path).await.form(&format!("{path}/uncertain"));
    form.press("decision", &format!("leave:{dropped}")).submit(&mut officer).await.expect("0 uncertain");
    assert_eq!(found(&site, KEY).await.uncertain, 1);
    assert_eq!(undelivered(&site, KEY, None, 10).await.len(), 2);
}

#[tokio::test]
async fn what_a_killed_sender_had_in_hand_is_uncertain() {
    let site = open().await;
    let people = strangers(&site, &["ria@example.org", "roy@example.org"]).await;
    assert!(notify(&site, &notice(KEY), &people).await);
    // Its sender had taken one, and is gone without a word.
    sqlx::query("update deliveries set state = 'sending', run = gen_random_uuid() where person_id = $1")
        .bind(people[0])
        .execute(&site.pool)
        .await
        .unwrap();
    site.work().await;
    assert_eq!(site.mails_to("ria@example.org").await.len(), 0);
    assert_eq!(site.mails_to("roy@example.org").await.len(), 1);
    let progress = found(&site, KEY).await;
    assert_eq!((progress.sent, progress.uncertain, progress.waiting), (1, 1, 0));
    let missing = undelivered(&site, KEY, None, 10).await;
    assert_eq!(
        missing[0].why,
        "It may or may not have arrived: The sender stopped before the mail server had answered"
    );
}

#[tokio::test]
async fn who_gets_a_reminder_is_named_nowhere_and_forgotten() {
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = without_updates(Site::open_with(|settings| settings.smtp_url = Some(url.into())).await).await;
    let emails = ["rea@demo.test", "hardrefuse@demo.test", "dropafter@demo.test"];
    let people = strangers(&site, &emails).await;
    let key = "vote:1:reminder";
    assert!(remind(&site, &notice(key), &people).await);
    site.work().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for person in &people {
        officer.get(&format!("/admin/members/{person}/activity")).await.expect_not("Voting is open");
    }
    assert!(undelivered(&site, key, None, 10).await.is_empty());
    let path = format!("/admin/updates/{}", found(&site, key).await.id);
    let page = officer.get(&path).await;
    page.expect("1 sent").expect("1 bounced").expect("1 uncertain").expect("no names are shown");
    for email in emails {
        page.expect_not(email);
    }
    // By name nothing is decided, for all it is.
    let one = format!("again:{}", people[2]);
    officer.post(&format!("{path}/uncertain"), &[("decision", &one)]).await.expect_status(409);
    let form = page.form(&format!("{path}/uncertain"));
    form.press("decision", "leave").submit(&mut officer).await.expect("Left as it is for 1 person.");
    let before = found(&site, key).await;
    assert!(forget(&site, key).await);
    assert!(!forget(&site, key).await);
    assert!(states(&site).await.is_empty());
    let after = found(&site, key).await;
    assert!(after.is_forgotten && !before.is_forgotten);
    assert_eq!(NoticeProgress { is_forgotten: false, ..after }, before);
    let page = officer.get(&path).await;
    page.expect("The list of who got this notice has been deleted").expect("1 sent").expect("1 bounced");
    page.expect_not("Send again");
    officer.get("/admin/updates/notices").await.expect("1 of 3");
    // The key stays taken.
    assert!(!remind(&site, &notice(key), &people).await);
    site.work().await;
    assert_eq!(sink.accepted().len(), 2);
}

#[tokio::test]
async fn fifty_thousand_people_take_one_statement_and_can_be_forgotten_half_way() {
    let site = open().await;
    let people: Vec<Uuid> = sqlx::query_scalar(
        "insert into people (id, email, name, standing, created_at)
         select gen_random_uuid(), 'roll' || n || '@example.org', 'Voter ' || n, 'none', now() from generate_series(1, 50000) n
         returning id",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let statements = Statements::default();
    let _here = statements.listen();
    let mut change = site.change().await;
    statements.take();
    assert!(newsletters::notify(&mut change, &notice(KEY), &people).await.unwrap());
    assert_eq!(statements.take(), 3, "the notice, its people, the sender's job");
    change.commit().await.unwrap();
    let progress = found(&site, KEY).await;
    assert_eq!((progress.total, progress.waiting, progress.sent), (50_000, 50_000, 0));
    sqlx::query("update deliveries set state = 'sent' where person_id = any($1)")
        .bind(&people[..10_000])
        .execute(&site.pool)
        .await
        .unwrap();
    sqlx::query("update deliveries set state = 'sending', run = gen_random_uuid() where person_id = any($1)")
        .bind(&people[10_000..10_005])
        .execute(&site.pool)
        .await
        .unwrap();
    assert!(forget(&site, KEY).await);
    // The sender finds nobody, and does not touch the sums.
    site.work().await;
    let progress = found(&site, KEY).await;
    assert_eq!(
        (progress.total, progress.waiting, progress.sent, progress.uncertain, progress.left_out),
        (50_000, 0, 10_000, 5, 39_995)
    );
    assert_eq!(progress.state, newsletters::State::Cancelled);
    assert!(site.mails_to("roll20000@example.org").await.is_empty());
    let sent: i32 = sqlx::query_scalar("select sent from updates").fetch_one(&site.pool).await.unwrap();
    assert_eq!(sent, 10_000);
}
