//! How clients of ours speak TLS.

use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// TLS with the certificates that the system trusts, by the cryptography that Kafka's client and those of object stores have
/// too.
///
/// # Errors
/// If the system has no certificates that can be read.
pub fn client_config() -> Result<ClientConfig> {
    configured().map_err(|error| Error::new(ErrorKind::External, "TLS cannot be set up").caused_by(error))
}

fn configured() -> std::result::Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_platform_verifier()?.with_no_client_auth())
}
