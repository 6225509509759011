use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use breakthrough::{
    accounts::{ConsentPurpose, Scope},
    admin::{self, Count, List, Place, Search, Sort, State, Words},
    audit,
    membership::Rate,
    places::Region,
};
use chrono::NaiveDate;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Browser, Page, Site};

/// One of the people that these tests add.
#[derive(Clone, Copy)]
struct Someone {
    name: &'static str,
    email: &'static str,
    postcode: &'static str,
    region: &'static str,
    rate: &'static str,
    state: &'static str,
    joined_on: &'static str,
}

const DILYS: Someone = Someone {
    name: "Dilys Fairweather-Jones",
    email: "dilys.fj@valley.test",
    postcode: "CF10 3NP",
    region: "wales",
    rate: "solidarity",
    state: "active",
    joined_on: "2024-03-01",
};
const ZOE: Someone = Someone {
    name: "Zoë Ångström",
    email: "zoe@tyneford.test",
    postcode: "M1 1AE",
    region: "north-west",
    rate: "low_wage",
    state: "active",
    joined_on: "2025-06-15",
};
const KWABENA: Someone = Someone {
    name: "Kwabena O'Dowd",
    email: "kwabena@downs.test",
    postcode: "BN1 1AA",
    region: "south-east",
    rate: "standard",
    state: "grace",
    joined_on: "2026-11-02",
};

async fn add(pool: &PgPool, someone: Someone) -> Uuid {
    let member = ["active", "grace", "pending"].contains(&someone.state);
    let id: Uuid = sqlx::query_scalar(
        "insert into people (id, email, name, postcode, region, standing, created_at, email_verified_at)
         values (gen_random_uuid(), $1, $2, $3, $4, $5, $6::date, $6::date) returning id",
    )
    .bind(someone.email)
    .bind(someone.name)
    .bind(someone.postcode)
    .bind(someone.region)
    .bind(if member { "member" } else { "none" })
    .bind(someone.joined_on.parse::<NaiveDate>().unwrap())
    .fetch_one(pool)
    .await
    .unwrap();
    sqlx::query(
        "with m as (
             insert into memberships (id, person_id, joined_on, born_on, address_line1, town, rate, billing_interval, amount_pence, state, state_since,
                                      grace_until, ended_on, end_reason, suspended_at, suspended_until, suspended_words)
             values (gen_random_uuid(), $1, $2, '1980-05-01', '1 High Street', 'Bury', $3, 'month', 500, $4, $2,
                     case when $4 = 'grace' then date '2026-12-01' end,
                     case when $4 = 'ended' then date '2026-11-10' end, case when $4 = 'ended' then 'left' end,
                     case when $4 = 'suspended' then timestamptz '2026-11-10' end, case when $4 = 'suspended' then date '2026-12-10' end,
                     case when $4 = 'suspended' then 'A complaint is looked into' end)
             returning id, joined_on, ended_on
         )
         insert into membership_periods (id, membership_id, started_on, ended_on) select gen_random_uuid(), id, joined_on, ended_on from m",
    )
    .bind(id)
    .bind(someone.joined_on.parse::<NaiveDate>().unwrap())
    .bind(someone.rate)
    .bind(someone.state)
    .execute(pool)
    .await
    .unwrap();
    id
}

