//! Tags of everything that has some: put, kept, listed, removed.

use std::collections::BTreeMap;

use logveil::{
    CreateDelivery, CreateLogGroup, DestinationName, Engine, ErrorKind, OpenOptions,
    PutDeliveryDestination, PutDeliverySource, PutDestination,
};
use tempfile::TempDir;

use crate::support::world::{arn, group, world_at};

const HERE: &str = "arn:aws:logs:eu-west-1:123456789012";

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn source() -> PutDeliverySource {
    PutDeliverySource {
        name: "source".to_owned(),
        resource_arn: format!("{HERE}:log-group:/app"),
        log_type: "APPLICATION_LOGS".to_owned(),
        tags: tags(&[("made", "1")]),
        delivery_source_configuration: BTreeMap::new(),
    }
}

fn delivery_destination() -> PutDeliveryDestination {
    PutDeliveryDestination {
        name: "destination".to_owned(),
        output_format: None,
        destination_resource_arn: Some("arn:aws:s3:::bucket".to_owned()),
        delivery_destination_type: None,
        role_arn: None,
        tags: tags(&[("made", "1")]),
    }
}

fn destination() -> PutDestination {
    PutDestination {
        destination_name: DestinationName::new("shared").unwrap(),
        target_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/s"),
        role_arn: arn("arn:aws:iam::123456789012:role/r"),
        tags: tags(&[("made", "1")]),
    }
}

/// One of each that has tags, each made with one; their ARNs.
fn furnish(engine: &Engine) -> Vec<String> {
    let request =
        CreateLogGroup { tags: tags(&[("made", "1")]), ..CreateLogGroup::new(group("/app")) };
    engine.create_log_group_with(request).unwrap();
    engine.put_destination(destination()).unwrap();
    let source = engine.put_delivery_source(source()).unwrap();
    let destination = engine.put_delivery_destination(delivery_destination()).unwrap();
    let delivery = engine
        .create_delivery(CreateDelivery {
            delivery_source_name: "source".to_owned(),
            delivery_destination_arn: destination.arn.clone(),
            record_fields: None,
            field_delimiter: None,
            s3_delivery_configuration: None,
            tags: tags(&[("made", "1")]),
        })
        .unwrap();
    let log_group = format!("{HERE}:log-group:/app");
    vec![log_group, format!("{HERE}:destination:shared"), source.arn, destination.arn, delivery.arn]
}

