//! Elections: posts, the timetable, nominations, seconds, statements, hustings.

mod others;
mod whole;

use breakthrough::{
    elections::TurnElections,
    kit::queue::{Failure, Job},
};
use chrono::Duration;
use reqwest::Method;

use crate::{
    ballots::{busy, count},
    support::{Browser, Page, Site},
};

/// What the clock brings.
async fn turn(site: &Site) {
    TurnElections {}.run(site.app.clone()).await.map_err(Failure::into_error).unwrap();
    site.work().await;
}

/// So many members beside the cast who can stand for anything but youth posts.
async fn members(site: &Site, many: i64) -> Vec<String> {
    let all = crate::ballots::crowd(site, many + 20).await;
    let free: Vec<String> = sqlx::query_scalar(
        "select email::text from people p where email::text = any ($1)
         and not exists (select from election_nominations n where n.person_id = p.id)
         and not exists (select from election_seconds s where s.person_id = p.id) order by email limit $2",
    )
    .bind(&all)
    .bind(many)
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(i64::try_from(free.len()).unwrap(), many);
    free
}

/// A post with so many places, and an election for it whose vote ends on a day; the returning officer's page of it.
async fn call(officer: &mut Browser, title: &str, seats: &str, day: &str) -> String {
    call_with(officer, (title, seats, day), &[], &[]).await
}

/// The same with more of the post, and of the plan.
async fn call_with(
    officer: &mut Browser,
    (title, seats, day): (&str, &str, &str),
    post: &[(&str, &str)],
    plan: &[(&str, &str)],
) -> String {
    let new = "/admin/elections/posts/new";
    let form = officer.get(new).await.form(new);
    let form = form.fill("title", title).fill("duties", "Keeps the **minutes**.").fill("seats", seats);
    let form = post.iter().fold(form, |form, (field, value)| form.fill(field, value));
    let page = form.submit(officer).await;
    page.expect("The post is added");
    let link = format!("a[aria-label='Call an election for {title}']");
    let page = officer.get(&page.attributes(&link, "href")[0]).await;
    let [year, month, day] = day.split('-').collect::<Vec<_>>().try_into().unwrap();
    let path = page.path.clone();
    let form =
        page.form(&path).fill("polling_day", day).fill("polling_month", month).fill("polling_year", year);
    let form = plan.iter().fold(form, |form, (field, value)| form.fill(field, value));
    let page = form.submit(officer).await;
    page.expect_status(200).expect("Saved as a draft");
    page.path.clone()
}

async fn publish(officer: &mut Browser, desk: &str) -> Page {
    officer.get(desk).await.form(&format!("{desk}/publication")).submit(officer).await
}

/// Called at noon on 21 November 2026, its nominations are open from 9am on 1 December to noon on 15 December.
const DAY: &str = "2027-01-11";
const SECRETARY: &str = "/elections/secretary-2027";

async fn until_nominations(site: &Site, officer: &mut Browser, seats: &str) -> String {
    let desk = call(officer, "Secretary", seats, DAY).await;
    publish(officer, &desk).await.expect("Published");
    site.work().await;
    site.app.clock().advance(Duration::days(10));
    turn(site).await;
    desk
}

async fn stand(browser: &mut Browser, election: &str) -> String {
    let page = browser.get(&format!("{election}/nominations/new")).await;
    let page = page.form(&format!("{election}/nominations/own")).submit(browser).await;
    page.expect_status(200).expect("You are nominated");
    page.path.clone()
}

async fn second(browser: &mut Browser, nomination: &str) -> Page {
    browser.post(&format!("{nomination}/second"), &[]).await
}

