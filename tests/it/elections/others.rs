//! Elections of some members alone, for several places, under shares of a key, moved and called off.

use std::fs;

use chrono::Duration;

use super::{
    DAY, SECRETARY, call_with, members, publish, second, stand, turn, until_nominations,
    whole::{name_of, pass, rank, seconded},
};
use crate::{
    ballots::{agree, busy, verify},
    support::{Mail, Site, program},
};

async fn told(site: &Site, email: &str, subject: &str) -> Vec<Mail> {
    site.mails_to(email).await.into_iter().filter(|mail| mail.subject == subject).collect()
}

/// Whoever is told of a timetable is told when it changes, of what has changed; and when it is called off, why.
#[tokio::test]
async fn who_was_told_of_an_election_is_told_what_becomes_of_it() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let desk = until_nominations(&site, &mut officer, "1").await;
    let path = format!("{desk}/timetable");
    let form = officer.get(&path).await.form(&path);
    // Nothing is moved, so nobody is told.
    form.clone().submit(&mut officer).await.expect_status(200);
    assert!(told(&site, "ana@demo.test", "New hours: Secretary").await.is_empty());
    for day in ["13", "14"] {
        site.app.clock().advance(Duration::minutes(1));
        let form = officer.get(&path).await.form(&path).fill("closes_day", day);
        form.submit(&mut officer).await.expect("The timetable is changed");
    }
    let mut mails = told(&site, "ana@demo.test", "New hours: Secretary").await;
    mails.sort_by_key(|mail| mail.text.contains("14 January"));
    assert_eq!(mails.len(), 2);
    assert!(mails[1].text.contains("Voting closes: 14 January 2027, 5pm"), "{}", mails[1].text);
    assert!(!mails[1].text.contains("Nominations close:"));
    assert!(told(&site, "sam@demo.test", "New hours: Secretary").await.is_empty());
    let mut ana = site.signed_in_as("ana@demo.test").await;
    stand(&mut ana, SECRETARY).await;
    let end = format!("{desk}/end");
    let form = officer.get(&desk).await.form(&end);
    form.clone().fill("reason", "").submit(&mut officer).await.expect_status(422);
    form.fill("reason", "The post is *merged*.").submit(&mut officer).await.expect("Called off");
    officer.post(&end, &[("reason", "Again")]).await.expect_status(409);
    let mails = told(&site, "ana@demo.test", "Called off: Secretary").await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("The post is"), "{}", mails[0].text);
    site.stranger().soon(SECRETARY, |page| page.words().contains("Called off")).await.expect("merged");
    // It does not go on by itself, and the post can be elected to again.
    pass(&site, 30).await;
    officer = site.signed_in_as("returning@demo.test").await;
    officer.get(&desk).await.expect("Called off");
    officer.get("/admin/elections").await.expect("Call an election");
}

/// A region's post is its members' alone: others are not told, cannot stand, nominate, second or vote.
#[tokio::test]
async fn a_post_of_a_region_is_elected_by_its_members() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let people = members(&site, 12).await;
    sqlx::query("update people set region = 'wales' where email::text = any ($1)")
        .bind(&people[..9])
        .execute(&site.pool)
        .await
        .unwrap();
    sqlx::query("update people set region = 'london' where email::text = any ($1)")
        .bind(&people[9..])
        .execute(&site.pool)
        .await
        .unwrap();
    let outside = &people[9];
    let desk = call_with(&mut officer, ("Chair of Wales", "1", DAY), &[("regions[]", "wales")], &[]).await;
    publish(&mut officer, &desk).await.expect("Published");
    assert_eq!(told(&site, &people[0], "Election: Chair of Wales").await.len(), 1);
    assert!(told(&site, outside, "Election: Chair of Wales").await.is_empty());
    site.app.clock().advance(Duration::days(10));
    turn(&site).await;
    let election = "/elections/chair-of-wales-2027";
    let mut stranger_here = site.signed_in_as(outside).await;
    stranger_here.post(&format!("{election}/nominations/own"), &[]).await.expect_status(403);
    let mut standing = Vec::new();
    for (number, person) in people[..2].iter().enumerate() {
        let mut browser = site.signed_in_as(person).await;
        let own = stand(&mut browser, election).await;
        second(&mut stranger_here, &own).await.expect_status(403);
        seconded(&site, &own, &people[2 + 3 * number..5 + 3 * number]).await;
        standing.push(name_of(&site, person).await);
    }
    pass(&site, 14).await;
    pass(&site, 3).await;
    let made = officer.get(&desk).await.attributes("a[href^='/admin/ballots/']", "href")[0].clone();
    pass(&site, 6).await;
    pass(&site, 2).await;
    let [mut officer, mut other] =
        [site.signed_in_as("returning@demo.test").await, site.signed_in_as("alex@demo.test").await];
    agree(&made, "open", &mut officer).await;
    agree(&made, "open", &mut other).await.expect("Two people have agreed");
    pass(&site, 2).await;
    let vote = "/ballots/chair-of-wales";
    stranger_here = site.signed_in_as(outside).await;
    stranger_here.get(vote).await.expect("You cannot vote in this one.").expect("Wales");
    let outsiders: i64 = sqlx::query_scalar(
        "select count(*) from ballot_roll r join ballots b on b.id = r.ballot_id join people p on p.id = r.person_id
         where b.slug = 'chair-of-wales' and p.region is distinct from 'wales'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(outsiders, 0);
    let mut voter = site.signed_in_as(&people[8]).await;
    rank(&mut voter, &format!("{vote}/vote"), &[&standing[1], &standing[0]]).await;
    // Whoever moves away after the day of the roll keeps their vote in this one.
    sqlx::query("update people set region = 'london' where email = $1::text::citext")
        .bind(&people[7])
        .execute(&site.pool)
        .await
        .unwrap();
    let mut moved = site.signed_in_as(&people[7]).await;
    rank(&mut moved, &format!("{vote}/vote"), &[&standing[1]]).await;
}

