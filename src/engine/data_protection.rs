//! Data protection policies of log groups.

use std::fmt;

use crate::arn::{Arn, LogGroupName};
use crate::error::Error;
use crate::policy::{DataProtectionPolicy, FindingsDestination};
use crate::store::GroupPolicyRecord;

use super::Engine;
use super::control::{GroupPolicy, Resource};

/// Request of [`Engine::put_data_protection_policy`]. `Debug` does not print the document.
#[derive(Clone)]
pub struct PutDataProtectionPolicy {
    /// The log group's name or ARN.
    pub log_group_identifier: String,
    /// The policy, JSON of at most 30,720 characters.
    pub policy_document: String,
}

/// A log group's data protection policy. `Debug` does not print the document.
#[derive(Clone, Eq, PartialEq)]
pub struct GroupDataProtection {
    /// The log group, as the request named it.
    pub log_group_identifier: String,
    /// The policy document. Absent when the log group has no policy of its own.
    pub policy_document: Option<String>,
    /// When it was put: milliseconds since 1970 UTC.
    pub last_updated_time: Option<i64>,
}

impl Engine {
    /// Puts a data protection policy on a log group, in place of the one it has. Whatever batch
    /// starts after this returned is judged by it, together with the account's policy; events that
    /// are stored keep what they have.
    ///
    /// # Errors
    ///
    /// InvalidParameter (with the place in the document) when the policy is malformed or a
    /// destination does not exist; ResourceNotFound; OperationAborted when another request changes
    /// the log group; ServiceUnavailable when it cannot be kept. The old policy then stays in
    /// force.
    pub fn put_data_protection_policy(
        &self,
        request: PutDataProtectionPolicy,
    ) -> Result<GroupDataProtection, Error> {
        let name = self.log_group_named(&request.log_group_identifier)?;
        self.live(&name)?;
        let policy = DataProtectionPolicy::parse(&request.policy_document)?;
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        self.check_findings_destinations(&policy)?;
        let (document, last_updated_time) = (request.policy_document, self.clock.now_ms());
        let shown = GroupDataProtection {
            log_group_identifier: request.log_group_identifier,
            policy_document: Some(document.clone()),
            last_updated_time: Some(last_updated_time),
        };
        let policy = GroupPolicy { policy, document, last_updated_time };
        self.protect_group(&name, Some(policy))?;
        Ok(shown)
    }

    /// A log group's own data protection policy.
    ///
    /// # Errors
    ///
    /// InvalidParameter, ResourceNotFound.
    // Choice: a log group without one has an answer without document, not an error.
    pub fn get_data_protection_policy(
        &self,
        log_group_identifier: &str,
    ) -> Result<GroupDataProtection, Error> {
        let name = self.log_group_named(log_group_identifier)?;
        let mut control = self.control();
        let policy = control.settings(&name)?.policy.as_ref();
        Ok(GroupDataProtection {
            log_group_identifier: log_group_identifier.to_owned(),
            policy_document: policy.map(|policy| policy.document.clone()),
            last_updated_time: policy.map(|policy| policy.last_updated_time),
        })
    }

    /// Removes a log group's own data protection policy. What it masked stays masked.
    ///
    /// # Errors
    ///
    /// InvalidParameter, ResourceNotFound, OperationAborted.
    // Choice: a log group that has none is left as it is, without an error.
    pub fn delete_data_protection_policy(&self, log_group_identifier: &str) -> Result<(), Error> {
        let name = self.log_group_named(log_group_identifier)?;
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        if self.control().settings(&name)?.policy.is_some() {
            self.protect_group(&name, None)?;
        }
        Ok(())
    }

    /// Keeps a log group's policy, or removes it; what is on disk is then put in force.
    fn protect_group(&self, name: &LogGroupName, policy: Option<GroupPolicy>) -> Result<(), Error> {
        let _one_at_a_time = self.changing();
        let compiled = self.control().compile_group(policy.as_ref().map(|own| &own.policy))?;
        let record = policy.as_ref().map(|own| GroupPolicyRecord {
            document: own.document.clone(),
            last_updated_time: own.last_updated_time,
        });
        self.store.keep_group_policy(name, record)?;
        let mut control = self.control();
        control.protect_group(name, policy, compiled)?;
        control.subscribe_all();
        Ok(())
    }

    /// # Errors
    ///
    /// InvalidParameter when a destination of the findings does not exist.
    pub(super) fn check_findings_destinations(
        &self,
        policy: &DataProtectionPolicy,
    ) -> Result<(), Error> {
        for (destination, place) in policy.placed_destinations() {
            let own = match destination {
                FindingsDestination::LogGroup(name) => self.live(name).is_ok(),
                FindingsDestination::DeliveryStream(_) | FindingsDestination::Bucket(_) => false,
            };
            if !own && !self.outside(destination) {
                let arn = self.arn_of(destination)?;
                let message = format!("{arn}, for the findings, does not exist; create it first");
                return Err(Error::invalid(message).at(place.clone()));
            }
        }
        Ok(())
    }

    /// The ARN of a destination for findings, in this account and Region.
    pub(super) fn arn_of(&self, destination: &FindingsDestination) -> Result<Arn, Error> {
        let text = match destination {
            FindingsDestination::LogGroup(name) => self.home.log_group_arn(name),
            FindingsDestination::DeliveryStream(name) => self.home.delivery_stream_arn(name),
            FindingsDestination::Bucket(name) => self.home.bucket_arn(name),
        };
        Arn::parse("FindingsDestination", &text)
    }
}

impl fmt::Debug for PutDataProtectionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.policy_document.len();
        write!(f, "PutDataProtectionPolicy({}, {bytes} bytes)", self.log_group_identifier)
    }
}

impl fmt::Debug for GroupDataProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.policy_document.as_ref().map(String::len);
        write!(f, "GroupDataProtection({}, {bytes:?} bytes)", self.log_group_identifier)
    }
}
