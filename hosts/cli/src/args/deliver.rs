//! The command line of what leaves the store: `subscribe put`, `list`, `delete`, and `deliver`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::keep::{Data, Keys};

#[derive(Subcommand)]
pub(crate) enum SubscribeCommand {
    Put(SubscribePutArgs),
    List(SubscribeListArgs),
    Delete(SubscribeDeleteArgs),
}

/// Puts a subscription filter: events that it selects from now on wait for `deliver`
///
/// The filter sees masked text. One of the same name is replaced; a log group that is not there is
/// made, and has at most five filters.
#[derive(Args)]
#[command(after_help = PUT_EXAMPLES)]
pub(crate) struct SubscribePutArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: String,
    /// The filter's name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: String,
    /// Which events, as a filter pattern; empty: all
    #[arg(short, long, value_name = "PATTERN", default_value = "", allow_hyphen_values = true)]
    pub(crate) pattern: String,
    /// Where they go: a Kinesis or Firehose stream or a Lambda function of this account and Region
    #[arg(short, long, value_name = "ARN")]
    pub(crate) to: String,
    /// The role that CloudWatch Logs would take on for Kinesis and Firehose. It is kept and not
    /// taken on [default: role/logveil of the account]
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// How events are spread over the shards of a Kinesis stream
    #[arg(long, value_enum, default_value_t)]
    pub(crate) distribution: Spread,
    #[command(flatten)]
    pub(crate) keys: Keys,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Spread {
    /// Events of one log stream stay together
    #[default]
    ByLogStream,
    /// Evenly
    Random,
}

/// Prints the subscription filters of a log group as JSON, an object a line
#[derive(Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct SubscribeListArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: String,
}

/// Removes a subscription filter; what waits for it is dropped
#[derive(Args)]
#[command(after_help = DELETE_EXAMPLES)]
pub(crate) struct SubscribeDeleteArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The log group
    #[arg(short, long, value_name = "NAME")]
    pub(crate) group: String,
    /// The filter's name
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: String,
}

/// Sends what waits: payloads of subscriptions, and findings
///
/// Everything that waits is tried once; what is not taken is kept for the next time, up to 24
/// hours, and the exit code is 1. Each is sent at least once. What is larger than its destination
/// takes goes to DIR/set-aside.
#[derive(Args)]
#[command(after_help = DELIVER_EXAMPLES)]
pub(crate) struct DeliverArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// `aws`, if logveil was built with `--features aws`: to the streams, functions, buckets and
    /// log groups themselves; `-`: to stdout, as lines of JSON; otherwise a directory, with a
    /// folder for each destination (`./aws` for one of that name)
    #[arg(short, long, value_name = "aws|-|DIR")]
    pub(crate) to: PathBuf,
    /// Where the services are, instead of at AWS; one service alone is moved by what every SDK
    /// reads, AWS_ENDPOINT_URL_KINESIS and its like
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Say nothing on stderr but errors and warnings
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

const PUT_EXAMPLES: &str = "\
Examples:
  logveil subscribe put --data logs --group /app --name errors --pattern ERROR \\
      --to arn:aws:lambda:us-east-1:123456789012:function:alert
  logveil subscribe put --data logs --home 111122223333/eu-west-1 --group /app --name all \\
      --to arn:aws:kinesis:eu-west-1:111122223333:stream/logs";

const LIST_EXAMPLES: &str = "\
Examples:
  logveil subscribe list --data logs --group /app | jq -r .filterName";

const DELETE_EXAMPLES: &str = "\
Examples:
  logveil subscribe delete --data logs --group /app --name errors";

const DELIVER_EXAMPLES: &str = "\
Exit codes: 0 nothing waits any more; 1 something does; 2 the job could not be done.

Examples:
  logveil deliver --data logs --to - | jq -c '.payload.logEvents[]?.message'
  logveil deliver --data logs --to delivered
  AWS_PROFILE=ops logveil deliver --data logs --to aws
  logveil deliver --data logs --to aws --endpoint-url http://127.0.0.1:5000";
