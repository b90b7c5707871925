//! Records: everything that is kept but events and what waits. A kind, a key, a value each.
//!
//! | kind | key behind it | value |
//! |---|---|---|
//! | 1 | nothing | counts |
//! | 2 | log group name | log group |
//! | 3 | group number, log stream name | log stream |
//! | 4 | group number | the group's data protection policy |
//! | 5 | group number, filter name | subscription filter |
//! | 6 | policy type, policy name | account policy |
//! | 7 | log group name, policy name | events with findings |
//! | 8 | stream number | a log stream that is gone, whose events are still to be removed |
//! | 9 | kind of object, name | whatever else has a name: bytes |
//! | 10 | log group name, service, on whose behalf | what became of deliveries |
//! | 11 | destination name | logical destination |
//! | 12 | number, delivery id | what waits to be put into an object of that delivery |
//! | 13 | group number, filter name | metric filter |
//! | 14 | minute it came in, metric | values that wait to be handed out |
//! | 15 | hour since 1970 | what findings of that hour report, by identifier |

use std::collections::BTreeMap;

use super::code::{Reader, Writer};
use super::metrics::WaitingKey;
use super::outbox::Owner;
use super::state::{
    Counts, DataProtectionStatus, Forwarder, GroupRecord, LogGroupClass, Stream, Tally,
};
use crate::arn::{Arn, DestinationName, FilterName, LogGroupName, LogStreamName};
use crate::metric::MetricKey;
use crate::policy::{AccountPolicyType, Distribution, SystemField};

const COUNTS: u8 = 1;
const GROUP: u8 = 2;
const STREAM: u8 = 3;
const GROUP_POLICY: u8 = 4;
const FILTER: u8 = 5;
const ACCOUNT_POLICY: u8 = 6;
const FINDINGS: u8 = 7;
const GONE: u8 = 8;
const OBJECT: u8 = 9;
const FORWARDER: u8 = 10;
const DESTINATION: u8 = 11;
const STAGED: u8 = 12;
const METRIC_FILTER: u8 = 13;
const METRIC_DATA: u8 = 14;
const HOUR: u8 = 15;

/// What a record is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Key {
    Counts,
    Group(LogGroupName),
    Stream(u64, LogStreamName),
    GroupPolicy(u64),
    Filter(u64, FilterName),
    AccountPolicy(AccountPolicyType, String),
    Findings(LogGroupName, Option<String>),
    Gone(u64),
    Object(String, String),
    Forwarder(Forwarder),
    Destination(DestinationName),
    Staged(u64, String),
    MetricFilter(u64, FilterName),
    MetricData(WaitingKey),
    Hour(u64),
}

/// A log group's own data protection policy, as it was put.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GroupPolicyRecord {
    pub(crate) document: String,
    pub(crate) last_updated_time: i64,
}

/// An account policy, as it was put.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AccountPolicyRecord {
    pub(crate) policy_type: AccountPolicyType,
    pub(crate) name: String,
    pub(crate) document: String,
    pub(crate) selection_criteria: Option<String>,
    pub(crate) creation_time: i64,
    pub(crate) last_updated_time: i64,
    /// Of a retention policy: document and criteria that are in force until it takes effect.
    pub(crate) before: Option<(String, Option<String>)>,
}

/// A subscription filter, as it was put.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct FilterRecord {
    pub(crate) name: FilterName,
    pub(crate) pattern: String,
    pub(crate) destination_arn: Arn,
    pub(crate) role_arn: Option<Arn>,
    pub(crate) distribution: Distribution,
    pub(crate) creation_time: i64,
    pub(crate) field_selection_criteria: Option<String>,
    pub(crate) system_fields: Vec<SystemField>,
}

