//! Writes the files of one subtask.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::try_join_all;
use millstream_operators::sink::{Committer, SinkOutput, SinkWriter};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::guard::guarded;
use millstream_runtime::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::Writing;
use super::commit::{Committable, commit_all};
use super::encoding::Encoding;
use super::part::{MOST_BYTES, Part, PartName, Work};
use super::restored::{WriterState, refuse_newer};
use crate::files::encode::Encoder;
use crate::files::location::Location;
use crate::under_way::UnderWay;

/// Writes the files of one subtask.
pub struct FileWriter<E: Encoder> {
    config: Writing<E>,
    directory: String,
    subtask: u32,
    /// The counter of the next file.
    next: u64,
    /// The directory, and the number of this attempt, once a file has been begun.
    opened: Option<(Location, u64)>,
    /// The files at hand, by their folders.
    parts: BTreeMap<String, Part>,
    /// What their bytes are made with.
    encoding: Encoding<E>,
    /// Files closed since the last pre-commit.
    sealed: Vec<Work<Committable>>,
    /// The same for those who commit them elsewhere.
    closed: Option<Vec<ClosedFile>>,
    under_way: UnderWay,
    /// After a restore, until it is certain that nothing newer than the snapshot is visible.
    check: Option<Check>,
}

/// A file that is closed, and the folder that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedFile {
    /// The folder below the directory of the sink, as the encoder calls it.
    pub(super) folder: String,
    pub(super) file: Committable,
}

/// A look at what is visible already.
struct Check {
    work: Work<()>,
    running: Option<IoHandle<()>>,
}

impl<E: Encoder> FileWriter<E> {
    pub(super) fn new(config: Writing<E>, directory: String, subtask: u32) -> Self {
        let (sealed, under_way) = (Vec::new(), UnderWay::default());
        let encoding = Encoding::new(config.encoder.clone());
        Self {
            config,
            directory,
            subtask,
            next: 0,
            opened: None,
            parts: BTreeMap::new(),
            encoding,
            sealed,
            closed: None,
            under_way,
            check: None,
        }
    }

    /// Begins a file in a folder of the directory.
    fn open(&mut self, folder: &str, cx: &mut TaskContext) -> Result<Part> {
        let (directory, run) = match self.opened.take() {
            Some(opened) => opened,
            None => (self.config.stores.locate(&self.directory)?, cx.random().next()),
        };
        let extension = self.config.encoder.extension().to_owned();
        let name = PartName { subtask: self.subtask, counter: self.next, run: None, extension };
        self.next += 1;
        // Others hear of a file before it has been written.
        let receipts = self.closed.is_some();
        let part = Part::new(&directory.folder(folder)?, name, run, receipts, cx.monotonic());
        self.opened = Some((directory, run));
        Ok(part)
    }

    /// Starts what is to be checked after a restore, or takes note of how it ended.
    fn see_to_check(&mut self, cx: &TaskContext) -> Result<()> {
        let Some(check) = &mut self.check else { return Ok(()) };
        let running = check.running.get_or_insert_with(|| cx.spawn_io(check.work.clone()));
        if let Some(checked) = running.take() {
            self.check = None;
            checked?;
        }
        Ok(())
    }

    /// Closes a file.
    fn seal(&mut self, folder: String, mut part: Part, cx: &TaskContext) {
        let finished = self.encoding.finish(&folder, &mut part.buffer);
        for work in part.ship() {
            self.under_way.push(cx.spawn_io(work));
        }
        if let (Some(closed), Some(file)) = (&mut self.closed, part.committable()) {
            closed.push(ClosedFile { folder, file });
        }
        let work = match finished {
            Ok(()) => part.seal(),
            // Fails the task, and whoever waits for the file.
            Err(problem) => futures::future::ready(Err(self.refused(&problem))).boxed().shared(),
        };
        self.under_way.push(cx.spawn_io(work.clone().map(|done| done.map(drop))));
        self.sealed.push(work);
    }

    /// Closes the files at hand.
    fn seal_all(&mut self, cx: &TaskContext) {
        for (folder, part) in std::mem::take(&mut self.parts) {
            self.seal(folder, part, cx);
        }
    }

    /// Closes the files at hand that are old enough, and asks to be woken when the next one is.
    fn seal_if_old(&mut self, cx: &mut TaskContext) {
        let Some(age) = self.config.part_age else { return };
        let now = cx.monotonic();
        let left = |part: &Part| part.opened.saturating_add(age).saturating_sub(now);
        let old = self.parts.extract_if(.., |_, part| left(part).is_zero()).collect::<Vec<_>>();
        for (folder, part) in old {
            self.seal(folder, part, cx);
        }
        if let Some(left) = self.parts.values().map(left).min() {
            cx.wake_after(left);
        }
    }

