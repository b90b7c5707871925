//! The naive detector: each pattern alone, every start, every end, keywords by plain search. Slow,
//! short, and written without the detector's code but for the check digits, which have tests of
//! their own.

use std::collections::HashMap;
use std::sync::Arc;

use logveil::identifier::{Block, DataIdentifier, Edges, KeywordPlace, Kind, Pattern};
use logveil::{DataProtectionPolicy, Masker, Scratch, Span};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

pub struct Oracle {
    identifiers: Vec<(Arc<DataIdentifier>, Automata, Option<Masker>)>,
}

type Keywords = Vec<Span>;

/// One automaton per pattern.
type Automata = Vec<dense::DFA<Vec<u32>>>;

impl Oracle {
    pub fn new(identifiers: &[Arc<DataIdentifier>]) -> Self {
        let compile = |pattern: &Pattern| {
            let config = dense::Config::new()
                .start_kind(StartKind::Anchored)
                .match_kind(MatchKind::All)
                .accelerate(false);
            dense::Builder::new().configure(config).build(&pattern.regex).expect("valid pattern")
        };
        let compiled = identifiers.iter().map(|identifier| {
            let automata = identifier.patterns().iter().map(compile).collect();
            (Arc::clone(identifier), automata, recognizer_alone(identifier))
        });
        Self { identifiers: compiled.collect() }
    }

    /// Everything that is to be found, sorted by start, end, name.
    pub fn detect(&self, text: &str) -> Vec<(String, Span)> {
        let mut all = Vec::new();
        let original = text;
        let (folded, from) = fold_text(original);
        for (identifier, automata, alone) in &self.identifiers {
            let mut candidates = blocks(original, identifier.blocks());
            candidates.extend(alone.iter().flat_map(|masker| recognized(masker, original)));
            let custom = identifier.kind() == Kind::Custom;
            let text = if custom { original } else { folded.as_str() };
            let keywords = find_keywords(text, identifier.keywords());
            for (pattern, automaton) in identifier.patterns().iter().zip(automata) {
                for start in 0..text.len() {
                    for end in ends(automaton, text, start) {
                        let span = Span::new(start, end);
                        if confirmed(identifier, pattern, text, span, &keywords) {
                            let back = |at: usize| if custom { at } else { from[at] };
                            candidates.push(Span::new(back(start), back(end)));
                        }
                    }
                }
            }
            all.extend(leftmost_longest(candidates).map(|s| (identifier.name().to_owned(), s)));
        }
        all.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        all
    }
}

/// The masker of an identifier's recognizer alone: recognizers have oracles of their own, and must
/// find the same whatever else is looked for.
fn recognizer_alone(identifier: &DataIdentifier) -> Option<Masker> {
    identifier.recognizer()?;
    let policy = DataProtectionPolicy::of(&[identifier.name()]).expect("a managed identifier");
    Some(Masker::new(&[policy]).expect("a valid policy"))
}

fn recognized(masker: &Masker, text: &str) -> Vec<Span> {
    let mut scratch = Scratch::default();
    masker.mask(text, &mut scratch).detections().map(|(_, span)| span).collect()
}

fn leftmost_longest(mut candidates: Vec<Span>) -> impl Iterator<Item = Span> {
    candidates.sort_by_key(|span| (span.start, usize::MAX - span.end));
    let mut free = 0;
    candidates.into_iter().filter(move |span| {
        let taken = span.start >= free;
        if taken {
            free = span.end;
        }
        taken
    })
}

/// Every end of a match that starts at `start`. The library reports an end one byte late.
fn ends(automaton: &dense::DFA<Vec<u32>>, text: &str, start: usize) -> Vec<usize> {
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let config = start::Config::new().anchored(Anchored::Yes).look_behind(before);
    let mut state = automaton.start_state(&config).expect("anchored");
    let mut ends = Vec::new();
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        state = automaton.next_state(state, *byte);
        if automaton.is_match_state(state) && at > start {
            ends.push(at);
        }
        if automaton.is_dead_state(state) {
            return ends;
        }
    }
    if automaton.is_match_state(automaton.next_eoi_state(state)) && text.len() > start {
        ends.push(text.len());
    }
    ends
}

