//! A plain detector of names, slow and without shortcuts, must agree with the fast one.

use super::*;
use crate::detect::name::fold::folded;

/// A word, its key and what follows it.
#[derive(Clone)]
struct Plain {
    start: usize,
    end: usize,
    after: usize,
    key: String,
    shape: Shape,
}

fn oracle(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for (start, _) in text.char_indices() {
        if found.last().is_none_or(|last| last.end <= start) {
            found.extend(name_at(text, start));
        }
    }
    found
}

fn name_at(text: &str, start: usize) -> Option<Span> {
    let (before, _) = text.split_at(start);
    let escaped = word::ends_escape(text.as_bytes(), start);
    let slash = before
        .strip_suffix('/')
        .is_some_and(|path| path.ends_with(|c: char| c.is_ascii_lowercase() || !c.is_ascii()));
    let edge = escaped || slash || before.ends_with("**");
    if !edge && (before.ends_with(|c| "_./\\@$%&-+*~^".contains(c)) || before.ends_with("::"))
        || word::joined_before(text, start)
    {
        return None;
    }
    let first = word_at(text, start)?;
    if slash && !clear(table::score(first.key.as_bytes())) {
        return None;
    }
    let in_query = before.ends_with('=');
    let gap = ["+", "%20"].into_iter().find(|gap| in_query && text[first.after..].starts_with(gap));
    let gap = gap.unwrap_or(" ");
    if first.shape == Shape::Capitalised && is_title(first.key.as_bytes()) {
        return behind_title(text, &first, 0);
    }
    if first.shape == Shape::Initial {
        return behind_initials(text, &first, start);
    }
    let words = words_from(text, &first, gap);
    pick(text, &words, NAME).or_else(|| {
        let rest = text[first.after..].strip_prefix(", ")?;
        let given = word_at(text, text.len() - rest.len())?;
        let opens = ["\"", "'", "=", "(", "[", "|", ";", ">", "\t", ": ", "| "];
        let closes = ["\"", "'", ")", "]", "|", ";", "<", "\t", "\\", " |"];
        let behind = &text[given.after..];
        let fits = first.shape == Shape::Capitalised
            && given.shape == Shape::Capitalised
            && (before.is_empty() || opens.iter().any(|open| before.ends_with(open)))
            && (behind.is_empty() || closes.iter().any(|close| behind.starts_with(close)));
        let (family, own) = (score_of(&first).family, score_of(&given).given);
        let clear = family >= COMMA_EACH && own >= COMMA_EACH && family + own >= COMMA;
        (fits && clear && fits_behind(text, &given, " ")).then(|| Span::new(first.start, given.end))
    })
}

fn clear(score: Score) -> bool {
    score.given >= BESIDE_SLASH || score.family >= BESIDE_SLASH
}

fn capital(word: &Plain) -> bool {
    matches!(word.shape, Shape::Capitalised | Shape::Capitals)
}

fn score_of(word: &Plain) -> Score {
    let minus = if word.shape == Shape::Capitals { CAPITALS } else { 0 };
    let score = table::score(word.key.as_bytes());
    Score { given: score.given - minus, family: score.family - minus }
}

/// The words that count, particles and initials left out.
fn words_from(text: &str, first: &Plain, gap: &str) -> Vec<Plain> {
    let mut all = vec![first.clone()];
    while let Some(last) = all.last()
        && (last.end == last.after || last.shape == Shape::Initial)
        && let Some(rest) = text[last.after..].strip_prefix(gap)
        && let Some(next) = word_at(text, text.len() - rest.len())
        && all.len() < WORDS_MAX
    {
        all.push(next);
    }
    let mut counted = Vec::new();
    let mut ending = None;
    for (place, word) in all.into_iter().enumerate() {
        let dotted = text[..word.end].ends_with('.');
        let short =
            matches!(word.shape, Shape::Capitalised | Shape::Capitals) && word.key.len() <= 3;
        let plain = word.shape == Shape::Lower && word.end - word.start == word.key.len();
        let particle = words::PARTICLES.contains(&word.key.as_bytes())
            && (plain || short || (word.shape == Shape::Initial && !dotted));
        if place > 0 && (particle || word.shape == Shape::Initial) {
            ending = Some(word);
            continue;
        }
        let slash = text[word.after..].starts_with('/') && !clear(score_of(&word));
        if !capital(&word) || !fits_behind(text, &word, gap) || slash {
            break;
        }
        counted.push(word);
        ending = None;
    }
    counted.extend(ending.filter(|word| capital(word) && fits_behind(text, word, gap)));
    counted
}

