//! Vended-log deliveries: who may deliver where, limits, what leaves and when.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use logveil::{
    AccountId, AllowedField, Arn, Clock, ConfigurationTemplate, CreateDelivery, Delivered,
    DeliveryDefaults, DeliveryDestinationType, DeliveryError, DeliverySource,
    DescribeConfigurationTemplates, Directory, Distribution, Durability, Engine, Error, ErrorKind,
    FilterLogEvents, FilterName, FilterPattern, Forwarding, Home, InMemory, OpenOptions,
    OutgoingKind, OutputFormat, PutDeliveryDestination, PutDeliverySource, PutSubscriptionFilter,
    Region, S3DeliveryConfiguration, SharedDeliveryDestination, UpdateDeliveryConfiguration,
    VendedRecord, delivery_destination_policy,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::cases;
use crate::support::world::{
    Everything, NOW, StoppedClock, World, account_policy, arn, batch, document, group, home,
    stream, with_keys, world_at,
};

const OWNER: &str = "222222222222";
const FIVE_MINUTES: i64 = 5 * 60 * 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    cross_account: Vec<Access>,
    confused_deputy: Vec<Access>,
    limits: Vec<Limit>,
    keys: Vec<KeyCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Access {
    name: String,
    #[allow(dead_code, reason = "for those who read the file")]
    why: String,
    /// Whose source it is.
    account: String,
    policy: Option<Value>,
    allowed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    name: String,
    op: String,
    request: Value,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyCase {
    name: String,
    resource: String,
    s3: Value,
    start: String,
}

/// Knows the delivery destinations of other engines.
#[derive(Default)]
struct Accounts(OnceLock<Weak<Engine>>);

impl Directory for Accounts {
    fn exists(&self, arn: &Arn) -> bool {
        Everything.exists(arn)
    }

    fn delivery_destination(&self, arn: &Arn) -> Option<SharedDeliveryDestination> {
        self.0.get()?.upgrade()?.shared_delivery_destination(arn)
    }

    fn organization(&self, account: &AccountId) -> Option<String> {
        (account.as_str() == "111111111111").then(|| "o-ours".to_owned())
    }
}

/// One account's engine with its clock and what arrived.
struct Account {
    engine: Arc<Engine>,
    clock: Arc<StoppedClock>,
    sink: Arc<InMemory>,
}

fn account(id: &str, directory: Arc<dyn Directory>) -> Account {
    account_in(home(id), directory)
}

fn account_in(home: Home, directory: Arc<dyn Directory>) -> Account {
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let sink = Arc::new(InMemory::default());
    let told = Arc::clone(&clock) as Arc<dyn Clock>;
    let engine = Arc::new(Engine::new(home, told, directory, Arc::clone(&sink) as _));
    Account { engine, clock, sink }
}

fn group_arn(account: &str, name: &str) -> String {
    format!("arn:aws:logs:eu-west-1:{account}:log-group:{name}")
}

fn source(name: &str, resource_arn: String) -> PutDeliverySource {
    PutDeliverySource {
        name: name.to_owned(),
        resource_arn,
        log_type: "APPLICATION_LOGS".to_owned(),
        tags: BTreeMap::new(),
        delivery_source_configuration: BTreeMap::new(),
    }
}

fn destination(name: &str, resource: &str, format: Option<OutputFormat>) -> PutDeliveryDestination {
    PutDeliveryDestination {
        name: name.to_owned(),
        output_format: format,
        destination_resource_arn: Some(resource.to_owned()),
        delivery_destination_type: None,
        role_arn: None,
        tags: BTreeMap::new(),
    }
}

fn delivery(source: &str, destination_arn: &str) -> CreateDelivery {
    CreateDelivery {
        delivery_source_name: source.to_owned(),
        delivery_destination_arn: destination_arn.to_owned(),
        record_fields: None,
        field_delimiter: None,
        s3_delivery_configuration: None,
        tags: BTreeMap::new(),
    }
}

impl Account {
    fn id(&self) -> &str {
        self.engine.home().account.as_str()
    }

    /// A log group with a stream, as source `name`.
    fn source(&self, name: &str, log_group: &str) {
        self.engine.create_log_group(&group(log_group)).unwrap();
        self.engine.create_log_stream(&group(log_group), &stream("s")).unwrap();
        let source = source(name, group_arn(self.id(), log_group));
        self.engine.put_delivery_source(source).unwrap();
    }

    fn put(&self, log_group: &str, messages: &[&str]) {
        self.engine.put_log_events(batch(log_group, "s", messages)).unwrap();
    }

    /// What arrived since the last call, when everything that can leave has left.
    fn arrived(&self) -> Vec<Delivered> {
        let before = self.sink.delivered().len();
        self.engine.flush_deliveries().unwrap();
        self.engine.deliver_pending();
        self.sink.delivered().split_off(before)
    }
}

fn text(delivered: &Delivered) -> String {
    if !delivered.data.starts_with(&[0x1f, 0x8b]) {
        return String::from_utf8(delivered.data.clone()).unwrap();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&delivered.data[..]).read_to_string(&mut text).unwrap();
    text
}

/// Tries one case through the API, delivers, and takes the policy away. How many crossings.
fn check_access(case: &Access) -> usize {
    let name = &case.name;
    let directory = Arc::new(Accounts::default());
    let owner = account(OWNER, Arc::new(Everything));
    drop(directory.0.set(Arc::downgrade(&owner.engine)));
    let arn = "arn:aws:s3:::bucket";
    let to = owner.engine.put_delivery_destination(destination("d", arn, None)).unwrap().arn;
    if let Some(policy) = &case.policy {
        owner
            .engine
            .put_delivery_destination_policy("d", &policy.to_string())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let own = case.account == OWNER;
    let other = account(&case.account, directory);
    let asks = if own { &owner } else { &other };
    asks.source("s", "/app");
    let made = asks.engine.create_delivery(delivery("s", &to));
    asks.put("/app", &["hello"]);
    let arrived = asks.arrived();
    if !case.allowed {
        assert_eq!(made.expect_err(name).kind(), ErrorKind::AccessDenied, "{name}");
        return arrived.len();
    }
    let made = made.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(arrived.len(), 1, "{name}");
    if own || case.policy.is_none() {
        return 0;
    }
    // Staged before, queued before and put after: none of it arrives without the policy.
    asks.put("/app", &["before"]);
    asks.engine.flush_deliveries().unwrap();
    asks.put("/app", &["staged"]);
    owner.engine.delete_delivery_destination_policy("d").unwrap();
    asks.put("/app", &["after"]);
    let crossed = asks.arrived().len();
    let update = UpdateDeliveryConfiguration { id: made.id, ..Default::default() };
    let refused = asks.engine.update_delivery_configuration(update).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AccessDenied, "{name}");
    // It is kept, and goes on when the policy is there again.
    owner
        .engine
        .put_delivery_destination_policy("d", &case.policy.as_ref().unwrap().to_string())
        .unwrap();
    let texts: String = asks.arrived().iter().map(text).collect();
    for message in ["before", "staged", "after"] {
        assert_eq!(texts.matches(message).count(), 1, "{name}: {message}");
    }
    crossed
}

#[test]
fn a_source_is_inactive_when_its_log_group_is_gone() {
    let account = account(OWNER, Arc::new(Everything));
    account.source("s", "/app");
    let source = account.engine.get_delivery_source("s").unwrap();
    assert_eq!(account.engine.is_delivery_source_active(&source), Some(true));
    account.engine.delete_log_group(&group("/app")).unwrap();
    assert_eq!(account.engine.is_delivery_source_active(&source), Some(false));
    let resource_arns = vec!["arn:aws:bedrock:eu-west-1:222222222222:knowledge-base/k".to_owned()];
    let other = DeliverySource { resource_arns, ..source };
    assert_eq!(account.engine.is_delivery_source_active(&other), None);
}

#[test]
fn only_the_policy_of_a_destination_lets_other_accounts_deliver() {
    let cases = cases::<Cases>("deliveries.json").cross_account;
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert_eq!(cases.iter().map(check_access).sum::<usize>(), 0, "crossings");
}

#[test]
fn conditions_keep_a_deputy_from_being_confused() {
    let cases = cases::<Cases>("deliveries.json").confused_deputy;
    assert_eq!(cases.len(), 36);
    assert_eq!(cases.iter().map(check_access).sum::<usize>(), 0, "crossings");
}

fn strings(value: &Value) -> Option<Vec<String>> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    value.as_array().map(|all| all.iter().map(text).collect())
}

