//! Resource policies: which services may put log events into this account.
//!
//! They are kept, shown, and evaluated for a host that asks. Deliveries within the account need
//! none.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::arn::{Arn, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::iam::{Decision, Request, ResourcePolicy};
use crate::limits::{RESOURCE_POLICIES_MAX, RESOURCE_POLICY_CHARS_MAX};
use crate::policy::check_policy_name;

use super::control::Resource;
use super::deliveries::new_id;
use super::{Engine, describe_limit};

/// Kinds under which the policies are kept: by their names, and by log groups.
const OF_ACCOUNT: &str = "resource-policy";
const OF_LOG_GROUP: &str = crate::store::LOG_GROUP_POLICY;

/// Request of [`Engine::put_resource_policy`]. `Debug` does not print the document.
#[derive(Clone)]
pub struct PutResourcePolicy {
    /// The policy's name; has to be there for a policy of the account.
    pub policy_name: Option<String>,
    /// An IAM policy of at most 51,200 characters.
    pub policy_document: String,
    /// A log group's ARN: the policy is that of the log group.
    pub resource_arn: Option<String>,
    /// The revision of the log group's policy that is replaced; absent when there is none.
    pub expected_revision_id: Option<String>,
}

/// Request of [`Engine::describe_resource_policies`]. The default asks for the first 50 of the
/// account.
#[derive(Clone, Debug, Default)]
pub struct DescribeResourcePolicies {
    /// Policies of the account unless a log group is named, or of log groups.
    pub policy_scope: Option<ResourcePolicyScope>,
    /// Only the policy of this log group.
    pub resource_arn: Option<String>,
    /// Most policies to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_resource_policies`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DescribeResourcePoliciesResult {
    /// In the order of their names, or of those of their log groups.
    pub resource_policies: Vec<LogResourcePolicy>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// Request of [`Engine::delete_resource_policy`].
#[derive(Clone, Debug, Default)]
pub struct DeleteResourcePolicy {
    /// A policy of the account.
    pub policy_name: Option<String>,
    /// The log group whose policy is removed.
    pub resource_arn: Option<String>,
    /// The revision of that policy.
    pub expected_revision_id: Option<String>,
}

/// Whose a resource policy is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResourcePolicyScope {
    /// `ACCOUNT`: it may name any log group.
    Account,
    /// `RESOURCE`: it is one log group's.
    Resource,
}

impl ResourcePolicyScope {
    /// Parses a `policyScope` as the API spells it.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = [Self::Account, Self::Resource];
        let found = known.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| Error::invalid("policyScope is neither ACCOUNT nor RESOURCE"))
    }

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "ACCOUNT",
            Self::Resource => "RESOURCE",
        }
    }
}

/// A resource policy as the API shows it. `Debug` does not print the document.
#[derive(Clone, Eq, PartialEq)]
pub struct LogResourcePolicy {
    /// Its name.
    pub policy_name: Option<String>,
    /// The document as it was put.
    pub policy_document: String,
    /// When it was put: milliseconds since 1970 UTC.
    pub last_updated_time: i64,
    /// Whose it is.
    pub policy_scope: ResourcePolicyScope,
    /// The log group, for a policy of one.
    pub resource_arn: Option<String>,
    /// Changes whenever it is put, for a policy of a log group.
    pub revision_id: Option<String>,
}

/// A policy as it is kept.
#[derive(Clone, Deserialize, Serialize)]
struct Record {
    name: Option<String>,
    document: String,
    updated_ms: i64,
    revision: Option<String>,
}

struct Live {
    record: Record,
    policy: ResourcePolicy,
}

/// All resource policies. Locked before the store.
#[derive(Default)]
pub(super) struct ResourcePolicies {
    of_account: BTreeMap<String, Live>,
    of_groups: BTreeMap<LogGroupName, Live>,
}

impl Live {
    fn of(record: Record) -> Result<Self, Error> {
        let (max, document) = (RESOURCE_POLICY_CHARS_MAX, &record.document);
        let policy = ResourcePolicy::parse("policyDocument", max, document)?;
        Ok(Self { record, policy })
    }
}

impl ResourcePolicies {
    /// The policies that were kept.
    ///
    /// # Errors
    ///
    /// InvalidOperation when one is not understood.
    pub(super) fn open(kept: &[(String, String, String)]) -> Result<Self, Error> {
        let mut policies = Self::default();
        let read = |value: &str| Live::of(serde_json::from_str(value).ok()?).ok();
        for (kind, name, value) in kept {
            match kind.as_str() {
                OF_ACCOUNT => {
                    let live = read(value).ok_or_else(not_understood)?;
                    policies.of_account.insert(name.clone(), live);
                }
                OF_LOG_GROUP => {
                    let name = LogGroupName::new(name).map_err(|_| not_understood())?;
                    policies.of_groups.insert(name, read(value).ok_or_else(not_understood)?);
                }
                _ => {}
            }
        }
        Ok(policies)
    }

