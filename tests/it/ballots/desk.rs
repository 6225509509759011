//! What returning officers and observers do beside the usual way: call off, hold the key in shares, watch, reach people.

use std::{fs, path::Path};

use chrono::Duration;

use super::{WEEK, agree, busy, cast, choose, count, crowd, draft, open, turn, verify};
use crate::support::program;

/// Two people call a vote off, with a reason everybody reads; nothing in the box is opened.
#[tokio::test]
async fn a_vote_is_called_off_by_two_people_with_a_reason() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "Called off").await;
    open(&site, &desk, &mut first, &mut second).await;
    let (path, vote) = ("/ballots/called-off", "/ballots/called-off/vote");
    let mut ana = site.signed_in_as("ana@demo.test").await;
    cast(&mut ana, vote, "1", "111111").await;
    let off = format!("{desk}/approvals/void");
    let form = first.get(&desk).await.form(&off);
    form.clone().fill("reason", " ").submit(&mut first).await.expect_status(422).expect("Write why");
    let reason = "The second option was left out.";
    form.fill("reason", reason).submit(&mut first).await.expect("Another returning officer has to agree");
    ana.get(path).await.expect("Your vote is in").expect_not(reason);
    // The first again is still one person.
    first.post(&off, &[("reason", reason)]).await;
    ana.get(path).await.expect_not(reason);
    let form = second.get(&desk).await.form(&off);
    form.fill("reason", reason).submit(&mut second).await.expect("Two people have agreed");
    site.stranger().soon(path, |page| page.words().contains(reason)).await.expect("called off");
    // The vote that waited, and whose it was, is gone, and so is the key.
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 0);
    let keys = "select count(*) from ballots where slug = 'called-off' and count_secret is not null";
    assert_eq!(count(&site, keys).await, 0);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    assert_eq!(treasurer.get_once(vote).await.location.as_deref(), Some(path));
    for email in ["ana@demo.test", "treasurer@demo.test"] {
        let mails = site.mails_to(email).await;
        let told: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("Called off")).collect();
        assert!(told.iter().any(|mail| mail.text.contains(reason)), "{email}: {told:?}");
    }
    // By no way it goes on.
    site.app.clock().advance(Duration::hours(2 * WEEK));
    turn(&site).await;
    for step in ["open", "count", "declare", "void"] {
        first.post(&format!("{desk}/approvals/{step}"), &[("reason", reason)]).await.expect_status(409);
    }
    first.get(&desk).await.expect("Nothing is left to do");
    assert_eq!(count(&site, "select count(*) from ballot_openings o join ballots b on b.id = o.ballot_id where slug = 'called-off'").await, 0);
    site.stranger().get(&format!("{path}/record/openings.jsonl")).await.expect_status(404);
}

async fn command(folder: &Path, arguments: &[&str]) -> String {
    let mut command = program::program(folder, None);
    command.args(arguments);
    let out = program::run(command).await;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Scrutineers hold the key in three parts; it takes two of them to open the papers, and nobody else can.
#[tokio::test]
async fn two_of_three_scrutineers_open_the_papers() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "In three parts").await;
    let edit = format!("{desk}/edit");
    let form = first.get(&edit).await.form(&edit).fill("held", "shares");
    form.submit(&mut first).await.expect("Saved").expect("Scrutineers make a key");
    first.post(&format!("{desk}/announcement"), &[]).await.expect_status(409).expect("scrutineers");
    let keys = site.folder().join("keys");
    let out = keys.to_str().unwrap();
    command(site.folder(), &["ballot", "keygen", "--shares", "3", "--need", "2", "--out", out]).await;
    let file = |name: &str| keys.join(name).to_str().unwrap().to_owned();
    let public = fs::read_to_string(file("count-key.json")).unwrap();
    let form = first.get(&desk).await.form(&format!("{desk}/key"));
    form.clone().fill("key", "{}").submit(&mut first).await.expect_status(422);
    form.fill("key", &public).submit(&mut first).await.expect("The key is saved");
    let kept = "select count(*) from ballots where slug = 'in-three-parts' and count_secret is null";
    assert_eq!(count(&site, kept).await, 1, "the site has no key");
    open(&site, &desk, &mut first, &mut second).await;
    let (path, vote) = ("/ballots/in-three-parts", "/ballots/in-three-parts/vote");
    site.leaves_waiting("ballots_tell_voters");
    let mut code = String::new();
    for (number, email) in crowd(&site, 33).await.iter().enumerate() {
        let mut voter = site.signed_in_as(email).await;
        code = cast(&mut voter, vote, if number % 3 == 0 { "2" } else { "1" }, "111111").await.code;
    }
    site.app.clock().advance(Duration::hours(WEEK + 8));
    turn(&site).await;
    first.post(&format!("{desk}/approvals/count"), &[]).await.expect_status(409).expect("scrutineers’ key");
    let shares = |one: &str, two: &str| {
        ["ballot", "combine", "--key", "count-key.json", "--share", one, "--share", two]
            .map(|part| if part.contains('.') { file(part) } else { part.to_owned() })
    };
    // As the page says it, in the folder of the key.
    first
        .get(&desk)
        .await
        .expect("breakthrough ballot combine --key count-key.json --share share-1.txt --share share-3.txt");
    let arguments = shares("share-1.txt", "share-3.txt");
    let secret = command(site.folder(), &arguments.each_ref().map(String::as_str)).await;
    let form = first.get(&desk).await.form(&format!("{desk}/secret"));
    let wrong = "0123456789abcdef".repeat(4);
    for (typed, words) in [("abc", "not a key"), (wrong.as_str(), "key")] {
        let page = form.clone().fill("password_key", typed).submit(&mut first).await;
        page.expect_status(422).expect(words);
    }
    form.fill("password_key", secret.trim()).submit(&mut first).await.expect("The key fits");
    agree(&desk, "count", &mut first).await;
    agree(&desk, "count", &mut second).await;
    site.work().await;
    agree(&desk, "declare", &mut first).await;
    agree(&desk, "declare", &mut second).await;
    let page = site.stranger().soon(path, |page| page.words().contains("Carried")).await;
    page.expect("Carried, by 22 votes to 11");
    verify(&site, path, "in-three-parts", Some(&code)).await;
    site.work().await;
}

