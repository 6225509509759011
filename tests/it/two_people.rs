//! Two people who change the same thing at the same time: whoever comes second is told, and loses nothing.

use breakthrough::kit::stripe::stand_in::PaidBy;
use uuid::Uuid;

use crate::{
    membership::{pay, settle, signed_in_by_welcome},
    support::{Browser, Page, Site},
};

const TOLD: &str = "Somebody else saved this while you were writing";

async fn two(site: &Site) -> (Browser, Browser) {
    (site.signed_in_as("alex@demo.test").await, site.signed_in_as("alex@demo.test").await)
}

async fn set(officer: &mut Browser, page: &Page, value: &str, day: (&str, &str, &str)) -> Page {
    page.form(&page.path)
        .fill("value", value)
        .fill("from_day", day.0)
        .fill("from_month", day.1)
        .fill("from_year", day.2)
        .fill("source", "The executive")
        .submit_once(officer)
        .await
}

#[tokio::test]
async fn a_value_that_is_planned_hides_no_other() {
    let site = Site::open().await;
    let (mut one, mut two) = two(&site).await;
    let (today, later, planned) = (("21", "11", "2026"), ("1", "5", "2027"), ("1", "3", "2030"));
    // From the same day, from an earlier and from a later one than the other officer's.
    for (key, values, [first, second]) in [
        ("donation_cap_pence", ["5000", "4000", "6000"], [today, today]),
        ("grace_days", ["30", "20", "25"], [today, today]),
        ("site_name", ["Planned", "First", "Second"], [later, today]),
        ("contact_email", ["p@party.test", "a@party.test", "b@party.test"], [today, later]),
        ("imprint", ["Planned, London", "First, Leeds", "Second, York"], [later, later]),
    ] {
        let path = format!("/admin/settings/{key}");
        let page = one.get(&path).await;
        assert_eq!(set(&mut one, &page, values[0], planned).await.status, 303, "{key}");
        let (mine, theirs) = (one.get(&path).await, two.get(&path).await);
        assert_eq!(set(&mut one, &mine, values[1], first).await.status, 303, "{key}");
        let page = set(&mut two, &theirs, values[2], second).await;
        page.expect_status(409).expect(TOLD).expect("Saved now: “");
        assert_eq!(page.form(&path).value("value"), Some(values[2]), "{key}");
        // Having seen it, they insist.
        assert_eq!(page.form(&path).submit_once(&mut two).await.status, 303, "{key}");
    }
    // The same said twice is no quarrel.
    let path = "/admin/settings/grace_days";
    let (mine, theirs) = (one.get(path).await, two.get(path).await);
    assert_eq!(set(&mut one, &mine, "7", today).await.status, 303);
    assert_eq!(set(&mut two, &theirs, "7", today).await.status, 303);
}

#[tokio::test]
async fn settings_that_cannot_both_hold_are_refused() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let (today, later) = (("21", "11", "2026"), ("1", "5", "2027"));
    for (key, value, day, other) in [
        ("rate_low_wage_month", "50", today, "Enter that or less"),
        ("rate_solidarity_month", "2", today, "Enter that or more"),
        ("rate_standard_year", "1", later, "Enter that or more"),
        ("donation_min_pence", "6000", later, "Enter that or less"),
        ("donation_cap_pence", "0", today, "Enter that or more"),
        ("site_name", "..", today, "Enter the name in letters"),
        ("site_name", "https://evil.test", today, "Enter the name in letters"),
        ("debit_pending_is_member", "maybe", today, "Choose yes or no"),
    ] {
        let page = officer.get(&format!("/admin/settings/{key}")).await;
        page.expect_status(200);
        let page = set(&mut officer, &page, value, day).await;
        page.expect_status(422).expect(other);
        assert_eq!(
            page.attributes("[aria-invalid=true], .wrong input", "name").first().map(String::as_str),
            Some("value"),
            "{key}"
        );
    }
    // What is planned for the other counts on its day.
    let page = officer.get("/admin/settings/donation_cap_pence").await;
    assert_eq!(set(&mut officer, &page, "4000", later).await.status, 303);
    let page = officer.get("/admin/settings/donation_min_pence").await;
    set(&mut officer, &page, "4500", today).await.expect_status(422).expect("£4,000 on 1 May 2027");
}

#[tokio::test]
async fn of_two_names_saved_at_the_same_moment_one_is_told() {
    let site = Site::open().await;
    let (one, two) = two(&site).await;
    let id: Uuid = sqlx::query_scalar("select id from people where email = 'ana@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let path = format!("/admin/members/{id}/details");
    for turn in 0..6 {
        let mut both = tokio::task::JoinSet::new();
        let page = one.clone().get(&path).await;
        for (number, browser) in [&one, &two].into_iter().enumerate() {
            let (mut browser, path) = (browser.clone(), path.clone());
            let form = page
                .form(&path)
                .fill("name", &format!("Ana {} Silva", ["Maria", "Berta"][number]).repeat(1 + turn % 2));
            both.spawn(async move { form.submit_once(&mut browser).await.status.as_u16() });
        }
        let mut statuses = both.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "{turn}");
    }
}

