//! `check`: what policies protect, or what is wrong with them.

use std::path::Path;

use logveil::identifier::Kind;
use logveil::{DataProtectionPolicy, FindingsDestination};

use crate::args::CheckArgs;
use crate::output::{BAD, BOLD, Done, Failure, GOOD, print, shown};
use crate::table::wrapped;
use crate::{caret, files};

pub(crate) fn run(args: &CheckArgs) -> Result<Done, Failure> {
    let mut done = Done::Clean;
    for path in &args.policies {
        match check(path)? {
            Ok(report) => print(&report)?,
            Err(faults) => {
                print(&faults)?;
                done = Done::Found;
            }
        }
    }
    Ok(done)
}

/// A policy's report, or that of its faults.
fn check(path: &Path) -> Result<Result<String, String>, Failure> {
    let name = shown(path);
    let Ok(document) = String::from_utf8(files::read(path)?) else {
        return Ok(Err(format!("{name}: {BAD}not UTF-8{BAD:#}; save it as UTF-8\n")));
    };
    let mut faults = DataProtectionPolicy::faults(&document);
    match DataProtectionPolicy::parse(&document) {
        Ok(policy) if faults.is_empty() => Ok(Ok(report(&name, &policy))),
        Ok(_) => Ok(Err(caret::faults(&name, &document, &faults))),
        Err(first) => {
            if faults.is_empty() {
                faults.push(first);
            }
            Ok(Err(caret::faults(&name, &document, &faults)))
        }
    }
}

fn report(name: &str, policy: &DataProtectionPolicy) -> String {
    let identifier = |identifier: &logveil::identifier::DataIdentifier| match identifier.kind() {
        Kind::Managed => identifier.name().to_owned(),
        Kind::Custom => format!("{} (custom)", identifier.name()),
    };
    let identifiers: Vec<_> = policy.identifiers().iter().map(|it| identifier(it)).collect();
    let destinations: Vec<_> = policy.destinations().iter().map(destination).collect();
    let mut text = format!("{name}: {GOOD}ok{GOOD:#}\n");
    if let Some(policy_name) = policy.name() {
        text += &format!("  {BOLD}name{BOLD:#}      {policy_name}\n");
    }
    text += &format!("  {BOLD}protects{BOLD:#}  {}\n", wrapped(&identifiers.join(", "), 12));
    if destinations.is_empty() {
        text += &format!("  {BOLD}findings{BOLD:#}  are counted, and sent nowhere\n");
    } else {
        text += &format!("  {BOLD}findings{BOLD:#}  go to {}", destinations.join(" and "));
        text += "; whether that exists was not asked\n";
    }
    text
}

fn destination(destination: &FindingsDestination) -> String {
    match destination {
        FindingsDestination::LogGroup(name) => format!("log group {name}"),
        FindingsDestination::DeliveryStream(name) => format!("Firehose stream {name}"),
        FindingsDestination::Bucket(name) => format!("S3 bucket {name}"),
    }
}
