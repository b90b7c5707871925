//! What the engine asks about the world outside of it.

use crate::arn::{AccountId, Arn};
use crate::delivery::SharedDeliveryDestination;

/// Knows what exists, by ARN, across accounts: Kinesis and Firehose streams, Lambda functions,
/// buckets, logical destinations of other accounts, and log groups elsewhere. The engine knows its
/// own log groups and logical destinations itself; of other log groups it asks when findings should
/// go there.
pub trait Directory: Send + Sync {
    /// Whether the resource exists.
    fn exists(&self, arn: &Arn) -> bool;

    /// Where a logical destination of another account or Region leads for an account that sends to
    /// it; asked when a filter is put on it and before each delivery. A host with an engine for
    /// that account asks its
    /// [`resolve_destination`](super::Engine::resolve_destination). Unless overridden, a
    /// destination that exists leads to itself, so that the host's
    /// [`Destination`](crate::Destination) gets its ARN.
    fn resolve(&self, destination: &Arn, sender: &AccountId) -> Resolved {
        let _ = sender;
        match self.exists(destination) {
            true => Resolved::Target(destination.clone()),
            false => Resolved::Missing,
        }
    }

    /// The organization of an account, for policies that ask for `aws:PrincipalOrgID`.
    fn organization(&self, account: &AccountId) -> Option<String> {
        let _ = account;
        None
    }

    /// The log groups, by ARN, into which whoever receives what arrives at a destination writes in
    /// turn; of other accounts those as well in which it ends up from there. The engine forwards
    /// nothing from a log group to a destination that feeds it, on whatever way. It is asked while
    /// the engine is locked, and must not call an engine; the others may. Unless overridden, a
    /// Lambda function writes to its own log group, `/aws/lambda/NAME`.
    fn feeds(&self, destination: &Arn) -> Vec<String> {
        let function = destination.resource().strip_prefix("function:");
        let name = function.and_then(|rest| rest.split(':').next());
        let name = name.filter(|_| destination.service() == "lambda");
        let (partition, region) = (destination.partition(), destination.region());
        let account = destination.account();
        let arn =
            |name| format!("arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{name}");
        name.map(arn).into_iter().collect()
    }

    /// A delivery destination of another account with its policy, as
    /// [`Engine::shared_delivery_destination`](crate::Engine::shared_delivery_destination) of that
    /// account's engine says; `None` when there is none. Asked before every payload.
    fn delivery_destination(&self, _arn: &Arn) -> Option<SharedDeliveryDestination> {
        None
    }
}

/// Where a logical destination leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resolved {
    /// To that stream.
    Target(Arn),
    /// Its access policy does not allow the account to send there.
    Denied,
    /// It does not exist.
    Missing,
}
