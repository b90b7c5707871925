//! Opening an engine, and giving room back.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, RwLock};

use crate::arn::{Home, LogGroupName};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::limits::{BACKLOG_ENTRIES_MAX, KEY_GRACE_MS, TABLE_BYTES};
use crate::masker::Masker;
use crate::metric::LiveMetricFilter;
use crate::policy::{AccountPolicyType, DataProtectionPolicy};
use crate::store::{BacklogLimit, Durability, GroupRef, Store, Stored, WhenFull};
use crate::subscription::{Destination, SubscriptionFilter};
use crate::token::Tokens;
use crate::vault::{Ephemeral, Kept, KeyProvider, Vault};

use super::account_policies::AccountPolicy;
use super::control::{
    AccountDataProtection, AccountSubscription, Claims, Control, GroupPolicy, LiveGroup,
};
use super::deliveries::Deliveries;
use super::destinations::LiveDestination;
use super::exports::Exports;
use super::ingest::Judges;
use super::kept_policies::KeptPolicy;
use super::queries::Queries;
use super::resource_policies::ResourcePolicies;
use super::unmask_log::UnmaskTrace;
use super::{Directory, Engine};

/// How [`Engine::open`] opens a directory.
#[derive(Clone)]
pub struct OpenOptions {
    /// When an operation is done that changes something.
    pub durability: Durability,
    /// Where keys come from. Without one originals are not kept, and those that are there are not
    /// shown.
    pub key_provider: Option<Arc<dyn KeyProvider>>,
    /// How long the originals of a deleted log group, or of one whose retention was shortened, stay
    /// readable, in milliseconds: 72 hours unless set; 0 is allowed.
    pub key_grace_ms: i64,
    /// Most entries (a batch for one filter or policy) that may wait for one destination: 1,000,000
    /// unless set.
    pub backlog_entries_max: usize,
    /// What happens when that many wait.
    pub when_full: WhenFull,
    /// How much of what comes in is kept in memory before it is written as a table, in bytes: 16
    /// MiB unless set, and not below 4 KiB; at most four times as much waits.
    pub table_bytes: u64,
    /// Opens a store that is damaged where policies may be: what is intact is read, and everything
    /// that writes is refused.
    pub salvage: bool,
    /// Whether the policy of a delivery destination needs the two statements that AWS's text asks
    /// for; AWS's own examples have one.
    pub strict_delivery_policies: bool,
}

/// What [`Engine::remove_expired`] removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Removed {
    /// Events.
    pub events: usize,
    /// Bytes of their messages, plus 26 for each.
    pub bytes: u64,
    /// Keys of originals, each for one day of one log group.
    pub keys: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            key_provider: None,
            key_grace_ms: KEY_GRACE_MS,
            backlog_entries_max: BACKLOG_ENTRIES_MAX,
            when_full: WhenFull::default(),
            table_bytes: TABLE_BYTES,
            salvage: false,
            strict_delivery_policies: false,
        }
    }
}

/// The host's side of an engine.
struct World {
    home: Home,
    clock: Arc<dyn Clock>,
    directory: Arc<dyn Directory>,
    destination: Arc<dyn Destination>,
}

impl Engine {
    /// An engine without log groups and policies that is not kept: it lies in a directory for
    /// temporary files, buffered, and is removed when it is dropped. The key of its originals lives
    /// in memory only. `directory` knows what exists outside of it, `destination` takes what leaves
    /// it.
    ///
    /// # Panics
    ///
    /// Panics when no temporary directory can be written, or the system gives no random key.
    pub fn new(
        home: Home,
        clock: Arc<dyn Clock>,
        directory: Arc<dyn Directory>,
        destination: Arc<dyn Destination>,
    ) -> Self {
        let world = World { home, clock, directory, destination };
        let made = || {
            let store = Store::temporary()?;
            let key_provider: Arc<dyn KeyProvider> = Arc::new(Ephemeral::new()?);
            let options = OpenOptions {
                durability: Durability::Buffered,
                key_provider: Some(key_provider),
                ..OpenOptions::default()
            };
            Self::over(store, Stored::default(), options, world)
        };
        made().expect("a directory for temporary files can be written")
    }

    /// Opens the engine that is kept at `path`, or makes it: log groups and streams, events,
    /// policies and filters, what waits to be delivered and the counts are as they were. A thread
    /// of its own writes tables behind. One process at a time has it open; the directory is locked
    /// until the engine is dropped or the process ends.
    ///
    /// # Errors
    ///
    /// InvalidOperation when another process has it open, when it was written in another format, or
    /// for another account or Region; ServiceUnavailable when the disk fails, or when the store is
    /// damaged and not opened for salvage.
    pub fn open(
        path: impl AsRef<Path>,
        options: OpenOptions,
        home: Home,
        clock: Arc<dyn Clock>,
        directory: Arc<dyn Directory>,
        destination: Arc<dyn Destination>,
    ) -> Result<Self, Error> {
        let OpenOptions { durability, table_bytes, salvage, .. } = options;
        let (store, stored) = Store::open(path.as_ref(), durability, table_bytes, salvage)?;
        store.belongs_to(&home, options.salvage)?;
        Self::over(store, stored, options, World { home, clock, directory, destination })
    }

