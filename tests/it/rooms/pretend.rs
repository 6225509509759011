//! A room that only this test has: everything it states appears where it should, and `src` does not know of it.

use breakthrough::{
    accounts::{
        Access, Desk, Figure, Group, Link, Permission, Rank, Role, Room, Rooms, Routes, Source, Task, Tells,
        Timeline, says,
    },
    audit::{Actor, Change},
    demo,
    kit::{
        app::App,
        clock::Clock,
        db,
        queue::{self, Failure, Job},
        random::Random,
        settings::{Setting, since},
    },
    site,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Site, noon, settings};

const KEEP_CATS: Permission = Permission { code: "keep_cats", held_by: &[Role::ReturningOfficer] };

const BOWLS: Setting<u32> =
    Setting::number("cats_bowls", 1..=9, "Bowls for cats", "How many", &[since(2021, 1, 1, "3", "the cats")]);

static CATS: Room = Room {
    routes: |_| {
        Routes::new().get(Access::Public, "/cats", || async { "A page about cats" }).get(
            Access::Officer(KEEP_CATS),
            "/admin/cats",
            || async { "The cats’ desk" },
        )
    },
    head: |session| (!session.offices.is_empty()).then_some(Link::new("Cats", "/cats")),
    desk: &[Desk { title: "Cats", path: "/admin/cats", permission: KEEP_CATS, group: Group::People }],
    settings: &[BOWLS.known],
    log: &[("cat.", "Cats")],
    audit: &[says("cat.fed", "Cat fed", Tells::People)],
    public: &["/cats"],
    closed: &["/cats/asleep"],
    counts: Some("select jsonb_build_object('hungry', count(*)) from cats where fed_at is null"),
    figures: &[Figure {
        whole_party: false,
        words: |counts| (counts.words("cats", "hungry"), "cats want something".to_owned()),
    }],
    tasks: &[Task {
        count: "hungry",
        one: "cat is hungry",
        many: "cats are hungry",
        path: "/admin/cats",
        permission: KEEP_CATS,
        whole_party: true,
    }],
    timeline: Some(Timeline {
        view: "cats_timeline",
        sources: &[Source {
            name: "cat",
            title: "Cat",
            words: |_, what, detail| format!("{what} {}", detail["name"]),
        }],
    }),
    card: Some((Rank::Duties, |asked| {
        Box::pin(async move { Ok(Some(format!("<p>{}, feed the cat</p>", asked.session.name))) })
    })),
    jobs: |jobs| jobs.with::<FeedCats>(),
    wake: Some(|app| {
        Box::pin(async move {
            let mut db = app.pool().acquire().await?;
            Ok(queue::push(&mut db, &FeedCats {}).await?)
        })
    }),
    demo: Some(|_, db, cast| {
        Box::pin(async move {
            for member in cast {
                sqlx::query("insert into cats (person_id, name) values ($1, $2)")
                    .bind(member.person)
                    .bind(format!("{}’s cat", member.name))
                    .execute(&mut *db)
                    .await?;
            }
            Ok(())
        })
    }),
    ..Room::new("cats")
};

#[derive(Serialize, Deserialize)]
struct FeedCats {}

impl Job for FeedCats {
    const NAME: &'static str = "cats_feed";

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut change = Change::begin_alone(&app, Actor::System).await?;
        let fed: Vec<(Uuid,)> =
            sqlx::query_as("update cats set fed_at = $1 where fed_at is null returning person_id")
                .bind(app.clock().now())
                .fetch_all(&mut *change)
                .await?;
        for (person,) in fed {
            change.audit("cat.fed", ("person", person), serde_json::json!({ "with": "tuna" }));
        }
        change.commit().await?;
        Ok(())
    }
}

fn rooms() -> Rooms {
    let with_cats: Vec<&'static Room> = site::ROOMS.iter().copied().chain([&CATS]).collect();
    Rooms(Vec::leak(with_cats))
}

