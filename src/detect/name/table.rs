//! How much a word speaks for being a given or a family name: a table of half a byte each, and for
//! words that are not in it their spelling. `data-names/build.py` makes the table.

/// Buckets of four words, found by hash: two buckets a word, a fingerprint of 16 bits, one byte.
/// About one unknown word in 8,000 is taken for a known one.
const TABLE: &[u8] = include_bytes!("../../../data-names/names.table");

const BUCKETS: u32 = number_at(0).cast_unsigned();
const SPELLING_BIAS: i32 = number_at(4);
/// The score of an unknown word, in 1/1024: a constant, what the best spelling adds, and what a
/// word of at most three letters adds.
const UNKNOWN_GIVEN: [i32; 3] = [number_at(8), number_at(12), number_at(16)];
const UNKNOWN_FAMILY: [i32; 3] = [number_at(20), number_at(24), number_at(28)];
const SPELLING: usize = 32;
const SPELLING_SLOTS: usize = 2048;
const BUCKETS_BEGIN: usize = SPELLING + SPELLING_SLOTS;
const BUCKET_BYTES: usize = 12;

/// A nibble holds its score plus this.
const GIVEN_ZERO: i32 = 6;
const FAMILY_ZERO: i32 = 9;
/// The score of the best spelling, in 1/32; the worst has it negated.
const BEST_SPELLING: i32 = 128;
/// Longest word in the table, in bytes.
const KNOWN_BYTES_MAX: usize = 20;

/// Evidence for one word; the higher the likelier. Two of them added up are weighed against a
/// threshold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Score {
    /// As a given name, -6 to 9.
    pub(super) given: i32,
    /// As a family name, -9 to 6.
    pub(super) family: i32,
}

/// The score of a word: lower case, without accents. A word with dashes that is not in the
/// table may be there without them; else its parts speak for it.
pub(super) fn score(key: &[u8]) -> Score {
    if let Some(known) = known(key) {
        return known;
    }
    if key.contains(&b'-') {
        return joined(key).or_else(|| weakest(key)).unwrap_or_else(|| unknown(key));
    }
    unknown(key)
}

/// Whether two words that look like a name are known to be something else: a place, a product.
pub(super) fn is_phrase(one: &[u8], two: &[u8]) -> bool {
    byte_of(one.iter().chain(b" ").chain(two)) == Some(0)
}

/// What the table says about a word without its dashes: `ji-hoon` is also written `Jihoon`.
fn joined(key: &[u8]) -> Option<Score> {
    byte_of(key.iter().filter(|byte| **byte != b'-')).map(of_byte)
}

/// What the table says about the parts between dashes, for each role that of the weakest. An
/// article says nothing: `al-rashid`.
fn weakest(key: &[u8]) -> Option<Score> {
    let articles = [&b"al"[..], b"el", b"ad", b"ar", b"as", b"az", b"ul", b"ben", b"bin", b"abu"];
    let mut parts =
        key.split(|byte| *byte == b'-').filter(|part| !articles.contains(part)).map(known);
    let first = parts.next()??;
    parts.try_fold(first, |weakest, part| {
        let part = part?;
        let (given, family) = (weakest.given.min(part.given), weakest.family.min(part.family));
        Some(Score { given, family })
    })
}

/// What the table says about a word.
fn known(key: &[u8]) -> Option<Score> {
    if key.len() > KNOWN_BYTES_MAX {
        return None;
    }
    byte_of(key.iter()).map(of_byte)
}

