//! Donor checks: one case for each receipt that is a donation in law, its clock, and its end.

use breakthrough::{donations::WatchCases, kit::queue};
use chrono::Duration;

use super::{case_of, give, give_much, send, session_of, sum_of, sums::book};
use crate::{
    membership::{joiner, send_form, settle, standing, subscription_of},
    support::{Browser, Page, Site},
};
use breakthrough::kit::stripe::stand_in::PaidBy;

pub async fn set(site: &Site, key: &str, value: &str, from: &str) {
    sqlx::query(
        "insert into settings (key, value, valid_from, source) values ($1, $2, $3::date, 'test')
         on conflict (key, valid_from) do update set value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .bind(from)
    .execute(&site.pool)
    .await
    .unwrap();
    site.app.reload_settings().await.unwrap();
}

pub async fn watch(site: &Site) {
    let mut db = site.pool.acquire().await.unwrap();
    queue::push(&mut db, &WatchCases::default()).await.unwrap();
    drop(db);
    site.work().await;
}

async fn cases(site: &Site) -> i64 {
    sqlx::query_scalar("select count(*) from donor_cases").fetch_one(&site.pool).await.unwrap()
}

/// Fills the form of a donor who was found.
pub async fn accept(treasurer: &mut Browser, case: &str) -> Page {
    let page = treasurer.get(case).await;
    let form = page.form(&format!("{case}/acceptance")).fill("elector_number", "BL2-417");
    form.submit(treasurer).await
}

async fn refuse(treasurer: &mut Browser, case: &str, why: &str) -> Page {
    let page = treasurer.get(case).await;
    page.form(&format!("{case}/refusal")).fill("why", why).submit(treasurer).await
}

/// Returns dues, with what becomes of the membership.
async fn refuse_dues(treasurer: &mut Browser, case: &str, membership: &str) -> Page {
    let page = treasurer.get(case).await;
    let form = page.form(&format!("{case}/refusal")).fill("why", "not_on_register");
    form.fill("membership", membership).submit(treasurer).await
}

#[tokio::test]
async fn m1_500_pounds_is_no_donation_and_a_penny_more_is_one() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let before = cases(&site).await;
    give(&site, "just@example.org", "500.00").await;
    assert_eq!(cases(&site).await, before);
    let mut browser = site.stranger();
    let page = super::send(&mut browser, "over@example.org", "own", "500.01").await;
    let form = page.form("/donate").fill("address_line1", "1 Mill Lane").fill("town", "Bury");
    let session = session_of(&form.fill("postcode", "BL9 0ND").submit_once(&mut browser).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(cases(&site).await, before + 1);
    // However often it is looked for, it is one.
    watch(&site).await;
    watch(&site).await;
    assert_eq!(cases(&site).await, before + 1);
}

#[tokio::test]
async fn m2_a_large_annual_fee_is_a_donation_and_twelve_small_ones_are_not() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let before = cases(&site).await;
    // By a law that asked for less when it was agreed.
    set(&site, "donation_check_pence", "70000", "2026-11-01").await;
    let mut fields = joiner("annual@example.org");
    fields.retain(|(name, _)| !["rate", "every", "amount"].contains(name));
    fields.extend([
        ("rate", "solidarity".to_owned()),
        ("every", "year".to_owned()),
        ("amount", "600".to_owned()),
    ]);
    let sent = send_form(&mut site.stranger(), &fields).await;
    set(&site, "donation_check_pence", "50000", "2026-11-01").await;
    let session = session_of(&sent);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(cases(&site).await, before + 1);
    let case = case_of(&site, "annual@example.org").await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get(&case).await;
    page.expect("£600 from Robin Ó Súilleabháin").expect("14 Mill Lane, Bury").expect("Membership");
    // Twelve months at £45, to another member: £540 in the year, and none of it a donation.
    sqlx::query(
        "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, person_id, recorded_at)
         select gen_random_uuid(), 'payment', 'in_monthly' || n, 4500, now() - n * interval '30 days', 'membership', gen_random_uuid(),
                (select id from people where email = 'ana@demo.test'), now() from generate_series(1, 12) n",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    watch(&site).await;
    assert_eq!(cases(&site).await, before + 1);

    // What happens to the membership is decided in the same act.
    let subscription = subscription_of(&site, "annual@example.org").await;
    refuse(&mut treasurer, &case, "not_on_register")
        .await
        .expect_status(422)
        .expect("Choose what happens to the membership");
    // Its refund fails: that shows on top, and is tried again until it has arrived.
    refuse_dues(&mut treasurer, &case, "end").await.expect("on its way back").expect("On its way back");
    settle(&site).await;
    assert!(
        site.mails_to("annual@example.org").await.iter().any(|mail| mail.subject.contains("sending back"))
    );
    treasurer.get(&case).await.expect("Sent back on 21 November 2026");
    site.app.stripe_stand_in().fail_refund(&subscription).await.unwrap();
    settle(&site).await;
    treasurer.get("/admin").await.expect("refused donation has not been returned");
    treasurer.get("/admin/donations").await.expect("The refund failed").expect("Robin");
    site.app.clock().advance(Duration::minutes(5));
    let page = treasurer.get(&case).await;
    let page = page.form(&format!("{case}/refund")).submit(&mut treasurer).await;
    page.expect("trying the refund again");
    settle(&site).await;
    treasurer.get(&case).await.expect("Sent back on 21 November 2026");
    treasurer.get("/admin/donations").await.expect_not("Robin");
    treasurer.get("/admin/donations/decided").await.expect("Robin");
}

#[tokio::test]
async fn m7_officers_are_warned_on_each_day_once_and_a_late_case_stays_on_top() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    // The demo party's own donation is out of the way.
    sqlx::query(
        "update donor_cases set outcome = 'accepted', decided_on = received_on where outcome is null",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    give_much(&site, "slow@example.org").await;
    let case = case_of(&site, "slow@example.org").await;
    let warned = async || {
        watch(&site).await;
        watch(&site).await;
        let mails = site.mails_to("treasurer@demo.test").await;
        mails.iter().filter(|mail| mail.text.contains("donor checks")).count()
    };
    for (days, mails) in
        [(0, 0), (13, 0), (14, 1), (20, 1), (21, 2), (24, 2), (25, 3), (30, 3), (31, 4), (37, 4), (38, 5)]
    {
        let now = crate::support::noon() + Duration::days(days);
        site.app.clock().advance(now - site.app.clock().now());
        assert_eq!(warned().await, mails, "day {days}");
    }
    let last = site.mail_to("treasurer@demo.test").await;
    assert!(
        last.subject.contains("past their last day") && last.text.contains("day 38 of 30"),
        "{}",
        last.text
    );
    assert!(!last.text.contains("O’Hara"), "no donor is named");
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/donations").await.expect("One donation is past its last day").expect("Day 38");
    accept(&mut treasurer, &case)
        .await
        .expect_status(422)
        .expect("Say why it is being decided after the last day");
    refuse(&mut treasurer, &case, "not_on_register").await.expect_status(422).expect("Say why");
    let page = treasurer.get(&case).await;
    let form = page.form(&format!("{case}/acceptance")).fill("elector_number", "BL2-417");
    form.fill("late", "The council sent the register late").submit(&mut treasurer).await.expect("Accepted");
    treasurer.get(&case).await.expect("The council sent the register late").expect("29 December 2026");
}

#[tokio::test]
async fn m9_what_was_found_on_the_register_is_kept_and_can_be_undone() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    give_much(&site, "large@example.org").await;
    assert!(site.mail_to("large@example.org").await.text.contains("electoral register"));
    let case = case_of(&site, "large@example.org").await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/donations").await;
    page.expect("the list of people who may vote").expect("large@example.org").expect("21 December 2026");
    // The demo party's donation is four days older, so it stands first.
    assert!(page.select("table tbody tr")[0].contains("Day 4 of 30"), "{}", page.words());
    let page = treasurer.get(&case).await;
    page.expect("1 Mill Lane").expect("Day 0 of 30");
    let empty = page.form(&format!("{case}/acceptance")).submit(&mut treasurer).await;
    empty.expect_status(422).expect("Enter the elector number");
    let wrong =
        page.form(&format!("{case}/acceptance")).fill("elector_number", "7").fill("register_day", "22");
    wrong.submit(&mut treasurer).await.expect_status(422).expect("in force on 21 November 2026");
    let form =
        page.form(&format!("{case}/acceptance")).fill("elector_number", "BL2-417").fill("lives", "abroad");
    let form = form.fill("address_abroad", "12 rue de Rivoli\n75004 Paris").fill("country", "France");
    let page = form.submit(&mut treasurer).await;
    page.expect_status(422).expect("Clear the one that is not yours");
    let form = page.form(&format!("{case}/acceptance"));
    let form = ["address_line1", "address_line2", "town", "postcode"]
        .iter()
        .fold(form, |form, field| form.fill(field, ""));
    form.submit(&mut treasurer).await.expect("Accepted").expect_not("large@example.org");
    treasurer.post_once(&format!("{case}/refusal"), &[("why", "unidentified")]).await.expect_status(409);
    let page = treasurer.get(&case).await;
    page.expect("12 rue de Rivoli, 75004 Paris, France").expect("BL2-417").expect("21 November 2026");
    page.form(&format!("{case}/undo")).submit(&mut treasurer).await.expect("needs a decision again");
    treasurer.post_once(&format!("{case}/undo"), &[]).await.expect_status(409);
    assert_eq!(sum_of(&site, "large@example.org").await, 60_000);
    // Only who checks donors comes here.
    for email in ["organiser@demo.test", "returning@demo.test", "ana@demo.test"] {
        site.signed_in_as(email).await.get(&case).await.expect_status(403);
    }
    treasurer.get("/admin/payments/checks").await.expect("Donor checks");
}

