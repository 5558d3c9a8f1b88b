//! Flink SQL for Millstream.
//!
//! [`parser`] turns text of Flink's dialect into a syntax tree. It knows no catalog and no types: what a statement
//! means, and whether this engine can run it, is decided from the tree.
//! [`types`] has the values of Flink's types as text and on the calendar.

pub mod parser;
pub mod types;
