//! What has gone wrong, and whether it may pass.

use std::fmt;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::StreamError as MessagesStartError;
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind, PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::{ConnectError, ConnectErrorKind, jetstream};
use millstream_runtime::{Error, ErrorKind};

use crate::tls_failure;

/// What has gone wrong.
#[derive(Debug)]
pub(in crate::nats) enum Failure {
    /// It may pass: the servers are away, or busy choosing a leader.
    Passing(Error),
    /// Trying again does not help.
    Final(Error),
}

impl Failure {
    /// Nothing tells that it does not pass.
    pub(in crate::nats) fn passing(what: impl fmt::Display, cause: impl fmt::Display) -> Self {
        Self::Passing(Error::new(ErrorKind::External, format!("{what}: {cause}")))
    }

    /// Trying again does not help, nor does running the job again.
    pub(in crate::nats) fn refused(problem: impl Into<String>) -> Self {
        Self::Final(Error::new(ErrorKind::InvalidJob, problem))
    }

    fn of(what: impl fmt::Display, cause: &impl fmt::Display, kind: Option<ErrorKind>) -> Self {
        match kind {
            None => Self::passing(what, cause),
            Some(kind) => Self::Final(Error::new(kind, format!("{what}: {cause}"))),
        }
    }

    pub(super) fn of_connect(servers: &str, error: &ConnectError) -> Self {
        let what = format!("no connection to NATS at `{servers}`");
        // The library calls these errors of I/O.
        let remedy = match tls_failure::find(error) {
            Some(error) if tls_failure::is_distrust(error) => Some(
                "the system must know who has signed the server's certificate, or `root_certificates` have theirs",
            ),
            Some(error) if tls_failure::is_refusal(error) => {
                Some("the server does not take the `client_certificate`, or wants one")
            }
            Some(rustls::Error::InvalidMessage(_)) => Some("the server offers no TLS"),
            _ => None,
        };
        if let Some(remedy) = remedy {
            return Self::refused(format!("{what}: {error}: {remedy}"));
        }
        let kind = match error.kind() {
            ConnectErrorKind::ServerParse
            | ConnectErrorKind::Authentication
            | ConnectErrorKind::AuthorizationViolation
            | ConnectErrorKind::Tls => Some(ErrorKind::InvalidJob),
            _ => None,
        };
        Self::of(what, error, kind)
    }

    pub(super) fn of_stream(stream: &str, error: &GetStreamError) -> Self {
        let kind = match error.kind() {
            GetStreamErrorKind::EmptyName | GetStreamErrorKind::InvalidStreamName => {
                Some(ErrorKind::InvalidJob)
            }
            GetStreamErrorKind::JetStream(error) => of_server(&error),
            GetStreamErrorKind::Request => None,
        };
        Self::of(format!("the stream `{stream}` of NATS cannot be looked at"), error, kind)
    }

    pub(super) fn of_consumer(stream: &str, error: &ConsumerError) -> Self {
        let kind = match error.kind() {
            ConsumerErrorKind::JetStream(error) => of_server(&error),
            _ => None,
        };
        Self::of(format!("the stream `{stream}` of NATS cannot be read"), error, kind)
    }

    pub(super) fn of_messages(stream: &str, error: &MessagesStartError) -> Self {
        Self::passing(format!("the stream `{stream}` of NATS cannot be read"), error)
    }

    pub(super) fn of_publish(subject: &str, error: &PublishError) -> Self {
        let what = format!("a message cannot be published to `{subject}` of NATS");
        match error.kind() {
            // Also while a stream has no leader, or a server that was started again has not found its streams yet.
            PublishErrorKind::StreamNotFound
            | PublishErrorKind::TimedOut
            | PublishErrorKind::BrokenPipe
            | PublishErrorKind::MaxAckPending => Self::passing(what, error),
            PublishErrorKind::MaxPayloadExceeded => Self::of(what, error, Some(ErrorKind::InvalidInput)),
            _ => {
                let answer = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
                Self::of(what, error, answer.and_then(of_stream_that_refuses))
            }
        }
    }
}

/// What an answer of the server means; `None` if it may pass.
fn of_server(error: &jetstream::Error) -> Option<ErrorKind> {
    // 408, 429 and 5xx are those of a server that cannot just now.
    match error.code() {
        400..=407 | 409..=428 | 430..=499 => Some(ErrorKind::InvalidJob),
        _ => None,
    }
}

/// What it means that a stream does not take a message; `None` if it may pass.
fn of_stream_that_refuses(error: &jetstream::Error) -> Option<ErrorKind> {
    match error.error_code() {
        ErrorCode::STREAM_NOT_MATCH => Some(ErrorKind::InvalidJob),
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => Some(ErrorKind::InvalidInput),
        // A full stream for instance, which somebody may empty before the job runs again.
        _ => of_server(error).map(|_| ErrorKind::External),
    }
}
