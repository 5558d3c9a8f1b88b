//! What is kept of one window of one key.

use millstream_runtime::Result;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Key, KeyedTable, Record, Shape, Timestamp};
use serde::{Deserialize, Serialize};

use super::contents::Contents;
use crate::function::{Closing, Emitter, TimeOfDay};
use crate::process::TimeDomain;
use crate::window::Window;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::trigger::{TimerChange, Trigger, TriggerContext, TriggerResult};

/// The name of the state that holds the open windows.
pub(in crate::window) const PANES: &str = "panes";

/// One window of one key. Those of a key are kept in order.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pane<W, V, S> {
    pub(super) window: W,
    /// What it holds; nothing before the first record, and after a purge.
    pub(super) kept: Option<V>,
    /// What the trigger keeps.
    pub(super) trigger: Option<S>,
}

impl<W, V, S> Pane<W, V, S> {
    pub(super) const fn new(window: W) -> Self {
        Self { window, kept: None, trigger: None }
    }

    /// Whether it is the same as one that is not there.
    pub(super) const fn is_empty(&self) -> bool {
        self.kept.is_none() && self.trigger.is_none()
    }
}

/// The windows of all keys of a subtask.
pub(super) type Panes<K, W, V, S> = KeyedTable<K, Vec<Pane<W, V, S>>>;

/// Without windows.
pub(super) fn no_panes<K: Key, W: Window, V: Record, S: Record>(info: &OperatorInfo) -> Panes<K, W, V, S> {
    let meta = StateMeta {
        name: PANES.to_owned(),
        kind: StateKind::Window,
        key: Shape::of::<K>(),
        value: Shape::of::<Vec<Pane<W, V, S>>>(),
    };
    KeyedTable::new(meta, info.groups, info.range())
}

/// What is called about a window.
pub(super) struct Calls<F, G, C> {
    pub(super) function: Closing<F>,
    pub(super) trigger: G,
    pub(super) contents: C,
    pub(super) clock: TimeOfDay,
    /// What the trigger has done to timers of the window, until that is carried out.
    pub(super) timers: Vec<TimerChange>,
}

impl<F, G, C> Calls<F, G, C> {
    /// Lets the trigger do something about a window.
    pub(super) fn ask<W, V, S, R>(
        &mut self,
        pane: &mut Pane<W, V, S>,
        watermark: Timestamp,
        call: impl FnOnce(&mut G, &W, &mut TriggerContext<'_, S>) -> R,
    ) -> R {
        let time = Time::at(&self.clock, watermark);
        let mut cx = TriggerContext::new(&mut pane.trigger, &mut self.timers, time);
        call(&mut self.trigger, &pane.window, &mut cx)
    }

    /// What the trigger says of a timer that is due.
    pub(super) fn on_timer<T, W: Window, V>(
        &mut self,
        pane: &mut Pane<W, V, G::State>,
        watermark: Timestamp,
        (domain, time): (TimeDomain, Timestamp),
    ) -> Result<TriggerResult>
    where
        G: Trigger<T, W>,
    {
        let result = self.ask(pane, watermark, |trigger, window, cx| match domain {
            TimeDomain::EventTime => trigger.on_event_time(time, window, cx),
            TimeDomain::ProcessingTime => trigger.on_processing_time(time, window, cx),
        });
        Ok(result?)
    }

    /// Does what the trigger has decided; true if the function was called.
    pub(super) fn obey<K: Key, T, W: Window, S>(
        &mut self,
        result: TriggerResult,
        key: &K,
        pane: &mut Pane<W, C::Kept<F::Accumulator>, S>,
        watermark: Timestamp,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool>
    where
        F: WindowFunction<K, T, W>,
        C: Contents<T, W>,
    {
        let mut fired = false;
        if result.fires()
            && let Some(kept) = &mut pane.kept
        {
            let time = Time::at(&self.clock, watermark);
            let mut out = Emitter::new(output, pane.window.max_timestamp());
            self.contents.fire(self.function.get(), (key, &pane.window), kept, time, &mut out)?;
            fired = true;
        }
        if result.purges() {
            pane.kept = None;
        }
        Ok(fired)
    }
}
