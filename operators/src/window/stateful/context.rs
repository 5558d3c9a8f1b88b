//! What functions with state may ask: their states, about the window at hand, and about time.

use millstream_runtime::chain::OpenContext;
use millstream_runtime::{Error, ErrorKind};
use millstream_state::{Current, HeapStore, Key, StateAccess, Timestamp};

use crate::function::FunctionResult;
use crate::process::KeyedOpenContext;
use crate::window::context::Time;
use crate::window::general::{PANES, WindowKey};
use crate::window::{Window, WindowContext};

/// Where the states of a function live.
pub(super) struct Stores<K, W> {
    pub(super) windows: HeapStore<WindowKey<K, W>>,
    pub(super) keys: HeapStore<K>,
}

impl<K: Key, W: Window> Stores<K, W> {
    /// Before a call: says what time it is to states that expire, and removes some of what has expired.
    pub(super) fn advance(&mut self, time: Time<'_>) {
        self.windows.advance(|| time.now(), 1);
        self.keys.advance(|| time.now(), 1);
    }
}

/// What a [`StatefulWindowProcessFunction`](super::StatefulWindowProcessFunction) may ask when it opens: its states.
///
/// States are declared as with a [`KeyedOpenContext`], by names of which each is given once, whether the state is of windows
/// or of keys.
pub struct WindowOpenContext<'a, K, W> {
    pub(super) stores: &'a mut Stores<K, W>,
    pub(super) operator: OpenContext<'a>,
    pub(super) merges: bool,
}

impl<K: Key, W: Window> WindowOpenContext<'_, K, W> {
    /// Declares states of windows: one for each window of a key. As Flink's `windowState`.
    ///
    /// # Errors
    /// If the windows merge: as in Flink, such windows have no state.
    #[doc(alias = "windowState")]
    pub fn window_state(&mut self) -> FunctionResult<KeyedOpenContext<'_, WindowKey<K, W>>> {
        if self.merges {
            let problem =
                "windows that merge have no state of their own: take state of the key, `global_state`";
            return Err(Error::new(ErrorKind::InvalidJob, problem).into());
        }
        Ok(KeyedOpenContext::new(&mut self.stores.windows, self.operator.reborrow()))
    }

    /// Declares states of keys: one for each key, whatever the window. As Flink's `globalState`.
    #[doc(alias = "globalState")]
    pub const fn global_state(&mut self) -> KeyedOpenContext<'_, K> {
        KeyedOpenContext::new(&mut self.stores.keys, self.operator.reborrow())
    }

    /// What is wrong with the names of states, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        let (windows, keys) = (&self.stores.windows, &self.stores.keys);
        if let Some(name) = windows.names().find(|name| keys.names().any(|other| other == *name)) {
            return Some(format!(
                "state `{name}` is declared both for windows and for keys: give one of them another name"
            ));
        }
        let is_taken = windows.names().chain(keys.names()).any(|name| name == PANES);
        is_taken
            .then(|| format!("the state `{PANES}` is that of the windows themselves: choose another name"))
    }
}

/// What a [`StatefulWindowProcessFunction`](super::StatefulWindowProcessFunction) may ask about the window that it works on:
/// its states, and what a [`WindowContext`] answers.
pub struct StatefulWindowContext<'a, K, W> {
    stores: &'a mut Stores<K, W>,
    place: &'a WindowKey<K, W>,
    hash: u64,
    time: Time<'a>,
}

impl<'a, K: Key, W> StatefulWindowContext<'a, K, W> {
    pub(super) const fn new(
        stores: &'a mut Stores<K, W>,
        (hash, place): (u64, &'a WindowKey<K, W>),
        time: Time<'a>,
    ) -> Self {
        Self { stores, place, hash, time }
    }

    /// The key.
    pub const fn key(&self) -> &K {
        &self.place.key
    }

    /// The window.
    pub const fn window(&self) -> &W {
        &self.place.window
    }

    /// How far event time has come, as [`WindowContext::watermark`].
    #[doc(alias = "currentWatermark")]
    pub const fn watermark(&self) -> Timestamp {
        self.time.watermark()
    }

    /// The processing time. Reads a clock: not for every window.
    #[doc(alias = "currentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// What states of the window are reached with: `state.get(&cx.window_state())`.
    #[doc(alias = "windowState")]
    pub const fn window_state(&mut self) -> StateScope<'_, WindowKey<K, W>> {
        let current = Current { key: self.place, hash: self.hash };
        StateScope { store: &mut self.stores.windows, current }
    }

    /// What states of the key are reached with: `state.get(&cx.global_state())`.
    #[doc(alias = "globalState")]
    pub const fn global_state(&mut self) -> StateScope<'_, K> {
        let current = Current { key: &self.place.key, hash: self.hash };
        StateScope { store: &mut self.stores.keys, current }
    }

    /// What a function without state gets.
    pub const fn without_state(&self) -> WindowContext<'_, K, W> {
        WindowContext { key: &self.place.key, window: &self.place.window, time: self.time }
    }
}

/// The states of a window, or of a key: what handles of states work on.
pub struct StateScope<'a, K> {
    store: &'a mut HeapStore<K>,
    current: Current<'a, K>,
}

impl<K: Key> StateAccess for StateScope<'_, K> {
    type Store = HeapStore<K>;

    fn store(&self) -> (&HeapStore<K>, Current<'_, K>) {
        (self.store, self.current)
    }

    fn store_mut(&mut self) -> (&mut HeapStore<K>, Current<'_, K>) {
        (self.store, self.current)
    }
}
