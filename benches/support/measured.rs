//! What benchmarks measure in the same way.

#![allow(dead_code, reason = "each benchmark uses what it needs")]

/// Processor time of this process so far, in seconds, in steps of a hundredth; from `/proc`, elsewhere there is none. What
/// it shares a machine with does not count.
pub fn processor_time() -> Option<f64> {
    processor_time_of("self")
}

/// The same of a process, by its number.
pub fn processor_time_of(process: &str) -> Option<f64> {
    // Behind the name, which may have blanks, the fields 14 and 15 are ticks in user and system.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}

/// The middle one of some figures.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
