//! The lists of people: search, filters, order, export, and the segments that others choose by.

use std::time::Instant;

use breakthrough::{
    accounts::{ConsentPurpose, Scope, Standing},
    kit::stripe::Interval,
    membership::{Rate, Status},
    people::{self, Condition, Count, List, Place, Search, Segment, Sort, State, Words},
    places::Region,
    supporters::Interest,
};
use chrono::NaiveDate;
use rand::{RngExt, SeedableRng};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Browser, Page, Site, wrong_tallies};

/// One of the people that these tests add.
#[derive(Clone, Copy)]
pub struct Someone {
    pub name: &'static str,
    pub email: &'static str,
    pub postcode: &'static str,
    pub region: &'static str,
    pub rate: &'static str,
    pub state: &'static str,
    pub joined_on: &'static str,
}

pub const DILYS: Someone = Someone {
    name: "Dilys Fairweather-Jones",
    email: "dilys.fj@valley.test",
    postcode: "CF10 3NP",
    region: "wales",
    rate: "solidarity",
    state: "active",
    joined_on: "2024-03-01",
};
pub const ZOE: Someone = Someone {
    name: "Zoë Ångström",
    email: "zoe@tyneford.test",
    postcode: "M1 1AE",
    region: "north-west",
    rate: "low_wage",
    state: "active",
    joined_on: "2025-06-15",
};
pub const KWABENA: Someone = Someone {
    name: "Kwabena O'Dowd",
    email: "kwabena@downs.test",
    postcode: "BN1 1AA",
    region: "south-east",
    rate: "standard",
    state: "grace",
    joined_on: "2026-11-02",
};

pub async fn add(pool: &PgPool, someone: Someone) -> Uuid {
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
             insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence, state, state_since,
                                      grace_until, ended_on, end_reason, suspended_at, suspended_until, suspended_words)
             values (gen_random_uuid(), $1, $2, $5, $3, 'month', 500, $4, $2,
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
    .bind(serde_json::json!({
        "born_on": "1980-05-01",
        "address": {
            "lives": "uk", "line1": "1 High Street", "line2": "", "town": "Bury",
            "postcode": someone.postcode,
        },
    }))
    .execute(pool)
    .await
    .unwrap();
    id
}

