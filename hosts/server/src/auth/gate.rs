//! The door: a request in, a caller out.

use logveil::{AccountId, Home, Region};

use super::claim::Claim;
use super::credentials::Credentials;
use super::verify::{check_claim, check_signature, same};
use super::{Caller, Incoming, Refusal, RefusalKind};

/// The service that signatures are for.
const SERVICE: &str = "logs";

/// Who is let in.
#[derive(Debug)]
pub enum Gate {
    /// Who signs with an access key of the file.
    Credentials(Credentials),
    /// Everybody, signed or not, with every permission: for tests on one's own machine. The account
    /// is the access key when that is twelve digits, the Region that of the signature; otherwise
    /// those given here.
    AnyKey(Home),
}

impl Gate {
    /// Lets a request in. Cost: the length of the body, which is digested.
    ///
    /// # Errors
    ///
    /// The request is not signed, its signature is not one of its access key, of this service or of
    /// this time; nothing of the kind is asked under [`Gate::AnyKey`].
    pub fn admit(&self, request: &Incoming<'_>, now_ms: i64) -> Result<Caller, Refusal> {
        match self {
            Self::Credentials(credentials) => credentials.admit(request, SERVICE, now_ms),
            Self::AnyKey(home) => Ok(Caller::anybody(claimed(request, home), request, now_ms)),
        }
    }
}

impl Credentials {
    pub(super) fn admit(
        &self,
        request: &Incoming<'_>,
        service: &str,
        now_ms: i64,
    ) -> Result<Caller, Refusal> {
        let claim = Claim::of(request)?;
        check_claim(request, &claim, service, now_ms)?;
        let Ok(region) = Region::new(&claim.region) else {
            return Err(Refusal::invalid("Credential should be scoped to a valid Region."));
        };
        let key = self.get(&claim.access_key).ok_or_else(Refusal::unrecognized)?;
        // A signature covers whatever token the caller sends: that it is the key's is asked apart.
        let own_token = match (&key.session_token, &claim.session_token) {
            (None, None) => true,
            (Some(own), Some(said)) => same(own.as_bytes(), said.as_bytes()),
            _ => false,
        };
        if !own_token {
            return Err(Refusal::unrecognized());
        }
        check_signature(request, &claim, &key.secret)?;
        if key.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms) {
            let message = "The security token included in the request is expired";
            return Err(Refusal::new(RefusalKind::ExpiredToken, message));
        }
        Ok(Caller::known(key, region, request, now_ms))
    }
}

/// The account and the Region that a request claims, where it claims any.
fn claimed(request: &Incoming<'_>, home: &Home) -> Home {
    let Ok(claim) = Claim::of(request) else { return home.clone() };
    Home {
        account: AccountId::new(&claim.access_key).unwrap_or_else(|_| home.account.clone()),
        region: Region::new(&claim.region).unwrap_or_else(|_| home.region.clone()),
    }
}
