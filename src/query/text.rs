//! Functions on texts. What they put together is judged again; what they cut out is a part.

use std::borrow::Cow;
use std::fmt::Write;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::function::Function;
use super::json::Tree;
use super::row::Scope;
use super::value::{Datum, Mark, Value};
use crate::limits::QUERY_VALUE_BYTES_MAX;

pub(super) fn apply(scope: &Scope<'_>, function: Function, values: &[Value], mark: Mark) -> Value {
    let first = values.first().unwrap_or(&Value::ABSENT);
    match function {
        Function::IsEmpty => {
            return Value::truth(first.as_text().is_none_or(|text| text.is_empty()));
        }
        Function::IsBlank => {
            return Value::truth(first.as_text().is_none_or(|text| text.trim().is_empty()));
        }
        Function::Concat => return concat(scope, values, mark),
        _ => {}
    }
    let Some(text) = first.as_text() else { return Value::ABSENT };
    let other = values.get(1).and_then(Value::as_text);
    let made = |made: Option<String>| made.map_or(Value::ABSENT, |it| scope.made(it, mark));
    match function {
        Function::Strlen => Value::number(text.chars().count() as f64, mark),
        Function::ToUpper => made(Some(text.to_uppercase())),
        Function::ToLower => made(Some(text.to_lowercase())),
        Function::Trim | Function::Ltrim | Function::Rtrim => {
            scope.part(trim(function, &text, other.as_deref()), mark)
        }
        Function::Substr => {
            let part = substr(&text, values.get(1), values.get(2));
            part.map_or(Value::ABSENT, |part| scope.part(part, mark))
        }
        Function::StrContains | Function::StartsWith | Function::EndsWith => {
            let Some(other) = other else { return Value::ABSENT };
            let any_case = values.get(2).is_some_and(Value::is_true);
            Value::truth(asks(function, &text, &other, any_case))
        }
        Function::Replace => made(replace(&text, values)),
        Function::Split => split(scope, &text, other.as_deref(), mark),
        Function::UrlEncode => made(Some(url_encode(&judged(scope, &text, mark)))),
        Function::UrlDecode => made(Some(url_decode(&text))),
        Function::Base64Encode => made(Some(STANDARD.encode(&*judged(scope, &text, mark)))),
        Function::Base64Decode => made(STANDARD.decode(text.as_bytes()).ok().map(lossy)),
        Function::HexToAscii => made(hex_bytes(&text).map(lossy)),
        Function::HexToDec => {
            let digits = text.strip_prefix("0x").unwrap_or(&text);
            let number = u128::from_str_radix(digits, 16).ok().filter(|_| !digits.contains('+'));
            number.map_or(Value::ABSENT, |number| Value::number(number as f64, mark))
        }
        Function::DecToHex => made(first.as_integer().map(|number| format!("{number:x}"))),
        _ => Value::ABSENT,
    }
}

/// A text as it may leave: what encodes it hides it from whoever judges the result.
fn judged<'t>(scope: &Scope<'_>, text: &'t str, mark: Mark) -> Cow<'t, str> {
    let masked = if mark == Mark::Derived { scope.judge()(text) } else { None };
    masked.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn lossy(bytes: Vec<u8>) -> String {
    let bytes = Zeroizing::new(bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

// Choice: what is absent is an empty text to `concat`, unless nothing else is there.
fn concat(scope: &Scope<'_>, values: &[Value], mark: Mark) -> Value {
    if values.iter().all(Value::is_absent) {
        return Value::ABSENT;
    }
    let mut out = Zeroizing::new(String::new());
    for text in values.iter().filter_map(Value::as_text) {
        if out.len() + text.len() > QUERY_VALUE_BYTES_MAX {
            return Value::ABSENT;
        }
        out.push_str(&text);
    }
    scope.made(std::mem::take(&mut *out), mark)
}

fn trim<'t>(function: Function, text: &'t str, chars: Option<&str>) -> &'t str {
    let inside = |c: char| chars.map_or(c.is_whitespace(), |chars| chars.contains(c));
    match function {
        Function::Ltrim => text.trim_start_matches(inside),
        Function::Rtrim => text.trim_end_matches(inside),
        _ => text.trim_matches(inside),
    }
}

/// Counted in characters from 0.
fn substr<'t>(text: &'t str, from: Option<&Value>, len: Option<&Value>) -> Option<&'t str> {
    let count = |value: &Value| usize::try_from(value.as_integer()?).ok();
    let from = count(from?)?;
    let at =
        |text: &str, chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let rest = text.get(at(text, from)..)?;
    match len {
        None => Some(rest),
        Some(len) => rest.get(..at(rest, count(len)?)),
    }
}

fn asks(function: Function, text: &str, other: &str, any_case: bool) -> bool {
    match function {
        Function::StartsWith => text.starts_with(other),
        Function::EndsWith => text.ends_with(other),
        _ if any_case => text.to_lowercase().contains(&other.to_lowercase()),
        _ => text.contains(other),
    }
}

fn replace(text: &str, values: &[Value]) -> Option<String> {
    let (from, to) = (values.get(1)?.as_text()?, values.get(2)?.as_text()?);
    if from.is_empty() {
        return Some(text.to_owned());
    }
    let grown = text.matches(&*from).count().checked_mul(to.len())?;
    (grown <= QUERY_VALUE_BYTES_MAX).then(|| text.replace(&*from, &to))
}

/// The pieces as a list.
fn split(scope: &Scope<'_>, text: &str, by: Option<&str>, mark: Mark) -> Value {
    let Some(by) = by else { return Value::ABSENT };
    let pieces: Vec<&str> = if by.is_empty() { vec![text] } else { text.split(by).collect() };
    let list = serde_json::to_string(&pieces).expect("texts are plain JSON");
    let made = scope.made(list, mark);
    let Datum::Text(list) = &made.datum else { return Value::ABSENT };
    let tree = Tree::parse(&Rc::clone(list));
    tree.map_or(Value::ABSENT, |tree| Value { datum: Datum::Tree(tree), mark })
}

fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "%{byte:02X}").expect("a string"),
        }
    }
    out
}

// Choice: `+` is a space, as in forms; what is no escape stays as it is.
fn url_decode(text: &str) -> String {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        let decoded = after.get(..2).and_then(hex_byte).filter(|_| *first == b'%');
        out.push(decoded.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    lossy(out)
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(hex_byte).collect()
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    }
}
