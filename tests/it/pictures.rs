use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use reqwest::{Method, Response, header};

use crate::support::{Browser, Site};

const EDITOR: &str = "alex@demo.test";
const BORDER: &str = "a-border-that-no-picture-holds";

fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 60]));
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// Sends the form as a browser without JavaScript does.
async fn upload(browser: &Browser, alt: &str, file: &[u8]) -> Response {
    let mut body = format!(
        "--{BORDER}\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\n{alt}\r\n--{BORDER}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"me.svg\"\r\nContent-Type: image/svg+xml\r\n\r\n"
    )
    .into_bytes();
    body.extend(file);
    body.extend(format!("\r\n--{BORDER}--\r\n").bytes());
    let request = browser.raw(Method::POST, "/admin/pictures").header("sec-fetch-site", "same-origin");
    let kind = format!("multipart/form-data; boundary={BORDER}");
    request.header(header::CONTENT_TYPE, kind).body(body).send().await.unwrap()
}

#[tokio::test]
async fn a_picture_is_uploaded_chosen_and_seen() {
    let site = Site::open().await;
    site.listen().await;
    let mut officer = site.signed_in_as(EDITOR).await;
    let page = officer.get("/admin/pictures").await;
    assert_eq!(page.attributes("form[enctype='multipart/form-data']", "action"), ["/admin/pictures"]);
    site.app.clock().advance(chrono::Duration::minutes(1));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let sent = upload(&officer, "Members [outside] the library", &drawn(1100, 700, format)).await;
        assert_eq!(sent.status(), 303, "{format:?}");
    }
    let page = officer.get("/admin/pictures").await;
    page.expect("Members [outside] the library");
    let address = page.attributes("main img", "src")[0].clone();
    assert!(address.starts_with("/pictures/") && address.ends_with("/960x610.jpg"), "{address}");
    let widest = address.replace("960x610", "1100x700");
    // As visitors get it: for a year, from memory, and also beside a mail.
    let stranger = site.stranger();
    for (address, width) in [(&address, 960), (&widest, 1100), (&address.replace("960x610", "480x305"), 480)]
    {
        let answer = stranger.raw(Method::GET, address).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{address}");
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin");
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(image::load_from_memory(&bytes).unwrap().width(), width);
    }
    sqlx::query("alter table picture_files rename to hidden").execute(&site.pool).await.unwrap();
    assert_eq!(stranger.raw(Method::GET, &address).send().await.unwrap().status(), 200, "not from memory");
    sqlx::query("alter table hidden rename to picture_files").execute(&site.pool).await.unwrap();
    for wrong in [
        address.replace("960x", "961x"),
        address.replace(".jpg", ".png"),
        address.replace("/pictures/", "/pictures/0"),
    ] {
        assert_eq!(stranger.raw(Method::GET, &wrong).send().await.unwrap().status(), 404, "{wrong}");
    }
    // Chosen for an article, and shown in its text.
    let line = page.select("pre.preview")[0].clone();
    let form = officer.get("/admin/news/new").await.form("/admin/news/new");
    let form = form.fill("title", "With a picture").fill("summary", "s").fill("picture", &widest);
    let page = form.fill("body", &format!("Look:\n\n{line}")).submit(&mut officer).await;
    page.expect_status(200).expect("Saved as a draft");
    assert_eq!(page.form(&page.path).value("picture"), Some(widest.as_str()));
    page.form(&format!("{}/publication", page.path)).submit(&mut officer).await.expect("Published");
    let article = site.stranger().get("/news/with-a-picture").await;
    assert_eq!(article.attributes("article > img", "src").join(" "), address);
    assert_eq!(article.attributes("article p > img", "src").join(" "), address);
    for alt in article.attributes("article img", "alt") {
        assert_eq!(alt, "Members [outside] the library");
    }
    for srcset in article.attributes("article img", "srcset") {
        assert!(srcset.contains("480x305.jpg 480w, ") && srcset.ends_with("1100x700.jpg 1100w"), "{srcset}");
    }
    let shared = article.attributes("meta[property='og:image']", "content");
    assert_eq!(shared, [format!("http://{}{widest}", site.address)]);
    site.stranger().soon("/news", |page| page.body.contains(&address)).await;
    let feed = site.stranger().get("/news/feed.xml").await;
    assert!(feed.body.contains(&format!("http://{}{address}", site.address)));
    // Asked first, with what shows it; then it is gone, can come back, and can go for good.
    let page = officer.get("/admin/pictures").await;
    let delete = page.attributes("main a[href$='/deletion']", "href")[0].clone();
    let page = officer.get(&delete).await;
    page.expect("It is shown here").expect("With a picture").expect("which is on the site");
    page.form(&delete).submit(&mut officer).await.expect("The picture is deleted.").expect("Bring back");
    site.stranger().soon(&address, |page| page.status == 404).await;
    officer.get(&delete).await.expect_status(404);
    let page = officer.get("/admin/pictures").await;
    page.form(&format!("{delete}/end")).submit(&mut officer).await.expect("wherever it was shown");
    site.stranger().soon(&address, |page| page.status == 200).await;
    // What stands in the list goes for good only once it is deleted.
    officer.post(&format!("{delete}/for-good"), &[]).await;
    let page = officer.get(&delete).await.form(&delete).submit(&mut officer).await;
    page.form(&format!("{delete}/for-good")).submit(&mut officer).await.expect("gone for good");
    site.stranger().soon(&address, |page| page.status == 404).await;
    officer.post(&format!("{delete}/end"), &[]).await;
    officer.get(&delete).await.expect_status(404);
    let log: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where action like 'picture.%' and actor <> 'system' order by id",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let (added, deleted) = log.split_at(3);
    assert!(added.iter().all(|action| action == "picture.added"), "{added:?}");
    assert_eq!(deleted, ["picture.deleted", "picture.brought_back", "picture.deleted", "picture.erased"]);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_the_words_kept() {
    let site = Site::open().await;
    let officer = site.signed_in_as(EDITOR).await;
    let before: i64 =
        sqlx::query_scalar("select count(*) from pictures").fetch_one(&site.pool).await.unwrap();
    let whole = drawn(300, 200, ImageFormat::Png);
    for (alt, file, said) in [
        ("A cat", &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "Choose a picture in JPEG, PNG or WebP"),
        ("A cat", &whole[..500], "cannot be read as a picture"),
        ("A cat", &[], "Choose a picture"),
        ("", &whole, "Say what the picture shows"),
    ] {
        let answer = upload(&officer, alt, file).await;
        assert_eq!(answer.status(), 422, "{said}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(said) && page.contains(&format!("value=\"{alt}\"")), "{page}");
    }
    // More than may be taken, and more than anybody else may send.
    let long = vec![0; 13 * 1024 * 1024];
    assert_eq!(upload(&officer, "A cat", &long).await.status(), 413);
    let member = site.signed_in_as("ana@demo.test").await;
    for browser in [&site.stranger(), &member] {
        assert_eq!(upload(browser, "A cat", &long[..600 * 1024]).await.status(), 413);
    }
    let sent = officer.raw(Method::POST, "/admin/news/new").header("sec-fetch-site", "same-origin");
    let sent = sent
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(long[..600 * 1024].to_vec());
    assert_eq!(sent.send().await.unwrap().status(), 413);
    let after: i64 = sqlx::query_scalar("select count(*) from pictures").fetch_one(&site.pool).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn the_demo_party_has_portraits_and_drawings() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for (path, least) in [("/people", 4), ("/news", 4), ("/", 4)] {
        let page = browser.get(path).await;
        let pictures = page.attributes("main img", "src");
        assert!(pictures.len() >= least, "{path}: {pictures:?}");
        let said = ["A drawing of", "Portrait of"];
        let alts = page.attributes("main img", "alt");
        assert!(alts.iter().all(|alt| said.iter().any(|said| alt.starts_with(said))), "{path}: {alts:?}");
        for picture in pictures {
            assert_eq!(browser.raw(Method::GET, &picture).send().await.unwrap().status(), 200, "{picture}");
        }
    }
    let profile = browser.get("/people").await;
    profile.expect("Treasurer").expect("Theo Okafor");
}
