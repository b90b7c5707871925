//! Filter patterns: cases through FilterLogEvents, generated ones against the slow evaluator.

use logveil::{
    Distribution, ErrorKind, FilterLogEvents, FilterName, FilterPattern, FilterPatterns,
    PutSubscriptionFilter, TestMetricFilter,
};
use serde::Deserialize;
use serde_json::json;

use crate::support::generate::Random;
use crate::support::world::{arn, document, group, payload, world, world_with};
use crate::support::{cases, filter_oracle, filter_texts};

#[derive(Deserialize)]
struct Case {
    name: String,
    /// Why it is so.
    reason: String,
    pattern: String,
    message: Option<String>,
    expect: String,
}

#[derive(Deserialize)]
struct Fault {
    reason: String,
    pattern: String,
    /// The offending character, counted from 0.
    at: usize,
}

#[test]
fn patterns_select_what_the_cases_say() {
    for case in cases::<Vec<Case>>("filter-patterns.json") {
        let Case { name, reason, pattern, message, expect } = case;
        let parsed = FilterPattern::parse(&pattern);
        if expect == "rejected" {
            assert_eq!(parsed.expect_err(&name).kind(), ErrorKind::InvalidParameter, "{name}");
            continue;
        }
        let filter_pattern = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
        let message = message.unwrap_or("any text".to_owned());
        let expected = expect == "yes";
        assert_eq!(filter_pattern.matches_text(&message), expected, "{name}: {reason}");
        assert_eq!(filter_pattern.extract(&message).is_some(), expected, "{name}: {reason}");
        if message.is_empty() {
            continue; // No log event is.
        }
        let world = world_with("/app", "s");
        world.put("/app", "s", &[message.as_str()]);
        let request = FilterLogEvents { filter_pattern, ..FilterLogEvents::new(group("/app")) };
        let found = world.engine.filter_log_events(&request).unwrap().events.len();
        assert_eq!(found, usize::from(expected), "{name}: {reason}");
    }
}

#[test]
fn the_slow_evaluator_agrees_on_the_cases() {
    for case in cases::<Vec<Case>>("filter-patterns.json") {
        // Only the engine reads what is no JSON any more as JSON.
        let masked = case.name.starts_with("masked");
        let Some(message) = case.message.filter(|_| case.expect != "rejected" && !masked) else {
            continue;
        };
        let answer = filter_oracle::matches(&case.pattern, &message);
        assert_eq!(answer, case.expect == "yes", "{}", case.name);
    }
}

#[test]
fn faults_are_placed_at_their_character() {
    let faults = cases::<Vec<Fault>>("filter-faults.json");
    assert!(faults.len() >= 60);
    for Fault { reason, pattern, at } in faults {
        let Err(error) = FilterPattern::parse(&pattern) else {
            panic!("{reason}: {pattern} is accepted")
        };
        assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{reason}");
        let place = error.place().unwrap_or_else(|| panic!("{reason}: no place"));
        assert_eq!(place.pointer, "/filterPattern");
        let offset = pattern[..place.start].chars().count();
        assert_eq!(offset, at, "{reason}: {pattern}: {error}");
        assert!(error.message().contains(&format!(" at offset {at} ")), "{reason}: {error}");
        assert!(pattern[place.start..place.end].chars().count() <= 1, "{reason}");
    }
}

#[test]
fn generated_patterns_and_messages_agree_with_the_slow_evaluator() {
    let seed = 0x10_67_e1;
    let mut random = Random::new(seed);
    let (mut asked, mut selected) = (0, 0);
    for round in 0..900 {
        let pattern = filter_texts::pattern(&mut random);
        let compiled = FilterPattern::parse(&pattern)
            .unwrap_or_else(|error| panic!("seed {seed}, round {round}: {pattern}: {error}"));
        for _ in 0..12 {
            let message = filter_texts::message(&mut random);
            let expected = filter_oracle::matches(&pattern, &message);
            let answer = compiled.matches_text(&message);
            assert_eq!(answer, expected, "seed {seed}, round {round}: {pattern}\n{message}");
            asked += 1;
            selected += usize::from(answer);
        }
    }
    let share = selected * 100 / asked;
    assert!((10..90).contains(&share), "{share} % selected say little");
}

