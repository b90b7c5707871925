//! `subscribe put`, `list`, `delete`.

use logveil::{
    Arn, DescribeSubscriptionFilters, DestinationKind, Distribution, Durability, FilterName,
    FilterPattern, PutSubscriptionFilter,
};
use serde_json::json;

use super::{group_name, home_of, make_group, open, open_made, refused, writing};
use crate::args::{Spread, SubscribeDeleteArgs, SubscribeListArgs, SubscribePutArgs};
use crate::caret;
use crate::output::{Done, Failure, error, print, say};

pub(crate) fn put(args: &SubscribePutArgs) -> Result<Done, Failure> {
    let group = group_name(&args.group)?;
    let filter_name = filter_name(&args.name)?;
    let filter_pattern = FilterPattern::parse(&args.pattern).map_err(|fault| {
        error(fault.message());
        say(&caret::pattern_fault(&args.pattern, &fault));
        Failure::Said
    })?;
    let arn = |option, text: &str| Arn::parse(option, text).map_err(|error| refused(&error));
    let destination_arn = arn("--to", &args.to)?;
    let kind = DestinationKind::of(&destination_arn).map_err(|error| refused(&error))?;
    let role_arn = match &args.role_arn {
        Some(role) => Some(arn("--role-arn", role)?),
        None if kind == DestinationKind::Kinesis || kind == DestinationKind::Firehose => {
            let account = home_of(&args.data)?.account;
            Some(arn("--role-arn", &format!("arn:aws:iam::{account}:role/logveil"))?)
        }
        None => None,
    };
    let engine = open(&args.data, writing(&args.keys, Durability::Synced)?)?;
    make_group(&engine, &group)?;
    let request = PutSubscriptionFilter {
        log_group_name: group,
        filter_name,
        filter_pattern,
        destination_arn,
        role_arn,
        distribution: match args.distribution {
            Spread::ByLogStream => Distribution::ByLogStream,
            Spread::Random => Distribution::Random,
        },
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
    };
    engine.put_subscription_filter(request).map_err(|error| refused(&error))?;
    say("logveil: the filter takes what comes in from now on; `deliver` sends it\n");
    Ok(Done::Clean)
}

pub(crate) fn list(args: &SubscribeListArgs) -> Result<Done, Failure> {
    let engine = open_made(&args.data)?;
    let request = DescribeSubscriptionFilters::new(group_name(&args.group)?);
    let filters =
        engine.describe_subscription_filters(&request).map_err(|error| refused(&error))?;
    let mut lines = String::new();
    for filter in filters.subscription_filters {
        let line = json!({
            "filterName": filter.filter_name.as_str(),
            "filterPattern": filter.filter_pattern.as_str(),
            "destinationArn": filter.destination_arn.as_str(),
            "roleArn": filter.role_arn.as_ref().map(Arn::as_str),
            "distribution": filter.distribution.as_str(),
            "creationTime": filter.creation_time,
        });
        lines += &format!("{line}\n");
    }
    print(&lines)?;
    Ok(Done::Clean)
}

pub(crate) fn delete(args: &SubscribeDeleteArgs) -> Result<Done, Failure> {
    let engine = open_made(&args.data)?;
    let (group, name) = (group_name(&args.group)?, filter_name(&args.name)?);
    engine.delete_subscription_filter(&group, &name).map_err(|error| refused(&error))?;
    say("logveil: the filter is gone, and with it what waited for it\n");
    Ok(Done::Clean)
}

fn filter_name(text: &str) -> Result<FilterName, Failure> {
    FilterName::new(text).map_err(|error| refused(&error))
}
