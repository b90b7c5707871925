//! Log groups, log streams, and what belongs to a log group.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::commit::How;
use super::disk::failed_in;
use super::record::{DestinationRecord, FilterRecord, GroupPolicyRecord, Key, Record as _};
use super::retention::Keeps;
use super::state::{DataProtectionStatus, Group, GroupRecord, LogGroupClass, Stream};
use super::txn::{NewEntry, Txn};
use super::{Entry, Owner, Store, already_exists, not_found};
use crate::arn::{Arn, DestinationName, FilterName, Home, LogGroupName, LogStreamName};
use crate::error::{Error, ErrorKind};

/// Kind under which the engine keeps a log group's resource policy, by the log group's name.
pub(crate) const LOG_GROUP_POLICY: &str = "log-group-policy";

/// A log group to be made.
#[derive(Debug)]
pub(crate) struct NewGroup {
    pub(crate) name: LogGroupName,
    pub(crate) class: LogGroupClass,
    pub(crate) retention_days: Option<u32>,
    pub(crate) kms_key_arn: Option<Arn>,
    pub(crate) deletion_protection: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Store {
    /// Makes a log group and returns its number.
    ///
    /// # Errors
    ///
    /// ResourceAlreadyExists, ServiceUnavailable.
    pub(crate) fn create_group(&self, group: NewGroup, now_ms: i64) -> Result<u64, Error> {
        let number = self.next_number();
        let NewGroup { name, class, retention_days, .. } = group;
        let NewGroup { kms_key_arn, deletion_protection, tags, .. } = group;
        self.commit(How::Shared, move |txn| {
            if txn.group(&name).is_ok() {
                return Err(already_exists("log group"));
            }
            let about = GroupRecord {
                number,
                creation_time: now_ms,
                retention_days,
                class,
                protection: None,
                kms_key_arn,
                deletion_protection,
                tags,
            };
            txn.put_group(name, about);
            Ok(number)
        })
    }

    /// Removes a log group with all its streams and events, its policy and filters, and what waits
    /// to be delivered from it, which is counted. Its events are not there any more from now on;
    /// their room is given back by [`Store::expire`].
    ///
    /// # Errors
    ///
    /// ResourceNotFound; Validation when it is protected from deletion; ServiceUnavailable.
    pub(crate) fn delete_group(&self, name: &LogGroupName) -> Result<(), Error> {
        let name = name.clone();
        self.commit(How::Alone, move |txn| {
            let group = txn.state.group(&name)?;
            check_deletable(group)?;
            let number = group.about.number;
            // Findings still go out: they were made for others than the log group.
            txn.drop_lines(|line| {
                line.log_group.as_ref() == Some(&name) && !matches!(line.owner, Owner::Findings(_))
            });
            let filters = Key::filters_of(number);
            for filter in filters.into_iter().flat_map(|it| txn.disk.records.prefix(it)) {
                let key = filter.key().map_err(|error| failed_in("read the filters", &error))?;
                txn.remove(key.to_vec());
            }
            for (stream, record) in &group.streams {
                txn.remove(Key::Stream(number, stream.clone()).to_bytes());
                txn.put_gone(record.number);
            }
            txn.remove(Key::GroupPolicy(number).to_bytes());
            let policy = Key::Object(LOG_GROUP_POLICY.to_owned(), name.as_str().to_owned());
            txn.remove(policy.to_bytes());
            txn.remove(Key::Group(name.clone()).to_bytes());
            txn.changes.removed_group = Some(name);
            Ok(())
        })
    }

    /// Notes whose store it is, or checks it.
    ///
    /// # Errors
    ///
    /// InvalidOperation when it belongs to another account or Region; ServiceUnavailable.
    pub(crate) fn belongs_to(&self, home: &Home, salvage: bool) -> Result<(), Error> {
        let key = Key::Object("home".to_owned(), String::new());
        let found = self.disk.records.get(key.to_bytes());
        let found = found.map_err(|error| failed_in("read the store", &error))?;
        let owner = format!("{} in {}", home.account, home.region);
        match found.as_deref().and_then(String::of_value) {
            Some(known) if known == owner => Ok(()),
            Some(known) => {
                let message = format!("the store belongs to {known}, not to {owner}");
                Err(Error::new(ErrorKind::InvalidOperation, message))
            }
            None if salvage => Ok(()),
            None => self.commit(How::Shared, move |txn| {
                txn.put(&key, &owner);
                Ok(())
            }),
        }
    }

    /// Changes what is known of a log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound, ServiceUnavailable; what `change` answers.
    pub(crate) fn change_group(
        &self,
        name: &LogGroupName,
        change: impl FnOnce(&mut GroupRecord) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let name = name.clone();
        self.commit(How::Shared, move |txn| {
            let mut about = GroupRecord::clone(txn.group(&name)?);
            change(&mut about)?;
            txn.put_group(name, about);
            Ok(())
        })
    }

    /// Makes a log stream.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the group, ResourceAlreadyExists for the stream, ServiceUnavailable.
    pub(crate) fn create_stream(
        &self,
        group: &LogGroupName,
        name: &LogStreamName,
        now_ms: i64,
    ) -> Result<(), Error> {
        let (number, group, name) = (self.next_number(), group.clone(), name.clone());
        self.commit(How::Shared, move |txn| {
            txn.group(&group)?;
            if txn.stream(&group, &name).is_some() {
                return Err(already_exists("log stream"));
            }
            txn.put_stream(&group, name, Stream::new(number, now_ms));
            Ok(())
        })
    }

    /// Removes a log stream with all its events, as [`Store::delete_group`] does.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; Validation when the log group is protected from deletion;
    /// ServiceUnavailable.
    pub(crate) fn delete_stream(
        &self,
        group: &LogGroupName,
        name: &LogStreamName,
    ) -> Result<(), Error> {
        let (group, name) = (group.clone(), name.clone());
        self.commit(How::Alone, move |txn| {
            let found = txn.state.group(&group)?;
            check_deletable(found)?;
            let stream = found.streams.get(&name).ok_or_else(|| not_found("log stream"))?;
            txn.remove(Key::Stream(found.about.number, name.clone()).to_bytes());
            txn.put_gone(stream.number);
            txn.changes.removed_streams.push((group, name));
            Ok(())
        })
    }

    /// What `look` makes of one log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub(crate) fn with_group<T>(
        &self,
        name: &LogGroupName,
        look: impl FnOnce(&Group) -> T,
    ) -> Result<T, Error> {
        self.read().group(name).map(look)
    }