#[tokio::test]
async fn an_election_is_called_published_and_seen_with_its_timetable() {
    let site = Site::open().await;
    site.listen().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    // A vote that ends too soon for its notice.
    let page = officer.get("/admin/elections/posts/new").await;
    let page = page.form("/admin/elections/posts/new").submit(&mut officer).await;
    page.expect_status(422).expect("Enter what the post is called");
    let desk = call(&mut officer, "Secretary", "1", DAY).await;
    site.stranger().get(SECRETARY).await.expect_status(404);
    officer
        .get(&desk)
        .await
        .expect("Nominations open")
        .expect("1 December 2026, 9am")
        .expect("11 January 2027, 5pm");
    // One at a time for a post.
    let list = officer.get("/admin/elections").await;
    assert_eq!(list.attributes("a[aria-label='Under way: Secretary']", "href"), [desk.as_str()]);
    publish(&mut officer, &desk).await.expect("Published");
    publish_again(&mut officer, &desk).await;
    site.work().await;
    let mail = site.mail_to("ana@demo.test").await;
    assert_eq!(mail.subject, "Election: Secretary");
    assert!(mail.text.contains("1 December 2026, 9am") && mail.text.contains("1 place, for 2 years"));
    let mut stranger = site.stranger();
    stranger.soon("/elections", |page| page.words().contains("Secretary")).await;
    stranger
        .get(SECRETARY)
        .await
        .expect("Called")
        .expect("1 December 2026, 9am")
        .expect("of 23 December 2026");
    // The page that is kept in memory moves on with the clock.
    site.app.clock().advance(Duration::days(10));
    turn(&site).await;
    stranger
        .soon(SECRETARY, |page| page.words().contains("Nominations are open until 15 December 2026, 12pm"))
        .await;
    // Members only, and nobody who is no officer.
    site.signed_in_as("sam@demo.test")
        .await
        .get(&format!("{SECRETARY}/nominations/new"))
        .await
        .expect_status(403);
    site.signed_in_as("ana@demo.test").await.get("/admin/elections").await.expect_status(403);
}

async fn publish_again(officer: &mut Browser, desk: &str) {
    officer.post(&format!("{desk}/publication"), &[]).await.expect_status(409).expect("published already");
}

#[tokio::test]
async fn a_step_that_has_passed_is_not_moved() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let desk = until_nominations(&site, &mut officer, "1").await;
    let path = format!("{desk}/timetable");
    let page = officer.get(&path).await;
    let form = page.form(&path);
    assert_eq!((form.value("nominations_open_day"), form.value("nominations_close_day")), (None, Some("15")));
    // Against the rules, in a night without that hour, and then rightly.
    page.form(&path)
        .fill("nominations_close_day", "14")
        .submit(&mut officer)
        .await
        .expect_status(422)
        .expect("14 days after");
    let page = page.form(&path).fill("closes_day", "13").submit(&mut officer).await;
    page.expect_status(200).expect("The timetable is changed").expect("13 January 2027, 5pm");
    site.stranger().get(SECRETARY).await.expect("13 January 2027, 5pm");
    // What has passed while the form was open.
    let page = officer.get(&path).await;
    let late = page.form(&path).fill("nominations_close_day", "16");
    site.app.clock().advance(Duration::days(15));
    late.submit(&mut officer).await.expect_status(409);
    officer.get(&desk).await.expect("15 December 2026, 12pm");
    site.work().await;
}

