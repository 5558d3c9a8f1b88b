//! A source that does what a test has written down.

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::chain::{Output, SourceStatus};
use millstream_runtime::event::StreamStatus;
use millstream_runtime::input::{Merged, WatermarkMerger};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{Record, Timestamp};
use serde::{Deserialize, Serialize};

use super::script::{Script, ScriptStep};
use crate::source::{Boundedness, Source, SourceReader};

type Scripts<T> = Arc<Vec<Vec<ScriptStep<T>>>>;

/// A source for whole jobs in tests, which does what its [`Script`]s say. Each script is a split: with as
/// many subtasks as scripts each does one, with fewer some do several, a step of each in turn.
///
/// How far each script has come is part of snapshots: a restored job goes on with the step after those
/// that were done then, at any parallelism. The program must give it the same scripts.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::{Gate, Script, ScriptedSource};
///
/// let (at, gate) = (Timestamp::from_millis, Gate::new());
/// let fast = Script::new().record_at('a', at(5)).watermark(at(9)).record_at('b', at(12)).watermark(at(20));
/// let slow = Script::new().wait_for(&gate).record_at('c', at(7));
///
/// let env = Environment::new();
/// let letters = env.from_source(ScriptedSource::new([fast, slow])).parallelism(2);
/// let counts = letters
///     .key_by(|_| ())
///     .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
///     .count()
///     .map(|result| (result.window.start.as_millis(), result.value))
///     .collect();
/// let job = env.spawn("letters")?;
/// // No window fires as long as one of the subtasks may still bring records for it.
/// assert!(counts.to_vec().is_empty());
/// gate.open();
/// job.join_blocking()?;
/// assert_eq!(counts.to_vec(), [(0, 2), (10, 1)]);
/// # Ok::<(), Error>(())
/// ```
pub struct ScriptedSource<T> {
    scripts: Scripts<T>,
}

impl<T: Record> ScriptedSource<T> {
    /// A source of these scripts, each of which is a split.
    pub fn new(scripts: impl IntoIterator<Item = Script<T>>) -> Self {
        Self { scripts: Arc::new(scripts.into_iter().map(|script| script.steps).collect()) }
    }
}

impl<T: Record> Source for ScriptedSource<T> {
    type Record = T;
    type Split = ScriptedSplit;
    type Reader = ScriptedReader<T>;

    fn kind(&self) -> &'static str {
        "Script"
    }

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    async fn discover(&self) -> Result<Vec<ScriptedSplit>> {
        Ok((0..self.scripts.len()).map(|script| ScriptedSplit { script, next: 0 }).collect())
    }

    fn reader(&self) -> ScriptedReader<T> {
        let watermarks = WatermarkMerger::new(0);
        ScriptedReader { scripts: self.scripts.clone(), splits: Vec::new(), watermarks, resumed: true }
    }

    fn has_timestamps(&self) -> bool {
        let mut steps = self.scripts.iter().flatten();
        steps.any(|step| matches!(step, ScriptStep::Record(_, timestamp) if *timestamp != Timestamp::MIN))
    }
}

/// A script of a [`ScriptedSource`], and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptedSplit {
    script: usize,
    next: usize,
}

struct Reading {
    split: ScriptedSplit,
    /// When the pause that it makes is over, on the monotonic clock.
    pause_ends: Option<Duration>,
    is_idle: bool,
    has_ended: bool,
}

/// Reads a [`ScriptedSource`].
pub struct ScriptedReader<T> {
    scripts: Scripts<T>,
    splits: Vec<Reading>,
    watermarks: WatermarkMerger,
    /// What had been emitted of event time before the snapshot has been emitted again.
    resumed: bool,
}

/// What came of the attempt to do a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    ScriptStep,
    Waiting,
    Ended,
}

impl<T: Record> ScriptedReader<T> {
    /// Emits again how far the splits had come in event time when the snapshot was taken.
    fn resume(&mut self, output: &mut Output<'_, T>) -> Result<()> {
        self.resumed = true;
        self.watermarks = WatermarkMerger::new(self.splits.len());
        let progress = self.splits.iter().map(|reading| self.progress_of(reading.split));
        let progress = progress.collect::<Result<Vec<_>>>()?;
        // All watermarks before any idleness, lest one counts that another split had held back.
        for (index, (watermark, _)) in progress.iter().enumerate() {
            let merged = self.watermarks.watermark(index, *watermark);
            self.emit(merged, output)?;
        }
        progress.iter().enumerate().try_for_each(|(index, (_, idle))| self.set_idle(index, *idle, output))
    }

