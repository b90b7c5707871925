//! Metric filters: trying a pattern on messages.

use std::fmt;

use crate::error::Error;
use crate::limits::TEST_MESSAGES_MAX;
use crate::pattern::FilterPattern;

use super::Engine;

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
