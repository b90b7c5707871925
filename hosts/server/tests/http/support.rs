//! A server of the test's own, and a client that sends whatever bytes a test wants.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use logveil::{Durability, OpenOptions};
use logveil_server::auth::Gate;
use logveil_server::{Server, ServerOptions, World, WorldOptions};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How long a client waits for an answer before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that takes any signature, in a thread, over a directory that goes with it.
pub struct Running {
    pub address: SocketAddr,
    pub world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    _directory: TempDir,
}

/// What came back: status, header lines in lower case, body.
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Running {
    pub fn start() -> Self {
        Self::with(|options| options)
    }

    pub fn with(change: impl FnOnce(ServerOptions) -> ServerOptions) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let engine = OpenOptions { durability: Durability::Buffered, ..OpenOptions::default() };
        let new = WorldOptions::new(directory.path());
        let options = WorldOptions { engine, engines_max: 4, ..new };
        let world = World::open(options).expect("a new directory opens");
        let gate = Gate::AnyKey(world.home().clone());
        let address = "127.0.0.1:0".parse().expect("an address");
        let options = change(ServerOptions::new(address, gate));
        let server = Server::bind(Arc::clone(&world), options).expect("a free port");
        let (stop, stopped) = oneshot::channel::<()>();
        let address = server.address();
        let thread = std::thread::spawn(move || server.run(async { drop(stopped.await) }));
        let (stop, thread) = (Some(stop), Some(thread));
        Self { address, world, stop, thread, _directory: directory }
    }

    /// Ends the server as an interrupt does, and waits for it.
    pub fn stop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            drop(stop);
            thread.join().expect("the server does not panic").expect("the server ends");
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        stream
    }

    /// Calls an operation on a connection of its own.
    pub fn call(&self, operation: &str, input: &Value) -> (u16, Value) {
        call(&mut self.connect(), operation, input)
    }

    /// The same; it has to succeed.
    #[track_caller]
    pub fn done(&self, operation: &str, input: &Value) -> Value {
        let (status, answer) = self.call(operation, input);
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// The head of a request for an operation, without its length.
pub fn head(operation: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n\
         X-Amz-Target: Logs_20140328.{operation}\r\n"
    )
}

/// Calls an operation on an open connection.
pub fn call(stream: &mut TcpStream, operation: &str, input: &Value) -> (u16, Value) {
    let body = input.to_string();
    let request = format!("{}Content-Length: {}\r\n\r\n{body}", head(operation), body.len());
    stream.write_all(request.as_bytes()).expect("the server reads");
    let reply = read_reply(stream).expect("an answer");
    let answer = serde_json::from_slice(&reply.body).expect("the answer is JSON");
    (reply.status, answer)
}

/// Reads one answer; `None` when the server closed the connection instead.
pub fn read_reply(stream: &mut TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut chunk) {
            Ok(0) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("no answer: {error}"),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
    let mut body = bytes.split_off(head_end);
    while body.len() < length {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(read) => body.extend_from_slice(&chunk[..read]),
        }
    }
    Some(Reply { status, head, body })
}

/// Memory of this process, in bytes.
pub fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("a number") * 4096
}
