//! `payload`: what consumers of a subscription get, read and made.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logveil::limits::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX, EVENT_OVERHEAD_BYTES, NAME_CHARS_MAX,
};
use logveil::{
    AccountId, AccountPolicyType, Arn, Clock, DataProtectionPolicy, DeliveryError, Destination,
    Directory, Distribution, Engine, Error, ErrorKind, FilterName, FilterPattern,
    FindingsDestination, Home, InputLogEvent, LineState, LogGroupName, LogStreamName, Outgoing,
    OutgoingKind, PutAccountPolicy, PutDataProtectionPolicy, PutLogEvents, PutSubscriptionFilter,
    RawMessage, Region, Scratch, SystemClock,
};

use crate::args::{DecodeArgs, EncodeArgs, PayloadCommand};
use crate::blocks::{Block, Blocks};
use crate::files::{self, Output};
use crate::output::{Done, Failure, error, print_json, shown};
use crate::policies::{self, Unasked};
use crate::worker::split_line_end;

/// The account, Region, stream and role of made payloads; none of them exists.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const STREAM_ARN: &str = "arn:aws:kinesis:us-east-1:123456789012:stream/logveil";
const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/logveil";

pub(crate) fn run(command: &PayloadCommand) -> Result<Done, Failure> {
    match command {
        PayloadCommand::Decode(args) => decode(args),
        PayloadCommand::Encode(args) => encode(args),
    }
}

fn decode(args: &DecodeArgs) -> Result<Done, Failure> {
    let bytes = files::read(&args.file)?;
    let payloads = logveil::decode(&bytes)
        .map_err(|error| Failure::because(format!("{}: {}", shown(&args.file), error.message())))?;
    for payload in &payloads {
        print_json(payload)?;
    }
    Ok(Done::Clean)
}

fn encode(args: &EncodeArgs) -> Result<Done, Failure> {
    let (policies, masker) = policies::load(&args.protect, Unasked::BuiltIn)?;
    let mut subscription = Subscription::new(args, &policies)?;
    let mut output = Output::stdout();
    let mut input = Blocks::new(files::open(&args.file)?);
    let (mut state, mut scratch) = (LineState::default(), Scratch::default());
    let failed = |error| Failure::reading(shown(&args.file), &error);
    while let Some(block) = input.next().map_err(failed)? {
        match &block {
            // The engine judges each event alone, so where a private key may be spread over lines
            // they are masked in a row first. It then judges them again, which changes nothing.
            Block::Lines { text, .. } if state.is_open() || masker.may_hold_blocks(text) => {
                let masked = masker.mask_lines(&mut state, text, &mut scratch);
                subscription.add_lines(masked.as_str(), &mut output)?;
            }
            Block::Lines { text, .. } => subscription.add_lines(text, &mut output)?,
            Block::Overlong { text, ends, .. } => {
                masker.advance_lines(&mut state, text);
                if *ends {
                    subscription.leave_out();
                }
            }
        }
        // What could be read leaves before more is waited for.
        subscription.put(&mut output)?;
    }
    subscription.done()
}

/// A log group with a subscription, and the batch that it is to get next.
struct Subscription {
    engine: Engine,
    payloads: Arc<Payloads>,
    log_group: LogGroupName,
    log_stream: LogStreamName,
    batch: Vec<InputLogEvent>,
    batch_bytes: usize,
    /// When the batch began; one time for all of it, so that a clock set back does no harm.
    time_ms: i64,
    lines: u64,
    too_large: u64,
}

impl Subscription {
    fn new(args: &EncodeArgs, policies: &[DataProtectionPolicy]) -> Result<Self, Failure> {
        let payloads = Arc::new(Payloads::default());
        let make = || -> Result<Self, Error> {
            let log_group = LogGroupName::new(&args.log_group)?;
            let home = Home { account: AccountId::new(ACCOUNT)?, region: Region::new(REGION)? };
            let clock = Arc::new(SystemClock);
            let engine = Engine::new(home, clock, Arc::new(Anything), Arc::clone(&payloads) as _);
            engine.create_log_group(&log_group)?;
            protect(&engine, &log_group, policies)?;
            engine.put_subscription_filter(PutSubscriptionFilter {
                apply_on_transformed_logs: false,
                field_selection_criteria: None,
                emit_system_fields: Vec::new(),
                log_group_name: log_group.clone(),
                filter_name: FilterName::new(&args.filter_name)?,
                filter_pattern: FilterPattern::parse(&args.pattern)?,
                destination_arn: Arn::parse("destinationArn", STREAM_ARN)?,
                role_arn: Some(Arn::parse("roleArn", ROLE_ARN)?),
                distribution: Distribution::default(),
            })?;
            let log_stream = LogStreamName::new(&log_stream(args))?;
            engine.create_log_stream(&log_group, &log_stream)?;
            Ok(Self {
                engine,
                payloads: Arc::clone(&payloads),
                log_group,
                log_stream,
                batch: Vec::new(),
                batch_bytes: 0,
                time_ms: 0,
                lines: 0,
                too_large: 0,
            })
        };
        if policies.len() > 2 {
            return Err(Failure::because(
                "a log group has at most two policies: the account's and its own; name two",
            ));
        }
        make().map_err(|error| refused(&error))
    }

