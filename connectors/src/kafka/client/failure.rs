//! What an error of the client library means for a job.

use std::fmt;

use krafka::KrafkaError;
use krafka::error::ErrorCode;
use millstream_runtime::{Error, ErrorKind};

/// The error of a job that could not do `what`: "cannot `what`".
pub(super) fn failed(what: impl fmt::Display, error: KrafkaError) -> Error {
    Error::new(kind(&error), format!("cannot {what}")).caused_by(error)
}

/// Running the job again does not help against what is configured wrongly.
fn kind(error: &KrafkaError) -> ErrorKind {
    match error {
        KrafkaError::Config { .. } | KrafkaError::Auth { .. } => ErrorKind::InvalidJob,
        KrafkaError::Broker { code, .. } if is_refusal(*code) => ErrorKind::InvalidJob,
        _ => ErrorKind::External,
    }
}

const fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::TopicAuthorizationFailed
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::ClusterAuthorizationFailed
            | ErrorCode::TransactionalIdAuthorizationFailed
            | ErrorCode::InvalidTransactionTimeout
            | ErrorCode::MessageTooLarge
            | ErrorCode::UnsupportedVersion
    )
}
