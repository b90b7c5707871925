//! Deliveries: one source, one destination.

use logveil::{CreateDelivery, Delivery, S3DeliveryConfiguration, UpdateDeliveryConfiguration};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, listed, object, operation, some, texts};
use crate::answer::Failure;
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("CreateDelivery", create),
    operation("GetDelivery", get),
    operation("DescribeDeliveries", describe),
    operation("DeleteDelivery", delete),
    operation("UpdateDeliveryConfiguration", update),
];

fn create(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let delivery = call.engine.create_delivery(CreateDelivery {
        delivery_source_name: input.needed("deliverySourceName")?.to_owned(),
        delivery_destination_arn: input.needed("deliveryDestinationArn")?.to_owned(),
        record_fields: input.texts("recordFields")?,
        field_delimiter: input.owned("fieldDelimiter")?,
        s3_delivery_configuration: s3_configuration(call)?,
        tags: input.map("tags")?.unwrap_or_default(),
    })?;
    Ok(json!({ "delivery": shown(delivery) }))
}

fn get(call: &mut Call<'_>) -> Answer {
    let delivery = call.engine.get_delivery(call.input.needed("id")?)?;
    Ok(json!({ "delivery": shown(delivery) }))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let (limit, token) = (call.input.count("limit")?, call.input.text("nextToken")?);
    let names = call.input.texts("deliverySourceNames")?;
    let page = call.engine.describe_deliveries(names.as_deref(), limit, token)?;
    let deliveries: Vec<Value> = page.items.into_iter().map(shown).collect();
    Ok(object([("deliveries", Some(deliveries.into())), ("nextToken", some(page.next_token))]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_delivery(call.input.needed("id")?)?;
    empty()
}

fn update(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    call.engine.update_delivery_configuration(UpdateDeliveryConfiguration {
        id: input.needed("id")?.to_owned(),
        record_fields: input.texts("recordFields")?,
        field_delimiter: input.owned("fieldDelimiter")?,
        s3_delivery_configuration: s3_configuration(call)?,
    })?;
    empty()
}

fn s3_configuration(call: &Call<'_>) -> Result<Option<S3DeliveryConfiguration>, Failure> {
    let Some(found) = call.input.inner("s3DeliveryConfiguration")? else { return Ok(None) };
    Ok(Some(S3DeliveryConfiguration {
        suffix_path: found.owned("suffixPath")?,
        enable_hive_compatible_path: found.flag("enableHiveCompatiblePath")?.unwrap_or_default(),
    }))
}

pub(super) fn shown_s3(configuration: S3DeliveryConfiguration) -> Value {
    object([
        ("suffixPath", some(configuration.suffix_path)),
        ("enableHiveCompatiblePath", Some(configuration.enable_hive_compatible_path.into())),
    ])
}

fn shown(delivery: Delivery) -> Value {
    object([
        ("id", Some(delivery.id.into())),
        ("arn", Some(delivery.arn.into())),
        ("deliverySourceName", Some(delivery.delivery_source_name.into())),
        ("deliveryDestinationArn", Some(delivery.delivery_destination_arn.into())),
        ("deliveryDestinationType", Some(delivery.delivery_destination_type.as_str().into())),
        ("recordFields", listed(delivery.record_fields)),
        ("fieldDelimiter", some(delivery.field_delimiter)),
        ("s3DeliveryConfiguration", delivery.s3_delivery_configuration.map(shown_s3)),
        ("tags", (!delivery.tags.is_empty()).then(|| texts(delivery.tags))),
    ])
}
