//! A snapshot of an operator under test, and what a restore makes of several.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use millstream_state::codec::decode;
use millstream_state::snapshot::part::{
    GroupSnapshot, KeyedStateSnapshot, ListItems, OperatorSnapshot, Redistribution, StateMeta,
};
use millstream_state::snapshot::read::{KeyedRestore, ListRestore, OperatorRestore};
use millstream_state::{KeyGroup, KeyGroupRange, Record, Shape, StateError};
use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};

/// The items of an operator state; not there before the I/O that yields them has run.
type Items = Arc<Mutex<Option<Result<Vec<Vec<u8>>, StateError>>>>;

struct List {
    name: String,
    redistribution: Redistribution,
    item: Shape,
    items: Items,
}

impl List {
    fn encoded(&self) -> Result<Vec<Bytes>> {
        let items = self.items.lock();
        let items = items.as_ref().ok_or_else(|| {
            let problem = format!("the I/O for state `{}` has not run yet: call `run_io` first", self.name);
            Error::new(ErrorKind::Checkpoint, problem)
        })?;
        Ok(items.clone()?.into_iter().map(Bytes::from).collect())
    }
}

/// A snapshot of one subtask of an operator.
///
/// Keyed state is encoded only when it is restored, as if the upload had been slow: what the
/// operator does after the snapshot must not show in it.
pub struct HarnessSnapshot {
    pub(super) subtask: u32,
    pub(super) parallelism: u32,
    pub(super) max_parallelism: u32,
    keyed: Vec<KeyedStateSnapshot>,
    lists: Vec<List>,
}

impl HarnessSnapshot {
    /// Takes what an operator handed over, and the work on the I/O pool that completes it.
    pub(super) fn new(
        (subtask, parallelism, max_parallelism): (u32, u32, u32),
        snapshots: Vec<OperatorSnapshot>,
    ) -> (Self, Vec<BoxFuture<'static, ()>>) {
        let (mut keyed, mut lists, mut work) = (Vec::new(), Vec::new(), Vec::<BoxFuture<'static, ()>>::new());
        for snapshot in snapshots {
            keyed.extend(snapshot.keyed);
            for list in snapshot.lists {
                let items = Items::default();
                match list.items {
                    ListItems::Ready(ready) => *items.lock() = Some(Ok(ready)),
                    ListItems::Deferred(deferred) => {
                        let slot = items.clone();
                        work.push(Box::pin(async move {
                            let done = deferred.await;
                            *slot.lock() = Some(done);
                        }));
                    }
                }
                let (name, redistribution, item) = (list.name, list.redistribution, list.item);
                lists.push(List { name, redistribution, item, items });
            }
        }
        (Self { subtask, parallelism, max_parallelism, keyed, lists }, work)
    }

    /// How many blocks (key groups of keyed states that hold anything) a checkpoint on top of
    /// checkpoint `base` would upload: those that have changed since. All of them for `base` 0.
    pub fn blocks_changed_since(&self, base: u64) -> usize {
        let groups = self.keyed.iter().flat_map(|state| &state.groups);
        groups.filter(|group| group.unchanged_since.number() > base).count()
    }

    /// The items of an operator state, decoded.
    ///
    /// # Errors
    /// If there is no such state, its I/O has not run yet, or it holds another type.
    pub fn list<T: Record>(&self, name: &str) -> Result<Vec<T>> {
        let found = self.lists.iter().find(|list| list.name == name);
        let list = found.ok_or_else(|| Error::new(ErrorKind::Restore, format!("no list `{name}`")))?;
        let decoded = list.encoded()?.into_iter().map(|bytes| {
            decode(&bytes).map_err(|source| StateError::Codec {
                state: name.to_owned(),
                action: "decode",
                source,
            })
        });
        Ok(decoded.collect::<Result<_, _>>()?)
    }

    /// Its keyed states, timers among them, and how many entries each holds.
    pub fn keyed_states(&self) -> impl Iterator<Item = (&StateMeta, u64)> {
        let entries =
            |state: &KeyedStateSnapshot| state.groups.iter().map(|group| group.block.entries()).sum();
        self.keyed.iter().map(move |state| (&state.meta, entries(state)))
    }

    /// Its operator states, how they are redistributed, and how many items each holds.
    ///
    /// # Errors
    /// If the I/O of one has not run yet.
    pub fn operator_states(&self) -> Result<Vec<(&str, Redistribution, u64)>> {
        let count = |list: &List| list.encoded().map(|items| items.len() as u64);
        let lists = self.lists.iter();
        lists.map(|list| Ok((list.name.as_str(), list.redistribution, count(list)?))).collect()
    }

    /// How many entries its keyed states hold.
    pub fn keyed_entries(&self) -> u64 {
        self.keyed_states().map(|(_, entries)| entries).sum()
    }
}

/// What subtask `subtask` of `parallelism` gets back; `None` if there is nothing to restore from.
pub(super) fn redistribute(
    snapshots: &[&HarnessSnapshot],
    subtask: u32,
    parallelism: u32,
    range: KeyGroupRange,
) -> Result<Option<OperatorRestore>> {
    if snapshots.is_empty() {
        return Ok(None);
    }
    let mut restore = OperatorRestore { keyed: Vec::new(), lists: Vec::new() };
    for state in snapshots.iter().flat_map(|snapshot| &snapshot.keyed) {
        let blocks = keyed_blocks(&mut restore.keyed, &state.meta);
        for group in state.groups.iter().filter(|group| range.contains(group.group)) {
            blocks.push((group.group, encode(group)?));
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for list in snapshots.iter().flat_map(|snapshot| &snapshot.lists) {
        if !names.contains(&list.name.as_str()) {
            names.push(&list.name);
            restore.lists.push(list_items(snapshots, list, subtask, parallelism)?);
        }
    }
    Ok(Some(restore))
}

fn keyed_blocks<'r>(keyed: &'r mut Vec<KeyedRestore>, meta: &StateMeta) -> &'r mut Vec<(KeyGroup, Bytes)> {
    let found = keyed.iter().position(|state| state.meta.name == meta.name);
    let index = found.unwrap_or_else(|| {
        keyed.push(KeyedRestore { meta: meta.clone(), blocks: Vec::new() });
        keyed.len() - 1
    });
    #[allow(clippy::indexing_slicing, reason = "found or pushed just now")]
    &mut keyed[index].blocks
}

fn encode(group: &GroupSnapshot) -> Result<Bytes> {
    Ok(group.block.to_bytes()?.into())
}

fn list_items(
    snapshots: &[&HarnessSnapshot],
    like: &List,
    subtask: u32,
    parallelism: u32,
) -> Result<ListRestore> {
    let lists: Vec<&List> =
        snapshots.iter().flat_map(|snapshot| &snapshot.lists).filter(|list| list.name == like.name).collect();
    let all = || lists.iter().map(|list| list.encoded()).collect::<Result<Vec<_>>>().map(|all| all.concat());
    let items = match like.redistribution {
        Redistribution::Union => all()?,
        Redistribution::Split => {
            all()?.into_iter().skip(subtask as usize).step_by(parallelism.max(1) as usize).collect()
        }
        Redistribution::Broadcast => {
            let one = lists.iter().cycle().nth(subtask as usize);
            one.map_or_else(|| Ok(Vec::new()), |list| list.encoded())?
        }
    };
    Ok(ListRestore {
        name: like.name.clone(),
        redistribution: like.redistribution,
        item: like.item.clone(),
        items,
    })
}
