//! Members of other parties: the question at joining, the list that officers keep, and what is decided.

use breakthrough::{kit::stripe::stand_in::PaidBy, parties::ForgetDeclarations};
use chrono::Duration;
use uuid::Uuid;

use crate::{
    membership::{joiner, send_form, settle, signed_in_by_welcome, standing, turn_of_day},
    support::{Browser, Page, Site},
};

type Fields = Vec<(&'static str, String)>;

fn member_of(email: &str, party: &str) -> Fields {
    let mut fields = joiner(email);
    fields.retain(|(name, _)| *name != "other_party");
    fields.extend([("other_party", "yes".to_owned()), ("other_party_name", party.to_owned())]);
    fields
}

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

async fn id_of(site: &Site, email: &str) -> Uuid {
    site.person(email).await
}

/// Joins and pays by card.
async fn join(site: &Site, email: &str, party: &str) {
    let page = send_form(&mut site.stranger(), &member_of(email, party)).await;
    let to = page.location.clone().unwrap_or_else(|| panic!("{}", page.words()));
    site.app.stripe_stand_in().pay(to.rsplit('/').next().unwrap(), PaidBy::Card).await.unwrap();
    settle(site).await;
}

/// What was decided of the newest declaration of somebody: as typed, the list's word, the outcome.
async fn declared(site: &Site, email: &str) -> (String, Option<String>, Option<String>) {
    sqlx::query_as(
        "select parties, ruling, outcome from party_declarations where person_id = $1 and replaced_on is null",
    )
    .bind(id_of(site, email).await)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

/// Officers set what holds for the members of a party.
async fn rule(officer: &mut Browser, party: &str, ruling: &str, day: (&str, &str, &str)) -> Page {
    let path = "/admin/other-parties/list";
    let page = officer.get(path).await.follow(officer, party).await;
    let own = page.path.clone();
    page.form(&own)
        .fill("ruling", ruling)
        .fill("from_day", day.0)
        .fill("from_month", day.1)
        .fill("from_year", day.2)
        .fill("reason", "Decided by conference.")
        .fill("rule", "Rules of 2026, clause 5")
        .submit(officer)
        .await
}

#[tokio::test]
async fn whoever_is_barred_reads_why_and_loses_nothing() {
    let site = Site::open().await;
    let before = count(&site, "select count(*) from applications").await;
    let mut browser = site.stranger();
    for name in ["Landlords’ League", "the landlords league", "LL", "Chess Club, LL"] {
        let page = send_form(&mut browser, &member_of("league@example.org", name)).await;
        page.expect_status(422)
            .expect("You cannot join us while you are a member of Landlords’ League")
            .expect("It stands against us in elections.")
            .expect("Rules of 2025, clause 3.4")
            .expect("You have paid nothing, and we have kept nothing")
            .expect("appeal at the same address within 28 days");
        let form = page.form("/join");
        assert_eq!(form.value("name"), Some("Robin Ó Súilleabháin"), "what was typed is kept");
        assert_eq!((form.value("town"), form.value("other_party_name")), (Some("Bury"), Some(name)));
    }
    assert_eq!(count(&site, "select count(*) from applications").await, before, "nothing is stored");
    // They have left it, and go on from where they were.
    let page = send_form(&mut browser, &member_of("league@example.org", "LL")).await;
    let form = page.form("/join").fill("other_party", "no").fill("other_party_name", "");
    let sent = form.tick("declaration", "yes").submit_once(&mut browser).await;
    assert!(sent.location.unwrap().contains("/dev/stripe/pay/"));
    site.work().await;
}

#[tokio::test]
async fn the_question_has_to_be_answered_whole() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let mut nothing = joiner("robin@example.org");
    nothing.retain(|(name, _)| *name != "other_party");
    let page = send_form(&mut browser, &nothing).await;
    page.expect_status(422).expect("Say whether you are a member of another political party");
    let page = send_form(&mut browser, &member_of("robin@example.org", " ")).await;
    page.expect_status(422).expect("Enter the name of the other party");
}

#[tokio::test]
async fn the_ask_list_and_unknown_parties_join_and_officers_decide() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    join(&site, "partner@example.org", "nip").await;
    join(&site, "unknown@example.org", "The Reading Circle").await;
    join(&site, "union@example.org", "Tenants Union of the North").await;
    assert_eq!(declared(&site, "partner@example.org").await, ("nip".into(), Some("ask".into()), None));
    assert_eq!(declared(&site, "unknown@example.org").await.1, Some("ask".into()));
    assert_eq!(declared(&site, "union@example.org").await.1, Some("allowed".into()));
    let kept = "select count(*) from applications where answers ? 'other_parties' and settled_at is not null";
    assert_eq!(count(&site, kept).await, 0, "opinions are kept in one place alone");
    for email in ["partner@example.org", "unknown@example.org", "union@example.org"] {
        assert_eq!(standing(&site, email).await, ("active".to_owned(), "member".to_owned()));
    }
    let told = |mails: Vec<crate::support::Mail>| mails.iter().any(|it| it.subject.contains("looking at"));
    assert!(told(site.mails_to("partner@example.org").await));
    assert!(!told(site.mails_to("union@example.org").await));

    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin").await.expect("members of other parties need a decision");
    // Accepted, with the reason and the rule.
    let partner = id_of(&site, "partner@example.org").await;
    let case: Uuid = sqlx::query_scalar("select id from party_declarations where person_id = $1")
        .bind(partner)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let path = format!("/admin/other-parties/declarations/{case}");
    let page = officer.get(&path).await;
    page.expect("nip").expect("Decide by 4 December 2026");
    let accept = format!("{path}/acceptance");
    page.form(&accept).submit_once(&mut officer).await.expect_status(422).expect("Enter the rule");
    let form = page.form(&accept).fill("reason", "A partner.").fill("rule", "Rules of 2025, clause 3.2");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    assert_eq!(declared(&site, "partner@example.org").await.2, Some("admitted".into()));
    let mails = site.mails_to("partner@example.org").await;
    assert!(mails.iter().any(|mail| mail.subject == "You can be a member of both"));
    // Twice is once.
    let again = [("reason", "Again."), ("rule", "9")];
    officer.post_once(&accept, &again).await.expect_status(409);
    officer.get("/admin/other-parties/decided").await.expect("Accepted");

    // Not admitted: the money goes back, with reason, rule and the way to appeal.
    let unknown = id_of(&site, "unknown@example.org").await;
    let page = officer.get("/admin/other-parties").await.follow(&mut officer, "Robin Ó Súilleabháin").await;
    page.expect("The Reading Circle");
    let end = format!("/admin/members/{unknown}/end");
    let form = page
        .form(&end)
        .fill("words", "You stand against us in Leeds.")
        .fill("decided_by", "the membership committee")
        .fill("rule", "Rules of 2025, clause 3.4");
    assert_eq!(form.value("appeal_day"), Some("19"), "28 days later");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    settle(&site).await;
    assert_eq!(standing(&site, "unknown@example.org").await.0, "ended");
    let decided: (String, String, String) = sqlx::query_as(
        "select outcome, reason, rule from party_declarations where person_id = $1 and decided_by is not null",
    )
    .bind(unknown)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(decided.0, "refused");
    assert_eq!(decided.2, "Rules of 2025, clause 3.4");
    let mails = site.mails_to("unknown@example.org").await;
    let words = "under this rule: Rules of 2025, clause 3.4. Reason: You stand against us in Leeds. An appeal is possible until 19 December 2026.";
    assert!(mails.iter().any(|mail| mail.text.contains(words)), "{:?}", mails.last().map(|it| &it.text));
    let back: i64 = sqlx::query_scalar("select sum(amount_pence)::bigint from ledger where person_id = $1")
        .bind(unknown)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(back, 0);
    // No line of the log names a party of a member.
    let named = "select count(*) from audit_log where action in ('parties.declared', 'parties.admitted')
                 and (detail::text ilike '%nip%' or detail::text ilike '%reading%')";
    assert_eq!(count(&site, named).await, 0);
}

