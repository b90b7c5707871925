use super::*;

fn scan(text: &str) -> Result<Vec<Event>, Fault> {
    let mut scanner = Scanner::new(text);
    let mut events = Vec::new();
    while let Some(event) = scanner.next_event()? {
        events.push(event);
    }
    Ok(events)
}

fn decoded(source: &str) -> String {
    let mut out = String::new();
    unescape(source, &mut out);
    out
}

/// Documents that `serde_json` accepts as well. Not so lone surrogates, numbers beyond `f64`, and
/// nesting at the last level, all of which the grammar allows.
const VALID: &[&str] = &[
    "{}",
    "[]",
    " \t\r\n[ ]\n",
    "0",
    "-0",
    "-1.5e+10",
    "1E5",
    "1e-2",
    "0.0",
    "10",
    "\"\"",
    "\"é𝄞\u{7f}\u{2028}\"",
    r#""\"\\\/\b\f\n\r\t\u00e9\uD834\uDD1E""#,
    r#""\u0000""#,
    "true",
    "false",
    "null",
    r#"{"":[]}"#,
    r#"{"a":1,"a":2}"#,
    r#"{ "a" : [ 1 , { "b" : null } , "x" ] , "c" : { } }"#,
    "[[],{},[{}],[[[]]]]",
    "[123456789012345678901234567890]",
];