/// The byte of an entry: the hash chooses two buckets, one of which has its fingerprint.
fn byte_of<'k>(key: impl Iterator<Item = &'k u8>) -> Option<u8> {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for byte in key {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^= hash >> 32;
    let mark = (hash.wrapping_mul(0xC2B2_AE3D_27D4_EB4F) >> 48).max(1).to_le_bytes();
    let scaled = |half: u64| ((half & 0xFFFF_FFFF) * u64::from(BUCKETS)) >> 32;
    [scaled(hash), scaled(hash >> 32)].into_iter().find_map(|bucket| {
        let from = BUCKETS_BEGIN + usize::try_from(bucket).ok()? * BUCKET_BYTES;
        let bucket = TABLE.get(from..from + BUCKET_BYTES)?;
        let slot = bucket[..8].chunks_exact(2).position(|place| place == &mark[..2])?;
        Some(bucket[8 + slot])
    })
}

fn of_byte(byte: u8) -> Score {
    let byte = i32::from(byte);
    Score { given: (byte >> 4) - GIVEN_ZERO, family: (byte & 15) - FAMILY_ZERO }
}

/// What the spelling says about a word that no list has.
fn unknown(key: &[u8]) -> Score {
    let spelling = spelling(key);
    let short = key.len() <= 3;
    let on = |line: [i32; 3], zero: i32| {
        let total = line[0]
            + (line[1] * spelling).div_euclid(BEST_SPELLING)
            + if short { line[2] } else { 0 };
        (total + zero * 1024 + 512).div_euclid(1024).clamp(0, 15) - zero
    };
    Score { given: on(UNKNOWN_GIVEN, GIVEN_ZERO), family: on(UNKNOWN_FAMILY, FAMILY_ZERO) }
}

/// How much the spelling looks like a name's, in 1/32: the sum over beginnings and endings of two
/// to four letters and over all trigrams.
fn spelling(key: &[u8]) -> i32 {
    let mut sum = SPELLING_BIAS;
    for n in 2..=4 {
        if let (Some((first, _)), Some(rest)) = (key.split_at_checked(n), key.len().checked_sub(n))
        {
            sum += weight(b'<', first) + weight(b'>', &key[rest..]);
        }
    }
    if let [first, .., last] = key {
        sum += weight(b'm', &[b'^', *first, key[1]]);
        sum += weight(b'm', &[key[key.len() - 2], *last, b'$']);
    }
    for three in key.windows(3) {
        sum += weight(b'm', three);
    }
    sum.clamp(-BEST_SPELLING, BEST_SPELLING)
}

fn weight(kind: u8, letters: &[u8]) -> i32 {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = letters.iter().fold(mix(0x811C_9DC5, kind), |hash, byte| mix(hash, *byte));
    let slot = (hash ^ (hash >> 16)) as usize % SPELLING_SLOTS;
    i32::from(TABLE[SPELLING + slot].cast_signed())
}

/// The number at a place of the table's head.
const fn number_at(at: usize) -> i32 {
    i32::from_le_bytes([TABLE[at], TABLE[at + 1], TABLE[at + 2], TABLE[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_small() {
        let buckets = usize::try_from(BUCKETS).expect("a small number");
        assert_eq!(TABLE.len(), BUCKETS_BEGIN + buckets * BUCKET_BYTES);
        assert!(TABLE.len() <= 1_000_000);
    }

    #[test]
    fn words_speak_for_their_role() {
        for given in ["anna", "istvan", "priya", "hiroshi", "kwame", "min-jun", "ekaterina"] {
            assert!(score(given.as_bytes()).given >= 1, "{given}: {:?}", score(given.as_bytes()));
        }
        for family in ["schmidt", "nguyen", "szabo", "ivanova", "yamamoto", "okafor", "o'brien"] {
            assert!(
                score(family.as_bytes()).family >= 1,
                "{family}: {:?}",
                score(family.as_bytes())
            );
        }
        for word in ["connection", "server", "monday", "apache", "der", "access"] {
            let score = score(word.as_bytes());
            assert!(score.given < 0 && score.family < 0, "{word}: {score:?}");
        }
    }

    #[test]
    fn any_bytes_have_a_score() {
        for key in [&b""[..], b"a", b"-", b"--", b"a-", b"\xFF\xFE", &[b'x'; 300]] {
            let score = score(key);
            assert!((-6..=9).contains(&score.given) && (-9..=6).contains(&score.family));
        }
    }
}