#[tokio::test]
async fn nobody_objects_after_the_last_day() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    join(&site, "slow@example.org", "Left Unity").await;
    let id = id_of(&site, "slow@example.org").await;
    let case: Uuid = sqlx::query_scalar("select id from party_declarations where person_id = $1")
        .bind(id)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let path = format!("/admin/other-parties/declarations/{case}");
    site.app.clock().advance(Duration::days(13));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get(&path).await.expect("Do not admit them");
    site.app.clock().advance(Duration::days(1));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get(&path).await;
    page.expect("Nobody objected").expect("Last day to object").expect_not("Do not admit them");
    let accept = [("reason", "Late."), ("rule", "9")];
    officer.post_once(&format!("{path}/acceptance"), &accept).await.expect_status(409);
    assert_eq!(standing(&site, "slow@example.org").await.0, "active");
}

#[tokio::test]
async fn a_ruling_holds_from_its_day_and_whoever_applied_before_is_judged_by_the_old_one() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let past = rule(&mut officer, "Left Unity", "barred", ("20", "11", "2026")).await;
    past.expect_status(422).expect("Enter today or a later day");
    let page = rule(&mut officer, "Left Unity", "barred", ("23", "11", "2026")).await;
    page.expect("Barred from 23 November 2026").expect("Ask from 1 January 2021").expect("set by Alex");
    officer.get("/admin/other-parties/list").await.expect("Memorandum of Understanding");
    // On the day before they apply, and pay after it.
    site.app.clock().advance(Duration::days(1));
    let page = send_form(&mut site.stranger(), &member_of("before@example.org", "Left Unity")).await;
    let session = page.location.unwrap().rsplit('/').next().unwrap().to_owned();
    site.app.clock().advance(Duration::hours(20));
    let refused = send_form(&mut site.stranger(), &member_of("after@example.org", "left unity")).await;
    refused.expect_status(422).expect("Decided by conference.").expect("Rules of 2026, clause 5");
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(declared(&site, "before@example.org").await.1, Some("ask".into()));
    let logged = "select count(*) from audit_log where action = 'parties.ruled'";
    assert_eq!(count(&site, logged).await, 1);
}

