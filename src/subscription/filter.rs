//! A subscription filter, and its form that ingestion uses.

use std::sync::Arc;

use crate::arn::{Arn, FilterName, Home, LogGroupName};
use crate::error::Error;
use crate::pattern::FilterPattern;
use crate::policy::{Distribution, FieldSelection, SystemField};
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
    /// From which accounts, Regions and logs it takes events, as it was put.
    pub field_selection_criteria: Option<String>,
    /// What goes with each event.
    pub emit_system_fields: Vec<SystemField>,
}

/// What a system field of an event of a log group is.
pub(super) fn field_of<'a>(
    field: SystemField,
    home: &'a Home,
    log_group: &'a LogGroupName,
) -> &'a str {
    match field {
        SystemField::Account => home.account.as_str(),
        SystemField::Region => home.region.as_str(),
        SystemField::SourceLog => log_group.as_str(),
    }
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
            field_selection_criteria: self.field_selection_criteria.clone(),
            system_fields: self.emit_system_fields.clone(),
        }
    }

    /// Whether its criteria select events of an account, Region and log group.
    pub(crate) fn selects(&self, home: &Home) -> bool {
        let criteria = self.field_selection_criteria.as_deref().map(FieldSelection::parse);
        let Some(Ok(criteria)) = criteria else { return true };
        criteria.selects(|field| field_of(field, home, &self.log_group_name))
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
            field_selection_criteria: record.field_selection_criteria,
            emit_system_fields: record.system_fields,
        })
    }

    pub(crate) fn subscription(&self) -> Arc<Subscription> {
        let route = Route {
            owner: Owner::Filter(self.filter_name.clone()),
            destination_arn: self.destination_arn.clone(),
            distribution: self.distribution,
            extracted_by: self.filter_pattern.text_of_named(),
            system_fields: self.emit_system_fields.clone(),
        };
        Arc::new(Subscription { pattern: self.filter_pattern.clone(), route: Arc::new(route) })
    }
}
