//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::output::Failure;
use crate::policies::built_in;

mod deliver;
mod keep;
mod pattern;
mod policy;
mod serve;

pub(crate) use deliver::*;
pub(crate) use keep::{Data, DeleteArgs, IngestArgs, Keys, PolicyOf, PutArgs, ReadArgs};
pub(crate) use pattern::PatternArgs;
pub(crate) use policy::{DeliveryTemplateArgs, PolicyCommand, TemplateArgs, TemplateOf};
pub(crate) use serve::ServeArgs;

/// Parses the command line. A wrong one is reported and ends the program with exit code 2, `--help`
/// and `--version` with 0.
pub(crate) fn parse() -> Result<Command, Failure> {
    let built_in = format!("Without --policy and --identifiers, these: {}.", built_in().join(", "));
    let named = |command: clap::Command| {
        command.mut_arg("identifiers", |arg| {
            arg.long_help(format!("{IDENTIFIERS_HELP}\n\n{built_in}"))
        })
    };
    let command = Program::command()
        .mut_subcommand("mask", named)
        .mut_subcommand("scan", named)
        .mut_subcommand("explain", named)
        .mut_subcommand("payload", |payload| payload.mut_subcommand("encode", named));
    let matches = command.try_get_matches();
    match matches.and_then(|matches| Program::from_arg_matches(&matches)) {
        Ok(program) => Ok(program.command),
        // The parser's messages quote what they do not understand, which may be a value.
        Err(error) if error.use_stderr() && explains() => Err(Failure::because(
            "explain does not take these options; text that begins with a dash goes behind --, \
             the options are in logveil explain --help",
        )),
        Err(error) if error.use_stderr() => error.exit(),
        Err(help) => {
            help.print().map_err(|error| Failure::writing("stdout", &error))?;
            std::process::exit(help.exit_code());
        }
    }
}

/// Whether the command line begins with `explain`.
fn explains() -> bool {
    std::env::args_os().nth(1).is_some_and(|command| command == "explain")
}

const IDENTIFIERS_HELP: &str =
    "Look for these managed data identifiers: names with commas between them, or `all`";

/// Masks sensitive data in logs, as Amazon CloudWatch Logs does under its data protection policies.
#[derive(Parser)]
#[command(name = "logveil", version, max_term_width = 100, after_help = PROGRAM_EXAMPLES)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Mask(MaskArgs),
    Detect(DetectArgs),
    Scan(ScanArgs),
    Explain(ExplainArgs),
    Check(CheckArgs),
    Pattern(PatternArgs),
    Ingest(IngestArgs),
    Read(ReadArgs),
    /// Puts, lists and removes subscription filters, whose events `deliver` sends
    #[command(subcommand)]
    Subscribe(SubscribeCommand),
    Deliver(DeliverArgs),
    Serve(ServeArgs),
    Bench(BenchArgs),
    Identifiers(CatalogueArgs),
    /// Makes policies to edit; puts, prints and removes those of a store
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Reads and makes what consumers of a subscription get
    #[command(subcommand)]
    Payload(PayloadCommand),
}

/// What to look for. Policies and identifiers add up.
#[derive(Args)]
pub(crate) struct Protect {
    /// A data protection policy, as PutDataProtectionPolicy takes it; repeat it for the account's
    /// and the log group's. Whether its destinations exist is not asked
    #[arg(short, long, value_name = "FILE")]
    pub(crate) policy: Vec<PathBuf>,
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',', help = IDENTIFIERS_HELP)]
    pub(crate) identifiers: Vec<String>,
}

/// How an input is read.
#[derive(Args)]
pub(crate) struct Reading {
    /// Files to read, `-` for stdin; without any, stdin
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What a line is
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Judge only what stands under this key of each JSON document (`a.b`: b inside a). The rest
    /// is not looked at and passes as it is; lines without that key are counted
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// Threads to mask on [default: all cores for files, 1 when stdin is read]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Say nothing on stderr but errors and warnings
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Each line is a log event
    #[default]
    Text,
    /// Each line is a JSON document: keys are keywords for their values, numbers become strings of
    /// asterisks, the JSON stays valid. A line that is not JSON is masked as text
    Ndjson,
}

