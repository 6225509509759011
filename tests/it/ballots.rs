//! Votes: written, announced, cast in secret, counted by two people, and checked by anybody.

mod attacker;
mod attacks;
mod desk;
mod rolls;

use std::collections::BTreeMap;

use breakthrough::{
    ballots::{TellVoters, TurnBallots},
    kit::{
        config::Switch,
        queue::{Failure, Job},
    },
};
use chrono::Duration;

use crate::support::{Browser, Page, Site, program};

pub const WEEK: i64 = 7 * 24;

/// Fills in the form for a motion with a roll of yesterday, open on 1 December from 9am to 8 December.
pub async fn draft(officer: &mut Browser, title: &str) -> String {
    let page = officer.get("/admin/ballots/new").await;
    let page = page
        .form("/admin/ballots")
        .fill("title", title)
        .fill("question", "Should buses be **free**?")
        .fill("asks", "motion")
        .fill("roll_day", "20")
        .fill("roll_month", "11")
        .fill("roll_year", "2026")
        .fill("opens_day", "1")
        .fill("opens_month", "12")
        .fill("opens_time", "9am")
        .fill("closes_day", "8")
        .fill("closes_month", "12")
        .fill("closes_time", "5pm")
        .submit(officer)
        .await;
    page.expect_status(200).expect("Saved as a draft");
    page.path.clone()
}

/// Announces it, and has its roll made.
pub async fn announce(site: &Site, desk: &str, officer: &mut Browser) {
    let page = officer.get(desk).await.form(&format!("{desk}/announcement")).submit(officer).await;
    page.expect("Announced").expect("The roll is being made");
    site.work().await;
    officer.get(desk).await.expect("Members can object to the roll");
}

/// Announces it and lets two people agree to open it; the clock stands at its hour then.
pub async fn open(site: &Site, desk: &str, first: &mut Browser, second: &mut Browser) {
    announce(site, desk, first).await;
    site.app.clock().advance(Duration::hours(48));
    agree(desk, "open", first).await.expect("Another returning officer has to agree");
    agree(desk, "open", second).await.expect("Two people have agreed");
    // From noon on 23 November to 9am on 1 December.
    site.app.clock().advance(Duration::hours(WEEK + 21));
    turn(site).await;
    first.get(desk).await.expect("Voting goes on");
}

pub async fn agree(desk: &str, step: &str, officer: &mut Browser) -> Page {
    officer.get(desk).await.form(&format!("{desk}/approvals/{step}")).submit(officer).await
}

/// What the clock brings.
pub async fn turn(site: &Site) {
    TurnBallots {}.run(site.app.clone()).await.map_err(Failure::into_error).unwrap();
    site.work().await;
}

/// What somebody writes down on the second page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    pub code: String,
    pub key: String,
}

fn slip(page: &Page) -> Slip {
    let codes = page.select(".slip code");
    Slip { code: codes[0].clone(), key: codes[2].clone() }
}

/// Fills in the first page, and stops on the second.
pub async fn choose(voter: &mut Browser, vote: &str, choice: &str, mark: &str) -> Page {
    let page = voter.get(vote).await;
    page.form(vote).fill("choice", choice).fill("mark", mark).submit(voter).await
}

pub async fn cast(voter: &mut Browser, vote: &str, choice: &str, mark: &str) -> Slip {
    let page = choose(voter, vote, choice, mark).await;
    page.expect_status(200).expect("Check your vote").expect(mark);
    let slip = slip(&page);
    page.form(&format!("{vote}/cast")).submit(voter).await.expect_status(200).expect("Your vote is in");
    slip
}

/// So many of the demo party's members who can vote, with the password of the cast.
pub async fn crowd(site: &Site, many: i64) -> Vec<String> {
    sqlx::query(
        "update people set password_hash = (select password_hash from people where email = 'ana@demo.test')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    sqlx::query_scalar(
        "select email::text from people p join memberships m on m.person_id = p.id
         where m.state = 'active' and email::text like '%@members.example' and m.joined_on < '2026-10-01'
           and (m.personal ->> 'born_on')::date < '2000-01-01'
         order by m.number limit $1",
    )
    .bind(many)
    .fetch_all(&site.pool)
    .await
    .unwrap()
}

