//! Reads files: as Flink's `FileSource`, over bounded input.

mod bad_record;
mod bulk;
mod event_time;
mod fetch;
mod gunzip;
mod options;
mod reader;
mod split;
mod split_reading;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::source::{Boundedness, Discovery, Enumerator, Source};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;

use super::format::{CsvFormat, Format, JsonLinesFormat, TextFormat};
use super::into_paths::IntoPaths;
use super::location::{FileStores, FoundFile, find_files, list_files};
pub use bad_record::{BadRecord, BadRecordInfo};
pub use bulk::{BulkDecoded, BulkDecoder, BulkFileReader, BulkFileSource, BulkFormat, FileBlock, FooterRead};
use event_time::EventTime;
pub use reader::FileReader;
pub use split::FileSplit;
use split::{Cutting, cut};

/// The size that splits have unless set otherwise, in bytes.
const SPLIT_BYTES: u64 = 1 << 20;

/// Reads files, once each, and ends: CSV, JSON lines, text, or a [`Format`] of your own.
///
/// A path is a file, a directory (all files directly in it, but those whose names start with `.` or
/// `_`), a pattern with `*` in its last part, or a [URL](millstream_state::stores) of any of these. Files are cut into ranges of
/// bytes that all subtasks share; a row is read by the reader in whose range it begins, so that each
/// is read exactly once. For that a newline must end a row: for CSV with newlines inside quotes, see
/// [`FileSource::whole_files`]. Files whose names end in `.gz` are unpacked, and each is read by one
/// reader.
///
/// Files must not change while the job lives, restarts included: a position is a number of bytes. A directory that is
/// [watched](FileSource::monitor_continuously) may get new ones, which must be whole when their names appear: moved there,
/// not written there.
///
/// ```
/// use millstream::connectors::files::FileSource;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Airline {
///     carrier: String,
///     name: String,
/// }
///
/// let airlines = FileSource::csv::<Airline>("data/airlines.csv");
/// let many = FileSource::csv::<Airline>(["data/2013/", "data/2014-*.csv.gz"]);
/// ```
#[derive(Clone)]
pub struct FileSource<F: Format = TextFormat> {
    paths: Vec<String>,
    cutting: Cutting,
    /// How often new files are looked for; `None` for once.
    interval: Option<Duration>,
    reading: Reading<F>,
}

/// What readers must know.
#[derive(Clone)]
struct Reading<F: Format> {
    stores: FileStores,
    format: F,
    on_error: BadRecord,
    event_time: EventTime<F::Record>,
    /// Records per second over all readers.
    rate: Option<f64>,
}

impl FileSource {
    /// CSV files with a header row, whose column names are the names of the fields of `T`; columns
    /// that `T` lacks are passed over. Empty fields are `None` in an `Option`. For other delimiters
    /// and files without a header see [`CsvFormat`].
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// # #[derive(Clone, serde::Serialize, serde::Deserialize)]
    /// # struct Flight;
    /// let flights = FileSource::csv::<Flight>("data/flights-*.csv.gz");
    /// ```
    pub fn csv<T: Record>(paths: impl IntoPaths) -> FileSource<CsvFormat<T>> {
        FileSource::with_format(paths, CsvFormat::default())
    }

    /// Files with a JSON value a line, each a `T`.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let points = FileSource::json_lines::<(f64, f64)>("data/points.jsonl");
    /// ```
    pub fn json_lines<T: Record>(paths: impl IntoPaths) -> FileSource<JsonLinesFormat<T>> {
        FileSource::with_format(paths, JsonLinesFormat::default())
    }

    /// Files of UTF-8 text, a record a line.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let lines = FileSource::text("s3://logs/2024/");
    /// ```
    pub fn text(paths: impl IntoPaths) -> Self {
        Self::with_format(paths, TextFormat)
    }
}

impl<F: Format> FileSource<F> {
    /// Files of any format.
    ///
    /// ```
    /// use millstream::connectors::files::{CsvFormat, FileSource};
    ///
    /// let format = CsvFormat::<(String, f64)>::default().delimiter(b';').no_header();
    /// let prices = FileSource::with_format("prices.csv", format);
    /// ```
    pub fn with_format(paths: impl IntoPaths, format: F) -> Self {
        let cutting = Cutting { split_bytes: SPLIT_BYTES, whole_files: false, recursive: false, gzip: false };
        let (mut stores, event_time) = (FileStores::by_name(false), EventTime::default());
        let paths = paths.into_paths().iter().map(|path| stores.take_options(path)).collect();
        let reading = Reading { stores, format, on_error: BadRecord::Fail, event_time, rate: None };
        Self { paths, cutting, interval: None, reading }
    }
}

impl<F: Format> FileSource<F> {
    fn check(&self) -> Result<()> {
        match self.reading.rate.filter(|rate| rate.is_nan() || *rate <= 0.0) {
            None => Ok(()),
            Some(rate) => {
                let problem = format!("a rate of {rate} records a second: it must be above 0");
                Err(Error::new(ErrorKind::InvalidJob, problem))
            }
        }
    }

    /// The splits of files.
    fn cut(&self, files: Vec<FoundFile>) -> Vec<FileSplit> {
        let start = self.reading.event_time.split_start.as_ref();
        let cut = |file: FoundFile| cut(&file, start.and_then(|start| start(&file.name)), self.cutting);
        files.into_iter().flat_map(cut).collect()
    }

    /// All splits there are now, with their names: there may be none yet.
    async fn list(&self) -> Result<Vec<(String, FileSplit)>> {
        self.check()?;
        let mut splits = Vec::new();
        for path in &self.paths {
            splits.extend(self.cut(list_files(&self.reading.stores, path, self.cutting.recursive).await?));
        }
        splits.sort_by(FileSplit::reading_order);
        Ok(splits.into_iter().map(|split| (split.name(), split)).collect())
    }
}

impl<F: Format> Source for FileSource<F> {
    type Record = F::Record;
    type Split = FileSplit;
    type Reader = FileReader<F>;

    fn kind(&self) -> &'static str {
        self.reading.format.kind()
    }

    fn boundedness(&self) -> Boundedness {
        if self.interval.is_some() { Boundedness::Unbounded } else { Boundedness::Bounded }
    }

    async fn discover(&self) -> Result<Vec<FileSplit>> {
        self.check()?;
        let mut splits = Vec::new();
        for path in &self.paths {
            splits.extend(self.cut(find_files(&self.reading.stores, path, self.cutting.recursive).await?));
        }
        // Dealt out one by one in this order, all subtasks go through time together.
        splits.sort_by(FileSplit::reading_order);
        Ok(splits)
    }

    fn enumerator(&self) -> Option<Enumerator<FileSplit>> {
        let (interval, source) = (self.interval?, Arc::new(self.clone()));
        let list = move |_| {
            let source = source.clone();
            async move { source.list().await }
        };
        Some(Enumerator::new(Discovery::new(list).every(interval)))
    }

    fn reader(&self) -> FileReader<F> {
        self.reader_for(0, 1)
    }

    fn reader_for(&self, _subtask: u32, parallelism: u32) -> FileReader<F> {
        FileReader::new(self.reading.clone(), parallelism)
    }

    fn has_timestamps(&self) -> bool {
        self.reading.event_time.has_timestamps()
    }
}
