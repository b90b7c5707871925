//! The command line of `policy`.

use clap::{Args, Subcommand};

use super::{DeleteArgs, PolicyOf, PutArgs};

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    Template(TemplateArgs),
    Put(PutArgs),
    Get(PolicyOf),
    Delete(DeleteArgs),
}

/// Prints a ready policy, to edit and to put
#[derive(Args)]
#[command(after_help = TEMPLATE_EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct TemplateArgs {
    #[command(subcommand)]
    pub(crate) of: Option<TemplateOf>,
    /// Managed data identifiers with commas between them, or `all` [default: those of `mask`]
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) identifiers: Vec<String>,
}

#[derive(Subcommand)]
pub(crate) enum TemplateOf {
    Delivery(DeliveryTemplateArgs),
}

/// Prints the policy of a delivery destination, as PutDeliveryDestinationPolicy takes it
///
/// It has two statements: one enables delivery of logs in general, one delivery to this
/// destination, for the sources of one account.
#[derive(Args)]
#[command(after_help = DELIVERY_EXAMPLES)]
pub(crate) struct DeliveryTemplateArgs {
    /// The delivery destination: arn:aws:logs:REGION:ACCOUNT:delivery-destination:NAME
    #[arg(value_name = "ARN")]
    pub(crate) destination: String,
    /// The account whose sources may deliver there: twelve digits
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) source_account: String,
}

const TEMPLATE_EXAMPLES: &str = "\
Examples:
  logveil policy template > policy.json
  logveil policy template --identifiers EmailAddress,Ssn-US";

const DELIVERY_EXAMPLES: &str = "\
Examples:
  logveil policy template delivery --source-account 111111111111 \\
      arn:aws:logs:us-east-1:222222222222:delivery-destination:archive > policy.json";