pub async fn pay(pool: &PgPool, person: Uuid, pence: i64, at: &str) {
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

pub async fn consent(pool: &PgPool, person: Uuid, purpose: ConsentPurpose) {
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
        page.expect("No exact matches");
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
            page.expect("No matches");
        }
    }
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
    page.expect("Members now, in Wales, at the “Solidarity” rate").expect("£5 a month Solidarity");
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
    let mut change = site.change().await;
    let detail = serde_json::json!({ "email": ["timid@before.test", "shy@tyneford.test"] });
    change.audit("person.changed", ("person", shy), detail);
    change.commit().await.unwrap();
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    let all = organiser.get("/admin/members").await;
    let seen = names(&all);
    assert!(seen.contains(&ZOE.name.to_owned()) && !seen.contains(&"Shy Sheila".to_owned()), "{seen:?}");
    let own: i64 =
        sqlx::query_scalar(
            "select count(*) from people p join memberships m on m.person_id = p.id
             join consents c on c.person_id = p.id and c.purpose = 'organiser_contact' and c.withdrawn_at is null
             where p.standing = 'member' and p.region = 'north-west'",
        )
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(i64::try_from(seen.len()).unwrap(), own);
    all.expect(&format!("{own} people"));
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
    // People are seen, and found by name and email, where they agreed to it; money and postcodes never.
    let page = organiser.get("/admin/members?q=tyneford&rate=low_wage&sort=last_payment").await;
    assert_eq!(names(&page), [ZOE.name]);
    // An address may be broken before its @.
    page.expect(&ZOE.email[ZOE.email.find('@').unwrap()..]).expect_not("£5").expect_not("Export");
    for (typed, finds_zoe) in [
        ("sh", false),
        ("sheila", false),
        ("shiela", false),
        // Close to the address of somebody who agreed.
        ("shy@tyneford.test", true),
        ("tynefrod", true),
        ("tyneford", true),
        ("M1 1AE", false),
        ("m1", false),
        ("sheila tyneford", false),
    ] {
        let page = organiser.get(&format!("/admin/members?{}", encoded(typed))).await;
        let found = names(&page);
        let finds = |name: &str| found.iter().any(|found| found == name);
        assert_eq!((finds(ZOE.name), finds("Shy Sheila")), (finds_zoe, false), "{typed}: {found:?}");
        assert!(page.select("tbody").iter().all(|words| !words.contains("M1 1AE")), "{typed}");
    }
    for order in ["name", "newest", "oldest", "region", "last_payment"] {
        let page = organiser.get(&format!("/admin/members?state=everyone&sort={order}")).await;
        page.expect(ZOE.name).expect_not("Sheila");
    }
    organiser.get(&format!("/admin/members/{dilys}")).await.expect_status(404);
    organiser.get(&format!("/admin/members/{}", Uuid::nil())).await.expect_status(404);
    organiser.get("/admin/members/nonsense").await.expect_status(404);
    let page = organiser.get(&format!("/admin/members/{zoe}")).await;
    page.expect_status(200)
        .expect(ZOE.email)
        .expect_not("Paid £5")
        .expect_not("low-wage")
        .expect_not("Date of birth");
    page.expect_not("M1 1AE");
    for unasked in [shy, hush, gone] {
        organiser.get(&format!("/admin/members/{unasked}")).await.expect_status(404);
    }
    consent(&site.pool, hush, ConsentPurpose::OrganiserContact).await;
    consent(&site.pool, gone, ConsentPurpose::OrganiserContact).await;
    // Whether somebody is a member, since when, and what became of it is not what they agreed to share.
    for (person, email) in [(zoe, ZOE.email), (hush, "hush@x.test"), (gone, "gone@x.test")] {
        let page = organiser.get(&format!("/admin/members/{person}")).await;
        page.expect(email).expect("North West");
        for word in
            ["Suspended", "Ended", "Overdue", "overdue", "Number", "Joined", "since", "Consents", "Activity"]
        {
            page.expect_not(word);
        }
    }
    // Neither by a filter or an order, nor in a row, nor by a number.
    let all = names(&organiser.get("/admin/members").await);
    for query in [
        "state=grace",
        "state=ended",
        "state=suspended",
        "state=everyone",
        "sort=status",
        "sort=newest",
        "sort=oldest",
        "joined_from=2026-01-01",
        "joined_to=2020-01-01",
        "consent=email_updates",
    ] {
        let page = organiser.get(&format!("/admin/members?{query}")).await;
        assert_eq!(names(&page), all, "{query}");
    }
    for path in ["/admin/members", "/admin/supporters", "/admin/search?q=tyneford", "/admin/search?q=x.test"]
    {
        let page = organiser.get(path).await;
        let heads = page.select("table.people thead th");
        assert_eq!(heads, ["Name", "Region"], "{path}");
        for word in
            ["no. ", "Payment overdue", "In good standing", "Status", "Agreed to", "Joined", "postcode"]
        {
            page.expect_not(word);
        }
    }
    let number: i64 = sqlx::query_scalar("select number from memberships where person_id = $1")
        .bind(zoe)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    for path in ["/admin/members", "/admin/search"] {
        assert!(names(&organiser.get(&format!("{path}?q={number}")).await).is_empty(), "{path}");
    }
    let overview = organiser.get("/admin").await;
    overview.expect_not("overdue").expect_not("suspended").expect_not("first Direct Debit");
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get(&format!("/admin/members/{shy}/activity")).await.expect("timid@before.test");
    organiser.get(&format!("/admin/members/{shy}/activity")).await.expect_status(404);
    organiser.get(&format!("/admin/members/{zoe}/activity")).await.expect_status(403).expect_not("Paid £5");
    organiser.get(&format!("/admin/members/{zoe}/payments")).await.expect_status(403);
    for part in ["payments", "activity"] {
        organiser.get(&format!("/admin/members/{dilys}/{part}")).await.expect_status(404);
    }
    officer.get(&format!("/admin/members/{hush}")).await.expect("A complaint is looked into");
    for path in ["/admin/members/export", "/admin/supporters/export", "/admin/audit", "/admin/emails"] {
        organiser.get(path).await.expect_status(403);
    }
    organiser.post("/admin/members/export", &[("reason", "To take it home")]).await.expect_status(403);
    organiser.get("/admin").await.expect_not("Bounced emails");
    organiser
        .post(&format!("/admin/supporters/{zoe}/details"), &[("name", "Z"), ("email", "z@x.test")])
        .await
        .expect_status(403);
    let overview = organiser.get("/admin").await;
    overview.expect("You look after the North West").expect_not("came in this month").expect_not("Income");
    let figures = overview.select(".figures strong");
    let members: i64 =
        sqlx::query_scalar("select count(*) from people where standing = 'member' and region = 'north-west'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(figures[0], members.to_string());
    assert_eq!(overview.table("Members by region").column("Region"), ["North West"]);
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
    page.expect("Export 3 people").expect("Members now, found by “valley.test”, in Wales");
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
        ("Address", "1 High Street, Bury, CF10 3NP"),
        ("Postcode", "CF10 3NP"),
        ("Region", "Wales"),
        ("Status", "In good standing"),
        ("Rate", "Solidarity"),
        ("Amount in pounds", "5.00"),
        ("Joined", "2024-03-01"),
        ("Last payment", "2026-11-03"),
        ("Email updates", "no"),
    ] {
        assert_eq!(&row[column(head)], value, "{head}");
    }
    assert_eq!(row[column("Record")], site.app.link(&format!("/admin/members/{dilys}")));
    let log = officer.get("/admin/audit?kind=list.").await;
    log.expect("List exported")
        .expect("Filter: Members now, found by “valley.test”, in Wales")
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
    let mut reader = csv::Reader::from_reader(file.body.trim_start_matches('\u{FEFF}').as_bytes());
    let amount = reader.headers().unwrap().iter().position(|head| head == "Amount in pounds").unwrap();
    for row in reader.records().map(Result::unwrap) {
        assert!(!row[1].is_empty() && &row[amount] == "0.00", "names and amounts are always filled: {row:?}");
    }
}

