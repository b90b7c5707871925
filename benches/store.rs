//! The store: what keeping events costs, against the bare engine below and without policies.
//!
//! `cargo bench --bench store`. Prints tables and no criterion figures: each row is measured in
//! turns with those beside it, so compare the ratios; on a busy machine those of the processors'
//! time, which leave out what others took. `LOGVEIL_STORE_MB` says how large the store
//! is that is read, opened again and weighed (1000 unless set); `TMPDIR` says on which disk.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use fjall::{CompressionType, Database, KeyspaceCreateOptions, PersistMode};
use logveil::identifier::managed_ids;
use logveil::{
    DataProtectionPolicy, Durability, Engine, FilterLogEvents, FilterPattern, GetLogEvents,
    LogStreamName, OpenOptions, PutDataProtectionPolicy, PutLogEvents,
};
use logveil_corpora::clean;
use tempfile::TempDir;

#[path = "support/engine.rs"]
mod bench_engine;

use bench_engine::{batch, group, kept, stream};

const BATCH: usize = 1000;
const EVENT_BYTES: usize = 200;

/// Rounds of the table; each puts so many batches for each writer.
const ROUNDS: usize = 9;
const BATCHES: usize = 40;

fn main() {
    // `cargo test --benches` runs this too.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let corpus = clean(20_000);
    let joined = corpus.lines().collect::<Vec<_>>().join(" ");
    let lines = cut(&joined);
    ingest(&lines);
    size(&lines);
}

/// Events of [`EVENT_BYTES`], one batch.
fn cut(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut events = Vec::new();
    while rest.len() > EVENT_BYTES && events.len() < BATCH {
        let (event, after) = rest.split_at(rest.floor_char_boundary(EVENT_BYTES));
        events.push(event);
        rest = after;
    }
    assert_eq!(events.len(), BATCH);
    events
}

fn say(text: &str) {
    let mut stdout = std::io::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).expect("stdout");
}

fn protect(engine: &Engine) {
    let all: Vec<&str> = managed_ids().collect();
    let policy = DataProtectionPolicy::of(&all).expect("known identifiers");
    let request = PutDataProtectionPolicy {
        log_group_identifier: "/bench".to_owned(),
        policy_document: policy.document().to_owned(),
    };
    engine.put_data_protection_policy(request).expect("a valid policy");
}

fn stream_of(writer: usize) -> LogStreamName {
    LogStreamName::new(&format!("w{writer}")).expect("a name")
}

fn engine(path: &Path, durability: Durability, protected: bool) -> Engine {
    let engine = kept(path, OpenOptions { durability, ..OpenOptions::default() });
    engine.create_log_group(&group()).expect("a new group");
    for writer in 0..4 {
        engine.create_log_stream(&group(), &stream_of(writer)).expect("a new stream");
    }
    if protected {
        protect(&engine);
    }
    engine
}

/// What `writers` threads took for [`BATCHES`] each, round after round.
#[derive(Default)]
struct Times {
    /// Seconds of each round.
    seconds: Vec<f64>,
    /// Hundredths of a second that the processors worked in all rounds, also behind.
    worked: u64,
}

impl Times {
    fn round(&mut self, writers: usize, one: &(impl Fn(usize) + Sync)) {
        let (start, before) = (Instant::now(), worked());
        thread::scope(|scope| {
            for writer in 0..writers {
                scope.spawn(move || (0..BATCHES).for_each(|_| one(writer)));
            }
        });
        self.seconds.push(start.elapsed().as_secs_f64());
        self.worked += worked() - before;
    }

    fn median(&self) -> f64 {
        let mut all = self.seconds.clone();
        all.sort_unstable_by(f64::total_cmp);
        all[all.len() / 2]
    }
}

/// Hundredths of a second that this process had the processors, user and system; 0 elsewhere than
/// on Linux.
fn worked() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = behind_name.split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The engine below alone: the same keys, the same bytes, the same syncs.
struct Bare {
    database: Database,
    events: fjall::Keyspace,
    sequence: AtomicU64,
    mode: PersistMode,
}

impl Bare {
    fn new(path: &Path, durability: Durability) -> Self {
        let builder = Database::builder(path).journal_compression(CompressionType::None);
        let database = builder.worker_threads(1).open().expect("a new database");
        let options = || KeyspaceCreateOptions::default().max_memtable_size(16 << 20);
        let events = database.keyspace("events", options).expect("a new keyspace");
        let mode = match durability {
            Durability::Synced => PersistMode::SyncData,
            Durability::Buffered => PersistMode::Buffer,
        };
        Self { database, events, sequence: AtomicU64::new(0), mode }
    }

    fn put(&self, lines: &[&str]) {
        let mut batch = self.database.batch().durability(Some(self.mode));
        for line in lines {
            let mut key = [0; 20];
            let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
            key[12..].copy_from_slice(&sequence.to_be_bytes());
            batch.insert(&self.events, key, line.as_bytes());
        }
        batch.commit().expect("a disk that can be written");
    }
}

