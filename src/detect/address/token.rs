//! The text around a postal code, cut into words and numbers.

use super::words::{Class, Lower, class_of, class_of_word};

/// Most tokens of one side; the ones furthest from the code are forgotten.
pub(super) const TOKENS_MAX: usize = 48;

/// Most tokens behind the code: a place, a country, or a street.
const BEHIND_TOKENS_MAX: usize = 14;

/// The classes of a word that was not looked up yet: most texts end without that.
const UNREAD: Class = Class::NONE;

/// Longest stretch between two tokens, in bytes: a comma, a line end, its indentation.
pub(super) const GAP_BYTES_MAX: usize = 40;

/// Most spaces between two words of one line.
const SPACES_MAX: usize = 3;

/// What stands before a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Gap {
    /// Up to three spaces, or nothing behind an abbreviation: `ul.Długa`.
    Space,
    /// A comma, or a dash between spaces.
    Comma,
    /// One line end: as such, escaped or as markup; with what begins a comment's next line.
    Line,
    /// Anything else: no address goes on here.
    Break,
}

impl Gap {
    /// Whether one part of an address may end here and the next begin.
    pub(super) fn separates(self) -> bool {
        matches!(self, Self::Comma | Self::Line)
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `Main`, `d'Asti`, `McLean`
    Capital,
    /// `MAIN`
    Capitals,
    /// `rue`, and whatever is no name: `mainThread`
    Small,
    /// `12`, `12a`, `12-14`, `12/3`; `s/n`, which stands for none
    Number,
    /// `5th`, `3º`, `17.`
    Ordinal,
    /// `#303`, `B12`, `4B-2`
    Mark,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) gap: Gap,
    pub(super) kind: Kind,
    pub(super) class: Class,
    /// Whether it holds a hyphen or a letter beyond ASCII.
    pub(super) marked: bool,
}

impl Token {
    pub(super) fn is(&self, class: Class) -> bool {
        self.class.has(class)
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it is a word with a capital, and none that no address holds.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Capital | Kind::Capitals) && !self.is(Class::STOP)
    }

    pub(super) fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }
}

/// The tokens of one side, in the order of the text.
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    tokens: [Token; TOKENS_MAX],
    len: usize,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        let none = Token {
            start: 0,
            end: 0,
            gap: Gap::Break,
            kind: Kind::Small,
            class: Class::default(),
            marked: false,
        };
        Self { text, tokens: [none; TOKENS_MAX], len: 0 }
    }

    /// Looks the words up.
    pub(super) fn read(&mut self) {
        for token in &mut self.tokens[..self.len] {
            if token.class == UNREAD {
                let word = self.text.get(token.start..token.end);
                token.class = class_of_word(word.expect("tokens lie on characters"));
            }
        }
    }

    /// What stands before `end`, from `start` on at the earliest, and the gap between its last
    /// token and `end`. Everything up to the last break is left out.
    pub(super) fn before(text: &'t str, start: usize, end: usize) -> (Self, Gap) {
        let mut tokens = Self::new(text);
        let cut = text.as_bytes()[start..end].iter().rposition(|byte| breaks(*byte));
        let mut at = cut.map_or_else(|| first_edge(text, start, end), |cut| start + cut + 1);
        let mut abbreviation = cut.is_none();
        loop {
            let (gap, next) = gap(text.as_bytes(), at, end, abbreviation);
            super::tick(next - at + 1);
            if next >= end {
                return (tokens, gap);
            }
            match token(text, next, end) {
                Some(token) => {
                    if gap == Gap::Break {
                        tokens.len = 0;
                    }
                    abbreviation = ends_short(text, &token);
                    at = token.end;
                    tokens.push(Token { gap, ..token });
                }
                None => {
                    tokens.len = 0;
                    abbreviation = false;
                    at = next + text[next..].chars().next().map_or(1, char::len_utf8);
                }
            }
        }
    }

    /// What stands behind `start`, up to a break or `end`.
    pub(super) fn behind(text: &'t str, start: usize, end: usize) -> Self {
        let mut tokens = Self::new(text);
        let (mut at, mut abbreviation) = (start, false);
        while tokens.len < BEHIND_TOKENS_MAX {
            let (gap, next) = gap(text.as_bytes(), at, end, abbreviation);
            super::tick(next - at + 1);
            let Some(token) = token(text, next, end).filter(|_| gap != Gap::Break) else { break };
            abbreviation = ends_short(text, &token);
            at = token.end;
            tokens.push(Token { gap, ..token });
        }
        tokens
    }

    pub(super) fn all(&self) -> &[Token] {
        &self.tokens[..self.len]
    }

    fn push(&mut self, token: Token) {
        super::tick(token.end - token.start);
        if self.len == TOKENS_MAX {
            self.tokens.copy_within(TOKENS_MAX / 4.., 0);
            self.len -= TOKENS_MAX / 4;
        }
        self.tokens[self.len] = token;
        self.len += 1;
    }

    /// The classes of the words `from..to` as one phrase.
    pub(super) fn phrase(&self, from: usize, to: usize) -> Class {
        let mut lower = Lower::new();
        for (index, token) in self.all()[from..to].iter().enumerate() {
            if index > 0 {
                lower.push(" ");
                if token.gap != Gap::Space {
                    return Class::default();
                }
            }
            lower.push(self.str(token));
        }
        class_of(&lower)
    }

    pub(super) fn str(&self, token: &Token) -> &'t str {
        self.text.get(token.start..token.end).expect("tokens lie on characters")
    }
}

