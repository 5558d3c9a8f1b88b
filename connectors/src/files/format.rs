//! Formats: how the bytes of a file become records.

mod csv;
mod json_lines;
mod text;

use std::fmt;

use millstream_state::Record;

pub use self::csv::CsvFormat;
pub use json_lines::JsonLinesFormat;
pub use text::TextFormat;

pub use crate::Gathered;

/// How the bytes of a file become records.
///
/// ```
/// use millstream::connectors::files::{Decoder, FileSource, Format, RowError};
///
/// /// One number a line.
/// #[derive(Clone)]
/// struct Numbers;
/// struct NumberDecoder;
///
/// impl Format for Numbers {
///     type Record = u64;
///     type Decoder = NumberDecoder;
///
///     fn kind(&self) -> &'static str {
///         "number files"
///     }
///     fn decoder(&self, _whole: bool) -> NumberDecoder {
///         NumberDecoder
///     }
/// }
///
/// impl Decoder for NumberDecoder {
///     type Record = u64;
///
///     fn decode(&mut self, row: &[u8]) -> Result<Option<u64>, RowError> {
///         let text = std::str::from_utf8(row).map_err(|error| RowError::new(error.to_string()))?;
///         text.trim().parse().map(Some).map_err(|_| RowError::new("not a number"))
///     }
/// }
///
/// let source = FileSource::with_format("numbers/", Numbers);
/// ```
pub trait Format: Clone + Send + Sync + 'static {
    /// What a row becomes.
    type Record: Record;
    /// What turns rows into records.
    type Decoder: Decoder<Record = Self::Record>;

    /// What kind of file this is, human-readable: "CSV files".
    fn kind(&self) -> &'static str;

    /// Whether the first row of each file is a header, which every decoder must be given.
    fn has_header(&self) -> bool {
        false
    }

    /// A decoder for one split. `whole` says that the split is a whole file, so that rows may
    /// contain newlines; otherwise a newline must end a row, for other readers rely on that.
    fn decoder(&self, whole: bool) -> Self::Decoder;

    /// A decoder for one split of this file, which is a path or URL. For formats whose records tell
    /// where they come from; otherwise as [`decoder`](Format::decoder).
    fn decoder_of(&self, file: &str, whole: bool) -> Self::Decoder {
        let _ = file;
        self.decoder(whole)
    }

    /// How many rows are read at once, for formats that [gather](Decoder::gathered) rows; `None` for
    /// as many as records are sent at once.
    fn batch_rows(&self) -> Option<usize> {
        None
    }
}

/// Turns the rows of one split into records.
pub trait Decoder: Send + 'static {
    /// What a row becomes.
    type Record: Record;

    /// Passes on the header, with its line end, before the first row; only if the format has one.
    ///
    /// # Errors
    /// If it cannot be a header.
    fn header(&mut self, row: &[u8]) -> Result<(), RowError> {
        let _ = row;
        Ok(())
    }

    /// The length of the first row in `bytes` including its line end; `None` if more bytes are
    /// needed to know. `bytes` is never empty.
    #[inline]
    fn row_length(&mut self, bytes: &[u8]) -> Option<usize> {
        memchr::memchr(b'\n', bytes).map(|newline| newline + 1)
    }

    /// The record in a row; `None` if the row holds none, as a blank line. The row comes with its
    /// line end, unless it is the last of a file.
    ///
    /// # Errors
    /// If the row cannot be read.
    fn decode(&mut self, row: &[u8]) -> Result<Option<Self::Record>, RowError>;

    /// How many rows what was [decoded](Decoder::decode) last counts as, for formats that have many in what is read as one:
    /// readers stop when they have read as many as they want.
    fn decoded_rows(&self) -> usize {
        1
    }

    /// The record that was made of the rows for which [`decode`](Decoder::decode) has returned none,
    /// for decoders that gather many rows into one record, such as columns. Asked for before the reader
    /// waits, before each snapshot and at the end of a split, each time until there is none.
    ///
    /// # Errors
    /// What fails the job.
    fn gathered(&mut self) -> millstream_runtime::Result<Option<Gathered<Self::Record>>> {
        Ok(None)
    }
}

/// Why a row could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The column or field that is to blame, where one is.
    pub column: Option<String>,
    /// What is wrong with it.
    pub problem: String,
}

impl RowError {
    /// An error of the whole row.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { column: None, problem: problem.into() }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(formatter, "column `{column}`: {}", self.problem),
            None => formatter.write_str(&self.problem),
        }
    }
}

/// A row without its line end: `\n` or `\r\n`.
pub(super) fn without_line_end(row: &[u8]) -> &[u8] {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// A row without the mark that some programs put at the start of a UTF-8 file.
pub(super) fn without_byte_order_mark(row: &[u8]) -> &[u8] {
    row.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(row)
}
