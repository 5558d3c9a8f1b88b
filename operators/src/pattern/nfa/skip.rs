//! Which matches a match leaves out.

use millstream_runtime::{Error, ErrorKind, Result};

use super::buffer::{EventNumber, SharedBuffer, Taken};
use super::spec::{AfterMatch, OnMiss, StageId};

impl AfterMatch {
    /// Matches that begin before this event are left out, once this one has been found.
    pub(super) fn first_kept<E>(
        self,
        taken: &[Taken],
        buffer: &SharedBuffer<E>,
        name: impl Fn(StageId) -> String,
    ) -> Result<EventNumber> {
        let number = |taken: Option<&Taken>| -> EventNumber {
            taken.and_then(|taken| buffer.place_of(taken.slot)).map_or(0, |(number, _)| number)
        };
        let (stage, found, on_miss) = match self {
            Self::NoSkip => return Ok(0),
            Self::SkipToNext => return Ok(number(taken.first()) + 1),
            Self::SkipPastLastEvent => return Ok(number(taken.last()) + 1),
            Self::SkipToFirst(stage, on_miss) => {
                (stage, taken.iter().find(|taken| taken.stage == stage), on_miss)
            }
            Self::SkipToLast(stage, on_miss) => {
                (stage, taken.iter().rfind(|taken| taken.stage == stage), on_miss)
            }
        };
        match (found, on_miss) {
            (None, OnMiss::NoSkip) => Ok(0),
            (None, OnMiss::Fail) => Err(Error::new(
                ErrorKind::Function,
                format!("a match cannot skip to stage `{}`, of which it has no event", name(stage)),
            )),
            (found, OnMiss::Fail) if number(found) == number(taken.first()) => Err(Error::new(
                ErrorKind::Function,
                format!("a match cannot skip to stage `{}`, with which it begins itself", name(stage)),
            )),
            (found, _) => Ok(number(found)),
        }
    }
}
