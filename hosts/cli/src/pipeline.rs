//! An input on its way: read in blocks, masked on one or more threads, handed on in order. The
//! answer is the same for any number of threads; memory is bounded by a few blocks per thread.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use logveil::{Clock, LineState, SystemClock};

use crate::blocks::{Block, Blocks};
use crate::output::Failure;
use crate::worker::{MaskedBlock, Work, Worker};

/// Blocks that may wait before and behind each worker.
const WAITING_BLOCKS: usize = 2;

/// A block on its way to a worker.
struct Job {
    block: Block,
    /// That before the block.
    state: LineState,
    time_ms: i64,
}

/// Masks `input`, called `name` in messages, and hands each block to `each`, in order. `state` is
/// that before the input, and afterwards that behind it.
pub(crate) fn run(
    input: impl Read + Send,
    name: &str,
    work: Work<'_>,
    threads: usize,
    state: &mut LineState,
    mut each: impl FnMut(MaskedBlock) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut blocks = Blocks::new(input);
    let mut next = move || blocks.next().map_err(|error| Failure::reading(name, &error));
    if threads > 1 {
        return on_threads(next, work, threads, state, each);
    }
    let mut worker = Worker::new(work);
    while let Some(block) = next()? {
        each(worker.mask(&block, state, SystemClock.now_ms()))?;
    }
    Ok(())
}

/// The k-th block goes to, and is taken from, worker k modulo their number: so order is kept
/// without numbers and without a place to wait for the slowest.
fn on_threads(
    next: impl FnMut() -> Result<Option<Block>, Failure> + Send,
    work: Work<'_>,
    threads: usize,
    state: &mut LineState,
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
        let reader = scope.spawn(move || read_jobs(next, work, state, &to));
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
    for mut job in jobs {
        let masked = worker.mask(&job.block, &mut job.state, job.time_ms);
        if done.send(masked).is_err() {
            return;
        }
    }
}

/// The reader's life: it cuts blocks and knows the state before each.
fn read_jobs(
    mut next: impl FnMut() -> Result<Option<Block>, Failure>,
    work: Work<'_>,
    state: &mut LineState,
    to: &[SyncSender<Job>],
) -> Result<(), Failure> {
    for to in to.iter().cycle() {
        let Some(block) = next()? else { break };
        let before = state.clone();
        work.advance(state, &block);
        let job = Job { block, state: before, time_ms: SystemClock.now_ms() };
        if to.send(job).is_err() {
            break;
        }
    }
    Ok(())
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
