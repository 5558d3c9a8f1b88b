//! Two streams of different types that meet in one operator.

mod broadcast;
mod broadcast_map;
mod broadcast_operator;
mod broadcast_state;
mod broadcast_stream;
mod enrich;
mod map;
mod process;

use millstream_runtime::chain::{OperatorInfo, TwoInputOperator};
use millstream_state::Record;

use crate::Stream;

pub use broadcast::{BroadcastOpenContext, BroadcastProcessFunction};
pub(crate) use broadcast_operator::BroadcastProcess;
pub use broadcast_state::{BroadcastState, BroadcastStates};
pub use broadcast_stream::BroadcastConnectedStream;
pub(crate) use process::TwoInputProcess;
pub use process::TwoInputProcessFunction;

/// Two streams that meet in one operator, each with its own type. As Flink's `ConnectedStreams`.
///
/// Event time in it is the earlier of the two.
pub struct ConnectedStreams<A, B> {
    first: Stream<A>,
    second: Stream<B>,
}

impl<A: Record> Stream<A> {
    /// Lets this stream and another meet in one operator. As Flink's `connect`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let (numbers, words) = (env.from_collection(1..=2), env.from_collection(["three".to_owned()]));
    /// let texts = numbers.connect(&words).map(|number| number.to_string(), |word| word).collect();
    /// env.execute("connect")?;
    /// assert_eq!(texts.sorted(), ["1", "2", "three"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn connect<B: Record>(&self, other: &Stream<B>) -> ConnectedStreams<A, B> {
        ConnectedStreams { first: self.clone(), second: other.clone() }
    }
}

impl<A: Record, B: Record> ConnectedStreams<A, B> {
    /// Applies a two-input operator of your own: `make` makes one instance a subtask. `kind` is
    /// a human-readable name for it, and part of its place in the graph.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::engine::batch::Batch;
    /// use millstream::engine::chain::{OperatorHooks, Output, TwoInputOperator};
    ///
    /// struct Lengths;
    ///
    /// impl OperatorHooks<u64> for Lengths {}
    ///
    /// impl TwoInputOperator<u64, String, u64> for Lengths {
    ///     fn process_first(&mut self, batch: &mut Batch<u64>, output: &mut Output<'_, u64>) -> Result<()> {
    ///         output.forward(batch)
    ///     }
    ///     fn process_second(&mut self, batch: &mut Batch<String>, output: &mut Output<'_, u64>) -> Result<()> {
    ///         batch.drain_timed().try_for_each(|(text, timestamp)| output.emit(text.len() as u64, timestamp))
    ///     }
    /// }
    ///
    /// let env = Environment::new();
    /// let (numbers, texts) = (env.from_collection([1, 2]), env.from_collection(["three".to_owned()]));
    /// let lengths = numbers.connect(&texts).transform("Lengths", |_| Lengths).collect();
    /// env.execute("lengths")?;
    /// assert_eq!(lengths.sorted(), [1, 2, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn transform<O: Record, Op: TwoInputOperator<A, B, O>>(
        &self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> Stream<O> {
        let (first, second) = (self.first.upstreams.clone(), self.second.upstreams.clone());
        let added = self.first.graph.lock().add_two_input_operator(kind, first, second, make);
        Stream::new(&self.first.graph, added)
    }

    /// Applies an operator that is no more than a function of its records.
    pub(crate) fn apply<O: Record, Op: TwoInputOperator<A, B, O>>(
        &self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> Stream<O> {
        let applied = self.transform(kind, make);
        self.first.graph.lock().mark_stateless(applied.node);
        applied
    }
}

#[cfg(test)]
mod tests;
