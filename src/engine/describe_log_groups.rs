//! Which log groups there are: DescribeLogGroups and ListLogGroups.

use std::collections::BTreeSet;

use crate::arn::{AccountId, Arn, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    ACCOUNT_IDENTIFIERS_MAX, DESCRIBE_LOG_GROUPS_MAX, DESCRIBE_PAGE_MAX, LIST_PAGE_MAX,
    NAME_PATTERN_CHARS, NAME_PATTERNS_MAX,
};
use crate::store::{DataProtectionStatus, Group, Keeps, LogGroupClass};
use crate::tags::{self, TagFilter};
use crate::token::Paging;

use super::control::Control;
use super::{Engine, describe_limit};

/// Request of [`Engine::describe_log_groups`]. The default asks for the first 50.
#[derive(Clone, Debug, Default)]
pub struct DescribeLogGroups {
    /// Only log groups whose name begins so.
    pub log_group_name_prefix: Option<String>,
    /// Only log groups whose name contains this; not together with the prefix.
    pub log_group_name_pattern: Option<String>,
    /// Only log groups of this class; INFREQUENT_ACCESS and ESSENTIALS count as one.
    pub log_group_class: Option<LogGroupClass>,
    /// Only these log groups, 1 to 50 names or ARNs; with nothing else but
    /// `include_linked_accounts`.
    pub log_group_identifiers: Option<Vec<String>>,
    /// Log groups of linked accounts as well. No account is linked to an engine's.
    pub include_linked_accounts: bool,
    /// With the former: only these accounts, at most 20; none named means all.
    pub account_identifiers: Vec<AccountId>,
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
    /// Days that events are kept, by an account policy or by its own retention; absent: for ever.
    pub retention_in_days: Option<u32>,
    /// How many metric filters it has.
    pub metric_filter_count: Option<usize>,
    /// The retention policy of the account that says so.
    pub retention_policy_name: Option<String>,
    /// Its ARN with `:*` at its end.
    pub arn: String,
    /// Its ARN without.
    pub log_group_arn: Option<String>,
    /// Bytes of its messages, plus 26 for each event.
    pub stored_bytes: Option<u64>,
    /// The ARN of its KMS key.
    pub kms_key_id: Option<Arn>,
    /// Whether it has, or once had, a data protection policy of its own.
    pub data_protection_status: Option<DataProtectionStatus>,
    /// What it inherits from the account.
    pub inherited_properties: Vec<InheritedProperty>,
    /// Its class.
    pub log_group_class: Option<LogGroupClass>,
    /// Whether it is protected from deletion.
    pub deletion_protection_enabled: Option<bool>,
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

/// Request of [`Engine::list_log_groups`]. The default asks for the first 50.
#[derive(Clone, Debug, Default)]
pub struct ListLogGroups {
    /// Only log groups with such a name: at most five texts of 3 to 24 characters with `|` between
    /// them; one that begins with `^` stands at the beginning of the name, another one anywhere.
    pub log_group_name_pattern: Option<String>,
    /// Only log groups of this class.
    pub log_group_class: Option<LogGroupClass>,
    /// As in [`DescribeLogGroups`].
    pub include_linked_accounts: bool,
    /// As in [`DescribeLogGroups`].
    pub account_identifiers: Vec<AccountId>,
    /// Only log groups with one of these data sources: name, and type if any. No log group of an
    /// engine has a data source.
    pub data_sources: Vec<(String, Option<String>)>,
    /// Only log groups whose fields of these names are all indexed. An engine has no indexes.
    pub field_index_names: Vec<String>,
    /// Only log groups that have all these tags.
    pub log_group_tags: Vec<TagFilter>,
    /// Most log groups to return, 1 to 1,000; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::list_log_groups`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListLogGroupsResult {
    /// The log groups in ASCII order of their names.
    pub log_groups: Vec<LogGroupSummary>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A log group as `ListLogGroups` shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogGroupSummary {
    /// Its name.
    pub log_group_name: LogGroupName,
    /// Its ARN, without `:*`.
    pub log_group_arn: String,
    /// Its class.
    pub log_group_class: LogGroupClass,
}

impl Engine {
    /// The log groups, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for parameters that exclude each other, an identifier that is neither name
    /// nor ARN, or a limit or token that cannot be.
    // Choice: identifiers of log groups that do not exist, here or elsewhere, are left out.
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
        let named = self.identified(request)?;
        let here = self.asks_here(request.include_linked_accounts, &request.account_identifiers)?;
        let limit = describe_limit(request.limit)?;
        let selects = |name: &LogGroupName, group: &Group| {
            let text = name.as_str();
            here && prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix))
                && part.as_ref().is_none_or(|part| text.contains(part))
                && named.as_ref().is_none_or(|named| named.contains(name))
                && request.log_group_class.is_none_or(|it| is_like(it, group.about.class))
        };
        let paging = self.tokens.of("DescribeLogGroups", self.clock.now_ms());
        let paging = [prefix, part].into_iter().fold(paging, |paging, text| text_of(paging, text));
        let paging = text_of(paging, &request.log_group_class.map(LogGroupClass::as_str));
        let named = named.iter().flatten().map(LogGroupName::as_str);
        let paging = named.fold(paging.with(if here { "here" } else { "" }), Paging::with);
        let control = self.control();
        let page = (limit, request.next_token.as_deref());
        let (log_groups, next_token) =
            self.page_of_groups(&paging, page, |name, group, keeps| {
                let whole = part.is_none();
                selects(name, group).then(|| self.describe((name, group, keeps), &control, whole))
            })?;
        Ok(DescribeLogGroupsResult { log_groups, next_token })
    }

    /// The names and ARNs of the log groups, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a pattern, filter, limit or token that cannot be.
    pub fn list_log_groups(&self, request: &ListLogGroups) -> Result<ListLogGroupsResult, Error> {
        let ListLogGroups { log_group_name_pattern: pattern, log_group_tags: filters, .. } =
            request;
        let limit = request.limit.unwrap_or(DESCRIBE_PAGE_MAX);
        if !(1..=LIST_PAGE_MAX).contains(&limit) {
            return Err(Error::invalid(format!("limit is not between 1 and {LIST_PAGE_MAX}")));
        }
        let names = pattern.as_deref().map(NamePattern::parse).transpose()?;
        tags::check_filters(filters)?;
        let here = self.asks_here(request.include_linked_accounts, &request.account_identifiers)?;
        let here = here && request.data_sources.is_empty() && request.field_index_names.is_empty();
        let selects = |name: &LogGroupName, group: &Group| {
            here && names.as_ref().is_none_or(|names| names.selects(name))
                && request.log_group_class.is_none_or(|class| class == group.about.class)
                && filters.iter().all(|filter| filter.selects(&group.about.tags))
        };
        let paging = self.tokens.of("ListLogGroups", self.clock.now_ms());
        let paging = text_of(paging, pattern);
        let paging = text_of(paging, &request.log_group_class.map(LogGroupClass::as_str));
        let paging = paging.with(if here { "here" } else { "" });
        let paging = filters.iter().fold(paging, filter_of);
        let page = (limit, request.next_token.as_deref());
        let (log_groups, next_token) = self.page_of_groups(&paging, page, |name, group, _| {
            selects(name, group).then(|| LogGroupSummary {
                log_group_name: name.clone(),
                log_group_arn: self.home.log_group_arn(name),
                log_group_class: group.about.class,
            })
        })?;
        Ok(ListLogGroupsResult { log_groups, next_token })
    }

    /// The log groups that `logGroupIdentifiers` names.
    fn identified(
        &self,
        request: &DescribeLogGroups,
    ) -> Result<Option<BTreeSet<LogGroupName>>, Error> {
        let Some(identifiers) = &request.log_group_identifiers else { return Ok(None) };
        if !(1..=DESCRIBE_LOG_GROUPS_MAX).contains(&identifiers.len()) {
            let max = DESCRIBE_LOG_GROUPS_MAX;
            return Err(Error::invalid(format!("logGroupIdentifiers does not hold 1 to {max}")));
        }
        let DescribeLogGroups {
            log_group_name_prefix: prefix, log_group_name_pattern: part, ..
        } = request;
        let class = request.log_group_class.map(LogGroupClass::as_str);
        let others = [prefix.as_deref(), part.as_deref(), class];
        if others.iter().any(Option::is_some) || !request.account_identifiers.is_empty() {
            let message = "logGroupIdentifiers goes with includeLinkedAccounts only";
            return Err(Error::invalid(message));
        }
        let mut names = BTreeSet::new();
        for identifier in identifiers {
            match self.log_group_named(identifier) {
                Ok(name) => _ = names.insert(name),
                Err(error) if error.kind() == ErrorKind::ResourceNotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(names))
    }

    /// Whether log groups of this account are asked for.
    // Choice: accounts are heeded with includeLinkedAccounts only, as the page says "when".
    fn asks_here(&self, linked: bool, accounts: &[AccountId]) -> Result<bool, Error> {
        if accounts.len() > ACCOUNT_IDENTIFIERS_MAX {
            let (len, max) = (accounts.len(), ACCOUNT_IDENTIFIERS_MAX);
            return Err(Error::too_long("accountIdentifiers", len, max, "accounts"));
        }
        Ok(!linked || accounts.is_empty() || accounts.contains(&self.home.account))
    }

    /// A page of what `shown` makes of the log groups that it selects, and the next page's token.
    fn page_of_groups<T>(
        &self,
        paging: &Paging<'_>,
        (limit, token): (usize, Option<&str>),
        mut shown: impl FnMut(&LogGroupName, &Group, Keeps<'_>) -> Option<T>,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let after = |token| paging.parse_name(token, LogGroupName::new);
        let after = token.map(after).transpose()?;
        let (mut found, mut last, mut more) = (Vec::new(), None, false);
        self.store.groups_after(after.as_ref(), self.clock.now_ms(), |name, group, keeps| {
            let Some(item) = shown(name, group, keeps) else { return true };
            more = found.len() == limit;
            if !more {
                found.push(item);
                last = Some(name.clone());
            }
            !more
        });
        let print = |last: LogGroupName| paging.print(last.as_str().as_bytes());
        let next_token = last.filter(|_| more).map(print).transpose()?;
        Ok((found, next_token))
    }

    fn describe(
        &self,
        (name, group, keeps): (&LogGroupName, &Group, Keeps<'_>),
        control: &Control,
        whole: bool,
    ) -> LogGroup {
        let arn = self.home.log_group_arn(name);
        let inherits = whole && control.data_protection.is_some();
        let filters = control.groups.get(name).map(|settings| settings.metric_filters.len());
        let stored_bytes = group.streams.values().map(|stream| stream.stored_bytes).sum();
        LogGroup {
            log_group_name: name.clone(),
            creation_time: group.about.creation_time,
            metric_filter_count: filters.filter(|_| whole),
            retention_in_days: keeps.days.filter(|_| whole),
            retention_policy_name: keeps.policy.filter(|_| whole).map(str::to_owned),
            arn: format!("{arn}:*"),
            log_group_arn: whole.then_some(arn),
            stored_bytes: whole.then_some(stored_bytes),
            kms_key_id: group.about.kms_key_arn.clone().filter(|_| whole),
            data_protection_status: group.about.protection.filter(|_| whole),
            inherited_properties: if inherits {
                vec![InheritedProperty::AccountDataProtection]
            } else {
                Vec::new()
            },
            log_group_class: whole.then_some(group.about.class),
            deletion_protection_enabled: whole.then_some(group.about.deletion_protection),
        }
    }
}

/// Whether a log group of a class is asked for by a class.
fn is_like(asked: LogGroupClass, class: LogGroupClass) -> bool {
    use LogGroupClass::{Essentials, InfrequentAccess};
    let rare = |class| matches!(class, InfrequentAccess | Essentials);
    asked == class || (rare(asked) && rare(class))
}

/// A parameter that may be absent: that is another thing than an empty text.
fn text_of<'a>(paging: Paging<'a>, text: &Option<impl AsRef<str>>) -> Paging<'a> {
    match text {
        Some(text) => paging.with("given").with(text.as_ref()),
        None => paging.with(""),
    }
}

