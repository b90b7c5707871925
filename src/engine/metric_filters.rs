//! Metric filters of log groups: put, described, deleted; and trying a pattern on messages.

use std::fmt;
use std::sync::Arc;

use crate::arn::{FilterName, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::limits::{METRIC_FILTERS_MAX, TEST_MESSAGES_MAX};
use crate::metric::{LiveMetricFilter, MetricFilter, MetricTransformation};
use crate::pattern::FilterPattern;
use crate::policy::SystemField;
use crate::store::MetricFilterRecord;
use crate::token;

use super::control::Resource;
use super::{Engine, describe_limit};

/// Request of [`Engine::put_metric_filter`].
#[derive(Clone, Debug)]
pub struct PutMetricFilter {
    /// The log group.
    pub log_group_name: LogGroupName,
    /// The filter's name; one of the same name is replaced.
    pub filter_name: FilterName,
    /// Which events it takes; it sees masked text.
    pub filter_pattern: FilterPattern,
    /// What it publishes: one transformation.
    pub metric_transformations: Vec<MetricTransformation>,
    /// Only for log groups with a transformer, which there are none of here.
    pub apply_on_transformed_logs: bool,
    /// From which accounts, Regions and logs it takes events, as in
    /// [`PutSubscriptionFilter`](super::PutSubscriptionFilter).
    pub field_selection_criteria: Option<String>,
    /// `@aws.account` and `@aws.region`, which are then dimensions of every value.
    pub emit_system_field_dimensions: Vec<SystemField>,
}

/// Request of [`Engine::describe_metric_filters`]. The default asks for the first 50 of all.
#[derive(Clone, Debug, Default)]
pub struct DescribeMetricFilters {
    /// Only filters of this log group.
    pub log_group_name: Option<LogGroupName>,
    /// Only filters whose name begins so; it counts together with the log group only.
    pub filter_name_prefix: Option<String>,
    /// Only filters that publish a metric of this name; together with `metric_namespace`.
    pub metric_name: Option<String>,
    /// Only filters that publish into this namespace; together with `metric_name`.
    pub metric_namespace: Option<String>,
    /// Most filters to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_metric_filters`].
#[derive(Clone, Debug)]
pub struct DescribeMetricFiltersResult {
    /// The filters in ASCII order of their names, then of their log groups.
    pub metric_filters: Vec<MetricFilter>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// The request of [`Engine::test_metric_filter`]. `Debug` prints counts only.
#[derive(Clone)]
pub struct TestMetricFilter<'a> {
    /// The pattern to try.
    pub filter_pattern: FilterPattern,
    /// From 1 to 50 messages, none of them empty.
    pub log_event_messages: &'a [String],
}

/// A message that the pattern selects. `Debug` prints counts only.
#[derive(Clone, Eq, PartialEq)]
pub struct MetricFilterMatchRecord<'a> {
    /// Which of the messages it is, from 1 on.
    pub event_number: usize,
    /// The message as given.
    pub event_message: &'a str,
    /// Names and texts as [`FilterPattern::extract`] says.
    pub extracted_values: Vec<(String, String)>,
}

impl Engine {
    /// Puts a metric filter on a log group, in place of the one of the same name. Batches that
    /// start after this returned are measured; what comes of them leaves by
    /// [`Engine::publish_metric_data`].
    ///
    /// # Errors
    ///
    /// InvalidParameter when there is not one transformation, when it breaks a limit or names a
    /// field that the pattern's events do not have, and for a log group of the class
    /// INFREQUENT_ACCESS; InvalidOperation for `apply_on_transformed_logs`; ResourceNotFound;
    /// LimitExceeded for filter 101, or a sixth filter with a regular expression;
    /// OperationAborted when another request changes the log group.
    pub fn put_metric_filter(&self, request: PutMetricFilter) -> Result<(), Error> {
        let name = request.log_group_name.clone();
        self.check_can("have metric filters", &name)?;
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        if request.apply_on_transformed_logs {
            let message = "applyOnTransformedLogs: the log group has no transformer";
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        let transformations: Result<[_; 1], _> = request.metric_transformations.try_into();
        let Ok([metric_transformation]) = transformations else {
            return Err(Error::invalid("metricTransformations does not hold one transformation"));
        };
        let mut filter = MetricFilter {
            filter_name: request.filter_name,
            log_group_name: request.log_group_name,
            filter_pattern: request.filter_pattern,
            metric_transformation,
            creation_time: self.clock.now_ms(),
            field_selection_criteria: request.field_selection_criteria,
            emit_system_field_dimensions: request.emit_system_field_dimensions,
        };
        {
            let mut control = self.control();
            let settings = control.settings(&name)?;
            let before = settings.metric_filters.get(&filter.filter_name);
            let full = before.is_none() && settings.metric_filters.len() >= METRIC_FILTERS_MAX;
            let other = |it: &MetricFilter| it.filter_name != filter.filter_name;
            if full || !settings.takes_pattern(&filter.filter_pattern, |_| true, other) {
                return Err(Error::new(ErrorKind::LimitExceeded, "Resource limit exceeded."));
            }
            // Choice: as with subscription filters, an update keeps the time of creation.
            if let Some(before) = before {
                filter.creation_time = before.shown.creation_time;
            }
        }
        let filter = LiveMetricFilter::new(filter, &self.home)?;
        self.store.keep_metric_filter(&name, MetricFilterRecord::of(&filter.shown))?;
        let mut control = self.control();
        let filters = &mut control.settings(&name)?.metric_filters;
        filters.insert(filter.shown.filter_name.clone(), Arc::new(filter));
        control.subscribe(&name);
        Ok(())
    }

    /// Metric filters of one log group or of all, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a metric's name without its namespace or the other way round, and for a
    /// limit or token that cannot be; ResourceNotFound.
    pub fn describe_metric_filters(
        &self,
        request: &DescribeMetricFilters,
    ) -> Result<DescribeMetricFiltersResult, Error> {
        let DescribeMetricFilters { metric_name, metric_namespace, .. } = request;
        if metric_name.is_some() != metric_namespace.is_some() {
            let message = "metricName and metricNamespace go together";
            return Err(Error::invalid(message));
        }
        let limit = describe_limit(request.limit)?;
        let group = request.log_group_name.as_ref();
        let prefix = request.filter_name_prefix.as_deref().filter(|_| group.is_some());
        let parameters = [group.map(|it| it.as_str()), prefix]
            .into_iter()
            .chain([metric_name.as_deref(), metric_namespace.as_deref()]);
        let paging = self.tokens.of("DescribeMetricFilters", self.clock.now_ms());
        let paging = parameters.fold(paging, |paging, text| paging.with(text.unwrap_or_default()));
        let after = |token| paging.parse_name(token, parse_place);
        let after = request.next_token.as_deref().map(after).transpose()?;
        let prefix = prefix.unwrap_or_default();
        let control = self.control();
        let selected = |filter: &&Arc<LiveMetricFilter>| {
            let shown = &filter.shown;
            let metric = &shown.metric_transformation;
            shown.filter_name.as_str().starts_with(prefix)
                && metric_name.as_ref().is_none_or(|it| *it == metric.metric_name)
                && metric_namespace.as_ref().is_none_or(|it| *it == metric.metric_namespace)
                && after.as_ref().is_none_or(|after| place(shown) > (&after.0, &after.1))
        };
        let groups = match group {
            Some(name) => control.groups.range(name..=name),
            None => control.groups.range::<LogGroupName, _>(..),
        };
        let missing = group.is_some_and(|name| !control.groups.contains_key(name));
        if missing {
            return Err(super::no_log_group());
        }
        let mut found: Vec<_> = groups
            .flat_map(|(_, settings)| settings.metric_filters.values())
            .filter(selected)
            .map(|filter| &filter.shown)
            .collect();
        found.sort_unstable_by_key(|shown| place(shown));
        let last = found.get(limit - 1).filter(|_| found.len() > limit);
        let next_token = last.map(|last| paging.print(print_place(last).as_bytes()));
        let next_token = next_token.transpose()?;
        let metric_filters = found.into_iter().take(limit).cloned().collect();
        Ok(DescribeMetricFiltersResult { metric_filters, next_token })
    }

    /// Removes a metric filter. The values that it gave still leave.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the log group or the filter; OperationAborted when another request
    /// changes the log group.
    pub fn delete_metric_filter(
        &self,
        log_group_name: &LogGroupName,
        filter_name: &FilterName,
    ) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::LogGroup(log_group_name.clone()))?;
        {
            let mut control = self.control();
            let removed = control.settings(log_group_name)?.metric_filters.remove(filter_name);
            if removed.is_none() {
                let message = "The specified metric filter does not exist.";
                return Err(Error::new(ErrorKind::ResourceNotFound, message));
            }
            control.subscribe(log_group_name);
        }
        self.store.remove_metric_filter(log_group_name, filter_name)
    }

    /// Which of the messages a pattern selects, and the values that it names in them. The messages
    /// are the caller's own: no log group's policy is asked, and nothing is masked or kept.
    ///
    /// # Errors
    ///
    /// InvalidParameter for no message, more than 50, or an empty one.
    pub fn test_metric_filter<'a>(
        &self,
        request: &TestMetricFilter<'a>,
    ) -> Result<Vec<MetricFilterMatchRecord<'a>>, Error> {
        let messages = request.log_event_messages;
        if messages.is_empty() {
            return Err(Error::invalid("logEventMessages is empty"));
        }
        if messages.len() > TEST_MESSAGES_MAX {
            let (len, max) = (messages.len(), TEST_MESSAGES_MAX);
            return Err(Error::too_long("logEventMessages", len, max, "messages"));
        }
        if let Some(index) = messages.iter().position(String::is_empty) {
            return Err(Error::invalid(format!("message {index} of logEventMessages is empty")));
        }
        let record = |(event_message, event_number): (&'a String, usize)| {
            let extracted_values = request.filter_pattern.extract(event_message)?;
            Some(MetricFilterMatchRecord { event_number, event_message, extracted_values })
        };
        Ok(messages.iter().zip(1..).filter_map(record).collect())
    }
}

impl fmt::Debug for TestMetricFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestMetricFilter({} messages)", self.log_event_messages.len())
    }
}

impl fmt::Debug for MetricFilterMatchRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, values) = (self.event_number, self.extracted_values.len());
        write!(f, "MetricFilterMatchRecord(event {number}, {values} values)")
    }
}

/// Where a filter stands among those of all log groups.
fn place(filter: &MetricFilter) -> (&FilterName, &LogGroupName) {
    (&filter.filter_name, &filter.log_group_name)
}

/// The same as a paging token has it: no name of a log group holds a colon.
fn print_place(filter: &MetricFilter) -> String {
    format!("{}:{}", filter.log_group_name, filter.filter_name)
}

fn parse_place(text: &str) -> Result<(FilterName, LogGroupName), Error> {
    let (group, filter) = text.split_once(':').ok_or_else(token::foreign)?;
    Ok((FilterName::new(filter)?, LogGroupName::new(group)?))
}
