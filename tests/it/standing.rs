//! Where members stand and stood: kept from day to day, said in words, and the same for one as for a whole roll.

use breakthrough::{
    kit::stripe::stand_in::PaidBy,
    membership::{
        EndReason, Era, History, NoVote, Override, OverrideKind, Past, Period, Standing, Stood, VotingRules,
    },
};
use chrono::{Days, Duration, NaiveDate};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    membership::{join_as, pay, settle, signed_in_by_welcome, subscription_of, turn_of_day},
    support::{Browser, Page, Site},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn id_of(site: &Site, email: &str) -> Uuid {
    site.person(email).await
}

#[derive(sqlx::FromRow)]
struct Line {
    person_id: Uuid,
    standing: String,
    since: NaiveDate,
    member_since: Option<NaiveDate>,
    no_vote: Option<String>,
}

/// What the database's function says of a day, by person.
async fn roll(db: &mut PgConnection, on: NaiveDate, rules: VotingRules) -> Vec<(Uuid, Stood)> {
    let rows: Vec<Line> = sqlx::query_as(
        "select person_id, standing, since, member_since, no_vote from membership_standing($1, $2, $3) order by person_id",
    )
    .bind(on)
    .bind(i32::try_from(rules.waiting_days).unwrap())
    .bind(i32::try_from(rules.voting_age).unwrap())
    .fetch_all(db)
    .await
    .unwrap();
    let stood = |it: Line| {
        let (standing, no_vote) =
            (it.standing.parse().unwrap(), it.no_vote.map(|code| code.parse().unwrap()));
        (it.person_id, Stood { standing, since: it.since, member_since: it.member_since, no_vote })
    };
    rows.into_iter().map(stood).collect()
}

const FREE: VotingRules = VotingRules { waiting_days: 0, voting_age: 14 };

async fn stood(site: &Site, email: &str, on: &str) -> Option<Stood> {
    let person = id_of(site, email).await;
    let mut db = site.pool.acquire().await.unwrap();
    roll(&mut db, day(on), FREE).await.into_iter().find(|(id, _)| *id == person).map(|(_, stood)| stood)
}

async fn standing_on(site: &Site, email: &str, on: &str) -> Option<Standing> {
    stood(site, email, on).await.map(|stood| stood.standing)
}

/// One after the other without a gap, as they are written: each state with how long it held, and the rules of joining.
fn histories() -> impl Strategy<Value = (NaiveDate, History)> {
    let state = (0_u64..40, 0_u64..60, 0_usize..12, prop::option::of(1_u64..30));
    let born = 0_u64..9_000;
    let by_hand = (0_usize..2, 0_u64..500, 0_u64..90, prop::option::of(0_u64..90));
    let by_hand = prop::collection::vec(by_hand, 0..4);
    (0_u64..300, prop::collection::vec(state, 1..8), born, by_hand).prop_map(
        |(starts, states, born, by_hand)| {
            let mut history = History::default();
            for (kind, from, long, lifted) in by_hand {
                let starts_on = day("2024-01-01") + Days::new(from);
                history.overrides.push(Override {
                    id: Uuid::nil(),
                    kind: OverrideKind::ALL[kind],
                    starts_on,
                    until: starts_on + Days::new(long),
                    reason: "A reason".into(),
                    is_confidential: false,
                    by: String::new(),
                    set_at: crate::support::noon(),
                    lifted_on: lifted.map(|days| starts_on + Days::new(days)),
                });
            }
            let mut from = day("2024-01-01") + Days::new(starts);
            for (long, until, kind, settles) in states {
                let until = from + Days::new(until);
                let state = match kind {
                    0 => Past::Pending,
                    1..=3 => Past::Active,
                    4 => Past::Grace { until },
                    5 => Past::Suspended { until },
                    6 => Past::Ended { reason: None },
                    other => {
                        Past::Ended { reason: EndReason::ALL.get(other % EndReason::ALL.len()).copied() }
                    }
                };
                if let Some(before) = history.eras.last_mut() {
                    before.ends_on = Some(from);
                }
                history.eras.push(Era { state, starts_on: from, ends_on: None });
                let is_over = matches!(state, Past::Ended { .. });
                match history.periods.last_mut().filter(|period| period.ended_on.is_none()) {
                    Some(open) if is_over => open.ended_on = Some(from),
                    None if !is_over => {
                        let settled_on = settles.map(|days| from + Days::new(days));
                        history.periods.push(Period { started_on: from, ended_on: None, settled_on });
                    }
                    _ => {}
                }
                from = from + Days::new(long);
            }
            (day("2000-01-01") + Days::new(born), history)
        },
    )
}

