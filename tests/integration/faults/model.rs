//! What the children of these tests do to an engine, and what must be there afterwards.
//!
//! Each writer puts batches into a log stream of its own; every event holds one address, which the
//! account's policy masks from the first event on. The first writer changes the log group's policy
//! between its batches. What was acknowledged is said; what is said must be there, whole and in its
//! place, with its findings and its outgoing entries; and of what was not said one batch of each
//! writer may be there, whole as well. A child goes on where the one before it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use logveil::*;
use serde_json::json;

use super::{files_below, say};
use crate::support::world::{
    Allow, Everything, NOW, StoppedClock, account_policy, document, event, group, stream, with_keys,
};

/// No text of it may lie on disk: a part of every address.
pub const CANARY: &str = "kanari";

const GROUP: &str = "/app";
const AUDIT: &str = "/audit";

/// An engine in that directory, as child and parent open it.
pub fn open(
    directory: &Path,
    durability: Durability,
    table_bytes: u64,
) -> Result<(Engine, Arc<InMemory>), logveil::Error> {
    let sink = Arc::new(InMemory::default());
    let home = Home { account: AccountId::new("123456789012")?, region: Region::new("eu-west-1")? };
    let options = OpenOptions { table_bytes, ..with_keys(durability) };
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let engine = Engine::open(directory, options, home, clock, Arc::new(Everything), sink.clone())?;
    Ok((engine, sink))
}

/// What a child is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Work {
    /// How many threads write, each into a log stream of its own.
    pub writers: u64,
    /// How many batches each of them puts.
    pub batches: u64,
    /// Longest noise in an event, in bytes.
    pub noise: u64,
    /// How much is kept in memory before it is written as a table, in bytes.
    pub table_bytes: u64,
}

impl Work {
    /// Reads `WRITERS BATCHES NOISE TABLE`.
    pub fn parse(text: &str) -> Self {
        let numbers: Vec<u64> = text.split(' ').map(|number| number.parse().unwrap()).collect();
        let [writers, batches, noise, table_bytes] = numbers[..] else {
            panic!("{text}: four numbers")
        };
        Self { writers, batches, noise, table_bytes }
    }

    /// The role of a child that does it.
    pub fn role(self) -> String {
        let Self { writers, batches, noise, table_bytes } = self;
        format!("store {writers} {batches} {noise} {table_bytes}")
    }
}

/// A batch of a writer: 1 to 9 events, every third of them taken by the subscription.
fn batch(work: Work, writer: u64, number: u64) -> Vec<String> {
    let events = number * 7 % 9 + 1;
    let text = |at| {
        let word = if at % 3 == 0 { "ERROR" } else { "INFO" };
        let noise =
            crate::support::world::noise((number * 7919 % work.noise) as usize, number * 64 + at);
        format!("{word} {writer}-{number}-{at} to {CANARY}{number}@example.com {noise}")
    };
    (0..events).map(text).collect()
}

/// The log group's policy after so many changes.
fn group_policy(change: u64) -> String {
    let identifiers = [&["EmailAddress"][..], &["Ssn-US"], &["CreditCardNumber", "EmailAddress"]];
    document(&format!("p{change}"), identifiers[change as usize % 3], &json!({})).to_string()
}

/// Does the work. Says what is acknowledged, and what is refused; then it tries twice more.
pub fn child(directory: &Path, work: Work, durability: Durability) {
    let Work { writers, batches, .. } = work;
    let failed = |what: &str, error: &logveil::Error| {
        say(&format!("failed {what}: {}", error.kind().code()));
    };
    let engine = match open(directory, durability, work.table_bytes) {
        Ok((engine, _)) => engine,
        Err(error) => return failed("open", &error),
    };
    if let Err(error) = set_up(&engine, writers) {
        return failed("set-up", &error);
    }
    say("ready");
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let engine = &engine;
            scope.spawn(move || {
                let first = next_batch(engine, writer);
                say(&format!("from {writer} {first}"));
                for number in first..first + batches {
                    // Whoever was refused tries again: what is then said to be safe is, and once.
                    let mut tries = 0;
                    while let Err(error) = put(engine, work, writer, number) {
                        failed(&format!("batch {writer} {number}"), &error);
                        tries += 1;
                        if tries == 3 {
                            return;
                        }
                    }
                    say(&format!("batch {writer} {number}"));
                    if writer == 0 && number % 3 == 1 {
                        let change = number / 3;
                        say(&format!("changing {change}"));
                        if let Err(error) = protect(engine, change) {
                            return failed(&format!("policy {change}"), &error);
                        }
                        say(&format!("policy {change}"));
                    }
                }
            });
        }
    });
    // Memory is what the disk is: what can be read now is read again after the power went.
    for writer in 0..writers {
        let shown = read(&engine, GROUP, &format!("w{writer}"), None).len();
        say(&format!("shown {writer} {shown}"));
    }
}

