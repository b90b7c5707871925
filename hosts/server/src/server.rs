//! The network: connections, requests read whole, answers written.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::runtime::Runtime;

use crate::answer::Failure;
use crate::dispatch::{ApiRequest, answer};
use crate::wire::{BODY_BYTES_MAX, CONTENT_TYPE as AMZ_JSON, error_body, too_large};
use crate::workers::Workers;
use crate::world::World;

/// How long the head of a request may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the body of a request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long answers under way may take once the server ends.
const GRACE: Duration = Duration::from_secs(30);

/// Answers that are made at the same time; others wait.
const ANSWERING_MAX: usize = 64;

/// Connections that are open at the same time; others wait to be accepted.
const CONNECTIONS_MAX: usize = 1024;

/// How a [`Server`] listens.
pub struct ServerOptions {
    /// Where; port 0 asks the system for one.
    pub listen: SocketAddr,
}

impl ServerOptions {
    /// Plain HTTP on an address.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen }
    }
}

/// An endpoint that listens, and answers once it runs.
pub struct Server {
    world: Arc<World>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address; connections wait until [`Server::run`].
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub fn bind(world: Arc<World>, options: ServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { world, listener, address })
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
        let workers = Workers::start(&self.world)?;
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
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Such as too many open files: others may end meanwhile.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let world = Arc::clone(&self.world);
            let service = service_fn(move |request| serve(Arc::clone(&world), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended early");
                }
                drop(permit);
            });
        }
        drop(listener);
        tokio::select! {
            () = graceful.shutdown() => {}
            () = tokio::time::sleep(GRACE) => tracing::warn!("answers under way were cut off"),
        }
        Ok(())
    }
}

type Reply = Response<Full<Bytes>>;

async fn serve(world: Arc<World>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, "/") => api(world, request).await,
        (&Method::GET, "/health") => plain(StatusCode::OK, "ok\n"),
        (_, "/" | "/health") => plain(StatusCode::METHOD_NOT_ALLOWED, "this method is not taken\n"),
        _ => plain(StatusCode::NOT_FOUND, "there is nothing here; operations are POSTed to /\n"),
    })
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = Response::new(Full::from(text));
    *reply.status_mut() = status;
    let text_plain = HeaderValue::from_static("text/plain; charset=utf-8");
    reply.headers_mut().insert(CONTENT_TYPE, text_plain);
    reply
}

async fn api(world: Arc<World>, request: Request<Incoming>) -> Reply {
    let started = Instant::now();
    let id = request_id();
    let (head, body) = request.into_parts();
    let read = read(body).await.map(|body| ApiRequest { headers: head.headers, body });
    let operation = read.as_ref().ok().and_then(ApiRequest::operation).unwrap_or("none");
    let bytes = read.as_ref().map_or(0, |request| request.body.len());
    let answered = match read {
        Ok(request) => {
            let answer = move || answer(&world, &request).map(|answer| answer.to_string());
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
    let ms = started.elapsed().as_millis();
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
async fn read(body: Incoming) -> Result<Vec<u8>, Failure> {
    let whole = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(BODY_TIMEOUT, whole).await {
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
