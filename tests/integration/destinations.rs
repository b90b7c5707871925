//! Logical destinations: who may send through them, across accounts, and what is kept of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use logveil::{
    AccountId, Arn, DescribeDestinations, Destination, DestinationName, Directory, Distribution,
    Engine, ErrorKind, FilterName, FilterPattern, InMemory, OpenOptions, OutgoingKind,
    PutDestination, PutDestinationPolicy, PutSubscriptionFilter, Resolved,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cases;
use crate::support::world::{NOW, StoppedClock, arn, batch, group, home, payload, stream};

const SENDER: &str = "111111111111";
const OWNER: &str = "222222222222";
const TARGET: &str = "arn:aws:kinesis:eu-west-1:222222222222:stream/target";
const LOGICAL: &str = "arn:aws:logs:eu-west-1:222222222222:destination:shared";

/// Knows the engines of all accounts, and who is in which organization.
#[derive(Default)]
struct Accounts {
    engines: OnceLock<Vec<Weak<Engine>>>,
    organizations: Mutex<BTreeMap<String, String>>,
}

impl Directory for Accounts {
    fn exists(&self, arn: &Arn) -> bool {
        !arn.as_str().contains("missing")
    }

    fn resolve(&self, destination: &Arn, sender: &AccountId) -> Resolved {
        let mut engines = self.engines.get().into_iter().flatten().filter_map(Weak::upgrade);
        let owner = engines.find(|it| it.home().account.as_str() == destination.account());
        owner.map_or(Resolved::Missing, |it| it.resolve_destination(destination, sender))
    }

    fn organization(&self, account: &AccountId) -> Option<String> {
        self.organizations.lock().unwrap().get(account.as_str()).cloned()
    }
}

struct World {
    sender: Arc<Engine>,
    owner: Arc<Engine>,
    accounts: Arc<Accounts>,
    clock: Arc<StoppedClock>,
    sink: Arc<InMemory>,
    path: TempDir,
}

fn open(
    path: &Path,
    account: &str,
    world: (&Arc<Accounts>, &Arc<StoppedClock>, &Arc<InMemory>),
) -> Arc<Engine> {
    let (accounts, clock, sink) = world;
    let (accounts, sink) = (Arc::clone(accounts), Arc::clone(sink) as Arc<dyn Destination>);
    let path = path.join(account);
    Arc::new(
        Engine::open(path, OpenOptions::default(), home(account), clock.clone(), accounts, sink)
            .unwrap(),
    )
}

fn world() -> World {
    let path = TempDir::new().unwrap();
    let (accounts, sink) = (Arc::new(Accounts::default()), Arc::new(InMemory::default()));
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let shared = (&accounts, &clock, &sink);
    let (sender, owner) = (open(path.path(), SENDER, shared), open(path.path(), OWNER, shared));
    let engines = vec![Arc::downgrade(&sender), Arc::downgrade(&owner)];
    accounts.engines.set(engines).unwrap();
    sender.create_log_group(&group("/app")).unwrap();
    sender.create_log_stream(&group("/app"), &stream("s")).unwrap();
    World { sender, owner, accounts, clock, sink, path }
}

fn name(text: &str) -> DestinationName {
    DestinationName::new(text).unwrap()
}

fn destination(text: &str) -> PutDestination {
    PutDestination {
        destination_name: name(text),
        target_arn: arn(TARGET),
        role_arn: arn("arn:aws:iam::222222222222:role/r"),
        tags: BTreeMap::new(),
    }
}

fn filter() -> PutSubscriptionFilter {
    PutSubscriptionFilter {
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
        log_group_name: group("/app"),
        filter_name: FilterName::new("f").unwrap(),
        filter_pattern: FilterPattern::default(),
        destination_arn: arn(LOGICAL),
        role_arn: None,
        distribution: Distribution::ByLogStream,
    }
}

impl World {
    fn allow(&self, policy: &Value, force_update: bool) -> Result<(), logveil::Error> {
        let access_policy = policy.to_string();
        let destination_name = name("shared");
        let request = PutDestinationPolicy { destination_name, access_policy, force_update };
        self.owner.put_destination_policy(request)
    }

