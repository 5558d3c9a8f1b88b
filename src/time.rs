//! Event time: timestamps, and how far a stream has come.

pub use millstream_operators::time::SplitWatermarks;
pub use millstream_operators::{WatermarkGenerator, WatermarkStrategy};
pub use millstream_state::Timestamp;
