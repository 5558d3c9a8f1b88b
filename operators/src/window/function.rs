//! What becomes of the records of a window: how they are gathered, and what is emitted of them.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, Output, SnapshotContext};
use millstream_state::{Key, Record};

use super::context::{Time, WindowContext};
use super::pane::PaneFunction;
use super::{Window, WindowProcessFunction, WindowResult};
use crate::function::{Emitter, FunctionResult, failed};

/// How the records of one key and window are gathered, and what is emitted of them.
///
/// What is emitted gets the window's last point in time, unless the function says otherwise.
pub trait WindowFunction<K, T, W>: Clone + Send + Sync + 'static {
    /// What is kept of the records of one key and window.
    type Accumulator: Record;
    /// How records are gathered.
    type Pane: PaneFunction<T, Accumulator = Self::Accumulator>;
    /// What comes out.
    type Output: Record;
    /// Whether it may emit to side outputs that only it knows.
    const EMITS_ASIDE: bool = true;

    /// How records are gathered.
    fn pane(&self) -> &Self::Pane;
    /// How records are gathered.
    fn pane_mut(&mut self) -> &mut Self::Pane;

    /// An accumulator to which nothing has been added.
    #[inline]
    fn create(&self) -> Self::Accumulator {
        self.pane().create()
    }

    /// Adds a record.
    #[inline]
    fn add(&mut self, accumulator: &mut Self::Accumulator, record: T) -> Result<()> {
        self.pane_mut().add(accumulator, record).map_err(failed)
    }

    /// Adds everything that was added to `other`, which came before or after.
    #[inline]
    fn merge(&mut self, accumulator: &mut Self::Accumulator, other: Self::Accumulator) -> Result<()> {
        self.pane_mut().merge(accumulator, other).map_err(failed)
    }

    /// A window fires, and goes on.
    fn fire(
        &mut self,
        place: (&K, &W),
        accumulator: &Self::Accumulator,
        time: Time<'_>,
        out: &mut Emitter<'_, Self::Output>,
    ) -> FunctionResult;

    /// A window fires, and is over.
    fn finish(
        &mut self,
        place: (K, &W),
        accumulator: Self::Accumulator,
        time: Time<'_>,
        out: &mut Emitter<'_, Self::Output>,
    ) -> FunctionResult;

    /// A window of a key is over: drops what was kept for it besides its records. Called by the general operator only.
    fn clear(&mut self, place: (&K, &W), time: Time<'_>) -> FunctionResult {
        let _ = (place, time);
        Ok(())
    }

    /// Before the first record.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// Event time has come to a point, and the windows that were due have fired.
    fn watermark(&mut self, time: Time<'_>, output: &mut Output<'_, Self::Output>) -> FunctionResult {
        let _ = (time, output);
        Ok(())
    }

    /// No record follows.
    fn end_of_data(&mut self, time: Time<'_>, output: &mut Output<'_, Self::Output>) -> FunctionResult {
        let _ = (time, output);
        Ok(())
    }

    /// Hands operator state over.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// The subtask ends.
    fn close(&mut self) {}
}

/// Emits what each window comes to, with its key and the window.
#[derive(Clone)]
pub(crate) struct Results<P>(pub(crate) P);

impl<K: Key, T, W: Window, P: PaneFunction<T>> WindowFunction<K, T, W> for Results<P> {
    type Accumulator = P::Accumulator;
    type Pane = P;
    type Output = WindowResult<K, P::Output, W>;
    const EMITS_ASIDE: bool = false;

    #[inline]
    fn pane(&self) -> &P {
        &self.0
    }

    #[inline]
    fn pane_mut(&mut self) -> &mut P {
        &mut self.0
    }

    #[inline]
    fn fire(
        &mut self,
        (key, window): (&K, &W),
        accumulator: &P::Accumulator,
        _: Time<'_>,
        out: &mut Emitter<'_, Self::Output>,
    ) -> FunctionResult {
        match self.0.result(accumulator).map_err(Into::into)? {
            Some(value) => out.emit(WindowResult { key: key.clone(), window: window.clone(), value }),
            None => Ok(()),
        }
    }

    #[inline]
    fn finish(
        &mut self,
        (key, window): (K, &W),
        accumulator: P::Accumulator,
        _: Time<'_>,
        out: &mut Emitter<'_, Self::Output>,
    ) -> FunctionResult {
        match self.0.finish(accumulator).map_err(Into::into)? {
            Some(value) => out.emit(WindowResult { key, window: window.clone(), value }),
            None => Ok(()),
        }
    }
}

/// Lets a user's function emit what it makes of each window.
#[derive(Clone)]
pub(crate) struct Processed<P, F, O> {
    pane: P,
    function: F,
    _output: std::marker::PhantomData<fn() -> O>,
}

impl<P, F, O> Processed<P, F, O> {
    pub(crate) const fn new(pane: P, function: F) -> Self {
        Self { pane, function, _output: std::marker::PhantomData }
    }
}

impl<K, T, W, P, F, O> WindowFunction<K, T, W> for Processed<P, F, O>
where
    K: Key,
    W: Window,
    P: PaneFunction<T>,
    F: WindowProcessFunction<K, P::Output, W, O>,
    O: Record,
{
    type Accumulator = P::Accumulator;
    type Pane = P;
    type Output = O;

    #[inline]
    fn pane(&self) -> &P {
        &self.pane
    }

    #[inline]
    fn pane_mut(&mut self) -> &mut P {
        &mut self.pane
    }

    fn fire(
        &mut self,
        (key, window): (&K, &W),
        accumulator: &P::Accumulator,
        time: Time<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        match self.pane.result(accumulator).map_err(Into::into)? {
            Some(content) => self.function.process(content, &mut WindowContext { key, window, time }, out),
            None => Ok(()),
        }
    }

    fn finish(
        &mut self,
        (key, window): (K, &W),
        accumulator: P::Accumulator,
        time: Time<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        match self.pane.finish(accumulator).map_err(Into::into)? {
            Some(content) => {
                self.function.process(content, &mut WindowContext { key: &key, window, time }, out)
            }
            None => Ok(()),
        }
    }

    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.function.open(cx)
    }

    fn watermark(&mut self, time: Time<'_>, output: &mut Output<'_, O>) -> FunctionResult {
        self.function.watermark(&mut time.without_record(), &mut Emitter::new(output, time.watermark()))
    }

    fn end_of_data(&mut self, time: Time<'_>, output: &mut Output<'_, O>) -> FunctionResult {
        self.function.end_of_data(&mut time.without_record(), &mut Emitter::new(output, time.watermark()))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        self.function.snapshot(cx)
    }

    fn close(&mut self) {
        self.function.close();
    }
}
