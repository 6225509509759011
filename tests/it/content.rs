use std::time::Duration;

use reqwest::{Method, header};
use scraper::{Html, Selector};

use crate::support::{Browser, Page, Site};

const EDITOR: &str = "alex@demo.test";

/// The editor's page of an item, found in a list by its title.
async fn open_item(browser: &mut Browser, list: &str, title: &str) -> Page {
    let page = browser.get(list).await;
    let html = Html::parse_document(&page.body);
    let links = Selector::parse("th a").unwrap();
    let link = html.select(&links).find(|link| link.text().collect::<String>() == title);
    let link = link.unwrap_or_else(|| panic!("{title} is not in {list}")).attr("href").unwrap().to_owned();
    browser.get(&link).await
}

async fn write_article(browser: &mut Browser, title: &str, body: &str) -> Page {
    let form = browser.get("/admin/news/new").await.form("/admin/news/new");
    let form = form.fill("title", title).fill("summary", "In short.").fill("body", body);
    let page = form.submit(browser).await;
    page.expect_status(200).expect("Saved as a draft");
    page
}

#[tokio::test]
async fn a_visitor_reads_the_questions() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = browser.get("/faq").await;
    page.expect_status(200).expect("Who leads Breakthrough?").expect("Northern Independence Party");
    page.expect("Last changed on").expect("Join as a member");
    assert!(page.select("details.question summary h3").len() >= 10);
    let page = browser.get("/faq/who-leads-breakthrough").await;
    let data = page.select("script[type='application/ld+json']");
    let data: serde_json::Value = serde_json::from_str(&data[0]).unwrap();
    assert_eq!(data["@type"], "FAQPage");
    assert_eq!(data["mainEntity"][0]["name"], "Who leads Breakthrough?");
    page.expect_status(200).expect("Alex Mays is our leader");
    assert_eq!(page.select("h1"), ["Who leads Breakthrough?"]);
    let canonical = page.attributes("link[rel=canonical]", "href");
    assert!(canonical[0].ends_with("/faq/who-leads-breakthrough"), "{canonical:?}");
    browser.get("/faq/nothing-like-that").await.expect_status(404);
}