/// Whether the byte stands in no word and in no gap: what is before it belongs to nothing behind.
pub(super) const fn breaks(byte: u8) -> bool {
    matches!(
        byte,
        b'=' | b':' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b'_' | b'@' | b'?' | b'&'
    )
}

/// The first place from `start` on that no word runs across.
fn first_edge(text: &str, start: usize, end: usize) -> usize {
    let mut at = start;
    while !text.is_char_boundary(at) {
        at += 1;
    }
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '\\') {
        at += text[at..end].find(|c: char| !c.is_alphanumeric()).unwrap_or(end - at);
    }
    at
}

/// Whether the next word may follow without a space: `ul.Długa`, `No.5`, `P.O. Box`.
fn ends_short(text: &str, token: &Token) -> bool {
    token.len() <= 7 && text.as_bytes()[token.end - 1] == b'.'
        || text.as_bytes()[token.end - 1] == b'/'
}

/// The gap that begins at `at`, and where it ends.
fn gap(bytes: &[u8], start: usize, end: usize, abbreviation: bool) -> (Gap, usize) {
    let (mut at, mut spaces, mut commas, mut lines) = (start, 0, 0, 0);
    let limit = end.min(start + GAP_BYTES_MAX);
    while at < limit {
        let rest = &bytes[at..limit];
        let line = line_end(rest);
        if line > 0 {
            (at, lines) = (at + line, lines + 1);
            at += margin(&bytes[at..limit]);
            continue;
        }
        let dash = [&b"- "[..], "– ".as_bytes(), "— ".as_bytes(), "• ".as_bytes()];
        let dash = dash.iter().find(|dash| spaces > 0 && rest.starts_with(dash));
        match (rest, dash) {
            ([b' ', ..], _) => (at, spaces) = (at + 1, spaces + 1),
            ([0xC2, 0xA0, ..], _) => (at, spaces) = (at + 2, spaces + 1),
            ([b',', ..], _) => (at, commas) = (at + 1, commas + 1),
            (_, Some(dash)) => (at, commas) = (at + dash.len(), commas + 1),
            _ => break,
        }
    }
    let gap = match (lines, commas) {
        (0, 0) if spaces == 0 && !abbreviation => Gap::Break,
        (0, 0 | 1) if spaces > SPACES_MAX => Gap::Break,
        (0, 0) => Gap::Space,
        (0, 1) => Gap::Comma,
        (1, 0 | 1) => Gap::Line,
        _ => Gap::Break,
    };
    (gap, at)
}

/// Length of the line end that the bytes begin with, be it escaped or markup.
fn line_end(bytes: &[u8]) -> usize {
    const ENDS: [&[u8]; 8] =
        [b"\\r\\n", b"\r\n", b"\\n", b"\n", b"<br>", b"<br/>", b"<br />", b"<BR>"];
    ENDS.iter().find(|end| bytes.starts_with(end)).map_or(0, |end| end.len())
}

/// Length of the indentation and comment sign that a line begins with.
fn margin(bytes: &[u8]) -> usize {
    let blank = |bytes: &[u8]| {
        let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
        blanks.count()
    };
    let indent = blank(bytes);
    let sign = |byte: &&u8| matches!(byte, b'*' | b'#' | b'/' | b';' | b'%' | b'>' | b'"' | b'!');
    let sign = bytes[indent..].iter().take(3).take_while(sign).count();
    if sign == 0 || bytes.get(indent + sign).is_none_or(|byte| !matches!(byte, b' ' | b'\t')) {
        return indent;
    }
    indent + sign + blank(&bytes[indent + sign..])
}