/// Observers see the board and the counts, and can do nothing.
#[tokio::test]
async fn observers_watch_and_do_nothing() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "Watched").await;
    open(&site, &desk, &mut first, &mut second).await;
    sqlx::query(
        "insert into officers (id, person_id, role, granted_by, granted_at)
         select gen_random_uuid(), id, 'observer', id, now() from people where email = 'ana@demo.test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut ana = site.signed_in_as("ana@demo.test").await;
    ana.get("/admin/ballots").await.expect("Watched");
    let page = ana.get(&desk).await;
    page.expect("Voting goes on").expect("0 papers are in the box");
    assert_eq!(page.posted_forms().iter().filter(|(action, _)| action.starts_with("/admin")).count(), 0);
    ana.get(&format!("{desk}/preview")).await.expect_status(200);
    for path in ["edit", "undelivered"] {
        ana.get(&format!("{desk}/{path}")).await.expect_status(403);
    }
    for path in [
        "announcement",
        "withdrawal",
        "deletion",
        "approvals/void",
        "rulings",
        "roll",
        "key",
        "secret",
        "edit",
    ] {
        ana.post(&format!("{desk}/{path}"), &[("reason", "x"), ("ruling", "x")]).await.expect_status(403);
    }
    // The membership desk is not theirs.
    ana.get("/admin/members").await.expect_status(403);
    let mut voter = site.signed_in_as("treasurer@demo.test").await;
    choose(&mut voter, "/ballots/watched/vote", "1", "111111").await.expect("Check your vote");
}

/// Who no email reached is listed for a call or a letter, whichever of the emails it was.
#[tokio::test]
async fn who_no_email_reached_gets_a_letter() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "By letter").await;
    open(&site, &desk, &mut first, &mut second).await;
    site.work().await;
    let undelivered = format!("{desk}/undelivered");
    first.get(&undelivered).await.expect("Everybody was reached");
    let people = crowd(&site, 3).await;
    let fail = async |email: &str, key: &str| {
        sqlx::query("update deliveries d set state = 'refused', answer = 'no such mailbox' from updates u where u.id = d.update_id and u.notice_key like $1 and d.person_id = $2")
            .bind(key)
            .bind(site.person(email).await)
            .execute(&site.pool)
            .await
            .unwrap()
            .rows_affected()
    };
    assert_eq!(fail(&people[0], "%announced%").await, 1);
    assert_eq!(fail(&people[0], "%opened%").await, 1);
    assert_eq!(fail(&people[1], "%opened%").await, 1);
    let links = first.get(&desk).await.attributes("a", "href");
    assert!(links.contains(&undelivered), "{links:?}");
    let page = first.get(&undelivered).await;
    page.expect(&people[0]).expect(&people[1]).expect_not(&people[2]).expect("no such mailbox");
    assert_eq!(
        page.select("article.letter").len(),
        2,
        "a letter to each, one to whoever no email reached twice"
    );
}
