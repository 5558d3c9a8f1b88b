//! Values of Flink's types.

pub mod calendar;
pub mod text;
pub mod zone;