async fn pay(pool: &PgPool, person: Uuid, pence: i64, at: &str) {
    sqlx::query(
        "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, person_id, method, recorded_at)
         values (gen_random_uuid(), 'payment', gen_random_uuid()::text, $2, $3::timestamptz, 'membership', gen_random_uuid(), $1, 'card', $3::timestamptz)",
    )
    .bind(person)
    .bind(pence)
    .bind(at.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    .execute(pool)
    .await
    .unwrap();
}

async fn consent(pool: &PgPool, person: Uuid, purpose: ConsentPurpose) {
    sqlx::query(
        "insert into consents (id, person_id, purpose, wording, source, given_at)
         values (gen_random_uuid(), $1, $2, $3, 'joining form', '2026-11-02T09:00:00Z')",
    )
    .bind(person)
    .bind(purpose.code())
    .bind(purpose.wording())
    .execute(pool)
    .await
    .unwrap();
}

/// The people on a list, in its order.
fn names(page: &Page) -> Vec<String> {
    page.expect_status(200);
    page.select("tbody th[scope=row] a")
}

fn encoded(text: &str) -> String {
    serde_html_form::to_string([("q", text)]).unwrap()
}

#[tokio::test]
async fn a_search_finds_people_as_one_remembers_them() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    add(&site.pool, ZOE).await;
    add(&site.pool, KWABENA).await;
    let number: i64 = sqlx::query_scalar("select number from memberships where person_id = $1")
        .bind(dilys)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (typed, expected) in [
        ("Dilys Fairweather-Jones", DILYS.name),
        ("fairweather", DILYS.name),
        ("airweath", DILYS.name),
        ("jones DILYS", DILYS.name),
        ("di fairweather", DILYS.name),
        ("dilys.fj@valley.test", DILYS.name),
        ("valley.test", DILYS.name),
        ("CF10 3NP", DILYS.name),
        ("cf103np", DILYS.name),
        ("dilys cf10", DILYS.name),
        (&number.to_string(), DILYS.name),
        (&format!("#{number}"), DILYS.name),
        ("zoe", ZOE.name),
        ("Zoë", ZOE.name),
        ("angstrom", ZOE.name),
        ("m1 1ae", ZOE.name),
        ("ÅNGSTRÖM zoë", ZOE.name),
        ("o'dowd", KWABENA.name),
        ("bn1", KWABENA.name),
    ] {
        let page = officer.get(&format!("/admin/members?{}", encoded(typed))).await;
        assert_eq!(names(&page), [expected], "{typed}");
        page.expect("1 person");
    }
    // Two letters begin a word; others of the demo party may share them.
    let found = names(&officer.get("/admin/members?q=kw").await);
    assert!(found.iter().any(|name| name == KWABENA.name), "{found:?}");
    assert!(found.iter().all(|name| name.split(' ').any(|word| word.starts_with("Kw"))), "{found:?}");
    for slip in ["fairwaether", "farweather", "Kwabenna", "zoe angstorm", "fairweathr jones"] {
        let page = officer.get(&format!("/admin/members?{}", encoded(slip))).await;
        page.expect("Nobody fits exactly");
        assert_eq!(names(&page).len(), 1, "{slip}");
    }
    for nobody in
        // The first three are `(1)`, `'n` and `1/2` without their accents.
        [
            "⑴",
            "ŉ",
            "½ ŉ",
            "qqqqqq",
            "dilys zoe",
            "%",
            "_____",
            "99999%",
            "' or 1=1 --",
            "\\",
            "x".repeat(5_000).as_str(),
        ]
    {
        let page = officer.get(&format!("/admin/members?state=everyone&{}", encoded(nobody))).await;
        page.expect_status(200);
        if nobody.chars().any(|c| c.is_ascii_alphanumeric()) {
            page.expect("Nobody fits");
        }
    }
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn filters_narrow_a_list_and_say_so() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    add(&site.pool, ZOE).await;
    add(&site.pool, KWABENA).await;
    add(&site.pool, Someone { name: "Gone Girl", email: "gone@x.test", state: "ended", ..KWABENA }).await;
    add(&site.pool, Someone { name: "Hush Hour", email: "hush@x.test", state: "suspended", ..KWABENA }).await;
    consent(&site.pool, dilys, ConsentPurpose::EmailUpdates).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (query, expected) in [
        ("q=valley+dilys", vec![DILYS.name]),
        ("state=grace&q=downs", vec![KWABENA.name]),
        ("state=ended&region=south-east", vec!["Gone Girl"]),
        ("state=suspended&region=south-east", vec!["Hush Hour"]),
        ("region=wales&rate=solidarity", vec![DILYS.name]),
        ("joined_from=2025-06-15&joined_to=2025-06-15&region=north-west", vec![ZOE.name]),
        ("consent=email_updates&region=wales", vec![DILYS.name]),
        ("consent=organiser_contact&region=wales", vec![]),
        ("state=everyone&region=south-east", vec!["Gone Girl", "Hush Hour", KWABENA.name]),
        ("state=everyone&region=south-east&sort=newest&q=o%27dowd", vec![KWABENA.name]),
    ] {
        let page = officer.get(&format!("/admin/members?{query}")).await;
        // The demo party may be among them; of those added here, exactly these are.
        let ours = ["Gone Girl", "Hush Hour", DILYS.name, ZOE.name, KWABENA.name];
        let found: Vec<_> = names(&page).into_iter().filter(|name| ours.contains(&name.as_str())).collect();
        assert_eq!(found, expected, "{query}");
    }
    let page = officer.get("/admin/members?region=wales&rate=solidarity").await;
    page.expect("Members now, Wales, Solidarity rate").expect("£5 a month Solidarity");
    for (query, complaint) in [
        ("joined_from=soon", "Enter a date like 2026-11-21"),
        ("joined_from=-5000-01-01", "Enter a year between 1900 and 2100"),
        ("joined_to=9999-12-31", "Enter a year between 1900 and 2100"),
        ("joined_from=2026-02-01&joined_to=2026-01-01", "This day is before the first one"),
        ("region=narnia", "Choose a region from the list"),
        ("state=asleep", "Choose a state from the list"),
    ] {
        officer.get(&format!("/admin/members?{query}")).await.expect_status(422).expect(complaint);
    }
}

#[tokio::test]
async fn lists_are_sorted_and_paged() {
    let site = Site::open().await;
    sqlx::query(
        "insert into people (id, email, name, region, standing, created_at)
         select gen_random_uuid(), 'pager' || n || '@x.test', 'Pager ' || to_char(n, 'FM000'), 'wales', 'supporter', timestamptz '2026-01-01' + n * interval '1 hour'
         from generate_series(1, 120) n",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin/supporters?q=pager").await;
    page.expect("120 people").expect("Page 1 of 3");
    let mut seen = names(&page);
    for _ in 0..2 {
        let link = page_link(&mut officer, &seen, "pager").await;
        let next = officer.get(&link).await;
        seen.extend(names(&next));
    }
    let expected: Vec<String> = (1..=120).map(|n| format!("Pager {n:03}")).collect();
    assert_eq!(seen, expected);
    let page = officer.get("/admin/supporters?q=pager&sort=newest").await;
    assert_eq!(names(&page)[0], "Pager 120");
    assert_eq!(page.attributes("th[aria-sort]", "aria-sort"), ["descending"]);
    let page = officer.get("/admin/supporters?q=pager&sort=oldest&page=3").await;
    assert_eq!(names(&page).last().unwrap(), "Pager 120");
    page.expect("Page 3 of 3");
    officer.get("/admin/supporters?q=pager&page=99").await.expect_status(200);
    officer.get("/admin/supporters?page=-1&after=nonsense").await.expect_status(200);
}

/// The address of the page after those that were seen, as the page before it gives it.
async fn page_link(officer: &mut Browser, seen: &[String], query: &str) -> String {
    let at = seen.len() / 50;
    let page = officer.get(&format!("/admin/supporters?q={query}&page={at}")).await;
    page.attributes("nav.paging a[rel=next]", "href").remove(0)
}