async fn keep(db: &mut PgConnection, number: u32, born_on: NaiveDate, history: &History) -> Uuid {
    let (person, membership) = (Uuid::from_u128(u128::from(number) + 1), Uuid::from_u128(u128::from(number)));
    sqlx::query("insert into people (id, email, name, standing, created_at) values ($1, $2, 'Somebody', 'none', now())")
        .bind(person)
        .bind(format!("random{number}@example.org"))
        .execute(&mut *db)
        .await
        .unwrap();
    sqlx::query(
        "insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence, state, state_since)
         values ($1, $2, $3, jsonb_build_object('born_on', $4), 'standard', 'month', 500, 'active', now())",
    )
    .bind(membership)
    .bind(person)
    .bind(history.eras[0].starts_on)
    .bind(born_on)
    .execute(&mut *db)
    .await
    .unwrap();
    for era in &history.eras {
        let (until, reason) = match era.state {
            Past::Grace { until } | Past::Suspended { until } => (Some(until), None),
            Past::Ended { reason } => (None, reason.map(EndReason::code)),
            Past::Pending | Past::Active => (None, None),
        };
        sqlx::query(
            "insert into membership_states (membership_id, state, until_on, reason, starts_on, ends_on, recorded_at)
             values ($1, $2, $3, $4, $5, $6, now())",
        )
        .bind(membership)
        .bind(era.state.status().code())
        .bind(until)
        .bind(reason)
        .bind(era.starts_on)
        .bind(era.ends_on)
        .execute(&mut *db)
        .await
        .unwrap();
    }
    for it in &history.overrides {
        sqlx::query(
            "insert into membership_overrides (id, membership_id, kind, starts_on, until_on, reason, is_confidential, set_by, set_at,
                    lifted_on, lifted_by)
             values (gen_random_uuid(), $1, $2, $3, $4, 'A reason', false, $5, now(), $6, case when $6 is not null then $5 end)",
        )
        .bind(membership)
        .bind(it.kind.code())
        .bind(it.starts_on)
        .bind(it.until)
        .bind(person)
        .bind(it.lifted_on)
        .execute(&mut *db)
        .await
        .unwrap();
    }
    for period in &history.periods {
        sqlx::query("insert into membership_periods (id, membership_id, started_on, ended_on, settled_on) values (gen_random_uuid(), $1, $2, $3, $4)")
            .bind(membership)
            .bind(period.started_on)
            .bind(period.ended_on)
            .bind(period.settled_on)
            .execute(&mut *db)
            .await
            .unwrap();
    }
    person
}

#[tokio::test]
async fn the_roll_of_any_day_says_of_everybody_what_the_rules_say_of_one() {
    let site = Site::open().await;
    let mut tx = site.pool.begin().await.unwrap();
    sqlx::raw_sql("delete from membership_states; delete from membership_periods")
        .execute(&mut *tx)
        .await
        .unwrap();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut known = Vec::new();
    for number in 0..250 {
        let (born_on, history) = histories().new_tree(&mut runner).unwrap().current();
        known.push((keep(&mut tx, number * 2, born_on, &history).await, born_on, history));
    }
    let mut met = std::collections::BTreeMap::<&str, usize>::new();
    for rules in [
        FREE,
        VotingRules { waiting_days: 20, voting_age: 16 },
        VotingRules { waiting_days: 90, voting_age: 18 },
    ] {
        for days in (0..560).step_by(7) {
            let on = day("2023-12-20") + Days::new(days);
            let said = roll(&mut tx, on, rules).await;
            let ought: Vec<_> = known
                .iter()
                .filter_map(|(person, born, history)| Some((*person, history.on(on, Some(*born), rules)?)))
                .collect();
            assert_eq!(said, ought, "on {on} by {rules:?}");
            for (_, stood) in said {
                *met.entry(stood.standing.code()).or_default() += 1;
                *met.entry(stood.no_vote.map_or("votes", NoVote::code)).or_default() += 1;
            }
        }
    }
    for standing in Standing::ALL {
        assert!(met.contains_key(standing.code()), "nobody was {standing}: {met:?}");
    }
    for vote in ["votes", "standing", "barred", "waiting", "age"] {
        assert!(met.contains_key(vote), "{vote}: {met:?}");
    }
}