#[tokio::test]
async fn a_party_is_added_once_by_whoever_may() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let list = "/admin/other-parties/list";
    let fill = |page: &Page| {
        page.form(list)
            .fill("name", "Tyne Tories for Tea")
            .fill("other_names", "TTT; Tea Tories")
            .fill("ruling", "barred")
            .fill("reason", "It stands against us.")
            .fill("rule", "Rules of 2025, clause 3.4")
    };
    let page = officer.get("/admin/other-parties/list/new").await;
    page.form(list)
        .fill("rule", "")
        .submit_once(&mut officer)
        .await
        .expect_status(422)
        .expect("Enter the name");
    for _ in 0..2 {
        assert_eq!(fill(&page).submit_once(&mut officer).await.status, 303);
    }
    let page = officer.get("/admin/other-parties/list/new").await;
    let twice = fill(&page).fill("name", "tyne tories for tea").submit_once(&mut officer).await;
    twice.expect_status(409).expect("in the list already");
    assert_eq!(count(&site, "select count(*) from other_parties where name ilike 'tyne%'").await, 1);
    let page = send_form(&mut site.stranger(), &member_of("tea@example.org", "tea tories")).await;
    page.expect_status(422).expect("member of Tyne Tories for Tea");
    for other in ["treasurer@demo.test", "organiser@demo.test", "returning@demo.test"] {
        let mut browser = site.signed_in_as(other).await;
        browser.get("/admin/other-parties").await.expect_status(403);
        browser.get(list).await.expect_status(403);
    }
}

#[tokio::test]
async fn members_change_what_they_said_and_old_answers_are_forgotten() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    join(&site, "ann@example.org", "Left Unity").await;
    let mut own = signed_in_by_welcome(&site, "ann@example.org").await;
    let path = "/membership/other-parties";
    let page = own.get("/membership").await.follow(&mut own, "Change Other parties").await;
    page.expect("You last answered on 21 November 2026").expect("Our officers look at this");
    let stale = page.form(path).fill("other_party_name", "NIP");
    let form = page.form(path).fill("other_party", "no").fill("other_party_name", "");
    assert_eq!(form.submit_once(&mut own).await.status, 303);
    stale.submit_once(&mut own).await.expect_status(409);
    assert_eq!(declared(&site, "ann@example.org").await, (String::new(), None, None));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin/other-parties").await.expect_not("Robin");
    // Barred: they stay a member, and officers hear of it.
    let page = own.get(path).await;
    page.form(path).submit_once(&mut own).await;
    let form = page.form(path).fill("other_party", "yes").fill("other_party_name", "Fenland First");
    form.submit(&mut own).await.expect("do not allow membership of both").expect("Fenland First");
    assert_eq!(standing(&site, "ann@example.org").await.0, "active");
    let page = officer.get("/admin/other-parties").await.follow(&mut officer, "Robin Ó Súilleabháin").await;
    page.expect("on their own page").expect("They are not a new member").expect_not("Do not admit them");
    // The first answer was replaced in November 2026: it is kept for 24 months, and no day longer.
    let of_ann = "select count(*) from party_declarations d join people p on p.id = d.person_id where p.email = 'ann@example.org'";
    assert_eq!(count(&site, of_ann).await, 3);
    let forget = async || {
        let mut db = site.pool.acquire().await.unwrap();
        breakthrough::kit::queue::push(&mut db, &ForgetDeclarations::default()).await.unwrap();
        drop(db);
        site.work().await;
    };
    site.app.clock().advance(Duration::days(731));
    forget().await;
    assert_eq!(count(&site, of_ann).await, 3);
    site.app.clock().advance(Duration::days(1));
    forget().await;
    assert_eq!(count(&site, of_ann).await, 1, "what she says now stays");
    // And once she has left, that goes as well.
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let end = format!("/admin/members/{}/end", id_of(&site, "ann@example.org").await);
    let form = officer.get(&end).await.form(&end).fill("reason", "left").fill("words", "By phone");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    settle(&site).await;
    officer.get("/admin/other-parties").await.expect_not("Robin");
    site.app.clock().advance(Duration::days(731));
    forget().await;
    assert_eq!(count(&site, of_ann).await, 0);
    turn_of_day(&site).await;
}
