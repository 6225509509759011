//! Stripe acts, and its answer never comes: it says 500 after having acted, or the line is cut before or after the request.
//! Whatever is tried again, money moves once and nobody is lost.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use breakthrough::kit::stripe::stand_in::PaidBy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    membership::{at_stripe, joiner, pay, send_form, settle, standing},
    payments::lines_of,
    support::Site,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It does what it was asked, and says that it failed.
    ActsAndSays500,
    /// It does what it was asked, and the line is cut.
    ActsAndIsCut,
    /// The line is cut before it hears anything.
    IsCutBefore,
}

const FAULTS: [Fault; 3] = [Fault::ActsAndSays500, Fault::ActsAndIsCut, Fault::IsCutBefore];

/// The line between the site and Stripe, for one call after the other. Calls that change something fail while it is bad.
#[derive(Clone, Default)]
struct Line {
    stripe: Arc<Mutex<Option<SocketAddr>>>,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Line {
    fn is(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// A site whose calls of Stripe go over a line, which is good at first.
    async fn open() -> (Site, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/dev/stripe", listener.local_addr().unwrap());
        let line = Self::default();
        let site = Site::open_with(|settings| settings.stripe_api_base = Some(base)).await;
        *line.stripe.lock().unwrap() = Some(site.address);
        site.app.stripe_stand_in().hold();
        let served = line.clone();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let line = served.clone();
                tokio::spawn(async move { line.carry(caller).await });
            }
        });
        (site, line)
    }

    async fn carry(self, mut caller: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut caller).await?;
        let changes = !request.starts_with(b"GET ");
        let fault = (*self.fault.lock().unwrap()).filter(|_| changes);
        if fault == Some(Fault::IsCutBefore) {
            return Ok(());
        }
        let stripe = self.stripe.lock().unwrap().unwrap();
        let mut stripe = TcpStream::connect(stripe).await?;
        stripe.write_all(&request).await?;
        let mut answer = Vec::new();
        stripe.read_to_end(&mut answer).await?;
        match fault {
            Some(Fault::ActsAndSays500) => {
                let failed =
                    b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                caller.write_all(failed).await
            }
            Some(_) => Ok(()),
            None => caller.write_all(&answer).await,
        }
    }
}

/// A whole request, which asks for the connection to be closed after its answer.
async fn read_request(caller: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if caller.read_buf(&mut request).await? == 0 {
            return Ok(request);
        }
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if request.len() < end + 4 + length.unwrap_or_default() {
            continue;
        }
        let first = head.find("\r\n").unwrap_or(head.len());
        request.splice(first..first, b"\r\nconnection: close".iter().copied());
        return Ok(request);
    }
}

/// Gives every job that waits for another try that try now.
async fn try_again(site: &Site) {
    sqlx::query("update graphile_worker._private_jobs set run_at = now()").execute(&site.pool).await.unwrap();
    settle(site).await;
}

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

#[tokio::test]
async fn joining_over_a_bad_line_makes_one_page_one_payment_and_one_member() {
    for fault in FAULTS {
        let (site, line) = Line::open().await;
        line.is(Some(fault));
        let mut browser = site.stranger();
        let path = send_form(&mut browser, &joiner("patient@example.org")).await.location.unwrap();
        assert!(path.starts_with("/join/"), "{fault:?}: {path}");
        let page = browser.get(&path).await;
        page.expect("We cannot reach our payment provider").expect("nothing has been taken");
        line.is(None);
        let sent = page.form(&format!("{path}/payment")).submit_once(&mut browser).await;
        let session = sent.location.unwrap();
        let session = session.rsplit('/').next().unwrap();
        let pages = "select count(*) from stripe_stand_in.objects where id like 'cs_%' and body #>> '{metadata,checkout}' in (select id::text from checkouts where email = 'patient@example.org')";
        assert_eq!(count(&site, pages).await, 1, "{fault:?}");
        site.app.stripe_stand_in().pay(session, PaidBy::Card).await.unwrap();
        settle(&site).await;
        assert_eq!(standing(&site, "patient@example.org").await.0, "active", "{fault:?}");
        assert_eq!(lines_of(&site, "patient@example.org").await, [("payment".to_owned(), 500)], "{fault:?}");
    }
}

