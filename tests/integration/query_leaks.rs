//! Canaries through every command and function of queries, and originals for those who may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logveil::{
    DescribeQueries, ErrorKind, GetLogGroupFields, GetQueryResults, Principal, Query, QueryStatus,
    StartQuery,
};
use serde_json::{Value, json};

use crate::queries::{grant, put_minutes, rows, run, start};
use crate::support::generate::Random;
use crate::support::world::{Allow, World, group, world_with};
use crate::support::{cases, policy};

/// Values with what makes them known; the first characters of each tell it from everything else.
const CANARIES: [(&str, &str); 4] = [
    ("536-22-8145", "ssn 536-22-8145"),
    ("canary.q7x@zebra-post.org", "canary.q7x@zebra-post.org"),
    ("203.0.113.77", "203.0.113.77"),
    ("CANARY-éß-77", "CANARY-éß-77"),
];

fn protected() -> World {
    let world = world_with("/app", "s");
    let all: Vec<_> = logveil::identifier::managed_ids().collect();
    let policy = policy(&all, &[("Canary", "CANARY-[^ ]+"), ("Digits", "[0-9]{9,10}")]);
    let document: Value = serde_json::from_str(policy.document()).unwrap();
    world.protect_group("/app", &document);
    world
}

/// A text with every character as `\uXXXX`.
fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn url(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Messages that hold a value in a dress that nobody sees through when they come in, each with the
/// expression that takes it off.
fn dressed(text: &str) -> Vec<(String, &'static str)> {
    let nested = json!({"k": text}).to_string();
    let nested: String = nested.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let (front, back) = text.split_at(text.char_indices().nth(7).unwrap().0);
    vec![
        (format!("{{\"v\":\"{}\"}}", escaped(text)), "v"),
        (format!("{{\"l\":[{{\"v\":\"{}\"}}]}}", escaped(text)), "l[0].v"),
        (format!("{{\"v\":\"{}\"}}", escaped(text)), "jsonParse(@message).v"),
        (format!("{{\"v\":\"{nested}\"}}"), "jsonParse(v).k"),
        (format!("{{\"v\":\"{}\"}}", STANDARD.encode(text)), "base64decode(v)"),
        (format!("{{\"v\":\"{}\"}}", hex(text)), "hexToAscii(v)"),
        (format!("{{\"v\":\"{}\"}}", url(text)), "urldecode(v)"),
        (json!({"a": front, "b": "_", "c": back}).to_string(), "concat(a, c)"),
        (json!({"a": format!("{front}~{back}")}).to_string(), "replace(a, '~', '')"),
        (json!({"a": format!("{front}~{back}")}).to_string(), "regexReplace(a, /~/, '')"),
        (
            json!({"a": format!("{front}~{back}")}).to_string(),
            "concat(split(a, '~')[0], split(a, '~')[1])",
        ),
    ]
}

/// What can be asked of an expression.
fn questions(expr: &str) -> Vec<String> {
    let wraps = [
        "X",
        "substr(X, 0, 8)",
        "concat('', X, '')",
        "trim(X)",
        "ltrim(X, 'z')",
        "rtrim(X)",
        "toupper(X)",
        "tolower(X)",
        "replace(X, 'zz', '')",
        "regexReplace(X, /zz/, '')",
        "split(X, '|')[0]",
        "split(X, '|')",
        "coalesce(nope, X)",
        "if(1 = 1, X, '')",
        "case(1 = 2, '', X)",
        "base64decode(base64encode(X))",
        "urldecode(urlencode(X))",
        "jsonStringify(X)",
        "jsonParse(jsonStringify(X))",
        "substr(concat('|', X), 1, 9)",
        "jsonParse(concat('[', jsonStringify(X), ']'))[0]",
        "greatest(X, 1)",
    ];
    let mut all: Vec<_> =
        wraps.iter().map(|wrap| format!("fields {} as z", wrap.replace('X', expr))).collect();
    for aggregate in ["min", "max", "earliest", "latest", "sortsFirst", "sortsLast"] {
        all.push(format!("stats {aggregate}({expr}) as z"));
        all.push(format!("stats {aggregate}({expr}) as y | fields concat(y, '') as z"));
    }
    all.push(format!("stats count(*) by {expr}"));
    all.push(format!("stats count(*) as c by {expr} as z | stats max(z) as y"));
    all.push(format!("fields {expr} as z | parse z \"*\" as y"));
    all.push(format!("fields {expr} as z | parse z /(?<y>.*)/ | display y"));
    all.push(format!("fields {expr} as z | sort z | dedup z"));
    all.push(format!("display {expr}"));
    all
}

fn shows(text: &str, canary: &str) -> bool {
    let begin: String = canary.chars().take(7).collect();
    text.to_lowercase().contains(&begin.to_lowercase())
        || text.to_lowercase().contains(&canary.to_lowercase())
}

#[test]
fn no_function_and_no_command_shows_a_value_that_was_dressed() {
    let mut asked = 0;
    for (canary, text) in CANARIES {
        for (message, expr) in dressed(text) {
            let world = protected();
            put_minutes(&world, &[message.as_str()]);
            for query in questions(expr) {
                let result = run(&world, start(&query));
                assert_eq!(result.status, QueryStatus::Complete, "{query}");
                for (name, value) in rows(&result).into_iter().flatten() {
                    let split = message.contains('~') || message.contains("\"_\"");
                    // The message itself holds the halves of a value that was torn apart.
                    let leaks = if split { value.contains(canary) } else { shows(&value, canary) };
                    assert!(!leaks, "{name} of {query} on {expr} shows {canary}");
                }
                asked += 1;
            }
            // What was decoded is masked for conditions too: they are no oracle.
            let begin: String = canary.chars().take(7).collect();
            for condition in [
                format!("{expr} like {begin:?}"),
                format!("{expr} = {text:?}"),
                format!("startsWith({expr}, {text:?})"),
                format!("{expr} in [{text:?}]"),
            ] {
                if message.contains(&begin) && condition.contains("like") {
                    continue;
                }
                let query = format!("filter {condition} | stats count(*) as c");
                assert_eq!(rows(&run(&world, start(&query)))[0][0].1, "0", "{query} on {expr}");
            }
        }
    }
    assert!(asked > 1500, "{asked}");
}

#[test]
fn numbers_that_are_made_are_judged_and_counts_are_not() {
    let world = protected();
    put_minutes(&world, &[r#"{"h":"1ff62c11","a":536,"b":228145,"c":"5.36228145e8"}"#]);
    let stars = "*********";
    for expr in [
        "hexToDec(h)",
        "a * 1000000 + b",
        "toNumber(c)",
        "round(c * 1)",
        "toMillis(fromMillis(c))",
        "substr(concat('x', a * 1000000 + b), 1)",
    ] {
        let result = rows(&run(&world, start(&format!("fields {expr} as z"))));
        assert_eq!(result[0][0].1, stars, "{expr}");
        let result = rows(&run(&world, start(&format!("stats max({expr}) as z"))));
        assert_eq!(result[0][0].1, stars, "max of {expr}");
        let result = rows(&run(&world, start(&format!("stats sum({expr}) as z"))));
        // A text that is masked has no sum.
        assert!(result[0].first().is_none_or(|(_, sum)| sum == stars), "sum of {expr}");
    }
    let result = rows(&run(&world, start("stats count(*) * 123456789 as z, count(*) as c")));
    assert_eq!(result[0], [("z".to_owned(), "123456789".to_owned()), ("c".into(), "1".into())]);
}

#[test]
fn names_of_fields_are_judged() {
    let world = protected();
    let name = escaped("canary.q7x@zebra-post.org");
    put_minutes(&world, &[format!("{{\"{name}\":1,\"plain\":2,\"\\u0043ANARY-\":{{\"x\":1}}}}")]);
    let request = GetLogGroupFields { log_group_identifier: "/app".to_owned(), time: None };
    let fields = world.engine.get_log_group_fields(&request).unwrap();
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    assert!(names.contains(&"plain") && names.contains(&"@message"), "{names:?}");
    assert!(names.iter().any(|name| name.starts_with('*')));
    assert!(names.iter().all(|name| !shows(name, CANARIES[1].0) && !name.contains("CANARY-.x")));
    assert!(fields.iter().all(|field| field.percent == 100));
}

#[test]
fn masked_messages_are_all_that_a_query_sees() {
    let world = protected();
    let messages: Vec<_> = CANARIES.iter().map(|(_, text)| format!("to {text} end")).collect();
    put_minutes(&world, &messages);
    for (canary, _) in CANARIES {
        for query in [
            format!("filter @message like {canary:?}"),
            format!("filter strcontains(@message, {canary:?})"),
            format!("parse \"to * end\" as z | filter z = {canary:?}"),
        ] {
            assert!(run(&world, start(&query)).results.is_empty(), "{query}");
        }
    }
    for query in ["", "parse \"to * end\" as z", "stats max(@message)", "fields @message as m"] {
        let result = run(&world, start(query));
        let said = format!("{:?} {result:?}", rows(&result));
        for (canary, _) in CANARIES {
            assert!(!shows(&said, canary), "{query}");
        }
    }
}

#[test]
fn originals_are_shown_to_those_who_may_and_noted() {
    let world = protected();
    let messages = ["ssn 536-22-8145 of ann", "nothing", r#"{"mail":"canary.q7x@zebra-post.org"}"#];
    put_minutes(&world, &messages);
    let denied = world.engine.start_query(start("fields unmask(@message)")).unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::AccessDenied);
    let grant = grant(&world);
    let ask = |query: &str| {
        let request = StartQuery { unmask: vec![&grant], ..start(query) };
        rows(&run(&world, request))
    };
    let shown = ask("fields @message, unmask(@message) | sort @timestamp");
    for (row, original) in shown.iter().zip(messages) {
        assert_eq!(row[1], ("unmask(@message)".to_owned(), original.to_owned()));
        assert_eq!(row[0].1.len(), original.len());
        assert_eq!(row[0].1.contains('*'), original != "nothing");
    }
    // Conditions, fields that are parsed or discovered, functions, groups.
    let found = ask("filter unmask(@message) like \"536-22-8145\" | fields @message as m");
    assert_eq!(found[0][0].1, "ssn *********** of ann");
    let found = ask("parse \"ssn * of *\" as s, n | fields s, unmask(s) as o | filter n = 'ann'");
    let plain: Vec<_> = found[0].iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(plain, ["***********", "536-22-8145", "ann"], "{found:?}");
    let found = ask("fields mail, unmask(mail) as o | filter ispresent(mail)");
    assert_eq!(found[0][1].1, "canary.q7x@zebra-post.org");
    assert!(found[0][0].1.starts_with('*'));
    let found = ask("stats count(*) as c by unmask(mail) as o | filter ispresent(o)");
    assert_eq!(found[0][0].1, "canary.q7x@zebra-post.org");
    let found = ask("fields substr(unmask(mail), 0, 6) as o | filter ispresent(o)");
    assert_eq!(found[0][0].1, "canary");
    // A query that asks for originals of one field shows no other.
    let found = ask("fields concat(mail, ''), unmask(nothing) | filter ispresent(mail)");
    assert!(!shows(&format!("{found:?}"), CANARIES[1].0));
    let log = world.engine.unmask_log();
    assert_eq!(log.reads.len(), 14, "each run and each answer");
    assert!(log.reads.iter().all(|read| read.principal.as_str() == "ann"));
    assert_eq!((log.reads[0].events, log.reads[1].events), (3, 3));
}

#[test]
fn an_answer_with_originals_needs_grants_of_whoever_reads_it() {
    let world = protected();
    world.make("/other", "s");
    put_minutes(&world, &["ssn 536-22-8145"]);
    let ours = grant(&world);
    let request = StartQuery { unmask: vec![&ours], ..start("fields unmask(@message)") };
    let id = world.engine.start_query(request).unwrap();
    let needs = world.engine.query_needs_grants(&id).unwrap();
    assert_eq!(needs, [group("/app")]);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/other:*".to_owned();
    let other = Allow("ann", arn);
    let other =
        world.engine.authorize_unmask(&other, Principal::new("ann"), &group("/other")).unwrap();
    for unmask in [vec![], vec![&other]] {
        let request = GetQueryResults { unmask, ..GetQueryResults::new(id.as_str()) };
        let denied = world.engine.get_query_results(&request).unwrap_err();
        assert_eq!(denied.kind(), ErrorKind::AccessDenied);
    }
    // Both log groups, one grant.
    let both = StartQuery {
        log_group_name: None,
        log_group_names: vec![group("/app"), group("/other")],
        unmask: vec![&ours],
        ..start("fields unmask(@message)")
    };
    let denied = world.engine.start_query(both.clone()).unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::AccessDenied);
    assert!(world.engine.start_query(StartQuery { unmask: vec![&other, &ours], ..both }).is_ok());
    // The log group is made again: it is another one.
    world.engine.delete_log_group(&group("/app")).unwrap();
    world.make("/app", "s");
    let request = StartQuery { unmask: vec![&ours], ..start("fields unmask(@message)") };
    assert_eq!(world.engine.start_query(request).unwrap_err().kind(), ErrorKind::AccessDenied);
    let again = grant(&world);
    let request = GetQueryResults { unmask: vec![&again], ..GetQueryResults::new(id) };
    let denied = world.engine.get_query_results(&request).unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::AccessDenied);
}

#[test]
fn nothing_that_is_said_about_queries_holds_a_canary() {
    let world = protected();
    put_minutes(&world, &CANARIES.map(|(_, text)| text));
    let mut said = String::new();
    for (canary, text) in CANARIES {
        for query in [
            format!("fields {text:?}"),
            format!("filter @message like /{canary}/"),
            format!("fields 1 as `{canary}`"),
        ] {
            let request = start(&query);
            said += &format!("{request:?}");
            let result = run(&world, request);
            said += &format!("{result:?}");
        }
        for malformed in [
            format!("fields {text:?} x"),
            format!("{text} |"),
            format!("filter a like /({canary}/"),
            format!("filter {text:?} and"),
            format!("parse {text:?} as a"),
        ] {
            let error = Query::parse(&malformed).unwrap_err();
            said += &format!("{error} {error:?}");
        }
    }
    let grant = grant(&world);
    let request = StartQuery { unmask: vec![&grant], ..start("fields unmask(@message)") };
    said += &format!("{request:?}");
    let result = run(&world, request);
    assert_eq!(rows(&result).len(), CANARIES.len());
    said += &format!("{result:?} {:?}", result.results[0]);
    let described = world.engine.describe_queries(&DescribeQueries::default()).unwrap();
    said += &format!("{described:?} {:?} {:?}", world.engine, world.engine.unmask_log());
    for (canary, _) in CANARIES {
        assert!(!shows(&said, canary), "{canary}");
    }
    assert!(described.queries.iter().any(|query| query.query_string.contains("ssn 536-22-8145")));
}

/// The queries of all cases, cut and joined at random: none breaks anything, none shows a value.
#[test]
fn queries_put_together_at_random_neither_panic_nor_show_a_value() {
    let seed = 0x71_ea_51;
    let mut random = Random::new(seed);
    let file: Value = cases("query.json");
    let pieces: Vec<String> = file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|case| {
            let query = case["query"].as_str().unwrap();
            let words = query.split_inclusive([' ', '(', ')', ',', '|']);
            words.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let whole: Vec<_> = file["cases"].as_array().unwrap().iter().collect();
    let world = protected();
    let text = CANARIES[1].1;
    let messages: Vec<_> = dressed(text).into_iter().map(|(message, _)| message).collect();
    put_minutes(&world, &messages);
    let (mut parsed, mut ran) = (0, 0);
    for round in 0..3000 {
        let mut query = whole[random.below(whole.len())]["query"].as_str().unwrap().to_owned();
        for _ in 0..1 + random.below(3) {
            let cut = (0..=query.len()).rev().find(|at| query.is_char_boundary(*at));
            let mut at = random.below(cut.unwrap_or(0) + 1);
            while !query.is_char_boundary(at) {
                at -= 1;
            }
            match random.below(3) {
                0 => query.insert_str(at, &pieces[random.below(pieces.len())]),
                1 => query.truncate(at),
                _ => {
                    let fields = ["v", "base64decode(v)", "hexToAscii(v)", "urldecode(v)"];
                    query.insert_str(at, fields[random.below(fields.len())]);
                }
            }
        }
        let Ok(query) = Query::parse(&query) else { continue };
        parsed += 1;
        if query.unmasks() {
            continue;
        }
        let request = StartQuery { query, ..start("") };
        let result = run(&world, request);
        assert_eq!(result.status, QueryStatus::Complete, "seed {seed}, round {round}");
        ran += 1;
        for (_, value) in rows(&result).into_iter().flatten() {
            assert!(!value.contains(text), "seed {seed}, round {round} shows a value");
        }
    }
    assert!(parsed > 300 && ran > 300, "{parsed} are queries, {ran} ran");
}