/// Words of one letter are too short to be looked for; long ones are put in their place.
fn lengthen(text: &str) -> String {
    let text = text.replace('a', "alpha").replace('b', "beta8").replace("falphalse", "false");
    text.replace("\\u0061", "\\u0061lph\\u0061")
}

/// How many select the message, asked together, which has to be what each says alone.
#[track_caller]
fn taken_alike(
    together: &FilterPatterns,
    alone: &[FilterPattern],
    message: &str,
    of: impl Fn() -> String,
) -> usize {
    let mut taken = Vec::new();
    together.matching_text(message, |number| taken.push(number));
    taken.sort_unstable();
    let expected = alone.iter().enumerate().filter(|(_, it)| it.matches_text(message));
    let expected: Vec<_> = expected.map(|(number, _)| number).collect();
    assert_eq!(taken, expected, "{}\n{message}", of());
    taken.len()
}

#[test]
fn patterns_of_a_group_select_together_what_each_selects_alone() {
    let seed = 0x10_67_e2;
    let mut random = Random::new(seed);
    let (mut asked, mut selected) = (0, 0);
    for round in 0..300 {
        let texts: Vec<_> = (0..=random.below(40))
            .map(|_| filter_texts::pattern(&mut random))
            .map(|text| if round % 4 == 0 { text } else { lengthen(&text) })
            .collect();
        let parsed = texts.iter().map(|text| FilterPattern::parse(text).expect("a valid one"));
        let alone: Vec<_> = parsed.collect();
        let together = FilterPatterns::new(alone.iter().cloned());
        for _ in 0..20 {
            let message = filter_texts::message(&mut random);
            let message = if round % 4 == 0 { message } else { lengthen(&message) };
            let spelt = "\"\\u0061lph\\u0061\":";
            let message = match random.below(4) {
                0 => message.replace("\"alpha\":", spelt),
                _ => message,
            };
            selected += taken_alike(&together, &alone, &message, || {
                format!("seed {seed}, round {round}: {texts:?}")
            });
            asked += alone.len();
        }
    }
    let share = selected * 100 / asked;
    assert!((10..90).contains(&share), "{share} % selected say little");
}

/// Groups in which patterns wait for the text or the number of a field.
#[test]
fn patterns_that_ask_the_same_fields_select_together_what_each_selects_alone() {
    let seed = 23;
    let mut random = Random::new(seed);
    let mut of = |all: &[&str]| all[random.below(all.len())].to_owned();
    let (mut selected, mut asked) = (0, 0);
    for round in 0..200 {
        let mut test = || {
            let field = of(&["$.a", "$.service", "$.deep.status", "$.list[1]", "$.*"]);
            let numbers = ["0", "-0.0", "7", "7.0", "1e3", "-12"];
            match of(&["text", "text", "text", "number", "number", "other"]).as_str() {
                "text" => {
                    let texts = ["service-1", "service-2", "service-3", "a\\\"b/cd", "7", "1000"];
                    format!("{field} {} \"{}\"", of(&["=", "=", "=", "!="]), of(&texts))
                }
                "number" => {
                    let operator = of(&["=", "!=", "<", "<=", ">", ">="]);
                    format!("{field} {operator} {}", of(&numbers))
                }
                _ => format!("{field} {}", of(&["IS NULL", "NOT EXISTS", "= ser*", "= %vice%"])),
            }
        };
        // A selector that tries all members has to be the only one with a wildcard.
        let texts: Vec<_> = (0..40)
            .map(|at| match at % 4 {
                0 => format!("{{ {} && {} }}", test(), test()),
                1 => format!("{{ {} || {} }}", test(), test()),
                _ => format!("{{ {} }}", test()),
            })
            .collect();
        let parse = |text: &String| FilterPattern::parse(text).expect("a valid one");
        let alone: Vec<_> = texts.iter().map(parse).collect();
        let together = FilterPatterns::new(alone.iter().cloned());
        for _ in 0..30 {
            let mut value = || {
                of(&[
                    "\"service-1\"",
                    "\"service-2\"",
                    "\"s\\u0065rvice-3\"",
                    "\"a\\\"b\\/cd\"",
                    "\"7\"",
                    "7",
                    "0",
                    "-12",
                    "1000",
                    "1.0E3",
                    "***",
                    "null",
                    "[1,7]",
                    "{\"status\":7}",
                ])
            };
            let values = [(); 6].map(|()| value());
            let [a, service, again, deep, first, second] = values;
            let message = format!(
                "{{\"a\":{a},\"service\":{service},\"s\\u0065rvice\":{again},\
                 \"deep\":{{\"status\":{deep}}},\"list\":[{first},{second}]}}"
            );
            let message = match of(&["all", "all", "all", "once", "cut", "none"]).as_str() {
                "once" => message.replacen("\"s\\u0065rvice\"", "\"other\"", 1),
                "cut" => message[..message.len() - 1].to_owned(),
                "none" => "{}".to_owned(),
                _ => message,
            };
            selected += taken_alike(&together, &alone, &message, || {
                format!("seed {seed}, round {round}: {texts:?}")
            });
            asked += alone.len();
        }
    }
    let share = selected * 100 / asked;
    assert!((10..90).contains(&share), "{share} % selected say little");
}

