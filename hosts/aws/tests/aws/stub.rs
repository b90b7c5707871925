//! A server on this machine that answers what it is told to, and keeps what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What came in.
#[derive(Clone)]
pub struct Request {
    /// `POST /2015-03-31/functions/f/invocations`.
    pub line: String,
    /// Names in lower case, each with its value.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What goes out.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

type Answers = Box<dyn FnMut(&Request) -> Answer + Send>;

pub struct Stub {
    pub url: String,
    pub requests: Arc<Mutex<Vec<Request>>>,
}

/// Starts a server that answers as `answers` says. Its thread ends with the process.
pub fn start(answers: impl FnMut(&Request) -> Answer + Send + 'static) -> Stub {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("this machine has a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (kept, answers) =
        (Arc::clone(&requests), Arc::new(Mutex::new(Box::new(answers) as Answers)));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let (kept, answers) = (Arc::clone(&kept), Arc::clone(&answers));
            thread::spawn(move || serve(&connection, &kept, &answers));
        }
    });
    Stub { url, requests }
}

/// One request and its answer; the connection is then closed.
fn serve(connection: &TcpStream, kept: &Mutex<Vec<Request>>, answers: &Mutex<Answers>) {
    let Some(request) = read(connection) else { return };
    let answer = answers.lock().unwrap()(&request);
    kept.lock().unwrap().push(request);
    let Answer { status, body } = answer;
    let mut writer = connection;
    let _ = write!(
        writer,
        "HTTP/1.1 {status} Status\r\ncontent-type: application/x-amz-json-1.1\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

fn read(connection: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let next = line()?;
        let Some((name, value)) = next.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { line: first, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    request.body.resize(length.unwrap_or(0), 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}
