//! What the page shows, asked of engines.

use logveil::{
    AccountPolicyType, DataProtectionPolicy, DescribeAccountPolicies, DescribeLogGroups, Engine,
    Error, Home, LogGroup,
};

use super::{HomeOverview, LOG_GROUPS_MAX, Overview, PolicyRow};
use crate::world::World;

impl Overview {
    /// Looks at every engine.
    ///
    /// # Errors
    ///
    /// What the engines say; none of it is expected.
    pub fn everything(world: &World) -> Result<Self, Error> {
        Self::of(world, |_| true)
    }

    /// Looks at the engines that `shows` names.
    ///
    /// # Errors
    ///
    /// What the engines say; none of it is expected.
    pub(crate) fn of(world: &World, shows: impl Fn(&Home) -> bool) -> Result<Self, Error> {
        let engines = world.engines();
        let shown = engines.iter().filter(|engine| shows(engine.home()));
        let homes = shown.map(|engine| home(engine)).collect::<Result<_, _>>()?;
        Ok(Self { now_ms: world.now_ms(), homes })
    }
}

fn home(engine: &Engine) -> Result<HomeOverview, Error> {
    let metrics = engine.metrics();
    let (log_groups, more_log_groups) = log_groups(engine)?;
    let mut policies = account_policies(engine)?;
    for log_group in &log_groups {
        policies.extend(group_policy(engine, log_group)?);
    }
    Ok(HomeOverview {
        home: engine.home().clone(),
        incoming_log_events: metrics.incoming_log_events,
        masked_log_events: metrics.masked_log_events,
        log_events_with_findings: metrics.log_events_with_findings,
        deliveries_waiting: metrics.deliveries_waiting,
        hours: engine.findings_by_hour(),
        policies,
        log_groups,
        more_log_groups,
        forwarding: engine.forwarding_health(),
    })
}

fn log_groups(engine: &Engine) -> Result<(Vec<LogGroup>, bool), Error> {
    let (mut found, mut next_token) = (Vec::new(), None);
    loop {
        let request = DescribeLogGroups { next_token, ..Default::default() };
        let page = engine.describe_log_groups(&request)?;
        found.extend(page.log_groups);
        next_token = page.next_token;
        if next_token.is_none() || found.len() >= LOG_GROUPS_MAX {
            let more = next_token.is_some() || found.len() > LOG_GROUPS_MAX;
            found.truncate(LOG_GROUPS_MAX);
            return Ok((found, more));
        }
    }
}

fn account_policies(engine: &Engine) -> Result<Vec<PolicyRow>, Error> {
    let mut rows = Vec::new();
    for policy_type in [AccountPolicyType::DataProtection, AccountPolicyType::SubscriptionFilter] {
        let (policy_name, account_identifiers) = (None, Vec::new());
        let request = DescribeAccountPolicies { policy_type, policy_name, account_identifiers };
        for policy in engine.describe_account_policies(&request)? {
            rows.push(PolicyRow {
                log_group: None,
                name: Some(policy.policy_name),
                policy_type: policy_type.as_str().to_owned(),
                identifiers: identifiers(policy_type, &policy.policy_document),
                selective: policy.selection_criteria.is_some(),
                last_updated: Some(policy.last_updated_time),
            });
        }
    }
    Ok(rows)
}

fn group_policy(engine: &Engine, log_group: &LogGroup) -> Result<Option<PolicyRow>, Error> {
    // It may have gone since it was listed.
    let Ok(found) = engine.get_data_protection_policy(log_group.log_group_name.as_str()) else {
        return Ok(None);
    };
    let policy_type = AccountPolicyType::DataProtection;
    Ok(found.policy_document.map(|document| PolicyRow {
        log_group: Some(log_group.log_group_name.to_string()),
        name: DataProtectionPolicy::parse(&document)
            .ok()
            .and_then(|it| it.name().map(str::to_owned)),
        policy_type: policy_type.as_str().to_owned(),
        identifiers: identifiers(policy_type, &document),
        selective: false,
        last_updated: found.last_updated_time,
    }))
}

/// Names only: of a document nothing else is shown.
fn identifiers(policy_type: AccountPolicyType, document: &str) -> Vec<String> {
    if policy_type != AccountPolicyType::DataProtection {
        return Vec::new();
    }
    let policy = DataProtectionPolicy::parse(document);
    let names = |policy: DataProtectionPolicy| {
        policy.identifiers().iter().map(|identifier| identifier.name().to_owned()).collect()
    };
    policy.map(names).unwrap_or_default()
}