#[tokio::test]
async fn m11_what_went_back_is_kept_as_refused() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    give_much(&site, "unfound@example.org").await;
    let session = give_much(&site, "refunded@example.org").await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let case = case_of(&site, "unfound@example.org").await;
    refuse(&mut treasurer, &case, "unidentified").await.expect("on its way back");
    settle(&site).await;
    assert_eq!(sum_of(&site, "unfound@example.org").await, 0);
    treasurer.get("/admin/donations").await.expect_not("unfound@example.org");
    treasurer.get(&case).await.expect("We cannot tell who the donor is").expect("Sent back on");
    // One that is refunded in Stripe's dashboard leaves the list by itself, and is kept as well.
    let intent: String =
        sqlx::query_scalar("select body ->> 'payment_intent' from stripe_stand_in.objects where id = $1")
            .bind(&session)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    site.app.stripe().refund("by hand", &intent).await.unwrap();
    settle(&site).await;
    treasurer.get("/admin/donations").await.expect_not("refunded@example.org");
    let case = case_of(&site, "refunded@example.org").await;
    treasurer.get(&case).await.expect("before it was decided");
}

#[tokio::test]
async fn m8_money_that_did_not_come_by_card_goes_back_by_hand() {
    let site = Site::open().await;
    sqlx::query(
        "insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, method, entered_by, recorded_at)
         select gen_random_uuid(), 'payment', 90000, '2026-11-15T12:00:00Z', 'donation', gen_random_uuid(), 'cash', id, now()
         from people where email = 'treasurer@demo.test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    watch(&site).await;
    let line: String = sqlx::query_scalar("select line::text from donor_cases where name = 'Not known'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let case = format!("/admin/donations/cases/{line}");
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    refuse(&mut treasurer, &case, "unidentified").await.expect("record how");
    let page = treasurer.get(&case).await;
    page.expect("To be sent back by hand");
    treasurer.post_once(&format!("{case}/refund"), &[]).await.expect_status(409);
    let form = page.form(&format!("{case}/return")).fill("method", "cheque").fill("reference", "17");
    let form = form.fill("to", "The Electoral Commission");
    let form = form.fill("returned_day", "20").fill("returned_month", "11").fill("returned_year", "2026");
    form.submit(&mut treasurer).await.expect("The return is recorded");
    treasurer
        .get(&case)
        .await
        .expect("Sent back on 20 November 2026")
        .expect("Cheque, 17")
        .expect("The Electoral Commission");
    site.work().await;
}

#[tokio::test]
async fn checks_from_before_there_were_cases_are_kept() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let migration = include_str!("../../../migrations/20261126005003_donations_cases.sql");
    let before = "create schema before; set search_path to before, public;
        create table gifts (like public.gifts including defaults);
        alter table gifts add column checked_at timestamptz, add column checked_by uuid, add column returned boolean not null default false;
        create index gifts_to_check on gifts (paid_at);
        create table ledger (like public.ledger including all);
        insert into gifts (id, name, email, amount_pence, declaration, created_at, paid_at, needs_check, checked_at, checked_by, returned)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'N' || n, 'n@example.org', 60000, '', now(), '2026-10-31T23:30:00Z', true,
               case when n > 1 then '2026-11-05T12:00:00Z'::timestamptz end,
               case when n in (2, 3) then (select id from people where email = 'treasurer@demo.test') end, n > 2
        from generate_series(1, 4) n;
        insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, recorded_at)
        select gen_random_uuid(), 'payment', id::text, 60000, paid_at, 'donation', id, now() from gifts";
    for statements in [before, migration] {
        sqlx::raw_sql(statements).execute(&mut *db).await.unwrap();
    }
    let kept: Vec<(String, String, Option<String>, Option<String>)> = sqlx::query_as(
        "select name, received_on || ' ' || decide_by, outcome, why from donor_cases order by name",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let days = "2026-10-31 2026-11-30";
    let row = |name: &str, outcome: Option<&str>, why: Option<&str>| {
        (name.to_owned(), days.to_owned(), outcome.map(str::to_owned), why.map(str::to_owned))
    };
    assert_eq!(
        kept,
        [
            row("N1", None, None),
            row("N2", Some("accepted"), None),
            row("N3", Some("refused"), Some("not_on_register")),
            row("N4", Some("refused"), Some("went_back")),
        ]
    );
}

/// Accepts a donation with an address on the register.
async fn accept_at(treasurer: &mut Browser, case: &str, address: &[(&str, &str)]) -> Page {
    let page = treasurer.get(case).await;
    let mut form = page.form(&format!("{case}/acceptance")).fill("elector_number", "BL2-417");
    for (name, value) in address {
        form = form.fill(name, value);
    }
    let left_out: &[&str] = if address.contains(&("lives", "abroad")) {
        &["address_line1", "address_line2", "town", "postcode"]
    } else {
        &["address_abroad", "country"]
    };
    let form = left_out.iter().fold(form, |form, field| form.fill(field, ""));
    form.submit(treasurer).await
}

#[tokio::test]
async fn b2_an_overseas_elector_gives_no_more_than_the_law_allows_from_its_first_day_on() {
    let site = Site::open().await;
    set(&site, "donation_cap_pence", "100000000", "2026-01-01").await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let abroad = [("lives", "abroad"), ("address_abroad", "12 rue de Rivoli"), ("country", "France")];
    let jersey = [("address_line1", "1 Pier Road"), ("town", "St Helier"), ("postcode", "JE2 3AB")];
    let at_home = [("address_line1", "1 Mill Lane"), ("town", "Bury"), ("postcode", "BL9 0ND")];
    for (email, pence, day, address, refused) in [
        // Before its first day there is no limit; whatever came in that year counts from then on.
        ("ana@demo.test", 10_000_001, "2026-03-24", &abroad[..], false),
        ("ana@demo.test", 50_001, "2026-03-25", &abroad[..], true),
        ("ben@demo.test", 9_949_999, "2026-03-25", &jersey[..], false),
        ("ben@demo.test", 50_001, "2026-03-26", &abroad[..], false),
        ("ben@demo.test", 50_002, "2026-03-27", &jersey[..], true),
        ("sam@demo.test", 10_000_001, "2026-03-26", &at_home[..], false),
        // A new year, a new sum.
        ("sam@demo.test", 50_001, "2025-12-31", &abroad[..], false),
    ] {
        book(&site, email, pence, &format!("{day}T12:00:00Z")).await;
        watch(&site).await;
        let line: uuid::Uuid =
            sqlx::query_scalar("select id from ledger where amount_pence = $1 and at::date = $2::date")
                .bind(pence)
                .bind(day)
                .fetch_one(&site.pool)
                .await
                .unwrap();
        let case = format!("/admin/donations/cases/{line}");
        let page = accept_at(&mut treasurer, &case, &[address, &[("late", "Found late")]].concat()).await;
        if refused {
            page.expect_status(409).expect("more in a year than the law lets an overseas elector give");
            let page = treasurer.get(&case).await;
            let form = page.form(&format!("{case}/refusal")).fill("why", "above_overseas_cap");
            form.fill("late_return", "Found late").submit(&mut treasurer).await.expect("Send the money back");
        } else {
            page.expect("Accepted");
        }
    }
    // Said on the form too, where the party's own limit is higher.
    let mut browser = site.stranger();
    let give = |amount: &'static str, lives: &'static str| {
        let abroad = [("address_abroad", "12 rue de Rivoli"), ("country", "France"), ("town", "")];
        let at_home = [("address_line1", "1 Mill Lane"), ("town", "Bury"), ("postcode", "BL9 0ND")];
        let all = [
            ("sum", "own"),
            ("amount", amount),
            ("name", "Maya O’Hara"),
            ("email", "maya@example.org"),
            ("lives", lives),
            ("declaration", "yes"),
        ];
        [&all[..], if lives == "abroad" { &abroad } else { &at_home }].concat()
    };
    let page = browser.post_once("/donate", &give("100000.01", "abroad")).await;
    page.expect_status(422).expect("the most we accept from one person is £100,000");
    session_of(&browser.post_once("/donate", &give("100000.01", "uk")).await);
    session_of(&browser.post_once("/donate", &give("100000", "abroad")).await);
    site.work().await;
}

/// Somebody who pays £600 a year.
async fn pay_yearly(site: &Site, email: &str) -> String {
    let mut fields = joiner(email);
    fields.retain(|(name, _)| !["rate", "every", "amount"].contains(name));
    fields.extend([
        ("rate", "solidarity".to_owned()),
        ("every", "year".to_owned()),
        ("amount", "600".to_owned()),
        ("own_money", "yes".to_owned()),
    ]);
    let session = session_of(&send_form(&mut site.stranger(), &fields).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(site).await;
    subscription_of(site, email).await
}

#[tokio::test]
async fn m2_dues_that_are_refused_end_the_membership_or_leave_it_unpaid_as_is_decided() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    for (email, decided, state, words) in [
        ("ended@example.org", "end", "ended", "Your membership has ended today"),
        ("unpaid@example.org", "unpaid", "grace", "You stay a member until"),
    ] {
        let subscription = pay_yearly(&site, email).await;
        let case = case_of(&site, email).await;
        let page = treasurer.get(&case).await;
        page.expect("What happens to the membership it paid for")
            .expect("join again at a rate that needs no check");
        refuse_dues(&mut treasurer, &case, decided).await.expect("on its way back");
        // Pressed twice, it is decided once.
        let again = [("why", "not_on_register"), ("membership", decided)];
        treasurer.post(&format!("{case}/refusal"), &again).await.expect_status(409);
        settle(&site).await;
        assert_eq!(standing(&site, email).await.0, state);
        // The money is back, nothing more comes, and one mail says both.
        treasurer.get(&case).await.expect("Sent back on 21 November 2026");
        let ended: String = sqlx::query_scalar("select state from subscriptions where id = $1")
            .bind(&subscription)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        assert_eq!(ended, "canceled");
        let mails = site.mails_to(email).await;
        let last = mails.last().unwrap();
        assert_eq!(last.subject, "We are sending back your payment of £600");
        assert!(last.text.contains(words) && last.text.contains("not find you on one"), "{}", last.text);
        assert!(!mails.iter().any(|mail| mail.subject == "Your membership has ended"));
        let kept: i64 =
            sqlx::query_scalar("select sum(amount_pence)::bigint from ledger where subscription = $1")
                .bind(&subscription)
                .fetch_one(&site.pool)
                .await
                .unwrap();
        assert_eq!(kept, 0);
    }
    // A donation has no membership, and is refused as before.
    give_much(&site, "maya@example.org").await;
    let case = case_of(&site, "maya@example.org").await;
    treasurer.get(&case).await.expect_not("What happens to the membership");
    refuse(&mut treasurer, &case, "party_rules").await.expect("on its way back");
    settle(&site).await;
    assert_eq!(site.mail_to("maya@example.org").await.subject, "We are sending back your donation of £600");
}

#[tokio::test]
async fn m8_a_refund_that_stripe_will_not_make_is_given_up_and_sent_by_hand() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    give_much(&site, "maya@example.org").await;
    let case = case_of(&site, "maya@example.org").await;
    // Stripe does not know the payment any more.
    sqlx::query(
        "delete from stripe_stand_in.objects where id = (select l.payment_intent from donor_cases c join ledger l on l.id = c.line
                                                         where c.email = 'maya@example.org')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    refuse(&mut treasurer, &case, "party_rules").await.expect("on its way back");
    site.leaves_failed("payments_give_back");
    watch(&site).await;
    treasurer.get(&case).await.expect("On its way back");
    treasurer.get("/admin").await.expect_not("refused donation has not been returned");
    site.app.clock().advance(Duration::days(4));
    watch(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin").await.expect("refused donation has not been returned");
    let page = treasurer.get(&case).await;
    page.expect("The refund failed").expect("Try the refund again");
    let form = page.form(&format!("{case}/return")).fill("method", "transfer").fill("to", "Maya");
    let form = form.fill("returned_day", "25").fill("returned_month", "11").fill("returned_year", "2026");
    form.submit(&mut treasurer).await.expect("The return is recorded");
    treasurer.get(&case).await.expect("Sent back on 25 November 2026");
    site.work().await;
}

#[tokio::test]
async fn m7_the_day_of_receipt_is_that_of_the_charge_whenever_we_hear_of_it() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    // The page is opened on one day, paid on the next, and heard of hours or days later.
    for (number, (pages_hours, heard_hours)) in
        [(0, 0), (20, 0), (20, 1), (0, 25), (20, 72), (13, 240)].into_iter().enumerate()
    {
        let email = format!("day{number}@example.org");
        let mut browser = site.stranger();
        let form = send(&mut browser, &email, "own", "600").await.form("/donate").fill("town", "Bury");
        let form = form.fill("address_line1", &format!("{number} Mill Lane")).fill("postcode", "BL9 0ND");
        let session = session_of(&form.submit_once(&mut browser).await);
        site.app.clock().advance(Duration::hours(pages_hours));
        let paid_at = site.app.clock().now();
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        site.app.clock().advance(Duration::hours(heard_hours));
        settle(&site).await;
        watch(&site).await;
        let (at, received_on, decide_by): (chrono::DateTime<chrono::Utc>, chrono::NaiveDate, chrono::NaiveDate) = sqlx::query_as(
            "select l.at, c.received_on, c.decide_by from donor_cases c join ledger l on l.id = c.line where c.email = $1::text::citext",
        )
        .bind(&email)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        let day = breakthrough::kit::dates::london_date(paid_at);
        assert_eq!((at.timestamp(), received_on), (paid_at.timestamp(), day), "{pages_hours} {heard_hours}");
        assert_eq!(decide_by, day + Duration::days(30), "{pages_hours} {heard_hours}");
    }
}
