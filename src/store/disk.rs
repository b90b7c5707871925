//! The directory on disk: who may open it, what it holds, how it is written.
//!
//! `lock` says who has it open, `store` is the engine's, `store/format` the version of what we keep
//! there. A store is made beside its place and moved there when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fjall::config::FilterPolicy;
use fjall::{
    AbstractTree as _, CompressionType, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch,
    PersistMode,
};
use tempfile::TempDir;

use super::journal;
use super::tables::{self, KEYSPACES};
use crate::error::{Error, ErrorKind};
use crate::limits::{TABLE_BYTES, TABLE_BYTES_MIN};

/// What `store/format` holds before the version.
const FORMAT: &str = "logveil store, format ";

/// The version of what is kept: the one that is read and written.
const VERSION: u32 = 6;

/// Blocks of tables that are kept in memory, in bytes.
const CACHE_BYTES: u64 = 32 << 20;

/// Records, and what waits, are written as a table when they are such a part of what events may be.
const RECORDS_PART: u64 = 4;

/// Largest part of the journal that is read again when a store is opened, in bytes: the bound of
/// the time that takes.
const JOURNAL_BYTES: u64 = 128 << 20;

/// When an operation is done that changes something.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Durability {
    /// When it is on the disk: it survives the loss of power. Callers at the same time share one
    /// sync of the disk.
    #[default]
    Synced,
    /// When the operating system has it: it survives the end of the process, however sudden; the
    /// loss of power may take the last operations, never half of one.
    Buffered,
}

/// How many damaged files an error names.
const FILES_NAMED_MAX: usize = 5;

/// An open store on disk.
pub(super) struct Disk {
    place: PathBuf,
    database: Database,
    pub(super) events: Keyspace,
    pub(super) records: Keyspace,
    pub(super) outbox: Keyspace,
    durability: Durability,
    /// The memory that events may take before they are written as a table, in bytes. Held by who
    /// has tables written.
    table_bytes: Mutex<u64>,
    /// A write failed: what is on disk is not known until it is opened again.
    broken: AtomicBool,
    /// Values and blocks that were found damaged.
    damaged: AtomicU64,
    /// Dropped after the database: what failed,
    failed: Failed,
    /// the lock, and the directory of a store that is not kept, or of a copy.
    _lock: Lock,
    _directory: Option<TempDir>,
}

/// The number from which on batches were refused. Dropped when the engine is closed.
struct Failed {
    place: PathBuf,
    from: AtomicU64,
}

impl Drop for Failed {
    fn drop(&mut self) {
        let from = self.from.load(Ordering::SeqCst);
        if from < u64::MAX {
            // Where this fails as well, a batch of which nobody was told is there, or is not.
            drop(journal::forget_from(&self.place, from));
        }
    }
}

/// Says that this process has the directory open.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that is just being started still has the file open.
        drop(self.0.unlock());
    }
}

impl Disk {
    /// Opens the store of a directory, or makes it.
    ///
    /// # Errors
    ///
    /// InvalidOperation when another process has it open or it has another format;
    /// ServiceUnavailable when the disk fails or the store is damaged.
    pub(super) fn open(
        directory: &Path,
        durability: Durability,
        table_bytes: u64,
        salvage: bool,
    ) -> Result<Self, Error> {
        create_directory(directory).map_err(|error| failed("make the directory", &error))?;
        let lock = lock(directory)?;
        let place = directory.join("store");
        if !place.try_exists().map_err(|error| failed("look for the store", &error))? {
            make(directory, &place)?;
        }
        check_format(&place)?;
        let wrong = tables::look(&place).map_err(|error| failed("read the store", &error))?;
        let readable = salvage && wrong.iter().all(|file| file.can_do_without);
        if !wrong.is_empty() && !readable {
            return Err(damaged_files(&wrong));
        }
        let known = place.join("damaged").try_exists();
        let known = known.map_err(|error| failed("look for damage", &error))?;
        // What is damaged is left out of a copy: another look at the store finds all of it again.
        let mut copy = if wrong.is_empty() { None } else { Some(set_aside(directory, &place)?) };
        let mend = |place| journal::mend(place).map_err(|error| failed("mend the journal", &error));
        let lost = mend(copy.as_ref().map_or(&place, TempDir::path))?;
        let damaged = (wrong.len() + lost).max(known.into()) as u64;
        if damaged > 0 && !salvage {
            return Err(damaged_records(damaged));
        }
        if lost > 0 {
            let copy = match &mut copy {
                Some(copy) => copy,
                None => copy.insert(set_aside(directory, &place)?),
            };
            let left_out = journal::leave_out_damaged(copy.path());
            left_out.map_err(|error| failed("leave out what is damaged", &error))?;
        }
        let disk = Self::over(&place, durability, table_bytes, lock, copy)?;
        disk.damaged.store(damaged, Ordering::Relaxed);
        Ok(disk)
    }