    /// The messages that arrived at the target.
    fn arrived(&self) -> Vec<String> {
        let delivered = self.sink.delivered();
        let data = delivered.iter().filter(|it| it.kind == OutgoingKind::Data);
        assert!(data.clone().all(|it| it.destination_arn.as_str() == TARGET));
        data.flat_map(|it| payload(it).log_events).map(|event| event.message).collect()
    }
}

fn account(id: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": id},
        "Action": "logs:PutSubscriptionFilter", "Resource": LOGICAL}]})
}

fn organization(id: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "logs:PutSubscriptionFilter", "Resource": LOGICAL,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": [id]}}}]})
}

#[test]
fn events_of_another_account_arrive_as_long_as_the_policy_allows_it() {
    let world = world();
    let put = || world.sender.put_subscription_filter(filter());
    assert_eq!(put().unwrap_err().kind(), ErrorKind::InvalidParameter, "it does not exist");
    let made = world.owner.put_destination(destination("shared")).unwrap();
    assert_eq!((made.arn.as_str(), made.access_policy.as_deref()), (LOGICAL, None));
    world.owner.deliver_pending();
    let control = world.sink.delivered().remove(0);
    assert_eq!((control.kind, control.destination_arn.as_str()), (OutgoingKind::Control, TARGET));
    assert_eq!(put().unwrap_err().kind(), ErrorKind::AccessDenied, "nobody else may, without");
    world.allow(&account("333333333333"), false).unwrap();
    assert_eq!(put().unwrap_err().kind(), ErrorKind::AccessDenied);
    world.allow(&account(SENDER), false).unwrap();
    put().unwrap();
    let send = |text: &str| {
        world.sender.put_log_events(batch("/app", "s", &[text])).unwrap();
        world.sender.deliver_pending()
    };
    send("one");
    assert_eq!(world.arrived(), ["one"]);
    world.allow(&account("333333333333"), false).unwrap();
    assert_eq!(send("two").waiting, 1, "the next payload is stopped, and kept");
    assert_eq!(world.arrived(), ["one"]);
    world.allow(&account(SENDER), false).unwrap();
    world.sender.deliver_pending();
    assert_eq!(world.arrived(), ["one", "two"]);
    world.owner.delete_destination(&name("shared")).unwrap();
    assert_eq!(send("three").waiting, 1, "the filter is disabled");
    assert_eq!(world.arrived(), ["one", "two"]);
    assert_eq!(put().unwrap_err().kind(), ErrorKind::InvalidParameter);
    let pause = world.sender.deliver_due().expect("it is tried again") - NOW;
    assert!((1..=10 * 60 * 1000).contains(&pause), "{pause} ms");
}

#[test]
fn an_organization_is_allowed_by_its_id_and_replaces_accounts_only_by_force() {
    let world = world();
    world.owner.put_destination(destination("shared")).unwrap();
    world.allow(&account(SENDER), false).unwrap();
    let refused = world.allow(&organization("o-ours"), false).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
    assert!(refused.message().contains("forceUpdate"), "{refused}");
    world.allow(&organization("o-ours"), true).unwrap();
    let put = || world.sender.put_subscription_filter(filter()).map_err(|error| error.kind());
    assert_eq!(put(), Err(ErrorKind::AccessDenied), "of no organization");
    let of = |id: &str| {
        world.accounts.organizations.lock().unwrap().insert(SENDER.to_owned(), id.to_owned())
    };
    of("o-other");
    assert_eq!(put(), Err(ErrorKind::AccessDenied));
    of("o-ours");
    assert_eq!(put(), Ok(()));
    world.allow(&organization("o-other"), false).unwrap();
    assert_eq!(put(), Err(ErrorKind::AccessDenied));
}

/// One request that has to be refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    target: Option<String>,
    role: Option<String>,
    policy: Option<Value>,
    policy_text: Option<String>,
    message: String,
}

