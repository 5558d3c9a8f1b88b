//! Joins of windows: rows of both inputs that are in the same window, once the window is over.

mod firing;
mod specification;

use std::collections::VecDeque;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use millstream_state::rows::{RowLayout, RowStore, RowsByTime, RowsPerKey};

use self::firing::Firing;
pub use self::specification::{WindowJoinSpecification, WindowSide};
use super::window_aggregate::restored_watermark;
use super::windows::by_window;
use crate::chunk::{Chunk, RowCodec};
use crate::eval::EvalContext;

/// The states of the rows of open windows.
const STATES: [&str; 2] = ["left-records", "right-records"];

/// Keeps the rows of open windows, and emits those that belong together when a window is over, as Flink's
/// `WindowJoinOperator`.
///
/// In which order the keys of one window come is not said, in Flink neither.
pub struct WindowJoin {
    specification: WindowJoinSpecification,
    codecs: [RowCodec; 2],
    rows: Option<[RowsByTime; 2]>,
    progress: i64,
    advancing: Option<Timestamp>,
    /// Windows that are over, with the rows of both sides.
    over: VecDeque<[Option<RowStore>; 2]>,
    firing: Option<Firing>,
}

impl WindowJoin {
    /// The operator of a subtask.
    pub fn new(specification: &WindowJoinSpecification) -> Self {
        let codecs = [&specification.left, &specification.right].map(|side| RowCodec::new(&side.schema));
        Self {
            specification: specification.clone(),
            codecs,
            rows: None,
            progress: i64::MIN,
            advancing: None,
            over: VecDeque::new(),
            firing: None,
        }
    }

    /// Keeps the rows of one side.
    fn keep(&mut self, right: bool, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some([left_rows, right_rows]) = &mut self.rows else { return Err(not_open()) };
        let [left_codec, right_codec] = &self.codecs;
        let (side, rows, codec) = if right {
            (&self.specification.right, right_rows, right_codec)
        } else {
            (&self.specification.left, left_rows, left_codec)
        };
        for chunk in batch.drain().filter(|chunk| !chunk.is_empty()) {
            let (windows, late) = by_window(&chunk, side.end, &self.specification.clock, self.progress)?;
            output.counters().late_records.add(late as u64);
            for (end, chunk) in windows {
                side.append(rows.open(end), codec, &chunk)?;
            }
        }
        Ok(())
    }

    fn go_on(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let cx = EvalContext { now: output.context().now().as_millis(), watermark: None };
        loop {
            let Some(firing) = &mut self.firing else {
                let Some([left, right]) = self.over.pop_front() else { break };
                self.firing = Some(Firing::new(&self.specification, &self.codecs, left, right)?);
                continue;
            };
            match firing.next(&self.specification, &cx)? {
                None => self.firing = None,
                Some(chunk) if chunk.is_empty() => {}
                Some(chunk) => output.forward(&mut chunk.into_batch())?,
            }
            if output.should_yield() {
                output.suspend();
                return Ok(());
            }
        }
        match self.advancing.take() {
            Some(watermark) => output.emit_watermark(watermark),
            None => Ok(()),
        }
    }
}

#[cold]
fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a window join that is not open")
}

impl OperatorHooks<Chunk> for WindowJoin {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let sides = [&self.specification.left, &self.specification.right];
        let mut states = sides.into_iter().zip(STATES).map(|(side, name)| {
            let layout = RowLayout::new(side.keys.kind(), &[], RowsPerKey::Many);
            let mut rows = RowsByTime::new(side.meta(name), cx.info().groups, cx.info().range(), layout);
            if let Some(stored) = cx.take_keyed(name) {
                rows.restore_all(stored)?;
            }
            Ok(rows)
        });
        let mut next = || states.next().unwrap_or_else(|| Err(not_open()));
        self.rows = Some([next()?, next()?]);
        drop(states);
        self.progress = restored_watermark(cx, false)?;
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some([left, right]) = &mut self.rows else { return Err(not_open()) };
        let clock = &self.specification.clock;
        let is_over = |end: &i64| clock.is_over(*end, watermark.as_millis());
        let last = left.times().take_while(is_over).chain(right.times().take_while(is_over)).max();
        if let Some(last) = last {
            let mut rights = right.take_until(last).into_iter().peekable();
            for (end, left) in left.take_until(last) {
                while let Some((_, right)) = rights.next_if(|(other, _)| *other < end) {
                    self.over.push_back([None, Some(right)]);
                }
                let right = rights.next_if(|(other, _)| *other == end).map(|(_, right)| right);
                self.over.push_back([Some(left), right]);
            }
            self.over.extend(rights.map(|(_, right)| [None, Some(right)]));
        }
        self.progress = self.progress.max(watermark.as_millis());
        self.advancing = Some(watermark);
        self.go_on(output)
    }

    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.go_on(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        for rows in self.rows.iter_mut().flatten() {
            let rows = rows.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        cx.watermark(Timestamp::from_millis(self.progress))
    }
}

impl TwoInputOperator<Chunk, Chunk, Chunk> for WindowJoin {
    fn process_first(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.keep(false, batch, output)
    }

    fn process_second(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.keep(true, batch, output)
    }
}

#[cfg(test)]
mod tests;
