//! The operators that run plans, over chunks.

mod calc;
mod watermark;

pub use calc::Calc;
pub use watermark::WatermarkAssigner;
