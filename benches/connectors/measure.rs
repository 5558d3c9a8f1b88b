//! What a run takes.

use std::time::Instant;

use super::measured::processor_time;

/// What a run took, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub wall: f64,
    /// Of the processor, without the broker's.
    pub processor: f64,
}

/// Measures something that this process does.
pub fn measure(work: impl FnOnce()) -> Took {
    let (start, before) = (Instant::now(), processor_time().unwrap_or_default());
    work();
    Took { wall: start.elapsed().as_secs_f64(), processor: processor_time().unwrap_or_default() - before }
}