/// A party of 100,000.
async fn fill(pool: &PgPool) {
    let mut db = pool.acquire().await.unwrap();
    sqlx::raw_sql(include_str!("../../benches/site/fill.sql")).execute(&mut *db).await.unwrap();
    sqlx::raw_sql("vacuum analyze people, memberships, ledger, consents").execute(&mut *db).await.unwrap();
}

fn asking(conditions: &[Condition]) -> Search {
    Search { conditions: conditions.to_vec(), ..Search::new(List::Members) }
}

fn asked(typed: &str) -> Search {
    Search { words: Words::parse(typed), ..Search::new(List::Members) }
}

/// What one page of a list did to the large tables: whole reads, and reads by an index.
async fn watched(pool: &PgPool, search: &Search, scope: &Scope) -> (people::Answer, i64, i64) {
    const SCANS: &str = "select sum(coalesce(seq_scan, 0))::bigint, sum(coalesce(idx_scan, 0))::bigint from pg_stat_xact_user_tables
                         where relname in ('people', 'memberships', 'ledger', 'consents')";
    let mut db = pool.acquire().await.unwrap();
    let mut tx = people::begin(&mut db).await.unwrap();
    let before: (i64, i64) = sqlx::query_as(SCANS).fetch_one(&mut *tx).await.unwrap();
    let answer = people::find(&mut tx, search, scope).await.unwrap();
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
    let day: NaiveDate = "2023-05-01".parse().unwrap();
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
        ("first page by status", Search { sort: Sort::Status, ..members.clone() }, None),
        ("first page by rate", Search { sort: Sort::Rate, ..members.clone() }, None),
        ("everybody", Search { words: Words::parse("tomasz"), ..Search::new(List::Everybody) }, None),
        ("rare state", Search { state: State::Is(Status::Grace), ..members.clone() }, Some(100)),
        ("no such state", Search { state: State::Is(Status::Suspended), ..members.clone() }, Some(0)),
        (
            "rate and region",
            asking(&[Condition::Rate(vec![Rate::Solidarity]), Condition::Region(vec![Region::Wales])]),
            None,
        ),
        ("a day", asking(&[Condition::JoinedFrom(day), Condition::JoinedTo(day)]), Some(45)),
        ("consent", asking(&[Condition::Consent(ConsentPurpose::EmailUpdates)]), None),
        ("consent few gave", asking(&[Condition::Consent(ConsentPurpose::OrganiserContact)]), None),
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
    let in_wales = asking(&[Condition::Region(vec![Region::Wales])]);
    for _ in 0..4 {
        let search = Search { sort: Sort::LastPayment, place, ..in_wales.clone() };
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

/// Each condition beside the same in SQL. A condition without a line here is one that nothing has run.
#[tokio::test]
async fn every_condition_finds_whom_it_says() {
    let site = Site::open().await;
    for someone in [DILYS, ZOE, KWABENA] {
        add(&site.pool, someone).await;
    }
    let hush = Someone { name: "Hush Hour", email: "hush@x.test", state: "suspended", ..KWABENA };
    let hush = add(&site.pool, hush).await;
    consent(&site.pool, hush, ConsentPurpose::OrganiserContact).await;
    let day: NaiveDate = "2026-11-02".parse().unwrap();
    let member = |condition: &str| {
        format!("exists (select from memberships m where m.person_id = p.id and {condition})")
    };
    let conditions = [
        (Condition::Words(Words::parse("hush hour")), "p.name = 'Hush Hour'".to_owned()),
        (Condition::Words(Words::parse("zo")), "to_tsvector('simple', p.search) @@ to_tsquery('zo:*')".to_owned()),
        (Condition::Standing(vec![Standing::Member]), "p.standing = 'member'".to_owned()),
        (Condition::Standing(vec![Standing::Member, Standing::None]), "p.standing <> 'supporter'".to_owned()),
        (Condition::Standing(vec![]), "false".to_owned()),
        (Condition::HasMembership, member("true")),
        (Condition::NoMembership, format!("not {}", member("true"))),
        (Condition::Status(vec![Status::Grace, Status::Suspended]), member("m.state in ('grace', 'suspended')")),
        (Condition::Region(vec![Region::Wales]), "p.region = 'wales'".to_owned()),
        (Condition::Region(vec![Region::Wales, Region::London]), "p.region in ('wales', 'london')".to_owned()),
        (Condition::Rate(vec![Rate::LowWage]), member("m.rate = 'low_wage'")),
        (Condition::Interval(vec![Interval::Year]), member("m.billing_interval = 'year'")),
        (Condition::JoinedFrom(day), member("m.joined_on >= '2026-11-02'")),
        (Condition::JoinedTo(day), member("m.joined_on <= '2026-11-02'")),
        (Condition::KnownFrom(day), "(p.created_at at time zone 'Europe/London')::date >= '2026-11-02'".to_owned()),
        (Condition::KnownTo(day), "(p.created_at at time zone 'Europe/London')::date <= '2026-11-02'".to_owned()),
        (
            Condition::Consent(ConsentPurpose::OrganiserContact),
            "exists (select from consents c where c.person_id = p.id and c.purpose = 'organiser_contact' and c.withdrawn_at is null)".to_owned(),
        ),
        (
            Condition::Interest(vec![Interest::Leafleting, Interest::Skills]),
            "exists (select from supporters s where s.person_id = p.id and ('leafleting' = any(s.interests) or 'skills' = any(s.interests)))".to_owned(),
        ),
    ];
    let north = Scope::Regions(vec![Region::NorthWest, Region::SouthEast]);
    let both = [
        (Scope::Everyone, "true"),
        // Those who agreed to it.
        (
            north,
            "p.region in ('north-west', 'south-east') and exists (select from consents o where o.person_id = p.id and o.purpose = 'organiser_contact' and o.withdrawn_at is null)",
        ),
    ];
    let mut db = site.pool.acquire().await.unwrap();
    for (condition, sql) in &conditions {
        for (scope, limit) in &both {
            let query = format!("select p.id from people p where {sql} and {limit} order by p.id");
            let expected: Vec<Uuid> =
                sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut *db).await.unwrap();
            let segment = Segment::default().and(condition.clone());
            let found = people::list_ids(&mut db, &segment, scope).await.unwrap();
            assert_eq!(found, expected, "{condition} within {scope:?}");
            let count = people::count(&mut db, &segment, scope).await.unwrap();
            assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{condition}");
            let is_empty = *condition == Condition::Standing(vec![]);
            assert!(*scope != Scope::Everyone || is_empty == expected.is_empty(), "{condition} finds nobody");
        }
    }
    // All together narrow each other, the same condition twice too.
    let members = Condition::Standing(vec![Standing::Member]);
    let two =
        [Condition::Region(vec![Region::Wales, Region::London]), Condition::Region(vec![Region::Wales])];
    let segment = two.into_iter().fold(Segment::default().and(members), Segment::and);
    let found = people::count(&mut db, &segment, &Scope::Everyone).await.unwrap();
    let expected: i64 =
        sqlx::query_scalar("select count(*) from people where standing = 'member' and region = 'wales'")
            .fetch_one(&mut *db)
            .await
            .unwrap();
    assert_eq!(found, expected);
}

/// Changes of every kind that a tally hears of, each to whom `$1`, `$2` and `$3` (numbers from 0 to 99) happen to choose.
const CHANGES: [&str; 12] = [
    "insert into people (id, email, name, region, standing, created_at)
     select gen_random_uuid(), 'new' || gen_random_uuid() || '@example.org', 'New', (array['wales', 'london', null])[1 + $2 % 3],
            (array['none', 'supporter', 'member'])[1 + $3 % 3], now() from generate_series(0, $1 % 7)",
    "delete from people where email::text like 'new%' and hashtext(id::text) % 100 = $1 and $2 + $3 > 0",
    "update people set region = (array['wales', 'london', 'scotland', null])[1 + $2 % 4] where abs(hashtext(id::text)) % 100 = $1 and $3 >= 0",
    "update people set standing = (array['none', 'supporter', 'member'])[1 + $2 % 3] where abs(hashtext(id::text)) % 100 in ($1, $3)",
    "update people set name = name || '!', created_at = created_at where abs(hashtext(id::text)) % 100 = $1 and $2 + $3 >= 0",
    "update memberships set state = case state when 'active' then 'pending' else 'active' end, grace_until = null
     where state in ('active', 'pending') and number % 100 in ($1, $2, $3)",
    "update memberships set amount_pence = amount_pence + 1 where number % 100 in ($1, $2, $3)",
    "update membership_periods set ended_on = started_on + $2 where ended_on is null and abs(hashtext(id::text)) % 100 = $1 and $3 >= 0",
    "update membership_periods set started_on = started_on - $2 where abs(hashtext(id::text)) % 100 = $1 and $3 >= 0",
    "delete from membership_periods where abs(hashtext(id::text)) % 100 = $1 and $2 + $3 > 100",
    "insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, method, entered_by, recorded_at)
     select gen_random_uuid(), 'payment', 100 + $1, timestamptz '2026-10-31 23:30Z' + $2 * interval '1 day', 'donation', gen_random_uuid(), 'transfer', id, now()
     from people where email = 'alex@demo.test' and $3 >= 0",
    "update people set region = 'wales' where $1 + $2 + $3 < 0",
];

/// Four at once, each some changes at a time, of which a third is taken back.
#[tokio::test]
async fn the_tallies_are_what_counting_gives_whatever_happens() {
    let site = Site::open().await;
    let seed: u64 = rand::random();
    let mut all = tokio::task::JoinSet::new();
    for number in 0..4 {
        let pool = site.pool.clone();
        let mut random = rand::rngs::StdRng::seed_from_u64(seed + number);
        all.spawn(async move {
            for _ in 0..30 {
                let mut tx = pool.begin().await.unwrap();
                for _ in 0..random.random_range(1..5) {
                    let change = CHANGES[random.random_range(0..CHANGES.len())];
                    let mut query = sqlx::query(change);
                    for _ in 0..3 {
                        query = query.bind(random.random_range(0..100));
                    }
                    match query.execute(&mut *tx).await {
                        Ok(_) => {}
                        // Two of them want each other's rows; all of this one is taken back.
                        Err(error)
                            if error
                                .as_database_error()
                                .is_some_and(|e| e.code().as_deref() == Some("40P01")) =>
                        {
                            break;
                        }
                        Err(error) => panic!("{change}: {error}"),
                    }
                }
                if random.random_range(0..3) > 0 {
                    // After a deadlock this takes back too.
                    tx.commit().await.unwrap();
                }
            }
        });
    }
    while let Some(ended) = all.join_next().await {
        ended.unwrap();
    }
    let mut db = site.pool.acquire().await.unwrap();
    let wrong = wrong_tallies(&mut db).await;
    assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
    let lines: i64 = sqlx::query_scalar("select count(*) from tallies").fetch_one(&mut *db).await.unwrap();
    // Put together as often as not, the lines say the same.
    for _ in 0..2_000 {
        let flip = "update people set standing = case standing when 'member' then 'none' else 'member' end where email = 'ana@demo.test'";
        sqlx::query(flip).execute(&mut *db).await.unwrap();
    }
    let later: i64 = sqlx::query_scalar("select count(*) from tallies").fetch_one(&mut *db).await.unwrap();
    assert!(later < lines + 4_000, "{lines} lines became {later}");
    assert!(wrong_tallies(&mut db).await.is_empty());
}

#[tokio::test]
async fn nobody_waits_for_a_tally() {
    let site = Site::open().await;
    let mut first = site.pool.begin().await.unwrap();
    let mut second = site.pool.begin().await.unwrap();
    sqlx::query("set local lock_timeout = '2s'").execute(&mut *second).await.unwrap();
    for (db, who) in [(&mut first, "ana@demo.test"), (&mut second, "ben@demo.test")] {
        for change in [
            "update people set region = 'wales', standing = 'supporter' where email = $1::text::citext",
            "update membership_periods set started_on = '2020-01-01', ended_on = '2020-02-01'
             where membership_id in (select m.id from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext)",
        ] {
            sqlx::query(change).bind(who).execute(&mut **db).await.unwrap();
        }
    }
    second.commit().await.unwrap();
    first.commit().await.unwrap();
}

#[tokio::test]
async fn one_search_finds_people_of_every_kind_and_what_they_paid() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    pay(&site.pool, dilys, 500, "2026-11-03T10:00:00Z").await;
    add(&site.pool, Someone { name: "Dilys Gone", email: "gone@x.test", state: "ended", ..DILYS }).await;
    sqlx::query(
        "insert into people (id, email, name, region, standing, created_at)
         values (gen_random_uuid(), 'helps@x.test', 'Dilys Helps', 'wales', 'supporter', timestamptz '2026-01-01')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    // From any of their pages, by a form that needs no script.
    let page = officer.get("/admin/settings").await;
    let page = page.form("/admin/search").fill("q", "dilys").submit(&mut officer).await;
    page.expect("3 people").expect("Ended").expect("Supporter").expect("In good standing");
    let found = page.select("section[aria-label=People] tbody th a");
    assert_eq!(found, [DILYS.name, "Dilys Gone", "Dilys Helps"]);
    let paid = page.select("section[aria-label=Payments] tbody tr");
    assert!(paid.len() == 1 && paid[0].contains("£5") && paid[0].contains(DILYS.name), "{paid:?}");
    officer.get("/admin/search?q=zzzz").await.expect("Nobody matches").expect("No payment matches");
    officer.get("/admin/search").await.expect("Find anybody");
    // A donor without an account, by their name.
    let page = officer.get("/admin/search?q=rashid+mahmood").await;
    assert!(
        page.select("section[aria-label=Payments] tbody tr").iter().all(|row| row.contains("Rashid Mahmood"))
    );
    assert!(!page.select("section[aria-label=Payments] tbody tr").is_empty());
    // Each officer finds what their lists would show.
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    let page = organiser.get("/admin/search?q=dilys").await;
    page.expect("Nobody matches").expect_not("Dilys Helps").expect_not("Payments");
    let mut returning = site.signed_in_as("returning@demo.test").await;
    returning.get("/admin/search?q=dilys").await.expect_status(403);
    let forms = returning.get("/admin").await.attributes("form", "action");
    assert!(!forms.contains(&"/admin/search".to_owned()), "{forms:?}");
}

#[tokio::test]
async fn ticked_people_are_exported_or_written_to_and_nobody_else() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    let zoe = add(&site.pool, ZOE).await;
    add(&site.pool, KWABENA).await;
    consent(&site.pool, zoe, ConsentPurpose::EmailUpdates).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let list = officer.get("/admin/members").await;
    list.expect("Email them").expect("Export them");
    let chosen = format!("chosen=yes&person%5B%5D={dilys}&person%5B%5D={zoe}");
    let page = officer.get(&format!("/admin/members/export?{chosen}")).await;
    page.expect("Export 2 people").expect("Members now, 2 chosen people");
    let file =
        page.form("/admin/members/export").fill("reason", "Two letters").submit_once(&mut officer).await;
    assert!(file.body.contains(DILYS.email) && file.body.contains(ZOE.email), "{}", file.body);
    assert_eq!(file.body.trim_end().lines().count(), 3);
    officer.get("/admin/audit?kind=list.").await.expect("Filter: Members now, 2 chosen people");
    // Written to: those of them who agreed to updates.
    let page = officer.get(&format!("/admin/updates/new?{chosen}")).await;
    page.expect("For 2 chosen people only");
    let draft = page.form("/admin/updates").fill("subject", "To you two").fill("body", "Hello");
    let page = draft.submit(&mut officer).await;
    page.expect("Members and supporters everywhere, 2 chosen people: 1 person at present");
    let edit = officer.get(&format!("{}/edit", page.path)).await;
    edit.expect("For 2 chosen people only");
    // None is not everybody.
    officer.get("/admin/members/export?chosen=yes").await.expect_status(422).expect("Nobody is chosen");
    let sent = [("chosen", "yes"), ("reason", "Letters for all")];
    officer.post("/admin/members/export", &sent).await.expect_status(422).expect("Nobody is chosen");
    officer.get("/admin/updates/new?chosen=yes").await.expect("Nobody is chosen");
    officer.get("/admin/members/export?person=x").await.expect_status(422);
    // Who may do neither is offered neither.
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    organiser.get("/admin/members").await.expect_not("Email them").expect_not("Export them");
}