#[test]
fn faulty_destinations_and_policies_are_refused() {
    let world = world();
    world.owner.put_destination(destination("shared")).unwrap();
    for case in cases::<Vec<Case>>("destinations.json") {
        let mut request = destination("other");
        if let Some(target) = &case.target {
            request.target_arn = arn(target);
        }
        if let Some(role) = &case.role {
            request.role_arn = arn(role);
        }
        let policy = case.policy.as_ref().map(Value::to_string).or(case.policy_text.clone());
        let refused = match policy {
            Some(access_policy) => world.owner.put_destination_policy(PutDestinationPolicy {
                destination_name: name("shared"),
                access_policy,
                force_update: false,
            }),
            None => world.owner.put_destination(request).map(drop),
        };
        let refused = refused.expect_err(&case.name);
        assert_eq!(refused.kind(), ErrorKind::InvalidParameter, "{}", case.name);
        assert!(refused.message().contains(&case.message), "{}: {refused}", case.name);
        assert!(!refused.to_string().contains("canary"), "{}", case.name);
    }
    let long = format!("{:5121}", account(SENDER).to_string());
    let request = |destination_name, access_policy: String| PutDestinationPolicy {
        destination_name,
        access_policy,
        force_update: false,
    };
    let put = |request| world.owner.put_destination_policy(request).map_err(|error| error.kind());
    assert_eq!(put(request(name("shared"), long)), Err(ErrorKind::InvalidParameter));
    let longest = format!("{:5120}", account(SENDER).to_string());
    assert_eq!(put(request(name("shared"), longest)), Ok(()));
    let unknown = put(request(name("unknown"), account(SENDER).to_string()));
    assert_eq!(unknown, Err(ErrorKind::InvalidParameter), "the API lists no other error");
    let deleted = world.owner.delete_destination(&name("unknown")).unwrap_err();
    assert_eq!(deleted.kind(), ErrorKind::ResourceNotFound);
    for text in ["", "a:b", "a*", "a b", &"a".repeat(513)] {
        assert!(DestinationName::new(text).is_err(), "{text}");
    }
}

#[test]
fn destinations_are_described_in_pages_and_kept() {
    let world = world();
    for number in 0..7 {
        world.clock.0.fetch_add(1, Ordering::SeqCst);
        world.owner.put_destination(destination(&format!("d{number}"))).unwrap();
    }
    world.owner.put_destination(destination("shared")).unwrap();
    world.allow(&account(SENDER), false).unwrap();
    let all = |engine: &Engine| {
        let mut found = Vec::new();
        let mut request = DescribeDestinations { limit: Some(3), ..Default::default() };
        loop {
            let page = engine.describe_destinations(&request).unwrap();
            assert!(page.destinations.len() <= 3);
            found.extend(page.destinations);
            request.next_token = page.next_token;
            if request.next_token.is_none() {
                return found;
            }
        }
    };
    let before = all(&world.owner);
    let names: Vec<_> = before.iter().map(|it| it.destination_name.as_str()).collect();
    assert_eq!(names, ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "shared"]);
    assert_eq!(before[1].creation_time, NOW + 2);
    assert_eq!(before[7].access_policy, Some(account(SENDER).to_string()));
    // An update keeps the policy and the time of creation.
    let other = "arn:aws:firehose:us-east-1:222222222222:deliverystream/other";
    let changed = PutDestination { target_arn: arn(other), ..destination("shared") };
    let changed = world.owner.put_destination(changed).unwrap();
    assert_eq!(changed.access_policy, before[7].access_policy);
    assert_eq!((changed.creation_time, changed.target_arn.as_str()), (NOW + 7, other));
    let prefix = DescribeDestinations {
        destination_name_prefix: Some("sh".to_owned()),
        ..Default::default()
    };
    assert_eq!(world.owner.describe_destinations(&prefix).unwrap().destinations, [changed]);
    let before = all(&world.owner);
    let World { sender, owner, accounts, clock, sink, path } = world;
    drop((sender, owner));
    let again = open(path.path(), OWNER, (&accounts, &clock, &sink));
    assert_eq!(all(&again), before);
    let sender = AccountId::new(SENDER).unwrap();
    assert_eq!(again.resolve_destination(&arn(LOGICAL), &sender), Resolved::Target(arn(other)));
    again.delete_destination(&name("shared")).unwrap();
    drop(again);
    let again = open(path.path(), OWNER, (&accounts, &clock, &sink));
    assert_eq!(all(&again), before[..7]);
}