fn confirmed(
    identifier: &DataIdentifier,
    pattern: &Pattern,
    text: &str,
    span: Span,
    keywords: &Keywords,
) -> bool {
    if identifier.kind() == Kind::Custom {
        return true;
    }
    let chars = |from: usize, to: usize| text[from..to].chars().count();
    let near = keywords.iter().any(|keyword| {
        let distance = pattern.keyword_distance_chars;
        let alone = pattern.keyword_place != KeywordPlace::Near;
        let no_number = |from: usize, to: usize| {
            let between = &text[from..to];
            let number = between.char_indices().any(|(at, _)| {
                let mut digits = between[at..].chars().take_while(char::is_ascii_digit);
                digits.nth(1).is_some() && colour(&between[..=at]).is_none()
            });
            !number && !between.contains("***")
        };
        (keyword.end <= span.start
            && chars(keyword.end, span.start) <= distance
            && !(alone
                && (!no_number(keyword.end, span.start)
                    || text[keyword.end..span.start].contains([',', ';', '&', '|'])
                        && is_field(&text[keyword.end..span.start]))))
            || (keyword.start >= span.end
                && chars(span.end, keyword.start) <= distance
                && pattern.keyword_place != KeywordPlace::Leading
                && !(alone
                    && (is_field(&text[..span.start]) || !no_number(span.end, keyword.start))))
    });
    let (before, after) = (&text[..span.start], &text[span.end..]);
    let touched_before = keywords.iter().any(|keyword| keyword.end == span.start);
    let touched_after = keywords.iter().any(|keyword| keyword.start == span.end);
    let open = text[span.range()].starts_with('(');
    let joins = |c: &char| c.is_alphanumeric() && !is_spaceless(*c);
    let last = before.chars().next_back().filter(joins).filter(|_| escape_before(before) == 0);
    let extension = ["x", "ext"].iter().any(|word| {
        let rest = after.strip_prefix(word);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    let next = after.chars().next().filter(joins);
    let next = next.filter(|_| pattern.edges != Edges::Phone || !extension);
    let apart = match pattern.edges {
        Edges::Number | Edges::Phone => {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            let longer_before = before.ends_with(['-', '.']) && digit(before.chars().rev().nth(1));
            let named = keywords.iter().any(|keyword| keyword.end + 1 == span.start);
            let longer_after = after.starts_with(['-', '.']) && digit(after.chars().nth(1));
            (named || !longer_before) && !longer_after && !in_uuid(before, after)
        }
        Edges::Base64 => !before.ends_with(['+', '/']) && !after.starts_with(['+', '/', '=']),
        Edges::Word | Edges::Any => true,
    };
    (!pattern.needs_keyword || (near && !in_longer_word(pattern, text, span, keywords)))
        && !starts_inside_escape(text, span.start)
        && (open || last.is_none() || touched_before)
        && (next.is_none() || touched_after)
        && apart
        && pattern.check.passes(text, span)
}

/// The text with typographic forms and some escapes as ASCII, and where each of its bytes, and its
/// end, stands in the original.
fn fold_text(text: &str) -> (String, Vec<usize>) {
    const SPACES: &str = "\u{A0}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
                          \u{2008}\u{2009}\u{200A}\u{202F}\u{205F}\u{3000}";
    const DASHES: &str = "‐‑‒–—―−\u{FE58}\u{FE63}";
    let escapes = [
        ("%20", ' '),
        ("%28", '('),
        ("%29", ')'),
        ("%2C", ','),
        ("%2D", '-'),
        ("%2F", '/'),
        ("%2B", '+'),
    ];
    let (mut folded, mut from, mut at) = (String::new(), Vec::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        let head = text.get(at..at + 3).unwrap_or_default().to_uppercase();
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let after = text.get(at + 3..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        let beside = match head.as_str() {
            "%2B" => after.is_ascii_digit(),
            "%20" if after == '-' => true,
            _ => before.is_ascii_digit() || after.is_ascii_digit(),
        };
        let escape = escapes.iter().find(|(escape, _)| beside && head == *escape);
        let (plain, len) = match c {
            '%' => escape.map_or((c, 1), |(_, plain)| (*plain, 3)),
            c if SPACES.contains(c) => (' ', c.len_utf8()),
            c if DASHES.contains(c) => ('-', c.len_utf8()),
            '！'..='～' => {
                let nth = u32::from(c) - u32::from('！');
                (char::from_u32(u32::from('!') + nth).expect("ASCII"), c.len_utf8())
            }
            c => (c, c.len_utf8()),
        };
        from.extend((0..plain.len_utf8()).map(|byte| at + byte));
        folded.push(plain);
        at += len;
    }
    from.push(text.len());
    (folded, from)
}

/// Whether `_`, or `-` before a number that has no check digit, joins the value to a word in which
/// no keyword stands.
fn in_longer_word(pattern: &Pattern, text: &str, span: Span, keywords: &Keywords) -> bool {
    const LABELS: [&str; 6] = ["code", "num", "numero", "number", "val", "value"];
    let solid = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let (before, after) = (&text.as_bytes()[..span.start], &text.as_bytes()[span.end..]);
    let word_before = |sign: u8| {
        let rest = before.strip_suffix(&[sign])?;
        let word: Vec<u8> = rest.iter().rev().take(64).copied().take_while(solid).collect();
        let word: Vec<u8> = word.into_iter().rev().collect();
        let label = |known: &&str| word.eq_ignore_ascii_case(known.as_bytes());
        (word.len() > 2 && !LABELS.iter().any(label)).then_some(word)
    };
    let word_after = after.strip_prefix(b"_").map(|rest| rest.iter().take_while(|b| solid(b)));
    let weak = matches!(pattern.check.as_str(), "document" | "licence-au" | "licence-fr");
    let dashed = word_before(b'-').is_some_and(|word| word.iter().all(u8::is_ascii_lowercase));
    if word_before(b'_').is_none() && word_after.map_or(0, Iterator::count) < 3 && !(weak && dashed)
    {
        return false;
    }
    let own = |c: char| !c.is_ascii_alphanumeric();
    if text[span.range()].contains(own) || pattern.check.carries_check_digit() {
        return false;
    }
    let part = |b: &&u8| solid(b) || **b == b'_' || **b == b'-';
    let from = span.start - before.iter().rev().take(64).take_while(part).count();
    let to = span.end + after.iter().take(64).take_while(part).count();
    let signs = |b: &u8| b"=:\"'/\\ ".contains(b);
    let field = |k: &Span| {
        from == span.start
            && text.as_bytes().get(k.end..from).is_some_and(|between| {
                between.iter().all(signs) && between.iter().any(|b| *b != b' ')
            })
    };
    !keywords.iter().any(|k| {
        (k.end > from && k.end <= span.start) || (k.start >= span.end && k.start < to) || field(k)
    })
}

/// Letters of scripts without spaces between words.
fn is_spaceless(c: char) -> bool {
    const RANGES: &[(u32, u32)] = &[
        (0x0E00, 0x0EFF),
        (0x1000, 0x109F),
        (0x1100, 0x11FF),
        (0x1780, 0x17FF),
        (0x2E80, 0x9FFF),
        (0xA960, 0xA97F),
        (0xAC00, 0xD7FF),
        (0xF900, 0xFAFF),
        (0xFF66, 0xFFDC),
        (0x20000, 0x3FFFF),
    ];
    RANGES.iter().any(|(from, to)| (*from..=*to).contains(&u32::from(c)))
}

/// Length of the escape that `before` ends with: `\\n`, `\\u003c`, `%3D`, `ESC[32m`; 0 for none.
fn escape_before(before: &str) -> usize {
    let hex = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
    for letter in ["\\n", "\\r", "\\t", "\\b", "\\f"] {
        if before.ends_with(letter) {
            return 2;
        }
    }
    for (len, begin) in [(6, "\\u"), (6, "\\U"), (3, "%"), (5, "%25")] {
        let tail = before.len().checked_sub(len).and_then(|at| before.get(at..));
        if tail.and_then(|tail| tail.strip_prefix(begin)).is_some_and(hex) {
            return len;
        }
    }
    before.strip_suffix('m').map_or(0, |inside| colour(inside).map_or(0, |len| len + 1))
}

/// Length of the unfinished colour sequence that `text` ends with.
fn colour(text: &str) -> Option<usize> {
    let open = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ';');
    if text.len() - open.len() > 24 {
        return None;
    }
    let start = open.strip_suffix('[')?.to_lowercase();
    let escapes = ["\u{1b}", "\\u001b", "\\x1b", "\\033", "\\e"];
    let escape = escapes.iter().find(|escape| start.ends_with(**escape))?;
    Some(text.len() - open.len() + 1 + escape.len())
}

fn starts_inside_escape(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let json = text.trim_ascii_start().starts_with(['{', '[']);
    (json && before.ends_with('\\') && after.starts_with(['n', 'r', 't', 'b', 'f', 'u']))
        || (before.ends_with(['[', ';']) && colour(before).is_some())
}

/// Whether `-1234-`, hexadecimal, stands directly beside the value.
fn in_uuid(before: &str, after: &str) -> bool {
    let group = |six: &str| {
        six.starts_with('-')
            && six.ends_with('-')
            && six.chars().skip(1).take(4).all(|c| c.is_ascii_hexdigit())
    };
    before.len().checked_sub(6).and_then(|from| before.get(from..)).is_some_and(group)
        || after.get(..6).is_some_and(group)
}

/// Whether the text ends in a sign of assignment, perhaps with up to three quotes or spaces.
fn is_field(text: &str) -> bool {
    let trimmed = text.trim_end_matches([' ', '"', '\'', '\\']);
    trimmed.ends_with(['=', ':']) && text.len() - trimmed.len() <= 3
}

/// Every occurrence of every keyword, by trying each at each character.
fn find_keywords(text: &str, keywords: &[String]) -> Keywords {
    let mut found = Vec::new();
    for keyword in keywords {
        let keyword: Vec<char> = keyword.chars().collect();
        for (start, _) in text.char_indices() {
            for end in keyword_ends(&text[start..], &keyword) {
                let span = Span::new(start, start + end);
                let last = keyword.last().expect("not empty");
                if begins(text, start) && (!last.is_alphanumeric() || finishes(text, span.end)) {
                    found.push(span);
                }
            }
        }
    }
    found
}

/// Where the keyword may end that begins at the start of `text`: a space is one of four things.
fn keyword_ends(text: &str, keyword: &[char]) -> Vec<usize> {
    let Some((first, rest)) = keyword.split_first() else { return vec![0] };
    let mut ends = Vec::new();
    if *first == ' ' {
        ends.extend(keyword_ends(text, rest));
    }
    if let Some(c) = text.chars().next() {
        let same = if *first == ' ' { " _-".contains(c) } else { fold(c) == fold(*first) };
        if same {
            let len = c.len_utf8();
            ends.extend(keyword_ends(&text[len..], rest).into_iter().map(|end| end + len));
        }
    }
    ends
}

/// Simple case folding, as far as letters of the catalogue need it.
fn fold(c: char) -> char {
    thread_local! {
        static SPECIAL: HashMap<char, char> = HashMap::from([
            ('\u{17F}', 's'), ('\u{212A}', 'k'), ('\u{212B}', 'å'), ('ς', 'σ'), ('ẞ', 'ß'),
            ('µ', 'μ'),
        ]);
    }
    let special = SPECIAL.with(|table| table.get(&c).copied());
    special.unwrap_or_else(|| {
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(single), None) => single,
            _ => c,
        }
    })
}

