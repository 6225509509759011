//! A change: what it leaves when it is committed and when it is not, and who has to wait for it.

use std::time::{Duration, Instant};

use breakthrough::{
    accounts,
    audit::{self, Chain, Seal, verify},
    kit::mail::Letter,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    Browser, Site,
    program::{Running, free_address, program, run},
};

fn letter() -> Letter {
    Letter { subject: "Hello".into(), text: "Hello".into(), html: "<p>Hello</p>".into(), reply_to: None }
}

async fn count(site: &Site, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(&site.pool).await.unwrap()
}

const LINES: &str = "select count(*) from audit_log where subject_kind = 'test'";
const MAILS: &str = "select count(*) from outbox where occasion like 'test:%'";
const PEOPLE: &str = "select count(*) from people where email = 'new@example.org'";

#[tokio::test]
async fn a_change_leaves_all_of_itself_or_nothing() {
    let site = Site::open().await;
    let email = "new@example.org".parse().unwrap();
    for committed in [false, true] {
        let mut change = site.change().await;
        accounts::find_or_add_person(&mut change, &email, "New").await.unwrap();
        change.audit("person.changed", ("test", 1), json!({}));
        change.mail("test:1", &email, letter());
        if committed {
            change.commit().await.unwrap();
        } else {
            drop(change);
        }
        let all = (count(&site, PEOPLE).await, count(&site, LINES).await, count(&site, MAILS).await);
        assert_eq!(all, if committed { (1, 1, 1) } else { (0, 0, 0) });
    }
    // The same occasion again is no second mail.
    let mut change = site.change().await;
    change.mail("test:1", &email, letter());
    change.mail("test:2", &email, letter());
    change.mail("test:2", &email, letter());
    change.commit().await.unwrap();
    assert_eq!(count(&site, MAILS).await, 2);
    site.work().await;
}

