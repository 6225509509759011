//! Mail over real SMTP: what becomes of a mail when the server takes it, refuses it, or goes away in the middle.

use std::time::{Duration, Instant};

use breakthrough::kit::{
    config::{DkimConfig, MailConfig, MailTransport},
    mail::{Bulk, Letter, Mailer, Message, SendError, SweepOutbox},
    queue::Job,
};
use mail_parser::{MessageParser, MimeHeaders};
use uuid::Uuid;

use crate::support::{
    Site, noon,
    smtp::{self, Sink},
};

fn config(url: &str) -> MailConfig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    MailConfig {
        from: "Brëakthrough <hello@breakthrough.test>".into(),
        transport: MailTransport::Smtp { url: url.to_owned().into() },
        dkim: None,
    }
}

fn letter() -> Letter {
    Letter {
        subject: "We won – all of it".into(),
        text: "Dear Siân,\n\n.\n..two dots begin this line\nFrom here on…\na space at the end \n".into(),
        html: format!("<p>Dear Siân,</p><p>{}</p>", "word ".repeat(500)),
        reply_to: None,
    }
}

fn message(to: &str) -> Message {
    Message {
        id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
        to: to.parse().unwrap(),
        name: "Siân O’Neill".into(),
        at: noon(),
        letter: letter().written(),
        bulk: None,
    }
}

fn bulk(to: &str) -> Message {
    let unsubscribe = format!("https://breakthrough.test/unsubscribe/{}", "x".repeat(90));
    Message { bulk: Some(Bulk { unsubscribe, list: "updates".into() }), ..message(to) }
}

