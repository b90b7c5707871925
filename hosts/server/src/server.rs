//! The network: connections, requests read whole, answers written.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::answer::Failure;
use crate::auth::Gate;
use crate::dispatch::{ApiRequest, answer};
use crate::page;
use crate::tls;
use crate::wire::{BODY_BYTES_MAX, CONTENT_TYPE as AMZ_JSON, error_body, too_large};
use crate::workers::Workers;
use crate::world::World;

/// How long the head of a request, and then its body, may take to arrive.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long answers under way may take once the server ends.
const GRACE: Duration = Duration::from_secs(30);

/// How long it waits after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers that are made at the same time; others wait.
const ANSWERING_MAX: usize = 64;

/// Connections that are open at the same time; others wait to be accepted.
const CONNECTIONS_MAX: usize = 1024;

/// How a [`Server`] listens.
pub struct ServerOptions {
    /// Where; port 0 asks the system for one.
    pub listen: SocketAddr,
    /// Who is let in.
    pub gate: Gate,
    /// The files of a certificate chain and of its private key, as PEM, to speak TLS with.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// How long the head of a request, and then its body, may take to arrive: 30 seconds unless
    /// set.
    pub request_timeout: Duration,
    /// What `/metrics` answers, in the text format of Prometheus, to requests from this machine;
    /// without it there is nothing there.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
}

impl ServerOptions {
    /// Plain HTTP on an address.
    pub fn new(listen: SocketAddr, gate: Gate) -> Self {
        Self { listen, gate, tls: None, request_timeout: REQUEST_TIMEOUT, metrics: None }
    }
}

/// Why a [`Server`] does not listen.
#[derive(Debug)]
pub enum BindError {
    /// [`Gate::AnyKey`] on an address that other machines reach.
    NotLoopback,
    /// [`Gate::AnyKey`] over originals that lie under a key that is kept: everybody could unmask
    /// what was kept for few.
    KeptKeys,
    /// The certificate or its key cannot be read or used; the text says which and why.
    Tls(String),
    /// The address cannot be had.
    Address(io::Error),
}

/// An endpoint that listens, and answers once it runs.
pub struct Server {
    shared: Arc<Shared>,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

/// What every connection has.
struct Shared {
    world: Arc<World>,
    gate: Gate,
    secure: bool,
    request_timeout: Duration,
    metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
}

impl Server {
    /// Takes the address; connections wait until [`Server::run`].
    ///
    /// # Errors
    ///
    /// [`BindError`].
    pub fn bind(world: Arc<World>, options: ServerOptions) -> Result<Self, BindError> {
        let ServerOptions { listen, gate, tls, request_timeout, metrics } = options;
        if matches!(gate, Gate::AnyKey(_)) {
            if !listen.ip().is_loopback() {
                return Err(BindError::NotLoopback);
            }
            if world.has_kept_keys() {
                return Err(BindError::KeptKeys);
            }
        }
        let tls = tls.map(|(chain, key)| tls::acceptor(&chain, &key)).transpose()?;
        let bound = TcpListener::bind(listen).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        });
        let (listener, address) = bound.map_err(BindError::Address)?;
        let shared =
            Arc::new(Shared { world, gate, secure: tls.is_some(), request_timeout, metrics });
        Ok(Self { shared, listener, address, tls })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `until` is ready, then lets the answers under way end and stops delivering.
    /// What was acknowledged is in the stores; what waits to be delivered stays there.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn run(self, until: impl Future<Output = ()>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(ANSWERING_MAX)
            .build()?;
        let workers = Workers::start(&self.shared.world)?;
        let done = runtime.block_on(self.accept(until));
        Runtime::shutdown_timeout(runtime, GRACE);
        workers.stop();
        done
    }

    async fn accept(self, until: impl Future<Output = ()>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let graceful = GracefulShutdown::new();
        let room = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
        let mut until = pin!(until);
        loop {
            let permit = Arc::clone(&room).acquire_owned();
            let accepted = async { (permit.await, listener.accept().await) };
            let (permit, accepted) = tokio::select! {
                accepted = accepted => accepted,
                () = &mut until => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Such as too many open files: others may end meanwhile.
                    tracing::warn!(%error, "a connection was not accepted");
                    let _ = timeout(PAUSE, std::future::pending::<()>()).await;
                    continue;
                }
            };
            let (shared, tls) = (Arc::clone(&self.shared), self.tls.clone());
            let near = peer.ip().to_canonical().is_loopback();
            let watcher = graceful.watcher();
            tokio::spawn(async move {
                match tls {
                    None => converse(stream, shared, near, watcher).await,
                    Some(tls) => match timeout(shared.request_timeout, tls.accept(stream)).await {
                        Ok(Ok(stream)) => converse(stream, shared, near, watcher).await,
                        _ => tracing::debug!("a TLS handshake failed"),
                    },
                }
                drop(permit);
            });
        }
        drop(listener);
        if timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("answers under way were cut off");
        }
        Ok(())
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    shared: Arc<Shared>,
    near: bool,
    watcher: Watcher,
) {
    let head_timeout = shared.request_timeout;
    let service = service_fn(move |request| serve(Arc::clone(&shared), near, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

type Reply = Response<Full<Bytes>>;

async fn serve(
    shared: Arc<Shared>,
    near: bool,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, "/") => api(shared, request).await,
        (&Method::GET, "/") => look(shared, request).await,
        (&Method::GET, page::STYLE_PATH) => {
            shown("text/css; charset=utf-8", page::STYLE.to_owned())
        }
        (&Method::GET, "/health") => plain(StatusCode::OK, "ok\n"),
        // Choice: its labels are names of log groups and filters, so it is for this machine only.
        (&Method::GET, "/metrics") if !near => {
            plain(StatusCode::FORBIDDEN, "metrics are for this machine only\n")
        }
        (&Method::GET, "/metrics") => match &shared.metrics {
            Some(metrics) => plain(StatusCode::OK, metrics()),
            None => plain(StatusCode::NOT_FOUND, "metrics are not counted\n"),
        },
        (_, "/" | "/health" | "/metrics") => {
            plain(StatusCode::METHOD_NOT_ALLOWED, "this method is not taken\n")
        }
        _ => plain(StatusCode::NOT_FOUND, "there is nothing here; operations are POSTed to /\n"),
    })
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(text.into()));
    *reply.status_mut() = status;
    let text_plain = HeaderValue::from_static("text/plain; charset=utf-8");
    reply.headers_mut().insert(CONTENT_TYPE, text_plain);
    reply
}