fn begins(text: &str, at: usize) -> bool {
    let before: Vec<char> = text[..at].chars().rev().take(1).collect();
    let after: Vec<char> = text[at..].chars().take(2).collect();
    match (before.first(), after.as_slice()) {
        (None, _) => true,
        (Some(p), _) if !p.is_alphanumeric() || is_spaceless(*p) => true,
        (Some(_), _) if escape_before(&text[..at]) > 0 => true,
        (Some(p), [f, ..]) if p.is_lowercase() && f.is_uppercase() => true,
        (Some(p), [f, ..]) if p.is_numeric() && f.is_alphabetic() => true,
        (Some(p), [f, n]) => p.is_uppercase() && f.is_uppercase() && n.is_lowercase(),
        _ => false,
    }
}

fn finishes(text: &str, at: usize) -> bool {
    let last = text[..at].chars().next_back().expect("a keyword has characters");
    let after: Vec<char> = text[at..].chars().take(2).collect();
    match after.as_slice() {
        [] => true,
        [n, ..] if !n.is_alphanumeric() || is_spaceless(*n) => true,
        [n, ..] if last.is_lowercase() && n.is_uppercase() => true,
        [n, ..] if last.is_alphabetic() && n.is_numeric() => true,
        [n, m] => last.is_uppercase() && n.is_uppercase() && m.is_lowercase(),
        _ => false,
    }
}

