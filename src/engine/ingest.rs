//! Ingestion, as the house has it: check, snapshot, detect and mask, find, subscribe, store.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::Error;
use crate::event::{InputLogEvent, RejectedLogEventsInfo, check_batch};
use crate::finding::{Finding, rfc3339_seconds};
use crate::masker::{Audit, Scratch};
use crate::message::{MaskedMessage, Originals};
use crate::protection::Protection;
use crate::store::{Batch, BatchCounts, NewEvent, Reported, Write};
use crate::vault::{KeyGroup, Place};

use super::Engine;
use super::control::LiveGroup;
use super::emit;
use super::filtering::Filtered;

/// Most bytes of text that one core judges at a time, but for the last event of them; a batch of
/// less is judged where it arrives.
const PIECE_BYTES: usize = 128 * 1024;

/// Request of [`Engine::put_log_events`].
#[derive(Debug)]
pub struct PutLogEvents {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// The log stream.
    pub log_stream_name: LogStreamName,
    /// 1 to 10,000 events in order of time, at most 1,048,576 bytes with 26 for each event.
    pub log_events: Vec<InputLogEvent>,
}

/// Answer of [`Engine::put_log_events`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PutLogEventsResult {
    /// Which events were left out; absent when all were stored.
    pub rejected_log_events_info: Option<RejectedLogEventsInfo>,
}

/// Events after judgement, and their findings: for each the policy's index.
struct JudgedEvents {
    events: Vec<JudgedEvent>,
    findings: Vec<(usize, Finding)>,
}

struct JudgedEvent {
    timestamp: i64,
    message: MaskedMessage,
    originals: Option<Originals>,
}

impl Engine {
    /// Stores events: judged by the policies in force when it starts, and masked. Findings and
    /// what subscriptions take are queued in the same step.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the batch breaks a limit or is not in order of time; ResourceNotFound
    /// for the log group or log stream; ServiceUnavailable when the key provider gives no key, or
    /// the disk fails: in that last case it is known when the engine is opened again whether the
    /// batch was stored; in the others nothing was. Events that are too new, too old or expired are
    /// left out and named in the answer; that is no error.
    pub fn put_log_events(&self, request: PutLogEvents) -> Result<PutLogEventsResult, Error> {
        self.put_events(request, true)
    }

    /// The same; `delivers` is whether vended-log deliveries take the events.
    pub(super) fn put_events(
        &self,
        request: PutLogEvents,
        delivers: bool,
    ) -> Result<PutLogEventsResult, Error> {
        let PutLogEvents { log_group_name, log_stream_name: stream, mut log_events } = request;
        let now_ms = self.clock.now_ms();
        let group = self.live(&log_group_name)?;
        let (stream_number, retention_days) =
            self.store.check_stream(&group.at, &stream, now_ms)?;
        let accepted = check_batch(&log_events, now_ms, retention_days)?;
        let result = PutLogEventsResult { rejected_log_events_info: accepted.rejected };
        log_events.truncate(accepted.range.end);
        log_events.drain(..accepted.range.start);
        if log_events.is_empty() {
            return Ok(result);
        }
        let bytes: usize = log_events.iter().map(|event| event.message.len()).sum();
        let incoming = (log_events.len(), bytes);
        let (protection, filters) = (group.protection(), group.filters());
        let judged = self.judge(&group, &protection, log_events, now_ms);
        let masked = judged.events.iter().filter(|event| event.originals.is_some()).count();
        let found = self.find(&group, &protection, &judged.findings, now_ms);
        let mut scratch = Scratch::default();
        let mut mask = |text: &str| self.masker.mask_meant(&protection, text, &mut scratch);
        let shown = judged.events.iter().map(|it| (it.timestamp, &it.message));
        let Filtered { mut outgoing, metric_data, measured } =
            filters.show(shown, now_ms, &mut mask);
        if delivers {
            let events = judged.events.len();
            outgoing.extend(self.deliveries.outgoing(&log_group_name, events));
        }
        let first_sequence = self.store.reserve(judged.events.len());
        let place = Place { stream: stream_number, timestamp: 0, sequence: first_sequence };
        let events = self.seal(&group, retention_days, place, judged.events)?;
        let at = group.at.clone();
        let events = Write { group: at, stream, events, first_sequence, outgoing, metric_data };
        let by_policy =
            |(name, events): (Option<&str>, usize)| (name.map(str::to_owned), events as u64);
        let counts = BatchCounts {
            masked: masked as u64,
            findings: found.counts.iter().copied().map(by_policy).collect(),
            reported: reported(&judged.findings),
            findings_lost: found.lost as u64,
            failed_judgements: self.failed_judgements(),
        };
        let (findings, entries) = (found.writes, found.entries);
        let batch = Batch { events, stream_number, findings, entries, counts };
        self.store.put(batch, now_ms)?;
        emit::stored(&log_group_name, incoming, &found.counts);
        emit::measured(measured.iter().chain(&found.measured));
        Ok(result)
    }