/// A youth post is for those of its age, by the day on which each thing is done.
#[tokio::test]
async fn a_youth_post_is_for_the_young() {
    let site = busy().await;
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let people = members(&site, 2).await;
    let born = async |email: &str, day: &str| {
        sqlx::query("update memberships set personal = jsonb_set(personal, '{born_on}', to_jsonb($2::text)) where person_id = (select id from people where email = $1::text::citext)")
            .bind(email)
            .bind(day)
            .execute(&site.pool)
            .await
            .unwrap();
    };
    born(&people[0], "2000-12-02").await;
    born(&people[1], "1999-11-20").await;
    let desk = call_with(&mut officer, ("Youth officer", "1", DAY), &[("oldest", "26")], &[]).await;
    publish(&mut officer, &desk).await.expect("Published");
    site.work().await;
    site.app.clock().advance(Duration::days(10));
    turn(&site).await;
    let election = "/elections/youth-officer-2027";
    let [mut young, mut old] = [site.signed_in_as(&people[0]).await, site.signed_in_as(&people[1]).await];
    let own = stand(&mut young, election).await;
    old.post(&format!("{election}/nominations/own"), &[]).await.expect_status(403);
    second(&mut old, &own).await.expect_status(403);
    assert!(told(&site, &people[1], "Election: Youth officer").await.is_empty());
}

