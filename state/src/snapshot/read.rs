//! From the files of a snapshot to what each subtask restores, at whatever parallelism.
//!
//! Everything is read and checked before the first subtask starts: a damaged file stops the job
//! rather than a part of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use hashbrown::HashMap;

use super::format::{FileKind, corrupt, verified_block, verify_header};
use super::manifest::{Manifest, OperatorManifest};
use super::part::{BlockReference, ListPart, Redistribution, StateMeta};
use super::storage::ResolvedSnapshot;
use crate::{KeyGroup, KeyGroups, OperatorId, Result, Shape, StateError};

/// How many files are read at once.
const CONCURRENT_READS: usize = 8;

/// A snapshot, read and checked in full. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LoadedSnapshot {
    manifest: Arc<Manifest>,
    /// Where the manifest lies, for messages.
    name: Arc<str>,
    files: Arc<HashMap<Arc<str>, Bytes>>,
}

/// What one subtask of an operator restores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRestore {
    /// Its keyed states, with the blocks of its own key groups.
    pub keyed: Vec<KeyedRestore>,
    /// Its operator states, with its own share of the items.
    pub lists: Vec<ListRestore>,
}

/// What one subtask restores of a keyed state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRestore {
    /// Name, kind and shapes.
    pub meta: StateMeta,
    /// The content of the key groups that hold anything, in order.
    pub blocks: Vec<(KeyGroup, Bytes)>,
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
    let name = resolved.name();
    let manifest = resolved.home.read_manifest(&resolved.manifest_file).await?;
    let reads = stream::iter(manifest.files()).map(|file| read_file(resolved, file));
    let files: HashMap<_, _> = reads.buffer_unordered(CONCURRENT_READS).try_collect().await?;
    for block in manifest.operators.iter().flat_map(OperatorManifest::blocks).filter(|block| block.length > 0)
    {
        let path = resolved.home.name_of(&block.file);
        let bytes = files.get(&block.file).ok_or_else(|| corrupt(&path, "was not read"))?;
        verified_block(&path, bytes, block)?;
    }
    let loaded = LoadedSnapshot { manifest: Arc::new(manifest), name: name.into(), files: Arc::new(files) };
    loaded.check_lists()?;
    Ok(loaded)
}

async fn read_file(resolved: &ResolvedSnapshot, file: Arc<str>) -> Result<(Arc<str>, Bytes)> {
    let path = resolved.home.name_of(&file);
    let bytes = resolved.home.get_if_present(&file).await?.ok_or_else(|| {
        let problem = format!("refers to `{path}`, which does not exist: the snapshot is incomplete");
        corrupt(&resolved.name(), problem)
    })?;
    verify_header(FileKind::State, &path, &bytes)?;
    Ok((file, bytes))
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
        let Some(stored) = self.manifest.operators.iter().find(|stored| stored.operator == operator) else {
            return Ok(None);
        };
        if stored.is_keyed() && stored.max_parallelism != max_parallelism {
            return Err(StateError::Usage(format!(
                "operator `{}` has a maximum parallelism of {max_parallelism}, but {} in the snapshot `{}`: \
                 set it to {}, since the key groups of keyed state are fixed by it",
                stored.name, stored.max_parallelism, self.name, stored.max_parallelism
            )));
        }
        let keyed = self.keyed(stored, subtask, parallelism)?;
        let lists = self.lists(stored, subtask, parallelism)?;
        Ok(Some(OperatorRestore { keyed, lists }))
    }

    fn keyed(&self, stored: &OperatorManifest, subtask: u32, parallelism: u32) -> Result<Vec<KeyedRestore>> {
        let range = KeyGroups::new(stored.max_parallelism).range_of(subtask, parallelism);
        let mut states: BTreeMap<&str, KeyedRestore> = BTreeMap::new();
        for part in stored.subtasks.iter().flat_map(|part| &part.keyed) {
            let state = states
                .entry(&part.meta.name)
                .or_insert_with(|| KeyedRestore { meta: part.meta.clone(), blocks: Vec::new() });
            for (group, block) in part.groups.iter().filter(|(group, _)| range.contains(*group)) {
                state.blocks.push((*group, self.block(block)?));
            }
        }
        let in_order = states.into_values().map(|mut state| {
            state.blocks.sort_unstable_by_key(|(group, _)| *group);
            state
        });
        Ok(in_order.collect())
    }

    fn lists(&self, stored: &OperatorManifest, subtask: u32, parallelism: u32) -> Result<Vec<ListRestore>> {
        let mut names: BTreeMap<&str, Vec<(u32, &ListPart)>> = BTreeMap::new();
        for (old_subtask, part) in (0_u32..).zip(&stored.subtasks) {
            for list in &part.lists {
                names.entry(&list.name).or_default().push((old_subtask, list));
            }
        }
        let restores = names.into_values().filter_map(|parts| {
            let (_, first) = parts.first()?;
            let items = self.share(stored, &parts, first.redistribution, subtask, parallelism);
            Some(items.map(|items| ListRestore {
                name: first.name.clone(),
                redistribution: first.redistribution,
                item: first.item.clone(),
                items,
            }))
        });
        restores.collect()
    }

    /// The items of an operator state that one subtask gets, of what each old subtask had.
    fn share(
        &self,
        stored: &OperatorManifest,
        parts: &[(u32, &ListPart)],
        redistribution: Redistribution,
        subtask: u32,
        parallelism: u32,
    ) -> Result<Vec<Bytes>> {
        let all = || parts.iter().map(|(_, list)| *list);
        let of = |wanted: u32| parts.iter().find(|(old, _)| *old == wanted).map(|(_, list)| *list);
        match redistribution {
            Redistribution::Union => self.items(all()),
            // A subtask that had finished may not have any left.
            Redistribution::Broadcast => {
                self.items(of(subtask % stored.parallelism.max(1)).or_else(|| all().next()))
            }
            Redistribution::Split if stored.parallelism == parallelism => self.items(of(subtask)),
            Redistribution::Split => {
                let every = parallelism.max(1) as usize;
                Ok(self.items(all())?.into_iter().skip(subtask as usize).step_by(every).collect())
            }
        }
    }

    fn items<'a>(&self, lists: impl IntoIterator<Item = &'a ListPart>) -> Result<Vec<Bytes>> {
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

    fn check_lists(&self) -> Result<()> {
        for part in self.manifest.operators.iter().flat_map(|operator| &operator.subtasks) {
            self.items(&part.lists)?;
        }
        Ok(())
    }

    /// A block that was verified when the snapshot was loaded.
    fn block(&self, reference: &BlockReference) -> Result<Bytes> {
        if reference.length == 0 {
            return Ok(Bytes::new());
        }
        let start = usize::try_from(reference.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(reference.length).unwrap_or(usize::MAX));
        let bytes = self.files.get(&reference.file).filter(|bytes| end <= bytes.len());
        bytes.map(|bytes| bytes.slice(start..end)).ok_or_else(|| corrupt(&reference.file, "truncated"))
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
