//! `detect`: texts in, spans out.

use logveil::{Masker, Scratch};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::args::DetectArgs;
use crate::blocks::{Block, Blocks};
use crate::files::{self, Output};
use crate::output::{Done, Failure, error};
use crate::policies::{self, Unasked};
use crate::worker::split_line_end;

#[derive(Deserialize)]
struct Request<'a> {
    /// Given back byte for byte.
    #[serde(borrow)]
    id: &'a RawValue,
    text: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    spans: Vec<Found<'a>>,
}

/// A detection, in bytes of the text.
#[derive(Serialize)]
struct Found<'a> {
    start: usize,
    end: usize,
    identifier: &'a str,
}

pub(crate) fn run(args: &DetectArgs) -> Result<Done, Failure> {
    let (_, masker) = policies::load(&args.protect, Unasked::All)?;
    let mut input = Blocks::new(files::open("-".as_ref())?);
    let mut output = Output::stdout();
    let mut scratch = Scratch::default();
    let (mut number, mut bad) = (0, 0_u64);
    let mut answers = String::new();
    while let Some(block) = input.next().map_err(|error| Failure::reading("stdin", &error))? {
        match block {
            Block::Lines { text, .. } => {
                for line in text.split_inclusive('\n') {
                    number += 1;
                    let (request, _) = split_line_end(line);
                    if request.trim_ascii().is_empty() {
                        continue;
                    }
                    if answer(request, &masker, &mut scratch, &mut answers).is_none() {
                        bad += 1;
                        error(&format!(
                            "line {number} is not an object with id and text (a string)"
                        ));
                    }
                }
            }
            Block::Overlong { ends: true, .. } => {
                number += 1;
                bad += 1;
                error(&format!("line {number} is longer than 16 MiB; cut the text into events"));
            }
            Block::Overlong { ends: false, .. } => {}
        }
        // A block is what could be read without waiting: its answers leave before the next wait.
        output.write(answers.as_bytes())?;
        answers.clear();
    }
    let failed = masker.failed_judgements();
    if failed > 0 {
        error(&format!("{failed} texts could not be judged: a bug in logveil, please report it"));
    }
    if bad > 0 || failed > 0 { Err(Failure::Said) } else { Ok(Done::Clean) }
}

/// Answers one request; `None` when it is none.
fn answer(line: &str, masker: &Masker, scratch: &mut Scratch, answers: &mut String) -> Option<()> {
    let request: Request = serde_json::from_str(line).ok()?;
    let masked = masker.mask(&request.text, scratch);
    let found = masked.detections();
    let spans =
        found.map(|(identifier, span)| Found { start: span.start, end: span.end, identifier });
    let answer = Answer { id: request.id, spans: spans.collect() };
    *answers += &serde_json::to_string(&answer).expect("our own shapes can be written");
    answers.push('\n');
    Some(())
}