    /// What `look` makes of the log groups in ASCII order, and of how long each keeps its events at
    /// that time, beginning after `after`, as long as it wants more.
    pub(crate) fn groups_after(
        &self,
        after: Option<&LogGroupName>,
        now_ms: i64,
        mut look: impl FnMut(&LogGroupName, &Group, Keeps<'_>) -> bool,
    ) {
        let state = self.read();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        for (name, group) in state.groups.range((start, Bound::Unbounded)) {
            if !look(name, group, state.keeps(name, &group.about, now_ms)) {
                return;
            }
        }
    }

    /// Keeps a log group's own data protection policy, or removes it; the group's status follows.
    ///
    /// # Errors
    ///
    /// ResourceNotFound, ServiceUnavailable.
    pub(crate) fn keep_group_policy(
        &self,
        name: &LogGroupName,
        policy: Option<GroupPolicyRecord>,
    ) -> Result<(), Error> {
        let name = name.clone();
        self.commit(How::Shared, move |txn| {
            let mut about = GroupRecord::clone(txn.group(&name)?);
            let key = Key::GroupPolicy(about.number);
            about.protection = Some(match policy {
                Some(policy) => {
                    txn.put(&key, &policy);
                    DataProtectionStatus::Activated
                }
                None => {
                    txn.remove(key.to_bytes());
                    DataProtectionStatus::Deleted
                }
            });
            txn.put_group(name, about);
            Ok(())
        })
    }

    /// Keeps a logical destination; with it a control message for a new target is queued.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn keep_destination(
        &self,
        destination: DestinationRecord,
        control: Option<Entry>,
    ) -> Result<(), Error> {
        self.commit(How::Shared, move |txn| {
            txn.put(&Key::Destination(destination.name.clone()), &destination);
            control.into_iter().for_each(|entry| txn.queue_entry(&entry));
            Ok(())
        })
    }

    /// Removes a logical destination, and a control message that waits for its target.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn remove_destination(&self, name: &DestinationName) -> Result<(), Error> {
        let (key, owner) = (Key::Destination(name.clone()), Owner::Destination(name.clone()));
        self.commit(How::Alone, move |txn| {
            txn.drop_lines(|line| line.owner == owner);
            txn.remove(key.to_bytes());
            Ok(())
        })
    }

    /// Keeps a subscription filter; with it a control message for a new destination is queued.
    ///
    /// # Errors
    ///
    /// ResourceNotFound, ServiceUnavailable.
    pub(crate) fn keep_filter(
        &self,
        group: &LogGroupName,
        filter: FilterRecord,
        control: Option<Entry>,
    ) -> Result<(), Error> {
        let group = group.clone();
        self.commit(How::Shared, move |txn| {
            let number = txn.group(&group)?.number;
            txn.put(&Key::Filter(number, filter.name.clone()), &filter);
            control.into_iter().for_each(|entry| txn.queue_entry(&entry));
            Ok(())
        })
    }

    /// Removes a subscription filter; what waits for it goes with it and is counted.
    ///
    /// # Errors
    ///
    /// ResourceNotFound, ServiceUnavailable.
    pub(crate) fn remove_filter(
        &self,
        group: &LogGroupName,
        name: &FilterName,
    ) -> Result<(), Error> {
        let (group, name) = (group.clone(), name.clone());
        self.commit(How::Alone, move |txn| {
            let number = txn.group(&group)?.number;
            let owner = Owner::Filter(name.clone());
            txn.drop_lines(|line| line.owner == owner && line.log_group.as_ref() == Some(&group));
            txn.remove(Key::Filter(number, name).to_bytes());
            Ok(())
        })
    }
}

fn check_deletable(group: &Group) -> Result<(), Error> {
    if group.about.deletion_protection {
        return Err(Error::validation("the log group is protected from deletion"));
    }
    Ok(())
}

impl Txn<'_> {
    /// The events of a stream of that number are to be removed.
    fn put_gone(&mut self, stream: u64) {
        self.put(&Key::Gone(stream), &0);
    }

    /// Queues a control message, whether there is room or not: they are few.
    pub(super) fn queue_entry(&mut self, entry: &Entry) {
        self.queue(NewEntry::of(entry));
    }
}