    /// A store in a directory of its own, which is removed when it is dropped.
    pub(super) fn temporary() -> Result<Self, Error> {
        let directory = TempDir::with_prefix("logveil-");
        let directory = directory.map_err(|error| failed("make a temporary directory", &error))?;
        let lock = lock(directory.path())?;
        let place = directory.path().join("store");
        let mut disk = Self::over(&place, Durability::Buffered, TABLE_BYTES, lock, None)?;
        disk._directory = Some(directory);
        Ok(disk)
    }

    /// Opens the engine, where there is a copy there.
    fn over(
        place: &Path,
        durability: Durability,
        table_bytes: u64,
        lock: Lock,
        copy: Option<TempDir>,
    ) -> Result<Self, Error> {
        let engine = copy.as_ref().map_or(place, TempDir::path).to_owned();
        let opened = database(&engine).and_then(|database| {
            let keyspaces = keyspaces(&database)?;
            Ok((database, keyspaces))
        });
        let (database, keyspaces) = opened.map_err(|error| failed_in("open the store", &error))?;
        let [events, records, outbox] = keyspaces;
        Ok(Self {
            place: place.to_owned(),
            events,
            records,
            outbox,
            database,
            durability,
            table_bytes: Mutex::new(table_bytes.max(TABLE_BYTES_MIN)),
            broken: AtomicBool::new(false),
            damaged: AtomicU64::new(0),
            failed: Failed { place: engine, from: u64::MAX.into() },
            _lock: lock,
            _directory: copy,
        })
    }

    /// The directory that was opened.
    pub(super) fn directory(&self) -> &Path {
        self.place.parent().expect("the store lies in a directory")
    }

    /// An empty batch.
    pub(super) fn batch(&self) -> OwnedWriteBatch {
        self.database.batch()
    }

    /// What reads see: a moment of all keyspaces.
    pub(super) fn snapshot(&self) -> fjall::Snapshot {
        self.database.snapshot()
    }

