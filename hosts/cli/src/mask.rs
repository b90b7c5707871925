//! `mask`: text in, masked text out, and what was found on the side.

use std::io::{IsTerminal, stderr, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use logveil::{LineState, Masker};

use crate::args::{Format, MaskArgs, Reading};
use crate::files::{self, Output};
use crate::output::{Done, Failure, say, shown, warning};
use crate::policies::{self, Unasked};
use crate::tally::Tally;
use crate::worker::{Lines, Work};
use crate::{pipeline, table};

pub(crate) fn run(args: &MaskArgs) -> Result<Done, Failure> {
    let lines = lines(&args.reading)?;
    let (_, masker) = policies::load(&args.protect, Unasked::BuiltIn)?;
    let inputs = files::inputs(&args.reading.files);
    let arns = arns(args, &inputs)?;
    let (output, mut findings) = outputs(args, &inputs)?;
    let mut output = Joined { output, mid_line: false, next_file: false };
    let threads = threads(&args.reading, &inputs);
    let bar = progress(args, &inputs);
    let begin = Instant::now();
    let mut total = Tally::default();
    // Carried on from file to file: a rotated log may be cut inside a private key.
    let mut state = LineState::default();
    for (path, arn) in inputs.iter().zip(&arns) {
        let work = Work {
            masker: &masker,
            lines,
            resource_arn: findings.is_some().then_some(arn.as_str()),
        };
        output.next_file = true;
        pipeline::run(files::open(path)?, &shown(path), work, threads, &mut state, |block| {
            output.write(&block.text)?;
            if let Some(findings) = &mut findings {
                findings.write(block.findings.as_bytes())?;
            }
            bar.inc(block.tally.bytes);
            total.add(&block.tally);
            Ok(())
        })?;
    }
    bar.finish_and_clear();
    if !args.reading.quiet {
        let remarks = remarks(&total, lines, &masker, Doing::Masking);
        say(&(summary(&total, begin.elapsed()) + &remarks + "\n"));
    }
    warn_of_absent_field(&total, lines);
    Ok(Done::Clean)
}

/// Where masked text and findings go.
fn outputs(args: &MaskArgs, inputs: &[PathBuf]) -> Result<(Output, Option<Output>), Failure> {
    let written: Vec<_> = args.output.iter().chain(&args.findings).map(PathBuf::as_path).collect();
    let read: Vec<_> = inputs.iter().chain(&args.protect.policy).map(PathBuf::as_path).collect();
    if args.output.as_deref().is_some_and(files::is_stdin) {
        return Err(Failure::because("masked text goes to stdout anyway; leave --output - out"));
    }
    if args.findings.as_deref().is_some_and(files::is_stdin) {
        return Err(Failure::because("--findings - would mix findings with text; name a file"));
    }
    files::keep_apart(&written, &read)?;
    let output = match &args.output {
        Some(path) => Output::create(path)?,
        None => Output::stdout(),
    };
    // A file that was not there a moment ago is now, perhaps by both names.
    files::keep_apart(&written, &[])?;
    let findings = args.findings.as_deref().map(Output::create).transpose()?;
    Ok((output, findings))
}

/// The files behind each other.
struct Joined {
    output: Output,
    /// Whether what was written so far ends inside a line.
    mid_line: bool,
    /// Whether what comes is the first of a file.
    next_file: bool,
}

impl Joined {
    /// Writes `text`; a file's last line is not joined with the next file's first.
    fn write(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        if self.next_file && self.mid_line {
            self.output.write(b"\n")?;
        }
        self.next_file = false;
        self.mid_line = !text.ends_with('\n');
        self.output.write(text.as_bytes())
    }
}

/// What a line of the input is.
pub(crate) fn lines(reading: &Reading) -> Result<Lines<'_>, Failure> {
    match (reading.format, &reading.field) {
        (Format::Text, None) => Ok(Lines::Text),
        (Format::Text, Some(_)) => {
            Err(Failure::because("--field names a key of JSON documents; add --format ndjson"))
        }
        (Format::Ndjson, None) => Ok(Lines::Json),
        (Format::Ndjson, Some(field)) => Ok(Lines::JsonField(field)),
    }
}

pub(crate) fn threads(reading: &Reading, inputs: &[PathBuf]) -> usize {
    pipeline::threads(reading.threads, inputs.iter().any(|path| files::is_stdin(path)))
}

