//! A request of which one byte is another one is refused, whichever part the byte is of.

use std::collections::BTreeMap;

use super::*;

const TOKEN: &str = "sessionTokenOfTheKey0123456789";

/// The parts of a request that a signature holds.
const PARTS: [&str; 16] = [
    "method",
    "path",
    "query",
    "body",
    "host",
    "x-amz-target",
    "content-type",
    "x-amz-extra",
    "x-amz-date",
    "token",
    "algorithm",
    "access key",
    "date",
    "region",
    "service",
    "signature",
];

fn base(seeded: &mut Seeded, in_query: bool) -> (Sent, Option<&'static str>) {
    let mut sent = Sent::post("PutLogEvents", "");
    sent.target = format!("/path{}?first=1&second=two", seeded.next(1000));
    sent.body = format!("{{\"logGroupName\":\"{}\"}}", seeded.next(1_000_000)).into_bytes();
    let token = (seeded.next(2) == 0).then_some(TOKEN);
    let signer = Signer {
        token: token.map(str::to_owned),
        expires_s: in_query.then_some(3600),
        ..Signer::default()
    };
    (sent.with("x-amz-extra", "some more").signed(&signer), token)
}

/// Another letter or digit in place of one, `from` the byte to before `to`.
fn alter(text: &mut String, from: usize, to: usize, seeded: &mut Seeded) -> bool {
    let mut bytes = std::mem::take(text).into_bytes();
    let places: Vec<_> = (from..to.min(bytes.len()))
        // What an escape consists of is left: another spelling of it may be the same.
        .filter(|at| bytes[*at].is_ascii_alphanumeric() && !in_escape(&bytes, *at))
        .collect();
    let changed = !places.is_empty();
    if changed {
        let at = places[seeded.next(places.len())];
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let others: Vec<_> = letters.iter().filter(|letter| **letter != bytes[at]).collect();
        bytes[at] = *others[seeded.next(others.len())];
    }
    *text = String::from_utf8(bytes).unwrap();
    changed
}

fn in_escape(bytes: &[u8], at: usize) -> bool {
    (1..=2).any(|back| at >= back && bytes[at - back] == b'%')
}

/// Where the value behind a text ends: at a delimiter of either form.
fn value_of(text: &str, name: &str) -> (usize, usize) {
    let from = text.find(name).unwrap_or_else(|| panic!("{name} in {text}")) + name.len();
    let length = text[from..].find(['&', ',', '/', '%']).unwrap_or(text.len() - from);
    (from, from + length)
}

/// The nth part of the scope, of the access key on.
fn scope(text: &str, name: &str, index: usize) -> (usize, usize) {
    let joint = if text.contains("%2F") { "%2F" } else { "/" };
    let (mut from, mut to) = value_of(text, name);
    for _ in 0..index {
        from = to + joint.len();
        to = from + text[from..].find(['&', ',', '/', '%']).expect("the terminator");
    }
    (from, to)
}

