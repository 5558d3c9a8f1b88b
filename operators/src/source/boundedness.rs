//! Whether a source ends.

/// Whether what a source yields ends by itself. As Flink's `Boundedness`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boundedness {
    /// It does: the source has a last record.
    Bounded,
    /// It does not, or not as far as is known.
    #[doc(alias = "CONTINUOUS_UNBOUNDED")]
    Unbounded,
}
