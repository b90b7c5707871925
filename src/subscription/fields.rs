//! The fields that go with each event: those its pattern extracts, and those of the system.

use std::collections::BTreeMap;

use super::filter::field_of;
use crate::arn::Home;
use crate::message::MaskedMessage;
use crate::pattern::FilterPattern;
use crate::policy::SystemField;
use crate::store::{Entry, EventKey};

/// What goes with each event of an entry.
pub(super) struct Fields<'a> {
    pattern: Option<FilterPattern>,
    /// By event and name.
    judged: BTreeMap<(u64, &'a str), &'a str>,
    system: Vec<(String, String)>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(entry: &'a Entry, home: &Home) -> Self {
        let route = &*entry.route;
        let pattern = route.extracted_by.as_deref().map(FilterPattern::parse);
        let log_group = entry.log_group.as_ref();
        let system = |field: &SystemField| {
            let value = log_group.map(|name| field_of(*field, home, name)).unwrap_or_default();
            (field.as_str().to_owned(), value.to_owned())
        };
        let system = route.system_fields.iter().map(system).collect();
        let judged = entry.judged.iter();
        let judged = judged.map(|it| ((it.sequence, it.name.as_str()), it.masked.as_str()));
        Self { pattern: pattern.and_then(Result::ok), judged: judged.collect(), system }
    }

    /// Names come without `$` and `$.`. A value that the text spells with escapes is given as it
    /// was judged with the event.
    pub(super) fn of_event(&self, key: EventKey, message: &MaskedMessage) -> Vec<(String, String)> {
        let extracted = self.pattern.as_ref().and_then(|it| it.extract(message.as_str()));
        let sequence = key.position.sequence;
        let named = |(name, value): (String, String)| {
            let judged = self.judged.get(&(sequence, name.as_str()));
            let value = judged.map_or(value, |masked| (*masked).to_owned());
            let bare = name.strip_prefix("$.").or_else(|| name.strip_prefix('$'));
            (bare.unwrap_or(&name).to_owned(), value)
        };
        let fields = extracted.unwrap_or_default().into_iter().map(named);
        fields.chain(self.system.iter().cloned()).collect()
    }
}
