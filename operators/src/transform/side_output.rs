//! Side outputs: reading what an operator gives out besides its main stream.

use millstream_runtime::graph::OutputTag;
use millstream_state::Record;

use crate::Stream;

impl<T: Record> Stream<T> {
    /// The records that the operator which made this stream emits to a side output. As Flink's
    /// `getSideOutput`.
    ///
    /// What is emitted to a tag that nobody reads is dropped. Reading it from the stream of another
    /// operator than the one that emits is an error, of the job's plan where that can be seen there
    /// (a `map` emits to no side output, a `count` over windows to that of late records), or else at the first record that
    /// would be lost. A function that may emit to any side output may also emit nothing: what is read from it
    /// is empty then, without an error. Settings such as [`Stream::name`]
    /// apply to the operator, from whichever of its streams they are called.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let rejected = OutputTag::new("rejected");
    /// let words = env.from_collection(["1", "two", "3"].map(String::from));
    /// let aside = rejected.clone();
    /// let parsed = words.process_fn(move |word, _cx, out| match word.parse::<i64>() {
    ///     Ok(number) => out.emit(number),
    ///     Err(_) => out.emit_side(&aside, word),
    /// });
    /// let (numbers, rest) = (parsed.collect(), parsed.side_output(&rejected).collect());
    /// env.execute("parse")?;
    /// assert_eq!(numbers.sorted(), [1, 3]);
    /// assert_eq!(rest.sorted(), ["two"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "getSideOutput")]
    pub fn side_output<S: Record>(&self, tag: &OutputTag<S>) -> Stream<S> {
        self.graph.lock().mark_side_read(self.node, tag);
        Stream::new(&self.graph, (self.node, self.sides.port(tag), self.sides.clone()))
    }
}