fn map(value: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

fn owned(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn s3(value: &Value) -> Option<S3DeliveryConfiguration> {
    value.is_object().then(|| S3DeliveryConfiguration {
        suffix_path: owned(&value["suffixPath"]),
        enable_hive_compatible_path: value["enableHiveCompatiblePath"].as_bool() == Some(true),
    })
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// Calls the operation of that name. `ID` is the delivery that is there.
fn call(engine: &Engine, op: &str, request: &Value, id: &str) -> Result<(), Error> {
    let name = request["name"].as_str().unwrap_or_default();
    let id = if request["id"] == "ID" { id } else { request["id"].as_str().unwrap_or_default() };
    let limit = request["limit"].as_u64().map(|limit| limit as usize);
    let token = request["nextToken"].as_str();
    let fields = strings(&request["recordFields"]);
    let (delimiter, s3) =
        (owned(&request["fieldDelimiter"]), s3(&request["s3DeliveryConfiguration"]));
    match op {
        "PutDeliverySource" => engine
            .put_delivery_source(PutDeliverySource {
                name: name.to_owned(),
                resource_arn: owned(&request["resourceArn"]).unwrap(),
                log_type: owned(&request["logType"]).unwrap(),
                tags: map(&request["tags"]),
                delivery_source_configuration: map(&request["deliverySourceConfiguration"]),
            })
            .map(drop),
        "GetDeliverySource" => engine.get_delivery_source(name).map(drop),
        "DeleteDeliverySource" => engine.delete_delivery_source(name),
        "DescribeDeliverySources" => {
            let arns = strings(&request["resourceArns"]);
            engine.describe_delivery_sources(arns.as_deref(), limit, token).map(drop)
        }
        "PutDeliveryDestination" => engine
            .put_delivery_destination(PutDeliveryDestination {
                name: name.to_owned(),
                output_format: typed(&request["outputFormat"]),
                destination_resource_arn: owned(&request["destinationResourceArn"]),
                delivery_destination_type: typed(&request["deliveryDestinationType"]),
                role_arn: owned(&request["roleArn"]),
                tags: map(&request["tags"]),
            })
            .map(drop),
        "GetDeliveryDestination" => engine.get_delivery_destination(name).map(drop),
        "DeleteDeliveryDestination" => engine.delete_delivery_destination(name),
        "DescribeDeliveryDestinations" => {
            engine.describe_delivery_destinations(limit, token).map(drop)
        }
        "PutDeliveryDestinationPolicy" => {
            let policy = request["policy"].as_str().unwrap();
            engine.put_delivery_destination_policy(name, policy).map(drop)
        }
        "GetDeliveryDestinationPolicy" => engine.get_delivery_destination_policy(name).map(drop),
        "DeleteDeliveryDestinationPolicy" => engine.delete_delivery_destination_policy(name),
        "CreateDelivery" => engine
            .create_delivery(CreateDelivery {
                delivery_source_name: owned(&request["deliverySourceName"]).unwrap(),
                delivery_destination_arn: owned(&request["deliveryDestinationArn"]).unwrap(),
                record_fields: fields,
                field_delimiter: delimiter,
                s3_delivery_configuration: s3,
                tags: map(&request["tags"]),
            })
            .map(drop),
        "UpdateDeliveryConfiguration" => {
            engine.update_delivery_configuration(UpdateDeliveryConfiguration {
                id: id.to_owned(),
                record_fields: fields,
                field_delimiter: delimiter,
                s3_delivery_configuration: s3,
            })
        }
        "GetDelivery" => engine.get_delivery(id).map(drop),
        "DeleteDelivery" => engine.delete_delivery(id),
        "DescribeDeliveries" => {
            let names = strings(&request["deliverySourceNames"]);
            engine.describe_deliveries(names.as_deref(), limit, token).map(drop)
        }
        "DescribeConfigurationTemplates" => engine
            .describe_configuration_templates(&DescribeConfigurationTemplates {
                service: owned(&request["service"]),
                log_types: strings(&request["logTypes"]),
                resource_types: strings(&request["resourceTypes"]),
                delivery_destination_types: typed(&request["deliveryDestinationTypes"]),
                limit,
                next_token: token.map(str::to_owned),
            })
            .map(drop),
        other => panic!("{other}: no such operation"),
    }
}

/// An account with two sources, of which one is delivered, and a destination of each kind.
fn furnished() -> (Account, String) {
    let owner = account(OWNER, Arc::new(Everything));
    owner.engine.create_log_group(&group("/new")).unwrap();
    owner.source("s", "/app");
    owner.source("idle", "/idle");
    for (name, resource, format) in [
        ("d", "arn:aws:s3:::bucket", OutputFormat::Json),
        ("idle", "arn:aws:s3:::bucket", OutputFormat::Json),
        ("plain", "arn:aws:s3:::bucket", OutputFormat::Plain),
        ("logs", &group_arn(OWNER, "/app"), OutputFormat::Json),
    ] {
        let request = destination(name, resource, Some(format));
        owner.engine.put_delivery_destination(request).unwrap();
    }
    let to = owner.engine.get_delivery_destination("d").unwrap().arn;
    let id = owner.engine.create_delivery(delivery("s", &to)).unwrap().id;
    (owner, id)
}

#[test]
fn every_operation_keeps_its_limits() {
    let mut fresh = None;
    for case in cases::<Cases>("deliveries.json").limits {
        let (owner, id) = fresh.take().unwrap_or_else(furnished);
        let answer = call(&owner.engine, &case.op, &case.request, &id);
        let code = answer.as_ref().err().map(|error| error.kind().code());
        assert_eq!(code, case.error.as_deref(), "{}: {answer:?}", case.name);
        // What was refused, or only asked, has changed nothing.
        if answer.is_err() || case.op.starts_with("Get") || case.op.starts_with("Describe") {
            fresh = Some((owner, id));
        }
    }
}

#[test]
fn pages_hold_as_many_as_asked_for_and_each_object_once() {
    let owner = account(OWNER, Arc::new(Everything));
    let names: Vec<_> = (0..53).map(|n| format!("d{n:02}")).collect();
    for name in &names {
        let request = destination(name, "arn:aws:s3:::bucket", None);
        owner.engine.put_delivery_destination(request).unwrap();
    }
    for limit in [1, 7, 50] {
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let page =
                owner.engine.describe_delivery_destinations(Some(limit), token.as_deref()).unwrap();
            assert!(page.items.len() == limit || page.next_token.is_none());
            seen.extend(page.items.into_iter().map(|it| it.name));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, names, "{limit} a page");
    }
}

#[test]
fn a_strict_host_demands_two_statements_and_the_template_has_them() {
    let template =
        delivery_destination_policy(&home(OWNER), &AccountId::new("111111111111").unwrap(), "d");
    let whole: Value = serde_json::from_str(&template).unwrap();
    let one = json!({"Version": "2012-10-17", "Statement": whole["Statement"][1]}).to_string();
    let statements = &whole["Statement"];
    let twice = json!({"Version": "2012-10-17", "Statement": [statements[1], {
        "Effect": "Allow", "Principal": "*", "Action": "*",
        "Resource": "arn:aws:logs:eu-west-1:222222222222:delivery-destination:d"}]})
    .to_string();
    let turned =
        json!({"Version": "2012-10-17", "Statement": [statements[1], statements[0]]}).to_string();
    for strict in [false, true] {
        let directory = tempfile::TempDir::new().unwrap();
        let options = OpenOptions { strict_delivery_policies: strict, ..OpenOptions::default() };
        let engine = Engine::open(
            directory.path(),
            options,
            home(OWNER),
            Arc::new(StoppedClock(AtomicI64::new(NOW))),
            Arc::new(Everything),
            Arc::new(InMemory::default()),
        )
        .unwrap();
        engine.put_delivery_destination(destination("d", "arn:aws:s3:::b", None)).unwrap();
        for (policy, fits) in [(&template, true), (&turned, true), (&one, false), (&twice, false)] {
            let put = engine.put_delivery_destination_policy("d", policy);
            assert_eq!(put.is_ok(), fits || !strict, "strict {strict}: {put:?}");
        }
        let refused = engine.put_delivery_destination_policy("d", &one).err();
        assert!(refused.is_none_or(|it| it.kind() == ErrorKind::Validation));
    }
}

/// A producer of load balancer logs.
fn producer(kind: DeliveryDestinationType) -> ConfigurationTemplate {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    ConfigurationTemplate {
        service: "elasticloadbalancing".to_owned(),
        log_type: "ALB_ACCESS_LOGS".to_owned(),
        resource_type: "loadbalancer".to_owned(),
        delivery_destination_type: kind,
        default_delivery_config_values: DeliveryDefaults {
            record_fields: names(&["time", "elb", "ssn"]),
            ..DeliveryDefaults::default()
        },
        allowed_fields: names(&["time", "elb", "ssn", "note"])
            .into_iter()
            .map(|name| AllowedField { mandatory: name == "time", name })
            .collect(),
        allowed_output_formats: vec![
            OutputFormat::Json,
            OutputFormat::W3c,
            OutputFormat::Plain,
            OutputFormat::Raw,
            OutputFormat::Parquet,
        ],
        allowed_action_for_allow_vended_logs_delivery_for_resource: String::new(),
        allowed_field_delimiters: Vec::new(),
        allowed_suffix_path_fields: names(&[
            "yyyy",
            "MM",
            "dd",
            "HH",
            "region",
            "accountid",
            "elb",
        ]),
    }
}

fn record(time: &str, elb: &str, ssn: &str) -> VendedRecord {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = vec![field("time", time), field("elb", elb), field("ssn", ssn)];
    VendedRecord { fields, raw: format!("{time} {elb} ssn {ssn}") }
}

/// An account of the reference's example, at 2026-09-10T07:00Z, whose producer is named.
fn balancer() -> Account {
    let id = AccountId::new("111122223333").unwrap();
    let account = account_in(
        Home { account: id, region: Region::new("us-east-1").unwrap() },
        Arc::new(Everything),
    );
    account.clock.0.store(1_789_023_600_000, Ordering::SeqCst);
    account.engine.name_producer(producer(DeliveryDestinationType::S3)).unwrap();
    account.engine.name_producer(producer(DeliveryDestinationType::Firehose)).unwrap();
    let arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/x";
    let request = PutDeliverySource {
        log_type: "ALB_ACCESS_LOGS".to_owned(),
        ..source("alb", arn.to_owned())
    };
    account.engine.put_delivery_source(request).unwrap();
    account
}

#[test]
fn keys_of_objects_are_those_of_the_reference() {
    for case in cases::<Cases>("deliveries.json").keys {
        let account = balancer();
        let to = destination("d", &case.resource, None);
        let to = account.engine.put_delivery_destination(to).unwrap().arn;
        let request =
            CreateDelivery { s3_delivery_configuration: s3(&case.s3), ..delivery("alb", &to) };
        account.engine.create_delivery(request).unwrap();
        account.engine.put_vended_records("alb", &[record("1", "app/one", "x")]).unwrap();
        let arrived = account.arrived();
        assert_eq!(arrived.len(), 1, "{}", case.name);
        let key = arrived[0].object_key.clone().unwrap();
        let file = key.strip_prefix(&case.start).unwrap_or_else(|| panic!("{}: {key}", case.name));
        assert!(file.starts_with("111122223333_alb_us-east-1_20260910T0700Z_"), "{file}");
        assert!(!file.contains('/') && file.ends_with(".json.gz"), "{file}");
        assert_eq!(arrived[0].destination_arn.as_str(), "arn:aws:s3:::bucket");
        assert_eq!(arrived[0].kind, OutgoingKind::Record);
    }
}

#[test]
fn formats_are_as_the_api_says_and_values_are_masked() {
    let expected = [
        (OutputFormat::Json, None, "{\"time\":\"1\",\"elb\":\"a b\",\"ssn\":\"***********\"}\n"),
        (OutputFormat::Plain, None, "1 a%20b ***********\n"),
        (OutputFormat::Plain, Some("||"), "1||a b||***********\n"),
        (OutputFormat::W3c, None, "#Version: 1.0\n#Fields: time elb ssn\n1\ta b\t***********\n"),
        (OutputFormat::Raw, None, "1 a b ssn ***********\n"),
    ];
    for (format, delimiter, text_expected) in expected {
        let account = balancer();
        let policy = account_policy(
            "p",
            logveil::AccountPolicyType::DataProtection,
            &document("p", &["Ssn-US"], &json!({})),
        );
        account.engine.put_account_policy(policy).unwrap();
        let to = destination("d", "arn:aws:s3:::b", Some(format));
        let to = account.engine.put_delivery_destination(to).unwrap().arn;
        let field_delimiter = delimiter.map(str::to_owned);
        let request = CreateDelivery { field_delimiter, ..delivery("alb", &to) };
        account.engine.create_delivery(request).unwrap();
        account.engine.put_vended_records("alb", &[record("1", "a b", "536-22-8145")]).unwrap();
        let arrived = account.arrived();
        assert_eq!(text(&arrived[0]), text_expected, "{format:?}");
    }
}

#[test]
fn fields_leave_in_the_order_that_was_asked_for() {
    let account = balancer();
    let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Plain));
    let to = account.engine.put_delivery_destination(to).unwrap().arn;
    let fields = |names: [&str; 3]| Some(names.map(str::to_owned).to_vec());
    let record_fields = fields(["time", "ssn", "elb"]);
    let request = CreateDelivery { record_fields, ..delivery("alb", &to) };
    let id = account.engine.create_delivery(request).unwrap().id;
    let leaves = || {
        account.engine.put_vended_records("alb", &[record("1", "two", "three")]).unwrap();
        text(&account.arrived()[0])
    };
    assert_eq!(leaves(), "1 three two\n");
    let record_fields = fields(["elb", "time", "ssn"]);
    let update = UpdateDeliveryConfiguration { id, record_fields, ..Default::default() };
    account.engine.update_delivery_configuration(update).unwrap();
    assert_eq!(leaves(), "two 1 three\n");
}

