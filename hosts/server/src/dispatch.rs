//! From a request to its answer: who asks, which operation, with which parameters.

use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::Value;

use crate::answer::Failure;
use crate::auth::permissions::authorize;
use crate::auth::{Gate, Incoming};
use crate::call::Call;
use crate::input::Input;
use crate::model::{Model, Operation, State};
use crate::ops;
use crate::wire;
use crate::world::World;

/// A request to the API, read whole.
pub(crate) struct ApiRequest {
    pub(crate) path_and_query: String,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl ApiRequest {
    /// What `X-Amz-Target` names, if it is an operation that is answered here. For log lines: text
    /// of the caller's making is never shown.
    pub(crate) fn operation(&self) -> Option<&'static str> {
        ops::find(self.target().ok()?).map(|operation| operation.name)
    }

    fn incoming(&self) -> Incoming<'_> {
        Incoming {
            method: "POST",
            path_and_query: &self.path_and_query,
            headers: &self.headers,
            body: &self.body,
            secure: self.secure,
        }
    }

    fn target(&self) -> Result<&str, Failure> {
        let target = self.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let operation = target.and_then(|target| target.strip_prefix(wire::TARGET_PREFIX));
        operation.ok_or_else(|| {
            let message = format!("X-Amz-Target is not {}OPERATION", wire::TARGET_PREFIX);
            Failure::new("UnknownOperationException", 400, message)
        })
    }

    fn check_content_type(&self) -> Result<(), Failure> {
        let given = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = given.and_then(|given| given.split(';').next()).map(str::trim);
        match essence {
            Some(essence) if essence.eq_ignore_ascii_case(wire::CONTENT_TYPE) => Ok(()),
            _ => {
                let message = format!("Content-Type is not {}", wire::CONTENT_TYPE);
                Err(Failure::new("UnsupportedMediaTypeException", 415, message))
            }
        }
    }

    fn members(&self) -> Result<serde_json::Map<String, Value>, Failure> {
        match self.headers.get(CONTENT_ENCODING).map(|value| value.as_bytes()) {
            None | Some(b"identity") => wire::members(&self.body),
            Some(b"gzip") => wire::members(&wire::inflate(&self.body)?),
            Some(_) => {
                let message = "Content-Encoding is neither gzip nor identity";
                Err(Failure::new("UnsupportedMediaTypeException", 415, message))
            }
        }
    }
}

/// Answers a request.
///
/// # Errors
///
/// What the operation is refused for, under AWS's name.
pub(crate) fn answer(world: &World, gate: &Gate, request: &ApiRequest) -> Result<Value, Failure> {
    let caller = gate.admit(&request.incoming(), world.now_ms())?;
    let name = request.target()?;
    request.check_content_type()?;
    let modelled = Model::get().operation(name).ok_or_else(unknown)?;
    let operation = ops::find(name).ok_or_else(|| not_supported(modelled))?;
    let input = Input::new(modelled.checked(request.members()?)?);
    authorize(&caller, operation.name, &input, |request| world.resource_policies_say(request))?;
    let home = caller.home();
    if !world.takes(&home) {
        let message = "the server has as many accounts and Regions as it takes";
        return Err(Failure::new("LimitExceededException", 400, message));
    }
    let engine = world.engine(&home)?;
    (operation.run)(&mut Call { world, engine, caller: &caller, input })
}

fn unknown() -> Failure {
    Failure::new("UnknownOperationException", 400, "the API has no operation of that name")
}

fn not_supported(operation: &Operation) -> Failure {
    let State::NotSupported(reason) = operation.state() else {
        unreachable!("an operation without answer is not supported");
    };
    let message = format!("{} is not supported: {reason}", operation.name());
    Failure::new("UnsupportedOperationException", 400, message)
}
