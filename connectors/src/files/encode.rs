//! Encoders: how records become the bytes of a file.

use std::marker::PhantomData;

use millstream_state::Record;

/// How records become the bytes of a file.
///
/// ```
/// use millstream::connectors::files::{Encoder, FileSink};
///
/// /// Eight bytes a number.
/// #[derive(Clone)]
/// struct Binary;
///
/// impl Encoder for Binary {
///     type Record = u64;
///
///     fn kind(&self) -> &'static str {
///         "binary files"
///     }
///     fn extension(&self) -> &str {
///         "bin"
///     }
///     fn encode(&mut self, records: &[u64], _starts_file: bool, bytes: &mut Vec<u8>) -> Result<(), String> {
///         bytes.extend(records.iter().flat_map(|record| record.to_le_bytes()));
///         Ok(())
///     }
/// }
///
/// let sink = FileSink::with_encoder("numbers", Binary);
/// ```
pub trait Encoder: Clone + Send + Sync + 'static {
    /// What it takes.
    type Record: Record;

    /// What kind of file this is, human-readable: "CSV files".
    fn kind(&self) -> &'static str;

    /// How the names of the files end, without the dot.
    fn extension(&self) -> &str;

    /// Appends records to `bytes`; `starts_file` says that they are the first of a file, which
    /// is where a header belongs.
    ///
    /// # Errors
    /// What is wrong, if a record cannot be written in this format.
    fn encode(
        &mut self,
        records: &[Self::Record],
        starts_file: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), String>;

    /// What writes a file, for formats whose files are more than one record after another, such as those that end with an
    /// index: a new one for each file, which is then given all that would be [encoded](Encoder::encode). `None` for all
    /// other formats.
    ///
    /// # Errors
    /// What is wrong, if there can be no such file.
    fn bulk_writer(&self) -> Result<Option<Box<dyn BulkWriter<Record = Self::Record>>>, String> {
        Ok(None)
    }

    /// Whether records are dealt out to folders by [`partition`](Encoder::partition).
    fn is_partitioned(&self) -> bool {
        false
    }

    /// The records by the folders below the sink's directory that they go to, as `dt=2024-01-01/hr=7`,
    /// each in their order; asked only of encoders that are [partitioned](Encoder::is_partitioned).
    ///
    /// # Errors
    /// What is wrong, if a record belongs into no folder.
    fn partition(&self, records: &[Self::Record]) -> Result<Folders<Self::Record>, String> {
        Ok(vec![(String::new(), records.to_vec())])
    }
}

/// Writes one file in a format of [bulk](Encoder::bulk_writer). As Flink's `BulkWriter`.
///
/// A file is always finished before a checkpoint covers it, so none of this is ever part of a snapshot.
pub trait BulkWriter: Send {
    /// What it takes.
    type Record;

    /// Takes records, and appends to `bytes` what of the file is certain by now; that may be nothing.
    ///
    /// # Errors
    /// What is wrong, if a record cannot be written in this format.
    fn write(&mut self, records: &[Self::Record], bytes: &mut Vec<u8>) -> Result<(), String>;

    /// How many bytes are roughly still to come of the records taken so far: files are closed by their size.
    fn pending_bytes(&self) -> u64;

    /// Appends the rest of the file, also where there were no records; nothing is written afterwards.
    ///
    /// # Errors
    /// What is wrong, if the file cannot be finished.
    fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<(), String>;
}

/// Records by the folders that they go to.
pub type Folders<T> = Vec<(String, Vec<T>)>;

/// Writes CSV (RFC 4180) with `serde`; no header line unless asked for.
#[derive(Debug)]
pub struct CsvEncoder<T> {
    header: bool,
    _record: PhantomData<fn(T)>,
}

impl<T> Clone for CsvEncoder<T> {
    fn clone(&self) -> Self {
        Self { header: self.header, _record: PhantomData }
    }
}

impl<T> Default for CsvEncoder<T> {
    fn default() -> Self {
        Self { header: false, _record: PhantomData }
    }
}

impl<T> CsvEncoder<T> {
    /// The same encoder, which begins each file with a line of the fields' names.
    #[must_use]
    pub fn header(self) -> Self {
        Self { header: true, ..self }
    }
}

impl<T: Record> Encoder for CsvEncoder<T> {
    type Record = T;

    fn kind(&self) -> &'static str {
        "CSV files"
    }

    fn extension(&self) -> &str {
        "csv"
    }

    fn encode(&mut self, records: &[T], starts_file: bool, bytes: &mut Vec<u8>) -> Result<(), String> {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(self.header && starts_file)
            .from_writer(std::mem::take(bytes));
        for record in records {
            writer.serialize(record).map_err(|error| error.to_string())?;
        }
        *bytes = writer.into_inner().map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// Writes a JSON value a line, with `serde`.
#[derive(Debug)]
pub struct JsonLinesEncoder<T>(PhantomData<fn(T)>);

impl<T> Clone for JsonLinesEncoder<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Default for JsonLinesEncoder<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Record> Encoder for JsonLinesEncoder<T> {
    type Record = T;

    fn kind(&self) -> &'static str {
        "JSON files"
    }

    fn extension(&self) -> &str {
        "jsonl"
    }

    fn encode(&mut self, records: &[T], _starts_file: bool, bytes: &mut Vec<u8>) -> Result<(), String> {
        for record in records {
            serde_json::to_writer(&mut *bytes, record).map_err(|error| error.to_string())?;
            bytes.push(b'\n');
        }
        Ok(())
    }
}

/// Writes lines of text that a function makes of the records.
pub struct TextEncoder<T, Line> {
    line: Line,
    _record: PhantomData<fn(T)>,
}

impl<T, Line: Clone> Clone for TextEncoder<T, Line> {
    fn clone(&self) -> Self {
        Self { line: self.line.clone(), _record: PhantomData }
    }
}

impl<T, Line> TextEncoder<T, Line> {
    /// Writes what `line` makes of a record, and a newline.
    pub const fn new(line: Line) -> Self {
        Self { line, _record: PhantomData }
    }
}

impl<T: Record, Line: Fn(&T) -> String + Clone + Send + Sync + 'static> Encoder for TextEncoder<T, Line> {
    type Record = T;

    fn kind(&self) -> &'static str {
        "text files"
    }

    fn extension(&self) -> &str {
        "txt"
    }

    fn encode(&mut self, records: &[T], _starts_file: bool, bytes: &mut Vec<u8>) -> Result<(), String> {
        for record in records {
            bytes.extend_from_slice((self.line)(record).as_bytes());
            bytes.push(b'\n');
        }
        Ok(())
    }
}
