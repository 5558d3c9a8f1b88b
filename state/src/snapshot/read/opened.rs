//! Reads the blocks of a snapshot that some subtasks restore: small files whole, others in runs of blocks.
//!
//! Each has memory of its own, which is given back as soon as its blocks have been decoded: a restore needs
//! the memory of the snapshot or that of the state, but hardly that of both.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use hashbrown::HashMap;
use object_store::ObjectStoreExt;

use super::runs::{LONGEST_RUN, Run, runs};
use super::{LoadedSnapshot, OperatorShare};
use crate::snapshot::compression::decompress;
use crate::snapshot::format::{
    FileKind, HEADER, VERSION, corrupt, framed_range, verified_block, verified_frame, verify_header,
};
use crate::snapshot::manifest::{Manifest, OperatorManifest};
use crate::snapshot::part::BlockReference;
use crate::snapshot::storage::ResolvedSnapshot;
use crate::{Result, StateError};

/// How many requests are under way at once.
const CONCURRENT_READS: usize = 8;

/// The payload of a block, by file and offset.
type ReadBlock = ((Arc<str>, u64), Bytes);

/// One request, and the blocks that its answer holds.
enum Read {
    Whole(Arc<str>, Vec<BlockReference>),
    /// Of a file whose header says whether its blocks are compressed.
    Run(Arc<str>, Run, bool),
}

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

    /// Where it lies.
    pub(crate) const fn resolved(&self) -> &ResolvedSnapshot {
        &self.resolved
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

    /// Reads these blocks, and checks them.
    ///
    /// # Errors
    /// As [`OpenedSnapshot::load_for`].
    pub(crate) async fn load_blocks(&self, wanted: Vec<BlockReference>) -> Result<LoadedSnapshot> {
        let mut files: BTreeMap<Arc<str>, BTreeMap<u64, BlockReference>> = BTreeMap::new();
        for block in wanted.into_iter().filter(|block| block.length > 0) {
            files.entry(block.file.clone()).or_default().insert(block.offset, block);
        }
        let mut known: HashMap<&str, usize> = HashMap::new();
        for block in self.manifest.operators.iter().flat_map(OperatorManifest::blocks) {
            *known.entry(&block.file).or_default() += usize::from(block.length > 0);
        }
        let plans = files.into_iter().map(|(file, blocks)| {
            let all = known.get(&*file).is_some_and(|known| *known == blocks.len());
            self.plan(file, blocks.into_values().collect(), all)
        });
        let plans = stream::iter(plans.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_READS);
        let reads: Vec<Vec<Read>> = plans.try_collect().await?;
        let reads = reads.into_iter().flatten().map(|read| self.read(read));
        let reads = stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_READS);
        let blocks: Vec<Vec<ReadBlock>> = reads.try_collect().await?;
        let (manifest, name) = (self.manifest.clone(), self.resolved.name().into());
        let loaded =
            LoadedSnapshot { manifest, name, blocks: Arc::new(blocks.into_iter().flatten().collect()) };
        loaded.check_lists()?;
        Ok(loaded)
    }

    /// How to read these blocks of a file, which are `all` that it has or not. What is not read whole is
    /// looked at first.
    async fn plan(&self, file: Arc<str>, blocks: Vec<BlockReference>, all: bool) -> Result<Vec<Read>> {
        let end = blocks.iter().map(|block| framed_range(block).end).max().unwrap_or_default();
        if all && end <= LONGEST_RUN {
            return Ok(vec![Read::Whole(file, blocks)]);
        }
        let (path, location) = (self.resolved.home.name_of(&file), self.resolved.home.path_of(&file));
        let (store, failed) = (self.resolved.home.store(), |error| self.failed(&file, error));
        // Asked for first, for a store says nothing clear of a range beyond the end.
        let size = store.head(&location).await.map_err(failed)?.size;
        if end > size {
            let problem = format!("truncated: it has {size} bytes, a block ends at offset {end}");
            return Err(corrupt(&path, problem));
        }
        let header = store.get_range(&location, 0..size.min(HEADER as u64)).await.map_err(failed)?;
        let compressed = verify_header(FileKind::State, &path, &header)? == VERSION;
        Ok(runs(blocks).into_iter().map(|run| Read::Run(file.clone(), run, compressed)).collect())
    }

    /// Reads blocks, and checks them.
    async fn read(&self, read: Read) -> Result<Vec<ReadBlock>> {
        let (file, blocks, mut payloads, compressed) = match read {
            Read::Whole(file, blocks) => {
                let path = self.resolved.home.name_of(&file);
                let bytes = self.resolved.home.get_if_present(&file).await?;
                let bytes = bytes.ok_or_else(|| self.missing(&path))?;
                let compressed = verify_header(FileKind::State, &path, &bytes)? == VERSION;
                let payloads = blocks.iter().map(|block| verified_block(&path, &bytes, block));
                let payloads = payloads.collect::<Result<Vec<_>>>()?;
                (file, blocks, payloads, compressed)
            }
            Read::Run(file, run, compressed) => {
                let payloads = self.read_run(&file, &run).await?;
                (file, run.blocks, payloads, compressed)
            }
        };
        if compressed {
            let path = self.resolved.home.name_of(&file);
            payloads = payloads.iter().map(|payload| decompress(&path, payload)).collect::<Result<_>>()?;
        }
        Ok(blocks.iter().map(|block| (file.clone(), block.offset)).zip(payloads).collect())
    }

    async fn read_run(&self, file: &str, run: &Run) -> Result<Vec<Bytes>> {
        let (home, path) = (&self.resolved.home, self.resolved.home.name_of(file));
        let read = home.store().get_range(&home.path_of(file), run.range.clone()).await;
        let bytes = read.map_err(|error| self.failed(file, error))?;
        let Range { start, end } = run.range;
        if bytes.len() as u64 != end.saturating_sub(start) {
            let problem = format!("{} bytes were read where {} lie", bytes.len(), end.saturating_sub(start));
            return Err(corrupt(&path, problem));
        }
        let payload = |block: &BlockReference| {
            let range = framed_range(block);
            // Both lie in the run, whose length is an `usize`.
            let [from, to] = [range.start, range.end].map(|at| usize::try_from(at - start).unwrap_or(0));
            verified_frame(&path, &bytes.slice(from..to), block)
        };
        run.blocks.iter().map(payload).collect()
    }

    fn failed(&self, file: &str, error: object_store::Error) -> StateError {
        match error {
            object_store::Error::NotFound { .. } => self.missing(&self.resolved.home.name_of(file)),
            error => self.resolved.home.failed("read", file, error),
        }
    }

    fn missing(&self, path: &str) -> StateError {
        let problem = format!("refers to `{path}`, which does not exist: the snapshot is incomplete");
        corrupt(&self.resolved.name(), problem)
    }
}
