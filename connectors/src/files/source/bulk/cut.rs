//! Cuts files into splits between their blocks.

use millstream_runtime::Result;

use super::reading::read_footer;
use super::{BulkFormat, FileBlock};
use crate::files::location::{FileStores, FoundFile};
use crate::files::source::FileSplit;

/// The splits of a file, each of at least `split_bytes` bytes but for the last. The footer of a file that is no larger is not
/// worth a look beforehand.
pub(super) async fn cut<F: BulkFormat>(
    format: &F,
    stores: &FileStores,
    split_bytes: u64,
    file: &FoundFile,
) -> Result<Vec<FileSplit>> {
    if file.size <= split_bytes {
        return Ok(vec![FileSplit::of_range(file, 0, file.size)]);
    }
    let footer = read_footer(format.clone(), stores.locate(&file.name)?, file.size).await?;
    Ok(cut_between(&format.blocks(&footer), split_bytes, file))
}

/// The splits of a file with these blocks. All bytes of the file are in one of them, so that no block is left out.
pub(super) fn cut_between(blocks: &[FileBlock], split_bytes: u64, file: &FoundFile) -> Vec<FileSplit> {
    let mut offsets: Vec<u64> = blocks.iter().map(|block| block.offset).collect();
    offsets.sort_unstable();
    let mut splits = Vec::new();
    let mut start = 0;
    for offset in offsets.into_iter().skip(1).filter(|offset| *offset < file.size) {
        if offset - start >= split_bytes {
            splits.push(FileSplit::of_range(file, start, offset));
            start = offset;
        }
    }
    splits.push(FileSplit::of_range(file, start, file.size));
    splits
}
