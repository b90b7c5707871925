//! Filter patterns, judged slowly and plainly: by the grammar, with recursion, `serde_json` and the
//! `regex` crate. Patterns have to be valid ones.

use regex::Regex;
use serde_json::Value;

/// Whether the pattern selects the message.
pub fn matches(pattern: &str, message: &str) -> bool {
    let trimmed = pattern.trim();
    let inside = |text: &str| text[1..text.len() - 1].chars().collect::<Vec<_>>();
    match trimmed.chars().next() {
        None => true,
        Some('{') => match serde_json::from_str::<Value>(message) {
            Ok(root @ Value::Object(_)) => Json { p: P::new(inside(trimmed)), root }.or(),
            _ => false,
        },
        Some('[') => delimited(inside(trimmed), message),
        _ if trimmed == "\" \"" || trimmed == "\"\"" => true,
        _ => terms(trimmed.chars().collect(), message),
    }
}

/// A pattern and where it is read.
struct P {
    chars: Vec<char>,
    at: usize,
}

impl P {
    fn new(chars: Vec<char>) -> Self {
        Self { chars, at: 0 }
    }

    fn peek(&self) -> char {
        self.chars.get(self.at).copied().unwrap_or('\0')
    }

    fn eat(&mut self, text: &str) -> bool {
        let here = self.chars[self.at.min(self.chars.len())..].iter().take(text.chars().count());
        let eaten = here.collect::<String>() == text;
        self.at += if eaten { text.chars().count() } else { 0 };
        eaten
    }

    fn blanks(&mut self) {
        while self.peek().is_whitespace() {
            self.at += 1;
        }
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while self.at < self.chars.len() && !end(self.peek()) {
            text.push(self.peek());
            self.at += 1;
        }
        text
    }

    fn quoted(&mut self) -> String {
        let mut text = String::new();
        self.at += 1;
        while !self.eat("\"") {
            if self.peek() == '\\' && "\"\\".contains(self.chars[self.at + 1]) {
                self.at += 1;
            }
            text.push(self.peek());
            self.at += 1;
        }
        text
    }

    fn regex(&mut self) -> Regex {
        self.at += 1;
        let text = self.until(|c| c == '%');
        self.at += 1;
        let plain =
            text.replace("{,", "{0,").replace(r"\d", "[0-9]").replace(r"\w", "[a-zA-Z_0-9]");
        Regex::new(&format!("(?s){plain}")).expect("what the subset allows is a regex")
    }
}

fn terms(chars: Vec<char>, message: &str) -> bool {
    let mut p = P::new(chars);
    let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
    while p.at < p.chars.len() {
        let list = if p.eat("?") {
            &mut any
        } else if p.eat("-") {
            &mut none
        } else {
            &mut all
        };
        list.push(match p.peek() {
            '"' => message.contains(&p.quoted()),
            '%' => p.regex().is_match(message),
            _ => message.contains(&p.until(char::is_whitespace)),
        });
        p.blanks();
    }
    let optional = any.is_empty() || any.contains(&true) || all.len() + none.len() > 0;
    !all.contains(&false) && !none.contains(&true) && optional
}

/// Reads an operator and its value, and asks it of `values`: whether any satisfies it.
fn condition(p: &mut P, values: &[String]) -> bool {
    let operators = ["!=", "<=", ">=", "<", ">", "="];
    let operator = operators.into_iter().find(|it| p.eat(it)).expect("an operator");
    p.blanks();
    let wanted = operator == "=";
    match p.peek() {
        '%' => {
            let regex = p.regex();
            values.iter().any(|value| regex.is_match(value) == wanted)
        }
        '"' => {
            let text = p.quoted();
            values.iter().any(|value| fits(&text, value) == wanted)
        }
        _ => {
            let bare = p.until(|c| c.is_whitespace() || "\"%,()[]{}&|=<>!".contains(c));
            let Some(right) = number(&bare) else {
                return values.iter().any(|value| fits(&bare, value) == wanted);
            };
            values.iter().any(|value| match (number(value), operator) {
                (None, operator) => operator == "!=",
                (Some(left), "=") => left == right,
                (Some(left), "!=") => left != right,
                (Some(left), "<") => left < right,
                (Some(left), "<=") => left <= right,
                (Some(left), ">") => left > right,
                (Some(left), _) => left >= right,
            })
        }
    }
}

