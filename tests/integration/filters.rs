//! Filter patterns: each case goes through FilterLogEvents, the only door to them.

use logveil::{ErrorKind, FilterLogEvents, FilterPattern};
use serde::Deserialize;

use crate::support::cases;
use crate::support::world::{group, world_with};

#[derive(Deserialize)]
struct Case {
    name: String,
    pattern: String,
    message: Option<String>,
    expect: String,
    error: Option<String>,
}

/// What the pattern makes of the message: "yes", "no", or the error's text.
fn outcome(case: &Case) -> Result<bool, String> {
    let filter_pattern = FilterPattern::parse(&case.pattern).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{}", case.name);
        error.message().to_owned()
    })?;
    let world = world_with("/app", "s");
    world.put("/app", "s", &[case.message.as_deref().unwrap_or("any text")]);
    let request = FilterLogEvents { filter_pattern, ..FilterLogEvents::new(group("/app")) };
    Ok(world.engine.filter_log_events(&request).unwrap().events.len() == 1)
}

/// The dialects that are refused by name until they are supported.
fn refused_dialect(pattern: &str) -> Option<&'static str> {
    match pattern.trim() {
        text if text.starts_with('{') => Some("JSON"),
        text if text.starts_with('[') => Some("space-delimited"),
        text if text.starts_with('%') => Some("regular expression"),
        _ => None,
    }
}

#[test]
fn patterns_select_what_the_cases_say() {
    for case in cases::<Vec<Case>>("filters.json") {
        let (outcome, name) = (outcome(&case), &case.name);
        match (refused_dialect(&case.pattern), case.error.as_deref()) {
            (_, Some(part)) => {
                assert!(outcome.expect_err(name).contains(part), "{name}: says {part}");
            }
            (Some(dialect), None) => {
                let error = outcome.expect_err(name);
                assert!(error.contains(dialect) && error.contains("not supported"), "{name}");
            }
            (None, None) => assert_eq!(outcome.expect(name), case.expect == "yes", "{name}"),
        }
    }
}

#[test]
fn a_pattern_has_at_most_1024_characters() {
    assert!(FilterPattern::parse(&"é".repeat(1024)).is_ok());
    let error = FilterPattern::parse(&"é".repeat(1025)).unwrap_err();
    assert_eq!(error.message(), "filterPattern has 1025 characters; at most 1024 are allowed");
}

#[test]
fn no_error_quotes_the_pattern() {
    for pattern in
        ["canary-", "\"canary", "{ canary", "[canary]", "%canary%", "canary\"", "?canary%"]
    {
        let error = FilterPattern::parse(pattern).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
