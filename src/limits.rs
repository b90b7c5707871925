//! Every quota as a named constant, with its unit and its source.

// Named, as the build script includes this file from elsewhere.
#[path = "limits/query.rs"]
mod query;
#[path = "limits/resources.rs"]
mod resources;

pub use query::*;
pub use resources::*;

/// Longest data protection policy document, in characters. An equal length is accepted.
///
/// Source: CloudWatch Logs API Reference, PutDataProtectionPolicy.
pub const POLICY_DOCUMENT_CHARS_MAX: usize = 30_720;

/// Deepest nesting of a JSON document that we read, in objects and arrays.
///
/// Source: none; the deepest valid policy needs seven. A choice that stops depth bombs.
pub const JSON_DEPTH_MAX: usize = 128;

/// Most custom data identifiers in one policy.
///
/// Source: CloudWatch Logs User Guide, Custom data identifiers.
pub const CUSTOM_IDENTIFIERS_MAX: usize = 10;

/// Longest name of a custom data identifier, in characters.
///
/// Source: CloudWatch Logs User Guide, Custom data identifiers.
pub const CUSTOM_NAME_CHARS_MAX: usize = 128;

/// Longest regular expression of a custom data identifier, in characters.
///
/// Source: CloudWatch Logs User Guide, Custom data identifiers.
pub const CUSTOM_REGEX_CHARS_MAX: usize = 200;

/// Memory that one custom regular expression may need once compiled, in bytes.
///
/// Source: none; a choice. Common ones need less than 10,000.
pub const CUSTOM_REGEX_COMPILED_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Steps in which one custom regular expression has to be compiled, each over one state of its
/// NFA. Common ones need a few thousand, or 0.1 ms.
///
/// Source: none; a choice that bounds the time by work, which is the same on every machine. The
/// worst of 5,000 made-up expressions took 44 ms of processor time.
pub const CUSTOM_REGEX_STEPS_MAX: usize = 700_000;

/// Largest gap between a keyword and a value, in characters; a gap of this size still counts.
///
/// Source: CloudWatch Logs User Guide, Managed data identifiers.
pub const KEYWORD_DISTANCE_CHARS: usize = 30;

/// Longest account policy name, in characters.
///
/// Source: the resource schema of AWS::Logs::AccountPolicy; the API model states none.
pub const ACCOUNT_POLICY_NAME_CHARS_MAX: usize = 256;

/// Longest `selectionCriteria`, in UTF-8 bytes (25 KB).
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const SELECTION_CRITERIA_BYTES_MAX: usize = 25 * 1024;

/// Largest `PutLogEvents` batch, in bytes: the sum of all messages in UTF-8
/// plus [`EVENT_OVERHEAD_BYTES`] for each event. An equal size is accepted.
///
/// Source: CloudWatch Logs API Reference, PutLogEvents.
pub const BATCH_BYTES_MAX: usize = 1_048_576;

/// Bytes that each event adds to the size of its batch.
///
/// Source: CloudWatch Logs API Reference, PutLogEvents.
pub const EVENT_OVERHEAD_BYTES: usize = 26;

/// Largest event, in bytes, overhead included. An equal size is accepted.
///
/// Source: CloudWatch Logs User Guide, quotas (1,024 KB). Whether the overhead counts is not said.
// Choice: the overhead counts, so that one event of this size is also a whole batch.
pub const EVENT_BYTES_MAX: usize = 1_048_576;

/// Most events in one batch.
///
/// Source: CloudWatch Logs API Reference, PutLogEvents.
pub const BATCH_EVENTS_MAX: usize = 10_000;

/// Longest time between the first and the last valid event of a batch, in milliseconds (24 hours).
///
/// Source: CloudWatch Logs API Reference, PutLogEvents.
pub const BATCH_SPAN_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// How far in the future an event may lie, in milliseconds (2 hours); an equal distance is
/// accepted.
///
/// Source: CloudWatch Logs API Reference, PutLogEvents.
pub const EVENT_FUTURE_MS_MAX: i64 = 2 * 60 * 60 * 1000;

/// How old an event may be, in milliseconds (14 days); an equal age is accepted.
///
/// Source: CloudWatch Logs API Reference, PutLogEvents.
pub const EVENT_AGE_MS_MAX: i64 = 14 * 24 * 60 * 60 * 1000;

/// Longest log group, log stream, filter or destination name, in characters.
///
/// Source: CloudWatch Logs API Reference, data types.
pub const NAME_CHARS_MAX: usize = 512;

/// Longest filter pattern, in characters.
///
/// Source: CloudWatch Logs API Reference, PutSubscriptionFilter.
pub const FILTER_PATTERN_CHARS_MAX: usize = 1024;

