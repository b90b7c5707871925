//! `policy put`, `get`, `delete`.

use logveil::{
    AccountPolicyType, DeleteAccountPolicy, DescribeAccountPolicies, Durability, PutAccountPolicy,
    PutDataProtectionPolicy,
};

use super::{group_name, make_group, open, open_made, refused, writing};
use crate::args::{DeleteArgs, PolicyOf, PutArgs};
use crate::output::{Done, Failure, print, say};
use crate::policies;

/// The name of the account's policy; an account has one.
const POLICY_NAME: &str = "logveil";

pub(crate) fn put(args: &PutArgs) -> Result<Done, Failure> {
    let policy = policies::read(&args.file)?;
    let engine = open(&args.data, writing(&args.keys, Durability::Synced)?)?;
    let policy_document = policy.document().to_owned();
    let where_to = match &args.group {
        Some(name) => {
            let name = group_name(name)?;
            make_group(&engine, &name)?;
            let log_group_identifier = name.to_string();
            let request = PutDataProtectionPolicy { log_group_identifier, policy_document };
            engine.put_data_protection_policy(request).map_err(|error| refused(&error))?;
            format!("log group {name}")
        }
        None => {
            let request = PutAccountPolicy {
                policy_name: POLICY_NAME.to_owned(),
                policy_document,
                policy_type: AccountPolicyType::DataProtection,
                scope: None,
                selection_criteria: None,
            };
            engine.put_account_policy(request).map_err(|error| refused(&error))?;
            "the account".to_owned()
        }
    };
    say(&format!("logveil: the policy is in force for {where_to}\n"));
    Ok(Done::Clean)
}

pub(crate) fn get(args: &PolicyOf) -> Result<Done, Failure> {
    let engine = open_made(&args.data)?;
    let document = match &args.group {
        Some(name) => {
            let policy =
                engine.get_data_protection_policy(name).map_err(|error| refused(&error))?;
            policy.policy_document
        }
        None => {
            let request = DescribeAccountPolicies {
                policy_type: AccountPolicyType::DataProtection,
                policy_name: None,
                account_identifiers: Vec::new(),
            };
            let policies = engine.describe_account_policies(&request);
            let mut policies = policies.map_err(|error| refused(&error))?;
            policies.pop().map(|policy| policy.policy_document)
        }
    };
    let Some(mut document) = document else {
        say("logveil: there is no policy\n");
        return Ok(Done::Found);
    };
    if !document.ends_with('\n') {
        document.push('\n');
    }
    print(&document)?;
    Ok(Done::Clean)
}

pub(crate) fn delete(args: &DeleteArgs) -> Result<Done, Failure> {
    let engine = open_made(&args.of.data)?;
    let deleted = match &args.of.group {
        Some(name) => engine.delete_data_protection_policy(name),
        None => engine.delete_account_policy(&DeleteAccountPolicy {
            policy_name: POLICY_NAME.to_owned(),
            policy_type: AccountPolicyType::DataProtection,
        }),
    };
    deleted.map_err(|error| refused(&error))?;
    say("logveil: the policy is not in force any more; what it masked stays masked\n");
    Ok(Done::Clean)
}
