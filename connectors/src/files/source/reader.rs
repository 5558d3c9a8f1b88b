//! Reads splits, one after another: fetching, decoding, time and pace come together here.

use std::collections::VecDeque;

use bytes::Bytes;
use millstream_operators::source::{RateLimiter, SourceReader};
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_state::Timestamp;

use super::Reading;
use super::bad_record::{BadRecord, BadRecordInfo};
use super::fetch::{FetchPlan, Fetched, Fetcher, count_lines, fetch_first_row};
use super::split::FileSplit;
use super::split_reading::{SplitReading, Stop, begins_file};
use crate::files::format::{Decoder, Format, Gathered};
use crate::files::location::Location;

/// Reads the splits of one subtask.
pub struct FileReader<F: Format> {
    config: Reading<F>,
    /// What has not been begun in this attempt, in reading order.
    pending: VecDeque<FileSplit>,
    current: Option<(SplitReading<F::Decoder>, Fetcher)>,
    /// The first of the pending, already being fetched.
    upcoming: Option<Opening>,
    /// The file opened last: its place, and its first row where one is needed.
    last_file: Option<Location>,
    last_header: Option<(String, Bytes)>,
    /// The watermark emitted last.
    watermark: Timestamp,
    limiter: Option<RateLimiter>,
    /// The row that fails the job, once it is known which line it is.
    failed: Option<Failure>,
}

/// A row that fails the job, and how many lines are before it.
struct Failure {
    row: BadRecordInfo,
    lines: IoHandle<u64>,
}

/// A split whose first bytes are under way.
struct Opening {
    split: FileSplit,
    fetcher: Fetcher,
    header: Option<IoHandle<Bytes>>,
}

/// Whether there is something to read.
enum Begun {
    Yes,
    Pending,
    /// All splits have been read.
    Never,
}

impl<F: Format> FileReader<F> {
    pub(super) fn new(config: Reading<F>, parallelism: u32) -> Self {
        let limiter = config.rate.map(|rate| RateLimiter::new(rate / f64::from(parallelism.max(1))));
        let (pending, watermark) = (VecDeque::new(), Timestamp::MIN);
        Self {
            config,
            pending,
            current: None,
            upcoming: None,
            last_file: None,
            last_header: None,
            watermark,
            limiter,
            failed: None,
        }
    }

    /// Starts to fetch the first of the pending splits.
    fn open_next(&mut self, cx: &TaskContext) -> Result<()> {
        let Some(split) = self.pending.front() else { return Ok(()) };
        if self.upcoming.as_ref().is_some_and(|upcoming| upcoming.split.is_same_range(split)) {
            return Ok(());
        }
        let location = match self.last_file.take() {
            Some(location) if location.name == split.file => location,
            _ => self.config.stores.locate(&split.file)?,
        };
        let mut fetcher = Fetcher::new(location.clone(), FetchPlan::of(split));
        fetcher.prefetch(cx);
        let known = self.last_header.as_ref().is_some_and(|(file, _)| *file == split.file);
        let needed = self.config.format.has_header() && !begins_file(split) && !known;
        let header = needed.then(|| {
            let mut decoder = self.config.format.decoder_of(&split.file, split.whole);
            let row_length =
                move |bytes: &[u8]| if bytes.is_empty() { None } else { decoder.row_length(bytes) };
            cx.spawn_io(fetch_first_row(location.clone(), split.size, row_length))
        });
        self.last_file = Some(location);
        self.upcoming = Some(Opening { split: split.clone(), fetcher, header });
        Ok(())
    }

    /// Makes sure that there is a current split.
    fn begin(&mut self, cx: &TaskContext) -> Result<Begun> {
        if self.current.is_some() {
            return Ok(Begun::Yes);
        }
        self.open_next(cx)?;
        let Some(mut opening) = self.upcoming.take() else { return Ok(Begun::Never) };
        if let Some(handle) = &opening.header {
            let Some(header) = handle.take() else {
                self.upcoming = Some(opening);
                return Ok(Begun::Pending);
            };
            self.last_header = Some((opening.split.file.clone(), header?));
            opening.header = None;
        }
        let (split, format) = (opening.split, &self.config.format);
        let has_header = format.has_header();
        let header = self.last_header.as_ref().filter(|_| has_header && !begins_file(&split));
        let header = header.map(|(_, row)| row.as_ref());
        let reading = SplitReading::new(
            split.clone(),
            format.decoder_of(&split.file, split.whole),
            has_header,
            header,
        )?;
        self.current = Some((reading, opening.fetcher));
        self.pending.pop_front();
        Ok(Begun::Yes)
    }