#[tokio::test]
async fn each_end_of_a_mail_is_told_apart_and_the_line_goes_on() {
    for (offers, announced) in [(&[][..], true), (&["--pipelining"], false), (&["--pipelining"], true)] {
        let sink = Sink::start(offers);
        let mailer = Mailer::new(&config(&sink.address())).unwrap();
        let mut line = mailer.connect().await.unwrap();
        let ends = [
            ("ana@demo.test", "sent", true),
            ("hardrefuse@demo.test", "refused", true),
            ("tempfail@demo.test", "later", true),
            ("refusedata@demo.test", "refused", true),
            ("laterdata@demo.test", "later", true),
            ("laterdata@demo.test", "later", true),
            ("hardrefuse@demo.test", "refused", true),
            ("ben@demo.test", "sent", true),
            ("dropafter@demo.test", "unclear", false),
        ];
        for (at, (to, kind, open)) in ends.into_iter().enumerate() {
            let next = ends.get(at + 1).filter(|_| announced).map(|(next, ..)| next.parse().unwrap());
            let told = match line.send_before(&message(to), next.as_ref()).await {
                Ok(()) => "sent",
                Err(SendError::Refused(answer)) => {
                    assert!(answer.contains("no such mailbox") || answer.contains("not wanted"), "{answer}");
                    "refused"
                }
                Err(SendError::Later(_)) => "later",
                Err(SendError::Away(_)) => "away",
                Err(SendError::Unclear(_)) => "unclear",
            };
            assert_eq!((told, line.is_open()), (kind, open), "{to} {offers:?} {announced}");
        }
        // Nothing is sent over a broken line.
        assert!(matches!(line.send(&message("ana@demo.test")).await, Err(SendError::Away(_))));
        let mut line = mailer.connect().await.unwrap();
        assert!(matches!(line.send(&message("dropbefore@demo.test")).await, Err(SendError::Away(_))));
        assert!(!line.is_open());
        let mut line = mailer.connect().await.unwrap();
        assert!(matches!(line.send(&message("greedy@demo.test")).await, Err(SendError::Later(_))));
        assert!(!line.is_open());
        // What breaks between two mails breaks the one that was only announced before it was handed over.
        let mut line = mailer.connect().await.unwrap();
        let next = "dropbefore@demo.test".parse().unwrap();
        line.send_before(&message("cai@demo.test"), Some(&next).filter(|_| announced)).await.unwrap();
        assert!(matches!(line.send(&message("dropbefore@demo.test")).await, Err(SendError::Away(_))));
        // A mail that was only announced is none, and no other takes its place.
        let mut line = mailer.connect().await.unwrap();
        line.send_before(&message("dee@demo.test"), Some(&"eve@demo.test".parse().unwrap())).await.unwrap();
        let told = line.send(&message("fay@demo.test")).await;
        assert_eq!(told.is_ok(), offers.is_empty(), "{told:?}");
        line.close().await;
        let accepted: Vec<_> = sink.accepted().into_iter().map(|(to, _)| to).collect();
        let mut expected = vec!["ana", "ben", "dropafter", "cai", "dee"];
        expected.extend(offers.is_empty().then_some("fay"));
        assert_eq!(accepted, expected.iter().map(|name| format!("{name}@demo.test")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_away() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mailer = Mailer::new(&config(&format!("smtp://{nobody}"))).unwrap();
    assert!(matches!(mailer.send(&message("ana@demo.test")).await, Err(SendError::Away(_))));
}

#[tokio::test]
async fn single_mails_share_a_connection_and_survive_its_end() {
    let sink = Sink::start(&[]);
    let mailer = Mailer::new(&config(&sink.address())).unwrap();
    for _ in 0..3 {
        mailer.send(&message("ana@demo.test")).await.unwrap();
    }
    // The kept connection breaks with this one; the next opens another.
    assert!(mailer.send(&message("dropafter@demo.test")).await.is_err());
    mailer.send(&message("ben@demo.test")).await.unwrap();
    assert_eq!(sink.accepted().len(), 5);
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let sink = Sink::start(&[]);
    let mailer = Mailer::new(&config(&sink.address())).unwrap();
    mailer.send(&bulk("ana@demo.test")).await.unwrap();
    let bytes = std::fs::read(sink.newest()).unwrap();
    assert!(bytes.is_ascii() && bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.subject(), Some("We won – all of it"));
    let to = mail.to().unwrap().first().unwrap();
    assert_eq!((to.name(), to.address()), (Some("Siân O’Neill"), Some("ana@demo.test")));
    assert_eq!(mail.from().unwrap().first().unwrap().name(), Some("Brëakthrough"));
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-11-21T12:00:00Z");
    assert_eq!(mail.message_id(), Some("01920000-0000-7000-8000-000000000001@breakthrough.test"));
    assert_eq!(mail.body_text(0).unwrap().replace("\r\n", "\n"), letter().text);
    assert_eq!(mail.body_html(0).unwrap(), letter().html);
    assert_eq!(mail.content_type().unwrap().subtype(), Some("alternative"));
    for (name, value) in [
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "<updates.breakthrough.test>"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
    ] {
        assert_eq!(mail.header_raw(name).map(str::trim), Some(value), "{name}");
    }
    let head = String::from_utf8(bytes).unwrap();
    let head = head.split("\r\n\r\n").next().unwrap();
    let unsubscribe = bulk("a@b.cc").bulk.unwrap().unsubscribe;
    assert!(head.contains(&format!("\r\nList-Unsubscribe: <{unsubscribe}>\r\n")), "on one line: {head}");
    assert!(!head.to_lowercase().contains("bcc"));
    // A service mail offers no way to stop it.
    mailer.send(&message("ana@demo.test")).await.unwrap();
    let service = std::fs::read_to_string(sink.newest()).unwrap();
    assert!(!service.contains("\r\nList-") && !service.contains("\r\nPrecedence:"));
}

#[tokio::test]
async fn the_signature_holds_and_covers_the_way_out() {
    let sink = Sink::start(&[]);
    let dkim = DkimConfig {
        domain: "breakthrough.test".into(),
        selector: "mail".into(),
        key_file: smtp::file("dkim.key").into(),
    };
    let mailer = Mailer::new(&MailConfig { dkim: Some(dkim), ..config(&sink.address()) }).unwrap();
    mailer.send(&bulk("ana@demo.test")).await.unwrap();
    let signed = smtp::run("verify_dkim.py", &[&sink.newest()]).expect("the signature holds");
    for name in [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "content-type",
        "list-unsubscribe",
        "list-unsubscribe-post",
    ] {
        assert!(signed.lines().any(|line| line == name), "{name} is signed: {signed}");
    }
    mailer.send(&message("ana@demo.test")).await.unwrap();
    let service = sink.newest();
    smtp::run("verify_dkim.py", &[&service]).expect("the signature holds without those headers");
    let changed = std::fs::read_to_string(&service).unwrap().replace("word word", "word wird");
    std::fs::write(&service, changed).unwrap();
    assert_eq!(smtp::run("verify_dkim.py", &[&service]), None, "a changed mail is found out");
}

#[tokio::test]
async fn encryption_and_passwords() {
    let (cert, key, authority) =
        (smtp::file("server.pem"), smtp::file("server.key"), smtp::file("authority.pem"));
    let tls = ["--cert", &cert, "--key", &key, "--auth", "party@demo.test:p:w+d"];
    let sink = Sink::start(&tls);
    let (port, who) = (sink.port, "party%40demo.test:p%3Aw+d");
    let send = async |url: String| Mailer::new(&config(&url)).unwrap().send(&message("ana@demo.test")).await;
    send(format!("smtp://{who}@localhost:{port}?tls=required&ca={authority}")).await.unwrap();
    // An unknown authority, a wrong password: nothing goes.
    for url in [
        format!("smtp://{who}@localhost:{port}?tls=required"),
        format!("smtp://party%40demo.test:wrong@localhost:{port}?tls=required&ca={authority}"),
    ] {
        assert!(matches!(send(url).await, Err(SendError::Away(_))));
    }
    assert_eq!(sink.accepted().len(), 1);
    let wrapped = Sink::start(&[&tls[..], &["--smtps"]].concat());
    send(format!("smtps://{who}@localhost:{}?ca={authority}", wrapped.port)).await.unwrap();
    assert!(send(format!("smtps://{who}@localhost:{}", wrapped.port)).await.is_err());
    let plain = Sink::start(&[]);
    let refused = send(format!("smtp://localhost:{}?tls=required", plain.port)).await.unwrap_err();
    assert!(refused.to_string().contains("offers no encryption"), "{refused}");
}

#[tokio::test]
async fn no_mail_waits_for_an_acknowledgement() {
    let sink = Sink::start(&[]);
    let mut line = Mailer::new(&config(&sink.address())).unwrap().connect().await.unwrap();
    let mut quickest = Duration::MAX;
    for _ in 0..40 {
        let began = Instant::now();
        line.send(&message("ana@demo.test")).await.unwrap();
        quickest = quickest.min(began.elapsed());
    }
    // Without TCP_NODELAY every mail but the first few takes the 40 ms of a delayed acknowledgement. A busy machine
    // slows some mails, not all of them.
    assert!(quickest < Duration::from_millis(25), "{quickest:?}");
}

#[tokio::test]
async fn the_outbox_sends_over_smtp() {
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = Site::open_with(|settings| settings.smtp_url = Some(url.into())).await;
    let mut browser = site.stranger();
    let page = browser.get("/sign-in").await;
    page.form("/sign-in").fill("email", "ana@demo.test").press("how", "link").submit(&mut browser).await;
    site.work().await;
    assert_eq!(sink.accepted().len(), 1);
    let mail = std::fs::read(sink.newest()).unwrap();
    let mail = MessageParser::default().parse(&mail).unwrap();
    assert!(mail.body_text(0).unwrap().contains("/sign-in/link/"));
}

/// Keeps what is logged on this thread.
#[derive(Clone, Default)]
struct Logs(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn write_to(site: &Site, email: &str) {
    let letter = letter();
    let mut change = site.change().await;
    change.mail(format!("test:{email}"), &email.parse().unwrap(), letter);
    change.commit().await.unwrap();
}

#[tokio::test]
async fn a_mail_that_was_given_up_by_the_queue_is_sent_all_the_same() {
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = Site::open_with(|settings| settings.smtp_url = Some(url.into())).await;
    write_to(&site, "tempfail1@example.org").await;
    site.work().await;
    assert!(sink.accepted().is_empty());
    // The queue's tries are over.
    sqlx::query("delete from graphile_worker._private_jobs").execute(&site.pool).await.unwrap();
    let sweep = async || SweepOutbox::default().run(site.app.clone()).await.unwrap();
    sweep().await;
    site.work().await;
    assert!(sink.accepted().is_empty(), "it is the job's turn for an hour");
    site.app.clock().advance(chrono::Duration::minutes(61));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    officer.get("/admin").await.expect("1 email has waited for the mail server for more than an hour");
    sweep().await;
    sweep().await;
    site.work().await;
    assert_eq!(sink.accepted().len(), 1);
    officer.get("/admin").await.expect_not("has waited for the mail server");
    sweep().await;
    site.work().await;
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn old_mails_are_forgotten_but_not_sent_again() {
    let site = Site::open().await;
    write_to(&site, "ana@demo.test").await;
    site.work().await;
    site.app.clock().advance(chrono::Duration::days(91));
    write_to(&site, "waiting@demo.test").await;
    sqlx::query("update outbox set written_at = written_at - interval '91 days' where recipient = 'waiting@demo.test'")
        .execute(&site.pool)
        .await
        .unwrap();
    SweepOutbox::default().run(site.app.clone()).await.unwrap();
    let known: Vec<(String, String)> =
        sqlx::query_as("select recipient::text, subject from outbox where occasion like 'test:%' order by 1")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(known[0], (String::new(), String::new()));
    assert_eq!(known[1].0, "waiting@demo.test", "one that is not out yet is kept");
    write_to(&site, "ana@demo.test").await;
    assert_eq!(site.mails_to("ana@demo.test").await.len(), 1);
}

#[tokio::test]
async fn no_address_stands_in_the_logs() {
    let logs = Logs::default();
    let to = logs.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || to.clone()).finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let sink = Sink::start(&[]);
    let url = sink.address();
    let site = Site::open_with(|settings| settings.smtp_url = Some(url.into())).await;
    for name in ["hardrefuse", "tempfail", "refusedata", "laterdata", "dropbefore", "dropafter"] {
        write_to(&site, &format!("{name}@quoted.example")).await;
    }
    site.work().await;
    let logs = String::from_utf8(logs.0.lock().unwrap().clone()).unwrap();
    assert!(logs.contains("the mail server refused mail"), "{logs}");
    assert!(!logs.contains("quoted.example"), "{logs}");
    let errors: Vec<Option<String>> =
        sqlx::query_scalar("select last_error from graphile_worker._private_jobs")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert!(!errors.is_empty() && !format!("{errors:?}").contains("quoted.example"), "{errors:?}");
    site.leaves_failed("mail_send");
}
