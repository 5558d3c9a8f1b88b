//! How the records of one key and window are gathered: counted, reduced, aggregated or kept.

use std::convert::Infallible;
use std::sync::Arc;

use millstream_state::{AggregateFunction, Record};

use super::TryAggregateFunction;
use crate::function::FunctionError;

/// How the records of one key and window (Flink's pane) are gathered, and what they come to.
pub trait PaneFunction<T>: Clone + Send + Sync + 'static {
    /// What is kept.
    type Accumulator: Record;
    /// What it comes to.
    type Output: Record;
    /// What it may fail with. `Infallible` costs nothing.
    type Failure: Into<FunctionError>;

    /// Whether an accumulator stays small however much is added, so that merging costs no more than adding:
    /// sliding windows then gather records by slices.
    const MERGES: bool;

    /// An accumulator to which nothing has been added.
    fn create(&self) -> Self::Accumulator;
    /// Adds a record.
    fn add(&mut self, accumulator: &mut Self::Accumulator, record: T) -> Result<(), Self::Failure>;
    /// Adds everything that was added to `other`, which came before or after.
    fn merge(
        &mut self,
        accumulator: &mut Self::Accumulator,
        other: Self::Accumulator,
    ) -> Result<(), Self::Failure>;
    /// What has been added comes to, if to anything, for a window that goes on.
    fn result(&mut self, accumulator: &Self::Accumulator) -> Result<Option<Self::Output>, Self::Failure>;
    /// What has been added comes to, if to anything, for a window that is over.
    #[inline]
    fn finish(&mut self, accumulator: Self::Accumulator) -> Result<Option<Self::Output>, Self::Failure> {
        self.result(&accumulator)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Count;

impl<T> PaneFunction<T> for Count {
    type Accumulator = u64;
    type Output = u64;
    type Failure = Infallible;

    const MERGES: bool = true;

    #[inline]
    fn create(&self) -> u64 {
        0
    }
    #[inline]
    fn add(&mut self, count: &mut u64, _: T) -> Result<(), Infallible> {
        *count += 1;
        Ok(())
    }
    fn merge(&mut self, count: &mut u64, other: u64) -> Result<(), Infallible> {
        *count += other;
        Ok(())
    }
    #[inline]
    fn result(&mut self, count: &u64) -> Result<Option<u64>, Infallible> {
        Ok(Some(*count))
    }
}

#[derive(Clone)]
pub(crate) struct Reduce<F>(pub(crate) F);

impl<F> Reduce<F> {
    #[inline]
    fn combine<T, E>(&mut self, accumulator: &mut Option<T>, record: T) -> Result<(), E>
    where
        F: FnMut(T, T) -> Result<T, E>,
    {
        *accumulator = Some(match accumulator.take() {
            Some(before) => (self.0)(before, record)?,
            None => record,
        });
        Ok(())
    }
}

impl<T, E, F> PaneFunction<T> for Reduce<F>
where
    T: Record,
    E: Into<FunctionError>,
    F: FnMut(T, T) -> Result<T, E> + Clone + Send + Sync + 'static,
{
    /// Empty only before the first record, and while the function has it.
    type Accumulator = Option<T>;
    type Output = T;
    type Failure = E;

    const MERGES: bool = true;

    #[inline]
    fn create(&self) -> Option<T> {
        None
    }
    #[inline]
    fn add(&mut self, accumulator: &mut Option<T>, record: T) -> Result<(), E> {
        self.combine(accumulator, record)
    }
    fn merge(&mut self, accumulator: &mut Option<T>, other: Option<T>) -> Result<(), E> {
        other.map_or(Ok(()), |other| self.combine(accumulator, other))
    }
    #[inline]
    fn result(&mut self, accumulator: &Option<T>) -> Result<Option<T>, E> {
        Ok(accumulator.clone())
    }
    #[inline]
    fn finish(&mut self, accumulator: Option<T>) -> Result<Option<T>, E> {
        Ok(accumulator)
    }
}

/// Takes something out of each record, and combines that.
#[derive(Clone)]
pub(crate) struct MapReduce<M, F> {
    pub(crate) map: M,
    pub(crate) reduce: F,
}

impl<T, N, M, F> PaneFunction<T> for MapReduce<M, F>
where
    N: Record,
    M: FnMut(T) -> N + Clone + Send + Sync + 'static,
    F: FnMut(&mut N, N) + Clone + Send + Sync + 'static,
{
    /// Empty only before the first record.
    type Accumulator = Option<N>;
    type Output = N;
    type Failure = Infallible;

    const MERGES: bool = true;

    #[inline]
    fn create(&self) -> Option<N> {
        None
    }
    #[inline]
    fn add(&mut self, accumulator: &mut Option<N>, record: T) -> Result<(), Infallible> {
        let next = Some((self.map)(record));
        self.merge(accumulator, next)
    }
    #[inline]
    fn merge(&mut self, accumulator: &mut Option<N>, other: Option<N>) -> Result<(), Infallible> {
        match (accumulator, other) {
            (Some(combined), Some(next)) => (self.reduce)(combined, next),
            (empty @ None, next) => *empty = next,
            (Some(_), None) => {}
        }
        Ok(())
    }
    #[inline]
    fn result(&mut self, accumulator: &Option<N>) -> Result<Option<N>, Infallible> {
        Ok(accumulator.clone())
    }
    #[inline]
    fn finish(&mut self, accumulator: Option<N>) -> Result<Option<N>, Infallible> {
        Ok(accumulator)
    }
}

pub(crate) struct Aggregate<A>(pub(crate) Arc<A>);

impl<A> Clone for Aggregate<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, A: AggregateFunction<Input = T>> PaneFunction<T> for Aggregate<A> {
    type Accumulator = A::Accumulator;
    type Output = A::Output;
    type Failure = Infallible;

    const MERGES: bool = true;

    #[inline]
    fn create(&self) -> A::Accumulator {
        self.0.create_accumulator()
    }
    #[inline]
    fn add(&mut self, accumulator: &mut A::Accumulator, record: T) -> Result<(), Infallible> {
        self.0.add(&record, accumulator);
        Ok(())
    }
    fn merge(&mut self, accumulator: &mut A::Accumulator, other: A::Accumulator) -> Result<(), Infallible> {
        self.0.merge(accumulator, other);
        Ok(())
    }
    #[inline]
    fn result(&mut self, accumulator: &A::Accumulator) -> Result<Option<A::Output>, Infallible> {
        Ok(Some(self.0.result(accumulator)))
    }
}

pub(crate) struct TryAggregate<A>(pub(crate) Arc<A>);

impl<A> Clone for TryAggregate<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T, A: TryAggregateFunction<Input = T>> PaneFunction<T> for TryAggregate<A> {
    type Accumulator = A::Accumulator;
    type Output = A::Output;
    type Failure = FunctionError;

    const MERGES: bool = true;

    fn create(&self) -> A::Accumulator {
        self.0.create_accumulator()
    }
    fn add(&mut self, accumulator: &mut A::Accumulator, record: T) -> Result<(), FunctionError> {
        self.0.add(&record, accumulator)
    }
    fn merge(
        &mut self,
        accumulator: &mut A::Accumulator,
        other: A::Accumulator,
    ) -> Result<(), FunctionError> {
        self.0.merge(accumulator, other)
    }
    fn result(&mut self, accumulator: &A::Accumulator) -> Result<Option<A::Output>, FunctionError> {
        self.0.result(accumulator).map(Some)
    }
}

/// Keeps all records, in the order they come.
#[derive(Clone, Copy)]
pub(crate) struct Keep;

impl<T: Record> PaneFunction<T> for Keep {
    type Accumulator = Vec<T>;
    type Output = Vec<T>;
    type Failure = Infallible;

    const MERGES: bool = false;

    fn create(&self) -> Vec<T> {
        Vec::new()
    }
    #[inline]
    fn add(&mut self, records: &mut Vec<T>, record: T) -> Result<(), Infallible> {
        records.push(record);
        Ok(())
    }
    fn merge(&mut self, records: &mut Vec<T>, other: Vec<T>) -> Result<(), Infallible> {
        records.extend(other);
        Ok(())
    }
    fn result(&mut self, records: &Vec<T>) -> Result<Option<Vec<T>>, Infallible> {
        Ok(Some(records.clone()))
    }
    fn finish(&mut self, records: Vec<T>) -> Result<Option<Vec<T>>, Infallible> {
        Ok(Some(records))
    }
}
