//! Mailboxes, and what looks like one: versions, files, units of systemd, remotes of git.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::word_list::WordList;
use crate::span::Span;

/// Longest local part, label and address in bytes. Source: RFC 5321, section 4.5.3.1; RFC 1035.
pub(crate) const LOCAL_MAX: usize = 64;
const LABEL_MAX: usize = 63;
pub(crate) const ADDRESS_MAX: usize = 254;

/// Last labels that are no top-level domains but name files and units of systemd:
/// `icon@2x.png`, `getty@tty1.service`.
///
/// Source: systemd.unit(5); IANA, Root Zone Database (none is delegated but `target`).
static NO_DOMAINS: WordList = WordList::new(&[
    "automount",
    "bmp",
    "class",
    "conf",
    "css",
    "csv",
    "device",
    "dll",
    "exe",
    "gif",
    "gz",
    "htm",
    "html",
    "ico",
    "jar",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "log",
    "mount",
    "patch",
    "png",
    "scope",
    "service",
    "slice",
    "socket",
    "svg",
    "swap",
    "tar",
    "target",
    "tgz",
    "timer",
    "txt",
    "war",
    "webp",
    "whl",
    "xml",
    "yaml",
    "yml",
]);

/// Lengths, dots inside the local part, and a domain in shape: a top-level domain at the end, or an
/// address in brackets. The pattern has seen to the characters.
// Choice: after one or two dots the value is the rest of an address with a broken local part
// (`jane..doe@`) and not reported; three dots are an ellipsis before an address.
pub(super) fn is_valid(text: &[u8], span: Span, value: &str) -> bool {
    let (before, after) = (&text[..span.start], &text[span.end..]);
    let dots = before.iter().rev().take_while(|byte| **byte == b'.').count();
    let word = before.iter().rev().nth(dots).is_some_and(u8::is_ascii_alphanumeric);
    let Some((local, domain)) = parts(value) else {
        return false;
    };
    let in_escape =
        before.ends_with(b"%") && value.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    let rest = word && matches!(dots, 1 | 2);
    if rest || in_escape || is_remote(local, after) {
        return false;
    }
    value.len() <= ADDRESS_MAX && is_local(local) && (is_domain(domain) || is_literal(domain))
}

/// Local part and domain; in a URL `%40` stands between them, or `%2540` where that was escaped
/// again.
fn parts(value: &str) -> Option<(&str, &str)> {
    let escaped = || value.rsplit_once("%40").or_else(|| value.rsplit_once("%2540"));
    // Values are short: byte after byte is faster than a search.
    match value.bytes().rposition(|byte| byte == b'@') {
        Some(at) => Some((&value[..at], &value[at + 1..])),
        None => escaped(),
    }
}

fn is_local(local: &str) -> bool {
    let two_dots = || local.as_bytes().windows(2).any(|two| two == b"..");
    let in_shape = !two_dots() && !local.ends_with('.') || local.ends_with('"');
    in_shape
        && if local.bytes().any(|byte| byte == b'=') {
            is_sender(local)
        } else {
            local.len() <= LOCAL_MAX
        }
}

/// The address that a bounce goes to holds a mailbox: `bounces+jane=example.com` (VERP),
/// `list-return-123-jane=example.com`, `SRS0=k3Fz=QX=example.org=jane`, `prvs=0123abcdef=jane`
/// (BATV). Any other `=` is that of a field: `to=jane@example.com`.
fn is_sender(local: &str) -> bool {
    const SCHEMES: &[&str] =
        &["srs0=", "srs0+", "srs0-", "srs1=", "srs1+", "srs1-", "prvs=", "btv1="];
    let begins = |scheme: &&str| {
        let start = local.as_bytes().get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    let (list, domain) = local.split_once('=').unwrap_or_default();
    let number = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit());
    let numbered = list.split(['-', '.']).skip(1).any(number);
    SCHEMES.iter().any(begins) || (list.contains('+') || numbered) && is_domain(domain)
}

/// `git@host:path`, `git@host/path`.
// Choice: the account of a git remote is no mailbox; other accounts on machines
// (`deploy@web1.example.com:/srv`) are mailboxes as likely as not, and reported.
fn is_remote(local: &str, after: &[u8]) -> bool {
    let host = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let after = &after[after.iter().take_while(host).count()..];
    local == "git" && matches!(after, [b':' | b'/', next, ..] if !next.is_ascii_whitespace())
}