pub async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

/// A site in which many sign in from one address.
pub async fn busy() -> Site {
    let site = Site::open_with(|settings| settings.dev_rate_limits = Switch::Off).await;
    site.listen().await;
    site
}

#[tokio::test]
async fn a_vote_goes_from_a_draft_to_a_result_that_anybody_can_check() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "Free buses for all").await;
    site.stranger().get("/ballots/free-buses-for-all").await.expect_status(404);
    first.get(&format!("{desk}/preview")).await.expect("This is what a voter sees first").expect("For");
    open(&site, &desk, &mut first, &mut second).await;

    let (path, vote) = ("/ballots/free-buses-for-all", "/ballots/free-buses-for-all/vote");
    let mut ana = site.signed_in_as("ana@demo.test").await;
    ana.get("/dashboard").await.expect("7 days left to vote");
    ana.get(path).await.expect("You can vote.").expect("free").expect("Fingerprint");
    let mail = site.mails_to("ana@demo.test").await;
    let mail = mail.iter().find(|mail| mail.subject == "You can vote now: Free buses for all").unwrap();
    assert!(!mail.text.contains("unsubscribe"));

    // Nothing is chosen, a mark of five digits.
    let page = ana.get(vote).await.form(vote).fill("mark", "12345").submit(&mut ana).await;
    page.expect_status(422).expect("Choose For, Against or Abstain").expect("six digits");
    // A paper that is shown cannot be cast.
    let page = choose(&mut ana, vote, "1", "402917").await;
    let state = page.form(&format!("{vote}/cast"));
    let shown = ana.post(&format!("{vote}/challenge"), &[("state", state.value("state").unwrap())]).await;
    shown.expect("This paper cannot be cast any more").expect("sha256sum");
    state.submit(&mut ana).await.expect_status(409).expect("This paper was shown in full");

    let before = cast(&mut ana, vote, "2", "402917").await;
    ana.get(vote).await.expect("Your vote is in");
    ana.get("/dashboard").await.expect("You have voted in");
    // Changed with the key; a wrong one changes nothing.
    let change = format!("{vote}/change");
    let fill = |page: &Page, key: &str| {
        page.form(vote).fill("choice", "1").fill("mark", "402917").fill("change_key", key)
    };
    let page = ana.get(&change).await;
    fill(&page, "0000-0000-0000-0000-0000-0000-00")
        .submit(&mut ana)
        .await
        .expect_status(422)
        .expect("No vote has this key");
    let page = fill(&page, &before.key.to_lowercase()).submit(&mut ana).await;
    let after = slip(page.expect("Replace my vote"));
    page.form(&format!("{vote}/cast")).submit(&mut ana).await.expect("Your vote is in");

    // Forty more, so that a lot is closed; then one changes a vote that is on the board.
    let mut slips = Vec::new();
    for (number, email) in crowd(&site, 40).await.iter().enumerate() {
        let mut voter = site.signed_in_as(email).await;
        let choice = if number % 4 == 0 { "2" } else { "1" };
        slips.push((email.clone(), cast(&mut voter, vote, choice, "111111").await));
    }
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 41);
    turn(&site).await;
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 0);
    let board = site.stranger().get(&format!("{path}/record/board.jsonl")).await;
    assert_eq!(board.body.lines().count(), 2, "{}", board.body);
    // The first of them voted against.
    let (email, slip_of_one) = &slips[0];
    let mut one = site.signed_in_as(email).await;
    let page = one.get(&change).await;
    let page = fill(&page, &slip_of_one.key).submit(&mut one).await;
    page.form(&format!("{vote}/cast")).submit(&mut one).await.expect("Your vote is in");

    // Told with their lot, an hour at the latest, and of a vote alone.
    site.leaves_waiting("ballots_tell_voters");
    let ballot = sqlx::query_scalar("select id from ballots where slug = 'free-buses-for-all'");
    let ballot: uuid::Uuid = ballot.fetch_one(&site.pool).await.unwrap();
    for _ in 0..2 {
        let tell = TellVoters { ballot, lot: 2 };
        tell.run(site.app.clone()).await.map_err(Failure::into_error).unwrap();
    }
    let mails = site.mails_to("ana@demo.test").await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.subject == "Your vote has been recorded").collect();
    assert_eq!(told.len(), 1);
    for secret in [&before.code, &after.code, &after.key, "402917"] {
        assert!(!told[0].text.contains(secret));
    }

    // The hour: not a moment longer.
    site.app.clock().advance(Duration::hours(WEEK + 8) - Duration::microseconds(1));
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = choose(&mut treasurer, vote, "1", "222222").await;
    site.app.clock().advance(Duration::microseconds(1));
    let page = page.form(&format!("{vote}/cast")).submit(&mut treasurer).await;
    page.expect("You did not vote");
    turn(&site).await;
    site.stranger().get(path).await.expect("opened and counted by two returning officers");
    assert_eq!(count(&site, "select count(*) from ballot_papers p join ballots b on b.id = p.ballot_id where b.slug = 'free-buses-for-all'").await, 41);
    agree(&desk, "count", &mut first).await.expect("Another returning officer has to agree");
    site.work().await;
    first.get(&desk).await.expect_not("Result");
    agree(&desk, "count", &mut second).await;
    site.work().await;
    first.get(&desk).await.expect("Carried, by 32 votes to 9");
    site.stranger().get(path).await.expect_not("Carried");
    agree(&desk, "declare", &mut first).await;
    agree(&desk, "declare", &mut second).await;
    let page = site.stranger().soon(path, |page| page.words().contains("Carried")).await;
    page.expect("Carried, by 32 votes to 9").expect("Provisional").expect("41 voted");

    // Everybody finds their own.
    let page = site
        .stranger()
        .get(&format!("{path}/check?code={}", after.code.to_lowercase().replace('-', " ")))
        .await;
    page.expect("Counted").expect("402917").expect("For");
    let page = site.stranger().get(&format!("{path}/check?code={}", before.code)).await;
    page.expect("No vote has the code").expect("only the newest code counts");
    site.stranger().get(&format!("{path}/check?code=abc")).await.expect_status(422);

    // And counts again.
    verify(&site, path, "free-buses-for-all", Some(&after.code)).await;
    let mails = site.mails_to("ana@demo.test").await;
    assert!(mails.iter().any(|mail| mail.subject == "The result: Free buses for all"));
}