    /// Seals the originals of a batch whose first event has the sequence of `first`; from here on
    /// no raw text of it exists.
    fn seal(
        &self,
        group: &LiveGroup,
        retention_days: Option<u32>,
        first: Place,
        events: Vec<JudgedEvent>,
    ) -> Result<Vec<NewEvent>, Error> {
        let with_originals = events.iter().filter(|event| event.originals.is_some());
        let mut times = with_originals.map(|event| event.timestamp).peekable();
        let key_group = KeyGroup { name: &group.at.name, number: group.at.number };
        let sealer = match times.peek() {
            Some(_) => self.vault.sealer(key_group, retention_days, times)?,
            None => None,
        };
        let seal = |(sequence, event): (u64, JudgedEvent)| {
            let JudgedEvent { timestamp, message, originals } = event;
            let sealed = sealer.as_ref().zip(originals).map(|(sealer, originals)| {
                let place = Place { timestamp, sequence, ..first };
                sealer.seal(place, &message, &originals)
            });
            NewEvent { timestamp, message, sealed }
        };
        Ok((first.sequence..).zip(events).map(seal).collect())
    }

    /// Detects and masks; the order stays, whatever the number of cores.
    fn judge(
        &self,
        group: &LiveGroup,
        protection: &Protection,
        events: Vec<InputLogEvent>,
        now_ms: i64,
    ) -> JudgedEvents {
        let timestamp = &rfc3339_seconds(now_ms);
        let audit = Audit { resource_arn: &group.arn, timestamp };
        let judge = |piece: &Range<usize>| {
            let messages = events[piece.clone()].iter().map(|event| &event.message);
            let mut found = self.judges.with_scratch(|scratch| {
                self.masker.judge_messages(protection, messages, audit, scratch)
            });
            found.iter_mut().for_each(|found| found.index += piece.start);
            found
        };
        let pieces = pieces(&events);
        let turn = self.judges.begin();
        let mut found: Vec<_> = pieces.iter().map(|_| Vec::new()).collect();
        let mut all = pieces.iter().zip(&mut found);
        if turn.alone && !protection.is_empty() {
            // The first here, where it is at hand, the others wherever a core is free.
            rayon::in_place_scope(|scope| {
                let first = all.next();
                all.for_each(|(piece, found)| scope.spawn(|_| *found = judge(piece)));
                first.into_iter().for_each(|(piece, found)| *found = judge(piece));
            });
        } else {
            all.for_each(|(piece, found)| *found = judge(piece));
        }
        drop(turn);
        let mut judged = JudgedEvents { events: Vec::new(), findings: Vec::new() };
        judged.events.reserve(events.len());
        let mut found = found.into_iter().flatten().peekable();
        for (index, event) in events.into_iter().enumerate() {
            let of_it = found.next_if(|found| found.index == index);
            let spans = of_it.as_ref().map_or(&[][..], |found| &found.spans);
            let (message, originals) = event.message.mask(spans);
            judged.events.push(JudgedEvent { timestamp: event.timestamp, message, originals });
            judged.findings.extend(of_it.into_iter().flat_map(|found| found.findings));
        }
        judged
    }
}

/// Who judges batches at the moment, and their working memory, kept from batch to batch.
#[derive(Debug, Default)]
pub(super) struct Judges {
    busy: AtomicUsize,
    idle: Mutex<Vec<Scratch>>,
}

