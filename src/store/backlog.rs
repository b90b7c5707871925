//! What waits to be delivered, as memory knows it: a lane for each destination, in it a line for
//! each log stream and filter, in each line the numbers of its entries. The entries are on disk.
//!
//! One worker at a time has a lane. It takes the first entry of many lines at once, and when it
//! gives them back, each line says when it is tried next. A lane, a filter and a line each have
//! their own wait, so a failure holds up what it has to and nothing else.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::outbox::{Line, Owner};
use super::retry::{Retry, Wait, is_due};
use super::state::Forwarder;
use crate::arn::{Arn, LogGroupName};
use crate::limits::DELIVERY_AGE_MS_MAX;

/// Most lines that one worker takes at once; so many records Kinesis and Firehose accept in one
/// request.
const LINES_MAX: usize = 500;

/// An entry that waits.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) number: u64,
    pub(super) born_ms: i64,
    pub(super) line: Arc<Line>,
}

/// The first entries of lines of one destination, for one worker.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) destination_arn: Arn,
    pub(crate) entries: Vec<(Arc<Line>, u64)>,
}

/// How an attempt ended for a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It goes on with what is left.
    GoesOn,
    /// Nothing was tried.
    Untried,
    /// It waits: throttled, unavailable.
    Waits,
    /// Its filter pauses: access denied, not found.
    Pauses,
}

/// Everything that waits.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    lanes: BTreeMap<Arn, Lane>,
    len: usize,
}

#[derive(Debug, Default)]
struct Lane {
    lines: HashMap<Arc<Line>, Queue>,
    /// The lines that no worker has: when each is due, its first entry, and which it is.
    agenda: BTreeMap<(i64, u64), Arc<Line>>,
    len: usize,
    retry: Retry,
    paused: HashMap<Filter, Retry>,
    /// A worker has it.
    busy: bool,
    /// It failed as a whole or took long when it was last tried.
    lame: bool,
}

/// The filter or policy that pauses.
type Filter = (Owner, Option<LogGroupName>);

#[derive(Debug, Default)]
struct Queue {
    /// Numbers and when they were queued.
    entries: VecDeque<(u64, i64)>,
    retry: Retry,
    /// A worker has its first entry.
    taken: bool,
}

impl Queue {
    fn place(&self) -> Option<(i64, u64)> {
        let (number, _) = self.entries.front().filter(|_| !self.taken)?;
        Some((self.retry.due_ms, *number))
    }

    /// Where an entry stands: their numbers ascend.
    fn find(&self, number: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&number, |(number, _)| *number).ok()
    }
}

fn filter_of(line: &Line) -> Filter {
    (line.owner.clone(), line.log_group.clone())
}

impl Lane {
    /// Changes a line and keeps the agenda in step.
    fn change<T>(&mut self, line: &Arc<Line>, change: impl FnOnce(&mut Queue) -> T) -> T {
        let queue = self.lines.entry(Arc::clone(line)).or_default();
        let before = queue.place();
        let changed = change(queue);
        let after = queue.place();
        if before != after {
            before.map(|place| self.agenda.remove(&place));
            after.map(|place| self.agenda.insert(place, Arc::clone(line)));
        }
        if queue.entries.is_empty() && !queue.taken {
            self.lines.remove(line);
        }
        changed
    }

    /// When something is due, if anything waits that no worker has.
    fn due_ms(&self) -> Option<i64> {
        let ((due_ms, _), _) = self.agenda.first_key_value()?;
        Some(self.retry.due_ms.max(*due_ms))
    }

    fn pause(&mut self, filter: &Filter, seed: u64, now_ms: i64) {
        let pause = self.paused.entry(filter.clone()).or_default();
        pause.failed(Wait::Pause, seed, now_ms);
        let until = pause.due_ms;
        let of_it: Vec<_> =
            self.lines.keys().filter(|line| filter_of(line) == *filter).cloned().collect();
        for line in of_it {
            self.change(&line, |queue| queue.retry.due_ms = until);
        }
    }
}

impl Backlog {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many entries wait for one destination.
    pub(super) fn len_for(&self, destination: &Arn) -> usize {
        self.lanes.get(destination).map_or(0, |lane| lane.len)
    }

    pub(super) fn push(&mut self, queued: Queued) {
        let Queued { number, born_ms, line } = queued;
        let lane = self.lanes.entry(line.destination_arn.clone()).or_default();
        let paused = lane.paused.get(&filter_of(&line)).map(|pause| pause.due_ms);
        lane.change(&line, |queue| {
            if queue.entries.is_empty() {
                queue.retry.due_ms = queue.retry.due_ms.max(paused.unwrap_or(i64::MIN));
            }
            debug_assert!(queue.entries.back().is_none_or(|(last, _)| *last < number));
            queue.entries.push_back((number, born_ms));
        });
        lane.len += 1;
        self.len += 1;
    }

