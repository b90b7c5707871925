//! A metric filter, and its form that ingestion uses.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use super::data::{MetricData, MetricKey, StatisticSet, minute_of};
use super::transformation::{Compiled, MetricTransformation, Value, can_be_published};
use crate::arn::{FilterName, Home, LogGroupName};
use crate::error::Error;
use crate::limits::{DIMENSION_PAIRS_MAX, DIMENSION_VALUE_CHARS_MAX};
use crate::pattern::{Event, FilterPattern, number};
use crate::policy::{FieldSelection, SystemField};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A log group's metric filter, as `DescribeMetricFilters` shows it.
#[derive(Clone, Debug)]
pub struct MetricFilter {
    /// Its name, unique in the log group.
    pub filter_name: FilterName,
    /// The log group it belongs to.
    pub log_group_name: LogGroupName,
    /// Which events it takes.
    pub filter_pattern: FilterPattern,
    /// What it publishes.
    pub metric_transformation: MetricTransformation,
    /// When it was made: milliseconds since 1970 UTC.
    pub creation_time: i64,
    /// From which accounts, Regions and logs it takes events, as it was put.
    pub field_selection_criteria: Option<String>,
    /// What is added to the dimensions.
    pub emit_system_field_dimensions: Vec<SystemField>,
}

/// A metric filter in force.
#[derive(Debug)]
pub(crate) struct LiveMetricFilter {
    pub(crate) shown: MetricFilter,
    /// Whether its criteria select events of its log group.
    pub(crate) selects: bool,
    transformation: Compiled,
    /// Dimensions that are the same for every event.
    system: Vec<(String, String)>,
    pairs: Mutex<Pairs>,
}

/// What the events of one batch gave to a filter.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) filter: Arc<LiveMetricFilter>,
    /// Events that it selected.
    pub(crate) selected: u64,
    /// The values of these that had one, and their sum.
    pub(crate) values: u64,
    pub(crate) sum: f64,
}

/// What one event gave.
#[derive(Debug)]
struct Sample {
    value: f64,
    /// What the event says of the dimensions.
    dimensions: Vec<(String, String)>,
}

/// Names and values of dimensions that were seen in an hour.
#[derive(Debug, Default)]
struct Pairs {
    hour: i64,
    seen: HashSet<u64>,
}

impl Measured {
    /// Before the first event.
    pub(crate) fn none(filter: &Arc<LiveMetricFilter>) -> Self {
        Self { filter: Arc::clone(filter), selected: 0, values: 0, sum: 0.0 }
    }

    /// Measures an event that the filter selects; what it gives is added to the batch's data.
    pub(crate) fn measure(
        &mut self,
        event: &mut Event<'_>,
        (timestamp, now_ms): (i64, i64),
        data: &mut MetricData,
    ) {
        self.selected += 1;
        let minute = Some(minute_of(timestamp));
        let Some(sample) = self.filter.sample(event) else {
            // The minute is none without selected events, for the default value.
            if self.filter.shown.metric_transformation.default_value.is_some() {
                data.add(self.filter.key(Vec::new(), minute), StatisticSet::NOTHING);
            }
            return;
        };
        if !self.filter.takes(&sample.dimensions, now_ms) {
            data.dropped += 1;
            return;
        }
        self.values += 1;
        self.sum += sample.value;
        // Choice: values are put together by the minute of the event's timestamp.
        data.add(self.filter.key(sample.dimensions, minute), StatisticSet::of(sample.value));
    }
}

