//! How often a stage occurs, as it is written down.

use std::ops::{RangeFrom, RangeInclusive};

/// How often a stage of a pattern occurs: `3`, `2..=4` or `2..`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how often a stage occurs",
    note = "say `times(3)`, `times(2..=4)` or `times(2..)`"
)]
pub trait Times {
    /// At least and at most so often; `None` for any number.
    #[doc(hidden)]
    fn bounds(self) -> (u32, Option<u32>);
}

impl Times for u32 {
    fn bounds(self) -> (u32, Option<u32>) {
        (self, Some(self))
    }
}

impl Times for RangeInclusive<u32> {
    fn bounds(self) -> (u32, Option<u32>) {
        (*self.start(), Some(*self.end()))
    }
}

impl Times for RangeFrom<u32> {
    fn bounds(self) -> (u32, Option<u32>) {
        (self.start, None)
    }
}
