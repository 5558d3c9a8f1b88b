//! From the files of a snapshot to what each subtask restores, at whatever parallelism.
//!
//! A process reads the blocks that its own subtasks restore, and checks them all before the first
//! subtask starts: a damaged file stops the job rather than a part of it.

mod opened;
mod runs;
mod share;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashMap;

pub use self::opened::OpenedSnapshot;
pub use self::share::OperatorShare;
use super::format::corrupt;
use super::manifest::{Manifest, OperatorManifest};
use super::part::{
    BlockReference, KeyedPart, ListPart, OperatorPart, Redistribution, StateMeta, SubtaskPart,
};
use super::storage::ResolvedSnapshot;
use crate::{KeyGroup, OperatorId, Result, Shape, StateError};

/// What has been read and checked of a snapshot. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LoadedSnapshot {
    manifest: Arc<Manifest>,
    /// Where the manifest lies, for messages.
    name: Arc<str>,
    blocks: Arc<Blocks>,
}

/// The payloads of blocks, by file and offset.
type Blocks = HashMap<(Arc<str>, u64), Bytes>;

/// What one subtask of an operator restores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRestore {
    /// Its keyed states, with the blocks of its own key groups.
    pub keyed: Vec<KeyedRestore>,
    /// Its operator states, with its own share of the items.
    pub lists: Vec<ListRestore>,
}

/// What one subtask restores of a keyed state. Blocks are to be dropped once they are decoded: the memory of
/// the snapshot becomes that of the state then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRestore {
    /// Name, kind and shapes.
    pub meta: StateMeta,
    /// The content of the key groups that hold anything, in order. Several blocks of one are its content at some
    /// checkpoint, and what has changed from there to each later one.
    pub blocks: Vec<(KeyGroup, Bytes)>,
}

/// What a snapshot holds of a keyed state for one key group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGroup {
    /// Which key group.
    pub group: KeyGroup,
    /// Its content at some checkpoint.
    pub content: Bytes,
    /// What has changed since, from checkpoint to checkpoint.
    pub changes: Vec<Bytes>,
}

impl KeyedRestore {
    /// What there is for each key group.
    pub fn into_groups(self) -> impl Iterator<Item = StoredGroup> {
        let mut blocks = self.blocks.into_iter().peekable();
        std::iter::from_fn(move || {
            let (group, content) = blocks.next()?;
            let next = || blocks.next_if(|(next, _)| *next == group).map(|(_, changes)| changes);
            Some(StoredGroup { group, content, changes: std::iter::from_fn(next).collect() })
        })
    }

    /// The content of each key group of a state whose changes are never written by themselves.
    ///
    /// # Errors
    /// [`StateError::Codec`] where changes are there all the same.
    pub fn into_whole_groups(self) -> Result<impl Iterator<Item = (KeyGroup, Bytes)>> {
        let mut groups = self.blocks.iter().map(|(group, _)| group);
        let mut next = groups.clone().skip(1);
        if groups.any(|group| next.next() == Some(group)) {
            let source = postcard::Error::SerdeDeCustom;
            return Err(StateError::Codec { state: self.meta.name, action: "decode", source });
        }
        Ok(self.blocks.into_iter())
    }
}

/// What one subtask restores of an operator state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRestore {
    /// Its name.
    pub name: String,
    /// What became of its items.
    pub redistribution: Redistribution,
    /// The shape of an item.
    pub item: Shape,
    /// The items, each encoded.
    pub items: Vec<Bytes>,
}

/// Reads a snapshot in full.
///
/// # Errors
/// [`StateError::Corrupt`], which names the file, where one is damaged or missing;
/// [`StateError::Storage`].
pub async fn load(resolved: &ResolvedSnapshot) -> Result<LoadedSnapshot> {
    OpenedSnapshot::open(resolved.clone()).await?.load().await
}

impl LoadedSnapshot {
    /// The list of what it consists of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where it was read from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operators that it holds state of, and their names.
    pub fn operators(&self) -> impl Iterator<Item = (OperatorId, &str)> {
        self.manifest.operators.iter().map(|operator| (operator.operator, operator.name.as_str()))
    }

    /// What subtask `subtask` of `parallelism` restores of an operator; none if the snapshot does
    /// not know the operator.
    ///
    /// # Errors
    /// [`StateError::Usage`] where the operator has keyed state, and another maximum parallelism
    /// than the snapshot's.
    pub fn for_subtask(
        &self,
        operator: OperatorId,
        subtask: u32,
        parallelism: u32,
        max_parallelism: u32,
    ) -> Result<Option<OperatorRestore>> {
        let Some(stored) = self.manifest.operator(operator) else { return Ok(None) };
        if stored.is_keyed() && stored.max_parallelism != max_parallelism {
            return Err(StateError::Usage(format!(
                "operator `{}` has a maximum parallelism of {max_parallelism}, but {} in the snapshot `{}`: \
                 set it to {}, since the key groups of keyed state are fixed by it",
                stored.name, stored.max_parallelism, self.name, stored.max_parallelism
            )));
        }
        let share = OperatorShare { operator, subtask, parallelism };
        Ok(Some(OperatorRestore { keyed: self.keyed(stored, share)?, lists: self.lists(stored, share)? }))
    }