fn kind<T: std::fmt::Debug>(result: Result<T, logveil::Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn every_resource_keeps_its_tags() {
    let path = TempDir::new().unwrap();
    let open = || world_at(path.path(), OpenOptions::default()).unwrap();
    let world = open();
    let arns = furnish(&world.engine);
    for arn in &arns {
        let engine = &world.engine;
        let list = || engine.list_tags_for_resource(arn).unwrap();
        assert_eq!(list(), tags(&[("made", "1")]), "{arn}");
        engine.tag_resource(arn, tags(&[("made", "2"), ("é key", "")])).unwrap();
        assert_eq!(list(), tags(&[("made", "2"), ("é key", "")]), "{arn}");
        engine.untag_resource(arn, &["é key".to_owned(), "none".to_owned()]).unwrap();
        assert_eq!(list(), tags(&[("made", "2")]), "{arn}");
        engine.tag_resource(arn, tags(&[("kept", "yes")])).unwrap();
    }
    // What is put again keeps tags that it does not name: tools do not name them.
    let engine = &world.engine;
    engine.put_destination(PutDestination { tags: BTreeMap::new(), ..destination() }).unwrap();
    engine.put_delivery_source(PutDeliverySource { tags: BTreeMap::new(), ..source() }).unwrap();
    let request = PutDeliveryDestination { tags: BTreeMap::new(), ..delivery_destination() };
    engine.put_delivery_destination(request).unwrap();
    drop(world);

    let world = open();
    for arn in &arns {
        let found = world.engine.list_tags_for_resource(arn).unwrap();
        assert_eq!(found, tags(&[("kept", "yes"), ("made", "2")]), "{arn} opened again");
    }
    let shown = world.engine.get_delivery_source("source").unwrap();
    assert_eq!(shown.tags, tags(&[("kept", "yes"), ("made", "2")]));
    let of_group = world.engine.list_tags_log_group(&group("/app")).unwrap();
    assert_eq!(of_group, tags(&[("kept", "yes"), ("made", "2")]));
}

#[test]
fn no_resource_has_more_than_fifty_tags() {
    let path = TempDir::new().unwrap();
    let world = world_at(path.path(), OpenOptions::default()).unwrap();
    let engine = &world.engine;
    let numbered = |range: std::ops::Range<usize>| {
        range.map(|it| (format!("k{it}"), String::new())).collect::<BTreeMap<_, _>>()
    };
    for arn in furnish(engine) {
        engine.tag_resource(&arn, numbered(0..49)).unwrap();
        assert_eq!(kind(engine.tag_resource(&arn, numbered(49..50))), ErrorKind::TooManyTags);
        let listed = engine.list_tags_for_resource(&arn).unwrap();
        assert_eq!(listed.len(), 50, "{arn}: what was refused changed nothing");
        engine.tag_resource(&arn, numbered(0..49)).unwrap();
        engine.untag_resource(&arn, &["k0".to_owned()]).unwrap();
        engine.tag_resource(&arn, numbered(49..50)).unwrap();
        let invalid = [
            numbered(0..51),
            tags(&[("", "")]),
            tags(&[("aws:x", "")]),
            tags(&[("a*", "")]),
            tags(&[("k", "a\nb")]),
        ];
        for refused in invalid {
            assert_eq!(kind(engine.tag_resource(&arn, refused)), ErrorKind::InvalidParameter);
        }
    }
    // The older family has no name of its own for it.
    let refused = engine.tag_log_group(&group("/app"), numbered(50..51));
    assert_eq!(kind(refused), ErrorKind::InvalidParameter);
    engine.untag_log_group(&group("/app"), &["k49".to_owned()]).unwrap();
    engine.tag_log_group(&group("/app"), numbered(50..51)).unwrap();
}

#[test]
fn arns_of_something_else_are_refused() {
    let path = TempDir::new().unwrap();
    let world = world_at(path.path(), OpenOptions::default()).unwrap();
    let engine = &world.engine;
    furnish(engine);
    let elsewhere = |kind: &str| format!("arn:aws:logs:eu-west-1:210987654321:{kind}");
    let long = format!("{HERE}:destination:{}", "x".repeat(1011));
    for (arn, expected) in [
        ("/app".to_owned(), ErrorKind::InvalidParameter),
        ("arn:aws:s3:::bucket".to_owned(), ErrorKind::InvalidParameter),
        (format!("{HERE}:query-definition:x"), ErrorKind::InvalidParameter),
        (format!("{HERE}:destination:"), ErrorKind::InvalidParameter),
        (long, ErrorKind::InvalidParameter),
        (format!("{HERE}:log-group:/none"), ErrorKind::ResourceNotFound),
        (format!("{HERE}:destination:none"), ErrorKind::ResourceNotFound),
        (format!("{HERE}:delivery-source:none"), ErrorKind::ResourceNotFound),
        (format!("{HERE}:delivery-destination:none"), ErrorKind::ResourceNotFound),
        (format!("{HERE}:delivery:none"), ErrorKind::ResourceNotFound),
        (elsewhere("log-group:/app"), ErrorKind::ResourceNotFound),
        (elsewhere("destination:shared"), ErrorKind::ResourceNotFound),
        (elsewhere("delivery-source:source"), ErrorKind::ResourceNotFound),
        (elsewhere("delivery-destination:destination"), ErrorKind::ResourceNotFound),
    ] {
        assert_eq!(kind(engine.list_tags_for_resource(&arn)), expected, "{arn}");
        assert_eq!(kind(engine.tag_resource(&arn, tags(&[("k", "v")]))), expected, "{arn}");
        assert_eq!(kind(engine.untag_resource(&arn, &["k".to_owned()])), expected, "{arn}");
    }
}
