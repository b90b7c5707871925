//! Addresses of machines and places.

use std::net::Ipv6Addr;

use super::version;
use crate::span::Span;

/// Latitude to 90 and longitude to 180 degrees.
pub(super) fn lat_long(value: &str) -> bool {
    let Some((latitude, longitude)) = value.split_once(',') else {
        return false;
    };
    let within =
        |text: &str, max: f64| text.trim().parse::<f64>().is_ok_and(|degrees| degrees.abs() <= max);
    within(latitude, 90.0) && within(longitude, 180.0)
}

/// An IPv4 or IPv6 address that is not part of something longer.
// Choice: port, brackets, zone and prefix length stay outside the value; private, loopback and
// unspecified addresses count.
pub(super) fn ip(text: &[u8], span: Span) -> bool {
    let value = &text[span.range()];
    let before = &text[..span.start];
    let after = &text[span.end..];
    match value.iter().find(|byte| matches!(byte, b'.' | b':')) {
        Some(b'.') => ipv4(before, value, after),
        _ => ipv6(before, value, after),
    }
}

/// The pattern has seen to the octets; a fifth number makes it a version or an object identifier,
/// unless it is the port in what packet captures print: `10.0.0.7.443 > 10.0.0.9.50010:`.
fn ipv4(before: &[u8], value: &[u8], after: &[u8]) -> bool {
    let longer_before = matches!(before, [.., b'0'..=b'9', b'.']);
    let longer_after = matches!(after, [b'.', b'0'..=b'9', ..]);
    !longer_before
        && (!longer_after || is_before_port(before, &after[1..]))
        && !version::is_version(before, value.get(1) == Some(&b'.'), after)
}

/// Whether `after` begins with the port that packet captures write behind a dot.
fn is_before_port(before: &[u8], after: &[u8]) -> bool {
    let port_len = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = &after[port_len..];
    let captured =
        behind.starts_with(b" > ") || (before.ends_with(b" > ") && behind.first() == Some(&b':'));
    port_len <= 5 && captured
}

/// RFC 4291; then what looks like an address but is none.
fn ipv6(before: &[u8], value: &[u8], after: &[u8]) -> bool {
    let groups = Groups::of(value);
    if !groups.are_address(value) {
        return false;
    }
    // `:::8080` is any address and a port; `ip:::1` is a name before `::1`.
    let third_colon = value[0] == b':' && matches!(before, [b':'] | [.., b' ' | b'\t', b':']);
    if third_colon {
        return false;
    }
    if in_chain(before, after) && !is_socket_of_java(before, value, after) {
        return false;
    }
    // `a::b` and `::` are scopes as likely as addresses; eight pairs are a hardware address.
    (groups.digits || groups.count > 3) && groups.pairs < 8
}

/// What stands between the colons of a value.
#[derive(Default)]
struct Groups {
    /// Those that are not empty, and those of two bytes.
    count: usize,
    pairs: usize,
    /// Two colons together.
    doubled: usize,
    /// A group has more than four bytes.
    long: bool,
    digits: bool,
    dots: bool,
}

impl Groups {
    fn of(value: &[u8]) -> Self {
        let mut groups = Self::default();
        let mut len = 0;
        for (at, byte) in value.iter().enumerate() {
            match byte {
                b':' => {
                    groups.doubled += usize::from(at > 0 && len == 0);
                    groups.end(len);
                    len = 0;
                }
                _ => {
                    groups.digits |= byte.is_ascii_digit();
                    groups.dots |= *byte == b'.';
                    len += 1;
                }
            }
        }
        groups.end(len);
        groups
    }

    fn end(&mut self, len: usize) {
        self.count += usize::from(len > 0);
        self.pairs += usize::from(len == 2);
        self.long |= len > 4;
    }

    /// Whether `value`, of hexadecimal digits, colons and dots, is an IPv6 address: eight groups of
    /// two bytes, of which two colons together stand for one or more. Those that end in an IPv4
    /// address are left to the standard library.
    fn are_address(&self, value: &[u8]) -> bool {
        if self.dots {
            let text = std::str::from_utf8(value);
            return text.is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok());
        }
        let begins = !value.starts_with(b":") || value.starts_with(b"::");
        let ends = !value.ends_with(b":") || value.ends_with(b"::");
        let eight = if self.doubled == 0 { self.count == 8 } else { self.count < 8 };
        self.doubled < 2 && eight && begins && ends && !self.long
    }
}

