//! S3: an object for each item.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ObjectCannedAcl;
use futures_util::{StreamExt as _, stream};
use logveil::{DeliveryError, Outgoing};

use crate::aws::{AT_ONCE, Results};
use crate::error::of_request;

pub(crate) async fn deliver(
    config: &SdkConfig,
    own_endpoint: bool,
    batch: &[Outgoing<'_>],
) -> Results {
    // Other servers than AWS's have no host name for each bucket.
    let client = Client::from_conf(Builder::from(config).force_path_style(own_endpoint).build());
    let objects = batch.iter().map(|outgoing| put(&client, outgoing));
    stream::iter(objects).buffered(AT_ONCE).collect().await
}

/// What is sent again has the same key, and takes the place of what arrived before.
async fn put(client: &Client, outgoing: &Outgoing<'_>) -> Result<(), DeliveryError> {
    let Some(key) = outgoing.object_key else { return Err(DeliveryError::Refused) };
    // The ARN may go on with a prefix, which the key then begins with.
    let resource = outgoing.destination_arn.resource();
    let bucket = resource.split('/').next().unwrap_or(resource);
    let request = client
        .put_object()
        .bucket(bucket)
        .key(key)
        // Bucket policies for log delivery demand it.
        .acl(ObjectCannedAcl::BucketOwnerFullControl)
        .body(ByteStream::from(outgoing.data.to_vec()));
    request.send().await.map(drop).map_err(|error| of_request(&error))
}
