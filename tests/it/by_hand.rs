//! Money that an officer enters: what is refused comes back as it was typed, and members hear of what it changes for them.

use std::collections::BTreeMap;

use breakthrough::kit::stripe::stand_in::PaidBy;

use crate::{
    books::{number_of, upload},
    membership::{pay, settle},
    support::{Browser, Page, Site},
};

const STATEMENT: &str = "/admin/books/statement/lines";

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

/// The ids of the lines of the bank, by their words.
async fn lines(site: &Site) -> BTreeMap<String, String> {
    let lines: Vec<(String, String)> =
        sqlx::query_as("select words, id::text from bank_lines").fetch_all(&site.pool).await.unwrap();
    lines.into_iter().collect()
}

#[tokio::test]
async fn a_statement_with_one_wrong_line_comes_back_with_its_ticks_and_says_which() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let ana = number_of(&site, "ana@demo.test").await;
    let file = "Date,Description,Amount\n03/11/2026,GOOD,5\n04/11/2026,BAD,5\n05/11/2026,OUT,-9\n06/11/2026,HUGE,9000\n";
    upload(&treasurer, file).await;
    let ids = lines(&site).await;
    let page = treasurer.get("/admin/books/statement").await;
    let before = count(&site, "select count(*) from book_entries").await;
    let fill = |words: &str, so: &str, member: &str| {
        let form = page
            .form(STATEMENT)
            .tick("line[]", &ids["GOOD"])
            .fill(&format!("as-{}", ids["GOOD"]), "dues")
            .fill(&format!("member-{}", ids["GOOD"]), &ana.to_string())
            .tick("line[]", &ids[words])
            .fill(&format!("as-{}", ids[words]), so);
        if member.is_empty() { form } else { form.fill(&format!("member-{}", ids[words]), member) }
    };
    for (words, so, member, said) in [
        ("BAD", "dues", "999999", "No member has the number 999999"),
        ("BAD", "gift", "0", "No member has the number 0"),
        ("BAD", "gift", "M-7", "No member has the number -7"),
        ("BAD", "dues", "ana", "Enter membership numbers as figures"),
        ("BAD", "dues", "", "Enter whose it is"),
    ] {
        let page = fill(words, so, member).submit(&mut treasurer).await;
        page.expect_status(422).expect("There is a problem").expect(said);
        let beside = page.select(&format!("#error-member-{}", ids[words]));
        assert!(beside.len() == 1 && beside[0].contains(said), "{words} {member}: {beside:?}");
        assert_eq!(page.select(".error").len(), 1, "nothing is wrong with the other line");
        let mut ticked = page.attributes("input[type=checkbox][checked]", "value");
        ticked.sort();
        let mut wanted = vec![ids["GOOD"].clone(), ids[words].clone()];
        wanted.sort();
        assert_eq!(ticked, wanted, "the ticks are as they were");
        assert_eq!(page.form(STATEMENT).value(&format!("as-{}", ids[words])), Some(so));
    }
    // Money that went out offers no member; whoever sends one all the same is told beside that line.
    let (line, so) = (&ids["OUT"], format!("as-{}", ids["OUT"]));
    let member = format!("member-{line}");
    let sent = [("shown", "yes"), ("line[]", line), (&so, "dues"), (&member, "1")];
    treasurer.post(STATEMENT, &sent).await.expect_status(422).expect("Money that left the bank cannot be");
    assert_eq!(count(&site, "select count(*) from book_entries").await, before, "nothing was booked");
    assert_eq!(count(&site, "select count(*) from bank_lines where settled_at is not null").await, 0);
    // Put right on the page that came back, it is saved.
    let page = fill("BAD", "dues", "999999").submit(&mut treasurer).await;
    let right = page.form(STATEMENT).fill(&format!("member-{}", ids["BAD"]), &ana.to_string());
    right.submit(&mut treasurer).await.expect_status(200);
    assert_eq!(count(&site, "select count(*) from bank_lines where settled_at is not null").await, 2);
    // M11: what is above the annual limit is kept, and has to be sent back.
    let form = treasurer.get("/admin/books/statement").await.form(STATEMENT).tick("line[]", &ids["HUGE"]);
    let form = form.fill(&format!("as-{}", ids["HUGE"]), "gift");
    let page = form.fill(&format!("member-{}", ids["HUGE"]), &ana.to_string()).submit(&mut treasurer).await;
    page.expect("Lines saved: 1. A donation takes its donor over the annual limit");
    site.work().await;
    treasurer.get("/admin").await.expect("1 refused donation has not been returned");
}