#[tokio::test]
async fn members_nominate_accept_and_second_within_the_rules() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let people = members(&site, 8).await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let desk = call(&mut officer, "Secretary", "1", DAY).await;
    publish(&mut officer, &desk).await.expect("Published");
    site.work().await;
    // Too early.
    ana.post(&format!("{SECRETARY}/nominations/own"), &[])
        .await
        .expect_status(409)
        .expect("Nominations are not open");
    site.app.clock().advance(Duration::days(10));
    turn(&site).await;

    // By oneself; twice is once.
    let own = stand(&mut ana, SECRETARY).await;
    let again = ana.post(&format!("{SECRETARY}/nominations/own"), &[]).await;
    assert_eq!(again.path, own);
    ana.get("/dashboard").await.expect("You stand for Secretary");
    // By another, who learns nothing of the address.
    let mut one = site.signed_in_as(&people[0]).await;
    for address in ["nobody@example.org", "sam@demo.test", &people[1]] {
        let page = one.get(&format!("{SECRETARY}/nominations/new")).await;
        let page =
            page.form(&format!("{SECRETARY}/nominations")).fill("email", address).submit(&mut one).await;
        page.expect_status(200).expect("If this is the address of a member who can stand");
    }
    let more = one.post(&format!("{SECRETARY}/nominations"), &[("email", &people[2])]).await;
    more.expect_status(409).expect("as many people as there are places");
    site.work().await;
    let mails = site.mails_to(&people[1]).await;
    let mail = mails.iter().find(|mail| mail.subject == "You have been nominated: Secretary").unwrap();
    assert!(site.mails_to("sam@demo.test").await.iter().all(|mail| !mail.subject.contains("nominated")));
    let asked = mail.link("/nominations/");
    let mut two = site.signed_in_as(&people[1]).await;
    two.get("/dashboard").await.expect("Do you want to stand?");
    // Nobody else answers for them, or seconds before they do.
    one.post(&format!("{asked}/acceptance"), &[]).await.expect_status(404);
    second(&mut ana, &asked).await.expect_status(409);
    two.get(&asked).await.form(&format!("{asked}/acceptance")).submit(&mut two).await.expect("You stand");

    // Not oneself, not the nominator, not who stands, not twice, not more than places, not who is no elector.
    second(&mut ana, &own).await.expect_status(409).expect("Nobody seconds themselves");
    second(&mut one, &asked).await.expect_status(409).expect("You nominated them");
    second(&mut two, &own).await.expect_status(409).expect("You stand in this election");
    site.signed_in_as("ben@demo.test").await.post(&format!("{own}/second"), &[]).await.expect_status(403);
    let mut three = site.signed_in_as(&people[2]).await;
    three.get(SECRETARY).await.expect("Ana Silva").expect("Needs 3 more seconders");
    second(&mut three, &own).await.expect("You second this nomination");
    second(&mut three, &own).await.expect_status(200);
    second(&mut three, &asked).await.expect_status(409).expect("as many people as there are places");
    three.post(&format!("{own}/second/end"), &[]).await.expect("You do not second");
    // Fifty at the same time are one.
    let mut presses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request =
            three.raw(Method::POST, &format!("{own}/second")).header("sec-fetch-site", "same-origin");
        presses.spawn(request.header("content-length", "0").send());
    }
    for answer in presses.join_all().await {
        assert!(answer.unwrap().status().is_redirection());
    }
    assert_eq!(count(&site, "select count(*) from election_seconds s join election_nominations n on n.id = s.nomination_id join elections e on e.id = n.election_id where e.slug = 'secretary-2027'").await, 1);
    // Whoever seconded and stands after all seconds no more.
    let mut four = site.signed_in_as(&people[3]).await;
    second(&mut four, &asked).await.expect("You second");
    stand(&mut four, SECRETARY).await;
    ana.get(SECRETARY).await.expect("Needs 3 more seconders");
    // Nobody stands for two posts.
    let elsewhere: String = sqlx::query_scalar(
        "select p.email::text from election_nominations n join people p on p.id = n.person_id join elections e on e.id = n.election_id
         where e.slug like 'party-chair%' and n.stands",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let mut elsewhere = site.signed_in_as(&elsewhere).await;
    let page = elsewhere.post(&format!("{SECRETARY}/nominations/own"), &[]).await;
    page.expect_status(409).expect("Nobody stands for two");
    // Withdrawn is withdrawn.
    four.get("/dashboard").await.follow(&mut four, "Your nomination for Secretary").await;
    let fours = four.get(SECRETARY).await.attributes(".panel a.button", "href")[0].clone();
    four.post(&format!("{fours}/withdrawal"), &[]).await.expect("You have withdrawn");
    four.post(&format!("{SECRETARY}/nominations/own"), &[])
        .await
        .expect_status(409)
        .expect("cannot come back");
    second(&mut site.signed_in_as(&people[4]).await, &fours).await.expect_status(409);
    // In time, three second Ana; two's are too few.
    for person in &people[5..7] {
        let mut browser = site.signed_in_as(person).await;
        second(&mut browser, &own).await.expect("You second");
    }
    ana.get(SECRETARY).await.expect("Complete");
    site.stranger().get(SECRETARY).await.expect_not("Ana Silva");
    site.app.clock().advance(Duration::days(14));
    second(&mut site.signed_in_as(&people[7]).await, &asked)
        .await
        .expect_status(409)
        .expect("Nominations are not open");
    turn(&site).await;
    site.stranger().soon(SECRETARY, |page| page.words().contains("The candidate")).await.expect("Ana Silva");
    let mails = site.mails_to(&people[1]).await;
    assert!(mails.iter().any(|mail| mail.subject == "You do not stand any more: Secretary"));
}

