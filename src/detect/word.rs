//! Where words begin and end: data-identifiers of AWS say "within 30 characters", this is the rule
//! that we made of it.
// Choice: an occurrence of a keyword begins where the character before is not alphanumeric
// (Unicode), at a lower-to-upper change, at the last letter of an upper-case run that a lower-case
// letter follows (`XMLSsn`), or at a digit-to-letter change; it ends likewise, where a letter meets
// a digit. `_` is not alphanumeric.

/// The character before byte `at`.
pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at.wrapping_sub(1)) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        Some(_) => text.get(..at)?.chars().next_back(),
        None => None,
    }
}

/// The character that begins at byte `at`.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        Some(_) => text.get(at..)?.chars().next(),
        None => None,
    }
}

pub(super) fn alphanumeric_before(text: &str, at: usize) -> bool {
    char_before(text, at).is_some_and(char::is_alphanumeric)
}

pub(super) fn alphanumeric_at(text: &str, at: usize) -> bool {
    char_at(text, at).is_some_and(char::is_alphanumeric)
}

/// Whether a keyword may begin at byte `at`.
pub(super) fn begins(text: &str, at: usize) -> bool {
    let Some(before) = char_before(text, at).filter(|c| c.is_alphanumeric()) else {
        return true;
    };
    let Some(first) = char_at(text, at) else {
        return false;
    };
    (before.is_lowercase() && first.is_uppercase())
        || (before.is_numeric() && first.is_alphabetic())
        || (before.is_uppercase() && first.is_uppercase() && lowercase_after(text, at, first))
}

/// Whether a keyword may end before byte `at`.
pub(super) fn ends(text: &str, at: usize) -> bool {
    let Some(after) = char_at(text, at).filter(|c| c.is_alphanumeric()) else {
        return true;
    };
    let Some(last) = char_before(text, at) else {
        return false;
    };
    (last.is_lowercase() && after.is_uppercase())
        || (last.is_alphabetic() && after.is_numeric())
        || (last.is_uppercase() && after.is_uppercase() && lowercase_after(text, at, after))
}

fn lowercase_after(text: &str, at: usize, first: char) -> bool {
    char_at(text, at + first.len_utf8()).is_some_and(char::is_lowercase)
}