#[tokio::test]
async fn a_refusal_is_not_headed_already_done() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    // No month of the future can be closed.
    let page = treasurer.post("/admin/books/months/2027-05/closing", &[]).await;
    page.expect_status(409).expect("This cannot be done now").expect_not("Already done");
}

async fn enter(treasurer: &mut Browser, number: i64, amount: &str) -> Page {
    let path = format!("/admin/books/received/{number}");
    let page = treasurer.get(&path).await;
    let form = page.form(&path).fill("method", "cash").fill("amount", amount).fill("reference", "Receipt 1");
    form.submit(treasurer).await.expect("recorded.");
    page
}

#[tokio::test]
async fn cash_that_ends_a_failing_payment_is_said_before_and_told_by_mail() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let email = "jose@example.org";
    let subscription = pay(&site, email, PaidBy::Card).await;
    let number = number_of(&site, email).await;
    let path = format!("/admin/books/received/{number}");
    treasurer.get(&path).await.expect_not("Their automatic payment failed");
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    let told = async || {
        let mails = site.mails_to(email).await;
        mails.into_iter().filter(|mail| mail.subject.contains("is paid until")).collect::<Vec<_>>()
    };
    // A sum that buys no month ends nothing, and is told to nobody.
    enter(&mut treasurer, number, "0.01").await;
    settle(&site).await;
    assert!(told().await.is_empty());
    let page = enter(&mut treasurer, number, "60").await;
    page.expect("Their automatic payment failed").expect("takes the place of that payment");
    settle(&site).await;
    let mails = told().await;
    assert_eq!(mails.len(), 1, "once, however often it is pressed");
    assert!(mails[0].text.contains("we have stopped trying to collect"), "{}", mails[0].text);
    assert!(mails[0].link("/join").ends_with("/join"));
    let state: String = sqlx::query_scalar("select status from stripe_stand_in.objects where id = $1")
        .bind(&subscription)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(state, "canceled");
    // It has ended: the page says so no more, and the next cash is no news.
    enter(&mut treasurer, number, "60").await.expect_not("Their automatic payment failed");
    settle(&site).await;
    assert_eq!(told().await.len(), 1);
}

#[tokio::test]
async fn who_lapsed_and_pays_by_hand_is_told_that_they_are_back_and_who_left_stays_out() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let over = "update memberships set subscription = null, state = 'ended', ended_on = '2026-10-01', end_reason = $2, grace_until = null,
                       ends_on = '2026-09-01', amount_pence = 500, billing_interval = 'month'
                from people p where p.id = person_id and p.email = $1::text::citext";
    for (email, reason) in [("ana@demo.test", "lapsed"), ("sam.left@example.org", "left")] {
        if reason == "left" {
            site.app.stripe_stand_in().hold();
            pay(&site, email, PaidBy::Card).await;
        }
        sqlx::query(over).bind(email).bind(reason).execute(&site.pool).await.unwrap();
        let number = number_of(&site, email).await;
        let file = format!("Date,Description,Amount\n03/11/2026,M{number} STO,5\n");
        upload(&treasurer, &file).await;
        let id = lines(&site).await[&format!("M{number} STO")].clone();
        let page = treasurer.get("/admin/books/statement").await;
        let ticked = page.attributes("input[type=checkbox][checked]", "value");
        assert!(!ticked.contains(&id), "{reason}: no sure suggestion");
        let said =
            if reason == "left" { "They have left" } else { "a subscription makes them a member again" };
        page.expect(said);
        page.form(STATEMENT).tick("line[]", &id).submit(&mut treasurer).await.expect_status(200);
        site.work().await;
        let state: String = sqlx::query_scalar("select state from memberships where number = $1")
            .bind(number)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        let back =
            site.mails_to(email).await.into_iter().filter(|it| it.text.contains("You are a member again"));
        let expected = if reason == "left" { ("ended", 0) } else { ("active", 1) };
        assert_eq!((state.as_str(), back.count()), expected, "{reason}");
    }
}
