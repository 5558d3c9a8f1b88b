//! Reads the split: first the rows that are there, then the changes.

mod metrics;
mod snapshot;
mod streaming;

use millstream_operators::source::SourceReader;
use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::metrics::MetricGroup;
use millstream_state::Record;

use super::database::{Database, Prepared, SplitOf};
use super::deserialize::ChangeDeserializer;
use super::record::ChangeRecord;
use metrics::ReaderMetrics;
use snapshot::SnapshotReading;
use streaming::StreamReading;
pub use streaming::{Ended, Items};

/// What a database's changes are made of.
type RecordOf<D> = ChangeRecord<<D as Database>::ColumnType, <D as Database>::Position>;

/// Reads the one split of a source that captures changes. Subtasks that do not have it have nothing to read.
pub struct CdcReader<D: Database, T> {
    settings: D::Settings,
    deserializer: Box<dyn ChangeDeserializer<RecordOf<D>, T>>,
    split: Option<SplitOf<D>>,
    /// How the tables of the split are read; from when that is known.
    tables: Option<D::Tables>,
    stage: Stage<D>,
    metrics: ReaderMetrics,
}

enum Stage<D: Database> {
    /// Nothing has been begun.
    New,
    Preparing(IoHandle<Prepared<D>>),
    Rows(Box<SnapshotReading<D>>),
    Changes(Box<StreamReading<D>>),
}

impl<D: Database, T: Record> CdcReader<D, T> {
    pub(crate) fn new(
        settings: D::Settings,
        deserializer: Box<dyn ChangeDeserializer<RecordOf<D>, T>>,
    ) -> Self {
        let metrics = ReaderMetrics::default();
        Self { settings, deserializer, split: None, tables: None, stage: Stage::New, metrics }
    }

    fn prepare(&self, split: &SplitOf<D>, cx: &mut TaskContext) -> IoHandle<Prepared<D>> {
        let token = cx.random().next();
        cx.spawn_io(D::prepare(self.settings.clone(), split.clone(), token))
    }
}

impl<D: Database, T: Record> SourceReader for CdcReader<D, T> {
    type Record = T;
    type Split = SplitOf<D>;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.metrics = ReaderMetrics::new(metrics);
    }

    fn add_splits(&mut self, splits: Vec<SplitOf<D>>) {
        // There is never more than one.
        self.split = splits.into_iter().next().or_else(|| self.split.take());
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        let Some(split) = &self.split else { return Ok(SourceStatus::Ended) };
        match &mut self.stage {
            Stage::New => {
                self.stage = Stage::Preparing(self.prepare(split, output.context()));
                Ok(SourceStatus::Waiting)
            }
            Stage::Preparing(prepared) => {
                let Some(prepared) = prepared.take() else { return Ok(SourceStatus::Waiting) };
                let Prepared { split, tables, export } = prepared?;
                self.stage = match export {
                    Some(export) => {
                        let cx = output.context();
                        let reading = SnapshotReading::begin(&self.settings, &split, &tables, export, cx);
                        Stage::Rows(Box::new(reading))
                    }
                    None => Stage::Changes(Box::new(StreamReading::new(&self.settings, &split))),
                };
                (self.split, self.tables) = (Some(split), Some(tables));
                self.metrics.show_stage(matches!(self.stage, Stage::Rows(_)));
                Ok(SourceStatus::More)
            }
            Stage::Rows(reading) => {
                let Some(split) = &mut self.split else { return Ok(SourceStatus::Ended) };
                let status = reading.next(split, &mut *self.deserializer, output)?;
                if status == SourceStatus::Ended {
                    *split = split.settled();
                    self.stage = Stage::Changes(Box::new(StreamReading::new(&self.settings, split)));
                    self.metrics.show_stage(false);
                    return Ok(SourceStatus::More);
                }
                Ok(status)
            }
            Stage::Changes(reading) => {
                let (Some(split), Some(tables)) = (&mut self.split, &self.tables) else {
                    return Ok(SourceStatus::Ended);
                };
                let deserializer = &mut *self.deserializer;
                reading.next(&self.settings, split, tables, deserializer, &self.metrics, output)
            }
        }
    }

    fn snapshot(&self) -> Vec<SplitOf<D>> {
        self.split.iter().map(SplitOf::<D>::settled).collect()
    }

    fn checkpoint_completed(&mut self, left: Vec<SplitOf<D>>, _: &mut TaskContext) -> Result<()> {
        if let Stage::Changes(reading) = &mut self.stage
            && let Some(position) = left.into_iter().next().and_then(|split| split.position)
        {
            reading.confirm(position);
        }
        Ok(())
    }
}
