//! Reads the splits of one subtask, one after another.

use std::collections::VecDeque;
use std::sync::Arc;

use millstream_operators::source::SourceReader;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};

use super::reading::{Polled, Reading};
use super::{BulkFormat, by_file};
use crate::Gathered;
use crate::files::location::FileStores;
use crate::files::source::FileSplit;

/// Reads the splits of one subtask.
pub struct BulkFileReader<F: BulkFormat> {
    format: F,
    stores: FileStores,
    /// What has not been begun in this attempt, in reading order.
    pending: VecDeque<FileSplit>,
    current: Option<Reading<F>>,
    /// What follows it: fetched while the current one is decoded.
    upcoming: Option<Reading<F>>,
    /// The footer read last, and whose it is.
    footer: Option<(String, Arc<F::Footer>)>,
}

impl<F: BulkFormat> BulkFileReader<F> {
    pub(super) const fn new(format: F, stores: FileStores) -> Self {
        Self { format, stores, pending: VecDeque::new(), current: None, upcoming: None, footer: None }
    }

    /// Begins the first of the pending splits.
    fn open(&mut self, cx: &TaskContext) -> Result<Option<Reading<F>>> {
        let Some(split) = self.pending.front() else { return Ok(None) };
        let location = self.stores.locate(&split.file)?;
        let footer = self.footer.as_ref().filter(|(file, _)| *file == split.file);
        let footer = footer.map(|(_, footer)| footer.clone());
        let reading = Reading::new(split.clone(), location, footer, &self.format, cx);
        self.pending.pop_front();
        Ok(Some(reading))
    }

    /// Keeps the footer of the current file for its other splits.
    fn keep_footer(&mut self) {
        let Some(current) = &self.current else { return };
        let file = &current.split().file;
        if let Some(footer) =
            current.footer().filter(|_| self.footer.as_ref().is_none_or(|(of, _)| of != file))
        {
            self.footer = Some((file.clone(), footer.clone()));
        }
    }

    /// Fetches what follows.
    fn prepare_next(&mut self, cx: &TaskContext) -> Result<()> {
        if self.upcoming.is_none() {
            self.upcoming = self.open(cx)?;
        }
        match &mut self.upcoming {
            Some(upcoming) => upcoming.prepare(&self.format, cx),
            None => Ok(()),
        }
    }
}

impl<F: BulkFormat> SourceReader for BulkFileReader<F> {
    type Record = F::Record;
    type Split = FileSplit;

    fn add_splits(&mut self, splits: Vec<FileSplit>) {
        self.pending.extend(splits);
        self.pending.make_contiguous().sort_by(by_file);
    }

    fn next(&mut self, output: &mut Output<'_, F::Record>) -> Result<SourceStatus> {
        if self.current.is_none() {
            self.current = match self.upcoming.take() {
                Some(upcoming) => Some(upcoming),
                None => self.open(output.context())?,
            };
        }
        let Some(current) = &mut self.current else { return Ok(SourceStatus::Ended) };
        let polled = current.poll(&self.format, output.context())?;
        output.counters().bytes.add(current.take_fetched());
        self.keep_footer();
        match polled {
            Polled::Pending => Ok(SourceStatus::Waiting),
            Polled::End => {
                self.current = None;
                Ok(SourceStatus::More)
            }
            Polled::Rows(Gathered { record, rows, bytes }) => {
                output.forward(&mut Batch::weighing(vec![record], rows, bytes))?;
                self.prepare_next(output.context())?;
                Ok(SourceStatus::More)
            }
        }
    }

    fn snapshot(&self) -> Vec<FileSplit> {
        let begun = self.current.iter().chain(&self.upcoming).map(|reading| reading.split().clone());
        begun.chain(self.pending.iter().cloned()).collect()
    }
}