/// The first batch of a writer that is not there.
fn next_batch(engine: &Engine, writer: u64) -> u64 {
    let request = GetLogEvents::new(group(GROUP), stream(&format!("w{writer}")));
    let request = GetLogEvents { limit: Some(1), ..request };
    let page = engine.get_log_events(&request).unwrap();
    let Some(last) = page.events.first() else { return 0 };
    let name = last.message.reveal().split(' ').nth(1).unwrap();
    name.split('-').nth(1).unwrap().parse::<u64>().unwrap() + 1
}

/// When a batch's events happened: every second batch begins a day, and so a key.
fn time_of(number: u64) -> i64 {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    NOW - 13 * DAY + (number as i64 / 2).min(13) * DAY
}

fn put(engine: &Engine, work: Work, writer: u64, number: u64) -> Result<(), logveil::Error> {
    let texts = batch(work, writer, number);
    let request = PutLogEvents {
        log_group_name: group(GROUP),
        log_stream_name: stream(&format!("w{writer}")),
        log_events: texts.iter().map(|text| event(time_of(number), text)).collect(),
    };
    engine.put_log_events(request).map(drop)
}

fn protect(engine: &Engine, change: u64) -> Result<(), logveil::Error> {
    let request = PutDataProtectionPolicy {
        log_group_identifier: GROUP.to_owned(),
        policy_document: group_policy(change),
    };
    engine.put_data_protection_policy(request).map(drop)
}

/// Makes what is absent: it may be run again over what it left.
fn set_up(engine: &Engine, writers: u64) -> Result<(), logveil::Error> {
    let absent = |made: Result<(), logveil::Error>| match made {
        Err(error) if error.kind() == ErrorKind::ResourceAlreadyExists => Ok(()),
        made => made,
    };
    absent(engine.create_log_group(&group(GROUP)))?;
    absent(engine.create_log_group(&group(AUDIT)))?;
    for writer in 0..writers {
        absent(engine.create_log_stream(&group(GROUP), &stream(&format!("w{writer}"))))?;
    }
    let findings = json!({"CloudWatchLogs": {"LogGroup": AUDIT}});
    let policy = document("account", &["EmailAddress"], &findings);
    engine.put_account_policy(account_policy("all", AccountPolicyType::DataProtection, &policy))?;
    engine.put_subscription_filter(PutSubscriptionFilter {
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
        log_group_name: group(GROUP),
        filter_name: FilterName::new("errors")?,
        filter_pattern: FilterPattern::parse("ERROR")?,
        destination_arn: Arn::parse("x", "arn:aws:kinesis:eu-west-1:123456789012:stream/s")?,
        role_arn: Some(Arn::parse("x", "arn:aws:iam::123456789012:role/r")?),
        distribution: Distribution::ByLogStream,
    })
}

/// All messages of a log stream, oldest first.
fn read(
    engine: &Engine,
    log_group: &str,
    log_stream: &str,
    unmask: Option<&UnmaskGrant>,
) -> Vec<String> {
    let mut request = GetLogEvents::new(group(log_group), stream(log_stream));
    (request.start_from_head, request.unmask) = (true, unmask);
    let mut found = Vec::new();
    loop {
        let page = match engine.get_log_events(&request) {
            Ok(page) => page,
            Err(error) if error.kind() == ErrorKind::ResourceNotFound => return found,
            Err(error) => panic!("reading: {error}"),
        };
        if request.next_token.as_ref() == Some(&page.next_forward_token) {
            return found;
        }
        found.extend(page.events.iter().map(|event| event.message.reveal().to_owned()));
        request.next_token = Some(page.next_forward_token);
    }
}

/// What children said, one after the other.
#[derive(Debug, Default)]
pub struct Said {
    /// For each writer the batches that are safe.
    pub batches: BTreeMap<u64, u64>,
    /// The policy change that is safe, and those that were begun after it.
    pub policy: Option<u64>,
    pub begun: Vec<u64>,
    /// For each writer how many events it could read at the end.
    pub shown: BTreeMap<u64, usize>,
    pub ready: bool,
    pub failures: Vec<String>,
}

impl Said {
    pub fn of(lines: &[String]) -> Self {
        let mut said = Self::default();
        lines.iter().for_each(|line| said.hear(line));
        said
    }

    pub fn hear(&mut self, line: &str) {
        let number = |text: &str| text.parse::<u64>().unwrap();
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["ready"] => self.ready = true,
            ["batch", writer, batch] => {
                let before = self.batches.insert(number(writer), number(batch) + 1);
                assert_eq!(before, Some(number(batch)), "in order");
            }
            ["from", writer, batch] => {
                // One that was stored and never said is there to be kept as well.
                let before = self.batches.insert(number(writer), number(batch)).unwrap_or(0);
                assert!((before..=before + 1).contains(&number(batch)), "{before} and {batch}");
            }
            ["changing", change] => self.begun.push(number(change)),
            ["policy", change] => {
                self.policy = Some(number(change));
                self.begun.clear();
            }
            ["shown", writer, events] => {
                self.shown.insert(number(writer), number(events) as usize);
            }
            _ => self.failures.push(line.to_owned()),
        }
    }
}

