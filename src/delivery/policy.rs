//! The policy of a delivery destination: who of another account may deliver there.

use super::object::DeliveryDestinationType;
use crate::arn::{AccountId, Home};
use crate::error::Error;
use crate::iam::{Caller, Context, Decision, Request, ResourcePolicy};
use crate::limits::DELIVERY_POLICY_CHARS_MAX;

const ACTION: &str = "logs:CreateDelivery";

/// Who delivers, for which source, to which destination.
pub(crate) struct Pairing<'a> {
    /// That of the source's account, if it is in one that is known.
    pub(crate) organization: Option<String>,
    /// The account of the source, and the Region.
    pub(crate) home: &'a Home,
    pub(crate) source_arn: &'a str,
    pub(crate) destination_arn: &'a str,
    pub(crate) destination_account: &'a str,
    pub(crate) now_ms: i64,
}

/// Checks a policy that is to be put on a destination of that ARN. `strict` demands the two
/// statements of AWS's text: general delivery, and delivery to this destination.
///
/// # Errors
///
/// Validation.
pub(crate) fn check_policy(
    document: &str,
    destination_arn: &str,
    kind: DeliveryDestinationType,
    strict: bool,
) -> Result<(), Error> {
    if document.is_empty() {
        return Err(Error::validation("deliveryDestinationPolicy is empty"));
    }
    let policy = parse(document).map_err(Error::into_validation)?;
    if !matches!(kind, DeliveryDestinationType::S3 | DeliveryDestinationType::Firehose) {
        let message = "deliveries of other accounts go to buckets and Firehose streams only";
        return Err(Error::validation(message));
    }
    if policy.allowing(ACTION, destination_arn) == 0 {
        return Err(Error::validation(
            "no statement of deliveryDestinationPolicy allows logs:CreateDelivery on this \
             destination",
        ));
    }
    // Choice: the text speaks of two statements, its examples have one; both are accepted unless
    // the host is strict.
    if strict && !is_pair(&policy, destination_arn) {
        return Err(Error::validation(
            "deliveryDestinationPolicy does not have two statements: one that allows \
             logs:CreateDelivery on delivery sources and deliveries, one on this destination",
        ));
    }
    Ok(())
}

/// Whether there are two statements, one for delivery in general and one for this destination.
fn is_pair(policy: &ResourcePolicy, destination_arn: &str) -> bool {
    let general = |index| {
        let texts = policy.allowed_resources(index, ACTION);
        let names = |kind: &str| texts.iter().any(|text| text.contains(kind) || text == "*");
        names(":delivery-source:") && names(":delivery:")
    };
    let specific = |index| policy.allows_at(index, ACTION, destination_arn);
    policy.statements() == 2 && ((general(0) && specific(1)) || (general(1) && specific(0)))
}

/// Whether a destination may be delivered to. Within an account nothing has to allow it, and a
/// policy that denies it is heeded; another account needs a policy that allows it.
///
/// The caller is the account of the source, with `aws:SourceAccount` and `aws:SourceArn` those of
/// the source.
// Choice: a statement that allows it to the service alone allows it to no account: the service
// acts for all of them.
pub(crate) fn permits(policy: Option<&str>, pairing: &Pairing<'_>) -> bool {
    let Home { account, region } = pairing.home;
    let same = account.as_str() == pairing.destination_account;
    let Some(document) = policy else { return same };
    let Ok(policy) = parse(document) else { return false };
    let mut context = Context::default()
        .with("aws:PrincipalAccount", account.as_str())
        .with("aws:PrincipalArn", format!("arn:{}:iam::{account}:root", region.partition()))
        .with("aws:SourceAccount", account.as_str())
        .with("aws:SourceArn", pairing.source_arn)
        .with("aws:RequestedRegion", region.as_str())
        .with("aws:ResourceAccount", pairing.destination_account)
        .at(pairing.now_ms);
    if let Some(organization) = &pairing.organization {
        context = context.with("aws:PrincipalOrgID", organization.as_str());
    }
    let caller = Caller::Account(account.clone());
    let resource = pairing.destination_arn;
    let request = Request { caller: &caller, action: ACTION, resource, context: &context };
    match policy.decide(&request) {
        Decision::Denied => false,
        Decision::Allowed => true,
        Decision::Silent => same,
    }
}

fn parse(document: &str) -> Result<ResourcePolicy, Error> {
    ResourcePolicy::parse("deliveryDestinationPolicy", DELIVERY_POLICY_CHARS_MAX, document)
}

/// A policy of a delivery destination with the two statements that AWS's text asks for: what
/// `source` owns may deliver in general, and to the destination of that name in `home`. It holds
/// only for deliveries of that account's own sources.
///
/// ```
/// use logveil::{AccountId, Home, Region, delivery_destination_policy};
///
/// # fn main() -> Result<(), logveil::Error> {
/// let home = Home { account: AccountId::new("222222222222")?, region: Region::new("us-east-1")? };
/// let policy = delivery_destination_policy(&home, &AccountId::new("111111111111")?, "archive");
/// assert!(policy.contains("arn:aws:logs:us-east-1:222222222222:delivery-destination:archive"));
/// # Ok(())
/// # }
/// ```
pub fn delivery_destination_policy(home: &Home, source: &AccountId, name: &str) -> String {
    let Home { account, region } = home;
    let partition = region.partition();
    let root = format!("arn:{partition}:iam::{source}:root");
    let ours = format!("arn:{partition}:logs:{region}:{account}:delivery-destination:{name}");
    let theirs = format!("arn:{partition}:logs:{region}:{source}");
    format!(
        r#"{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Sid": "AllowLogDeliveryActions",
      "Effect": "Allow",
      "Principal": {{"AWS": "{root}"}},
      "Action": "logs:CreateDelivery",
      "Resource": ["{theirs}:delivery-source:*", "{theirs}:delivery:*"]
    }},
    {{
      "Sid": "AllowDeliveryToDestination",
      "Effect": "Allow",
      "Principal": {{"AWS": "{root}"}},
      "Action": "logs:CreateDelivery",
      "Resource": "{ours}",
      "Condition": {{
        "StringEquals": {{"aws:SourceAccount": "{source}"}},
        "ArnLike": {{"aws:SourceArn": "{theirs}:delivery-source:*"}}
      }}
    }}
  ]
}}
"#
    )
}