    /// The log group is gone, and its policy with it.
    pub(super) fn forget(&mut self, name: &LogGroupName) {
        self.of_groups.remove(name);
    }
}

impl Engine {
    fn resource_policies(&self) -> MutexGuard<'_, ResourcePolicies> {
        self.resource_policies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A deleted log group takes its policy with it.
    pub(super) fn forget_resource_policy(&self, name: &LogGroupName) {
        self.resource_policies().forget(name);
    }

    /// Puts a resource policy in place of the one of the same name, or of the same log group.
    ///
    /// # Errors
    ///
    /// InvalidParameter when name, ARN or document are malformed, with the place in the document;
    /// LimitExceeded for more than 10 policies of the account; ResourceNotFound for a log group
    /// that does not exist; OperationAborted when `expected_revision_id` is not that of the policy
    /// that is there, or another request changes it; ServiceUnavailable.
    // Choice: another revision than the expected one is OperationAborted, which AWS lists and does
    // not explain.
    pub fn put_resource_policy(
        &self,
        request: PutResourcePolicy,
    ) -> Result<LogResourcePolicy, Error> {
        let PutResourcePolicy { policy_name, policy_document, resource_arn, .. } = request;
        policy_name.as_deref().map_or(Ok(()), check_policy_name)?;
        let mut record = Record {
            name: policy_name,
            document: policy_document,
            updated_ms: self.clock.now_ms(),
            revision: None,
        };
        let expected = request.expected_revision_id.as_deref();
        let Some(arn) = resource_arn else {
            refuse_revision(expected)?;
            return self.put_policy_of_account(record);
        };
        let group = self.policy_owner(&arn)?;
        let _claim = self.claims.claim(Resource::LogGroup(group.clone()))?;
        self.live(&group)?;
        record.revision = Some(new_id()?);
        let live = Live::of(record)?;
        let mut policies = self.resource_policies();
        check_revision(policies.of_groups.get(&group), expected)?;
        self.store.keep_object(OF_LOG_GROUP, group.as_str(), Some(written(&live.record)))?;
        let shown = self.show_policy(&live.record, Some(&group));
        policies.of_groups.insert(group, live);
        Ok(shown)
    }

