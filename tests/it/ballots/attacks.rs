//! What an attacker, a fault or the clock does to a vote while it is cast.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration as Time, Instant},
};

use breakthrough::{ballots::TurnBallots, kit::queue::Job};
use chrono::Duration;
use sqlx::AssertSqlSafe;

use super::{WEEK, agree, announce, busy, cast, choose, count, crowd, draft, open, slip, turn};
use crate::support::{Browser, Page, Site, log::Log};

const TABLES: [&str; 9] = [
    "ballots",
    "ballot_roll",
    "ballot_incoming",
    "ballot_papers",
    "ballot_withdrawn",
    "ballot_spoilt",
    "ballot_board",
    "ballot_confirmations",
    "ballot_openings",
];

/// A fingerprint of every table of votes.
async fn prints(site: &Site) -> BTreeMap<&'static str, Option<String>> {
    let mut prints = BTreeMap::new();
    for table in TABLES {
        let ask = format!("select md5(string_agg(t::text, ' ' order by t::text)) from {table} t");
        prints.insert(table, sqlx::query_scalar(AssertSqlSafe(ask)).fetch_one(&site.pool).await.unwrap());
    }
    prints
}

/// A site with an open vote, its officers and its desk.
async fn open_vote(title: &str) -> (Site, Browser, Browser, String) {
    let site = busy().await;
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let desk = draft(&mut first, title).await;
    open(&site, &desk, &mut first, &mut second).await;
    (site, first, second, desk)
}

/// Ends the database's process at a statement: before it, after it, or at the end of its transaction.
async fn crash_at(site: &Site, table: &str, when: &str, what: &str) {
    let trigger = match when {
        "commit" => format!(
            "create constraint trigger crash after {what} on {table} deferrable initially deferred for each row execute function crash()"
        ),
        _ => format!(
            "create trigger crash {when} {what} on {table} for each statement execute function crash()"
        ),
    };
    let function = "create or replace function crash() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return null; end $$";
    sqlx::raw_sql(function).execute(&site.pool).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(trigger)).execute(&site.pool).await.unwrap();
}

async fn mend(site: &Site, table: &str) {
    let drop = format!("drop trigger crash on {table}");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&site.pool).await.unwrap();
}

/// What a minute brings breaks off at a statement, and has done nothing then.
async fn minute_breaks_off(site: &Site, table: &str, when: &str, what: &str) {
    let before = prints(site).await;
    crash_at(site, table, when, what).await;
    let reached = TurnBallots {}.run(site.app.clone()).await.is_err();
    assert!(reached, "{when} {what} of {table} was not reached");
    mend(site, table).await;
    assert_eq!(prints(site).await, before, "{when} {what} of {table}");
}

/// A paper that is filled in, on its second page.
async fn prepared(voter: &mut Browser, vote: &str, key: Option<&str>) -> String {
    let page = match key {
        None => choose(voter, vote, "1", "123456").await,
        Some(key) => {
            let page = voter.get(&format!("{vote}/change")).await;
            page.form(vote)
                .fill("choice", "2")
                .fill("mark", "123456")
                .fill("change_key", key)
                .submit(voter)
                .await
        }
    };
    page.form(&format!("{vote}/cast")).value("state").unwrap().to_owned()
}

async fn send(voter: &mut Browser, vote: &str, state: &str) -> Page {
    voter.post(&format!("{vote}/cast"), &[("state", state)]).await
}