    /// Whether entries of a line wait, or a worker has one.
    pub(super) fn has_line(&self, line: &Line) -> bool {
        let lane = self.lanes.get(&line.destination_arn);
        lane.is_some_and(|lane| lane.lines.contains_key(line))
    }

    /// What waits, by the name it is counted under: how many entries, and the last time at which
    /// what failed is due again. Cost: a look at each line.
    pub(super) fn by_forwarder(&self, now_ms: i64) -> BTreeMap<Forwarder, (u64, Option<i64>)> {
        let mut found = BTreeMap::new();
        for lane in self.lanes.values() {
            for (line, queue) in &lane.lines {
                let (waiting, until) = found.entry(line.forwarder()).or_insert((0, None));
                *waiting += queue.entries.len() as u64;
                let due_ms = lane.retry.due_ms.max(queue.retry.due_ms);
                let due_ms = (!is_due(due_ms, now_ms)).then_some(due_ms);
                *until = (*until).max(due_ms);
            }
        }
        found
    }

    /// Whether an entry waits.
    pub(super) fn holds(&self, line: &Arc<Line>, number: u64) -> bool {
        let queue = self.lanes.get(&line.destination_arn).and_then(|lane| lane.lines.get(line));
        queue.is_some_and(|queue| queue.find(number).is_some())
    }

    pub(super) fn remove(&mut self, line: &Arc<Line>, number: u64) {
        let Some(lane) = self.lanes.get_mut(&line.destination_arn) else { return };
        if !lane.lines.contains_key(line) {
            return;
        }
        let removed = lane.change(line, |queue| {
            queue.find(number).and_then(|at| queue.entries.remove(at)).is_some()
        });
        lane.len -= usize::from(removed);
        self.len -= usize::from(removed);
        self.forget_if_done(&line.destination_arn);
    }

    /// The entries of the lines that `of` names.
    pub(super) fn entries_of(&self, of: impl Fn(&Line) -> bool) -> Vec<(Arc<Line>, u64)> {
        let lines = self.lanes.values().flat_map(|lane| &lane.lines);
        let named = lines.filter(|(line, _)| of(line));
        let numbers = |(line, queue): (&Arc<Line>, &Queue)| {
            let line = Arc::clone(line);
            queue.entries.clone().into_iter().map(move |(number, _)| (Arc::clone(&line), number))
        };
        named.flat_map(numbers).collect()
    }

    /// The oldest entries for one destination that no worker has. Cost: a look at each line and at
    /// what is returned.
    pub(super) fn oldest(&self, destination: &Arn, count: usize) -> Vec<(Arc<Line>, u64)> {
        let Some(lane) = self.lanes.get(destination) else { return Vec::new() };
        let mut found: Vec<_> = lane
            .lines
            .iter()
            .flat_map(|(line, queue)| {
                let numbers = queue.entries.iter().map(|(number, _)| *number);
                numbers.skip(queue.taken.into()).take(count).map(move |number| (number, line))
            })
            .collect();
        found.sort_unstable_by_key(|(number, _)| *number);
        let first = found.into_iter().take(count);
        first.map(|(number, line)| (Arc::clone(line), number)).collect()
    }

    /// Takes what is due at the destination that is due first, for one worker. At most `lame_max`
    /// workers at a time are at destinations that failed or were slow.
    pub(super) fn take(&mut self, now_ms: i64, lame_max: usize) -> Option<Taken> {
        let busy = self.lanes.values().filter(|lane| lane.busy && lane.lame).count();
        let healthy_only = busy >= lame_max;
        let first = |lane: &Lane| {
            let ((due_ms, number), _) = lane.agenda.first_key_value()?;
            let due = lane.retry.is_due(now_ms) && is_due(*due_ms, now_ms);
            let held = lane.busy || (healthy_only && lane.lame);
            (due && !held).then_some((*due_ms, *number))
        };
        let due = self.lanes.iter().filter_map(|(arn, lane)| Some((first(lane)?, arn)));
        let destination_arn = due.min_by_key(|(place, _)| *place)?.1.clone();
        let lane = self.lanes.get_mut(&destination_arn).expect("it was just found");
        lane.busy = true;
        let places = lane.agenda.iter().take_while(|((due_ms, _), _)| is_due(*due_ms, now_ms));
        let entries: Vec<_> =
            places.take(LINES_MAX).map(|((_, number), line)| (Arc::clone(line), *number)).collect();
        for (line, _) in &entries {
            lane.change(line, |queue| queue.taken = true);
        }
        Some(Taken { destination_arn, entries })
    }

