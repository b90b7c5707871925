//! Outbox entries of one destination → one batch for it, and what became of each.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use super::destination::{DeliveryError, Destination, LogPlace, Outgoing, OutgoingKind};
use super::fields::Fields;
use super::payload::{EncodedEvents, Header, Pieces, control_message, gzip};
use crate::arn::{Arn, Home, LogGroupName, LogStreamName};
use crate::limits::{
    DELIVERY_BATCH_BYTES, DELIVERY_BATCH_ITEMS_MAX, EVENT_BYTES_MAX, EVENT_OVERHEAD_BYTES,
    RECORD_BYTES_MAX,
};
use crate::policy::{DestinationKind, Distribution};
use crate::store::{
    Content, Entry, EventKey, Left, Outcome, Owner, Rendered, Route, Settled, Store, Taken, Tally,
};

/// `policyLevel` of the account's subscription filter.
const ACCOUNT_LEVEL: &str = "ACCOUNT_LEVEL_POLICY";

/// Where a logical destination leads just now; other ARNs lead to themselves.
type Resolve<'a> = &'a dyn Fn(&Arn) -> Result<Arn, DeliveryError>;

/// Sends entries of one account.
pub(crate) struct Sender<'a> {
    pub(crate) home: &'a Home,
    pub(crate) store: &'a Store,
    pub(crate) destination: &'a dyn Destination,
    pub(crate) resolve: Resolve<'a>,
    /// Whether a vended-log delivery is still allowed, by its id; asked before every batch.
    pub(crate) permit: &'a dyn Fn(&str) -> Result<(), DeliveryError>,
}

/// The part of an entry that goes with this batch.
struct Job {
    entry: Entry,
    items: Vec<Item>,
    /// What is left when all items are settled.
    later: Option<Content>,
    /// Events of it that were deleted.
    gone: u64,
}

/// One payload or record.
struct Item {
    kind: OutgoingKind,
    partition_key: Option<String>,
    object_key: Option<String>,
    data: Vec<u8>,
    /// How many events it holds.
    events: u64,
    /// What of the entry it is, to be kept when it is not taken.
    part: Part,
}

enum Part {
    Events(Vec<EventKey>),
    Control,
    Finding(Vec<u8>),
    /// The whole record is the item's data and key.
    Rendered(Rendered),
}

/// What an entry is before the batch is sent.
enum Prepared {
    Job(Job),
    /// There was no room, or it is gone.
    Done(Settled),
}