    /// All items of one operator state, of all subtasks; none if the snapshot does not know it.
    ///
    /// # Errors
    /// [`StateError::Corrupt`] where its blocks were not loaded.
    pub fn list(&self, operator: OperatorId, name: &str) -> Result<Option<ListRestore>> {
        let Some(stored) = self.manifest.operator(operator) else { return Ok(None) };
        let parts = stored.subtasks.iter().flat_map(|part| &part.lists).filter(|list| list.name == name);
        let parts: Vec<_> = parts.collect();
        let Some(first) = parts.first() else { return Ok(None) };
        let (name, redistribution, item) = (first.name.clone(), first.redistribution, first.item.clone());
        Ok(Some(ListRestore { name, redistribution, item, items: self.items(parts)? }))
    }

    /// What a subtask has to do with this snapshot as the base of its next one: where the blocks lie of
    /// the key groups that it has now, whichever subtask wrote them.
    pub fn as_base_of(&self, shares: &[OperatorShare]) -> SubtaskPart {
        let part_of = |share: &OperatorShare| {
            let stored = self.manifest.operator(share.operator)?;
            let mut keyed: BTreeMap<&str, KeyedPart> = BTreeMap::new();
            stored.keyed_blocks(*share, |meta, group, block| {
                let state = keyed.entry(&meta.name);
                let state = state.or_insert_with(|| KeyedPart { meta: meta.clone(), groups: Vec::new() });
                state.groups.push((group, block.clone()));
            });
            let keyed = keyed.into_values().collect();
            Some(OperatorPart { operator: share.operator, keyed, lists: Vec::new() })
        };
        SubtaskPart { operators: shares.iter().filter_map(part_of).collect(), ..SubtaskPart::default() }
    }

    fn keyed(&self, stored: &OperatorManifest, share: OperatorShare) -> Result<Vec<KeyedRestore>> {
        let mut states: BTreeMap<&str, KeyedRestore> = BTreeMap::new();
        for part in stored.subtasks.iter().flat_map(|part| &part.keyed) {
            states
                .entry(&part.meta.name)
                .or_insert_with(|| KeyedRestore { meta: part.meta.clone(), blocks: Vec::new() });
        }
        let mut outcome = Ok(());
        stored.keyed_blocks(share, |meta, group, block| {
            match (self.block(block), states.get_mut(&*meta.name)) {
                (Ok(content), Some(state)) => state.blocks.push((group, content)),
                (Err(error), _) => outcome = Err(error),
                (Ok(_), None) => {}
            }
        });
        outcome?;
        let in_order = states.into_values().map(|mut state| {
            // Keeps those of one key group in order.
            state.blocks.sort_by_key(|(group, _)| *group);
            state
        });
        Ok(in_order.collect())
    }

    fn lists(&self, stored: &OperatorManifest, share: OperatorShare) -> Result<Vec<ListRestore>> {
        let restores = stored.lists_for(share).into_iter().map(|(first, parts)| {
            let mut items = self.items(parts)?;
            if first.redistribution == Redistribution::Split && stored.parallelism != share.parallelism {
                let every = share.parallelism.max(1) as usize;
                items = items.into_iter().skip(share.subtask as usize).step_by(every).collect();
            }
            Ok(ListRestore {
                name: first.name.clone(),
                redistribution: first.redistribution,
                item: first.item.clone(),
                items,
            })
        });
        restores.collect()
    }

    pub(crate) fn items<'a>(&self, lists: impl IntoIterator<Item = &'a ListPart>) -> Result<Vec<Bytes>> {
        let mut items = Vec::new();
        for list in lists {
            let mut rest = self.block(&list.block)?;
            while !rest.is_empty() {
                let item = take_item(&mut rest);
                items.push(
                    item.ok_or_else(|| corrupt(&list.block.file, "an item of an operator state is cut off"))?,
                );
            }
        }
        Ok(items)
    }

    /// Of those that were loaded.
    fn check_lists(&self) -> Result<()> {
        for list in self.manifest.operators.iter().flat_map(|it| &it.subtasks).flat_map(|it| &it.lists) {
            if self.blocks.contains_key(&(list.block.file.clone(), list.block.offset)) {
                self.items([list])?;
            }
        }
        Ok(())
    }

    /// A block that was verified when it was loaded.
    pub(crate) fn block(&self, reference: &BlockReference) -> Result<Bytes> {
        if reference.length == 0 {
            return Ok(Bytes::new());
        }
        let block = self.blocks.get(&(reference.file.clone(), reference.offset));
        block.cloned().ok_or_else(|| {
            let problem = format!("the block at offset {} was not loaded for this subtask", reference.offset);
            corrupt(&reference.file, problem)
        })
    }
}

/// Takes an item off the front, which lies behind its length.
fn take_item(rest: &mut Bytes) -> Option<Bytes> {
    let (length, _) = rest.split_first_chunk::<8>()?;
    let end = usize::try_from(u64::from_le_bytes(*length)).ok()?.checked_add(8)?;
    (end <= rest.len()).then(|| rest.split_to(end).slice(8..))
}

#[cfg(test)]
mod tests;