/// `/2001:db8:0:0:0:0:0:1:50010`: eight groups behind a slash, then a port. All zeros are no one's.
fn is_socket_of_java(before: &[u8], value: &[u8], after: &[u8]) -> bool {
    let eight = value.split(|byte| *byte == b':').filter(|group| !group.is_empty()).count() == 8;
    let zeros = value.iter().all(|byte| b"0:".contains(byte));
    let port = after.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
    let ends = !after.get(port + 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b':');
    before.ends_with(b"/") && eight && !zeros && (1..=5).contains(&port) && ends
}

/// Whether the candidate goes on in a chain of colons: `12:34::5` inside `x12:34::5:`.
fn in_chain(before: &[u8], after: &[u8]) -> bool {
    let hex_after = |at: usize| after.get(at).is_some_and(|b| b.is_ascii_hexdigit() || *b == b':');
    if after.first() == Some(&b':') && hex_after(1) {
        return true;
    }
    let [.., b':'] = before else { return false };
    let label = &before[..before.len() - 1];
    let word = label.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).take(5);
    let (mut len, mut hex) = (0, true);
    for byte in word {
        len += 1;
        hex &= byte.is_ascii_hexdigit();
    }
    // `addr:` and `"` introduce an address; `12:` and `::` belong to it.
    (len > 0 && len < 5 && hex) || label.last() == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip_in(text: &str, value: &str) -> bool {
        let start = text.find(value).expect("the value stands in the text");
        ip(text.as_bytes(), Span::new(start, start + value.len()))
    }

    #[test]
    fn the_groups_are_those_of_the_standard_library() {
        let seed = 11u64;
        let (mut state, mut addresses) = (seed, 0);
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % bound
        };
        for round in 0..200_000 {
            let mut value = String::new();
            for _ in 0..below(10) {
                let digits = [1, 1, 2, 3, 4, 4, 5, 0][below(8)];
                (0..digits)
                    .for_each(|_| value.push(char::from(b"0123456789abcdefABCDEF"[below(22)])));
                value.push_str([":", ":", ":", ":", ":", ":", "::", ""][below(8)]);
            }
            value.push_str(["", "", "", "1", "192.0.2.1"][below(5)]);
            let is_address = value.parse::<Ipv6Addr>().is_ok();
            let groups = Groups::of(value.as_bytes());
            addresses += usize::from(is_address);
            let read = groups.are_address(value.as_bytes());
            assert_eq!(read, is_address, "seed {seed}, round {round}: {value}");
        }
        assert!(addresses > 5_000, "{addresses} addresses");
    }

    #[test]
    fn an_address_is_not_part_of_something_longer() {
        let cases = [
            ("10.0.0.1", "10.0.0.1", true),
            ("at 10.0.0.1. Then", "10.0.0.1", true),
            ("1.10.0.0.1", "10.0.0.1", false),
            ("10.0.0.1.7", "10.0.0.1", false),
            ("IP 10.0.0.1.443 > 10.0.0.2.50010: Flags", "10.0.0.1", true),
            ("IP 10.0.0.1.443 > 10.0.0.2.50010: Flags", "10.0.0.2", true),
            ("10.0.0.1.123456 > 10.0.0.2", "10.0.0.1", false),
            ("version 10.0.0.1", "10.0.0.1", false),
            ("listen on :::8080", "::8080", false),
            ("ip:::1", "::1", true),
            ("/2001:db8:0:0:0:0:0:1:50010,", "2001:db8:0:0:0:0:0:1", true),
            ("/2001:db8:0:0:0:0:0:1:5:", "2001:db8:0:0:0:0:0:1", false),
            ("2001:db8:0:0:0:0:0:1:50010", "2001:db8:0:0:0:0:0:1", false),
            ("/0:0:0:0:0:0:0:0:2181", "0:0:0:0:0:0:0:0", false),
            ("ip :2001:db8::1", "2001:db8::1", true),
            ("addr:2001:db8::1", "2001:db8::1", true),
            ("12:2001:db8::1", "2001:db8::1", false),
            ("fe80::1:", "fe80::1", true),
            ("fe80::1:zz", "fe80::1", true),
            ("fe80::1:2", "fe80::1", false),
            ("12:34:56", "12:34:56", false),
            ("3f:ae:eb:6c:81:fe", "3f:ae:eb:6c:81:fe", false),
            ("00:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:77", false),
            ("add::fee", "add::fee", false),
            ("::1", "::1", true),
            ("::", "::", false),
        ];
        for (text, value, passes) in cases {
            assert_eq!(ip_in(text, value), passes, "{value} in {text}");
        }
    }

    #[test]
    fn coordinates_stay_on_the_globe() {
        for (value, passes) in [
            ("41.948614,-87.655311", true),
            ("-90.00 , 180.00", true),
            ("95.123456, 10.123456", false),
            ("10.123456, 180.123456", false),
        ] {
            assert_eq!(lat_long(value), passes, "{value}");
        }
    }
}