/// Asks in the officers' box for a day.
async fn ask(officer: &mut Browser, person: Uuid, on: &str) -> Page {
    let path = format!("/admin/members/{person}/standing");
    let [year, month, day] = on.split('-').collect::<Vec<_>>()[..] else { panic!("{on}") };
    officer.get(&format!("{path}?on_day={day}&on_month={month}&on_year={year}")).await
}

#[tokio::test]
async fn what_happened_is_answered_for_every_day_and_the_gap_stays() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let email = "history@example.org";
    // The clock stands at 21 November 2026.
    let subscription = pay(&site, email, PaidBy::Card).await;
    let mut own = signed_in_by_welcome(&site, email).await;
    own.get("/membership")
        .await
        .expect("Your standing")
        .expect("New member")
        .expect("Until 5 December 2026, officers can object")
        .expect("You may vote");
    site.app.clock().advance(Duration::days(30));
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(site.mail_to(email).await.subject, "Your payment did not go through");
    // Nobody looks until weeks after the grace is over.
    site.app.clock().advance(Duration::days(50));
    turn_of_day(&site).await;
    settle(&site).await;
    site.app.clock().advance(Duration::days(40));
    let session = join_as(&site, email).await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let person = id_of(&site, email).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (on, standing, since, vote) in [
        ("2026-11-20", None, "", "Not a member yet"),
        ("2026-11-21", Some(Standing::New), "2026-11-21", "Yes"),
        ("2026-12-04", Some(Standing::New), "2026-11-21", "Yes"),
        ("2026-12-05", Some(Standing::Current), "2026-12-05", "Yes"),
        ("2026-12-20", Some(Standing::Current), "2026-12-05", "Yes"),
        ("2026-12-21", Some(Standing::Grace), "2026-12-21", "Yes"),
        ("2027-01-20", Some(Standing::Grace), "2026-12-21", "Yes"),
        ("2027-01-21", Some(Standing::Lapsed), "2027-01-21", "No: nobody with this standing can vote"),
        ("2027-03-20", Some(Standing::Lapsed), "2027-01-21", "No: nobody with this standing can vote"),
        ("2027-03-21", Some(Standing::New), "2027-03-21", "Yes"),
    ] {
        let found = stood(&site, email, on).await;
        assert_eq!(found.as_ref().map(|stood| stood.standing), standing, "{on}");
        if let Some(found) = found {
            assert_eq!(found.since, day(since), "{on}");
        }
        ask(&mut officer, person, on).await.expect(vote);
    }
    let member_since = async |on| stood(&site, email, on).await.unwrap().member_since;
    assert_eq!(member_since("2026-12-30").await, Some(day("2026-11-21")));
    assert_eq!(member_since("2027-02-01").await, None);
    assert_eq!(member_since("2027-03-30").await, Some(day("2027-03-21")), "the gap stays");
    ask(&mut officer, person, "2027-04-01").await.expect_status(422).expect("Enter today or an earlier date");
    ask(&mut officer, person, "2027-02-30").await.expect_status(422).expect("Enter a real date");
    let page = officer.get(&format!("/admin/members/{person}/standing")).await;
    page.expect("Payment overdue").expect("until 20 January 2027").expect("the payments stopped");
}

