//! The limits of queries.

use super::EVENT_BYTES_MAX;

/// Longest query, in characters.
///
/// Source: CloudWatch Logs API Reference, StartQuery.
pub const QUERY_CHARS_MAX: usize = 10_000;

/// Deepest nesting of an expression in a query.
///
/// Source: none; a choice that bounds the stack.
pub const QUERY_DEPTH_MAX: usize = 64;

/// Most `stats` commands in one query.
///
/// Source: CloudWatch Logs User Guide, quotas.
pub const QUERY_STATS_MAX: usize = 10;

/// Most branches of one `case` in a query.
///
/// Source: CloudWatch Logs User Guide, general functions.
pub const QUERY_CASE_BRANCHES_MAX: usize = 10;

/// Most regular expressions in one query.
///
/// Source: none; a choice that bounds memory.
pub const QUERY_REGEXES_MAX: usize = 50;

/// Memory that one regular expression of a query may need as an automaton, in bytes.
///
/// Source: none; a choice that bounds the time per byte of an event.
pub const QUERY_REGEX_BYTES_MAX: usize = 128 * 1024;

/// Longest text in which `regexReplace` replaces something, in bytes.
///
/// Source: none; a choice, as finding every match takes time beyond linear.
pub const QUERY_REPLACE_BYTES_MAX: usize = 64 * 1024;

/// Most matches that one `regexReplace` replaces.
///
/// Source: none; a choice, for the same reason.
pub const QUERY_REPLACE_MATCHES_MAX: usize = 1000;

/// Most fields that are discovered in one JSON event.
///
/// Source: CloudWatch Logs User Guide, Supported logs and discovered fields.
pub const QUERY_JSON_FIELDS_MAX: usize = 200;

/// Longest text that an expression of a query puts together, in bytes; a longer one is absent.
///
/// Source: none; a choice: the size of the largest event.
pub const QUERY_VALUE_BYTES_MAX: usize = EVENT_BYTES_MAX;

/// Bytes of text that a query puts together for one event; what is beyond is absent.
///
/// Source: none; a choice that bounds the time for one event.
pub const QUERY_EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of rows, groups and values that one query keeps while it runs; one that needs more fails.
///
/// Source: none; a choice that bounds memory.
pub const QUERY_MEMORY_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Most rows of one query's answer.
///
/// Source: CloudWatch Logs API Reference, StartQuery.
pub const QUERY_ROWS_MAX: usize = 100_000;

/// Rows of one query's answer unless the query or the request says otherwise.
///
/// Source: CloudWatch Logs User Guide, limit.
pub const QUERY_ROWS: usize = 10_000;

/// Longest name of a field that is discovered in a JSON event, in bytes.
///
/// Source: none; a choice that bounds memory.
pub const QUERY_FIELD_NAME_BYTES_MAX: usize = 1024;

/// Most log groups of one query.
///
/// Source: CloudWatch Logs API Reference, StartQuery.
pub const QUERY_LOG_GROUPS_MAX: usize = 50;

/// Most queries that wait or run at the same time.
///
/// Source: CloudWatch Logs API Reference, StartQuery.
pub const QUERIES_CONCURRENT_MAX: usize = 100;

/// How long a query may run, in milliseconds (60 minutes).
///
/// Source: CloudWatch Logs API Reference, StartQuery.
pub const QUERY_TIMEOUT_MS: i64 = 60 * 60 * 1000;

/// Most rows in one page of `GetQueryResults`.
///
/// Source: CloudWatch Logs API Reference, GetQueryResults.
pub const QUERY_PAGE_ROWS_MAX: usize = 10_000;

/// How long a token of `GetQueryResults` is valid, in milliseconds (one hour).
///
/// Source: CloudWatch Logs API Reference, GetQueryResults.
pub const QUERY_TOKEN_MS_MAX: i64 = 60 * 60 * 1000;

/// How long an ended query is known, in milliseconds (seven days).
///
/// Source: CloudWatch Logs User Guide, quotas.
pub const QUERY_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Most queries that are known; the oldest that has ended makes room.
///
/// Source: none; a choice that bounds memory.
pub const QUERIES_KEPT_MAX: usize = 1000;

/// Bytes of answers that are kept; the oldest make room, but for the newest.
///
/// Source: none; a choice that bounds memory.
pub const QUERY_ANSWERS_BYTES: usize = 256 * 1024 * 1024;

/// Most queries, or query definitions, in one page of their `Describe…`, and the default.
///
/// Source: CloudWatch Logs API Reference, DescribeQueries, DescribeQueryDefinitions.
pub const QUERIES_PAGE_MAX: usize = 1000;

/// Most query definitions.
///
/// Source: none; a choice that bounds memory.
pub const QUERY_DEFINITIONS_MAX: usize = 1000;

/// Longest name of a query definition, in characters.
///
/// Source: CloudWatch Logs API Reference, PutQueryDefinition.
pub const QUERY_DEFINITION_NAME_CHARS_MAX: usize = 255;

/// Most parameters of a query definition.
///
/// Source: CloudWatch Logs API Reference, PutQueryDefinition.
pub const QUERY_PARAMETERS_MAX: usize = 20;

/// Longest name of a parameter of a query definition, in characters.
///
/// Source: CloudWatch Logs API Reference, QueryParameter.
pub const QUERY_PARAMETER_NAME_CHARS_MAX: usize = 128;

/// Longest default of a parameter of a query definition, in characters.
///
/// Source: CloudWatch Logs API Reference, QueryParameter.
pub const QUERY_PARAMETER_DEFAULT_CHARS_MAX: usize = 1024;

/// Longest description of a parameter of a query definition, in characters.
///
/// Source: CloudWatch Logs API Reference, QueryParameter.
pub const QUERY_PARAMETER_DESCRIPTION_CHARS_MAX: usize = 512;

/// Most fields that `GetLogGroupFields` counts.
///
/// Source: none; a choice that bounds memory.
pub const LOG_GROUP_FIELDS_MAX: usize = 1000;