fn pick(text: &str, words: &[Plain], least: i32) -> Option<Span> {
    let scores: Vec<Score> = words.iter().map(score_of).collect();
    let between = words.get(1).is_some_and(|two| {
        let parts: Vec<&str> = text[words[0].after..two.start].split([' ', '+']).collect();
        let initial = |part: &&str| part.chars().count() == 2 && part.ends_with('.');
        parts.iter().any(initial)
    });
    let least = if between { least - INITIAL_BETWEEN } else { least };
    let first_order = least + FAMILY_FIRST - NAME;
    let two = scores.len() >= 2
        && (scores[0].given + scores[1].family >= least
            || scores[0].family + scores[1].given >= first_order);
    let three = scores.len() >= 3
        && (scores[0].given.min(scores[1].given) + scores[2].family >= least
            || scores[0].family + scores[1].given.min(scores[2].given) >= first_order);
    let mut count = if two { 2 } else { 3 };
    if !two && !three {
        return None;
    }
    while count < scores.len() && scores[count].family >= FURTHER {
        count += 1;
    }
    for pair in words[..count].windows(2) {
        if table::is_phrase(pair[0].key.as_bytes(), pair[1].key.as_bytes()) {
            return None;
        }
    }
    count += usize::from(scores.get(count).is_some_and(|next| next.family >= BEYOND));
    Some(Span::new(words[0].start, text[..words[count - 1].end].len()))
}

fn behind_title(text: &str, title: &Plain, before: usize) -> Option<Span> {
    let rest = &text[title.after..];
    let rest = rest.strip_prefix('.').unwrap_or(rest).strip_prefix(' ')?;
    let first = word_at(text, text.len() - rest.len())?;
    if is_title(first.key.as_bytes()) {
        return if before < 2 { behind_title(text, &first, before + 1) } else { None };
    }
    let words = words_from(text, &first, " ");
    let alone = words.first().filter(|first| score_of(first).family >= FAMILY_TITLED);
    let span = pick(text, &words, TITLED).or(alone.map(|word| Span::new(word.start, word.end)))?;
    let mut end = span.end;
    for word in words.iter().skip_while(|word| word.start < span.end) {
        if score_of(word).family < BEYOND_TITLED {
            break;
        }
        end = word.end;
    }
    Some(Span::new(span.start, end))
}

fn behind_initials(text: &str, first: &Plain, start: usize) -> Option<Span> {
    let mut at = first.clone();
    for _ in 0..3 {
        if !text[..at.end].ends_with('.') {
            return None;
        }
        let rest = &text[at.after..];
        let gap = usize::from(rest.starts_with([' ', '-']));
        let next = word_at(text, at.after + gap)?;
        if next.shape != Shape::Initial {
            let family = words_from(text, &next, " ").into_iter().next()?;
            let long = family.end - family.start >= 3;
            let fits = rest.starts_with(' ') && long && score_of(&family).family >= FAMILY_INITIALS;
            return fits.then(|| Span::new(start, family.end));
        }
        at = next;
    }
    None
}

fn fits_behind(text: &str, word: &Plain, gap: &str) -> bool {
    let rest = &text[word.after..];
    if rest.starts_with(gap) {
        return true;
    }
    let next = rest.chars().next().unwrap_or(' ');
    let third = rest.chars().nth(1).unwrap_or(' ');
    match next {
        ':' if third == '/' => true,
        '.' | ':' => !(third.is_ascii_alphanumeric() || "_:/".contains(third)),
        '\\' => "nrt\"'".contains(third),
        '/' => {
            third.is_ascii_uppercase() || matches!(rest.as_bytes()[1..], [0xC3..=0xC9 | 0xE1, ..])
        }
        '*' if third == '*' => true,
        _ if "_/@(=+*~^%-[".contains(next) => false,
        _ => !word::joined_at(text, word.after),
    }
}

fn word_at(text: &str, start: usize) -> Option<Plain> {
    let mark = |c: char| ('\u{300}'..='\u{36F}').contains(&c);
    let mut raw = String::new();
    let mut chars = text[start..].chars().peekable();
    while let Some(c) = chars.next() {
        let joint = "'’-".contains(c)
            && !raw.is_empty()
            && chars.peek().is_some_and(|next| words::is_letter(*next));
        if !(words::is_letter(c) || mark(c) || joint) {
            break;
        }
        raw.push(c);
    }
    if raw.is_empty() || raw.len() > 64 {
        return None;
    }
    let mut key: String = raw
        .chars()
        .filter(|c| !mark(*c))
        .flat_map(|c| match c {
            '-' => vec!['-'],
            '\'' | '’' => vec!['\''],
            letter => folded(letter).iter().map(|byte| char::from(*byte)).collect(),
        })
        .take(40)
        .collect();
    let (mut end, mut after) = (start + raw.len(), start + raw.len());
    let shape = shape_of(&raw, mark);
    if shape == Shape::Initial && text[after..].starts_with('.') {
        (end, after) = (end + 1, after + 1);
    } else if key.len() > 3 && key.ends_with("'s") {
        key.truncate(key.len() - 2);
        let joint = raw.rfind(['\'', '’']).expect("the key has one");
        end = start + joint;
    }
    Some(Plain { start, end, after, key, shape })
}

