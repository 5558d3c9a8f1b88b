//! From a snapshot on the store to what each subtask of a job restores.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};

use super::format::{FileKind, check_header, read_block};
use super::manifest::{Manifest, OperatorManifest};
use super::part::{BlockReference, ListPart, Redistribution, StateMeta};
use super::storage::{ResolvedSnapshot, SnapshotHome};
use crate::codec::decode;
use crate::{KeyGroup, KeyGroups, OperatorId, Result, Shape, StateError};

/// How many files are read at once.
const PARALLEL_READS: usize = 8;

/// One keyed state, for the key groups of one subtask.
pub struct KeyedRestore {
    /// Name, kind and shapes.
    pub meta: StateMeta,
    /// The content of each key group that has any.
    pub blocks: Vec<(KeyGroup, Bytes)>,
}

/// One operator state, for one subtask.
pub struct ListRestore {
    /// Its name.
    pub name: String,
    /// How its items were spread.
    pub redistribution: Redistribution,
    /// The shape of an item.
    pub item: Shape,
    /// The items, each encoded.
    pub items: Vec<Bytes>,
}

/// Everything that one subtask of an operator restores.
#[derive(Default)]
pub struct OperatorRestore {
    /// Its keyed states.
    pub keyed: Vec<KeyedRestore>,
    /// Its operator states.
    pub lists: Vec<ListRestore>,
}

/// A snapshot that has been read whole, every block of it checked.
pub struct LoadedSnapshot {
    manifest: Manifest,
    home: SnapshotHome,
    files: HashMap<Arc<str>, Bytes>,
}

/// Reads a snapshot and checks every block of it, so that damage shows before anything starts.
///
/// # Errors
/// [`StateError::Corrupt`] names the file that is missing, damaged, truncated or not ours.
pub async fn load(resolved: &ResolvedSnapshot) -> Result<LoadedSnapshot> {
    let home = resolved.home.clone();
    let manifest = home.read_manifest(&resolved.manifest_file).await?;
    let read = |file: Arc<str>| {
        let home = &home;
        async move {
            let bytes = home
                .get(&file)
                .await
                .map_err(|error| missing(home, &resolved.manifest_file, &file, error))?;
            check_header(&home.describe(&file), &bytes, FileKind::State)?;
            Ok::<_, StateError>((file, bytes))
        }
    };
    let files = futures::stream::iter(manifest.files().into_iter().map(read));
    let files = files.buffer_unordered(PARALLEL_READS).try_collect().await?;
    let snapshot = LoadedSnapshot { manifest, home, files };
    snapshot.manifest.blocks().try_for_each(|block| snapshot.block(block).map(drop))?;
    Ok(snapshot)
}

fn missing(home: &SnapshotHome, manifest: &str, file: &str, error: StateError) -> StateError {
    match &error {
        StateError::Storage { source, .. } if matches!(**source, object_store::Error::NotFound { .. }) => {
            let problem = format!("it is missing, but the manifest `{}` names it", home.describe(manifest));
            StateError::Corrupt { path: home.describe(file), problem }
        }
        _ => error,
    }
}

impl LoadedSnapshot {
    /// The list of everything in it.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The operators that have state in it.
    pub fn operators(&self) -> impl Iterator<Item = &OperatorManifest> {
        self.manifest.operators.iter()
    }

    fn block(&self, block: &BlockReference) -> Result<Bytes> {
        let path = self.home.describe(&block.file);
        let file = self
            .files
            .get(&block.file)
            .ok_or_else(|| StateError::Corrupt { path: path.clone(), problem: "it is missing".to_owned() })?;
        read_block(&path, file, block)
    }

    /// What subtask `subtask` of `parallelism` restores of an operator; `None` if the snapshot holds
    /// nothing of it.
    ///
    /// # Errors
    /// If the operator has keyed state in another number of key groups.
    pub fn for_subtask(
        &self,
        operator: OperatorId,
        subtask: u32,
        parallelism: u32,
        max_parallelism: u32,
    ) -> Result<Option<OperatorRestore>> {
        let Some(stored) = self.operators().find(|stored| stored.operator == operator) else {
            return Ok(None);
        };
        let keyed = stored.subtasks.iter().any(|part| !part.keyed.is_empty());
        if keyed && stored.max_parallelism != max_parallelism {
            return Err(StateError::Usage(format!(
                "operator `{}` has its keys in {} key groups in the snapshot and in {max_parallelism} in the job: \
                 set its max parallelism to {}",
                stored.name, stored.max_parallelism, stored.max_parallelism
            )));
        }
        let lists = self.lists(stored, subtask, parallelism)?;
        let keyed = self.keyed(stored, subtask, parallelism)?;
        Ok(Some(OperatorRestore { keyed, lists }))
    }

    fn keyed(&self, stored: &OperatorManifest, subtask: u32, parallelism: u32) -> Result<Vec<KeyedRestore>> {
        let range = KeyGroups::new(stored.max_parallelism).range_of(subtask, parallelism);
        let mut states = BTreeMap::<&str, KeyedRestore>::new();
        for state in stored.subtasks.iter().flat_map(|part| &part.keyed) {
            let restore = states
                .entry(&state.meta.name)
                .or_insert_with(|| KeyedRestore { meta: state.meta.clone(), blocks: Vec::new() });
            for (group, block) in state.groups.iter().filter(|(group, _)| range.contains(*group)) {
                restore.blocks.push((*group, self.block(block)?));
            }
        }
        Ok(states.into_values().collect())
    }

    fn lists(&self, stored: &OperatorManifest, subtask: u32, parallelism: u32) -> Result<Vec<ListRestore>> {
        let mut names = BTreeMap::<&str, &ListPart>::new();
        for list in stored.subtasks.iter().flat_map(|part| &part.lists) {
            names.entry(&list.name).or_insert(list);
        }
        let restore = |(name, first): (&str, &ListPart)| {
            let of_subtask = |index: usize| {
                let part = stored.subtasks.get(index);
                part.and_then(|part| part.lists.iter().find(|list| list.name == name))
                    .map_or(Ok(Vec::new()), |list| self.items(list))
            };
            let all = 0..stored.subtasks.len();
            let items = match first.redistribution {
                // The same parallelism: everyone gets back what it had.
                Redistribution::Split if parallelism as usize == all.len() => of_subtask(subtask as usize)?,
                Redistribution::Split => {
                    let items = all.map(of_subtask).collect::<Result<Vec<_>>>()?.into_iter().flatten();
                    items.skip(subtask as usize).step_by(parallelism.max(1) as usize).collect()
                }
                Redistribution::Union => {
                    all.map(of_subtask).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect()
                }
                Redistribution::Broadcast => of_subtask(subtask as usize % all.len().max(1))?,
            };
            let (name, redistribution, item) = (name.to_owned(), first.redistribution, first.item.clone());
            Ok(ListRestore { name, redistribution, item, items })
        };
        names.into_iter().map(restore).collect()
    }

    fn items(&self, list: &ListPart) -> Result<Vec<Bytes>> {
        let items: Vec<Vec<u8>> = decode(&self.block(&list.block)?).map_err(|source| StateError::Codec {
            state: list.name.clone(),
            action: "decode",
            source,
        })?;
        Ok(items.into_iter().map(Bytes::from).collect())
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
