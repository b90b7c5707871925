//! TLS with a certificate of the host's.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::server::BindError;

/// Speaks TLS 1.2 and 1.3 with the chain and the key of two PEM files.
///
/// # Errors
///
/// [`BindError::Tls`]; nothing of the files is quoted.
pub(crate) fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, BindError> {
    let unusable = |path: &Path, what: &str| BindError::Tls(format!("{}: {what}", path.display()));
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|_| unusable(chain, "cannot be read as a certificate chain in PEM"))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| unusable(key, "cannot be read as a private key in PEM"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| unusable(chain, "TLS cannot be set up"))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|_| unusable(chain, "no chain that begins with the certificate of the key"))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
