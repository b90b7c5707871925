//! One field of what a pattern selects: `$.selector` of a JSON event, `$name` of a line.

use super::json::Selector;
use super::reader::Reader;
use super::{Dialect, Event, FilterPattern, Scratch};

/// Where a value stands in the events of a pattern.
#[derive(Debug)]
pub(crate) struct Field {
    /// As it was written.
    text: String,
    place: FieldPlace,
}

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
        Some(Field { text: text.to_owned(), place })
    }

    /// The value of a field of this pattern in an event that it selects, as it may leave; `None`
    /// when there is none. See [`judged`].
    pub(crate) fn field_value(
        &self,
        field: &Field,
        event: &mut Event<'_>,
        mask: &mut dyn FnMut(&str, &str) -> Option<String>,
    ) -> Option<String> {
        let text = event.text;
        let mut value = None;
        match (&field.place, &*self.dialect) {
            (FieldPlace::Json(selector), _) if event.is_object() => {
                let Scratch { tape, buffer, .. } = &mut *event.scratch;
                selector.first(tape, text, buffer, |found| value = Some(found.to_owned()));
            }
            (FieldPlace::Delimited(name), Dialect::Delimited(pattern)) => {
                value = pattern.value(text, *name).map(str::to_owned);
            }
            _ => {}
        }
        let value = value?;
        Some(judged(text, &field.text, &value, mask).unwrap_or(value))
    }
}

/// What a field's value has to be replaced by before it leaves: what the text spells with escapes
/// was not seen by whoever judged the text, and is judged by `mask` with the field's name.
pub(crate) fn judged(
    text: &str,
    name: &str,
    value: &str,
    mask: &mut dyn FnMut(&str, &str) -> Option<String>,
) -> Option<String> {
    let seen = !text.contains('\\') || text.contains(value);
    if seen { None } else { mask(name, value) }
}
