//! A function with state as one of windows.

use std::marker::PhantomData;

use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind};
use millstream_state::{Current, HeapStore, Key, Record, Shape, stable_hash};

use super::context::Stores;
use super::{StatefulWindowContext, StatefulWindowProcessFunction, WindowOpenContext};
use crate::function::{Emitter, FunctionResult};
use crate::window::Window;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::general::WindowKey;
use crate::window::pane::PaneFunction;

/// The states of a function that was called, and the hash and place of what it was called about.
type Called<'a, K, W> = (&'a mut Stores<K, W>, u64, WindowKey<K, W>);

/// Lets a function with state emit what it makes of each window. Runs in the general operator only, which says when a window
/// is over.
pub(crate) struct Stateful<K, W, P, F, S, O> {
    pane: P,
    function: F,
    merges: bool,
    /// There once the operator is open.
    opened: Option<(Stores<K, W>, S)>,
    _output: PhantomData<fn() -> O>,
}

impl<K, W, P, F, S, O> Stateful<K, W, P, F, S, O> {
    pub(crate) const fn new(pane: P, function: F, merges: bool) -> Self {
        Self { pane, function, merges, opened: None, _output: PhantomData }
    }
}

impl<K, W, P: Clone, F: Clone, S, O> Clone for Stateful<K, W, P, F, S, O> {
    /// The function before it is open.
    fn clone(&self) -> Self {
        Self::new(self.pane.clone(), self.function.clone(), self.merges)
    }
}

impl<K: Key, W: Window, P, F, S, O> Stateful<K, W, P, F, S, O> {
    /// Calls the function about a window.
    fn call(
        &mut self,
        (key, window): (K, W),
        time: Time<'_>,
        call: impl FnOnce(&mut F, &S, &mut StatefulWindowContext<'_, K, W>) -> FunctionResult,
    ) -> FunctionResult<Called<'_, K, W>> {
        let Some((stores, state)) = &mut self.opened else {
            return Err(Error::new(ErrorKind::Internal, "a window function works before it is open").into());
        };
        stores.advance(time);
        let (hash, place) = (stable_hash(&key), WindowKey { key, window });
        call(&mut self.function, state, &mut StatefulWindowContext::new(stores, (hash, &place), time))?;
        Ok((stores, hash, place))
    }
}

impl<K, T, W, P, F, O> WindowFunction<K, T, W> for Stateful<K, W, P, F, F::State, O>
where
    K: Key,
    W: Window,
    P: PaneFunction<T>,
    F: StatefulWindowProcessFunction<K, P::Output, W, O>,
    O: Record,
{
    type Accumulator = P::Accumulator;
    type Pane = P;
    type Output = O;

    fn pane(&self) -> &P {
        &self.pane
    }

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
        let Some(content) = self.pane.result(accumulator).map_err(Into::into)? else { return Ok(()) };
        let place = (key.clone(), window.clone());
        self.call(place, time, |function, state, cx| function.process(content, state, cx, out))?;
        Ok(())
    }

    fn finish(
        &mut self,
        (key, window): (K, &W),
        accumulator: P::Accumulator,
        time: Time<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let Some(content) = self.pane.finish(accumulator).map_err(Into::into)? else { return Ok(()) };
        let place = (key, window.clone());
        self.call(place, time, |function, state, cx| function.process(content, state, cx, out))?;
        Ok(())
    }

    fn clear(&mut self, (key, window): (&K, &W), time: Time<'_>) -> FunctionResult {
        let place = (key.clone(), window.clone());
        let (stores, hash, place) =
            self.call(place, time, |function, state, cx| function.clear(state, cx))?;
        Ok(stores.windows.remove_all(Current { key: &place, hash })?)
    }

    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let (groups, range) = (cx.info().groups, cx.info().range());
        let of_windows = Shape::of::<WindowKey<K, W>>();
        let restored = cx.take_all_keyed().into_iter();
        let (windows, keys): (Vec<_>, Vec<_>) = restored.partition(|state| state.meta.key == of_windows);
        let mut stores = Stores {
            windows: HeapStore::new(groups, range, windows),
            keys: HeapStore::new(groups, range, keys),
        };
        let now = cx.task().now();
        stores.windows.set_now(now);
        stores.keys.set_now(now);
        let mut opening =
            WindowOpenContext { stores: &mut stores, operator: cx.reborrow(), merges: self.merges };
        let state = self.function.open(&mut opening)?;
        if let Some(problem) = opening.problem() {
            return Err(Error::new(ErrorKind::InvalidJob, problem).into());
        }
        cx.put_back_keyed(stores.windows.take_unclaimed());
        cx.put_back_keyed(stores.keys.take_unclaimed());
        self.opened = Some((stores, state));
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let Some((stores, _)) = &mut self.opened else { return Ok(()) };
        for state in stores.windows.snapshot(cx.checkpoint()) {
            cx.keyed(state);
        }
        for state in stores.keys.snapshot(cx.checkpoint()) {
            cx.keyed(state);
        }
        Ok(())
    }

    fn close(&mut self) {
        self.function.close();
    }
}
