//! Data points: the values of one metric in one minute.

use std::collections::BTreeMap;

use super::StandardUnit;

const MINUTE_MS: i64 = 60_000;

/// The values of one metric that events of one minute gave, as CloudWatch's `PutMetricData` takes
/// them.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDatum {
    /// The metric's namespace.
    pub metric_namespace: String,
    /// Its name.
    pub metric_name: String,
    /// Names and values of its dimensions. Values are of masked text.
    pub dimensions: BTreeMap<String, String>,
    /// When the minute began: milliseconds since 1970 UTC.
    pub timestamp: i64,
    /// The unit.
    pub unit: StandardUnit,
    /// The values.
    pub statistic_values: StatisticSet,
}

/// Several values at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StatisticSet {
    /// How many they are.
    pub sample_count: u64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

/// Which values are put together.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct MetricKey {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) unit: StandardUnit,
    pub(crate) dimensions: BTreeMap<String, String>,
    /// The minute of the events. Absent: the value of a minute in which none was selected.
    pub(crate) minute: Option<i64>,
}

/// The values that the events of one batch gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct MetricData {
    pub(crate) values: BTreeMap<MetricKey, StatisticSet>,
    /// How many were left out.
    pub(crate) dropped: u64,
}

/// The minute of a time, counted from 1970 UTC.
pub(crate) fn minute_of(time_ms: i64) -> i64 {
    time_ms.div_euclid(MINUTE_MS)
}

impl StatisticSet {
    /// No value: events were selected, and none gave one.
    pub(crate) const NOTHING: Self =
        Self { sample_count: 0, sum: 0.0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY };

    /// One value.
    pub(crate) fn of(value: f64) -> Self {
        Self { sample_count: 1, sum: value, minimum: value, maximum: value }
    }

    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            sample_count: self.sample_count + other.sample_count,
            sum: self.sum + other.sum,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

impl MetricKey {
    /// Whether both are of one metric.
    pub(crate) fn same_metric(&self, other: &Self) -> bool {
        self.name == other.name
            && self.namespace == other.namespace
            && self.unit == other.unit
            && self.dimensions == other.dimensions
    }

    /// The data point of values that came in during a minute.
    // Choice: of the default values of several filters for one metric the smallest is given.
    pub(crate) fn datum(&self, ingested: i64, values: StatisticSet) -> MetricDatum {
        MetricDatum {
            metric_namespace: self.namespace.clone(),
            metric_name: self.name.clone(),
            dimensions: self.dimensions.clone(),
            timestamp: self.minute.unwrap_or(ingested) * MINUTE_MS,
            unit: self.unit,
            statistic_values: match self.minute {
                Some(_) => values,
                None => StatisticSet::of(values.minimum),
            },
        }
    }
}

impl MetricData {
    pub(crate) fn add(&mut self, key: MetricKey, value: StatisticSet) {
        self.values.entry(key).and_modify(|set| *set = set.with(value)).or_insert(value);
    }
}
