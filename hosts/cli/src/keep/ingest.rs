//! `ingest`: lines become events.

use std::io::{self, IsTerminal, Read, stderr};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::Instant;

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use logveil::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCH_SPAN_MS_MAX, EVENT_OVERHEAD_BYTES};
use logveil::{
    Clock, Durability, Engine, ErrorKind, InputLogEvent, LogGroupName, LogStreamName, PutLogEvents,
    RawMessage, SystemClock,
};

use super::lines::Lines;
use super::{group_name, make_group, open, refused, time, writing};
use crate::args::IngestArgs;
use crate::blocks::{Block, Blocks};
use crate::files::{self, Output};
use crate::output::{Done, Failure, say, shown, warning};
use crate::table;

/// Blocks that are read while the ones before are kept: a megabyte of a pipe, four of a file.
const BLOCKS_AHEAD: usize = 16;

pub(crate) fn run(args: &IngestArgs) -> Result<Done, Failure> {
    let start = Instant::now();
    let group = group_name(&args.group)?;
    let stream = LogStreamName::new(&args.stream).map_err(|error| refused(&error))?;
    let input = files::open(&args.file)?;
    let durability = if args.buffered { Durability::Buffered } else { Durability::Synced };
    let engine = open(&args.data, writing(&args.keys, durability)?)?;
    make_group(&engine, &group)?;
    match engine.create_log_stream(&group, &stream) {
        Err(error) if error.kind() == ErrorKind::ResourceAlreadyExists => {}
        made => made.map_err(|error| refused(&error))?,
    }
    let before = engine.metrics();
    let mut ingestion = Ingestion {
        engine: &engine,
        group,
        stream,
        field: (args.time != "now").then_some(args.time.as_str()),
        acks: args.acks.then(Output::stdout),
        batch: Vec::new(),
        bytes: 0,
        done: Counts::default(),
    };
    let mut lines = Lines::new()?;
    let bar = progress(args);
    let blocks = read_ahead(input);
    loop {
        // What comes through a pipe may trickle: it is kept as it comes. What came while the disk
        // was busy is kept together.
        let block = match blocks.try_recv() {
            Ok(block) => block,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                ingestion.put()?;
                let Ok(block) = blocks.recv() else { break };
                block
            }
        };
        let block = block.map_err(|error| Failure::reading(shown(&args.file), &error))?;
        bar.inc(block.bytes() as u64);
        ingestion.done.bytes += block.bytes() as u64;
        match block {
            Block::Lines { text, .. } => lines.take(&text, |event| ingestion.add(event))?,
            Block::Overlong { ends, .. } => lines.overlong += u64::from(ends),
        }
    }
    lines.end(|event| ingestion.add(event))?;
    ingestion.put()?;
    bar.finish_and_clear();
    engine.remove_expired().map_err(|error| refused(&error))?;
    let counts = ingestion.done;
    counts.warn(&lines, args);
    if !args.quiet {
        let masked = engine.metrics().masked_log_events - before.masked_log_events;
        say(&counts.summary(masked, start.elapsed().as_secs_f64()));
    }
    Ok(Done::Clean)
}

/// Reads in a thread of its own, some blocks ahead; it ends with the input, or with the program.
fn read_ahead(input: Box<dyn Read + Send>) -> Receiver<io::Result<Block>> {
    let (sender, receiver) = sync_channel(BLOCKS_AHEAD);
    thread::spawn(move || {
        let mut blocks = Blocks::new(input);
        while let Some(block) = blocks.next().transpose() {
            let failed = block.is_err();
            if sender.send(block).is_err() || failed {
                break;
            }
        }
    });
    receiver
}

/// Events on their way into one log stream.
struct Ingestion<'a> {
    engine: &'a Engine,
    group: LogGroupName,
    stream: LogStreamName,
    /// The field with the time of an event; absent: now.
    field: Option<&'a str>,
    acks: Option<Output>,
    batch: Vec<(Option<i64>, String)>,
    /// Size of the batch, as its limit counts.
    bytes: usize,
    done: Counts,
}

