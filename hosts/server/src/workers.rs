//! Threads beside the answers: what waits is delivered, queries run, what has expired is removed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use logveil::{Engine, Home};

use crate::world::World;

/// Threads that deliver for each engine: one may always pass slow destinations by.
const DELIVERING: usize = 3;

/// Threads that run queries for each engine.
const QUERYING: usize = 2;

/// How often it is looked for engines that were opened meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// Looks between two removals of what has expired: five minutes.
const LOOKS_PER_SWEEP: u32 = 1500;

/// The threads of a world, until [`Workers::stop`].
pub(crate) struct Workers {
    stop: Arc<AtomicBool>,
    wake: Sender<()>,
    foreman: JoinHandle<()>,
}

impl Workers {
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(crate) fn start(world: &Arc<World>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (wake, woken) = channel();
        let (world, stopped) = (Arc::downgrade(world), Arc::clone(&stop));
        let work = move || oversee(&world, &stopped, &woken);
        let foreman = Builder::new().name("foreman".to_owned()).spawn(work)?;
        Ok(Self { stop, wake, foreman })
    }

    /// Ends all threads, after the batches that they send; what waits stays in the stores.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(self.wake);
        if self.foreman.join().is_err() {
            tracing::error!("a thread that delivers or removes has panicked");
        }
    }
}

fn oversee(world: &Weak<World>, stop: &Arc<AtomicBool>, woken: &Receiver<()>) {
    let mut threads: HashMap<Home, Vec<JoinHandle<()>>> = HashMap::new();
    let mut looks = 0_u32;
    while !stop.load(Ordering::SeqCst) {
        let Some(world) = world.upgrade() else { break };
        for engine in world.engines() {
            if !threads.contains_key(engine.home()) {
                threads.insert(engine.home().clone(), work_for(&engine, stop));
            }
            if looks.is_multiple_of(LOOKS_PER_SWEEP) {
                tidy(&engine);
            }
        }
        drop(world);
        looks = looks.wrapping_add(1);
        if woken.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
    }
    for thread in threads.into_values().flatten() {
        if thread.join().is_err() {
            tracing::error!("a thread that delivers has panicked");
        }
    }
}

/// Removes what has expired, and the data of metric filters, which `/metrics` has shown.
fn tidy(engine: &Engine) {
    let removed = engine.remove_expired().map(drop);
    if let Err(error) = removed.and(engine.publish_metric_data(|_| true).map(drop)) {
        tracing::error!(code = error.kind().code(), "what has expired was not removed");
    }
}

fn work_for(engine: &Arc<Engine>, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let thread = |name: &str, work: fn(&Engine, &AtomicBool)| {
        let (engine, stop) = (Arc::clone(engine), Arc::clone(stop));
        let spawned = Builder::new().name(name.to_owned()).spawn(move || work(&engine, &stop));
        spawned.inspect_err(|error| tracing::error!(%error, "no thread to work with")).ok()
    };
    let delivering = (0..DELIVERING).map(|_| thread("deliveries", Engine::run_deliveries));
    let querying = (0..QUERYING).map(|_| thread("queries", Engine::run_queries));
    delivering.chain(querying).flatten().collect()
}
