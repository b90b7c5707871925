//! Four numbers between dots that are a version of software and no address.

/// Endings of files that carry a version in their names.
const PACKAGES: [&str; 16] = [
    "apk", "deb", "dll", "dmg", "exe", "gem", "jar", "msi", "nupkg", "pkg", "rpm", "so", "tar",
    "tgz", "whl", "zip",
];

/// Browsers and what they name beside themselves. Other words before a slash may lead to an
/// address: `GET /ip/10.20.30.40 HTTP/1.1`.
const PRODUCTS: [&str; 17] = [
    "Brave",
    "Chrome",
    "Chromium",
    "CriOS",
    "Edg",
    "EdgA",
    "EdgiOS",
    "Edge",
    "Electron",
    "Firefox",
    "FxiOS",
    "HeadlessChrome",
    "OPR",
    "Safari",
    "SamsungBrowser",
    "Version",
    "YaBrowser",
];

/// Words before a version or an object identifier.
const NAMES: [&str; 3] = ["oid", "ver", "version"];

/// Longest name of a product or ending of a file name that is looked at, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// Whether what stands beside four numbers makes them a version: the word `version`, the name of a
/// package file around them, a library's name before them, or a browser's string of products. Of
/// a file's name, one whose first number has `one_digit`: others are of a host rather.
pub(super) fn is_version(before: &[u8], one_digit: bool, after: &[u8]) -> bool {
    match before {
        [] => false,
        [.., b'/'] => is_of_product(before, after),
        [.., b'.' | b'-' | b'_'] => one_digit && is_of_file(before, after),
        _ => is_named(before),
    }
}

/// `Version=4.0.0.0`, `"fileVersion": "10.0.19.1"`, `;v="120.0.0.0"`.
fn is_named(before: &[u8]) -> bool {
    let gap = |byte: &&u8| b" =:\"'\\".contains(byte);
    let end = before.len() - before.iter().rev().take(5).take_while(gap).count();
    let letters = before[..end].iter().rev().take(8).take_while(|byte| byte.is_ascii_alphabetic());
    let word = &before[end - letters.count()..end];
    if !matches!(word, [.., b'd' | b'n' | b'r' | b'D' | b'N' | b'R']) {
        return before.ends_with(b";v=\"") || before.ends_with(b";v=\\\"");
    }
    let is = |name: &&str| {
        let tail = word.len().checked_sub(name.len()).map(|from| word.split_at(from));
        tail.is_some_and(|(head, tail)| {
            let capital = tail[0].is_ascii_uppercase();
            tail.eq_ignore_ascii_case(name.as_bytes()) && (head.is_empty() || capital)
        })
    };
    NAMES.iter().any(is) || before.ends_with(b";v=\"") || before.ends_with(b";v=\\\"")
}

/// `commons-1.2.3.4.jar`, `alsa_1.2.5.1-2_all.deb`, `libfoo.so.1.2.3.4`.
fn is_of_file(before: &[u8], after: &[u8]) -> bool {
    let named = matches!(before, [.., name, b'-' | b'_'] if name.is_ascii_alphanumeric());
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-_+~".contains(byte);
    let len = after.iter().take(NAME_BYTES_MAX).take_while(part).count();
    let endings = after[..len].split(|byte| *byte == b'.').skip(1);
    let package = |ending: &[u8]| PACKAGES.iter().any(|known| ending == known.as_bytes());
    before.ends_with(b".so.") || (named && endings.into_iter().any(package))
}

/// `Chrome/120.0.0.0 Safari/537.36`: a product with its version, beside another that is no host
/// with its address.
///
/// Source: RFC 9110, section 10.1.5 (User-Agent).
fn is_of_product(before: &[u8], after: &[u8]) -> bool {
    let Some(head) = before.strip_suffix(b"/") else { return false };
    let name = head.iter().rev().take(NAME_BYTES_MAX).take_while(|byte| byte.is_ascii_alphabetic());
    let (head, name) = head.split_at(head.len() - name.count());
    if !PRODUCTS.iter().any(|product| name == product.as_bytes()) {
        return false;
    }
    let next = space(after).map(|rest| strip_either(rest, b"Mobile ", b"Mobile%20"));
    let last = [&b" "[..], b"+", b"%20"].iter().find_map(|gap| head.strip_suffix(*gap));
    next.is_some_and(starts_with_product)
        || last.is_some_and(|rest| rest.ends_with(b"Gecko)") || ends_with_product(rest))
}

fn space(bytes: &[u8]) -> Option<&[u8]> {
    [&b" "[..], b"+", b"%20"].iter().find_map(|gap| bytes.strip_prefix(*gap))
}

fn strip_either<'t>(bytes: &'t [u8], one: &[u8], other: &[u8]) -> &'t [u8] {
    bytes.strip_prefix(one).or_else(|| bytes.strip_prefix(other)).unwrap_or(bytes)
}

/// `Safari/537.36`, and not `host/10.0.0.1` or `host/10`.
fn starts_with_product(bytes: &[u8]) -> bool {
    let name = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let Some(version) = bytes[name..].strip_prefix(b"/") else { return false };
    let len = version.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    name > 0 && is_short_version(&version[..len])
}

fn ends_with_product(bytes: &[u8]) -> bool {
    let len = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let (head, version) = bytes.split_at(bytes.len() - len);
    matches!(head, [.., name, b'/'] if name.is_ascii_alphabetic()) && is_short_version(version)
}

/// Two or three numbers.
fn is_short_version(version: &[u8]) -> bool {
    let dots = version.iter().filter(|byte| **byte == b'.').count();
    matches!(dots, 1 | 2) && version.first() != Some(&b'.') && version.last() != Some(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_what_stands_beside_them() {
        for (before, after, version) in [
            ("version ", "", true),
            ("Assembly, Version=", ", Culture", true),
            ("\"fileVersion\": \"", "\"", true),
            ("conversion ", "", false),
            ("client ", "", false),
            ("\"Google Chrome\";v=\"", "\"", true),
            ("at [commons-", ".jar:na]", true),
            ("alsa-topology-conf_", "-2_all.deb", true),
            ("/usr/lib/libfoo.so.", "", true),
            ("host-", ".log", false),
            ("scan-", " a.zip", false),
            ("like Gecko) Chrome/", " Safari/537.36", true),
            ("like Gecko) HeadlessChrome/", "", true),
            ("Chrome/", " Mobile Safari/537.36", true),
            ("Chrome/", "%20Safari/537.36", true),
            ("Safari/537.36 Edg/", "\"", true),
            ("from alpha/", " to beta/10.0.0.2", false),
            ("from alpha/10.0.0.1 beta/", "", false),
            ("(alpha) beta/", ":9000", false),
            ("/", " Safari/537.36", false),
            ("alpha/", "", false),
            ("GET /ip/", " HTTP/1.1", false),
            ("GET http://host/", " HTTP/1.1", false),
        ] {
            assert_eq!(
                is_version(before.as_bytes(), true, after.as_bytes()),
                version,
                "{before}|{after}"
            );
        }
    }
}
