//! How much processor time a benchmark has taken: what it shares a machine with does not count.

/// Processor time of this process so far, in seconds, in steps of a hundredth; from `/proc`, elsewhere there is none.
pub fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}
