//! Delivery destinations and their policies.

use logveil::{DeliveryDestination, DeliveryDestinationType, OutputFormat, PutDeliveryDestination};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, object, operation, some, texts};
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutDeliveryDestination", put),
    operation("GetDeliveryDestination", get),
    operation("DescribeDeliveryDestinations", describe),
    operation("DeleteDeliveryDestination", delete),
    operation("PutDeliveryDestinationPolicy", put_policy),
    operation("GetDeliveryDestinationPolicy", get_policy),
    operation("DeleteDeliveryDestinationPolicy", delete_policy),
];

fn put(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let resource = match input.inner("deliveryDestinationConfiguration")? {
        Some(configuration) => configuration.owned("destinationResourceArn")?,
        None => None,
    };
    let destination = call.engine.put_delivery_destination(PutDeliveryDestination {
        name: input.needed("name")?.to_owned(),
        output_format: input.parsed("outputFormat", OutputFormat::parse)?,
        destination_resource_arn: resource,
        delivery_destination_type: input
            .parsed("deliveryDestinationType", DeliveryDestinationType::parse)?,
        role_arn: input.owned("roleArn")?,
        tags: input.map("tags")?.unwrap_or_default(),
    })?;
    Ok(json!({ "deliveryDestination": shown(destination) }))
}

fn get(call: &mut Call<'_>) -> Answer {
    let destination = call.engine.get_delivery_destination(call.input.needed("name")?)?;
    Ok(json!({ "deliveryDestination": shown(destination) }))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let (limit, token) = (call.input.count("limit")?, call.input.text("nextToken")?);
    let page = call.engine.describe_delivery_destinations(limit, token)?;
    let destinations: Vec<Value> = page.items.into_iter().map(shown).collect();
    let destinations = Some(destinations.into());
    Ok(object([("deliveryDestinations", destinations), ("nextToken", some(page.next_token))]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_delivery_destination(call.input.needed("name")?)?;
    empty()
}

fn put_policy(call: &mut Call<'_>) -> Answer {
    let name = call.input.needed("deliveryDestinationName")?;
    let policy = call.input.needed("deliveryDestinationPolicy")?;
    call.engine.put_delivery_destination_policy(name, policy)?;
    Ok(json!({ "policy": { "deliveryDestinationPolicy": policy } }))
}

fn get_policy(call: &mut Call<'_>) -> Answer {
    let name = call.input.needed("deliveryDestinationName")?;
    let policy = call.engine.get_delivery_destination_policy(name)?;
    Ok(json!({ "policy": { "deliveryDestinationPolicy": policy } }))
}

fn delete_policy(call: &mut Call<'_>) -> Answer {
    let name = call.input.needed("deliveryDestinationName")?;
    call.engine.delete_delivery_destination_policy(name)?;
    empty()
}

fn shown(destination: DeliveryDestination) -> Value {
    let resource = destination.destination_resource_arn;
    object([
        ("name", Some(destination.name.into())),
        ("arn", Some(destination.arn.into())),
        ("deliveryDestinationType", Some(destination.delivery_destination_type.as_str().into())),
        ("outputFormat", Some(destination.output_format.as_str().into())),
        (
            "deliveryDestinationConfiguration",
            resource.map(|arn| json!({ "destinationResourceArn": arn })),
        ),
        ("roleArn", some(destination.role_arn)),
        ("tags", (!destination.tags.is_empty()).then(|| texts(destination.tags))),
    ])
}