#[tokio::test]
async fn a_search_forgives_slips() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let search = browser.get("/faq").await.form("/faq").fill("q", "leeder");
    let page = search.submit(&mut browser).await;
    page.expect_status(200);
    assert_eq!(page.select("ol.cards h2")[0], "Who leads Breakthrough?");
    assert!(page.select("mark").contains(&"leader".to_owned()), "{}", page.body);
    for (typed, found) in [
        ("who funds you", "Who funds you?"),
        ("fist past the post", "Can anyone break through under First Past the Post?"),
        ("memorandum", "Do you work with other parties and groups?"),
        ("how do members vote on policy", "How is policy made?"),
    ] {
        let page = browser.get("/faq").await.form("/faq").fill("q", typed).submit(&mut browser).await;
        let titles = page.select("ol.cards h2");
        assert!(titles.iter().take(2).any(|title| title == found), "{typed}: {titles:?}");
    }
    let mut wrong = Vec::new();
    for (typed, found) in [
        ("cancel", "How do I cancel my membership, or leave?"),
        ("leave", "How do I cancel my membership, or leave?"),
        ("quit the party", "How do I cancel my membership, or leave?"),
        ("cancelling", "How do I cancel my membership, or leave?"),
        ("how much", "How much does membership cost?"),
        ("how much is it to join", "How much does membership cost?"),
        ("price", "How much does membership cost?"),
        ("fees", "How much does membership cost?"),
        ("Direct Debit", "How does Direct Debit work?"),
        ("refund", "Can I have a refund?"),
        ("unsubscribe", "How do I stop the emails?"),
        ("login", "How do I sign in or log in, with or without a password?"),
        ("forgot password", "How do I change my password, or what if I forgot it?"),
        ("gdpr", "What do you do with my personal data?"),
        ("unemployed", "What if I can’t afford it?"),
        ("moved house", "I have moved house. How do I change my address?"),
        ("payment declined", "What happens if a payment fails?"),
        ("gift aid", "Can I claim Gift Aid on a donation?"),
        ("cooki", "Do you use cookies?"),
        ("age limit", "Who can join, and is there an age limit?"),
        ("volunt", "Can I volunteer without becoming a member?"),
        ("donate", "How do I donate?"),
        ("leadership election", "Who elects the leadership and the candidates?"),
    ] {
        let page = browser.get("/faq").await.form("/faq").fill("q", typed).submit(&mut browser).await;
        let titles = page.select("ol.cards h2");
        if titles.first().map(String::as_str) != Some(found) {
            wrong.push(format!("{typed}: {titles:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The answer that is meant comes first.
    for (typed, slug) in [
        ("cancel", "how-do-i-cancel-my-membership"),
        ("quit", "how-do-i-cancel-my-membership"),
        ("resign", "how-do-i-cancel-my-membership"),
        ("stop paying", "how-do-i-stop-paying"),
        ("standing order", "can-i-pay-by-standing-order"),
        ("cash", "can-i-pay-by-standing-order"),
        ("cheque", "can-i-pay-by-standing-order"),
        ("abroad", "can-i-join-from-abroad"),
        ("northern ireland", "can-i-join-from-abroad"),
        ("scotland", "can-i-join-from-abroad"),
        ("welsh", "can-i-join-from-abroad"),
        ("two accounts", "i-have-two-accounts"),
        ("dues", "how-much-does-membership-cost"),
        ("directdebit", "how-does-direct-debit-work"),
        ("expel", "can-i-be-suspended-or-expelled"),
        ("suspended", "can-i-be-suspended-or-expelled"),
        ("dead", "a-member-has-died"),
        ("complain", "how-do-i-complain"),
        ("tax", "can-i-claim-gift-aid"),
        ("shop", "do-you-have-a-shop"),
        ("give somebody membership", "can-i-give-somebody-a-membership"),
        ("young", "who-can-join"),
        ("stand for election", "can-i-stand-as-a-candidate"),
        ("banned", "can-i-be-suspended-or-expelled"),
        ("kicked out", "can-i-be-suspended-or-expelled"),
        ("press", "my-question-isnt-here"),
        ("media interview", "my-question-isnt-here"),
        ("prison", "who-can-join"),
        ("EU citizen", "who-can-join"),
        ("foreigner", "who-can-join"),
        ("vote online", "how-do-members-vote"),
        ("is voting secret", "how-do-members-vote"),
        ("postal vote", "how-do-members-vote"),
        ("ballot", "how-do-members-vote"),
        ("renewal", "how-do-i-cancel-my-membership"),
        ("expire", "how-do-i-cancel-my-membership"),
        ("membership card", "where-do-i-see-what-i-have-paid"),
        ("membership number", "where-do-i-see-what-i-have-paid"),
        ("money back", "can-i-have-a-refund"),
        ("code not arriving", "the-sign-in-email-has-not-come"),
        ("bereavement", "a-member-has-died"),
        ("merchandise", "do-you-have-a-shop"),
        ("t-shirt", "do-you-have-a-shop"),
        ("annual", "how-much-does-membership-cost"),
        ("upgrade", "can-i-change-my-rate"),
        ("paypal", "how-can-i-pay"),
        ("local branch", "how-do-i-get-involved"),
        ("manifesto", "how-is-policy-made"),
        ("constitution", "what-does-breakthrough-stand-for"),
        ("jobs", "my-question-isnt-here"),
        ("cymraeg", "my-question-isnt-here"),
        ("translate", "my-question-isnt-here"),
        ("wheelchair", "is-the-website-accessible"),
    ] {
        let query = serde_html_form::to_string([("q", typed)]).unwrap();
        let page = browser.get(&format!("/faq?{query}")).await;
        let found = page.attributes("main a[href^='/faq/']", "href");
        if found.first() != Some(&format!("/faq/{slug}")) {
            wrong.push(format!("{typed}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let page = browser.get("/faq?q=cancel").await;
    assert!(page.select("mark").iter().all(|word| word.to_lowercase() != "can"), "{:?}", page.select("mark"));
    browser
        .get("/faq/can-i-change-my-rate")
        .await
        .expect("choose another one")
        .expect_not("no questions asked");
    browser.get("/faq/how-do-i-change-my-name-or-email").await.expect("On your account");
    browser.get("/faq/what-if-i-cannot-afford-it").await.expect("pay less for a time");
    let page = browser.get("/faq?q=xylophone").await;
    page.expect_status(200).expect("Nobody has asked that yet").expect("Ask us");
    for odd in [
        "%00",
        "%C2%BD%C2%BD%C2%BD",
        "%3A*%20%7C%20%21",
        "'%22%3C%3E%25%5C",
        "%E2%80%AE",
        "%ff",
        "((%26%7C!",
        &"a".repeat(5_000),
    ] {
        let page = browser.get(&format!("/faq?q={odd}")).await;
        assert!(page.status.as_u16() < 500, "{odd}: {}", page.status);
    }
    browser.get("/faq?q=%3Cscript%3Ealert(1)%3C/script%3E").await.expect_status(200);
}

#[tokio::test]
async fn pages_say_what_they_should() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for (path, words) in [
        ("/about", "Alex Mays founded it in 2021"),
        ("/about", "Contains OS data © Crown copyright"),
        ("/people", "Leader and founder"),
        ("/allies", "Memorandum of Understanding agreed"),
        ("/privacy", "Article 9(2)(d)"),
        ("/privacy", "Information Commissioner"),
        ("/privacy", "a sign-up that was not confirmed goes after 7 days"),
        ("/accessibility", "Web Content Accessibility Guidelines 2.2"),
    ] {
        browser.get(path).await.expect_status(200).expect(words).expect("Promoted by the Breakthrough Party");
    }
    assert_eq!(browser.get("/about").await.select("section#credits h2"), ["Credits"]);
    let page = browser.get_once("/pages/privacy").await;
    assert_eq!((page.status.as_u16(), page.location.as_deref()), (308, Some("/privacy")));
}

#[tokio::test]
async fn an_officer_writes_publishes_and_renames_an_article() {
    let site = Site::open().await;
    site.listen().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let mut visitor = site.stranger();
    let page =
        write_article(&mut officer, "We won in Radcliffe", "## How\n\nBy **knocking** on doors.").await;
    let path = page.path.clone();
    let at_once = "everybody sees what you save at once";
    page.expect_not(at_once).expect_not("Save and publish");
    visitor.get("/news/we-won-in-radcliffe").await.expect_status(404);
    visitor.get("/news").await.expect_not("We won in Radcliffe");
    page.form(&format!("{path}/publication")).submit(&mut officer).await.expect("Published");
    let article = visitor.get("/news/we-won-in-radcliffe").await;
    article.expect_status(200).expect("Saturday 21 November 2026");
    assert_eq!(article.select("article h2"), ["How"]);
    let data: serde_json::Value =
        serde_json::from_str(&article.select("script[type='application/ld+json']")[0]).unwrap();
    assert_eq!((&data["@type"], &data["headline"]), (&"NewsArticle".into(), &"We won in Radcliffe".into()));
    visitor.soon("/news", |page| page.words().contains("We won in Radcliffe")).await;
    let page = officer.get(&path).await;
    page.expect(at_once).expect("Save and publish");
    page.form(&path).fill("slug", "radcliffe").submit(&mut officer).await.expect("Saved.");
    let old = visitor.soon("/news/we-won-in-radcliffe", |page| page.status != 200).await;
    assert_eq!((old.status.as_u16(), old.location.as_deref()), (308, Some("/news/radcliffe")));
    let page = officer.get(&path).await;
    page.form(&format!("{path}/publication/end")).submit(&mut officer).await.expect("draft again");
    visitor.get("/news/radcliffe").await.expect_status(404);
    let page = officer.get(&path).await;
    page.form(&format!("{path}/deletion")).submit(&mut officer).await.expect("Deleted");
    let page = officer.get("/admin/news").await;
    page.form(&format!("{path}/deletion/end")).submit(&mut officer).await.expect("Brought back as a draft");
    let actions: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where action like 'content.%' and actor <> 'system' order by id",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(
        actions.join(" "),
        "content.added content.published content.changed content.unpublished content.deleted content.brought_back"
    );
}

#[tokio::test]
async fn a_preview_saves_nothing() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let count = "select count(*) from content_items";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&site.pool).await.unwrap();
    let form = officer.get("/admin/news/new").await.form("/admin/news/new");
    let form = form.fill("title", "Only looking").fill("summary", "s").fill("body", "A *fine* day");
    let page = form.press("preview", "yes").submit(&mut officer).await;
    page.expect_status(200).expect("nothing is saved yet");
    assert_eq!(page.select(".preview em"), ["fine"]);
    assert_eq!(page.form("/admin/news/new").value("title"), Some("Only looking"));
    let page = open_item(&mut officer, "/admin/pages", "About us").await;
    let path = page.path.clone();
    let page = page.form(&path).fill("title", "Changed").press("preview", "yes").submit(&mut officer).await;
    page.expect("Preview: nothing is saved yet").expect("Changed");
    site.stranger().get("/about").await.expect_not("Changed");
    let after: i64 = sqlx::query_scalar(count).fetch_one(&site.pool).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn an_ally_is_added_looked_at_and_changed() {
    let site = Site::open().await;
    site.listen().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let form = officer.get("/admin/allies").await;
    form.expect("Left Unity");
    let form = officer.get("/admin/allies/new").await.form("/admin/allies/new");
    let form = form
        .fill("name", "Tenants of Bury")
        .fill("link", "tenants.example")
        .fill("text", "For *fair* rents.");
    let wrong = form.submit(&mut officer).await;
    wrong.expect_status(422);
    assert_eq!(wrong.form("/admin/allies/new").value("name"), Some("Tenants of Bury"));
    let form = wrong.form("/admin/allies/new").fill("link", "https://tenants.example");
    let form = form.fill("since", "March 2025").tick("memorandum", "yes");
    let preview = form.press("preview", "yes").submit(&mut officer).await;
    preview.expect("Preview: nothing is saved yet");
    assert_eq!(preview.select(".preview em"), ["fair"]);
    site.stranger().get("/allies").await.expect_not("Tenants of Bury");
    let draft = preview.form("/admin/allies/new").submit(&mut officer).await;
    let path = draft.path.clone();
    draft.expect("Saved as a draft").form(&format!("{path}/publication")).submit(&mut officer).await;
    let page = site.stranger().soon("/allies", |page| page.words().contains("Tenants of Bury")).await;
    page.expect("March 2025");
    let page = officer.get(&path).await;
    assert_eq!(page.form(&path).value("memorandum"), Some("yes"));
    page.form(&path)
        .fill("since", "May 2024")
        .clear("memorandum")
        .submit(&mut officer)
        .await
        .expect("Saved.");
    let page = site.stranger().soon("/allies", |page| page.words().contains("May 2024")).await;
    page.expect_not("March 2025");
    let allies = page.select("main li");
    let ours = allies.iter().find(|ally| ally.contains("Tenants of Bury")).unwrap();
    assert!(!ours.contains("Memorandum"), "{ours}");
}

#[tokio::test]
async fn versions_are_kept_compared_and_brought_back() {
    let site = Site::open().await;
    site.listen().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let page = open_item(&mut officer, "/admin/faq", "Who funds you?").await;
    let path = page.path.clone();
    page.form(&path).fill("answer", "Only our members do.").submit(&mut officer).await.expect("Saved.");
    site.stranger().get("/faq/who-funds-you").await.expect("Only our members do.");
    let versions = officer.get(&format!("{path}/versions")).await;
    versions.expect("Version 2").expect("Alex Mwangi").expect("The site");
    let newest = officer.get(&format!("{path}/versions/2")).await;
    assert!(newest.select("del").join(" ").contains("individuals"));
    assert!(newest.select("ins").join(" ").contains("Only"));
    let first = officer.get(&format!("{path}/versions/1")).await;
    let page = first.form(&format!("{path}/versions/1/restoration")).submit(&mut officer).await;
    page.expect("Version 1 is the current one again.").expect("Version 3");
    let gone = |page: &Page| !page.words().contains("Only our members do.");
    let page = site.stranger().soon("/faq/who-funds-you", gone).await;
    page.expect("donations by individuals");
    officer.get(&format!("{path}/versions/9")).await.expect_status(404);
}

#[tokio::test]
async fn authors_of_versions_are_looked_up_one_by_one() {
    // One connection, so that the same session of the database answers and is asked what it did.
    let site = Site::open_with_connections(1).await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let page = open_item(&mut officer, "/admin/faq", "Who funds you?").await;
    let path = page.path.clone();
    page.form(&path).fill("answer", "Only our members do.").submit(&mut officer).await.expect("Saved.");
    sqlx::query("set enable_seqscan = off").execute(&site.pool).await.unwrap();
    let whole_reads = async || -> i64 {
        sqlx::query("select pg_stat_force_next_flush()").execute(&site.pool).await.unwrap();
        sqlx::query_scalar("select seq_scan from pg_stat_user_tables where relname = 'people'")
            .fetch_one(&site.pool)
            .await
            .unwrap()
    };
    let before = whole_reads().await;
    officer.get(&format!("{path}/versions")).await.expect("Alex Mwangi").expect("The site");
    assert_eq!(whole_reads().await, before, "it read the whole table of people");
}

#[tokio::test]
async fn two_tabs_lose_nothing() {
    let site = Site::open().await;
    site.listen().await;
    let mut first = site.signed_in_as(EDITOR).await;
    let mut second = site.signed_in_as(EDITOR).await;
    let one = open_item(&mut first, "/admin/profiles", "Alex Mays").await;
    let two = open_item(&mut second, "/admin/profiles", "Alex Mays").await;
    let path = one.path.clone();
    one.form(&path).fill("role", "Party leader").submit(&mut first).await.expect("Saved.");
    let page = two.form(&path).fill("role", "Founder").submit(&mut second).await;
    page.expect_status(422).expect("Somebody else saved this while you were writing");
    assert_eq!(page.form(&path).value("role"), Some("Founder"));
    assert!(page.select("del").join("").contains("leader"), "{}", page.words());
    site.stranger().get("/people").await.expect("Party leader");
    page.form(&path).submit(&mut second).await.expect_status(200).expect("Saved.");
    let page = site.stranger().soon("/people", |page| page.words().contains("Founder")).await;
    page.expect_not("Party leader");
}

#[tokio::test]
async fn markdown_brings_no_script() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let evil =
        "<script>alert(1)</script>\n\n[x](javascript:alert(2))\n\n<img src=x onerror=alert(3)>\n\n</script>";
    let page = write_article(&mut officer, "</script><script>alert(4)</script>", "b").await;
    let path = page.path.clone();
    // As it may stand from before links were looked at.
    sqlx::query("update content_items set words = jsonb_set(words, '{body}', to_jsonb($1::text)) where slug like 'script%'")
        .bind(evil)
        .execute(&site.pool)
        .await
        .unwrap();
    page.form(&format!("{path}/publication")).submit(&mut officer).await.expect("Published");
    for path in ["/news", "/news/script-script-alert-4-script", "/news/feed.xml", "/"] {
        let page = site.stranger().get(path).await;
        page.expect_status(200);
        let body = page.body.to_lowercase();
        assert!(!body.contains("<script>"), "{path}: {body}");
        assert!(!body.contains("href=\"javascript:") && !body.contains("<img src=x"), "{path}");
    }
    let article = site.stranger().get("/news/script-script-alert-4-script").await;
    let data = article.select("script[type='application/ld+json']");
    assert!(serde_json::from_str::<serde_json::Value>(&data[0]).is_ok());
}

#[tokio::test]
async fn what_is_wrong_is_said_and_kept() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let form = officer.get("/admin/news/new").await.form("/admin/news/new");
    let long = "x".repeat(61_000);
    let page = form.fill("title", "").fill("body", &long).fill("slug", "Not So").submit(&mut officer).await;
    page.expect_status(422).expect("Enter a title").expect("at most 60,000 characters");
    page.expect("small letters, figures and hyphens");
    assert_eq!(page.form("/admin/news/new").value("body").map(str::len), Some(61_000));
    let page = open_item(&mut officer, "/admin/pages", "About us").await;
    let path = page.path.clone();
    page.form(&path).fill("slug", "us").submit(&mut officer).await.expect_status(400).expect("address stays");
    let form = officer.get("/admin/pages/new").await.form("/admin/pages/new");
    let form = form.fill("title", "Privacy").fill("description", "d").fill("body", "b");
    form.submit(&mut officer).await.expect_status(422).expect("Another one has this address");
    officer.get("/admin/pages/nonsense").await.expect_status(404);
    officer.get("/admin/pages/nonsense/versions/x").await.expect_status(404);
}

#[tokio::test]
async fn text_that_cannot_be_shown_is_refused_with_its_line() {
    let site = Site::open().await;
    let own = site.app.config().public_url.clone();
    let mut officer = site.signed_in_as(EDITOR).await;
    for (path, field) in [
        ("/admin/news/new", "body"),
        ("/admin/pages/new", "body"),
        ("/admin/faq/new", "answer"),
        ("/admin/profiles/new", "text"),
        ("/admin/allies/new", "text"),
    ] {
        for (text, said) in [
            (">".repeat(3_000), "Line 1: too many lists or quotes inside each other"),
            ("a\n\n".to_owned() + &"1. ".repeat(40), "Line 3: too many lists or quotes inside each other"),
            ("Fine.\n\n[Join](join)".to_owned(), "Line 3: the link to “join” leads nowhere"),
            ("[x](javascript:alert(1))".to_owned(), "leads nowhere"),
            ("![tea](https://elsewhere.example/tea.png)".to_owned(), "is on another site"),
            ("![tea](/nothing.png)".to_owned(), "is no picture"),
            ("a\n\n[x](/nowhere-at-all)".to_owned(), "Line 3: “/nowhere-at-all”. There is no page"),
            ("[x](/newz?page=2#top)".to_owned(), "There is no page at this address"),
            ("[x](/admin/nothing-here)".to_owned(), "There is no page at this address"),
            (format!("{own}/joyn"), "There is no page at this address"),
            (format!("![tea](/pictures/{}/1x1.jpg)", "0".repeat(32)), "There is no picture at this address"),
            ("![tea](/pictures/x)".to_owned(), "There is no picture at this address"),
        ] {
            let mut form = officer.get(path).await.form(path).fill(field, &text);
            for (field, words) in [
                ("title", "t"),
                ("summary", "s"),
                ("description", "d"),
                ("question", "q"),
                ("name", "Nia Novak"),
                ("role", "r"),
            ] {
                if form.value(field).is_some() {
                    form = form.fill(field, words);
                }
            }
            if path == "/admin/faq/new" {
                form = form.fill("parent", "0193a000-0000-7000-8000-000000000001");
            }
            let page = form.submit(&mut officer).await;
            page.expect_status(422).expect(said);
            assert_eq!(page.form(path).value(field), Some(text.as_str()));
        }
    }
    let page = write_article(
        &mut officer,
        "Links",
        "[shop](www.example.org) or hello@example.org, https://a.test/b",
    )
    .await;
    let preview = page.form(&page.path).press("preview", "yes").submit(&mut officer).await;
    assert_eq!(
        preview.attributes(".preview a", "href"),
        ["https://www.example.org", "mailto:hello@example.org", "https://a.test/b"]
    );
}

#[tokio::test]
async fn a_link_that_may_still_come_alive_is_pointed_out_and_saved() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let text = "[a](/news/what-comes-next) [b](/admin/members) [c](/join) [d](/faq/who-funds-you)";
    let page = write_article(&mut officer, "Ahead of its time", text).await;
    page.expect("Look at these links").expect("/news/what-comes-next : Nothing is published at this address");
    page.expect("/admin/members : Only officers can open this page").expect_not("/join :");
    let next = write_article(&mut officer, "What comes next", "It came.").await;
    next.form(&format!("{}/publication", next.path)).submit(&mut officer).await;
    officer.get(&page.path).await.expect_not("/news/what-comes-next :");
}

#[tokio::test]
async fn a_form_sent_again_with_other_words_is_another_draft() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let blank = officer.get("/admin/news/new").await;
    let mut write = async |title: &str| {
        let form = blank.form("/admin/news/new").fill("title", title).fill("summary", "s").fill("body", "b");
        form.submit(&mut officer).await.path
    };
    let first = write("First").await;
    assert_eq!(write("First").await, first);
    let second = write("Second").await;
    assert_ne!(second, first);
    officer.get(&first).await.expect("First");
    officer.get(&second).await.expect("Second");
}

