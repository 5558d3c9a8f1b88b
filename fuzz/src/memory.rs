//! A folder of snapshots in memory.

use std::sync::Arc;

use bytes::Bytes;
use futures::executor::block_on;
use millstream::engine::state::snapshot::format::{FileKind, append_block, begin};
use millstream::state::snapshot::SnapshotHome;
use object_store::memory::InMemory;
use object_store::path::Path;

/// A folder with these files.
pub fn folder<'f>(files: impl IntoIterator<Item = (&'f str, Bytes)>) -> SnapshotHome {
    let home = SnapshotHome::new(Arc::new(InMemory::new()), Path::default());
    files.into_iter().for_each(|(file, content)| block_on(home.put(file, content)).expect("memory"));
    home
}

/// A file with this content behind a header and checksums that are right: what a forger, or a program with a
/// mistake, would write.
pub fn framed(kind: FileKind, content: &[u8]) -> Bytes {
    let mut file = Vec::new();
    begin(kind, &mut file);
    append_block(&mut file, |out| {
        out.extend_from_slice(content);
        Ok(())
    })
    .expect("appending bytes");
    file.into()
}

/// The content of a file with one block: what [`framed`] was given.
pub fn content_of(file: &[u8]) -> Vec<u8> {
    file.get(28..).expect("a header of 16 bytes and a frame of 12").to_vec()
}
