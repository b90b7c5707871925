//! Metric filters, and the data points that wait to be handed out.
//!
//! Values are put together by the minute in which they came in. Once the data points of a minute
//! are handed out, it gets no more: what still comes in counts for the minute after.

use std::sync::atomic::Ordering;

use super::Store;
use super::code::{Reader, Writer};
use super::commit::How;
use super::record::{Key, Record, read_system_fields, write_system_fields};
use super::txn::Txn;
use crate::arn::{FilterName, LogGroupName};
use crate::error::Error;
use crate::limits::METRIC_DATA_MAX;
use crate::metric::{
    MetricData, MetricFilter, MetricKey, MetricTransformation, StandardUnit, StatisticSet,
    minute_of,
};
use crate::pattern::FilterPattern;
use crate::policy::SystemField;

/// A metric filter, as it was put.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MetricFilterRecord {
    pub(crate) name: FilterName,
    pub(crate) pattern: String,
    pub(crate) transformation: MetricTransformation,
    pub(crate) creation_time: i64,
    pub(crate) field_selection_criteria: Option<String>,
    pub(crate) system_fields: Vec<SystemField>,
}

impl MetricFilterRecord {
    pub(crate) fn of(filter: &MetricFilter) -> Self {
        Self {
            name: filter.filter_name.clone(),
            pattern: filter.filter_pattern.as_str().to_owned(),
            transformation: filter.metric_transformation.clone(),
            creation_time: filter.creation_time,
            field_selection_criteria: filter.field_selection_criteria.clone(),
            system_fields: filter.emit_system_field_dimensions.clone(),
        }
    }

    /// The filter of that log group.
    ///
    /// # Errors
    ///
    /// InvalidParameter when its pattern is none.
    pub(crate) fn filter(self, log_group_name: LogGroupName) -> Result<MetricFilter, Error> {
        Ok(MetricFilter {
            filter_name: self.name,
            log_group_name,
            filter_pattern: FilterPattern::parse(&self.pattern)?,
            metric_transformation: self.transformation,
            creation_time: self.creation_time,
            field_selection_criteria: self.field_selection_criteria,
            emit_system_field_dimensions: self.system_fields,
        })
    }
}

/// Values of one metric that wait: the minute in which they came in, and whose they are.
pub(crate) type WaitingKey = (i64, MetricKey);

impl Store {
    /// Keeps a metric filter.
    ///
    /// # Errors
    ///
    /// ResourceNotFound, ServiceUnavailable.
    pub(crate) fn keep_metric_filter(
        &self,
        group: &LogGroupName,
        filter: MetricFilterRecord,
    ) -> Result<(), Error> {
        let group = group.clone();
        self.commit(How::Shared, move |txn| {
            let number = txn.group(&group)?.number;
            txn.put(&Key::MetricFilter(number, filter.name.clone()), &filter);
            Ok(())
        })
    }

    /// Removes a metric filter. The values that it gave stay.
    ///
    /// # Errors
    ///
    /// ResourceNotFound, ServiceUnavailable.
    pub(crate) fn remove_metric_filter(
        &self,
        group: &LogGroupName,
        name: &FilterName,
    ) -> Result<(), Error> {
        let (group, name) = (group.clone(), name.clone());
        self.commit(How::Shared, move |txn| {
            let number = txn.group(&group)?.number;
            txn.remove(Key::MetricFilter(number, name).to_bytes());
            Ok(())
        })
    }

    /// What came in before a minute, the oldest first; nothing is added to it any more.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn metric_data_before(
        &self,
        minute: i64,
    ) -> Result<Vec<(WaitingKey, StatisticSet)>, Error> {
        // No other change is on its way while this one is made.
        self.commit(How::Alone, move |txn| {
            txn.state.metrics_from.fetch_max(minute, Ordering::Relaxed);
            Ok(())
        })?;
        let state = self.read();
        let all = state.metric_data.iter().map(|(key, values)| (key.clone(), *values));
        Ok(all.take_while(|((ingested, _), _)| *ingested < minute).collect())
    }

    /// Forgets what was handed out.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn forget_metric_data(&self, keys: Vec<WaitingKey>) -> Result<(), Error> {
        self.commit(How::Shared, move |txn| {
            keys.into_iter().for_each(|key| txn.remove_metric_data(key));
            Ok(())
        })
    }

    /// How many data points wait, and how many values and data points were left out since the store
    /// was opened.
    pub(crate) fn metric_data_counts(&self) -> (usize, u64) {
        let state = self.read();
        (state.metric_data.len(), state.metric_data_dropped.load(Ordering::Relaxed))
    }
}