#[tokio::test]
async fn officers_keep_filters_for_themselves() {
    let site = Site::open().await;
    add(&site.pool, KWABENA).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin/members").await.expect_not("Save this filter");
    let page = officer.get("/admin/members?state=grace&region=south-east&sort=status").await;
    let kept = page.form("/admin/filters").fill("name", "Late in the south").submit(&mut officer).await;
    kept.expect("The filter “Late in the south” is saved").expect("Payment overdue");
    let list = officer.get("/admin/members").await;
    let again = list.follow(&mut officer, "Late in the south").await;
    assert_eq!(again.path, page.path);
    again.expect(KWABENA.name);
    // The same name again replaces it; a name is needed.
    let other = officer.get("/admin/members?state=ended").await;
    other.form("/admin/filters").fill("name", "Late in the south").submit(&mut officer).await;
    let list = officer.get("/admin/members").await;
    assert_eq!(list.select(".saved li").len(), 1);
    other.form("/admin/filters").submit(&mut officer).await.expect("Give the filter a name.");
    // Nobody else sees it or takes it away.
    let remove = list.attributes(".saved form", "action").remove(0);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/members").await.expect_not("Late in the south");
    treasurer.post(&remove, &[]).await.expect_status(404);
    list.form(&remove).submit(&mut officer).await.expect("The filter is removed.").expect_not("Late in");
}

