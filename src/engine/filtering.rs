//! Events and the filters of their log group: which events each subscription takes, and what each
//! metric filter makes of them.

use std::sync::Arc;

use crate::message::MaskedMessage;
use crate::metric::{LiveMetricFilter, Measured, MetricData};
use crate::pattern::{self, FilterPatterns};
use crate::store::Outgoing;
use crate::subscription::Subscription;

/// The filters in force on one log group.
#[derive(Debug)]
pub(super) struct Filters {
    /// The account's last.
    subscriptions: Vec<Arc<Subscription>>,
    metric_filters: Vec<Arc<LiveMetricFilter>>,
    /// Those of the former, then of the latter.
    patterns: FilterPatterns,
}

/// What filters made of the events of a batch.
#[derive(Debug, Default)]
pub(super) struct Filtered {
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) metric_data: MetricData,
    /// For each metric filter that selected some.
    pub(super) measured: Vec<Measured>,
}

impl Filters {
    pub(super) fn new(
        subscriptions: Vec<Arc<Subscription>>,
        metric_filters: Vec<Arc<LiveMetricFilter>>,
    ) -> Self {
        let patterns = subscriptions.iter().map(|it| it.pattern.clone());
        let measured = metric_filters.iter().map(|it| it.shown.filter_pattern.clone());
        let patterns = FilterPatterns::new(patterns.chain(measured));
        Self { subscriptions, metric_filters, patterns }
    }

    /// Shows events (time and masked text) to all filters. An event is searched once for all their
    /// texts and read as JSON at most once, however many patterns ask. What a pattern extracts goes out as well: a value that the text
    /// spells with escapes was not seen by whoever judged the text, and is judged by `mask`, with
    /// its name.
    pub(super) fn show<'a>(
        &self,
        events: impl Iterator<Item = (i64, &'a MaskedMessage)>,
        now_ms: i64,
        mask: &mut dyn FnMut(&str, &str) -> Option<String>,
    ) -> Filtered {
        let mut scratch = pattern::Scratch::default();
        let outgoing = |subscription: &Arc<Subscription>| {
            let route = Arc::clone(&subscription.route);
            Outgoing { route, indexes: Vec::new(), judged: Vec::new() }
        };
        let mut filtered = Filtered {
            outgoing: self.subscriptions.iter().map(outgoing).collect(),
            metric_data: MetricData::default(),
            measured: self.metric_filters.iter().map(Measured::none).collect(),
        };
        let mut selecting = Vec::new();
        for (index, (timestamp, message)) in events.enumerate() {
            let mut shown = pattern::Event::new(message, &mut scratch);
            selecting.clear();
            self.patterns.matching_event(&mut shown, |number| selecting.push(number));
            for number in selecting.iter().copied() {
                match self.subscriptions.get(number) {
                    Some(subscription) => {
                        let taken = filtered.outgoing.get_mut(number).expect("one for each");
                        taken.indexes.push(index);
                        extract(subscription, message.as_str(), index, taken, mask);
                    }
                    None => {
                        let number = number - self.subscriptions.len();
                        let measured = filtered.measured.get_mut(number).expect("one for each");
                        let data = &mut filtered.metric_data;
                        measured.measure(&mut shown, (timestamp, now_ms), data, mask);
                    }
                }
            }
        }
        for measured in filtered.measured.iter().filter(|it| it.selected == 0) {
            measured.filter.add_default(&mut filtered.metric_data);
        }
        filtered.outgoing.retain(|taken| !taken.indexes.is_empty());
        filtered.measured.retain(|measured| measured.selected > 0);
        filtered
    }
}

impl Default for Filters {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

/// Notes what a subscription's fields have to be masked to.
fn extract(
    subscription: &Subscription,
    text: &str,
    index: usize,
    taken: &mut Outgoing,
    mask: &mut dyn FnMut(&str, &str) -> Option<String>,
) {
    if subscription.route.extracted_by.is_some() && text.contains('\\') {
        for (name, value) in subscription.pattern.extract(text).unwrap_or_default() {
            let masked = pattern::judged(text, &name, &value, mask);
            taken.judged.extend(masked.map(|masked| (index, name, masked)));
        }
    }
}