/// Wherever it breaks off, there is a vote or there is none, the roll and the box agree, and the same paper can be sent
/// again.
#[tokio::test]
async fn every_statement_of_a_vote_can_be_the_last() {
    let (site, ..) = open_vote("Broken off").await;
    site.leaves_waiting("ballots_tell_voters");
    let vote = "/ballots/broken-off/vote";
    let mut people = crowd(&site, 40).await.into_iter();
    let mut keys = Vec::new();
    let points = [("before", "insert"), ("after", "insert"), ("commit", "insert")];
    for (when, what) in points {
        let email = people.next().unwrap();
        let mut voter = site.signed_in_as(&email).await;
        let page = choose(&mut voter, vote, "1", "123456").await;
        let key = slip(&page).key;
        let state = page.form(&format!("{vote}/cast")).value("state").unwrap().to_owned();
        let before = prints(&site).await;
        crash_at(&site, "ballot_incoming", when, what).await;
        send(&mut voter, vote, &state).await.expect_status(503);
        mend(&site, "ballot_incoming").await;
        assert_eq!(prints(&site).await, before, "{when} {what}");
        voter.get(vote).await.expect_not("Your vote is in");
        send(&mut voter, vote, &state).await.expect_status(200).expect("Your vote is in");
        keys.push((email, key));
    }
    for email in people {
        let mut voter = site.signed_in_as(&email).await;
        cast(&mut voter, vote, "1", "111111").await;
    }

    // A lot that breaks off, and the next minute.
    for (table, when, what) in [
        ("ballot_incoming", "before", "delete"),
        ("ballot_roll", "after", "update"),
        ("ballot_papers", "before", "insert"),
        ("ballot_papers", "commit", "insert"),
        ("ballot_confirmations", "after", "insert"),
        ("ballot_incoming", "before", "truncate"),
        ("ballot_board", "before", "insert"),
        ("ballot_board", "commit", "insert"),
    ] {
        minute_breaks_off(&site, table, when, what).await;
    }
    turn(&site).await;
    assert_eq!(count(&site, "select count(*) from ballot_papers p join ballots b on b.id = p.ballot_id where b.slug = 'broken-off'").await, 40);

    // A change of a paper that is on the board.
    let (email, key) = &keys[0];
    let mut voter = site.signed_in_as(email).await;
    for (table, when, what) in [
        ("ballot_papers", "before", "delete"),
        ("ballot_withdrawn", "after", "insert"),
        ("ballot_incoming", "before", "insert"),
        ("ballot_incoming", "commit", "insert"),
    ] {
        let state = prepared(&mut voter, vote, Some(key)).await;
        let before = prints(&site).await;
        crash_at(&site, table, when, what).await;
        send(&mut voter, vote, &state).await.expect_status(503);
        mend(&site, table).await;
        assert_eq!(prints(&site).await, before, "{when} {what} of {table}");
    }
    let state = prepared(&mut voter, vote, Some(key)).await;
    send(&mut voter, vote, &state).await.expect("Your vote is in");

    // The close.
    site.app.clock().advance(Duration::hours(WEEK + 8));
    for (table, when, what) in [
        ("ballots", "after", "update"),
        ("ballot_board", "after", "insert"),
        ("ballot_papers", "before", "truncate"),
        ("ballot_roll", "before", "truncate"),
        ("ballot_roll", "commit", "insert"),
    ] {
        minute_breaks_off(&site, table, when, what).await;
    }
    turn(&site).await;
    let sums = "select count(*) from ballot_roll r join ballots b on b.id = r.ballot_id where b.slug = 'broken-off' and voted";
    assert_eq!(count(&site, sums).await, 40);
}

/// With every library at its loudest: who voted, from where, with what, and when is in no line.
#[tokio::test]
async fn a_vote_at_the_loudest_log_is_in_no_line_of_it() {
    let (site, ..) = open_vote("Loud").await;
    let vote = "/ballots/loud/vote";
    let person = site.person("ana@demo.test").await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let cookie = ana.cookie_header();
    let log = Log::default();
    let _here = log.listen();
    let page = choose(&mut ana, vote, "2", "402917").await;
    let shown = page.form(&format!("{vote}/cast")).value("state").unwrap().to_owned();
    ana.post(&format!("{vote}/challenge"), &[("state", &shown)]).await.expect("cannot be cast any more");
    send(&mut ana, vote, &shown).await.expect_status(409);
    send(&mut ana, vote, "rubbish").await.expect_status(422);
    crash_at(&site, "ballot_incoming", "before", "insert").await;
    let page = choose(&mut ana, vote, "2", "402917").await;
    let first = slip(&page);
    let state = page.form(&format!("{vote}/cast")).value("state").unwrap().to_owned();
    send(&mut ana, vote, &state).await.expect_status(503);
    mend(&site, "ballot_incoming").await;
    send(&mut ana, vote, &state).await.expect("Your vote is in");
    let page = ana.get(&format!("{vote}/change")).await;
    let page = page
        .form(vote)
        .fill("choice", "1")
        .fill("mark", "402917")
        .fill("change_key", &first.key)
        .submit(&mut ana)
        .await;
    let second = slip(&page);
    page.form(&format!("{vote}/cast")).submit(&mut ana).await.expect("Your vote is in");
    let said = log.take();
    let token = cookie.split_once('=').unwrap().1.to_owned();
    let hidden = [
        person.to_string(),
        person.simple().to_string(),
        "ana@demo.test".to_owned(),
        "402917".to_owned(),
        "127.0.0.1".to_owned(),
        token,
        state,
        shown,
        first.code,
        first.key,
        second.code,
        second.key,
    ];
    for hidden in hidden {
        assert!(!said.contains(&hidden), "the log has {hidden}");
    }
    // The log works: what the officers do is in it.
    tracing::error!("a line");
    assert!(log.take().contains("a line"));
}

/// Of two sets of times, the largest distance of their distributions (Kolmogorov and Smirnov), in thousandths.
fn distance(one: &[Time], other: &[Time]) -> usize {
    let below =
        |times: &[Time], at: Time| times.iter().filter(|time| **time <= at).count() * 1000 / times.len();
    one.iter().chain(other).map(|at| below(one, *at).abs_diff(below(other, *at))).max().unwrap_or_default()
}

