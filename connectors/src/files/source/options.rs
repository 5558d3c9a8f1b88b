//! What can be set on a [`FileSource`].

use std::sync::Arc;
use std::time::Duration;

use millstream_state::Timestamp;
use object_store::ObjectStore;

use super::{BadRecord, FileSource};
use crate::files::format::Format;
use crate::files::location::FileStores;

impl<F: Format> FileSource<F> {
    /// Reads from this store; the paths are paths in it. For stores that need more than a URL, such
    /// as credentials.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use millstream::connectors::files::FileSource;
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let lines = FileSource::text("logs").store(store);
    /// ```
    #[must_use]
    pub fn store(mut self, store: Arc<dyn ObjectStore>) -> Self {
        self.reading.stores = FileStores::given(store);
        self
    }

    /// Sets an option of the stores that URLs describe, under the names that the crate `object_store` gives them. Not set:
    /// what the environment says (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// # use millstream::prelude::*;
    /// let lines = FileSource::text("memory:///logs").store_option("aws_region", "eu-west-1");
    /// # let env = Environment::new();
    /// # env.from_source(lines).discard();
    /// # assert!(env.execute("read").unwrap_err().to_string().contains("memory:///logs"));
    /// ```
    #[must_use]
    pub fn store_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.reading.stores.set_option(name.into(), value.into());
        self
    }

    /// Looks for new files at this interval, so that the source has no end. As Flink's `monitorContinuously`. Each file is
    /// read once, by its name; the names of all that have been found are part of snapshots.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use millstream::connectors::files::FileSource;
    /// let lines = FileSource::text("arriving/").monitor_continuously(Duration::from_secs(10));
    /// ```
    #[doc(alias = "monitorContinuously")]
    #[must_use]
    pub fn monitor_continuously(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// The size of the ranges that files are cut into, in bytes (at least 1; 1 MiB unless set).
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let lines = FileSource::text("large.txt").split_bytes(64 << 20);
    /// ```
    #[must_use]
    pub fn split_bytes(mut self, bytes: u64) -> Self {
        self.cutting.split_bytes = bytes.max(1);
        self
    }

    /// Does not cut files: one reader reads each from its start to its end. Needed for CSV whose
    /// quoted fields contain newlines, since from the middle of a file it cannot be known whether a
    /// newline is inside quotes. Without this, such a row is an error.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let letters = FileSource::csv::<(String, String)>("letters/").whole_files();
    /// ```
    #[must_use]
    pub fn whole_files(mut self) -> Self {
        self.cutting.whole_files = true;
        self
    }

    /// Reads the files in all folders below a directory too, but for folders whose names start with `.`
    /// or `_`.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let lines = FileSource::text("logs/").recursive();
    /// ```
    #[must_use]
    pub fn recursive(mut self) -> Self {
        self.cutting.recursive = true;
        self
    }

    /// Unpacks all files, also those whose names do not end in `.gz`.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let lines = FileSource::text("packed/").gzip();
    /// ```
    #[must_use]
    pub fn gzip(mut self) -> Self {
        self.cutting.gzip = true;
        self
    }

    /// What to do about a row that cannot be read; the job fails unless this says otherwise.
    ///
    /// ```
    /// # use millstream::connectors::files::{BadRecord, FileSource};
    /// let numbers = FileSource::json_lines::<u64>("numbers.jsonl").on_error(BadRecord::Skip);
    /// ```
    #[must_use]
    pub fn on_error(mut self, policy: BadRecord) -> Self {
        self.reading.on_error = policy;
        self
    }

    /// Takes each record's event timestamp out of the record.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// use millstream::Timestamp;
    ///
    /// let events = FileSource::json_lines::<(i64, String)>("events.jsonl")
    ///     .timestamps(|(millis, _)| Timestamp::from_millis(*millis));
    /// ```
    #[must_use]
    pub fn timestamps(
        mut self,
        timestamp: impl Fn(&F::Record) -> Timestamp + Clone + Send + Sync + 'static,
    ) -> Self {
        self.reading.event_time.set_timestamps(timestamp);
        self
    }

    /// Emits watermarks: a record is at most `out_of_orderness` behind the latest before it in its
    /// split. Needs [`FileSource::timestamps`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use millstream::connectors::files::FileSource;
    /// # use millstream::Timestamp;
    /// let events = FileSource::json_lines::<(i64, String)>("events.jsonl")
    ///     .timestamps(|(millis, _)| Timestamp::from_millis(*millis))
    ///     .watermarks(Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn watermarks(mut self, out_of_orderness: Duration) -> Self {
        self.reading.event_time.bound = Some(out_of_orderness);
        self
    }

    /// Declares, from a file's name, a time that no record in it comes before. Files are then read
    /// in the order of these times, and the watermark stays before those that are still to be read;
    /// it does not rise at all before every file without such a time has been read. Without
    /// [`FileSource::watermarks`] the watermark comes from these times alone: nothing can then
    /// be late, in whatever order rows stand in a file.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// # use millstream::Timestamp;
    /// let events = FileSource::json_lines::<(i64, String)>("hours/*.jsonl")
    ///     .timestamps(|(millis, _)| Timestamp::from_millis(*millis))
    ///     .split_start(|name| {
    ///         let hour = name.rsplit_once('/')?.1.strip_suffix(".jsonl")?.parse::<i64>().ok()?;
    ///         Some(Timestamp::from_millis(hour * 3_600_000))
    ///     });
    /// ```
    #[must_use]
    pub fn split_start(
        mut self,
        start: impl Fn(&str) -> Option<Timestamp> + Clone + Send + Sync + 'static,
    ) -> Self {
        self.reading.event_time.split_start = Some(Arc::new(start));
        self
    }

    /// Reads at most this many records per second, which must be above 0, over all subtasks together.
    /// `None` for no limit.
    ///
    /// ```
    /// # use millstream::connectors::files::FileSource;
    /// let replayed = FileSource::text("requests.log").rate(500.0);
    /// ```
    #[must_use]
    pub fn rate(mut self, records_per_second: impl Into<Option<f64>>) -> Self {
        self.reading.rate = records_per_second.into();
        self
    }
}
