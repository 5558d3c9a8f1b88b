//! How the blocks of a file are read: in runs of blocks that lie side by side.

use std::ops::Range;

use crate::snapshot::format::framed_range;
use crate::snapshot::part::BlockReference;

/// How long a run may become by taking in another block, in bytes. The memory of a run is given back once
/// the last of its blocks has been decoded, and no sooner.
pub(super) const LONGEST_RUN: u64 = 8 << 20;
/// How many bytes that nobody has asked for may lie between two blocks of a run: to read them costs less
/// than another request.
const WIDEST_GAP: u64 = 64 << 10;

/// Blocks of one file that are read at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where they lie, with their frames.
    pub(super) range: Range<u64>,
    pub(super) blocks: Vec<BlockReference>,
}

impl Run {
    /// Whether the run takes a block in that lies at `range`.
    fn has_room_for(&self, range: &Range<u64>) -> bool {
        range.start.saturating_sub(self.range.end) <= WIDEST_GAP
            && range.end.saturating_sub(self.range.start) <= LONGEST_RUN
    }
}

/// Divides blocks of one file, in order of their offsets, into runs.
pub(super) fn runs(blocks: Vec<BlockReference>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for block in blocks {
        let range = framed_range(&block);
        match runs.last_mut().filter(|run| run.has_room_for(&range)) {
            Some(run) => {
                run.range.end = run.range.end.max(range.end);
                run.blocks.push(block);
            }
            None => runs.push(Run { range, blocks: vec![block] }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of these lengths with their frames, each so far behind the one before.
    fn blocks(gaps_and_lengths: &[(u64, u64)]) -> Vec<BlockReference> {
        let mut end = 16;
        let block = |(gap, length): &(u64, u64)| {
            let offset = end + gap + 12;
            end += gap + length;
            BlockReference { file: "file".into(), offset, length: length - 12, checksum: 0, entries: 1 }
        };
        gaps_and_lengths.iter().map(block).collect()
    }

    /// How many blocks each run has.
    fn counts(gaps_and_lengths: &[(u64, u64)]) -> Vec<usize> {
        let blocks = blocks(gaps_and_lengths);
        let runs = runs(blocks.clone());
        for run in &runs {
            let ranges: Vec<_> = run.blocks.iter().map(framed_range).collect();
            assert_eq!(run.range, ranges[0].start..ranges[ranges.len() - 1].end);
        }
        assert_eq!(runs.iter().flat_map(|run| run.blocks.clone()).collect::<Vec<_>>(), blocks);
        runs.iter().map(|run| run.blocks.len()).collect()
    }

    #[test]
    fn small_blocks_are_read_together_and_large_ones_alone() {
        assert_eq!(counts(&[(0, 100), (0, 200), (0, 300)]), [3]);
        assert_eq!(counts(&[(0, 100), (0, LONGEST_RUN - 100), (0, 100)]), [2, 1]);
        assert_eq!(counts(&[(0, 100), (0, LONGEST_RUN - 99), (0, 100)]), [1, 1, 1]);
        assert_eq!(counts(&[(0, 2 * LONGEST_RUN), (0, 2 * LONGEST_RUN), (0, 100)]), [1, 1, 1]);
    }

    #[test]
    fn what_others_restore_is_read_as_well_only_where_it_is_little() {
        assert_eq!(counts(&[(0, 100), (WIDEST_GAP, 100), (WIDEST_GAP + 1, 100)]), [2, 1]);
    }

    #[test]
    fn blocks_that_overlap_as_in_a_damaged_manifest_lie_within_the_run() {
        let mut found = blocks(&[(0, 1_000), (0, 100)]);
        found[0].length = 5_000;
        assert_eq!(runs(found.clone()), [Run { range: 16..28 + 5_000, blocks: found }]);
    }
}