    /// Writes records into a folder of the directory.
    fn append<O>(&mut self, folder: &str, records: &[E::Record], output: &mut Output<'_, O>) -> Result<()> {
        let (mut part, is_new) = match self.parts.remove(folder) {
            Some(part) => (part, false),
            None => (self.open(folder, output.context())?, true),
        };
        let before = part.length() + self.encoding.pending_bytes(folder);
        let encoded = self.encoding.encode(folder, records, is_new, &mut part.buffer);
        encoded.map_err(|problem| self.refused(&problem))?;
        let after = part.length() + self.encoding.pending_bytes(folder);
        // What is still to come may turn out shorter than it looked.
        output.counters().bytes.add(after.saturating_sub(before));
        for work in part.ship() {
            self.under_way.push(output.context().spawn_io(work));
        }
        if after >= self.config.part_bytes.min(MOST_BYTES) {
            self.seal(folder.to_owned(), part, output.context());
            return Ok(());
        }
        self.parts.insert(folder.to_owned(), part);
        if is_new {
            self.seal_if_old(output.context());
        }
        Ok(())
    }

    fn refused(&self, problem: &str) -> Error {
        let kind = self.config.encoder.kind();
        Error::new(ErrorKind::InvalidJob, format!("a record cannot be written to {kind}: {problem}"))
    }

    /// Writes records into their folders, whatever the operator emits.
    pub(super) fn write_records<O>(
        &mut self,
        batch: &Batch<E::Record>,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        if self.config.encoder.is_partitioned() {
            let folders = self.config.encoder.partition(batch.records());
            for (folder, records) in folders.map_err(|problem| self.refused(&problem))? {
                self.append(&folder, &records, output)?;
            }
        } else {
            self.append("", batch.records(), output)?;
        }
        self.block_if_behind(output.context())
    }

    /// Sees to checks, old files and the store.
    pub(super) fn see_to_files(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.see_to_check(cx)?;
        self.seal_if_old(cx);
        self.block_if_behind(cx)
    }

    /// Notes the files that are closed from now on, for those who [take](Self::take_closed) them.
    pub(super) fn note_closed(mut self) -> Self {
        self.closed = Some(Vec::new());
        self
    }

    /// Closes all files; those that have been closed since this was called last.
    pub(super) fn take_closed(&mut self, cx: &TaskContext) -> Vec<ClosedFile> {
        self.seal_all(cx);
        self.closed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What must be waited for before anything that has been written may be committed; of files, all that are not known to
    /// be safe.
    pub(super) fn unsafe_work(&mut self) -> (Option<Work<()>>, Vec<Work<Committable>>) {
        self.sealed.retain(|work| !matches!(work.peek(), Some(Ok(_))));
        (self.check.as_ref().map(|check| check.work.clone()), self.sealed.clone())
    }

    /// Holds upstream back while the store is behind.
    fn block_if_behind(&mut self, cx: &mut TaskContext) -> Result<()> {
        if self.under_way.is_too_much()? {
            cx.set_blocked();
        }
        Ok(())
    }
}

impl<E: Encoder> SinkWriter for FileWriter<E> {
    type Record = E::Record;
    type State = WriterState;
    type Committable = Committable;

    fn begin(&mut self, checked: &[u8]) -> Result<()> {
        let first = checked.try_into().map_err(|_| Error::new(ErrorKind::Internal, "no first counter"))?;
        self.next = u64::from_le_bytes(first);
        Ok(())
    }

    fn restore(&mut self, states: Vec<WriterState>) -> Result<()> {
        // Subtasks may have changed places: above what any of them had, no name can be taken.
        self.next = states.iter().map(|state| state.next).fold(self.next, u64::max);
        let directory = self.config.stores.locate(&self.directory)?;
        // Guarded before it is shared: the panic is reported to all that wait for it.
        let partitioned = self.config.encoder.is_partitioned();
        let work =
            guarded(async move { refuse_newer(&directory, &states, partitioned).await }).boxed().shared();
        self.check = Some(Check { work, running: None });
        Ok(())
    }

    fn write(&mut self, batch: &mut Batch<E::Record>, output: &mut SinkOutput<'_>) -> Result<()> {
        self.write_records(batch, output)
    }

    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.see_to_files(output.context())
    }

    /// Without checkpoints, what all writers have written becomes visible when all have ended: until then
    /// each must have looked at what was there before.
    fn end_of_data(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.see_to_check(output.context())?;
        if self.check.is_some() {
            output.context().hold_end();
        }
        Ok(())
    }

    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<Committable>>> + Send + 'static {
        self.seal_all(cx);
        let sealed = try_join_all(std::mem::take(&mut self.sealed));
        let check = self.check.as_ref().map(|check| check.work.clone());
        async move {
            // Before any writer of this attempt can commit anything of its own: all take part in the
            // first checkpoint.
            if let Some(check) = check {
                check.await?;
            }
            sealed.await
        }
    }

    fn state(&self) -> WriterState {
        WriterState { subtask: self.subtask, next: self.next }
    }

    fn committer(&self) -> impl Committer<Committable> {
        let (stores, directory) = (self.config.stores.clone(), self.directory.clone());
        move |files: Vec<Committable>| {
            let (stores, directory) = (stores.clone(), directory.clone());
            async move { commit_all(&stores.locate(&directory)?, files).await }
        }
    }
}
