//! The command line of `pattern`.

use std::path::PathBuf;

use clap::Args;

/// Prints the lines that a filter pattern selects, as grep would
///
/// Patterns are those of subscription and metric filters, all three dialects: terms and %regex%,
/// {JSON}, [space-delimited]. Nothing is masked. Lines end with a line feed, and what is no UTF-8
/// in them is U+FFFD.
#[derive(Args)]
#[command(after_help = PATTERN_EXAMPLES)]
pub(crate) struct PatternArgs {
    /// The filter pattern
    #[arg(allow_hyphen_values = true)]
    pub(crate) pattern: String,
    /// Files to read, `-` for stdin; without any, stdin
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Print JSON, an object for each line, with the values that the pattern names in it
    #[arg(long)]
    pub(crate) json: bool,
}

const PATTERN_EXAMPLES: &str = "\
Exit codes: 0 a line was printed; 1 none was; 2 the pattern was refused or a file not read.

Examples:
  logveil pattern 'ERROR -timeout' app.log
  logveil pattern '%5[0-9]{2}%' app.log
  logveil pattern '{ $.level = \"ERROR\" && $.ms > 500 }' < events.ndjson
  logveil pattern --json '[ip, ..., status = 4*, bytes]' access.log | jq .extractedValues";
