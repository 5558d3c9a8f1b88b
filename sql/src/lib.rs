//! Flink SQL for Millstream.
//!
//! [`parser`] turns text of Flink's dialect into a syntax tree. It knows no catalog and no types: what a statement
//! means, and whether this engine can run it, is decided from the tree. [`connectors`] are what tables read and write.

pub mod connectors;
pub mod parser;
