//! A subscription filter, and its form that ingestion uses.

use std::sync::Arc;

use crate::arn::{Arn, FilterName, LogGroupName};
use crate::pattern::FilterPattern;
use crate::policy::Distribution;
use crate::store::{Owner, Route};

/// A log group's subscription filter, as `DescribeSubscriptionFilters` shows it.
#[derive(Clone, Debug)]
pub struct SubscriptionFilter {
    /// Its name, unique in the log group.
    pub filter_name: FilterName,
    /// The log group it belongs to.
    pub log_group_name: LogGroupName,
    /// Which events it takes.
    pub filter_pattern: FilterPattern,
    /// Where they go.
    pub destination_arn: Arn,
    /// The role that may deliver; absent for Lambda functions and logical destinations.
    pub role_arn: Option<Arn>,
    /// How events are spread over the shards of a Kinesis stream.
    pub distribution: Distribution,
    /// When it was made: milliseconds since 1970 UTC.
    pub creation_time: i64,
}

/// A filter as ingestion uses it: which events, and the route they take.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) pattern: FilterPattern,
    pub(crate) route: Arc<Route>,
}

impl SubscriptionFilter {
    pub(crate) fn subscription(&self) -> Arc<Subscription> {
        let route = Route {
            owner: Owner::Filter(self.filter_name.clone()),
            destination_arn: self.destination_arn.clone(),
            distribution: self.distribution,
        };
        Arc::new(Subscription { pattern: self.filter_pattern.clone(), route: Arc::new(route) })
    }
}