    fn put_policy_of_account(&self, record: Record) -> Result<LogResourcePolicy, Error> {
        let Some(name) = record.name.clone() else {
            return Err(Error::invalid("policyName is missing"));
        };
        let live = Live::of(record)?;
        let mut policies = self.resource_policies();
        let known = policies.of_account.contains_key(&name);
        if !known && policies.of_account.len() >= RESOURCE_POLICIES_MAX {
            let message = format!("the account has {RESOURCE_POLICIES_MAX} resource policies");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        self.store.keep_object(OF_ACCOUNT, &name, Some(written(&live.record)))?;
        let shown = self.show_policy(&live.record, None);
        policies.of_account.insert(name, live);
        Ok(shown)
    }

    /// The resource policies, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for an ARN of something else than a log group, or with the scope of the
    /// account, or a limit or token that cannot be.
    pub fn describe_resource_policies(
        &self,
        request: &DescribeResourcePolicies,
    ) -> Result<DescribeResourcePoliciesResult, Error> {
        use ResourcePolicyScope::{Account, Resource as OfResource};
        let arn = request.resource_arn.as_deref();
        let scope =
            request.policy_scope.unwrap_or(if arn.is_some() { OfResource } else { Account });
        if arn.is_some() && scope == Account {
            return Err(Error::invalid("resourceArn does not go with the scope ACCOUNT"));
        }
        let only = arn.map(|arn| self.policy_owner(arn)).transpose()?;
        let limit = describe_limit(request.limit)?;
        let paging = self.tokens.of("DescribeResourcePolicies", self.clock.now_ms());
        let paging = paging.with(scope.as_str()).with(arn.unwrap_or_default());
        let after = |token| paging.parse_name(token, |name| Ok(name.to_owned()));
        let after = request.next_token.as_deref().map(after).transpose()?.unwrap_or_default();
        let policies = self.resource_policies();
        let shown: Vec<(&str, LogResourcePolicy)> = match scope {
            Account => {
                let all = policies.of_account.iter();
                all.map(|(name, it)| (name.as_str(), self.show_policy(&it.record, None))).collect()
            }
            OfResource => {
                let all = policies.of_groups.iter();
                let wanted = all.filter(|(name, _)| only.as_ref().is_none_or(|it| it == *name));
                let show = |(name, live): (&'_ LogGroupName, &Live)| {
                    self.show_policy(&live.record, Some(name))
                };
                wanted.map(|it| (it.0.as_str(), show(it))).collect()
            }
        };
        let mut rest = shown.into_iter().filter(|(name, _)| *name > after.as_str());
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let last = page.last().filter(|_| rest.next().is_some());
        let next_token = last.map(|(name, _)| paging.print(name.as_bytes())).transpose()?;
        let resource_policies = page.into_iter().map(|(_, policy)| policy).collect();
        Ok(DescribeResourcePoliciesResult { resource_policies, next_token })
    }

    /// Removes a resource policy.
    ///
    /// # Errors
    ///
    /// InvalidParameter unless one policy is named, by its name or its log group and revision;
    /// ResourceNotFound; OperationAborted when `expected_revision_id` is not that of the policy
    /// that is there; ServiceUnavailable.
    pub fn delete_resource_policy(&self, request: &DeleteResourcePolicy) -> Result<(), Error> {
        let DeleteResourcePolicy { policy_name, resource_arn, expected_revision_id } = request;
        let expected = expected_revision_id.as_deref();
        let missing = || {
            let message = "The specified resource policy does not exist.";
            Error::new(ErrorKind::ResourceNotFound, message)
        };
        let Some(arn) = resource_arn else {
            refuse_revision(expected)?;
            let name =
                policy_name.as_ref().ok_or_else(|| Error::invalid("policyName is missing"))?;
            let mut policies = self.resource_policies();
            if !policies.of_account.contains_key(name) {
                return Err(missing());
            }
            self.store.keep_object(OF_ACCOUNT, name, None)?;
            policies.of_account.remove(name);
            return Ok(());
        };
        let group = self.policy_owner(arn)?;
        let _claim = self.claims.claim(Resource::LogGroup(group.clone()))?;
        let mut policies = self.resource_policies();
        let live = policies.of_groups.get(&group).ok_or_else(missing)?;
        check_revision(Some(live), expected)?;
        self.store.keep_object(OF_LOG_GROUP, group.as_str(), None)?;
        policies.of_groups.remove(&group);
        Ok(())
    }

    /// What the resource policies say of a request: those of the account, and that of the log group
    /// that it is about. A host asks before it puts events on behalf of a service, or gives the
    /// answer to [`decide`](crate::iam::decide).
    // Choice: callers other than services are evaluated too; AWS does not enforce these statements,
    // and a host that asks for them wants to.
    pub fn resource_policy_decision(&self, request: &Request<'_>) -> Decision {
        let policies = self.resource_policies();
        let named = Arn::parse("resource", request.resource).ok();
        let named = named.as_ref().and_then(|arn| arn.resource().strip_prefix("log-group:"));
        let name = named.and_then(|it| LogGroupName::new(it.split(':').next()?).ok());
        let own = name.filter(|name| request.resource.starts_with(&self.home.log_group_arn(name)));
        let own = own.and_then(|name| policies.of_groups.get(&name));
        let all = policies.of_account.values().chain(own);
        let mut decision = Decision::Silent;
        for live in all {
            match live.policy.decide(request) {
                Decision::Denied => return Decision::Denied,
                Decision::Allowed => decision = Decision::Allowed,
                Decision::Silent => {}
            }
        }
        decision
    }

    /// The log group that has a policy of its own.
    fn policy_owner(&self, arn: &str) -> Result<LogGroupName, Error> {
        Arn::parse("resourceArn", arn)?;
        self.log_group_named(arn)
    }

    fn show_policy(&self, record: &Record, group: Option<&LogGroupName>) -> LogResourcePolicy {
        LogResourcePolicy {
            policy_name: record.name.clone(),
            policy_document: record.document.clone(),
            last_updated_time: record.updated_ms,
            policy_scope: match group {
                Some(_) => ResourcePolicyScope::Resource,
                None => ResourcePolicyScope::Account,
            },
            resource_arn: group.map(|name| self.home.log_group_arn(name)),
            revision_id: record.revision.clone(),
        }
    }
}

fn refuse_revision(expected: Option<&str>) -> Result<(), Error> {
    match expected {
        Some(_) => Err(Error::invalid("expectedRevisionId goes with resourceArn only")),
        None => Ok(()),
    }
}

fn check_revision(live: Option<&Live>, expected: Option<&str>) -> Result<(), Error> {
    let there = live.and_then(|live| live.record.revision.as_deref());
    match (there, expected) {
        (Some(_), None) => Err(Error::invalid("expectedRevisionId is missing")),
        (there, expected) if there == expected => Ok(()),
        _ => {
            let message = "the policy has another revision than expectedRevisionId";
            Err(Error::new(ErrorKind::OperationAborted, message))
        }
    }
}

fn written(record: &Record) -> String {
    serde_json::to_string(record).expect("a policy's record is plain JSON")
}

fn not_understood() -> Error {
    let message = "a resource policy that is kept is not accepted by this version of logveil";
    Error::new(ErrorKind::InvalidOperation, message)
}

impl fmt::Debug for PutResourcePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PutResourcePolicy({} bytes)", self.policy_document.len())
    }
}

impl fmt::Debug for LogResourcePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, bytes) = (self.policy_scope.as_str(), self.policy_document.len());
        write!(f, "LogResourcePolicy({scope}, {bytes} bytes)")
    }
}
