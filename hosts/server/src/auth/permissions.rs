//! What each operation asks of its caller: actions, and the resources they are done to.
//!
//! Source: CloudWatch Logs API Reference (which permissions an operation needs), Service
//! Authorization Reference (actions and their resources), and the ARNs in the service's own
//! refusals: `log-group:NAME:log-stream:` for a log group, `log-group::log-stream:` for what
//! belongs to none.

use std::fmt;

use logveil::iam::{Decision, Request};
use logveil::{AccountId, Arn, Home, LogGroupName, LogStreamName, Region};
use serde_json::Value;

use super::Caller;
use crate::answer::Failure;
use crate::input::Input;

/// An action on a resource.
#[derive(Debug, Eq, PartialEq)]
struct Need {
    action: String,
    resource: String,
    /// Whether the policy of the resource is asked elsewhere, by the engine that is called.
    asked_elsewhere: bool,
}

/// What an operation is done to.
#[derive(Clone, Copy, Debug)]
enum On {
    /// Nothing that has a name.
    Account,
    /// The log group of `logGroupName` or `logGroupIdentifier`.
    LogGroup,
    /// Log groups whose name begins with the parameter.
    LogGroupsOf(&'static str),
    /// Every log group that `logGroupName`, `logGroupNames` and `logGroupIdentifiers` name.
    LogGroups,
    /// The log stream `logStreamName` of a log group.
    LogStream,
    /// The log group of a parameter that may name something else.
    Identified(&'static str),
    /// An object of a kind, which the parameter names.
    Named(&'static str, &'static str),
    /// Whatever `resourceArn` names, as it is without `:*`.
    Tagged,
    /// A delivery source, a delivery destination, and the delivery that becomes of them.
    Pair,
}

/// What operations are done to; what is not listed here is done to the account.
const TABLE: &[(On, &[&str])] = &[
    (
        On::Account,
        &[
            "CancelExportTask",
            "DeleteAccountPolicy",
            "DeleteQueryDefinition",
            "DeleteResourcePolicy",
            "DescribeAccountPolicies",
            "DescribeConfigurationTemplates",
            "DescribeDeliveries",
            "DescribeDeliveryDestinations",
            "DescribeDeliverySources",
            "DescribeExportTasks",
            "DescribeQueries",
            "DescribeQueryDefinitions",
            "DescribeResourcePolicies",
            "GetLogRecord",
            "GetQueryResults",
            "ListLogGroups",
            "ListLogGroupsForQuery",
            "PutAccountPolicy",
            "PutQueryDefinition",
            "PutResourcePolicy",
            "StopQuery",
            "TestMetricFilter",
        ],
    ),
    (
        On::LogGroup,
        &[
            "CreateExportTask",
            "CreateLogGroup",
            "DeleteDataProtectionPolicy",
            "DeleteIndexPolicy",
            "DeleteLogGroup",
            "DeleteMetricFilter",
            "DeleteRetentionPolicy",
            "DeleteSubscriptionFilter",
            "DescribeLogStreams",
            "DescribeMetricFilters",
            "DescribeSubscriptionFilters",
            "FilterLogEvents",
            "GetDataProtectionPolicy",
            "GetLogGroupFields",
            "ListTagsLogGroup",
            "PutDataProtectionPolicy",
            "PutIndexPolicy",
            "PutLogGroupDeletionProtection",
            "PutMetricFilter",
            "PutRetentionPolicy",
            "PutSubscriptionFilter",
            "TagLogGroup",
            "UntagLogGroup",
        ],
    ),
    (On::LogGroupsOf("logGroupNamePrefix"), &["DescribeLogGroups"]),
    (On::LogGroups, &["DescribeFieldIndexes", "DescribeIndexPolicies", "StartQuery"]),
    (On::LogStream, &["CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"]),
    (On::Identified("resourceIdentifier"), &["AssociateKmsKey", "DisassociateKmsKey"]),
    (
        On::Named("destination", "destinationName"),
        &["DeleteDestination", "PutDestination", "PutDestinationPolicy"],
    ),
    (On::Named("destination", "DestinationNamePrefix"), &["DescribeDestinations"]),
    (
        On::Named("delivery-destination", "name"),
        &["DeleteDeliveryDestination", "GetDeliveryDestination", "PutDeliveryDestination"],
    ),
    (
        On::Named("delivery-destination", "deliveryDestinationName"),
        &[
            "DeleteDeliveryDestinationPolicy",
            "GetDeliveryDestinationPolicy",
            "PutDeliveryDestinationPolicy",
        ],
    ),
    (
        On::Named("delivery-source", "name"),
        &["DeleteDeliverySource", "GetDeliverySource", "PutDeliverySource"],
    ),
    (
        On::Named("delivery", "id"),
        &["DeleteDelivery", "GetDelivery", "UpdateDeliveryConfiguration"],
    ),
    (On::Tagged, &["ListTagsForResource", "TagResource", "UntagResource"]),
    (On::Pair, &["CreateDelivery"]),
];

/// What an account policy of a type asks for beside the operation itself: to put, to delete and to
/// describe it.
const ACCOUNT_POLICIES: &[(&str, [Option<&str>; 3])] = &[
    (
        "DATA_PROTECTION_POLICY",
        [
            Some("PutDataProtectionPolicy"),
            Some("DeleteDataProtectionPolicy"),
            Some("GetDataProtectionPolicy"),
        ],
    ),
    (
        "SUBSCRIPTION_FILTER_POLICY",
        [
            Some("PutSubscriptionFilter"),
            Some("DeleteSubscriptionFilter"),
            Some("DescribeSubscriptionFilters"),
        ],
    ),
    (
        "TRANSFORMER_POLICY",
        [Some("PutTransformer"), Some("DeleteTransformer"), Some("GetTransformer")],
    ),
    (
        "FIELD_INDEX_POLICY",
        [Some("PutIndexPolicy"), Some("DeleteIndexPolicy"), Some("DescribeIndexPolicies")],
    ),
    (
        "METRIC_EXTRACTION_POLICY",
        [Some("PutMetricExtractionPolicy"), Some("DeleteMetricExtractionPolicy"), None],
    ),
    ("RETENTION_POLICY", [Some("PutRetentionPolicy"), Some("DeleteRetentionPolicy"), None]),
];

/// Parameters that name a role which the service is to act in.
const ROLES: [&str; 3] = ["executionRoleArn", "importRoleArn", "roleArn"];

/// Whether the caller may do the operation with these parameters; `ask` says what the policies of a
/// resource's account say. Nothing else is looked up.
///
/// # Errors
///
/// AccessDenied for the first action that is not allowed; SerializationException for a parameter
/// of another type.
pub(crate) fn authorize(
    caller: &Caller,
    operation: &str,
    input: &Input,
    ask: impl Fn(&Request<'_>) -> Decision,
) -> Result<(), Failure> {
    for Need { action, resource, asked_elsewhere } in needs(&caller.home(), operation, input)? {
        // At home the caller's own policies have to say so all the same.
        let elsewhere = asked_elsewhere && caller.is_abroad(&resource);
        let decision = match action.as_str() {
            "iam:PassRole" => caller.decide_passing(&resource),
            _ if elsewhere => caller.decide(&action, &resource, |_| Decision::Allowed),
            _ => caller.decide(&action, &resource, &ask),
        };
        if decision != Decision::Allowed {
            return Err(caller.denied(&action, &resource, decision).into());
        }
    }
    Ok(())
}

fn needs(home: &Home, operation: &str, input: &Input) -> Result<Vec<Need>, Failure> {
    let found = TABLE.iter().find(|(_, operations)| operations.contains(&operation));
    let on = found.map_or(On::Account, |(on, _)| *on);
    let action = format!("logs:{operation}");
    let mut needs: Vec<_> =
        resources(home, on, input)?.into_iter().map(|resource| need(&action, resource)).collect();
    if let On::Pair = on {
        // The destination's policy says who may deliver there, and is asked when it is done.
        needs.iter_mut().for_each(|need| need.asked_elsewhere = true);
    }
    let further = match operation {
        "PutAccountPolicy" => of_account_policy(input, 0)?,
        "DeleteAccountPolicy" => of_account_policy(input, 1)?,
        "DescribeAccountPolicies" => of_account_policy(input, 2)?,
        _ => None,
    };
    needs.extend(further.map(|further| need(&format!("logs:{further}"), general(home))));
    for role in ROLES {
        let role = input.text(role)?;
        needs.extend(role.map(|role| need("iam:PassRole", role.to_owned())));
    }
    if let "PutAccountPolicy" | "PutDataProtectionPolicy" = operation {
        needs.extend(of_document(home, input.text("policyDocument")?.unwrap_or_default()));
    }
    Ok(needs)
}

fn need(action: &str, resource: String) -> Need {
    Need { action: action.to_owned(), resource, asked_elsewhere: false }
}

fn resources(home: &Home, on: On, input: &Input) -> Result<Vec<String>, Failure> {
    Ok(match on {
        On::Account => vec![general(home)],
        On::LogGroup => log_groups(home, input, &["logGroupName", "logGroupIdentifier"], &[])?,
        On::LogGroups => {
            let lists = ["logGroupNames", "logGroupIdentifiers"];
            log_groups(home, input, &["logGroupName"], &lists)?
        }
        On::LogGroupsOf(prefix) => log_groups(home, input, &[prefix], &["logGroupIdentifiers"])?,
        On::LogStream => {
            let stream = input.text("logStreamName")?.unwrap_or_default();
            let groups = log_groups(home, input, &["logGroupName", "logGroupIdentifier"], &[])?;
            let stream = LogStreamName::new(stream).map_or("", |_| stream);
            groups.into_iter().map(|group| format!("{group}{stream}")).collect()
        }
        On::Identified(parameter) => log_groups(home, input, &["logGroupName", parameter], &[])?,
        On::Named(kind, parameter) => {
            let name = input.text(parameter)?.unwrap_or_default();
            vec![within(home, format_args!("{kind}:{name}"))]
        }
        On::Tagged => vec![owned(home, input.text("resourceArn")?.unwrap_or_default())],
        On::Pair => {
            let source = input.text("deliverySourceName")?.unwrap_or_default();
            let destination = input.text("deliveryDestinationArn")?.unwrap_or_default();
            vec![
                within(home, format_args!("delivery-source:{source}")),
                owned(home, destination),
                within(home, format_args!("delivery:*")),
            ]
        }
    })
}

/// What parameters and lists of them name; without any, what stands for nothing named.
fn log_groups(
    home: &Home,
    input: &Input,
    parameters: &[&str],
    lists: &[&str],
) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for parameter in parameters {
        found.extend(input.text(parameter)?.map(|identifier| log_group(home, identifier)));
    }
    for list in lists {
        let listed = input.texts(list)?.unwrap_or_default();
        found.extend(listed.iter().map(|identifier| log_group(home, identifier)));
    }
    if found.is_empty() {
        found.push(general(home));
    }
    Ok(found)
}

/// A log group, of a name or of an ARN with or without `:*`. It is spelt anew: no other spelling of
/// an ARN goes past a policy. What cannot be one stands for nothing named.
fn log_group(home: &Home, identifier: &str) -> String {
    let found = match identifier.starts_with("arn:") {
        false => LogGroupName::new(identifier).ok().zip(Some(home.clone())),
        true => Arn::parse("identifier", identifier).ok().and_then(|arn| {
            let name = arn.resource().strip_prefix("log-group:")?;
            let name = LogGroupName::new(name.strip_suffix(":*").unwrap_or(name)).ok()?;
            Some((name, home_of(&arn)?))
        }),
    };
    found.map_or_else(
        || general(home),
        |(name, home)| within(&home, format_args!("log-group:{name}:log-stream:")),
    )
}

/// An ARN spelt anew, a log group's without `:*`.
fn owned(home: &Home, arn: &str) -> String {
    let parsed = Arn::parse("resourceArn", arn).ok();
    let known = parsed.as_ref().and_then(|arn| home_of(arn).zip(Some(arn.resource())));
    known.map_or_else(
        || general(home),
        |(home, resource)| {
            let resource = resource.strip_suffix(":*").unwrap_or(resource);
            within(&home, format_args!("{resource}"))
        },
    )
}

/// The account and Region of an ARN of this service.
fn home_of(arn: &Arn) -> Option<Home> {
    let account = AccountId::new(arn.account()).ok()?;
    let region = Region::new(arn.region()).ok()?;
    (arn.service() == "logs").then_some(Home { account, region })
}

/// What belongs to no log group: what only a policy for all of them speaks of.
fn general(home: &Home) -> String {
    within(home, format_args!("log-group::log-stream:"))
}

fn within(home: &Home, resource: fmt::Arguments<'_>) -> String {
    let Home { account, region } = home;
    format!("arn:{}:logs:{region}:{account}:{resource}", region.partition())
}

fn of_account_policy(input: &Input, which: usize) -> Result<Option<&'static str>, Failure> {
    let kind = input.text("policyType")?;
    let found = ACCOUNT_POLICIES.iter().find(|(known, _)| Some(*known) == kind);
    Ok(found.and_then(|(_, actions)| actions[which]))
}

/// What the document of a policy asks for: the role of a subscription filter for the account, and
/// leave to send findings where a data protection policy sends them. What is no such document asks
/// for nothing; it is refused once it is read.
fn of_document(home: &Home, document: &str) -> Vec<Need> {
    let document = serde_json::from_str::<Value>(document).unwrap_or_default();
    let role = document.get("RoleArn").and_then(Value::as_str);
    let mut needs: Vec<_> =
        role.map(|role| need("iam:PassRole", role.to_owned())).into_iter().collect();
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => &[],
    };
    let destinations = statements.iter().filter_map(|statement| {
        statement.pointer("/Operation/Audit/FindingsDestination")?.as_object()
    });
    let partition = home.region.partition();
    for (kind, destination) in destinations.flatten() {
        let name = |key| destination.get(key).and_then(Value::as_str).unwrap_or_default();
        needs.push(need("logs:CreateLogDelivery", general(home)));
        match kind.as_str() {
            "CloudWatchLogs" => needs.extend(
                ["PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"]
                    .map(|action| need(&format!("logs:{action}"), general(home))),
            ),
            "Firehose" => {
                let Home { account, region } = home;
                let stream = name("DeliveryStream");
                let arn =
                    format!("arn:{partition}:firehose:{region}:{account}:deliverystream/{stream}");
                needs.push(need("firehose:TagDeliveryStream", arn));
            }
            "S3" => needs
                .extend(["s3:GetBucketPolicy", "s3:PutBucketPolicy"].map(|action| {
                    need(action, format!("arn:{partition}:s3:::{}", name("Bucket")))
                })),
            _ => {}
        }
    }
    needs
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Map;

    use super::*;

    /// What an operation needs: actions and resources.
    pub(in crate::auth) fn needed(
        home: &Home,
        operation: &str,
        input: Map<String, Value>,
    ) -> Vec<(String, String)> {
        let needs = needs(home, operation, &Input::new(input)).unwrap();
        needs.into_iter().map(|need| (need.action, need.resource)).collect()
    }

    /// The operations of the table, each as often as it stands there.
    pub(in crate::auth) fn listed() -> Vec<&'static str> {
        TABLE.iter().flat_map(|(_, operations)| *operations).copied().collect()
    }
}
