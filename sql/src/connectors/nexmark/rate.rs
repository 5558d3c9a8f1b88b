//! When events happen: the rate and its shape.

use super::options::{Options, RateShape};

/// The times of events by their number.
///
/// As in Apache Beam's Nexmark: with different first and next rates, the rate changes after each step of a period and
/// comes back to the first with the next period.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    base_millis: i64,
    /// Microseconds between events at the first rate.
    delay: f64,
    /// Set if the rate changes.
    cycle: Option<Cycle>,
}

/// Rates that follow one another and begin again.
#[derive(Clone, Debug)]
struct Cycle {
    steps: Vec<Step>,
    events: u64,
    millis: u64,
}

/// A time of constant rate.
#[derive(Clone, Copy, Debug)]
struct Step {
    events: u64,
    delay: f64,
    millis: u64,
}

impl Schedule {
    pub fn new(options: &Options) -> Self {
        let (first, next) = (options.first_event_rate, options.next_event_rate);
        let cycle = (first != next).then(|| {
            let rates = rates(options.rate_shape, first, next);
            let seconds = options.rate_period_seconds.div_ceil(rates.len() as u64);
            Cycle::new(seconds, &rates)
        });
        Self { base_millis: options.base_time_millis, delay: delay_micros(first), cycle }
    }

    /// The time of an event in milliseconds since the epoch. It never falls from one number to the next.
    #[inline]
    pub fn timestamp_millis(&self, number: u64) -> i64 {
        let offset = match &self.cycle {
            None => after(number, self.delay),
            Some(cycle) => cycle.offset_millis(number),
        };
        self.base_millis.saturating_add_unsigned(offset)
    }
}

impl Cycle {
    fn new(seconds: u64, rates: &[u64]) -> Self {
        let step =
            |rate: &u64| Step { events: seconds * rate, delay: delay_micros(*rate), millis: seconds * 1000 };
        let steps: Vec<Step> = rates.iter().map(step).collect();
        let events = steps.iter().map(|step| step.events).sum();
        let millis = steps.iter().map(|step| step.millis).sum();
        Self { steps, events, millis }
    }

    fn offset_millis(&self, number: u64) -> u64 {
        let mut offset = (number / self.events).saturating_mul(self.millis);
        let mut left = number % self.events;
        for step in &self.steps {
            if left < step.events {
                return offset.saturating_add(after(left, step.delay));
            }
            left -= step.events;
            offset = offset.saturating_add(step.millis);
        }
        offset
    }
}

/// The rates of the steps of a period, in events a second.
fn rates(shape: RateShape, first: u64, next: u64) -> Vec<u64> {
    match shape {
        RateShape::Square => vec![first, next],
        RateShape::Sine => {
            /// A full wave is cut into so many steps.
            const STEPS: u32 = 10;
            let middle = (first + next) as f64 / 2.0;
            let amplitude = (first as f64 - next as f64) / 2.0;
            let rate = |step| {
                let angle = std::f64::consts::TAU * f64::from(step) / f64::from(STEPS);
                (middle + amplitude * angle.cos()).round() as u64
            };
            (0..STEPS).map(rate).collect()
        }
    }
}

/// Microseconds between events.
fn delay_micros(rate: u64) -> f64 {
    1_000_000.0 / rate as f64
}

/// Milliseconds from an event to the `count`-th after it, rounded down twice, as the Flink connector does.
#[inline]
fn after(count: u64, delay_micros: f64) -> u64 {
    (count as f64 * delay_micros) as u64 / 1000
}

#[cfg(test)]
mod tests;
