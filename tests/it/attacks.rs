//! What somebody with bad intentions sends to the running program. All of it stays on this machine and ends by itself.

use std::{net::SocketAddr, time::Duration};

use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

use crate::support::{
    Browser,
    program::{Running, free_address, program},
    scratch,
};

/// Connects from an address of the loopback network that is not the visitors'.
async fn connect(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.66:0".parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether the other side has closed, without sending anything.
async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(timeout(Duration::from_millis(20), stream.read(&mut [0; 16])).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn half_a_request_is_not_waited_for_and_does_not_keep_the_process_from_stopping() {
    let scratch = scratch(1).await;
    let address = free_address();
    let mut command = program(&scratch.folder, Some(&scratch.url));
    command.args(["serve", "--no-worker", "--bare", "--listen", &address.to_string()]);
    let running = Running::start(command, "Stop with Ctrl-C").await;

    let mut halves = Vec::new();
    for _ in 0..200 {
        let mut half = connect(address).await;
        let _ = half.write_all(b"GET /faq HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
        halves.push(half);
    }
    let mut visitor = Browser::new(address);
    assert_eq!(visitor.get("/faq").await.status, StatusCode::OK);
    let mut open = 0;
    for half in &mut halves {
        open += usize::from(!is_closed(half).await);
    }
    assert!((1..=96).contains(&open), "{open} connections of one address are open");

    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(18) {
        for half in &mut halves {
            let _ = half.write_all(b"z").await;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let mut open = 0;
    for half in &mut halves {
        open += usize::from(!is_closed(half).await);
    }
    assert_eq!(open, 0, "half heads are still waited for");
    let mut head = connect(address).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let _ = head.write_all(long.as_bytes()).await;
    let mut answer = [0; 12];
    let _ = timeout(Duration::from_secs(5), head.read(&mut answer)).await.expect("an end or an answer");
    assert!(answer == [0; 12] || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));

    let mut half = connect(address).await;
    half.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut idle = connect(address).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut upload = connect(address).await;
    let start = b"POST /contact HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n";
    upload.write_all(start).await.unwrap();
    let began = Instant::now();
    assert_eq!(running.stop().await, Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?} to stop", began.elapsed());
}

/// Sends the head of a form and the beginning of a body that never ends.
async fn begin_upload(to: SocketAddr, path: &str, cookie: &str) -> TcpStream {
    let mut upload = connect(to).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nSec-Fetch-Site: same-origin\r\n\
         Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n"
    );
    upload.write_all(head.as_bytes()).await.unwrap();
    upload
}

#[tokio::test]
async fn an_upload_that_never_ends_holds_nothing_that_others_need() {
    let scratch = scratch(1).await;
    let address = free_address();
    let mut command = program(&scratch.folder, Some(&scratch.url));
    command.args(["serve", "--no-worker", "--bare", "--listen", &address.to_string()]);
    let running = Running::start(command, "Stop with Ctrl-C").await;
    let mut ana = Browser::new(address);
    let password = breakthrough::demo::PASSWORD;
    let signed_in =
        [("email", "ana@demo.test"), ("password", password), ("how", "password"), ("next", "/account")];
    ana.post("/sign-in", &signed_in).await.expect_status(200);

    let mut uploads = Vec::new();
    for number in 0..90 {
        // Paths for strangers, for the signed-in, and for machines; as a stranger, as Ana, as nobody known.
        let path = ["/contact", "/account/password", "/webhooks/stripe", "/join", "/nowhere"][number % 5];
        let cookie = [ana.cookie_header(), String::new(), "session=x".to_owned()][number % 3].clone();
        uploads.push(begin_upload(address, path, &cookie).await);
    }
    let began = Instant::now();
    for path in ["/readyz", "/faq?q=fees", "/join", "/membership", "/dashboard"] {
        ana.get(path).await.expect_status(200);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "others wait: {:?}", began.elapsed());

    // Each ends with an answer, while it still sends.
    let mut answer = [0; 12];
    while began.elapsed() < Duration::from_secs(35) {
        for upload in &mut uploads {
            let _ = upload.write_all(b"1\r\nz\r\n").await;
        }
        sleep(Duration::from_secs(1)).await;
    }
    for upload in &mut uploads {
        let read =
            timeout(Duration::from_secs(1), upload.read(&mut answer)).await.expect("an answer or an end");
        assert!(read.is_err() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(running.stop().await, Some(0));
}
