//! Reads rows that are written down.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::UInt32Array;
use millstream_operators::source::{Numbers, Source, SourceReader, StridedSplit};
use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus};

use super::rows::{Script, Step};
use crate::chunk::Chunk;
use crate::connectors::{SplitWatermarks, WatermarkStrategy};

/// Rows in their order; with several subtasks, each has every so many-th.
///
/// Its position is a row's number. Behind a restore, time that has passed before does not pass again, and the last
/// watermark that is written down comes again.
pub(super) struct ScriptSource {
    script: Arc<Script>,
    watermarks: Option<WatermarkStrategy>,
}

impl ScriptSource {
    pub(super) fn new(script: Script, watermarks: Option<WatermarkStrategy>) -> Self {
        Self { script: Arc::new(script), watermarks }
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
            runs: Vec::new(),
            watermarks: self.watermarks.clone().map(SplitWatermarks::new),
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
    /// The rows that come next, by the splits that they are from.
    runs: Vec<(NumbersOfSplit, Vec<u32>)>,
    watermarks: Option<SplitWatermarks<NumbersOfSplit>>,
}

/// Which numbers a split has: the first of them all, and how far apart they are.
type NumbersOfSplit = (u64, u64);

impl ScriptReader {
    /// Emits the rows that come next.
    fn emit(&mut self, script: &Script, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(watermarks) = &mut self.watermarks else {
            let positions: UInt32Array = self.runs.drain(..).flat_map(|(_, positions)| positions).collect();
            if positions.is_empty() {
                return Ok(());
            }
            self.restored = false;
            return output.forward(&mut script.rows.take(&positions)?.into_batch());
        };
        for (split, positions) in self.runs.drain(..).filter(|(_, positions)| !positions.is_empty()) {
            self.restored = false;
            watermarks.forward(&split, script.rows.take(&positions.into())?, output)?;
        }
        Ok(())
    }

    /// No row comes for now.
    fn wait(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.watermarks.as_mut().map_or(Ok(()), |watermarks| watermarks.wait(output))
    }
}

impl SourceReader for ScriptReader {
    type Record = Chunk;
    type Split = StridedSplit;

    fn add_splits(&mut self, splits: Vec<StridedSplit>) {
        if let Some(watermarks) = &mut self.watermarks {
            splits.iter().for_each(|split| watermarks.add(split.numbers()));
        }
        self.numbers.add(splits);
        self.restored = self.numbers.splits() != self.beginning;
    }

    fn next(&mut self, output: &mut Output<'_, Chunk>) -> Result<SourceStatus> {
        let script = self.script.clone();
        match script.steps.get(self.step) {
            None if script.open => {
                self.wait(output)?;
                return Ok(SourceStatus::Waiting);
            }
            None => return Ok(SourceStatus::Ended),
            Some(Step::Rows(end)) => {
                self.runs.clear();
                let runs = &mut self.runs;
                let more = self.numbers.advance(*end, Chunk::ROWS, |run| {
                    let numbers = run.numbers().filter_map(|number| u32::try_from(number).ok());
                    match runs.last_mut() {
                        Some((split, positions)) if *split == run.split() => positions.extend(numbers),
                        _ => runs.push((run.split(), numbers.collect())),
                    }
                });
                self.emit(&script, output)?;
                if more {
                    return Ok(SourceStatus::More);
                }
            }
            Some(Step::Watermark(watermark)) => match &mut self.watermarks {
                Some(watermarks) => watermarks.raise(*watermark, output)?,
                None => output.emit_watermark(*watermark)?,
            },
            Some(Step::Advance(_)) if self.restored => {}
            Some(Step::Advance(duration)) => {
                let now = output.context().monotonic();
                let resumes = *self.resumes.get_or_insert(now.saturating_add(*duration));
                if now < resumes {
                    output.context().wake_after(resumes.saturating_sub(now));
                    self.wait(output)?;
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
