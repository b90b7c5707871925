//! A subscription filter, and its form that ingestion uses.

use std::sync::Arc;

use crate::arn::{Arn, FilterName, LogGroupName};
use crate::error::Error;
use crate::pattern::FilterPattern;
use crate::policy::Distribution;
use crate::store::{FilterRecord, Owner, Route};

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
    pub(crate) fn record(&self) -> FilterRecord {
        FilterRecord {
            name: self.filter_name.clone(),
            pattern: self.filter_pattern.as_str().to_owned(),
            destination_arn: self.destination_arn.clone(),
            role_arn: self.role_arn.clone(),
            distribution: self.distribution,
            creation_time: self.creation_time,
        }
    }

    /// The filter of a record.
    ///
    /// # Errors
    ///
    /// InvalidParameter when its pattern is none.
    pub(crate) fn kept(record: FilterRecord, log_group_name: LogGroupName) -> Result<Self, Error> {
        Ok(Self {
            filter_name: record.name,
            log_group_name,
            filter_pattern: FilterPattern::parse(&record.pattern)?,
            destination_arn: record.destination_arn,
            role_arn: record.role_arn,
            distribution: record.distribution,
            creation_time: record.creation_time,
        })
    }

    pub(crate) fn subscription(&self) -> Arc<Subscription> {
        let route = Route {
            owner: Owner::Filter(self.filter_name.clone()),
            destination_arn: self.destination_arn.clone(),
            distribution: self.distribution,
        };
        Arc::new(Subscription { pattern: self.filter_pattern.clone(), route: Arc::new(route) })
    }
}
