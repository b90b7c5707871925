//! Mailboxes, looked for at their at signs: few signs are refused by what follows them, and the
//! patterns are walked only where a domain does.

use super::{DetectScratch, Detection, Detector};
use crate::identifier::{MAILBOX_LOCAL_MAX, MAILBOX_MAX};
use crate::span::Span;

/// Bytes of a domain that are looked at. Source: RFC 5321, section 4.5.3.1.2.
const DOMAIN_MAX: usize = 255;

/// Dashes in a row in a domain.
const DASHES_MAX: u8 = 4;

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

/// The mailbox around the at sign at byte `at`, if it is as nearly all are: of letters, digits and
/// a few signs, and what stands beside it is part of no mailbox, word or escape. Then no pattern
/// matches anything that begins before it, or goes on behind it, and has the same sign.
fn plain_around(bytes: &[u8], at: usize) -> Option<Span> {
    if bytes[at] != b'@' {
        return None;
    }
    let (mut start, mut dot) = (at, true);
    while start > 0 && at - start <= MAILBOX_LOCAL_MAX {
        match bytes[start - 1] {
            b'.' if dot => return None,
            b'.' => dot = true,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'-' => dot = false,
            byte if stands_free(byte) => break,
            _ => return None,
        }
        start -= 1;
    }
    let begins = matches!(bytes[start], b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_');
    if !begins || at - start > MAILBOX_LOCAL_MAX {
        return None;
    }
    let (mut end, mut joint) = (at + 1, Some(0u8));
    while let Some(byte) = bytes.get(end) {
        // Between letters and digits stands nothing, a dot, or up to four dashes.
        joint = match (byte, joint) {
            (b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9', _) => None,
            (b'.', None) => Some(DASHES_MAX),
            (b'-', None) => Some(1),
            (b'-', Some(dashes @ 1..DASHES_MAX)) => Some(dashes + 1),
            (byte, _) if stands_free(*byte) => break,
            _ => return None,
        };
        if end - start > MAILBOX_MAX {
            return None;
        }
        end += 1;
    }
    // A dot behind it ends a sentence.
    match joint {
        None => Some(Span::new(start, end)),
        Some(_) if bytes[end - 1] == b'.' => Some(Span::new(start, end - 1)),
        Some(_) => None,
    }
}

/// Whether a byte beside a mailbox is part of none.
fn stands_free(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'"' | b'(' | b')' | b',' | b'/' | b':' | b'<' | b'>' | b'{' | b'|' | b'}'
    )
}

impl Detector {
    /// Judges the mailboxes whose at sign stands at byte `at`.
    pub(super) fn judge_mailbox(&self, text: &str, at: usize, scratch: &mut DetectScratch) {
        let bytes = text.as_bytes();
        if let Some(span) = plain_around(bytes, at)
            && span.start >= scratch.mailboxes_end
        {
            let pattern = &self.tables.mailboxes[0].walks.patterns[0];
            if pattern.identifiers & self.wanted != 0 && pattern.check.passes(text, span) {
                let identifier = self.numbers[pattern.identifiers.trailing_zeros() as usize];
                scratch.found.push(Detection { span, identifier });
                scratch.mailboxes_end = span.end;
                return;
            }
        }
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
    use crate::detect::catalogue::TABLES;

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

    #[test]
    fn a_plain_mailbox_is_what_the_patterns_match_around_its_sign() {
        let seed = 29u64;
        let (mut state, mut plain) = (seed, 0);
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % bound
        };
        for round in 0..30_000 {
            let mut text = String::new();
            for (longest, pieces) in [
                (9, ["a", "b", "7", "_", ".", "+", "-", "'", " ", "\"", "<", "=", "%", "é", "\\"]),
                (9, ["a", "b", "7", "c", ".", ".", "-", "-", " ", ">", ",", "[", "_", "é", "%40"]),
            ] {
                let few = 4 + below(12);
                (0..below(longest)).for_each(|_| text.push_str(pieces[below(few).min(14)]));
                text.push('@');
            }
            text.pop();
            let at = text.find('@').expect("a sign");
            let Some(span) = plain_around(text.as_bytes(), at) else { continue };
            plain += 1;
            for mailbox in TABLES.mailboxes.iter().filter(|mailbox| mailbox.sign == b'@') {
                for start in 0..=at {
                    let mut longest = 0;
                    mailbox.walks.walker.walk(&text.as_bytes()[start..], |len, _| longest = len);
                    let end = start + longest;
                    let fits = if start == span.start { end <= span.end } else { end <= at };
                    let inside = start > span.start;
                    assert!(fits || inside, "seed {seed}, round {round}: {text}");
                }
            }
            let mut longest = 0;
            let walker = &TABLES.mailboxes[0].walks.walker;
            walker.walk(&text.as_bytes()[span.start..], |len, _| longest = len);
            // The check asks for a dot, and so for more than the pattern does.
            let whole = span.start + longest == span.end || span.end - at == 2;
            assert!(whole, "seed {seed}, round {round}: {text}");
        }
        assert!(plain > 1_000, "{plain} mailboxes");
    }
}
