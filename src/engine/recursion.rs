//! Which way events go round: a log group never feeds a destination that feeds it.
//!
//! Ways lead from a log group over its filters and the account's to destinations, from these to the
//! log groups that their receivers write to (the host knows which), from an audited log group to
//! where its findings go, and from a delivery source to what its deliveries lead to. A delivery
//! that closes a circle is refused when it is made or its destination changes. A filter that lies
//! on a circle is refused when it is put, and is out of force when something else closes the
//! circle; the account's filter leaves such log groups out. Findings alone make no circle, since
//! they are never judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::arn::{Arn, DestinationName, LogGroupName};
use crate::policy::{DataProtectionPolicy, FindingsDestination};

use super::control::{Control, Settings};

/// What the deliveries of each log group lead to.
pub(super) type Leads = BTreeMap<LogGroupName, Vec<Arn>>;

impl Control {
    /// The log groups of this account in which what is sent to a destination ends up, over any
    /// number of filters; over the account's as well when `account` says so.
    pub(super) fn reached_from(&self, destination: &Arn, account: bool) -> BTreeSet<LogGroupName> {
        let mut reached = BTreeSet::new();
        let mut next = self.fed_by(destination);
        while let Some(name) = next.pop() {
            if reached.contains(&name) {
                continue;
            }
            if let Some(settings) = self.groups.get(&name) {
                self.follow(&name, settings, account, &mut next);
            }
            reached.insert(name);
        }
        reached
    }

    /// Whether something that is sent there comes back into log groups at all.
    pub(super) fn feeds_something(&self, destination: &Arn) -> bool {
        !self.fed_by(destination).is_empty()
    }

    /// Whether what goes from a log group to one of these comes back to it.
    pub(super) fn comes_back(&self, name: &LogGroupName, to: &[Arn]) -> bool {
        to.iter().any(|arn| self.reached_from(arn, false).contains(name))
    }

    /// Whether events would go round if deliveries led there.
    pub(super) fn goes_round(&mut self, leads: Leads) -> bool {
        let before = std::mem::replace(&mut self.deliveries, leads);
        let changed = self.deliveries.iter().filter(|(name, to)| before.get(*name) != Some(*to));
        let goes_round = changed.into_iter().any(|(name, to)| self.comes_back(name, to));
        self.deliveries = before;
        goes_round
    }

    /// Where events of a log group go in one step.
    fn follow(
        &self,
        name: &LogGroupName,
        settings: &Settings,
        account: bool,
        next: &mut Vec<LogGroupName>,
    ) {
        for filter in settings.filters.values() {
            next.extend(self.fed_by(&filter.destination_arn));
        }
        for arn in self.deliveries.get(name).into_iter().flatten() {
            next.extend(self.fed_by(arn));
        }
        let of_account = self.subscription.as_ref().filter(|it| account && it.selects(name));
        if let Some(of_account) = of_account {
            next.extend(self.fed_by(&of_account.subscription.route.destination_arn));
        }
        let own = settings.policy.as_ref().map(|own| &own.policy);
        let policies = self.data_protection.iter().map(|account| &account.policy).chain(own);
        for destination in policies.flat_map(DataProtectionPolicy::destinations) {
            match destination {
                FindingsDestination::LogGroup(name) => next.push(name.clone()),
                FindingsDestination::DeliveryStream(name) => {
                    next.extend(self.fed_by_text(&self.home.delivery_stream_arn(name)));
                }
                FindingsDestination::Bucket(name) => {
                    next.extend(self.fed_by_text(&self.home.bucket_arn(name)));
                }
            }
        }
    }

    fn fed_by_text(&self, arn: &str) -> Vec<LogGroupName> {
        Arn::parse("arn", arn).map(|arn| self.fed_by(&arn)).unwrap_or_default()
    }

    /// The log groups of this account that a destination's receiver writes to; a log group of this
    /// account is itself one.
    fn fed_by(&self, destination: &Arn) -> Vec<LogGroupName> {
        let mut arns = self.directory.feeds(destination);
        // Behind a logical destination of this account is a stream.
        let name = destination.resource().strip_prefix("destination:");
        let name = name.and_then(|name| DestinationName::new(name).ok());
        let own = name.filter(|it| self.home.destination_arn(it) == destination.as_str());
        if let Some(logical) = own.and_then(|name| self.destinations.get(&name)) {
            arns.extend(self.directory.feeds(logical.target_arn()));
        }
        arns.push(destination.as_str().to_owned());
        let ours = |arn: &String| {
            let arn = arn.strip_suffix(":*").unwrap_or(arn);
            let name = LogGroupName::new(arn.split_once(":log-group:")?.1).ok()?;
            (self.home.log_group_arn(&name) == arn).then_some(name)
        };
        arns.iter().filter_map(ours).collect()
    }
}

/// Why something is refused on whose way events would go round.
pub(super) const CIRCLE: &str =
    "what is sent to the destination comes back to the log group; it would go round for ever";
