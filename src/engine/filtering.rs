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
    /// texts and read as JSON at most once, however many patterns ask. What a pattern reads from it
    /// goes out as well: what the text spells with escapes was not seen by whoever judged the text,
    /// and is read from what `mask` makes of it, if that is something else.
    pub(super) fn show<'a>(
        &self,
        events: impl Iterator<Item = (i64, &'a MaskedMessage)>,
        now_ms: i64,
        mask: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Filtered {
        let (mut scratch, mut second) = (pattern::Scratch::default(), pattern::Scratch::default());
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
            let text = message.as_str();
            let mut shown = pattern::Event::new(message, &mut scratch);
            selecting.clear();
            self.patterns.matching_event(&mut shown, |number| selecting.push(number));
            let spelt = selecting.iter().any(|it| self.reads_json_fields(*it))
                && memchr::memchr(b'\\', text.as_bytes()).is_some();
            let meant = if spelt { mask(text) } else { None };
            for number in selecting.iter().copied() {
                let (taken, measured) = (filtered.outgoing.get_mut(number), &mut filtered.measured);
                let Some(taken) = taken else {
                    let at = number - self.subscriptions.len();
                    let measured = measured.get_mut(at).expect("one for each");
                    let (data, times) = (&mut filtered.metric_data, (timestamp, now_ms));
                    match meant.as_deref().filter(|_| measured.filter.reads_json_fields()) {
                        Some(meant) => {
                            let mut event = pattern::Event::of(meant, &mut second);
                            measured.measure(&mut event, times, data);
                        }
                        None => measured.measure(&mut shown, times, data),
                    }
                    continue;
                };
                taken.indexes.push(index);
                let subscription = self.subscriptions.get(number).expect("one for each");
                if let Some(meant) = &meant {
                    let masked = subscription.pattern.extract_masked(text, meant).into_iter();
                    taken.judged.extend(masked.map(|(name, masked)| (index, name, masked)));
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

    /// Whether what the filter of that number reads goes out, and is read from JSON.
    fn reads_json_fields(&self, number: usize) -> bool {
        match self.subscriptions.get(number) {
            Some(subscription) => subscription.pattern.reads_json(),
            None => {
                let measured = self.metric_filters.get(number - self.subscriptions.len());
                measured.is_some_and(|filter| filter.reads_json_fields())
            }
        }
    }
}

impl Default for Filters {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}