    /// Writes a batch: whole or not at all. With `sync` it is on disk as [`Durability`] says; what
    /// may be lost without harm is written without. After a failure nothing is written any more.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(super) fn commit(&self, batch: OwnedWriteBatch, sync: bool) -> Result<(), Error> {
        self.check()?;
        let mode = match self.durability {
            Durability::Synced if sync => PersistMode::SyncData,
            Durability::Synced | Durability::Buffered => PersistMode::Buffer,
        };
        // One batch is written at a time: it gets this number or a later one.
        let next = self.database.seqno();
        let written = self.wait_for_room().and_then(|()| batch.durability(Some(mode)).commit());
        written.and_then(|()| self.have_tables_written()).map_err(|error| {
            self.failed.from.fetch_min(next, Ordering::SeqCst);
            self.break_off();
            failed_in("write", &error)
        })
    }

    /// Takes nothing more.
    pub(super) fn break_off(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// # Errors
    ///
    /// ServiceUnavailable when a write failed before.
    fn check(&self) -> Result<(), Error> {
        if self.broken.load(Ordering::SeqCst) {
            let message = "the store failed to write and takes nothing more; open it again";
            return Err(Error::new(ErrorKind::ServiceUnavailable, message));
        }
        Ok(())
    }

    /// Has what fills its memory written as tables, behind.
    ///
    /// The engine would do so by itself, but asks its own workers to, once a batch: they wait for
    /// room in the queue that only they empty, and when it is full no table is written any more.
    fn have_tables_written(&self) -> fjall::Result<()> {
        // Who finds it taken leaves it to the one who has it, or to the next batch.
        let Ok(table_bytes) = self.table_bytes.try_lock() else { return Ok(()) };
        let part = *table_bytes / RECORDS_PART;
        let keyspaces = [(&self.events, *table_bytes), (&self.records, part), (&self.outbox, part)];
        for (keyspace, bytes) in keyspaces {
            if keyspace.tree.active_memtable().size() > bytes {
                keyspace.rotate_memtable()?;
            }
        }
        Ok(())
    }

    /// Waits while tables are written behind. The engine would wait as well, but for ever when what
    /// writes them has failed.
    fn wait_for_room(&self) -> fjall::Result<()> {
        const TABLES_WAITING_MAX: usize = 3;
        const TABLES_UNSORTED_MAX: usize = 18;
        let is_behind = |keyspace: &Keyspace| {
            keyspace.sealed_memtable_count() >= TABLES_WAITING_MAX
                || keyspace.l0_table_count() >= TABLES_UNSORTED_MAX
        };
        while [&self.events, &self.records, &self.outbox].into_iter().any(is_behind) {
            // Fails once something behind has failed.
            self.database.persist(PersistMode::Buffer)?;
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
        Ok(())
    }

    /// Notes in the directory that records are damaged: what is lost stays lost, whatever a later
    /// look finds.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(super) fn note_lasting_damage(&self) -> Result<(), Error> {
        note_damage(&self.place).map_err(|error| failed("note the damage", &error))
    }

    /// Notes that something on disk was damaged and left out.
    pub(super) fn note_damage(&self) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something on disk was found damaged since the store was opened.
    pub(super) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }
}

fn database(place: &Path) -> fjall::Result<Database> {
    Database::builder(place)
        .cache_size(CACHE_BYTES)
        // Values are small; and the journal is checked before it is opened.
        .journal_compression(CompressionType::None)
        .max_journaling_size(JOURNAL_BYTES)
        // Of several the first one spins while another sorts tables.
        .worker_threads(1)
        .open()
}

/// The keyspaces of a store, made where they are not there.
fn keyspaces(database: &Database) -> fjall::Result<[Keyspace; KEYSPACES.len()]> {
    let open = |name: &str| {
        let options = || {
            KeyspaceCreateOptions::default()
                // See `have_tables_written`.
                .max_memtable_size(u64::MAX)
                // Everything is read in ranges or known to be there.
                .filter_policy(FilterPolicy::disabled())
        };
        database.keyspace(name, options)
    };
    let [events, records, outbox] = KEYSPACES;
    Ok([open(events)?, open(records)?, open(outbox)?])
}

/// Makes a store beside its place, then moves it there: it is whole or not there.
fn make(directory: &Path, place: &Path) -> Result<(), Error> {
    let beside = directory.join("store.new");
    let made = || {
        if beside.try_exists()? {
            fs::remove_dir_all(&beside)?;
        }
        make_engine(&beside)?;
        let mut format = File::create_new(beside.join("format"))?;
        writeln!(format, "{FORMAT}{VERSION}")?;
        format.sync_all()?;
        sync_directory(&beside)?;
        fs::rename(&beside, place)?;
        sync_directory(directory)
    };
    made().map_err(|error| failed("make the store", &error))
}

/// The engine's part of a store with all keyspaces: one that is not there later was lost.
fn make_engine(place: &Path) -> io::Result<()> {
    let made = database(place).and_then(|database| keyspaces(&database).map(drop));
    made.map_err(|error| match error {
        fjall::Error::Io(error) => error,
        _ => io::Error::other("the engine refused"),
    })
}