#[tokio::test]
async fn an_organiser_sees_her_region_and_nobody_else() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    let zoe = add(&site.pool, ZOE).await;
    let shy =
        add(&site.pool, Someone { name: "Shy Sheila", email: "shy@tyneford.test", rate: "standard", ..ZOE })
            .await;
    consent(&site.pool, zoe, ConsentPurpose::OrganiserContact).await;
    pay(&site.pool, zoe, 500, "2026-11-03T10:00:00Z").await;
    let north = Someone { region: "north-west", ..KWABENA };
    let hush =
        add(&site.pool, Someone { name: "Hush Hour", email: "hush@x.test", state: "suspended", ..north })
            .await;
    let gone =
        add(&site.pool, Someone { name: "Gone Girl", email: "gone@x.test", state: "ended", ..north }).await;
    let mut db = site.pool.begin().await.unwrap();
    let entry = audit::Entry {
        actor: audit::Actor::System,
        action: "person.changed",
        subject: ("person", &shy.to_string()),
        detail: serde_json::json!({ "email": ["timid@before.test", "shy@tyneford.test"] }),
    };
    audit::record(&mut db, site.app.clock().now(), &entry).await.unwrap();
    db.commit().await.unwrap();
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    let all = organiser.get("/admin/members").await;
    let seen = names(&all);
    assert!(seen.contains(&ZOE.name.to_owned()) && seen.contains(&"Shy Sheila".to_owned()), "{seen:?}");
    let own: i64 =
        sqlx::query_scalar("select count(*) from people p join memberships m on m.person_id = p.id where p.standing = 'member' and p.region = 'north-west'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(i64::try_from(seen.len()).unwrap(), own);
    for query in [
        "q=dilys",
        "region=wales",
        "state=everyone&q=valley.test",
        "q=fairwaether",
        "q=CF10+3NP",
        "sort=region&region=wales",
    ] {
        let page = organiser.get(&format!("/admin/members?{query}")).await;
        assert!(names(&page).is_empty(), "{query}");
        page.expect_not("Dilys");
    }
    // Addresses are seen, and found by, where somebody agreed to it; money never.
    let page = organiser.get("/admin/members?q=tyneford&rate=low_wage&sort=last_payment").await;
    assert_eq!(names(&page), [ZOE.name]);
    page.expect(ZOE.email).expect_not("£5").expect_not("Export");
    for (typed, finds_zoe, finds_sheila) in [
        ("sh", false, true),
        ("sheila", false, true),
        ("shiela", false, true),
        // Close to the address of somebody who agreed.
        ("shy@tyneford.test", true, false),
        ("tynefrod", true, false),
        ("M1 1AE", true, false),
        ("m1", true, false),
        ("sheila tyneford", false, false),
    ] {
        let page = organiser.get(&format!("/admin/members?{}", encoded(typed))).await;
        let found = names(&page);
        let finds = |name: &str| found.iter().any(|found| found == name);
        assert_eq!((finds(ZOE.name), finds("Shy Sheila")), (finds_zoe, finds_sheila), "{typed}: {found:?}");
        assert!(
            page.select("tbody .meta").iter().all(|words| !words.contains("shy@tyneford.test")),
            "{typed}"
        );
    }
    organiser.get(&format!("/admin/members/{dilys}")).await.expect_status(404);
    organiser.get(&format!("/admin/members/{}", Uuid::nil())).await.expect_status(404);
    organiser.get("/admin/members/nonsense").await.expect_status(404);
    let page = organiser.get(&format!("/admin/members/{zoe}")).await;
    page.expect_status(200).expect(ZOE.email).expect_not("Paid £5").expect_not("low-wage").expect_not("Born");
    organiser
        .get(&format!("/admin/members/{shy}"))
        .await
        .expect_status(200)
        .expect_not("shy@tyneford.test")
        .expect_not("timid@before.test")
        .expect_not("M1 1AE");
    // That somebody is suspended or has gone, and not why.
    let page = organiser.get(&format!("/admin/members/{hush}")).await;
    page.expect("Suspended until 10 December 2026").expect_not("A complaint is looked into");
    let page = organiser.get(&format!("/admin/members/{gone}")).await;
    page.expect("Ended on 10 November 2026").expect_not("2026: left").expect_not("End the membership");
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get(&format!("/admin/members/{shy}")).await.expect("timid@before.test");
    officer.get(&format!("/admin/members/{hush}")).await.expect("A complaint is looked into");
    for path in ["/admin/members/export", "/admin/supporters/export", "/admin/audit", "/admin/emails"] {
        organiser.get(path).await.expect_status(403);
    }
    organiser.post("/admin/members/export", &[("reason", "To take it home")]).await.expect_status(403);
    organiser.get("/admin").await.expect_not("Refused emails");
    organiser
        .post(&format!("/admin/supporters/{zoe}/details"), &[("name", "Z"), ("email", "z@x.test")])
        .await
        .expect_status(403);
    let overview = organiser.get("/admin").await;
    overview.expect("You look after North West").expect_not("came in this month").expect_not("Income");
    let figures = overview.select(".figures strong");
    let members: i64 =
        sqlx::query_scalar("select count(*) from people where standing = 'member' and region = 'north-west'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(figures[0], members.to_string());
    assert_eq!(overview.select("tbody th[scope=row] a"), ["North West"]);
}

#[tokio::test]
async fn an_export_asks_why_and_is_written_down() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    add(&site.pool, Someone { name: "=HYPERLINK(\"http://evil.test\")", email: "evil@valley.test", ..DILYS })
        .await;
    add(&site.pool, Someone { name: "Ivor \"Ivo\", the Third", email: "ivor@valley.test", ..DILYS }).await;
    add(&site.pool, ZOE).await;
    pay(&site.pool, dilys, 500, "2026-11-03T10:00:00Z").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let list = officer.get("/admin/members?region=wales&q=valley.test").await;
    let page = officer.get(&list.attributes(".list-head a.button", "href")[0]).await;
    page.expect("Export 3 people").expect("Members now, found by “valley.test”, Wales");
    let again = page.form("/admin/members/export").submit_once(&mut officer).await;
    again.expect_status(422).expect("Say what you need the list for").expect("Export 3 people");
    let file = again
        .form("/admin/members/export")
        .fill("reason", "Letters for the AGM")
        .submit_once(&mut officer)
        .await;
    file.expect_status(200);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"members-2026-11-21.csv\"");
    assert!(file.body.starts_with('\u{FEFF}'));
    let mut reader = csv::Reader::from_reader(file.body.trim_start_matches('\u{FEFF}').as_bytes());
    let heads = reader.headers().unwrap().clone();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let mut rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    rows.sort_by(|a, b| a[1].cmp(&b[1]));
    let found: Vec<&str> = rows.iter().map(|row| &row[column("Name")]).collect();
    assert_eq!(found, ["'=HYPERLINK(\"http://evil.test\")", DILYS.name, "Ivor \"Ivo\", the Third"]);
    let row = &rows[1];
    for (head, value) in [
        ("Email", DILYS.email),
        ("Postcode", "CF10 3NP"),
        ("Region", "Wales"),
        ("State", "In good standing"),
        ("Rate", "Solidarity"),
        ("Amount in pounds", "5.00"),
        ("Joined", "2024-03-01"),
        ("Last payment", "2026-11-03"),
        ("Email updates", "no"),
    ] {
        assert_eq!(&row[column(head)], value, "{head}");
    }
    assert_eq!(row[column("Record")], site.app.link(&format!("/admin/members/{dilys}")));
    let log = officer.get("/admin/audit?room=list.").await;
    log.expect("List exported")
        .expect("Filter: Members now, found by “valley.test”, Wales")
        .expect("People: 3")
        .expect("Reason: Letters for the AGM");
    // More than one batch.
    sqlx::query(
        "insert into people (id, email, name, region, standing, created_at)
         select gen_random_uuid(), 'bulk' || n || '@x.test', 'Bulk ' || n, 'wales', 'supporter', timestamptz '2026-01-01' from generate_series(1, 2100) n",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let file =
        officer.post_once("/admin/supporters/export", &[("q", "bulk"), ("reason", "A test of size")]).await;
    assert_eq!(file.body.lines().count(), 2_101);
}

