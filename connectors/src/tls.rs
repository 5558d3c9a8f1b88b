//! How clients of ours speak TLS.

use std::path::Path;
use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

/// TLS with the certificates that the system trusts, by the cryptography that Kafka's client and those of object stores have
/// too.
///
/// # Errors
/// If the system has no certificates that can be read.
pub fn client_config() -> Result<ClientConfig> {
    client_config_trusting(None)
}

/// As [`client_config`], where the certificates in a PEM file are trusted, too.
///
/// # Errors
/// If the file cannot be read, or has no certificate.
pub fn client_config_trusting(root_certificates: Option<&Path>) -> Result<ClientConfig> {
    let roots = root_certificates.map(read).transpose()?.unwrap_or_default();
    configured(roots)
        .map_err(|error| Error::new(ErrorKind::External, "TLS cannot be set up").caused_by(error))
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let invalid =
        |problem: &str| Error::new(ErrorKind::InvalidJob, format!("the file `{}` {problem}", path.display()));
    let read =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| {
        invalid("of certificates to be trusted cannot be read: it must be PEM").caused_by(error)
    })?;
    if certificates.is_empty() {
        return Err(invalid("has no certificate to be trusted: it must be PEM, with `BEGIN CERTIFICATE`"));
    }
    Ok(certificates)
}

fn configured(roots: Vec<CertificateDer<'static>>) -> std::result::Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone())?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_certificates_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, empty) = (folder.path().join("missing.pem"), folder.path().join("empty.pem"));
        std::fs::write(&empty, "nothing").unwrap();
        for (path, problem) in [(&missing, "cannot be read"), (&empty, "has no certificate")] {
            let error = client_config_trusting(Some(path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidJob);
            let text = error.to_string();
            assert!(text.contains(problem) && text.contains(&*path.to_string_lossy()), "{text}");
        }
    }
}