fn shape_of(raw: &str, mark: impl Fn(char) -> bool) -> Shape {
    let letters: Vec<char> = raw.chars().filter(|c| words::is_letter(*c)).collect();
    let upper = |c: &char| c.is_uppercase();
    if letters.iter().all(upper) {
        return if letters.len() == 1 { Shape::Initial } else { Shape::Capitals };
    }
    if !letters.iter().any(upper) {
        return Shape::Lower;
    }
    let part_fits = |(place, part): (usize, &str)| {
        let part: Vec<char> = part.chars().filter(|c| !mark(*c)).collect();
        let capitals: Vec<usize> = (0..part.len()).filter(|at| part[*at].is_uppercase()).collect();
        match capitals.as_slice() {
            [] => place > 0,
            [0] => true,
            [0, inner] => {
                let prefix: Vec<u8> =
                    part[..*inner].iter().flat_map(|c| folded(*c).to_vec()).collect();
                words::BEFORE_CAPITAL.contains(&prefix.as_slice())
            }
            _ => false,
        }
    };
    let fits = raw.split(['\'', '’', '-']).enumerate().all(part_fits);
    if fits { Shape::Capitalised } else { Shape::Other }
}

/// Texts of pieces that matter to the rule, in any order.
fn texts(seed: u64) -> impl Iterator<Item = String> {
    const WORDS: usize = 26;
    const PIECES: &[&str] = &[
        "Anna",
        "Müller",
        "Schmidt",
        "John",
        "Smith",
        "Nguyễn",
        "Kim",
        "Min-jun",
        "O'Brien",
        "Ivan",
        "McDonald",
        "DeShawn",
        "Szabó",
        "Zhang",
        "Wei",
        "MARIA",
        "GARCIA",
        "De",
        "de",
        "la",
        "van",
        "von",
        "der",
        "Al",
        "bin",
        "F.",
        "J.",
        "K",
        "Dr",
        "Mr.",
        "Frau",
        "Apache",
        "Tomcat",
        "New",
        "York",
        "Sierra",
        "Leone",
        "server",
        "x",
        "3",
        " ",
        " ",
        " ",
        " ",
        " ",
        "  ",
        ", ",
        ". ",
        ": ",
        "=",
        "+",
        "%20",
        "'s",
        "’s",
        "-",
        "_",
        "/",
        "\\n",
        "\\",
        "\"",
        "(",
        ")",
        "[",
        "]",
        "@",
        "::",
        ":/",
        "**",
        "#",
        "é",
        "e\u{301}",
        "ß",
        "日",
        "И",
        "\u{1b}[32m",
        "\n",
        "\t",
        "|",
        "'",
        "’",
    ];
    let mut state = seed;
    let mut next = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    (0..20_000).map(move |_| {
        let mut text = String::new();
        for _ in 0..next(7) {
            // Two in three are a word and a space, so that many texts hold names.
            let any = next(3) == 0;
            text += PIECES[next(if any { PIECES.len() } else { WORDS })];
            let parted = next(3) > 0;
            text += if parted { " " } else { PIECES[WORDS + next(PIECES.len() - WORDS)] };
        }
        text
    })
}

#[test]
fn the_plain_detector_finds_the_same() {
    let seed = 20_261_123;
    let mut names = 0;
    for text in texts(seed) {
        let mut found = Vec::new();
        find(&text, |span| found.push(span));
        assert_eq!(found, oracle(&text), "seed {seed}: {text:?}");
        names += found.len();
    }
    assert!(names > 3_000, "{names} names are too few to say anything");
}

#[test]
fn hostile_texts_take_linear_time() {
    let pieces = ["Anna ", "A. ", "de ", "Anna de ", "A", "A-", "Anna-", "É", "Mr ", "Mr. Mr "];
    for piece in pieces {
        let text = piece.repeat(40_000);
        find(&text, |span| assert!(span.end <= text.len()));
    }
}