#[tokio::test]
async fn a_candidate_writes_and_shows_themselves_until_nominations_close() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    until_nominations(&site, &mut officer, "1").await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let own = stand(&mut ana, SECRETARY).await;
    let path = format!("{own}/statement");
    let page = ana.get(&own).await;
    let long = "x".repeat(2_001);
    page.form(&path)
        .fill("statement", &long)
        .submit(&mut ana)
        .await
        .expect_status(422)
        .expect("at most 2,000 characters");
    let page = page
        .form(&path)
        .fill("statement", &"é".repeat(2_000))
        .fill("letter", "Vote for me")
        .submit(&mut ana)
        .await;
    page.expect_status(200).expect("Saved");
    // In two windows.
    let first = ana.get(&own).await;
    first.form(&path).fill("statement", "One").submit(&mut ana).await.expect("Saved");
    first.form(&path).fill("statement", "Two").submit(&mut ana).await.expect_status(409);

    let picture = image::RgbImage::from_pixel(700, 700, image::Rgb([200, 90, 30]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let large = vec![b'x'; 600 * 1024];
    for (file, status) in [(bytes.get_ref().as_slice(), 303), (b"<svg/>", 422), (b"", 422), (&large, 422)] {
        assert_eq!(upload(&ana, &own, file).await, status);
    }
    ana.get(&own).await.expect("Take the portrait away");
    // Nobody else changes any of it, and nobody who is no member sends large files.
    let mut other = site.signed_in_as("treasurer@demo.test").await;
    assert_eq!(upload(&other, &own, bytes.get_ref()).await, 404);
    other.post(&path, &[("statement", "x")]).await.expect_status(409);
    assert_eq!(upload(&site.signed_in_as("sam@demo.test").await, &own, &large).await, 413);
    site.app.clock().advance(Duration::days(14));
    ana.post(&path, &[("statement", "Late"), ("version", "x")]).await.expect_status(409);
    ana.get(&own).await.expect("One").expect_not("Take the portrait away");
}

async fn upload(browser: &Browser, nomination: &str, file: &[u8]) -> u16 {
    let border = "a-border-that-no-picture-holds";
    let head =
        format!("--{border}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"me.png\"\r\n\r\n");
    let mut body = head.into_bytes();
    body.extend(file);
    body.extend(format!("\r\n--{border}--\r\n").bytes());
    let request =
        browser.raw(Method::POST, &format!("{nomination}/portrait")).header("sec-fetch-site", "same-origin");
    let kind = format!("multipart/form-data; boundary={border}");
    request.header("content-type", kind).body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn all_candidates_answer_in_the_same_time() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let list = site.stranger().get("/elections").await.attributes("ol.cards h3 a", "href");
    let young = list.into_iter().find(|it| it.contains("young")).unwrap();
    let questions = format!("{young}/questions");
    let candidates: Vec<String> = sqlx::query_scalar(
        "select p.email::text from election_nominations n join people p on p.id = n.person_id join elections e on e.id = n.election_id
         where e.slug like 'young%' order by p.name",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let asker: String = sqlx::query_scalar(
        "select p.email::text from election_seconds s join election_nominations n on n.id = s.nomination_id
         join elections e on e.id = n.election_id join people p on p.id = s.person_id where e.slug like 'young%' order by p.id limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    members(&site, 1).await;
    let mut asks = site.signed_in_as(&asker).await;
    let page = asks.get(&questions).await;
    page.form(&questions).submit(&mut asks).await.expect_status(422);
    page.form(&questions).fill("question", &"x".repeat(501)).submit(&mut asks).await.expect_status(422);
    let sent = page.form(&questions).fill("question", "Where do we meet?").submit(&mut asks).await;
    sent.expect("Your question is with the returning officer");
    // The same form again.
    page.form(&questions).fill("question", "Where do we meet?").submit(&mut asks).await.expect_status(200);
    assert_eq!(count(&site, "select count(*) from election_questions where words like 'Where%'").await, 1);
    let id: uuid::Uuid = sqlx::query_scalar("select id from election_questions where words like 'Where%'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let election: uuid::Uuid = sqlx::query_scalar("select election_id from election_questions where id = $1")
        .bind(id)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let desk = format!("/admin/elections/{election}");
    let mut first = site.signed_in_as(&candidates[0]).await;
    let answer = format!("{questions}/{id}/answer");
    let field = format!("answer_{id}");
    first.post(&answer, &[(&field, "Early")]).await.expect_status(409);
    let through = format!("{desk}/questions/{id}/publication");
    officer
        .get(&desk)
        .await
        .form(&through)
        .submit(&mut officer)
        .await
        .expect("All candidates can answer it now");
    officer.post(&through, &[]).await.expect_status(409);
    first.post(&answer, &[(&field, "In the library")]).await.expect("Your answer is saved");
    asks.post(&answer, &[(&field, "I am no candidate")]).await.expect_status(403);
    first.post(&questions, &[("question", "May I ask?")]).await.expect_status(409);
    // Until the time is over nobody else reads it.
    asks.get(&questions).await.expect("Where do we meet?").expect_not("In the library");
    site.app.clock().advance(Duration::hours(48));
    turn(&site).await;
    site.stranger().soon(&questions, |page| page.words().contains("In the library")).await;
    first.post(&answer, &[(&field, "Too late")]).await.expect_status(409);
}
