//! The names of managed data identifiers: in ARNs, bare, and almost right.

use crate::identifier::{managed_ids, managed_name};

/// The form of a managed identifier's ARN, for messages.
pub(super) const ARN_FORM: &str = "arn:aws:dataprotection::aws:data-identifier/NAME";

/// An element of a `DataIdentifier` array, by its form.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Reference<'t> {
    /// The ARN of a managed identifier that exists.
    Managed(&'static str),
    /// The ARN of a managed identifier that does not: its name, and the byte where that begins.
    Unknown(&'t str, usize),
    /// An ARN of another form.
    OtherArn,
    /// A bare name.
    Bare(&'t str),
}

/// Takes an element of a `DataIdentifier` array apart.
pub(super) fn reference(text: &str) -> Reference<'_> {
    if !text.contains(':') {
        return Reference::Bare(text);
    }
    let Some(name) = managed_arn_name(text) else {
        return Reference::OtherArn;
    };
    match managed_name(name) {
        Some(id) => Reference::Managed(id),
        None => Reference::Unknown(name, text.len() - name.len()),
    }
}

/// The name in `arn:aws[a-z-]*:dataprotection::aws:data-identifier/NAME`.
// Choice: any partition is accepted, and the same name in two partitions is one identifier.
fn managed_arn_name(text: &str) -> Option<&str> {
    let (partition, rest) = text.strip_prefix("arn:aws")?.split_once(':')?;
    if !partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
        return None;
    }
    rest.strip_prefix("dataprotection::aws:data-identifier/")
}

/// The managed identifier that `name` was probably meant to be.
pub(super) fn nearest_managed(name: &str) -> Option<&'static str> {
    nearest(name, managed_ids()).or_else(|| {
        let folded = fold(name.get(..LIKENESS_BYTES_MAX).unwrap_or(name));
        let begins = |id: &&str| folded.len() >= 4 && fold(id).starts_with(&folded);
        managed_ids().filter(begins).min_by_key(|id| id.len())
    })
}

/// The longest name for which a likeness is looked for, in bytes; ours are far shorter.
const LIKENESS_BYTES_MAX: usize = 64;

/// The one of `known` that `name` resembles: equal but for case and punctuation, or at most a
/// third of its letters (at least one, at most three) wrong.
pub(super) fn nearest(
    name: &str,
    known: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    if name.len() > LIKENESS_BYTES_MAX {
        return None;
    }
    let folded = fold(name);
    let likeness = |id: &'static str| {
        let (folded_id, wrong_max) = (fold(id), (id.len() / 3).clamp(1, 3));
        if folded.len().abs_diff(folded_id.len()) > wrong_max {
            return None;
        }
        let distance = edit_distance(folded.as_bytes(), folded_id.as_bytes());
        (distance <= wrong_max && distance < folded.len()).then_some((distance, id))
    };
    known.filter_map(likeness).min_by_key(|(distance, _)| *distance).map(|(_, id)| id)
}

fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Fewest insertions, removals and replacements of bytes that turn `a` into `b`.
fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, byte_a) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, byte_b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(byte_a != byte_b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_told_apart_by_form() {
        let arn = |name: &str| format!("arn:aws:dataprotection::aws:data-identifier/{name}");
        assert_eq!(reference(&arn("EmailAddress")), Reference::Managed("EmailAddress"));
        let cn = "arn:aws-cn:dataprotection::aws:data-identifier/EmailAddress";
        assert_eq!(reference(cn), Reference::Managed("EmailAddress"));
        assert_eq!(reference(&arn("emailaddress")), Reference::Unknown("emailaddress", 44));
        assert_eq!(reference("EmailAddress"), Reference::Bare("EmailAddress"));
        for other in [
            "arn:",
            "arn:aws:dataprotection:eu-west-1:aws:data-identifier/EmailAddress",
            "arn:AWS:dataprotection::aws:data-identifier/EmailAddress",
            "arn:aws1:dataprotection::aws:data-identifier/EmailAddress",
            "arn:gcp:dataprotection::aws:data-identifier/EmailAddress",
            " arn:aws:dataprotection::aws:data-identifier/EmailAddress",
            "arn:aws:dataprotection::111122223333:data-identifier/EmailAddress",
        ] {
            assert_eq!(reference(other), Reference::OtherArn, "{other}");
        }
    }

    #[test]
    fn what_was_meant_is_suggested_only_when_close() {
        let cases = [
            ("emailaddress", Some("EmailAddress")),
            ("EmailAdress", Some("EmailAddress")),
            ("Email-Address", Some("EmailAddress")),
            ("CreditCard", Some("CreditCardNumber")),
            ("ssn_us", Some("Ssn-US")),
            ("DriversLicense", Some("DriversLicense-AT")),
            ("*", None),
            ("", None),
            ("Shoe", None),
            ("Em", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest_managed(name), expected, "{name}");
        }
        assert_eq!(nearest_managed(&"EmailAddress".repeat(3000)), None);
        let sid = || ["Sid"].into_iter();
        assert_eq!(nearest("sid", sid()), Some("Sid"));
        assert_eq!(nearest("id", sid()), Some("Sid"));
        assert_eq!(nearest("x", sid()), None);
    }
}