#[test]
fn patterns_of_all_cases_select_together_what_the_cases_say() {
    let cases = cases::<Vec<Case>>("filter-patterns.json");
    let valid: Vec<_> = cases.iter().filter(|case| case.expect != "rejected").collect();
    let parsed = valid.iter().map(|case| FilterPattern::parse(&case.pattern).expect(&case.name));
    let alone: Vec<_> = parsed.collect();
    let together = FilterPatterns::new(alone.iter().cloned());
    for message in valid.iter().filter_map(|case| case.message.as_deref()) {
        let mut taken = vec![0; alone.len()];
        together.matching_text(message, |number| taken[number] += 1);
        for ((times, pattern), case) in taken.into_iter().zip(&alone).zip(&valid) {
            let expected = usize::from(pattern.matches_text(message));
            assert_eq!(times, expected, "{}: {message}", case.name);
        }
    }
}

#[test]
fn a_masked_number_leaves_the_other_fields_to_be_asked() {
    let seed = 7;
    let mut random = Random::new(seed);
    for round in 0..300 {
        let number = format!("{}", random.below(1_000_000_000));
        let level = ["ERROR", "INFO"][random.below(2)];
        let from = random.below(number.len());
        let plain = format!(r#"{{"a":{number},"level":"{level}","l":[{number},1]}}"#);
        let stars = "*".repeat(number.len() - from);
        let masked =
            format!(r#"{{"a":{0}{stars},"level":"{level}","l":[{0}{stars},1]}}"#, &number[..from]);
        for pattern in
            [r#"{ $.level = "ERROR" }"#, "{ $.l[1] = 1 && $.level != INFO }", "{ $.b NOT EXISTS }"]
        {
            let pattern = FilterPattern::parse(pattern).unwrap();
            let answers = (pattern.matches_text(&plain), pattern.matches_text(&masked));
            assert_eq!(answers.0, answers.1, "seed {seed}, round {round}");
        }
    }
}

/// The same through the engine, which masks text and knows nothing of JSON.
#[test]
fn filters_find_the_other_fields_of_an_event_with_a_masked_number() {
    let world = world_with("/app", "s");
    world.protect_group("/app", &document("p", &["Ssn-US"], &json!({})));
    let subscribed = "{ $.ssn = * && $.level = ERROR }";
    world
        .engine
        .put_subscription_filter(PutSubscriptionFilter {
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
            log_group_name: group("/app"),
            filter_name: FilterName::new("f").unwrap(),
            filter_pattern: FilterPattern::parse(subscribed).unwrap(),
            destination_arn: arn("arn:aws:lambda:eu-west-1:123456789012:function:f"),
            role_arn: None,
            distribution: Distribution::ByLogStream,
        })
        .unwrap();
    let text = r#"{"ssn": 536228145, "level": "ERROR", "ms": 40}"#;
    let masked = text.replace("536228145", "*********");
    world.put("/app", "s", &[text]);
    for (pattern, expected) in [
        ("{ $.level = ERROR && $.ms > 39 }", 1),
        ("{ $.ssn = 536228145 }", 0),
        ("{ $.ssn > 0 }", 0),
        ("{ $.ssn IS NULL || $.ssn NOT EXISTS }", 0),
    ] {
        let filter_pattern = FilterPattern::parse(pattern).unwrap();
        let request = FilterLogEvents { filter_pattern, ..FilterLogEvents::new(group("/app")) };
        let found = world.engine.filter_log_events(&request).unwrap().events;
        assert_eq!(found.len(), expected, "{pattern}");
        assert!(found.iter().all(|event| event.message.reveal() == masked), "{pattern}");
    }
    let delivered = world.delivered();
    let last = payload(delivered.last().expect("a control message and the event"));
    assert_eq!(last.log_events.len(), 1);
    assert_eq!(last.log_events[0].message, masked);
}

#[test]
fn a_pattern_has_at_most_1024_characters() {
    assert!(FilterPattern::parse(&"é".repeat(1024)).is_ok());
    let error = FilterPattern::parse(&"é".repeat(1025)).unwrap_err();
    assert_eq!(error.message(), "filterPattern has 1025 characters; at most 1024 are allowed");
}

#[test]
fn no_error_quotes_the_pattern() {
    let patterns = cases::<Vec<Fault>>("filter-faults.json");
    for pattern in patterns.iter().map(|fault| fault.pattern.replace('a', "canary")) {
        if let Err(error) = FilterPattern::parse(&pattern) {
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}

#[test]
fn test_metric_filter_names_events_and_values() {
    let engine = world().engine;
    let try_on = |pattern: &str, messages: &[&str]| {
        let messages: Vec<_> = messages.iter().map(|text| (*text).to_owned()).collect();
        let filter_pattern = FilterPattern::parse(pattern).unwrap();
        let request = TestMetricFilter { filter_pattern, log_event_messages: &messages };
        assert!(!format!("{request:?}").contains("canary"));
        let matches = engine.test_metric_filter(&request)?;
        assert!(!format!("{matches:?}").contains("canary"));
        let own = |record: &logveil::MetricFilterMatchRecord<'_>| {
            assert_eq!(record.event_message, messages[record.event_number - 1]);
            (record.event_number, record.extracted_values.clone())
        };
        Ok::<_, logveil::Error>(matches.iter().map(own).collect::<Vec<_>>())
    };
    let values = |values: &[(&str, &str)]| -> Vec<(String, String)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let line = r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /a.gif HTTP/1.0" 200 1534"#;
    assert_eq!(
        try_on("[..., request, status_code, size]", &["canary", line]).unwrap(),
        [(
            2,
            values(&[
                ("$1", "127.0.0.1"),
                ("$2", "-"),
                ("$3", "frank"),
                ("$4", "10/Oct/2000:13:25:15 -0700"),
                ("$request", "GET /a.gif HTTP/1.0"),
                ("$status_code", "200"),
                ("$size", "1534"),
            ])
        )]
    );
    assert_eq!(
        try_on("[a, b]", &["x y [z]"]).unwrap(),
        [(1, values(&[("$a", "x"), ("$b", "y [z]")]))]
    );
    let object = r#"{"a":{"b":"c\n"},"n":4,"l":[null,2]}"#;
    assert_eq!(
        try_on("{ $.a.b = * && $.n > 3 && $.n < 9 && $.l[*] = 2 && $.z NOT EXISTS }", &[object])
            .unwrap(),
        [(1, values(&[("$.a.b", "c\n"), ("$.n", "4"), ("$.l[*]", "2")]))]
    );
    assert_eq!(try_on("canary", &["a canary", "x"]).unwrap(), [(1, values(&[]))]);
    for messages in [&[][..], &["x", ""], &["x"; 51]] {
        let error = try_on("x", messages).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
    }
}