fn number(text: &str) -> Option<f64> {
    let form = Regex::new(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$").unwrap();
    form.is_match(text).then(|| text.parse().expect("of that form"))
}

fn fits(glob: &str, text: &str) -> bool {
    let parts: Vec<_> = glob.split('*').map(regex::escape).collect();
    Regex::new(&format!("(?s)^{}$", parts.join(".*"))).unwrap().is_match(text)
}

struct Json {
    p: P,
    root: Value,
}

impl Json {
    fn or(&mut self) -> bool {
        let mut answer = self.and();
        while self.p.eat("||") {
            answer |= self.and();
        }
        answer
    }

    fn and(&mut self) -> bool {
        let mut answer = self.unit();
        while self.p.eat("&&") {
            answer &= self.unit();
        }
        answer
    }

    fn unit(&mut self) -> bool {
        self.p.blanks();
        let answer = if self.p.eat("(") {
            let answer = self.or();
            assert!(self.p.eat(")"), "a closing parenthesis");
            answer
        } else {
            self.test()
        };
        self.p.blanks();
        answer
    }

    fn test(&mut self) -> bool {
        let found = self.selected();
        self.p.blanks();
        let words = [("NULL", Value::Null), ("TRUE", true.into()), ("FALSE", false.into())];
        if self.p.eat("IS ") {
            let asked = words.iter().find(|(word, _)| self.p.eat(word)).expect("a word");
            return found.contains(&asked.1);
        }
        if self.p.eat("NOT EXISTS") {
            return found.is_empty();
        }
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        };
        condition(&mut self.p, &found.iter().filter_map(text).collect::<Vec<_>>())
    }

    fn selected(&mut self) -> Vec<Value> {
        assert!(self.p.eat("$"), "a selector");
        let mut found = vec![self.root.clone()];
        loop {
            let p = &mut self.p;
            if p.eat(".*") {
                found = found
                    .iter()
                    .filter_map(Value::as_object)
                    .flat_map(|it| it.values().cloned())
                    .collect();
            } else if p.eat("[*]") {
                found = found.iter().filter_map(Value::as_array).flatten().cloned().collect();
            } else if p.eat(".['") || p.eat("['") {
                let key = p.until(|c| c == '\'');
                assert!(p.eat("']"));
                found = found.iter().filter_map(|it| it.get(&key)).cloned().collect();
            } else if p.eat("[") {
                let index: usize = p.until(|c| c == ']').parse().expect("an index");
                assert!(p.eat("]"));
                found = found.iter().filter_map(|it| it.get(index)).cloned().collect();
            } else if p.eat(".") {
                let key = p.until(|c| !c.is_alphanumeric() && c != '_' && c != '-');
                found = found.iter().filter_map(|it| it.get(&key)).cloned().collect();
            } else {
                return found;
            }
        }
    }
}

fn delimited(chars: Vec<char>, message: &str) -> bool {
    let (fields, starts) = fields(message);
    let (mut names, mut gap) = (Vec::new(), None);
    let mut p = P::new(chars);
    // Where the tests of each name begin; they are read again when the field is known.
    loop {
        p.blanks();
        if p.eat("...") {
            gap = Some(names.len());
        } else {
            p.until(|c| !c.is_alphanumeric() && c != '_' && c != '-');
            names.push(p.at);
        }
        let mut quote = None;
        while p.at < p.chars.len() && (quote.is_some() || p.peek() != ',') {
            match (p.peek(), quote) {
                ('\\', Some('"')) => p.at += 1,
                (c @ ('"' | '%'), None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                _ => {}
            }
            p.at += 1;
        }
        if !p.eat(",") {
            break;
        }
    }
    if fields.len() < names.len() {
        return false;
    }
    let extra = fields.len() - names.len();
    names.iter().enumerate().all(|(index, at)| {
        let shift = if gap.is_some_and(|gap| index >= gap) { extra } else { 0 };
        let mut field = fields[index + shift].clone();
        if gap.is_none() && extra > 0 && index + 1 == names.len() {
            field = message[starts[index]..].trim_end().to_owned();
        }
        p.at = *at;
        p.blanks();
        field_holds(&mut p, &[field])
    })
}

fn field_holds(p: &mut P, field: &[String]) -> bool {
    if p.at >= p.chars.len() || p.peek() == ',' {
        return true;
    }
    let (mut any, mut all) = (false, true);
    loop {
        p.blanks();
        p.until(|c| "=!<>".contains(c));
        all &= condition(p, field);
        p.blanks();
        if p.eat("&&") {
            continue;
        }
        any |= all;
        all = true;
        if !p.eat("||") {
            return any;
        }
    }
}

/// The fields, and the byte that each begins with.
fn fields(message: &str) -> (Vec<String>, Vec<usize>) {
    let form = Regex::new(r#"\[([^\]]*)\]|"([^"]*)"|(\S+)"#).unwrap();
    let (mut fields, mut starts, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(rest) = message.get(at..).filter(|rest| !rest.trim().is_empty()) {
        at += rest.len() - rest.trim_start().len();
        let found = form.captures(&message[at..]).expect("something that is no blank");
        let group = [1, 2, 3].into_iter().find_map(|group| found.get(group)).expect("one of them");
        assert_eq!(found.get(0).expect("whole").start(), 0);
        fields.push(group.as_str().to_owned());
        starts.push(at);
        at += found.get(0).expect("whole").end();
    }
    (fields, starts)
}
