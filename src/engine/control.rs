//! What was asked for (policies, filters) and how it comes into force.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::arn::{Arn, DestinationName, FilterName, Home, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::limits::FILTERS_WITH_REGEX_MAX;
use crate::metric::{LiveMetricFilter, MetricFilter};
use crate::pattern::FilterPattern;
use crate::policy::{AccountPolicyType, DataProtectionPolicy, SelectionCriteria};
use crate::protection::{InForce, Protection};
use crate::store::{GroupRef, LogGroupClass};
use crate::subscription::{Subscription, SubscriptionFilter};

use super::Directory;
use super::account_policies::AccountPolicy;
use super::destinations::LiveDestination;
use super::filtering::Filters;
use super::kept_policies::KeptPolicy;
use super::no_log_group;
use super::recursion::Leads;

/// One log group as ingestion sees it. A batch loads each of its parts once.
pub(super) struct LiveGroup {
    pub(super) at: GroupRef,
    /// Its ARN, with `:*` at its end.
    pub(super) arn: String,
    pub(super) class: LogGroupClass,
    in_force: InForce,
    filters: RwLock<Arc<Filters>>,
}

/// All policies and filters.
pub(super) struct Control {
    pub(super) home: Home,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) groups: BTreeMap<LogGroupName, Settings>,
    pub(super) data_protection: Option<AccountDataProtection>,
    pub(super) subscription: Option<AccountSubscription>,
    /// Account policies of the other types.
    pub(super) kept: BTreeMap<(AccountPolicyType, String), KeptPolicy>,
    pub(super) destinations: BTreeMap<DestinationName, LiveDestination>,
    pub(super) deliveries: Leads,
    /// For log groups without a policy of their own.
    account_only: Arc<Protection>,
    generation: u64,
}

/// What another data protection policy of the account puts in force.
pub(super) struct CompiledAccount {
    account_only: Arc<Protection>,
    /// In log groups that have a policy of their own.
    with_own: Vec<(LogGroupName, Arc<Protection>)>,
}

/// What was asked for one log group.
pub(super) struct Settings {
    pub(super) live: Arc<LiveGroup>,
    pub(super) policy: Option<GroupPolicy>,
    pub(super) filters: BTreeMap<FilterName, SubscriptionFilter>,
    pub(super) metric_filters: BTreeMap<FilterName, Arc<LiveMetricFilter>>,
}

pub(super) struct GroupPolicy {
    pub(super) policy: DataProtectionPolicy,
    pub(super) document: String,
    pub(super) last_updated_time: i64,
}

pub(super) struct AccountDataProtection {
    pub(super) shown: AccountPolicy,
    pub(super) policy: DataProtectionPolicy,
}

pub(super) struct AccountSubscription {
    pub(super) shown: AccountPolicy,
    pub(super) criteria: Option<SelectionCriteria>,
    pub(super) subscription: Arc<Subscription>,
}

impl LiveGroup {
    /// One call per batch. Every event of the batch is judged by what this returns.
    pub(super) fn protection(&self) -> Arc<Protection> {
        self.in_force.load()
    }