/// A committee of two by the single transferable vote, under a key that scrutineers hold; then a place is given up, and the
/// papers fill it.
#[tokio::test]
async fn a_committee_is_elected_under_shares_and_a_place_is_counted_back() {
    let site = busy().await;
    site.leaves_waiting("ballots_tell_voters");
    let mut officer = site.signed_in_as("returning@demo.test").await;
    let people = members(&site, 13).await;
    let desk = call_with(&mut officer, ("Committee", "2", DAY), &[], &[("held", "shares")]).await;
    publish(&mut officer, &desk).await.expect("Published");
    site.work().await;
    site.app.clock().advance(Duration::days(10));
    turn(&site).await;
    let election = "/elections/committee-2027";
    let mut names = Vec::new();
    for (number, person) in people[..4].iter().enumerate() {
        let mut browser = site.signed_in_as(person).await;
        let own = stand(&mut browser, election).await;
        seconded(&site, &own, &people[4 + number * 2..][..3]).await;
        names.push(name_of(&site, person).await);
    }
    pass(&site, 14).await;
    pass(&site, 3).await;
    let made = officer.get(&desk).await.attributes("a[href^='/admin/ballots/']", "href")[0].clone();
    // It waits for the scrutineers. Nobody changes who stands in it, or takes it away; its hours can be changed.
    officer = site.signed_in_as("returning@demo.test").await;
    officer.get(&made).await.expect("Scrutineers make a key").expect_not("Delete the draft");
    let edit = format!("{made}/edit");
    let page = officer.get(&edit).await;
    let form = page.expect("come from the election").form(&edit);
    assert_eq!((form.value("options"), form.value("closes_day")), (None, Some("11")));
    let options: serde_json::Value =
        sqlx::query_scalar("select options from ballots where slug = 'committee'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    form.clone().fill("closes_day", "12").submit(&mut officer).await.expect("Saved");
    let version = form.value("version").unwrap().to_owned();
    let other_words = [("title", "Mine"), ("options", "A\nB"), ("version", version.as_str())];
    officer.post(&edit, &other_words).await.expect_status(422);
    officer.post(&format!("{made}/deletion"), &[]).await.expect_status(409).expect("belongs to an election");
    let after: (serde_json::Value, String) =
        sqlx::query_as("select options, title from ballots where slug = 'committee'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(after, (options, "Committee".to_owned()));
    let keys = site.folder().join("keys");
    let command = async |arguments: &[&str]| {
        let mut command = program::program(site.folder(), None);
        command.args(arguments);
        let out = program::run(command).await;
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let file = |name: &str| keys.join(name).to_str().unwrap().to_owned();
    command(&["ballot", "keygen", "--shares", "3", "--need", "2", "--out", keys.to_str().unwrap()]).await;
    let public = fs::read_to_string(file("count-key.json")).unwrap();
    let page =
        officer.get(&made).await.form(&format!("{made}/key")).fill("key", &public).submit(&mut officer).await;
    page.form(&format!("{made}/announcement")).submit(&mut officer).await.expect("Announced");
    pass(&site, 6).await;
    pass(&site, 2).await;
    let [mut officer, mut other] =
        [site.signed_in_as("returning@demo.test").await, site.signed_in_as("alex@demo.test").await];
    agree(&made, "open", &mut officer).await;
    agree(&made, "open", &mut other).await.expect("Two people have agreed");
    pass(&site, 2).await;
    let vote = "/ballots/committee";
    let [a, b, c, d] = [&names[0], &names[1], &names[2], &names[3]].map(String::as_str);
    // The quota of seven papers for two places is three.
    let orders: [&[&str]; 7] = [&[a, c], &[a, c], &[a, c], &[b, d], &[b, d], &[b, d], &[d, c]];
    for (person, order) in people[4..11].iter().zip(orders) {
        let mut voter = site.signed_in_as(person).await;
        rank(&mut voter, &format!("{vote}/vote"), order).await;
    }
    pass(&site, 16).await;
    let [mut officer, mut other] =
        [site.signed_in_as("returning@demo.test").await, site.signed_in_as("alex@demo.test").await];
    let (one, two) = (file("share-2.txt"), file("share-3.txt"));
    let key = file("count-key.json");
    let secret = command(&["ballot", "combine", "--key", &key, "--share", &one, "--share", &two]).await;
    let form = officer.get(&made).await.form(&format!("{made}/secret"));
    form.fill("password_key", secret.trim()).submit(&mut officer).await.expect("The key fits");
    agree(&made, "count", &mut officer).await;
    agree(&made, "count", &mut other).await;
    site.work().await;
    agree(&made, "declare", &mut officer).await;
    agree(&made, "declare", &mut other).await.expect("Two people have agreed");
    verify(&site, vote, "committee", None).await;
    pass(&site, 1).await;
    pass(&site, 7).await;
    let page = site.stranger().soon("/people", |page| page.words().contains("Committee")).await;
    page.expect(&format!("{a} Committee"))
        .expect(&format!("{b} Committee"))
        .expect_not(&format!("{c} Committee"));
    // The first gives the place up: of the others, those papers put the third next.
    let office: uuid::Uuid = sqlx::query_scalar(
        "select o.id from election_offices o join elections e on e.id = o.election_id join people p on p.id = o.person_id
         where e.slug = 'committee-2027' and p.email = $1::text::citext",
    )
    .bind(&people[0])
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let offices = "/admin/elections/offices";
    let (end, back) = (format!("{offices}/{office}/end"), format!("{offices}/{office}/countback"));
    let form = officer.get(offices).await.form(&end);
    form.fill(&format!("why_{office}"), "Moves abroad.")
        .submit(&mut officer)
        .await
        .expect("The place is vacant");
    let page = officer.get(offices).await.form(&back).submit(&mut officer).await;
    page.expect(&format!("The papers elect {c}"));
    site.work().await;
    let page = site.stranger().soon("/people", |page| page.words().contains(&format!("{c} Committee"))).await;
    page.expect(&format!("{b} Committee")).expect_not(&format!("{a} Committee"));
}