#[test]
fn parquet_is_written_by_the_encoder_of_the_host() {
    let account = balancer();
    let encode = |fields: &[String], rows: &[Vec<String>]| {
        Some(format!("{}\n{rows:?}", fields.join(",")).into_bytes())
    };
    account.engine.encode_parquet_with(Arc::new(encode));
    let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Parquet));
    let to = account.engine.put_delivery_destination(to).unwrap().arn;
    account.engine.create_delivery(delivery("alb", &to)).unwrap();
    account.engine.put_vended_records("alb", &[record("1", "a", "x")]).unwrap();
    let arrived = account.arrived();
    assert_eq!(text(&arrived[0]), "time,elb,ssn\n[[\"1\", \"a\", \"x\"]]");
    assert!(arrived[0].object_key.as_deref().unwrap().ends_with(".parquet"));
}

const CANARIES: [&str; 3] = ["536-22-8145", "jane@example.com", "219-09-9998"];

#[test]
fn no_original_reaches_any_delivery() {
    let owner = account(OWNER, Arc::new(Everything));
    owner.source("s", "/app");
    owner.engine.create_log_group(&group("/copy")).unwrap();
    let policy = document("p", &["Ssn-US", "EmailAddress"], &json!({}));
    let policy = account_policy("p", logveil::AccountPolicyType::DataProtection, &policy);
    owner.engine.put_account_policy(policy).unwrap();
    for kind in [DeliveryDestinationType::S3, DeliveryDestinationType::Firehose] {
        owner.engine.name_producer(producer(kind)).unwrap();
    }
    let alb = "arn:aws:elasticloadbalancing:eu-west-1:222222222222:loadbalancer/app/x";
    let request = PutDeliverySource {
        log_type: "ALB_ACCESS_LOGS".to_owned(),
        ..source("alb", alb.to_owned())
    };
    owner.engine.put_delivery_source(request).unwrap();
    let firehose = "arn:aws:firehose:eu-west-1:222222222222:deliverystream/f";
    let copy = group_arn(OWNER, "/copy");
    let mut made = 0;
    for (resource, formats) in [
        ("arn:aws:s3:::b", "json plain w3c raw"),
        (firehose, "json plain raw"),
        (copy.as_str(), "json plain raw"),
    ] {
        for format in formats.split(' ') {
            let name = format!("d{made}");
            let format = typed(&json!(format));
            let to = destination(&name, resource, format);
            let to = owner.engine.put_delivery_destination(to).unwrap().arn;
            owner.engine.create_delivery(delivery("s", &to)).unwrap();
            if resource != copy {
                owner.engine.create_delivery(delivery("alb", &to)).unwrap();
            }
            made += 1;
        }
    }
    owner.put("/app", &["ssn 536-22-8145", "to jane@example.com", "clean"]);
    owner
        .engine
        .put_vended_records("alb", &[record("1", "jane@example.com", "219-09-9998")])
        .unwrap();
    let arrived = owner.arrived();
    assert_eq!(arrived.len(), 20, "8 objects, 12 records");
    let mut all: Vec<String> = arrived.iter().map(text).collect();
    all.extend(arrived.iter().filter_map(|it| it.object_key.clone()));
    let request = logveil::GetLogEvents::new(group("/copy"), stream("s"));
    let copied = owner.engine.get_log_events(&request).unwrap().events;
    assert_eq!(copied.len(), 9, "three formats of three events");
    all.extend(copied.iter().map(|event| event.message.reveal().to_owned()));
    for text in &all {
        assert!(!CANARIES.iter().any(|canary| text.contains(canary)), "a canary got out");
    }
    assert!(all.iter().any(|text| text.contains("***********")), "masked text did arrive");
}

