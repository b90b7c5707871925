//! `read`: events in the order of time.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use logveil::{
    Authorizer, Engine, ErrorKind, FilterLogEvents, FilterPattern, FilteredLogEvent, LogStreamName,
    OpenOptions, Principal,
};
use serde::Serialize;

use super::{environment, group_name, is_made, refused, time, try_open};
use crate::args::ReadArgs;
use crate::caret;
use crate::files::Output;
use crate::keys::KeyRing;
use crate::output::{Done, Failure, error, say, warning};
use crate::table;

/// How long `--follow` waits before it looks again.
const PAUSE: Duration = Duration::from_secs(1);

/// An event as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'a> {
    timestamp: i64,
    message: &'a str,
    event_id: &'a str,
    log_stream_name: &'a LogStreamName,
}

/// Whoever has the key file may unmask.
struct KeyHolder;

impl Authorizer for KeyHolder {
    fn allows(&self, _: &Principal, _: &str, _: &str) -> bool {
        true
    }
}

pub(crate) fn run(args: &ReadArgs) -> Result<Done, Failure> {
    let filter_pattern = FilterPattern::parse(&args.filter).map_err(|fault| {
        error(fault.message());
        say(&caret::pattern_fault(&args.filter, &fault));
        Failure::Said
    })?;
    let name = |text: &String| LogStreamName::new(text).map_err(|error| refused(&error));
    let time = |option, text: &Option<String>| {
        text.as_ref().map(|text| time::argument(option, text)).transpose()
    };
    let request = FilterLogEvents {
        log_stream_names: args.stream.iter().map(name).collect::<Result<_, _>>()?,
        start_time: time("--since", &args.since)?,
        end_time: time("--until", &args.until)?,
        filter_pattern,
        ..FilterLogEvents::new(group_name(&args.group)?)
    };
    let (output, still_masked) = (Output::stdout(), 0);
    let mut reader = Reader { args, request, last: None, seen: None, output, still_masked };
    let mut told = false;
    loop {
        match reader.read() {
            Err(Busy::No(failure)) => return Err(failure),
            Ok(()) if args.follow => {}
            Ok(()) => break,
            Err(Busy::Yes(why)) if args.follow => {
                if !std::mem::replace(&mut told, true) {
                    say(&format!("logveil: {why}: waiting\n"));
                }
            }
            Err(Busy::Yes(why)) => return Err(Failure::because(why)),
        }
        let until = Instant::now() + PAUSE;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            thread::park_timeout(left);
        }
    }
    if reader.still_masked > 0 {
        let events = table::count(reader.still_masked, "event");
        warning(&format!("originals of {events} could not be shown: see --help"));
    }
    Ok(Done::Clean)
}

/// Whether another program has the store open: what it says then.
enum Busy {
    Yes(String),
    No(Failure),
}

impl From<Failure> for Busy {
    fn from(failure: Failure) -> Self {
        Self::No(failure)
    }
}

struct Reader<'a> {
    args: &'a ReadArgs,
    request: FilterLogEvents<'static>,
    /// The last event that was printed.
    last: Option<(i64, String)>,
    /// Who had the store open last, and since when, as it was when it was read.
    seen: Option<(SystemTime, Vec<u8>)>,
    output: Output,
    still_masked: u64,
}

impl Reader<'_> {
    /// Prints everything behind the last event that was printed. A store that nobody had open
    /// since is left alone: whoever wants to write finds it free.
    fn read(&mut self) -> Result<(), Busy> {
        if self.seen.is_some() && self.seen == self.last_opened() {
            return Ok(());
        }
        let key_provider = match &self.args.key_file {
            Some(path) => Some(Arc::new(KeyRing::load(path)?) as Arc<_>),
            None => environment()?,
        };
        if self.args.unmask && key_provider.is_none() {
            let why = "--unmask needs the keys of the originals: --key-file, or LOGVEIL_KEYS";
            return Err(Failure::because(why).into());
        }
        is_made(&self.args.data)?;
        let options = OpenOptions { key_provider, ..OpenOptions::default() };
        let engine = try_open(&self.args.data, options).map_err(|error| match error.kind() {
            ErrorKind::InvalidOperation => Busy::Yes(error.message().to_owned()),
            _ => Busy::No(refused(&error)),
        })?;
        self.seen = self.last_opened();
        self.pages(&engine)?;
        let metrics = engine.metrics();
        let unopened = metrics.originals_without_key + metrics.originals_refused;
        self.still_masked += unopened + metrics.originals_damaged;
        Ok(())
    }

    /// The lock names the process that has the store open, or had it last.
    fn last_opened(&self) -> Option<(SystemTime, Vec<u8>)> {
        let lock = self.args.data.data.join("lock");
        let opened = fs::metadata(&lock).and_then(|about| about.modified());
        opened.ok().zip(fs::read(&lock).ok())
    }

    fn pages(&mut self, engine: &Engine) -> Result<(), Failure> {
        let group = &self.request.log_group_name;
        let grant = self.args.unmask.then(|| {
            let principal = Principal::new("the holder of the key file");
            engine.authorize_unmask(&KeyHolder, principal, group)
        });
        let grant = grant.transpose().map_err(|error| refused(&error))?;
        let mut request = FilterLogEvents { unmask: grant.as_ref(), ..self.request.clone() };
        if let Some((timestamp, _)) = &self.last {
            request.start_time = Some(*timestamp);
        }
        loop {
            let page = engine.filter_log_events(&request).map_err(|error| refused(&error))?;
            let mut text = String::new();
            for event in page.events {
                let new = self.last.as_ref().is_none_or(|(_, last)| event.event_id > *last);
                if new {
                    print(&event, self.args.json, &mut text);
                    self.last = Some((event.timestamp, event.event_id));
                }
            }
            self.output.write(text.as_bytes())?;
            if page.next_token.is_none() {
                return Ok(());
            }
            request.next_token = page.next_token;
        }
    }
}

fn print(event: &FilteredLogEvent, json: bool, to: &mut String) {
    let message = event.message.reveal();
    if json {
        let FilteredLogEvent { timestamp, event_id, log_stream_name, .. } = event;
        let printed = Printed { timestamp: *timestamp, message, event_id, log_stream_name };
        *to += &serde_json::to_string(&printed).expect("our own shapes can be written");
    } else {
        to.push_str(message);
    }
    to.push('\n');
}