/// Longest `fieldSelectionCriteria`, in characters.
///
/// Source: CloudWatch Logs API Reference, PutSubscriptionFilter.
pub const FIELD_SELECTION_CHARS_MAX: usize = 2000;

/// Most metric filters on one log group.
///
/// Source: CloudWatch Logs User Guide, quotas.
pub const METRIC_FILTERS_MAX: usize = 100;

/// Most filters with a regular expression on one log group, metric and subscription filters
/// together.
///
/// Source: CloudWatch Logs User Guide, quotas.
pub const FILTERS_WITH_REGEX_MAX: usize = 5;

/// Longest name or namespace of a metric, in characters.
///
/// Source: CloudWatch Logs API Reference, MetricTransformation.
pub const METRIC_NAME_CHARS_MAX: usize = 255;

/// Longest `metricValue`, in characters.
///
/// Source: CloudWatch Logs API Reference, MetricTransformation.
pub const METRIC_VALUE_CHARS_MAX: usize = 100;

/// Largest value of a metric, and with a minus the smallest (2^360).
///
/// Source: CloudWatch API Reference, MetricDatum.
pub const METRIC_VALUE_MAX: f64 = 2.348_542_582_773_833_2e108;

/// Most dimensions of one metric filter, those of system fields included.
///
/// Source: CloudWatch Logs User Guide, quotas.
pub const METRIC_DIMENSIONS_MAX: usize = 3;

/// Longest name of a dimension, and longest selector of its value, in characters.
///
/// Source: CloudWatch Logs API Reference, MetricTransformation.
pub const DIMENSION_CHARS_MAX: usize = 255;

/// Longest value of a dimension, in characters, which are ASCII.
///
/// Source: CloudWatch API Reference, Dimension.
pub const DIMENSION_VALUE_CHARS_MAX: usize = 1024;

/// Most different names and values of dimensions that one metric filter gives in an hour.
///
/// Source: CloudWatch Logs API Reference, PutMetricFilter.
pub const DIMENSION_PAIRS_MAX: usize = 1000;

/// Most data points that are handed out at once.
///
/// Source: CloudWatch API Reference, PutMetricData.
pub const METRIC_DATA_BATCH_MAX: usize = 1000;

/// Most data points (a metric and a minute) that wait to be handed out; the oldest make room and
/// are counted. Each takes about 200 bytes of memory.
///
/// Source: none; a choice that bounds memory.
pub const METRIC_DATA_MAX: usize = 50_000;

/// Most messages in one `TestMetricFilter`.
///
/// Source: CloudWatch Logs API Reference, TestMetricFilter.
pub const TEST_MESSAGES_MAX: usize = 50;

/// Most regular expressions in one filter pattern.
///
/// Source: CloudWatch Logs User Guide, Filter pattern syntax (JSON and space-delimited patterns).
// Choice: for patterns of terms too, where the guide states no number.
pub const FILTER_REGEXES_MAX: usize = 2;

/// Most wildcards (`[*]`, `.*`) in the selectors of one JSON filter pattern; one selector has one.
///
/// Source: CloudWatch Logs User Guide, Filter pattern syntax.
pub const FILTER_WILDCARDS_MAX: usize = 3;

/// Memory that one regular expression of a filter pattern may need as an automaton, in bytes.
///
/// Source: none; a choice that bounds the time per byte of an event.
pub const FILTER_REGEX_BYTES_MAX: usize = 64 * 1024;

/// Most subscription filters on one log group.
///
/// Source: CloudWatch Logs User Guide, quotas. The API Reference still says 2.
// Choice: the larger of two documented numbers, as the quota page is the newer one.
pub const SUBSCRIPTION_FILTERS_MAX: usize = 5;

/// Most events in one page of `GetLogEvents` or `FilterLogEvents`.
///
/// Source: CloudWatch Logs API Reference, GetLogEvents.
pub const PAGE_EVENTS_MAX: usize = 10_000;

/// Most bytes of messages in one page of `GetLogEvents` or `FilterLogEvents`.
///
/// Source: CloudWatch Logs API Reference, GetLogEvents (1 MB).
pub const PAGE_BYTES_MAX: usize = 1_048_576;

/// How long a paging token is valid, in milliseconds (24 hours); one of this age still is.
///
/// Source: CloudWatch Logs API Reference, GetLogEvents, FilterLogEvents, DescribeLogGroups.
pub const PAGING_TOKEN_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// Most items in one page of a `Describe…` operation, and the default.
///
/// Source: CloudWatch Logs API Reference, DescribeLogGroups.
pub const DESCRIBE_PAGE_MAX: usize = 50;

/// Most log streams named in one `FilterLogEvents`.
///
/// Source: CloudWatch Logs API Reference, FilterLogEvents.
pub const FILTER_LOG_STREAMS_MAX: usize = 100;

