//! Reads rows that are written down.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::UInt32Array;
use millstream_operators::source::{Numbers, Source, SourceReader, StridedSplit};
use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus};

use super::rows::{Script, Step};
use crate::chunk::Chunk;

/// Rows in their order; with several subtasks, each has every so many-th.
///
/// Its position is a row's number. Behind a restore, time that has passed before does not pass again, and the last
/// watermark comes again.
pub(super) struct ScriptSource {
    script: Arc<Script>,
}

impl ScriptSource {
    pub(super) fn new(script: Script) -> Self {
        Self { script: Arc::new(script) }
    }
}

impl Source for ScriptSource {
    type Record = Chunk;
    type Split = StridedSplit;
    type Reader = ScriptReader;

    fn kind(&self) -> &'static str {
        "Values"
    }

    fn assign(&self, _: &[StridedSplit], subtask: u32, parallelism: u32) -> Vec<StridedSplit> {
        StridedSplit::share(subtask, parallelism)
    }

    fn reader(&self) -> ScriptReader {
        self.reader_for(0, 1)
    }

    fn reader_for(&self, subtask: u32, parallelism: u32) -> ScriptReader {
        ScriptReader {
            script: self.script.clone(),
            beginning: StridedSplit::share(subtask, parallelism),
            numbers: Numbers::default(),
            step: 0,
            restored: false,
            resumes: None,
            positions: Vec::new(),
        }
    }
}

/// Reads a [`ScriptSource`].
pub(super) struct ScriptReader {
    script: Arc<Script>,
    /// The splits of a reader that has read nothing.
    beginning: Vec<StridedSplit>,
    numbers: Numbers,
    step: usize,
    /// Whether all it has done so far was done before the restore too.
    restored: bool,
    /// When time has passed, on the monotonic clock.
    resumes: Option<Duration>,
    positions: Vec<u32>,
}

impl SourceReader for ScriptReader {
    type Record = Chunk;
    type Split = StridedSplit;

    fn add_splits(&mut self, splits: Vec<StridedSplit>) {
        self.numbers.add(splits);
        self.restored = self.numbers.splits() != self.beginning;
    }

    fn next(&mut self, output: &mut Output<'_, Chunk>) -> Result<SourceStatus> {
        let script = self.script.clone();
        match script.steps.get(self.step) {
            None if script.open => return Ok(SourceStatus::Waiting),
            None => return Ok(SourceStatus::Ended),
            Some(Step::Rows(end)) => {
                self.positions.clear();
                let positions = &mut self.positions;
                let more = self.numbers.advance(*end, Chunk::ROWS, |run| {
                    positions.extend(run.numbers().filter_map(|number| u32::try_from(number).ok()));
                });
                if !self.positions.is_empty() {
                    self.restored = false;
                    let positions = UInt32Array::from(self.positions.clone());
                    output.forward(&mut script.rows.take(&positions)?.into_batch())?;
                }
                if more {
                    return Ok(SourceStatus::More);
                }
            }
            Some(Step::Watermark(watermark)) => output.emit_watermark(*watermark)?,
            Some(Step::Advance(_)) if self.restored => {}
            Some(Step::Advance(duration)) => {
                let now = output.context().monotonic();
                let resumes = *self.resumes.get_or_insert(now.saturating_add(*duration));
                if now < resumes {
                    output.context().wake_after(resumes.saturating_sub(now));
                    return Ok(SourceStatus::Waiting);
                }
                self.resumes = None;
            }
        }
        self.step += 1;
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<StridedSplit> {
        self.numbers.splits()
    }
}
