//! Log groups.

use std::sync::PoisonError;

use crate::arn::LogGroupName;
use crate::error::Error;
use crate::limits::RETENTION_DAYS;
use crate::store::{Group, GroupRef};

use super::control::{Control, Resource};
use super::{Engine, bad_token, describe_limit};

/// Request of [`Engine::describe_log_groups`]. The default asks for the first 50.
#[derive(Clone, Debug, Default)]
pub struct DescribeLogGroups {
    /// Only log groups whose name begins so.
    pub log_group_name_prefix: Option<String>,
    /// Only log groups whose name contains this; not together with the prefix.
    pub log_group_name_pattern: Option<String>,
    /// Most log groups to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_log_groups`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DescribeLogGroupsResult {
    /// The log groups in ASCII order of their names.
    pub log_groups: Vec<LogGroup>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A log group as `DescribeLogGroups` shows it. Asked for by pattern it has its name, its ARN and
/// its time of creation only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogGroup {
    /// Its name.
    pub log_group_name: LogGroupName,
    /// When it was made: milliseconds since 1970 UTC.
    pub creation_time: i64,
    /// Days that events are kept; absent: for ever.
    pub retention_in_days: Option<u32>,
    /// Its ARN with `:*` at its end.
    pub arn: String,
    /// Its ARN without.
    pub log_group_arn: Option<String>,
    /// Bytes of its messages, plus 26 for each event.
    pub stored_bytes: Option<u64>,
    /// Whether it has, or once had, a data protection policy of its own.
    pub data_protection_status: Option<DataProtectionStatus>,
    /// What it inherits from the account.
    pub inherited_properties: Vec<InheritedProperty>,
}

/// Whether a log group has a data protection policy of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DataProtectionStatus {
    /// It has one.
    Activated,
    /// It had one.
    Deleted,
}

/// What a log group inherits from the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InheritedProperty {
    /// `ACCOUNT_DATA_PROTECTION`: the account's data protection policy.
    AccountDataProtection,
}

impl DataProtectionStatus {
    /// AWS's name: `ACTIVATED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "ACTIVATED",
            Self::Deleted => "DELETED",
        }
    }
}

impl InheritedProperty {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountDataProtection => "ACCOUNT_DATA_PROTECTION",
        }
    }
}

impl Engine {
    /// Makes a log group. The account's policies apply to it from its first event on.
    ///
    /// # Errors
    ///
    /// ResourceAlreadyExists; OperationAborted when another request changes it.
    pub fn create_log_group(&self, name: &LogGroupName) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        let mut control = self.control();
        let number = self.store.create_group(name, self.clock.now_ms())?;
        let arn = format!("{}:*", self.home.log_group_arn(name));
        let group = control.add_group(GroupRef { name: name.clone(), number }, arn);
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.insert(name.clone(), group);
        Ok(())
    }

    /// Removes a log group with its streams, events, policy and filters. What waits to be delivered
    /// from it is dropped and counted; findings still go out.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; OperationAborted when another request changes it.
    pub fn delete_log_group(&self, name: &LogGroupName) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        let mut control = self.control();
        let dropped = self.store.delete_group(name)?;
        self.counters.drop_deliveries(dropped);
        control.groups.remove(name);
        self.live.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }

    /// Keeps the events of a log group for so many days, or for ever. Older events are not read any
    /// more, and not accepted.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a number of days that the API does not have; ResourceNotFound.
    pub fn put_retention_policy(
        &self,
        name: &LogGroupName,
        retention_in_days: Option<u32>,
    ) -> Result<(), Error> {
        if retention_in_days.is_some_and(|days| !RETENTION_DAYS.contains(&days)) {
            return Err(Error::invalid("retentionInDays is none of the days of the API"));
        }
        self.store.set_retention(name, retention_in_days)
    }

    /// The log groups, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for prefix and pattern together, or a limit or token that cannot be.
    pub fn describe_log_groups(
        &self,
        request: &DescribeLogGroups,
    ) -> Result<DescribeLogGroupsResult, Error> {
        let DescribeLogGroups {
            log_group_name_prefix: prefix, log_group_name_pattern: part, ..
        } = request;
        if prefix.is_some() && part.is_some() {
            let message = "logGroupNamePrefix and logGroupNamePattern exclude each other";
            return Err(Error::invalid(message));
        }
        let limit = describe_limit(request.limit)?;
        let after = request.next_token.as_deref().map(LogGroupName::new).transpose();
        let after = after.map_err(|_| bad_token())?;
        let control = self.control();
        let mut log_groups: Vec<LogGroup> = Vec::new();
        let mut next_token = None;
        self.store.groups_after(after.as_ref(), |name, group| {
            let text = name.as_str();
            let named = prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix))
                && part.as_ref().is_none_or(|part| text.contains(part));
            if named && log_groups.len() == limit {
                next_token = log_groups.last().map(|last| last.log_group_name.as_str().to_owned());
                return false;
            }
            if named {
                log_groups.push(self.describe(name, group, &control, part.is_none()));
            }
            true
        });
        Ok(DescribeLogGroupsResult { log_groups, next_token })
    }

    fn describe(
        &self,
        name: &LogGroupName,
        group: &Group,
        control: &Control,
        whole: bool,
    ) -> LogGroup {
        let arn = self.home.log_group_arn(name);
        let inherits = whole && control.data_protection.is_some();
        let settings = control.groups.get(name).filter(|_| whole);
        let stored_bytes = group.streams.values().map(|stream| stream.stored_bytes).sum();
        LogGroup {
            log_group_name: name.clone(),
            creation_time: group.creation_time,
            retention_in_days: group.retention_days.filter(|_| whole),
            arn: format!("{arn}:*"),
            log_group_arn: whole.then_some(arn),
            stored_bytes: whole.then_some(stored_bytes),
            data_protection_status: settings.and_then(|settings| settings.status),
            inherited_properties: if inherits {
                vec![InheritedProperty::AccountDataProtection]
            } else {
                Vec::new()
            },
        }
    }
}
