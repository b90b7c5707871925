//! Who makes a request, and what it may.

use std::fmt;
use std::sync::Arc;

use logveil::iam::{self, Context, Decision, Request};
use logveil::{AccountId, Arn, Authorizer, Home, Principal, Region};

use super::credentials::{AccessKey, Holder};
use super::{Incoming, Refusal, RefusalKind};

/// Who makes a request, in which Region.
#[derive(Clone)]
pub struct Caller {
    account: AccountId,
    region: Region,
    arn: Arn,
    who: iam::Caller,
    /// What is known of the request, for conditions.
    context: Context,
    /// `None` for whoever may everything.
    holder: Option<Arc<Holder>>,
}

impl Caller {
    pub(super) fn known(
        key: &AccessKey,
        region: Region,
        request: &Incoming<'_>,
        now_ms: i64,
    ) -> Self {
        let holder = Arc::clone(&key.holder);
        let context = context(&holder.arn, &region, request, now_ms);
        let (account, arn) = (holder.account.clone(), holder.arn.clone());
        Self { account, region, arn, who: holder.caller(), context, holder: Some(holder) }
    }

    /// One that may everything: its account's root.
    pub(super) fn anybody(home: Home, request: &Incoming<'_>, now_ms: i64) -> Self {
        let Home { account, region } = home;
        let partition = region.partition();
        let root = Arn::parse("arn", &format!("arn:{partition}:iam::{account}:root"));
        let arn = root.expect("an account has a root");
        let context = context(&arn, &region, request, now_ms);
        let who = iam::Caller::Account(account.clone());
        Self { account, region, arn, who, context, holder: None }
    }

    /// The account that the caller belongs to.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The Region that the request is for: that of its signature.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account and the Region.
    pub fn home(&self) -> Home {
        Home { account: self.account.clone(), region: self.region.clone() }
    }

    /// The caller's own ARN.
    pub fn arn(&self) -> &Arn {
        &self.arn
    }

    /// The name under which the engine knows the caller, and its audit lines.
    pub fn principal(&self) -> Principal {
        Principal::new(self.arn.as_str())
    }

    /// Whether the caller may do `action` on a resource, by its own policies alone: never on one of
    /// another account.
    pub fn may(&self, action: &str, resource: &str) -> bool {
        self.decide(action, resource, |_| Decision::Silent) == Decision::Allowed
    }

    /// What the caller's policies say, together with the policy of the resource, which `ask` is
    /// asked for.
    pub fn decide(
        &self,
        action: &str,
        resource: &str,
        ask: impl FnOnce(&Request<'_>) -> Decision,
    ) -> Decision {
        self.decide_in(&self.context, action, resource, ask)
    }

    /// What the caller's policies say of giving a role to CloudWatch Logs; nobody gives away one of
    /// another account.
    pub fn decide_passing(&self, role_arn: &str) -> Decision {
        let context = self.context.clone().with("iam:PassedToService", "logs.amazonaws.com");
        self.decide_in(&context, "iam:PassRole", role_arn, |_| Decision::Silent)
    }

    fn decide_in(
        &self,
        context: &Context,
        action: &str,
        resource: &str,
        ask: impl FnOnce(&Request<'_>) -> Decision,
    ) -> Decision {
        let Some(holder) = &self.holder else { return Decision::Allowed };
        let mut context = context.clone();
        let owner = Arn::parse("resource", resource).ok().map(|arn| arn.account().to_owned());
        if let Some(owner) = owner.filter(|owner| !owner.is_empty()) {
            context = context.with("aws:ResourceAccount", owner);
        }
        let request = Request { caller: &self.who, action, resource, context: &context };
        let of_resource = ask(&request);
        iam::decide(&request, &holder.policies, of_resource)
    }

    /// The refusal that AWS writes for such a decision.
    pub fn denied(&self, action: &str, resource: &str, decision: Decision) -> Refusal {
        let arn = &self.arn;
        let because = match decision {
            Decision::Denied => "with an explicit deny in a policy".to_owned(),
            _ if self.is_abroad(resource) => {
                format!("because no resource-based policy allows the {action} action")
            }
            _ => format!("because no identity-based policy allows the {action} action"),
        };
        let message = format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource} {because}"
        );
        Refusal::new(RefusalKind::AccessDenied, message)
    }

    /// Whether a resource is one of another account.
    pub(super) fn is_abroad(&self, resource: &str) -> bool {
        let owner = Arn::parse("resource", resource).ok().map(|arn| arn.account().to_owned());
        owner.is_some_and(|owner| !owner.is_empty() && owner != self.account.as_str())
    }
}

impl Authorizer for Caller {
    /// A log group is asked about as the service does: a policy for `log-group:NAME:*` speaks of
    /// it, and so does one for its log streams.
    fn allows(&self, principal: &Principal, action: &str, resource_arn: &str) -> bool {
        let resource = match resource_arn.strip_suffix(":*") {
            Some(log_group) => format!("{log_group}:log-stream:"),
            None => resource_arn.to_owned(),
        };
        principal.as_str() == self.arn.as_str() && self.may(action, &resource)
    }
}

/// What conditions may ask for, but the resource.
fn context(arn: &Arn, region: &Region, request: &Incoming<'_>, now_ms: i64) -> Context {
    let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    let account = arn.account();
    let mut context = Context::default()
        .at(now_ms)
        .with("aws:PrincipalAccount", account)
        .with("aws:RequestedRegion", region.as_str())
        .with("aws:SecureTransport", request.secure.to_string());
    // A session is its role to conditions.
    // Choice: its role has no path, which a session's ARN does not show.
    context = match kind {
        "assumed-role" => {
            let (partition, role) = (arn.partition(), name.split('/').next().unwrap_or_default());
            context.with("aws:PrincipalArn", format!("arn:{partition}:iam::{account}:role/{role}"))
        }
        _ => context.with("aws:PrincipalArn", arn.as_str()),
    };
    match kind {
        "root" => context.with("aws:PrincipalType", "Account"),
        "user" => {
            let name = name.rsplit('/').next().unwrap_or_default();
            context.with("aws:PrincipalType", "User").with("aws:username", name)
        }
        _ => context.with("aws:PrincipalType", "AssumedRole"),
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({} in {})", self.arn, self.region)
    }
}
