//! The data points of metric filters, on their way to the host.

use std::sync::PoisonError;

use crate::error::Error;
use crate::limits::METRIC_DATA_BATCH_MAX;
use crate::metric::{MetricDatum, minute_of};

use super::Engine;

impl Engine {
    /// Hands the data points of minutes that are over to `publish`, the oldest first and at most
    /// 1,000 at once (what `PutMetricData` takes), until none is left or `publish` answers false.
    /// What it took is forgotten; what it did not take comes again, over restarts as well. Returns
    /// how many it took. The host calls it once a minute. `publish` must not call it.
    ///
    /// A data point holds the values of one metric by the minute of their events; when events of
    /// one minute come in during several, there are several. A filter with a default value gives
    /// it for a minute in which events came in and no filter of that metric selected any.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use logveil::*;
    /// # struct Nothing;
    /// # impl Directory for Nothing {
    /// #     fn exists(&self, _: &Arn) -> bool {
    /// #         false
    /// #     }
    /// # }
    /// # fn main() -> Result<(), Error> {
    /// # let account = AccountId::new("123456789012")?;
    /// # let home = Home { account, region: Region::new("eu-west-1")? };
    /// # let sink = Arc::new(InMemory::default());
    /// # let engine = Engine::new(home, Arc::new(SystemClock), Arc::new(Nothing), sink);
    /// let taken = engine.publish_metric_data(|data| {
    ///     for datum in data {
    ///         let values = datum.statistic_values;
    ///         println!("{}: {} in {}", datum.metric_name, values.sum, values.sample_count);
    ///     }
    ///     true
    /// })?;
    /// assert_eq!(taken, 0, "no log group has a metric filter");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails: what was handed out last may then come again.
    pub fn publish_metric_data(
        &self,
        mut publish: impl FnMut(&[MetricDatum]) -> bool,
    ) -> Result<usize, Error> {
        let _one_at_a_time = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.store.metric_data_before(minute_of(self.clock.now_ms()))?;
        let mut taken = 0;
        // The default value, which has no minute of its own, is the first of its metric's.
        let mut after = waiting.iter().skip(1);
        let mut due = Vec::with_capacity(waiting.len());
        for ((ingested, key), values) in &waiting {
            let next = after.next().map(|((ingested, key), _)| (ingested, key));
            let selected = next.is_some_and(|(at, next)| at == ingested && next.same_metric(key));
            let empty = values.sample_count == 0 || (key.minute.is_none() && selected);
            due.push((!empty).then(|| key.datum(*ingested, *values)));
        }
        for (keys, data) in
            waiting.chunks(METRIC_DATA_BATCH_MAX).zip(due.chunks(METRIC_DATA_BATCH_MAX))
        {
            let data: Vec<_> = data.iter().flatten().cloned().collect();
            if !data.is_empty() && !publish(&data) {
                break;
            }
            taken += data.len();
            self.store.forget_metric_data(keys.iter().map(|(key, _)| key.clone()).collect())?;
        }
        Ok(taken)
    }
}
