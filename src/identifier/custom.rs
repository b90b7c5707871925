//! A policy's own identifiers: the regex subset of CloudWatch Logs, translated to the `regex`
//! syntax. Source: CloudWatch Logs User Guide, Custom data identifiers.

use std::sync::Arc;

use super::{
    Check, Custom, DataIdentifier, Definition, Edges, KeywordPlace, Pattern, managed_name,
};
use crate::automaton::{Automaton, Budget, TooMuch};
use crate::limits::{
    CUSTOM_NAME_CHARS_MAX, CUSTOM_REGEX_CHARS_MAX, CUSTOM_REGEX_COMPILED_BYTES_MAX,
    CUSTOM_REGEX_STEPS_MAX,
};

/// Why a custom identifier is refused, and where in its name or regex (a byte offset).
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) what: String,
    pub(crate) at: usize,
}

fn refuse<T>(at: usize, what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { what: what.into(), at })
}

/// Checks the `Name` of a custom identifier.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let chars = name.chars().count();
    if chars == 0 || chars > CUSTOM_NAME_CHARS_MAX {
        let what = format!("Name has {chars} characters; 1 to {CUSTOM_NAME_CHARS_MAX} are allowed");
        return refuse(0, what);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if let Some(at) = name.find(|c: char| !allowed(c)) {
        return refuse(at, "Name may hold only letters, digits, _ and -");
    }
    if managed_name(name).is_some() {
        return refuse(0, "Name is that of a managed data identifier");
    }
    Ok(())
}

const BUDGET: Budget =
    Budget { bytes_max: CUSTOM_REGEX_COMPILED_BYTES_MAX, steps_max: CUSTOM_REGEX_STEPS_MAX };

/// Makes the identifier `name` from `regex`. The name has been checked.
pub(crate) fn compile(name: &str, regex: &str) -> Result<DataIdentifier, Refusal> {
    let translated = translate(regex)?;
    let hir = match regex_syntax::parse(&translated) {
        Ok(hir) => hir,
        Err(_) => return refuse(0, "Regex is not a regular expression"),
    };
    if hir.properties().minimum_len() == Some(0) {
        return refuse(0, "Regex can match the empty text");
    }
    let automaton = match Automaton::compile(&[&translated], BUDGET) {
        Ok(automaton) => automaton,
        Err(TooMuch::Bytes) => {
            let max = CUSTOM_REGEX_COMPILED_BYTES_MAX;
            return refuse(0, format!("Regex needs more than {max} bytes compiled"));
        }
        Err(TooMuch::Steps) => {
            let max = CUSTOM_REGEX_STEPS_MAX;
            return refuse(0, format!("Regex needs more than {max} steps to be compiled"));
        }
    };
    let pattern = Pattern {
        regex: translated,
        edges: Edges::Any,
        check: Check::None,
        needs_keyword: false,
        keyword_place: KeywordPlace::Near,
        keyword_distance_chars: 0,
    };
    let (name, automaton) = (name.to_owned(), Arc::new(automaton));
    Ok(DataIdentifier(Definition::Custom(Box::new(Custom { name, pattern, automaton }))))
}

/// Largest count of a repetition.
// Choice: AWS names no limit; this is RE2's.
const COUNT_MAX: u32 = 1000;

const LITERALS: &str = "_#=@/;,- ";
const OPERATORS: &str = "^$?[]{}|\\*+.";

