//! Keeps rows in memory, exactly once, and writes them into files.

use std::path::PathBuf;
use std::sync::Arc;

use millstream_operators::sink::{
    CollectSink, CollectWriter, Collected, CollectedChunk, Committer, Sink, SinkOutput, SinkWriter,
};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::{Error, ErrorKind, Result};

use super::TableContents;
use crate::chunk::Chunk;

/// The files that show what a table holds. They are written anew with every commit.
#[derive(Clone, Debug)]
pub(super) struct ResultFiles {
    pub contents: TableContents,
    /// All changes.
    pub changelog: Option<PathBuf>,
    /// What the table holds.
    pub table: Option<PathBuf>,
}

impl ResultFiles {
    fn write(&self) -> Result<()> {
        let write = |file: &PathBuf, lines: Vec<String>| {
            let text: String = lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
            std::fs::write(file, text).map_err(|error| {
                Error::new(ErrorKind::External, format!("cannot write '{}'", file.display())).caused_by(error)
            })
        };
        if let Some(file) = &self.changelog {
            write(file, self.contents.changelog())?;
        }
        if let Some(file) = &self.table {
            let lines = self.contents.table();
            let lines = lines.map_err(|problem| {
                Error::new(ErrorKind::InvalidInput, format!("the table of '{}': {problem}", file.display()))
            });
            write(file, lines?)?;
        }
        Ok(())
    }
}

/// Keeps rows in a [`Collected`] and shows them in files.
pub(super) struct ResultSink {
    inner: CollectSink<Chunk>,
    files: Arc<ResultFiles>,
}

impl ResultSink {
    pub(super) fn new(collected: &Collected<Chunk>, files: ResultFiles) -> Self {
        Self { inner: CollectSink::new(collected), files: Arc::new(files) }
    }
}

impl Sink for ResultSink {
    type Record = Chunk;
    type Writer = ResultWriter;

    fn kind(&self) -> &'static str {
        "Values"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        let answer = self.inner.check().await?;
        self.files.write()?;
        Ok(answer)
    }

    fn writer(&self, subtask: u32) -> ResultWriter {
        ResultWriter { inner: self.inner.writer(subtask), files: self.files.clone() }
    }
}

/// Writes for a [`ResultSink`].
pub(super) struct ResultWriter {
    inner: CollectWriter<Chunk>,
    files: Arc<ResultFiles>,
}

impl SinkWriter for ResultWriter {
    type Record = Chunk;
    type State = u64;
    type Committable = CollectedChunk<Chunk>;

    fn restore(&mut self, states: Vec<u64>) -> Result<()> {
        self.inner.restore(states)
    }

    fn write(&mut self, batch: &mut Batch<Chunk>, output: &mut SinkOutput<'_>) -> Result<()> {
        self.inner.write(batch, output)
    }

    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<CollectedChunk<Chunk>>>> + Send + 'static {
        self.inner.prepare_commit(cx)
    }

    fn state(&self) -> u64 {
        self.inner.state()
    }

    fn committer(&self) -> impl Committer<CollectedChunk<Chunk>> {
        let (inner, files) = (Arc::new(self.inner.committer()), self.files.clone());
        move |committed: Vec<CollectedChunk<Chunk>>| {
            let (inner, files) = (inner.clone(), files.clone());
            async move {
                inner.commit(committed).await?;
                files.write()
            }
        }
    }
}