impl Sender<'_> {
    /// Sends what fits into one batch: the first payload of each entry, or findings of it. The
    /// answer is in the order of what was taken.
    pub(crate) fn send(&self, taken: &Taken) -> Vec<Settled> {
        let target = match (self.resolve)(&taken.destination_arn) {
            Ok(target) => target,
            Err(error) => return taken.entries.iter().map(|_| failed(error)).collect(),
        };
        let (mut bytes, mut items) = (0, 0);
        let mut prepared = Vec::with_capacity(taken.entries.len());
        for (_, number) in &taken.entries {
            if bytes >= DELIVERY_BATCH_BYTES || items >= DELIVERY_BATCH_ITEMS_MAX {
                prepared.push(Prepared::Done(untried()));
                continue;
            }
            let room = (DELIVERY_BATCH_ITEMS_MAX - items, DELIVERY_BATCH_BYTES - bytes);
            let next = match self.store.entry(*number) {
                Ok(Some(entry)) => self.prepare(*number, entry, room),
                Ok(None) => Prepared::Done(nothing_left(0)),
                Err(_) => Prepared::Done(failed(DeliveryError::Unavailable)),
            };
            if let Prepared::Job(job) = &next {
                items += job.items.len();
                bytes += job.items.iter().map(|item| item.data.len()).sum::<usize>();
            }
            prepared.push(next);
        }
        let jobs = prepared.iter().filter_map(|prepared| match prepared {
            Prepared::Job(job) => Some(job),
            Prepared::Done(_) => None,
        });
        let batch: Vec<_> = jobs
            .flat_map(|job| job.items.iter().map(|item| (item, &job.entry)))
            .map(|(item, entry)| item.outgoing(&target, entry))
            .collect();
        let results = self.hand_over(&batch);
        drop(batch);
        let mut results = results.into_iter();
        let settle = |prepared| match prepared {
            Prepared::Done(settled) => settled,
            Prepared::Job(job) => job.settle(&mut results),
        };
        prepared.into_iter().map(settle).collect()
    }

    /// One result for each item. A destination that panics, or says too little, took nothing.
    fn hand_over(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        if batch.is_empty() {
            return Vec::new();
        }
        let deliver = AssertUnwindSafe(|| self.destination.deliver(batch));
        let mut results = catch_unwind(deliver).unwrap_or_default();
        results.resize(batch.len(), Err(DeliveryError::Unavailable));
        results
    }

    fn prepare(&self, number: u64, entry: Entry, room: (usize, usize)) -> Prepared {
        if let Owner::Delivery(id) = &entry.route.owner
            && let Err(error) = (self.permit)(id)
        {
            return Prepared::Done(failed(error));
        }
        match &entry.content {
            Content::Events(keys) => {
                let keys = keys.clone();
                self.events(number, entry, &keys)
            }
            Content::Control => {
                let Ok(kind) = DestinationKind::of(&entry.route.destination_arn) else {
                    return Prepared::Done(nothing_left(1));
                };
                let item = Item {
                    kind: OutgoingKind::Control,
                    partition_key: Some(stable_hash(entry.route.owner.name())),
                    object_key: None,
                    data: control_message(kind, entry.born_ms),
                    events: 0,
                    part: Part::Control,
                };
                Prepared::Job(Job { entry, items: vec![item], later: None, gone: 0 })
            }
            Content::Rendered(records) => {
                let records = records.clone();
                rendered(entry, records, room)
            }
            Content::Findings(records) => {
                let records = records.clone();
                self.findings(number, entry, records, room)
            }
        }
    }

    /// The first payload of an entry.
    fn events(&self, number: u64, entry: Entry, keys: &[EventKey]) -> Prepared {
        let route = &*entry.route;
        let Ok(kind) = DestinationKind::of(&route.destination_arn) else {
            return Prepared::Done(nothing_left(1));
        };
        let header = Header {
            owner: self.home.account.as_str(),
            log_group: entry.log_group.as_ref().map_or("", |name| name.as_str()),
            log_stream: entry.log_stream.as_ref().map_or("", |name| name.as_str()),
            filter_name: route.owner.name(),
            policy_level: matches!(route.owner, Owner::AccountPolicy(_)).then_some(ACCOUNT_LEVEL),
        };
        let mut events = EncodedEvents::default();
        let fields = Fields::of(&entry, self.home);
        let read = self.store.each_masked(&entry, keys, |key, message| {
            events.push(key, message, &fields.of_event(key, message));
        });
        if read.is_err() {
            return Prepared::Done(failed(DeliveryError::Unavailable));
        }
        // What is gone is counted once for each entry.
        let gone = u64::from(events.len() < keys.len());
        let Some(piece) = Pieces::new(header, kind, &events).next() else {
            return Prepared::Done(nothing_left(gone));
        };
        let class = if piece.fits { OutgoingKind::Data } else { OutgoingKind::DeadLetter };
        let rest: Vec<_> = events.keys_from(piece.events).collect();
        let item = Item {
            kind: class,
            partition_key: Some(partition_key(route, &header, number, events.len())),
            object_key: None,
            data: piece.data,
            events: piece.events as u64,
            part: Part::Events(events.keys_from(0).take(piece.events).collect()),
        };
        let later = (!rest.is_empty()).then_some(Content::Events(rest));
        Prepared::Job(Job { entry, items: vec![item], later, gone })
    }

    /// As many findings of an entry as there is room for; they are of no log stream and need no
    /// order among themselves.
    fn findings(
        &self,
        number: u64,
        entry: Entry,
        records: Vec<Vec<u8>>,
        (items_max, bytes_max): (usize, usize),
    ) -> Prepared {
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut records = records.into_iter();
        while items.len() < items_max && bytes < bytes_max {
            let Some(record) = records.next() else { break };
            // A log group of the engine is given its findings when they are made, but for those
            // that no event can hold: what waits here for a log group is one of these, or goes to a
            // log group elsewhere.
            let destination = &entry.route.destination_arn;
            let (fits, object) = match destination.service() {
                "s3" => (true, Some(self.object(number, &entry, &record))),
                _ => (fits(destination, &record), None),
            };
            let kind = if fits { OutgoingKind::Finding } else { OutgoingKind::DeadLetter };
            let (object_key, data) = match object {
                Some((key, gzip)) => (Some(key), gzip),
                None => (None, record.clone()),
            };
            bytes += data.len();
            let part = Part::Finding(record);
            items.push(Item { kind, partition_key: None, object_key, data, events: 0, part });
        }
        let rest: Vec<_> = records.collect();
        let later = (!rest.is_empty()).then_some(Content::Findings(rest));
        Prepared::Job(Job { entry, items, later, gone: 0 })
    }

    /// The key and the gzip bytes of an object for a bucket.
    fn object(&self, number: u64, entry: &Entry, lines: &[u8]) -> (String, Vec<u8>) {
        let group = entry.log_group.as_ref();
        (object_key(self.home, group, number, entry.born_ms, lines), gzip(lines))
    }
}

