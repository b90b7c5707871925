//! Logical destinations: where filters of other accounts may send to, and who may.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

use crate::arn::{AccountId, Arn, DestinationName};
use crate::error::{Error, ErrorKind};
use crate::iam::{Caller, Context, Decision, Request, ResourcePolicy};
use crate::limits::ACCESS_POLICY_BYTES_MAX;
use crate::policy::{DestinationKind, Distribution};
use crate::store::{DestinationRecord, Owner, Route};
use crate::subscription::DeliveryError;
use crate::tags::{self, Tags};

use super::control::Resource;
use super::{Engine, Resolved, describe_limit};

/// What an access policy is asked for.
const ACTION: &str = "logs:PutSubscriptionFilter";

/// Request of [`Engine::put_destination`].
#[derive(Clone, Debug)]
pub struct PutDestination {
    /// Its name; one of the same name is updated and keeps its access policy.
    pub destination_name: DestinationName,
    /// A Kinesis or Firehose stream of this account, in any Region.
    pub target_arn: Arn,
    /// The role that may write there.
    pub role_arn: Arn,
    /// At most 50 tags.
    pub tags: BTreeMap<String, String>,
}

/// Request of [`Engine::put_destination_policy`]. `Debug` does not print the policy.
#[derive(Clone)]
pub struct PutDestinationPolicy {
    /// The destination.
    pub destination_name: DestinationName,
    /// Who may put subscription filters on it: an IAM policy of at most 5,120 bytes.
    pub access_policy: String,
    /// Takes a policy for an organization in place of one that names accounts, whose filters may
    /// stop working.
    pub force_update: bool,
}

/// Request of [`Engine::describe_destinations`]. The default asks for the first 50.
#[derive(Clone, Debug, Default)]
pub struct DescribeDestinations {
    /// Only destinations whose name begins so.
    pub destination_name_prefix: Option<String>,
    /// Most destinations to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_destinations`].
#[derive(Clone, Debug)]
pub struct DescribeDestinationsResult {
    /// The destinations in ASCII order of their names.
    pub destinations: Vec<LogicalDestination>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A logical destination as the API shows it. `Debug` does not print the policy.
#[derive(Clone, Eq, PartialEq)]
pub struct LogicalDestination {
    /// Its name.
    pub destination_name: DestinationName,
    /// The stream behind it.
    pub target_arn: Arn,
    /// The role that may write there.
    pub role_arn: Arn,
    /// Who may put subscription filters on it, as it was put; absent: this account alone.
    pub access_policy: Option<String>,
    /// Its ARN.
    pub arn: String,
    /// When it was made: milliseconds since 1970 UTC.
    pub creation_time: i64,
}

/// A destination as it is in force.
pub(super) struct LiveDestination {
    record: DestinationRecord,
    policy: Option<Arc<ResourcePolicy>>,
}

impl LiveDestination {
    /// # Errors
    ///
    /// InvalidParameter when its policy is none.
    pub(super) fn kept(record: DestinationRecord) -> Result<Self, Error> {
        let policy = record.access_policy.as_deref().map(parse).transpose()?.map(Arc::new);
        Ok(Self { record, policy })
    }

    pub(super) fn name(&self) -> &DestinationName {
        &self.record.name
    }

    pub(super) fn target_arn(&self) -> &Arn {
        &self.record.target_arn
    }
}

impl Engine {
    /// Makes a logical destination, or changes where one leads; a new target gets a control
    /// message.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the target is no Kinesis or Firehose stream of this account or does
    /// not exist, the role is none, or tags cannot be; OperationAborted when another request
    /// changes it; ServiceUnavailable.
    pub fn put_destination(&self, request: PutDestination) -> Result<LogicalDestination, Error> {
        let PutDestination { destination_name: name, target_arn, role_arn, tags } = request;
        self.check_target(&target_arn, &role_arn)?;
        tags::check(&tags)?;
        let _claim = self.claims.claim(Resource::Destination(name.clone()))?;
        let before = {
            let control = self.control();
            control.destinations.get(&name).map(|it| (it.record.clone(), it.policy.clone()))
        };
        let (before, policy) = before.unzip();
        let now_ms = self.clock.now_ms();
        let new = before.as_ref().is_none_or(|before| before.target_arn != target_arn);
        // Choice: as for filters, an update keeps the time of creation, and tags that it does not
        // name.
        let mut all_tags = before.as_ref().map(|it| it.tags.clone()).unwrap_or_default();
        all_tags.extend(tags);
        tags::check(&all_tags)?;
        let record = DestinationRecord {
            name: name.clone(),
            target_arn,
            role_arn,
            creation_time: before.as_ref().map_or(now_ms, |before| before.creation_time),
            access_policy: before.and_then(|before| before.access_policy),
            tags: all_tags,
        };
        let route = Arc::new(Route {
            owner: Owner::Destination(name.clone()),
            destination_arn: record.target_arn.clone(),
            distribution: Distribution::default(),
            extracted_by: None,
            system_fields: Vec::new(),
        });
        let message = new.then(|| self.control_message(&route, None));
        self.store.keep_destination(record.clone(), message)?;
        let shown = self.show_destination(&record);
        let live = LiveDestination { record, policy: policy.flatten() };
        self.control().destinations.insert(name, live);
        self.control().subscribe_all();
        Ok(shown)
    }

