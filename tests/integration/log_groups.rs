//! What log groups have, keep and show; and which of them are listed.

use std::collections::BTreeMap;

use logveil::{
    AccountId, AssociateKmsKey, CreateLogGroup, DescribeLogGroups, DisassociateKmsKey, Engine,
    ErrorKind, ListLogGroups, LogGroup, LogGroupClass, OpenOptions, TagFilter,
};
use tempfile::TempDir;

use crate::support::world::{arn, batch, group, stream, world, world_at, world_with};

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const APP: &str = "arn:aws:logs:eu-west-1:123456789012:log-group:/app";
const ELSEWHERE: &str = "arn:aws:logs:eu-west-1:210987654321:log-group:/app";

fn described(engine: &Engine, name: &str) -> LogGroup {
    let log_group_name_prefix = Some(name.to_owned());
    let request = DescribeLogGroups { log_group_name_prefix, ..DescribeLogGroups::default() };
    let mut found = engine.describe_log_groups(&request).unwrap().log_groups;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn kind<T: std::fmt::Debug>(result: Result<T, logveil::Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn deletion_protection_refuses_deletions_until_it_is_taken_back() {
    let path = TempDir::new().unwrap();
    let open = || world_at(path.path(), OpenOptions::default()).unwrap();
    let made = open();
    let request =
        CreateLogGroup { deletion_protection_enabled: true, ..CreateLogGroup::new(group("/app")) };
    made.engine.create_log_group_with(request).unwrap();
    made.engine.create_log_stream(&group("/app"), &stream("s")).unwrap();
    drop(made);

    let world = open();
    let engine = &world.engine;
    assert_eq!(described(engine, "/app").deletion_protection_enabled, Some(true));
    assert_eq!(kind(engine.delete_log_group(&group("/app"))), ErrorKind::Validation);
    let refused = engine.delete_log_stream(&group("/app"), &stream("s"));
    assert_eq!(kind(refused), ErrorKind::Validation);
    world.put("/app", "s", &["still taken"]);
    assert_eq!(world.read("/app", "s"), ["still taken"]);

    for identifier in ["/app", APP] {
        engine.put_log_group_deletion_protection(identifier, true).unwrap();
        assert_eq!(described(engine, "/app").deletion_protection_enabled, Some(true));
        engine.put_log_group_deletion_protection(identifier, false).unwrap();
        assert_eq!(described(engine, "/app").deletion_protection_enabled, Some(false));
    }
    let missing = engine.put_log_group_deletion_protection("/other", true);
    assert_eq!(kind(missing), ErrorKind::ResourceNotFound);
    let elsewhere = engine.put_log_group_deletion_protection(ELSEWHERE, true);
    assert_eq!(kind(elsewhere), ErrorKind::ResourceNotFound);
    engine.delete_log_stream(&group("/app"), &stream("s")).unwrap();
    engine.delete_log_group(&group("/app")).unwrap();
}

#[test]
fn a_kms_key_is_kept_and_shown() {
    let path = TempDir::new().unwrap();
    let open = || world_at(path.path(), OpenOptions::default()).unwrap();
    let made = open();
    let request =
        CreateLogGroup { kms_key_id: Some(arn(KEY)), ..CreateLogGroup::new(group("/app")) };
    made.engine.create_log_group_with(request).unwrap();
    drop(made);

    let world = open();
    let engine = &world.engine;
    let shown = || described(engine, "/app").kms_key_id.map(|key| key.as_str().to_owned());
    assert_eq!(shown().as_deref(), Some(KEY));
    let by_name = Some(group("/app"));
    engine
        .disassociate_kms_key(DisassociateKmsKey {
            log_group_name: by_name.clone(),
            resource_identifier: None,
        })
        .unwrap();
    assert_eq!(shown(), None);
    let associate = |log_group_name, resource_identifier: Option<&str>, key: &str| {
        let resource_identifier = resource_identifier.map(str::to_owned);
        let kms_key_id = arn(key);
        engine.associate_kms_key(AssociateKmsKey {
            log_group_name,
            resource_identifier,
            kms_key_id,
        })
    };
    associate(None, Some(APP), KEY).unwrap();
    assert_eq!(shown().as_deref(), Some(KEY));
    associate(None, Some("arn:aws:logs:eu-west-1:123456789012:query-result:*"), KEY).unwrap();

    let refused = [
        associate(by_name.clone(), Some(APP), KEY),
        associate(None, None, KEY),
        associate(None, Some("/app"), KEY),
        associate(by_name.clone(), None, "arn:aws:kms:eu-west-1:123456789012:key/missing"),
        associate(by_name.clone(), None, "arn:aws:kms:eu-west-1:123456789012:alias/a"),
        associate(by_name.clone(), None, "arn:aws:s3:::bucket"),
        associate(by_name, None, &format!("{KEY}{}", "0".repeat(256))),
    ];
    assert!(refused.into_iter().all(|it| kind(it) == ErrorKind::InvalidParameter));
    for missing in [ELSEWHERE, "arn:aws:logs:eu-west-1:123456789012:log-group:/other"] {
        assert_eq!(kind(associate(None, Some(missing), KEY)), ErrorKind::ResourceNotFound);
    }
    let request = CreateLogGroup {
        kms_key_id: Some(arn("arn:aws:s3:::bucket")),
        ..CreateLogGroup::new(group("/other"))
    };
    assert_eq!(kind(engine.create_log_group_with(request)), ErrorKind::InvalidParameter);
}

#[test]
fn the_class_delivery_keeps_events_for_two_days() {
    let world = world();
    let request = CreateLogGroup {
        log_group_class: LogGroupClass::Delivery,
        ..CreateLogGroup::new(group("/app"))
    };
    world.engine.create_log_group_with(request).unwrap();
    let shown = || described(&world.engine, "/app").retention_in_days;
    assert_eq!(shown(), Some(2));
    for days in [Some(30), None] {
        let refused = world.engine.put_retention_policy(&group("/app"), days);
        assert_eq!(kind(refused), ErrorKind::InvalidParameter);
    }
    assert_eq!(shown(), Some(2));
}

/// Groups of every class, some with tags.
fn furnished() -> crate::support::world::World {
    use LogGroupClass::{Delivery, Essentials, InfrequentAccess, Standard};
    let world = world();
    for (name, class, tag) in [
        ("/app/a", Standard, Some("Prod")),
        ("/app/b", InfrequentAccess, Some("test")),
        ("/other/a.b", Essentials, None),
        ("/other/axb", Delivery, Some("prod")),
    ] {
        let tags = tag.map(|value| ("stage".to_owned(), value.to_owned()));
        let request = CreateLogGroup {
            log_group_class: class,
            tags: tags.into_iter().collect(),
            ..CreateLogGroup::new(group(name))
        };
        world.engine.create_log_group_with(request).unwrap();
    }
    world
}

const ALL: [&str; 4] = ["/app/a", "/app/b", "/other/a.b", "/other/axb"];

fn describe(engine: &Engine, request: &DescribeLogGroups) -> Result<Vec<String>, ErrorKind> {
    let result = engine.describe_log_groups(request).map_err(|error| error.kind())?;
    Ok(result.log_groups.iter().map(|it| it.log_group_name.to_string()).collect())
}

fn list(engine: &Engine, request: &ListLogGroups) -> Result<Vec<String>, ErrorKind> {
    let result = engine.list_log_groups(request).map_err(|error| error.kind())?;
    Ok(result.log_groups.iter().map(|it| it.log_group_name.to_string()).collect())
}

#[test]
fn log_groups_are_described_by_class_identifier_and_account() {
    let world = furnished();
    let of = |request: DescribeLogGroups| describe(&world.engine, &request);
    let class = |class| {
        of(DescribeLogGroups { log_group_class: Some(class), ..DescribeLogGroups::default() })
    };
    assert_eq!(class(LogGroupClass::Standard).unwrap(), ["/app/a"]);
    assert_eq!(class(LogGroupClass::Delivery).unwrap(), ["/other/axb"]);
    for rare in [LogGroupClass::InfrequentAccess, LogGroupClass::Essentials] {
        assert_eq!(class(rare).unwrap(), ["/app/b", "/other/a.b"]);
    }

    let named = |names: &[&str], prefix: Option<&str>| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        of(DescribeLogGroups {
            log_group_identifiers: Some(names),
            log_group_name_prefix: prefix.map(str::to_owned),
            ..DescribeLogGroups::default()
        })
    };
    let by_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/app/b";
    let found = named(&["/other/axb", by_arn, "/app/b", "/none", ELSEWHERE], None);
    assert_eq!(found.unwrap(), ["/app/b", "/other/axb"]);
    let too_many: Vec<_> = (0..51).map(|_| "/app/a").collect();
    for (names, prefix) in [
        (&["/app/a"][..], Some("/app")),
        (&[], None),
        (&too_many, None),
        (&["no name"], None),
        (&["arn:aws:s3:::bucket"], None),
    ] {
        assert_eq!(named(names, prefix), Err(ErrorKind::InvalidParameter), "{names:?}");
    }

    let accounts = |include_linked_accounts, accounts: &[&str]| {
        let account_identifiers = accounts.iter().map(|it| AccountId::new(it).unwrap()).collect();
        of(DescribeLogGroups {
            include_linked_accounts,
            account_identifiers,
            ..DescribeLogGroups::default()
        })
    };
    let (here, other) = ("123456789012", "210987654321");
    assert_eq!(accounts(true, &[]).unwrap(), ALL);
    assert_eq!(accounts(true, &[other, here]).unwrap(), ALL);
    assert_eq!(accounts(true, &[other]).unwrap(), [""; 0]);
    assert_eq!(accounts(false, &[other]).unwrap(), ALL);
    assert_eq!(accounts(true, &[here; 21]), Err(ErrorKind::InvalidParameter));
}

#[test]
fn log_groups_are_listed_by_name_pattern() {
    let world = furnished();
    let of = |pattern: &str| {
        let log_group_name_pattern = Some(pattern.to_owned());
        list(&world.engine, &ListLogGroups { log_group_name_pattern, ..ListLogGroups::default() })
    };
    let none: [&str; 0] = [];
    assert_eq!(of("app").unwrap(), ["/app/a", "/app/b"]);
    assert_eq!(of("^/app").unwrap(), ["/app/a", "/app/b"]);
    assert_eq!(of("^app").unwrap(), none);
    assert_eq!(of("APP").unwrap(), none);
    assert_eq!(of("^/other|app/a").unwrap(), ["/app/a", "/other/a.b", "/other/axb"]);
    assert_eq!(of("a.b").unwrap(), ["/other/a.b", "/other/axb"]);
    assert_eq!(of("axb").unwrap(), ["/other/axb"]);
    assert_eq!(of(&format!("^{}|none", "x".repeat(24))).unwrap(), none);
    assert_eq!(of("aaa|bbb|ccc|ddd|axb").unwrap(), ["/other/axb"]);
    for refused in [
        "",
        "ab",
        "^ab",
        "abc|",
        "|abc",
        "abc|de",
        "a^bc",
        "^^abc",
        "ab*c",
        "aaa|bbb|ccc|ddd|eee|fff",
        &"x".repeat(25),
    ] {
        assert_eq!(of(refused), Err(ErrorKind::InvalidParameter), "{refused}");
    }
}

#[test]
fn log_groups_are_listed_by_class_tag_source_and_index() {
    let world = furnished();
    let of = |request: ListLogGroups| list(&world.engine, &request);
    let class = Some(LogGroupClass::InfrequentAccess);
    let found = of(ListLogGroups { log_group_class: class, ..ListLogGroups::default() });
    assert_eq!(found.unwrap(), ["/app/b"]);

    let tagged = |filters: &[(&str, &[&str])]| {
        let filter = |(key, values): &(&str, &[&str])| TagFilter {
            key: (*key).to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        };
        let log_group_tags = filters.iter().map(filter).collect();
        of(ListLogGroups { log_group_tags, ..ListLogGroups::default() })
    };
    assert_eq!(tagged(&[("stage", &[])]).unwrap(), ["/app/a", "/app/b", "/other/axb"]);
    assert_eq!(tagged(&[("stage", &["prod"])]).unwrap(), ["/other/axb"]);
    assert_eq!(tagged(&[("stage", &["prod*"])]).unwrap(), ["/app/a", "/other/axb"]);
    assert_eq!(tagged(&[("stage", &["!prod*"])]).unwrap(), ["/app/b"]);
    assert_eq!(tagged(&[("stage", &[]), ("team", &[])]).unwrap(), [""; 0]);
    for refused in [
        &[("", &[][..])][..],
        &[("stage", &["a*b"])],
        &[("stage", &["a"; 6])],
        &[("stage", &["a"][..]); 6],
        &[("stage", &["a\n"])],
    ] {
        assert_eq!(tagged(refused), Err(ErrorKind::InvalidParameter), "{refused:?}");
    }
    let data_sources = vec![("amazon_vpc".to_owned(), None)];
    let found = of(ListLogGroups { data_sources, ..ListLogGroups::default() });
    assert_eq!(found.unwrap(), [""; 0]);
    let field_index_names = vec!["requestId".to_owned()];
    let found = of(ListLogGroups { field_index_names, ..ListLogGroups::default() });
    assert_eq!(found.unwrap(), [""; 0]);
    for limit in [0, 1001] {
        let refused = of(ListLogGroups { limit: Some(limit), ..ListLogGroups::default() });
        assert_eq!(refused, Err(ErrorKind::InvalidParameter));
    }
}

#[test]
fn pages_of_log_groups_join_and_their_tokens_belong_to_their_request() {
    let world = furnished();
    let (mut described, mut listed) = (Vec::new(), Vec::new());
    let mut request = DescribeLogGroups { limit: Some(1), ..DescribeLogGroups::default() };
    loop {
        let page = world.engine.describe_log_groups(&request).unwrap();
        described.extend(page.log_groups.iter().map(|it| it.log_group_name.to_string()));
        let Some(token) = page.next_token else { break };
        request.next_token = Some(token.clone());
        let other = [
            DescribeLogGroups { log_group_class: Some(LogGroupClass::Standard), ..request.clone() },
            DescribeLogGroups { log_group_name_prefix: Some(String::new()), ..request.clone() },
            DescribeLogGroups {
                log_group_identifiers: Some(vec!["/app/a".to_owned()]),
                ..request.clone()
            },
        ];
        for other in other {
            assert_eq!(describe(&world.engine, &other), Err(ErrorKind::InvalidParameter));
        }
        let next_token = Some(token);
        let refused =
            list(&world.engine, &ListLogGroups { next_token, ..ListLogGroups::default() });
        assert_eq!(refused, Err(ErrorKind::InvalidParameter));
    }
    let mut request = ListLogGroups { limit: Some(3), ..ListLogGroups::default() };
    loop {
        let page = world.engine.list_log_groups(&request).unwrap();
        listed.extend(page.log_groups.iter().map(|it| it.log_group_name.to_string()));
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            break;
        }
        let log_group_name_pattern = Some("app".to_owned());
        let other = ListLogGroups { log_group_name_pattern, ..request.clone() };
        assert_eq!(list(&world.engine, &other), Err(ErrorKind::InvalidParameter));
    }
    assert_eq!(
        (described, listed),
        (ALL.map(str::to_owned).to_vec(), ALL.map(str::to_owned).to_vec())
    );
}

#[test]
fn a_log_group_shows_what_it_was_made_with() {
    let world = world_with("/app", "s");
    world.engine.put_log_events(batch("/app", "s", &["x"])).unwrap();
    let shown = described(&world.engine, "/app");
    let expected = LogGroup {
        metric_filter_count: Some(0),
        log_group_name: group("/app"),
        creation_time: crate::support::world::NOW,
        retention_in_days: None,
        retention_policy_name: None,
        arn: format!("{APP}:*"),
        log_group_arn: Some(APP.to_owned()),
        stored_bytes: Some(27),
        kms_key_id: None,
        data_protection_status: None,
        inherited_properties: Vec::new(),
        log_group_class: Some(LogGroupClass::Standard),
        deletion_protection_enabled: Some(false),
    };
    assert_eq!(shown, expected);
    let tags = world.engine.list_tags_log_group(&group("/app")).unwrap();
    assert_eq!(tags, BTreeMap::new());
}