/// Masks sensitive data: each of its characters becomes an asterisk
///
/// Each line is text and stays text. Logs in JSON want `--format ndjson` (`-f ndjson`): as text,
/// asterisks in place of a bare number leave a line that is no JSON any more.
#[derive(Args)]
#[command(after_help = MASK_EXAMPLES, after_long_help = MASK_LONG)]
pub(crate) struct MaskArgs {
    #[command(flatten)]
    pub(crate) protect: Protect,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Write the masked text here instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write audit findings here, one JSON document a line for each event and policy: what was
    /// found and where, never the value. Positions count characters of the line
    #[arg(long, value_name = "FILE")]
    pub(crate) findings: Option<PathBuf>,
    /// The log group that findings name
    /// [default: arn:aws:logs:us-east-1:123456789012:log-group:<file name, or stdin>:*]
    #[arg(long, value_name = "ARN", requires = "findings")]
    pub(crate) resource_arn: Option<String>,
}

/// Says where sensitive data stands in texts
///
/// Reads lines of JSON, `{"id": …, "text": "…"}`, and prints a line for each, in order:
/// `{"id": …, "spans": [{"start": 4, "end": 15, "identifier": "Ssn-US"}]}`. Start and end count
/// bytes of the text in UTF-8; the end is excluded. A text may hold line feeds.
#[derive(Args)]
#[command(after_help = DETECT_EXAMPLES)]
pub(crate) struct DetectArgs {
    #[command(flatten)]
    pub(crate) protect: Protect,
}

/// Counts sensitive data by file and identifier; shows no value
///
/// A file that cannot be read is reported on stderr and left out; the others are counted, and the
/// exit code is 2.
#[derive(Args)]
#[command(after_help = SCAN_EXAMPLES)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    pub(crate) protect: Protect,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// End with exit code 1 when something was found, or a line was too long to be judged
    #[arg(long)]
    pub(crate) fail_on_findings: bool,
}

/// Says why something is masked, or is not
///
/// For each stretch of text that has the shape of a value: which identifier and which of its
/// patterns, which keyword at what distance, which check, and why it was or was not reported. A
/// value is shown as asterisks. Positions count characters from 0, the end is excluded. A stretch
/// inside a longer one that got as far is left out.
#[derive(Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The text, judged as one log event; several words are joined by spaces. Without it, or with
    /// `-`, each line of stdin is one
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<OsString>,
    #[command(flatten)]
    pub(crate) protect: Protect,
    /// Show the values too, of what was reported and of what was not
    #[arg(long)]
    pub(crate) show_values: bool,
    /// Show the pattern's regular expression, a custom identifier's too
    #[arg(long)]
    pub(crate) patterns: bool,
    /// Print JSON, one object a line for each candidate
    #[arg(long)]
    pub(crate) json: bool,
}

/// Checks policies: says what they protect, or what is wrong, where, and what to write instead
#[derive(Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Policy documents, `-` for stdin. Whether their destinations exist is not asked
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<PathBuf>,
}

