//! Event time: where records get their timestamps, and streams their watermarks.

mod assign_timestamps;
mod generator;
mod split_watermarks;
mod strategy;

pub use generator::WatermarkGenerator;
pub use split_watermarks::SplitWatermarks;
pub use strategy::WatermarkStrategy;

#[cfg(test)]
mod tests;
