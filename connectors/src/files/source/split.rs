//! Splits: ranges of files, with the position in them.

use std::cmp::Ordering;

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::location::FoundFile;

/// A range of a file that one reader reads, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSplit {
    /// The file.
    pub(super) file: String,
    /// The file's size in bytes, as it was found.
    pub(super) size: u64,
    /// The range: rows that begin in it belong to it.
    pub(super) start: u64,
    pub(super) end: u64,
    /// Whether it is one of several ranges of a file, or a file on its own.
    pub(super) whole: bool,
    pub(super) gzip: bool,
    /// Where the next row begins, once reading has begun; in a packed file, a position in what it
    /// unpacks to, and in one of a [bulk format](super::BulkFormat) how many rows of the range have been read.
    pub(super) position: Option<u64>,
    /// The time before which none of the file's records is.
    pub(super) declared_start: Option<Timestamp>,
    /// The latest timestamp read from it.
    pub(super) latest: Timestamp,
}

impl FileSplit {
    /// A range of a file, of which nothing has been read.
    pub(super) fn of_range(file: &FoundFile, start: u64, end: u64) -> Self {
        Self {
            file: file.name.clone(),
            size: file.size,
            start,
            end,
            whole: start == 0 && end == file.size,
            gzip: false,
            position: None,
            declared_start: None,
            latest: Timestamp::MIN,
        }
    }

    /// The file, as a path or URL.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What tells it from all other splits: its file and where in it it begins.
    pub(super) fn name(&self) -> String {
        format!("{}@{}", self.file, self.start)
    }

    /// Whether the file is read through a decompressor.
    pub(super) const fn is_packed(&self) -> bool {
        self.gzip
    }

    /// The earliest first, and then as they lie in the files. What declares no start might be
    /// anywhere in time, and holds the watermark back: it comes first.
    pub(super) fn reading_order(&self, other: &Self) -> Ordering {
        let key = |split: &Self| (split.declared_start, split.start);
        let ((start, offset), (other_start, other_offset)) = (key(self), key(other));
        start.cmp(&other_start).then_with(|| self.file.cmp(&other.file)).then(offset.cmp(&other_offset))
    }

    /// Whether both are the same range.
    pub(super) fn is_same_range(&self, other: &Self) -> bool {
        (self.start, self.end, &self.file) == (other.start, other.end, &other.file)
    }
}

/// How files are cut into splits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cutting {
    /// At least 1.
    pub(super) split_bytes: u64,
    pub(super) whole_files: bool,
    /// Whether the files in the folders of a directory are part of it.
    pub(super) recursive: bool,
    /// Whether all files are packed, whatever their names say.
    pub(super) gzip: bool,
}

/// The splits of a file.
pub(super) fn cut(file: &FoundFile, declared_start: Option<Timestamp>, cutting: Cutting) -> Vec<FileSplit> {
    let gzip = cutting.gzip || file.name.ends_with(".gz");
    let whole = gzip || cutting.whole_files;
    let bytes = if whole { file.size } else { cutting.split_bytes };
    let mut splits = Vec::new();
    let mut start = 0;
    while start < file.size {
        let end = file.size.min(start.saturating_add(bytes));
        splits.push(FileSplit { whole, gzip, declared_start, ..FileSplit::of_range(file, start, end) });
        start = end;
    }
    splits
}