#[tokio::test]
async fn money_goes_back_once_over_a_bad_line() {
    for fault in FAULTS {
        let (site, line) = Line::open().await;
        let email = "robin@example.org";
        pay(&site, email, PaidBy::Card).await;
        let payment: uuid::Uuid = sqlx::query_scalar(
            "select l.id from ledger l join people p on p.id = l.person_id where p.email = 'robin@example.org'",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
        let path = format!("/admin/payments/lines/{payment}");
        let form = treasurer.get(&path).await.form(&format!("{path}/refund"));
        let form = form.fill("amount", "2").fill("reason", "Asked for it");
        line.is(Some(fault));
        form.submit(&mut treasurer).await.expect("on its way back");
        for _ in 0..3 {
            try_again(&site).await;
        }
        line.is(None);
        try_again(&site).await;
        let gone = [("payment".to_owned(), 500), ("refund".to_owned(), -200)];
        assert_eq!(lines_of(&site, email).await, gone, "{fault:?}");
        let at_stripe = "select count(*) from stripe_stand_in.objects where id like 're_%' and body #>> '{metadata,refund}' in (select id::text from refunds where reason = 'Asked for it')";
        assert_eq!(count(&site, at_stripe).await, 1, "{fault:?}");
        treasurer.get(&path).await.expect("Sent back");
        let told = site.mails_to(email).await;
        let told = told.iter().filter(|mail| mail.subject.starts_with("We are returning")).count();
        assert_eq!(told, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_process_that_dies_before_stripe_answers_leaves_a_refund_that_is_made_once() {
    for was_made in [true, false] {
        let (site, _) = Line::open().await;
        let email = "robin@example.org";
        pay(&site, email, PaidBy::Card).await;
        let (payment, intent): (uuid::Uuid, String) = sqlx::query_as(
            "select l.id, l.payment_intent from ledger l join people p on p.id = l.person_id where p.email = 'robin@example.org'",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
        let path = format!("/admin/payments/lines/{payment}");
        let form = treasurer.get(&path).await.form(&format!("{path}/refund"));
        form.fill("amount", "2").fill("reason", "Asked for it").submit(&mut treasurer).await;
        // The wish is kept; whoever was to see to it is gone, before or after Stripe has acted.
        let refund: uuid::Uuid = sqlx::query_scalar("select id from refunds where reason = 'Asked for it'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
        if was_made {
            let metadata = [("refund".to_owned(), refund.to_string())].into();
            let key = format!("refund:{refund}:1");
            site.app.stripe().refund_part(&key, &intent, 200, &metadata).await.unwrap();
        }
        sqlx::query("delete from graphile_worker._private_jobs").execute(&site.pool).await.unwrap();
        site.app.clock().advance(chrono::Duration::days(1));
        crate::payments::run_job(&site, &breakthrough::payments::Reconcile::default()).await;
        settle(&site).await;
        let gone = [("payment".to_owned(), 500), ("refund".to_owned(), -200)];
        assert_eq!(lines_of(&site, email).await, gone, "{was_made}");
        treasurer.get(&path).await.expect("Sent back");
    }
}

#[tokio::test]
async fn whoever_leaves_over_a_bad_line_pays_nothing_more() {
    for fault in FAULTS {
        let (site, line) = Line::open().await;
        let email = "robin@example.org";
        let subscription = pay(&site, email, PaidBy::Card).await;
        let mut change = site.change().await;
        let person = site.person(email).await;
        breakthrough::payments::end_all_of(&mut change, person).await.unwrap();
        change.commit().await.unwrap();
        line.is(Some(fault));
        for _ in 0..3 {
            try_again(&site).await;
        }
        line.is(None);
        try_again(&site).await;
        assert_eq!(at_stripe(&site, &subscription).await, "canceled", "{fault:?}");
        assert_eq!(lines_of(&site, email).await, [("payment".to_owned(), 500)], "{fault:?}");
    }
}
