//! What the tests share: the program run, its files, a canary.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

/// Stands in logs and policies of these tests, beside what is masked: no error may print it.
pub const CANARY: &str = "kanarienvogel";

/// A private key, and a line of what it could hold.
pub const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
pub const END: &str = "-----END OPENSSH PRIVATE KEY-----";
pub const BODY: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_logveil"))
        .args(args)
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Runs the program to its end. Whatever it did, its stderr holds nothing of the text.
#[track_caller]
pub fn run(args: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
    let mut child = start(args);
    let mut to = child.stdin.take().expect("piped");
    let stdin = stdin.as_ref().to_vec();
    let writer = thread::spawn(move || drop(to.write_all(&stdin)));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("writing does not panic");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    let err = text(output.stderr);
    assert!(!err.contains(CANARY), "a canary on stderr");
    assert!(!err.contains("536-22-8145") && !err.contains("panic"), "a value on stderr");
    assert!(!err.contains('\u{1b}'), "colours where there is no terminal");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err }
}

/// What `mask` makes of `text`, without its summary.
#[track_caller]
pub fn masked(args: &[&str], text: impl AsRef<[u8]>) -> String {
    let ran = run(&[&["mask", "--quiet"], args].concat(), text);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.out
}

/// A folder of this process: two runs at a time share no file. What runs left an hour ago goes.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
        let old = |path: &Path| {
            let age = path.metadata().and_then(|it| it.modified()).map(|it| it.elapsed());
            age.is_ok_and(|age| age.is_ok_and(|age| age > Duration::from_secs(3600)))
        };
        let left = fs::read_dir(&all).into_iter().flatten().flatten().map(|it| it.path());
        left.filter(|path| old(path)).for_each(|path| drop(fs::remove_dir_all(path)));
        let own = all.join(std::process::id().to_string());
        // The number may have been another run's.
        let _ = fs::remove_dir_all(&own);
        fs::create_dir_all(&own).expect("the folder of tests can be written to");
        own
    })
}

/// A file of this name and content, in a folder of this process.
pub fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, content).expect("the folder of tests can be written to");
    path
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

pub fn example(name: &str) -> String {
    format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
}