/// One batch that is judged.
struct Turn<'a> {
    judges: &'a Judges,
    /// No other was when it began: the cores are free.
    alone: bool,
}

impl Judges {
    /// Most that are kept when nobody uses them.
    const IDLE_MAX: usize = 8;

    fn begin(&self) -> Turn<'_> {
        Turn { judges: self, alone: self.busy.fetch_add(1, Ordering::Relaxed) == 0 }
    }

    fn with_scratch<T>(&self, judge: impl FnOnce(&mut Scratch) -> T) -> T {
        let mut scratch = self.idle().pop().unwrap_or_default();
        let judged = judge(&mut scratch);
        scratch.forget();
        let mut idle = self.idle();
        if idle.len() < Self::IDLE_MAX {
            idle.push(scratch);
        }
        judged
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.judges.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What findings report, by identifier.
fn reported(findings: &[(usize, Finding)]) -> Reported {
    let mut reported = Reported::new();
    for identifier in findings.iter().flat_map(|(_, finding)| &finding.data_identifiers) {
        *reported.entry(identifier.name.clone()).or_default() += identifier.count as u64;
    }
    reported
}

/// The events in stretches of about the same size that one core judges at a time.
fn pieces(events: &[InputLogEvent]) -> Vec<Range<usize>> {
    let total: usize = events.iter().map(|event| event.message.len()).sum();
    let most = total.div_ceil(total.div_ceil(PIECE_BYTES).max(1));
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, event) in events.iter().enumerate() {
        bytes += event.message.len();
        if bytes >= most {
            pieces.push(start..index + 1);
            (start, bytes) = (index + 1, 0);
        }
    }
    if start < events.len() {
        pieces.push(start..events.len());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::arn::{AccountId, Arn, Home, LogGroupName, LogStreamName, Region};
    use crate::clock::{Clock, SystemClock};
    use crate::engine::{Directory, GetLogEvents, PutDataProtectionPolicy};
    use crate::masker::tests::FAULT;
    use crate::message::RawMessage;
    use crate::policy::DataProtectionPolicy;
    use crate::subscription::InMemory;

    use super::*;

    struct Nothing;

    impl Directory for Nothing {
        fn exists(&self, _: &Arn) -> bool {
            false
        }
    }

    #[test]
    fn a_panic_masks_its_event_and_keeps_the_batch() {
        let home = Home {
            account: AccountId::new("123456789012").unwrap(),
            region: Region::new("eu-west-1").unwrap(),
        };
        let sink = Arc::new(InMemory::default());
        let engine = Engine::new(home, Arc::new(SystemClock), Arc::new(Nothing), sink);
        let (group, stream) = (LogGroupName::new("g").unwrap(), LogStreamName::new("s").unwrap());
        engine.create_log_group(&group).unwrap();
        engine.create_log_stream(&group, &stream).unwrap();
        let policy = DataProtectionPolicy::of(&["Ssn-US"]).unwrap();
        let request = PutDataProtectionPolicy {
            log_group_identifier: "g".to_owned(),
            policy_document: policy.document().to_owned(),
        };
        engine.put_data_protection_policy(request).unwrap();

        let timestamp = SystemClock.now_ms();
        let texts =
            ["ssn 536-22-8145".to_owned(), format!("ssn 536-22-8145 {FAULT}"), "ok".to_owned()];
        let log_events = texts
            .iter()
            .map(|text| InputLogEvent { timestamp, message: RawMessage::from(text.as_str()) })
            .collect();
        let (log_group_name, log_stream_name) = (group.clone(), stream.clone());
        let request = PutLogEvents { log_group_name, log_stream_name, log_events };
        engine.put_log_events(request).unwrap();

        let shown = engine.get_log_events(&GetLogEvents::new(group, stream)).unwrap();
        let shown: Vec<_> = shown.events.iter().map(|event| event.message.reveal()).collect();
        let whole = "*".repeat(texts[1].chars().count());
        assert_eq!(shown, ["ssn ***********", whole.as_str(), "ok"]);
        assert_eq!(engine.metrics().failed_judgements, 1);
    }
}
