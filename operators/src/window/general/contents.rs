//! What a window holds: what its records have come to, or, if some may be taken out again, the records.

use millstream_runtime::Result;
use millstream_state::{Record, Timestamp};

use crate::function::{Emitter, FunctionResult};
use crate::window::Window;
use crate::window::context::Time;
use crate::window::evictor::{Evictor, EvictorContext, TimestampedValue};
use crate::window::function::WindowFunction;

/// What a window holds of its records.
pub trait Contents<T, W: Window>: Clone + Send + Sync + 'static {
    /// What is kept, where a function gathers records to `V`.
    type Kept<V: Record>: Record;

    /// What is wrong with it, if anything.
    fn problem(&self) -> Option<String>;

    /// Whether records must carry timestamps.
    fn needs_timestamps(&self) -> bool;

    /// What a window without records holds.
    fn create<K, F: WindowFunction<K, T, W>>(&self, function: &F) -> Self::Kept<F::Accumulator>;

    /// Adds a record.
    fn add<K, F: WindowFunction<K, T, W>>(
        &self,
        function: &mut F,
        kept: &mut Self::Kept<F::Accumulator>,
        record: (T, Timestamp),
    ) -> Result<()>;

    /// Adds what another window holds with which it has merged.
    fn merge<K, F: WindowFunction<K, T, W>>(
        &self,
        function: &mut F,
        kept: &mut Self::Kept<F::Accumulator>,
        other: Self::Kept<F::Accumulator>,
    ) -> Result<()>;

    /// The window fires.
    fn fire<K: Clone, F: WindowFunction<K, T, W>>(
        &mut self,
        function: &mut F,
        place: (&K, &W),
        kept: &mut Self::Kept<F::Accumulator>,
        time: Time<'_>,
        out: &mut Emitter<'_, F::Output>,
    ) -> FunctionResult;
}

/// Holds what the records have come to.
#[derive(Clone, Copy, Debug)]
pub struct Combined;

impl<T, W: Window> Contents<T, W> for Combined {
    type Kept<V: Record> = V;

    fn problem(&self) -> Option<String> {
        None
    }

    fn needs_timestamps(&self) -> bool {
        false
    }

    #[inline]
    fn create<K, F: WindowFunction<K, T, W>>(&self, function: &F) -> F::Accumulator {
        function.create()
    }

    #[inline]
    fn add<K, F: WindowFunction<K, T, W>>(
        &self,
        function: &mut F,
        kept: &mut F::Accumulator,
        (record, _): (T, Timestamp),
    ) -> Result<()> {
        function.add(kept, record)
    }

    fn merge<K, F: WindowFunction<K, T, W>>(
        &self,
        function: &mut F,
        kept: &mut F::Accumulator,
        other: F::Accumulator,
    ) -> Result<()> {
        function.merge(kept, other)
    }

    fn fire<K: Clone, F: WindowFunction<K, T, W>>(
        &mut self,
        function: &mut F,
        place: (&K, &W),
        kept: &mut F::Accumulator,
        time: Time<'_>,
        out: &mut Emitter<'_, F::Output>,
    ) -> FunctionResult {
        function.fire(place, kept, time, out)
    }
}

/// Holds the records, of which an evictor takes some out.
#[derive(Clone, Copy, Debug)]
pub struct Evicted<E>(pub(in crate::window) E);

impl<T: Record, W: Window, E: Evictor<T, W>> Contents<T, W> for Evicted<E> {
    type Kept<V: Record> = Vec<TimestampedValue<T>>;

    fn problem(&self) -> Option<String> {
        self.0.problem()
    }

    fn needs_timestamps(&self) -> bool {
        self.0.needs_timestamps()
    }

    fn create<K, F: WindowFunction<K, T, W>>(&self, _: &F) -> Vec<TimestampedValue<T>> {
        Vec::new()
    }

    #[inline]
    fn add<K, F: WindowFunction<K, T, W>>(
        &self,
        _: &mut F,
        kept: &mut Vec<TimestampedValue<T>>,
        (record, timestamp): (T, Timestamp),
    ) -> Result<()> {
        kept.push(TimestampedValue::new(record, timestamp.known()));
        Ok(())
    }

    fn merge<K, F: WindowFunction<K, T, W>>(
        &self,
        _: &mut F,
        kept: &mut Vec<TimestampedValue<T>>,
        other: Vec<TimestampedValue<T>>,
    ) -> Result<()> {
        kept.extend(other);
        Ok(())
    }

    fn fire<K: Clone, F: WindowFunction<K, T, W>>(
        &mut self,
        function: &mut F,
        (key, window): (&K, &W),
        kept: &mut Vec<TimestampedValue<T>>,
        time: Time<'_>,
        out: &mut Emitter<'_, F::Output>,
    ) -> FunctionResult {
        let cx = EvictorContext::new(time);
        self.0.evict_before(kept, window, &cx)?;
        let mut accumulator = function.create();
        for element in kept.iter() {
            function.add(&mut accumulator, element.value.clone())?;
        }
        function.finish((key.clone(), window), accumulator, time, out)?;
        self.0.evict_after(kept, window, &cx)
    }
}
