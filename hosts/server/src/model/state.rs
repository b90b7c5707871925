//! How much of each operation there is.

use crate::ops;

/// What we do with an operation of the model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It does what the service does.
    Supported,
    /// What is put is checked, kept and shown, and changes nothing else.
    Stored,
    /// It is refused by name, for that reason.
    NotSupported(&'static str),
}

/// Operations whose objects change nothing here.
const STORED: &[&str] = &[
    "AssociateKmsKey",
    "DeleteIndexPolicy",
    "DescribeFieldIndexes",
    "DescribeIndexPolicies",
    "DisassociateKmsKey",
    "PutIndexPolicy",
];

/// Why the operations are missing that are, by family.
const REASONS: &[(&str, &[&str])] = &[
    (
        "anomaly detection is machine learning",
        &[
            "CreateLogAnomalyDetector",
            "DeleteLogAnomalyDetector",
            "GetLogAnomalyDetector",
            "ListAnomalies",
            "ListLogAnomalyDetectors",
            "UpdateAnomaly",
            "UpdateLogAnomalyDetector",
        ],
    ),
    (
        "nothing is imported from CloudTrail Lake",
        &[
            "CancelImportTask",
            "CreateImportTask",
            "DescribeImportTaskBatches",
            "DescribeImportTasks",
        ],
    ),
    (
        "queries join no lookup tables",
        &[
            "CreateLookupTable",
            "DeleteLookupTable",
            "DescribeLookupTables",
            "GetLookupTable",
            "UpdateLookupTable",
        ],
    ),
    (
        "queries run when they are started, not by a schedule",
        &[
            "CreateScheduledQuery",
            "DeleteScheduledQuery",
            "GetScheduledQuery",
            "GetScheduledQueryHistory",
            "ListScheduledQueries",
            "UpdateScheduledQuery",
        ],
    ),
    (
        "there are no S3 tables",
        &[
            "AssociateSourceToS3TableIntegration",
            "DisassociateSourceFromS3TableIntegration",
            "ListSourcesForS3TableIntegration",
        ],
    ),
    (
        "there is no OpenSearch to integrate with",
        &["DeleteIntegration", "GetIntegration", "ListIntegrations", "PutIntegration"],
    ),
    (
        "events are not transformed",
        &["DeleteTransformer", "GetTransformer", "PutTransformer", "TestTransformer"],
    ),
    (
        "events come by PutLogEvents only",
        &[
            "DeleteSyslogConfiguration",
            "ListSyslogConfigurations",
            "PutBearerTokenAuthentication",
            "PutSyslogConfiguration",
        ],
    ),
    ("there is one tier of storage", &["GetStorageTierPolicy", "PutStorageTierPolicy"]),
    ("answers are not event streams", &["GetLogObject", "StartLiveTail"]),
    ("log groups have no data sources", &["GetLogFields", "ListAggregateLogGroupSummaries"]),
    (
        "fields are not indexed",
        &["DeleteIndexPolicy", "DescribeFieldIndexes", "DescribeIndexPolicies", "PutIndexPolicy"],
    ),
];

/// The state of an operation of the model.
pub(super) fn of(operation: &str) -> State {
    if ops::find(operation).is_some() {
        return if STORED.contains(&operation) { State::Stored } else { State::Supported };
    }
    let reason = REASONS.iter().find(|(_, operations)| operations.contains(&operation));
    State::NotSupported(reason.map_or("it is not there yet", |(reason, _)| *reason))
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::*;

    #[test]
    fn the_lists_name_operations_of_the_model_once() {
        let mut seen = std::collections::BTreeSet::new();
        let reasons = REASONS.iter().flat_map(|(_, operations)| *operations);
        for operation in STORED.iter().chain(reasons) {
            assert!(Model::get().operation(operation).is_some(), "{operation}");
            assert!(seen.insert(operation) || STORED.contains(operation), "{operation}");
        }
    }

    #[test]
    fn what_is_answered_is_an_operation_of_the_model() {
        for operation in ops::all() {
            assert!(Model::get().operation(operation.name).is_some(), "{}", operation.name);
        }
    }
}
