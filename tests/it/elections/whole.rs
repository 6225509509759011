//! Elections to their end: the vote, offices, countback, by-election, and the cases without a vote.

use chrono::Duration;

use super::{DAY, SECRETARY, call, members, publish, second, stand, turn, until_nominations};
use crate::{
    ballots::{agree, busy, count},
    support::{Browser, Site},
};

/// Puts the options of a paper in an order, by their names.
pub async fn rank(voter: &mut Browser, vote: &str, order: &[&str]) {
    let page = voter.get(vote).await;
    let names = page.select(".ranking label bdi");
    assert!(!names.is_empty(), "{}", page.words());
    let fields = page.attributes(".ranking input", "name");
    let mut form = page.form(vote).fill("mark", "402917");
    for (name, field) in names.iter().zip(&fields) {
        if let Some(place) = order.iter().position(|wanted| wanted == name) {
            form = form.fill(field, &(place + 1).to_string());
        }
    }
    let page = form.submit(voter).await;
    page.expect_status(200).expect("Check your vote");
    page.form(&format!("{vote}/cast")).submit(voter).await.expect_status(200).expect("Your vote is in");
}

pub async fn name_of(site: &Site, email: &str) -> String {
    sqlx::query_scalar("select name from people where email = $1::text::citext")
        .bind(email)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

/// Lets three members second, each of their own.
pub async fn seconded(site: &Site, nomination: &str, people: &[String]) {
    for person in people {
        let mut browser = site.signed_in_as(person).await;
        second(&mut browser, nomination).await.expect("You second");
    }
}

pub async fn pass(site: &Site, days: i64) {
    site.app.clock().advance(Duration::days(days));
    crate::ballots::turn(site).await;
    turn(site).await;
    crate::ballots::turn(site).await;
    turn(site).await;
}

/// From notice to office, by six people: two returning officers, two who stand, and two who vote and are told. Then one
/// gives the post up, and the papers elect the other.
#[tokio::test]
async fn six_people_hold_a_whole_election() {
    let site = busy().await;
    // Voters are told an hour after their lot.
    site.leaves_waiting("ballots_tell_voters");
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let mut other = site.signed_in_as("alex@demo.test").await;
    let people = members(&site, 7).await;
    let desk = until_nominations(&site, &mut officer, "1").await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    // The treasurer stands, and is no treasurer meanwhile.
    let mut theo = site.signed_in_as("treasurer@demo.test").await;
    theo.get("/admin/books").await.expect_status(200);
    let (anas, theos) = (stand(&mut ana, SECRETARY).await, stand(&mut theo, SECRETARY).await);
    theo.get("/admin/books").await.expect_status(403);
    other.get("/admin/officers").await.expect("Off while they stand in an election");
    for (browser, own, letter) in [(&mut ana, &anas, "Minutes within a week."), (&mut theo, &theos, "")] {
        let page = browser.get(own).await;
        let form = page.form(&format!("{own}/statement")).fill("statement", "I can **write**.");
        form.fill("letter", letter).submit(browser).await.expect("Saved");
    }
    seconded(&site, &anas, &people[..3]).await;
    seconded(&site, &theos, &people[3..6]).await;
    pass(&site, 14).await;
    site.stranger().soon(SECRETARY, |page| page.words().contains("The candidates")).await;
    pass(&site, 3).await;
    // The vote is there, with both of them and re-open nominations.
    let vote = "/ballots/secretary";
    ana.get(vote)
        .await
        .expect("Ana Silva")
        .expect("Theo Okafor")
        .expect("Re-open nominations")
        .expect("I can write");
    officer.get(&desk).await.expect("Its page under Votes");
    let made = officer.get(&desk).await.attributes("a[href^='/admin/ballots/']", "href")[0].clone();
    // Too late to withdraw, and to move what is fixed.
    ana.post(&format!("{anas}/withdrawal"), &[]).await.expect_status(409);
    officer.get(&format!("{desk}/timetable")).await.expect_status(200);
    officer.post(&format!("{desk}/end"), &[("reason", "x")]).await.expect_status(409).expect("under Votes");
    pass(&site, 6).await;
    pass(&site, 2).await;
    agree(&made, "open", &mut officer).await.expect("Another returning officer has to agree");
    agree(&made, "open", &mut other).await.expect("Two people have agreed");
    pass(&site, 2).await;
    let mails = site.mails_to("ana@demo.test").await;
    let letter = mails.iter().find(|mail| mail.subject == "From the candidates: Secretary").unwrap();
    assert!(letter.text.contains("Minutes within a week.") && letter.text.contains("They wrote nothing."));
    // Two members and the candidates vote.
    let mut first = site.signed_in_as(&people[0]).await;
    let mut last = site.signed_in_as(&people[3]).await;
    rank(&mut first, &format!("{vote}/vote"), &["Theo Okafor", "Ana Silva"]).await;
    rank(&mut last, &format!("{vote}/vote"), &["Theo Okafor", "Ana Silva"]).await;
    rank(&mut theo, &format!("{vote}/vote"), &["Theo Okafor"]).await;
    rank(&mut ana, &format!("{vote}/vote"), &["Ana Silva"]).await;
    pass(&site, 15).await;
    agree(&made, "count", &mut officer).await;
    agree(&made, "count", &mut other).await;
    site.work().await;
    agree(&made, "declare", &mut officer).await;
    agree(&made, "declare", &mut other).await.expect("Two people have agreed");
    // Provisional: nobody holds anything yet, and the tools are off. The first session has ended meanwhile.
    theo = site.signed_in_as("treasurer@demo.test").await;
    pass(&site, 1).await;
    theo.get("/admin/books").await.expect_status(403);
    site.stranger().get("/people").await.expect_not("Secretary");
    pass(&site, 7).await;
    theo.get("/admin/books").await.expect_status(200);
    site.stranger().soon("/people", |page| page.words().contains("Theo Okafor Secretary Until")).await;
    ana.get(SECRETARY).await.expect("Decided").expect("Theo Okafor , until 19 January 2029");
    let mails = site.mails_to("treasurer@demo.test").await;
    assert!(mails.iter().any(|mail| mail.subject == "You have been elected: Secretary"));
    assert_eq!(count(&site, "select count(*) from election_offices o join elections e on e.id = o.election_id where e.slug = 'secretary-2027'").await, 1);

    // The post is given up, and the papers are counted again without its holder.
    let page = officer.get("/admin/elections/offices").await;
    let ends = page.posted_forms().into_iter().map(|(path, _)| path).filter(|path| path.ends_with("/end"));
    let office: uuid::Uuid = sqlx::query_scalar("select o.id from election_offices o join elections e on e.id = o.election_id where e.slug = 'secretary-2027'").fetch_one(&site.pool).await.unwrap();
    let end = format!("/admin/elections/offices/{office}/end");
    assert!(ends.collect::<Vec<_>>().contains(&end));
    page.form(&end).submit(&mut officer).await.expect_status(422);
    let field = format!("why_{office}");
    let page = page.form(&end).fill(&field, "Moves abroad.").submit(&mut officer).await;
    page.expect("The place is vacant");
    officer.post(&end, &[(&field, "Again")]).await.expect_status(409);
    let back = format!("/admin/elections/offices/{office}/countback");
    officer
        .get("/admin/elections/offices")
        .await
        .form(&back)
        .submit(&mut officer)
        .await
        .expect("The papers elect Ana Silva");
    officer.post(&back, &[]).await.expect_status(409);
    site.work().await;
    site.stranger()
        .soon("/people", |page| page.words().contains("Ana Silva Secretary Until"))
        .await
        .expect_not("Theo Okafor Secretary");
    ana.get(SECRETARY).await.expect("by countback");
    // With the term the post ends.
    site.app.clock().advance(Duration::days(731));
    turn(&site).await;
    site.stranger().soon("/people", |page| !page.words().contains("Ana Silva")).await;
}

#[tokio::test]
async fn as_many_as_there_are_places_are_elected_without_a_vote() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let people = members(&site, 8).await;
    let desk = call(&mut officer, "Secretary", "2", DAY).await;
    publish(&mut officer, &desk).await.expect("Published");
    site.work().await;
    site.app.clock().advance(Duration::days(10));
    turn(&site).await;
    let mut standing = Vec::new();
    for (number, person) in people[..2].iter().enumerate() {
        let mut browser = site.signed_in_as(person).await;
        let own = stand(&mut browser, SECRETARY).await;
        seconded(&site, &own, &people[2 + 3 * number..5 + 3 * number]).await;
        standing.push(name_of(&site, person).await);
    }
    pass(&site, 14).await;
    // One is suspended before withdrawals are over: one place stays empty.
    let person: uuid::Uuid = sqlx::query_scalar("select id from people where email = $1::text::citext")
        .bind(&people[1])
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let path = format!("/admin/members/{person}/suspension");
    let mut alex = site.signed_in_as("alex@demo.test").await;
    let page = alex.get(&path).await;
    let form = page.form(&path).fill("until_day", "31").fill("until_month", "10").fill("until_year", "2027");
    form.fill("reason", "Complaint 7, rule 9").submit_once(&mut alex).await.expect_status(303);
    pass(&site, 3).await;
    let page = site.stranger().soon(SECRETARY, |page| page.words().contains("Decided")).await;
    page.expect("Elected without a vote").expect(&format!("{} , until 17 December 2028", standing[0]));
    assert_eq!(count(&site, "select count(*) from ballots where title = 'Secretary'").await, 0);
    site.stranger().soon("/people", |page| page.words().contains("Secretary")).await.expect(&standing[0]);
}

