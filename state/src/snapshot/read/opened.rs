//! Reads the blocks of a snapshot that some subtasks restore: whole files, or ranges of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use hashbrown::HashMap;
use object_store::ObjectStoreExt;

use super::{LoadedSnapshot, OperatorShare};
use crate::snapshot::format::{
    FileKind, HEADER, corrupt, framed_range, verified_block, verified_frame, verify_header,
};
use crate::snapshot::manifest::{Manifest, OperatorManifest};
use crate::snapshot::part::BlockReference;
use crate::snapshot::storage::ResolvedSnapshot;
use crate::{Result, StateError};

/// How many files are read at once.
const CONCURRENT_READS: usize = 8;

/// The payload of a block, by file and offset.
type ReadBlock = ((Arc<str>, u64), Bytes);

/// A snapshot whose manifest has been read: what it consists of is known, nothing of it is loaded.
#[derive(Clone, Debug)]
pub struct OpenedSnapshot {
    resolved: ResolvedSnapshot,
    manifest: Arc<Manifest>,
}

impl OpenedSnapshot {
    /// Reads the manifest.
    ///
    /// # Errors
    /// [`StateError::Corrupt`] where it is damaged; [`StateError::Storage`].
    pub async fn open(resolved: ResolvedSnapshot) -> Result<Self> {
        let manifest = Arc::new(resolved.home.read_manifest(&resolved.manifest_file).await?);
        Ok(Self { resolved, manifest })
    }

    /// The list of what it consists of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads everything, and checks it.
    ///
    /// # Errors
    /// As [`OpenedSnapshot::load_for`].
    pub async fn load(&self) -> Result<LoadedSnapshot> {
        let all = self.manifest.operators.iter().flat_map(OperatorManifest::blocks);
        self.load_blocks(all.cloned().collect()).await
    }

    /// Reads what these subtasks restore, and checks it. Of a file that others restore from, too,
    /// only the blocks of these.
    ///
    /// # Errors
    /// [`StateError::Corrupt`], which names the file, where one is damaged or missing;
    /// [`StateError::Storage`].
    pub async fn load_for(&self, shares: &[OperatorShare]) -> Result<LoadedSnapshot> {
        let mut wanted = Vec::new();
        for share in shares {
            if let Some(stored) = self.manifest.operator(share.operator) {
                stored.keyed_blocks(*share, |_, _, block| wanted.push(block.clone()));
                for (_, lists) in stored.lists_for(*share) {
                    wanted.extend(lists.into_iter().map(|list| list.block.clone()));
                }
            }
        }
        self.load_blocks(wanted).await
    }

    async fn load_blocks(&self, wanted: Vec<BlockReference>) -> Result<LoadedSnapshot> {
        let mut files: BTreeMap<Arc<str>, BTreeMap<u64, BlockReference>> = BTreeMap::new();
        for block in wanted.into_iter().filter(|block| block.length > 0) {
            files.entry(block.file.clone()).or_default().insert(block.offset, block);
        }
        let mut known: HashMap<&str, usize> = HashMap::new();
        for block in self.manifest.operators.iter().flat_map(OperatorManifest::blocks) {
            *known.entry(&block.file).or_default() += usize::from(block.length > 0);
        }
        let reads = files.into_iter().map(|(file, blocks)| {
            let whole = known.get(&*file).is_some_and(|known| *known == blocks.len());
            self.read_file(file, blocks.into_values().collect(), whole)
        });
        let reads = stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_READS);
        let blocks: Vec<Vec<ReadBlock>> = reads.try_collect().await?;
        let (manifest, name) = (self.manifest.clone(), self.resolved.name().into());
        let loaded =
            LoadedSnapshot { manifest, name, blocks: Arc::new(blocks.into_iter().flatten().collect()) };
        loaded.check_lists()?;
        Ok(loaded)
    }

    /// Reads and checks blocks of one file: with all others of the `whole` file, or on their own.
    async fn read_file(
        &self,
        file: Arc<str>,
        blocks: Vec<BlockReference>,
        whole: bool,
    ) -> Result<Vec<ReadBlock>> {
        let path = self.resolved.home.name_of(&file);
        let payloads = if whole {
            let bytes = self.resolved.home.get_if_present(&file).await?;
            let bytes = bytes.ok_or_else(|| self.missing(&path))?;
            verify_header(FileKind::State, &path, &bytes)?;
            blocks.iter().map(|block| verified_block(&path, &bytes, block)).collect::<Result<Vec<_>>>()?
        } else {
            self.read_ranges(&file, &path, &blocks).await?
        };
        Ok(blocks.iter().map(|block| (file.clone(), block.offset)).zip(payloads).collect())
    }

    async fn read_ranges(&self, file: &str, path: &str, blocks: &[BlockReference]) -> Result<Vec<Bytes>> {
        let (store, location) = (self.resolved.home.store(), self.resolved.home.path_of(file));
        let failed = |error| match error {
            object_store::Error::NotFound { .. } => self.missing(path),
            error => self.resolved.home.failed("read", file, error),
        };
        // Asked for first, for a store says nothing clear of a range beyond the end.
        let size = store.head(&location).await.map_err(failed)?.size;
        let header = 0..(HEADER as u64).min(size);
        let ranges: Vec<_> = std::iter::once(header).chain(blocks.iter().map(framed_range)).collect();
        if let Some(range) = ranges.iter().find(|range| range.end > size) {
            let problem = format!("truncated: it has {size} bytes, a block ends at offset {}", range.end);
            return Err(corrupt(path, problem));
        }
        let read = store.get_ranges(&location, &ranges).await.map_err(failed)?;
        let (header, framed) = read.split_first().ok_or_else(|| corrupt(path, "was not read"))?;
        verify_header(FileKind::State, path, header)?;
        let payloads = framed.iter().zip(blocks).map(|(framed, block)| verified_frame(path, framed, block));
        payloads.collect()
    }

    fn missing(&self, path: &str) -> StateError {
        let problem = format!("refers to `{path}`, which does not exist: the snapshot is incomplete");
        corrupt(&self.resolved.name(), problem)
    }
}