#[tokio::test]
async fn a_persons_page_tells_everything_that_happened() {
    let site = Site::open().await;
    let kwabena = add(&site.pool, KWABENA).await;
    pay(&site.pool, kwabena, 500, "2026-11-03T10:00:00Z").await;
    pay(&site.pool, kwabena, 750, "2026-10-03T10:00:00Z").await;
    consent(&site.pool, kwabena, ConsentPurpose::EmailUpdates).await;
    let email: breakthrough::kit::email_address::EmailAddress = KWABENA.email.parse().unwrap();
    let letter = breakthrough::kit::mail::Letter {
        subject: "Welcome to the party".to_owned(),
        text: "Hello".to_owned(),
        html: "<p>Hello</p>".to_owned(),
        reply_to: None,
    };
    let mut db = site.pool.acquire().await.unwrap();
    breakthrough::kit::mail::push(&site.app, &mut db, "test:welcome", &email, &letter).await.unwrap();
    let letter = breakthrough::kit::mail::Letter { subject: "Sign in with 271828".to_owned(), ..letter };
    breakthrough::kit::mail::push(&site.app, &mut db, "sign-in:test", &email, &letter).await.unwrap();
    drop(db);
    site.work().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{kwabena}");
    let page = officer.get(&path).await;
    page.expect_status(200)
        .expect("Payment overdue")
        .expect("counts as a member until 1 December 2026")
        .expect("1 High Street, Bury, BN1 1AA")
        .expect("£12.50 in 2 payments")
        .expect(ConsentPurpose::EmailUpdates.wording())
        .expect("We emailed “Welcome to the party”")
        .expect("Agreed to email updates (joining form)")
        .expect("Paid £5 for membership by card")
        .expect("Record opened")
        .expect_not("271828");
    let times = page.attributes("ol.timeline time", "datetime");
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    // Opened once a day, whoever reloads.
    officer.get(&path).await;
    let seen = |expected: usize| {
        let pool = site.pool.clone();
        async move {
            let lines: Vec<i64> = sqlx::query_scalar(
                "select id from audit_log where action = 'record.seen' and subject_id = $1",
            )
            .bind(kwabena.to_string())
            .fetch_all(&pool)
            .await
            .unwrap();
            assert_eq!(lines.len(), expected);
        }
    };
    seen(1).await;
    site.app.clock().advance(chrono::Duration::days(1));
    officer.get(&path).await;
    seen(2).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get(&path).await.expect_not("What you can do").expect_not("Write a note");
    seen(3).await;
}