#[tokio::test]
async fn what_holds_of_a_party_is_not_overwritten_unseen() {
    let site = Site::open().await;
    let (mut one, mut two) = two(&site).await;
    let list = one.get("/admin/other-parties/list").await;
    let path = list.attributes("main a[href^='/admin/other-parties/list/']", "href");
    let path = path.iter().find(|path| !path.ends_with("/new")).unwrap().clone();
    let fill = |page: &Page, ruling: &str, day: &str, reason: &str| {
        let form = page.form(&path).fill("ruling", ruling).fill("from_day", day).fill("from_month", "12");
        form.fill("from_year", "2026").fill("reason", reason).fill("rule", "Rules of 2026, clause 5")
    };
    for (ruling, other, days) in [
        ("barred", "allowed", ["1", "1"]),
        ("allowed", "barred", ["2", "2"]),
        ("ask", "barred", ["5", "4"]),
        ("barred", "ask", ["6", "8"]),
        ("allowed", "ask", ["9", "9"]),
    ] {
        let (mine, theirs) = (one.get(&path).await, two.get(&path).await);
        assert_eq!(fill(&mine, ruling, days[0], "Conference").submit_once(&mut one).await.status, 303);
        let page = fill(&theirs, other, days[1], "The executive").submit_once(&mut two).await;
        page.expect_status(409).expect(TOLD).expect("Saved now: “Conference”");
        assert_eq!(page.form(&path).value("reason"), Some("The executive"));
        assert_eq!(page.form(&path).submit_once(&mut two).await.status, 303);
    }
    // Sent twice, it is one.
    let page = one.get(&path).await;
    for _ in 0..2 {
        assert_eq!(fill(&page, "ask", "20", "Once").submit_once(&mut one).await.status, 303);
    }
    let rulings: i64 = sqlx::query_scalar("select count(*) from other_party_rulings where reason = 'Once'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(rulings, 1);
}

#[tokio::test]
async fn a_rate_is_not_changed_over_somebody_s_head() {
    let site = Site::open().await;
    let email = "robin@example.org";
    site.app.stripe_stand_in().hold();
    pay(&site, email, PaidBy::Card).await;
    let mut member = signed_in_by_welcome(&site, email).await;
    let (mut one, mut two) = two(&site).await;
    let id: Uuid = sqlx::query_scalar("select id from people where email = $1")
        .bind(email)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let (office, own) = (format!("/admin/members/{id}/rate"), "/membership/rate");
    let fill = |page: &Page, rate: &str, amount: &str| {
        page.form(&page.path).fill("rate", rate).fill("amount", amount).fill("every", "month")
    };
    // Before Stripe has heard of the first change, and after.
    for (stripe_knows, rates) in [(false, ["low_wage", "solidarity"]), (true, ["standard", "solidarity"])] {
        let (mine, theirs) = (one.get(&office).await, two.get(&office).await);
        let members = member.get(own).await;
        let sure = fill(&mine, rates[0], "").submit(&mut one).await;
        assert_eq!(sure.form(&office).press("sure", "yes").submit_once(&mut one).await.status, 303);
        if stripe_knows {
            settle(&site).await;
        }
        for (browser, page, path) in [(&mut two, theirs, office.as_str()), (&mut member, members, own)] {
            let sure = fill(&page, rates[1], "15").submit(browser).await;
            let page = sure.form(path).press("sure", "yes").submit_once(browser).await;
            page.expect_status(409).expect(TOLD).expect("Saved now: “");
            assert_eq!(page.form(path).value("amount"), Some("15"));
        }
        settle(&site).await;
    }
    // Paying less for a time, in two windows.
    let path = "/membership/hardship";
    let (mine, theirs) = (member.get(path).await, member.get(path).await);
    let less = |page: &Page, amount: &str, months: &str| {
        page.form(path).fill("less", amount).fill("less_months", months)
    };
    let sure = less(&mine, "1", "3").submit(&mut member).await;
    assert_eq!(sure.form(path).press("sure", "yes").submit_once(&mut member).await.status, 303);
    for (amount, months, told) in [("2", "3", "Saved now: “1.00”"), ("1", "6", "Saved now: “until")] {
        let sure = less(&theirs, amount, months).submit(&mut member).await;
        let page = sure.form(path).press("sure", "yes").submit_once(&mut member).await;
        page.expect_status(409).expect(TOLD).expect(told);
    }
    site.work().await;
}