/// The token that begins at `at` and ends before `end`. Its gap is the caller's to fill in.
fn token(text: &str, at: usize, end: usize) -> Option<Token> {
    let rest = text.get(at..end)?;
    let first = rest.chars().next()?;
    let make = |len: usize, kind, class| {
        let marked = rest[..len].bytes().any(|byte| byte == b'-' || !byte.is_ascii());
        Some(Token { start: at, end: at + len, gap: Gap::Break, kind, class, marked })
    };
    if first.is_ascii_digit() {
        let (len, kind) = number(rest)?;
        let class = if rest[..len] == *"1/2" { Class::FRACTION } else { Class::default() };
        return make(len, kind, class);
    }
    if first == '#' {
        let len = 1 + mark(&rest[1..]);
        return if len > 1 { make(len, Kind::Mark, Class::default()) } else { None };
    }
    if first == '№' {
        return make(first.len_utf8(), Kind::Small, Class::NUMBER);
    }
    if !first.is_alphabetic() && !rest.starts_with("'s-") && !rest.starts_with("’s-") {
        return None;
    }
    if rest.len() >= 3 && rest.as_bytes()[..3].eq_ignore_ascii_case(b"s/n") {
        return make(3, Kind::Number, Class::default());
    }
    let len = word(rest);
    let tail = &rest[len..];
    if tail.starts_with(|c: char| c.is_ascii_digit())
        || (tail.starts_with('-') && tail[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        let len = len + mark(tail);
        return if len <= 10 { make(len, Kind::Mark, Class::default()) } else { None };
    }
    let dots = tail.bytes().take_while(|byte| *byte == b'.').count();
    let slash = len == 1 && tail.starts_with('/') && matches!(first, 'c' | 'C');
    let sign = tail[usize::from(dots == 1)..].chars().next().filter(|c| matches!(c, 'º' | '°'));
    let state = tail.strip_prefix('/').map(str::as_bytes).is_some_and(|state| {
        let capitals = state.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        len > 2 && capitals == 2 && !state.get(2).is_some_and(u8::is_ascii_alphanumeric)
    });
    let len = if state { len + 3 } else { len };
    let len = len + usize::from(dots == 1 || slash) + sign.map_or(0, char::len_utf8);
    let word = &rest[..len];
    make(len, kind_of(word), UNREAD)
}

/// Length of a number of a house, and what it is.
fn number(rest: &str) -> Option<(usize, Kind)> {
    let bytes = rest.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 6 {
        return None;
    }
    let letters: usize =
        rest[digits..].chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    let suffix = &rest[digits..digits + letters];
    let ordinal = ["st", "nd", "rd", "th", "er", "re", "e", "ème", "eme", "º", "ª"]
        .iter()
        .any(|known| suffix.eq_ignore_ascii_case(known));
    let sign = rest[digits + letters..].chars().next().filter(|c| matches!(c, '°' | 'º' | 'ª'));
    if ordinal || sign.is_some() {
        return Some((digits + letters + sign.map_or(0, char::len_utf8), Kind::Ordinal));
    }
    let more = ["bis", "ter", "quater"].iter().any(|known| suffix.eq_ignore_ascii_case(known));
    if letters > 2 && !more {
        return None;
    }
    let mut len = digits + letters;
    for _ in 0..3 {
        let Some(joint) = rest[len..].chars().next().filter(|c| matches!(c, '-' | '/' | '–'))
        else {
            break;
        };
        let part = len + joint.len_utf8();
        let run = bytes[part..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if run == 0 || run > 5 {
            break;
        }
        len = part + run;
    }
    let dot = bytes.get(len) == Some(&b'.')
        && bytes.get(len + 1).is_none_or(|byte| matches!(byte, b' ' | b',' | b'\n' | b'\\' | b'"'));
    if dot { Some((len + 1, Kind::Ordinal)) } else { Some((len, Kind::Number)) }
}

/// Length of letters, digits and hyphens, which is at most ten.
fn mark(rest: &str) -> usize {
    let bytes = rest.bytes().take(10);
    bytes.take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count()
}

/// Length of a word: letters, with apostrophes and hyphens between them.
fn word(rest: &str) -> usize {
    let mut len = 0;
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        let joins =
            matches!(c, '\'' | '’' | '-') && chars.peek().is_some_and(|c| c.is_alphabetic());
        if !c.is_alphabetic() && !joins {
            break;
        }
        len += c.len_utf8();
    }
    len
}

/// Beginnings of names that hold a second capital.
const FORMS: [&str; 18] = [
    "Mc", "Mac", "De", "Di", "Du", "La", "Le", "Da", "El", "Al", "Van", "Von", "O'", "O’", "Ma",
    "Fitz", "St", "Ter",
];

fn kind_of(word: &str) -> Kind {
    let stem = word.trim_end_matches('.');
    let inner =
        ["d'", "d’", "l'", "l’", "'s-", "’s-", "dell'", "all'", "D'", "L'", "D’", "L’", "O'"];
    let stem = inner.iter().find_map(|prefix| stem.strip_prefix(prefix)).unwrap_or(stem);
    if !stem.starts_with(char::is_uppercase) {
        return Kind::Small;
    }
    if !stem.contains(char::is_lowercase) {
        return Kind::Capitals;
    }
    let stem = FORMS.iter().find_map(|form| {
        let rest = stem.strip_prefix(form)?;
        rest.starts_with(char::is_uppercase).then_some(rest)
    });
    let stem = stem.unwrap_or(word);
    let mut before = None;
    for c in stem.chars() {
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            return Kind::Small;
        }
        before = Some(c);
    }
    Kind::Capital
}
