//! The treasurer's desk: what needs a decision, each thing once; who is behind; who stays; one member's money.

use breakthrough::{
    kit::{progress::Progress, queue, stripe::stand_in::PaidBy},
    payments::{self, TellOfficers},
};
use chrono::Duration;
use uuid::Uuid;

use crate::{
    donations::cases::{accept, watch},
    membership::{pay, settle, signed_in_by_welcome, subscription_of},
    payments::{SECRET, post_event},
    support::{Browser, Page, Site},
};

const TREASURER: &str = "treasurer@demo.test";
const EMAIL: &str = "robin@example.org";

/// A site on which nothing waits: the demo party's own cards are dealt with, but for its donor check.
async fn quiet() -> (Site, Browser) {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    sqlx::query("update stripe_alerts set state = 'settled', settled_at = opened_at")
        .execute(&site.pool)
        .await
        .unwrap();
    sqlx::query("update payment_methods set lost_at = null").execute(&site.pool).await.unwrap();
    sqlx::raw_sql(
        "insert into split_dismissals (lines, reason, dismissed_by, dismissed_at)
         select f.lines, 'Known to us', p.id, now() from split_flags f, people p where p.email = 'treasurer@demo.test';
         delete from split_flags",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    // All months that are over.
    sqlx::query(
        "insert into book_months (month, closed_at, closed_by, lines)
         select '2026-10-01', now(), id, 0 from people where email = 'treasurer@demo.test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let treasurer = site.signed_in_as(TREASURER).await;
    (site, treasurer)
}

/// The words of a card, by its heading.
fn card(page: &Page, title: &str) -> Option<String> {
    let start = format!("{title} ");
    page.select("ol.cards > li").into_iter().find_map(|card| Some(card.strip_prefix(&start)?.to_owned()))
}

async fn on_desk(treasurer: &mut Browser, title: &str) -> Option<String> {
    card(&treasurer.get("/admin/money").await, title)
}

/// Runs what tells officers, twice: what they are told once, they are told once.
async fn told(site: &Site) -> Vec<String> {
    for _ in 0..2 {
        let mut db = site.pool.acquire().await.unwrap();
        queue::push(&mut db, &TellOfficers::default()).await.unwrap();
        drop(db);
        site.work().await;
        site.app.clock().advance(Duration::seconds(1));
    }
    let mails = site.mails_to(TREASURER).await;
    mails.into_iter().filter(|mail| mail.text.contains("treasurer’s desk")).map(|mail| mail.subject).collect()
}

async fn mark_done(treasurer: &mut Browser, kind: &str) -> Page {
    let path = format!("/admin/payments/alerts/{kind}");
    let page = treasurer.get(&path).await;
    let action = page.attributes(&format!("form[action^='{path}/']"), "action").remove(0);
    page.form(&action).submit(treasurer).await
}

#[tokio::test]
async fn a_disputed_payment_is_a_card_with_its_last_day_and_a_mail_once() {
    let (site, mut treasurer) = quiet().await;
    let stripe = site.app.stripe_stand_in();
    let subscription = pay(&site, EMAIL, PaidBy::Card).await;
    assert_eq!(on_desk(&mut treasurer, "Disputes").await, None);
    stripe.question(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(
        on_desk(&mut treasurer, "Disputes").await.unwrap(),
        "1 payment is disputed, £5 Decide by 28 November, in 7 days"
    );
    assert_eq!(told(&site).await, ["1 payment was disputed, £5"]);
    let mail = site.mail_to(TREASURER).await;
    assert!(mail.text.contains("answer by 28 November 2026"), "{}", mail.text);
    let page = treasurer.get("/admin/payments/alerts/dispute").await;
    page.expect("Robin").expect("Answer at Stripe").expect("28 Nov 2026");
    mark_done(&mut treasurer, "dispute").await.expect("Marked as done.").expect("done: Theo Okafor");
    assert_eq!(on_desk(&mut treasurer, "Disputes").await, None);
    // Read again, it stays done; lost, it is news.
    payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
    site.work().await;
    assert_eq!(on_desk(&mut treasurer, "Disputes").await, None);
    stripe.decide_dispute(&subscription, false).await.unwrap();
    settle(&site).await;
    assert_eq!(on_desk(&mut treasurer, "Disputes").await.unwrap(), "1 payment is disputed, £5 Since today");
    assert_eq!(told(&site).await.len(), 2);
    treasurer.get("/admin/payments/alerts/dispute").await.expect("Taken back by the bank");
    // Somebody whose page is older than that does not settle it.
    let id: Uuid =
        sqlx::query_scalar("select id from stripe_alerts where status = 'lost' and state = 'open'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let path = format!("/admin/payments/alerts/dispute/{id}");
    treasurer.post(&path, &[("status", "needs_response")]).await.expect("It has changed since");
    assert!(on_desk(&mut treasurer, "Disputes").await.is_some());
}

#[tokio::test]
async fn a_dispute_that_is_won_settles_itself_and_a_claimed_debit_is_told_once() {
    let (site, mut treasurer) = quiet().await;
    let stripe = site.app.stripe_stand_in();
    let card = pay(&site, EMAIL, PaidBy::Card).await;
    stripe.question(&card).await.unwrap();
    settle(&site).await;
    stripe.decide_dispute(&card, true).await.unwrap();
    settle(&site).await;
    assert_eq!(on_desk(&mut treasurer, "Disputes").await, None);
    assert!(told(&site).await.is_empty(), "over before anybody was told");
    treasurer.get("/admin/payments/alerts/dispute").await.expect("Decided for us");
    // Stripe says of a Direct Debit that it was opened and that it was closed.
    let debit = pay(&site, "debit@example.org", PaidBy::DirectDebit).await;
    let open: String =
        sqlx::query_scalar("select body ->> 'latest_invoice' from stripe_stand_in.objects where id = $1")
            .bind(&debit)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    stripe.settle_debit(&open, true).await.unwrap();
    settle(&site).await;
    stripe.claim_back(&debit).await.unwrap();
    settle(&site).await;
    assert_eq!(told(&site).await, ["1 payment was disputed, £5"]);
    assert_eq!(on_desk(&mut treasurer, "Disputes").await.unwrap(), "1 payment is disputed, £5 Since today");
}

#[tokio::test]
async fn a_payment_that_was_refunded_and_is_claimed_back_too_says_that_it_has_gone_twice() {
    let (site, mut treasurer) = quiet().await;
    let stripe = site.app.stripe_stand_in();
    let path = "/admin/payments/alerts/dispute";
    for refunded in [true, false] {
        let subscription = pay(&site, &format!("{refunded}@example.org"), PaidBy::Card).await;
        if refunded {
            stripe.give_back(&subscription).await.unwrap();
            settle(&site).await;
        }
        stripe.claim_back(&subscription).await.unwrap();
        settle(&site).await;
        let rows = treasurer.get(path).await.select("tbody tr");
        let twice: Vec<_> = rows.iter().filter(|row| row.contains("Refunded and taken back too")).collect();
        assert!(twice.len() == 1 && twice[0].contains("£10 has gone back of £5"), "{rows:?}");
    }
}

#[tokio::test]
async fn a_payout_that_failed_is_a_card_and_a_mail_once_with_or_without_its_webhook() {
    for by_webhook in [true, false] {
        let (site, mut treasurer) = quiet().await;
        let stripe = site.app.stripe_stand_in();
        pay(&site, EMAIL, PaidBy::Card).await;
        payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
        stripe.pay_out().await.unwrap();
        stripe.fail_payout().await.unwrap();
        if by_webhook {
            settle(&site).await;
        } else {
            payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
        }
        let card = on_desk(&mut treasurer, "Failed payouts").await.unwrap();
        assert!(
            card.starts_with("1 payout to the bank failed, £") && card.ends_with("Since today"),
            "{card}"
        );
        payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
        settle(&site).await;
        let told = told(&site).await;
        assert!(told.len() == 1 && told[0].starts_with("1 payout to the bank failed, £"), "{told:?}");
        let page = treasurer.get("/admin/payments/alerts/payout").await;
        page.expect("The bank account has been closed.");
        mark_done(&mut treasurer, "payout").await.expect("Marked as done.");
        assert_eq!(on_desk(&mut treasurer, "Failed payouts").await, None);
        // What did not arrive is at Stripe again.
        let unexplained: i64 = sqlx::query_scalar(
            "select coalesce(sum(number), 0)::bigint from tallies where what = 'books' and part = 'unexplained'",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(unexplained, 0);
    }
}

#[tokio::test]
async fn a_message_of_the_other_mode_is_told_once_until_it_was_settled() {
    let (site, mut treasurer) = quiet().await;
    let live = |id: &str| {
        format!(
            r#"{{"id":"{id}","type":"invoice.paid","livemode":true,"data":{{"object":{{"id":"in_1","object":"invoice"}}}}}}"#
        )
    };
    for id in ["evt_1", "evt_2"] {
        assert_eq!(post_event(&site, SECRET, &live(id)).await, 200);
        site.work().await;
    }
    assert_eq!(
        on_desk(&mut treasurer, "Live or test").await.unwrap(),
        "1 message from Stripe came in the wrong mode, live or test Since today"
    );
    assert_eq!(told(&site).await.len(), 1);
    mark_done(&mut treasurer, "mode").await;
    assert_eq!(on_desk(&mut treasurer, "Live or test").await, None);
    site.app.clock().advance(Duration::hours(1));
    assert_eq!(post_event(&site, SECRET, &live("evt_3")).await, 200);
    site.work().await;
    assert!(on_desk(&mut treasurer, "Live or test").await.is_some());
    assert_eq!(told(&site).await.len(), 2);
}

#[tokio::test]
async fn a_cancelled_debit_is_told_once_and_goes_when_it_is_replaced() {
    let (site, mut treasurer) = quiet().await;
    let subscription = pay(&site, EMAIL, PaidBy::DirectDebit).await;
    site.app.stripe_stand_in().revoke(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(
        on_desk(&mut treasurer, "Cancelled Direct Debits").await.unwrap(),
        "1 Direct Debit was cancelled at the bank Since today"
    );
    assert_eq!(told(&site).await, ["1 Direct Debit was cancelled at the bank"]);
    let mut robin = signed_in_by_welcome(&site, EMAIL).await;
    let to = robin
        .get("/membership")
        .await
        .form("/membership/method")
        .submit_once(&mut robin)
        .await
        .location
        .unwrap();
    let session = to.rsplit('/').next().unwrap();
    let path = format!("/dev/stripe/pay/{session}");
    robin.get(&path).await.form(&path).press("choice", "card").submit_once(&mut robin).await;
    settle(&site).await;
    assert_eq!(on_desk(&mut treasurer, "Cancelled Direct Debits").await, None);
}

#[tokio::test]
async fn a_refund_that_failed_is_told_once() {
    let (site, mut treasurer) = quiet().await;
    let subscription = pay(&site, EMAIL, PaidBy::Card).await;
    let payment: Uuid = sqlx::query_scalar("select id from ledger where subscription = $1")
        .bind(&subscription)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let path = format!("/admin/payments/lines/{payment}");
    let form = treasurer.get(&path).await.form(&format!("{path}/refund"));
    form.fill("amount", "5").fill("reason", "Paid twice").submit(&mut treasurer).await;
    settle(&site).await;
    assert!(told(&site).await.is_empty());
    site.app.stripe_stand_in().fail_refund(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(on_desk(&mut treasurer, "Refunds").await.unwrap(), "1 refund needs attention, £5 Since today");
    assert_eq!(told(&site).await, ["1 refund failed, £5"]);
}

#[tokio::test]
async fn what_the_rooms_wait_with_comes_and_goes_and_an_empty_desk_says_so() {
    let (site, mut treasurer) = quiet().await;
    assert_eq!(
        on_desk(&mut treasurer, "Donor checks").await.unwrap(),
        "1 donation needs a donor check, £750 Decide by 17 December, in 26 days"
    );
    let case: String =
        sqlx::query_scalar("select '/admin/donations/cases/' || line from donor_cases where outcome is null")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let page = treasurer.get("/admin/money").await;
    page.follow(&mut treasurer, "1 donation needs a donor check").await.expect("£750");
    accept(&mut treasurer, &case).await;
    let page = treasurer.get("/admin/money").await;
    page.expect("Nothing to decide").expect("The money looks after itself today");

    let line: Uuid = sqlx::query_scalar(
        "insert into bank_lines (id, day, pence, words, number, uploaded_at, uploaded_by)
         select gen_random_uuid(), '2026-11-18', -1250, 'STALL HIRE', 1, now(), id from people where email = 'treasurer@demo.test'
         returning id",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let bank = on_desk(&mut treasurer, "Bank lines").await.unwrap();
    assert_eq!(bank, "1 line of a bank statement needs checking, £12.50 Has waited 3 days");
    sqlx::query("update bank_lines set settled_at = now(), settled_by = uploaded_by, settled_as = 'known' where id = $1")
        .bind(line)
        .execute(&site.pool)
        .await
        .unwrap();

    let event = "update stripe_events set outcome = $1, processed_at = case when $1 = 'done' then now() end, received_at = '2026-11-20'
                 where id = 'evt_1'";
    let ignored = r#"{"id":"evt_1","type":"moon.rose","livemode":false,"data":{"object":{"id":"x"}}}"#;
    assert_eq!(post_event(&site, SECRET, ignored).await, 200);
    site.work().await;
    sqlx::query(event).bind("failed").execute(&site.pool).await.unwrap();
    let failed = on_desk(&mut treasurer, "Messages from Stripe").await.unwrap();
    assert_eq!(failed, "1 message from Stripe could not be processed Has waited 1 day");
    sqlx::query(event).bind("done").execute(&site.pool).await.unwrap();

    // A month ends, and is closed.
    site.app.clock().advance(Duration::days(10));
    let mut treasurer = site.signed_in_as(TREASURER).await;
    let months = on_desk(&mut treasurer, "Months to close").await.unwrap();
    assert_eq!(months, "1 month is over and can be closed Since today");
    treasurer.post("/admin/books/months/2026-11/closing", &[]).await.expect("is closed");
    treasurer.get("/admin/money").await.expect("Nothing to decide");
}

#[tokio::test]
async fn p7_returns_are_on_the_desk_until_they_are_filed_and_four_nil_ones_excuse() {
    let (site, mut treasurer) = quiet().await;
    // The demo party filed enough nil returns, and had nothing to report since.
    let list = treasurer.get("/admin/donations/returns").await;
    list.expect("Four nil returns in a row");
    let table = list.table("Quarters");
    for quarter in ["January to March 2026", "April to June 2026", "July to September 2026"] {
        assert_eq!(table.cell(quarter, "Status"), "Not needed");
    }
    assert!(table.cell("October to December 2025", "Status").starts_with("Filed on"));
    assert_eq!(on_desk(&mut treasurer, "Returns").await, None);
    // Something to report ends that, and the quarter after it is needed too.
    sqlx::query(
        "insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, person_id, method, entered_by, recorded_at)
         select gen_random_uuid(), 'payment', 1118001, '2026-05-05', 'donation', gen_random_uuid(), p.id, 'transfer', o.id, now()
         from people p, people o where p.email = 'ana@demo.test' and o.email = 'treasurer@demo.test'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    watch(&site).await;
    sqlx::query(
        "update donor_cases set outcome = 'accepted', decided_on = received_on, register_on = received_on, register_name = name,
                register_address = '{\"lives\": \"abroad\", \"lines\": [\"12 rue de Rivoli\"], \"country\": \"France\"}', elector_number = 'BL2-417'
         where outcome is null",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    watch(&site).await;
    assert_eq!(
        on_desk(&mut treasurer, "Returns").await.unwrap(),
        "2 returns to the Electoral Commission have to be filed Overdue since 30 July"
    );
    let table = treasurer.get("/admin/donations/returns").await.table("Quarters");
    assert_eq!(table.cell("January to March 2026", "Status"), "Not needed");
    assert_eq!(table.cell("April to June 2026", "Status"), "Overdue");
    assert_eq!(table.cell("July to September 2026", "Status"), "Overdue");
    for quarter in ["2026-04-01", "2026-07-01"] {
        let path = format!("/admin/donations/returns/quarterly/{quarter}");
        let page = treasurer.get(&path).await;
        page.form(&path).tick("approved", "yes").submit(&mut treasurer).await.expect("Approved and frozen");
    }
    assert_eq!(on_desk(&mut treasurer, "Returns").await, None);
}

#[tokio::test]
async fn only_the_treasurer_has_the_desk() {
    let site = Site::open().await;
    for path in ["/admin/money", "/admin/money/joining", "/admin/payments/alerts/dispute"] {
        site.signed_in_as(TREASURER).await.get(path).await.expect_status(200);
        for email in ["organiser@demo.test", "returning@demo.test", "ana@demo.test"] {
            let status = site.signed_in_as(email).await.get(path).await.status.as_u16();
            assert!([403, 404].contains(&status), "{path} for {email}: {status}");
        }
    }
    site.signed_in_as(TREASURER).await.get("/admin/payments/alerts/moon").await.expect_status(404);
}

/// Nobody is a member any more.
async fn without_members(site: &Site) {
    sqlx::query("truncate memberships cascade").execute(&site.pool).await.unwrap();
}

/// A membership with its periods, of somebody of the demo party.
async fn member(site: &Site, number: i64, periods: &[(&str, Option<(&str, &str)>)], amount: i64) -> Uuid {
    let (joined, _) = periods[0];
    let end = periods.last().unwrap().1;
    let id: Uuid = sqlx::query_scalar(
        "insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence, state, state_since,
                                  ended_on, end_reason)
         select gen_random_uuid(), id, $2::date, '{}', 'standard', 'month', $5, case when $3::text is null then 'active' else 'ended' end,
                $2::date, $3::date, $4
         from people order by id offset $1 limit 1 returning id",
    )
    .bind(number)
    .bind(joined)
    .bind(end.map(|(on, _)| on))
    .bind(end.map(|(_, why)| why))
    .bind(amount)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    for (start, end) in periods {
        sqlx::query("insert into membership_periods (id, membership_id, started_on, ended_on) values (gen_random_uuid(), $1, $2::date, $3::date)")
            .bind(id)
            .bind(start)
            .bind(end.map(|(on, _)| on))
            .execute(&site.pool)
            .await
            .unwrap();
        if let Some((on, why)) = end {
            // Who came back the same day was never gone.
            sqlx::query(
                "insert into membership_states (membership_id, state, reason, starts_on, ends_on, recorded_at)
                 values ($1, 'ended', $2, $3::date, '2027-01-01', now())",
            )
            .bind(id)
            .bind(why)
            .bind(on)
            .execute(&site.pool)
            .await
            .unwrap();
        }
    }
    id
}

#[tokio::test]
async fn who_stays_and_who_leaves_is_as_counted_by_hand() {
    let (site, mut treasurer) = quiet().await;
    without_members(&site).await;
    treasurer.get("/admin/money/joining").await.expect("Nobody joined in the last year");
    // Four joined in August: one left in it, one lapsed in October and came back in November, one died in November.
    member(&site, 0, &[("2026-08-01", None)], 500).await;
    member(&site, 1, &[("2026-08-31", Some(("2026-08-31", "left")))], 500).await;
    let back = [("2026-08-15", Some(("2026-10-02", "lapsed"))), ("2026-11-03", None)];
    let moved = member(&site, 2, &back, 500).await;
    member(&site, 3, &[("2026-08-20", Some(("2026-11-01", "died")))], 500).await;
    // Two in October, one of whom was expelled in November; one long ago, who left in September.
    member(&site, 4, &[("2026-10-31", None)], 500).await;
    member(&site, 5, &[("2026-10-01", Some(("2026-11-20", "expelled")))], 500).await;
    member(&site, 6, &[("2019-05-05", Some(("2026-09-30", "left")))], 500).await;
    let page = treasurer.get("/admin/money/joining").await;
    let stay = page.table("Who stays");
    let row =
        |name: &str| ["People", "Same month", "+1", "+2", "+3"].map(|head| stay.cell(name, head).to_owned());
    assert_eq!(row("Aug 2026"), ["4", "75% 3", "75% 3", "50% 2", "50% 2"]);
    assert_eq!(row("Oct 2026"), ["2", "100% 2", "50% 1", "", ""]);
    assert_eq!(stay.column("Joined in"), ["Oct 2026", "Aug 2026"]);
    // Months that are over: 5 of 6 in the same month, 3 of 4 after one, 2 of 4 after two.
    page.expect("Of a hundred people who join, 50 are members 2 months later.");
    let churn = page.table("Month by month");
    let row = |name: &str| {
        ["Joined", "Left", "Lapsed", "Ended by the party", "Died", "Net", "Members at month end"]
            .map(|head| churn.cell(name, head).to_owned())
    };
    assert_eq!(row("November 2026 so far"), ["1", "0", "0", "1", "1", "\u{2212}1", "3"]);
    assert_eq!(row("October 2026"), ["2", "0", "1", "0", "0", "+1", "4"]);
    assert_eq!(row("September 2026"), ["0", "1", "0", "0", "0", "\u{2212}1", "3"]);
    assert_eq!(row("August 2026"), ["4", "1", "0", "0", "0", "+3", "4"]);
    assert_eq!(churn.column("Month").len(), 13);
    // Two records that become one join in the earlier month, with all their periods.
    sqlx::query("update memberships set joined_on = '2026-07-09' where id = $1")
        .bind(moved)
        .execute(&site.pool)
        .await
        .unwrap();
    let stay = treasurer.get("/admin/money/joining").await.table("Who stays");
    assert_eq!(stay.cell("Jul 2026", "People"), "1");
    assert_eq!(stay.cell("Jul 2026", "+4"), "100% 1");
    assert_eq!(stay.cell("Aug 2026", "+3"), "33% 1");
}

#[tokio::test]
async fn who_is_behind_is_counted_by_how_long_and_found_in_the_list() {
    let (site, mut treasurer) = quiet().await;
    without_members(&site).await;
    // The demo party's regular donation that fails.
    let page = treasurer.get("/admin/money").await;
    page.expect("0 members and 1 regular donation, £25 in all");
    let table = page.table("Behind with payments");
    assert_eq!(table.column("Donations"), ["1", "0", "0", "0"]);
    let failing =
        "update subscriptions set state = $1 where purpose_kind = 'donation' and failing_since is not null";
    sqlx::query(failing).bind("active").execute(&site.pool).await.unwrap();
    treasurer.get("/admin/money").await.expect("Nobody is.");
    // By Stripe: since 21 October (31 days), 22 October (30 days) and 21 August (92 days); by hand: paid until 10 November.
    for (number, amount, failing, paid_until) in [
        (0, 500, Some("2026-10-21T12:00:00Z"), None),
        (1, 1_000, Some("2026-10-22T12:00:00Z"), None),
        (2, 700, Some("2026-08-21T12:00:00Z"), None),
        (3, 250, None, Some("2026-11-10")),
    ] {
        let id = member(&site, number, &[("2026-01-01", None)], amount).await;
        if let Some(failing) = failing {
            sqlx::query(
                "with s as (insert into subscriptions (id, purpose_kind, purpose_id, customer, state, amount_pence, cancel_at_period_end,
                                                       started_at, failing_since, seen_at)
                            values ('sub_Test' || $2, 'membership', gen_random_uuid(), 'cus_1', 'past_due', 500, false, now(), $3::timestamptz, now())
                            returning id)
                 update memberships m set subscription = s.id from s where m.id = $1",
            )
            .bind(id)
            .bind(number.to_string())
            .bind(failing)
            .execute(&site.pool)
            .await
            .unwrap();
        }
        sqlx::query("update memberships set state = 'grace', grace_until = '2026-12-31', ends_on = $2::date where id = $1")
            .bind(id)
            .bind(paid_until)
            .execute(&site.pool)
            .await
            .unwrap();
    }
    let page = treasurer.get("/admin/money").await;
    // Each owes a period's price, and one more for each whole month since.
    page.expect("4 members, £50.50 in all");
    let table = page.table("Behind with payments");
    let row = |name: &str| [table.cell(name, "Members").to_owned(), table.cell(name, "Owed").to_owned()];
    assert_eq!(row("0 to 30 days"), ["2", "£12.50"]);
    assert_eq!(row("31 to 60 days"), ["1", "£10"]);
    assert_eq!(row("61 to 90 days"), ["0", "£0"]);
    assert_eq!(row("More than 90 days"), ["1", "£28"]);
    for (words, found) in [("0 to 30 days", 2), ("31 to 60 days", 1), ("More than 90 days", 1)] {
        let list = page.follow(&mut treasurer, words).await;
        assert_eq!(list.select("table.people tbody tr").len(), found, "{words}");
        list.expect("overdue since");
    }
    // What members pay is not for organisers, and neither is since when they do not.
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    let page = organiser.get("/admin/members?state=grace&behind_to=2026-10-21").await;
    page.expect_status(200).expect_not("overdue");
}

#[tokio::test]
async fn one_member_s_money_is_on_one_page_with_what_the_treasurer_can_do() {
    let (site, mut treasurer) = quiet().await;
    let subscription = pay(&site, EMAIL, PaidBy::Card).await;
    let id = site.person("robin@example.org").await;
    let money = format!("/admin/members/{id}/payments");
    let page = treasurer.get(&money).await;
    page.expect("Standard, £5 a month")
        .expect("Visa card ending 4242")
        .expect("Next payment On 21 December 2026");
    page.follow(&mut treasurer, "Refund £5 of 21 November 2026").await.expect("Up to £5 can be refunded");

    // Another rate from the next period, with the sum shown before.
    let rate = format!("/admin/members/{id}/rate");
    let form = page.follow(&mut treasurer, "Change rate").await.form(&rate);
    let check =
        form.fill("rate", "low_wage").fill("amount", "").fill("every", "month").submit(&mut treasurer).await;
    check.expect("to £1 a month?").expect("Nothing is collected before 21 December 2026");
    check.form(&rate).press("sure", "yes").submit(&mut treasurer).await;
    settle(&site).await;
    let found = site.app.stripe().find_subscription(&subscription).await.unwrap();
    assert_eq!(found.amount_pence, Some(100));
    let mails = site.mails_to(EMAIL).await;
    assert!(mails.iter().any(|mail| mail.subject == "From 21 December 2026 you pay £1 a month"));
    treasurer.get(&money).await.expect("Low-wage or unwaged, £1 a month");

    // The ordinary mail to sign in. Mails are told apart by their time.
    site.app.clock().advance(Duration::minutes(1));
    let link = format!("/admin/members/{id}/sign-in-link");
    let sent = treasurer.get(&money).await.form(&link).submit(&mut treasurer).await;
    sent.expect("We sent the sign-in link to robin@example.org.");
    let link_in_mail = site.mail_to(EMAIL).await.link("/sign-in/link/");
    let mut robin = site.stranger();
    robin.get(&link_in_mail).await.form(&link_in_mail).submit(&mut robin).await;
    robin.get("/membership").await.expect_status(200);
    for (action, number) in [("person.link_sent", 1_i64), ("membership.rate_changed", 1)] {
        let logged: i64 = sqlx::query_scalar(
            "select count(*) from audit_log where action = $1 and subject_id = $2
             and actor = (select id::text from people where email = 'treasurer@demo.test')",
        )
        .bind(action)
        .bind(id.to_string())
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(logged, number, "{action}");
    }
    // As often as the public form would, and no more.
    let mut last = 303;
    for _ in 0..12 {
        last = treasurer.post_once(&link, &[]).await.status.as_u16();
    }
    assert_eq!(last, 429);
    site.work().await;
    assert_eq!(subscription_of(&site, EMAIL).await, subscription);
    // Nobody else's to do.
    for email in ["organiser@demo.test", "returning@demo.test", "ana@demo.test"] {
        let mut other = site.signed_in_as(email).await;
        for path in [&link, &rate] {
            let status = other.post_once(path, &[]).await.status.as_u16();
            assert!([403, 404].contains(&status), "{email} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_to_somebody_who_has_died() {
    let (site, mut treasurer) = quiet().await;
    let (id, email): (Uuid, String) =
        sqlx::query_as("select id, email::text from people where email = 'ana@demo.test'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    sqlx::query("insert into mail_stops (email, stopped_at) values ($1::text::citext, now())")
        .bind(&email)
        .execute(&site.pool)
        .await
        .unwrap();
    let page = treasurer.post(&format!("/admin/members/{id}/sign-in-link"), &[]).await;
    page.expect("We no longer write to this address.");
    assert!(site.mails_to(&email).await.is_empty());
}
