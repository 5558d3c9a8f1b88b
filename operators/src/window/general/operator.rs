//! The operator: adds records to windows, and lets these fire as their trigger says.

use millstream_runtime::Result;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_state::{Key, Record, Timestamp, stable_hash};

use super::contents::Contents;
use super::pane::{Calls, Pane, Panes, no_panes};
use super::window_key::WindowKey;
use crate::current_watermark::CurrentWatermark;
use crate::function::{Closing, TimeOfDay};
use crate::process::{TimeDomain, Timers};
use crate::window::WindowAssigner;
use crate::window::assigner::no_timestamp;
use crate::window::function::WindowFunction;
use crate::window::lateness::Lateness;
use crate::window::rule::{ByTrigger, FiringRule};
use crate::window::trigger::{Trigger, end_by_clock};

/// What an assigner's windows of a key are kept as.
type PanesOf<K, T, A, F, G, C> = Panes<
    K,
    <A as WindowAssigner<T>>::Window,
    <C as Contents<T, <A as WindowAssigner<T>>::Window>>::Kept<
        <F as WindowFunction<K, T, <A as WindowAssigner<T>>::Window>>::Accumulator,
    >,
    <G as Trigger<T, <A as WindowAssigner<T>>::Window>>::State,
>;

/// One window of a key, as it is kept.
pub(super) type PaneOf<K, T, A, F, G, C> = Pane<
    <A as WindowAssigner<T>>::Window,
    <C as Contents<T, <A as WindowAssigner<T>>::Window>>::Kept<
        <F as WindowFunction<K, T, <A as WindowAssigner<T>>::Window>>::Accumulator,
    >,
    <G as Trigger<T, <A as WindowAssigner<T>>::Window>>::State,
>;

/// Adds records to windows, and lets these fire as their trigger says. As Flink's `WindowOperator` and
/// `EvictingWindowOperator`.
pub(in crate::window) struct GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    pub(super) assigner: A,
    pub(super) calls: Calls<F, G, C>,
    pub(super) lateness: Lateness<T>,
    needs_timestamps: bool,
    pub(super) panes: PanesOf<K, T, A, F, G, C>,
    /// Those of triggers, and one for each window when it is over.
    pub(super) timers: Timers<WindowKey<K, A::Window>>,
    pub(super) watermark: CurrentWatermark,
    /// The timers that are being fired.
    pub(super) firing: Option<Firing>,
    /// Room for the windows of a record, and for those that merge.
    windows: Vec<A::Window>,
    pub(super) joined: Vec<A::Window>,
}

/// Timers that are being fired, until the task has to yield and goes on later.
#[derive(Clone, Copy)]
pub(super) enum Firing {
    /// Those up to the latest watermark; then this watermark is sent on.
    EventTime { watermark: Timestamp },
    /// The stream has ended: all that wait for processing time, which would otherwise be lost; then the watermark is sent
    /// on.
    Ending { watermark: Timestamp },
    /// Those up to this point in time.
    ProcessingTime { now: Timestamp },
}

