//! The command line of what keeps events: `ingest`, `read`, `policy put`, `get`, `delete`.

use std::path::PathBuf;

use clap::Args;

/// Which store.
#[derive(Args)]
pub(crate) struct Data {
    /// The directory that everything is kept in. One program at a time has it open
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The account and Region whose logs these are: said once, when the directory is made, and
    /// remembered there [default: 123456789012/us-east-1]
    #[arg(long, value_name = "ACCOUNT/REGION")]
    pub(crate) home: Option<String>,
}

/// Where the keys of originals are.
#[derive(Args)]
pub(crate) struct Keys {
    /// The file with the keys under which originals are sealed; made when it is not there. Whoever
    /// has it can unmask, so keep it elsewhere than the data [default: the keys in LOGVEIL_KEYS]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Do not warn that originals are discarded without a key file
    #[arg(long, conflicts_with = "key_file")]
    pub(crate) no_originals: bool,
}

/// Keeps the lines of a log as events, masked under the policies that were put
///
/// The log group and the log stream are made when they are not there. Each line is an event; a
/// private key spread over lines is one. What stands under the asterisks is sealed beside the
/// masked text when there is a key file, and discarded otherwise.
#[derive(Args)]
#[command(after_help = INGEST_EXAMPLES)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: String,
    /// The log stream
    #[arg(short, long, value_name = "NAME")]
    pub(crate) stream: String,
    #[command(flatten)]
    pub(crate) keys: Keys,
    /// What time events have: `now`, or what stands in this field of each JSON line (milliseconds
    /// since 1970 or RFC 3339). Events older than 14 days are refused
    #[arg(short, long, value_name = "now|FIELD", default_value = "now")]
    pub(crate) time: String,
    /// Print a line of JSON for each batch once it is safe: {"batch","events","total"}
    #[arg(long)]
    pub(crate) acks: bool,
    /// Leave it to the operating system when events reach the disk: faster, but the loss of power
    /// may take the last seconds
    #[arg(long)]
    pub(crate) buffered: bool,
    /// Say nothing on stderr but errors and warnings
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The file to read; without it, or `-`, stdin
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
}

/// Prints the events of a log group in the order of time
///
/// Text is masked as it was when the events came in. --unmask shows originals, as far as they were
/// kept and their keys are there; each such read is noted in the store.
#[derive(Args)]
#[command(after_help = READ_EXAMPLES)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: String,
    /// Only this log stream
    #[arg(short, long, value_name = "NAME")]
    pub(crate) stream: Option<String>,
    /// Only events that this filter pattern selects; it sees what is printed
    #[arg(long, value_name = "PATTERN", default_value = "", allow_hyphen_values = true)]
    pub(crate) filter: String,
    /// Only events of this time or later: RFC 3339, milliseconds since 1970, or how long ago (90s,
    /// 15m, 2h, 7d)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only events of this time or earlier
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Print JSON, an object a line: {"timestamp","message","eventId","logStreamName"}
    #[arg(long)]
    pub(crate) json: bool,
    /// Go on with what comes later and has a later time. The store is looked at each second, opened
    /// when another program had it open since, and not while one has it
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Show the originals
    #[arg(long)]
    pub(crate) unmask: bool,
    /// The file with the keys of the originals [default: those in LOGVEIL_KEYS]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Puts a policy: what comes in from now on is masked under it
///
/// The account's policy and the log group's add up. A log group that is not there is made. Events
/// that are there stay as they are.
#[derive(Args)]
#[command(after_help = PUT_EXAMPLES)]
pub(crate) struct PutArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Put it on the account
    #[arg(long, conflicts_with = "group", required_unless_present = "group")]
    pub(crate) account: bool,
    /// Put it on this log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) keys: Keys,
    /// The policy, as PutDataProtectionPolicy takes it; `-` is stdin. Whether its destinations
    /// exist is asked for log groups only
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Prints a policy as it was put
#[derive(Args)]
#[command(after_help = GET_EXAMPLES)]
pub(crate) struct PolicyOf {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The account's
    #[arg(long, conflicts_with = "group", required_unless_present = "group")]
    pub(crate) account: bool,
    /// That of this log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: Option<String>,
}

/// Removes a policy: what it masked stays masked
#[derive(Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) of: PolicyOf,
}

const INGEST_EXAMPLES: &str = "\
Examples:
  logveil policy put --data logs --account policy.json
  logveil ingest --data logs --group /app --stream web --key-file ~/logveil.keys app.log
  kubectl logs -f web | logveil ingest --data logs --group /app --stream web --no-originals
  logveil ingest --data logs --group /app --stream web --time ts --acks events.ndjson";

const READ_EXAMPLES: &str = "\
Examples:
  logveil read --data logs --group /app --since 1h
  logveil read --data logs --group /app --stream web --filter ERROR --json | jq .message
  logveil read --data logs --group /app --unmask --key-file ~/logveil.keys";

const PUT_EXAMPLES: &str = "\
Examples:
  logveil policy template | logveil policy put --data logs --account -
  logveil policy put --data logs --group /app policy.json";

const GET_EXAMPLES: &str = "\
Exit codes: 0 printed; 1 there is none; 2 the job could not be done.

Examples:
  logveil policy get --data logs --account
  logveil policy get --data logs --group /app | logveil check -";

const DELETE_EXAMPLES: &str = "\
Examples:
  logveil policy delete --data logs --account
  logveil policy delete --data logs --group /app";