    /// Says who may put subscription filters on a destination, and deliver through those they put:
    /// a policy that no longer allows an account stops its next delivery.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the destination does not exist, the policy is too long or malformed or
    /// says nothing of `logs:PutSubscriptionFilter` on this destination, or it turns from accounts
    /// to an organization without `force_update`; OperationAborted when another request changes
    /// it; ServiceUnavailable.
    pub fn put_destination_policy(&self, request: PutDestinationPolicy) -> Result<(), Error> {
        let PutDestinationPolicy { destination_name: name, access_policy, force_update } = request;
        let _claim = self.claims.claim(Resource::Destination(name.clone()))?;
        let found = {
            let control = self.control();
            control.destinations.get(&name).map(|it| (it.record.clone(), it.policy.clone()))
        };
        // AWS's page lists no ResourceNotFound for this operation.
        let Some((mut record, before)) = found else {
            return Err(Error::invalid("destinationName: the destination does not exist"));
        };
        if access_policy.len() > ACCESS_POLICY_BYTES_MAX {
            let (len, max) = (access_policy.len(), ACCESS_POLICY_BYTES_MAX);
            return Err(Error::too_long("accessPolicy", len, max, "bytes"));
        }
        let policy = parse(&access_policy)?;
        let arn = self.home.destination_arn(&name);
        // Choice: a policy that allows nobody what it is for is a mistake, and refused.
        if policy.allowing(ACTION, &arn) == 0 {
            let message = format!("accessPolicy has no statement that allows {ACTION} on {arn}");
            return Err(Error::invalid(message));
        }
        let drops = |before: &Arc<ResourcePolicy>| {
            let accounts = accounts_in(record.access_policy.as_deref().unwrap_or_default());
            let nobody = Context::default();
            let lost = |account: &AccountId| {
                let allowed = |policy| decide(policy, account, &arn, &nobody) == Decision::Allowed;
                allowed(&**before) && !allowed(&policy)
            };
            access_policy.contains("PrincipalOrgID") && accounts.iter().any(lost)
        };
        if !force_update && before.as_ref().is_some_and(drops) {
            let message = "accessPolicy names an organization in place of accounts, whose filters \
                           may stop working; forceUpdate says that this is meant";
            return Err(Error::invalid(message));
        }
        record.access_policy = Some(access_policy);
        self.store.keep_destination(record.clone(), None)?;
        let live = LiveDestination { record, policy: Some(Arc::new(policy)) };
        self.control().destinations.insert(name, live);
        Ok(())
    }

    /// The logical destinations, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a limit or token that cannot be.
    pub fn describe_destinations(
        &self,
        request: &DescribeDestinations,
    ) -> Result<DescribeDestinationsResult, Error> {
        let limit = describe_limit(request.limit)?;
        let prefix = request.destination_name_prefix.as_deref().unwrap_or_default();
        let paging = self.tokens.of("DescribeDestinations", self.clock.now_ms()).with(prefix);
        let after = |token| paging.parse_name(token, DestinationName::new);
        let after = request.next_token.as_deref().map(after).transpose()?;
        let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let control = self.control();
        let mut found = control
            .destinations
            .range((start, Bound::Unbounded))
            .filter(|(name, _)| name.as_str().starts_with(prefix))
            .map(|(_, destination)| self.show_destination(&destination.record));
        let destinations: Vec<_> = found.by_ref().take(limit).collect();
        let last = destinations.last().filter(|_| found.next().is_some());
        let next_token = last.map(|it| paging.print(it.destination_name.as_str().as_bytes()));
        let next_token = next_token.transpose()?;
        Ok(DescribeDestinationsResult { destinations, next_token })
    }

    /// Removes a logical destination; its target stays. Filters on it are disabled: what waits for
    /// them is kept as long as for any destination that is not there.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; OperationAborted when another request changes it; ServiceUnavailable.
    pub fn delete_destination(&self, name: &DestinationName) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::Destination(name.clone()))?;
        if !self.control().destinations.contains_key(name) {
            return Err(no_destination());
        }
        self.store.remove_destination(name)?;
        self.control().destinations.remove(name);
        Ok(())
    }

    pub(super) fn destination_tags(&self, name: &DestinationName) -> Result<Tags, Error> {
        let control = self.control();
        let found = control.destinations.get(name).map(|it| it.record.tags.clone());
        found.ok_or_else(no_destination)
    }

