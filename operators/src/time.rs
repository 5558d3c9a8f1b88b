//! Event time: where records get their timestamps, and streams their watermarks.

mod generator;
mod operator;
mod strategy;

pub use generator::WatermarkGenerator;
pub use strategy::WatermarkStrategy;

#[cfg(test)]
mod tests;