#[tokio::test]
async fn an_election_without_candidates_ends() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let desk = until_nominations(&site, &mut officer, "1").await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    // Nobody seconds.
    stand(&mut ana, SECRETARY).await;
    pass(&site, 14).await;
    pass(&site, 3).await;
    officer.get(&desk).await.expect("Nobody elected");
    site.stranger().soon(SECRETARY, |page| page.words().contains("Nobody stood.")).await;
    officer.get("/admin/elections").await.expect("Call an election");
}

#[tokio::test]
async fn a_place_that_was_given_up_is_filled_for_the_rest_of_its_term() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let page = officer.get("/admin/elections/offices").await;
    page.expect("Vice-chair").expect("gave it up");
    let call = page.attributes("a[href$='/call']", "href")[0].clone();
    let page = officer.get(&call).await;
    page.expect("Call a by-election").expect("for the rest of the term");
    let form = page.form(&call);
    assert_eq!(form.value("seats"), Some("1"));
    page.form(&call).fill("seats", "2").submit(&mut officer).await.expect_status(422);
    let page = form.submit(&mut officer).await;
    page.expect("Saved as a draft");
    let until: Vec<Option<chrono::NaiveDate>> =
        sqlx::query_scalar("select term_ends_on from elections where fills_vacancy")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    let ends: chrono::NaiveDate =
        sqlx::query_scalar("select ends_on from election_offices where ended_on is not null")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(until, [Some(ends)]);
}