/// A logical destination, as it was put.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct DestinationRecord {
    pub(crate) name: DestinationName,
    pub(crate) target_arn: Arn,
    pub(crate) role_arn: Arn,
    pub(crate) access_policy: Option<String>,
    pub(crate) creation_time: i64,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Key {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let numbered = |kind: u8, number: &u64, name: &str| {
            [&[kind][..], &number.to_be_bytes(), name.as_bytes()].concat()
        };
        let named = |kind: u8, name: &str| [&[kind], name.as_bytes()].concat();
        // No name holds a NUL but for policies' names, which come last.
        let two = |kind: u8, one: &str, other: &str| {
            [&[kind], one.as_bytes(), &[0], other.as_bytes()].concat()
        };
        match self {
            Self::Counts => vec![COUNTS],
            Self::Group(name) => named(GROUP, name.as_str()),
            Self::Stream(group, name) => numbered(STREAM, group, name.as_str()),
            Self::GroupPolicy(group) => numbered(GROUP_POLICY, group, ""),
            Self::Filter(group, name) => numbered(FILTER, group, name.as_str()),
            Self::AccountPolicy(kind, name) => two(ACCOUNT_POLICY, kind.as_str(), name),
            Self::Findings(group, None) => named(FINDINGS, group.as_str()),
            Self::Findings(group, Some(policy)) => two(FINDINGS, group.as_str(), policy),
            Self::Gone(stream) => numbered(GONE, stream, ""),
            Self::Object(kind, name) => two(OBJECT, kind, name),
            Self::Destination(name) => named(DESTINATION, name.as_str()),
            Self::Staged(number, delivery) => numbered(STAGED, number, delivery),
            Self::MetricFilter(group, name) => numbered(METRIC_FILTER, group, name.as_str()),
            Self::MetricData((ingested, metric)) => {
                [&[METRIC_DATA][..], &ingested.to_be_bytes(), &metric.to_value()].concat()
            }
            Self::Hour(hour) => numbered(HOUR, hour, ""),
            Self::Forwarder(Forwarder { owner, log_group, service }) => {
                let group = log_group.as_ref().map_or("", |name| name.as_str());
                let mut key = two(FORWARDER, group, service);
                key.push(0);
                key.extend(owner.to_value());
                key
            }
        }
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let text = || std::str::from_utf8(rest).ok();
        let numbered = || {
            let (number, name) = rest.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*number), std::str::from_utf8(name).ok()?))
        };
        Some(match *kind {
            COUNTS => Self::Counts,
            GROUP => Self::Group(LogGroupName::new(text()?).ok()?),
            STREAM => {
                let (group, name) = numbered()?;
                Self::Stream(group, LogStreamName::new(name).ok()?)
            }
            GROUP_POLICY => Self::GroupPolicy(numbered()?.0),
            FILTER => {
                let (group, name) = numbered()?;
                Self::Filter(group, FilterName::new(name).ok()?)
            }
            ACCOUNT_POLICY => {
                let (kind, name) = text()?.split_once('\0')?;
                Self::AccountPolicy(AccountPolicyType::parse(kind).ok()?, name.to_owned())
            }
            FINDINGS => match text()?.split_once('\0') {
                None => Self::Findings(LogGroupName::new(text()?).ok()?, None),
                Some((group, policy)) => {
                    Self::Findings(LogGroupName::new(group).ok()?, Some(policy.to_owned()))
                }
            },
            GONE => Self::Gone(numbered()?.0),
            HOUR => Self::Hour(numbered()?.0),
            STAGED => {
                let (number, delivery) = numbered()?;
                Self::Staged(number, delivery.to_owned())
            }
            METRIC_FILTER => {
                let (group, name) = numbered()?;
                Self::MetricFilter(group, FilterName::new(name).ok()?)
            }
            METRIC_DATA => {
                let (ingested, metric) = rest.split_first_chunk::<8>()?;
                Self::MetricData((i64::from_be_bytes(*ingested), MetricKey::of_value(metric)?))
            }
            OBJECT => {
                let (kind, name) = text()?.split_once('\0')?;
                Self::Object(kind.to_owned(), name.to_owned())
            }
            DESTINATION => Self::Destination(DestinationName::new(text()?).ok()?),
            FORWARDER => {
                let mut parts = rest.splitn(3, |byte| *byte == 0);
                let mut text = || std::str::from_utf8(parts.next()?).ok();
                let (group, service) = (text()?, text()?.to_owned());
                let log_group = match group {
                    "" => None,
                    name => Some(LogGroupName::new(name).ok()?),
                };
                let owner = Owner::of_value(parts.next()?)?;
                Self::Forwarder(Forwarder { owner, log_group, service })
            }
            _ => return None,
        })
    }

    /// The beginnings of the keys of a log group's subscription and metric filters.
    pub(super) fn filters_of(group: u64) -> [Vec<u8>; 2] {
        [FILTER, METRIC_FILTER].map(|kind| [&[kind][..], &group.to_be_bytes()].concat())
    }

    /// The beginning of the keys of streams that are gone.
    pub(super) const GONE: [u8; 1] = [GONE];
}