#[tokio::test]
async fn members_are_sorted_by_status_and_rate_and_say_when_they_end() {
    let site = Site::open().await;
    let valley = |name, state, rate| Someone {
        name,
        email: Box::leak(format!("{rate}{state}@vale.test").into_boxed_str()),
        state,
        rate,
        ..DILYS
    };
    let ends = add(&site.pool, valley("Ends Soon", "active", "standard")).await;
    add(&site.pool, valley("Late Payer", "grace", "solidarity")).await;
    add(&site.pool, valley("Away Now", "suspended", "low_wage")).await;
    sqlx::query("update memberships set ends_on = '2026-12-25' where person_id = $1")
        .bind(ends)
        .execute(&site.pool)
        .await
        .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let query = "/admin/members?state=everyone&q=vale.test";
    let by_status = officer.get(&format!("{query}&sort=status")).await;
    assert_eq!(names(&by_status), ["Late Payer", "Away Now", "Ends Soon"]);
    let by_rate = officer.get(&format!("{query}&sort=rate")).await;
    assert_eq!(names(&by_rate), ["Away Now", "Ends Soon", "Late Payer"]);
    assert_eq!(by_rate.select("tbody .tag.wait"), ["Ends 25 December", "Payment overdue"]);
    let page = officer.get(&format!("/admin/members/{ends}")).await;
    assert_eq!(page.select(".tag.wait"), ["Ends 25 December"]);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    assert_eq!(
        names(&treasurer.get(&format!("{query}&sort=rate")).await),
        ["Away Now", "Ends Soon", "Late Payer"]
    );
}

