//! The regular join: the rows of both inputs are kept, and each row meets those of the other input with its key.
//!
//! Emits, row by row, what Flink's `StreamingJoinOperator` and `StreamingSemiAntiJoinOperator` emit. Where a row meets
//! several, it meets them in the order in which they came; in Flink that is the order of a Java hash map.

mod bundle;
mod emission;
mod probe;
mod side;
mod specification;

use std::collections::VecDeque;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};

use millstream_state::Timestamp;

use self::bundle::JoinBundle;
use self::probe::Probe;
use self::side::JoinSide;
pub use self::specification::{JoinSpecification, SideSpecification, UniqueKey};
use crate::chunk::Chunk;
use crate::eval::EvalContext;

/// An input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Left,
    Right,
}

/// Keeps the rows of both inputs, and emits pairs of them as they come and go.
pub struct Join {
    specification: JoinSpecification,
    left: JoinSide,
    right: JoinSide,
    /// Rows that are collected, with mini-batch.
    bundle: Option<JoinBundle>,
    /// Chunks that have not been looked at.
    waiting: VecDeque<(Input, Chunk)>,
    /// The chunk that is being looked at.
    probe: Option<Probe>,
    /// A watermark that is emitted when all chunks are done.
    advancing: Option<Timestamp>,
}

impl Join {
    /// The operator of a subtask.
    pub fn new(specification: &JoinSpecification) -> Self {
        Self {
            left: JoinSide::new("left-records", &specification.left, specification.tracks_left()),
            right: JoinSide::new("right-records", &specification.right, specification.tracks_right()),
            bundle: specification.bundle.map(|rows| JoinBundle::new(specification, rows)),
            specification: specification.clone(),
            waiting: VecDeque::new(),
            probe: None,
            advancing: None,
        }
    }

    /// Works until all chunks are done, or there is no room for what they give.
    fn work(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let cx = EvalContext { now: output.context().now().as_millis(), watermark: None };
        loop {
            let mut probe = match self.probe.take() {
                Some(probe) => probe,
                None => match self.waiting.pop_front() {
                    Some((input, chunk)) => self.begin(input, chunk, &cx)?,
                    None => break,
                },
            };
            let (own, other) = match probe.input() {
                Input::Left => (&mut self.left, &mut self.right),
                Input::Right => (&mut self.right, &mut self.left),
            };
            while !probe.is_done() {
                if output.should_yield() {
                    self.probe = Some(probe);
                    output.suspend();
                    return Ok(());
                }
                probe.block(&self.specification, own, other, &cx, &mut |chunk| {
                    output.forward(&mut chunk.into_batch())
                })?;
            }
        }
        match self.advancing.take() {
            Some(watermark) => output.emit_watermark(watermark),
            None => Ok(()),
        }
    }

    /// Takes chunks of an input: to collect their rows, or to work on them.
    fn take_in(
        &mut self,
        input: Input,
        batch: &mut Batch<Chunk>,
        output: &mut Output<'_, Chunk>,
    ) -> Result<()> {
        let waiting = &mut self.waiting;
        match &mut self.bundle {
            None => waiting.extend(batch.drain().map(|chunk| (input, chunk))),
            Some(bundle) => batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| {
                bundle.push(input, chunk, &mut |input, chunk| waiting.push_back((input, chunk)))
            })?,
        }
        self.work(output)
    }

    /// Works on all rows that are collected.
    fn finish_bundle(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let waiting = &mut self.waiting;
        if let Some(bundle) = &mut self.bundle {
            bundle.take(&mut |input, chunk| waiting.push_back((input, chunk)))?;
        }
        self.work(output)
    }

    fn begin(&mut self, input: Input, chunk: Chunk, cx: &EvalContext) -> Result<Probe> {
        let now = Timestamp::from_millis(cx.now);
        for side in [&mut self.left, &mut self.right] {
            side.advance(now, chunk.rows())?;
        }
        match input {
            Input::Left => Probe::new(input, chunk, &self.left, &self.right),
            Input::Right => Probe::new(input, chunk, &self.right, &self.left),
        }
    }
}

impl OperatorHooks<Chunk> for Join {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.left.open(cx)?;
        self.right.open(cx)
    }

    fn resume(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.work(output)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.advancing = Some(watermark);
        self.finish_bundle(output)
    }

    fn before_barrier(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.left.snapshot(cx);
        self.right.snapshot(cx);
        Ok(())
    }
}

impl TwoInputOperator<Chunk, Chunk, Chunk> for Join {
    fn process_first(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.take_in(Input::Left, batch, output)
    }

    fn process_second(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.take_in(Input::Right, batch, output)
    }
}

#[cfg(test)]
mod tests;
