//! Sinks, and what a sink of your own is made of.

pub use millstream_operators::sink::{
    CollectSink, CollectWriter, Collected, CollectedChunk, Committer, PrintSink, PrintWriter, Sink,
    SinkOutput, SinkWriter, StreamSink,
};
pub use millstream_runtime::batch::Batch;
pub use millstream_runtime::chain::TaskContext;