impl LiveMetricFilter {
    /// # Errors
    ///
    /// InvalidParameter when the transformation or the criteria are none.
    pub(crate) fn new(shown: MetricFilter, home: &Home) -> Result<Self, Error> {
        let field = |field: SystemField| match field {
            SystemField::Account => home.account.as_str(),
            SystemField::Region => home.region.as_str(),
            SystemField::SourceLog => shown.log_group_name.as_str(),
        };
        let criteria = shown.field_selection_criteria.as_deref().map(FieldSelection::parse);
        let selects = criteria.transpose()?.is_none_or(|criteria| criteria.selects(field));
        let emitted = &shown.emit_system_field_dimensions;
        if emitted.contains(&SystemField::SourceLog) {
            let message = "emitSystemFieldDimensions may hold @aws.account and @aws.region only";
            return Err(Error::invalid(message));
        }
        let system = [SystemField::Account, SystemField::Region].into_iter();
        let system = system.filter(|it| emitted.contains(it));
        let system: Vec<_> =
            system.map(|it| (it.as_str().to_owned(), field(it).to_owned())).collect();
        let pattern = &shown.filter_pattern;
        let transformation = shown.metric_transformation.compile(pattern, system.len())?;
        Ok(Self { selects, transformation, system, pairs: Mutex::default(), shown })
    }

    /// Whether fields of JSON are read, in which a text may be spelt with escapes.
    pub(crate) fn reads_json_fields(&self) -> bool {
        let Compiled { value, dimensions } = &self.transformation;
        let reads = matches!(value, Value::Field(_)) || !dimensions.is_empty();
        reads && self.shown.filter_pattern.reads_json()
    }

    /// What an event that it selects gives.
    // Choice: an event that lacks a dimension, or has one that CloudWatch would refuse, gives no
    // value; with other dimensions it would be of another metric.
    fn sample(&self, event: &mut Event<'_>) -> Option<Sample> {
        let pattern = &self.shown.filter_pattern;
        let value = match &self.transformation.value {
            Value::Number(number) => *number,
            Value::Field(field) => number(&pattern.field_value(field, event)?)?,
        };
        let mut dimensions = Vec::new();
        for (name, field) in &self.transformation.dimensions {
            let value = pattern.field_value(field, event)?;
            let fits = value.is_ascii() && value.len() <= DIMENSION_VALUE_CHARS_MAX;
            if !fits || value.trim().is_empty() {
                return None;
            }
            dimensions.push((name.clone(), value));
        }
        can_be_published(value).then_some(Sample { value, dimensions })
    }

    /// Adds what it gives when a batch holds no event that it selects.
    // Choice: the default value counts once for each minute of ingestion in which events came and
    // none was selected, as the User Guide has it; the API Reference reads as if for each event.
    pub(crate) fn add_default(&self, data: &mut MetricData) {
        if let Some(value) = self.shown.metric_transformation.default_value {
            data.add(self.key(Vec::new(), None), StatisticSet::of(value));
        }
    }

    fn key(&self, dimensions: Vec<(String, String)>, minute: Option<i64>) -> MetricKey {
        let transformation = &self.shown.metric_transformation;
        MetricKey {
            namespace: transformation.metric_namespace.clone(),
            name: transformation.metric_name.clone(),
            unit: transformation.unit,
            dimensions: dimensions.into_iter().chain(self.system.iter().cloned()).collect(),
            minute,
        }
    }

    /// Whether these dimensions are among those that it may have in the hour.
    // Choice: AWS may disable such a filter; here it goes on with the dimensions it had, and takes
    // new ones in the next hour of the engine's clock. A restart forgets what it had.
    fn takes(&self, dimensions: &[(String, String)], now_ms: i64) -> bool {
        if dimensions.is_empty() {
            return true;
        }
        let hour = now_ms.div_euclid(HOUR_MS);
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.hour != hour {
            *pairs = Pairs { hour, seen: HashSet::new() };
        }
        let hash = |(name, value): &(String, String)| {
            xxh3_64([name.as_bytes(), &[0], value.as_bytes()].concat().as_slice())
        };
        let hashes: Vec<_> = dimensions.iter().map(hash).collect();
        let new = hashes.iter().filter(|it| !pairs.seen.contains(it)).count();
        let fits = new == 0 || pairs.seen.len() + new <= DIMENSION_PAIRS_MAX;
        if fits {
            pairs.seen.extend(hashes);
        }
        fits
    }
}
