//! `scan`: counts by file and identifier. It masks and throws the text away.

use std::path::Path;

use logveil::LineState;
use serde::Serialize;

use crate::args::ScanArgs;
use crate::output::{Done, Failure, print, print_json, say, shown};
use crate::policies::{self, Unasked};
use crate::table::{Align, count, table};
use crate::tally::Tally;
use crate::worker::Work;
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
    for path in &inputs {
        let mut tally = Tally::default();
        pipeline::run(files::open(path)?, &shown(path), work, threads, &mut state, |block| {
            tally.add(&block.tally);
            Ok(())
        })?;
        all.add(&tally);
        reports.push(report(path, &tally));
    }
    if args.json {
        print_json(&Report { files: reports })?;
    } else {
        print(&text(&reports))?;
    }
    if !args.reading.quiet {
        let found = count(all.lines_with_findings, "line");
        let remarks = mask::remarks(&all, &masker).replace("masked", "judged");
        say(&format!(
            "logveil: {} read, {found} with findings{remarks}\n",
            count(all.lines, "line")
        ));
    }
    let found = all.lines_with_findings > 0;
    Ok(if found && args.fail_on_findings { Done::Found } else { Done::Clean })
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
        identifiers: tally.found.iter().map(identifier).collect(),
    }
}

fn text(reports: &[FileReport]) -> String {
    let mut rows = Vec::new();
    for report in reports {
        for found in &report.identifiers {
            let numbers = [found.values, found.lines].map(|number| number.to_string());
            let [values, lines] = numbers;
            rows.push([report.file.clone(), found.name.clone(), values, lines]);
        }
        if report.identifiers.is_empty() {
            rows.push([report.file.clone(), "-".to_owned(), "0".to_owned(), "0".to_owned()]);
        }
    }
    let head = [
        ("FILE", Align::Left),
        ("IDENTIFIER", Align::Left),
        ("VALUES", Align::Right),
        ("LINES", Align::Right),
    ];
    table(head, &rows)
}
