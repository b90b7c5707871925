//! Delivery sources.

use logveil::{DeliverySource, Engine, PutDeliverySource};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, object, operation, some, texts};
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutDeliverySource", put),
    operation("GetDeliverySource", get),
    operation("DescribeDeliverySources", describe),
    operation("DeleteDeliverySource", delete),
];

fn put(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let source = call.engine.put_delivery_source(PutDeliverySource {
        name: input.needed("name")?.to_owned(),
        resource_arn: input.needed("resourceArn")?.to_owned(),
        log_type: input.needed("logType")?.to_owned(),
        tags: input.map("tags")?.unwrap_or_default(),
        delivery_source_configuration: input
            .map("deliverySourceConfiguration")?
            .unwrap_or_default(),
    })?;
    Ok(json!({ "deliverySource": shown(&call.engine, source) }))
}

fn get(call: &mut Call<'_>) -> Answer {
    let source = call.engine.get_delivery_source(call.input.needed("name")?)?;
    Ok(json!({ "deliverySource": shown(&call.engine, source) }))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let (limit, token) = (call.input.count("limit")?, call.input.text("nextToken")?);
    let arns = call.input.texts("resourceArns")?;
    let page = call.engine.describe_delivery_sources(arns.as_deref(), limit, token)?;
    let sources: Vec<Value> = page.items.into_iter().map(|it| shown(&call.engine, it)).collect();
    Ok(object([("deliverySources", Some(sources.into())), ("nextToken", some(page.next_token))]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_delivery_source(call.input.needed("name")?)?;
    empty()
}

fn shown(engine: &Engine, source: DeliverySource) -> Value {
    let active = engine.is_delivery_source_active(&source);
    let status = active.map(|active| if active { "ACTIVE" } else { "INACTIVE" });
    let configuration = source.delivery_source_configuration;
    object([
        ("name", Some(source.name.into())),
        ("arn", Some(source.arn.into())),
        ("resourceArns", Some(source.resource_arns.into())),
        ("service", Some(source.service.into())),
        ("logType", Some(source.log_type.into())),
        ("status", status.map(Into::into)),
        ("statusReason", (active == Some(false)).then(|| "RESOURCE_DELETED".into())),
        ("tags", (!source.tags.is_empty()).then(|| texts(source.tags))),
        ("deliverySourceConfiguration", (!configuration.is_empty()).then(|| texts(configuration))),
    ])
}