impl Txn<'_> {
    /// Adds the values of a batch to what waits. When too much does, the oldest makes room.
    pub(super) fn add_metric_data(&mut self, data: MetricData, now_ms: i64) {
        let state = self.state;
        let ingested = minute_of(now_ms).max(state.metrics_from.load(Ordering::Relaxed));
        for (key, values) in data.values {
            let key = (ingested, key);
            let before = match self.changes.metric_data.get(&key) {
                Some(changed) => *changed,
                None => state.metric_data.get(&key).copied(),
            };
            let values = before.map_or(values, |before| before.with(values));
            self.changes.metric_data.insert(key, Some(values));
        }
        let excess = state.metric_data.len().saturating_sub(METRIC_DATA_MAX);
        let oldest =
            state.metric_data.keys().filter(|it| !self.changes.metric_data.contains_key(it));
        let oldest: Vec<_> = oldest.take(excess).cloned().collect();
        let dropped = data.dropped + oldest.len() as u64;
        state.metric_data_dropped.fetch_add(dropped, Ordering::Relaxed);
        oldest.into_iter().for_each(|key| self.remove_metric_data(key));
    }

    fn remove_metric_data(&mut self, key: WaitingKey) {
        self.changes.metric_data.insert(key, None);
    }

    /// Writes what was added and removed, when the commit is complete.
    pub(super) fn write_metric_data(&mut self) {
        let changed = std::mem::take(&mut self.changes.metric_data);
        for (key, values) in &changed {
            let key = Key::MetricData(key.clone());
            match values {
                Some(values) => self.put(&key, values),
                None => self.remove(key.to_bytes()),
            }
        }
        self.changes.metric_data = changed;
    }
}

impl Record for MetricFilterRecord {
    fn write(&self, out: &mut Writer) {
        out.text(self.name.as_str()).text(&self.pattern).signed(self.creation_time);
        let it = &self.transformation;
        out.text(&it.metric_name).text(&it.metric_namespace).text(&it.metric_value);
        out.option(it.default_value, |out, value| _ = out.number(value.to_bits()));
        out.number(it.dimensions.len() as u64);
        it.dimensions.iter().for_each(|(name, value)| _ = out.text(name).text(value));
        out.text(it.unit.as_str());
        out.option(self.field_selection_criteria.as_deref(), |out, text| _ = out.text(text));
        write_system_fields(&self.system_fields, out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let name = FilterName::new(from.text()?).ok()?;
        let (pattern, creation_time) = (from.text()?.to_owned(), from.signed()?);
        let transformation = MetricTransformation {
            metric_name: from.text()?.to_owned(),
            metric_namespace: from.text()?.to_owned(),
            metric_value: from.text()?.to_owned(),
            default_value: from.option(|from| from.number().map(f64::from_bits))?,
            dimensions: from.list(read_pair)?.into_iter().collect(),
            unit: StandardUnit::parse(from.text()?).ok()?,
        };
        let field_selection_criteria = from.option(|from| from.text().map(str::to_owned))?;
        let system_fields = read_system_fields(from)?;
        Some(Self {
            name,
            pattern,
            transformation,
            creation_time,
            field_selection_criteria,
            system_fields,
        })
    }
}

fn read_pair(from: &mut Reader<'_>) -> Option<(String, String)> {
    Some((from.text()?.to_owned(), from.text()?.to_owned()))
}

impl Record for MetricKey {
    fn write(&self, out: &mut Writer) {
        out.text(&self.namespace).text(&self.name).text(self.unit.as_str());
        out.number(self.dimensions.len() as u64);
        self.dimensions.iter().for_each(|(name, value)| _ = out.text(name).text(value));
        out.option(self.minute, |out, minute| _ = out.signed(minute));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            namespace: from.text()?.to_owned(),
            name: from.text()?.to_owned(),
            unit: StandardUnit::parse(from.text()?).ok()?,
            dimensions: from.list(read_pair)?.into_iter().collect(),
            minute: from.option(Reader::signed)?,
        })
    }
}

impl Record for StatisticSet {
    fn write(&self, out: &mut Writer) {
        out.number(self.sample_count);
        for value in [self.sum, self.minimum, self.maximum] {
            out.number(value.to_bits());
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let sample_count = from.number()?;
        let mut value = || from.number().map(f64::from_bits);
        Some(Self { sample_count, sum: value()?, minimum: value()?, maximum: value()? })
    }
}
