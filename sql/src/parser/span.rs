//! Places in the text of a statement.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

/// A range of the text, in bytes from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One behind the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to `end`, which is not part of it.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of this to the end of `last`.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end.max(self.start) }
    }

    /// For slicing the text.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// The [`Span`] of a node of the syntax tree.
///
/// Where a node stands is no part of what it says: all `SourceSpan`s are equal, so trees are equal when they mean the
/// same text, wherever they were parsed from. Compare the [`Span`]s in them to compare places.
#[derive(Clone, Copy, Default)]
pub struct SourceSpan(Span);

impl From<Span> for SourceSpan {
    fn from(span: Span) -> Self {
        Self(span)
    }
}

impl From<SourceSpan> for Span {
    fn from(span: SourceSpan) -> Self {
        span.0
    }
}

impl Deref for SourceSpan {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.0
    }
}

impl PartialEq for SourceSpan {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for SourceSpan {}

impl Hash for SourceSpan {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for SourceSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}
