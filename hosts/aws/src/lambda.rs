//! Lambda: an asynchronous invocation for each payload.

use aws_config::{Region, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use futures_util::{StreamExt as _, stream};
use logveil::{DeliveryError, Outgoing};

use crate::aws::{AT_ONCE, Results};
use crate::error::of_request;

pub(crate) async fn deliver(config: &SdkConfig, batch: &[Outgoing<'_>]) -> Results {
    let Some(arn) = batch.first().map(|outgoing| outgoing.destination_arn) else {
        return Vec::new();
    };
    let region = Region::new(arn.region().to_owned());
    let client = Client::from_conf(Builder::from(config).region(region).build());
    let invocations = batch.iter().map(|outgoing| invoke(&client, outgoing));
    stream::iter(invocations).buffered(AT_ONCE).collect().await
}

/// The function's answer is not waited for: Lambda queues the event and tries it again itself.
async fn invoke(client: &Client, outgoing: &Outgoing<'_>) -> Result<(), DeliveryError> {
    let request = client
        .invoke()
        .function_name(outgoing.destination_arn.as_str())
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(outgoing.data));
    request.send().await.map(drop).map_err(|error| of_request(&error))
}
