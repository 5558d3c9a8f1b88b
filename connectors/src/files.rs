//! Files, on local disks and in object stores: [`FileSource`] reads them, [`FileSink`] writes them.
//!
//! Both speak CSV (with `serde`), JSON lines and plain text, and any format of your own. A place is
//! a path, or a [URL](millstream_state::stores): `file:///…`, `s3://…` (with the feature `aws`), `gs://…` (`gcp`), `abfss://…`
//! (`azure`).

mod encode;
mod format;
mod into_paths;
mod location;
mod sink;
mod source;
#[cfg(test)]
mod testing;

pub use encode::{BulkWriter, CsvEncoder, Encoder, Folders, JsonLinesEncoder, TextEncoder};
pub use format::{CsvFormat, Decoder, Format, Gathered, JsonLinesFormat, RowError, TextFormat};
pub use into_paths::IntoPaths;
pub use sink::{Committable, FileSink, FileWriter, PartitionCommit, PartitionStatus, WriterState};
pub use source::{
    BadRecord, BadRecordInfo, BulkDecoded, BulkDecoder, BulkFileReader, BulkFileSource, BulkFormat,
    FileBlock, FileReader, FileSource, FileSplit, FooterRead,
};