/// Whoever watches the line learns nothing of the choice from the size or the time of what goes over it.
#[tokio::test]
async fn every_choice_is_as_large_and_takes_as_long() {
    let (site, ..) = open_vote("As large").await;
    let vote = "/ballots/as-large/vote";
    let mut sizes = BTreeSet::new();
    let mut times: BTreeMap<&str, Vec<Time>> = BTreeMap::new();
    for (number, email) in crowd(&site, 48).await.iter().enumerate() {
        let mut voter = site.signed_in_as(email).await;
        let choice = if number % 2 == 0 { "1" } else { "2" };
        let page = choose(&mut voter, vote, choice, "123456").await;
        let state = page.form(&format!("{vote}/cast")).value("state").unwrap().to_owned();
        let request = voter.raw(reqwest::Method::POST, &format!("{vote}/cast"));
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let began = Instant::now();
        let answer = request.body(format!("state={state}")).send().await.unwrap();
        let took = began.elapsed();
        times.entry(choice).or_default().push(took);
        let (status, headers) = (answer.status(), answer.headers().clone());
        sizes.insert((state.len(), status, headers.len(), answer.bytes().await.unwrap().len()));
    }
    assert_eq!(sizes.len(), 1, "{sizes:?}");
    let sealed = count(&site, "select count(distinct length(sealed)) from ballot_incoming").await;
    assert_eq!(sealed, 1, "papers of different sizes");
    // By chance it is more than 0.64 once in ten thousand times.
    let apart = distance(&times["1"], &times["2"]);
    assert!(apart < 640, "{apart}: {times:?}");
    // The measure is worth something.
    let slower: Vec<_> = times["2"].iter().map(|time| *time + Time::from_secs(1)).collect();
    assert!(distance(&times["1"], &slower) > 640);
}

/// Before it opens, in its last moment, after it: only an open vote takes papers, and nothing of the others is kept.
#[tokio::test]
async fn a_vote_is_taken_between_its_hours_and_never_else() {
    let site = busy().await;
    site.leaves_waiting("ballots_tell_voters");
    let mut first = site.signed_in_as("returning@demo.test").await;
    let mut second = site.signed_in_as("alex@demo.test").await;
    let (path, vote) = ("/ballots/in-time", "/ballots/in-time/vote");
    let desk = draft(&mut first, "In time").await;
    announce(&site, &desk, &mut first).await;
    site.app.clock().advance(Duration::hours(48));
    agree(&desk, "open", &mut first).await;
    agree(&desk, "open", &mut second).await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    // A moment before its hour.
    site.app.clock().advance(Duration::hours(WEEK + 21) - Duration::microseconds(1));
    turn(&site).await;
    assert_eq!(ana.get_once(vote).await.location.as_deref(), Some(path));
    let none = prints(&site).await;
    for state in ["", "x"] {
        let page = ana.post_once(&format!("{vote}/cast"), &[("state", state)]).await;
        assert_eq!(page.location.as_deref(), Some(path));
    }
    assert_eq!(prints(&site).await, none);
    site.app.clock().advance(Duration::microseconds(1));
    turn(&site).await;
    let state = prepared(&mut ana, vote, None).await;
    let mut alone = site.signed_in_as("treasurer@demo.test").await;
    let late = prepared(&mut alone, vote, None).await;
    // Its last moment counts, the next does not, whether the minute's job has been there or not.
    site.app.clock().advance(Duration::hours(WEEK + 8) - Duration::microseconds(1));
    // The page is older than an hour: its code is new.
    let page = send(&mut ana, vote, &state).await;
    page.expect_status(409).expect("open for more than an hour");
    page.form(&format!("{vote}/cast")).submit(&mut ana).await.expect("Your vote is in");
    site.app.clock().advance(Duration::microseconds(1));
    let before = prints(&site).await;
    send(&mut alone, vote, &late).await.expect("You did not vote");
    ana.post(&format!("{vote}/challenge"), &[("state", &late)]).await.expect_not("cannot be cast any more");
    assert_eq!(prints(&site).await, before);
    turn(&site).await;
    let papers =
        "select count(*) from ballot_papers p join ballots b on b.id = p.ballot_id where b.slug = 'in-time'";
    assert_eq!(count(&site, papers).await, 1);
    // A wrong time zone would have closed it an hour away: by UTC, 5pm in December is 5pm.
    assert_eq!(site.app.clock().now().to_rfc3339(), "2026-12-08T17:00:00+00:00");
}

