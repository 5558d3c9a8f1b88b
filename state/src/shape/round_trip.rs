//! Whether values of a type come back from their encoding as they were.
//!
//! The codec writes fields one after another, without names: where `Serialize` leaves one out,
//! `Deserialize` takes the next for it. That must come to light when a type is declared, not when
//! a job is restored with its values.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Shape;
use super::explore::explore;
use super::style::Style;
use super::trace::{MAX_VALUES, Tracer};
use crate::codec::{decode, encode};

/// Why values of a type cannot be read back, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoundTripFailure {
    /// Its `Deserialize` needs a format that describes itself.
    NeedsDescription(&'static str),
    /// Its `Serialize` fails.
    Encode(postcard::Error),
    /// Its `Deserialize` does not read what its `Serialize` wrote.
    Decode(postcard::Error),
    /// Its `Deserialize` reads another value than its `Serialize` wrote.
    OtherValue,
}

impl fmt::Display for RoundTripFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AGREE: &str = "both must agree on every field and variant: remove `skip_serializing_if` \
                             (and `skip_serializing` or `skip_deserializing` alone; `skip` is fine)";
        match self {
            Self::NeedsDescription(what) => write!(
                formatter,
                "its `Deserialize` asks for {what}, and the encoding holds values without names and types; \
                 `untagged`, `tag`, `flatten` and types such as `serde_json::Value` need those: use a plain \
                 enum or struct, or keep the value as text"
            ),
            Self::Encode(source) => write!(
                formatter,
                "its `Serialize` fails ({source}); `flatten`, and variants that are not serialized, do that: \
                 use a plain enum or struct"
            ),
            Self::Decode(source) => write!(
                formatter,
                "its `Deserialize` does not read what its `Serialize` writes ({source}); {AGREE}"
            ),
            Self::OtherValue => write!(
                formatter,
                "its `Deserialize` reads another value than its `Serialize` has written; {AGREE}"
            ),
        }
    }
}

/// The shape of `T` after all its made-up values have come back; each type is looked at once.
pub(super) fn checked<T: Serialize + DeserializeOwned + 'static>() -> Result<Shape, RoundTripFailure> {
    static CHECKED: Mutex<BTreeMap<TypeId, Result<Shape, RoundTripFailure>>> = Mutex::new(BTreeMap::new());
    let known = CHECKED.lock().get(&TypeId::of::<T>()).cloned();
    known.unwrap_or_else(|| {
        let found = check::<T>();
        CHECKED.lock().insert(TypeId::of::<T>(), found.clone());
        found
    })
}

fn check<T: Serialize + DeserializeOwned>() -> Result<Shape, RoundTripFailure> {
    let mut tracer = Tracer::default();
    let complete = trace::<T>(&mut tracer)?;
    let shape = Shape::traced::<T>(complete, &tracer);
    let mut values = tracer.values();
    for style in Style::all(tracer.deepest) {
        if values > MAX_VALUES {
            break;
        }
        let mut tracer = Tracer::in_style(style);
        trace::<T>(&mut tracer)?;
        values += tracer.values();
    }
    Ok(shape)
}

/// Makes values up and checks each; whether everything in the type was seen.
fn trace<T: Serialize + DeserializeOwned>(tracer: &mut Tracer) -> Result<bool, RoundTripFailure> {
    // Hand-written implementations may panic on values they never expected.
    let traced = catch_unwind(AssertUnwindSafe(|| explore::<T, _>(tracer, comes_back))).unwrap_or(Ok(false));
    match tracer.unanswerable {
        Some(what) => Err(RoundTripFailure::NeedsDescription(what)),
        None => traced,
    }
}

fn comes_back<T: Serialize + DeserializeOwned>(value: &T) -> Result<(), RoundTripFailure> {
    let written = encode(value).map_err(RoundTripFailure::Encode)?;
    let read = decode::<T>(&written).map_err(RoundTripFailure::Decode)?;
    let again = encode(&read).map_err(RoundTripFailure::Encode)?;
    if again == written { Ok(()) } else { Err(RoundTripFailure::OtherValue) }
}

#[cfg(test)]
mod tests;
