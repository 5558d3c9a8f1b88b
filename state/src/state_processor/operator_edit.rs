//! What a savepoint is to hold of one operator.

use crate::codec::encode;
use crate::hash::stable_hash;
use crate::snapshot::manifest::OperatorManifest;
use crate::snapshot::part::{
    KeyedStateSnapshot, ListItems, ListStateSnapshot, OperatorSnapshot, Redistribution, StateKind, StateMeta,
};
use crate::snapshot::storage::SnapshotHome;
use crate::snapshot::write::{OnThisThread, write_subtask};
use crate::{
    CheckpointId, Key, KeyGroups, KeyedTable, OperatorId, Record, Result, Shape, StableMap, StateError,
    TimerQueue, Timestamp,
};

/// The states that an operator is to have in the savepoint; [`SavepointWriter::operator`](super::SavepointWriter::operator) gives it.
///
/// Each method adds a state or puts it in the place of one of its name, whatever that was. The others stay. Entries
/// may come in any order; a key that comes twice is an error.
#[derive(Debug)]
pub struct OperatorEdit {
    pub(super) manifest: OperatorManifest,
    keyed: Vec<NewKeyedState>,
    lists: Vec<NewList>,
}

/// A keyed state that is not written yet.
struct NewKeyedState(KeyedStateSnapshot);

/// An operator state that is not written yet.
#[derive(Debug)]
struct NewList {
    name: String,
    redistribution: Redistribution,
    item: Shape,
    items: Vec<Vec<u8>>,
}

impl std::fmt::Debug for NewKeyedState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.meta.fmt(formatter)
    }
}

impl OperatorEdit {
    pub(super) const fn new(manifest: OperatorManifest) -> Self {
        Self { manifest, keyed: Vec::new(), lists: Vec::new() }
    }

    /// A value for each key: for a value state, or any operator that keeps one value for each.
    ///
    /// # Errors
    /// [`StateError::Unsupported`] where keys or values could not be read back, [`StateError::Usage`] where a key
    /// comes twice.
    pub fn value_state<K: Key, V: Record>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<&mut Self> {
        self.keyed_state(StateKind::Value, name, entries)
    }