/// Nineteen votes are no lot: the board stays as it was, and nobody reads how many there are, until the close.
#[tokio::test]
async fn few_votes_go_on_no_board_before_the_close() {
    let (site, mut first, _, desk) = open_vote("Nineteen").await;
    site.leaves_waiting("ballots_tell_voters");
    let (path, vote) = ("/ballots/nineteen", "/ballots/nineteen/vote");
    for email in crowd(&site, 19).await {
        let mut voter = site.signed_in_as(&email).await;
        cast(&mut voter, vote, "1", "111111").await;
    }
    turn(&site).await;
    let board = site.stranger().get(&format!("{path}/record/board.jsonl")).await;
    assert_eq!(board.body.lines().count(), 1, "{}", board.body);
    first.get(&desk).await.expect("0 papers are in the box").expect_not("Carried");
    for public in [path, "/ballots", &format!("{path}/sheet"), &format!("{path}/record/papers.json")] {
        let page = site.stranger().get(public).await;
        assert!(!page.body.contains("19 "), "{public} says how many have voted");
    }
    // Early results are nowhere: no page has one, and no table has a paper that is not sealed.
    assert_eq!(count(&site, "select count(*) from ballot_openings o join ballots b on b.id = o.ballot_id where b.slug = 'nineteen'").await, 0);
    let plain = "select count(*) from (select sealed from ballot_incoming union all select sealed from ballot_papers) s where position('choices' in encode(sealed, 'escape')) > 0";
    assert_eq!(count(&site, plain).await, 0);
    site.app.clock().advance(Duration::hours(WEEK + 8));
    turn(&site).await;
    let board = site.stranger().get(&format!("{path}/record/board.jsonl")).await;
    assert_eq!(board.body.lines().count(), 3, "{}", board.body);
}

/// A key that fits no paper leaves everything as it was, byte by byte, however often it is tried.
#[tokio::test]
async fn guessing_keys_changes_nothing() {
    let (site, ..) = open_vote("Guessed").await;
    let vote = "/ballots/guessed/vote";
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let known = cast(&mut ana, vote, "1", "111111").await;
    let before = prints(&site).await;
    let all_but_last = &known.key[..known.key.len() - 1];
    let near: Vec<String> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        .chars()
        .map(|last| format!("{all_but_last}{last}"))
        .filter(|key| *key != known.key)
        .collect();
    for key in near.iter().take(8).map(String::as_str).chain(["", "x", "0000-0000-0000-0000-0000-0000-00"]) {
        let page = ana.get(&format!("{vote}/change")).await;
        let page = page
            .form(vote)
            .fill("choice", "2")
            .fill("mark", "222222")
            .fill("change_key", key)
            .submit(&mut ana)
            .await;
        page.expect_status(422);
    }
    assert_eq!(prints(&site).await, before);
}

/// Whoever is suspended in mid-poll stays on the published roll and cannot vote; a vote they had cast stays in the box.
#[tokio::test]
async fn a_suspension_in_mid_poll_takes_nobody_off_the_roll() {
    let (site, ..) = open_vote("Suspended").await;
    let (path, vote) = ("/ballots/suspended", "/ballots/suspended/vote");
    let people = crowd(&site, 2).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let [mut before, mut after] = [site.signed_in_as(&people[0]).await, site.signed_in_as(&people[1]).await];
    cast(&mut before, vote, "1", "111111").await;
    after.get(path).await.expect("You can vote.");
    let state = prepared(&mut after, vote, None).await;
    let size = count(&site, "select roll_size::bigint from ballots where slug = 'suspended'").await;
    for email in &people {
        let suspension = format!("/admin/members/{}/suspension", site.person(email).await);
        let page = officer.get(&suspension).await;
        let form = page
            .form(&suspension)
            .fill("until_day", "5")
            .fill("until_month", "12")
            .fill("until_year", "2026");
        form.fill("reason", "Complaint 7, rule 9").submit(&mut officer).await.expect_status(200);
    }
    let kept = prints(&site).await;
    for voter in [&mut before, &mut after] {
        voter.get(path).await.expect("You cannot vote at present.").expect("You are on the roll");
        voter.get("/ballots").await.expect_not("Waits for your vote");
        voter.get("/dashboard").await.expect_not("left to vote");
        voter.get(vote).await.expect_status(403);
        send(voter, vote, &state).await.expect_status(403);
    }
    assert_eq!(prints(&site).await, kept);
    assert_eq!(
        count(
            &site,
            "select count(*) from ballot_roll r join ballots b on b.id = r.ballot_id where slug = 'suspended'"
        )
        .await,
        size
    );
    // The suspension ends before the close.
    site.app.clock().advance(Duration::days(6));
    site.work().await;
    for email in &people {
        let end = format!("/admin/members/{}/suspension/end", site.person(email).await);
        officer.post(&end, &[]).await;
    }
    after.get(path).await.expect("You can vote.");
    cast(&mut after, vote, "2", "222222").await;
    assert_eq!(count(&site, "select count(*) from ballot_incoming").await, 2);
    site.work().await;
}
