//! The world around an engine: a clock that stands still, a directory in which everything but what
//! is called `missing` exists, destinations that fail on demand.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use logveil::{
    AccountId, AccountPolicyType, Arn, Authorizer, Clock, DataKey, Delivered, DeliveryError,
    Destination, Directory, Durability, Engine, Error, GetLogEvents, Home, InMemory, InputLogEvent,
    KeyContext, KeyError, KeyProvider, LogGroupName, LogStreamName, OpenOptions, Outgoing, Payload,
    Principal, PutAccountPolicy, PutDataProtectionPolicy, PutLogEvents, RawMessage, Region,
    WrappedKey, Zeroizing, decode,
};
use serde_json::{Value, json};

/// 2027-01-15T08:00:00Z.
pub const NOW: i64 = 1_800_000_000_000;

pub struct StoppedClock(pub AtomicI64);

impl Clock for StoppedClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Everything exists but what has `missing` in its ARN; of log groups only what has `elsewhere`.
pub struct Everything;

impl Directory for Everything {
    fn exists(&self, arn: &Arn) -> bool {
        let name = arn.as_str();
        let log_group = arn.resource().starts_with("log-group:");
        !name.contains("missing") && (!log_group || name.contains("elsewhere"))
    }
}

/// Allows one principal, on one resource.
pub struct Allow(pub &'static str, pub String);

impl Authorizer for Allow {
    fn allows(&self, principal: &Principal, action: &str, resource_arn: &str) -> bool {
        principal.as_str() == self.0 && action == "logs:Unmask" && resource_arn == self.1
    }
}

type Fault = Box<dyn FnMut(&Outgoing<'_>) -> Result<(), DeliveryError> + Send>;

/// Fails when it is told to, and keeps the rest.
pub struct Faulty {
    pub kept: InMemory,
    fault: Mutex<Fault>,
}

impl Faulty {
    pub fn fail(
        &self,
        fault: impl FnMut(&Outgoing<'_>) -> Result<(), DeliveryError> + Send + 'static,
    ) {
        *self.fault.lock().unwrap() = Box::new(fault);
    }
}

impl Destination for Faulty {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let mut fault = self.fault.lock().unwrap();
        let deliver = |outgoing| {
            fault(outgoing)?;
            self.kept.deliver(&[*outgoing]).remove(0)
        };
        batch.iter().map(deliver).collect()
    }
}

pub struct World {
    pub engine: Engine,
    pub clock: Arc<StoppedClock>,
    pub destination: Arc<Faulty>,
}

/// An engine of account 123456789012 in eu-west-1.
pub fn world() -> World {
    world_of("123456789012")
}

pub fn world_of(account: &str) -> World {
    let (clock, destination) = surroundings();
    let engine = Engine::new(
        home(account),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::new(Everything),
        Arc::clone(&destination) as Arc<dyn Destination>,
    );
    World { engine, clock, destination }
}

/// An engine of account 123456789012 in eu-west-1 that is kept in a directory.
pub fn world_at(path: &Path, options: OpenOptions) -> Result<World, Error> {
    let (clock, destination) = surroundings();
    let engine = Engine::open(
        path,
        options,
        home("123456789012"),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::new(Everything),
        Arc::clone(&destination) as Arc<dyn Destination>,
    )?;
    Ok(World { engine, clock, destination })
}

/// Options with a key provider whose keys are no secret.
pub fn with_keys(durability: Durability) -> OpenOptions {
    OpenOptions { durability, key_provider: Some(Arc::new(PlainKeys)), ..OpenOptions::default() }
}

pub fn home(account: &str) -> Home {
    Home { account: AccountId::new(account).unwrap(), region: Region::new("eu-west-1").unwrap() }
}

fn surroundings() -> (Arc<StoppedClock>, Arc<Faulty>) {
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let fault = Mutex::new(Box::new(|_: &Outgoing<'_>| Ok(())) as Fault);
    (clock, Arc::new(Faulty { kept: InMemory::default(), fault }))
}

/// Keeps data keys as they are, each behind its context.
pub struct PlainKeys;

impl KeyProvider for PlainKeys {
    fn key_id(&self) -> String {
        "plain".to_owned()
    }

    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError> {
        let number = context.log_group_number.wrapping_mul(31) + context.day.unsigned_abs();
        let mut plaintext = Zeroizing::new([7; 32]);
        plaintext[..8].copy_from_slice(&number.to_le_bytes());
        let wrapped = WrappedKey { key_id: self.key_id(), bytes: plaintext.to_vec() };
        Ok(DataKey { plaintext, wrapped })
    }

    fn decrypt(
        &self,
        wrapped: &WrappedKey,
        _: &KeyContext,
    ) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        wrapped.bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyError::Refused)
    }

    fn re_encrypt(&self, wrapped: &WrappedKey, _: &KeyContext) -> Result<WrappedKey, KeyError> {
        Ok(wrapped.clone())
    }
}

/// The world with a log group and a log stream in it.
pub fn world_with(log_group: &str, log_stream: &str) -> World {
    let world = world();
    world.make(log_group, log_stream);
    world
}

impl World {
    pub fn make(&self, log_group: &str, log_stream: &str) {
        self.engine.create_log_group(&group(log_group)).unwrap();
        self.engine.create_log_stream(&group(log_group), &stream(log_stream)).unwrap();
    }

    /// Puts messages, each a millisecond after the other, the last one now.
    pub fn put(&self, log_group: &str, log_stream: &str, messages: &[&str]) {
        self.engine.put_log_events(batch(log_group, log_stream, messages)).unwrap();
    }

    /// The messages of a log stream, as a caller without a grant sees them.
    pub fn read(&self, log_group: &str, log_stream: &str) -> Vec<String> {
        let request = GetLogEvents::new(group(log_group), stream(log_stream));
        let result = self.engine.get_log_events(&request).unwrap();
        result.events.iter().map(|event| event.message.reveal().to_owned()).collect()
    }

    pub fn protect_account(&self, name: &str, document: &Value) {
        let request = account_policy(name, AccountPolicyType::DataProtection, document);
        self.engine.put_account_policy(request).unwrap();
    }

    pub fn protect_group(&self, log_group: &str, document: &Value) {
        let request = PutDataProtectionPolicy {
            log_group_identifier: log_group.to_owned(),
            policy_document: document.to_string(),
        };
        self.engine.put_data_protection_policy(request).unwrap();
    }

    /// Sends what waits and returns everything that ever arrived.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.engine.deliver_pending();
        self.destination.kept.delivered()
    }
}

pub fn group(name: &str) -> LogGroupName {
    LogGroupName::new(name).unwrap()
}

pub fn stream(name: &str) -> LogStreamName {
    LogStreamName::new(name).unwrap()
}

pub fn arn(text: &str) -> Arn {
    Arn::parse("arn", text).unwrap()
}

pub fn event(timestamp: i64, message: &str) -> InputLogEvent {
    InputLogEvent { timestamp, message: RawMessage::from(message) }
}

pub fn batch(log_group: &str, log_stream: &str, messages: &[&str]) -> PutLogEvents {
    let first = NOW + 1 - messages.len() as i64;
    PutLogEvents {
        log_group_name: group(log_group),
        log_stream_name: stream(log_stream),
        log_events: messages.iter().zip(first..).map(|(text, at)| event(at, text)).collect(),
    }
}

pub fn account_policy(name: &str, kind: AccountPolicyType, document: &Value) -> PutAccountPolicy {
    PutAccountPolicy {
        policy_name: name.to_owned(),
        policy_document: document.to_string(),
        policy_type: kind,
        scope: None,
        selection_criteria: None,
    }
}

/// A data protection policy over managed identifiers.
pub fn document(name: &str, identifiers: &[&str], findings: &Value) -> Value {
    let arn = |id: &&str| format!("arn:aws:dataprotection::aws:data-identifier/{id}");
    let identifiers: Vec<_> = identifiers.iter().map(arn).collect();
    let audit = json!({"FindingsDestination": findings});
    json!({
        "Name": name, "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": identifiers, "Operation": {"Audit": audit}},
            {"DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    })
}

/// The one payload of something that was delivered.
pub fn payload(delivered: &Delivered) -> Payload {
    let mut payloads = decode(&delivered.data).unwrap();
    assert_eq!(payloads.len(), 1);
    payloads.remove(0)
}

/// Text that gzip cannot make smaller than about three quarters: base64 of noise.
pub fn noise(len: usize, seed: u64) -> String {
    let mut state = seed | 1;
    let digit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 58) as usize]
            as char
    };
    std::iter::repeat_with(digit).take(len).collect()
}