/// Downloads the record of a vote as anybody does, and has the program check it.
pub async fn verify(site: &Site, path: &str, slug: &str, code: Option<&str>) {
    let folder = site.folder().join(format!("record-{slug}"));
    std::fs::create_dir_all(&folder).unwrap();
    let archive =
        site.stranger().raw(reqwest::Method::GET, &format!("{path}/record/bundle.tar")).send().await.unwrap();
    assert_eq!(archive.status(), 200);
    std::fs::write(folder.join("bundle.tar"), archive.bytes().await.unwrap()).unwrap();
    let unpacked = std::process::Command::new("tar").args(["xf", "bundle.tar"]).current_dir(&folder).status();
    assert!(unpacked.unwrap().success());
    let mut command = program::program(site.folder(), None);
    command.arg("verify").arg(folder.join(slug));
    if let Some(code) = code {
        command.args(["--code", code]);
    }
    let out = program::run(command).await;
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[tokio::test]
async fn the_votes_of_the_demo_party_verify() {
    let site = Site::open().await;
    let mut stranger = site.stranger();
    let list = stranger.get("/ballots").await;
    list.expect("Free buses for under-25s").expect("Carried").expect("Where the next conference meets");
    for slug in ["free-buses-for-under-25s", "leader-of-the-party", "national-committee"] {
        let path = format!("/ballots/{slug}");
        let page = stranger.get(&path).await;
        page.expect("could vote").expect("took part");
        verify(&site, &path, slug, None).await;
        stranger.get(&format!("{path}/sheet")).await.expect("Count sheet").expect("Returning officer");
    }
    stranger.get("/ballots/national-committee").await.expect("Round by round").expect("elected");
    let mut ana = site.signed_in_as("ana@demo.test").await;
    ana.get("/ballots").await.expect("Waits for your vote");
    ana.get("/ballots/where-the-next-conference-meets").await.expect("You can vote.");
}

/// Each way in which somebody is kept out says which rule it is; nothing is written.
#[tokio::test]
async fn who_cannot_vote_reads_why() {
    let site = Site::open().await;
    let (path, vote) =
        ("/ballots/where-the-next-conference-meets", "/ballots/where-the-next-conference-meets/vote");
    site.stranger().get(path).await.expect("Members sign in first");
    assert_eq!(site.stranger().get_once(vote).await.location.as_deref(), Some("/sign-in"));
    let mut ben = site.signed_in_as("ben@demo.test").await;
    ben.get(path).await.expect("You cannot vote in this one.").expect("lapsed");
    ben.get(vote).await.expect_status(403);
    let mut sam = site.signed_in_as("sam@demo.test").await;
    sam.get(path).await.expect("You were not a member on that day");
    // Off the roll: the page says so, and the booth sends them there.
    sqlx::query(
        "delete from ballot_roll where person_id = (select id from people where email = 'ana@demo.test')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut ana = site.signed_in_as("ana@demo.test").await;
    ana.get(path).await.expect("You cannot vote in this one.").expect("Object to it");
    assert_eq!(ana.get_once(vote).await.location.as_deref(), Some(path));
    let page = ana.post_once(&format!("{vote}/cast"), &[("state", "x")]).await;
    assert_eq!(page.location.as_deref(), Some(path));
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 0);
}

/// Double clicks, two devices, the back button: one vote, and whoever comes second reads it.
#[tokio::test]
async fn fifty_casts_at_once_are_one_vote() {
    let site = Site::open().await;
    let vote = "/ballots/where-the-next-conference-meets/vote";
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let mut papers = Vec::new();
    for number in 0..10 {
        let page = ana.get(vote).await;
        let page = page
            .form(vote)
            .tick("choice[]", "1")
            .fill("mark", &format!("10000{number}"))
            .submit(&mut ana)
            .await;
        papers.push(page.form(&format!("{vote}/cast")).value("state").unwrap().to_owned());
    }
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..50 {
        let form = serde_html_form::to_string([("state", papers[number % papers.len()].as_str())]).unwrap();
        let request = ana.raw(reqwest::Method::POST, &format!("{vote}/cast"));
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        tries.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut answers = BTreeMap::new();
    while let Some(status) = tries.join_next().await {
        *answers.entry(status.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 1, "{answers:?}");
    // The one paper that was cast was sent five times; the others came second.
    assert_eq!(answers, BTreeMap::from([(303, 5), (409, 45)]));
    ana.get(vote).await.expect("Your vote is in");
    // What was sealed for Ana is nobody else's.
    let mut alex = site.signed_in_as("treasurer@demo.test").await;
    let page = alex.post(&format!("{vote}/cast"), &[("state", &papers[0])]).await;
    assert!([422, 200].contains(&page.status.as_u16()), "{}", page.status);
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 1);
}

/// Ranking by numbers in boxes: gaps, doubles and words are named beside their box, and nothing typed is lost.
#[tokio::test]
async fn an_order_is_written_in_numbers() {
    let site = Site::open().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "Treasurer").await;
    let page = first.get(&format!("{desk}/edit")).await;
    let edit = format!("{desk}/edit");
    let form = page.form(&edit).fill("asks", "ranked").fill("seats", "1").fill("counts", "irv");
    form.fill("options", "Ann Lee | A nurse\nBo Tan\nCy Fox")
        .tick("reopen", "yes")
        .submit(&mut first)
        .await
        .expect("Saved");
    open(&site, &desk, &mut first, &mut second).await;
    let vote = "/ballots/treasurer/vote";
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let page = ana.get(vote).await;
    page.expect("A nurse").expect("Re-open nominations");
    let boxes = |values: [&str; 4]| {
        let form = page.form(vote).fill("mark", "402917");
        (1..).zip(values).fold(form, |form, (number, value)| form.fill(&format!("rank_{number}"), value))
    };
    for (values, words) in [
        (["1", "1", "", ""], "Ann Lee and Bo Tan both have number 1"),
        (["1", "3", "", ""], "You wrote 3, but no 2"),
        (["one", "", "", ""], "Write a whole number beside Ann Lee"),
        (["0", "", "", ""], "Write a whole number beside Ann Lee"),
        (["1.5", "", "", ""], "Write a whole number beside Ann Lee"),
        (["-1", "", "", ""], "Write a whole number beside Ann Lee"),
        (["9999999999", "", "", ""], "Write a whole number beside Ann Lee"),
    ] {
        let answer = boxes(values).submit(&mut ana).await;
        answer.expect_status(422).expect(words);
        let form = answer.form(vote);
        assert_eq!(form.value("rank_1"), Some(values[0]));
        assert_eq!(form.value("mark"), Some("402917"));
    }
    boxes(["", "", "", ""]).submit(&mut ana).await.expect("this is a blank vote");
    let page = boxes(["２", "", "1", "3"]).submit(&mut ana).await;
    assert_eq!(page.select(".chosen li"), ["Cy Fox", "Ann Lee", "Re-open nominations"]);
    // Back, with what was chosen.
    let state = page.form(&format!("{vote}/cast"));
    let back = ana.post(&format!("{vote}/again"), &[("state", state.value("state").unwrap())]).await;
    assert_eq!(back.form(vote).value("rank_3"), Some("1"));
    // The page was open too long: a new code, and nothing is lost.
    site.app.clock().advance(Duration::minutes(61));
    let late = state.submit(&mut ana).await;
    late.expect_status(409).expect("open for more than an hour");
    assert_eq!(late.select(".chosen li"), ["Cy Fox", "Ann Lee", "Re-open nominations"]);
    assert_ne!(slip(&late), slip(&page));
    late.form(&format!("{vote}/cast")).submit(&mut ana).await.expect("Your vote is in");
    // A file to keep, with code and key.
    let mut one = site.signed_in_as("treasurer@demo.test").await;
    let page = one.get(vote).await.form(vote).fill("mark", "333333").submit(&mut one).await;
    let state = page.form(&format!("{vote}/cast"));
    let kept = one.post(&format!("{vote}/slip"), &[("state", state.value("state").unwrap())]).await;
    assert!(kept.body.contains(&slip(&page).code) && kept.body.contains(&slip(&page).key));
}

/// Nobody wins by lot with no valid paper, one person alone opens nothing, and what is fixed stays fixed.
#[tokio::test]
async fn a_vote_without_papers_has_no_result() {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, "Nobody votes").await;
    announce(&site, &desk, &mut first).await;
    first.post(&format!("{desk}/approvals/open"), &[]).await.expect_status(409).expect("not the next step");
    site.app.clock().advance(Duration::hours(48));
    agree(&desk, "open", &mut first).await;
    first.post(&format!("{desk}/approvals/open"), &[]).await.expect("Another returning officer has to agree");
    // The roll is corrected after one has agreed: both have to agree again.
    let number = count(&site, "select m.number from memberships m join people p on p.id = m.person_id where p.email = 'ben@demo.test'").await;
    let page = first.get(&desk).await;
    let form =
        page.form(&format!("{desk}/roll")).fill("number", &number.to_string()).fill("why", "Paid by cheque.");
    form.press("roll", "add")
        .submit(&mut first)
        .await
        .expect("The roll is corrected")
        .expect("Paid by cheque.");
    first.get(&desk).await.expect("Two people agree to open it");
    agree(&desk, "open", &mut first).await;
    agree(&desk, "open", &mut second).await;
    first.post(&format!("{desk}/withdrawal"), &[]).await.expect_status(200);
    first.get(&desk).await.expect("Draft");
    let edit = format!("{desk}/edit");
    first
        .get(&edit)
        .await
        .form(&edit)
        .fill("title", "Nobody votes at all")
        .submit(&mut first)
        .await
        .expect("Saved");
    site.stranger().get("/ballots/nobody-votes").await.expect_status(404);
    announce(&site, &desk, &mut first).await;
    site.app.clock().advance(Duration::hours(48));
    agree(&desk, "open", &mut first).await;
    agree(&desk, "open", &mut second).await;
    site.app.clock().advance(Duration::hours(WEEK));
    turn(&site).await;
    first.post(&edit, &[]).await.expect_status(409);
    first
        .get(&edit)
        .await
        .form(&edit)
        .fill("title", "Other words")
        .submit(&mut first)
        .await
        .expect_status(409);
    site.app.clock().advance(Duration::hours(2 * WEEK));
    turn(&site).await;
    agree(&desk, "count", &mut first).await;
    agree(&desk, "count", &mut second).await;
    site.work().await;
    first.get(&desk).await.expect("No result: nobody chose anything");
    agree(&desk, "declare", &mut first).await;
    agree(&desk, "declare", &mut second).await;
    site.stranger().get("/ballots/nobody-votes").await.expect("No result").expect("0%");
    verify(&site, "/ballots/nobody-votes", "nobody-votes", None).await;
    site.work().await;
}

