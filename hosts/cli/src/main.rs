//! `logveil`: masks log files under CloudWatch Logs data protection policies.
//!
//! A thin host: it reads blocks of lines, asks the library to mask them and prints what comes
//! back. It never prints text of a log but masked, save `pattern`, which is a grep.

mod args;
mod bench;
mod blocks;
mod caret;
mod check;
mod detect;
mod explain;
mod files;
mod identifiers;
mod keep;
mod keys;
mod mask;
mod output;
mod pattern;
mod payload;
mod pipeline;
mod policies;
mod scan;
mod serve;
mod table;
mod tally;
mod wipe;
mod worker;

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use args::{Command, PolicyCommand, SubscribeCommand};
use output::{Done, Failure};
use wipe::Wiping;

/// The system's allocator, counted for `bench`, wiping what is freed.
#[global_allocator]
static ALLOCATOR: Wiping<&StatsAlloc<System>> = Wiping(&INSTRUMENTED_SYSTEM);

fn main() -> ExitCode {
    output::keep_panics_quiet();
    match args::parse().and_then(|command| run(&command)) {
        Ok(Done::Clean) | Err(Failure::ReaderLeft) => ExitCode::SUCCESS,
        Ok(Done::Found) => ExitCode::from(1),
        Err(Failure::Said) => ExitCode::from(2),
        Err(Failure::Because(why)) => {
            output::error(&why);
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command) -> Result<Done, Failure> {
    match command {
        Command::Mask(args) => mask::run(args),
        Command::Detect(args) => detect::run(args),
        Command::Scan(args) => scan::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Check(args) => check::run(args),
        Command::Pattern(args) => pattern::run(args),
        Command::Ingest(args) => keep::ingest(args),
        Command::Read(args) => keep::read(args),
        Command::Subscribe(SubscribeCommand::Put(args)) => keep::subscribe::put(args),
        Command::Subscribe(SubscribeCommand::List(args)) => keep::subscribe::list(args),
        Command::Subscribe(SubscribeCommand::Delete(args)) => keep::subscribe::delete(args),
        Command::Deliver(args) => keep::deliver(args),
        Command::Serve(args) => serve::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Identifiers(args) => identifiers::run(args),
        Command::Policy(PolicyCommand::Template(args)) => policies::template(args),
        Command::Policy(PolicyCommand::Put(args)) => keep::put(args),
        Command::Policy(PolicyCommand::Get(args)) => keep::get(args),
        Command::Policy(PolicyCommand::Delete(args)) => keep::delete(args),
        Command::Payload(command) => payload::run(command),
    }
}