#[tokio::test]
async fn names_are_found_however_their_parts_are_joined() {
    let site = Site::open().await;
    add(&site.pool, Someone { name: "Síle O’Brien-Jones", email: "sile@x.test", ..DILYS }).await;
    add(&site.pool, Someone { name: "Tom Byrne", email: "obrien.fan@x.test", ..DILYS }).await;
    add(&site.pool, Someone { name: "Amira Al-Farsi", email: "amira@x.test", ..DILYS }).await;
    add(&site.pool, Someone { name: "Jo St. John", email: "jo_st%j@x.test", ..DILYS }).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (typed, expected) in [
        ("obrien", "Síle O’Brien-Jones"),
        ("o'brien", "Síle O’Brien-Jones"),
        ("o’brien", "Síle O’Brien-Jones"),
        ("OBrien-Jones", "Síle O’Brien-Jones"),
        ("obrienjones", "Síle O’Brien-Jones"),
        ("jones obrien", "Síle O’Brien-Jones"),
        ("obrien", "Tom Byrne"),
        ("alfarsi", "Amira Al-Farsi"),
        ("al-farsi", "Amira Al-Farsi"),
        ("st john", "Jo St. John"),
        ("o_s", ""),
        ("jo_st", "Jo St. John"),
        ("st%j", "Jo St. John"),
        ("%", "Jo St. John"),
        ("_", "Jo St. John"),
    ] {
        for list in ["/admin/members", "/admin/search"] {
            let page = officer.get(&format!("{list}?{}", encoded(typed))).await;
            let found = page.select("tbody th a");
            let is_found = found.iter().any(|name| name == expected);
            assert!(is_found || (expected.is_empty() && found.is_empty()), "{list} {typed}: {found:?}");
            assert!(found.len() < 50, "{typed} finds everybody");
        }
    }
    for typed in ["%", "_", "%%", "\\", "__", "a%b"] {
        for path in ["/admin/supporters", "/admin/payments", "/admin/audit"] {
            let field = if path.ends_with("audit") { "person" } else { "q" };
            let query = serde_html_form::to_string([(field, typed)]).unwrap();
            let rows = officer.get(&format!("{path}?{query}")).await.select("tbody tr");
            assert!(rows.len() < 10, "{path} {typed} lists {} rows", rows.len());
        }
    }
    // An officer of a region finds by the name what they see of it.
    let north = Someone { region: "north-west", postcode: "M1 1AE", ..DILYS };
    let agreed = add(&site.pool, Someone { name: "Ciara O’Shea", email: "ciara@x.test", ..north }).await;
    consent(&site.pool, agreed, ConsentPurpose::OrganiserContact).await;
    add(&site.pool, Someone { name: "Finn O’Shea", email: "finn@x.test", ..north }).await;
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    assert_eq!(names(&organiser.get("/admin/members?q=oshea").await), ["Ciara O’Shea"]);
}
