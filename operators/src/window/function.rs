//! What becomes of the records of a window: counted, reduced, aggregated or kept.

use std::sync::Arc;

use millstream_state::{AggregateFunction, Record};

/// How records of one key and window are gathered, and what they come to.
pub trait WindowFunction<K, T, W>: Clone + Send + Sync + 'static {
    /// What is kept.
    type Accumulator: Record;
    /// What comes out.
    type Output: Record;

    /// An accumulator to which nothing has been added.
    fn create(&self) -> Self::Accumulator;
    /// Adds a record.
    fn add(&mut self, accumulator: &mut Self::Accumulator, record: T);
    /// Adds everything that was added to `other`, which came before or after.
    fn merge(&mut self, accumulator: &mut Self::Accumulator, other: Self::Accumulator);
    /// What has been added comes to, if to anything, for a window that goes on.
    fn result(&mut self, key: &K, window: &W, accumulator: &Self::Accumulator) -> Option<Self::Output>;
    /// What has been added comes to, if to anything, for a window that is over.
    fn finish(&mut self, key: &K, window: &W, accumulator: Self::Accumulator) -> Option<Self::Output> {
        self.result(key, window, &accumulator)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Count;

impl<K, T, W> WindowFunction<K, T, W> for Count {
    type Accumulator = u64;
    type Output = u64;

    #[inline]
    fn create(&self) -> u64 {
        0
    }
    #[inline]
    fn add(&mut self, count: &mut u64, _: T) {
        *count += 1;
    }
    fn merge(&mut self, count: &mut u64, other: u64) {
        *count += other;
    }
    fn result(&mut self, _: &K, _: &W, count: &u64) -> Option<u64> {
        Some(*count)
    }
}

#[derive(Clone)]
pub(super) struct Reduce<F>(pub(super) F);

impl<F> Reduce<F> {
    #[inline]
    fn combine<T>(&mut self, accumulator: &mut Option<T>, record: T)
    where
        F: FnMut(T, T) -> T,
    {
        *accumulator = Some(match accumulator.take() {
            Some(before) => (self.0)(before, record),
            None => record,
        });
    }
}

impl<K, T: Record, W, F: FnMut(T, T) -> T + Clone + Send + Sync + 'static> WindowFunction<K, T, W>
    for Reduce<F>
{
    /// Empty only before the first record, and while the function has it.
    type Accumulator = Option<T>;
    type Output = T;

    #[inline]
    fn create(&self) -> Option<T> {
        None
    }
    #[inline]
    fn add(&mut self, accumulator: &mut Option<T>, record: T) {
        self.combine(accumulator, record);
    }
    fn merge(&mut self, accumulator: &mut Option<T>, other: Option<T>) {
        if let Some(other) = other {
            self.combine(accumulator, other);
        }
    }
    fn result(&mut self, _: &K, _: &W, accumulator: &Option<T>) -> Option<T> {
        accumulator.clone()
    }
    fn finish(&mut self, _: &K, _: &W, accumulator: Option<T>) -> Option<T> {
        accumulator
    }
}

pub(super) struct Aggregate<A>(pub(super) Arc<A>);

impl<A> Clone for Aggregate<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, T, W, A: AggregateFunction<Input = T>> WindowFunction<K, T, W> for Aggregate<A> {
    type Accumulator = A::Accumulator;
    type Output = A::Output;

    #[inline]
    fn create(&self) -> A::Accumulator {
        self.0.create_accumulator()
    }
    #[inline]
    fn add(&mut self, accumulator: &mut A::Accumulator, record: T) {
        self.0.add(&record, accumulator);
    }
    fn merge(&mut self, accumulator: &mut A::Accumulator, other: A::Accumulator) {
        self.0.merge(accumulator, other);
    }
    fn result(&mut self, _: &K, _: &W, accumulator: &A::Accumulator) -> Option<A::Output> {
        Some(self.0.result(accumulator))
    }
}

#[derive(Clone)]
pub(super) struct Process<F>(pub(super) F);

impl<K, T, W, R, F> WindowFunction<K, T, W> for Process<F>
where
    T: Record,
    R: Record,
    F: FnMut(&K, &W, Vec<T>) -> R + Clone + Send + Sync + 'static,
{
    type Accumulator = Vec<T>;
    type Output = R;

    fn create(&self) -> Vec<T> {
        Vec::new()
    }
    #[inline]
    fn add(&mut self, records: &mut Vec<T>, record: T) {
        records.push(record);
    }
    fn merge(&mut self, records: &mut Vec<T>, other: Vec<T>) {
        records.extend(other);
    }
    fn result(&mut self, key: &K, window: &W, records: &Vec<T>) -> Option<R> {
        self.finish(key, window, records.clone())
    }
    fn finish(&mut self, key: &K, window: &W, records: Vec<T>) -> Option<R> {
        Some((self.0)(key, window, records))
    }
}
