//! Power loss and failing calls: a library that the tests build is preloaded into a child, which is
//! this very test binary in another role.
//!
//! The child prints a line for whatever it was told is safe; the parent looks at what is on the
//! disk afterwards. Short forms here; with `LOGVEIL_LONG=50` every sync point and every call.
#![cfg(target_os = "linux")]

mod kill;
mod model;
mod plain;
mod store;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use logveil::Durability;
use model::Work;
use tempfile::TempDir;

pub use crate::support::{files_below, long, report};

/// Exit code of a child whose power went.
const OFF: i32 = 86;

/// What a child is to do and what goes wrong meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What the child does: see [`child`].
    pub role: &'static str,
    /// The power goes at this sync; 0: when the child is done.
    pub off_at: u64,
    pub seed: u64,
    /// Which call fails, how, and how many after it.
    pub fail: Option<(u64, &'static str, u64)>,
    pub no_sync: bool,
}

/// What became of a child.
pub struct Outcome {
    /// The directory as the child left it, for those who did not lose their power.
    pub directory: TempDir,
    /// The disk after the power went; empty otherwise.
    pub image: PathBuf,
    /// What the child printed, line by line.
    pub said: Vec<String>,
    pub off: bool,
    /// Whether a call was failed.
    pub fired: bool,
    _outside: TempDir,
}

impl Plan {
    pub fn run(&self) -> Outcome {
        let (directory, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let image = outside.path().join("image");
        std::fs::create_dir(&image).unwrap();
        let mut command = child_in(self.role, directory.path());
        command.env("LD_PRELOAD", library());
        command.env("FAULTS_DIRECTORY", directory.path()).env("FAULTS_IMAGE", &image);
        command.env("FAULTS_OFF_AT", self.off_at.to_string());
        command.env("FAULTS_SEED", self.seed.to_string());
        if let Some((at, with, count)) = self.fail {
            command.env("FAULTS_FAIL_AT", at.to_string()).env("FAULTS_FAIL_WITH", with);
            command.env("FAULTS_FAIL_FOR", count.to_string());
        }
        if self.no_sync {
            command.env("FAULTS_NO_SYNC", "1");
        }
        let output = command.output().unwrap();
        let off = output.status.code() == Some(OFF);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(off, "{self:?}: {}: {complaint}", output.status);
        let said = lines(&output.stdout);
        let fired = image.with_extension("fired").exists();
        Outcome { directory, image, said, off, fired, _outside: outside }
    }
}

/// The lines that a child said, without what the test harness says around them.
pub fn lines(stdout: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stdout);
    text.lines().filter_map(|line| line.strip_prefix("> ")).map(str::to_owned).collect()
}

/// This test binary, about to do one thing in a directory.
pub fn child_in(role: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::child", "--nocapture", "--test-threads=1"]);
    command.env("LOGVEIL_ROLE", role).env("LOGVEIL_DIRECTORY", directory);
    command.stdin(Stdio::null());
    command
}

/// Not a test: what a child does. Without a role it does nothing.
#[test]
fn child() {
    let Ok(role) = std::env::var("LOGVEIL_ROLE") else { return };
    let directory = PathBuf::from(std::env::var("LOGVEIL_DIRECTORY").unwrap());
    // The harness has begun a line.
    std::io::stdout().write_all(b"\n").unwrap();
    match role.split_once(' ').unwrap_or((&role, "")) {
        ("plain", variant) => plain::child(&directory, variant),
        ("store", work) => model::child(&directory, Work::parse(work), Durability::Synced),
        _ => panic!("{role}: nobody knows how to do that"),
    }
    // Under the preloaded library this is the end.
    drop(std::fs::create_dir(directory.join("power-off")));
}

/// Tells the parent, at once.
pub fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("> {text}\n").as_bytes()).and_then(|()| stdout.flush()).unwrap();
}

/// The library to preload, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preload/src/lib.rs");
        let built = format!("liblogveil_faults-{}.so", std::process::id());
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(built);
        // The compiler that built this test lies beside its cargo.
        let compiler = Path::new(env!("CARGO")).with_file_name("rustc");
        let mut command = Command::new(compiler);
        command.args(["--edition", "2024", "-O", "--crate-type", "cdylib"]);
        command.args(["--crate-name", "logveil_faults", "-o"]).arg(&built).arg(source);
        assert!(command.status().unwrap().success(), "the library compiles");
        built
    })
}
