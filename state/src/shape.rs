//! The shape of a type: what its serialized form looks like, as text that can be kept and compared.
//!
//! Values in a snapshot carry no description of themselves, so that a value read back as another
//! type would be nonsense rather than an error. The shape is kept beside them and compared first.

mod access;
mod content;
mod probe;
mod render;
mod trace;

use std::any::type_name;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use trace::Tracer;

/// Begins the text of a shape that could not be told in full.
const OPAQUE: &str = "opaque ";

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
        let complete = catch_unwind(AssertUnwindSafe(|| tracer.trace::<T>())).unwrap_or(false);
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
