//! Reads files of formats that are read at any place: as Flink's `BulkFormat`.

mod cut;
mod reader;
mod reading;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use millstream_operators::source::{Boundedness, Discovery, Enumerator, Source};
use millstream_runtime::Result;
use millstream_state::Record;
use object_store::ObjectStore;

use super::FileSplit;
use crate::Gathered;
use crate::files::into_paths::IntoPaths;
use crate::files::location::{FileStores, FoundFile, find_files, list_files};
use cut::cut;
pub use reader::BulkFileReader;

/// The size that splits have at least unless set otherwise, in bytes.
const SPLIT_BYTES: u64 = 8 << 20;
/// How many footers are read at the same time.
const AT_ONCE: usize = 8;

/// How files become records that are read at any place: those that end with a footer which says where their blocks are, as
/// Parquet's.
///
/// It does no I/O itself, but says which bytes it needs. Bytes are fetched while others are decoded.
///
/// ```
/// use std::ops::Range;
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use millstream::connectors::files::{
///     BulkDecoded, BulkDecoder, BulkFileSource, BulkFormat, FileBlock, FooterRead, Gathered,
/// };
///
/// /// Numbers of eight bytes, and at the end how many there are.
/// #[derive(Clone)]
/// struct Counted;
///
/// impl BulkFormat for Counted {
///     type Record = u64;
///     type Footer = u64;
///     type Decoder = CountedDecoder;
///
///     fn kind(&self) -> &'static str {
///         "files of counted numbers"
///     }
///
///     fn footer(&self, size: u64, tail: Bytes) -> Result<FooterRead<u64>, String> {
///         let count = tail.last_chunk().map(|count| u64::from_le_bytes(*count));
///         match count.filter(|count| count.checked_mul(8).is_some_and(|length| length + 8 == size)) {
///             Some(count) => Ok(FooterRead::Footer(count)),
///             None => Err("the file does not end with how many numbers it has".to_owned()),
///         }
///     }
///
///     fn blocks(&self, count: &u64) -> Vec<FileBlock> {
///         vec![FileBlock { offset: 0, rows: *count }]
///     }
///
///     fn decoder(&self, _: &str, count: &Arc<u64>, _: usize, skip: u64) -> Result<CountedDecoder, String> {
///         Ok(CountedDecoder { left: skip * 8..**count * 8, number: None })
///     }
/// }
///
/// struct CountedDecoder {
///     left: Range<u64>,
///     number: Option<u64>,
/// }
///
/// impl BulkDecoder for CountedDecoder {
///     type Record = u64;
///
///     fn decode(&mut self) -> Result<BulkDecoded<u64>, String> {
///         Ok(match self.number.take() {
///             Some(record) => BulkDecoded::Rows(Gathered { record, rows: 1, bytes: 8 }),
///             None if self.left.is_empty() => BulkDecoded::End,
///             None => BulkDecoded::Needs(vec![self.left.start..self.left.start + 8]),
///         })
///     }
///
///     fn feed(&mut self, _: Vec<Range<u64>>, bytes: Vec<Bytes>) -> Result<(), String> {
///         self.left.start += 8;
///         self.number = bytes.first().and_then(|bytes| bytes.first_chunk()).map(|number| u64::from_le_bytes(*number));
///         Ok(())
///     }
/// }
///
/// let numbers = BulkFileSource::new("numbers/", Counted);
/// ```
pub trait BulkFormat: Clone + Send + Sync + 'static {
    /// What it makes of rows: usually of many at once.
    type Record: Record;
    /// What a file says of itself.
    type Footer: Send + Sync + 'static;
    /// What reads a block.
    type Decoder: BulkDecoder<Record = Self::Record>;

    /// What kind of file this is, human-readable: "Parquet files".
    fn kind(&self) -> &'static str;

    /// Reads the footer of a file of `size` bytes, the last of which are `tail`.
    ///
    /// # Errors
    /// What is wrong, if it is no such file, or cannot be read as it is asked for.
    fn footer(&self, size: u64, tail: Bytes) -> Result<FooterRead<Self::Footer>, String>;

    /// The blocks of a file: each can be read without the others.
    fn blocks(&self, footer: &Self::Footer) -> Vec<FileBlock>;

    /// Reads a block, by its position among [all](Self::blocks), but for its first `skip` rows. `file` is a path or URL.
    ///
    /// # Errors
    /// What is wrong, if it cannot be read.
    fn decoder(
        &self,
        file: &str,
        footer: &Arc<Self::Footer>,
        block: usize,
        skip: u64,
    ) -> Result<Self::Decoder, String>;
}

/// What [`BulkFormat::footer`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FooterRead<T> {
    /// The footer.
    Footer(T),
    /// Nothing yet: so many of the last bytes of the file are needed.
    Needs(u64),
}

/// A part of a file that is read on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileBlock {
    /// Where it begins, in bytes, which tells who reads it.
    pub offset: u64,
    /// How many rows it has.
    pub rows: u64,
}