#[tokio::test]
async fn whoever_has_waited_and_is_old_enough_votes() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "waits@example.org", PaidBy::Card).await;
    sqlx::query(
        "insert into settings (key, value, valid_from, source) values
                 ('voting_wait_days', '30', '2026-11-21', 'x'), ('voting_min_age', '40', '2026-12-21', 'x')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    site.app.reload_settings().await.unwrap();
    let mut own = signed_in_by_welcome(&site, "waits@example.org").await;
    own.get("/membership").await.expect("You may vote from 21 December 2026, after 30 days as a member");
    site.app.clock().advance(Duration::days(30));
    let person = id_of(&site, "waits@example.org").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    ask(&mut officer, person, "2026-12-20")
        .await
        .expect("No: members can vote once they have been members for 30 days");
    ask(&mut officer, person, "2026-12-21").await.expect("No: members can vote from the age of 40");
    // Those who ask bring the rules.
    assert_eq!(stood(&site, "waits@example.org", "2026-12-21").await.unwrap().no_vote, None);
}

#[tokio::test]
async fn whoever_is_expelled_is_told_by_whom_and_until_when_they_can_appeal() {
    let site = Site::open().await;
    let ana = id_of(&site, "ana@demo.test").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{ana}/end");
    let form = officer.get(&path).await.form(&path).fill("reason", "expelled").fill("words", "Case 9");
    let wrong = form.submit_once(&mut officer).await;
    wrong
        .expect_status(422)
        .expect("Enter who decided this")
        .expect("Enter the rule")
        .expect("Enter the day of the decision");
    let mut form = wrong.form(&path).fill("decided_by", "the disputes panel").fill("rule", "clause 9");
    for (part, decided, appeal) in [("day", "20", "19"), ("month", "11", "11"), ("year", "2026", "2026")] {
        form = form.fill(&format!("decided_{part}"), decided).fill(&format!("appeal_{part}"), appeal);
    }
    let wrong = form.submit_once(&mut officer).await;
    wrong.expect_status(422).expect("Enter a day after the decision");
    let form = wrong.form(&path).fill("appeal_month", "12");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    let mail = site.mail_to("ana@demo.test").await;
    let words = "Decided by the disputes panel on 20 November 2026, under this rule: clause 9. An appeal is possible until 19 December 2026.";
    assert!(mail.text.contains(words), "{}", mail.text);
    let mut own = site.signed_in_as("ana@demo.test").await;
    own.get("/membership").await.expect(words).expect("Expelled").expect_not("Join again");
    own.get("/join")
        .await
        .expect("there is nothing to pay here")
        .expect("how you can appeal")
        .expect_not("Full name");
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get(&format!("/admin/members/{ana}/standing")).await.expect(words).expect("ended by the party");
    assert_eq!(standing_on(&site, "ana@demo.test", "2026-11-21").await, Some(Standing::Expelled));
    settle(&site).await;
}

#[tokio::test]
async fn nobody_writes_to_somebody_who_has_died_and_a_mistake_is_taken_back() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "gone@example.org", PaidBy::Card).await;
    let subscription = subscription_of(&site, "gone@example.org").await;
    let before = site.mails_to("gone@example.org").await.len();
    // One that waits is not sent either.
    site.stranger()
        .post("/sign-in", &[("email", "gone@example.org"), ("how", "link")])
        .await
        .expect_status(200);
    let person = id_of(&site, "gone@example.org").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{person}/end");
    let form = officer.get(&path).await.form(&path).fill("reason", "died").fill("words", "Told by a friend");
    form.submit(&mut officer).await.expect("It was a mistake: they live");
    settle(&site).await;
    let at_stripe: String = sqlx::query_scalar("select status from stripe_stand_in.objects where id = $1")
        .bind(&subscription)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(at_stripe, "canceled");
    let consents: i64 =
        sqlx::query_scalar("select count(*) from consents where person_id = $1 and withdrawn_at is null")
            .bind(person)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(consents, 0);
    // Somebody in the family tries to sign in; an officer puts another address in by mistake.
    site.stranger()
        .post("/sign-in", &[("email", "GONE@example.org"), ("how", "link")])
        .await
        .expect_status(200);
    let details = format!("/admin/members/{person}/details");
    let form = officer.get(&details).await.form(&details).fill("email", "widow@example.org");
    form.submit(&mut officer).await.expect_status(200);
    site.stranger()
        .post("/sign-in", &[("email", "widow@example.org"), ("how", "link")])
        .await
        .expect_status(200);
    assert_eq!(site.mails_to("gone@example.org").await.len(), before);
    assert_eq!(site.mails_to("widow@example.org").await.len(), 0);
    assert_eq!(standing_on(&site, "widow@example.org", "2026-11-21").await, Some(Standing::Deceased));

    let back = format!("/admin/members/{person}/end/mistake");
    officer
        .get(&format!("/admin/members/{person}"))
        .await
        .form(&back)
        .submit(&mut officer)
        .await
        .expect("Undone. They get emails again");
    site.app.clock().advance(Duration::minutes(2));
    site.stranger()
        .post("/sign-in", &[("email", "widow@example.org"), ("how", "link")])
        .await
        .expect_status(200);
    assert_eq!(site.mails_to("widow@example.org").await.len(), 1);
    assert_eq!(standing_on(&site, "widow@example.org", "2026-11-21").await, Some(Standing::Ended));
    officer.post_once(&back, &[]).await.expect_status(409);
}