/// Largest record for Kinesis Data Streams or Firehose, in gzip bytes before base64; for Kinesis
/// the partition key counts as well.
///
/// Source: Kinesis Data Streams (1 MiB) and Firehose (1,000 KiB) quotas.
// Choice: a round number below both, so that one payload fits either target.
pub const RECORD_BYTES_MAX: usize = 1_000_000;

/// Largest Lambda invocation, in bytes of the JSON envelope.
///
/// Source: AWS Lambda quotas, asynchronous invocation.
pub const LAMBDA_ENVELOPE_BYTES_MAX: usize = 1_000_000;

/// Longest private key block from its BEGIN line, in bytes.
///
/// Source: none; an RSA key of 16,384 bits takes about 13,000 bytes. A choice with room to spare.
pub const KEY_BLOCK_BYTES_MAX: usize = 64 * 1024;

/// Most lines of a private key block that is spread over lines.
///
/// Source: none; 64 KiB of 70-character lines is more, an RSA-16384 key has about 180. A choice.
pub const KEY_BLOCK_LINES_MAX: usize = 400;

/// Longest access policy of a logical destination, in bytes.
///
/// Source: CloudWatch Logs API Reference, PutDestinationPolicy.
pub const ACCESS_POLICY_BYTES_MAX: usize = 5120;

/// Most events that one page of `FilterLogEvents` looks at; the page then ends with a token.
///
/// Source: none; AWS says that pages may be partly full or empty. A choice that bounds the time
/// for which one search holds up writers.
pub const SCAN_EVENTS_MAX: usize = 100_000;

/// Earliest `startTime` with which FilterLogEvents takes `startFromHead` = false: 2024-01-01, in ms
/// since 1970 UTC.
///
/// Source: CloudWatch Logs API Reference, FilterLogEvents.
pub const SEARCH_FROM_TAIL_MS: i64 = 1_704_067_200_000;

/// Most reads with a grant that the engine remembers; older ones are dropped and counted. On disk
/// are at most twice as many.
///
/// Source: none; a choice that bounds memory and disk.
pub const UNMASK_LOG_READS_MAX: usize = 10_000;

/// Most data keys that are kept in memory; the one that was used longest ago makes room.
///
/// Source: none; a choice. A key is needed for each log group and day that is written or unmasked.
pub const DATA_KEYS_CACHED_MAX: usize = 1024;

/// Longest data key in its wrapped form, in bytes.
///
/// Source: AWS KMS API Reference, Decrypt (`CiphertextBlob`, 6,144 bytes).
pub const WRAPPED_KEY_BYTES_MAX: usize = 6144;

/// Longest id of a key-encryption key, in bytes.
///
/// Source: AWS KMS API Reference, Decrypt (`KeyId`, 2,048 characters).
pub const KEY_ID_BYTES_MAX: usize = 2048;

/// How long the originals of a deleted log group, or of one whose retention was shortened, stay
/// readable unless the host says otherwise, in milliseconds (72 hours).
///
/// Source: CloudWatch Logs API Reference, PutRetentionPolicy: deletion takes up to 72 hours.
pub const KEY_GRACE_MS: i64 = 72 * 60 * 60 * 1000;

/// How much of what comes in is kept in memory before it is written as a table unless the host says
/// otherwise, in bytes (16 MiB).
///
/// Source: none; a choice. Four of them waiting are 64 MiB, which a small host still has.
pub const TABLE_BYTES: u64 = 16 << 20;

/// The least that a table may be told to hold, in bytes (4 KiB).
///
/// Source: none; a choice. It is the size of one block of a table.
pub const TABLE_BYTES_MIN: u64 = 4 << 10;

/// Most bytes that a payload may unpack to, in bytes (256 MiB).
///
/// Source: none; a choice that stops compression bombs.
pub const DECODED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Most payloads and records in one batch for a destination.
///
/// Source: Kinesis PutRecords and Firehose PutRecordBatch (500).
pub const DELIVERY_BATCH_ITEMS_MAX: usize = 500;

/// Bytes from which on nothing more is added to a batch for a destination.
///
/// Source: Firehose PutRecordBatch (4 MiB), less the largest record.
pub const DELIVERY_BATCH_BYTES: usize = 4 * 1024 * 1024 - RECORD_BYTES_MAX;

/// How long a delivery is tried, in milliseconds (24 hours), from when it was queued on. It is
/// given up when an attempt fails at this age.
///
/// Source: CloudWatch Logs User Guide, Subscriptions: retried for up to 24 hours, then dropped.
pub const DELIVERY_AGE_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// Longest wait before the first retry of a delivery, in milliseconds; it doubles with each.
///
/// Source: none; a choice.
pub const DELIVERY_RETRY_MS: i64 = 1000;

