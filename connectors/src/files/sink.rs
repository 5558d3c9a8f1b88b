//! Writes files, exactly once: as Flink's `FileSink`.

mod commit;
mod encoding;
mod part;
mod partition_commit;
mod pending;
mod prepare;
mod restored;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::sink::Sink;
use millstream_runtime::Result;
use millstream_state::Record;
use object_store::ObjectStore;
use object_store::multipart::MultipartStore;

use super::encode::{CsvEncoder, Encoder, JsonLinesEncoder, TextEncoder};
use super::into_paths::IntoPaths;
use super::location::FileStores;
pub use commit::Committable;
pub use partition_commit::{PartitionCommit, PartitionStatus};
use prepare::{Earlier, prepare_directory};
pub use restored::WriterState;
pub use writer::FileWriter;

/// The size at which a file is closed unless set otherwise, in bytes.
const PART_BYTES: u64 = 128 << 20;

/// Writes files into a directory, each record exactly once: CSV, JSON lines, text, or an
/// [`Encoder`] of your own.
///
/// Each subtask writes one file at a time. A file is closed at every checkpoint, and before that
/// when it is large or old enough. Once the checkpoint is complete, its files appear, each at once
/// and whole. Without checkpoints everything appears at the end of the job.
///
/// On a local disk a file is `part-<subtask>-<counter>.<extension>`. Until it is committed it has a name that
/// starts with `.`, and readers of the directory must leave those out, as [`FileSource`](super::FileSource)
/// does; then it is renamed. On an object store it is `part-<subtask>-<counter>-<attempt>.<extension>`, and until it
/// is committed an upload that nobody sees: to commit it is to complete the upload.
///
/// A fresh start into a directory that holds such files already is an error, unless
/// [`FileSink::append`] or [`FileSink::overwrite`] says what is meant. A job that is restored from a
/// snapshot goes on where the snapshot was taken. If that is not the latest, files of later ones
/// are in the way, and must be moved off first: the sink will not mix the two.
///
/// Local files are forced to the disk (`fsync`) before a checkpoint relies on them, so that they
/// also outlast a loss of power. What attempts that died have left behind keeps its hidden name and
/// is never taken for anything else; it is not removed, for a savepoint might still name it. On object stores these are
/// uploads that were not completed: let a lifecycle rule of the bucket abort them, later than the oldest
/// snapshot that may be restored.
///
/// ```
/// use millstream::connectors::files::FileSink;
///
/// let counts = FileSink::csv::<(String, u64)>("output/counts").overwrite();
/// ```
#[derive(Clone)]
pub struct FileSink<E = ()> {
    directory: String,
    earlier: Earlier,
    writing: Writing<E>,
}

/// What writers must know.
#[derive(Clone)]
struct Writing<E> {
    stores: FileStores,
    encoder: E,
    part_bytes: u64,
    part_age: Option<Duration>,
}

impl FileSink {
    /// CSV files, without a header line; for one see [`CsvEncoder::header`].
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// let counts = FileSink::csv::<(String, u64)>("output/counts");
    /// ```
    pub fn csv<T: Record>(directory: impl IntoPaths) -> FileSink<CsvEncoder<T>> {
        FileSink::with_encoder(directory, CsvEncoder::default())
    }

    /// Files with a JSON value a line.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// let points = FileSink::json_lines::<(f64, f64)>("output/points");
    /// ```
    pub fn json_lines<T: Record>(directory: impl IntoPaths) -> FileSink<JsonLinesEncoder<T>> {
        FileSink::with_encoder(directory, JsonLinesEncoder::default())
    }

    /// Files of text: `line` makes a line of a record, to which a newline is added.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// let counts = FileSink::text("output/counts", |(word, n): &(String, u64)| format!("{word}: {n}"));
    /// ```
    pub fn text<T: Record, Line>(directory: impl IntoPaths, line: Line) -> FileSink<TextEncoder<T, Line>>
    where
        Line: Fn(&T) -> String + Clone + Send + Sync + 'static,
    {
        FileSink::with_encoder(directory, TextEncoder::new(line))
    }
}

impl<E: Encoder> FileSink<E> {
    /// Files of any format.
    ///
    /// ```
    /// use millstream::connectors::files::{CsvEncoder, FileSink};
    ///
    /// let sink = FileSink::with_encoder("output", CsvEncoder::<(String, u64)>::default());
    /// ```
    pub fn with_encoder(directory: impl IntoPaths, encoder: E) -> Self {
        // A directory is one path; of several, the first.
        let directory = directory.into_paths().into_iter().next().unwrap_or_default();
        let mut stores = FileStores::by_name(true);
        let directory = stores.take_options(&directory);
        let writing = Writing { stores, encoder, part_bytes: PART_BYTES, part_age: None };
        Self { directory, earlier: Earlier::Refuse, writing }
    }

