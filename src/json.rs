//! A strict JSON scanner (RFC 8259) that knows where every key and value stands, and a tree for
//! policy documents on top of it.
//!
//! It is ours because masking needs the bytes of every value, policies need duplicate keys and a
//! place for every fault, and no error may quote the text that it is about.

mod escape;

use crate::eight;
use crate::limits::JSON_DEPTH_MAX;
use crate::span::Span;

pub(crate) use escape::{offsets, spelling, unescape};

/// What an [`Event`] stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Token {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    /// A member's key, quotes included; its value follows.
    Key,
    /// A string value, quotes included.
    String,
    Number,
    True,
    False,
    Null,
}

/// A token and its bytes in the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Event {
    pub(crate) token: Token,
    pub(crate) span: Span,
    /// Whether escapes spell some of a key or a string.
    pub(crate) escaped: bool,
}

/// Why a text is not JSON, and which bytes are to blame. It holds none of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    pub(crate) what: &'static str,
    pub(crate) span: Span,
}

/// Reads one JSON text event by event, without recursion or allocation.
///
/// Cost: one pass over the text, at most a few steps per byte.
pub(crate) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// One bit per open container, the innermost lowest; 1 is an object.
    objects: u128,
    /// The same for outer levels, 128 each; a lenient scanner needs them.
    spilled: Vec<u128>,
    depth: usize,
    expect: Expect,
    lenient: bool,
    masked: bool,
}