/// What is wrong with what lies in the directory, by what was said before. `opened` looks at it
/// once it is open.
pub fn fault(
    directory: &Path,
    work: Work,
    said: &Said,
    opened: impl FnOnce(),
) -> Result<(), String> {
    let engine = open(directory, Durability::Synced, work.table_bytes);
    let (engine, sink) = engine.map_err(|error| format!("it does not open: {error}"))?;
    opened();
    if engine.metrics().damaged > 0 {
        return Err(format!("{} things are damaged", engine.metrics().damaged));
    }
    let allow = Allow("ann", "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned());
    let grant = engine.authorize_unmask(&allow, Principal::new("ann"), &group(GROUP));
    let grant = match (grant, said.ready) {
        (Err(_), false) => return Ok(()),
        (grant, _) => grant.map_err(|error| format!("no log group: {error}"))?,
    };
    let (mut events, mut errors) = (0, BTreeSet::new());
    for writer in 0..work.writers {
        let log_stream = format!("w{writer}");
        let safe = said.batches.get(&writer).copied().unwrap_or(0);
        let masked = read(&engine, GROUP, &log_stream, None);
        let texts = read(&engine, GROUP, &log_stream, Some(&grant));
        let mut expected: Vec<String> = (0..safe).flat_map(|n| batch(work, writer, n)).collect();
        if texts.len() > expected.len() {
            expected.extend(batch(work, writer, safe));
        }
        if texts != expected {
            let (there, wanted) = (texts.len(), expected.len());
            return Err(format!("writer {writer}: {there} events, not {wanted}, or others"));
        }
        if let Some(shown) = said.shown.get(&writer)
            && *shown != texts.len()
        {
            return Err(format!("writer {writer}: {shown} in memory, {} on disk", texts.len()));
        }
        let stars = |text: &String| mask(text);
        if masked != expected.iter().map(stars).collect::<Vec<_>>() {
            return Err(format!("writer {writer}: not masked as it should be"));
        }
        events += texts.len();
        errors.extend(masked.into_iter().filter(|text| text.starts_with("ERROR")));
    }
    // Without all log groups there is nothing to find and nothing to send.
    if !said.ready && events == 0 {
        return Ok(());
    }
    check_rest(&engine, &sink, said, events, &errors)?;
    drop(engine);
    no_canary(directory)
}

/// Whether a text lies anywhere in the directory's files, or in their names.
fn no_canary(directory: &Path) -> Result<(), String> {
    for (name, bytes) in files_below(directory) {
        let named = name.to_string_lossy().contains(CANARY);
        if named || memchr::memmem::find(&bytes, CANARY.as_bytes()).is_some() {
            return Err(format!("{} holds the text of an original", name.display()));
        }
    }
    Ok(())
}

fn mask(text: &str) -> String {
    let start = text.find(CANARY).expect("one address");
    let end = start + text[start..].find(' ').unwrap_or(text.len() - start);
    format!("{}{}{}", &text[..start], "*".repeat(end - start), &text[end..])
}

/// Findings, counts, outgoing entries and the policy in force.
fn check_rest(
    engine: &Engine,
    sink: &InMemory,
    said: &Said,
    events: usize,
    errors: &BTreeSet<String>,
) -> Result<(), String> {
    let metrics = engine.metrics();
    let mut findings = 0;
    let mut request = FilterLogEvents::new(group(AUDIT));
    loop {
        let page = engine.filter_log_events(&request).map_err(|error| format!("audit: {error}"))?;
        findings += page.events.len();
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    let counted = (metrics.incoming_log_events, metrics.masked_log_events);
    if findings != events || counted != (events as u64, events as u64) {
        return Err(format!("{events} events, {findings} findings, counted {counted:?}"));
    }
    let policy = engine.get_data_protection_policy(GROUP).ok();
    let policy = policy.and_then(|policy| policy.policy_document);
    let possible = said.begun.iter().map(|change| Some(group_policy(*change)));
    let safe = said.policy.map(group_policy);
    if !possible.chain([safe]).any(|possible| possible == policy) {
        return Err(format!("another policy than {:?} or {:?}", said.policy, said.begun));
    }
    engine.deliver_pending();
    let delivered = sink.delivered();
    let payloads = delivered.iter().flat_map(|one| decode(&one.data).expect("a payload"));
    let messages: Vec<_> = payloads
        .filter(|payload| payload.message_type == "DATA_MESSAGE")
        .flat_map(|payload| payload.log_events)
        .map(|event| event.message)
        .collect();
    let once: BTreeSet<_> = messages.iter().cloned().collect();
    if messages.len() != errors.len() || once != *errors {
        return Err(format!("{} events went out, not {}", messages.len(), errors.len()));
    }
    Ok(())
}
