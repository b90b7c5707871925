//! Log groups.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use crate::arn::LogGroupName;
use crate::error::Error;
use crate::limits::{RETENTION_DAYS, TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX};
use crate::store::{DataProtectionStatus, Group, GroupRef, LogGroupClass, NewGroup};

use super::control::{Control, Resource};
use super::{Engine, describe_limit};

/// Request of [`Engine::create_log_group_with`].
#[derive(Clone, Debug)]
pub struct CreateLogGroup {
    /// Its name.
    pub log_group_name: LogGroupName,
    /// Its class; it cannot change.
    pub log_group_class: LogGroupClass,
    /// At most 50 tags: keys of 1 to 128 characters, not beginning with `aws:`, and values of at
    /// most 256.
    pub tags: BTreeMap<String, String>,
}

impl CreateLogGroup {
    /// A log group of the standard class, without tags.
    pub fn new(log_group_name: LogGroupName) -> Self {
        let log_group_class = LogGroupClass::default();
        Self { log_group_name, log_group_class, tags: BTreeMap::new() }
    }
}

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
    /// Its class.
    pub log_group_class: Option<LogGroupClass>,
}

/// What a log group inherits from the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InheritedProperty {
    /// `ACCOUNT_DATA_PROTECTION`: the account's data protection policy.
    AccountDataProtection,
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
        self.create_log_group_with(CreateLogGroup::new(name.clone()))
    }

    /// The same with what else a log group may have.
    ///
    /// # Errors
    ///
    /// InvalidParameter for tags that cannot be; ResourceAlreadyExists; OperationAborted when
    /// another request changes it.
    pub fn create_log_group_with(&self, request: CreateLogGroup) -> Result<(), Error> {
        let CreateLogGroup { log_group_name: name, log_group_class: class, tags } = request;
        check_tags(&tags)?;
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        let new = NewGroup { name: name.clone(), class, tags };
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
    /// ResourceNotFound; OperationAborted when another request changes it.
    pub fn delete_log_group(&self, name: &LogGroupName) -> Result<(), Error> {
        let _claim = self.claims.claim(Resource::LogGroup(name.clone()))?;
        self.store.delete_group(name)?;
        self.control().groups.remove(name);
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
        self.store.change_group(name, move |group| {
            group.retention_days = retention_in_days;
            Ok(())
        })
    }

    /// The tags of a log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub fn list_tags(&self, name: &LogGroupName) -> Result<BTreeMap<String, String>, Error> {
        self.store.with_group(name, |group| group.about.tags.clone())
    }

    /// Adds tags to a log group, or gives them other values.
    ///
    /// # Errors
    ///
    /// InvalidParameter for tags that cannot be, or more than 50; ResourceNotFound.
    pub fn tag_log_group(
        &self,
        name: &LogGroupName,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        self.store.change_group(name, move |group| {
            group.tags.extend(tags);
            check_tags(&group.tags)
        })
    }

    /// Removes tags of those keys from a log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub fn untag_log_group(&self, name: &LogGroupName, keys: &[String]) -> Result<(), Error> {
        let keys = keys.to_vec();
        self.store.change_group(name, move |group| {
            group.tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
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
        let paging = self.tokens.of("DescribeLogGroups", self.clock.now_ms());
        let paging = [prefix, part]
            .into_iter()
            .fold(paging, |paging, text| paging.with(text.as_deref().unwrap_or_default()));
        let after = |token| paging.parse_name(token, LogGroupName::new);
        let after = request.next_token.as_deref().map(after).transpose()?;
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
        let print = |name: String| paging.print(name.as_bytes());
        let next_token = next_token.map(print).transpose()?;
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
        let stored_bytes = group.streams.values().map(|stream| stream.stored_bytes).sum();
        LogGroup {
            log_group_name: name.clone(),
            creation_time: group.about.creation_time,
            retention_in_days: group.about.retention_days.filter(|_| whole),
            arn: format!("{arn}:*"),
            log_group_arn: whole.then_some(arn),
            stored_bytes: whole.then_some(stored_bytes),
            data_protection_status: group.about.protection.filter(|_| whole),
            inherited_properties: if inherits {
                vec![InheritedProperty::AccountDataProtection]
            } else {
                Vec::new()
            },
            log_group_class: whole.then_some(group.about.class),
        }
    }
}

pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::too_long("tags", tags.len(), TAGS_MAX, "tags"));
    }
    let fits = |(key, value): (&String, &String)| {
        (1..=TAG_KEY_CHARS_MAX).contains(&key.chars().count())
            && !key.starts_with("aws:")
            && value.chars().count() <= TAG_VALUE_CHARS_MAX
    };
    match tags.iter().all(fits) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "tags: a key has 1 to {TAG_KEY_CHARS_MAX} characters and does not begin with aws:, a \
             value at most {TAG_VALUE_CHARS_MAX}"
        ))),
    }
}