/// Measures how fast logveil is on your logs with your policy
///
/// Prints megabytes per second of one core, the time of single events (median, 99th percentile,
/// longest), values found, time to compile and memory. What is measured together is measured in
/// turns, piece by piece, so that a machine that changes its speed does so for all; every figure is
/// the median of the rounds. What was found is compared before and while anything is timed.
#[derive(Args)]
#[command(after_help = BENCH_EXAMPLES, after_long_help = BENCH_LONG)]
pub(crate) struct BenchArgs {
    /// Logs to measure on, `-` for stdin; each line is an event. Of more than 16 MB the first 16
    /// are taken. Without any: the made-up logs of --corpus
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Policy to measure with, as PutDataProtectionPolicy takes it; repeat it for several
    #[arg(short, long, value_name = "FILE")]
    pub(crate) policy: Vec<PathBuf>,
    /// Identifiers to measure with: names, `all`, or numbers for sets of so many, of which two or
    /// more draw the curve of growth [default without --policy: all]
    #[arg(short, long, value_name = "NAMES|NUMBERS", value_delimiter = ',')]
    pub(crate) identifiers: Vec<String>,
    /// Others to measure in the same run
    #[arg(short, long, value_enum, value_delimiter = ',')]
    pub(crate) against: Vec<Peer>,
    /// Made-up logs to measure on, beside the files [default without FILE: all three]
    #[arg(short, long, value_enum, value_delimiter = ',')]
    pub(crate) corpus: Vec<Made>,
    /// Measure the worst inputs that we know, against the first log, and how time grows from
    /// events of 64 KiB to 1 MiB
    #[arg(long, conflicts_with_all = ["against", "svg"])]
    pub(crate) worst: bool,
    /// Also measure on so many threads
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=256))]
    pub(crate) threads: Option<u16>,
    /// Times that everything is measured
    #[arg(short, long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) rounds: u16,
    /// Print JSON, an object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the curve of growth into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Say nothing on stderr but errors and warnings
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What `bench` compares with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Peer {
    /// logveil, called once for each event instead of with buffers of them
    Single,
    /// A search for one byte that no line holds: what only reading costs
    Memchr,
    /// One regex for each identifier, one after the other; without keywords, edges and checks
    PerRule,
    /// The `regex` crate's set of all patterns, which says only which of them match a line: takes
    /// minutes for a megabyte
    Regexset,
    /// The `regex-automata` crate's search for all patterns at once
    Meta,
    /// All keywords in every spelling, and nothing else
    AhoCorasick,
}

/// A made-up log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Made {
    /// Lines of eight formats, without a value
    Clean,
    /// The lines of the first FILE, or clean ones, and values behind every third
    Dense,
    /// Nothing but keywords, values and pieces of them
    Hostile,
}

/// Lists the managed data identifiers, or shows one in detail
#[derive(Args)]
#[command(after_help = IDENTIFIERS_EXAMPLES)]
pub(crate) struct CatalogueArgs {
    /// The identifier to show in detail
    pub(crate) name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum PayloadCommand {
    Decode(DecodeArgs),
    Encode(EncodeArgs),
}

/// Prints as JSON what a Kinesis, Firehose or Lambda consumer gets
///
/// Reads gzip (one or more members), base64 of it (one or more lines) or the Lambda event
/// `{"awslogs": {"data": "…"}}`, and prints each payload as JSON.
#[derive(Args)]
#[command(after_help = DECODE_EXAMPLES)]
pub(crate) struct DecodeArgs {
    /// The file to read; without it, or `-`, stdin
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
}

/// Makes from lines of a log what a subscription delivers, one base64 payload a line
///
/// Each line becomes a log event, is masked, and passes the subscription filter; what remains is
/// batched, compressed and encoded as the service does it.
#[derive(Args)]
#[command(after_help = ENCODE_EXAMPLES)]
pub(crate) struct EncodeArgs {
    /// The file to read; without it, or `-`, stdin
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) protect: Protect,
    /// Name of the log group
    #[arg(long, value_name = "NAME", default_value = "/logveil/payload")]
    pub(crate) log_group: String,
    /// Name of the log stream [default: the file's name, or stdin]
    #[arg(long, value_name = "NAME")]
    pub(crate) log_stream: Option<String>,
    /// Name of the subscription filter
    #[arg(long, value_name = "NAME", default_value = "logveil")]
    pub(crate) filter_name: String,
    /// Filter pattern; it sees the masked text. Empty: every event
    #[arg(long, value_name = "PATTERN", default_value = "")]
    pub(crate) pattern: String,
}

const PROGRAM_EXAMPLES: &str = "\
Examples:
  logveil mask app.log > masked.log
  kubectl logs -f web | logveil mask --format ndjson
  logveil scan *.log
  logveil check policy.json

Exit codes: 0 done; 1 check found faults, scan --fail-on-findings found something, pattern found no
line, or policy get no policy; 2 the job could not be done (usage, files, a bad policy).";

const MASK_EXAMPLES: &str = "\
Examples:
  logveil mask app.log > masked.log
  tail -f app.log | logveil mask --identifiers EmailAddress,Ssn-US
  logveil mask --policy account.json --policy group.json --findings findings.ndjson app.log
  logveil mask --format ndjson --field message < events.ndjson";