/// Whether a record of a stream, or the event of a log group, can hold that much.
fn fits(destination: &Arn, record: &[u8]) -> bool {
    match destination.service() {
        // A line feed behind it is not part of an event.
        "logs" => {
            let text = record.strip_suffix(b"\n").unwrap_or(record);
            text.len() + EVENT_OVERHEAD_BYTES <= EVENT_BYTES_MAX
        }
        _ => record.len() <= RECORD_BYTES_MAX,
    }
}

/// As many records of a delivery as there is room for, one at least.
// Choice: of records of one delivery that go in one request some may be refused for now; they come
// later, behind those that were taken, as from any producer of a Firehose stream.
fn rendered(
    entry: Entry,
    records: Vec<Rendered>,
    (items_max, bytes_max): (usize, usize),
) -> Prepared {
    let (mut items, mut bytes) = (Vec::new(), 0);
    let mut records = records.into_iter();
    while items.len() < items_max.max(1) && (bytes < bytes_max || items.is_empty()) {
        let Some(record) = records.next() else { break };
        let Rendered { object_key, data } = record.clone();
        let fits = object_key.is_some() || fits(&entry.route.destination_arn, &data);
        let kind = if fits { OutgoingKind::Record } else { OutgoingKind::DeadLetter };
        bytes += data.len();
        let part = Part::Rendered(record);
        // A record of a stream or log group is one event; of an object it is not known.
        let events = u64::from(object_key.is_none());
        items.push(Item { kind, partition_key: None, object_key, data, events, part });
    }
    let rest: Vec<_> = records.collect();
    let later = (!rest.is_empty()).then_some(Content::Rendered(rest));
    Prepared::Job(Job { entry, items, later, gone: 0 })
}

impl Item {
    fn outgoing<'a>(&'a self, destination_arn: &'a Arn, entry: &'a Entry) -> Outgoing<'a> {
        let place = || {
            let of_delivery = entry.log_stream.as_ref().map(LogStreamName::as_str);
            let audited = entry.log_group.as_ref().map(LogGroupName::as_str);
            let log_stream = of_delivery.or(audited).unwrap_or_default();
            LogPlace { log_stream, timestamp: entry.born_ms }
        };
        Outgoing {
            destination_arn,
            kind: self.kind,
            name: entry.route.owner.name(),
            partition_key: self.partition_key.as_deref(),
            object_key: self.object_key.as_deref(),
            log_place: (destination_arn.service() == "logs").then(place),
            data: &self.data,
        }
    }
}

impl Job {
    /// What became of it, from one result for each item.
    fn settle(self, results: &mut impl Iterator<Item = Result<(), DeliveryError>>) -> Settled {
        let mut tally = Tally { dropped: self.gone, ..Tally::default() };
        let (mut kept, mut outcome, whole) = (Vec::new(), Outcome::GoesOn, self.items.len());
        for item in self.items {
            match results.next().unwrap_or(Err(DeliveryError::Unavailable)) {
                Ok(()) if item.kind == OutgoingKind::DeadLetter => tally.set_aside += 1,
                Ok(()) => {
                    tally.delivered += 1;
                    tally.bytes += item.data.len() as u64;
                    tally.events += item.events;
                }
                Err(DeliveryError::Refused) => {
                    tally.errors += 1;
                    tally.dropped += 1;
                }
                Err(error) => {
                    let (next, failure) = failure(error);
                    // A pause weighs more than a wait.
                    outcome = if outcome == Outcome::Pauses { outcome } else { next };
                    tally.add(failure);
                    kept.push(item.part);
                }
            }
        }
        let all = kept.len() == whole && self.gone == 0;
        let left = if all { Left::All } else { left(self.entry, kept, self.later) };
        Settled { outcome, left, tally }
    }
}

/// What of an entry is left: what was not taken, and what was not sent.
fn left(entry: Entry, kept: Vec<Part>, later: Option<Content>) -> Left {
    let (mut keys, mut records, mut control) = (Vec::new(), Vec::new(), false);
    let mut rendered = Vec::new();
    for part in kept {
        match part {
            Part::Events(of_it) => keys.extend(of_it),
            Part::Control => control = true,
            Part::Finding(record) => records.push(record),
            Part::Rendered(record) => rendered.push(record),
        }
    }
    match later {
        Some(Content::Events(rest)) => keys.extend(rest),
        Some(Content::Findings(rest)) => records.extend(rest),
        Some(Content::Rendered(rest)) => rendered.extend(rest),
        Some(Content::Control) | None => {}
    }
    let content = match (keys.is_empty(), records.is_empty(), control) {
        (false, ..) => Content::Events(keys),
        (_, false, _) => Content::Findings(records),
        (_, _, true) => Content::Control,
        (true, true, false) if rendered.is_empty() => return Left::Nothing,
        (true, true, false) => Content::Rendered(rendered),
    };
    Left::Some(Entry { content, ..entry })
}

