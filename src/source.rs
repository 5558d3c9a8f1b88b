//! Sources, and what a source of your own is made of.

pub use millstream_operators::source::{
    BlockingReader, BlockingSplitReader, Boundedness, CollectionReader, CollectionSource, Discovery,
    DiscoveryState, Enumerator, Fetched, GatedRateLimiter, GeneratorReader, GeneratorSource, HybridReader,
    HybridSource, HybridSplit, Listing, RateLimiter, Source, SourceReader, SplitEnumerator, SplitOutput,
    StridedSplit,
};
pub use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