#[tokio::test]
async fn what_was_known_before_is_kept_as_far_as_it_goes() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let migration = include_str!("../../migrations/20261126005000_membership_standing.sql");
    let before = "create schema before; set search_path to before, public;
        create table memberships (id uuid primary key, person_id uuid, personal jsonb, state text, state_since timestamptz,
            grace_until date, suspended_until date, ended_on date,
            end_reason text constraint memberships_end_reason_check check (end_reason <> 'x'));
        create table membership_periods (id int, membership_id uuid, started_on date, ended_on date);
        insert into memberships select ('00000000-0000-0000-0000-00000000000' || n)::uuid, gen_random_uuid(), '{\"born_on\": \"1980-01-01\"}',
            (array['active', 'grace', 'ended'])[n], '2026-06-01 12:00Z', case n when 2 then date '2026-07-01' end, null,
            case n when 3 then date '2026-06-01' end, case n when 3 then 'left' end from generate_series(1, 3) n;
        insert into membership_periods values
            (1, '00000000-0000-0000-0000-000000000001', '2022-01-01', '2023-01-01'),
            (2, '00000000-0000-0000-0000-000000000001', '2024-01-01', null),
            (3, '00000000-0000-0000-0000-000000000002', '2025-01-01', null),
            (4, '00000000-0000-0000-0000-000000000003', '2025-01-01', '2026-06-01')";
    for statements in [before, migration] {
        sqlx::raw_sql(statements).execute(&mut *db).await.unwrap();
    }
    let said = async |db: &mut PgConnection, on: &str| -> Vec<String> {
        sqlx::query_scalar(
            "select standing from before.membership_standing($1, 0, 14) order by membership_id",
        )
        .bind(day(on))
        .fetch_all(db)
        .await
        .unwrap()
    };
    assert_eq!(said(&mut db, "2022-06-01").await, ["current"]);
    assert_eq!(said(&mut db, "2023-06-01").await, ["ended"]);
    assert_eq!(said(&mut db, "2026-05-31").await, ["current", "current", "current"]);
    assert_eq!(said(&mut db, "2026-06-01").await, ["current", "grace", "resigned"]);
    assert_eq!(said(&mut db, "2026-07-02").await, ["current", "lapsed", "resigned"]);
}

/// Sets something by hand, as an officer does.
async fn set(
    officer: &mut Browser,
    person: Uuid,
    kind: &str,
    until: (&str, &str, &str),
    confidential: bool,
) -> Page {
    let path = format!("/admin/members/{person}/override");
    let form =
        officer.get(&path).await.form(&path).fill("kind", kind).fill("reason", "The bank closed a branch");
    let form = form.fill("until_day", until.0).fill("until_month", until.1).fill("until_year", until.2);
    let form = if confidential { form.tick("confidential", "yes") } else { form };
    form.submit(officer).await
}

