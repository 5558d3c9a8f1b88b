//! Commits the files of all subtasks, and then says which folders are complete.

use std::collections::{BTreeMap, BTreeSet};

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{CheckpointId, Timestamp};
use object_store::ObjectStoreExt;

use super::{PartitionCommit, PartitionStatus};
use crate::files::location::FileStores;
use crate::files::sink::commit::{Committable, commit_all};
use crate::files::sink::writer::ClosedFile;

const FILES: &str = "files";
const FOLDERS: &str = "folders";
const WATERMARK: &str = "watermark";

/// Before every number that a snapshot can have: what came out of a restored one.
const RESTORED: CheckpointId = CheckpointId::new(0);
/// Behind every one: what no checkpoint covers, at the end of all data.
const END: CheckpointId = CheckpointId::new(u64::MAX);

/// What has come since a checkpoint, up to the next.
#[derive(Default)]
struct Part {
    files: Vec<Committable>,
    /// The folders that they are in, and when a file was first closed there.
    folders: BTreeMap<String, Timestamp>,
}

/// What a checkpoint cuts off.
struct Cut {
    part: Part,
    watermark: Timestamp,
}

/// A commit on the I/O pool.
struct Commit {
    /// The last checkpoint that it covers.
    up_to: CheckpointId,
    complete: BTreeSet<String>,
    work: IoHandle<()>,
}

/// The subtask that commits.
pub(in crate::files::sink) struct PartitionCommitter {
    stores: FileStores,
    directory: String,
    policy: PartitionCommit,
    watermark: Timestamp,
    current: Part,
    /// What is not known to be committed, by the checkpoints that cover it.
    cuts: BTreeMap<CheckpointId, Cut>,
    /// The folders whose files are committed, or are by the commit under way, and that are not complete.
    open: BTreeMap<String, Timestamp>,
    /// Up to where checkpoints are complete.
    completed: Option<CheckpointId>,
    /// One at a time: what a later one says to be complete may have files in an earlier one.
    commit: Option<Commit>,
    finishing: bool,
}

impl PartitionCommitter {
    pub(in crate::files::sink) fn new(
        stores: FileStores,
        directory: String,
        policy: PartitionCommit,
    ) -> Self {
        Self {
            stores,
            directory,
            policy,
            watermark: Timestamp::MIN,
            current: Part::default(),
            cuts: BTreeMap::new(),
            open: BTreeMap::new(),
            completed: None,
            commit: None,
            finishing: false,
        }
    }

    /// Starts to commit what complete checkpoints cover, unless a commit is under way.
    fn go_on(&mut self, cx: &TaskContext) -> Result<()> {
        let Some(up_to) = self.completed.filter(|_| self.commit.is_none()) else { return Ok(()) };
        let Some((_, last)) = self.cuts.range(..=up_to).next_back() else { return Ok(()) };
        let watermark = last.watermark;
        let (mut files, now) = (Vec::new(), cx.now());
        for (_, cut) in self.cuts.range(..=up_to) {
            files.extend(cut.part.files.iter().cloned());
            for (folder, created) in &cut.part.folders {
                self.open.entry(folder.clone()).or_insert(*created);
            }
        }
        let mut complete = BTreeSet::new();
        for (folder, created) in &self.open {
            let status = PartitionStatus { folder, created: *created, now, watermark };
            let is_complete = up_to == END
                || (self.policy.trigger)(&status).map_err(|problem| {
                    let problem = format!("whether the folder `{folder}` is complete: {problem}");
                    Error::new(ErrorKind::InvalidInput, problem)
                })?;
            if is_complete {
                complete.insert(folder.clone());
            }
        }
        let (location, name) = (self.stores.locate(&self.directory)?, self.policy.success_file.clone());
        let folders = complete.clone();
        let work = async move {
            commit_all(&location, files).await?;
            for folder in &folders {
                let file = location.folder(folder)?.child(&name);
                let put = file.store.put(&file.path, Vec::new().into()).await;
                put.map_err(|error| file.failed("write", error))?;
            }
            Ok(())
        };
        self.commit = Some(Commit { up_to, complete, work: cx.spawn_io(work) });
        Ok(())
    }

    /// Takes note of a commit that is done.
    fn settle(&mut self) -> Result<()> {
        let Some(commit) = &self.commit else { return Ok(()) };
        let Some(done) = commit.work.take() else { return Ok(()) };
        let commit = self.commit.take();
        done?;
        if let Some(commit) = commit {
            self.cuts.retain(|checkpoint, _| *checkpoint > commit.up_to);
            self.open.retain(|folder, _| !commit.complete.contains(folder));
        }
        Ok(())
    }
}

impl OperatorHooks<()> for PartitionCommitter {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let files = cx.take_list::<Committable>(FILES)?;
        let folders = cx.take_list::<(String, Timestamp)>(FOLDERS)?;
        let watermark = cx.take_list::<Timestamp>(WATERMARK)?.and_then(|list| list.into_iter().min());
        let part = Part {
            files: files.unwrap_or_default(),
            folders: folders.unwrap_or_default().into_iter().collect(),
        };
        if let Some(watermark) = watermark {
            self.cuts.insert(RESTORED, Cut { part, watermark });
            self.completed = Some(RESTORED);
            self.go_on(cx.task())?;
        }
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, ()>) -> Result<()> {
        self.watermark = watermark;
        output.emit_watermark(watermark)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let (part, watermark) = (std::mem::take(&mut self.current), self.watermark);
        self.cuts.insert(cx.checkpoint(), Cut { part, watermark });
        cx.list(FILES, Redistribution::Split, self.cuts.values().flat_map(|cut| &cut.part.files))?;
        let mut folders = self.open.clone();
        for (folder, created) in self.cuts.values().flat_map(|cut| &cut.part.folders) {
            folders.entry(folder.clone()).or_insert(*created);
        }
        let folders: Vec<(String, Timestamp)> = folders.into_iter().collect();
        cx.list(FOLDERS, Redistribution::Split, &folders)?;
        cx.list(WATERMARK, Redistribution::Union, [&watermark])
    }

    fn poll(&mut self, output: &mut Output<'_, ()>) -> Result<()> {
        self.settle()?;
        self.go_on(output.context())
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId, cx: &mut TaskContext) -> Result<()> {
        self.completed = self.completed.max(Some(checkpoint));
        self.settle()?;
        self.go_on(cx)
    }

    fn finish(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.settle()?;
        if !self.finishing {
            self.finishing = true;
            // At the end of all data everything is final, also where no checkpoint covers it. A savepoint says less.
            if !cx.is_stopped_with_savepoint() {
                let (part, watermark) = (std::mem::take(&mut self.current), self.watermark);
                self.cuts.insert(END, Cut { part, watermark });
                self.completed = Some(END);
            }
        }
        self.go_on(cx)?;
        if self.commit.is_some() {
            cx.hold_finish();
        }
        Ok(())
    }
}

impl Operator<ClosedFile, ()> for PartitionCommitter {
    fn process(&mut self, batch: &mut Batch<ClosedFile>, output: &mut Output<'_, ()>) -> Result<()> {
        let now = output.context().now();
        for closed in batch.drain() {
            self.current.files.push(closed.file);
            self.current.folders.entry(closed.folder).or_insert(now);
        }
        Ok(())
    }
}
