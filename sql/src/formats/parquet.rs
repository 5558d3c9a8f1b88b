//! `parquet`: files of columns, as Flink's [parquet format](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/parquet/).
//!
//! There are no messages in it, and no rows one after another: a file has row groups, each with a chunk of every column, and
//! ends with a footer that says where they are. Rows come and go as the arrow arrays that they are anyway.

mod convert;
mod fit;
mod int96;
mod layout;
mod options;
mod reader;
#[cfg(test)]
mod tests;
mod timestamps;
mod writer;

pub use options::ParquetOptions;
pub use reader::{ParquetBlock, ParquetFile, ParquetStep};
pub use writer::ParquetWriter;

/// The name in options and at the end of files.
pub const NAME: &str = "parquet";
