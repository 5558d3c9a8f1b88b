//! What happens to rows that cannot be read.

use std::fmt;

use millstream_runtime::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::bad_record::quoted;
use crate::files::format::RowError;

/// What to do about a row that cannot be read.
///
/// ```
/// use millstream::connectors::files::{BadRecord, BadRecordInfo, FileSource};
/// use millstream::OutputTag;
///
/// let unreadable = OutputTag::<BadRecordInfo>::new("unreadable rows");
/// let numbers = FileSource::json_lines::<u64>("numbers.jsonl")
///     .on_error(BadRecord::SideOutput(unreadable.clone()));
/// ```
pub type BadRecord = crate::BadRecord<BadRecordInfo>;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRecordInfo {
    /// The file it is in.
    pub file: String,
    /// Where in the file it begins, in bytes; in a packed file, in what that unpacks to.
    pub offset: u64,
    /// The line that it begins in, counted from 1, where that is known: not of a row that is passed over
    /// in the middle of a file.
    pub line: Option<u64>,
    /// The row, without its line end; what is not UTF-8 is replaced.
    pub text: String,
    /// What is wrong with it.
    pub error: String,
}

impl BadRecordInfo {
    pub(super) fn new(file: &str, offset: u64, line: Option<u64>, row: &[u8], error: &RowError) -> Self {
        let text = String::from_utf8_lossy(row).trim_end_matches(['\r', '\n']).to_owned();
        Self { file: file.to_owned(), offset, line, text, error: error.to_string() }
    }
}

impl fmt::Display for BadRecordInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, line, text, error } = self;
        let line = line.map_or_else(String::new, |line| format!("line {line}, "));
        let quoted = quoted(text);
        write!(
            formatter,
            "`{file}`: {line}the row at byte {offset} cannot be read: {error}; it is `{quoted}`"
        )
    }
}

impl From<BadRecordInfo> for Error {
    fn from(row: BadRecordInfo) -> Self {
        Self::new(ErrorKind::InvalidInput, row.to_string())
    }
}
