//! Quotas of log groups, tags, account policies, resource policies and exports.

use std::ops::RangeInclusive;

/// Most values in one list of the `selectionCriteria` of a metric extraction policy.
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const SELECTION_VALUES_MAX: usize = 50;

/// Most transformer policies of an account, field index policies by prefix, and field index
/// policies by data source, each.
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const SCOPED_POLICIES_MAX: usize = 20;

/// Most metric extraction policies of an account.
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const METRIC_POLICIES_MAX: usize = 5;

/// Most retention policies of an account.
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const RETENTION_POLICIES_MAX: usize = 20;

/// Fewest days for which a retention policy of an account keeps events.
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const ACCOUNT_RETENTION_DAYS_MIN: u32 = 30;

/// How long after it was put a retention policy takes effect, in milliseconds (24 hours).
///
/// Source: CloudWatch Logs API Reference, PutAccountPolicy.
pub const RETENTION_POLICY_DELAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Most log groups that a dry run of a retention policy lists.
///
/// Source: CloudWatch Logs API Reference, DryRunResult.
pub const DRY_RUN_LOG_GROUPS_MAX: usize = 20;

/// Most fields of one field index policy.
///
/// Source: CloudWatch Logs API Reference, PutIndexPolicy (20 fields of a log group).
pub const FIELD_INDEXES_MAX: usize = 20;

/// Longest name of an indexed field, in characters.
///
/// Source: CloudWatch Logs API Reference, FieldIndex.
pub const FIELD_INDEX_NAME_CHARS_MAX: usize = 512;

/// Most processors of one transformer.
///
/// Source: CloudWatch Logs API Reference, PutTransformer.
pub const PROCESSORS_MAX: usize = 20;

/// Longest resource policy, in characters.
///
/// Source: CloudWatch Logs API Reference, PutResourcePolicy.
pub const RESOURCE_POLICY_CHARS_MAX: usize = 51_200;

/// Most resource policies of an account; a log group has one besides.
///
/// Source: CloudWatch Logs API Reference, PutResourcePolicy.
pub const RESOURCE_POLICIES_MAX: usize = 10;

/// Longest name of a bucket for an export, in characters.
///
/// Source: CloudWatch Logs API Reference, CreateExportTask.
pub const EXPORT_BUCKET_CHARS_MAX: usize = 512;

/// Longest prefix of the objects of an export, in bytes.
///
/// Source: CloudWatch Logs API Reference, CreateExportTask (that of an object's key).
pub const EXPORT_PREFIX_BYTES_MAX: usize = 1024;

/// Most export tasks that are remembered; the one that was made first makes room.
///
/// Source: none; a choice that bounds memory and disk.
pub const EXPORT_TASKS_MAX: usize = 1000;

/// Bytes of lines that an export reads before it waits until they are gone (4 MiB), and the most in
/// one object, but for the last line.
///
/// Source: none; a choice that bounds memory and disk.
pub const EXPORT_STEP_BYTES: usize = 4 * 1024 * 1024;

/// Most objects that an export has on their way at a time.
///
/// Source: none; a choice: one request to S3 each.
pub const EXPORT_OBJECTS_AT_ONCE: usize = 100;

/// Most log groups in one page of `ListLogGroups`; the default is 50.
///
/// Source: CloudWatch Logs API Reference, ListLogGroups.
pub const LIST_PAGE_MAX: usize = 1000;

/// Most log groups named in one `DescribeLogGroups`.
///
/// Source: CloudWatch Logs API Reference, DescribeLogGroups.
pub const DESCRIBE_LOG_GROUPS_MAX: usize = 50;

/// Most accounts named in one `DescribeLogGroups` or `ListLogGroups`.
///
/// Source: CloudWatch Logs API Reference, DescribeLogGroups, ListLogGroups.
pub const ACCOUNT_IDENTIFIERS_MAX: usize = 20;

/// Most texts in the name pattern of `ListLogGroups`.
///
/// Source: CloudWatch Logs API Reference, ListLogGroups.
pub const NAME_PATTERNS_MAX: usize = 5;

/// Length of each of them, in characters, without its `^`.
///
/// Source: CloudWatch Logs API Reference, ListLogGroups.
pub const NAME_PATTERN_CHARS: RangeInclusive<usize> = 3..=24;

/// Most tags of one resource.
///
/// Source: CloudWatch Logs API Reference, CreateLogGroup, TagResource.
pub const TAGS_MAX: usize = 50;

/// Longest key of a tag, in characters.
///
/// Source: CloudWatch Logs API Reference, CreateLogGroup.
pub const TAG_KEY_CHARS_MAX: usize = 128;

/// Longest value of a tag, in characters.
///
/// Source: CloudWatch Logs API Reference, CreateLogGroup.
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Most filters by tag in one `ListLogGroups`.
///
/// Source: CloudWatch Logs API Reference, ListLogGroups.
pub const TAG_FILTERS_MAX: usize = 5;

/// Most values of one such filter.
///
/// Source: CloudWatch Logs API Reference, TagFilter.
pub const TAG_FILTER_VALUES_MAX: usize = 5;

/// Longest value of one such filter, in characters: that of a tag, `!` and two `*`.
///
/// Source: CloudWatch Logs API Reference, TagFilter.
pub const TAG_FILTER_VALUE_CHARS_MAX: usize = 259;

/// Longest ARN of a resource in the operations on tags, in characters.
///
/// Source: CloudWatch Logs API Reference, TagResource.
pub const TAGGED_ARN_CHARS_MAX: usize = 1011;

/// Longest ARN of a KMS key, in characters.
///
/// Source: CloudWatch Logs API Reference, CreateLogGroup.
pub const KMS_KEY_ID_CHARS_MAX: usize = 256;

/// Days that a log group of the class DELIVERY keeps its events.
///
/// Source: CloudWatch Logs User Guide, Log classes. The API Reference says one day.
pub const DELIVERY_CLASS_RETENTION_DAYS: u32 = 2;

/// Days that a log group may keep its events.
///
/// Source: CloudWatch Logs API Reference, PutRetentionPolicy.
pub const RETENTION_DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];
