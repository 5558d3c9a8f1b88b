//! Watermarks of a table whose source reads chunks, split by split.

use millstream_operators::WatermarkGenerator;
use millstream_state::Timestamp;

use crate::chunk::Chunk;
use crate::connectors::{WatermarkAlignment, WatermarkStrategy};
use crate::operators::{WatermarkExpression, watermark_of};

/// The strategy of a table as that of a source of chunks: each chunk is of one split, and its watermark comes behind it.
pub(in crate::connectors) fn chunk_strategy(
    watermarks: &WatermarkStrategy,
) -> millstream_operators::WatermarkStrategy<Chunk> {
    let (expression, gap) = (watermarks.expression.clone(), watermarks.gap());
    let strategy = millstream_operators::WatermarkStrategy::for_generator(move || ChunkWatermarks {
        expression: expression.clone(),
        gap,
        rows: 0,
        now: Timestamp::from_millis(0),
    });
    let strategy = match watermarks.idle_timeout {
        Some(timeout) => strategy.idleness(timeout),
        None => strategy,
    };
    match &watermarks.alignment {
        Some(WatermarkAlignment { group, max_drift, update_interval }) => {
            strategy.alignment(&**group, *max_drift).alignment_interval(*update_interval)
        }
        None => strategy,
    }
}

/// The largest watermark of the rows of each chunk.
struct ChunkWatermarks {
    expression: WatermarkExpression,
    /// Looks at every so many-th row alone, where rows come one by one.
    gap: Option<u64>,
    rows: u64,
    now: Timestamp,
}

impl WatermarkGenerator<Chunk> for ChunkWatermarks {
    fn on_event(&mut self, chunk: &Chunk, _: Timestamp) -> Option<Timestamp> {
        self.rows += chunk.rows() as u64;
        if self.gap.is_some_and(|gap| !self.rows.is_multiple_of(gap)) {
            return None;
        }
        // An expression over columns that are there cannot fail; if it did, the operators behind would say so.
        let watermarks = self.expression.evaluate(chunk, self.now.as_millis()).ok()?;
        let rows = (0..chunk.rows()).filter_map(|row| watermark_of(&watermarks, row));
        rows.max().map(Timestamp::from_millis)
    }

    fn on_periodic(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.now = now;
        None
    }
}
