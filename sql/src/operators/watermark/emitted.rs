//! What is emitted between rows.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_runtime::event::StreamStatus;
use millstream_state::Timestamp;

use crate::chunk::Chunk;

/// The last watermark and status that have been emitted: watermarks only rise, and nothing is said twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmittedWatermarks {
    last: Option<i64>,
    is_idle: bool,
}

impl EmittedWatermarks {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { last: None, is_idle: false }
    }

    /// The last watermark, in milliseconds.
    pub const fn last(&self) -> Option<i64> {
        self.last
    }

    /// Whether the stream is idle.
    pub const fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Emits a watermark in milliseconds, if there is one that is higher.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn emit(&mut self, watermark: Option<i64>, output: &mut Output<'_, Chunk>) -> Result<()> {
        match watermark {
            Some(millis) if self.last.is_none_or(|last| millis > last) => {
                self.last = Some(millis);
                output.emit_watermark(Timestamp::from_millis(millis))
            }
            _ => Ok(()),
        }
    }

    /// Says that the stream is idle, or active, if it was not.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn set_idle(&mut self, is_idle: bool, output: &mut Output<'_, Chunk>) -> Result<()> {
        if is_idle == self.is_idle {
            return Ok(());
        }
        self.is_idle = is_idle;
        output.emit_status(if is_idle { StreamStatus::Idle } else { StreamStatus::Active })
    }
}

/// Emits the rows of a chunk from `start` on.
///
/// # Errors
/// If an operator further down fails.
pub fn forward_from(chunk: &Chunk, start: usize, output: &mut Output<'_, Chunk>) -> Result<()> {
    match start {
        0 => output.forward(&mut chunk.clone().into_batch()),
        _ if start < chunk.rows() => {
            output.forward(&mut chunk.slice(start, chunk.rows() - start).into_batch())
        }
        _ => Ok(()),
    }
}
