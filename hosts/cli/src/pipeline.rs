//! An input on its way: read in blocks, masked on one or more threads, handed on in order. The
//! answer is the same for any number of threads; memory is bounded by a few blocks per thread.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use logveil::{Clock, LineState, SystemClock};

use crate::blocks::{Block, Blocks};
use crate::output::Failure;
use crate::worker::{Lines, MaskedBlock, Work, Worker};

/// Blocks that may wait before and behind each worker.
const WAITING_BLOCKS: usize = 2;

/// A block on its way to a worker.
enum Job {
    Mask {
        block: Block,
        state: LineState,
        time_ms: i64,
    },
    /// Masked by the reader already.
    Ready(MaskedBlock),
}

/// Masks `input`, called `name` in messages, and hands each block to `each`, in order.
pub(crate) fn run(
    input: impl Read + Send,
    name: &str,
    work: Work<'_>,
    threads: usize,
    mut each: impl FnMut(MaskedBlock) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut blocks = Blocks::new(input);
    let mut next = move || blocks.next().map_err(|error| Failure::reading(name, &error));
    if threads > 1 {
        return on_threads(next, work, threads, each);
    }
    let mut worker = Worker::new(work);
    let mut state = LineState::default();
    while let Some(block) = next()? {
        each(worker.mask(&block, &mut state, SystemClock.now_ms()))?;
    }
    Ok(())
}

/// The k-th block goes to, and is taken from, worker k modulo their number: so order is kept
/// without numbers and without a place to wait for the slowest.
fn on_threads(
    next: impl FnMut() -> Result<Option<Block>, Failure> + Send,
    work: Work<'_>,
    threads: usize,
    mut each: impl FnMut(MaskedBlock) -> Result<(), Failure>,
) -> Result<(), Failure> {
    thread::scope(|scope| {
        let (mut to, mut from) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (jobs_in, jobs_out) = sync_channel(WAITING_BLOCKS);
            let (done_in, done_out) = sync_channel(WAITING_BLOCKS);
            to.push(jobs_in);
            from.push(done_out);
            scope.spawn(move || mask_jobs(work, &jobs_out, &done_in));
        }
        let reader = scope.spawn(move || read_jobs(next, work, &to));
        // An early return drops `from`: workers and reader then find nobody to send to, and end.
        let from = from;
        for from in from.iter().cycle() {
            let Ok(done) = from.recv() else { break };
            each(done)?;
        }
        drop(from);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A worker's life. It ends when the reader or the writer has.
fn mask_jobs(work: Work<'_>, jobs: &Receiver<Job>, done: &SyncSender<MaskedBlock>) {
    let mut worker = Worker::new(work);
    for job in jobs {
        let masked = match job {
            Job::Mask { block, mut state, time_ms } => worker.mask(&block, &mut state, time_ms),
            Job::Ready(masked) => masked,
        };
        if done.send(masked).is_err() {
            return;
        }
    }
}

/// The reader's life: it cuts blocks and knows the state before each.
fn read_jobs(
    mut next: impl FnMut() -> Result<Option<Block>, Failure>,
    work: Work<'_>,
    to: &[SyncSender<Job>],
) -> Result<(), Failure> {
    let mut worker = Worker::new(work);
    let mut state = LineState::default();
    for to in to.iter().cycle() {
        let Some(block) = next()? else { break };
        let job = if can_hand_on(&block, &state, work) {
            let before = state.clone();
            advance(&mut state, &block, work);
            Job::Mask { block, state: before, time_ms: SystemClock.now_ms() }
        } else {
            Job::Ready(worker.mask(&block, &mut state, SystemClock.now_ms()))
        };
        if to.send(job).is_err() {
            break;
        }
    }
    Ok(())
}

/// Whether the state behind `block` can be known without masking it. Among JSON documents only
/// lines that are none move the state, and which those are is known when they are masked: so a
/// block that key lines touch is masked by the reader itself.
fn can_hand_on(block: &Block, state: &LineState, work: Work<'_>) -> bool {
    match (block, work.lines) {
        (_, Lines::Text) | (Block::Overlong { .. }, _) => true,
        (Block::Lines { text, .. }, Lines::Json | Lines::JsonField(_)) => {
            !work.key_lines.may_open(text) && !work.key_lines.is_open(work.masker, state)
        }
    }
}

fn advance(state: &mut LineState, block: &Block, work: Work<'_>) {
    match (block, work.lines) {
        (Block::Lines { text, .. }, Lines::Text) | (Block::Overlong { text, .. }, _) => {
            work.masker.advance_lines(state, text);
        }
        // It was handed on because it leaves the state as it is.
        (Block::Lines { .. }, Lines::Json | Lines::JsonField(_)) => {}
    }
}

/// How many threads to mask on: as asked, or all cores for files and one for stdin, which may
/// trickle.
pub(crate) fn threads(asked: Option<u16>, any_stdin: bool) -> usize {
    match asked {
        Some(count) => usize::from(count),
        None if any_stdin => 1,
        None => thread::available_parallelism().map_or(1, usize::from),
    }
}
