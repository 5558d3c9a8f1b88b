//! A number that goes up and down.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that is what it was last set to; 0 before. Whole numbers are exact up to 2^53.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// From now on it is `value`.
    #[inline]
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// From now on it is the whole number `value`.
    #[allow(clippy::cast_precision_loss, reason = "documented above")]
    #[inline]
    pub fn set_integer(&self, value: i64) {
        self.set(value as f64);
    }

    /// What it was last set to.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}
