//! Metric filters: cases through the engine, what is kept, what is handed out, and generated ones
//! against a model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering;

use logveil::{
    CreateLogGroup, DescribeLogGroups, DescribeMetricFilters, Durability, ErrorKind, FilterName,
    FilterPattern, LogGroupClass, MetricDatum, MetricTransformation, PutLogEvents, PutMetricFilter,
    PutSubscriptionFilter, StandardUnit, SystemField,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::generate::Random;
use crate::support::world::{
    NOW, World, arn, batch, document, event, group, with_keys, world, world_at, world_with,
};
use crate::support::{cases, filter_oracle, filter_texts};

const MINUTE: i64 = 60_000;

#[derive(Deserialize)]
struct Case {
    name: String,
    /// Why it is so.
    reason: String,
    pattern: String,
    transformation: Transformation,
    /// System fields that are emitted.
    #[serde(default)]
    system: Vec<String>,
    criteria: Option<String>,
    /// The managed identifiers of the log group's policy.
    #[serde(default)]
    identifiers: Vec<String>,
    /// One batch: times after now in milliseconds, and messages.
    #[serde(default)]
    events: Vec<(i64, String)>,
    #[serde(default)]
    data: Vec<Datum>,
    refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transformation {
    metric_name: Option<String>,
    metric_namespace: Option<String>,
    metric_value: String,
    default_value: Option<f64>,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    unit: Option<String>,
}

/// The values of one minute after now: how many, their sum, the smallest, the largest.
#[derive(Debug, Deserialize, PartialEq)]
struct Datum {
    minute: i64,
    dimensions: BTreeMap<String, String>,
    values: (u64, f64, f64, f64),
}

fn transformation(of: &Transformation) -> MetricTransformation {
    let name =
        |text: &Option<String>, otherwise: &str| text.as_deref().unwrap_or(otherwise).to_owned();
    MetricTransformation {
        default_value: of.default_value,
        dimensions: of.dimensions.clone(),
        unit: of.unit.as_deref().map_or(StandardUnit::NONE, |it| StandardUnit::parse(it).unwrap()),
        ..MetricTransformation::new(
            name(&of.metric_namespace, "App"),
            name(&of.metric_name, "Metric"),
            of.metric_value.as_str(),
        )
    }
}

fn filter(name: &str, pattern: &str, transformation: MetricTransformation) -> PutMetricFilter {
    PutMetricFilter {
        log_group_name: group("/app"),
        filter_name: FilterName::new(name).unwrap(),
        filter_pattern: FilterPattern::parse(pattern).unwrap(),
        metric_transformations: vec![transformation],
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_field_dimensions: Vec::new(),
    }
}

fn count(name: &str) -> MetricTransformation {
    MetricTransformation::new("App", name, "1")
}

fn put_filter(world: &World, request: PutMetricFilter) -> Result<(), ErrorKind> {
    world.engine.put_metric_filter(request).map_err(|error| error.kind())
}

/// Everything that waits, once all minutes are over.
fn data(world: &World) -> Vec<MetricDatum> {
    world.clock.0.fetch_add(MINUTE, Ordering::SeqCst);
    let mut all = Vec::new();
    let take = |data: &[MetricDatum]| {
        all.extend_from_slice(data);
        true
    };
    let taken = world.engine.publish_metric_data(take).unwrap();
    assert_eq!(taken, all.len());
    all
}

fn shown(datum: &MetricDatum) -> Datum {
    let values = datum.statistic_values;
    assert_eq!(datum.timestamp % MINUTE, 0);
    Datum {
        minute: (datum.timestamp - NOW) / MINUTE,
        dimensions: datum.dimensions.clone(),
        values: (values.sample_count, values.sum, values.minimum, values.maximum),
    }
}

/// Names, times and counts.
fn counts(data: &[MetricDatum]) -> Vec<(&str, i64, u64)> {
    let one =
        |it: &'_ MetricDatum| ((it.timestamp - NOW) / MINUTE, it.statistic_values.sample_count);
    data.iter().map(|it| (it.metric_name.as_str(), one(it).0, one(it).1)).collect()
}

fn put(world: &World, events: &[(i64, String)]) {
    let log_events = events.iter().map(|(after, text)| event(NOW + after, text)).collect();
    let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
    world.engine.put_log_events(request).unwrap();
}

#[test]
fn filters_give_the_data_that_the_cases_say() {
    let all = cases::<Vec<Case>>("metric-filters.json");
    assert!(all.len() >= 70);
    for case in all {
        let (name, reason) = (&case.name, &case.reason);
        let world = world_with("/app", "s");
        if !case.identifiers.is_empty() {
            let identifiers: Vec<_> = case.identifiers.iter().map(String::as_str).collect();
            world.protect_group("/app", &document("p", &identifiers, &json!({})));
        }
        let system = case.system.iter().map(|it| SystemField::parse(it).unwrap()).collect();
        let transformation = transformation(&case.transformation);
        let unit = transformation.unit;
        let put_it = put_filter(
            &world,
            PutMetricFilter {
                field_selection_criteria: case.criteria.clone(),
                emit_system_field_dimensions: system,
                ..filter("f", &case.pattern, transformation)
            },
        );
        if let Some(refused) = &case.refused {
            assert_eq!(put_it.expect_err(name).code(), refused, "{name}: {reason}");
            continue;
        }
        put_it.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        put(&world, &case.events);
        let found = data(&world);
        assert!(found.iter().all(|it| it.unit == unit), "{name}");
        let found: Vec<_> = found.iter().map(shown).collect();
        assert_eq!(found, case.data, "{name}: {reason}");
        assert_eq!(data(&world), [], "{name}: what was taken is forgotten");
    }
}

#[test]
fn data_leaves_when_its_minute_is_over_and_until_it_was_taken() {
    let directory = TempDir::new().unwrap();
    let open = || world_at(directory.path(), with_keys(Durability::Buffered)).unwrap();
    let world = open();
    world.make("/app", "s");
    put_filter(&world, filter("a", "", count("A"))).unwrap();
    put_filter(&world, filter("b", "", count("B"))).unwrap();
    put(&world, &[(0, "x".to_owned())]);
    let none = |_: &[MetricDatum]| panic!("the minute is not over");
    assert_eq!(world.engine.publish_metric_data(none).unwrap(), 0);
    assert_eq!(world.engine.metrics().metric_data_waiting, 2);
    put(&world, &[(1, "x".to_owned()), (2, "x".to_owned())]);
    world.clock.0.fetch_add(MINUTE, Ordering::SeqCst);
    // Refused, it comes again, after a restart as well.
    let mut offered = Vec::new();
    let refuse = |data: &[MetricDatum]| {
        offered.extend_from_slice(data);
        false
    };
    assert_eq!(world.engine.publish_metric_data(refuse).unwrap(), 0);
    assert_eq!(counts(&offered), [("A", 0, 3), ("B", 0, 3)]);
    // What still comes in for a minute that was handed out does not change what comes again.
    world.clock.0.store(NOW, Ordering::SeqCst);
    put(&world, &[(3, "x".to_owned())]);
    drop(world);
    let world = open();
    assert_eq!(world.engine.metrics().metric_data_waiting, 4);
    let found = data(&world);
    assert_eq!(counts(&found), [("A", 0, 3), ("B", 0, 3)]);
    assert_eq!(found, offered);
    let late = data(&world);
    assert_eq!(counts(&late), [("A", 0, 1), ("B", 0, 1)]);
    assert_eq!(world.engine.metrics().metric_data_waiting, 0);
    drop(world);
    assert_eq!(data(&open()), []);
}

#[test]
fn filters_of_one_metric_give_one_data_point_and_one_default() {
    let world = world_with("/app", "s");
    let with_default = || MetricTransformation { default_value: Some(0.0), ..count("Errors") };
    put_filter(&world, filter("a", "ERROR", with_default())).unwrap();
    put_filter(&world, filter("b", "FATAL", with_default())).unwrap();
    world.put("/app", "s", &["INFO"]);
    world.put("/app", "s", &["INFO"]);
    assert_eq!(counts(&data(&world)), [("Errors", 0, 1)]);
    world.put("/app", "s", &["INFO"]);
    world.put("/app", "s", &["ERROR"]);
    assert_eq!(counts(&data(&world)), [("Errors", 0, 1)], "no default beside a value");
}

#[test]
fn a_thousand_data_points_are_handed_out_at_once() {
    let world = world_with("/app", "s");
    let dimensions = BTreeMap::from([("D".to_owned(), "$.d".to_owned())]);
    let transformation = MetricTransformation { dimensions, ..count("A") };
    put_filter(&world, filter("f", "{ $.d = * }", transformation)).unwrap();
    put_filter(&world, filter("g", "", count("B"))).unwrap();
    let text = |number: usize| (0, json!({"d": format!("v{number}")}).to_string());
    let texts: Vec<_> = (0..1100).map(text).collect();
    put(&world, &texts);
    world.clock.0.fetch_add(MINUTE, Ordering::SeqCst);
    let mut sizes = Vec::new();
    let take = |data: &[MetricDatum]| {
        sizes.push(data.len());
        true
    };
    // Of 1,100 different dimensions the filter has a thousand in an hour.
    assert_eq!(world.engine.publish_metric_data(take).unwrap(), 1001);
    assert_eq!(sizes, [1000, 1]);
    assert_eq!(world.engine.metrics().metric_data_dropped, 100);
    put(&world, &texts[..10]);
    assert_eq!(data(&world).len(), 11, "those that it had go on");
    put(&world, &texts[1050..]);
    assert_eq!(data(&world).len(), 1);
    world.clock.0.fetch_add(60 * MINUTE, Ordering::SeqCst);
    put(&world, &texts[1050..]);
    assert_eq!(data(&world).len(), 51, "the next hour takes others");
}

fn describe(world: &World, request: DescribeMetricFilters) -> Vec<String> {
    let mut request = DescribeMetricFilters { limit: Some(2), ..request };
    let mut all = Vec::new();
    loop {
        let page = world.engine.describe_metric_filters(&request).unwrap();
        assert!(page.metric_filters.len() <= 2);
        all.extend(page.metric_filters);
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            return all
                .iter()
                .map(|it| format!("{} {}", it.filter_name, it.log_group_name))
                .collect();
        }
    }
}

#[test]
fn filters_are_described_by_group_and_by_metric_a_page_at_a_time() {
    let world = world_with("/app", "s");
    world.make("/other", "s");
    for (name, metric, at) in [
        ("b", "M", "/app"),
        ("a", "M", "/app"),
        ("ab", "N", "/app"),
        ("a", "M", "/other"),
        ("c", "M", "/other"),
    ] {
        let request =
            PutMetricFilter { log_group_name: group(at), ..filter(name, "x", count(metric)) };
        put_filter(&world, request).unwrap();
    }
    let all = DescribeMetricFilters::default;
    let app = || DescribeMetricFilters { log_group_name: Some(group("/app")), ..all() };
    let metric = || DescribeMetricFilters {
        metric_name: Some("M".to_owned()),
        metric_namespace: Some("App".to_owned()),
        ..all()
    };
    let prefix = |request: DescribeMetricFilters| DescribeMetricFilters {
        filter_name_prefix: Some("a".to_owned()),
        ..request
    };
    let everything = ["a /app", "a /other", "ab /app", "b /app", "c /other"];
    assert_eq!(describe(&world, all()), everything);
    assert_eq!(describe(&world, app()), ["a /app", "ab /app", "b /app"]);
    assert_eq!(describe(&world, prefix(app())), ["a /app", "ab /app"]);
    assert_eq!(describe(&world, prefix(all())), everything, "the prefix needs a log group");
    assert_eq!(describe(&world, metric()), ["a /app", "a /other", "b /app", "c /other"]);
    let both = DescribeMetricFilters { metric_name: Some("N".to_owned()), ..metric() };
    assert_eq!(
        describe(&world, DescribeMetricFilters { log_group_name: Some(group("/app")), ..both }),
        ["ab /app"]
    );
    let elsewhere = DescribeMetricFilters { metric_namespace: Some("app".to_owned()), ..metric() };
    assert_eq!(describe(&world, elsewhere), [""; 0]);
    let refused = |request: DescribeMetricFilters| {
        world.engine.describe_metric_filters(&request).unwrap_err().kind()
    };
    for request in [
        DescribeMetricFilters { metric_name: Some("M".to_owned()), ..all() },
        DescribeMetricFilters { metric_namespace: Some("M".to_owned()), ..all() },
        DescribeMetricFilters { limit: Some(0), ..all() },
        DescribeMetricFilters { limit: Some(51), ..all() },
        DescribeMetricFilters { next_token: Some("x".to_owned()), ..all() },
    ] {
        assert_eq!(refused(request), ErrorKind::InvalidParameter);
    }
    let first = DescribeMetricFilters { limit: Some(1), ..app() };
    let next_token = world.engine.describe_metric_filters(&first).unwrap().next_token;
    assert!(next_token.is_some());
    let carried = DescribeMetricFilters { next_token, ..metric() };
    assert_eq!(refused(carried), ErrorKind::InvalidParameter, "a token of another request");
    let missing = DescribeMetricFilters { log_group_name: Some(group("/none")), ..all() };
    assert_eq!(refused(missing), ErrorKind::ResourceNotFound);
}

/// How many metric filters `DescribeLogGroups` says each log group has.
fn filter_counts(world: &World) -> Vec<Option<usize>> {
    let found = world.engine.describe_log_groups(&DescribeLogGroups::default()).unwrap();
    found.log_groups.iter().map(|it| it.metric_filter_count).collect()
}

fn open(path: &Path) -> World {
    world_at(path, with_keys(Durability::Buffered)).unwrap()
}

#[test]
fn filters_are_kept_replaced_and_gone_with_their_log_group() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    world.make("/other", "s");
    let whole = PutMetricFilter {
        field_selection_criteria: Some("@aws.region = \"eu-west-1\"".to_owned()),
        emit_system_field_dimensions: vec![SystemField::Account],
        ..filter(
            "whole",
            "{ $.n = * }",
            MetricTransformation {
                dimensions: BTreeMap::from([("D".to_owned(), "$.d".to_owned())]),
                unit: StandardUnit::parse("Bytes").unwrap(),
                ..MetricTransformation::new("Name space", "N", "$.n")
            },
        )
    };
    put_filter(&world, whole).unwrap();
    let with_default = MetricTransformation { default_value: Some(-0.5), ..count("D") };
    put_filter(&world, filter("default", "x", with_default)).unwrap();
    let other = PutMetricFilter { log_group_name: group("/other"), ..filter("o", "", count("O")) };
    put_filter(&world, other).unwrap();
    let all = |world: &World| {
        let found = world.engine.describe_metric_filters(&DescribeMetricFilters::default());
        found.unwrap().metric_filters
    };
    let (before, texts) = (all(&world), |world: &World| format!("{:?}", all(world)));
    assert_eq!(filter_counts(&world), [Some(2), Some(1)]);
    drop(world);
    let world = open(directory.path());
    let after = all(&world);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.metric_transformation, after.metric_transformation);
        assert_eq!(before.filter_pattern.as_str(), after.filter_pattern.as_str());
        assert_eq!(before.field_selection_criteria, after.field_selection_criteria);
        assert_eq!(before.emit_system_field_dimensions, after.emit_system_field_dimensions);
        assert_eq!(before.creation_time, after.creation_time);
    }
    world.put("/app", "s", &[r#"{"n":7,"d":"y"}"#]);
    let found = data(&world);
    assert_eq!(counts(&found), [("D", 0, 1), ("N", 0, 1)]);
    assert_eq!(found[0].statistic_values.sum, -0.5);
    assert_eq!((found[1].unit.as_str(), found[1].dimensions.len()), ("Bytes", 2));

    // Replaced, it has its first time of creation; another generation is in force at once.
    put_filter(&world, filter("default", "", count("D2"))).unwrap();
    let replaced = all(&world);
    assert_eq!(replaced[0].creation_time, before[0].creation_time);
    assert_eq!(replaced[0].filter_pattern.as_str(), "");
    world.put("/app", "s", &["x"]);
    assert_eq!(counts(&data(&world)), [("D2", 0, 1)]);

    let name = FilterName::new("default").unwrap();
    let delete =
        |at: &str| world.engine.delete_metric_filter(&group(at), &name).map_err(|it| it.kind());
    assert_eq!(delete("/none"), Err(ErrorKind::ResourceNotFound));
    world.put("/app", "s", &["x"]);
    assert_eq!(delete("/app"), Ok(()));
    assert_eq!(delete("/app"), Err(ErrorKind::ResourceNotFound));
    world.put("/app", "s", &["x"]);
    assert_eq!(counts(&data(&world)), [("D2", 0, 1)], "what it gave still leaves");
    drop(world);

    let world = open(directory.path());
    assert_eq!(filter_counts(&world), [Some(1), Some(1)]);
    world.engine.delete_log_group(&group("/app")).unwrap();
    world.make("/app", "s");
    assert_eq!(filter_counts(&world), [Some(0), Some(1)]);
    drop(world);
    let world = open(directory.path());
    assert_eq!(filter_counts(&world), [Some(0), Some(1)]);
    assert!(texts(&world).contains("FilterPattern(0 characters)"));
}

#[test]
fn a_log_group_has_a_hundred_filters_and_five_with_a_regex() {
    let world = world_with("/app", "s");
    for number in 0..100 {
        put_filter(&world, filter(&format!("f{number}"), "x", count("M"))).unwrap();
    }
    assert_eq!(put_filter(&world, filter("more", "x", count("M"))), Err(ErrorKind::LimitExceeded));
    put_filter(&world, filter("f7", "y", count("M"))).unwrap();
    assert_eq!(filter_counts(&world), [Some(100)]);

    let patterns = ["%a%", "x -%a%", "?%a% ?b", "{ $.a = 1 || $.b != %a% }", "[a, b = %a%]"];
    for (number, pattern) in patterns.into_iter().enumerate() {
        put_filter(&world, filter(&format!("f{number}"), pattern, count("M"))).unwrap();
    }
    assert_eq!(put_filter(&world, filter("f9", "%a%", count("M"))), Err(ErrorKind::LimitExceeded));
    put_filter(&world, filter("f1", "%b%", count("M"))).unwrap();
    let subscription = |pattern: &str| {
        let request = PutSubscriptionFilter {
            log_group_name: group("/app"),
            filter_name: FilterName::new("s").unwrap(),
            filter_pattern: FilterPattern::parse(pattern).unwrap(),
            destination_arn: arn("arn:aws:lambda:eu-west-1:123456789012:function:f"),
            role_arn: None,
            distribution: Default::default(),
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
        };
        world.engine.put_subscription_filter(request).map_err(|error| error.kind())
    };
    assert_eq!(subscription("%a%"), Err(ErrorKind::LimitExceeded));
    subscription("a").unwrap();
    put_filter(&world, filter("f2", "a", count("M"))).unwrap();
    subscription("%a%").unwrap();
    assert_eq!(put_filter(&world, filter("f2", "%a%", count("M"))), Err(ErrorKind::LimitExceeded));
}

#[test]
fn what_a_filter_cannot_be_put_on_is_refused() {
    let world = world_with("/app", "s");
    let class = CreateLogGroup {
        log_group_class: LogGroupClass::InfrequentAccess,
        ..CreateLogGroup::new(group("/rare"))
    };
    world.engine.create_log_group_with(class).unwrap();
    let at = |name: &str| PutMetricFilter {
        log_group_name: group(name),
        ..filter("f", "x", count("M"))
    };
    for (request, expected) in [
        (at("/none"), ErrorKind::ResourceNotFound),
        (at("/rare"), ErrorKind::InvalidParameter),
        (
            PutMetricFilter { apply_on_transformed_logs: true, ..at("/app") },
            ErrorKind::InvalidOperation,
        ),
        (
            PutMetricFilter { metric_transformations: Vec::new(), ..at("/app") },
            ErrorKind::InvalidParameter,
        ),
        (
            PutMetricFilter { metric_transformations: vec![count("M"), count("N")], ..at("/app") },
            ErrorKind::InvalidParameter,
        ),
    ] {
        assert_eq!(put_filter(&world, request), Err(expected));
    }
    assert!(StandardUnit::parse("seconds").is_err());
    assert_eq!(StandardUnit::ALL.len(), BTreeSet::from(StandardUnit::ALL).len());
}

/// Findings are events of their log group.
#[test]
fn findings_in_a_log_group_are_measured() {
    let world = world();
    world.make("/app", "s");
    world.make("/audit", "s");
    let to_group = json!({"CloudWatchLogs": {"LogGroup": "/audit"}});
    world.protect_group("/app", &document("p", &["EmailAddress"], &to_group));
    let pattern = "{ $.dataIdentifiers[0].name = EmailAddress }";
    let found = PutMetricFilter {
        log_group_name: group("/audit"),
        ..filter(
            "f",
            pattern,
            MetricTransformation::new("App", "Mail", "$.dataIdentifiers[0].count"),
        )
    };
    put_filter(&world, found).unwrap();
    world.put("/app", "s", &["jane@example.com bob@example.com", "none"]);
    let found = data(&world);
    assert_eq!(counts(&found), [("Mail", 0, 1)]);
    assert_eq!(found[0].statistic_values.sum, 2.0);
}

#[test]
fn no_error_and_no_debug_text_quotes_a_pattern_or_a_selector() {
    let world = world_with("/app", "s");
    for (pattern, value, dimension) in [
        ("{ $.canary = 1 }", "canary", "$.canary"),
        ("{ $.canary = 1 }", "1", "canary"),
        ("[canary]", "$canary2", "$canary"),
        ("[canary]", "$canary", "$canary2"),
    ] {
        let dimensions = BTreeMap::from([("D".to_owned(), dimension.to_owned())]);
        let transformation =
            MetricTransformation { dimensions, ..MetricTransformation::new("App", "M", value) };
        let request = filter("f", pattern, transformation);
        assert!(!format!("{request:?}").contains("canary"));
        let error = world.engine.put_metric_filter(request).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

/// A metric's name, its dimensions, and the minute.
type Measured = (String, Vec<(String, String)>, i64);

/// The data that filters have to give, slowly and plainly: `serde_json`, and the slow evaluator.
fn expected(
    filters: &[(String, MetricTransformation)],
    batches: &[(i64, Vec<(i64, String)>)],
) -> BTreeMap<Measured, (u64, f64)> {
    let field = |message: &str, selector: &str| {
        let event: Value = serde_json::from_str(message).ok()?;
        match event.get(selector.strip_prefix("$.")?)? {
            Value::String(text) => Some(text.clone()),
            it @ (Value::Number(_) | Value::Bool(_)) => Some(it.to_string()),
            _ => None,
        }
    };
    let mut all = BTreeMap::new();
    let mut add = |name: &str, dimensions: Vec<_>, minute, value| {
        let sum = all.entry((name.to_owned(), dimensions, minute)).or_insert((0, 0.0));
        *sum = (sum.0 + 1, sum.1 + value);
    };
    for (pattern, transformation) in filters {
        let mut selected = BTreeMap::<i64, usize>::new();
        for (now, events) in batches {
            for (time, message) in events {
                if !filter_oracle::matches(pattern, message) {
                    *selected.entry(*now).or_default() += 0;
                    continue;
                }
                *selected.entry(*now).or_default() += 1;
                let fixed = transformation.metric_value.parse::<f64>().ok();
                let value =
                    fixed.or_else(|| field(message, &transformation.metric_value)?.parse().ok());
                let dimensions: Option<Vec<_>> = transformation
                    .dimensions
                    .iter()
                    .map(|(name, selector)| Some((name.clone(), field(message, selector)?)))
                    .collect();
                if let (Some(value), Some(dimensions)) = (value, dimensions) {
                    add(&transformation.metric_name, dimensions, *time / MINUTE, value);
                }
            }
        }
        for (now, count) in selected {
            if let (Some(value), 0) = (transformation.default_value, count) {
                add(&transformation.metric_name, Vec::new(), now / MINUTE, value);
            }
        }
    }
    all
}

fn generated_filter(random: &mut Random, number: usize) -> (String, MetricTransformation) {
    let json = random.below(2) == 0;
    let pattern = match json {
        true => {
            let level = random.pick(&["ERROR", "INFO", "*"]);
            let operator = random.pick(&["=", "!="]);
            let more = random.pick(&["", " && $.n > 3", " || $.s = 7", " && $.none NOT EXISTS"]);
            format!("{{ $.level {operator} {level}{more} }}")
        }
        false => loop {
            let pattern = filter_texts::pattern(random);
            if !pattern.contains('%') {
                break pattern;
            }
        },
    };
    let value = if json { random.pick(&["1", "-2", "$.n", "$.s", "$.none"]) } else { "3" };
    let mut transformation = MetricTransformation::new("App", format!("M{number}"), value);
    match random.below(3) {
        0 if json => {
            for (name, selector) in
                [("L", "$.level"), ("S", "$.s")].iter().take(1 + random.below(2))
            {
                transformation.dimensions.insert((*name).to_owned(), (*selector).to_owned());
            }
        }
        1 => transformation.default_value = Some(random.below(3) as f64),
        _ => {}
    }
    (pattern, transformation)
}

fn generated_message(random: &mut Random) -> String {
    if random.below(3) == 0 {
        return filter_texts::message(random);
    }
    let level = random.pick(&["ERROR", "INFO", "WARN"]);
    let scalar = |random: &mut Random| match random.below(4) {
        0 => json!(random.below(10)),
        1 => json!(random.below(10).to_string()),
        2 => json!("text"),
        _ => Value::Null,
    };
    json!({"level": level, "n": scalar(random), "s": scalar(random)}).to_string()
}

#[test]
fn generated_filters_give_what_a_model_says() {
    for seed in 1..=30 {
        let mut random = Random::new(seed);
        let directory = TempDir::new().unwrap();
        let mut world = open(directory.path());
        world.make("/app", "s");
        let filters: Vec<_> = (0..8).map(|number| generated_filter(&mut random, number)).collect();
        for (number, (pattern, transformation)) in filters.iter().enumerate() {
            let request = filter(&format!("f{number}"), pattern, transformation.clone());
            put_filter(&world, request)
                .unwrap_or_else(|it| panic!("seed {seed}: {pattern}: {it:?}"));
        }
        let (mut now, mut batches, mut found) = (NOW, Vec::new(), Vec::new());
        for _ in 0..12 {
            let mut events: Vec<_> = (0..1 + random.below(6))
                .map(|_| (now - random.below(200_000) as i64, generated_message(&mut random)))
                .filter(|(_, text)| !text.is_empty())
                .collect();
            events.sort_by_key(|(time, _)| *time);
            if !events.is_empty() {
                let log_events = events.iter().map(|(time, text)| event(*time, text)).collect();
                let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
                world.engine.put_log_events(request).unwrap();
                batches.push((now - now % MINUTE, events));
            }
            if random.below(4) == 0 {
                drop(world);
                world = open(directory.path());
            }
            now += random.below(100_000) as i64;
            world.clock.0.store(now, Ordering::SeqCst);
            let takes = random.below(3) > 0;
            let publish = |data: &[MetricDatum]| {
                found.extend_from_slice(if takes { data } else { &[] });
                takes
            };
            world.engine.publish_metric_data(publish).unwrap();
        }
        found.extend(data(&world));
        let mut sums = BTreeMap::new();
        for datum in &found {
            let dimensions: Vec<_> = datum.dimensions.clone().into_iter().collect();
            let key = (datum.metric_name.clone(), dimensions, datum.timestamp / MINUTE);
            let sum = sums.entry(key).or_insert((0, 0.0));
            let values = datum.statistic_values;
            *sum = (sum.0 + values.sample_count, sum.1 + values.sum);
        }
        assert_eq!(sums, expected(&filters, &batches), "seed {seed}");
    }
}
