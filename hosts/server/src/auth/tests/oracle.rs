//! What the SDK's signer signs is let in, whatever it is.

use super::*;

/// What may stand in a target without an escape, and escapes. A plus is left out: signers do not
/// agree whether it is one.
const PIECES: [&str; 14] =
    ["a", "Z", "0", "-", ".", "_", "~", "%20", "%2F", "%C3%A9", "%25", "%2B", "%26", "$"];
const PRINTABLE: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCXYZ[]^_`abcxyz{|}~";

fn piece(seeded: &mut Seeded, longest: usize) -> String {
    (0..1 + seeded.next(longest)).map(|_| seeded.one_of(&PIECES)).collect()
}

fn target(seeded: &mut Seeded) -> String {
    let mut target = "/".to_owned();
    for _ in 0..seeded.next(4) {
        let segment = piece(seeded, 5);
        // Signers do not agree on what dots at the end of a path leave.
        target += &format!("s{segment}/");
    }
    for index in 0..seeded.next(5) {
        let joint = if index == 0 { '?' } else { '&' };
        target += &format!("{joint}{}={}", piece(seeded, 4), piece(seeded, 6));
    }
    target
}

fn request(seeded: &mut Seeded) -> Sent {
    let mut sent = Sent::post("PutLogEvents", "");
    sent.method = seeded.one_of(&["GET", "POST", "PUT", "DELETE"]).to_owned();
    sent.target = target(seeded);
    sent.body = (0..seeded.next(200)).map(|_| seeded.next(256) as u8).collect();
    for index in 0..seeded.next(4) {
        let name = format!("{}h{index}", seeded.one_of(&["x-amz-", "x-", "a"]));
        sent.headers.push((name, seeded.text(PRINTABLE, 20)));
    }
    if seeded.next(3) == 0 {
        sent.headers.push(("user-agent".to_owned(), "is not signed".to_owned()));
    }
    sent
}

#[test]
fn what_the_sdk_signs_is_let_in() {
    let (mut seeded, seed) = Seeded::new(0x0AC1E);
    let mut in_query = 0;
    for round in 0..2000 {
        let sent = request(&mut seeded);
        // No spaces: a signer does not take two for one in its own header.
        let letters = &PRINTABLE[1..];
        let token = (seeded.next(3) == 0).then(|| format!("T{}", seeded.text(letters, 60)));
        let signer = Signer {
            region: seeded.one_of(&["us-east-1", "eu-west-1", "us-gov-west-1"]).to_owned(),
            expires_s: (seeded.next(2) == 0).then(|| 1 + seeded.next(604_800) as u64),
            token: token.clone(),
            at_ms: NOW_MS + (seeded.next(600) as i64 - 300) * 1000,
            ..Signer::default()
        };
        let signer = Signer { at_ms: signer.at_ms.min(NOW_MS + 300_000), ..signer };
        // One signed in advance counts for as long as it says.
        let now_ms = match signer.expires_s {
            Some(seconds) => signer.at_ms + seeded.next(seconds as usize + 1) as i64 * 1000,
            None => NOW_MS,
        };
        in_query += usize::from(signer.expires_s.is_some());
        let sent = sent.signed(&signer);
        let caller = sent.admit(&credentials(token.as_deref(), None), "logs", now_ms);
        let caller = caller.unwrap_or_else(|refusal| {
            panic!("seed {seed}, round {round}: {refusal}\n{} {}", sent.method, sent.target)
        });
        assert_eq!(caller.region().as_str(), signer.region);
        assert_eq!(caller.account().as_str(), "111111111111");
    }
    assert!((500..1500).contains(&in_query), "seed {seed}");
}
