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

use super::catalog::TableReading;
use super::deserialize::ChangeDeserializer;
use super::prepare::{Prepared, prepare};
use super::progress::PostgresSplit;
use super::settings::Settings;
use metrics::ReaderMetrics;
use snapshot::SnapshotReading;
use streaming::StreamReading;

/// Reads the one split of a [`PostgresCdcSource`](super::PostgresCdcSource). Subtasks that do not have it have nothing to read.
pub struct PostgresCdcReader<T> {
    settings: Settings,
    deserializer: Box<dyn ChangeDeserializer<T>>,
    split: Option<PostgresSplit>,
    /// How the tables of the split are read, in their order.
    readings: Vec<TableReading>,
    stage: Stage,
    metrics: ReaderMetrics,
}

enum Stage {
    /// Nothing has been begun.
    New,
    Preparing(IoHandle<Prepared>),
    Rows(Box<SnapshotReading>),
    Changes(Box<StreamReading>),
}

impl<T: Record> PostgresCdcReader<T> {
    pub(super) fn new(settings: Settings, deserializer: Box<dyn ChangeDeserializer<T>>) -> Self {
        let metrics = ReaderMetrics::default();
        Self { settings, deserializer, split: None, readings: Vec::new(), stage: Stage::New, metrics }
    }

    fn prepare(&self, split: &PostgresSplit, cx: &mut TaskContext) -> IoHandle<Prepared> {
        let token = cx.random().next();
        cx.spawn_io(prepare(self.settings.clone(), split.clone(), token))
    }
}

impl<T: Record> SourceReader for PostgresCdcReader<T> {
    type Record = T;
    type Split = PostgresSplit;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.metrics = ReaderMetrics::new(metrics);
    }

    fn add_splits(&mut self, splits: Vec<PostgresSplit>) {
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
                let Prepared { split, readings, export } = prepared?;
                self.stage = match export {
                    Some(export) => {
                        let reading = SnapshotReading::begin(
                            &self.settings,
                            &split,
                            &readings,
                            export,
                            output.context(),
                        );
                        Stage::Rows(Box::new(reading))
                    }
                    None => Stage::Changes(Box::new(StreamReading::new(&self.settings, &split, &readings))),
                };
                (self.split, self.readings) = (Some(split), readings);
                self.metrics.show_stage(matches!(self.stage, Stage::Rows(_)));
                Ok(SourceStatus::More)
            }
            Stage::Rows(reading) => {
                let Some(split) = &mut self.split else { return Ok(SourceStatus::Ended) };
                let status = reading.next(split, &mut *self.deserializer, output)?;
                if status == SourceStatus::Ended {
                    *split = split.at(Some(reading.lsn()));
                    self.stage =
                        Stage::Changes(Box::new(StreamReading::new(&self.settings, split, &self.readings)));
                    self.metrics.show_stage(false);
                    return Ok(SourceStatus::More);
                }
                Ok(status)
            }
            Stage::Changes(reading) => {
                let Some(split) = &mut self.split else { return Ok(SourceStatus::Ended) };
                reading.next(&self.settings, split, &mut *self.deserializer, &self.metrics, output)
            }
        }
    }

    fn snapshot(&self) -> Vec<PostgresSplit> {
        let exported = match &self.stage {
            Stage::Rows(reading) => Some(reading.lsn()),
            _ => None,
        };
        self.split.iter().map(|split| split.at(exported)).collect()
    }

    fn checkpoint_completed(&mut self, left: Vec<PostgresSplit>, _: &mut TaskContext) -> Result<()> {
        if let Stage::Changes(reading) = &mut self.stage
            && let Some(position) = left.first().and_then(|split| split.position)
        {
            reading.confirm(position);
        }
        Ok(())
    }
}
