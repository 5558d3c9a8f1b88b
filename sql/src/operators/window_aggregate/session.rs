//! GROUP BY of sessions: a row for each group of a session, once no row has come for the gap.

use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMillisecondArray};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use millstream_state::rows::{KeyColumn, KeyKind, RowLayout, RowRef, RowStore, RowsPerKey, Upserted};

use super::accumulators::WindowAccumulators;
use super::sessions::{SESSION_BYTES, Sessions, one_key};
use super::specification::{RowTime, WindowAggregateSpecification};
use super::{Advancing, not_open, restored_watermark};
use crate::chunk::{Chunk, KeyLayout};
use crate::operators::windows::LocalTimes;
use crate::plan::WindowColumn;

/// The state of open sessions.
const SESSIONS: &str = "sessions";

/// Aggregates the groups of sessions, as Flink's `WindowAggOperator` with its unslicing processor.
///
/// A row that is late for a session of its own and belongs to no open one is dropped. Sessions come in the order of their
/// ends.
pub struct SessionAggregate {
    specification: WindowAggregateSpecification,
    accumulators: WindowAccumulators,
    keys: KeyLayout,
    gap: i64,
    sessions: Option<Sessions>,
    /// Where a session waits that is added to another.
    merging: Option<RowStore>,
    progress: i64,
    advancing: Option<Advancing>,
}

