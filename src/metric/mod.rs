//! Metric filters: which events they take, the value and the dimensions that they read from each,
//! and the data points that come of it.

mod data;
mod filter;
mod transformation;

pub(crate) use data::{MetricData, MetricKey, minute_of};
pub use data::{MetricDatum, StatisticSet};
pub use filter::MetricFilter;
pub(crate) use filter::{LiveMetricFilter, Measured};
pub use transformation::{MetricTransformation, StandardUnit};
