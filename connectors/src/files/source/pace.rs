//! A rate limit that never sleeps: it says how many records are due, and when the next will be.

use std::time::Duration;

use millstream_state::Timestamp;

/// How long records are saved up before the reader is woken for them: fewer wake-ups, larger batches.
const STEP: Duration = Duration::from_millis(10);

/// What was not read in this time is not made up for later.
const MEMORY: Duration = Duration::from_secs(1);

/// The pace of one reader.
#[derive(Debug)]
pub(super) struct Pace {
    /// Records per millisecond; above 0.
    rate: f64,
    /// Records that may be read now, with what has been saved of the next.
    due: f64,
    last: Option<Timestamp>,
}

impl Pace {
    /// The pace of one of `parallelism` readers that read this many records per second together.
    pub(super) fn new(records_per_second: f64, parallelism: u32) -> Self {
        let rate = records_per_second / 1_000.0 / f64::from(parallelism.max(1));
        // A rate that is no rate at all still has to be one that ends.
        Self { rate: if rate.is_finite() { rate.max(1e-9) } else { f64::MAX }, due: 0.0, last: None }
    }

    /// How many records may be read now; if none, when to ask again.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "bounded"
    )]
    pub(super) fn allowance(&mut self, now: Timestamp) -> Result<usize, Timestamp> {
        let elapsed = self.last.map_or(Duration::ZERO, |last| now.since(last)).min(MEMORY);
        self.last = Some(self.last.map_or(now, |last| last.max(now)));
        self.due = (self.due + self.rate * elapsed.as_millis() as f64).min(1e15);
        if self.due >= 1.0 {
            return Ok(self.due as usize);
        }
        let missing = Duration::from_millis(((1.0 - self.due) / self.rate).ceil().clamp(1.0, 1e12) as u64);
        Err(now.saturating_add(missing.max(STEP)))
    }

    /// Records have been read.
    #[allow(clippy::cast_precision_loss, reason = "a batch is small")]
    pub(super) fn spend(&mut self, records: usize) {
        self.due -= records as f64;
    }
}
