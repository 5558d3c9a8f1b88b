//! What users write: streams and what is done to them.

mod environment;
mod keyed_stream;
pub mod sink;
pub mod source;
mod stream;

pub use environment::Environment;
pub use keyed_stream::KeyedStream;
pub use stream::Stream;
