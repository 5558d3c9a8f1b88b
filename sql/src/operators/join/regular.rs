//! The regular join: the rows of both inputs are kept, and each row meets those of the other input with its key.
//!
//! Emits, row by row, what Flink's `StreamingJoinOperator` and `StreamingSemiAntiJoinOperator` emit. Where a row meets
//! several, it meets them in the order in which they came; in Flink that is the order of a Java hash map.

mod emission;
mod probe;
mod side;
mod specification;

use std::collections::VecDeque;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};

use millstream_state::Timestamp;

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
    /// Chunks that have not been looked at.
    waiting: VecDeque<(Input, Chunk)>,
    /// The chunk that is being looked at.
    probe: Option<Probe>,
}

impl Join {
    /// The operator of a subtask.
    pub fn new(specification: &JoinSpecification) -> Self {
        Self {
            left: JoinSide::new("left-records", &specification.left, specification.tracks_left()),
            right: JoinSide::new("right-records", &specification.right, specification.tracks_right()),
            specification: specification.clone(),
            waiting: VecDeque::new(),
            probe: None,
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
                    None => return Ok(()),
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

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.left.snapshot(cx);
        self.right.snapshot(cx);
        Ok(())
    }
}

impl TwoInputOperator<Chunk, Chunk, Chunk> for Join {
    fn process_first(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.waiting.extend(batch.drain().map(|chunk| (Input::Left, chunk)));
        self.work(output)
    }

    fn process_second(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.waiting.extend(batch.drain().map(|chunk| (Input::Right, chunk)));
        self.work(output)
    }
}

#[cfg(test)]
mod tests;
