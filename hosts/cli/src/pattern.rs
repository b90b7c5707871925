//! `pattern`: the lines that a filter pattern selects.

use std::io::Read;
use std::path::Path;

use logveil::FilterPattern;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::PatternArgs;
use crate::blocks::{Block, Blocks};
use crate::caret;
use crate::files::{self, Output};
use crate::output::{Done, Failure, error, say, shown, warning};
use crate::worker::split_line_end;

/// A line that was selected.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selected<'a> {
    file: &'a str,
    /// Its number, from 1 on.
    line: u64,
    message: &'a str,
    extracted_values: Map<String, Value>,
}

pub(crate) fn run(args: &PatternArgs) -> Result<Done, Failure> {
    let pattern = FilterPattern::parse(&args.pattern).map_err(|fault| {
        error(fault.message());
        say(&caret::pattern_fault(&args.pattern, &fault));
        Failure::Said
    })?;
    let mut output = Output::stdout();
    let mut found = false;
    let mut unread = false;
    for path in files::inputs(&args.files) {
        let searched = files::open(&path).and_then(|input| {
            let search = Search { pattern: &pattern, path: &path, json: args.json };
            search.run(input, &mut output, &mut found)
        });
        match searched {
            Ok(()) => {}
            Err(Failure::Because(why)) => {
                error(&why);
                unread = true;
            }
            Err(failure) => return Err(failure),
        }
    }
    match (unread, found) {
        (true, _) => Err(Failure::Said),
        (false, true) => Ok(Done::Clean),
        (false, false) => Ok(Done::Found),
    }
}

struct Search<'a> {
    pattern: &'a FilterPattern,
    path: &'a Path,
    json: bool,
}

impl Search<'_> {
    fn run(&self, input: impl Read, output: &mut Output, found: &mut bool) -> Result<(), Failure> {
        let file = shown(self.path);
        let mut blocks = Blocks::new(input);
        let (mut number, mut selected) = (0, String::new());
        while let Some(block) = blocks.next().map_err(|error| Failure::reading(&file, &error))? {
            match block {
                Block::Lines { text, .. } => {
                    for line in text.split_inclusive('\n') {
                        number += 1;
                        self.line(&file, number, split_line_end(line).0, &mut selected);
                    }
                }
                Block::Overlong { ends: true, .. } => {
                    number += 1;
                    warning(&format!("{file}: line {number} is longer than 16 MiB: not looked at"));
                }
                Block::Overlong { ends: false, .. } => {}
            }
            // A block is what could be read without waiting.
            *found |= !selected.is_empty();
            output.write(selected.as_bytes())?;
            selected.clear();
        }
        Ok(())
    }

    fn line(&self, file: &str, line: u64, message: &str, selected: &mut String) {
        if !self.json {
            if self.pattern.matches_text(message) {
                selected.push_str(message);
                selected.push('\n');
            }
            return;
        }
        if let Some(values) = self.pattern.extract(message) {
            let values = values.into_iter().map(|(name, value)| (name, Value::from(value)));
            let extracted_values = values.collect();
            let found = Selected { file, line, message, extracted_values };
            *selected += &serde_json::to_string(&found).expect("our own shapes can be written");
            selected.push('\n');
        }
    }
}