/// Translates the documented subset into the `regex` syntax.
// Choice: `\d`, `\s` and `\w` are ASCII; `.` and negated classes match any Unicode scalar value,
// `.` no line feed; `^` and `$` are the ends of the message; a lazy quantifier is taken as greedy,
// as the longest match is reported anyway.
pub(crate) fn translate(regex: &str) -> Result<String, Refusal> {
    let chars = regex.chars().count();
    if chars == 0 || chars > CUSTOM_REGEX_CHARS_MAX {
        let what =
            format!("Regex has {chars} characters; 1 to {CUSTOM_REGEX_CHARS_MAX} are allowed");
        return refuse(0, what);
    }
    if let Some((at, _)) = regex.char_indices().find(|(_, c)| {
        !c.is_ascii_alphanumeric() && !LITERALS.contains(*c) && !OPERATORS.contains(*c)
    }) {
        return refuse(at, "Regex holds a character that is not allowed; write ASCII as \\xHH");
    }
    let mut parser = Parser { text: regex.as_bytes(), at: 0, out: String::new() };
    parser.alternation()?;
    Ok(parser.out)
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    out: String,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn alternation(&mut self) -> Result<(), Refusal> {
        while let Some(byte) = self.peek() {
            let at = self.at;
            self.at += 1;
            match byte {
                b'|' => self.out.push('|'),
                b'^' | b'$' => {
                    self.out.push(char::from(byte));
                    if matches!(self.peek(), Some(b'*' | b'+' | b'?' | b'{')) {
                        return refuse(self.at, "Regex repeats an anchor");
                    }
                }
                b'*' | b'+' | b'?' | b'{' => {
                    return refuse(at, "Regex has a repetition with nothing to repeat");
                }
                b'}' | b']' => return refuse(at, "Regex closes what it did not open"),
                b'.' => {
                    self.out.push('.');
                    self.repetition()?;
                }
                b'[' => {
                    self.class(at)?;
                    self.repetition()?;
                }
                b'\\' => {
                    let item = self.escape(at)?;
                    self.out.push_str(&item.class());
                    self.repetition()?;
                }
                _ => {
                    push_literal(&mut self.out, byte);
                    self.repetition()?;
                }
            }
        }
        Ok(())
    }

    fn repetition(&mut self) -> Result<(), Refusal> {
        let at = self.at;
        match self.peek() {
            Some(operator @ (b'*' | b'+' | b'?')) => {
                self.at += 1;
                self.out.push(char::from(operator));
            }
            Some(b'{') => {
                self.at += 1;
                self.counts(at)?;
            }
            _ => return Ok(()),
        }
        if self.peek() == Some(b'?') {
            self.at += 1; // lazy
        }
        if matches!(self.peek(), Some(b'*' | b'+' | b'?' | b'{')) {
            return refuse(self.at, "Regex repeats a repetition");
        }
        Ok(())
    }

    fn counts(&mut self, open: usize) -> Result<(), Refusal> {
        let low = self.number();
        let comma = self.peek() == Some(b',');
        let high = if comma {
            self.at += 1;
            self.number()
        } else {
            low
        };
        if self.peek() != Some(b'}') || (low.is_none() && high.is_none()) {
            return refuse(open, "Regex has a repetition that is not {m}, {m,}, {,n} or {m,n}");
        }
        self.at += 1;
        let low = low.unwrap_or(0);
        let counts = match high {
            Some(high) if high < low => {
                return refuse(open, "Regex has a repetition whose counts are reversed");
            }
            high if high.unwrap_or(low) > COUNT_MAX => {
                return refuse(open, format!("Regex has a repetition of more than {COUNT_MAX}"));
            }
            Some(high) => format!("{{{low},{high}}}"),
            None => format!("{{{low},}}"),
        };
        self.out.push_str(&counts);
        Ok(())
    }

    fn number(&mut self) -> Option<u32> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = std::str::from_utf8(&self.text[from..self.at]).expect("digits are ASCII");
        // More than nine digits do not fit; the count is over the limit in any case.
        if digits.len() > 9 { Some(u32::MAX) } else { digits.parse().ok() }
    }

    fn class(&mut self, open: usize) -> Result<(), Refusal> {
        self.out.push('[');
        if self.peek() == Some(b'^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut items = 0;
        loop {
            let at = self.at;
            match self.class_item(open)? {
                None => break,
                Some(Item::Set(set)) => self.out.push_str(set),
                Some(Item::Byte(low)) => {
                    push_literal(&mut self.out, low);
                    let range = self.peek() == Some(b'-')
                        && self.text.get(self.at + 1).is_some_and(|next| *next != b']');
                    if range {
                        self.at += 1;
                        let Some(Item::Byte(high)) = self.class_item(open)? else {
                            return refuse(
                                at,
                                "Regex has a range that does not end in a character",
                            );
                        };
                        if high < low {
                            return refuse(at, "Regex has a range whose ends are reversed");
                        }
                        self.out.push('-');
                        push_literal(&mut self.out, high);
                    }
                }
            }
            items += 1;
        }
        if items == 0 {
            return refuse(open, "Regex has an empty class");
        }
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self, open: usize) -> Result<Option<Item>, Refusal> {
        let at = self.at;
        let Some(byte) = self.peek() else {
            return refuse(open, "Regex has a class that is not closed");
        };
        self.at += 1;
        match byte {
            b']' => Ok(None),
            b'\\' => self.escape(at).map(Some),
            _ => Ok(Some(Item::Byte(byte))),
        }
    }

    fn escape(&mut self, at: usize) -> Result<Item, Refusal> {
        let Some(byte) = self.peek() else {
            return refuse(at, "Regex ends in a backslash");
        };
        self.at += 1;
        match byte {
            b'd' => Ok(Item::Set("[0-9]")),
            b'D' => Ok(Item::Set("[^0-9]")),
            b's' => Ok(Item::Set(r"[\t\n\x0B\x0C\r ]")),
            b'S' => Ok(Item::Set(r"[^\t\n\x0B\x0C\r ]")),
            b'w' => Ok(Item::Set("[0-9A-Za-z_]")),
            b'W' => Ok(Item::Set("[^0-9A-Za-z_]")),
            b'x' => {
                let digits = self.text.get(self.at..self.at + 2).unwrap_or_default();
                let hex = std::str::from_utf8(digits).expect("the text is ASCII");
                match u8::from_str_radix(hex, 16) {
                    Ok(byte) if byte < 0x80 && hex.len() == 2 => {
                        self.at += 2;
                        Ok(Item::Byte(byte))
                    }
                    _ => refuse(at, "Regex has a \\x that is not \\x00 to \\x7F"),
                }
            }
            byte if byte.is_ascii_alphanumeric() => {
                refuse(at, "Regex has an escape other than \\d \\D \\s \\S \\w \\W \\xHH")
            }
            byte => Ok(Item::Byte(byte)),
        }
    }
}