impl<K, T, A, F, G, C> GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    pub(super) const OF_PROCESSING_TIME: bool = matches!(A::TIME, Some(TimeDomain::ProcessingTime));

    pub(in crate::window) fn new(
        assigner: A,
        function: F,
        (trigger, contents): (G, C),
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> Self {
        let rule = ByTrigger { trigger, contents };
        let needs_timestamps = FiringRule::<T, A>::needs_timestamps(&rule);
        let ByTrigger { trigger, contents } = rule;
        let (function, clock) = (Closing::new(function, F::close), TimeOfDay::default());
        Self {
            assigner,
            calls: Calls { function, trigger, contents, clock, timers: Vec::new() },
            lateness,
            needs_timestamps,
            panes: no_panes(info),
            timers: Timers::new(info),
            watermark: CurrentWatermark::default(),
            firing: None,
            windows: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// The time at which a window is over, in the time of the windows; `None` if that never comes.
    pub(super) fn end_of(&self, window: &A::Window) -> Option<Timestamp> {
        let end = if Self::OF_PROCESSING_TIME { end_by_clock(window) } else { self.lateness.end_of(window) };
        (end != Timestamp::MAX).then_some(end)
    }

    /// Whether a window is over already, so that no record comes to it.
    pub(super) fn is_late(&self, window: &A::Window) -> bool {
        !Self::OF_PROCESSING_TIME && self.lateness.end_of(window) <= self.watermark.get()
    }

    /// Adds a record to its windows; true if one has fired because of it.
    pub(super) fn add(
        &mut self,
        (key, record): (K, T),
        timestamp: Timestamp,
        now: Timestamp,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        if self.needs_timestamps && timestamp == Timestamp::MIN {
            return Err(no_timestamp());
        }
        let mut windows = std::mem::take(&mut self.windows);
        let assigned = if Self::OF_PROCESSING_TIME { now } else { timestamp };
        windows.extend(self.assigner.assign(&record, assigned));
        if !A::MERGES {
            windows.retain(|window| !self.is_late(window));
        }
        let hash = stable_hash(&key);
        let (mut record, mut has_fired, mut is_added) = (Some(record), false, false);
        let mut rest = windows.drain(..);
        if let Some(window) = rest.next() {
            let mut place = WindowKey { key, window };
            loop {
                if !A::MERGES || self.merge(hash, &mut place)? {
                    let is_last = rest.as_slice().is_empty();
                    // The last window gets the record itself.
                    let own = if is_last { record.take() } else { record.clone() };
                    if let Some(own) = own {
                        has_fired |= self.add_to(hash, &place, (own, timestamp), output)?;
                        is_added = true;
                    }
                }
                let Some(window) = rest.next() else { break };
                place.window = window;
            }
        }
        drop(rest);
        self.windows = windows;
        // Between windows that do not meet, a record may also belong to none.
        if let Some(record) = record.filter(|_| !is_added && self.is_record_late(timestamp)) {
            self.lateness.too_late(record, timestamp, output)?;
        }
        Ok(has_fired)
    }

    fn is_record_late(&self, timestamp: Timestamp) -> bool {
        !Self::OF_PROCESSING_TIME && timestamp <= self.lateness.closed(self.watermark)
    }

    /// Adds a record to a window; true if that has fired because of it.
    fn add_to(
        &mut self,
        hash: u64,
        place: &WindowKey<K, A::Window>,
        (record, timestamp): (T, Timestamp),
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let end = self.end_of(&place.window);
        let watermark = self.watermark.get();
        let table = self.panes.content_mut(hash)?;
        if table.get(hash, &place.key).is_none() {
            table.insert_new(hash, place.key.clone(), Vec::new());
        }
        let Some(panes) = table.get_mut(hash, &place.key) else { return Ok(false) };
        let found = panes.binary_search_by(|pane| pane.window.cmp(&place.window));
        let index = found.unwrap_or_else(|index| {
            panes.insert(index, Pane::new(place.window.clone()));
            index
        });
        let Some(pane) = panes.get_mut(index) else { return Ok(false) };
        let calls = &mut self.calls;
        // Asked first, while the record is there: the trigger does not see what the window holds.
        let result = calls
            .ask(pane, watermark, |trigger, window, cx| trigger.on_element(&record, timestamp, window, cx))?;
        let function = calls.function.get();
        let kept = pane.kept.get_or_insert_with(|| calls.contents.create(function));
        calls.contents.add(function, kept, (record, timestamp))?;
        let has_fired = calls.obey(result, &place.key, pane, watermark, output)?;
        if !A::MERGES && pane.is_empty() {
            panes.remove(index);
            if panes.is_empty() {
                table.remove(hash, &place.key);
            }
        }
        self.change_timers(hash, place)?;
        if found.is_err() {
            self.register_end(hash, place, end)?;
        }
        Ok(has_fired)
    }
}