#[derive(Default)]
struct Counts {
    batches: u64,
    events: u64,
    bytes: u64,
    /// Events without a time of their own.
    timeless: u64,
    too_old: u64,
    too_new: u64,
}

impl Ingestion<'_> {
    fn add(&mut self, event: String) -> Result<(), Failure> {
        let bytes = event.len() + EVENT_OVERHEAD_BYTES;
        if self.batch.len() == BATCH_EVENTS_MAX || self.bytes + bytes > BATCH_BYTES_MAX {
            self.put()?;
        }
        let time = self.field.and_then(|field| time::of_event(&event, field));
        self.done.timeless += u64::from(self.field.is_some() && time.is_none());
        self.bytes += bytes;
        self.batch.push((time.filter(|time| *time >= 0), event));
        Ok(())
    }

    /// Puts what has come together: in order of time, no more than a day at once.
    fn put(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let now = SystemClock.now_ms();
        let timed = std::mem::take(&mut self.batch).into_iter();
        let mut events: Vec<_> = timed
            .map(|(time, event)| InputLogEvent {
                timestamp: time.unwrap_or(now),
                message: RawMessage::from(event),
            })
            .collect();
        events.sort_by_key(|event| event.timestamp);
        while let Some(first) = events.first() {
            let end = first.timestamp.saturating_add(BATCH_SPAN_MS_MAX);
            let within = events.partition_point(|event| event.timestamp <= end);
            let rest = events.split_off(within);
            self.put_batch(std::mem::replace(&mut events, rest))?;
        }
        Ok(())
    }

    fn put_batch(&mut self, log_events: Vec<InputLogEvent>) -> Result<(), Failure> {
        let count = log_events.len();
        let request = PutLogEvents {
            log_group_name: self.group.clone(),
            log_stream_name: self.stream.clone(),
            log_events,
        };
        let result = self.engine.put_log_events(request).map_err(|error| refused(&error))?;
        let rejected = result.rejected_log_events_info.unwrap_or_default();
        let old = rejected.too_old_log_event_end_index.unwrap_or_default();
        let old = old.max(rejected.expired_log_event_end_index.unwrap_or_default());
        let new = count - rejected.too_new_log_event_start_index.unwrap_or(count);
        let done = &mut self.done;
        done.too_old += old as u64;
        done.too_new += new as u64;
        let kept = count.saturating_sub(old + new) as u64;
        done.events += kept;
        done.batches += 1;
        if let Some(acks) = &mut self.acks {
            let (batch, total) = (done.batches, done.events);
            let line = format!("{{\"batch\":{batch},\"events\":{kept},\"total\":{total}}}\n");
            acks.write(line.as_bytes())?;
        }
        Ok(())
    }
}

impl Counts {
    /// Says what was left out.
    fn warn(&self, lines: &Lines, args: &IngestArgs) {
        let say = |count: u64, what: &str| {
            if count > 0 {
                warning(&format!("{} {what}", table::count(count, "event")));
            }
        };
        say(self.too_old, "older than 14 days or the log group's retention: not kept");
        say(self.too_new, "more than two hours in the future: not kept");
        say(lines.overlong, "longer than a megabyte: not kept");
        let field = &args.time;
        say(self.timeless, &format!("without a time in {field:?}: they have that of now"));
    }

    fn summary(&self, masked: u64, seconds: f64) -> String {
        let Self { batches, events, bytes, .. } = *self;
        let (events, writes) = (table::count(events, "event"), table::count(batches, "write"));
        let mut text = format!("logveil: kept {events} in {writes}, {}", DecimalBytes(bytes));
        if bytes >= 1_000_000 {
            text += &format!(", {:.0} MB/s", bytes as f64 / 1e6 / seconds.max(1e-6));
        }
        text + &format!("; masked something in {}\n", table::count(masked, "event"))
    }
}

/// A bar on a terminal, over a file whose size is known.
fn progress(args: &IngestArgs) -> ProgressBar {
    let total = files::total_bytes(std::slice::from_ref(&args.file));
    if args.quiet || total == 0 || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template =
        "{bar:40} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta}";
    let style = ProgressStyle::with_template(template).expect("the template is ours");
    ProgressBar::new(total).with_style(style)
}