/// The log group ARN for the findings of each input.
fn arns(args: &MaskArgs, inputs: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let Some(given) = &args.resource_arn else {
        return Ok(inputs.iter().map(|path| default_arn(path)).collect());
    };
    let arn = if given.ends_with(":*") { given.clone() } else { format!("{given}:*") };
    let parts: Vec<&str> = arn.split(':').collect();
    if let ["arn", partition, "logs", _, _, "log-group", name, "*"] = parts[..]
        && partition.starts_with("aws")
        && !name.is_empty()
    {
        return Ok(vec![arn; inputs.len()]);
    }
    Err(Failure::because(
        "--resource-arn names no log group; write arn:aws:logs:REGION:ACCOUNT:log-group:NAME",
    ))
}

/// Names the input as if it were a log group; characters that a group's name cannot hold become
/// underscores.
fn default_arn(path: &Path) -> String {
    let name = files::base_name(path);
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#".contains(c);
    let clean = |c: char| if allowed(c) { c } else { '_' };
    let name: String = name.chars().take(logveil::limits::NAME_CHARS_MAX).map(clean).collect();
    format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}:*")
}

/// A bar on stderr while files are read, when someone can see it and it disturbs no output.
fn progress(args: &MaskArgs, inputs: &[PathBuf]) -> ProgressBar {
    let total = files::total_bytes(inputs);
    let output_is_seen = args.output.is_none() && stdout().is_terminal();
    if args.reading.quiet || total == 0 || output_is_seen || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template =
        "{bar:40} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta}";
    let style = ProgressStyle::with_template(template).expect("the template is ours");
    ProgressBar::new(total).with_style(style)
}

fn summary(total: &Tally, time: Duration) -> String {
    let lines = table::count(total.lines, "line");
    let mut text = format!("logveil: {lines}, {}", DecimalBytes(total.bytes));
    // The speed of less is that of starting the program.
    if total.bytes >= 1_000_000 {
        text += &format!(", {:.0} MB/s", total.bytes as f64 / 1e6 / time.as_secs_f64().max(1e-6));
    }
    text += &format!("; masked {}", table::count(total.values(), "value"));
    if total.values() > 0 {
        let mut found: Vec<_> = total.found.iter().collect();
        found.sort_by_key(|(_, count)| std::cmp::Reverse(count.values));
        let found: Vec<_> = found.iter().map(|(name, c)| format!("{name} {}", c.values)).collect();
        let lines = table::count(total.lines_with_findings, "line");
        text += &format!(" in {lines} ({})", found.join(", "));
    }
    text
}

/// What remarks are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Doing {
    /// `mask`.
    Masking,
    /// `scan`, which masks nothing.
    Scanning,
}

/// What else is to be known about a run.
pub(crate) fn remarks(total: &Tally, lines: Lines<'_>, masker: &Masker, doing: Doing) -> String {
    let [not_json, overlong, failed] = match doing {
        Doing::Masking => [
            "not JSON and masked as text",
            "over 16 MiB, not judged and masked whole",
            "masked whole because of a bug in logveil, please report it",
        ],
        Doing::Scanning => [
            "not JSON and judged as text",
            "over 16 MiB and not judged (`mask` masks it whole)",
            "not judged because of a bug in logveil, please report it",
        ],
    };
    let counts = [
        (not_json, total.not_json),
        (overlong, total.overlong),
        (failed, masker.failed_judgements()),
    ];
    let mut text = String::new();
    for (what, count) in counts.iter().filter(|(_, count)| *count > 0) {
        text += &format!("; {what}: {}", table::count(*count, "line"));
    }
    if let (Lines::JsonField(field), 1..) = (lines, total.without_field) {
        let lines = table::count(total.without_field, "line");
        text += &format!("; {lines} without the field {field}");
    }
    text
}

/// A field that no document has is misspelt, or the wrong one: all passed as it was.
pub(crate) fn warn_of_absent_field(total: &Tally, lines: Lines<'_>) {
    if let (Lines::JsonField(field), 0, 1..) = (lines, total.with_field, total.without_field) {
        warning(&format!(
            "no JSON document has the field {field:?}, so nothing in them was judged"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_of_little_is_not_told() {
        let summary = |bytes| {
            let total = Tally { lines: 2, bytes, ..Tally::default() };
            summary(&total, Duration::from_millis(10))
        };
        assert_eq!(summary(999_999), "logveil: 2 lines, 1000.00 kB; masked 0 values");
        assert_eq!(summary(1_000_000), "logveil: 2 lines, 1.00 MB, 100 MB/s; masked 0 values");
    }

    #[test]
    fn findings_name_the_file() {
        let arn = |path: &str| default_arn(Path::new(path));
        assert_eq!(arn("-"), "arn:aws:logs:us-east-1:123456789012:log-group:stdin:*");
        assert_eq!(arn("/var/log/my app:1.log").rsplit(':').nth(1), Some("my_app_1.log"));
    }
}
