//! What has gone wrong with TLS, found in the errors of clients.

use std::error::Error;
use std::io;

#[cfg(feature = "nats")]
use rustls::AlertDescription;
use rustls::CertificateError;

/// The error of TLS that another error is about, if it is about one.
pub fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An error of I/O that wraps another does not name it as its source.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// Whether the server has a certificate that is not trusted. One that is out of date is none of these: waiting may help, as its
/// server may get another.
pub const fn is_distrust(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(problem) = error else { return false };
    !matches!(
        problem,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}

/// Whether the server does not take the certificate of the client, or misses one.
#[cfg(feature = "nats")]
pub const fn is_refusal(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_trusted_is_told_from_what_may_pass() {
        let is_distrusted = |error: &io::Error| find(error).is_some_and(is_distrust);
        let wrapped =
            |problem| io::Error::other(io::Error::other(rustls::Error::InvalidCertificate(problem)));
        assert!(is_distrusted(&wrapped(CertificateError::UnknownIssuer)));
        assert!(is_distrusted(&wrapped(CertificateError::NotValidForName)));
        assert!(!is_distrusted(&wrapped(CertificateError::Expired)));
        assert!(!is_distrusted(&io::Error::other("reset")));
    }
}
