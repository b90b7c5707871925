//! One outbox entry → what its destination gets.

use super::destination::{DeliveryError, Destination, Outgoing, OutgoingKind};
use super::payload::{Header, Pieces, control_message};
use crate::arn::AccountId;
use crate::limits::RECORD_BYTES_MAX;
use crate::policy::{DestinationKind, Distribution};
use crate::store::{Content, Entry, EventKey, Owner, Route, Store};

/// `policyLevel` of the account's subscription filter.
const ACCOUNT_LEVEL: &str = "ACCOUNT_LEVEL_POLICY";

/// Sends entries of one account.
pub(crate) struct Sender<'a> {
    pub(crate) account: &'a AccountId,
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
            Content::Findings(records) => self.findings(&entry.route, records),
        }
    }

    fn events(&self, number: u64, entry: &Entry, keys: &[EventKey]) -> Sent {
        let (route, mut sent) = (&*entry.route, Sent::default());
        let Ok(kind) = DestinationKind::of(&route.destination_arn) else {
            return Sent { dropped: 1, ..sent };
        };
        let header = Header {
            owner: self.account.as_str(),
            log_group: entry.log_group.as_ref().map_or("", |name| name.as_str()),
            log_stream: entry.log_stream.as_ref().map_or("", |name| name.as_str()),
            filter_name: route.owner.name(),
            policy_level: matches!(route.owner, Owner::AccountPolicy(_)).then_some(ACCOUNT_LEVEL),
        };
        let events = self.store.masked(keys);
        sent.dropped += usize::from(events.len() < keys.len());
        let mut done = 0;
        for piece in Pieces::new(header, kind, &events) {
            let key = partition_key(route, &header, number, events.len() - done);
            let class = if piece.fits { OutgoingKind::Data } else { OutgoingKind::DeadLetter };
            if !self.hand_over(route, class, Some(&key), &piece.data, &mut sent) {
                let rest = events.iter().skip(done).map(|(key, _)| *key).collect();
                sent.rest = Some(Content::Events(rest));
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
        if !self.hand_over(route, OutgoingKind::Control, Some(&key), &data, &mut sent) {
            sent.rest = Some(Content::Control { timestamp });
        }
        sent
    }

    fn findings(&self, route: &Route, records: &[Vec<u8>]) -> Sent {
        let mut sent = Sent::default();
        let firehose = route.destination_arn.service() == "firehose";
        for (done, record) in records.iter().enumerate() {
            let fits = !firehose || record.len() <= RECORD_BYTES_MAX;
            let class = if fits { OutgoingKind::Finding } else { OutgoingKind::DeadLetter };
            if !self.hand_over(route, class, None, record, &mut sent) {
                sent.rest = Some(Content::Findings(records.iter().skip(done).cloned().collect()));
                break;
            }
        }
        sent
    }

    /// Whether this part is settled: taken, set aside or given up.
    fn hand_over(
        &self,
        route: &Route,
        kind: OutgoingKind,
        partition_key: Option<&str>,
        data: &[u8],
        sent: &mut Sent,
    ) -> bool {
        let (destination_arn, name) = (&route.destination_arn, route.owner.name());
        let outgoing = Outgoing { destination_arn, kind, name, partition_key, data };
        match self.destination.deliver(&outgoing) {
            Ok(()) if kind == OutgoingKind::DeadLetter => sent.set_aside += 1,
            Ok(()) => sent.delivered += 1,
            Err(DeliveryError::NotRetryable) => sent.dropped += 1,
            Err(DeliveryError::Retryable) => return false,
        }
        true
    }
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

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(stable_hash(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(stable_hash("a"), "d228cb696f1a8caf78912b704e4a8964");
    }
}