/// A value that can be written and read.
pub(super) trait Record: Sized {
    fn write(&self, out: &mut Writer);
    fn read(from: &mut Reader<'_>) -> Option<Self>;

    fn to_value(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write(&mut out);
        out.finish()
    }

    /// `None` when the value is damaged.
    fn of_value(value: &[u8]) -> Option<Self> {
        let mut from = Reader::new(value)?;
        let record = Self::read(&mut from)?;
        from.end()?;
        Some(record)
    }
}

impl Record for u64 {
    fn write(&self, out: &mut Writer) {
        out.number(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.number()
    }
}

impl Record for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().map(str::to_owned)
    }
}

impl Record for Counts {
    fn write(&self, out: &mut Writer) {
        let Self { last_number, last_sequence, last_entry, refused, .. } = *self;
        let Self { incoming, masked, findings_lost, failed_judgements, .. } = *self;
        let Self { delivered, dropped, set_aside, .. } = *self;
        out.number(last_number).number(last_sequence).number(last_entry).number(refused);
        out.number(incoming).number(masked).number(findings_lost).number(failed_judgements);
        out.number(delivered).number(dropped).number(set_aside);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            last_number: from.number()?,
            last_sequence: from.number()?,
            last_entry: from.number()?,
            refused: from.number()?,
            incoming: from.number()?,
            masked: from.number()?,
            findings_lost: from.number()?,
            failed_judgements: from.number()?,
            delivered: from.number()?,
            dropped: from.number()?,
            set_aside: from.number()?,
        })
    }
}

impl Record for Tally {
    fn write(&self, out: &mut Writer) {
        let Self { delivered, bytes, events, errors, throttled, dropped, set_aside } = *self;
        out.number(delivered).number(bytes).number(events).number(errors).number(throttled);
        out.number(dropped).number(set_aside);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            delivered: from.number()?,
            bytes: from.number()?,
            events: from.number()?,
            errors: from.number()?,
            throttled: from.number()?,
            dropped: from.number()?,
            set_aside: from.number()?,
        })
    }
}

impl Record for GroupRecord {
    fn write(&self, out: &mut Writer) {
        out.number(self.number).signed(self.creation_time);
        out.option(self.retention_days, |out, days| _ = out.number(days.into()));
        out.text(self.class.as_str());
        out.option(self.protection, |out, status| _ = out.text(status.as_str()));
        out.option(self.kms_key_arn.as_ref(), |out, arn| _ = out.text(arn.as_str()));
        out.number(self.deletion_protection.into());
        write_tags(&self.tags, out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (number, creation_time) = (from.number()?, from.signed()?);
        let retention_days = from.option(|from| u32::try_from(from.number()?).ok())?;
        let class = LogGroupClass::parse(from.text()?).ok()?;
        let protection = from.option(|from| {
            let text = from.text()?;
            DataProtectionStatus::ALL.into_iter().find(|known| known.as_str() == text)
        })?;
        let kms_key_arn = from.option(|from| Arn::parse("stored ARN", from.text()?).ok())?;
        let deletion_protection = from.number()? != 0;
        let tags = read_tags(from)?;
        Some(Self {
            number,
            creation_time,
            retention_days,
            class,
            protection,
            kms_key_arn,
            deletion_protection,
            tags,
        })
    }
}

fn write_tags(tags: &BTreeMap<String, String>, out: &mut Writer) {
    out.number(tags.len() as u64);
    tags.iter().for_each(|(key, value)| _ = out.text(key).text(value));
}

fn read_tags(from: &mut Reader<'_>) -> Option<BTreeMap<String, String>> {
    let tag = |from: &mut Reader<'_>| Some((from.text()?.to_owned(), from.text()?.to_owned()));
    Some(from.list(tag)?.into_iter().collect())
}

impl Record for Stream {
    fn write(&self, out: &mut Writer) {
        out.number(self.number).signed(self.creation_time);
        out.option(self.event_times, |out, (first, last)| _ = out.signed(first).signed(last));
        out.option(self.last_ingestion_time, |out, time| _ = out.signed(time));
        out.number(self.stored_bytes);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            number: from.number()?,
            creation_time: from.signed()?,
            event_times: from.option(|from| Some((from.signed()?, from.signed()?)))?,
            last_ingestion_time: from.option(Reader::signed)?,
            stored_bytes: from.number()?,
        })
    }
}

