//! moto's server, started for these tests and ended with them.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// A Python that has moto; `.ci/aws` installs it.
const PYTHON: &str = "LOGVEIL_MOTO_PYTHON";

/// Ends when its standard input is closed, as it is with the process of the tests.
struct Moto {
    url: String,
    _child: Child,
    _output: BufReader<ChildStdout>,
}

/// Where moto answers. All tests of a process share one, so each uses names of its own.
pub fn url() -> &'static str {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    &MOTO.get_or_init(start).url
}

fn start() -> Moto {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| {
        panic!(
            "{PYTHON} names no Python with moto: `bash .ci/aws` installs it and runs these tests"
        )
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../aws/tests/aws/serve_moto.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("that Python starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut url = String::new();
    output.read_line(&mut url).expect("moto says where it answers");
    // It listens before it says so: nothing has to be waited for.
    let url = url.trim().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "moto did not start");
    Moto { url, _child: child, _output: output }
}
