//! Limits of the parameters of the delivery operations.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{DeliveryDestinationType, OutputFormat, S3DeliveryConfiguration};
use super::template::ConfigurationTemplate;
use crate::error::Error;
use crate::limits::{
    DELIVERY_ID_CHARS_MAX, DELIVERY_NAME_CHARS_MAX, FIELD_DELIMITER_CHARS_MAX, LOG_TYPE_CHARS_MAX,
    RECORD_FIELD_CHARS_MAX, RECORD_FIELDS_MAX, SUFFIX_PATH_CHARS_MAX,
};
use crate::tags;

/// # Errors
///
/// Validation unless it is 1 to 60 of `[A-Za-z0-9_-]`.
pub(crate) fn check_name(parameter: &str, name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=DELIVERY_NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let max = DELIVERY_NAME_CHARS_MAX;
    Err(Error::validation(format!("{parameter} is not 1 to {max} letters, digits, _ and -")))
}

/// # Errors
///
/// Validation unless it is 1 to 64 letters and digits.
pub(crate) fn check_id(id: &str) -> Result<(), Error> {
    let fits = (1..=DELIVERY_ID_CHARS_MAX).contains(&id.len());
    if fits && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::validation(format!("id is not 1 to {DELIVERY_ID_CHARS_MAX} letters and digits")))
}

/// # Errors
///
/// Validation unless it is 1 to 255 of `[A-Za-z0-9_]`, and `-` where that is allowed.
pub(crate) fn check_log_type(parameter: &str, text: &str, dash: bool) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (dash && byte == b'-');
    if (1..=LOG_TYPE_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    let max = LOG_TYPE_CHARS_MAX;
    Err(Error::validation(format!("{parameter} is not 1 to {max} letters, digits and _")))
}

/// # Errors
///
/// Validation for tags that cannot be.
pub(crate) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    tags::check(tags).map_err(Error::into_validation)
}

/// # Errors
///
/// Validation for none, or more than `max`.
pub(crate) fn check_selectors(
    parameter: &str,
    given: Option<usize>,
    max: usize,
) -> Result<(), Error> {
    match given {
        None => Ok(()),
        Some(count) if (1..=max).contains(&count) => Ok(()),
        Some(_) => Err(Error::validation(format!("{parameter} does not hold 1 to {max}"))),
    }
}

/// What a delivery may be told, against the template of its log type.
///
/// # Errors
///
/// Validation.
pub(crate) fn check_config(
    template: &ConfigurationTemplate,
    format: OutputFormat,
    record_fields: Option<&[String]>,
    field_delimiter: Option<&str>,
    s3: Option<&S3DeliveryConfiguration>,
) -> Result<(), Error> {
    if let Some(fields) = record_fields {
        check_fields(template, fields)?;
    }
    if let Some(delimiter) = field_delimiter {
        if delimiter.chars().count() > FIELD_DELIMITER_CHARS_MAX {
            return Err(Error::validation(format!(
                "fieldDelimiter has more than {FIELD_DELIMITER_CHARS_MAX} characters"
            )));
        }
        if !format.takes_delimiter() {
            return Err(Error::validation(
                "fieldDelimiter is for the output formats plain, w3c and raw",
            ));
        }
        let allowed = &template.allowed_field_delimiters;
        if !allowed.is_empty() && !allowed.iter().any(|known| known == delimiter) {
            return Err(Error::validation("fieldDelimiter is none that the log type allows"));
        }
    }
    match s3 {
        None => Ok(()),
        Some(_) if template.delivery_destination_type != DeliveryDestinationType::S3 => {
            Err(Error::validation("s3DeliveryConfiguration is for buckets"))
        }
        Some(s3) => check_suffix(template, s3.suffix_path.as_deref()),
    }
}

fn check_fields(template: &ConfigurationTemplate, fields: &[String]) -> Result<(), Error> {
    if fields.len() > RECORD_FIELDS_MAX {
        let message = format!("recordFields holds more than {RECORD_FIELDS_MAX}");
        return Err(Error::validation(message));
    }
    let long = |field: &String| !(1..=RECORD_FIELD_CHARS_MAX).contains(&field.chars().count());
    if let Some(index) = fields.iter().position(long) {
        let max = RECORD_FIELD_CHARS_MAX;
        return Err(Error::validation(format!(
            "element {index} of recordFields does not have 1 to {max} characters"
        )));
    }
    let mut seen = BTreeSet::new();
    let allowed = |field: &String| template.allowed_fields.iter().any(|it| it.name == *field);
    if let Some(index) = fields.iter().position(|field| !allowed(field) || !seen.insert(field)) {
        return Err(Error::validation(format!(
            "element {index} of recordFields is no field of the log type, or stands there twice"
        )));
    }
    let missing =
        template.allowed_fields.iter().find(|it| it.mandatory && !seen.contains(&it.name));
    match missing {
        Some(field) if !fields.is_empty() => {
            Err(Error::validation(format!("recordFields lacks the mandatory {}", field.name)))
        }
        _ => Ok(()),
    }
}

fn check_suffix(template: &ConfigurationTemplate, suffix: Option<&str>) -> Result<(), Error> {
    let Some(suffix) = suffix else { return Ok(()) };
    if !(1..=SUFFIX_PATH_CHARS_MAX).contains(&suffix.chars().count()) {
        let max = SUFFIX_PATH_CHARS_MAX;
        return Err(Error::validation(format!("suffixPath does not have 1 to {max} characters")));
    }
    // What object keys take without being encoded.
    let plain = |char: char| char.is_ascii_alphanumeric() || "!-_.*'()/{}=".contains(char);
    if !suffix.chars().all(plain) || suffix.split('/').any(|part| part == "..") {
        return Err(Error::validation("suffixPath holds what an object key should not"));
    }
    let mut rest = suffix;
    while let Some(at) = rest.find(['{', '}']) {
        let known = rest.get(at..).and_then(|rest| {
            let (name, behind) = rest.strip_prefix('{')?.split_once('}')?;
            let known = template.allowed_suffix_path_fields.iter().any(|field| field == name);
            known.then_some(behind)
        });
        rest = known.ok_or_else(|| {
            Error::validation("suffixPath holds a variable that the log type does not have")
        })?;
    }
    Ok(())
}