    fn over(
        mut store: Store,
        mut stored: Stored,
        options: OpenOptions,
        world: World,
    ) -> Result<Self, Error> {
        let World { home, clock, directory, destination } = world;
        let (entries_max, when_full) = (options.backlog_entries_max, options.when_full);
        store.limit = BacklogLimit { entries_max, when_full };
        let masker = Masker::new(&[]).expect("no policies compile");
        let vault = Vault::open(store.directory(), options.key_provider, home.clone())?;
        let tokens = Tokens::open(store.directory())?;
        let synced = options.durability == Durability::Synced;
        let unmasked = UnmaskTrace::open(store.directory(), synced)?;
        let mut control = Control::new(masker.protection(), home.clone(), Arc::clone(&directory));
        let objects = std::mem::take(&mut stored.objects);
        let exports = Exports::open(&objects)?;
        let resource_policies = ResourcePolicies::open(&objects)?;
        let queries = Queries::open(&objects)?;
        let deliveries = Deliveries::open(objects, options.strict_delivery_policies, &home)?;
        control.deliveries = deliveries.leads(&home);
        let live = restore(&mut control, stored, &home)?;
        Ok(Self {
            home,
            clock,
            directory,
            destination,
            masker,
            judges: Judges::default(),
            vault,
            tokens,
            failed_before: store.counts().failed_judgements,
            store,
            control: Mutex::new(control),
            live: RwLock::new(live),
            claims: Claims::default(),
            changing: Mutex::default(),
            key_grace_ms: options.key_grace_ms,
            unmasked,
            deliveries,
            publishing: Mutex::default(),
            exports,
            resource_policies: Mutex::new(resource_policies),
            queries,
            workers: AtomicUsize::new(0),
        })
    }

    /// Gives back the room of events that are past their retention, and of log streams and log
    /// groups that were deleted, and destroys the keys of originals that go with them. None of them
    /// was shown any more. The host calls it when it wants: once an hour is often.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails; what was removed until then stays removed.
    pub fn remove_expired(&self) -> Result<Removed, Error> {
        let now_ms = self.clock.now_ms();
        let expired = self.store.expire(now_ms)?;
        let keys = self.vault.sweep(now_ms, self.key_grace_ms, |number, name| {
            self.store.kept_days(name, number, now_ms).map_or(Kept::Gone, Kept::from)
        })?;
        Ok(Removed { events: expired.events, bytes: expired.bytes, keys })
    }
}

/// Puts in force what was kept.
///
/// # Errors
///
/// InvalidOperation when a policy or filter is not accepted any more: then nothing is ingested that
/// it would have masked.
fn restore(
    control: &mut Control,
    stored: Stored,
    home: &Home,
) -> Result<HashMap<LogGroupName, Arc<LiveGroup>>, Error> {
    for record in stored.account_policies {
        let shown = AccountPolicy::kept(record.clone(), &home.account);
        let what = shown.policy_type.as_str();
        match shown.policy_type {
            AccountPolicyType::DataProtection => {
                let policy = DataProtectionPolicy::parse(&shown.policy_document);
                let policy = policy.map_err(|_| refused(what))?;
                let compiled = control.compile_account(Some(&policy)).map_err(|_| refused(what))?;
                control.protect_account(Some(AccountDataProtection { shown, policy }), compiled);
            }
            AccountPolicyType::SubscriptionFilter => {
                let subscription = AccountSubscription::of(shown).map_err(|_| refused(what))?;
                control.subscription = Some(subscription);
            }
            kind => {
                let policy = KeptPolicy::of(record).map_err(|_| refused(what))?;
                control.kept.insert((kind, shown.policy_name), policy);
            }
        }
    }
    for record in stored.destinations {
        let destination = LiveDestination::kept(record);
        let destination = destination.map_err(|_| refused("a destination's access policy"))?;
        control.destinations.insert(destination.name().clone(), destination);
    }
    let mut live = HashMap::with_capacity(stored.groups.len());
    for group in stored.groups {
        let (name, number) = (group.name, group.number);
        let at = GroupRef { name: name.clone(), number };
        let arn = format!("{}:*", home.log_group_arn(&name));
        live.insert(name.clone(), control.add_group(at, arn, group.class));
        if let Some(record) = group.policy {
            let what = "a log group's data protection policy";
            let policy =
                DataProtectionPolicy::parse(&record.document).map_err(|_| refused(what))?;
            let compiled = control.compile_group(Some(&policy)).map_err(|_| refused(what))?;
            let (document, last_updated_time) = (record.document, record.last_updated_time);
            let policy = GroupPolicy { policy, document, last_updated_time };
            control.protect_group(&name, Some(policy), compiled)?;
        }
        for record in group.filters {
            let filter = SubscriptionFilter::kept(record, name.clone());
            let filter = filter.map_err(|_| refused("a subscription filter"))?;
            control.settings(&name)?.filters.insert(filter.filter_name.clone(), filter);
        }
        for record in group.metric_filters {
            let filter = record.filter(name.clone());
            let filter = filter.and_then(|filter| LiveMetricFilter::new(filter, home));
            let filter = filter.map_err(|_| refused("a metric filter"))?;
            let filters = &mut control.settings(&name)?.metric_filters;
            filters.insert(filter.shown.filter_name.clone(), Arc::new(filter));
        }
    }
    control.subscribe_all();
    Ok(live)
}

fn refused(what: &str) -> Error {
    let message = format!("{what} that is kept is not accepted by this version of logveil");
    Error::new(ErrorKind::InvalidOperation, message)
}