/// Complaints are answered in writing, and an appeal by somebody else.
#[tokio::test]
async fn a_complaint_is_answered_and_an_appeal_decided_by_another() {
    let site = Site::open().await;
    let path = "/ballots/national-committee/complaint";
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let page = ana.get(path).await;
    page.form(path).submit(&mut ana).await.expect_status(422).expect("Write what is wrong");
    let form = page.form(path).fill("about", "result").fill("words", "My code is not there.");
    form.submit(&mut ana).await.expect("Sent to the returning officer").expect("To answer");
    page.form(path).fill("words", "My code is not there.").submit(&mut ana).await;
    assert_eq!(count(&site, "select count(*) from ballot_complaints").await, 1, "the same form twice");
    let mut first = site.signed_in_as("returning@demo.test").await;
    let id: uuid::Uuid =
        sqlx::query_scalar("select id from ballot_complaints").fetch_one(&site.pool).await.unwrap();
    let desk: uuid::Uuid =
        sqlx::query_scalar("select ballot_id from ballot_complaints").fetch_one(&site.pool).await.unwrap();
    let desk = format!("/admin/ballots/{desk}");
    let answer = format!("{desk}/complaints/{id}");
    let field = format!("answer_{id}");
    let page = first.get(&desk).await;
    page.form(&answer)
        .fill(&field, "It is there: it was typed wrong.")
        .submit(&mut first)
        .await
        .expect("The answer is saved");
    page.form(&answer).fill(&field, "Once more").submit(&mut first).await.expect_status(409);
    let page = ana.get(path).await;
    let appeal = format!("{path}/{id}/appeal");
    page.expect("it was typed wrong")
        .form(&appeal)
        .fill("appeal", "It was not.")
        .submit(&mut ana)
        .await
        .expect("another officer");
    let decides = [(field.as_str(), "Looked at again."), ("decides", "yes")];
    first.post(&answer, &decides).await.expect_status(403).expect("somebody else decides");
    let mut second = site.signed_in_as("alex@demo.test").await;
    second.get(&desk).await.form(&answer).fill(&field, "Looked at again.").submit(&mut second).await;
    ana.get(path).await.expect("Looked at again.").expect("Appeal decided");
    let mut sam = site.signed_in_as("treasurer@demo.test").await;
    sam.post(&appeal, &[("appeal", "me too")]).await.expect_status(404);
}
