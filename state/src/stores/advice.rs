//! What an answer of a store means, and what to do about it.

use std::error::Error as _;

use object_store::Error;

/// What is wrong, where the answer tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    NoCredentials,
    WrongCredentials,
    ExpiredCredentials,
    Denied,
    NoBucket,
    WrongClock,
    Unreachable,
}

/// What answers that carry a code say: the codes of S3 (which Google's store uses too) and of Azure.
const CODES: &[(&str, Problem)] = &[
    ("InvalidAccessKeyId", Problem::WrongCredentials),
    ("SignatureDoesNotMatch", Problem::WrongCredentials),
    ("InvalidSecurity", Problem::WrongCredentials),
    // Of versitygw, as "not found".
    ("XAdminUserNotFound", Problem::WrongCredentials),
    ("AuthenticationFailed", Problem::WrongCredentials),
    ("ExpiredToken", Problem::ExpiredCredentials),
    ("InvalidToken", Problem::ExpiredCredentials),
    ("TokenRefreshRequired", Problem::ExpiredCredentials),
    ("RequestTimeTooSkewed", Problem::WrongClock),
    ("NoSuchBucket", Problem::NoBucket),
    ("ContainerNotFound", Problem::NoBucket),
    ("The specified bucket does not exist", Problem::NoBucket),
];

/// The codes that say of an object or an upload that it is not there.
const MISSING: &[&str] =
    &["NoSuchKey", "NoSuchUpload", "NoSuchVersion", "BlobNotFound", "PathNotFound", "ResourceNotFound"];

/// What a client says that finds no credentials anywhere: it asks the machine that it might run on last.
const NO_CREDENTIALS: &[&str] =
    &["169.254.169.254", "169.254.170.2", "metadata.google.internal", "metadata/identity"];

impl Problem {
    fn of(error: &Error) -> Option<Self> {
        let text = whole_text(error);
        if let Some((_, problem)) = CODES.iter().find(|(code, _)| text.contains(code)) {
            return Some(*problem);
        }
        if NO_CREDENTIALS.iter().any(|address| text.contains(address)) {
            return Some(Self::NoCredentials);
        }
        match error {
            // Answers without a body have no code.
            Error::PermissionDenied { .. } => Some(Self::Denied),
            Error::Unauthenticated { .. } => Some(Self::WrongCredentials),
            Error::Generic { .. } if text.contains("retries") || text.contains("HTTP error") => {
                Some(Self::Unreachable)
            }
            _ => None,
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::NoCredentials => {
                "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what the store's provider asks for"
            }
            Self::WrongCredentials => {
                "the credentials are wrong: look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what the store's provider asks for"
            }
            Self::ExpiredCredentials => {
                "the credentials have expired: start the job again with new ones, or let the client fetch them (web identity, instance role)"
            }
            Self::Denied => {
                "access is denied: the credentials are wrong, or they may not do this with this bucket or object"
            }
            Self::NoBucket => "there is no such bucket: create it, or look at the name and at the endpoint",
            Self::WrongClock => "the clock of this machine is wrong",
            Self::Unreachable => {
                "the store does not answer, or not as it should: look at the endpoint and at the store"
            }
        }
    }
}

/// The error with all that has caused it.
fn whole_text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// What to do about an error, where the answer of the store tells it.
pub fn advice(error: &Error) -> Option<&'static str> {
    Problem::of(error).map(Problem::advice)
}

/// The error, and before it what to do about it.
pub fn explain(error: &Error) -> String {
    match advice(error) {
        Some(advice) => format!("{advice}: {error}"),
        None => error.to_string(),
    }
}

/// Whether an object or an upload is not there. That its bucket is missing, or whoever asks, is no such answer: objects would
/// seem to be lost, or a bucket empty.
pub fn is_missing(error: &Error) -> bool {
    if !matches!(error, Error::NotFound { .. }) {
        return false;
    }
    let text = whole_text(error);
    !text.contains("<Code>") || MISSING.iter().any(|code| text.contains(code))
}

/// Whether the same request will fail again, however often it is tried: access is denied, or there is no such bucket.
pub fn is_final(error: &Error) -> bool {
    match Problem::of(error) {
        Some(Problem::Unreachable) | None => false,
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, explain, is_final, is_missing};

    fn answer(text: &str, make: impl Fn(String, Box<dyn std::error::Error + Send + Sync>) -> Error) -> Error {
        make("o".to_owned(), text.into())
    }

    #[test]
    fn answers_are_explained() {
        let denied = |path, source| Error::PermissionDenied { path, source };
        let missing = |path, source| Error::NotFound { path, source };
        let generic = |_, source| Error::Generic { store: "S3", source };
        let cases = [
            (answer("<Code>InvalidAccessKeyId</Code>", denied), "credentials are wrong", false, true),
            (answer("<Code>ExpiredToken</Code>", generic), "have expired", false, true),
            (answer("403", denied), "access is denied", false, true),
            (answer("<Code>NoSuchBucket</Code>", missing), "no such bucket", false, true),
            (answer("<Code>NoSuchKey</Code>", missing), "", true, false),
            (answer("404", missing), "", true, false),
            (answer("<Code>XAdminUserNotFound</Code>", missing), "credentials are wrong", false, true),
            (answer("<Code>NewKindOfCode</Code>", missing), "", false, false),
            (answer("PUT http://169.254.169.254/latest/api/token", generic), "no credentials", false, true),
            (answer("after 12 retries", generic), "does not answer", false, false),
            (answer("something else", generic), "", false, false),
        ];
        for (error, advice, missing, is_final_) in cases {
            let text = explain(&error);
            assert!(text.contains(advice) && text.contains(&error.to_string()), "{text}");
            assert_eq!((is_missing(&error), is_final(&error)), (missing, is_final_), "{text}");
        }
    }
}