#[tokio::test]
async fn an_officer_changes_details_and_the_log_says_from_what_to_what() {
    let site = Site::open().await;
    let sam: Uuid = sqlx::query_scalar("select id from people where email = 'sam@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let (path, action) = (format!("/admin/members/{sam}"), format!("/admin/supporters/{sam}/details"));
    let page = officer.get(&path).await;
    let wrong = page
        .form(&action)
        .fill("name", "")
        .fill("email", "ana@demo.test")
        .fill("postcode", "nowhere")
        .submit(&mut officer)
        .await;
    wrong.expect_status(422).expect("There is a problem").expect("Enter the full name");
    let taken = wrong
        .form(&action)
        .fill("name", "Sam Whitlock")
        .fill("email", "ana@demo.test")
        .fill("postcode", "")
        .submit(&mut officer)
        .await;
    taken.expect_status(422).expect("Somebody else has this email address");
    let page = taken
        .form(&action)
        .fill("name", "Samira Whitlock")
        .fill("email", "sam@demo.test")
        .fill("postcode", "bl90nd")
        .fill("region", "")
        .submit(&mut officer)
        .await;
    page.expect("Saved.").expect("Samira Whitlock").expect("BL9 0ND").expect("North West");
    let log = officer.get("/admin/audit?room=person.&person=samira").await;
    log.expect("Details changed").expect("Sam Whitlock").expect("Samira Whitlock");
    assert_eq!(log.select("tbody tr").len(), 1);
    assert!(log.select("td del").contains(&"Sam Whitlock".to_owned()));
    let nobody = officer.post("/admin/supporters/00000000-0000-0000-0000-000000000000/details", &[]).await;
    nobody.expect_status(404);
}

#[tokio::test]
async fn the_overview_says_what_the_tables_say() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    add(&site.pool, ZOE).await;
    add(&site.pool, KWABENA).await;
    add(
        &site.pool,
        Someone {
            name: "Gone Girl",
            email: "gone@x.test",
            state: "ended",
            joined_on: "2026-02-01",
            ..KWABENA
        },
    )
    .await;
    pay(&site.pool, dilys, 1_234, "2026-11-03T10:00:00Z").await;
    pay(&site.pool, dilys, 4_321, "2026-10-31T23:59:00Z").await;
    // Summer time ended on 25 October: half past eleven in the evening before, in UTC, is October in London.
    pay(&site.pool, dilys, 1, "2026-09-30T23:30:00Z").await;
    let number = |query: &'static str| {
        let pool = site.pool.clone();
        async move { sqlx::query_scalar::<_, i64>(query).fetch_one(&pool).await.unwrap() }
    };
    let members = number("select count(*) from people where standing = 'member'").await;
    let joined = number("select count(*) from membership_periods where started_on >= '2026-11-01'").await;
    let left = number("select count(*) from membership_periods where ended_on >= '2026-11-01'").await;
    let open =
        number("select count(*) from membership_periods where ended_on is null or ended_on > '2026-11-21'")
            .await;
    let overdue = number("select count(*) from memberships where state = 'grace'").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin").await;
    page.expect_status(200);
    let figures = page.select(".figures p");
    assert!(figures[0].starts_with(&format!("{members} members, ")), "{figures:?}");
    assert!(figures.contains(&format!("{joined} joined this month, {left} left")), "{figures:?}");
    let income = |from: &'static str, to: &'static str| {
        let pool = site.pool.clone();
        async move {
            let pence: i64 = sqlx::query_scalar(
                "select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $1::timestamptz and at < $2::timestamptz",
            )
            .bind(from.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .bind(to.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .fetch_one(&pool)
            .await
            .unwrap();
            breakthrough::kit::money::Money::from_pence(pence).to_string()
        }
    };
    let october = income("2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z").await;
    let november = income("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").await;
    assert!(figures.contains(&format!("{november} came in this month, {october} last month")), "{figures:?}");
    page.expect(&format!("{overdue} payment"));
    let month = |table: usize, row: usize, column: usize| {
        let selector = format!(
            "main .table-scroll[aria-label='{}'] tbody tr:nth-child({row}) > *:nth-child({column})",
            ["Members, month by month", "Income by month", "Members by region"][table]
        );
        page.select(&selector).remove(0)
    };
    assert_eq!(month(0, 1, 1), "November 2026");
    assert_eq!(month(0, 1, 4), open.to_string());
    assert_eq!(month(1, 2, 4), october);
    let wales = number("select count(*) from people where standing = 'member' and region = 'wales'").await;
    assert_eq!(month(2, 11, 1), "Wales");
    assert_eq!(month(2, 11, 2), wales.to_string());
    // Each picture has its words.
    assert_eq!(page.select("svg[role=img] > title").len(), 3);
    officer.get("/admin/members?state=grace").await.expect(KWABENA.name);
}

#[tokio::test]
async fn the_audit_log_is_filtered_and_checked() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin/audit").await;
    page.expect("Office given").expect("The site itself").expect("Returning officer");
    officer.get("/admin/audit?person=theo").await.expect("Treasurer").expect_not("Rukhsana");
    officer.get("/admin/audit?from=2026-11-22").await.expect("No line fits");
    officer.get("/admin/audit?from=2026-11-21&to=2026-11-21").await.expect("Office given");
    officer.get("/admin/audit?to=-5000-01-01").await.expect_status(422).expect("between 1900 and 2100");
    officer.get("/admin/audit?from=then").await.expect_status(422).expect("Enter a date like 2026-11-21");
    officer.get("/admin/audit?before=1&room=nonsense").await.expect("No line fits");
    let last: i64 = sqlx::query_scalar("select max(id) from audit_log").fetch_one(&site.pool).await.unwrap();
    let checked = page.form("/admin/audit/check").submit(&mut officer).await;
    checked.expect(&format!("No line was changed since it was written, up to line {last}."));
    sqlx::query("alter table audit_log disable trigger audit_log_append_only")
        .execute(&site.pool)
        .await
        .unwrap();
    sqlx::query("update audit_log set actor = 'somebody' where id = 2").execute(&site.pool).await.unwrap();
    let checked = page.form("/admin/audit/check").submit(&mut officer).await;
    checked.expect("Line 2 or one before it was changed or removed");
}

#[tokio::test]
async fn long_logs_are_read_page_by_page() {
    let site = Site::open().await;
    let mut db = site.pool.begin().await.unwrap();
    for _ in 0..60 {
        let entry = audit::Entry {
            actor: audit::Actor::System,
            action: "setting.changed",
            subject: ("setting", "imprint"),
            detail: serde_json::json!({ "value": ["old", "new"] }),
        };
        audit::record(&mut db, site.app.clock().now(), &entry).await.unwrap();
    }
    db.commit().await.unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let first = officer.get("/admin/audit?room=setting.").await;
    assert_eq!(first.select("tbody tr").len(), 50);
    let older = officer.get(&first.attributes("nav.paging a[rel=next]", "href")[0]).await;
    assert_eq!(older.select("tbody tr").len(), 10);
    older.expect("Newest lines").expect("Setting: imprint");
}