/// Puts what is sound of a store into one beside it, which goes when it is closed.
fn set_aside(directory: &Path, place: &Path) -> Result<TempDir, Error> {
    let set = || {
        let beside = directory.join("store.salvaged");
        if beside.try_exists()? {
            fs::remove_dir_all(&beside)?;
        }
        let name = beside.file_name().unwrap_or_default();
        let mut builder = tempfile::Builder::new();
        let copy = builder.prefix(name).rand_bytes(0).tempdir_in(directory)?;
        make_engine(copy.path())?;
        tables::copy_sound(place, copy.path())?;
        Ok(copy)
    };
    set().map_err(|error| failed("set aside what is intact", &error))
}

fn note_damage(place: &Path) -> io::Result<()> {
    let mut note = File::create(place.join("damaged"))?;
    note.write_all(b"Records of this store were found damaged; it is opened for salvage only.\n")?;
    note.sync_all()?;
    sync_directory(place)
}

fn check_format(place: &Path) -> Result<(), Error> {
    let found = fs::read_to_string(place.join("format"));
    let found = found.map_err(|error| failed("read the store's format", &error))?;
    let version = found.strip_prefix(FORMAT).and_then(|version| version.strip_suffix('\n'));
    let message = match version.and_then(|version| version.parse::<u32>().ok()) {
        Some(VERSION) => return Ok(()),
        Some(version) => format!(
            "the store has format {version}, this program reads format {VERSION}: open it with the \
             version of logveil that wrote it, and copy its events into a new directory with this \
             one"
        ),
        None => "the directory holds a store that is not logveil's; name another".to_owned(),
    };
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// Locks a directory for this process. The operating system gives the lock back when the process
/// ends, however it does.
fn lock(directory: &Path) -> Result<Lock, Error> {
    let path = directory.join("lock");
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = opened.map_err(|error| failed("open the lock", &error))?;
    if file.try_lock().is_err() {
        let mut owner = String::new();
        let known = file.read_to_string(&mut owner).is_ok() && owner.trim().parse::<u32>().is_ok();
        let owner = if known { format!("process {}", owner.trim()) } else { "another".to_owned() };
        let message = format!("{} is in use by {owner}; one at a time", directory.display());
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    let mut name = || {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    name().map_err(|error| failed("write the lock", &error))?;
    Ok(Lock(file))
}

/// Makes a directory that stays when the power goes.
fn create_directory(directory: &Path) -> io::Result<()> {
    if directory.try_exists()? {
        return Ok(());
    }
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
    create_directory(&parent)?;
    match fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| sync_directory(&parent)),
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Records are damaged: policies may be among them, so that nothing may be taken.
pub(super) fn damaged_records(count: u64) -> Error {
    let message = format!(
        "{count} writes or records of the store are damaged, policies may be among them; it can be \
         opened for salvage, to read what is intact"
    );
    Error::new(ErrorKind::ServiceUnavailable, message)
}

/// Files of the engine's are damaged or missing.
fn damaged_files(files: &[tables::Damaged]) -> Error {
    let (named, rest) = files.split_at(files.len().min(FILES_NAMED_MAX));
    let mut names: Vec<_> = named
        .iter()
        .map(|file| Path::new("store").join(&file.path).display().to_string())
        .collect();
    if !rest.is_empty() {
        names.push(format!("{} more", rest.len()));
    }
    let way = match files.iter().all(|file| file.can_do_without) {
        true => ", or open it for salvage, to read what is intact",
        false => "; without it, salvage cannot read the rest either",
    };
    let message = format!(
        "damaged or missing: {}; nothing was changed: restore the directory from a backup{way}",
        names.join(", ")
    );
    Error::new(ErrorKind::ServiceUnavailable, message)
}

/// The text of the error names what was tried and the kind of failure, nothing of what is stored.
fn failed(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::ServiceUnavailable, format!("cannot {what}: {}", error.kind()))
}

/// The same for the engine's errors.
pub(super) fn failed_in(what: &str, error: &fjall::Error) -> Error {
    let why = match error {
        fjall::Error::Io(error) => return failed(what, error),
        fjall::Error::Poisoned => "something failed before; open the store again",
        fjall::Error::Locked => "another process has it open",
        _ => "what is there is damaged",
    };
    Error::new(ErrorKind::ServiceUnavailable, format!("cannot {what}: {why}"))
}
