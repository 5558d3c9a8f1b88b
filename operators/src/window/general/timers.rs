//! Timers of windows: what triggers set, and one for each window when it is over.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_state::{Key, Record, Timestamp, stable_hash};

use super::contents::Contents;
use super::operator::{Firing, GeneralOperator, PaneOf};
use super::pane::Pane;
use super::window_key::WindowKey;
use crate::process::TimeDomain;
use crate::window::WindowAssigner;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::trigger::{Change, Trigger};

impl<K, T, A, F, G, C> GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    /// Has a window looked at when it is over.
    pub(super) fn register_end(
        &mut self,
        hash: u64,
        place: &WindowKey<K, A::Window>,
        end: Option<Timestamp>,
    ) -> Result<()> {
        if let Some(end) = end {
            self.timers.of(Self::time_of_end()).register(hash, place, end)?;
        }
        Ok(())
    }

    /// The time in which windows end.
    pub(super) const fn time_of_end() -> TimeDomain {
        if Self::OF_PROCESSING_TIME { TimeDomain::ProcessingTime } else { TimeDomain::EventTime }
    }

    /// Carries out what the trigger has done to timers of a window.
    pub(super) fn change_timers(&mut self, hash: u64, place: &WindowKey<K, A::Window>) -> Result<()> {
        let is_ending = matches!(self.firing, Some(Firing::Ending { .. }));
        for changed in self.calls.timers.drain(..) {
            let timers = self.timers.of(changed.domain);
            match changed.change {
                Change::Register if is_ending && changed.domain == TimeDomain::ProcessingTime => {}
                Change::Register => {
                    timers.register(hash, place, changed.time)?;
                }
                Change::Delete => {
                    timers.delete(hash, place, changed.time)?;
                }
            }
        }
        Ok(())
    }

    /// A timer of a window is due.
    pub(super) fn on_timer(
        &mut self,
        timer: (TimeDomain, Timestamp),
        place: &WindowKey<K, A::Window>,
        output: &mut Output<'_, F::Output>,
    ) -> Result<()> {
        let (hash, watermark) = (stable_hash(&place.key), self.watermark.get());
        let is_over = timer.0 == Self::time_of_end() && self.end_of(&place.window) == Some(timer.1);
        let found = self
            .panes
            .get(hash, &place.key)
            .and_then(|panes| panes.binary_search_by(|pane| pane.window.cmp(&place.window)).ok());
        let Some(index) = found else {
            // A window that has merged to another leaves no timers; that of one without records is looked at all the same.
            return if A::MERGES { Ok(()) } else { self.on_timer_of_empty(timer, is_over, hash, place) };
        };
        let table = self.panes.content_mut(hash)?;
        let Some(panes) = table.get_mut(hash, &place.key) else { return Ok(()) };
        let Some(pane) = panes.get_mut(index) else { return Ok(()) };
        let result = self.calls.on_timer(pane, watermark, timer)?;
        self.calls.obey(result, &place.key, pane, watermark, output)?;
        if is_over {
            self.calls.ask(pane, watermark, |trigger, window, cx| trigger.clear(window, cx))?;
        }
        if is_over || (!A::MERGES && pane.is_empty()) {
            panes.remove(index);
            if panes.is_empty() {
                table.remove(hash, &place.key);
            }
        }
        self.change_timers(hash, place)?;
        if is_over { self.forget(place) } else { Ok(()) }
    }

    /// A timer is due of a window that holds nothing: it has been purged, and the trigger keeps nothing of it.
    fn on_timer_of_empty(
        &mut self,
        timer: (TimeDomain, Timestamp),
        is_over: bool,
        hash: u64,
        place: &WindowKey<K, A::Window>,
    ) -> Result<()> {
        let watermark = self.watermark.get();
        let mut pane: PaneOf<K, T, A, F, G, C> = Pane::new(place.window.clone());
        self.calls.on_timer(&mut pane, watermark, timer)?;
        if is_over {
            self.calls.ask(&mut pane, watermark, |trigger, window, cx| trigger.clear(window, cx))?;
        } else if !pane.is_empty() {
            let table = self.panes.content_mut(hash)?;
            let panes = table.entry(hash, place.key.clone(), |_| Vec::new());
            let index = panes.partition_point(|other| other.window < pane.window);
            panes.insert(index, pane);
        }
        self.change_timers(hash, place)?;
        if is_over { self.forget(place) } else { Ok(()) }
    }

    /// A window is over.
    fn forget(&mut self, place: &WindowKey<K, A::Window>) -> Result<()> {
        let time = Time::new(&self.calls.clock, self.watermark);
        Ok(self.calls.function.get().clear((&place.key, &place.window), time)?)
    }
}
