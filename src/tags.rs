//! Tags: what they may be, and which are asked for.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::limits::{
    TAG_FILTER_VALUE_CHARS_MAX, TAG_FILTER_VALUES_MAX, TAG_FILTERS_MAX, TAG_KEY_CHARS_MAX,
    TAG_VALUE_CHARS_MAX, TAGS_MAX,
};

/// Keys and their values.
pub(crate) type Tags = BTreeMap<String, String>;

/// Asks for resources with a tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TagFilter {
    /// The tag's key.
    pub key: String,
    /// At most five values, of which the tag has to have one; none: any value. `*` at either end
    /// stands for any text, letters then count in any case; `!` at the beginning asks for what is
    /// not the value.
    pub values: Vec<String>,
}

/// # Errors
///
/// InvalidParameter for more than 50, a key or value that is too long or holds another character,
/// or a key that begins with `aws:`.
pub(crate) fn check(tags: &Tags) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::too_long("tags", tags.len(), TAGS_MAX, "tags"));
    }
    let fits = |(key, value): (&String, &String)| {
        is_key(key)
            && !key.starts_with("aws:")
            && value.chars().count() <= TAG_VALUE_CHARS_MAX
            && value.chars().all(is_allowed)
    };
    match tags.iter().all(fits) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "tags: a key has 1 to {TAG_KEY_CHARS_MAX} characters and does not begin with aws:, a \
             value at most {TAG_VALUE_CHARS_MAX}; letters, digits, spaces and _.:/=+-@"
        ))),
    }
}

/// # Errors
///
/// InvalidParameter for more than five filters, or one with more than five values, or with a key
/// or value that no tag can have.
pub(crate) fn check_filters(filters: &[TagFilter]) -> Result<(), Error> {
    if filters.len() > TAG_FILTERS_MAX {
        return Err(Error::too_long("logGroupTags", filters.len(), TAG_FILTERS_MAX, "filters"));
    }
    let fits = |value: &String| {
        value.chars().count() <= TAG_FILTER_VALUE_CHARS_MAX
            && Asked::of(value).text.chars().all(is_allowed)
    };
    for TagFilter { key, values } in filters {
        if values.len() > TAG_FILTER_VALUES_MAX {
            let max = TAG_FILTER_VALUES_MAX;
            return Err(Error::too_long("logGroupTags", values.len(), max, "values of one key"));
        }
        if !is_key(key) || !values.iter().all(fits) {
            return Err(Error::invalid("logGroupTags has a key or value that no tag can have"));
        }
    }
    Ok(())
}

impl TagFilter {
    /// Whether tags are what the filter asks for.
    // Choice: a resource without the key has no value that could be another one, so `!` does not
    // ask for it.
    pub(crate) fn selects(&self, tags: &Tags) -> bool {
        let selected = |value: &String| {
            self.values.is_empty() || self.values.iter().any(|it| Asked::of(it).is(value))
        };
        tags.get(&self.key).is_some_and(selected)
    }
}

/// A value of a filter, taken apart.
struct Asked<'a> {
    negated: bool,
    begins_anyhow: bool,
    ends_anyhow: bool,
    text: &'a str,
}

impl<'a> Asked<'a> {
    fn of(value: &'a str) -> Self {
        let (negated, text) = stripped(value, value.strip_prefix('!'));
        let (begins_anyhow, text) = stripped(text, text.strip_prefix('*'));
        let (ends_anyhow, text) = stripped(text, text.strip_suffix('*'));
        // One star is both.
        let ends_anyhow = ends_anyhow || (begins_anyhow && text.is_empty());
        Self { negated, begins_anyhow, ends_anyhow, text }
    }

    fn is(&self, value: &str) -> bool {
        let (text, shown) = (self.text.to_lowercase(), value.to_lowercase());
        let matched = match (self.begins_anyhow, self.ends_anyhow) {
            (false, false) => value == self.text,
            (false, true) => shown.starts_with(&text),
            (true, false) => shown.ends_with(&text),
            (true, true) => shown.contains(&text),
        };
        matched != self.negated
    }
}

fn stripped<'a>(whole: &'a str, rest: Option<&'a str>) -> (bool, &'a str) {
    (rest.is_some(), rest.unwrap_or(whole))
}

fn is_key(key: &str) -> bool {
    (1..=TAG_KEY_CHARS_MAX).contains(&key.chars().count()) && key.chars().all(is_allowed)
}

/// Letters, numbers and separators of any script, and a few signs.
fn is_allowed(char: char) -> bool {
    let space = char.is_whitespace() && !char.is_control();
    char.is_alphanumeric() || space || "_.:/=+-@".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(values: &[&str], value: &str) -> bool {
        let values = values.iter().map(|&it| it.to_owned()).collect();
        let tags = Tags::from([("k".to_owned(), value.to_owned())]);
        TagFilter { key: "k".to_owned(), values }.selects(&tags)
    }

    #[test]
    fn a_filter_knows_stars_and_exclamation_marks() {
        let cases: &[(&[&str], &str, bool)] = &[
            (&[], "", true),
            (&["prod"], "prod", true),
            (&["prod"], "Prod", false),
            (&["prod", "test"], "test", true),
            (&["prod*"], "PRODUCTION", true),
            (&["*tion"], "PRODUCTION", true),
            (&["*duct*"], "PRODUCTION", true),
            (&["duct*"], "PRODUCTION", false),
            (&["*"], "", true),
            (&["!*"], "x", false),
            (&["!prod"], "prod", false),
            (&["!prod"], "Prod", true),
            (&["!prod*"], "Production", false),
            (&["!prod", "prod"], "prod", true),
            (&[""], "", true),
            (&[""], "x", false),
        ];
        for (values, value, expected) in cases {
            assert_eq!(selects(values, value), *expected, "{values:?} {value}");
        }
        let other = TagFilter { key: "other".to_owned(), values: vec!["!x".to_owned()] };
        assert!(!other.selects(&Tags::from([("k".to_owned(), "v".to_owned())])));
    }

    #[test]
    fn keys_and_values_keep_the_limits() {
        let one = |key: &str, value: &str| check(&Tags::from([(key.to_owned(), value.to_owned())]));
        for (key, value) in [("é ₂_.:/=+-@", ""), (&"k".repeat(128), &"v".repeat(256))] {
            assert!(one(key, value).is_ok(), "{key}");
        }
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        for (key, value) in
            [("", ""), ("aws:x", ""), ("a\tb", ""), ("a*", ""), (&long_key, ""), ("k", &long_value)]
        {
            assert!(one(key, value).is_err(), "{key}");
        }
        let many = |count: usize| (0..count).map(|it| (it.to_string(), String::new())).collect();
        assert!(check(&many(50)).is_ok() && check(&many(51)).is_err());
    }
}
