//! Sources, and what a source of your own is made of.

pub use millstream_operators::source::{
    BlockingReader, BlockingSplitReader, CollectionReader, CollectionSource, Discovery, DiscoveryState,
    Enumerator, Fetched, GeneratorReader, GeneratorSource, Listing, RateLimiter, Source, SourceReader,
    SplitEnumerator, SplitOutput, StridedSplit,
};
pub use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