/// Alters one byte of a part; false when the part is not there or cannot be another one.
fn forge(sent: &mut Sent, part: &str, in_query: bool, seeded: &mut Seeded) -> bool {
    let path_end = sent.target.find('?').unwrap();
    let (name_of_date, name_of_token) = ("X-Amz-Date=", "X-Amz-Security-Token=");
    match part {
        "method" => {
            sent.method = seeded.one_of(&["GOST", "PUT", "post", "POSU", "GET"]).to_owned();
            true
        }
        "path" => alter(&mut sent.target, 1, path_end, seeded),
        "query" => {
            let end = sent.target.find("&X-Amz").unwrap_or(sent.target.len());
            alter(&mut sent.target, path_end + 1, end, seeded)
        }
        "body" => {
            let at = seeded.next(sent.body.len());
            sent.body[at] ^= 1 << seeded.next(8);
            true
        }
        "x-amz-date" if in_query => {
            let (from, to) = value_of(&sent.target, name_of_date);
            alter(&mut sent.target, from, to, seeded)
        }
        "token" if in_query => match sent.target.contains(name_of_token) {
            true => {
                let (from, to) = value_of(&sent.target, name_of_token);
                alter(&mut sent.target, from, to, seeded)
            }
            false => false,
        },
        "host" | "x-amz-target" | "content-type" | "x-amz-extra" | "x-amz-date" => {
            let value = sent.header_mut(part);
            alter(value, 0, value.len(), seeded)
        }
        "token" => match sent.headers.iter_mut().find(|(n, _)| n == "x-amz-security-token") {
            Some((_, value)) => alter(value, 0, TOKEN.len(), seeded),
            None => false,
        },
        _ => {
            let text = match in_query {
                true => &mut sent.target,
                false => sent.header_mut("authorization"),
            };
            let credential = if in_query { "X-Amz-Credential=" } else { "Credential=" };
            let signature = if in_query { "X-Amz-Signature=" } else { "Signature=" };
            let (from, to) = match part {
                "algorithm" if in_query => value_of(text, "X-Amz-Algorithm="),
                "algorithm" => (0, text.find(' ').unwrap()),
                "access key" => scope(text, credential, 0),
                "date" => scope(text, credential, 1),
                "region" => scope(text, credential, 2),
                "service" => scope(text, credential, 3),
                "signature" => value_of(text, signature),
                part => unreachable!("{part}"),
            };
            alter(text, from, to, seeded)
        }
    }
}

#[test]
fn a_request_of_which_one_byte_is_another_is_refused() {
    let (mut seeded, seed) = Seeded::new(0x0F0_26ED);
    let mut refused = BTreeMap::new();
    while refused.values().sum::<usize>() < 1600 {
        for part in PARTS {
            let in_query = seeded.next(2) == 0;
            let (sent, token) = base(&mut seeded, in_query);
            let credentials = credentials(token, None);
            let admitted = sent.admit(&credentials, "logs", NOW_MS);
            admitted.unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
            let mut forged = sent.clone();
            if !forge(&mut forged, part, in_query, &mut seeded) {
                continue;
            }
            let refusal = forged.admit(&credentials, "logs", NOW_MS);
            let refusal = refusal.expect_err(&format!("seed {seed}: {part}\n{}", forged.target));
            assert_quotes_nothing(&refusal, &forged);
            *refused.entry((part, in_query)).or_insert(0) += 1;
        }
    }
    assert_eq!(refused.len(), 2 * PARTS.len(), "seed {seed}: {refused:?}");
    assert!(refused.values().all(|count| *count > 10), "seed {seed}: {refused:?}");
}

/// No refusal holds the secret, a token, a signature or what else the caller sent.
fn assert_quotes_nothing(refusal: &Refusal, sent: &Sent) {
    let text = format!("{refusal} {refusal:?}");
    assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{refusal}");
    let sent = sent.headers.iter().map(|(_, value)| value).chain([&sent.target]);
    for value in sent.flat_map(|text| text.split([' ', ',', '=', '&', '/', '?', ';'])) {
        // A time of sixteen characters may be quoted.
        let quotable = value.len() < 10 || value.ends_with('Z') && value.len() == 16;
        let names = ["AWS4-HMAC-SHA256", "Credential", "SignedHeaders"];
        let ours = names.contains(&value) || value.starts_with("X-Amz-");
        assert!(quotable || ours || !text.contains(value), "{value} in {refusal}");
    }
}

#[test]
fn the_signature_of_another_key_is_refused() {
    let credentials = credentials(None, None);
    for expires_s in [None, Some(60)] {
        let another = "xJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let signer = Signer { secret: another, expires_s, ..Signer::default() };
        let sent = Sent::post("ListLogGroups", "{}").signed(&signer);
        let refusal = sent.admit(&credentials, "logs", NOW_MS).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::InvalidSignature);
        assert!(refusal.message().starts_with("The request signature we calculated"), "{refusal}");
    }
}