#[tokio::test]
async fn text_that_was_saved_before_there_were_bounds_is_shown_within_them() {
    let site = Site::open().await;
    let body = format!("Once upon a time\n\n{}the end", ">".repeat(40_000));
    sqlx::query("update content_items set words = jsonb_set(words, '{body}', to_jsonb($1::text)) where kind = 'article'")
        .bind(&body)
        .execute(&site.pool)
        .await
        .unwrap();
    let slug: String = sqlx::query_scalar(
        "select slug from content_items where kind = 'article' and published_at is not null order by slug limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let began = std::time::Instant::now();
    let page = site.stranger().get(&format!("/news/{slug}")).await;
    page.expect("Once upon a time");
    assert!(page.select("article blockquote").len() <= 16);
    site.stranger().get("/news/feed.xml").await.expect_status(200);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_draft_takes_no_address_from_what_is_published() {
    let site = Site::open().await;
    site.listen().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let publish = async |officer: &mut Browser, page: &Page| {
        let form = page.form(&format!("{}/publication", page.path));
        form.submit(officer).await.expect("Published");
    };
    let first = write_article(&mut officer, "Old address", "First.").await;
    publish(&mut officer, &first).await;
    let page = officer.get(&first.path).await;
    page.form(&first.path).fill("slug", "new-address").submit(&mut officer).await.expect("Saved.");
    let leads_to = async |to: Option<&str>| {
        let to = to.map(str::to_owned);
        site.stranger().soon("/news/old-address", |page| page.location == to).await
    };
    leads_to(Some("/news/new-address")).await;
    // A draft at the old address, new or renamed, changes nothing for visitors.
    let second = write_article(&mut officer, "Old address", "Second.").await;
    leads_to(Some("/news/new-address")).await;
    let page = officer.get(&second.path).await;
    page.form(&second.path).fill("slug", "another").submit(&mut officer).await.expect("Saved.");
    let page = officer.get(&second.path).await;
    page.form(&second.path).fill("slug", "old-address").submit(&mut officer).await.expect("Saved.");
    leads_to(Some("/news/new-address")).await;
    // Published, it has the address.
    let page = officer.get(&second.path).await;
    publish(&mut officer, &page).await;
    leads_to(None).await.expect("Second.");
    site.stranger().get("/news/new-address").await.expect("First.");
    // Taken off the site and renamed, it is found at its last address again once it is back.
    let page = officer.get(&first.path).await;
    page.form(&format!("{}/publication/end", first.path)).submit(&mut officer).await;
    let page = officer.get(&first.path).await;
    page.form(&first.path).fill("slug", "third").submit(&mut officer).await.expect("Saved.");
    site.stranger().soon("/news/new-address", |page| page.status == 404).await;
    let page = officer.get(&first.path).await;
    publish(&mut officer, &page).await;
    site.stranger().get("/news/third").await.expect("First.");
    let old = site.stranger().get_once("/news/new-address").await;
    assert_eq!(old.location.as_deref(), Some("/news/third"));
}

#[tokio::test]
async fn questions_are_put_in_order() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let item = open_item(&mut officer, "/admin/faq", "Who leads Breakthrough?").await;
    let list = officer.get("/admin/faq").await;
    list.form(&format!("{}/place", item.path))
        .press("to", "down")
        .submit(&mut officer)
        .await
        .expect("Moved.");
    let questions = site.stranger().get("/faq").await.select("summary h3");
    assert_eq!(questions[0], "Won’t a new left party split the left vote?");
    assert_eq!(questions[1], "Who leads Breakthrough?");
}

#[tokio::test]
async fn a_group_with_questions_stays() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let list = officer.get("/admin/faq").await;
    let groups = list.attributes("section h2 a", "href");
    let page = officer.get(&groups[0]).await;
    let page = page.form(&format!("{}/deletion", groups[0])).submit(&mut officer).await;
    page.expect_status(409).expect("There are questions in this group");
}

