//! `scan`: counts by file and identifier. It masks and throws the text away.

use std::path::Path;

use logveil::{LineState, Masker};
use serde::Serialize;

use crate::args::ScanArgs;
use crate::mask::Doing;
use crate::output::{Done, Failure, error, print, print_json, say, shown};
use crate::policies::{self, Unasked};
use crate::table::{Align, count, table};
use crate::tally::Tally;
use crate::worker::{Lines, MaskedBlock, Work};
use crate::{files, mask, pipeline};

#[derive(Serialize)]
struct Report {
    files: Vec<FileReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileReport {
    file: String,
    lines: u64,
    bytes: u64,
    lines_with_findings: u64,
    /// Too long to be judged: they may hold anything.
    lines_too_long: u64,
    /// Judged as text, in an NDJSON input.
    lines_not_json: u64,
    /// Not judged, as they lack the field that is judged alone.
    lines_without_field: u64,
    identifiers: Vec<IdentifierReport>,
}

#[derive(Serialize)]
struct IdentifierReport {
    name: String,
    values: u64,
    lines: u64,
}

pub(crate) fn run(args: &ScanArgs) -> Result<Done, Failure> {
    let lines = mask::lines(&args.reading)?;
    let (_, masker) = policies::load(&args.protect, Unasked::BuiltIn)?;
    let inputs = files::inputs(&args.reading.files);
    let threads = mask::threads(&args.reading, &inputs);
    let work = Work { masker: &masker, lines, resource_arn: None };
    let mut reports = Vec::new();
    let mut all = Tally::default();
    // As `mask` does: a rotated log may be cut inside a private key.
    let mut state = LineState::default();
    let mut unread = 0;
    for path in &inputs {
        let mut tally = Tally::default();
        let each = |block: MaskedBlock| {
            tally.add(&block.tally);
            Ok(())
        };
        let scanned = files::open(path)
            .and_then(|file| pipeline::run(file, &shown(path), work, threads, &mut state, each));
        match scanned {
            Ok(()) => {
                all.add(&tally);
                reports.push(report(path, &tally));
            }
            // The others are counted all the same. A part of a file would look like all of it.
            Err(Failure::Because(why)) => {
                error(&why);
                unread += 1;
            }
            Err(other) => return Err(other),
        }
    }
    if args.json {
        print_json(&Report { files: reports })?;
    } else if !reports.is_empty() {
        print(&text(&reports, &all))?;
    }
    if !args.reading.quiet {
        say(&summary(&all, lines, &masker, unread));
    }
    mask::warn_of_absent_field(&all, lines);
    let found = all.lines_with_findings > 0 || all.overlong > 0;
    match unread {
        0 if found && args.fail_on_findings => Ok(Done::Found),
        0 => Ok(Done::Clean),
        _ => Err(Failure::Said),
    }
}

fn summary(all: &Tally, lines: Lines<'_>, masker: &Masker, unread: u64) -> String {
    let (read, found) = (count(all.lines, "line"), count(all.lines_with_findings, "line"));
    let mut text = format!("logveil: {read} read, {found} with findings");
    text += &mask::remarks(all, lines, masker, Doing::Scanning);
    if unread > 0 {
        text += &format!("; {} could not be read", count(unread, "file"));
    }
    text + "\n"
}

fn report(path: &Path, tally: &Tally) -> FileReport {
    let identifier = |(name, count): (&String, &crate::tally::Count)| IdentifierReport {
        name: name.clone(),
        values: count.values,
        lines: count.lines,
    };
    FileReport {
        file: shown(path),
        lines: tally.lines,
        bytes: tally.bytes,
        lines_with_findings: tally.lines_with_findings,
        lines_too_long: tally.overlong,
        lines_not_json: tally.not_json,
        lines_without_field: tally.without_field,
        identifiers: tally.found.iter().map(identifier).collect(),
    }
}

fn text(reports: &[FileReport], all: &Tally) -> String {
    let mut rows = Vec::new();
    for report in reports {
        for found in &report.identifiers {
            let numbers = [found.values, found.lines].map(|number| number.to_string());
            let [values, lines] = numbers;
            rows.push([report.file.clone(), found.name.clone(), values, lines]);
        }
        if report.lines_too_long > 0 {
            let (what, lines) = ("(over 16 MiB, not judged)", report.lines_too_long.to_string());
            rows.push([report.file.clone(), what.to_owned(), "-".to_owned(), lines]);
        } else if report.identifiers.is_empty() {
            rows.push([report.file.clone(), "-".to_owned(), "0".to_owned(), "0".to_owned()]);
        }
    }
    if reports.len() > 1 {
        let numbers = [all.values(), all.lines_with_findings].map(|number| number.to_string());
        let [values, lines] = numbers;
        rows.push(["total".to_owned(), "all".to_owned(), values, lines]);
    }
    let head = [
        ("FILE", Align::Left),
        ("IDENTIFIER", Align::Left),
        ("VALUES", Align::Right),
        ("LINES", Align::Right),
    ];
    table(head, &rows)
}