#[test]
fn an_engine_opened_again_has_the_same_objects_and_delivers_what_was_staged() {
    let directory = tempfile::TempDir::new().unwrap();
    let open = || world_at(directory.path(), with_keys(Durability::Synced)).unwrap();
    let answers = |engine: &Engine| {
        let sources = engine.describe_delivery_sources(None, None, None).unwrap().items;
        let destinations = engine.describe_delivery_destinations(None, None).unwrap().items;
        let deliveries = engine.describe_deliveries(None, None, None).unwrap().items;
        let policy = engine.get_delivery_destination_policy("d").unwrap();
        format!("{sources:?}{destinations:?}{deliveries:?}{policy}")
    };
    let world = open();
    world.make("/app", "s");
    let request = source("s", group_arn("123456789012", "/app"));
    let tags = BTreeMap::from([("k".to_owned(), "é".to_owned())]);
    world.engine.put_delivery_source(PutDeliverySource { tags, ..request }).unwrap();
    let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Raw));
    let to = world.engine.put_delivery_destination(to).unwrap().arn;
    let template =
        delivery_destination_policy(&home("123456789012"), &AccountId::new(OWNER).unwrap(), "d");
    world.engine.put_delivery_destination_policy("d", &template).unwrap();
    world.engine.create_delivery(delivery("s", &to)).unwrap();
    world.put("/app", "s", &["one", "two"]);
    let before = answers(&world.engine);
    drop(world);

    let world = open();
    assert_eq!(answers(&world.engine), before);
    world.put("/app", "s", &["three"]);
    world.engine.flush_deliveries().unwrap();
    drop(world);

    let world = open();
    let arrived = world.delivered();
    assert_eq!(arrived.iter().map(text).collect::<Vec<_>>(), ["one\ntwo\nthree\n"]);
    drop(world);
    assert_eq!(open().delivered().len(), 0, "nothing twice");
}

