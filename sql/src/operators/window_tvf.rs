//! Window table functions on their own: each row with the windows that it belongs to.

use std::sync::Arc;

use arrow_array::builder::TimestampMillisecondBuilder;
use arrow_array::{ArrayRef, UInt32Array};
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};

use super::windows::{LocalTimes, WindowAssigner, WindowClock};
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::plan::{WindowColumn, WindowFunction};
use crate::types::zone::Zone;
use crate::types::{SqlType, TimeKind};

/// Puts each row into its windows, as Flink's `AlignedWindowTableFunctionOperator`. Rows without time are left out.
#[derive(Clone)]
pub struct WindowTableFunction {
    assigner: WindowAssigner,
    /// The column of the time; the clock if there is none.
    time: Option<usize>,
    clock: WindowClock,
    columns: Vec<WindowColumn>,
    /// A chunk that has not been gone through.
    pending: Option<Pending>,
}

/// A chunk, and where to go on.
#[derive(Clone)]
struct Pending {
    chunk: Chunk,
    times: Arc<Vec<Option<i64>>>,
    now: i64,
    row: usize,
    number: i64,
}

impl WindowTableFunction {
    /// Appends `columns` of the windows. `zone` is that of the session.
    ///
    /// # Errors
    /// If the windows are sessions.
    pub fn new(function: &WindowFunction, columns: &[WindowColumn], zone: &Zone) -> SqlResult<Self> {
        let assigner = WindowAssigner::of(function.kind, function.offset);
        let in_zone = matches!(function.attribute, SqlType::TimestampLtz(..));
        Ok(Self {
            assigner: assigner.ok_or_else(|| {
                SqlError::unsupported(
                    "SESSION whose windows are not grouped by its PARTITION BY is not supported yet",
                )
            })?,
            time: (function.attribute.time_kind() == TimeKind::Rowtime).then_some(function.time),
            clock: if in_zone { WindowClock::of(zone.clone()) } else { WindowClock::default() },
            columns: columns.to_vec(),
            pending: None,
        })
    }

    fn begin(&self, chunk: Chunk, output: &mut Output<'_, Chunk>) -> Result<Pending> {
        let now = output.context().now().as_millis();
        let times = match self.time {
            None => vec![Some(self.clock.local(now)); chunk.rows()],
            Some(column) => {
                let local = LocalTimes::of(chunk.column(column)?, &self.clock)?;
                let valid = (0..chunk.rows()).map(|row| local.is_valid(row));
                local.times.iter().zip(valid).map(|(time, valid)| valid.then_some(*time)).collect()
            }
        };
        Ok(Pending { chunk, times: Arc::new(times), now, row: 0, number: 0 })
    }

    /// Emits what is pending; false if the task should yield before all of it is.
    fn go_on(&mut self, output: &mut Output<'_, Chunk>) -> Result<bool> {
        while let Some(mut pending) = self.pending.take() {
            let (rows, done) = self.next(&mut pending)?;
            if !done {
                self.pending = Some(pending);
            }
            if !rows.is_empty() {
                output.forward(&mut rows.into_batch())?;
            }
            if !done && output.should_yield() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next rows, about as many as a chunk has, and whether they are the last.
    fn next(&self, pending: &mut Pending) -> Result<(Chunk, bool)> {
        let room = Chunk::ROWS.max(pending.chunk.rows());
        let mut positions: Vec<u32> = Vec::with_capacity(room);
        let mut windows: Vec<(i64, i64)> = Vec::with_capacity(room);
        let count = self.assigner.count();
        while let Some(time) = pending.times.get(pending.row) {
            if let Some(time) = time {
                let position = u32::try_from(pending.row).unwrap_or(u32::MAX);
                while pending.number < count
                    && positions.len() < room
                    && let Some(window) = self.assigner.window(*time, pending.number)
                {
                    positions.push(position);
                    windows.push(window);
                    pending.number += 1;
                }
                if positions.len() == room
                    && pending.number < count
                    && self.assigner.window(*time, pending.number).is_some()
                {
                    break;
                }
            }
            (pending.row, pending.number) = (pending.row + 1, 0);
        }
        let is_whole = positions.len() == pending.chunk.rows()
            && (0..).zip(&positions).all(|(index, position): (u32, _)| index == *position);
        let rows = match is_whole {
            true => pending.chunk.clone(),
            false => pending.chunk.take(&UInt32Array::from(positions))?,
        };
        let appended = self.columns.iter().map(|column| self.column(*column, &windows, pending.now));
        let columns: Vec<ArrayRef> = rows.columns().iter().cloned().chain(appended).collect();
        Ok((rows.with_columns(columns), pending.row >= pending.times.len()))
    }

    fn column(&self, column: WindowColumn, windows: &[(i64, i64)], now: i64) -> ArrayRef {
        let mut values = TimestampMillisecondBuilder::with_capacity(windows.len());
        // Many rows are in the window of the row before.
        let mut known: Option<(i64, i64)> = None;
        for (start, end) in windows {
            values.append_value(match column {
                WindowColumn::Start => *start,
                WindowColumn::End => *end,
                WindowColumn::Time if self.time.is_none() => now,
                WindowColumn::Time => match known {
                    Some((known, instant)) if known == *end => instant,
                    _ => {
                        let instant = self.clock.instant(end.saturating_sub(1));
                        known = Some((*end, instant));
                        instant
                    }
                },
            });
        }
        Arc::new(values.finish())
    }
}

impl OperatorHooks<Chunk> for WindowTableFunction {
    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        if !self.go_on(output)? {
            output.suspend();
        }
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for WindowTableFunction {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain_while(|chunk, _| {
            if !chunk.is_empty() {
                self.pending = Some(self.begin(chunk, output)?);
            }
            let done = self.go_on(output)?;
            if !done {
                output.suspend();
            }
            Ok(done)
        })
    }
}

#[cfg(test)]
mod tests;
