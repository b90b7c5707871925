//! Log groups: made, changed, removed.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use crate::arn::{Arn, LogGroupName};
use crate::error::Error;
use crate::limits::{DELIVERY_CLASS_RETENTION_DAYS, KMS_KEY_ID_CHARS_MAX, RETENTION_DAYS};
use crate::store::{GroupRef, LogGroupClass, NewGroup};
use crate::tags;

use super::Engine;
use super::control::Resource;

/// Request of [`Engine::create_log_group_with`].
#[derive(Clone, Debug)]
pub struct CreateLogGroup {
    /// Its name.
    pub log_group_name: LogGroupName,
    /// Its class; it cannot change.
    pub log_group_class: LogGroupClass,
    /// The ARN of a KMS key, at most 256 characters; see [`AssociateKmsKey`].
    pub kms_key_id: Option<Arn>,
    /// Refuses to delete it and its log streams until this is taken back.
    pub deletion_protection_enabled: bool,
    /// At most 50 tags: keys of 1 to 128 characters, not beginning with `aws:`, and values of at
    /// most 256.
    pub tags: BTreeMap<String, String>,
}

impl CreateLogGroup {
    /// A log group of the standard class, without anything else.
    pub fn new(log_group_name: LogGroupName) -> Self {
        Self {
            log_group_name,
            log_group_class: LogGroupClass::default(),
            kms_key_id: None,
            deletion_protection_enabled: false,
            tags: BTreeMap::new(),
        }
    }
}

/// Request of [`Engine::associate_kms_key`]; one of the two targets is named.
///
/// The key's ARN is kept and shown, and seals nothing: originals are sealed under keys of the
/// host's [`KeyProvider`](crate::KeyProvider).
#[derive(Clone, Debug)]
pub struct AssociateKmsKey {
    /// The log group.
    pub log_group_name: Option<LogGroupName>,
    /// The log group's ARN, or `arn:aws:logs:REGION:ACCOUNT:query-result:*` for the results of
    /// queries.
    pub resource_identifier: Option<String>,
    /// The ARN of the key.
    pub kms_key_id: Arn,
}

/// Request of [`Engine::disassociate_kms_key`]; one of the two targets is named.
#[derive(Clone, Debug, Default)]
pub struct DisassociateKmsKey {
    /// The log group.
    pub log_group_name: Option<LogGroupName>,
    /// As in [`AssociateKmsKey`].
    pub resource_identifier: Option<String>,
}

/// What a KMS key is for.
enum KeyTarget {
    LogGroup(LogGroupName),
    QueryResults,
}

/// Under which kind and name the key for query results is kept.
const QUERY_RESULT_KEY: (&str, &str) = ("kms-key", "query-result");

impl Engine {
    /// Makes a log group. The account's policies apply to it from its first event on.
    ///
    /// # Errors
    ///
    /// ResourceAlreadyExists; OperationAborted when another request changes it.
    pub fn create_log_group(&self, name: &LogGroupName) -> Result<(), Error> {
        self.create_log_group_with(CreateLogGroup::new(name.clone()))
    }

    /// The same with what else a log group may have.
    ///
    /// # Errors
    ///
    /// InvalidParameter for tags that cannot be, or a key that is none or does not exist;
    /// ResourceAlreadyExists; OperationAborted when another request changes it.
    // Choice: the API Reference keeps events of the class DELIVERY for one day, the User Guide for
    // two; the longer one, so that nothing goes before its time.
    pub fn create_log_group_with(&self, request: CreateLogGroup) -> Result<(), Error> {
        let CreateLogGroup { log_group_name: name, log_group_class: class, .. } = request;
        let CreateLogGroup { kms_key_id, deletion_protection_enabled, tags, .. } = request;
        tags::check(&tags)?;
        kms_key_id.as_ref().map_or(Ok(()), |key| self.check_kms_key(key))?;
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        let of_class = class == LogGroupClass::Delivery;
        let new = NewGroup {
            name: name.clone(),
            class,
            retention_days: of_class.then_some(DELIVERY_CLASS_RETENTION_DAYS),
            kms_key_arn: kms_key_id,
            deletion_protection: deletion_protection_enabled,
            tags,
        };
        let number = self.store.create_group(new, self.clock.now_ms())?;
        let name = &name;
        let mut control = self.control();
        let arn = format!("{}:*", self.home.log_group_arn(name));
        let group = control.add_group(GroupRef { name: name.clone(), number }, arn, class);
        if control.subscription.as_ref().is_some_and(|it| control.feeds_something(it.destination()))
        {
            control.subscribe_all();
        }
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.insert(name.clone(), group);
        Ok(())
    }

