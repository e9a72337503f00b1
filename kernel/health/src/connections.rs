//! Who asks, slow ones and crowds included.

use std::convert::Infallible;
use std::io;
use std::net;
use std::os::unix::net as unix;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// What is listened on.
pub(crate) enum Listener {
    Tcp(net::TcpListener),
    Unix(unix::UnixListener),
}

/// So many may ask at once; the others wait in the system's queue.
const MOST: usize = 32;
/// How long somebody may take to ask.
const TO_ASK: Duration = Duration::from_secs(3);
/// How long all may take, from the connection to the last byte of the answer.
const ALL: Duration = Duration::from_secs(8);
/// No question is longer.
const LONGEST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// When connections cannot be accepted, as without a descriptor left, it is tried again after this.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn serve(listener: Listener, router: Router) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MOST));
    match listener {
        Listener::Tcp(listener) => {
            let listener = TcpListener::from_std(listener)?;
            accept(&places, &router, async || Ok(listener.accept().await?.0)).await
        }
        Listener::Unix(listener) => {
            let listener = UnixListener::from_std(listener)?;
            accept(&places, &router, async || Ok(listener.accept().await?.0)).await
        }
    }
}

async fn accept<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    places: &Arc<Semaphore>,
    router: &Router,
    next: impl AsyncFn() -> io::Result<S>,
) -> io::Result<()> {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            return Ok(());
        };
        let stream = match next().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "who asks for health cannot be heard");
                sleep(PAUSE).await;
                continue;
            }
        };
        let router = router.clone();
        tokio::spawn(async move {
            // Whoever does not ask in time, or does not read, is left.
            let _ = timeout(ALL, answer(stream, router)).await;
            drop(place);
        });
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: S, router: Router) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer_one(request, router).await) }
    });
    let served = http1::Builder::new()
        // One question each, so that nobody keeps a place.
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(TO_ASK)
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a question about health was none");
    }
}

/// What is asked here has no body; one that comes is not read.
async fn answer_one(request: hyper::Request<Incoming>, router: Router) -> Response {
    use hyper::body::Body as _;
    use hyper::service::Service as _;
    if !request.body().is_end_stream() {
        return (StatusCode::PAYLOAD_TOO_LARGE, "no body is expected\n").into_response();
    }
    let request: Request = request.map(|_| Body::empty());
    let service = hyper_util::service::TowerToHyperService::new(router);
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