/// Documents that `serde_json` refuses as well, and the byte that we blame.
const INVALID: &[(&str, usize)] = &[
    ("", 0),
    (" ", 1),
    ("{", 1),
    ("[", 1),
    ("}", 0),
    ("]", 0),
    (",", 0),
    ("[1,]", 3),
    ("[,1]", 1),
    ("[1 2]", 3),
    ("[1}", 2),
    (r#"{"a":1]"#, 6),
    (r#"{"a":1,}"#, 7),
    (r#"{,"a":1}"#, 1),
    (r#"{"a"}"#, 4),
    (r#"{"a" 1}"#, 5),
    (r#"{"a":}"#, 5),
    (r#"{"a":1 "b":2}"#, 7),
    ("{a:1}", 1),
    ("{'a':1}", 1),
    ("{1:1}", 1),
    (r#"{"a":1"#, 6),
    (r#"{"a":"#, 5),
    (r#"{"a""#, 4),
    (r#"{"a"#, 1),
    ("01", 1),
    ("-01", 2),
    ("-", 1),
    ("+1", 0),
    ("1.", 2),
    (".5", 0),
    ("1e", 2),
    ("1e+", 3),
    ("0x10", 1),
    ("1 2", 2),
    ("1_000", 1),
    ("NaN", 0),
    ("Infinity", 0),
    ("-Infinity", 1),
    ("tru", 0),
    ("True", 0),
    ("nul", 0),
    ("truefalse", 4),
    ("\"abc", 0),
    ("\"a\nb\"", 2),
    ("\"a\0b\"", 2),
    ("\"\u{1f}\"", 1),
    (r#""\x41""#, 1),
    (r#""\u12""#, 1),
    (r#""\u12G4""#, 1),
    (r#""\u12é""#, 1),
    (r#""\u+123""#, 1),
    (r#""\"#, 1),
    (r#""\é""#, 1),
    ("{} {}", 3),
    ("[] x", 3),
    ("[]\0", 2),
    ("\u{feff}{}", 0),
    ("[1\u{a0}]", 2),
    ("// x\n{}", 0),
    ("{} /* x */", 3),
    ("é", 0),
];

#[test]
fn it_agrees_with_serde_json() {
    for text in VALID {
        assert!(scan(text).is_ok(), "{text:?}");
        assert!(tree(text).is_ok(), "{text:?}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text:?}");
    }
    for (text, at) in INVALID {
        let fault = scan(text).expect_err(text);
        assert_eq!(fault.span.start, *at, "{text:?}: {}", fault.what);
        assert!(text.get(fault.span.range()).is_some(), "{text:?}: the span ends on characters");
        assert_eq!(tree(text).err(), Some(fault), "{text:?}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?}");
    }
}

#[test]
fn every_cut_of_a_valid_document_is_refused() {
    let text = r#"{"a":[1,-2.5e3,"x\n\u00e9é",{"b":null}],"c":true}"#;
    for (end, _) in text.char_indices() {
        assert!(scan(&text[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn events_carry_their_bytes() {
    let text = r#" {"a" : [-1.5, "x", true], "b":{} , "c":null}"#;
    let expected = [
        (Token::BeginObject, "{"),
        (Token::Key, "\"a\""),
        (Token::BeginArray, "["),
        (Token::Number, "-1.5"),
        (Token::String, "\"x\""),
        (Token::True, "true"),
        (Token::EndArray, "]"),
        (Token::Key, "\"b\""),
        (Token::BeginObject, "{"),
        (Token::EndObject, "}"),
        (Token::Key, "\"c\""),
        (Token::Null, "null"),
        (Token::EndObject, "}"),
    ];
    let events = scan(text).unwrap();
    let seen: Vec<_> = events.iter().map(|e| (e.token, &text[e.span.range()])).collect();
    assert_eq!(seen, expected);
}

#[test]
fn depth_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(tree(&nested(JSON_DEPTH_MAX)).is_ok());
    let fault = tree(&nested(JSON_DEPTH_MAX + 1)).err().expect("one too deep");
    assert_eq!(fault.span, Span::new(JSON_DEPTH_MAX, JSON_DEPTH_MAX + 1));
    assert!(fault.what.contains(&JSON_DEPTH_MAX.to_string()), "the text names the limit");
    assert!(scan(&"{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn after_a_fault_there_is_nothing_more() {
    let mut scanner = Scanner::new("[1,]");
    while scanner.next_event().is_ok() {}
    assert_eq!(scanner.next_event(), Ok(None));
}

#[test]
fn strings_are_unescaped() {
    let cases = [
        (r#""""#, ""),
        (r#""abc""#, "abc"),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""a\u00E9b\u0000""#, "aéb\0"),
        (r#""\uD834\uDD1E""#, "𝄞"),
        (r#""\uD834""#, "\u{fffd}"),
        (r#""\uDD1E\uD834""#, "\u{fffd}\u{fffd}"),
        (r#""\uD834\uD834\uDD1E""#, "\u{fffd}𝄞"),
        (r#""\uD834x\u0041""#, "\u{fffd}xA"),
        (r#""\\u0041""#, "\\u0041"),
    ];
    for (source, expected) in cases {
        assert!(scan(source).is_ok(), "{source}");
        assert_eq!(decoded(source), expected, "{source}");
        if let Ok(theirs) = serde_json::from_str::<String>(source) {
            assert_eq!(theirs, expected, "{source}");
        } else {
            assert!(expected.contains('\u{fffd}'), "{source}: only lone surrogates differ");
        }
    }
}

#[test]
fn a_character_is_found_where_it_is_spelt() {
    let source = r#""a\\dé\u00e9\uD834\uDD1Ez""#;
    let spelt: Vec<&str> = decoded(source)
        .char_indices()
        .map(|(at, _)| &source[spelling(source, at).range()])
        .collect();
    assert_eq!(spelt, ["a", "\\\\", "d", "é", "\\u00e9", "\\uD834\\uDD1E", "z"]);
    assert_eq!(spelling(source, 99), Span::new(0, source.len()));
    assert_eq!(spelling("\"\"", 0), Span::new(0, 2));
}

#[test]
fn repeated_keys_are_marked_even_when_spelt_differently() {
    let text = r#"{"a":1,"b":2,"\u0061":3,"a":4}"#;
    let ValueKind::Object(members) = tree(text).expect("valid").kind else {
        panic!("an object");
    };
    let repeated: Vec<bool> = members.iter().map(|member| member.repeated).collect();
    assert_eq!(repeated, [false, false, true, true]);
    assert_eq!(&text[members[2].key_span.range()], r#""\u0061""#);
}

#[test]
fn a_lenient_scanner_reads_what_programs_write() {
    let deep = format!("{}\"x\"{}", "[".repeat(1000), "]".repeat(1000));
    let mixed = format!("{}{{\"a\":1}}{}", "[[{\"k\":".repeat(130), "}]]".repeat(130));
    let texts = [
        "\u{feff}{\"a\":1}",
        "{}{}",
        "1 2",
        "{\"a\":NaN,\"b\":-Infinity}",
        "\"a\tb\"",
        "007",
        &deep,
        &mixed,
        "",
    ];
    for text in texts {
        let read = |mut scanner: Scanner<'_>| loop {
            match scanner.next_event() {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        };
        assert!(read(Scanner::lenient(text)) || text.is_empty(), "{text}");
        assert!(!read(Scanner::new(text)), "{text}");
    }
    for text in ["{", "{'a':1}", "[1,]", "ssn 1", "{\"a\"}", "[}", "tru"] {
        let mut scanner = Scanner::lenient(text);
        let refused = loop {
            match scanner.next_event() {
                Ok(Some(_)) => {}
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(refused, "{text}");
    }
}
