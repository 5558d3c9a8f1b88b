//! What states that expire keep in the place of a plain value: the same, and when each part of it was written.
//!
//! A state without a time-to-live keeps plain values in its table and pays for none of this.

mod list;
mod map;
mod stamp;
mod timed;

use serde::Serialize;

pub use self::list::TimedList;
pub use self::map::{StableMap, TimedMap};
pub(super) use self::stamp::Seen;
pub use self::stamp::Stamp;
pub use self::timed::Timed;
use crate::Record;

/// The content that a state which expires has for one key: some parts, each with a stamp.
///
/// It is encoded as the plain content and, behind it, the stamps of its parts: so what was written with
/// stamps can be read without, and through the same migrations.
pub trait Expiring: Record {
    /// The content of the same state where it does not expire.
    type Plain: Record;

    /// With this stamp for all parts.
    fn stamped(plain: Self::Plain, stamp: i64) -> Self;

    /// With these stamps. Where they are not as many as the parts, because a migration has made other
    /// parts, the latest holds for all.
    fn with_stamps(plain: Self::Plain, stamps: &[i64]) -> Self;

    /// Without stamps.
    fn into_plain(self) -> Self::Plain;

    /// How many parts there are: what it takes to look through them.
    fn parts(&self) -> usize;

    /// Whether a part was stamped at `oldest` or later.
    fn is_live(&self, oldest: i64) -> bool;

    /// Whether a part was stamped before `oldest`.
    fn has_expired(&self, oldest: i64) -> bool;

    /// Removes the parts that were stamped before `oldest`; not called where none is left then.
    fn remove_expired(&mut self, oldest: i64);

    /// The encoding of what was stamped at `oldest` or later: of some part.
    fn live(&self, oldest: i64) -> impl Serialize;
}

/// The latest of some stamps.
fn latest(stamps: &[i64]) -> i64 {
    stamps.iter().copied().max().unwrap_or(i64::MIN)
}