#[tokio::test]
async fn an_officer_counts_somebody_as_current_while_a_bank_is_asked_and_it_ends_by_itself() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let email = "counted@example.org";
    let subscription = pay(&site, email, PaidBy::Card).await;
    let person = id_of(&site, email).await;
    site.app.clock().advance(Duration::days(30));
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    // Overdue since 21 December 2026, until 20 January 2027.
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{person}/override");
    let empty = officer.get(&path).await.form(&path).submit_once(&mut officer).await;
    empty.expect_status(422).expect("Choose what applies until then").expect("Enter the last day");
    set(&mut officer, person, "current", ("1", "2", "2028"), false)
        .await
        .expect_status(422)
        .expect("within a year");
    let page = set(&mut officer, person, "current", ("10", "2", "2027"), false).await;
    page.expect("Saved. It ends automatically")
        .expect("Counts as a current member")
        .expect("The bank closed a branch")
        .expect("Alex Mwangi");
    // Pressed twice it is one.
    set(&mut officer, person, "current", ("10", "2", "2027"), false)
        .await
        .expect("Saved. It ends automatically");
    let kept: i64 =
        sqlx::query_scalar("select count(*) from membership_overrides where reason like '%closed a branch%'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(kept, 1);
    let mails = site.mails_to(email).await;
    assert!(
        mails.iter().any(|mail| mail.text.contains("counts you as a current member")
            && mail.text.contains("The bank closed a branch")),
        "{mails:?}"
    );
    let mut own = site.stranger();
    let link = site.mails_to(email).await[0].link("/sign-in/link/");
    own.get(&link).await;
    assert_eq!(standing_on(&site, email, "2026-12-21").await, Some(Standing::Current));
    // Days after the grace would have been over, they are a member still.
    site.app.clock().advance(Duration::days(45));
    turn_of_day(&site).await;
    assert_eq!(crate::membership::standing(&site, email).await, ("grace".to_owned(), "member".to_owned()));
    assert_eq!(standing_on(&site, email, "2027-02-04").await, Some(Standing::Current));
    site.app.clock().advance(Duration::days(10));
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!(crate::membership::standing(&site, email).await.0, "ended");
    assert_eq!(standing_on(&site, email, "2027-02-10").await, Some(Standing::Current));
    let lapsed = stood(&site, email, "2027-02-11").await.unwrap();
    assert_eq!((lapsed.standing, lapsed.since), (Standing::Lapsed, day("2027-02-11")));
    // Whoever has lapsed can be counted again, and it can be ended before its time.
    let mut officer = site.signed_in_as("alex@demo.test").await;
    set(&mut officer, person, "current", ("1", "3", "2027"), false)
        .await
        .expect("Saved. It ends automatically");
    assert_eq!(crate::membership::standing(&site, email).await.1, "member");
    let page = officer.get(&format!("/admin/members/{person}/standing")).await;
    let id: Uuid = sqlx::query_scalar("select id from membership_overrides where until_on = '2027-03-01'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let end = format!("/admin/members/{person}/overrides/{id}/end");
    page.form(&end).submit(&mut officer).await.expect("It has ended");
    officer.post_once(&end, &[]).await.expect_status(409);
    settle(&site).await;
    assert_eq!(crate::membership::standing(&site, email).await, ("ended".to_owned(), "none".to_owned()));
}

#[tokio::test]
async fn an_officer_bars_a_vote_and_the_member_reads_why_unless_it_is_confidential() {
    let site = Site::open().await;
    let ana = id_of(&site, "ana@demo.test").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    set(&mut officer, ana, "no_vote", ("30", "11", "2026"), true).await.expect("confidential");
    assert_eq!(site.mails_to("ana@demo.test").await.len(), 0);
    let mut own = site.signed_in_as("ana@demo.test").await;
    let page = own.get("/membership").await;
    page.expect("The party has decided that you may not vote until 30 November 2026")
        .expect("You may not vote at present");
    page.expect_not("The bank closed a branch");
    set(&mut officer, ana, "no_vote", ("1", "12", "2026"), false)
        .await
        .expect("Saved. It ends automatically");
    own.get("/membership").await.expect("Why: The bank closed a branch");
    assert!(site.mail_to("ana@demo.test").await.text.contains("until 1 December 2026"));
    for (on, vote) in [
        ("2026-11-20", None),
        ("2026-11-21", Some(NoVote::Barred)),
        ("2026-12-01", Some(NoVote::Barred)),
        ("2026-12-02", None),
    ] {
        assert_eq!(stood(&site, "ana@demo.test", on).await.unwrap().no_vote, vote, "{on}");
    }
    ask(&mut officer, ana, "2026-11-21").await.expect("No: an officer has decided so");
    // Nothing is set for who has left.
    let ben = id_of(&site, "ben@demo.test").await;
    set(&mut officer, ben, "no_vote", ("1", "12", "2026"), false).await.expect_status(409);
}

async fn remind(site: &Site) {
    let mut tx = site.pool.begin().await.unwrap();
    breakthrough::kit::queue::push(&mut tx, &breakthrough::membership::Remind::default()).await.unwrap();
    tx.commit().await.unwrap();
    site.work().await;
}

#[tokio::test]
async fn an_unfinished_payment_is_reminded_of_once_and_never_after_joining() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    join_as(&site, "stops@example.org").await;
    site.app.clock().advance(Duration::minutes(70));
    // The same person tries again: the newest try counts.
    join_as(&site, "stops@example.org").await;
    join_as(&site, "pays@example.org").await;
    let other = join_as(&site, "pays@example.org").await;
    let debit = join_as(&site, "debit@example.org").await;
    join_as(&site, "ana@demo.test").await;
    site.app.stripe_stand_in().pay(&other, PaidBy::Card).await.unwrap();
    site.app.stripe_stand_in().pay(&debit, PaidBy::DirectDebit).await.unwrap();
    settle(&site).await;
    let before = [
        site.mails_to("pays@example.org").await.len(),
        site.mails_to("debit@example.org").await.len(),
        site.mails_to("ana@demo.test").await.len(),
    ];
    remind(&site).await;
    assert_eq!(site.mails_to("stops@example.org").await.len(), 0, "not before a day has passed");
    site.app.clock().advance(Duration::hours(24));
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let app = site.app.clone();
        runs.spawn(async move {
            breakthrough::kit::queue::Job::run(breakthrough::membership::Remind::default(), app).await.is_ok()
        });
    }
    assert!(runs.join_all().await.into_iter().all(|ran| ran));
    site.app.clock().advance(Duration::hours(1));
    remind(&site).await;
    let mails = site.mails_to("stops@example.org").await;
    assert_eq!(mails.len(), 1, "{:?}", mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
    assert_eq!(mails[0].subject, "You have not finished joining");
    let after = [
        site.mails_to("pays@example.org").await.len(),
        site.mails_to("debit@example.org").await.len(),
        site.mails_to("ana@demo.test").await.len(),
    ];
    assert_eq!(before, after);
    // Its link finishes it, in any browser.
    let path = mails[0].link("/join/");
    let mut browser = site.stranger();
    let page = browser.get(&path).await;
    let sent = page.form(&format!("{}/payment", page.path)).submit_once(&mut browser).await;
    let session = sent.location.unwrap().rsplit('/').next().unwrap().to_owned();
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(crate::membership::standing(&site, "stops@example.org").await.0, "active");
}