    pub(super) fn change_destination_tags(
        &self,
        name: &DestinationName,
        change: impl FnOnce(&mut Tags) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::Destination(name.clone()))?;
        let found = self.control().destinations.get(name).map(|it| it.record.clone());
        let mut record = found.ok_or_else(no_destination)?;
        change(&mut record.tags)?;
        self.store.keep_destination(record.clone(), None)?;
        // Claimed, so it is still there.
        if let Some(live) = self.control().destinations.get_mut(name) {
            live.record = record;
        }
        Ok(())
    }

    /// Where a logical destination of this account leads for an account that sends to it. A host
    /// with several engines answers [`Directory::resolve`](super::Directory::resolve) with the
    /// engine of the destination's account.
    pub fn resolve_destination(&self, destination: &Arn, sender: &AccountId) -> Resolved {
        let name = destination.resource().strip_prefix("destination:");
        let name = name.and_then(|name| DestinationName::new(name).ok());
        let Some(name) = name.filter(|it| self.home.destination_arn(it) == destination.as_str())
        else {
            return Resolved::Missing;
        };
        let found = {
            let control = self.control();
            let live = control.destinations.get(&name);
            live.map(|it| (it.record.target_arn.clone(), it.policy.clone()))
        };
        let Some((target, policy)) = found else { return Resolved::Missing };
        let mut context = Context::default().at(self.clock.now_ms());
        context = context.with("aws:PrincipalAccount", sender.as_str());
        if let Some(organization) = self.directory.organization(sender) {
            context = context.with("aws:PrincipalOrgID", organization);
        }
        let decision = policy.map_or(Decision::Silent, |policy| {
            decide(&policy, sender, destination.as_str(), &context)
        });
        // The account itself needs no policy, but is bound by one that denies.
        match decision {
            Decision::Allowed => Resolved::Target(target),
            Decision::Silent if *sender == self.home.account => Resolved::Target(target),
            Decision::Silent | Decision::Denied => Resolved::Denied,
        }
    }

    /// Where a destination leads for this account: logical ones to their targets.
    pub(super) fn resolve(&self, arn: &Arn) -> Resolved {
        let logical = DestinationKind::of(arn) == Ok(DestinationKind::Logical);
        if !logical {
            return Resolved::Target(arn.clone());
        }
        let (account, region) = (self.home.account.as_str(), self.home.region.as_str());
        match arn.account() == account && arn.region() == region {
            true => self.resolve_destination(arn, &self.home.account),
            false => self.directory.resolve(arn, &self.home.account),
        }
    }

    /// Where what is sent to a destination goes.
    pub(super) fn target_of(&self, arn: &Arn) -> Result<Arn, DeliveryError> {
        match self.resolve(arn) {
            Resolved::Target(target) => Ok(target),
            Resolved::Denied => Err(DeliveryError::AccessDenied),
            Resolved::Missing => Err(DeliveryError::NotFound),
        }
    }

    fn check_target(&self, target: &Arn, role: &Arn) -> Result<(), Error> {
        let kind = DestinationKind::of(target).ok();
        if !matches!(kind, Some(DestinationKind::Kinesis | DestinationKind::Firehose)) {
            return Err(Error::invalid("targetArn names neither a Kinesis nor a Firehose stream"));
        }
        if target.account() != self.home.account.as_str() {
            return Err(Error::invalid("targetArn is of another account"));
        }
        if role.service() != "iam" || !role.resource().starts_with("role/") {
            return Err(Error::invalid("roleArn is not the ARN of a role"));
        }
        if !self.directory.exists(target) {
            return Err(Error::invalid(format!("the target {target} does not exist")));
        }
        Ok(())
    }

    fn show_destination(&self, record: &DestinationRecord) -> LogicalDestination {
        LogicalDestination {
            destination_name: record.name.clone(),
            target_arn: record.target_arn.clone(),
            role_arn: record.role_arn.clone(),
            access_policy: record.access_policy.clone(),
            arn: self.home.destination_arn(&record.name),
            creation_time: record.creation_time,
        }
    }
}

fn parse(document: &str) -> Result<ResourcePolicy, Error> {
    ResourcePolicy::parse("accessPolicy", ACCESS_POLICY_BYTES_MAX, document)
}

fn decide(policy: &ResourcePolicy, sender: &AccountId, arn: &str, context: &Context) -> Decision {
    let caller = &Caller::Account(sender.clone());
    policy.decide(&Request { caller, action: ACTION, resource: arn, context })
}

fn no_destination() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "The specified destination does not exist.")
}

/// The accounts that stand anywhere among the principals of a policy.
fn accounts_in(document: &str) -> BTreeSet<AccountId> {
    fn collect(value: &Value, found: &mut BTreeSet<AccountId>) {
        match value {
            Value::String(text) => {
                let parts = text.split(':').map(AccountId::new);
                found.extend(parts.filter_map(Result::ok));
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            Value::Object(members) => members.values().for_each(|value| collect(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    if let Ok(document) = serde_json::from_str::<Value>(document) {
        collect(&document, &mut found);
    }
    found
}

impl fmt::Debug for PutDestinationPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = (&self.destination_name, self.access_policy.len());
        write!(f, "PutDestinationPolicy({name}, {bytes} bytes)")
    }
}

impl fmt::Debug for LogicalDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogicalDestination({} to {})", self.destination_name, self.target_arn)
    }
}
