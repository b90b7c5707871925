//! The command line of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::keep::Data;

/// Answers boto3, the AWS CLI, Terraform and the SDKs as CloudWatch Logs does
///
/// Give them `http://ADDRESS` as endpoint URL. Events come out masked, and as they were only for
/// callers who hold logs:Unmask and ask for it. What subscriptions take is sent as it comes: to
/// AWS with --aws-endpoint, otherwise into files below DIR/delivered. Interrupt it to end it:
/// answers under way are finished, and whatever waits to be sent waits for the next time.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Where to listen; port 0 takes any
    #[arg(short, long, value_name = "ADDRESS", default_value = "127.0.0.1:4586")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) access: Access,
    /// The file with the keys under which originals are sealed; made when it is not there. Without
    /// it a key in memory seals them, and they are gone when the server ends [default: the keys in
    /// LOGVEIL_KEYS]
    #[arg(long, value_name = "FILE", conflicts_with = "insecure_any_key")]
    pub(crate) key_file: Option<PathBuf>,
    /// The certificate chain to speak TLS with, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Send to AWS, with the services at this URL, or `default` for where every SDK looks; needs a
    /// logveil built with `--features aws`
    #[arg(long, value_name = "URL")]
    pub(crate) aws_endpoint: Option<String>,
    /// Demand two statements of a delivery destination's policy, one for deliveries in general and
    /// one for this destination, as `logveil policy template delivery` writes them
    #[arg(long)]
    pub(crate) strict_delivery_policies: bool,
    /// Print a line of log for each request as well, not only what goes wrong
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// Who may call.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Access {
    /// The access keys that may sign requests, and what each may do: a JSON file, see the README
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,
    /// Take any signature, and let everybody do everything, unmask included: for tests on this
    /// machine. Only a loopback address, and no directory that was made with a key file
    #[arg(long)]
    pub(crate) insecure_any_key: bool,
}

const EXAMPLES: &str = "\
Examples:
  logveil serve --data logs --insecure-any-key
  logveil serve --data logs --credentials credentials.json --key-file ~/logveil.keys

  export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://127.0.0.1:4586
  aws logs create-log-group --log-group-name /app";