enum Item {
    Byte(u8),
    Set(&'static str),
}

impl Item {
    fn class(&self) -> String {
        match self {
            Self::Set(set) => (*set).to_owned(),
            Self::Byte(byte) => {
                let mut out = String::new();
                push_literal(&mut out, *byte);
                out
            }
        }
    }
}

/// ASCII letters and digits as they are, anything else as `\xHH`, which no syntax can misread.
fn push_literal(out: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() {
        out.push(char::from(byte));
    } else {
        out.push_str(&format!("\\x{byte:02X}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_subset_is_translated() {
        let cases = [
            (r"EmployeeID-\d{9}", r"EmployeeID\x2D[0-9]{9,9}"),
            ("[A-Z]{2}[0-9]+", "[A-Z]{2,2}[0-9]+"),
            (r"key\x3A\d+?", r"key\x3A[0-9]+"),
            ("a|b", "a|b"),
            (r"[^\d-]", r"[^[0-9]\x2D]"),
            ("[a--]x", ""),
            ("[[]x{,3}", r"[\x5B]x{0,3}"),
            ("^a.$", "^a.$"),
        ];
        for (regex, expected) in cases {
            assert_eq!(translate(regex).unwrap_or_default(), expected, "{regex}");
        }
    }

    #[test]
    fn what_the_subset_lacks_is_refused_at_its_place() {
        let cases = [
            ("(abc)+", 0),
            (r"key:\d+", 3),
            ("caf[eé]", 5),
            ("[a-z", 0),
            ("ab]", 2),
            ("a{2", 1),
            ("a{}", 1),
            ("a{3,2}", 1),
            ("a{1001}", 1),
            ("a{1001,}", 1),
            ("a{99999999999}", 1),
            ("a**", 2),
            ("a++", 2),
            ("*a", 0),
            ("a\\", 1),
            (r"\b", 0),
            (r"\xZZ", 0),
            (r"\xFF", 0),
            ("[]", 0),
            ("[z-a]", 1),
            ("^*", 1),
            ("", 0),
        ];
        for (regex, at) in cases {
            let refusal = translate(regex).expect_err(regex);
            assert_eq!(refusal.at, at, "{regex}: {}", refusal.what);
        }
        assert!(translate(&"a".repeat(200)).is_ok());
        assert!(translate(&"a".repeat(201)).is_err());
    }

    #[test]
    fn what_compiles_too_large_or_matches_nothing_is_refused() {
        for regex in ["a*", "a|", "^", "^$", "a?"] {
            assert!(compile("X", regex).is_err(), "{regex}");
        }
        for regex in ["a{3}", ".*a", "[^a]+", "a.*b|a", "[^ ]{1,256}-token", ".{1000}"] {
            assert!(compile("X", regex).is_ok(), "{regex}");
        }
    }

    #[test]
    fn what_costs_too_much_is_refused_by_work_and_not_by_the_clock() {
        let large = ".{1000}".repeat(20);
        let cases = [
            (&*large, "bytes compiled"),
            ("[ab]*a[ab]{99}", "steps to be compiled"),
            (".*a.{12}", "steps to be compiled"),
            (".*a.{60}", "steps to be compiled"),
            (".{0,50}a.{0,50}", "steps to be compiled"),
            ("[a-m]{1000,}a+b{3}[a-z]{99}|[k-z]+", "steps to be compiled"),
            ("[^-]*[^0-9]{3,}b+[^0-9]{5}[^ab]{200}", "steps to be compiled"),
            ("(.{0,99}a){9}", "a character that is not allowed"),
            (".*a.{7}", ""),
            (".{0,1000}a", ""),
            ("[ab]*a[ab]{12}", ""),
            ("[^a]{0,99}a[^b]{0,99}b", ""),
            ("[^,]{1,100},[^,]{1,100},[^,]{1,100}", ""),
            (r"\w{1,64}@\w{1,64}", ""),
            ("[0-9]{1,1000}", ""),
        ];
        for (regex, expected) in cases {
            let refusal = compile("X", regex).err().map_or(String::new(), |refusal| refusal.what);
            assert!(refusal.contains(expected), "{regex}: {refusal}");
            assert_eq!(refusal.is_empty(), expected.is_empty(), "{regex}: {refusal}");
        }
    }
}
