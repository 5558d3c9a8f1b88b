//! Writes files, and hands on what there is to commit.

use futures::future::try_join_all;
use millstream_operators::sink::SinkWriter;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::Timestamp;
use millstream_state::snapshot::part::Redistribution;

use crate::files::encode::Encoder;
use crate::files::sink::writer::{ClosedFile, FileWriter};

const WRITER: &str = "writer";
/// A state without items: what it waits for must be done before the checkpoint is complete.
const SAFE: &str = "safe";

/// The subtasks that write.
pub(in crate::files::sink) struct PartitionWriter<E: Encoder> {
    writer: FileWriter<E>,
}

impl<E: Encoder> PartitionWriter<E> {
    pub(in crate::files::sink) fn new(writer: FileWriter<E>) -> Self {
        Self { writer: writer.note_closed() }
    }

    /// Closes all files and hands on what there is to commit.
    fn hand_on(&mut self, output: &mut Output<'_, ClosedFile>) -> Result<()> {
        let closed = self.writer.take_closed(output.context());
        closed.into_iter().try_for_each(|file| output.emit(file, Timestamp::MIN))
    }
}

impl<E: Encoder> OperatorHooks<ClosedFile> for PartitionWriter<E> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        if let Some(checked) = cx.prepared() {
            self.writer.begin(&checked)?;
        }
        cx.take_list::<()>(SAFE)?;
        match cx.take_list(WRITER)? {
            Some(states) => self.writer.restore(states),
            None => Ok(()),
        }
    }

    fn before_barrier(&mut self, output: &mut Output<'_, ClosedFile>) -> Result<()> {
        self.hand_on(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(WRITER, Redistribution::Union, [&self.writer.state()])?;
        let (check, files) = self.writer.unsafe_work();
        let safe = async move {
            if let Some(check) = check {
                check.await?;
            }
            try_join_all(files).await?;
            Ok(Vec::<()>::new())
        };
        cx.list_deferred(SAFE, Redistribution::Split, Box::pin(safe));
        Ok(())
    }

    fn poll(&mut self, output: &mut Output<'_, ClosedFile>) -> Result<()> {
        self.writer.see_to_files(output.context())
    }

    /// Without checkpoints, all is committed when all have ended: until then it must be safe.
    fn end_of_data(&mut self, output: &mut Output<'_, ClosedFile>) -> Result<()> {
        self.hand_on(output)?;
        self.writer.see_to_files(output.context())?;
        let (check, files) = self.writer.unsafe_work();
        if check.is_some() || !files.is_empty() {
            output.context().hold_end();
        }
        Ok(())
    }
}

impl<E: Encoder> Operator<E::Record, ClosedFile> for PartitionWriter<E> {
    fn process(&mut self, batch: &mut Batch<E::Record>, output: &mut Output<'_, ClosedFile>) -> Result<()> {
        self.writer.write_records(batch, output)
    }
}
