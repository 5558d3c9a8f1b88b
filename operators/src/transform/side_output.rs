//! Side outputs: reading what an operator gives out besides its main stream.

use millstream_runtime::graph::OutputTag;
use millstream_state::Record;

use crate::Stream;

impl<T: Record> Stream<T> {
    /// The records that the operator which made this stream emits to a side output. As Flink's
    /// `getSideOutput`.
    ///
    /// What is emitted to a tag that nobody reads is dropped. Settings such as [`Stream::name`]
    /// apply to the operator, from whichever of its streams they are called.
    ///
    /// ```
    /// # use millstream_operators::{Environment, OutputTag, ProcessContext, ProcessFunction, Result};
    /// # let env = Environment::new();
    /// #[derive(Clone)]
    /// struct Parse { rejected: OutputTag<String> }
    /// impl ProcessFunction<String, i64> for Parse {
    ///     fn process(&mut self, word: String, cx: &mut ProcessContext<'_, '_, i64>) -> Result<()> {
    ///         match word.parse() {
    ///             Ok(number) => cx.emit(number),
    ///             Err(_) => cx.emit_side(&self.rejected, word),
    ///         }
    ///     }
    /// }
    ///
    /// let rejected = OutputTag::new("rejected");
    /// let words = env.from_collection(["1", "two", "3"].map(String::from));
    /// let parsed = words.process(Parse { rejected: rejected.clone() });
    /// let (numbers, rest) = (parsed.collect(), parsed.side_output(&rejected).collect());
    /// env.execute("parse")?;
    /// assert_eq!(numbers.sorted(), [1, 3]);
    /// assert_eq!(rest.sorted(), ["two"]);
    /// # Ok::<(), millstream_operators::Error>(())
    /// ```
    pub fn side_output<S: Record>(&self, tag: &OutputTag<S>) -> Stream<S> {
        Stream::new(&self.graph, (self.node, self.sides.port(tag), self.sides.clone()))
    }
}
