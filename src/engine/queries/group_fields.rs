//! GetLogGroupFields.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::error::Error;
use crate::limits::{LOG_GROUP_FIELDS_MAX, SCAN_EVENTS_MAX};
use crate::masker::Scratch;
use crate::query::event_fields;
use crate::store::{Position, Streams, Window};

use super::Engine;

const MINUTE_MS: i64 = 60 * 1000;

/// Fields that every event has.
const SYSTEM: [&str; 5] = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"];

/// Request of [`Engine::get_log_group_fields`].
#[derive(Clone, Debug)]
pub struct GetLogGroupFields {
    /// A name or an ARN.
    pub log_group_identifier: String,
    /// The middle of the 16 minutes that are looked at, in **seconds** since 1970 UTC; absent
    /// means the last 15 minutes.
    pub time: Option<i64>,
}

/// A field of the events of a log group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogGroupField {
    /// Its name.
    pub name: String,
    /// How many of the events have it, in percent.
    pub percent: u32,
}

impl Engine {
    /// The fields that a query may name in a log group, those of most events first. At most
    /// 100,000 events are looked at, from the newest on, and 1,000 fields counted.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the identifier is none or the time is negative; ResourceNotFound;
    /// ServiceUnavailable.
    pub fn get_log_group_fields(
        &self,
        request: &GetLogGroupFields,
    ) -> Result<Vec<LogGroupField>, Error> {
        let name = self.log_group_named(&request.log_group_identifier)?;
        let group = self.live(&name)?;
        let now_ms = self.clock.now_ms();
        let (start, end) = match request.time {
            None => (now_ms - 15 * MINUTE_MS, now_ms),
            Some(time) if time < 0 => return Err(Error::invalid("time is negative")),
            Some(time) => {
                let middle = time.saturating_mul(1000);
                (middle.saturating_sub(8 * MINUTE_MS), middle.saturating_add(8 * MINUTE_MS))
            }
        };
        let positions = Position::at(start)..Position::at(end.saturating_add(1));
        let window = Window { positions, now_ms, number: None };
        let (protection, scratch) = (group.protection(), RefCell::new(Scratch::default()));
        let judge =
            |text: &str| self.masker.mask_value(&protection, text, &mut scratch.borrow_mut());
        let (mut counts, mut events) = (BTreeMap::new(), 0u64);
        self.store.scan_group(&name, Streams::All, &window, false, |found| {
            events += 1;
            event_fields(&found.event.message, &judge, LOG_GROUP_FIELDS_MAX, &mut counts);
            match events < SCAN_EVENTS_MAX as u64 {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })?;
        if events > 0 {
            counts.extend(SYSTEM.map(|name| (name.to_owned(), events)));
        }
        let share = |(name, count): (String, u64)| LogGroupField {
            name,
            percent: u32::try_from(count * 100 / events.max(1)).unwrap_or(100).clamp(1, 100),
        };
        let mut fields: Vec<_> = counts.into_iter().map(share).collect();
        fields.sort_by_key(|field| std::cmp::Reverse(field.percent));
        Ok(fields)
    }
}