/// Reads a block of a file.
pub trait BulkDecoder: Send + 'static {
    /// What it makes of rows.
    type Record: Record;

    /// The next rows, as many as are sent at once; or what is needed to read them.
    ///
    /// # Errors
    /// What is wrong, if they cannot be read.
    fn decode(&mut self) -> Result<BulkDecoded<Self::Record>, String>;

    /// Takes the bytes of ranges that it [needs](BulkDecoded::Needs).
    ///
    /// # Errors
    /// What is wrong with them.
    fn feed(&mut self, ranges: Vec<Range<u64>>, bytes: Vec<Bytes>) -> Result<(), String>;
}

/// What [`BulkDecoder::decode`] has.
#[derive(Debug)]
pub enum BulkDecoded<T> {
    /// Nothing yet: the bytes of these ranges of the file are needed.
    Needs(Vec<Range<u64>>),
    /// Rows.
    Rows(Gathered<T>),
    /// There are no more.
    End,
}

/// Reads files of a [bulk format](BulkFormat), once each, and ends.
///
/// Paths are those of [`FileSource`](super::FileSource). A large file is read by several subtasks, a few of its blocks each;
/// for that its footer is read when the job starts. Files that turn up later, in a directory that is
/// [watched](Self::monitor_continuously), are read by one subtask each. Files must not change while the job lives.
#[derive(Clone)]
pub struct BulkFileSource<F: BulkFormat> {
    paths: Vec<String>,
    recursive: bool,
    /// At least 1.
    split_bytes: u64,
    /// How often new files are looked for; `None` for once.
    interval: Option<Duration>,
    stores: FileStores,
    format: F,
}

impl<F: BulkFormat> BulkFileSource<F> {
    /// Files of this format.
    pub fn new(paths: impl IntoPaths, format: F) -> Self {
        let mut stores = FileStores::by_name(false);
        let paths = paths.into_paths().iter().map(|path| stores.take_options(path)).collect();
        Self { paths, recursive: false, split_bytes: SPLIT_BYTES, interval: None, stores, format }
    }

    /// Reads from this store; the paths are paths in it.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn ObjectStore>) -> Self {
        self.stores = FileStores::given(store);
        self
    }

    /// Sets an option of the stores that URLs describe. As [`FileSource::store_option`](super::FileSource::store_option).
    #[must_use]
    pub fn store_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.stores.set_option(name.into(), value.into());
        self
    }

    /// The size that splits have at least, in bytes (at least 1; 8 MiB unless set): smaller blocks stay together, and a file
    /// that is no larger is read by one subtask.
    #[must_use]
    pub fn split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }

    /// Reads the files in all folders below a directory too, but for folders whose names start with `.` or `_`.
    #[must_use]
    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Looks for new files at this interval, so that the source has no end. As
    /// [`FileSource::monitor_continuously`](super::FileSource::monitor_continuously).
    #[doc(alias = "monitorContinuously")]
    #[must_use]
    pub fn monitor_continuously(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// All files there are now, whole, with their names: there may be none yet.
    async fn list(&self) -> Result<Vec<(String, FileSplit)>> {
        let mut splits = Vec::new();
        for path in &self.paths {
            let files = list_files(&self.stores, path, self.recursive).await?;
            splits.extend(files.iter().map(|file| FileSplit::of_range(file, 0, file.size)));
        }
        splits.sort_by(by_file);
        Ok(splits.into_iter().map(|split| (split.name(), split)).collect())
    }

    async fn splits(&self, file: FoundFile) -> Result<Vec<FileSplit>> {
        cut(&self.format, &self.stores, self.split_bytes, &file).await
    }
}

/// File after file: the footer of one serves all its splits.
fn by_file(one: &FileSplit, other: &FileSplit) -> Ordering {
    (&one.file, one.start).cmp(&(&other.file, other.start))
}

impl<F: BulkFormat> Source for BulkFileSource<F> {
    type Record = F::Record;
    type Split = FileSplit;
    type Reader = BulkFileReader<F>;

    fn kind(&self) -> &'static str {
        self.format.kind()
    }

    fn boundedness(&self) -> Boundedness {
        if self.interval.is_some() { Boundedness::Unbounded } else { Boundedness::Bounded }
    }

    async fn discover(&self) -> Result<Vec<FileSplit>> {
        let mut files = Vec::new();
        for path in &self.paths {
            files.extend(find_files(&self.stores, path, self.recursive).await?);
        }
        let cut = futures::stream::iter(files).map(|file| self.splits(file)).buffered(AT_ONCE);
        let mut splits = cut.try_collect::<Vec<_>>().await?.concat();
        splits.sort_by(by_file);
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

    fn reader(&self) -> BulkFileReader<F> {
        BulkFileReader::new(self.format.clone(), self.stores.clone())
    }
}
