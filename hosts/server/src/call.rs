//! One call of an operation: who asks, of which account and Region, with which parameters.

use std::sync::Arc;

use logveil::{AccountId, Arn, Engine, Home, LogGroupName, Region, UnmaskGrant};

use crate::answer::Failure;
use crate::auth::Caller;
use crate::input::Input;
use crate::world::World;

/// What an operation gets.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    /// The engine of the caller's account, in the Region that the request was signed for.
    pub(crate) engine: Arc<Engine>,
    pub(crate) caller: &'a Caller,
    pub(crate) input: Input,
}

impl Call<'_> {
    /// The log group that `logGroupName` or `logGroupIdentifier` names, and the engine that has
    /// it: of another account when an ARN says so and both sides allow it.
    pub(crate) fn log_group(&self) -> Result<(Arc<Engine>, LogGroupName), Failure> {
        let (name, identifier) =
            (self.input.text("logGroupName")?, self.input.text("logGroupIdentifier")?);
        match (name, identifier) {
            (Some(_), Some(_)) => Err(Failure::invalid(
                "logGroupName and logGroupIdentifier exclude each other; give one of them",
            )),
            (Some(name), None) => Ok((Arc::clone(&self.engine), LogGroupName::new(name)?)),
            (None, Some(identifier)) => self.log_group_named(identifier),
            (None, None) => {
                Err(Failure::invalid("give one of logGroupName and logGroupIdentifier"))
            }
        }
    }

    /// The log group of a name, or of an ARN with or without `:*`.
    pub(crate) fn log_group_named(
        &self,
        identifier: &str,
    ) -> Result<(Arc<Engine>, LogGroupName), Failure> {
        if !identifier.starts_with("arn:") {
            return Ok((Arc::clone(&self.engine), LogGroupName::new(identifier)?));
        }
        let arn = Arn::parse("logGroupIdentifier", identifier)?;
        let name = arn.resource().strip_prefix("log-group:").filter(|_| arn.service() == "logs");
        let name = name.ok_or_else(|| Failure::invalid("logGroupIdentifier names no log group"))?;
        let name = LogGroupName::new(name.strip_suffix(":*").unwrap_or(name))?;
        let home =
            Home { account: AccountId::new(arn.account())?, region: Region::new(arn.region())? };
        let ours = self.engine.home();
        if home == *ours {
            return Ok((Arc::clone(&self.engine), name));
        }
        let other = self.world.known(&home).filter(|_| home.region == ours.region);
        let missing = || Failure::not_found("The specified log group does not exist.");
        Ok((other.ok_or_else(missing)?, name))
    }

    /// The grant that `unmask` asks for, when it does. Asked before anything is looked up: who may
    /// not unmask learns nothing of what is there.
    pub(crate) fn grant(
        &self,
        engine: &Engine,
        log_group: &LogGroupName,
    ) -> Result<Option<UnmaskGrant>, Failure> {
        if !self.input.flag("unmask")?.unwrap_or_default() {
            return Ok(None);
        }
        let principal = self.caller.principal();
        Ok(Some(engine.authorize_unmask(self.caller, principal, log_group)?))
    }
}