/// A name with a top-level domain.
// Choice: a Message-ID has the shape of an address and is reported as one; a domain without a dot
// (`root@localhost`) makes no address.
fn is_domain(domain: &str) -> bool {
    let bytes = domain.as_bytes();
    let Some(dot) = bytes.iter().rposition(|byte| *byte == b'.') else {
        return false;
    };
    let top = &domain[dot + 1..];
    let letters = if top.is_ascii() {
        top.bytes().all(|byte| byte.is_ascii_alphabetic())
    } else {
        top.chars().all(|c| !c.is_ascii())
    };
    let punycode = top.len() > 4 && top.as_bytes()[..4].eq_ignore_ascii_case(b"xn--");
    top.chars().nth(1).is_some()
        && (letters || punycode)
        && bytes.split(|byte| *byte == b'.').all(|label| (1..=LABEL_MAX).contains(&label.len()))
        && !is_version(bytes)
        && !NO_DOMAINS.contains(top.as_bytes())
}

/// `18.2.0-next.rc`, `v1.2.beta`: two numbers lead.
fn is_version(domain: &[u8]) -> bool {
    let number = |label: &[u8]| label.iter().all(u8::is_ascii_digit);
    let mut labels = domain.strip_prefix(b"v").unwrap_or(domain).split(|byte| *byte == b'.');
    labels.next().is_some_and(number) && labels.next().is_some_and(number)
}

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]`. Source: RFC 5321, section 4.1.3.
fn is_literal(domain: &str) -> bool {
    let Some(address) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    match address.strip_prefix("IPv6:") {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => address.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(text: &str, value: &str) -> bool {
        let start = text.find(value).expect("the value stands in the text");
        is_valid(text.as_bytes(), Span::new(start, start + value.len()), value)
    }

    #[test]
    fn mailboxes_keep_the_lengths_of_the_standards() {
        let label = "a".repeat(63);
        let cases = [
            ("jane.doe@example.com".to_owned(), true),
            ("jane..doe@example.com".to_owned(), false),
            ("jane.@example.com".to_owned(), false),
            ("jane@example".to_owned(), false),
            ("jane@example.c".to_owned(), false),
            ("jane@1.2".to_owned(), false),
            ("jane@example.xn--p1ai".to_owned(), true),
            (format!("{}@example.com", "a".repeat(64)), true),
            (format!("{}@example.com", "a".repeat(65)), false),
            (format!("j@{label}.com"), true),
            (format!("j@{label}a.com"), false),
            (format!("j@{label}.{label}.{label}.{}.com", "a".repeat(56)), true),
            (format!("j@{label}.{label}.{label}.{}.com", "a".repeat(57)), false),
        ];
        for (value, passes) in cases {
            assert_eq!(valid(&value, &value), passes, "{value}");
        }
    }

    #[test]
    fn a_domain_is_no_version_file_or_unit() {
        for (value, passes) in [
            ("jane@163.com", true),
            ("jane@1.2.beta", false),
            ("react@v18.2.0-next.rc", false),
            ("icon@2x.png", false),
            ("getty@tty1.service", false),
            ("jane@services.example.com", true),
            ("jane@пример.рф", true),
            ("jane@пример.рфcom", false),
            ("jane%40example.com", true),
            ("jane%2540example.com", true),
            ("jane@[192.0.2.1]", true),
            ("jane@[192.0.2.256]", false),
            ("jane@[IPv6:2001:db8::1]", true),
            ("jane@[IPv6:2001:db8]", false),
        ] {
            assert_eq!(valid(value, value), passes, "{value}");
        }
    }

    #[test]
    fn the_rest_of_a_broken_local_part_is_no_mailbox() {
        for (text, passes) in [
            ("jane..doe@example.com", false),
            ("jane.doe@example.com", false),
            ("see...doe@example.com", true),
            ("..doe@example.com", true),
        ] {
            assert_eq!(valid(text, "doe@example.com"), passes, "{text}");
        }
    }

    #[test]
    fn bounce_addresses_hold_a_mailbox() {
        for (value, passes) in [
            ("bounces+jane=example.com@lists.example.net", true),
            ("list-return-123-jane=example.com@lists.example.net", true),
            ("SRS0=k3Fz=QX=example.org=jane@forward.example", true),
            ("prvs=0123abcdef=jane@example.com", true),
            ("to=jane@example.com", false),
            ("reply-to=jane.doe@example.com", false),
            ("page+1=jane@example.com", false),
        ] {
            assert_eq!(valid(value, value), passes, "{value}");
        }
    }

    #[test]
    fn a_git_remote_is_no_mailbox() {
        for (text, passes) in [
            ("git@example.com:team/tool.git", false),
            ("ssh://git@example.com/team/tool", false),
            ("to git@example.com: relayed", true),
            ("git@example.com.evil:x", false),
            ("git@example.com", true),
        ] {
            assert_eq!(valid(text, "git@example.com"), passes, "{text}");
        }
    }
}