fn filter_of<'a>(paging: Paging<'a>, filter: &TagFilter) -> Paging<'a> {
    let paging = paging.with(&filter.key).with(&filter.values.len().to_string());
    filter.values.iter().fold(paging, |paging, value| paging.with(value))
}

/// What `logGroupNamePattern` of ListLogGroups asks for.
struct NamePattern<'a> {
    /// Whether each stands at the beginning of the name.
    any_of: Vec<(bool, &'a [u8])>,
}

impl<'a> NamePattern<'a> {
    fn parse(text: &'a str) -> Result<Self, Error> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(byte);
        let part = |text: &'a str| {
            let rest = text.strip_prefix('^');
            (rest.is_some(), rest.unwrap_or(text).as_bytes())
        };
        let any_of: Vec<_> = text.split('|').map(part).collect();
        let fits =
            |text: &[u8]| NAME_PATTERN_CHARS.contains(&text.len()) && text.iter().all(allowed);
        if any_of.len() > NAME_PATTERNS_MAX || !any_of.iter().all(|(_, text)| fits(text)) {
            let (least, most) = (NAME_PATTERN_CHARS.start(), NAME_PATTERN_CHARS.end());
            return Err(Error::invalid(format!(
                "logGroupNamePattern is not up to {NAME_PATTERNS_MAX} texts of {least} to {most} \
                 letters, digits and . - _ / #, ^ before one, | between two"
            )));
        }
        Ok(Self { any_of })
    }

    // Choice: a dot stands for any one character, as the page speaks of regular expressions and
    // wildcards, and no other wildcard is among the characters that it allows.
    fn selects(&self, name: &LogGroupName) -> bool {
        let name = name.as_str().as_bytes();
        let is = |place: &[u8], text: &[u8]| {
            place.iter().zip(text).all(|(byte, asked)| *asked == b'.' || byte == asked)
        };
        self.any_of.iter().any(|(first, text)| {
            let places = if *first { 1 } else { usize::MAX };
            name.windows(text.len()).take(places).any(|place| is(place, text))
        })
    }
}
