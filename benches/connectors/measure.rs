//! Time, and processor time of processes.

use std::time::{Duration, Instant};

/// What a run took, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub wall: f64,
    /// Of the processor, without the broker's.
    pub processor: f64,
}

/// Measures something that this process does.
pub fn measure(work: impl FnOnce()) -> Took {
    let (start, before) = (Instant::now(), processor_time("self"));
    work();
    Took { wall: start.elapsed().as_secs_f64(), processor: (processor_time("self") - before).as_secs_f64() }
}

/// Processor time of a process so far.
pub fn processor_time(process: &str) -> Duration {
    // Fields 14 and 15 behind the name, which may have blanks: ticks of 10 ms in user and system.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
