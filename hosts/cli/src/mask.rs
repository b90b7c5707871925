//! `mask`: text in, masked text out, and what was found on the side.

use std::io::{IsTerminal, stderr, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use logveil::{LineState, Masker};

use crate::args::{Format, MaskArgs, Reading};
use crate::files::{self, Output};
use crate::output::{Done, Failure, say, shown};
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
        say(&summary(&total, &masker, begin.elapsed()));
    }
    Ok(Done::Clean)
}

/// Where masked text and findings go.
fn outputs(args: &MaskArgs, inputs: &[PathBuf]) -> Result<(Output, Option<Output>), Failure> {
    let written: Vec<_> = args.output.iter().chain(&args.findings).map(PathBuf::as_path).collect();
    let read: Vec<_> = inputs.iter().chain(&args.protect.policy).map(PathBuf::as_path).collect();
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
    let name = match path.file_name() {
        Some(name) if !files::is_stdin(path) => name.to_string_lossy().into_owned(),
        _ => "stdin".to_owned(),
    };
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

fn summary(total: &Tally, masker: &Masker, time: Duration) -> String {
    let speed = total.bytes as f64 / 1e6 / time.as_secs_f64().max(1e-6);
    let mut text = format!(
        "logveil: {}, {}, {speed:.0} MB/s; masked {}",
        table::count(total.lines, "line"),
        DecimalBytes(total.bytes),
        table::count(total.values(), "value"),
    );
    if total.values() > 0 {
        let mut found: Vec<_> = total.found.iter().collect();
        found.sort_by_key(|(_, count)| std::cmp::Reverse(count.values));
        let found: Vec<_> = found.iter().map(|(name, c)| format!("{name} {}", c.values)).collect();
        text += &format!(
            " in {} ({})",
            table::count(total.lines_with_findings, "line"),
            found.join(", ")
        );
    }
    text += &remarks(total, masker);
    text.push('\n');
    text
}

/// What else is to be known about a run.
pub(crate) fn remarks(total: &Tally, masker: &Masker) -> String {
    let mut text = String::new();
    if total.not_json > 0 {
        text += &format!("; not JSON and masked as text: {}", table::count(total.not_json, "line"));
    }
    if total.overlong > 0 {
        text +=
            &format!("; over 16 MiB and masked whole: {}", table::count(total.overlong, "line"));
    }
    let failed = masker.failed_judgements();
    if failed > 0 {
        text += &format!(
            "; masked whole because of a bug in logveil, please report it: {}",
            table::count(failed, "line")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_name_the_file() {
        let arn = |path: &str| default_arn(Path::new(path));
        assert_eq!(arn("-"), "arn:aws:logs:us-east-1:123456789012:log-group:stdin:*");
        assert_eq!(arn("/var/log/my app:1.log").rsplit(':').nth(1), Some("my_app_1.log"));
    }
}
