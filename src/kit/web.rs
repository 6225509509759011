//! The web server: takes connections, and lets none of them cost more than it may.
//!
//! A visitor who sends half a request, or nothing at all, or reads no answer, is waited for only so long; one address has only so many
//! connections; and once the process is asked to stop it stops, whoever is still connected.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::{Future, ready},
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, Response},
};
use futures_util::future::Either;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};
use tower::ServiceExt;

use super::{app::App, cache, proxy};

/// For the head of a request, counted from its first byte, or from the answer before it on the same connection.
const HEAD: Duration = Duration::from_secs(15);
/// For a visitor who reads no further, and for all the waiting of one connection together, as long as they read more
/// slowly than [`SLOWEST`].
const STALL: Duration = Duration::from_secs(30);
/// Bytes a second. A telephone on the worst of lines reads twice as fast.
const SLOWEST: u64 = 512;
/// Longest head: the largest form goes into the body.
const LONGEST_HEAD: usize = 32 * 1024;
/// All connections together. Each is a file descriptor, of which many systems give a process 1,024.
const CONNECTIONS: usize = 768;
/// From one address that is no proxy of ours. A browser opens six; a whole library, or a program that follows every
/// link at once, may share one address.
const FROM_ONE_ADDRESS: usize = 256;
/// For requests that are being answered when the process is asked to stop.
const FAREWELL: Duration = Duration::from_secs(5);
/// When no file descriptor is left, the next try may find one.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`; then gives running requests [`FAREWELL`] and closes what is left.
pub async fn serve(app: &App, listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let addresses = Addresses::default();
    let open = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        // When all places are taken, the next waits in the listener's queue.
        let next = async {
            let place = connections.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (Ok(place), Ok((stream, peer))) = (place, accepted) else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Some(visitor) = addresses.enter(app, peer.ip()) else { continue };
        let connection = connection(app.clone(), stream, peer, router.clone());
        let watched = open.watch(connection);
        tokio::spawn(async move {
            let _kept: (OwnedSemaphorePermit, Visitor) = (place, visitor);
            // A connection that breaks off is the visitor's business.
            let _ = watched.await;
        });
    }
    let _ = tokio::time::timeout(FAREWELL, open.shutdown()).await;
}

fn connection(
    app: App,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Output = hyper::Result<()>> + Send {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = match cache::answer(app.pages(), app.clock().now(), &request) {
            Some(kept) => Either::Left(ready(Ok(kept))),
            None => {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                Either::Right(router.clone().oneshot(request))
            }
        };
        async move { Ok::<Response<Body>, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(Patient::new(stream, STALL)), service)
}

/// A connection that waits for its visitor to read, and not for ever: with `stall` once, and in all with `stall` and a
/// second more for each [`SLOWEST`] bytes that were taken.
struct Patient<S> {
    stream: S,
    stall: Duration,
    written: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> Patient<S> {
    fn new(stream: S, stall: Duration) -> Self {
        Self { stream, stall, written: 0, waited: Duration::ZERO, waiting: None }
    }

    fn watch(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let Poll::Ready(done) = outcome else {
            let in_all = self.stall + Duration::from_secs(self.written / SLOWEST);
            let left = in_all.saturating_sub(self.waited).min(self.stall);
            let begin = || (Instant::now(), Box::pin(tokio::time::sleep(left)));
            let (_, patience) = self.waiting.get_or_insert_with(begin);
            return patience.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        // What the system took before it had to wait says nothing of the visitor's pace.
        if let Ok(bytes) = done
            && !self.waited.is_zero()
        {
            self.written += bytes as u64;
        }
        Poll::Ready(done)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, from);
        self.watch(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, from);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// How many connections each address has open.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place among those of its address, given back when it ends.
struct Visitor {
    address: Option<IpAddr>,
    addresses: Addresses,
}

impl Addresses {
    /// `None` if the address has as many as it may. Trusted proxies bring everybody, so they are not counted.
    fn enter(&self, app: &App, peer: IpAddr) -> Option<Visitor> {
        if app.config().trusted_proxies.contain(peer) {
            return Some(Visitor { address: None, addresses: self.clone() });
        }
        let address = proxy::network(peer);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= FROM_ONE_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Visitor { address: Some(address), addresses: self.clone() })
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut open = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{sleep, timeout},
    };

    use super::*;

    const STALL: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn who_reads_is_waited_for_and_who_does_not_is_not() {
        // Bytes that are taken at once, and the pause after them: nothing, a trickle, and a good pace.
        for (bytes, pause, is_served) in
            [(0, 50, false), (10, 20, false), (10, 150, false), (4_000, 20, true)]
        {
            let (near, mut far) = duplex(1_000);
            let reading = tokio::spawn(async move {
                let mut into = vec![0; bytes];
                loop {
                    if bytes > 0 && far.read(&mut into).await.unwrap_or(0) == 0 {
                        break;
                    }
                    sleep(Duration::from_millis(pause)).await;
                }
            });
            let mut patient = Patient::new(near, STALL);
            let done = timeout(Duration::from_secs(5), patient.write_all(&vec![b'x'; 20_000])).await;
            assert_eq!(done.expect("it is over in time").is_ok(), is_served, "{bytes} bytes, {pause} ms");
            reading.abort();
        }
    }
}
