//! Made-up filter patterns and messages that meet often.

use super::generate::Random;

const WORDS: [&str; 8] = ["a", "b", "ab", "ERROR", "x_1", "404", "4", "é"];
const REGEXES: [&str; 8] = ["^a", "b$", "4[0-9]", r"\d+", "a|b", "[^a]b?", "^.{1,2}$", r"x\x5F"];
const KEYS: [&str; 4] = ["a", "b", "n", "k-1"];

/// A pattern of any dialect; it is always a valid one.
pub fn pattern(random: &mut Random) -> String {
    let mut regexes = 2;
    match random.below(3) {
        0 => terms(random, &mut regexes),
        1 => format!("{{ {} }}", expression(random, &mut regexes, &mut 3, 2)),
        _ => delimited(random, &mut regexes),
    }
}

/// A line of words, a JSON object, or a piece of either.
pub fn message(random: &mut Random) -> String {
    let mut text = if random.below(2) == 0 {
        let fields: Vec<_> = (0..random.below(5)).map(|_| field(random)).collect();
        fields.join(["  ", " "][random.below(2)])
    } else {
        object(random, 2)
    };
    if random.below(20) == 0 {
        text.pop();
    }
    text
}

fn terms(random: &mut Random, regexes: &mut usize) -> String {
    let mut terms = Vec::new();
    for _ in 0..=random.below(3) {
        let sign = random.pick(&["", "", "?", "?", "-"]);
        let term = match random.below(4) {
            0 => format!("\"{} {}\"", random.pick(&WORDS), random.pick(&WORDS)),
            1 if *regexes > 0 => regex(random, regexes),
            _ => random.pick(&WORDS).to_owned(),
        };
        terms.push(format!("{sign}{term}"));
    }
    terms.join(" ")
}

fn regex(random: &mut Random, regexes: &mut usize) -> String {
    *regexes -= 1;
    format!("%{}%", random.pick(&REGEXES))
}

fn expression(
    random: &mut Random,
    regexes: &mut usize,
    wildcards: &mut usize,
    depth: usize,
) -> String {
    let mut text = String::new();
    for index in 0..=random.below(4) {
        if index > 0 {
            text.push_str(random.pick(&[" && ", "||", " || "]));
        }
        if depth > 0 && random.below(3) == 0 {
            text.push_str(&format!("({})", expression(random, regexes, wildcards, depth - 1)));
            continue;
        }
        text.push_str(&selector(random, wildcards));
        match random.below(8) {
            0 => text.push_str(random.pick(&[" IS NULL", " IS TRUE", " IS FALSE"])),
            1 => text.push_str(" NOT EXISTS"),
            _ => text.push_str(&condition(random, regexes)),
        }
    }
    text
}

fn selector(random: &mut Random, wildcards: &mut usize) -> String {
    let (mut text, mut wild) = ("$".to_owned(), false);
    for index in 0..=random.below(3) {
        match random.below(6) {
            0 if *wildcards > 0 && !wild => {
                text.push_str(random.pick(&["[*]", ".*"]));
                *wildcards -= 1;
                wild = true;
            }
            1 if index > 0 => text.push_str(&format!("[{}]", random.below(3))),
            2 => text.push_str(&format!("['{}']", random.pick(&KEYS))),
            _ => text.push_str(&format!(".{}", random.pick(&KEYS))),
        }
    }
    text
}

fn condition(random: &mut Random, regexes: &mut usize) -> String {
    let blank = random.pick(&["", " "]);
    if random.below(3) == 0 {
        let operator = random.pick(&["<", "<=", ">", ">=", "=", "!="]);
        return format!(" {operator}{blank}{}", random.pick(&["4", "-1", "404", "4.0", "1e1"]));
    }
    let operator = random.pick(&["=", "!="]);
    let value = match random.below(5) {
        0 if *regexes > 0 => regex(random, regexes),
        1 => format!("\"{}\"", random.pick(&WORDS)),
        2 => random.pick(&["*", "a*", "*b", "4*", "*R*", "\"*é\"", "a*b*"]).to_owned(),
        _ => random.pick(&WORDS).to_owned(),
    };
    format!(" {operator}{blank}{value}")
}

fn delimited(random: &mut Random, regexes: &mut usize) -> String {
    let mut fields = Vec::new();
    let gap = random.below(6);
    for index in 0..=random.below(3) {
        if index == gap {
            fields.push("...".to_owned());
        }
        let mut field = format!("f{index}");
        if random.below(2) == 0 {
            field.push_str(&condition(random, regexes));
            for _ in 0..random.below(3) {
                let again = format!("f{index}");
                let name = random.pick(&["", again.as_str()]);
                let (link, test) = (random.pick(&[" && ", " || "]), condition(random, regexes));
                field.push_str(&format!("{link}{name}{test}"));
            }
        }
        fields.push(field);
    }
    format!("[{}]", fields.join(", "))
}

fn field(random: &mut Random) -> String {
    let word = random.pick(&WORDS);
    match random.below(8) {
        0 => format!("[{word} {}]", random.pick(&WORDS)),
        1 => format!("\"{word} {}\"", random.pick(&WORDS)),
        2 => format!("[{word}"),
        _ => word.to_owned(),
    }
}

fn object(random: &mut Random, depth: usize) -> String {
    // Without a key twice: of which the last counts is a case of its own.
    let keys = KEYS.iter().filter(|_| random.below(3) > 0).copied().collect::<Vec<_>>();
    let members: Vec<_> =
        keys.iter().map(|key| format!("\"{key}\": {}", value(random, depth))).collect();
    format!("{{{}}}", members.join(","))
}

fn value(random: &mut Random, depth: usize) -> String {
    match random.below(10) {
        0 | 1 if depth > 0 => object(random, depth - 1),
        2 | 3 if depth > 0 => {
            let values: Vec<_> = (0..random.below(4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", values.join(", "))
        }
        4 => random.pick(&["null", "true", "false"]).to_owned(),
        5 | 6 => random.pick(&["4", "404", "-1", "4.0", "10", "40e1"]).to_owned(),
        7 => r#""\u0061b""#.to_owned(),
        _ => format!("\"{}\"", random.pick(&WORDS)),
    }
}
