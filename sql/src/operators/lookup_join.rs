//! Lookup join: for each row, the rows of a table are fetched by keys, without holding the task up.
//!
//! Rows of one chunk are looked up together, each key once; several chunks may wait for their answers at a time, up to a
//! capacity. They leave in the order in which they came, and so do watermarks between them. Before a barrier passes,
//! everything that waits is answered and emitted: the operator has no state, and a restore at another parallelism has
//! nothing to share out.

mod answer;
mod full;
mod partial;
mod request;
mod specification;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::event::StreamStatus;
use millstream_state::Timestamp;

use crate::chunk::Chunk;
use crate::connectors::lookup::{FoundRows, LookupCache, LookupFunction};
use crate::eval::EvalContext;
use full::FullTable;
use partial::RowCache;
use request::Request;
pub use specification::LookupJoinSpecification;

/// Joins rows with those of a table that its connector finds for them. As Flink's `AsyncLookupJoinRunner` in an
/// `AsyncWaitOperator` that keeps the order.
pub struct LookupJoin {
    specification: LookupJoinSpecification,
    function: Box<dyn LookupFunction>,
    kept: Kept,
    /// What has come and not been emitted, in order.
    waiting: VecDeque<Waiting>,
    /// How many rows are among that.
    waiting_rows: usize,
    /// Rows for which there was no room.
    backlog: VecDeque<Chunk>,
    watermark: Option<i64>,
}

/// Rows of the table that need not be fetched.
enum Kept {
    None,
    Partial(RowCache),
    Full(FullTable),
}

/// What waits until it is its turn.
enum Waiting {
    Rows(Box<Request>, Option<IoHandle<FoundRows>>),
    Watermark(Timestamp),
    Status(StreamStatus),
}

/// Why the operator stopped emitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    /// There is nothing left.
    Done,
    /// An answer is not there yet; the task is woken when it is.
    Unanswered,
    /// There is no room downstream, or the task has had its share.
    Yielded,
}

impl LookupJoin {
    /// The operator of a subtask.
    pub fn new(specification: &LookupJoinSpecification) -> Self {
        let kept = match &specification.cache {
            LookupCache::None => Kept::None,
            LookupCache::Partial(options) => Kept::Partial(RowCache::new(options.clone())),
            LookupCache::Full { reload_interval, fixed_rate } => {
                Kept::Full(FullTable::new(*reload_interval, *fixed_rate))
            }
        };
        Self {
            function: (specification.factory)(),
            specification: specification.clone(),
            kept,
            waiting: VecDeque::new(),
            waiting_rows: 0,
            backlog: VecDeque::new(),
            watermark: None,
        }
    }

    /// Starts what there is room for.
    fn begin(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        while self.waiting_rows < self.specification.capacity {
            let Some(rows) = self.backlog.pop_front() else { return Ok(()) };
            let cx = output.context();
            let mut request = Request::new(&self.specification, rows)?;
            let handle = match &mut self.kept {
                Kept::None => request.all_missing(),
                Kept::Partial(cache) => {
                    request.all_missing().and_then(|_| request.find(cache, cx.monotonic()))
                }
                Kept::Full(_) => None,
            };
            let handle = match handle {
                Some(missing) => Some(cx.spawn_io(self.function.lookup(request.keys(&missing)?))),
                None => None,
            };
            self.waiting_rows += request.rows();
            self.waiting.push_back(Waiting::Rows(Box::new(request), handle));
        }
        Ok(())
    }

    /// Emits what is answered, in order.
    fn advance(&mut self, output: &mut Output<'_, Chunk>) -> Result<Stopped> {
        if let Kept::Full(table) = &mut self.kept {
            table.see_to_reload(&self.specification, &mut *self.function, output.context())?;
        }
        loop {
            self.begin(output)?;
            if self.waiting.is_empty() {
                return Ok(Stopped::Done);
            }
            if output.should_yield() {
                return Ok(Stopped::Yielded);
            }
            match self.waiting.pop_front() {
                None => return Ok(Stopped::Done),
                Some(Waiting::Watermark(watermark)) => {
                    self.watermark = Some(watermark.as_millis());
                    output.emit_watermark(watermark)?;
                }
                Some(Waiting::Status(status)) => output.emit_status(status)?,
                Some(Waiting::Rows(request, handle)) => {
                    let found = match &handle {
                        None => None,
                        Some(pending) => match pending.take() {
                            Some(found) => Some(found?),
                            None => {
                                self.waiting.push_front(Waiting::Rows(request, handle));
                                return Ok(Stopped::Unanswered);
                            }
                        },
                    };
                    if let Kept::Full(table) = &self.kept
                        && !table.is_loaded()
                    {
                        self.waiting.push_front(Waiting::Rows(request, handle));
                        return Ok(Stopped::Unanswered);
                    }
                    self.waiting_rows -= request.rows();
                    self.emit(*request, found, output)?;
                }
            }
        }
    }

    fn emit(
        &mut self,
        mut request: Request,
        found: Option<FoundRows>,
        output: &mut Output<'_, Chunk>,
    ) -> Result<()> {
        let now = output.context().now().as_millis();
        let cx = EvalContext { now, watermark: self.watermark };
        let specification = &self.specification;
        let answer = match &mut self.kept {
            Kept::None => request.answer(specification, found)?,
            Kept::Partial(cache) => {
                if let Some(found) = &found {
                    request.keep(specification, found, cache, output.context().monotonic())?;
                }
                request.answer(specification, found)?
            }
            Kept::Full(table) => table.answer(specification, &request)?,
        };
        answer.join(specification, &request, &cx, &mut |chunk| output.forward(&mut chunk.into_batch()))
    }

    /// Emits what it can, and takes nothing else while there is no room.
    fn advance_or_suspend(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        match self.advance(output)? {
            Stopped::Yielded => output.suspend(),
            // An answer wakes the task. Until then upstream waits.
            Stopped::Unanswered if self.is_full() => output.context().hold_input(),
            Stopped::Unanswered | Stopped::Done => {}
        }
        Ok(())
    }

    /// Whether no more rows may wait.
    fn is_full(&self) -> bool {
        !self.backlog.is_empty() || self.waiting_rows >= self.specification.capacity
    }
}

impl OperatorHooks<Chunk> for LookupJoin {
    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.advance_or_suspend(output)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.waiting.push_back(Waiting::Watermark(watermark));
        self.advance_or_suspend(output)
    }

    fn status(&mut self, status: StreamStatus, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.waiting.push_back(Waiting::Status(status));
        self.advance_or_suspend(output)
    }

    fn before_barrier(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        match self.advance(output)? {
            Stopped::Done => {}
            Stopped::Yielded => output.suspend(),
            Stopped::Unanswered => {
                output.suspend();
                output.context().set_blocked();
            }
        }
        Ok(())
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.advance_or_suspend(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        match self.advance(output)? {
            Stopped::Done => {}
            Stopped::Unanswered => output.context().hold_end(),
            Stopped::Yielded => output.suspend(),
        }
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for LookupJoin {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let most = self.specification.capacity.clamp(1, Chunk::ROWS);
        for chunk in batch.drain() {
            let slices = (0..chunk.rows()).step_by(most).map(|start| chunk.slice(start, most));
            self.backlog.extend(slices);
        }
        self.advance_or_suspend(output)
    }
}