/// Key blocks, from BEGIN to END or, when cut off, to the end of the text; those that overlap are
/// one.
fn blocks(text: &str, blocks: &[Block]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for block in blocks {
        for (start, _) in text.match_indices(&*block.begin) {
            let mut after = start + block.begin.len();
            if block.named {
                let name = |c: char| c.is_ascii_alphanumeric() || "-.@_".contains(c);
                let rest = &text[after..];
                after += rest.find(|c| !name(c)).unwrap_or(rest.len()).min(64);
            }
            let mut cap = text.len().min(after + logveil::limits::KEY_BLOCK_BYTES_MAX);
            while !text.is_char_boundary(cap) {
                cap -= 1;
            }
            let rest = &text[after..cap];
            if let Some(body) = rest.find(&*block.end) {
                if is_key_body(&rest[..body]) {
                    let end = after + body + block.end.len();
                    let hex = text[end..].chars().take(block.end_hex_max);
                    let hex = hex.take_while(char::is_ascii_hexdigit).count();
                    spans.push(Span::new(start, end + hex));
                }
            } else if is_cut_off_key(rest) {
                spans.push(Span::new(start, cap));
            }
        }
    }
    spans.sort();
    let mut united: Vec<Span> = Vec::new();
    for span in spans {
        match united.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => united.push(span),
        }
    }
    united
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=".contains(c)
}