#[test]
fn what_is_deleted_is_delivered_no_more() {
    let owner = account(OWNER, Arc::new(Everything));
    owner.source("s", "/app");
    let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Raw));
    let to = owner.engine.put_delivery_destination(to).unwrap().arn;
    let id = owner.engine.create_delivery(delivery("s", &to)).unwrap().id;
    owner.put("/app", &["queued"]);
    owner.engine.flush_deliveries().unwrap();
    owner.put("/app", &["staged"]);
    owner.engine.delete_delivery(&id).unwrap();
    owner.put("/app", &["later"]);
    assert_eq!(owner.arrived().len(), 0);
    assert_eq!(
        owner.engine.metrics().deliveries_dropped,
        2,
        "an object, and a batch before it was one"
    );
    let counted = forwarding(&owner.engine, &id);
    assert_eq!((counted.dropped, counted.destination_type.as_str()), (2, "s3"));
    owner.engine.delete_delivery_destination("d").unwrap();
    owner.engine.delete_delivery_source("s").unwrap();
}

/// Rolls over as simply as can be: an object is closed five minutes after its first record.
fn oracle(steps: &[(i64, Vec<String>)]) -> Vec<(i64, String)> {
    let mut objects = Vec::new();
    let mut open: Option<(i64, String)> = None;
    for (at, messages) in steps {
        if let Some((since, lines)) = open.take_if(|(since, _)| at - *since >= FIVE_MINUTES) {
            objects.push((since, lines));
        }
        if !messages.is_empty() {
            let (_, lines) = open.get_or_insert((*at, String::new()));
            messages.iter().for_each(|message| lines.push_str(&format!("{message}\n")));
        }
    }
    objects.extend(open);
    objects
}