#[tokio::test]
async fn only_editors_edit_and_only_administrators_set() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    for path in
        ["/admin/faq", "/admin/pages", "/admin/profiles", "/admin/allies", "/admin/news", "/admin/settings"]
    {
        treasurer.get(path).await.expect_status(403);
        site.stranger().get(path).await.expect("Email me a link");
    }
}

#[tokio::test]
async fn an_edit_shows_at_once_in_every_process() {
    let site = Site::open().await;
    site.listen().await;
    let stranger = site.stranger();
    let first = stranger.raw(Method::GET, "/people").send().await.unwrap();
    let etag = first.headers()[header::ETAG].clone();
    let same =
        stranger.raw(Method::GET, "/people").header(header::IF_NONE_MATCH, &etag).send().await.unwrap();
    assert_eq!(same.status(), 304);
    let brotli =
        stranger.raw(Method::GET, "/people").header(header::ACCEPT_ENCODING, "br").send().await.unwrap();
    assert_eq!(brotli.headers()[header::CONTENT_ENCODING], "br");
    // As another process would: straight into the database.
    tokio::time::sleep(Duration::from_millis(300)).await;
    sqlx::query("update content_items set words = jsonb_set(words, '{role}', '\"Spokesperson\"') where kind = 'profile'")
        .execute(&site.pool)
        .await
        .unwrap();
    for _ in 0..40 {
        let page =
            stranger.raw(Method::GET, "/people").header(header::IF_NONE_MATCH, &etag).send().await.unwrap();
        if page.status() == 200 && page.text().await.unwrap().contains("Spokesperson") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the edit did not show within two seconds");
}

#[tokio::test]
async fn the_feed_is_well_formed_atom() {
    let site = Site::open().await;
    let page = site.stranger().get("/news/feed.xml").await;
    assert_eq!(page.headers[header::CONTENT_TYPE], "application/atom+xml; charset=utf-8");
    let feed = well_formed(&page.body);
    assert_eq!(feed.iter().filter(|name| *name == "entry").count(), 4);
    for name in ["feed", "id", "title", "updated", "link", "author", "published", "summary", "content"] {
        assert!(feed.contains(&name.to_owned()), "{name}");
    }
    assert!(!page.body.contains("href=\"/"), "links are absolute: {}", page.body);
    let inside = format!("href=&#34;http://{}/faq/how-is-policy-made&#34;", site.address);
    assert!(page.body.contains(&inside) && !page.body.contains("href=&#34;/"), "{}", page.body);
    assert!(!page.body.contains("A draft for the new year"));
}

/// Reads XML strictly enough to notice what a feed reader would: elements closed in order, known entities only.
/// Returns the names of the elements.
fn well_formed(xml: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut names = Vec::new();
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>").expect("a declaration");
    while let Some((text, after)) = rest.split_once('<') {
        for entity in text.split('&').skip(1) {
            let (name, _) = entity.split_once(';').expect("an entity ends");
            assert!(name.starts_with('#') || ["amp", "lt", "gt", "quot", "apos"].contains(&name), "&{name};");
        }
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        names.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    names
}

#[tokio::test]
async fn the_sitemap_lists_what_is_published() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let page = browser.get("/sitemap.xml").await;
    well_formed(&page.body);
    let base = format!("http://{}", site.address);
    let places: Vec<String> = page
        .body
        .split("<loc>")
        .skip(1)
        .map(|part| part.split_once("</loc>").unwrap().0.strip_prefix(&base).unwrap().to_owned())
        .collect();
    for path in &places {
        assert_eq!(browser.get_once(path).await.status, 200, "{path}");
    }
    let mut unique = places.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), places.len());
    for path in ["/", "/about", "/faq/who-funds-you", "/news", "/privacy", "/contact"] {
        assert!(places.iter().any(|place| place == path), "{path}: {places:?}");
    }
    assert!(!places.iter().any(|place| place.contains("draft") || place.contains("admin")), "{places:?}");
    let published: i64 = sqlx::query_scalar(
        "select count(*) from content_items where slug is not null and published_at is not null and deleted_at is null",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert!(i64::try_from(places.len()).unwrap() >= published);
    let robots = browser.get("/robots.txt").await;
    for path in ["/admin", "/account", "/dashboard", "/dev"] {
        assert!(robots.body.contains(&format!("Disallow: {path}\n")), "{path}");
    }
    let security = browser.get("/.well-known/security.txt").await;
    assert!(security.body.contains("Contact: mailto:hello@breakthrough.test\n"), "{}", security.body);
    assert!(security.body.contains("Expires: 2027-05-20T00:00:00Z\n"), "{}", security.body);
}