impl SessionAggregate {
    /// The operator of a subtask.
    pub fn new(specification: &WindowAggregateSpecification) -> Self {
        Self {
            accumulators: specification.accumulators(SESSION_BYTES),
            keys: KeyLayout::new(specification.group.clone(), specification.key_fields()),
            gap: specification.gap.unwrap_or(1),
            specification: specification.clone(),
            sessions: None,
            merging: None,
            progress: i64::MIN,
            advancing: None,
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let times = self.times(chunk, output)?;
        let keys = self.keys.keys(chunk.columns(), chunk.rows())?;
        let column = keys.column();
        let (mut groups, mut begin): (Vec<RowRef>, usize) = (Vec::with_capacity(chunk.rows()), 0);
        for (row, (time, hash)) in times.into_iter().zip(keys.hashes()).enumerate() {
            let own = (time, time.saturating_add(self.gap));
            let (clock, progress) = (&self.specification.clock, self.progress);
            let is_over = |end| self.specification.is_rowtime && clock.is_over(end, progress);
            let sessions = self.sessions.as_mut().ok_or_else(not_open)?;
            match sessions.join(*hash, &one_key(&column, row), own, is_over)? {
                None => {
                    self.update(chunk, begin, &mut groups)?;
                    begin = row + 1;
                    output.counters().late_records.add(1);
                }
                Some(joined) => {
                    if !joined.others.is_empty() {
                        // What has come before has to be in the sessions that are added up.
                        self.update(chunk, begin, &mut groups)?;
                        begin = row;
                        joined.others.iter().try_for_each(|other| self.merge(joined.session, *other))?;
                    }
                    groups.push(joined.session);
                }
            }
        }
        self.update(chunk, begin, &mut groups)?;
        self.wake(output.context());
        Ok(())
    }

    /// Adds the rows from `begin` on to their sessions.
    fn update(&mut self, chunk: &Chunk, begin: usize, groups: &mut Vec<RowRef>) -> Result<()> {
        if groups.is_empty() {
            return Ok(());
        }
        let sessions = self.sessions.as_mut().ok_or_else(not_open)?;
        self.accumulators.update(&mut sessions.store, groups, &chunk.slice(begin, groups.len()))?;
        groups.clear();
        Ok(())
    }

    /// Adds one session to another, and forgets it.
    fn merge(&mut self, into: RowRef, other: RowRef) -> Result<()> {
        let (sessions, merging) = match (&mut self.sessions, &mut self.merging) {
            (Some(sessions), Some(merging)) => (sessions, merging),
            _ => return Err(not_open()),
        };
        let hash = sessions.store.hash(other);
        let mut upserted: Vec<Upserted> = Vec::new();
        merging.upsert(&[hash], &KeyColumn::U64(&[0]), &mut upserted)?;
        let copy = upserted.first().map(|entry| entry.row);
        let copy = copy.ok_or_else(|| Error::new(ErrorKind::Internal, "a session that is not there"))?;
        let fixed = sessions.store.fixed(other);
        merging.fixed_mut(copy).iter_mut().zip(fixed).for_each(|(to, from)| *to = *from);
        self.accumulators.merge(&mut sessions.store, &[into], merging, &[copy])?;
        merging.remove(copy);
        self.accumulators.remove(&mut sessions.store, &[other])?;
        sessions.remove(other);
        Ok(())
    }

    /// The time of each row, as the clock shows it.
    fn times(&self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<Vec<i64>> {
        let clock = &self.specification.clock;
        let RowTime::Column(column) = self.specification.time else {
            let now = output.context().now().as_millis().max(self.progress.saturating_add(1));
            return Ok(vec![clock.local(now); chunk.rows()]);
        };
        let times = LocalTimes::of(chunk.column(column)?, clock)?;
        if !times.are_all_valid() {
            return Err(super::null_time());
        }
        Ok(times.times)
    }

    /// Emits all sessions that are over, then sends the watermark on.
    fn go_on(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(advancing) = self.advancing else { return Ok(()) };
        loop {
            let clock = &self.specification.clock;
            let sessions = self.sessions.as_mut().ok_or_else(not_open)?;
            let over = sessions.take_over(Chunk::ROWS, |end| clock.is_over(end, advancing.to));
            if over.is_empty() {
                break;
            }
            let now = output.context().now().as_millis();
            if let Some(chunk) = self.rows(&over, now)? {
                output.forward(&mut chunk.into_batch())?;
            }
            if output.should_yield() {
                output.suspend();
                return Ok(());
            }
        }
        self.advancing = None;
        self.progress = self.progress.max(advancing.to);
        match advancing.watermark {
            Some(watermark) => output.emit_watermark(watermark),
            None => Ok(()),
        }
    }

    /// The results of sessions, which are forgotten.
    fn rows(&mut self, over: &[RowRef], now: i64) -> Result<Option<Chunk>> {
        let sessions = self.sessions.as_mut().ok_or_else(not_open)?;
        let keys: Vec<&[u8]> = over.iter().map(|session| sessions.store.key(*session)).collect();
        let keys = self.keys.decode(&keys)?;
        let results = self.accumulators.results(&sessions.store, over)?;
        let (clock, is_rowtime) = (&self.specification.clock, self.specification.is_rowtime);
        let window = self.specification.columns.iter().map(|column| -> ArrayRef {
            let values = over.iter().map(|session| {
                let (start, end) = sessions.window(*session);
                match column {
                    WindowColumn::Start => start,
                    WindowColumn::End => end,
                    WindowColumn::Time if is_rowtime => clock.instant(end.saturating_sub(1)),
                    WindowColumn::Time => now,
                }
            });
            Arc::new(TimestampMillisecondArray::from_iter_values(values))
        });
        let columns: Vec<ArrayRef> = keys.into_iter().chain(results).chain(window).collect();
        let mut chunk = Chunk::new(columns, over.len());
        if let Some(present) = self.accumulators.present(&sessions.store, over)? {
            chunk = chunk.filter(&present)?;
        }
        self.accumulators.remove(&mut sessions.store, over)?;
        over.iter().for_each(|session| sessions.remove(*session));
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// Asks to be woken when the next session of processing time may be over.
    fn wake(&self, cx: &mut millstream_runtime::chain::TaskContext) {
        if self.specification.is_rowtime {
            return;
        }
        if let Some(due) = self.sessions.as_ref().and_then(Sessions::next_due) {
            cx.wake_at(Timestamp::from_millis(self.specification.clock.trigger(due).saturating_add(1)));
        }
    }
}

impl OperatorHooks<Chunk> for SessionAggregate {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let specification = &self.specification;
        let meta = specification.meta(SESSIONS, specification.describe_calls());
        let initial = self.accumulators.initial();
        let layout = RowLayout::new(KeyKind::U64, initial, RowsPerKey::One);
        self.merging = Some(RowStore::new(meta.clone(), cx.info().groups, cx.info().range(), layout));
        let mut sessions = Sessions::new(meta, cx.info(), &self.keys, initial);
        sessions.restore(SESSIONS, cx)?;
        self.sessions = Some(sessions);
        self.accumulators.open(cx, &|name, value| specification.meta(name, value))?;
        self.progress = restored_watermark(cx, false)?;
        self.wake(cx.task());
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        if !self.specification.is_rowtime {
            return output.emit_watermark(watermark);
        }
        self.advancing = Some(Advancing { to: watermark.as_millis(), watermark: Some(watermark) });
        self.go_on(output)
    }

    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.go_on(output)?;
        self.wake(output.context());
        Ok(())
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        if self.specification.is_rowtime || self.advancing.is_some() {
            return Ok(());
        }
        let to = output.context().now().as_millis().saturating_sub(1);
        let due = self.sessions.as_ref().and_then(Sessions::next_due);
        if due.is_some_and(|due| self.specification.clock.is_over(due, to)) {
            self.advancing = Some(Advancing { to, watermark: None });
            self.go_on(output)?;
        }
        self.wake(output.context());
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        if let Some(sessions) = &mut self.sessions {
            let rows = sessions.store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
        self.accumulators.snapshot(cx);
        cx.watermark(Timestamp::from_millis(self.progress))
    }
}

impl Operator<Chunk, Chunk> for SessionAggregate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
