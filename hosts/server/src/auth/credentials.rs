//! The credentials file: who there is, with which access keys, and what each may.
//!
//! ```json
//! {"principals": [{
//!   "arn": "arn:aws:iam::123456789012:user/shipper",
//!   "accessKeys": [{"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "..."}],
//!   "policies": [{"Version": "2012-10-17", "Statement": [
//!     {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}
//!   ]}]
//! }]}
//! ```
//!
//! `arn` is a user's, a role's, a role session's or an account's root; the account is that of the
//! ARN. A principal has any number of access keys, so that they can be changed without a gap; one
//! of a role session has `sessionToken` and `expiration` (RFC 3339) as well. `policies` are IAM
//! policies of an identity, each as AWS takes it: whoever has none may nothing.
// Choice: root has no more than its policies say, where AWS lets it do everything.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use logveil::iam::{self, IdentityPolicy};
use logveil::{AccountId, Arn, Zeroizing};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

/// Who may come in, by access key. `Debug` prints counts only.
pub struct Credentials {
    keys: HashMap<String, AccessKey>,
}

/// What is wrong with a credentials file, and where; nothing of it is quoted but names of keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CredentialsError(String);

/// One access key. Its secrets are overwritten when it is dropped.
pub(super) struct AccessKey {
    pub(super) secret: Zeroizing<String>,
    pub(super) session_token: Option<Zeroizing<String>>,
    pub(super) expires_ms: Option<i64>,
    pub(super) holder: Arc<Holder>,
}

/// Whose an access key is.
pub(super) struct Holder {
    pub(super) account: AccountId,
    pub(super) arn: Arn,
    pub(super) policies: Vec<IdentityPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText<'a> {
    #[serde(borrow)]
    principals: Vec<PrincipalText<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PrincipalText<'a> {
    arn: String,
    access_keys: Vec<KeyText>,
    #[serde(borrow)]
    policies: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KeyText {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    expiration: Option<String>,
}

/// A text that is overwritten when it is dropped.
struct Secret(Zeroizing<String>);

impl Credentials {
    /// Reads a file that nobody but its owner may read.
    ///
    /// # Errors
    ///
    /// When it cannot be read, when others may read it, and whatever [`Credentials::parse`] says.
    pub fn read(path: &Path) -> Result<Self, CredentialsError> {
        let shown = path.display();
        let failed = |error: std::io::Error| fault(format!("{shown}: {}", error.kind()));
        let mut file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !is_private(&metadata) {
            return Err(fault(format!("{shown} may be read by others; do: chmod 600 {shown}")));
        }
        // Read into room enough, so that no copy stays behind where the text grew.
        let room = usize::try_from(metadata.len()).unwrap_or_default() + 1;
        let mut text = Zeroizing::new(String::with_capacity(room));
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text).map_err(|CredentialsError(why)| fault(format!("{shown}: {why}")))
    }

    /// Reads the text of a credentials file.
    ///
    /// # Errors
    ///
    /// The first fault, with its place.
    pub fn parse(text: &str) -> Result<Self, CredentialsError> {
        let file: FileText<'_> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what =
                if error.is_data() { "not the form of a credentials file" } else { "not JSON" };
            fault(format!("{what}, at line {line}, column {column}"))
        })?;
        let mut keys = HashMap::new();
        for (index, principal) in file.principals.into_iter().enumerate() {
            principal.read_into(&mut keys, &format!("/principals/{index}"))?;
        }
        Ok(Self { keys })
    }

    pub(super) fn get(&self, access_key: &str) -> Option<&AccessKey> {
        self.keys.get(access_key)
    }
}

impl PrincipalText<'_> {
    fn read_into(
        self,
        keys: &mut HashMap<String, AccessKey>,
        place: &str,
    ) -> Result<(), CredentialsError> {
        let arn = Arn::parse("arn", &self.arn).ok().filter(is_principal);
        let arn = arn.ok_or_else(|| {
            let write = "the ARN of a user, a role, a role's session or an account's root";
            fault(format!("{place}/arn is not {write}"))
        })?;
        let account = AccountId::new(arn.account()).expect("a principal has an account");
        let mut policies = Vec::with_capacity(self.policies.len());
        for (index, document) in self.policies.iter().enumerate() {
            let policy = IdentityPolicy::parse("the policy", document.get()).map_err(|error| {
                let inside = error.place().map_or("", |place| place.pointer.as_str());
                fault(format!("{place}/policies/{index}{inside}: {}", error.message()))
            })?;
            policies.push(policy);
        }
        let holder = Arc::new(Holder { account, arn, policies });
        for (index, key) in self.access_keys.into_iter().enumerate() {
            let place = format!("{place}/accessKeys/{index}");
            let (id, key) = key.read(&holder, &place)?;
            if keys.insert(id, key).is_some() {
                return Err(fault(format!("{place}/accessKeyId stands in the file twice")));
            }
        }
        Ok(())
    }
}

impl KeyText {
    fn read(
        self,
        holder: &Arc<Holder>,
        place: &str,
    ) -> Result<(String, AccessKey), CredentialsError> {
        let id = self.access_key_id;
        let letters = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !letters || !(1..=128).contains(&id.len()) {
            let write = "1 to 128 letters, digits and underscores";
            return Err(fault(format!("{place}/accessKeyId is not {write}")));
        }
        if self.secret_access_key.0.is_empty() {
            return Err(fault(format!("{place}/secretAccessKey is empty")));
        }
        let session_token = self.session_token.map(|token| token.0);
        if session_token.as_ref().is_some_and(|token| token.is_empty()) {
            return Err(fault(format!("{place}/sessionToken is empty; leave it out")));
        }
        let expires_ms = match self.expiration.as_deref().map(str::parse::<Timestamp>) {
            None => None,
            Some(Ok(time)) => Some(time.as_millisecond()),
            Some(Err(_)) => {
                let write = "a time such as 2027-01-15T08:00:00Z";
                return Err(fault(format!("{place}/expiration is not {write}")));
            }
        };
        let (secret, holder) = (self.secret_access_key.0, Arc::clone(holder));
        Ok((id, AccessKey { secret, session_token, expires_ms, holder }))
    }
}

impl Holder {
    /// Whom policies of resources mean by it.
    pub(super) fn caller(&self) -> iam::Caller {
        match self.arn.resource() {
            "root" => iam::Caller::Account(self.account.clone()),
            _ => iam::Caller::Arn(self.arn.clone()),
        }
    }
}

fn is_principal(arn: &Arn) -> bool {
    let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    let known = match (arn.service(), kind) {
        ("iam", "root") => arn.resource() == "root",
        ("iam", "user" | "role") => !name.is_empty(),
        ("sts", "assumed-role") => name.split('/').filter(|part| !part.is_empty()).count() == 2,
        _ => false,
    };
    known
        && arn.region().is_empty()
        && AccountId::new(arn.account()).is_ok()
        && !name.contains(['*', '?'])
}

#[cfg(unix)]
fn is_private(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_: &std::fs::Metadata) -> bool {
    true
}

fn fault(message: String) -> CredentialsError {
    CredentialsError(message)
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl Visitor<'_> for Texts {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret(Zeroizing::new(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} access keys)", self.keys.len())
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CredentialsError {}