    /// Reads about `budget` rows of the current split; answers how many it read.
    fn read(
        &mut self,
        mut budget: usize,
        output: &mut Output<'_, F::Record>,
    ) -> Result<(usize, SourceStatus)> {
        let Some((reading, fetcher)) = &mut self.current else { return Ok((0, SourceStatus::More)) };
        let (allowed, on_error) = (budget, &self.config.on_error);
        let (mut is_done, mut failed) = (false, None);
        let status = loop {
            let stop = reading.read(&mut budget, |row| take_row(row, on_error, output, &mut failed));
            if failed.is_some() {
                break SourceStatus::Waiting;
            }
            match stop? {
                Stop::Budget => break SourceStatus::More,
                Stop::Done => {
                    is_done = true;
                    break SourceStatus::More;
                }
                Stop::Hungry => match fetcher.next(output.context())? {
                    Fetched::Chunk(bytes) => {
                        output.counters().bytes.add(bytes.len() as u64);
                        reading.feed(bytes);
                    }
                    Fetched::End => reading.end()?,
                    Fetched::Pending => break SourceStatus::Waiting,
                },
            }
        };
        let latest = self.config.event_time.assign(output.batch());
        while let Some(Gathered { record, rows, bytes }) = reading.gathered()? {
            output.forward(&mut Batch::weighing(vec![record], rows, bytes))?;
        }
        if let Some(row) = failed {
            self.fail(row, output.context())?;
        }
        self.emit_watermark(latest, output)?;
        if is_done {
            self.current = None;
            self.emit_watermark(Timestamp::MIN, output)?;
        }
        Ok((allowed - budget, status))
    }

    /// Fails the job for a row, once it is known which line it is: at once, or when the lines before have
    /// been counted.
    fn fail(&mut self, row: BadRecordInfo, cx: &TaskContext) -> Result<()> {
        let is_packed = self.current.as_ref().is_some_and(|(reading, _)| reading.split().is_packed());
        if row.line.is_some() || is_packed {
            return Err(row.into());
        }
        let location = self.config.stores.locate(&row.file)?;
        let lines = cx.spawn_io(count_lines(location, row.offset));
        self.failed = Some(Failure { row, lines });
        Ok(())
    }

    /// Emits the watermark, if it has risen by records up to `latest`.
    fn emit_watermark(&mut self, latest: Timestamp, output: &mut Output<'_, F::Record>) -> Result<()> {
        let mut current = self.current.as_mut().map(|(reading, _)| reading.split_mut());
        if let Some(split) = &mut current {
            split.latest = split.latest.max(latest);
        }
        let watermark = self.config.event_time.watermark(current.as_deref(), self.pending.front());
        if watermark > self.watermark {
            self.watermark = watermark;
            output.emit_watermark(watermark)?;
        }
        Ok(())
    }
}

/// Emits a row, or does with it what is to be done with bad ones.
#[inline]
fn take_row<T: millstream_state::Record>(
    row: Result<T, BadRecordInfo>,
    on_error: &BadRecord,
    output: &mut Output<'_, T>,
    failed: &mut Option<BadRecordInfo>,
) -> Result<()> {
    match row {
        // Timestamps follow, for all records at once.
        Ok(record) => output.batch().push(record, Timestamp::MIN),
        Err(row) => {
            if matches!(on_error, BadRecord::Fail) {
                *failed = Some(row.clone());
            }
            on_error.pass(row, Timestamp::MIN, output)?;
        }
    }
    Ok(())
}

impl<F: Format> SourceReader for FileReader<F> {
    type Record = F::Record;
    type Split = FileSplit;

    fn add_splits(&mut self, splits: Vec<FileSplit>) {
        self.pending.extend(splits);
        self.pending.make_contiguous().sort_by(FileSplit::reading_order);
    }

    fn next(&mut self, output: &mut Output<'_, F::Record>) -> Result<SourceStatus> {
        if let Some(Failure { row, lines }) = &self.failed {
            let Some(lines) = lines.take() else { return Ok(SourceStatus::Waiting) };
            // Without the line the error is as good as it was.
            let line = lines.ok().map(|lines| lines + 1);
            return Err(BadRecordInfo { line, ..row.clone() }.into());
        }
        match self.begin(output.context())? {
            Begun::Yes => {}
            Begun::Pending => return Ok(SourceStatus::Waiting),
            Begun::Never => return Ok(SourceStatus::Ended),
        }
        let mut budget = self.config.format.batch_rows().unwrap_or_else(|| output.batch_records());
        if let Some(limiter) = &mut self.limiter {
            let now = output.context().monotonic();
            budget = usize::try_from(limiter.allowance(now)).unwrap_or(budget).min(budget);
            if budget == 0 {
                output.context().wake_after(limiter.wait(now));
                return Ok(SourceStatus::Waiting);
            }
        }
        let (rows, status) = self.read(budget, output)?;
        if let Some(limiter) = &mut self.limiter {
            limiter.pass(rows as u64);
        }
        if self.current.as_ref().is_none_or(|(_, fetcher)| fetcher.is_idle()) {
            self.open_next(output.context())?;
        }
        Ok(status)
    }

    fn snapshot(&self) -> Vec<FileSplit> {
        let current = self.current.iter().map(|(reading, _)| reading.split());
        current.chain(self.pending.iter().cloned()).collect()
    }
}
