//! The error of functions that users write: made from any other.

use std::error::Error as StdError;
use std::fmt;

use millstream_runtime::{Error, ErrorKind};
use millstream_state::StateError;

/// A result of a function that users write.
pub type FunctionResult<T = ()> = std::result::Result<T, FunctionError>;

/// What a function has failed with: any error at all, by `?`.
///
/// It fails the attempt as [`ErrorKind::Function`], and the restart strategy decides what comes
/// next. An [`Error`] of the engine, from emitting for instance, passes through as it is. Like
/// `anyhow::Error` this type is no `std::error::Error` itself; it becomes an [`Error`], which is.
///
/// ```
/// use millstream::prelude::*;
///
/// fn parse(line: &str) -> FunctionResult<u64> {
///     let (_, number) = line.split_once('=').ok_or("no `=` in the line")?;
///     Ok(number.parse()?)
/// }
///
/// assert_eq!(parse("n=7").unwrap(), 7);
/// let error = Error::from(parse("n=seven").unwrap_err());
/// assert_eq!(error.kind(), ErrorKind::Function);
/// assert!(error.to_string().contains("invalid digit"));
/// assert!(Error::from(parse("n").unwrap_err()).to_string().contains("no `=` in the line"));
/// ```
pub struct FunctionError(Error);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for FunctionError {
    #[cold]
    fn from(error: E) -> Self {
        let error: Box<dyn StdError + Send + Sync> = error.into();
        let error = match error.downcast::<Error>() {
            Ok(own) => return Self(*own),
            Err(other) => other,
        };
        // Declaring a state fails with this one.
        Self(match error.downcast::<StateError>() {
            Ok(state) => Error::from(*state),
            Err(other) => {
                let kind = engine_error(other.as_ref()).map_or(ErrorKind::Function, Error::kind);
                Error::new(kind, "the function has failed").caused_by(other)
            }
        })
    }
}

/// The engine's error that another wraps, for instance with a context of `anyhow`.
fn engine_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let mut error = Some(error);
    while let Some(this) = error {
        if let Some(own) = this.downcast_ref() {
            return Some(own);
        }
        error = this.source();
    }
    None
}

/// What a function has failed with, as the engine reports it.
#[cold]
pub(crate) fn failed(failure: impl Into<FunctionError>) -> Error {
    failure.into().into()
}

impl From<FunctionError> for Error {
    fn from(error: FunctionError) -> Self {
        error.0
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for FunctionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