impl Record for GroupPolicyRecord {
    fn write(&self, out: &mut Writer) {
        out.text(&self.document).signed(self.last_updated_time);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { document: from.text()?.to_owned(), last_updated_time: from.signed()? })
    }
}

impl Record for AccountPolicyRecord {
    fn write(&self, out: &mut Writer) {
        out.text(self.policy_type.as_str()).text(&self.name).text(&self.document);
        out.option(self.selection_criteria.as_deref(), |out, text| _ = out.text(text));
        out.signed(self.creation_time).signed(self.last_updated_time);
        out.option(self.before.as_ref(), |out, (document, criteria)| {
            out.text(document).option(criteria.as_deref(), |out, text| _ = out.text(text));
        });
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            policy_type: AccountPolicyType::parse(from.text()?).ok()?,
            name: from.text()?.to_owned(),
            document: from.text()?.to_owned(),
            selection_criteria: from.option(|from| from.text().map(str::to_owned))?,
            creation_time: from.signed()?,
            last_updated_time: from.signed()?,
            before: from.option(|from| {
                let document = from.text()?.to_owned();
                Some((document, from.option(|from| from.text().map(str::to_owned))?))
            })?,
        })
    }
}

impl Record for FilterRecord {
    fn write(&self, out: &mut Writer) {
        out.text(self.name.as_str()).text(&self.pattern).text(self.destination_arn.as_str());
        out.option(self.role_arn.as_ref(), |out, arn| _ = out.text(arn.as_str()));
        out.text(self.distribution.as_str()).signed(self.creation_time);
        out.option(self.field_selection_criteria.as_deref(), |out, text| _ = out.text(text));
        write_system_fields(&self.system_fields, out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let arn = |text: &str| Arn::parse("stored ARN", text).ok();
        Some(Self {
            name: FilterName::new(from.text()?).ok()?,
            pattern: from.text()?.to_owned(),
            destination_arn: arn(from.text()?)?,
            role_arn: from.option(|from| arn(from.text()?))?,
            distribution: Distribution::parse(from.text()?).ok()?,
            creation_time: from.signed()?,
            field_selection_criteria: from.option(|from| from.text().map(str::to_owned))?,
            system_fields: read_system_fields(from)?,
        })
    }
}

pub(super) fn write_system_fields(fields: &[SystemField], out: &mut Writer) {
    out.number(fields.len() as u64);
    fields.iter().for_each(|field| _ = out.text(field.as_str()));
}

pub(super) fn read_system_fields(from: &mut Reader<'_>) -> Option<Vec<SystemField>> {
    from.list(|from| SystemField::parse(from.text()?).ok())
}

impl Record for DestinationRecord {
    fn write(&self, out: &mut Writer) {
        out.text(self.name.as_str()).text(self.target_arn.as_str()).text(self.role_arn.as_str());
        out.option(self.access_policy.as_deref(), |out, text| _ = out.text(text));
        out.signed(self.creation_time);
        write_tags(&self.tags, out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let arn = |text: &str| Arn::parse("stored ARN", text).ok();
        Some(Self {
            name: DestinationName::new(from.text()?).ok()?,
            target_arn: arn(from.text()?)?,
            role_arn: arn(from.text()?)?,
            access_policy: from.option(|from| from.text().map(str::to_owned))?,
            creation_time: from.signed()?,
            tags: read_tags(from)?,
        })
    }
}
