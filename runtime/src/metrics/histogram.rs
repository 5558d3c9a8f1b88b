//! How values are distributed.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Counter;

/// Buckets in each power of two: a value is off by a sixteenth at most.
const PARTS: u64 = 16;
const BITS: u32 = PARTS.trailing_zeros();
/// The values below [`PARTS`] have a bucket each; each power of two from there on has as many as them.
const BUCKETS: usize = ((64 - BITS as usize) + 1) * PARTS as usize;

/// How whole numbers (milliseconds, bytes, …) are distributed, from the start of the attempt: exact in number, sum,
/// least and greatest value, and within a sixteenth in between. One writer, as of a [`Counter`].
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[Counter]>,
    sum: Counter,
    least: AtomicU64,
    greatest: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = std::iter::repeat_with(Counter::default).take(BUCKETS).collect();
        Self {
            buckets,
            sum: Counter::default(),
            least: AtomicU64::new(u64::MAX),
            greatest: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Adds a value.
    pub fn update(&self, value: u64) {
        if let Some(bucket) = self.buckets.get(bucket_of(value)) {
            bucket.add(1);
        }
        self.sum.add(value);
        if value < self.least.load(Ordering::Relaxed) {
            self.least.store(value, Ordering::Relaxed);
        }
        if value > self.greatest.load(Ordering::Relaxed) {
            self.greatest.store(value, Ordering::Relaxed);
        }
    }

    /// What has been added so far.
    pub fn read(&self) -> HistogramSnapshot {
        let buckets = self.buckets.iter().enumerate();
        let buckets = buckets.map(|(index, bucket)| (index, bucket.get())).filter(|(_, count)| *count > 0);
        HistogramSnapshot {
            buckets: buckets.collect(),
            sum: self.sum.get(),
            least: self.least.load(Ordering::Relaxed),
            greatest: self.greatest.load(Ordering::Relaxed),
        }
    }
}

/// What a [`Histogram`] said at some point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// How many values lie in each bucket that has any, in order.
    buckets: Vec<(usize, u64)>,
    sum: u64,
    least: u64,
    greatest: u64,
}

impl HistogramSnapshot {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// All values together.
    pub const fn sum(&self) -> u64 {
        self.sum
    }

    /// The least value; `None` of none.
    pub fn min(&self) -> Option<u64> {
        (!self.buckets.is_empty()).then_some(self.least)
    }

    /// The greatest value; `None` of none.
    pub fn max(&self) -> Option<u64> {
        (!self.buckets.is_empty()).then_some(self.greatest)
    }

    /// The least value that this share of the values (0 to 1) is not above, within a sixteenth; `None` of none.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among the values, and a share of them"
    )]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let rank = (share.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let bucket = self.buckets.iter().find(|(_, count)| {
            below += count;
            below >= rank
        });
        bucket.map(|(index, _)| last_of(*index).clamp(self.least, self.greatest))
    }

    /// The values of both.
    pub(super) fn merge(&mut self, other: &Self) {
        for &(index, count) in &other.buckets {
            match self.buckets.binary_search_by_key(&index, |(index, _)| *index) {
                Ok(place) => self.buckets.get_mut(place).into_iter().for_each(|(_, sum)| *sum += count),
                Err(place) => self.buckets.insert(place, (index, count)),
            }
        }
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

#[allow(clippy::cast_possible_truncation, reason = "below the number of buckets")]
const fn bucket_of(value: u64) -> usize {
    if value < PARTS {
        return value as usize;
    }
    let power = 63 - value.leading_zeros();
    // The bits after the first one.
    let part = (value >> (power - BITS)) - PARTS;
    ((power - BITS + 1) as u64 * PARTS + part) as usize
}

/// The greatest value of a bucket.
const fn last_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PARTS {
        return bucket;
    }
    let (power, part) = (bucket / PARTS - 1, bucket % PARTS);
    let first = (PARTS + part) << power;
    first + ((1 << power) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let histogram = Histogram::default();
        values.iter().for_each(|value| histogram.update(*value));
        histogram
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        let nothing = of(&[]).read();
        assert_eq!((nothing.count(), nothing.sum(), nothing.min(), nothing.max()), (0, 0, None, None));
        assert_eq!(nothing.quantile(0.5), None);
    }

    #[test]
    fn the_ends_have_buckets() {
        let ends = of(&[0, u64::MAX]);
        assert_eq!(ends.read().count(), 2);
        assert_eq!((ends.read().quantile(0.5), ends.read().quantile(1.0)), (Some(0), Some(u64::MAX)));
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_values_within_a_sixteenth(value: u64) {
            let last = last_of(bucket_of(value));
            prop_assert!(value <= last && last - value <= value / PARTS);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(0_u64..100_000, 1..200),
            share in 0.0_f64..=1.0,
            cut in 0_usize..200,
        ) {
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut both = of(left).read();
            both.merge(&of(right).read());
            prop_assert_eq!(&both, &of(&values).read());
            values.sort_unstable();
            let rank = ((share * values.len() as f64).ceil() as usize).max(1);
            let (exact, told) = (values[rank - 1], both.quantile(share).unwrap());
            prop_assert!(exact <= told && told - exact <= exact / PARTS, "{} for {}", told, exact);
            prop_assert_eq!((both.count(), both.sum()), (values.len() as u64, values.iter().sum::<u64>()));
            prop_assert_eq!((both.min(), both.max()), (values.first().copied(), values.last().copied()));
        }
    }
}