#[test]
fn objects_roll_over_as_a_simple_oracle_says() {
    let rounds = std::env::var("LOGVEIL_LONG").ok().and_then(|n| n.parse().ok()).unwrap_or(1) * 40;
    for seed in 1..=rounds {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed);
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) % n
        };
        let owner = account(OWNER, Arc::new(Everything));
        owner.source("s", "/app");
        let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Raw));
        let to = owner.engine.put_delivery_destination(to).unwrap().arn;
        owner.engine.create_delivery(delivery("s", &to)).unwrap();
        let (mut now, mut steps, mut number) = (NOW, Vec::new(), 0);
        for _ in 0..20 {
            now += [1, 1000, 60_000, FIVE_MINUTES - 1, FIVE_MINUTES][below(5) as usize];
            owner.clock.0.store(now, Ordering::SeqCst);
            owner.engine.deliver_due();
            let messages: Vec<_> = (0..below(3))
                .map(|_| {
                    number += 1;
                    format!("m{number}")
                })
                .collect();
            if !messages.is_empty() {
                owner.put("/app", &messages.iter().map(String::as_str).collect::<Vec<_>>());
            }
            steps.push((now, messages));
        }
        owner.engine.flush_deliveries().unwrap();
        owner.engine.deliver_pending();
        let arrived: Vec<_> = owner.sink.delivered().iter().map(text).collect();
        let expected: Vec<_> = oracle(&steps).into_iter().map(|(_, lines)| lines).collect();
        assert_eq!(arrived, expected, "seed {seed}");
    }
}

