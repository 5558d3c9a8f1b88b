//! The rows of a partition that are in the result, sorted, in the variable part of one row of the state.
//!
//! ```text
//! entry:  length of the sort key, of the row key and of the row, u32 each | the three
//! fixed:  how many entries there are, u32 | where the last one begins, u32
//! ```

/// What the fixed part of a partition's row holds.
pub(in crate::operators) const FIXED: usize = 8;
const HEADER: usize = 12;

/// A row of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operators) struct Entry<'r> {
    pub(in crate::operators) sort_key: &'r [u8],
    /// Empty where rows are not replaced.
    pub(in crate::operators) row_key: &'r [u8],
    pub(in crate::operators) row: &'r [u8],
}

fn word(bytes: &[u8], at: usize) -> usize {
    let word = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    word.map_or(0, |word| u32::from_le_bytes(*word) as usize)
}

fn entry(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let (sort_key, rest) = rest.split_at_checked(word(header, 0))?;
    let (row_key, rest) = rest.split_at_checked(word(header, 4))?;
    let (row, rest) = rest.split_at_checked(word(header, 8))?;
    Some((Entry { sort_key, row_key, row }, rest))
}

/// Reads the entries of a partition.
pub(in crate::operators) fn read<'r>(mut bytes: &'r [u8], into: &mut Vec<Entry<'r>>) {
    into.clear();
    while let Some((entry, rest)) = entry(bytes) {
        into.push(entry);
        bytes = rest;
    }
}

/// How many entries a partition has.
pub(in crate::operators) fn count(fixed: &[u8]) -> u64 {
    word(fixed, 0) as u64
}

/// The sort key of the last entry.
pub(in crate::operators) fn last_key<'r>(fixed: &[u8], bytes: &'r [u8]) -> Option<&'r [u8]> {
    bytes.get(word(fixed, 4)..).and_then(entry).map(|(entry, _)| entry.sort_key)
}

/// Writes entries, and what the fixed part says of them.
pub(in crate::operators) fn write<'r>(
    entries: impl Iterator<Item = Entry<'r>>,
    bytes: &mut Vec<u8>,
) -> [u8; FIXED] {
    bytes.clear();
    let (mut count, mut last) = (0_u32, 0);
    for entry in entries {
        (count, last) = (count + 1, bytes.len());
        let parts = [entry.sort_key, entry.row_key, entry.row];
        // A part of 4 GiB makes the whole too long, which the state refuses.
        parts.iter().for_each(|part| bytes.extend((part.len() as u32).to_le_bytes()));
        parts.iter().for_each(|part| bytes.extend(*part));
    }
    let mut fixed = [0; FIXED];
    let words = count.to_le_bytes().into_iter().chain((last as u32).to_le_bytes());
    fixed.iter_mut().zip(words).for_each(|(to, from)| *to = from);
    fixed
}
