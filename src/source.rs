//! Sources, and what a source of your own is made of.

pub use millstream_operators::source::{
    CollectionReader, CollectionSource, GeneratorReader, GeneratorSource, RateLimiter, Source, SourceReader,
    StridedSplit,
};
pub use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