#[test]
fn an_object_that_is_full_leaves_before_its_time() {
    let owner = account(OWNER, Arc::new(Everything));
    owner.source("s", "/app");
    let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Raw));
    let to = owner.engine.put_delivery_destination(to).unwrap().arn;
    owner.engine.create_delivery(delivery("s", &to)).unwrap();
    let large = "x".repeat(1_000_000);
    for _ in 0..4 {
        owner.put("/app", &[&large]);
    }
    owner.engine.deliver_due();
    assert_eq!(owner.sink.delivered().len(), 0, "4 MB are not 4 MiB");
    owner.put("/app", &[&large]);
    owner.engine.deliver_due();
    let arrived = owner.sink.delivered();
    assert_eq!(arrived.len(), 1);
    assert_eq!(text(&arrived[0]).len(), 4 * 1_000_001);
}

#[test]
fn a_producer_belongs_to_its_host_and_nobody_delivers_what_is_not_named() {
    let owner = account(OWNER, Arc::new(Everything));
    let mut template = producer(DeliveryDestinationType::S3);
    template.service = "logs".to_owned();
    assert_eq!(owner.engine.name_producer(template).unwrap_err().kind(), ErrorKind::Validation);
    let error = owner.engine.put_vended_records("alb", &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceNotFound);
    owner.source("s", "/app");
    let error = owner.engine.put_vended_records("s", &[record("1", "a", "b")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOperation);
    let request = DescribeConfigurationTemplates::default();
    assert_eq!(owner.engine.describe_configuration_templates(&request).unwrap().items.len(), 3);
}

/// What became of one delivery.
fn forwarding(engine: &Engine, id: &str) -> Forwarding {
    let all = engine.metrics().forwarding;
    let of_it: Vec<_> = all.into_iter().filter(|it| it.name == id).collect();
    assert_eq!(of_it.len(), 1, "one name: {of_it:?}");
    of_it.into_iter().next().unwrap()
}

/// The texts of a log group, in order.
fn texts(engine: &Engine, name: &str) -> Vec<String> {
    let (mut texts, mut request) = (Vec::new(), FilterLogEvents::new(group(name)));
    loop {
        let page = engine.filter_log_events(&request).unwrap();
        texts.extend(page.events.iter().map(|event| event.message.reveal().to_owned()));
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            return texts;
        }
    }
}

/// A log group `/copy`, with a delivery from source `s`.
fn copied(owner: &Account, format: OutputFormat) -> String {
    owner.engine.create_log_group(&group("/copy")).unwrap();
    let to = destination("copy", &group_arn(owner.id(), "/copy"), Some(format));
    let to = owner.engine.put_delivery_destination(to).unwrap().arn;
    owner.engine.create_delivery(delivery("s", &to)).unwrap().id
}

const DAY: i64 = 24 * 60 * 60 * 1000;

#[test]
fn a_record_that_grew_too_large_for_a_log_group_is_set_aside_and_counted() {
    let owner = account(OWNER, Arc::new(Everything));
    owner.source("s", "/app");
    let id = copied(&owner, OutputFormat::Json);
    owner.put("/app", &[&"\"".repeat(600_000), "small"]);
    let arrived = owner.arrived();
    assert_eq!(texts(&owner.engine, "/copy").len(), 1);
    let counted = forwarding(&owner.engine, &id);
    assert_eq!((counted.set_aside, counted.deliveries, counted.dropped), (1, 1, 0));
    assert_eq!((counted.forwarded_log_events, counted.destination_type.as_str()), (1, "logs"));
    assert!(counted.forwarded_bytes > 0);
    let kinds: Vec<_> = arrived.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [OutgoingKind::DeadLetter], "the host sets it aside");
}

#[test]
fn what_waits_for_a_log_group_that_is_gone_comes_when_it_is_made_again() {
    let owner = account(OWNER, Arc::new(Everything));
    owner.source("s", "/app");
    let id = copied(&owner, OutputFormat::Raw);
    owner.engine.delete_log_group(&group("/copy")).unwrap();
    owner.put("/app", &["one"]);
    owner.put("/app", &["two"]);
    assert_eq!(owner.arrived().len(), 0);
    assert!(owner.engine.metrics().deliveries_waiting > 0);
    // Whoever calls when something is due is not called again at once.
    let due = owner.engine.deliver_due().unwrap();
    assert!(due > NOW, "{due}");
    owner.engine.create_log_group(&group("/copy")).unwrap();
    owner.clock.0.store(NOW + FIVE_MINUTES * 2, Ordering::SeqCst);
    while owner.engine.deliver_due().is_some_and(|due| due <= owner.clock.now_ms()) {}
    assert_eq!(texts(&owner.engine, "/copy"), ["one", "two"]);
    assert_eq!(forwarding(&owner.engine, &id).deliveries, 2);

    owner.engine.delete_log_group(&group("/copy")).unwrap();
    owner.put("/app", &["three"]);
    owner.arrived();
    owner.clock.0.fetch_add(DAY, Ordering::SeqCst);
    owner.arrived();
    assert_eq!(forwarding(&owner.engine, &id).dropped, 1);
    assert_eq!(owner.engine.metrics().deliveries_waiting, 0);
    owner.engine.create_log_group(&group("/copy")).unwrap();
    owner.arrived();
    assert!(texts(&owner.engine, "/copy").is_empty());
}