fn untried() -> Settled {
    Settled { outcome: Outcome::Untried, left: Left::All, tally: Tally::default() }
}

/// An attempt that failed before anything was sent.
fn failed(error: DeliveryError) -> Settled {
    let (outcome, tally) = failure(error);
    Settled { outcome, left: Left::All, tally }
}

/// An entry that can never be delivered, or whose events are gone.
fn nothing_left(dropped: u64) -> Settled {
    let tally = Tally { dropped, ..Tally::default() };
    Settled { outcome: Outcome::GoesOn, left: Left::Nothing, tally }
}

/// What follows from an error, and how it is counted.
fn failure(error: DeliveryError) -> (Outcome, Tally) {
    let one = |errors, throttled| Tally { errors, throttled, ..Tally::default() };
    match error {
        DeliveryError::Throttled => (Outcome::Waits, one(0, 1)),
        DeliveryError::Unavailable => (Outcome::Waits, one(1, 0)),
        DeliveryError::AccessDenied | DeliveryError::NotFound => (Outcome::Pauses, one(1, 0)),
        DeliveryError::Refused => (Outcome::GoesOn, one(1, 0)),
    }
}

/// Where an object of findings lies in its bucket. Cost: no pass over the findings.
// Choice: AWS publishes that keys begin with `AWSLogs/ACCOUNT/`; the rest, gzip and JSON lines are
// our convention. The log group goes without the slash it begins with. The hash is that of the
// entry's number, the time in milliseconds and the length of the lines: what is sent again keeps
// its key, and two batches of one minute have two keys.
fn object_key(
    home: &Home,
    log_group: Option<&LogGroupName>,
    number: u64,
    timestamp: i64,
    lines: &[u8],
) -> String {
    let Home { account, region } = home;
    let second = timestamp.div_euclid(1000);
    let clamped = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let time = Timestamp::from_second(clamped).expect("clamped into the calendar");
    let (hour, minute) = (time.strftime("%Y/%m/%d/%H"), time.strftime("%Y%m%dT%H%MZ"));
    let log_group = log_group.map_or("", LogGroupName::as_str).trim_start_matches('/');
    let hash = stable_hash(&format!("{number}:{timestamp}:{}", lines.len()));
    format!(
        "AWSLogs/{account}/logs/{region}/{log_group}/{hour}/\
         {account}_dataprotection_{region}_{minute}_{hash}.log.gz"
    )
}

/// One key per log stream, or one per payload.
// Choice: AWS says how records are spread and not by what key. For Random the key is a hash of the
// entry's number and of how much of it is left, so that a payload that is sent again keeps its key.
fn partition_key(route: &Route, header: &Header<'_>, number: u64, left: usize) -> String {
    let Header { log_group, log_stream, .. } = header;
    match route.distribution {
        Distribution::ByLogStream => stable_hash(&format!("{log_group}:{log_stream}")),
        Distribution::Random => stable_hash(&format!("{number}:{left}")),
    }
}

/// Bytes of a partition key.
pub(super) const PARTITION_KEY_BYTES: usize = 32;

/// A hash of 32 hexadecimal digits that is the same everywhere and always: FNV-1a, 128 bits.
// Choice: AWS's key is unknown; Kinesis hashes whatever key it gets with MD5 once more.
pub(crate) fn stable_hash(text: &str) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mix = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    format!("{:032x}", text.bytes().fold(OFFSET, mix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::Arn;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(stable_hash(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(stable_hash("a"), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn a_partition_key_changes_with_the_stream_or_with_the_payload() {
        let key = |distribution, (log_group, log_stream), number, left| {
            let route = Route {
                owner: Owner::AccountPolicy("p".to_owned()),
                destination_arn: Arn::parse("arn", "arn:aws:kinesis:r:1:stream/s").unwrap(),
                distribution,
                extracted_by: None,
                system_fields: Vec::new(),
            };
            let header =
                Header { owner: "1", log_group, log_stream, filter_name: "p", policy_level: None };
            partition_key(&route, &header, number, left)
        };
        let by_stream = |stream, left| key(Distribution::ByLogStream, stream, 1, left);
        assert_eq!(by_stream(("g", "s"), 2), by_stream(("g", "s"), 1));
        assert_ne!(by_stream(("g", "s"), 1), by_stream(("g", "t"), 1));
        assert_ne!(by_stream(("g", "s"), 1), by_stream(("h", "s"), 1));
        let random = |number, left| key(Distribution::Random, ("g", "s"), number, left);
        assert_eq!(random(1, 1), random(1, 1), "what is sent again keeps its key");
        assert_ne!(random(1, 1), random(2, 1));
        assert_ne!(random(1, 2), random(1, 1), "pieces of one batch");
    }
}
