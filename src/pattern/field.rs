//! One field of what a pattern selects: `$.selector` of a JSON event, `$name` of a line.

use super::reader::Reader;
use super::selector::Selector;
use super::{Dialect, Event, FilterPattern, Scratch};

/// Where a value stands in the events of a pattern.
#[derive(Debug)]
pub(crate) struct Field(FieldPlace);

#[derive(Debug)]
enum FieldPlace {
    Json(Selector),
    /// The name of that number.
    Delimited(usize),
}

impl FilterPattern {
    /// The field of that name; `None` when the pattern's events have none.
    // Choice: a JSON field need not be one that the pattern asks for; AWS documents examples in
    // which it is, and no rule.
    pub(crate) fn field(&self, text: &str) -> Option<Field> {
        let place = match &*self.dialect {
            Dialect::Terms(_) => return None,
            Dialect::Json(_) => {
                let mut reader = Reader::new(text);
                let selector = Selector::read(&mut reader, &mut 0).ok()?;
                reader.rest().is_empty().then_some(FieldPlace::Json(selector))?
            }
            Dialect::Delimited(pattern) => {
                FieldPlace::Delimited(pattern.field(text.strip_prefix('$')?)?)
            }
        };
        Some(Field(place))
    }

    /// The value of a field of this pattern in an event; `None` when there is none.
    pub(crate) fn field_value(&self, field: &Field, event: &mut Event<'_>) -> Option<String> {
        let text = event.text;
        let mut value = None;
        match (&field.0, &*self.dialect) {
            (FieldPlace::Json(selector), _) if event.is_object() => {
                let Scratch { tape, buffer, .. } = &mut *event.scratch;
                selector.first(tape, text, buffer, |found| value = Some(found.to_owned()));
            }
            (FieldPlace::Delimited(name), Dialect::Delimited(pattern)) => {
                value = pattern.value(event.line(), text, *name).map(str::to_owned);
            }
            _ => {}
        }
        value
    }
}