    /// Removes a log group with its streams, events, policy and filters. What waits to be delivered
    /// from it is dropped and counted; findings still go out.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; Validation when it is protected from deletion; OperationAborted when
    /// another request changes it.
    pub fn delete_log_group(&self, name: &LogGroupName) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        self.store.delete_group(name)?;
        self.forget_resource_policy(name);
        self.control().groups.remove(name);
        self.live.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }

    /// Protects a log group (named by its name or ARN) and its log streams from deletion, or takes
    /// that back.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the identifier is neither; ResourceNotFound.
    pub fn put_log_group_deletion_protection(
        &self,
        log_group_identifier: &str,
        deletion_protection_enabled: bool,
    ) -> Result<(), Error> {
        let name = self.log_group_named(log_group_identifier)?;
        self.store.change_group(&name, move |group| {
            group.deletion_protection = deletion_protection_enabled;
            Ok(())
        })
    }

    /// Keeps the events of a log group for so many days, or for ever. Older events are not read any
    /// more, and not accepted.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a number of days that the API does not have, or for a log group of the
    /// class DELIVERY, whose days are fixed; ResourceNotFound.
    pub fn put_retention_policy(
        &self,
        name: &LogGroupName,
        retention_in_days: Option<u32>,
    ) -> Result<(), Error> {
        if retention_in_days.is_some_and(|days| !RETENTION_DAYS.contains(&days)) {
            return Err(Error::invalid("retentionInDays is none of the days of the API"));
        }
        self.store.change_group(name, move |group| {
            if group.class == LogGroupClass::Delivery {
                let message = "the retention of a log group of the class DELIVERY is fixed";
                return Err(Error::invalid(message));
            }
            group.retention_days = retention_in_days;
            Ok(())
        })
    }

    /// Notes a KMS key of a log group, in place of the one before, or of the results of queries.
    ///
    /// # Errors
    ///
    /// InvalidParameter unless one target is named, or when the key is none or does not exist;
    /// ResourceNotFound.
    pub fn associate_kms_key(&self, request: AssociateKmsKey) -> Result<(), Error> {
        let AssociateKmsKey { log_group_name, resource_identifier, kms_key_id } = request;
        let target = self.key_target(log_group_name, resource_identifier.as_deref())?;
        self.check_kms_key(&kms_key_id)?;
        self.note_kms_key(&target, Some(kms_key_id))
    }

    /// Forgets the KMS key of a log group, or of the results of queries.
    ///
    /// # Errors
    ///
    /// InvalidParameter unless one target is named; ResourceNotFound.
    pub fn disassociate_kms_key(&self, request: DisassociateKmsKey) -> Result<(), Error> {
        let DisassociateKmsKey { log_group_name, resource_identifier } = request;
        let target = self.key_target(log_group_name, resource_identifier.as_deref())?;
        self.note_kms_key(&target, None)
    }

    fn key_target(
        &self,
        log_group_name: Option<LogGroupName>,
        resource_identifier: Option<&str>,
    ) -> Result<KeyTarget, Error> {
        match (log_group_name, resource_identifier) {
            (Some(name), None) => Ok(KeyTarget::LogGroup(name)),
            (None, Some(text)) => {
                let arn = Arn::parse("resourceIdentifier", text)?;
                let (account, region) = (self.home.account.as_str(), self.home.region.as_str());
                let ours = arn.account() == account && arn.region() == region;
                if ours && arn.service() == "logs" && arn.resource() == "query-result:*" {
                    return Ok(KeyTarget::QueryResults);
                }
                self.log_group_named(text).map(KeyTarget::LogGroup)
            }
            _ => Err(Error::invalid("name either logGroupName or resourceIdentifier")),
        }
    }

    fn note_kms_key(&self, target: &KeyTarget, key: Option<Arn>) -> Result<(), Error> {
        match target {
            KeyTarget::LogGroup(name) => self.store.change_group(name, move |group| {
                group.kms_key_arn = key;
                Ok(())
            }),
            KeyTarget::QueryResults => {
                let (kind, name) = QUERY_RESULT_KEY;
                self.store.keep_object(kind, name, key.map(|arn| arn.as_str().to_owned()))
            }
        }
    }

    // Choice: the ARN of a key, not of an alias, as the page says "the ARN of the KMS key".
    fn check_kms_key(&self, key: &Arn) -> Result<(), Error> {
        let len = key.as_str().len();
        if len > KMS_KEY_ID_CHARS_MAX {
            return Err(Error::too_long("kmsKeyId", len, KMS_KEY_ID_CHARS_MAX, "characters"));
        }
        if key.service() != "kms" || !key.resource().starts_with("key/") {
            return Err(Error::invalid("kmsKeyId is not the ARN of a KMS key"));
        }
        if !self.directory.exists(key) {
            return Err(Error::invalid(format!("the KMS key {key} does not exist")));
        }
        Ok(())
    }
}