const MASK_LONG: &str = "\
Masked text has as many characters as the text. Bytes that are not UTF-8 become U+FFFD; a file in
UTF-16 is refused. A private key spread over lines or JSON documents is masked from its BEGIN line
on, also from one file to the next. A line longer than 16 MiB is masked whole, as nothing so long is
judged. Between files a missing line feed is added.

Examples:
  logveil mask app.log > masked.log
  tail -f app.log | logveil mask --identifiers EmailAddress,Ssn-US
  logveil mask --policy account.json --policy group.json --findings findings.ndjson app.log
  logveil mask --format ndjson --field message < events.ndjson";

const DETECT_EXAMPLES: &str = "\
Without --policy and --identifiers, all managed data identifiers are looked for.

Examples:
  echo '{\"id\": 1, \"text\": \"ssn 536-22-8145\"}' | logveil detect
  logveil detect --identifiers CreditCardNumber < texts.ndjson > spans.ndjson";

const SCAN_EXAMPLES: &str = "\
Examples:
  logveil scan /var/log/app/*.log
  logveil scan --identifiers all --json app.log | jq .files
  logveil scan --fail-on-findings --quiet build.log || echo 'do not publish'";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  logveil explain 'order 4539148803436467 of yesterday'
  tail -n 100 app.log | logveil explain --policy policy.json
  logveil explain -i Ssn-US --json < app.log | jq -r 'select(.reported | not) | .why'";

const CHECK_EXAMPLES: &str = "\
Text of a policy that is not part of its language is shown as dots.

Examples:
  logveil check policy.json
  aws logs get-data-protection-policy --log-group-identifier app \\
      --query policyDocument --output text | logveil check -";

const BENCH_EXAMPLES: &str = "\
Examples:
  logveil bench app.log
  logveil bench --policy policy.json --threads 2 app.log
  logveil bench --against memchr,per-rule,single app.log
  logveil bench --identifiers 1,10,50,all --svg growth.svg app.log
  logveil bench --worst app.log
  logveil bench --json | jq -r '[.corpus, .mb_per_s] | @tsv'";

const BENCH_LONG: &str = "\
Numbers of identifiers: 1 is EmailAddress; 10 adds IpAddress, CreditCardNumber, Ssn-US,
PhoneNumber-US, DriversLicense-US, BankAccountNumber-DE, NhsNumber-GB, AwsSecretKey and
VehicleIdentificationNumber; more are spread evenly over the names of the others, Name and Address
coming last: 96 is all but these two.

MB/s count the bytes of events, given in buffers of 64 KB, by the time that the thread ran; those
of --threads by the clock on the wall. Times of single events (ns) are those of
one call per event, less the median time of asking the clock twice, which the report names. Compile
time runs from the text of the policies to what is ready to mask. Memory is what then stays
allocated; what policies share is counted with the first that uses it.

JSON: {\"case\", \"identifiers\", \"corpus\", \"events\", \"mb\", \"mb_per_s\", \"ns_p50\",
\"ns_p99\", \"findings\", \"compile_ms\",
\"policy_bytes\"}. `case` is logveil, a name given to --against, or
threads-N. A peer's findings are its own, and no measure of what logveil finds.

Examples:
  logveil bench app.log
  logveil bench --policy policy.json --threads 2 app.log
  logveil bench --against memchr,per-rule,single app.log
  logveil bench --identifiers 1,10,50,all --svg growth.svg app.log
  logveil bench --worst app.log
  logveil bench --json | jq -r '[.corpus, .mb_per_s] | @tsv'";

const IDENTIFIERS_EXAMPLES: &str = "\
Examples:
  logveil identifiers
  logveil identifiers CreditCardNumber
  logveil identifiers --json | jq -r '.[].arn'";

const DECODE_EXAMPLES: &str = "\
Examples:
  logveil payload decode record.bin
  jq -r .awslogs.data event.json | logveil payload decode
  aws kinesis get-records … --query 'Records[].Data' --output text | tr '\\t' '\\n' \\
      | logveil payload decode";

const ENCODE_EXAMPLES: &str = "\
Examples:
  logveil payload encode app.log | base64 -d | gunzip | jq
  logveil payload encode --policy policy.json --pattern ERROR app.log | logveil payload decode";
