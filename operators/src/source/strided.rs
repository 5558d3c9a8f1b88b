//! What sources have in common whose records are known by number: the collection and the generator.

use serde::{Deserialize, Serialize};

/// Every `stride`-th number from `next` on: a split of a source whose records are numbered.
///
/// Where it ends is not in it: that is up to the source, also after a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StridedSplit {
    next: u64,
    stride: u64,
}

impl StridedSplit {
    /// The share of subtask `subtask` of `parallelism`.
    pub fn share(subtask: u32, parallelism: u32) -> Vec<Self> {
        vec![Self { next: u64::from(subtask), stride: u64::from(parallelism.max(1)) }]
    }

    /// Which numbers it has had and will have: the first of them all, and how far apart they are. No other split of the
    /// source has the same.
    pub const fn numbers(&self) -> (u64, u64) {
        (self.next % self.stride, self.stride)
    }

    #[inline]
    const fn take(&mut self, count: u64) -> NumberRun {
        let run = NumberRun { start: self.next, stride: self.stride, count };
        self.next = self.next.saturating_add(self.stride.saturating_mul(count));
        run
    }
}

/// Some numbers of one split.
#[derive(Clone, Copy, Debug)]
pub struct NumberRun {
    start: u64,
    stride: u64,
    count: u64,
}

impl NumberRun {
    /// The split that it is of, by its [numbers](StridedSplit::numbers).
    pub const fn split(self) -> (u64, u64) {
        (self.start % self.stride, self.stride)
    }

    /// The numbers, in order.
    #[inline]
    pub fn numbers(self) -> impl Iterator<Item = u64> {
        (0..self.count).map(move |index| self.start + index * self.stride)
    }
}

/// Counts through splits, always going on with the one that is furthest behind: a subtask that got
/// several after a restore keeps the order of the numbers, and with it the order in time.
///
/// Splits that are used up stay: that they are is part of the snapshot.
#[derive(Debug, Default)]
pub struct Numbers {
    splits: Vec<StridedSplit>,
}

impl Numbers {
    /// Adds splits: the share at the start, or what a snapshot says is left.
    pub fn add(&mut self, splits: Vec<StridedSplit>) {
        self.splits.extend(splits);
    }

    /// What is left, for a snapshot.
    pub fn splits(&self) -> Vec<StridedSplit> {
        self.splits.clone()
    }

    /// Calls `each` with runs of the next numbers below `end`, `limit` numbers at most; says whether
    /// more are left.
    #[inline]
    pub fn advance(&mut self, end: u64, limit: usize, mut each: impl FnMut(NumberRun)) -> bool {
        if let [only] = self.splits.as_mut_slice() {
            // The usual case: one run, and a loop over it without decisions.
            let left = end.saturating_sub(only.next).div_ceil(only.stride);
            each(only.take(left.min(limit as u64)));
            return left > limit as u64;
        }
        for _ in 0..limit {
            let furthest_behind = self.splits.iter_mut().min_by_key(|split| split.next);
            match furthest_behind.filter(|split| split.next < end) {
                Some(split) => each(split.take(1)),
                None => return false,
            }
        }
        self.splits.iter().any(|split| split.next < end)
    }

    /// Which part of all numbers is in these splits, from 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "a parallelism is at most 2^15")]
    pub fn part_of_all(&self) -> f64 {
        self.splits.iter().map(|split| 1.0 / split.stride as f64).sum()
    }
}
