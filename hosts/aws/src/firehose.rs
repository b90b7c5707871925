//! Firehose: a record for each payload or finding, hundreds in a request.

use aws_config::{Region, SdkConfig};
use aws_sdk_firehose::Client;
use aws_sdk_firehose::config::Builder;
use aws_sdk_firehose::error::BuildError;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::{PutRecordBatchResponseEntry, Record};
use logveil::{DeliveryError, Outgoing};

use crate::aws::Results;
use crate::error::{of_record, of_request};
use crate::requests::{Limits, cut, whole_or_each};

/// Source: Firehose API Reference, PutRecordBatch: 500 records, 4 MiB.
const LIMITS: Limits = Limits { records: 500, bytes: 4 * 1024 * 1024 };

pub(crate) async fn deliver(config: &SdkConfig, batch: &[Outgoing<'_>]) -> Results {
    let Some(arn) = batch.first().map(|outgoing| outgoing.destination_arn) else {
        return Vec::new();
    };
    let Some(stream) = arn.resource().strip_prefix("deliverystream/") else {
        return vec![Err(DeliveryError::NotFound); batch.len()];
    };
    let region = Region::new(arn.region().to_owned());
    let client = Client::from_conf(Builder::from(config).region(region).build());
    let mut results = Vec::with_capacity(batch.len());
    for part in cut(batch, LIMITS, |outgoing| outgoing.data.len()) {
        results.extend(whole_or_each(part, async |part| put(&client, stream, part).await).await);
    }
    results
}

/// Puts records, each of which may be refused by itself.
async fn put(client: &Client, stream: &str, part: &[Outgoing<'_>]) -> Results {
    let Ok(records) = part.iter().map(record).collect() else {
        return vec![Err(DeliveryError::Refused); part.len()];
    };
    let request = client.put_record_batch().delivery_stream_name(stream);
    match request.set_records(Some(records)).send().await {
        Ok(answer) => {
            let mut results: Results = answer.request_responses().iter().map(result).collect();
            // A record that the answer leaves out may not have arrived.
            results.resize(part.len(), Err(DeliveryError::Unavailable));
            results
        }
        Err(error) => vec![Err(of_request(&error)); part.len()],
    }
}

fn record(outgoing: &Outgoing<'_>) -> Result<Record, BuildError> {
    Record::builder().data(Blob::new(outgoing.data)).build()
}

fn result(entry: &PutRecordBatchResponseEntry) -> Result<(), DeliveryError> {
    match (entry.error_code(), entry.record_id()) {
        (Some(code), _) => Err(of_record(code)),
        (None, Some(_)) => Ok(()),
        (None, None) => Err(DeliveryError::Unavailable),
    }
}