    /// The watermark of a split, and whether it was idle, after the steps that have been done.
    fn progress_of(&self, split: ScriptedSplit) -> Result<(Timestamp, bool)> {
        let ScriptedSplit { script, next } = split;
        let Some(done) = self.scripts.get(script).and_then(|steps| steps.get(..next)) else {
            let problem = format!(
                "a snapshot after {next} steps of script {script} is restored, which the scripted source does \
                 not have: give it the same scripts"
            );
            return Err(Error::new(ErrorKind::Restore, problem));
        };
        Ok(done.iter().fold((Timestamp::MIN, false), |(watermark, idle), step| match step {
            ScriptStep::Watermark(risen) => (watermark.max(*risen), false),
            ScriptStep::Record(..) | ScriptStep::Active => (watermark, false),
            ScriptStep::Idle => (watermark, true),
            ScriptStep::Pause(_) | ScriptStep::Wait(_) => (watermark, idle),
        }))
    }

    /// Does the next step of a split.
    fn step(&mut self, index: usize, output: &mut Output<'_, T>) -> Result<Done> {
        let scripts = self.scripts.clone();
        let Some(reading) = self.splits.get_mut(index) else { return Ok(Done::Ended) };
        let step = scripts.get(reading.split.script).and_then(|steps| steps.get(reading.split.next));
        match step {
            None => {
                if !std::mem::replace(&mut reading.has_ended, true) {
                    let merged = self.watermarks.end(index);
                    self.emit(merged, output)?;
                }
                return Ok(Done::Ended);
            }
            Some(ScriptStep::Record(record, timestamp)) => {
                self.set_idle(index, false, output)?;
                output.emit(record.clone(), *timestamp)?;
            }
            Some(ScriptStep::Watermark(watermark)) => self.rise(index, *watermark, output)?,
            Some(ScriptStep::Idle) => self.set_idle(index, true, output)?,
            Some(ScriptStep::Active) => self.set_idle(index, false, output)?,
            Some(ScriptStep::Pause(duration)) => {
                let now = output.context().monotonic();
                let ends = *reading.pause_ends.get_or_insert(now.saturating_add(*duration));
                if now < ends {
                    output.context().wake_after(ends.saturating_sub(now));
                    return Ok(Done::Waiting);
                }
                reading.pause_ends = None;
            }
            Some(ScriptStep::Wait(gate)) => {
                if !gate.is_open_or_wakes(output.context().waker()) {
                    return Ok(Done::Waiting);
                }
            }
        }
        if let Some(reading) = self.splits.get_mut(index) {
            reading.split.next += 1;
        }
        Ok(Done::ScriptStep)
    }

    fn rise(&mut self, index: usize, watermark: Timestamp, output: &mut Output<'_, T>) -> Result<()> {
        self.set_idle(index, false, output)?;
        let merged = self.watermarks.watermark(index, watermark);
        self.emit(merged, output)
    }

    fn set_idle(&mut self, index: usize, idle: bool, output: &mut Output<'_, T>) -> Result<()> {
        let Some(reading) = self.splits.get_mut(index) else { return Ok(()) };
        if std::mem::replace(&mut reading.is_idle, idle) == idle {
            return Ok(());
        }
        let status = if idle { StreamStatus::Idle } else { StreamStatus::Active };
        let merged = self.watermarks.status(index, status);
        self.emit(merged, output)
    }

    fn emit(&self, merged: Merged, output: &mut Output<'_, T>) -> Result<()> {
        merged.status.map_or(Ok(()), |status| output.emit_status(status))?;
        // The task itself sends the last watermark of all when the source has ended.
        let all_have_ended = self.splits.iter().all(|reading| reading.has_ended);
        match merged.watermark.filter(|_| !all_have_ended) {
            Some(watermark) => output.emit_watermark(watermark),
            None => Ok(()),
        }
    }
}

impl<T: Record> SourceReader for ScriptedReader<T> {
    type Record = T;
    type Split = ScriptedSplit;

    fn add_splits(&mut self, splits: Vec<ScriptedSplit>) {
        let reading = |split| Reading { split, pause_ends: None, is_idle: false, has_ended: false };
        self.splits.extend(splits.into_iter().map(reading));
        self.resumed = false;
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        if !self.resumed {
            self.resume(output)?;
        }
        for _ in 0..output.batch_records() {
            let mut done = Done::Ended;
            for index in 0..self.splits.len() {
                done = match (done, self.step(index, output)?) {
                    (Done::ScriptStep, _) | (_, Done::ScriptStep) => Done::ScriptStep,
                    (Done::Waiting, _) | (_, Done::Waiting) => Done::Waiting,
                    (Done::Ended, Done::Ended) => Done::Ended,
                };
            }
            match done {
                Done::ScriptStep => {}
                Done::Waiting => return Ok(SourceStatus::Waiting),
                Done::Ended => return Ok(SourceStatus::Ended),
            }
        }
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<ScriptedSplit> {
        self.splits.iter().map(|reading| reading.split).collect()
    }
}