#[tokio::test]
async fn officers_without_the_records_read_no_details_in_the_log() {
    let site = Site::open().await;
    let sam: Uuid = sqlx::query_scalar("select id from people where email = 'sam@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let action = format!("/admin/supporters/{sam}/details");
    let page = officer.get(&format!("/admin/members/{sam}")).await;
    page.form(&action).fill("email", "sam@elsewhere.test").submit(&mut officer).await.expect("Saved.");
    officer.get("/admin/audit?room=person.").await.expect("sam@demo.test").expect("sam@elsewhere.test");
    let mut returning = site.signed_in_as("returning@demo.test").await;
    let page = returning.get("/admin/audit").await;
    page.expect("Details changed").expect("A person").expect("Alex Mwangi").expect("Returning officer");
    page.expect_not("sam@").expect_not("Sam Whitlock").expect_not("By or about");
    assert!(page.attributes("main a", "href").iter().all(|href| !href.starts_with("/admin/members/")));
    // Asking by name must not tell whose a line is either.
    let asked = returning.get("/admin/audit?person=sam").await;
    assert_eq!(asked.select("tbody tr").len(), page.select("tbody tr").len());
}

/// Follows a link by its words.
async fn follow(browser: &mut Browser, page: &Page, words: &str) -> Page {
    let (texts, hrefs) = (page.select("main a[href]"), page.attributes("main a[href]", "href"));
    let at = texts.iter().position(|text| text == words);
    let at = at.unwrap_or_else(|| panic!("{} has no link {words:?}: {texts:?}", page.path));
    browser.get(&hrefs[at]).await
}

#[tokio::test]
async fn an_officer_finds_every_form_from_a_members_page() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let found = officer.get("/admin/members?q=ana%40demo.test").await;
    let member = officer.get(&found.attributes("tbody th a", "href")[0]).await;
    let path = member.path.clone();
    assert!(member.attributes("form", "action").iter().all(|to| !to.starts_with("/admin/supporters")));
    let by_hand = format!("{}/details", path.replace("/members/", "/supporters/"));
    let fields = [("name", "Ana"), ("email", "ana@demo.test"), ("postcode", "LS6 2AB")];
    officer.post(&by_hand, &fields).await.expect_status(409).expect("together with the address");

    let page = follow(&mut officer, &member, "Change the details and the address").await;
    let form = page.form(&format!("{path}/details")).fill("town", "Ramsbottom");
    let member = form.submit(&mut officer).await;
    member.expect("The details are saved.").expect("Ramsbottom");

    let page = follow(&mut officer, &member, "Write a note").await;
    let form = page.form(&format!("{path}/notes")).fill("words", "Spoke on the phone.");
    let member = form.submit(&mut officer).await;
    member.expect("The note is kept.");
    assert_eq!(member.select(".note .words"), ["Spoke on the phone."]);

    let page = follow(&mut officer, &member, "Suspend the membership").await;
    let form = page.form(&format!("{path}/suspension")).fill("until_day", "15").fill("until_month", "12");
    let form = form.fill("until_year", "2026").fill("reason", "Complaint 7, rule 9");
    let member = form.submit(&mut officer).await;
    member.expect("Suspended until 15 December 2026: Complaint 7, rule 9").expect("Change the suspension");

    let lifted = member.form(&format!("{path}/suspension/end")).submit(&mut officer).await;
    lifted.expect("The suspension is lifted.").expect("In good standing").expect_not("Lift the suspension");

    let page = follow(&mut officer, &lifted, "End the membership").await;
    let form =
        page.form(&format!("{path}/end")).fill("reason", "left").fill("words", "By letter, 20 November");
    let member = form.submit(&mut officer).await;
    member.expect("Ended on 21 November 2026: By letter, 20 November").expect_not("End the membership");
}

/// The pattern of the route table that an address fits; a path without a parameter comes before one with.
fn pattern<'a>(patterns: &[&'a str], address: &str) -> Option<&'a str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let fits = |pattern: &&&str| {
        let (mut left, mut right) = (pattern.split('/'), path.split('/'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(part), Some(with)) if part == with || part.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    patterns.iter().filter(fits).min_by_key(|pattern| pattern.matches('{').count()).copied()
}

