//! A batch → requests that the service takes.

#[cfg(any(feature = "kinesis", feature = "firehose"))]
use logveil::DeliveryError;
use logveil::Outgoing;

#[cfg(any(feature = "kinesis", feature = "firehose"))]
use crate::aws::Results;

/// What one request of a service may hold.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Records.
    pub(crate) records: usize,
    /// Bytes, as the service counts them.
    pub(crate) bytes: usize,
}

/// Cuts a batch, in order, into parts within the limits. `size` is what the service counts of an
/// item, in bytes. An item above the limit is a part of its own, for the service to judge.
pub(crate) fn cut<'b, 'a>(
    mut batch: &'b [Outgoing<'a>],
    limits: Limits,
    size: impl Fn(&Outgoing<'a>) -> usize,
) -> impl Iterator<Item = &'b [Outgoing<'a>]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |outgoing: &&Outgoing<'a>| {
            bytes += size(outgoing);
            bytes <= limits.bytes
        };
        let count = batch.iter().take(limits.records).take_while(fits).count();
        let (part, rest) = batch.split_at(count.max(1).min(batch.len()));
        batch = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// Sends a part. When the request is refused as a whole, one of its records may be to blame for
/// all: then each is sent alone.
#[cfg(any(feature = "kinesis", feature = "firehose"))]
pub(crate) async fn whole_or_each(
    part: &[Outgoing<'_>],
    send: impl AsyncFn(&[Outgoing<'_>]) -> Results,
) -> Results {
    let whole = send(part).await;
    if part.len() == 1 || whole.iter().any(|it| *it != Err(DeliveryError::Refused)) {
        return whole;
    }
    let mut results = Vec::with_capacity(part.len());
    for one in part.chunks(1) {
        results.extend(send(one).await);
    }
    results
}

#[cfg(test)]
mod tests {
    use logveil::{Arn, OutgoingKind};

    use super::*;

    #[test]
    fn parts_hold_all_in_order_within_the_limits() {
        let arn = Arn::parse("arn", "arn:aws:kinesis:r:1:stream/s").unwrap();
        let bytes = [3, 4, 4, 9, 20, 1, 1, 1, 1].map(|len| vec![0; len]);
        let batch: Vec<_> = bytes
            .iter()
            .map(|data| Outgoing {
                destination_arn: &arn,
                kind: OutgoingKind::Data,
                name: "f",
                partition_key: None,
                object_key: None,
                log_place: None,
                data,
            })
            .collect();
        let cut = |records, bytes| -> Vec<Vec<usize>> {
            let parts = cut(&batch, Limits { records, bytes }, |outgoing| outgoing.data.len());
            parts.map(|part| part.iter().map(|outgoing| outgoing.data.len()).collect()).collect()
        };
        assert_eq!(cut(3, 10), [vec![3, 4], vec![4], vec![9], vec![20], vec![1, 1, 1], vec![1]]);
        assert_eq!(cut(500, 1000), [[3, 4, 4, 9, 20, 1, 1, 1, 1]]);
        assert_eq!(cut(1, 1000).len(), 9);
    }
}
