//! Mailboxes, looked for at their at signs: few signs are refused by what follows them, and the
//! patterns are walked only where a domain does.

use super::{DetectScratch, Detector};
use crate::identifier::MAILBOX_LOCAL_MAX;

/// Bytes of a domain that are looked at. Source: RFC 5321, section 4.5.3.1.2.
const DOMAIN_MAX: usize = 255;

/// Whether the at sign at byte `at` may be that of a mailbox: before it stands the end of a local
/// part, behind it a domain with a top-level domain, or an address in brackets. Lets through more
/// than the patterns and the check of mailboxes together, never less.
pub(super) fn may_be_sign(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else { return false };
    let local = before.is_ascii_alphanumeric() || before >= 0x80 || b"_%+'=-\"".contains(&before);
    let Some(domain) = local.then(|| behind_sign(&text[at..])).flatten() else { return false };
    domain.first() == Some(&b'[') || has_top_level_domain(domain)
}

/// What follows the at sign that `text` begins with: `@`, `%40` or `%2540`.
fn behind_sign(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'@', domain @ ..] | [b'%', b'4', b'0', domain @ ..] => Some(domain),
        [b'%', b'2', b'5', b'4', b'0', domain @ ..] => Some(domain),
        _ => None,
    }
}

fn is_of_domain(byte: &u8) -> bool {
    !matches!(KINDS[usize::from(*byte)], Kind::Other)
}

/// Whether a dot with two letters behind it, or with a character outside ASCII, stands in the
/// domain.
fn has_top_level_domain(domain: &[u8]) -> bool {
    if !domain.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) {
        return false;
    }
    for (at, byte) in domain.iter().enumerate().take(DOMAIN_MAX) {
        match KINDS[usize::from(*byte)] {
            Kind::Other => return false,
            Kind::Domain => {}
            Kind::Dot => match domain[at + 1..] {
                [a, ..] if a >= 0x80 => return true,
                [a, b, ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => return true,
                _ => {}
            },
        }
    }
    false
}

/// What a byte is to a domain.
#[derive(Clone, Copy)]
enum Kind {
    Other,
    Domain,
    Dot,
}

const KINDS: [Kind; 256] = {
    let (mut kinds, mut byte) = ([Kind::Other; 256], 0);
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'.' => Kind::Dot,
            b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80.. => Kind::Domain,
            _ => Kind::Other,
        };
        byte += 1;
    }
    kinds
};

impl Detector {
    /// Judges the mailboxes whose at sign stands at byte `at`.
    pub(super) fn judge_mailbox(&self, text: &str, at: usize, scratch: &mut DetectScratch) {
        let bytes = text.as_bytes();
        for (index, mailbox) in self.tables.mailboxes.iter().enumerate() {
            if mailbox.sign != bytes[at] {
                continue;
            }
            let settled = std::mem::replace(&mut scratch.settled[index], at + 1).min(at);
            let part = |byte: &&u8| mailbox.before[usize::from(**byte)];
            let before = bytes[settled..at].iter().rev().take(mailbox.before_max);
            let back = before.take_while(part).count();
            let local = &bytes[at - back..at];
            // A longer local part is that of a sender's address with `=` in it.
            let back = if local.contains(&b'=') { back } else { back.min(MAILBOX_LOCAL_MAX) };
            if mailbox.beyond_ascii && self.is_ascii_around(bytes, at, back) {
                continue;
            }
            self.judge_from_each_start(index, text, at - back..at, scratch);
        }
    }

    /// Judges the mailboxes that begin in `starts`, up to the first that is one: it hides those
    /// that begin inside it, unless an earlier one may hide it.
    fn judge_from_each_start(
        &self,
        mailbox: usize,
        text: &str,
        starts: std::ops::Range<usize>,
        scratch: &mut DetectScratch,
    ) {
        let walks = &self.tables.mailboxes[mailbox].walks;
        for start in starts {
            let Some(end) = self.judge_if_may_begin(walks, self.wanted, text, start, scratch)
            else {
                continue;
            };
            let hidden = start < scratch.mailboxes_end;
            scratch.mailboxes_end = scratch.mailboxes_end.max(end);
            if !hidden {
                break;
            }
        }
    }

    /// Whether the mailbox around the sign at byte `at` holds ASCII only.
    fn is_ascii_around(&self, bytes: &[u8], at: usize, back: usize) -> bool {
        let end = bytes.len().min(at + DOMAIN_MAX);
        let domain = bytes[at + 1..end].iter().take_while(|byte| is_of_domain(byte)).count();
        bytes[at - back..at + 1 + domain].is_ascii()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_signs_without_a_domain_are_refused() {
        for (text, may_be) in [
            ("jane@example.com", true),
            ("jane@ex-ample.co", true),
            ("jane@[192.0.2.1]", true),
            ("jane@пример.рф", true),
            ("jane%40example.com", true),
            ("jane%2540example.com", true),
            ("\"j d\"@example.com", true),
            ("jane%20example.com", false),
            ("jane@host:9000", false),
            ("jane@a.b", false),
            ("jane@1.2.3", false),
            ("jane@example.com".trim_start_matches("jane"), false),
            (".@example.com", false),
            ("a@@b", false),
        ] {
            let at = text.bytes().position(|byte| matches!(byte, b'@' | b'%')).expect("a sign");
            assert_eq!(may_be_sign(text.as_bytes(), at), may_be, "{text}");
        }
    }
}