    /// Writes to this store; the directory is a path in it. For stores that no URL describes. Files are written under hidden
    /// names and renamed, which most object stores do by copying: for those see [`FileSink::multipart_store`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use millstream::connectors::files::FileSink;
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let counts = FileSink::csv::<(String, u64)>("counts").store(store);
    /// ```
    #[must_use]
    pub fn store(mut self, store: Arc<dyn ObjectStore>) -> Self {
        self.writing.stores = FileStores::given(store);
        self
    }

    /// Writes to this store, whose uploads anyone can complete who knows their ids; the directory is a path in it. Files appear
    /// as those of a URL do: without a copy. For stores that need more than a URL and [options](FileSink::store_option) say.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use millstream::connectors::files::FileSink;
    /// # use millstream::prelude::*;
    /// # use object_store::ObjectStore;
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let sink = FileSink::csv::<(String, u64)>("counts").multipart_store(store.clone());
    /// let env = Environment::new().parallelism(1);
    /// env.from_collection([("to".to_owned(), 2)]).sink_to(sink);
    /// env.execute("counts")?;
    /// let listed = futures::executor::block_on(store.list_with_delimiter(Some(&"counts".into())))?;
    /// assert_eq!(listed.objects.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn multipart_store<S: ObjectStore + MultipartStore>(mut self, store: Arc<S>) -> Self {
        self.writing.stores = FileStores::given_with_uploads(store);
        self
    }

    /// Sets an option of the store that a URL describes, under the names that the crate `object_store` gives them. Not set:
    /// what the environment says (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// # use millstream::prelude::*;
    /// let sink = FileSink::csv::<(String, u64)>("s3://counts").store_option("aws_regoin", "eu-west-1");
    /// # let env = Environment::new();
    /// # env.from_collection([("to".to_owned(), 2)]).sink_to(sink);
    /// // Either the feature `aws` is missing, or the option is.
    /// let error = env.execute("counts").unwrap_err().to_string();
    /// assert!(error.contains("`aws`") || error.contains("did you mean `region`?"), "{error}");
    /// ```
    #[must_use]
    pub fn store_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.writing.stores.set_option(name.into(), value.into());
        self
    }

    /// On a fresh start, leaves the files of earlier runs where they are and adds to them.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// let counts = FileSink::csv::<(String, u64)>("output/counts").append();
    /// ```
    #[must_use]
    pub fn append(mut self) -> Self {
        self.earlier = Earlier::Keep;
        self
    }

    /// On a fresh start, deletes the files of earlier runs: everything that is named like a file of
    /// this sink, visible or not yet. A savepoint of an earlier run can then no longer make visible
    /// what it had not.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// let counts = FileSink::csv::<(String, u64)>("output/counts").overwrite();
    /// ```
    #[must_use]
    pub fn overwrite(mut self) -> Self {
        self.earlier = Earlier::Delete;
        self
    }

    /// Closes a file once it has this many bytes (128 MiB unless set, and at most 48 GiB); it may be larger by a batch.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// let counts = FileSink::csv::<(String, u64)>("output/counts").roll_bytes(1 << 20);
    /// ```
    #[must_use]
    pub fn roll_bytes(mut self, bytes: u64) -> Self {
        self.writing.part_bytes = bytes;
        self
    }

    /// Closes a file this long after its first record (processing time; no limit unless set).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use millstream::connectors::files::FileSink;
    /// let counts = FileSink::csv::<(String, u64)>("output/counts").roll_interval(Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn roll_interval(mut self, interval: Duration) -> Self {
        self.writing.part_age = Some(interval);
        self
    }
}

impl<T: Record> FileSink<CsvEncoder<T>> {
    /// Begins each file with a line of the fields' names.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSink;
    /// #[derive(Clone, serde::Serialize, serde::Deserialize)]
    /// struct Count {
    ///     word: String,
    ///     count: u64,
    /// }
    ///
    /// let counts = FileSink::csv::<Count>("output/counts").header();
    /// ```
    #[must_use]
    pub fn header(mut self) -> Self {
        self.writing.encoder = self.writing.encoder.header();
        self
    }
}

impl<E: Encoder> Sink for FileSink<E> {
    type Record = E::Record;
    type Writer = FileWriter<E>;

    fn kind(&self) -> &'static str {
        self.writing.encoder.kind()
    }

    /// Answers the counter that a fresh start begins at, above what is there already.
    async fn check(&self) -> Result<Vec<u8>> {
        let first = prepare_directory(
            &self.writing.stores.locate(&self.directory)?,
            self.earlier,
            self.writing.encoder.is_partitioned(),
        )
        .await?;
        Ok(first.to_le_bytes().to_vec())
    }

    fn exclusive(&self) -> Option<String> {
        Some(format!("the folder `{}`", self.writing.stores.canonical(&self.directory)?))
    }

    fn writer(&self, subtask: u32) -> FileWriter<E> {
        FileWriter::new(self.writing.clone(), self.directory.clone(), subtask)
    }
}