    /// A list for each key; keys without values are left out.
    ///
    /// # Errors
    /// As [`value_state`](Self::value_state).
    pub fn list_state<K: Key, V: Record>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, Vec<V>)>,
    ) -> Result<&mut Self> {
        let filled = entries.into_iter().filter(|(_, values)| !values.is_empty());
        self.keyed_state(StateKind::List, name, filled)
    }

    /// A map for each key; keys without entries are left out.
    ///
    /// # Errors
    /// As [`value_state`](Self::value_state).
    pub fn map_state<K: Key, UK: Key, UV: Record>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, impl IntoIterator<Item = (UK, UV)>)>,
    ) -> Result<&mut Self> {
        let maps =
            entries.into_iter().map(|(key, map)| (key, map.into_iter().collect::<StableMap<UK, UV>>()));
        self.keyed_state(StateKind::Map, name, maps.filter(|(_, map)| !map.is_empty()))
    }

    /// A combined value for each key.
    ///
    /// # Errors
    /// As [`value_state`](Self::value_state).
    pub fn reducing_state<K: Key, V: Record>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<&mut Self> {
        self.keyed_state(StateKind::Reducing, name, entries)
    }

    /// An accumulator for each key.
    ///
    /// # Errors
    /// As [`value_state`](Self::value_state).
    pub fn aggregating_state<K: Key, A: Record>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, A)>,
    ) -> Result<&mut Self> {
        self.keyed_state(StateKind::Aggregating, name, entries)
    }

    fn keyed_state<K: Key, V: Record>(
        &mut self,
        kind: StateKind,
        name: &str,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<&mut Self> {
        let groups = self.groups();
        let meta = StateMeta::declare::<K, V>(name, kind)?;
        let mut table = KeyedTable::<K, V>::new(meta, groups, groups.range_of(0, 1));
        for (key, value) in entries {
            let hash = stable_hash(&key);
            if table.content_mut(hash)?.insert(hash, key, value).is_some() {
                let operator = super::called(&self.manifest);
                return Err(StateError::Usage(format!(
                    "state `{name}` of operator `{operator}`: a key comes twice; combine what there is for it first"
                )));
            }
        }
        Ok(self.put(table.snapshot(CheckpointId::new(1))))
    }

    /// The event-time timers of the operator, in the place of those it had.
    ///
    /// # Errors
    /// [`StateError::Unsupported`] where keys could not be read back.
    pub fn event_time_timers<K: Key>(
        &mut self,
        timers: impl IntoIterator<Item = (Timestamp, K)>,
    ) -> Result<&mut Self> {
        self.timers(TimerQueue::<K>::EVENT_TIME, timers)
    }

    /// The processing-time timers of the operator, in the place of those it had.
    ///
    /// # Errors
    /// [`StateError::Unsupported`] where keys could not be read back.
    pub fn processing_time_timers<K: Key>(
        &mut self,
        timers: impl IntoIterator<Item = (Timestamp, K)>,
    ) -> Result<&mut Self> {
        self.timers(TimerQueue::<K>::PROCESSING_TIME, timers)
    }

    fn timers<K: Key>(
        &mut self,
        domain: (&str, StateKind),
        timers: impl IntoIterator<Item = (Timestamp, K)>,
    ) -> Result<&mut Self> {
        let groups = self.groups();
        let mut queue = TimerQueue::<K>::new(domain, groups, groups.range_of(0, 1));
        queue.check()?;
        for (time, key) in timers {
            queue.register(stable_hash(&key), &key, time)?;
        }
        Ok(self.put(queue.snapshot(CheckpointId::new(1))))
    }

    /// Items that belong to no key.
    ///
    /// # Errors
    /// [`StateError::Unsupported`] where items could not be read back, [`StateError::Codec`] where one cannot be
    /// encoded.
    pub fn operator_state<T: Record>(
        &mut self,
        name: &str,
        redistribution: Redistribution,
        items: impl IntoIterator<Item = T>,
    ) -> Result<&mut Self> {
        let item = Shape::checked::<T>(&format_args!("the items of state `{name}`"))?;
        let failed = |source| StateError::Codec { state: name.to_owned(), action: "encode", source };
        let items: Vec<_> =
            items.into_iter().map(|item| encode(&item).map_err(failed)).collect::<Result<_>>()?;
        self.forget(name);
        self.lists.push(NewList { name: name.to_owned(), redistribution, item, items });
        Ok(self)
    }

    /// Removes a state.
    ///
    /// # Errors
    /// [`StateError::Usage`] if there is none of this name, with the name next to it.
    pub fn remove_state(&mut self, name: &str) -> Result<&mut Self> {
        let before = self.names();
        if !before.iter().any(|known| known == name) {
            let names: Vec<&str> = before.iter().map(String::as_str).collect();
            let operator = format!("operator `{}`", super::called(&self.manifest));
            return Err(super::unknown("state", name, &operator, &names));
        }
        self.forget(name);
        Ok(self)
    }

    fn groups(&self) -> KeyGroups {
        KeyGroups::new(self.manifest.max_parallelism)
    }

    fn put(&mut self, state: KeyedStateSnapshot) -> &mut Self {
        self.forget(&state.meta.name);
        self.keyed.push(NewKeyedState(state));
        self
    }

    fn forget(&mut self, name: &str) {
        for part in &mut self.manifest.subtasks {
            part.keyed.retain(|state| state.meta.name != name);
            part.lists.retain(|list| list.name != name);
        }
        self.keyed.retain(|state| state.0.meta.name != name);
        self.lists.retain(|list| list.name != name);
    }

    /// The names of all states that there are now.
    fn names(&self) -> Vec<String> {
        let parts = self.manifest.subtasks.iter();
        let stored = parts.flat_map(|part| {
            let keyed = part.keyed.iter().map(|state| state.meta.name.clone());
            keyed.chain(part.lists.iter().map(|list| list.name.clone()))
        });
        let new = self.keyed.iter().map(|state| state.0.meta.name.clone());
        let mut names: Vec<_> =
            stored.chain(new).chain(self.lists.iter().map(|it| it.name.clone())).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Gives it another uid.
    pub(super) fn rename(&mut self, uid: &str) {
        self.manifest.operator = OperatorId::from_uid(uid);
        self.manifest.uid = Some(uid.to_owned());
    }

    /// Writes what is new, beside what is there already and has been copied.
    pub(super) async fn write_new(mut self, home: &SnapshotHome, file: &str) -> Result<OperatorManifest> {
        let operator = self.manifest.operator;
        let subtasks = self.manifest.subtasks.len().max(1);
        let mut lists: Vec<Vec<ListStateSnapshot>> = (0..subtasks).map(|_| Vec::new()).collect();
        for NewList { name, redistribution, item, items } in self.lists {
            // What is split is dealt out, for it is restored as it is at the same parallelism.
            let every = if redistribution == Redistribution::Split { subtasks } else { 1 };
            for (first, lists) in lists.iter_mut().take(every).enumerate() {
                let items = ListItems::Ready(items.iter().skip(first).step_by(every).cloned().collect());
                lists.push(ListStateSnapshot {
                    name: name.clone(),
                    redistribution,
                    item: item.clone(),
                    items,
                });
            }
        }
        let mut keyed: Vec<KeyedStateSnapshot> = self.keyed.into_iter().map(|state| state.0).collect();
        for (index, (part, lists)) in self.manifest.subtasks.iter_mut().zip(lists).enumerate() {
            part.operator = operator;
            let keyed = std::mem::take(&mut keyed);
            if keyed.is_empty() && lists.is_empty() {
                continue;
            }
            let snapshot = OperatorSnapshot { operator, keyed, lists };
            let file = format!("{file}-{index}.state");
            let written = write_subtask(&OnThisThread, home, &file, vec![snapshot], None).await?;
            for new in written.operators {
                part.keyed.extend(new.keyed);
                part.lists.extend(new.lists);
            }
        }
        Ok(self.manifest)
    }
}