    /// The filters in force.
    pub(super) fn filters(&self) -> Arc<Filters> {
        Arc::clone(&self.filters.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Control {
    pub(super) fn new(nothing: Arc<Protection>, home: Home, directory: Arc<dyn Directory>) -> Self {
        Self {
            home,
            directory,
            groups: BTreeMap::new(),
            data_protection: None,
            subscription: None,
            kept: BTreeMap::new(),
            destinations: BTreeMap::new(),
            deliveries: Leads::new(),
            generation: nothing.generation(),
            account_only: nothing,
        }
    }

    pub(super) fn settings(&mut self, name: &LogGroupName) -> Result<&mut Settings, Error> {
        self.groups.get_mut(name).ok_or_else(no_log_group)
    }

    /// Brings a new log group into being, protected from its first event on.
    pub(super) fn add_group(
        &mut self,
        at: GroupRef,
        arn: String,
        class: LogGroupClass,
    ) -> Arc<LiveGroup> {
        let live = Arc::new(LiveGroup {
            at: at.clone(),
            arn,
            class,
            in_force: InForce::new(Arc::clone(&self.account_only)),
            filters: RwLock::default(),
        });
        let (filters, metric_filters) = (BTreeMap::new(), BTreeMap::new());
        let settings = Settings { live: Arc::clone(&live), policy: None, filters, metric_filters };
        self.groups.insert(at.name, settings);
        self.subscribe(&live.at.name);
        live
    }

    /// Compiles what would be in force with another data protection policy of the account.
    ///
    /// # Errors
    ///
    /// InvalidParameter when it does not compile together with a log group's policy.
    pub(super) fn compile_account(
        &mut self,
        account: Option<&DataProtectionPolicy>,
    ) -> Result<CompiledAccount, Error> {
        self.generation += 1;
        let compile = |policies: &[&DataProtectionPolicy]| {
            Protection::compile(self.generation, policies).map(Arc::new)
        };
        let account_only = compile(&Vec::from_iter(account))?;
        let mut with_own = Vec::new();
        for (name, settings) in &self.groups {
            if let Some(own) = &settings.policy {
                let policies = Vec::from_iter(account.into_iter().chain([&own.policy]));
                with_own.push((name.clone(), compile(&policies)?));
            }
        }
        Ok(CompiledAccount { account_only, with_own })
    }

    /// Puts the account's data protection policy in force, or none, in every log group.
    pub(super) fn protect_account(
        &mut self,
        policy: Option<AccountDataProtection>,
        compiled: CompiledAccount,
    ) {
        let CompiledAccount { account_only, with_own } = compiled;
        for settings in self.groups.values().filter(|settings| settings.policy.is_none()) {
            settings.live.in_force.replace(Arc::clone(&account_only));
        }
        for (name, protection) in with_own {
            if let Some(settings) = self.groups.get(&name) {
                settings.live.in_force.replace(protection);
            }
        }
        self.account_only = account_only;
        self.data_protection = policy;
    }

    /// Compiles what would be in force with another policy of a log group.
    ///
    /// # Errors
    ///
    /// InvalidParameter when it does not compile together with the account's policy.
    pub(super) fn compile_group(
        &mut self,
        own: Option<&DataProtectionPolicy>,
    ) -> Result<Arc<Protection>, Error> {
        let Some(own) = own else { return Ok(Arc::clone(&self.account_only)) };
        let account = self.data_protection.as_ref().map(|account| &account.policy);
        let policies = Vec::from_iter(account.into_iter().chain([own]));
        self.generation += 1;
        Protection::compile(self.generation, &policies).map(Arc::new)
    }

    /// Puts a log group's data protection policy in force, or none.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub(super) fn protect_group(
        &mut self,
        name: &LogGroupName,
        policy: Option<GroupPolicy>,
        compiled: Arc<Protection>,
    ) -> Result<(), Error> {
        let settings = self.settings(name)?;
        settings.live.in_force.replace(compiled);
        settings.policy = policy;
        Ok(())
    }

    /// Puts a log group's filters and the account's in force, but for those on a circle.
    pub(super) fn subscribe(&self, name: &LogGroupName) {
        self.subscribe_with(name, &self.reached_by_account());
    }

    /// The same for every log group.
    pub(super) fn subscribe_all(&self) {
        let reached = self.reached_by_account();
        self.groups.keys().for_each(|name| self.subscribe_with(name, &reached));
    }

    /// After a change at one log group that concerns that destination: others may lie on a circle
    /// with it.
    pub(super) fn subscribe_around(&self, name: &LogGroupName, destination: &Arn) {
        match self.feeds_something(destination) {
            true => self.subscribe_all(),
            false => self.subscribe(name),
        }
    }

    fn reached_by_account(&self) -> BTreeSet<LogGroupName> {
        let destination = self.subscription.as_ref().map(AccountSubscription::destination);
        destination.map(|arn| self.reached_from(arn, true)).unwrap_or_default()
    }

    fn subscribe_with(&self, name: &LogGroupName, reached: &BTreeSet<LogGroupName>) {
        let Some(settings) = self.groups.get(name) else { return };
        let own = settings.filters.values();
        let own = own.filter(|it| it.selects(&self.home));
        let own = own.filter(|it| !self.reached_from(&it.destination_arn, false).contains(name));
        let account = self.subscription.as_ref();
        let account = account.filter(|account| account.selects(name) && !reached.contains(name));
        let account = account.filter(|_| settings.live.class == LogGroupClass::Standard);
        let account = account.map(|account| Arc::clone(&account.subscription));
        let subscriptions = own.map(SubscriptionFilter::subscription).chain(account).collect();
        let metric_filters = settings.metric_filters.values().filter(|it| it.selects);
        let metric_filters = metric_filters.cloned().collect();
        let all = Arc::new(Filters::new(subscriptions, metric_filters));
        *settings.live.filters.write().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

impl Settings {
    /// Whether one more filter with this pattern may be there, beside those of the others.
    pub(super) fn takes_pattern(
        &self,
        pattern: &FilterPattern,
        other: impl Fn(&SubscriptionFilter) -> bool,
        other_metric: impl Fn(&MetricFilter) -> bool,
    ) -> bool {
        let own = self.filters.values().filter(|it| other(it)).map(|it| &it.filter_pattern);
        let metric = self.metric_filters.values().map(|it| &it.shown);
        let metric = metric.filter(|it| other_metric(it)).map(|it| &it.filter_pattern);
        let with_regex = own.chain(metric).filter(|it| it.has_regex()).count();
        !pattern.has_regex() || with_regex < FILTERS_WITH_REGEX_MAX
    }
}

impl AccountSubscription {
    pub(super) fn destination(&self) -> &Arn {
        &self.subscription.route.destination_arn
    }

    /// Whether it takes events of that log group.
    pub(super) fn selects(&self, name: &LogGroupName) -> bool {
        self.criteria.as_ref().is_none_or(|criteria| criteria.selects(name))
    }
}

/// What only one request at a time may change.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Resource {
    AccountPolicy(AccountPolicyType),
    LogGroup(LogGroupName),
    Destination(DestinationName),
}

/// The resources that are being changed.
#[derive(Default)]
pub(super) struct Claims(Mutex<HashSet<Resource>>);

/// Holds a resource until it is dropped.
pub(super) struct Claim<'a> {
    claims: &'a Claims,
    resource: Resource,
}

impl Claims {
    /// # Errors
    ///
    /// OperationAborted when another request is changing the resource.
    pub(super) fn claim(&self, resource: Resource) -> Result<Claim<'_>, Error> {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if claimed.insert(resource.clone()) {
            Ok(Claim { claims: self, resource })
        } else {
            let message = "another request is changing the same resource; try again";
            Err(Error::new(ErrorKind::OperationAborted, message))
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.resource);
    }
}