    /// Takes lines back from a worker, with how each fared.
    pub(super) fn give_back(
        &mut self,
        taken: &Taken,
        outcomes: &[Outcome],
        slow: bool,
        now_ms: i64,
    ) {
        let Some(lane) = self.lanes.get_mut(&taken.destination_arn) else { return };
        let failed = is_down(outcomes);
        let mut paused: HashMap<Filter, u64> = HashMap::new();
        let seed = |text: &Arn, number: u64| xxh3_64(text.as_str().as_bytes()) ^ number;
        for (index, (line, number)) in taken.entries.iter().enumerate() {
            let outcome = outcomes.get(index).copied().unwrap_or(Outcome::Untried);
            match outcome {
                Outcome::GoesOn => _ = lane.paused.remove(&filter_of(line)),
                Outcome::Pauses => _ = paused.entry(filter_of(line)).or_insert(*number),
                Outcome::Waits | Outcome::Untried => {}
            }
            lane.change(line, |queue| {
                queue.taken = false;
                match outcome {
                    Outcome::GoesOn => queue.retry = Retry::default(),
                    Outcome::Waits => {
                        let seed = seed(&taken.destination_arn, *number);
                        queue.retry.failed(Wait::Backoff, seed, now_ms);
                    }
                    Outcome::Pauses | Outcome::Untried => {}
                }
            });
        }
        for (filter, number) in paused {
            lane.pause(&filter, seed(&taken.destination_arn, number), now_ms);
        }
        let down = failed && outcomes.contains(&Outcome::Waits);
        if down {
            lane.retry.failed(Wait::Backoff, seed(&taken.destination_arn, 0), now_ms);
        } else if outcomes.contains(&Outcome::GoesOn) {
            lane.retry = Retry::default();
        }
        lane.busy = false;
        lane.lame = slow || failed;
        self.forget_if_done(&taken.destination_arn);
    }

    /// What has waited for too long where an attempt failed: in the lines that failed, or in all
    /// when nothing at all was taken.
    pub(super) fn expired(
        &self,
        taken: &Taken,
        outcomes: &[Outcome],
        now_ms: i64,
    ) -> Vec<(Arc<Line>, u64)> {
        let Some(lane) = self.lanes.get(&taken.destination_arn) else { return Vec::new() };
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Waits | Outcome::Pauses);
        let attempts = taken.entries.iter().zip(outcomes);
        let attempts = attempts.filter(|(_, outcome)| failed(outcome));
        let lines: Vec<_> = match is_down(outcomes) {
            true => lane.lines.keys().collect(),
            false => attempts.map(|((line, _), _)| line).collect(),
        };
        let old = |born_ms: i64| now_ms.saturating_sub(born_ms) >= DELIVERY_AGE_MS_MAX;
        let mut found = Vec::new();
        for line in lines {
            let Some(queue) = lane.lines.get(line) else { continue };
            let entries = queue.entries.iter().filter(|(_, born_ms)| old(*born_ms));
            found.extend(entries.map(|(number, _)| (Arc::clone(line), *number)));
        }
        found
    }

    /// When something is due next that no worker has.
    pub(super) fn due_ms(&self) -> Option<i64> {
        self.lanes.values().filter(|lane| !lane.busy).filter_map(Lane::due_ms).min()
    }

    /// Makes everything due at once.
    pub(super) fn hurry(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.retry.hurry();
            let lines: Vec<_> = lane.lines.keys().cloned().collect();
            for line in lines {
                lane.change(&line, |queue| queue.retry.hurry());
            }
        }
    }

    /// A destination for which nothing waits is forgotten, but for its failures.
    fn forget_if_done(&mut self, destination: &Arn) {
        let done = |lane: &mut Lane| {
            lane.lines.is_empty() && !lane.busy && !lane.lame && lane.paused.is_empty()
        };
        if self.lanes.get_mut(destination).is_some_and(done) {
            self.lanes.remove(destination);
        }
    }
}

/// Whether something was tried and nothing was taken.
fn is_down(outcomes: &[Outcome]) -> bool {
    let tried = outcomes.iter().any(|outcome| *outcome != Outcome::Untried);
    tried && !outcomes.contains(&Outcome::GoesOn)
}
