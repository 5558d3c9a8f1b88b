//! Aggregations: how many records become one result, a little at a time.

use crate::Record;

/// Combines records into an accumulator, and the accumulator into a result.
///
/// As Flink's `AggregateFunction`. The accumulator is what lives in state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `AggregateFunction`",
    note = "implement it for your type, which must also be `Send + Sync + 'static`; where records are only \
            combined with each other, `reduce` takes a closure"
)]
pub trait AggregateFunction: Send + Sync + 'static {
    /// What is added.
    type Input;
    /// What is kept.
    type Accumulator: Record;
    /// What comes out.
    type Output: Record;

    /// An accumulator to which nothing has been added.
    #[doc(alias = "createAccumulator")]
    fn create_accumulator(&self) -> Self::Accumulator;
    /// Adds a record.
    fn add(&self, input: &Self::Input, accumulator: &mut Self::Accumulator);
    /// The result of what has been added so far.
    #[doc(alias = "getResult")]
    fn result(&self, accumulator: &Self::Accumulator) -> Self::Output;
    /// Adds everything that was added to `other`, whether that came before or after. Session windows and
    /// sliding windows need it.
    fn merge(&self, accumulator: &mut Self::Accumulator, other: Self::Accumulator);
}
