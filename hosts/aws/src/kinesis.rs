//! Kinesis Data Streams: a record for each payload, hundreds in a request.

use aws_config::{Region, SdkConfig};
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::Builder;
use aws_sdk_kinesis::error::BuildError;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use logveil::{DeliveryError, Outgoing};

use crate::aws::Results;
use crate::error::{of_record, of_request};
use crate::requests::{Limits, cut, whole_or_each};

/// Source: Kinesis Data Streams API Reference, PutRecords: 500 records. The request may have 10 MiB
/// by now; 5 MiB is what every endpoint takes. Partition keys count.
const LIMITS: Limits = Limits { records: 500, bytes: 5 * 1024 * 1024 };

pub(crate) async fn deliver(config: &SdkConfig, batch: &[Outgoing<'_>]) -> Results {
    let Some(arn) = batch.first().map(|outgoing| outgoing.destination_arn) else {
        return Vec::new();
    };
    let region = Region::new(arn.region().to_owned());
    let client = Client::from_conf(Builder::from(config).region(region).build());
    let size = |outgoing: &Outgoing<'_>| outgoing.data.len() + key(outgoing).len();
    let mut results = Vec::with_capacity(batch.len());
    for part in cut(batch, LIMITS, size) {
        results
            .extend(whole_or_each(part, async |part| put(&client, arn.as_str(), part).await).await);
    }
    results
}

/// Puts records, each of which may be refused by itself.
async fn put(client: &Client, stream_arn: &str, part: &[Outgoing<'_>]) -> Results {
    let Ok(records) = part.iter().map(record).collect() else {
        return vec![Err(DeliveryError::Refused); part.len()];
    };
    match client.put_records().stream_arn(stream_arn).set_records(Some(records)).send().await {
        Ok(answer) => {
            let mut results: Results = answer.records().iter().map(result).collect();
            // A record that the answer leaves out may not have arrived.
            results.resize(part.len(), Err(DeliveryError::Unavailable));
            results
        }
        Err(error) => vec![Err(of_request(&error)); part.len()],
    }
}

fn record(outgoing: &Outgoing<'_>) -> Result<PutRecordsRequestEntry, BuildError> {
    let entry = PutRecordsRequestEntry::builder();
    entry.data(Blob::new(outgoing.data)).partition_key(key(outgoing)).build()
}

/// Findings have none; those of one policy then share a shard.
fn key<'a>(outgoing: &Outgoing<'a>) -> &'a str {
    outgoing.partition_key.unwrap_or("findings")
}

fn result(entry: &PutRecordsResultEntry) -> Result<(), DeliveryError> {
    match (entry.error_code(), entry.sequence_number()) {
        (Some(code), _) => Err(of_record(code)),
        (None, Some(_)) => Ok(()),
        (None, None) => Err(DeliveryError::Unavailable),
    }
}