/// The page.
async fn look(shared: Arc<Shared>, request: Request<Incoming>) -> Reply {
    let (head, _) = request.into_parts();
    let answer = move || {
        let incoming = crate::auth::Incoming {
            method: "GET",
            path_and_query: head.uri.path_and_query().map_or("/", |it| it.as_str()),
            headers: &head.headers,
            body: &[],
            secure: shared.secure,
        };
        page::page(&shared.world, &shared.gate, &incoming)
    };
    let answered = tokio::task::spawn_blocking(answer).await;
    let (status, code) = match &answered {
        Ok(Ok(_)) => (200, ""),
        Ok(Err(failure)) => (failure.status, &*failure.code),
        Err(_) => (500, "InternalFailure"),
    };
    tracing::info!(status, code, "the page was asked for");
    match answered {
        Ok(Ok(html)) => shown("text/html; charset=utf-8", html),
        Ok(Err(failure)) => {
            let text = format!("{}: {}\n", failure.code, failure.message);
            let mut reply = shown("text/plain; charset=utf-8", text);
            *reply.status_mut() =
                StatusCode::from_u16(failure.status).expect("a status of the API model");
            reply
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "a fault of the server\n"),
    }
}

/// A reply for browsers.
fn shown(content_type: &'static str, text: String) -> Reply {
    let mut reply = Response::new(Full::from(text));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in page::HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

async fn api(shared: Arc<Shared>, request: Request<Incoming>) -> Reply {
    let started = Instant::now();
    let id = request_id();
    let (head, body) = request.into_parts();
    let path_and_query = head.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
    let (headers, secure) = (head.headers, shared.secure);
    let read = read(body, shared.request_timeout).await;
    let read = read.map(|body| ApiRequest { path_and_query, secure, headers, body });
    let operation = read.as_ref().ok().and_then(ApiRequest::operation).unwrap_or("none");
    let bytes = read.as_ref().map_or(0, |request| request.body.len());
    let answered = match read {
        Ok(request) => {
            let answer = move || {
                let answer = answer(&shared.world, &shared.gate, &request);
                answer.map(|answer| answer.to_string())
            };
            tokio::task::spawn_blocking(answer).await.unwrap_or_else(|_| {
                let message = "the request was not answered for a fault of the server";
                Err(Failure::new("InternalFailure", 500, message))
            })
        }
        Err(failure) => Err(failure),
    };
    let (status, code) = match &answered {
        Ok(_) => (200, ""),
        Err(failure) => (failure.status, &*failure.code),
    };
    let (seconds, ms) = (started.elapsed().as_secs_f64(), started.elapsed().as_millis());
    let labels = [("operation", operation.to_owned()), ("code", code.to_owned())];
    metrics::counter!("logveil_requests_total", &labels).increment(1);
    metrics::histogram!("logveil_request_seconds", "operation" => operation).record(seconds);
    tracing::info!(id, operation, status, code, bytes, ms, "answered");
    let body = answered.unwrap_or_else(|failure| error_body(&failure));
    let mut reply = Response::new(Full::from(body));
    *reply.status_mut() = StatusCode::from_u16(status).expect("a status of the API model");
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(AMZ_JSON));
    headers.insert("x-amzn-requestid", HeaderValue::from_str(&id).expect("hexadecimal digits"));
    reply
}

/// # Errors
///
/// RequestEntityTooLarge, RequestTimeout, and SerializationException for a body that ends early.
async fn read(body: Incoming, body_timeout: Duration) -> Result<Vec<u8>, Failure> {
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let whole = Limited::new(body, BODY_BYTES_MAX).collect();
    match timeout(body_timeout, whole).await {
        Err(_) => {
            Err(Failure::new("RequestTimeoutException", 408, "the body took too long to arrive"))
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Failure::serialization("the body ended before its length")),
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
    }
}

/// In the form of the service's: a version 4 UUID (RFC 9562).
fn request_id() -> String {
    let mut random = [0_u8; 16];
    // Without random bytes requests share an id: it is for people who read logs.
    let _ = getrandom::fill(&mut random);
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let digits = hex::encode(random);
    let (a, b, c, d, e) =
        (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

impl std::fmt::Display for BindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback => f.write_str(
                "whoever takes any signature may listen on a loopback address only, such as \
                 127.0.0.1",
            ),
            Self::KeptKeys => f.write_str(
                "the directory holds originals under keys of a key file, which whoever takes any \
                 signature would show to everybody; take another directory, or give credentials",
            ),
            Self::Tls(why) => f.write_str(why),
            Self::Address(error) => write!(f, "cannot listen: {error}"),
        }
    }
}

impl std::error::Error for BindError {}