#[tokio::test]
async fn three_hundred_articles_come_in_pages() {
    let site = Site::open().await;
    sqlx::query(
        "insert into content_items (id, kind, slug, position, words, published_at, changed_at)
         select gen_random_uuid(), 'article', 'old-' || n, n, jsonb_build_object('title', 'Old news ' || n, 'summary', 's', 'body', 'b'),
                timestamptz '2020-01-01' + n * interval '1 day', '2020-01-01' from generate_series(1, 300) n",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut browser = site.stranger();
    let page = browser.get("/news").await;
    assert_eq!(page.select("ol.cards > li").len(), 12);
    page.expect("Next page");
    let last = browser.get("/news?page=26").await;
    last.expect("Old news 1").expect("Previous page").expect_not("Next page");
    browser.get("/news?page=27").await.expect_status(404);
    browser.get("/news?page=banana").await.expect_status(200).expect("Page 1");
}

#[tokio::test]
async fn a_message_reaches_us_once() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let fields = [
        ("name", "Siân O'Neill"),
        ("email", "sian@example.org"),
        ("topic", "press"),
        ("message", "Can I talk to <Alex>?\n\nBest, Siân"),
    ];
    let mut form = browser.get("/contact").await.form("/contact");
    for (name, value) in fields {
        form = form.fill(name, value);
    }
    form.submit(&mut browser).await.expect_status(200).expect("Thank you");
    browser.post("/contact", &fields).await.expect_status(200).expect("Thank you");
    let mails = site.mails_to("hello@breakthrough.test").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Press and media: Siân O'Neill");
    assert!(mails[0].text.contains("Can I talk to <Alex>?") && mails[0].text.contains("sian@example.org"));
    assert!(mails[0].html.contains("&lt;Alex&gt;") || mails[0].html.contains("&#60;Alex&#62;"));
    assert_eq!(mails[0].reply_to.as_deref(), Some("sian@example.org"));
    // Something else on the same day is a message of its own.
    let other = [fields[0], fields[1], fields[2], ("message", "And another thing")];
    browser.post("/contact", &other).await.expect("Thank you");
    assert_eq!(site.mails_to("hello@breakthrough.test").await.len(), 2);
}

