//! Stands between a program and one directory: preloaded, it takes the place of the calls that
//! change files, passes them on, and keeps beside them what a disk would hold if the power went
//! now. It is told by the environment what is to go wrong:
//!
//! - `FAULTS_DIRECTORY`: the directory, which exists. Nothing else is looked at.
//! - `FAULTS_IMAGE`: where the disk's contents are written after the power went; and `fired` beside
//!   it when a call was failed.
//! - `FAULTS_OFF_AT=K`: the power goes at the K-th sync, just before or just after it.
//!   Independently of it: when a folder named `power-off` is made in the directory.
//! - `FAULTS_SEED`: what of the writes that were not synced is on the disk all the same.
//! - `FAULTS_FAIL_AT=N`, `FAULTS_FAIL_WITH=enospc|eio|short|sync`, `FAULTS_FAIL_FOR=COUNT`: fails
//!   the N-th of the calls that can fail so, and those after it.
//! - `FAULTS_NO_SYNC`: every sync does nothing and says that all is well.
//!
//! A failed sync loses what it should have made safe: a later sync does not bring it back, as the
//! kernel has marked those pages clean. Calls that write in ways that are not modelled (memory
//! maps, copies inside the kernel) end the program.

mod disk;
mod hooks;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use disk::Disk;

/// Exit code of a process whose power went.
const OFF: i32 = 86;

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// What a call does to files, as far as failing it is concerned.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Write,
    Sync,
    /// Names and lengths.
    Other,
}

/// What becomes of a call.
enum Verdict {
    Go,
    Fail(i32),
    /// Only half of the bytes are written.
    Short,
}

struct Faults {
    directory: PathBuf,
    image: PathBuf,
    seed: u64,
    off_at: u64,
    syncs: u64,
    fail_at: u64,
    fail_for: u64,
    fail_with: String,
    calls: u64,
    no_sync: bool,
    disk: Disk,
}

impl Faults {
    fn from_environment() -> Option<Self> {
        let text = |name| std::env::var(name).ok();
        let number = |name| text(name).and_then(|text| text.parse().ok());
        let directory = PathBuf::from(text("FAULTS_DIRECTORY")?).canonicalize().ok()?;
        Some(Self {
            image: PathBuf::from(text("FAULTS_IMAGE")?),
            seed: number("FAULTS_SEED").unwrap_or(0),
            off_at: number("FAULTS_OFF_AT").unwrap_or(0),
            syncs: 0,
            fail_at: number("FAULTS_FAIL_AT").unwrap_or(0),
            fail_for: number("FAULTS_FAIL_FOR").unwrap_or(1),
            fail_with: text("FAULTS_FAIL_WITH").unwrap_or_default(),
            calls: 0,
            no_sync: text("FAULTS_NO_SYNC").is_some(),
            disk: Disk::load(&directory),
            directory,
        })
    }

    /// Whether a call is to fail.
    fn judge(&mut self, kind: Kind) -> Verdict {
        let verdict = match (self.fail_with.as_str(), kind) {
            ("enospc", Kind::Write | Kind::Other) => Verdict::Fail(ENOSPC),
            ("eio", _) | ("sync", Kind::Sync) => Verdict::Fail(EIO),
            ("short", Kind::Write) => Verdict::Short,
            _ => return Verdict::Go,
        };
        self.calls += 1;
        let last = self.fail_at.saturating_add(self.fail_for);
        if self.fail_at == 0 || !(self.fail_at..last).contains(&self.calls) {
            return Verdict::Go;
        }
        std::fs::write(self.image.with_extension("fired"), self.calls.to_string())
            .expect("room beside the image");
        verdict
    }

    /// Counts a sync; whether it is the one at which the power goes, and then whether it still
    /// took effect.
    fn count_sync(&mut self) -> Option<bool> {
        self.syncs += 1;
        (self.syncs == self.off_at).then_some(self.seed % 2 == 1)
    }

    /// Writes what the disk holds, and ends the process at once.
    fn power_off(&self) -> ! {
        self.disk.write_image(&self.image, &self.directory, self.seed);
        hooks::exit_now(OFF)
    }
}

thread_local! {
    /// Whether this thread is inside a hook: what it calls then is passed on.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// The faults, for one call; None when there are none or the call is our own.
struct Held(MutexGuard<'static, Option<Faults>>);

fn hold() -> Option<Held> {
    static FAULTS: OnceLock<Mutex<Option<Faults>>> = OnceLock::new();
    if INSIDE.replace(true) {
        return None;
    }
    let faults = FAULTS.get_or_init(|| Mutex::new(Faults::from_environment()));
    let held = Held(faults.lock().unwrap_or_else(PoisonError::into_inner));
    held.0.is_some().then_some(held)
    // Dropped otherwise, which leaves the inside again.
}

impl Held {
    fn faults(&mut self) -> &mut Faults {
        self.0.as_mut().expect("there are faults when it is handed out")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}
