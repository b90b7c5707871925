//! Subscription filters of log groups.

use std::ops::Bound;
use std::sync::Arc;

use crate::arn::{Arn, FilterName, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::limits::SUBSCRIPTION_FILTERS_MAX;
use crate::pattern::FilterPattern;
use crate::policy::{DestinationKind, Distribution, FieldSelection, SystemField};
use crate::store::{Content, Entry, Route};
use crate::subscription::SubscriptionFilter;

use super::control::Resource;
use super::recursion::CIRCLE;
use super::{Engine, Resolved, describe_limit};

/// Request of [`Engine::put_subscription_filter`].
#[derive(Clone, Debug)]
pub struct PutSubscriptionFilter {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// The filter's name; one of the same name is replaced.
    pub filter_name: FilterName,
    /// Which events it takes; it sees masked text.
    pub filter_pattern: FilterPattern,
    /// A Kinesis or Firehose stream or Lambda function of this account and Region, or a logical
    /// destination.
    pub destination_arn: Arn,
    /// The role that may deliver: required for Kinesis and Firehose.
    pub role_arn: Option<Arn>,
    /// How events are spread over the shards of a Kinesis stream.
    pub distribution: Distribution,
    /// Only for log groups with a transformer, which there are none of here.
    pub apply_on_transformed_logs: bool,
    /// From which accounts, Regions and logs it takes events: `@aws.region = "eu-west-1"`, with
    /// `=`, `!=`, `IN`, `NOT IN`, `AND` and `OR`, at most 2,000 characters.
    pub field_selection_criteria: Option<String>,
    /// What goes with each event, among its `extractedFields`.
    // Choice: the page says that they go with each event, and not where.
    pub emit_system_fields: Vec<SystemField>,
}

/// Request of [`Engine::describe_subscription_filters`].
#[derive(Clone, Debug)]
pub struct DescribeSubscriptionFilters {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// Only filters whose name begins so.
    pub filter_name_prefix: Option<String>,
    /// Most filters to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_subscription_filters`].
#[derive(Clone, Debug)]
pub struct DescribeSubscriptionFiltersResult {
    /// The filters in ASCII order of their names.
    pub subscription_filters: Vec<SubscriptionFilter>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

impl DescribeSubscriptionFilters {
    /// All filters of a log group.
    pub fn new(log_group_name: LogGroupName) -> Self {
        Self { log_group_name, filter_name_prefix: None, limit: None, next_token: None }
    }
}

impl Engine {
    /// Puts a subscription filter on a log group, in place of the one of the same name. A new
    /// destination gets a control message. Batches that start after this returned are filtered.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the destination is none, is elsewhere, does not exist, its role is
    /// missing, or it feeds the log group again, and for a log group of the class
    /// INFREQUENT_ACCESS; AccessDenied when the policy of a logical destination does not allow this
    /// account; InvalidOperation for `apply_on_transformed_logs`; ResourceNotFound; LimitExceeded
    /// for a sixth filter, or a sixth with a regular expression among all filters of the log group;
    /// OperationAborted when another request changes the log group.
    pub fn put_subscription_filter(&self, request: PutSubscriptionFilter) -> Result<(), Error> {
        let name = request.log_group_name.clone();
        self.check_can("have subscription filters", &name)?;
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        if request.apply_on_transformed_logs {
            let message = "applyOnTransformedLogs: the log group has no transformer";
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        request.field_selection_criteria.as_deref().map(FieldSelection::parse).transpose()?;
        self.check_destination(&request.destination_arn, request.role_arn.as_ref())?;
        let mut filter = SubscriptionFilter {
            filter_name: request.filter_name,
            log_group_name: request.log_group_name,
            filter_pattern: request.filter_pattern,
            destination_arn: request.destination_arn,
            role_arn: request.role_arn,
            distribution: request.distribution,
            creation_time: self.clock.now_ms(),
            field_selection_criteria: request.field_selection_criteria,
            emit_system_fields: request.emit_system_fields,
        };
        let message = {
            let mut control = self.control();
            if control.reached_from(&filter.destination_arn, false).contains(&name) {
                return Err(Error::invalid(CIRCLE));
            }
            let settings = control.settings(&name)?;
            let before = settings.filters.get(&filter.filter_name);
            let full = before.is_none() && settings.filters.len() >= SUBSCRIPTION_FILTERS_MAX;
            let other = |it: &SubscriptionFilter| it.filter_name != filter.filter_name;
            if full || !settings.takes_pattern(&filter.filter_pattern, other, |_| true) {
                return Err(Error::new(ErrorKind::LimitExceeded, "Resource limit exceeded."));
            }
            // Choice: an update keeps the time of creation.
            filter.creation_time =
                before.map_or(filter.creation_time, |before| before.creation_time);
            let new = before.is_none_or(|it| it.destination_arn != filter.destination_arn);
            new.then(|| self.control_message(&filter.subscription().route, Some(name.clone())))
        };
        self.store.keep_filter(&name, filter.record(), message)?;
        let mut control = self.control();
        let destination = filter.destination_arn.clone();
        let filters = &mut control.settings(&name)?.filters;
        let before = filters.insert(filter.filter_name.clone(), filter);
        let before = before.map_or(destination.clone(), |before| before.destination_arn);
        for destination in [destination, before] {
            control.subscribe_around(&name, &destination);
        }
        Ok(())
    }

    /// A log group's subscription filters, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a limit or token that cannot be, ResourceNotFound.
    pub fn describe_subscription_filters(
        &self,
        request: &DescribeSubscriptionFilters,
    ) -> Result<DescribeSubscriptionFiltersResult, Error> {
        let limit = describe_limit(request.limit)?;
        let prefix = request.filter_name_prefix.as_deref().unwrap_or_default();
        let paging = self.tokens.of("DescribeSubscriptionFilters", self.clock.now_ms());
        let paging = paging.with(request.log_group_name.as_str()).with(prefix);
        let after = |token| paging.parse_name(token, FilterName::new);
        let after = request.next_token.as_deref().map(after).transpose()?;
        let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut control = self.control();
        let filters = &control.settings(&request.log_group_name)?.filters;
        let mut found = filters
            .range((start, Bound::Unbounded))
            .filter(|(name, _)| name.as_str().starts_with(prefix))
            .map(|(_, filter)| filter.clone());
        let subscription_filters: Vec<_> = found.by_ref().take(limit).collect();
        let last = subscription_filters.last().filter(|_| found.next().is_some());
        let next_token = last.map(|filter| paging.print(filter.filter_name.as_str().as_bytes()));
        let next_token = next_token.transpose()?;
        Ok(DescribeSubscriptionFiltersResult { subscription_filters, next_token })
    }

    /// Removes a subscription filter. What waits to be delivered for it is dropped and counted.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the log group or the filter; OperationAborted when another request
    /// changes the log group.
    pub fn delete_subscription_filter(
        &self,
        log_group_name: &LogGroupName,
        filter_name: &FilterName,
    ) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::LogGroup(log_group_name.clone()))?;
        {
            let mut control = self.control();
            let Some(removed) = control.settings(log_group_name)?.filters.remove(filter_name)
            else {
                let message = "The specified subscription filter does not exist.";
                return Err(Error::new(ErrorKind::ResourceNotFound, message));
            };
            control.subscribe_around(log_group_name, &removed.destination_arn);
        }
        self.store.remove_filter(log_group_name, filter_name)
    }

    /// # Errors
    ///
    /// InvalidParameter when nothing can be delivered there.
    pub(super) fn check_destination(&self, arn: &Arn, role: Option<&Arn>) -> Result<(), Error> {
        let kind = DestinationKind::of(arn)?;
        let here = arn.account() == self.home.account.as_str()
            && arn.region() == self.home.region.as_str();
        // Choice: streams and functions have to be of this account and Region, as AWS demands of
        // Lambda functions; everything else goes through a logical destination.
        if kind != DestinationKind::Logical && !here {
            let message = "destinationArn is of another account or Region; \
                           use a logical destination";
            return Err(Error::invalid(message));
        }
        if kind.needs_role() && role.is_none() {
            return Err(Error::invalid("roleArn is required for Kinesis and Firehose streams"));
        }
        let missing = || Error::invalid(format!("the destination {arn} does not exist"));
        if kind != DestinationKind::Logical && !self.directory.exists(arn) {
            return Err(missing());
        }
        match self.resolve(arn) {
            Resolved::Target(_) => Ok(()),
            Resolved::Missing => Err(missing()),
            Resolved::Denied => {
                let message = format!("the access policy of {arn} does not allow this account");
                Err(Error::new(ErrorKind::AccessDenied, message))
            }
        }
    }

    /// The test message for a new subscription.
    pub(super) fn control_message(&self, route: &Arc<Route>, group: Option<LogGroupName>) -> Entry {
        Entry {
            route: Arc::clone(route),
            born_ms: self.clock.now_ms(),
            log_group: group,
            log_stream: None,
            content: Content::Control,
            judged: Vec::new(),
        }
    }
}