/// What a migration of the room would do.
async fn migrate(pool: &PgPool) {
    for statement in [
        "create table cats (person_id uuid not null references people, name text not null, fed_at timestamptz)",
        "create view cats_timeline as
         select person_id, timestamptz '2026-11-20 12:00Z' as at, 'cat' as source, 'Adopted' as what,
                jsonb_build_object('name', name) as detail, null::uuid as actor, false as sensitive from cats",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
}

#[tokio::test]
async fn a_room_appears_everywhere_without_a_change_elsewhere() {
    let site = Site::open_with_rooms(rooms()).await;
    migrate(&site.pool).await;
    let ana = site.person("ana@demo.test").await;
    sqlx::query("insert into cats (person_id, name) values ($1, 'Tom')")
        .bind(ana)
        .execute(&site.pool)
        .await
        .unwrap();

    // Paths, with their permission.
    site.stranger().get("/cats").await.expect_status(200).expect("A page about cats");
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/cats").await.expect_status(403);
    let mut returning = site.signed_in_as("returning@demo.test").await;
    returning.get("/admin/cats").await.expect_status(200);
    // Navigation, figures, what there is to do.
    let desk = returning.get("/admin").await;
    assert_eq!(desk.select(".desk-nav a").join(" "), "Overview Votes Elections Cats Audit log");
    desk.expect("1 cat is hungry").expect("1 cats want something");
    assert!(desk.select(".desk-head a").contains(&"Cats".to_owned()));
    let desk = treasurer.get("/admin").await;
    desk.expect("1 cats want something").expect_not("hungry");
    assert!(!desk.select(".desk-nav a").contains(&"Cats".to_owned()));
    // Settings.
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin/settings").await.expect("Bowls for cats 3");
    let path = "/admin/settings/cats_bowls";
    let form = officer.get(path).await.form(path).fill("source", "more cats");
    form.fill("value", "10").submit(&mut officer).await.expect_status(422).expect("from 1 to 9");
    let form = officer.get(path).await.form(path).fill("source", "more cats");
    form.fill("value", "4").submit(&mut officer).await.expect("Bowls for cats: 4 from");
    assert_eq!(site.app.setting(BOWLS, site.app.clock().today()), 4);
    // What programs read.
    site.stranger().get("/sitemap.xml").await.expect("/cats");
    site.stranger().get("/robots.txt").await.expect("Disallow: /cats/asleep");
    // A member's own page.
    let mut member = site.signed_in_as("ana@demo.test").await;
    member.get("/dashboard").await.expect("Ana Silva, feed the cat").expect("Your status");
    // Jobs, and what a worker does first.
    rooms().wake(&site.app).await.unwrap();
    site.work().await;
    returning.get("/admin").await.expect("0 cats want something").expect_not("hungry");
    // The audit log and a person's timeline.
    let log = officer.get("/admin/audit?kind=cat.").await;
    assert_eq!(log.select("tbody tr").len(), 1);
    log.expect("Cat fed").expect("With: tuna").expect("Ana Silva");
    let page = officer.get(&format!("/admin/members/{ana}/activity")).await;
    page.expect("Cat fed").expect("Adopted").expect("Tom");
    let veiled = returning.get("/admin/audit?kind=cat.").await;
    veiled.expect("Cat fed").expect("A person").expect_not("tuna").expect_not("Ana Silva");
}

#[tokio::test]
async fn a_room_adds_its_part_of_the_demo() {
    let site = Site::open_with_rooms(rooms()).await;
    let own: String = sqlx::query_scalar("select current_database()").fetch_one(&site.pool).await.unwrap();
    let name = format!("{own}_cats");
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&site.pool).await.unwrap();
    let pool = db::pool(&site.database_url.replace(&own, &name), 2).unwrap();
    db::migrate(&pool).await.unwrap();
    migrate(&pool).await;
    let config = settings(site.address, site.folder()).check().unwrap();
    let app = App::new(config, pool.clone(), Clock::set_to(noon()), Random::seeded(7)).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    demo::load(&app, &mut tx, Rooms(Vec::leak(vec![&CATS]))).await.unwrap();
    tx.commit().await.unwrap();
    let cats: Vec<String> =
        sqlx::query_scalar("select name from cats order by name").fetch_all(&pool).await.unwrap();
    assert_eq!(cats.len(), 7);
    assert_eq!(cats[0], "Alex Mwangi’s cat");
    pool.close().await;
    sqlx::query(sqlx::AssertSqlSafe(format!("drop database {name}"))).execute(&site.pool).await.unwrap();
}