const _: () = assert!(JSON_DEPTH_MAX <= u128::BITS as usize, "`objects` holds a bit per level");

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
    EndOfText,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let (spilled, expect) = (Vec::new(), Expect::Value);
        Self { text, at: 0, objects: 0, spilled, depth: 0, expect, lenient: false, masked: false }
    }

    /// Reads what programs write who are not strict: any depth, a byte order mark, several values
    /// in a row, bare control characters in strings, leading zeros, `NaN` and `Infinity`. Masking
    /// reads so, as a value that is not read cannot be masked.
    pub(crate) fn lenient(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { at, lenient: true, ..Self::new(text) }
    }

    /// Reads what masking made of a JSON text: a number of which some or all characters are
    /// asterisks is a [`Token::Number`] as well.
    pub(crate) fn masked(text: &'t str) -> Self {
        Self { masked: true, ..Self::new(text) }
    }

    /// The next event, or `None` after a complete text. After a fault there is nothing more.
    #[inline]
    pub(crate) fn next_event(&mut self) -> Result<Option<Event>, Fault> {
        let result = self.step();
        if result.is_err() {
            (self.at, self.expect) = (self.text.len(), Expect::EndOfText);
        }
        result
    }

    #[inline(always)]
    fn step(&mut self) -> Result<Option<Event>, Fault> {
        self.skip_space();
        // What most texts are made of, before all that may be.
        if self.expect == Expect::CommaOrEnd && self.peek() == Some(b',') {
            self.at += 1;
            self.skip_space();
            self.expect = if self.in_object() { Expect::Key } else { Expect::Value };
            if self.expect == Expect::Key && self.peek() == Some(b'"') {
                return self.key();
            }
        }
        if self.expect == Expect::Value {
            return self.value();
        }
        match (self.expect, self.peek()) {
            (Expect::EndOfText, None) => Ok(None),
            (Expect::EndOfText, Some(_)) if self.lenient => self.value(),
            (Expect::EndOfText, Some(_)) => {
                self.fault_here("expected the end of the text; remove what follows the value")
            }
            (Expect::ValueOrEnd, Some(b']')) => self.close(Token::EndArray),
            (Expect::KeyOrEnd, Some(b'}')) => self.close(Token::EndObject),
            (Expect::CommaOrEnd, Some(b']')) if !self.in_object() => self.close(Token::EndArray),
            (Expect::CommaOrEnd, Some(b'}')) if self.in_object() => self.close(Token::EndObject),
            (Expect::CommaOrEnd, _) if self.in_object() => self.fault_here("expected , or }"),
            (Expect::CommaOrEnd, _) => self.fault_here("expected , or ]"),
            (Expect::Key | Expect::KeyOrEnd, Some(b'"')) => self.key(),
            (Expect::Key, _) => self.fault_here("expected a key in double quotes after the comma"),
            (Expect::KeyOrEnd, _) => self.fault_here("expected a key in double quotes or }"),
            (Expect::Value | Expect::ValueOrEnd, _) => self.value(),
        }
    }

    #[inline(always)]
    fn key(&mut self) -> Result<Option<Event>, Fault> {
        let (span, escaped) = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return self.fault_here("expected : after the key");
        }
        self.at += 1;
        self.expect = Expect::Value;
        Ok(Some(Event { token: Token::Key, span, escaped }))
    }

    #[inline(always)]
    fn value(&mut self) -> Result<Option<Event>, Fault> {
        let mut escaped = false;
        let (token, span) = match self.peek() {
            Some(b'{') => return self.open(Token::BeginObject),
            Some(b'[') => return self.open(Token::BeginArray),
            Some(b'"') => {
                let span;
                (span, escaped) = self.string()?;
                (Token::String, span)
            }
            Some(b'*' | b'-' | b'0'..=b'9') if self.masked => (Token::Number, self.stars()?),
            Some(b'-' | b'0'..=b'9') => (Token::Number, self.number()?),
            Some(b'N') if self.lenient => (Token::Null, self.word("NaN")?),
            Some(b'I') if self.lenient => (Token::Null, self.word("Infinity")?),
            Some(b't') => (Token::True, self.word("true")?),
            Some(b'f') => (Token::False, self.word("false")?),
            Some(b'n') => (Token::Null, self.word("null")?),
            Some(b']' | b'}') => return self.fault_here("expected a value; remove the comma"),
            _ if self.rest().starts_with('\u{feff}') => {
                return self.fault_here("expected a value; save the text without byte order mark");
            }
            _ => return self.fault_here("expected a value"),
        };
        self.expect_after_value();
        Ok(Some(Event { token, span, escaped }))
    }

    #[inline(always)]
    fn open(&mut self, token: Token) -> Result<Option<Event>, Fault> {
        if self.depth == JSON_DEPTH_MAX && !self.lenient {
            return self.fault_here("expected at most 128 levels of objects and arrays");
        }
        let object = token == Token::BeginObject;
        if self.depth > 0 && self.depth.is_multiple_of(128) {
            self.spilled.push(std::mem::take(&mut self.objects));
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        self.expect = if object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
        Ok(Some(Event { token, span: self.take(1), escaped: false }))
    }

    #[inline(always)]
    fn close(&mut self, token: Token) -> Result<Option<Event>, Fault> {
        self.depth -= 1;
        self.objects >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(128) {
            self.objects = self.spilled.pop().expect("pushed at this depth");
        }
        self.expect_after_value();
        Ok(Some(Event { token, span: self.take(1), escaped: false }))
    }

    #[inline]
    fn expect_after_value(&mut self) {
        self.expect = if self.depth == 0 { Expect::EndOfText } else { Expect::CommaOrEnd };
    }

    #[inline(always)]
    fn string(&mut self) -> Result<(Span, bool), Fault> {
        let (start, mut escaped) = (self.at, false);
        self.at += 1;
        loop {
            self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0..=0x1f) if !self.lenient => {
                    return self.fault_here("expected no control character in a string; escape it");
                }
                Some(_) => self.at += 1,
                None => return fault(start, self.at, "expected a closing double quote"),
            }
        }
        self.at += 1;
        Ok((Span::new(start, self.at), escaped))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return fault(start, self.at + 1, "expected four hexadecimal digits after \\u");
                }
                self.at += 5;
            }
            _ => {
                return fault(start, start + 1, "expected an escape of JSON; write \\\\ for \\");
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Span, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.lenient && self.peek() == Some(b'I') {
            self.word("Infinity")?;
            return Ok(Span::new(start, self.at));
        }
        if self.peek() == Some(b'0') && !self.lenient {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.fault_here("expected no digit after a leading 0");
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Span::new(start, self.at))
    }

    /// A number, or what masking left of one.
    #[inline]
    fn stars(&mut self) -> Result<Span, Fault> {
        let inside =
            |byte: &u8| matches!(byte, b'0'..=b'9' | b'*' | b'+' | b'-' | b'.' | b'e' | b'E');
        let start = self.at;
        let number = self.number();
        if number.is_ok() && !self.peek().is_some_and(|next| inside(&next)) {
            return number;
        }
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| inside(byte)).count();
        if rest.iter().take(len).any(|byte| *byte == b'*') {
            self.at = start;
            return Ok(self.take(len));
        }
        number
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.fault_here("expected a digit") } else { Ok(()) }
    }

    fn word(&mut self, word: &str) -> Result<Span, Fault> {
        if self.rest().starts_with(word) {
            Ok(self.take(word.len()))
        } else {
            self.fault_here("expected true, false or null")
        }
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).expect("the scanner stops between characters")
    }

    fn take(&mut self, len: usize) -> Span {
        self.at += len;
        Span::new(self.at - len, self.at)
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Blames the character at hand, or the end of the text.
    fn fault_here<T>(&self, what: &'static str) -> Result<T, Fault> {
        let len = self.rest().chars().next().map_or(0, char::len_utf8);
        fault(self.at, self.at + len, what)
    }
}