#[tokio::test]
async fn a_wrong_message_is_kept_and_many_are_refused() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let long = "x".repeat(5_001);
    let page = browser
        .post("/contact", &[("name", ""), ("email", "nope"), ("topic", "x"), ("message", &long)])
        .await;
    page.expect_status(422)
        .expect("Enter your name")
        .expect("like name@example.org")
        .expect("Choose what it is about");
    page.expect("at most 5,000 characters");
    assert_eq!(page.form("/contact").value("message").map(str::len), Some(5_001));
    let mut status = 0;
    for number in 0..11 {
        let text = format!("Message {number}");
        let fields =
            [("name", "Ada"), ("email", "a@example.org"), ("topic", "other"), ("message", text.as_str())];
        status = browser.post("/contact", &fields).await.status.as_u16();
    }
    assert_eq!(status, 429);
    site.work().await;
}

#[tokio::test]
async fn an_administrator_changes_a_setting_from_a_day_on() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let keys: Vec<String> =
        sqlx::query_scalar("select distinct key from settings").fetch_all(&site.pool).await.unwrap();
    for key in keys {
        officer.get(&format!("/admin/settings/{key}")).await.expect_status(200);
    }
    let settings = officer.get("/admin/settings").await;
    settings.expect("Sending limit (emails per second) no limit");
    let pace = "/admin/settings/update_mails_a_second";
    assert_eq!(officer.get(pace).await.form(pace).value("value"), Some("0"));
    let path = "/admin/settings/donation_cap_pence";
    let page = officer.get(path).await;
    let page = page.form(path).fill("value", "lots").fill("source", "conference").submit(&mut officer).await;
    page.expect_status(422).expect("Enter an amount in pounds");
    let form = page.form(path).fill("value", "2,500").fill("from_day", "1").fill("from_month", "12");
    let page = form.submit(&mut officer).await;
    page.expect("£5,000").expect("£2,500 from 1 December 2026");
    officer.get(path).await.expect("conference").expect("1 December 2026").expect("no super-rich");
    site.stranger().get("/funding").await.expect("£5,000");
    site.app.clock().advance(chrono::Duration::days(10));
    site.stranger().get("/funding").await.expect("£2,500");
    let path = "/admin/settings/contact_email";
    let mut officer = site.signed_in_as(EDITOR).await;
    let form = officer.get(path).await.form(path).fill("value", "new@party.test").fill("source", "moved");
    form.submit(&mut officer).await.expect_status(200);
    site.stranger().get("/").await.expect("new@party.test");
    let path = "/admin/settings/rate_standard_month";
    let form = officer.get(path).await.form(path).fill("value", "0.29").fill("source", "conference");
    form.submit(&mut officer).await.expect_status(422).expect("Enter £0.30 or more");
    let form = officer.get(path).await.form(path).fill("value", "6.50").fill("source", "conference");
    form.submit(&mut officer).await.expect_status(200).expect("£6.50");
    site.stranger().get("/join").await.expect("£6.50 a month").expect_not("£5 a month");
}

#[tokio::test]
async fn links_to_where_profiles_were_edited_before_lead_on() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (old, new) in [
        ("/admin/people", "/admin/profiles"),
        ("/admin/people/new?a=b", "/admin/profiles/new?a=b"),
        ("/admin/people/", "/admin/profiles/"),
    ] {
        let page = officer.get_once(old).await;
        assert_eq!((page.status.as_u16(), page.location.as_deref()), (308, Some(new)), "{old}");
    }
    officer.get("/admin/people").await.expect_status(200).expect("Profiles").expect("Alex Mays");
    // What was sent to the old address is not sent on, and other addresses are left alone.
    officer.post_once("/admin/people/new", &[]).await.expect_status(404);
    officer.get("/admin/peoples").await.expect_status(404);
    site.stranger().get("/people").await.expect_status(200).expect("Alex Mays");
}