/// Every page of the desk must be linked from somewhere.
#[tokio::test]
async fn every_page_of_the_desk_is_reached_by_links() {
    let site = Site::open().await;
    let mut patterns: Vec<&str> = include_str!("routes.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("GET ")?.split(' ').next())
        .filter(|path| path.starts_with("/admin"))
        .collect();
    patterns.sort_unstable();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut waiting = vec!["/admin".to_owned()];
    while let Some(address) = waiting.pop() {
        let Some(known) = pattern(&patterns, &address) else { continue };
        let addresses = seen.entry(known).or_default();
        // A few of each are enough, and there are three hundred members.
        if addresses.len() >= 8 || !addresses.insert(address.clone()) {
            continue;
        }
        let page = officer.get_once(&address).await;
        page.expect_status(200);
        waiting.extend(page.attributes("a[href^='/admin']", "href"));
    }
    let missed: Vec<_> = patterns.iter().filter(|pattern| !seen.contains_key(*pattern)).collect();
    assert!(missed.is_empty(), "no link leads to {missed:?}");
}

#[tokio::test]
async fn a_refused_email_is_found_from_the_overview() {
    let site = Site::open().await;
    sqlx::query(
        "insert into outbox (id, occasion, recipient, subject, text_body, html_body, written_at, refused)
         values (gen_random_uuid(), 'test:1', 'ana@demo.test', 'Your receipt', '', '', '2026-11-20T10:00:00Z', '550 no such mailbox'),
                (gen_random_uuid(), 'sign-in:1', 'nobody@demo.test', 'Sign in with 271828', '', '', '2026-11-20T11:00:00Z', '550 unknown'),
                (gen_random_uuid(), 'test:2', 'ana@demo.test', 'Long ago', '', '', '2026-09-20T11:00:00Z', '550 unknown')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let overview = officer.get("/admin").await;
    let list = follow(&mut officer, &overview, "2 emails were refused since last month").await;
    list.expect("Your receipt").expect("550 no such mailbox").expect("nobody@demo.test");
    list.expect_not("271828").expect_not("Long ago");
    follow(&mut officer, &list, "Ana Silva").await.expect("ana@demo.test");
}

/// The newest line of the audit log.
async fn newest_action(site: &Site) -> String {
    sqlx::query_scalar("select action from audit_log order by id desc limit 1")
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_change_by_an_officer_is_in_the_audit_log() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    macro_rules! logged {
        ($action:literal, $form:expr) => {{
            let page = $form.submit(&mut officer).await;
            page.expect_status(200);
            assert_eq!(newest_action(&site).await, $action);
            page
        }};
    }
    let form = |page: &Page, action: &str| page.form(action);

    let page = officer.get("/admin/officers").await;
    let new = form(&page, "/admin/officers").fill("email", "kim@demo.test").fill("name", "Kim Kay");
    let page = logged!("officer.added", new.fill("role", "editor"));
    let words = page.select("form[action^='/admin/officers/'] button");
    let at = words.iter().position(|words| words.contains("Kim Kay")).unwrap();
    let end = page.attributes("form[action^='/admin/officers/']", "action").remove(at);
    logged!("officer.ended", form(&page, &end));

    let path = "/admin/settings/grace_days";
    let new = officer.get(path).await.form(path).fill("value", "20").fill("source", "Executive, 3 May");
    logged!("setting.changed", new);

    let write = officer.get("/admin/updates/new").await.form("/admin/updates");
    let page = logged!("update.written", write.fill("subject", "One").fill("body", "Words"));
    let update = page.path.clone();
    let edit = officer.get(&format!("{update}/edit")).await;
    logged!("update.changed", form(&edit, &update).fill("subject", "Two"));
    let confirm = officer.get(&format!("{update}/sending")).await;
    let page = logged!("update.sent", form(&confirm, &format!("{update}/sending")));
    let page = logged!("update.paused", form(&page, &format!("{update}/pause")));
    let page = logged!("update.resumed", form(&page, &format!("{update}/resumption")));
    logged!("update.cancelled", form(&page, &format!("{update}/cancellation")));
    sqlx::query("update deliveries set state = 'uncertain' where update_id = $1")
        .bind(update.rsplit('/').next().unwrap().parse::<Uuid>().unwrap())
        .execute(&site.pool)
        .await
        .unwrap();
    let page = officer.get(&update).await;
    logged!("update.decided", form(&page, &format!("{update}/uncertain")).press("decision", "leave"));
    let write = officer.get("/admin/updates/new").await.form("/admin/updates");
    let page = logged!("update.written", write.fill("subject", "Three").fill("body", "Words"));
    let draft = page.path.clone();
    let page = logged!("update.deleted", form(&page, &format!("{draft}/removal")));
    page.expect("The draft is deleted.").expect_not("Three");
    officer.post(&format!("{update}/removal"), &[]).await.expect_status(409);

    let found = officer.get("/admin/members?q=ana%40demo.test").await;
    let member = found.attributes("tbody th a", "href").remove(0);
    let page = officer.get(&format!("{member}/suspension")).await;
    let suspend = form(&page, &format!("{member}/suspension")).fill("until_day", "15");
    let suspend = suspend.fill("until_month", "12").fill("until_year", "2026").fill("reason", "Rule 9");
    let page = suspend.submit(&mut officer).await;
    form(&page, &format!("{member}/suspension/end")).submit(&mut officer).await;
    let actions: Vec<String> = sqlx::query_scalar("select action from audit_log order by id desc limit 8")
        .fetch_all(&site.pool)
        .await
        .unwrap();
    // Lifting works the state out again, which is a line of its own.
    for expected in ["membership.suspended", "membership.suspension_lifted", "membership.state_changed"] {
        assert!(actions.iter().any(|action| action == expected), "{expected}: {actions:?}");
    }

    let page = officer.get("/admin/payments/checks").await;
    let gift = page.attributes("form[action^='/admin/payments/checks/']", "action").remove(0);
    logged!("donation.checked", form(&page, &gift).press("found", "on_register"));

    let page = officer.get("/admin/pages").await;
    let place = page.attributes("form[action$='/place']", "action").remove(1);
    logged!("content.moved", form(&page, &place).press("to", "up"));

    // Every line is found by the filter of its kind, and every filter is for lines that are written.
    let log = officer.get("/admin/audit").await;
    let mut filters = log.attributes("select[name=room] option", "value");
    filters.retain(|filter| !filter.is_empty());
    let actions: Vec<String> = sqlx::query_scalar("select distinct action from audit_log order by action")
        .fetch_all(&site.pool)
        .await
        .unwrap();
    for action in &actions {
        let filter = filters.iter().find(|filter| action.starts_with(filter.as_str()));
        let filter = filter.unwrap_or_else(|| panic!("no filter for {action}"));
        let page = officer.get(&format!("/admin/audit?room={filter}")).await;
        assert!(!page.select("tbody tr").is_empty(), "{filter}");
    }
    log.form("/admin/audit/check").submit(&mut officer).await.expect("No line was changed");
}

#[tokio::test]
async fn the_menu_shows_each_officer_the_right_doors() {
    let site = Site::open().await;
    for (email, opens, closed) in [
        (
            "alex@demo.test",
            vec!["/admin", "/admin/members", "/admin/supporters", "/admin/audit", "/admin/officers"],
            "",
        ),
        ("treasurer@demo.test", vec!["/admin", "/admin/members", "/admin/supporters"], "/admin/audit"),
        ("returning@demo.test", vec!["/admin", "/admin/audit"], "/admin/members"),
        ("organiser@demo.test", vec!["/admin", "/admin/members", "/admin/supporters"], "/admin/officers"),
    ] {
        let mut officer = site.signed_in_as(email).await;
        let page = officer.get("/admin").await;
        let doors = page.attributes(".desk-nav a", "href");
        for path in opens {
            assert!(doors.contains(&path.to_owned()), "{email}: {path}");
            officer.get(path).await.expect_status(200);
        }
        if !closed.is_empty() {
            assert!(!doors.contains(&closed.to_owned()), "{email}: {closed}");
            officer.get(closed).await.expect_status(403);
        }
    }
}

/// A party of 100,000.
async fn fill(pool: &PgPool) {
    let mut db = pool.acquire().await.unwrap();
    sqlx::raw_sql(include_str!("../../benches/site/fill.sql")).execute(&mut *db).await.unwrap();
    sqlx::raw_sql("vacuum analyze people, memberships, ledger, consents").execute(&mut *db).await.unwrap();
}

fn asked(typed: &str) -> Search {
    Search { words: Words::parse(typed), ..Search::new(List::Members) }
}

/// What one page of a list did to the large tables: whole reads, and reads by an index.
async fn watched(pool: &PgPool, search: &Search, scope: &Scope) -> (admin::Answer, i64, i64) {
    const SCANS: &str = "select sum(coalesce(seq_scan, 0))::bigint, sum(coalesce(idx_scan, 0))::bigint from pg_stat_xact_user_tables
                         where relname in ('people', 'memberships', 'ledger', 'consents')";
    let mut db = pool.acquire().await.unwrap();
    let mut tx = admin::begin(&mut db).await.unwrap();
    let before: (i64, i64) = sqlx::query_as(SCANS).fetch_one(&mut *tx).await.unwrap();
    let answer = admin::find(&mut tx, search, scope).await.unwrap();
    let after: (i64, i64) = sqlx::query_as(SCANS).fetch_one(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    (answer, after.0 - before.0, after.1 - before.1)
}

#[tokio::test]
async fn every_kind_of_search_of_100_000_uses_an_index() {
    let site = Site::open().await;
    let begun = Instant::now();
    fill(&site.pool).await;
    println!("filled in {:?}", begun.elapsed());
    let everyone = Scope::Everyone;
    let (members, supporters) = (Search::new(List::Members), Search::new(List::Supporters));
    let from = |text: &str| text.parse::<NaiveDate>().ok();
    let searches = [
        ("none", asked("zzqxvw"), Some(0)),
        ("one", asked("person77777@example27.test"), Some(1)),
        ("few", asked("person7777"), Some(10)),
        ("middling", asked("tomasz"), None),
        ("common", asked("example"), None),
        ("two words", asked("iqbal example8.test"), None),
        ("three words", asked("gwen example6.test m1"), None),
        ("one letter", asked("q"), None),
        ("two letters", asked("jo"), None),
        ("short and long", asked("jo example9.test"), None),
        ("postcode", asked("m1 1ae"), None),
        ("postcode without its space", asked("SW1A1AA"), None),
        ("accent", asked("Róisín"), None),
        ("accent left out", asked("roisin example17.test"), None),
        ("typo", asked("oluwasuen"), Some(50)),
        ("typo that nobody is like", asked("wwwqqqzzz"), Some(0)),
        ("first page", members.clone(), None),
        ("first page by region", Search { sort: Sort::Region, ..members.clone() }, None),
        ("first page, newest", Search { sort: Sort::Newest, ..members.clone() }, None),
        ("first page, oldest", Search { sort: Sort::Oldest, ..members.clone() }, None),
        ("first page by payment", Search { sort: Sort::LastPayment, ..members.clone() }, None),
        ("rare state", Search { state: State::Grace, ..members.clone() }, Some(100)),
        ("no such state", Search { state: State::Suspended, ..members.clone() }, Some(0)),
        (
            "rate and region",
            Search { rate: Some(Rate::Solidarity), region: Some(Region::Wales), ..members.clone() },
            None,
        ),
        (
            "a day",
            Search { joined_from: from("2023-05-01"), joined_to: from("2023-05-01"), ..members.clone() },
            Some(45),
        ),
        ("consent", Search { consent: Some(ConsentPurpose::EmailUpdates), ..members.clone() }, None),
        (
            "consent few gave",
            Search { consent: Some(ConsentPurpose::OrganiserContact), ..members.clone() },
            None,
        ),
        ("supporters", supporters.clone(), None),
        ("supporters, newest", Search { sort: Sort::Newest, ..supporters }, None),
    ];
    let mut faults = Vec::new();
    for (what, search, expected) in searches {
        let begun = Instant::now();
        let (answer, whole, by_index) = watched(&site.pool, &search, &everyone).await;
        println!("{what:<28} {:>9.1?}  {:?}, {} rows", begun.elapsed(), answer.count, answer.rows.len());
        if whole > 0 || by_index == 0 {
            faults.push(format!("{what}: {whole} whole reads, {by_index} by an index"));
        }
        match expected {
            // The demo party adds a few of its own.
            Some(count) => {
                let Count::Exactly(found) = answer.count else { panic!("{what}: {:?}", answer.count) };
                assert!((count..count + 50).contains(&found), "{what}: {found} found");
            }
            None => assert_ne!(answer.count, Count::Exactly(0), "{what}"),
        }
        let mut after = search.clone();
        if let (Some(next), Count::Many(_)) = (answer.next, answer.count) {
            after.place = next;
            let (second, whole, _) = watched(&site.pool, &after, &everyone).await;
            assert!(whole == 0, "{what}: whole reads on the second page");
            assert!(
                second.rows.iter().all(|row| answer.rows.iter().all(|other| other.id != row.id)),
                "{what}"
            );
            assert_eq!(second.rows.len(), 50, "{what}");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    let (answer, ..) = watched(&site.pool, &members, &everyone).await;
    let standing: i64 = sqlx::query_scalar("select count(*) from people where standing = 'member'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(answer.count, Count::Many(Some(standing)));

    // A walk through a long list meets everybody once, in its order.
    let mut place = Place::Page(1);
    let mut walked = Vec::new();
    let region = Some(Region::Wales);
    for _ in 0..4 {
        let search = Search { region, sort: Sort::LastPayment, place, ..Search::new(List::Members) };
        let (answer, ..) = watched(&site.pool, &search, &everyone).await;
        walked.extend(answer.rows.iter().map(|row| row.last_paid_at));
        place = answer.next.unwrap();
    }
    assert_eq!(walked.len(), 200);
    assert!(walked.is_sorted_by(|a, b| a >= b));
    // An officer of one region finds by name whoever has not agreed to more.
    let wales = Scope::Regions(vec![Region::Wales]);
    for typed in ["tomasz", "jo", "oluwasuen"] {
        let (answer, whole, by_index) = watched(&site.pool, &asked(typed), &wales).await;
        assert!(whole == 0 && by_index > 0, "{typed}: {whole} whole reads, {by_index} by an index");
        assert!(answer.rows.iter().all(|row| row.region == Some(Region::Wales)), "{typed}");
    }
    sqlx::query(
        "insert into consents (id, person_id, purpose, wording, source, given_at)
         select gen_random_uuid(), id, 'organiser_contact', 'yes', 'test', now() from people
         where region = 'wales' and not exists (select from consents c where c.person_id = people.id and c.purpose = 'organiser_contact' and c.withdrawn_at is null)",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let (answer, ..) = watched(&site.pool, &asked("example"), &wales).await;
    assert_eq!(answer.count, Count::TooMany);
    assert!(answer.rows.iter().all(|row| row.region == Some(Region::Wales)));
}