#[tokio::test]
async fn who_pays_by_hand_is_reminded_of_the_end_and_who_pays_automatically_never() {
    let site = Site::open().await;
    sqlx::query(
        "update memberships m set ends_on = '2026-12-19' from people p where p.id = m.person_id and p.email = 'ana@demo.test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let alex = id_of(&site, "alex@demo.test").await;
    sqlx::query("update memberships set subscription = null where person_id = $1")
        .bind(alex)
        .execute(&site.pool)
        .await
        .unwrap();
    let mut change = site.change().await;
    breakthrough::membership::paid_by_hand(&mut change, alex, day("2026-12-19")).await.unwrap();
    change.commit().await.unwrap();
    let mut said = Vec::new();
    for _ in 0..40 {
        remind(&site).await;
        remind(&site).await;
        let now = site.mails_to("alex@demo.test").await.len();
        if said.last().is_none_or(|(count, _)| *count != now) {
            said.push((now, site.app.clock().today()));
        }
        site.app.clock().advance(Duration::days(1));
    }
    assert_eq!(said, [(1, day("2026-11-21")), (2, day("2026-12-12"))]);
    assert_eq!(
        site.mail_to("alex@demo.test").await.subject,
        "Your membership is paid until 19 December 2026"
    );
    assert_eq!(site.mails_to("ana@demo.test").await.len(), 0);
    // Nobody pays: days of grace, and then it is over, until somebody brings the money.
    turn_of_day(&site).await;
    assert_eq!(crate::membership::standing(&site, "alex@demo.test").await.0, "grace");
    site.app.clock().advance(Duration::days(30));
    turn_of_day(&site).await;
    assert_eq!(crate::membership::standing(&site, "alex@demo.test").await.0, "ended");
    assert_eq!(standing_on(&site, "alex@demo.test", "2026-12-19").await, Some(Standing::Current));
    assert_eq!(standing_on(&site, "alex@demo.test", "2027-01-19").await, Some(Standing::Lapsed));
    let mut change = site.change().await;
    breakthrough::membership::paid_by_hand(&mut change, alex, day("2028-01-01")).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(
        crate::membership::standing(&site, "alex@demo.test").await,
        ("active".to_owned(), "member".to_owned())
    );
    settle(&site).await;
}

#[tokio::test]
async fn a_new_member_is_objected_to_and_gets_the_money_back_but_not_a_day_later() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    for email in ["objected@example.org", "settled@example.org"] {
        pay(&site, email, PaidBy::Card).await;
    }
    let subscription = subscription_of(&site, "objected@example.org").await;
    site.app.clock().advance(Duration::days(13));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let end = |id: Uuid| format!("/admin/members/{id}/end");
    let path = end(id_of(&site, "objected@example.org").await);
    let form = officer
        .get(&path)
        .await
        .form(&path)
        .fill("reason", "refused")
        .fill("words", "You stood against us in May.")
        .fill("decided_by", "the membership committee")
        .fill("rule", "Rules of 2025, clause 4");
    let form = [("day", "4"), ("month", "12"), ("year", "2026")]
        .into_iter()
        .fold(form, |form, (part, value)| form.fill(&format!("decided_{part}"), value));
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    settle(&site).await;
    let mail = site.mail_to("objected@example.org").await;
    let all = site.mails_to("objected@example.org").await;
    assert!(all.iter().any(|mail| mail.text.contains("objected to your joining")), "{}", mail.text);
    let words = "on 4 December 2026, under this rule: Rules of 2025, clause 4. Reason: You stood against us in May. The rules give no appeal";
    assert!(all.iter().any(|mail| mail.text.contains(words)), "{}", mail.text);
    let paid: i64 =
        sqlx::query_scalar("select sum(amount_pence)::bigint from ledger where subscription = $1")
            .bind(&subscription)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(paid, 0, "what was paid goes back");
    // The days are over: it is not offered, and not done.
    site.app.clock().advance(Duration::days(1));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = end(id_of(&site, "settled@example.org").await);
    officer.get(&path).await.expect_not("Not admitted");
    officer
        .post_once(
            &path,
            &[
                ("reason", "refused"),
                ("words", "Too late"),
                ("decided_by", "me"),
                ("rule", "4"),
                ("decided_day", "5"),
                ("decided_month", "12"),
                ("decided_year", "2026"),
            ],
        )
        .await
        .expect_status(409);
    assert_eq!(crate::membership::standing(&site, "settled@example.org").await.0, "active");
}

#[tokio::test]
async fn a_roll_has_whoever_had_joined_by_its_freeze_day() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "late@example.org", PaidBy::Card).await;
    let late = id_of(&site, "late@example.org").await;
    let opens_on = day("2026-11-22");
    let freeze = breakthrough::membership::freeze_day(&site.app, opens_on);
    assert_eq!(freeze, day("2026-11-21"));
    let mut db = site.pool.acquire().await.unwrap();
    let with = breakthrough::membership::roll(&site.app, &mut db, opens_on, freeze).await.unwrap();
    let without =
        breakthrough::membership::roll(&site.app, &mut db, opens_on, freeze - Days::new(1)).await.unwrap();
    assert!(with.contains(&late) && !without.contains(&late));
    assert_eq!(with.len(), without.len() + 1);
    let counted: i64 =
        sqlx::query_scalar("select count(*) from memberships where state in ('active', 'grace')")
            .fetch_one(&mut *db)
            .await
            .unwrap();
    assert_eq!(i64::try_from(with.len()).unwrap(), counted);
}
