//! One outbox entry → what its destination gets.

use jiff::Timestamp;

use super::destination::{DeliveryError, Destination, Outgoing, OutgoingKind};
use super::payload::{EncodedEvents, Header, Pieces, control_message, gzip};
use crate::arn::{Home, LogGroupName};
use crate::limits::RECORD_BYTES_MAX;
use crate::policy::{DestinationKind, Distribution};
use crate::store::{Content, Entry, EventKey, Owner, Route, Store};

/// `policyLevel` of the account's subscription filter.
const ACCOUNT_LEVEL: &str = "ACCOUNT_LEVEL_POLICY";

/// Sends entries of one account.
pub(crate) struct Sender<'a> {
    pub(crate) home: &'a Home,
    pub(crate) store: &'a Store,
    pub(crate) destination: &'a dyn Destination,
}

/// What became of an entry.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Payloads and records that the destination took.
    pub(crate) delivered: usize,
    /// Events and findings that were set aside whole, for being too large.
    pub(crate) set_aside: usize,
    /// Payloads and records that the destination will never take, and events that were deleted.
    pub(crate) dropped: usize,
    /// What has to be sent again.
    pub(crate) rest: Option<Content>,
}

impl Sender<'_> {
    /// Sends what an entry holds, in order, and stops at the first part that has to be sent again.
    pub(crate) fn send(&self, number: u64, entry: &Entry) -> Sent {
        match &entry.content {
            Content::Events(keys) => self.events(number, entry, keys),
            Content::Control { timestamp } => self.control(&entry.route, *timestamp),
            Content::Findings { timestamp, records } => {
                self.findings(number, entry, *timestamp, records)
            }
        }
    }

    fn events(&self, number: u64, entry: &Entry, keys: &[EventKey]) -> Sent {
        let (route, mut sent) = (&*entry.route, Sent::default());
        let Ok(kind) = DestinationKind::of(&route.destination_arn) else {
            return Sent { dropped: 1, ..sent };
        };
        let header = Header {
            owner: self.home.account.as_str(),
            log_group: entry.log_group.as_ref().map_or("", |name| name.as_str()),
            log_stream: entry.log_stream.as_ref().map_or("", |name| name.as_str()),
            filter_name: route.owner.name(),
            policy_level: matches!(route.owner, Owner::AccountPolicy(_)).then_some(ACCOUNT_LEVEL),
        };
        let mut events = EncodedEvents::default();
        let read = self.store.each_masked(entry, keys, |key, message| events.push(key, message));
        if read.is_err() {
            return Sent { rest: Some(entry.content.clone()), ..sent };
        }
        sent.dropped += usize::from(events.len() < keys.len());
        let mut done = 0;
        for piece in Pieces::new(header, kind, &events) {
            let key = partition_key(route, &header, number, events.len() - done);
            let class = if piece.fits { OutgoingKind::Data } else { OutgoingKind::DeadLetter };
            let keys = Keys { partition: Some(&key), object: None };
            if !self.hand_over(route, class, keys, &piece.data, &mut sent) {
                sent.rest = Some(Content::Events(events.keys_from(done).collect()));
                break;
            }
            done += piece.events;
        }
        sent
    }

    fn control(&self, route: &Route, timestamp: i64) -> Sent {
        let mut sent = Sent::default();
        let Ok(kind) = DestinationKind::of(&route.destination_arn) else {
            return Sent { dropped: 1, ..sent };
        };
        let data = control_message(kind, timestamp);
        let key = stable_hash(route.owner.name());
        let keys = Keys { partition: Some(&key), object: None };
        if !self.hand_over(route, OutgoingKind::Control, keys, &data, &mut sent) {
            sent.rest = Some(Content::Control { timestamp });
        }
        sent
    }

    fn findings(&self, number: u64, entry: &Entry, timestamp: i64, records: &[Vec<u8>]) -> Sent {
        let (route, mut sent) = (&*entry.route, Sent::default());
        for (done, record) in records.iter().enumerate() {
            // A log group is given its findings when they are made, but for those that no event can
            // hold: what waits for a log group here is one of these.
            let (fits, object) = match route.destination_arn.service() {
                "s3" => (true, Some(self.object(number, entry, timestamp, record))),
                "logs" => (false, None),
                _ => (record.len() <= RECORD_BYTES_MAX, None),
            };
            let class = if fits { OutgoingKind::Finding } else { OutgoingKind::DeadLetter };
            let key = object.as_ref().map(|(key, _)| key.as_str());
            let data = object.as_ref().map_or(&record[..], |(_, gzip)| gzip);
            let keys = Keys { partition: None, object: key };
            if !self.hand_over(route, class, keys, data, &mut sent) {
                let records = records.iter().skip(done).cloned().collect();
                sent.rest = Some(Content::Findings { timestamp, records });
                break;
            }
        }
        sent
    }

    /// The key and the gzip bytes of an object for a bucket.
    fn object(
        &self,
        number: u64,
        entry: &Entry,
        timestamp: i64,
        lines: &[u8],
    ) -> (String, Vec<u8>) {
        (object_key(self.home, entry.log_group.as_ref(), number, timestamp, lines), gzip(lines))
    }

    /// Whether this part is settled: taken, set aside or given up.
    fn hand_over(
        &self,
        route: &Route,
        kind: OutgoingKind,
        keys: Keys<'_>,
        data: &[u8],
        sent: &mut Sent,
    ) -> bool {
        let (destination_arn, name) = (&route.destination_arn, route.owner.name());
        let Keys { partition: partition_key, object: object_key } = keys;
        let outgoing = Outgoing { destination_arn, kind, name, partition_key, object_key, data };
        let results = self.destination.deliver(&[outgoing]);
        match results.first().copied().unwrap_or(Err(DeliveryError::Unavailable)) {
            Ok(()) if kind == OutgoingKind::DeadLetter => sent.set_aside += 1,
            Ok(()) => sent.delivered += 1,
            Err(DeliveryError::Refused) => sent.dropped += 1,
            Err(
                DeliveryError::Throttled
                | DeliveryError::Unavailable
                | DeliveryError::AccessDenied
                | DeliveryError::NotFound,
            ) => return false,
        }
        true
    }
}

/// What a destination files something under.
#[derive(Clone, Copy)]
struct Keys<'a> {
    /// Of a Kinesis stream.
    partition: Option<&'a str>,
    /// Of a bucket.
    object: Option<&'a str>,
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
pub(super) fn stable_hash(text: &str) -> String {
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