/// Longest first pause of a filter whose destination may not be written to or is not there, in
/// milliseconds; it doubles with each.
///
/// Source: none; a choice.
pub const DELIVERY_PAUSE_MS: i64 = 30 * 1000;

/// Longest wait between two attempts to deliver, in milliseconds (10 minutes).
///
/// Source: CloudWatch Logs User Guide, Subscriptions: disabled for up to 10 minutes.
pub const DELIVERY_PAUSE_MS_MAX: i64 = 10 * 60 * 1000;

/// Most entries (a batch for one filter or policy) that wait for one destination, unless the host
/// says otherwise. Each takes about 100 bytes of memory.
///
/// Source: none; a choice: 24 hours of eleven batches a second.
pub const BACKLOG_ENTRIES_MAX: usize = 1_000_000;

/// Longest name of a delivery source or a delivery destination, in characters.
///
/// Source: CloudWatch Logs API Reference, PutDeliverySource, PutDeliveryDestination.
pub const DELIVERY_NAME_CHARS_MAX: usize = 60;

/// Longest policy of a delivery destination, in characters.
///
/// Source: CloudWatch Logs API Reference, PutDeliveryDestinationPolicy.
pub const DELIVERY_POLICY_CHARS_MAX: usize = 51_200;

/// Most record fields of a delivery.
///
/// Source: CloudWatch Logs API Reference, CreateDelivery.
pub const RECORD_FIELDS_MAX: usize = 128;

/// Longest name of a record field, in characters.
///
/// Source: CloudWatch Logs API Reference, CreateDelivery.
pub const RECORD_FIELD_CHARS_MAX: usize = 64;

/// Longest delimiter between record fields, in characters.
///
/// Source: CloudWatch Logs API Reference, CreateDelivery.
pub const FIELD_DELIMITER_CHARS_MAX: usize = 5;

/// Longest suffix of an object's path, in characters.
///
/// Source: CloudWatch Logs API Reference, S3DeliveryConfiguration.
pub const SUFFIX_PATH_CHARS_MAX: usize = 256;

/// Longest log type, service, resource type, and key or value of a delivery source's configuration,
/// in characters.
///
/// Source: CloudWatch Logs API Reference, PutDeliverySource, DescribeConfigurationTemplates.
pub const LOG_TYPE_CHARS_MAX: usize = 255;

/// Longest id of a delivery, in characters.
///
/// Source: CloudWatch Logs API Reference, GetDelivery.
pub const DELIVERY_ID_CHARS_MAX: usize = 64;

/// Most sources or resources by which one `Describe…` of delivery objects selects.
///
/// Source: CloudWatch Logs API Reference, DescribeDeliveries, DescribeDeliverySources.
pub const DELIVERY_SELECTORS_MAX: usize = 20;

/// Most log types or resource types by which templates are selected.
///
/// Source: CloudWatch Logs API Reference, DescribeConfigurationTemplates.
pub const TEMPLATE_SELECTORS_MAX: usize = 10;

/// Most destination types by which templates are selected.
///
/// Source: CloudWatch Logs API Reference, DescribeConfigurationTemplates.
pub const TEMPLATE_DESTINATION_TYPES_MAX: usize = 4;

/// Most delivery sources, delivery destinations, and deliveries of an account, each.
///
/// Source: none; AWS publishes no number. A choice that bounds memory.
pub const DELIVERY_OBJECTS_MAX: usize = 1000;

/// How long records for a bucket wait for others before they leave in one object, in milliseconds
/// of the engine's clock (five minutes).
///
/// Source: none; the interval is per service and not published. A choice.
pub const ROLLOVER_MS: i64 = 5 * 60 * 1000;

/// Bytes of messages with which an object for a bucket is full before its time (4 MiB).
///
/// Source: none; a choice that bounds the memory of one object.
pub const ROLLOVER_BYTES: u64 = 4 * 1024 * 1024;

/// Longest IAM policy of an identity, in characters, with its white space.
///
/// Source: IAM User Guide, IAM and AWS STS quotas: 10,240 for the inline policies of a role, where
/// white space does not count; here it does.
pub const IDENTITY_POLICY_CHARS_MAX: usize = 10_240;

/// Hours of findings that are counted by identifier: a week of hours that had any.
///
/// Source: none; a choice that bounds memory.
pub const HISTORY_HOURS_MAX: usize = 7 * 24;

/// Identifiers that are told apart in one hour; what findings report beyond them is summed up.
///
/// Source: none; a choice that bounds memory. There are 98 managed identifiers and as many custom
/// ones as policies define.
pub const HISTORY_IDENTIFIERS_MAX: usize = 256;