/// How many bytes at the front of a string's rest mean themselves: no quote, backslash or control
/// character is among them.
#[inline(always)]
fn plain(bytes: &[u8]) -> usize {
    eight::before(bytes, |word| {
        eight::below(word, b' ') | eight::is(word, b'"') | eight::is(word, b'\\')
    })
}

fn fault<T>(start: usize, end: usize, what: &'static str) -> Result<T, Fault> {
    Err(Fault { what, span: Span::new(start, end) })
}

/// A JSON value of a document that is small enough to keep whole. It holds the user's text, so it
/// has no `Debug`.
pub(crate) struct Value {
    pub(crate) span: Span,
    pub(crate) kind: ValueKind,
}

pub(crate) enum ValueKind {
    Object(Vec<Member>),
    Array(Vec<Value>),
    /// Unescaped.
    String(String),
    Number,
    Bool,
    Null,
}

/// One member of an object.
pub(crate) struct Member {
    /// Unescaped.
    pub(crate) key: String,
    pub(crate) key_span: Span,
    /// Whether an earlier member of the object has the same key; whoever reads the object refuses
    /// it, because only the reader knows which keys may be named.
    pub(crate) repeated: bool,
    pub(crate) value: Value,
}

/// Reads a whole JSON text. Its depth is at most [`JSON_DEPTH_MAX`].
pub(crate) fn tree(text: &str) -> Result<Value, Fault> {
    let mut scanner = Scanner::new(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    while let Some(Event { token, span, .. }) = scanner.next_event()? {
        let kind = match token {
            Token::BeginObject | Token::BeginArray => {
                open.push(Open::new(token, span.start));
                continue;
            }
            Token::Key => {
                let parent = open.last_mut().expect("a key stands in an object");
                parent.key = Some((unescaped(text, span), span));
                continue;
            }
            Token::EndObject | Token::EndArray => {
                let closed = open.pop().expect("what ends has begun");
                place(&mut open, &mut root, closed.close(span.end));
                continue;
            }
            Token::String => ValueKind::String(unescaped(text, span)),
            Token::Number => ValueKind::Number,
            Token::True | Token::False => ValueKind::Bool,
            Token::Null => ValueKind::Null,
        };
        place(&mut open, &mut root, Value { span, kind });
    }
    Ok(root.expect("a text without fault has a value"))
}

fn unescaped(text: &str, span: Span) -> String {
    let mut out = String::with_capacity(span.len());
    unescape(text.get(span.range()).expect("tokens end on characters"), &mut out);
    out
}

fn place(open: &mut [Open], root: &mut Option<Value>, value: Value) {
    match open.last_mut() {
        Some(parent) => parent.add(value),
        None => *root = Some(value),
    }
}

/// A container whose end has not been read.
struct Open {
    start: usize,
    kind: ValueKind,
    key: Option<(String, Span)>,
}

impl Open {
    fn new(token: Token, start: usize) -> Self {
        let kind = match token {
            Token::BeginObject => ValueKind::Object(Vec::new()),
            _ => ValueKind::Array(Vec::new()),
        };
        Self { start, kind, key: None }
    }

    fn add(&mut self, value: Value) {
        match &mut self.kind {
            ValueKind::Object(members) => {
                let (key, key_span) = self.key.take().expect("a value follows its key");
                members.push(Member { key, key_span, repeated: false, value });
            }
            ValueKind::Array(values) => values.push(value),
            _ => unreachable!("only objects and arrays are opened"),
        }
    }

    fn close(mut self, end: usize) -> Value {
        if let ValueKind::Object(members) = &mut self.kind {
            mark_repeated(members);
        }
        Value { span: Span::new(self.start, end), kind: self.kind }
    }
}

fn mark_repeated(members: &mut [Member]) {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by(|&a, &b| members[a].key.cmp(&members[b].key)); // stable: equal keys keep order
    for pair in order.windows(2) {
        members[pair[1]].repeated = members[pair[0]].key == members[pair[1]].key;
    }
}

#[cfg(test)]
mod tests;