fn ingest(lines: &[&str]) {
    say(&format!(
        "put_log_events, {BATCH} clean events of {EVENT_BYTES} bytes a batch, in turns; medians\n"
    ));
    for durability in [Durability::Synced, Durability::Buffered] {
        for writers in [1, 4] {
            let folders = [(); 3].map(|()| TempDir::new().expect("a folder"));
            let bare = Bare::new(folders[0].path(), durability);
            let plain = engine(&folders[1].path().join("d"), durability, false);
            let protected = engine(&folders[2].path().join("d"), durability, true);
            let put = |engine: &Engine, writer| {
                let request = PutLogEvents { log_stream_name: stream_of(writer), ..batch(lines) };
                engine.put_log_events(request).expect("a valid batch");
            };
            let mut times: [Times; 3] = Default::default();
            for _ in 0..ROUNDS {
                times[0].round(writers, &|_| bare.put(lines));
                times[1].round(writers, &|writer| put(&plain, writer));
                times[2].round(writers, &|writer| put(&protected, writer));
            }
            let worked = times.each_ref().map(|times| times.worked as f64);
            let [bare, plain, protected] = times.map(|times| times.median());
            let events = (writers * BATCHES * BATCH) as f64;
            let rate = |seconds: f64| {
                let mb = events * EVENT_BYTES as f64 / 1e6 / seconds;
                format!("{:.0} events/s, {mb:.0} MB/s", events / seconds)
            };
            say(&format!(
                "{durability:?}, {writers} writers: bare store {}; without policies {}; all \
                 identifiers {}: {:.2}x the time of without, {:.2}x of the bare store; of the \
                 processors' time {:.2}x and {:.2}x\n",
                rate(bare),
                rate(plain),
                rate(protected),
                protected / plain,
                protected / bare,
                worked[2] / worked[1],
                worked[2] / worked[0],
            ));
        }
    }
}

/// A large store: what it weighs, how fast it is read, how long it takes to open.
fn size(lines: &[&str]) {
    let asked = std::env::var("LOGVEIL_STORE_MB").ok().and_then(|text| text.parse().ok());
    let megabytes: usize = asked.unwrap_or(1000);
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("d");
    let open = || {
        let durability = Durability::Buffered;
        kept(&path, OpenOptions { durability, ..OpenOptions::default() })
    };
    let engine = open();
    engine.create_log_group(&group()).expect("a new group");
    engine.create_log_stream(&group(), &stream()).expect("a new stream");
    protect(&engine);
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let batches = megabytes * 1_000_000 / bytes;
    let (start, mut memory) = (Instant::now(), Vec::new());
    for number in 0..batches {
        engine.put_log_events(batch(lines)).expect("a valid batch");
        if number % (batches / 10).max(1) == 0 {
            memory.push(resident_mb());
        }
    }
    let total = (batches * bytes) as f64 / 1e6;
    let rate = total / start.elapsed().as_secs_f64();
    say(&format!("{total:.0} MB: put {rate:.0} MB/s; resident MB on the way {memory:?}\n"));
    drop(engine);
    let start = Instant::now();
    let engine = open();
    say(&format!("opened again in {:.2} s\n", start.elapsed().as_secs_f64()));
    say(&format!("{:.2} bytes on disk for each of raw text\n", weight(&path) / 1e6 / total));

    let mut request = GetLogEvents::new(group(), stream());
    request.start_from_head = true;
    let (start, mut read) = (Instant::now(), 0);
    for _ in 0..300.min(batches / 10) {
        let page = engine.get_log_events(&request).expect("a page");
        read += page.events.iter().map(|event| event.message.reveal().len()).sum::<usize>();
        request.next_token = Some(page.next_forward_token);
    }
    let rate = read as f64 / 1e6 / start.elapsed().as_secs_f64();
    say(&format!("get_log_events {rate:.0} MB/s\n"));
    for pattern in ["", "kanarienvogel"] {
        let mut request = FilterLogEvents::new(group());
        request.filter_pattern = FilterPattern::parse(pattern).expect("a pattern");
        let (start, mut pages, mut read) = (Instant::now(), 0, 0);
        while pages < 100 {
            let page = engine.filter_log_events(&request).expect("a page");
            let shown = page.events.iter().map(|event| event.message.reveal().len());
            // A page of a search that finds nothing looked at 100,000 events.
            read += if pattern.is_empty() { shown.sum() } else { 100 * bytes };
            pages += if pattern.is_empty() { 1 } else { 20 };
            request.next_token = page.next_token;
            if request.next_token.is_none() {
                break;
            }
        }
        let rate = read as f64 / 1e6 / start.elapsed().as_secs_f64();
        say(&format!("filter_log_events, pattern {pattern:?}: {rate:.0} MB/s\n"));
    }
}

/// Bytes of all files; holes count nothing.
fn weight(path: &Path) -> f64 {
    let mut bytes = 0;
    for entry in fs::read_dir(path).expect("a folder").map(|entry| entry.expect("readable")) {
        let about = entry.metadata().expect("a file that is there");
        #[cfg(unix)]
        let own = std::os::unix::fs::MetadataExt::blocks(&about) * 512;
        #[cfg(not(unix))]
        let own = about.len();
        bytes += if about.is_dir() { weight(&entry.path()) as u64 } else { own };
    }
    bytes as f64
}

fn resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0_u64) / 1024
}