#[tokio::test]
async fn lines_come_in_order_and_the_chain_holds() {
    let site = Site::open().await;
    let mut change = site.change().await;
    for number in 0..20 {
        change.audit("person.changed", ("test", number), json!({ "b": number, "a": ["é", null] }));
    }
    change.commit().await.unwrap();
    let order: Vec<String> =
        sqlx::query_scalar("select subject_id from audit_log where subject_kind = 'test' order by id")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(order, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
    let mut db = site.pool.acquire().await.unwrap();
    assert!(matches!(verify(&site.app, &mut db, &[]).await.unwrap(), Chain::Whole { .. }));
}

#[tokio::test]
async fn an_action_that_takes_long_keeps_no_other_waiting() {
    let site = Site::open().await;
    let mut slow = site.change().await;
    slow.audit("person.changed", ("test", "slow"), json!({}));
    accounts::find_or_add_person(&mut slow, &"new@example.org".parse().unwrap(), "New").await.unwrap();
    let mut quick = site.change().await;
    quick.audit("person.changed", ("test", "quick"), json!({}));
    tokio::time::timeout(Duration::from_secs(2), quick.commit()).await.expect("it need not wait").unwrap();
    slow.commit().await.unwrap();
    let mut db = site.pool.acquire().await.unwrap();
    assert!(matches!(verify(&site.app, &mut db, &[]).await.unwrap(), Chain::Whole { .. }));
}

async fn note(site: &Site, number: i32) {
    let mut change = site.change().await;
    change.audit("person.changed", ("test", number), json!({ "a": number }));
    change.commit().await.unwrap();
}

async fn sealed(site: &Site) -> Seal {
    let mut db = site.pool.acquire().await.unwrap();
    let Chain::Whole(seal) = verify(&site.app, &mut db, &[]).await.unwrap() else { panic!("it is whole") };
    seal
}

/// What somebody does who owns the database, and what a check says of it, with the seal from before.
async fn after(what: &'static str) -> (Chain, Chain) {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let from_here = "alter table audit_log disable trigger user; truncate audit_log restart identity";
    sqlx::raw_sql(from_here).execute(&mut *db).await.unwrap();
    for number in 0..5 {
        note(&site, number).await;
    }
    let seal = sealed(&site).await;
    sqlx::raw_sql(what).execute(&mut *db).await.unwrap();
    (verify(&site.app, &mut db, &[]).await.unwrap(), verify(&site.app, &mut db, &[seal]).await.unwrap())
}

/// Seals lines anew with all that the database knows: the formula, and no key.
const RECOMPUTE: &str = "
    create function recompute(is_keyed boolean) returns void language plpgsql as $$
    declare
        line record;
        bytes bytea := '';
        part text;
    begin
        for line in select * from audit_log order by id loop
            foreach part in array array[(extract(epoch from line.at) * 1000000)::bigint::text, line.actor, line.action,
                                        line.subject_kind, line.subject_id, replace(replace(line.detail::text, ': ', ':'), ', ', ',')] loop
                bytes := bytes || int8send(octet_length(convert_to(part, 'UTF8'))) || convert_to(part, 'UTF8');
            end loop;
            bytes := sha256(bytes);
            update audit_log set hash = bytes, keyed = is_keyed where id = line.id;
        end loop;
    end $$;";

#[tokio::test]
async fn whatever_is_done_to_the_log_shows() {
    let cut = |chain: &Chain| matches!(chain, Chain::Cut(_));
    let broken = |chain: &Chain| matches!(chain, Chain::Broken { .. });
    // That the end is missing shows by the seal alone.
    for end in [
        "delete from audit_log where id = (select max(id) from audit_log)",
        "delete from audit_log where subject_kind = 'test'",
        "truncate audit_log",
        "truncate audit_log restart identity",
    ] {
        let (alone, with_seal) = after(end).await;
        assert!(!broken(&alone) && cut(&with_seal), "{end}: {alone:?}, {with_seal:?}");
    }
    for change in [
        "delete from audit_log where id = 2",
        "update audit_log set actor = 'somebody' where id = 3",
        "update audit_log set detail = '{\"a\": 7}' where id = (select max(id) from audit_log)",
        "update audit_log set keyed = false where id = (select max(id) from audit_log)",
        "insert into audit_log (at, actor, action, subject_kind, subject_id, detail, hash)
         select now(), 'system', 'person.changed', 'test', '9', '{}', sha256('x')",
    ] {
        let (alone, with_seal) = after(change).await;
        assert!(broken(&alone) && broken(&with_seal), "{change}: {alone:?}, {with_seal:?}");
    }
    let anew =
        [RECOMPUTE, "update audit_log set actor = 'somebody' where id = 3; select recompute(true)"].concat();
    let (alone, _) = after(anew.leak()).await;
    assert!(broken(&alone), "with the formula and without the key: {alone:?}");
    // Without any key it would pass, as if it were all from before; the seal tells.
    let old =
        [RECOMPUTE, "update audit_log set actor = 'somebody' where id = 3; select recompute(false)"].concat();
    let (_, with_seal) = after(old.leak()).await;
    assert!(cut(&with_seal), "{with_seal:?}");
}

#[tokio::test]
async fn what_was_found_good_once_is_known_here_without_anybodys_word() {
    let site = Site::open().await;
    note(&site, 1).await;
    let kept = site.folder().join("audit_seal");
    let mut db = site.pool.acquire().await.unwrap();
    let mut check = async || audit::check(&site.app, &mut db, None).await.unwrap();
    let Chain::Whole(first) = check().await else { panic!("it is whole") };
    assert_eq!(std::fs::read_to_string(&kept).unwrap().trim(), first.to_string());
    note(&site, 2).await;
    let Chain::Whole(second) = check().await else { panic!("it is whole") };
    assert_eq!(second.lines, first.lines + 1);
    let cut = "alter table audit_log disable trigger user; delete from audit_log where subject_id = '2' and subject_kind = 'test'";
    sqlx::raw_sql(cut).execute(&site.pool).await.unwrap();
    assert_eq!(check().await, Chain::Cut(first), "and the older seal does not take the newer one's place");
    note(&site, 3).await;
    assert!(matches!(check().await, Chain::Cut(_)), "nor does what is written afterwards");
    assert_eq!(std::fs::read_to_string(&kept).unwrap().trim(), second.to_string());
    // Sealed anew without any key, as if it were all from before there was one.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{RECOMPUTE} select recompute(false)")))
        .execute(&site.pool)
        .await
        .unwrap();
    note(&site, 4).await;
    assert!(!matches!(check().await, Chain::Whole(_)));
    sqlx::raw_sql("truncate audit_log").execute(&site.pool).await.unwrap();
    assert!(matches!(check().await, Chain::Cut(_)));
}

#[tokio::test]
async fn another_key_for_everything_else_leaves_the_log_readable() {
    let site = Site::open().await;
    note(&site, 1).await;
    let check = |secret: &str, audit: Option<&str>| {
        let mut command = program(site.folder(), Some(&site.database_url));
        command.env("SECRET_KEY", secret).arg("check");
        if let Some(key) = audit {
            command.env("AUDIT_KEY", key);
        }
        run(command)
    };
    let (old, new) = ("0123456789abcdef".repeat(4), "f0e1d2c3b4a59687".repeat(4));
    for (secret, audit, holds) in [
        (&old, None, true),
        (&new, None, false),
        (&new, Some(old.as_str()), true),
        (&old, Some(new.as_str()), false),
    ] {
        let said = String::from_utf8(check(secret, audit).await.stdout).unwrap();
        let words = if holds { "No line was changed" } else { "sealed with another key" };
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn lines_from_before_there_was_a_key_are_checked_as_before() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let before = [
        "alter table audit_log disable trigger user; truncate audit_log;
         insert into audit_log (at, actor, action, subject_kind, subject_id, detail, hash)
         select now(), 'system', 'person.changed', 'old', n::text, '{\"a\": 1}', sha256(n::text::bytea) from generate_series(1, 3) n;",
        RECOMPUTE,
        "select recompute(false)",
    ]
    .concat();
    sqlx::raw_sql(sqlx::AssertSqlSafe(before)).execute(&mut *db).await.unwrap();
    note(&site, 1).await;
    assert_eq!(sealed(&site).await.lines, 4);
    sqlx::query("update audit_log set actor = 'somebody' where subject_id = '2'")
        .execute(&mut *db)
        .await
        .unwrap();
    assert!(matches!(verify(&site.app, &mut db, &[]).await.unwrap(), Chain::Broken { .. }));
}

#[tokio::test]
async fn officers_get_the_seal_by_mail_and_check_with_it() {
    let site = Site::open().await;
    let tell = "select graphile_worker.add_job('admin_tell_seal', '{}'::json)";
    let mails = async || -> Vec<String> {
        sqlx::query(tell).execute(&site.pool).await.unwrap();
        let mails = site.mails_to("alex@demo.test").await.into_iter();
        mails.filter(|mail| mail.subject == "The seal of the audit log").map(|mail| mail.text).collect()
    };
    note(&site, 1).await;
    let seal = sealed(&site).await.to_string();
    let told = mails().await;
    assert!(told.len() == 1 && told[0].contains(&seal), "{told:?}");
    assert_eq!(mails().await.len(), 1, "the same log is told of once");
    assert!(site.mails_to("returning@demo.test").await.iter().any(|mail| mail.text.contains(&seal)));
    assert!(site.mails_to("treasurer@demo.test").await.is_empty(), "who may not read the log gets nothing");
    note(&site, 2).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let form = async |seal: &str| {
        let mut officer = officer.clone();
        let page = officer.get("/admin/audit").await;
        page.form("/admin/audit/check").fill("seal", seal).submit(&mut officer).await
    };
    form(&seal).await.expect("No line was changed since it was written");
    form("").await.expect("No line was changed since it was written");
    form("nonsense").await.expect("That is no seal");
    form("2-0000000000000000").await.expect("lines were taken away or replaced");
    sqlx::raw_sql(
        "alter table audit_log disable trigger user; delete from audit_log where subject_kind = 'test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    form(&seal).await.expect("lines were taken away or replaced");
    officer.get("/admin/audit").await.expect_status(200);
}

#[tokio::test]
async fn the_log_refuses_to_be_changed_and_the_sites_own_role_may_not_try() {
    let site = Site::open().await;
    let tries = [
        "delete from audit_log",
        "update audit_log set actor = 'somebody'",
        "truncate audit_log",
        "truncate audit_log cascade",
    ];
    for what in tries {
        let error = sqlx::raw_sql(what).execute(&site.pool).await.unwrap_err().to_string();
        assert!(error.contains("the audit log cannot be changed"), "{what}: {error}");
    }
    let role = format!("site_{}", std::process::id());
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create role {role} login")))
        .execute(&site.pool)
        .await
        .unwrap();
    let migrate = |url: &str| {
        let mut command = program(site.folder(), Some(url));
        command.args(["migrate", "--grant-to", &role]);
        run(command)
    };
    assert!(migrate(&site.database_url).await.status.success());
    let url = site.database_url.replace("://app@", &format!("://{role}@"));
    assert_ne!(url, site.database_url);
    let pool = breakthrough::kit::db::pool(&url, 2).unwrap();
    let more = [
        "alter table audit_log disable trigger user",
        "drop trigger audit_log_append_only on audit_log",
        "drop table audit_log",
        "create table mine ()",
        "delete from audit_sights",
        "delete from _sqlx_migrations",
    ];
    for what in tries.into_iter().chain(more) {
        let error = sqlx::raw_sql(what).execute(&pool).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{what}: {error}");
    }
    pool.close().await;
    // It is all that the program needs: pages, changes, jobs.
    let address = free_address();
    let mut command = program(site.folder(), Some(&url));
    command.args(["serve", "--bare", "--listen", &address.to_string()]);
    // The stand-in for Stripe makes a schema of its own, which this role may not.
    command
        .env("STRIPE_SECRET_KEY", "sk_test_0123456789abcdefghij")
        .env("STRIPE_WEBHOOK_SECRET", "whsec_0123456789abcdefghij");
    command.env("STRIPE_API_BASE", "http://127.0.0.1:1");
    let running = Running::start(command, "Stop with Ctrl-C").await;
    let mut alex = Browser::new(address);
    let fields =
        [("email", "alex@demo.test"), ("password", breakthrough::demo::PASSWORD), ("next", "/account")];
    alex.post("/sign-in", &fields).await.expect_status(200);
    let fields = [("key", "x"), ("password_new", "orange ladders never sing")];
    alex.post("/account/password", &fields).await.expect("Your password is set");
    alex.get("/admin/audit").await.expect("Password set");
    for _ in 0..200 {
        if alex.get("/dev/mail").await.words().contains("Your password was changed") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    alex.get("/dev/mail").await.expect("Your password was changed");
    assert_eq!(running.stop().await, Some(0));
}

/// How many suspensions fifty officers get through at once, by the page. Run by hand:
/// `cargo test --test it fifty_officers -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "it measures, and tells nothing on a busy machine"]
async fn fifty_officers_at_once() {
    let site = Site::open_with_connections(50).await;
    let people: Vec<Uuid> = sqlx::query_scalar(
        "select person_id from memberships where ended_on is null order by number limit 200",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let officer = site.signed_in_as("alex@demo.test").await;
    let began = Instant::now();
    let mut officers = tokio::task::JoinSet::new();
    for chunk in people.chunks(4) {
        let (mut officer, chunk) = (officer.clone(), chunk.to_vec());
        officers.spawn(async move {
            for round in 1..=5 {
                for person in &chunk {
                    let reason = format!("Complaint {round}");
                    let fields = [
                        ("until_day", "15"),
                        ("until_month", "12"),
                        ("until_year", "2026"),
                        ("reason", &reason),
                    ];
                    let page =
                        officer.post_once(&format!("/admin/members/{person}/suspension"), &fields).await;
                    page.expect_status(303);
                }
            }
        });
    }
    officers.join_all().await;
    let changes = u32::try_from(people.len()).unwrap() * 5;
    println!("{:.0} changes a second", f64::from(changes) / began.elapsed().as_secs_f64());
    site.work().await;
}
