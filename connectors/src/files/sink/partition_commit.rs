//! Says that folders are complete: as the partition commit of Flink's
//! [filesystem connector](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/filesystem/#partition-commit).
//!
//! Files are written by all subtasks and committed by one, which therefore knows when all files of a folder are visible
//! that there are up to a checkpoint: only then does it say so. What there is to commit travels in front of the barrier,
//! so that checkpoints cut it where they cut the records; files that are not safe yet hold the checkpoint up, not the
//! records.

pub(super) mod committer;
pub(super) mod writer;

use std::fmt;
use std::sync::Arc;

use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;
use millstream_state::Timestamp;

use super::FileSink;
use crate::files::encode::Encoder;
use committer::PartitionCommitter;
use writer::PartitionWriter;

/// What is known of a folder when it is asked whether it is complete.
#[derive(Clone, Copy, Debug)]
pub struct PartitionStatus<'a> {
    /// Its path below the directory of the sink, as the encoder calls it: `dt=2024-01-01/hr=7`.
    pub folder: &'a str,
    /// When a file in it was closed first since it was complete last, by the wall clock.
    pub created: Timestamp,
    /// The wall clock.
    pub now: Timestamp,
    /// The watermark at the checkpoint that covers its files.
    pub watermark: Timestamp,
}

/// Says whether a folder is complete.
type Trigger = Arc<dyn Fn(&PartitionStatus<'_>) -> Result<bool, String> + Send + Sync>;

/// When a folder is complete, and what then happens.
#[derive(Clone)]
pub struct PartitionCommit {
    trigger: Trigger,
    /// The name of the file that says it.
    success_file: Arc<str>,
}

impl fmt::Debug for PartitionCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionCommit").field("success_file", &self.success_file).finish_non_exhaustive()
    }
}

impl PartitionCommit {
    /// Writes an empty file of this name, usually `_SUCCESS`, into each folder that `trigger` says is complete. It is asked
    /// when a checkpoint has completed, and answers with what is wrong if it cannot tell; at the end of the input all
    /// folders are complete.
    pub fn success_file(
        name: &str,
        trigger: impl Fn(&PartitionStatus<'_>) -> Result<bool, String> + Send + Sync + 'static,
    ) -> Self {
        Self { trigger: Arc::new(trigger), success_file: name.into() }
    }
}

impl<E: Encoder> FileSink<E> {
    /// Writes records into folders, and says of each when it is complete: of all files that a checkpoint covers, not before
    /// all are visible. A folder that gets more files afterwards is said to be complete again.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use millstream::prelude::*;
    /// # use millstream::connectors::files::{CsvEncoder, FileSink, PartitionCommit};
    /// # use object_store::ObjectStoreExt;
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let sink = FileSink::csv::<(String, u64)>("counts").store(store.clone());
    /// let env = Environment::new();
    /// let counts = env.from_collection([("to".to_owned(), 2)]);
    /// sink.write_with_partition_commit(&counts, PartitionCommit::success_file("_SUCCESS", |_| Ok(true)));
    /// env.execute("counts")?;
    /// assert!(futures::executor::block_on(store.head(&"counts/_SUCCESS".into())).is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn write_with_partition_commit(
        self,
        records: &Stream<E::Record>,
        commit: PartitionCommit,
    ) -> StreamSink {
        let (stores, directory) = (self.writing.stores.clone(), self.directory.clone());
        records.sink_with_committer(self, PartitionWriter::new, move || {
            PartitionCommitter::new(stores.clone(), directory.clone(), commit.clone())
        })
    }
}
