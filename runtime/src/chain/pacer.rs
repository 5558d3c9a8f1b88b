//! How much an operator gets to do at a time: as much as takes it a few milliseconds.

use std::time::Duration;

use super::TaskContext;
use crate::batch::BATCH_RECORDS;

/// An operator should be done with a piece of work after about so long, so that barriers,
/// cancellations and neighbours get their turn.
const PIECE_TIME: Duration = Duration::from_millis(5);

/// How many records the first piece has: nobody knows yet how slow the operator is.
pub(super) const FIRST_PIECE: usize = 16;

/// An operator that takes more than this at a time is measured only now and then: reading the clock may
/// take as long as working on a hundred records.
const LARGE_PIECE: usize = 2 * BATCH_RECORDS;

/// One in so many pieces is measured then.
const SAMPLE: u8 = 32;

/// Finds out how many records an operator can take at a time.
pub(super) struct Pacer {
    piece: usize,
    unmeasured: u8,
}

impl Pacer {
    pub(super) const fn new() -> Self {
        Self { piece: FIRST_PIECE, unmeasured: 0 }
    }

    /// How many records the operator gets at a time.
    #[inline]
    pub(super) const fn piece(&self) -> usize {
        self.piece
    }

    /// Lets the operator work on a piece of `len` records, and learns from how long that takes.
    #[inline]
    pub(super) fn pace<R>(
        &mut self,
        len: usize,
        cx: &mut TaskContext,
        work: impl FnOnce(&mut TaskContext) -> R,
    ) -> R {
        if self.piece > LARGE_PIECE && self.unmeasured < SAMPLE {
            self.unmeasured += 1;
            return work(cx);
        }
        self.unmeasured = 0;
        let began = cx.read_clock();
        let result = work(cx);
        let took = cx.read_clock().saturating_sub(began);
        self.learn(len, took);
        // A source that emits smaller batches spares the pieces.
        cx.note_piece(self.piece);
        result
    }

    fn learn(&mut self, len: usize, took: Duration) {
        if len == 0 {
            // A watermark or the end of one input, which says nothing of records.
            return;
        }
        // Also from less than a whole piece: behind a filter nothing else may ever come.
        let fit = len as u128 * PIECE_TIME.as_nanos() / took.as_nanos().max(1);
        let fit = usize::try_from(fit).unwrap_or(usize::MAX);
        self.piece = fit.clamp(1, self.piece.saturating_mul(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_the_time_they_take() {
        let mut pacer = Pacer::new();
        pacer.learn(16, Duration::from_millis(32));
        assert_eq!(pacer.piece(), 2, "2 ms a record");
        pacer.learn(2, Duration::from_secs(1));
        assert_eq!(pacer.piece(), 1, "never none");
        for expected in [2, 4, 8] {
            pacer.learn(pacer.piece(), Duration::from_micros(10));
            assert_eq!(pacer.piece(), expected);
        }
        pacer.learn(3, Duration::from_micros(10));
        assert_eq!(pacer.piece(), 16, "behind a filter, pieces are never whole");
        pacer.learn(3, Duration::from_millis(3));
        assert_eq!(pacer.piece(), 5, "1 ms a record");
        pacer.learn(0, Duration::from_millis(3));
        assert_eq!(pacer.piece(), 5, "no record");
    }
}