fn is_key_body(body: &str) -> bool {
    let longest = body.split(|c| !is_key(c)).map(str::len).max();
    let grouped = body.chars().all(|c| is_key(c) || c.is_ascii_whitespace());
    longest >= Some(16) || (grouped && body.chars().filter(|c| is_key(*c)).count() >= 40)
}

fn is_cut_off_key(rest: &str) -> bool {
    let mut body = rest;
    let mut line_end = false;
    loop {
        let trimmed = ["\\n", "\\r", "\n", "\r"].iter().find_map(|e| body.strip_prefix(e));
        if let Some(shorter) = trimmed {
            (body, line_end) = (shorter, true);
        } else if let Some(shorter) = body.strip_prefix([' ', '\t', '"', '\'', ',', '\\']) {
            body = shorter;
        } else {
            break;
        }
    }
    let run = body.chars().take_while(|c| is_key(*c)).count();
    let near = (0..rest.len().min(128)).take_while(|at| rest.as_bytes()[*at] != 0).any(|at| {
        let first = at == 0 || !is_key(char::from(rest.as_bytes()[at - 1]));
        let run = rest.bytes().skip(at).take_while(|b| is_key(char::from(*b))).count();
        first && (run >= 40 || (run >= 16 && at + run == rest.len()))
    });
    !body.is_empty() && (run >= 16 || (line_end && run > 0) || near)
}
