//! The shape of a type: what its serialized form looks like, as text that can be kept and compared.
//!
//! Values in a snapshot carry no description of themselves, so that a value read back as another
//! type would be nonsense rather than an error. The shape is kept beside them and compared first.

mod content;
mod explore;
mod probe;
mod render;
mod round_trip;
mod style;
mod trace;

use std::any::type_name;
use std::convert::Infallible;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::explore::explore;
use crate::{Result, StateError};
pub use round_trip::RoundTripFailure;
use trace::Tracer;

/// Begins the text of a shape that is incomplete.
const OPAQUE: &str = "opaque ";

/// Begins the text of the shape of values with stamps.
const EXPIRING: &str = "ttl<";

/// A description of a type's serialized form, such as `{count: u64, sum: f64}`.
///
/// Two types with equal shapes read each other's values. Names of types are not part of it (except
/// where a type contains itself), names and order of fields and variants are.
///
/// ```
/// use millstream_state::Shape;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Delay {
///     flights: u64,
///     minutes: Option<f64>,
/// }
/// assert_eq!(Shape::of::<Delay>().to_string(), "{flights: u64, minutes: option<f64>}");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(Arc<str>);

impl Shape {
    /// The shape of `T`, found by letting it deserialize itself from made-up values.
    ///
    /// A type that accepts none of those values (because its `Deserialize` demands more than its
    /// form shows) gets an [opaque](Self::is_opaque) shape, which begins with `opaque` and the
    /// type's name and goes on with whatever was found out before it refused.
    pub fn of<T: DeserializeOwned>() -> Self {
        let mut tracer = Tracer::default();
        // A hand-written `Deserialize` may panic on values it never expected.
        let traced = catch_unwind(AssertUnwindSafe(|| explore::<T, Infallible>(&mut tracer, |_| Ok(()))));
        Self::traced::<T>(matches!(traced, Ok(Ok(true))), &tracer)
    }

    /// The shape of `T`, if values of `T` come back from their encoding as they were; `role` says
    /// what the type is used for, such as ``the value of state `total` ``.
    ///
    /// Every value that is made up is encoded, decoded and encoded again: with and without its
    /// optional parts and elements, with zeros and ones, and with each variant of each enum.
    ///
    /// ```
    /// use millstream_state::Shape;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Visit {
    ///     page: String,
    ///     #[serde(skip_serializing_if = "Option::is_none")]
    ///     referrer: Option<String>,
    /// }
    /// let error = Shape::checked::<Visit>(&"the value of state `visits`").unwrap_err();
    /// assert!(error.to_string().contains("the value of state `visits`"));
    /// assert!(error.to_string().contains("skip_serializing_if"));
    /// assert!(Shape::checked::<(String, Option<String>)>(&"the value of state `visits`").is_ok());
    /// ```
    ///
    /// # Errors
    /// [`StateError::Unsupported`] if a value does not come back as it was, or if the type's
    /// `Deserialize` needs a format that describes itself. A type that accepts none of the values
    /// gets an [opaque](Self::is_opaque) shape, as from [`Shape::of`].
    pub fn checked<T: Serialize + DeserializeOwned + 'static>(role: &dyn fmt::Display) -> Result<Self> {
        round_trip::checked::<T>().map_err(|problem| StateError::Unsupported {
            role: role.to_string(),
            type_name: type_name::<T>(),
            problem,
        })
    }

    fn traced<T>(complete: bool, tracer: &Tracer) -> Self {
        match (complete, tracer.render()) {
            (true, Some(text)) => Self(text.into()),
            (false, Some(text)) => Self(format!("{OPAQUE}{} {text}", type_name::<T>()).into()),
            (_, None) => Self(format!("{OPAQUE}{}", type_name::<T>()).into()),
        }
    }

    /// A shape with this text, for state that is no user's type.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The shape of what a state with a time-to-live holds, whose values have this one.
    #[must_use]
    pub fn expiring(&self) -> Self {
        Self::from_text(&format!("{EXPIRING}{self}>"))
    }

    /// The shape of the values, if this is that of a state with a time-to-live.
    pub fn of_expiring(&self) -> Option<Self> {
        self.0.strip_prefix(EXPIRING)?.strip_suffix('>').map(Self::from_text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the type could not be looked into: equal shapes then say little more than equal names.
    pub fn is_opaque(&self) -> bool {
        self.0.starts_with(OPAQUE)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Shape({})", self.0)
    }
}

#[cfg(test)]
mod tests;