    fn add_lines(&mut self, text: &str, output: &mut Output) -> Result<(), Failure> {
        for line in text.split_inclusive('\n') {
            self.add(split_line_end(line).0, output)?;
        }
        Ok(())
    }

    /// Counts a line that is too large for an event.
    fn leave_out(&mut self) {
        self.lines += 1;
        self.too_large += 1;
        error(&format!("line {} is larger than an event may be; it was left out", self.lines));
    }

    /// Adds a line to the batch. An empty line is no event; one too large for an event is left out.
    fn add(&mut self, line: &str, output: &mut Output) -> Result<(), Failure> {
        let bytes = line.len() + EVENT_OVERHEAD_BYTES;
        if bytes > EVENT_BYTES_MAX {
            self.leave_out();
            return Ok(());
        }
        self.lines += 1;
        if line.is_empty() {
            return Ok(());
        }
        if self.batch.len() == BATCH_EVENTS_MAX || self.batch_bytes + bytes > BATCH_BYTES_MAX {
            self.put(output)?;
        }
        if self.batch.is_empty() {
            self.time_ms = SystemClock.now_ms();
        }
        let message = RawMessage::from(line.to_owned());
        self.batch.push(InputLogEvent { timestamp: self.time_ms, message });
        self.batch_bytes += bytes;
        Ok(())
    }

    /// Puts the batch and prints what is delivered.
    fn put(&mut self, output: &mut Output) -> Result<(), Failure> {
        self.batch_bytes = 0;
        let log_events = std::mem::take(&mut self.batch);
        if log_events.is_empty() {
            return Ok(());
        }
        let (log_group_name, log_stream_name) = (self.log_group.clone(), self.log_stream.clone());
        let request = PutLogEvents { log_group_name, log_stream_name, log_events };
        self.engine.put_log_events(request).map_err(|error| refused(&error))?;
        self.engine.deliver_pending();
        output.write(self.payloads.take().as_bytes())?;
        // What was delivered is not needed again: memory stays bounded.
        let (group, stream) = (&self.log_group, &self.log_stream);
        let emptied = self.engine.delete_log_stream(group, stream);
        let made = emptied.and_then(|()| self.engine.create_log_stream(group, stream));
        made.map_err(|error| refused(&error))
    }

    fn done(&self) -> Result<Done, Failure> {
        let set_aside = self.payloads.lines().set_aside;
        if set_aside > 0 {
            error(&format!(
                "{set_aside} events are larger than a payload may be; they were left out"
            ));
        }
        if set_aside > 0 || self.too_large > 0 { Err(Failure::Said) } else { Ok(Done::Clean) }
    }
}

/// The last policy is the log group's; one before it is the account's.
fn protect(
    engine: &Engine,
    log_group: &LogGroupName,
    policies: &[DataProtectionPolicy],
) -> Result<(), Error> {
    let destinations = policies.iter().flat_map(|policy| policy.destinations());
    for destination in destinations {
        if let FindingsDestination::LogGroup(name) = destination {
            match engine.create_log_group(name) {
                Err(error) if error.kind() == ErrorKind::ResourceAlreadyExists => {}
                made => made?,
            }
        }
    }
    let [account @ .., own] = policies else { return Ok(()) };
    for policy in account {
        engine.put_account_policy(PutAccountPolicy {
            policy_name: "logveil".to_owned(),
            policy_document: policy.document().to_owned(),
            policy_type: AccountPolicyType::DataProtection,
            scope: None,
            selection_criteria: None,
        })?;
    }
    engine.put_data_protection_policy(PutDataProtectionPolicy {
        log_group_identifier: log_group.as_str().to_owned(),
        policy_document: own.document().to_owned(),
    })?;
    Ok(())
}

/// As asked, or named after the file; what a stream's name cannot hold becomes an underscore.
fn log_stream(args: &EncodeArgs) -> String {
    args.log_stream.clone().unwrap_or_else(|| {
        let name = files::base_name(&args.file);
        let clean = |c: char| if ":*".contains(c) || c.is_control() { '_' } else { c };
        name.chars().take(NAME_CHARS_MAX).map(clean).collect()
    })
}

fn refused(error: &Error) -> Failure {
    Failure::because(error.message())
}

/// A world in which every destination exists.
struct Anything;

impl Directory for Anything {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

/// A destination that keeps payloads as lines of base64 until they are printed.
#[derive(Default)]
struct Payloads(Mutex<PayloadLines>);

#[derive(Default)]
struct PayloadLines {
    text: String,
    set_aside: usize,
}

impl Payloads {
    fn lines(&self) -> std::sync::MutexGuard<'_, PayloadLines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> String {
        std::mem::take(&mut self.lines().text)
    }
}

impl Destination for Payloads {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let mut lines = self.lines();
        for outgoing in batch {
            match outgoing.kind {
                OutgoingKind::Data => {
                    STANDARD.encode_string(outgoing.data, &mut lines.text);
                    lines.text.push('\n');
                }
                OutgoingKind::DeadLetter => lines.set_aside += 1,
                OutgoingKind::Control | OutgoingKind::Finding | OutgoingKind::Record => {}
            }
        }
        vec![Ok(()); batch.len()]
    }
}
