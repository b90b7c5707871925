//! Logical destinations.

use logveil::{
    Arn, DescribeDestinations, DestinationName, LogicalDestination, PutDestination,
    PutDestinationPolicy,
};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, object, operation, some};
use crate::answer::Failure;
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutDestination", put),
    operation("PutDestinationPolicy", put_policy),
    operation("DescribeDestinations", describe),
    operation("DeleteDestination", delete),
];

fn name(call: &Call<'_>) -> Result<DestinationName, Failure> {
    Ok(DestinationName::new(call.input.needed("destinationName")?)?)
}

fn put(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let destination = call.engine.put_destination(PutDestination {
        destination_name: name(call)?,
        target_arn: Arn::parse("targetArn", input.needed("targetArn")?)?,
        role_arn: Arn::parse("roleArn", input.needed("roleArn")?)?,
        tags: input.map("tags")?.unwrap_or_default(),
    })?;
    Ok(json!({ "destination": shown(&destination) }))
}

fn put_policy(call: &mut Call<'_>) -> Answer {
    call.engine.put_destination_policy(PutDestinationPolicy {
        destination_name: name(call)?,
        access_policy: call.input.needed("accessPolicy")?.to_owned(),
        force_update: call.input.flag("forceUpdate")?.unwrap_or_default(),
    })?;
    empty()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_destinations(&DescribeDestinations {
        destination_name_prefix: input.owned("DestinationNamePrefix")?,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let destinations: Vec<Value> = page.destinations.iter().map(shown).collect();
    Ok(object([("destinations", Some(destinations.into())), ("nextToken", some(page.next_token))]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_destination(&name(call)?)?;
    empty()
}

fn shown(destination: &LogicalDestination) -> Value {
    object([
        ("destinationName", Some(destination.destination_name.as_str().into())),
        ("targetArn", Some(destination.target_arn.as_str().into())),
        ("roleArn", Some(destination.role_arn.as_str().into())),
        ("accessPolicy", some(destination.access_policy.as_deref())),
        ("arn", Some(destination.arn.as_str().into())),
        ("creationTime", Some(destination.creation_time.into())),
    ])
}
