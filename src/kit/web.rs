//! The web server: takes connections, and lets none of them cost more than it may.
//!
//! A visitor who sends half a request, or nothing at all, is waited for only so long; one address has only so many
//! connections; and once the process is asked to stop it stops, whoever is still connected.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::{Future, ready},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
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
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt;

use super::{app::App, cache, proxy};

/// For the head of a request, counted from its first byte, or from the answer before it on the same connection.
const HEAD: Duration = Duration::from_secs(15);
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
        .serve_connection(TokioIo::new(stream), service)
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