#[test]
fn a_delivery_that_fails_blocks_no_other_and_repeats_nothing() {
    let directory = tempfile::TempDir::new().unwrap();
    let options = OpenOptions { backlog_entries_max: 1, ..with_keys(Durability::Synced) };
    let world = world_at(directory.path(), options).unwrap();
    let id = home("123456789012").account.as_str().to_owned();
    world.make("/app", "s");
    world.make("/copy", "s");
    world.engine.put_delivery_source(source("s", group_arn(&id, "/app"))).unwrap();
    // The log group takes one batch, and then no other until the stream behind it takes that.
    let request = PutSubscriptionFilter {
        log_group_name: group("/copy"),
        filter_name: FilterName::new("f").unwrap(),
        filter_pattern: FilterPattern::default(),
        destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/k"),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
        distribution: Distribution::ByLogStream,
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
    };
    world.engine.put_subscription_filter(request).unwrap();
    world.engine.deliver_pending();
    world.destination.fail(|it| match it.destination_arn.service() {
        "kinesis" => Err(DeliveryError::Throttled),
        _ => Ok(()),
    });
    let copy = destination("copy", &group_arn(&id, "/copy"), Some(OutputFormat::Raw));
    let copy = world.engine.put_delivery_destination(copy).unwrap().arn;
    world.engine.create_delivery(delivery("s", &copy)).unwrap();
    for n in 0..8 {
        let to = destination(&format!("d{n}"), &format!("arn:aws:s3:::b{n}"), None);
        let to = world.engine.put_delivery_destination(to).unwrap().arn;
        world.engine.create_delivery(delivery("s", &to)).unwrap();
    }
    let large = ["a", "b"].map(|text| text.repeat(700_000));
    large.iter().for_each(|text| world.put("/app", "s", &[text]));
    drop(world.engine.flush_deliveries());
    world.engine.deliver_pending();
    assert!(texts(&world.engine, "/copy") == large[..1], "the first batch");
    let objects = |world: &World| {
        let all = world.destination.kept.delivered();
        all.iter().filter(|it| it.object_key.is_some()).count()
    };
    assert_eq!(objects(&world), 8, "the others have left");
    for _ in 0..3 {
        drop(world.engine.flush_deliveries());
        world.engine.deliver_pending();
    }
    assert!(texts(&world.engine, "/copy") == large[..1], "nothing twice");
    world.destination.fail(|_| Ok(()));
    for _ in 0..3 {
        world.engine.flush_deliveries().unwrap();
        world.engine.deliver_pending();
    }
    assert!(texts(&world.engine, "/copy") == large, "nothing twice, nothing lost");
    assert_eq!(objects(&world), 8);
}

#[test]
fn what_cannot_roll_over_is_tried_less_and_less_and_dropped_after_a_day() {
    // A destination of another account that is out of sight, and an encoder that fails.
    for out_of_sight in [true, false] {
        let directory = Arc::new(Accounts::default());
        let owner = account(OWNER, Arc::new(Everything));
        drop(directory.0.set(Arc::downgrade(&owner.engine)));
        let asks = account("111111111111", Arc::clone(&directory) as _);
        let id = if out_of_sight {
            let to = destination("d", "arn:aws:s3:::b", None);
            let to = owner.engine.put_delivery_destination(to).unwrap().arn;
            let source = AccountId::new("111111111111").unwrap();
            let policy = delivery_destination_policy(&home(OWNER), &source, "d");
            owner.engine.put_delivery_destination_policy("d", &policy).unwrap();
            asks.source("s", "/app");
            asks.engine.create_delivery(delivery("s", &to)).unwrap().id
        } else {
            asks.engine.encode_parquet_with(Arc::new(|_: &[String], _: &[Vec<String>]| None));
            asks.engine.name_producer(producer(DeliveryDestinationType::S3)).unwrap();
            let to = destination("d", "arn:aws:s3:::b", Some(OutputFormat::Parquet));
            let to = asks.engine.put_delivery_destination(to).unwrap().arn;
            let alb = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/x";
            let request = source("s", alb.to_owned());
            let log_type = "ALB_ACCESS_LOGS".to_owned();
            asks.engine.put_delivery_source(PutDeliverySource { log_type, ..request }).unwrap();
            asks.engine.create_delivery(delivery("s", &to)).unwrap().id
        };
        drop(owner);
        match out_of_sight {
            true => asks.put("/app", &["x"]),
            false => asks.engine.put_vended_records("s", &[record("1", "a", "b")]).unwrap(),
        }
        assert_eq!(asks.engine.metrics().deliveries_waiting, 1, "{out_of_sight}");
        let mut turns = 0;
        while let Some(due) = asks.engine.deliver_due() {
            let now = asks.clock.now_ms();
            assert!(due > now, "{out_of_sight}: a host would spin at {}", now - NOW);
            assert!(now - NOW < DAY + FIVE_MINUTES * 4, "{out_of_sight}: it stays for ever");
            asks.clock.0.store(due, Ordering::SeqCst);
            turns += 1;
        }
        assert!((10..1000).contains(&turns), "{out_of_sight}: {turns} turns");
        assert!(asks.clock.now_ms() - NOW >= DAY);
        let counted = forwarding(&asks.engine, &id);
        assert_eq!((counted.dropped, counted.destination_type.as_str()), (1, "s3"));
        assert_eq!(asks.engine.metrics().deliveries_waiting, 0);
        assert_eq!(asks.sink.delivered().len(), 0);
    }
}
