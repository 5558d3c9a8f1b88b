use std::collections::BTreeSet;

use bytes::Bytes;
use millstream_operators::testing::source_operator;
use millstream_runtime::ErrorKind;
use millstream_runtime::chain::SourceStatus;
use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, SourceHarness};
use proptest::prelude::*;

use super::cut::cut_between;
use super::*;
use crate::files::testing::FailingStore;

/// Blocks of numbers of eight bytes; at the end how many numbers each block has, and how many blocks there are.
#[derive(Clone)]
struct Blocks {
    /// How many numbers come at once.
    at_once: u64,
}

fn file(blocks: &[Vec<u64>]) -> Vec<u8> {
    let numbers = blocks.iter().flatten().copied();
    let lengths = blocks.iter().map(|block| block.len() as u64);
    numbers.chain(lengths).chain([blocks.len() as u64]).flat_map(u64::to_le_bytes).collect()
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number)).collect()
}

impl BulkFormat for Blocks {
    type Record = Vec<u64>;
    type Footer = Vec<u64>;
    type Decoder = BlockDecoder;

    fn kind(&self) -> &'static str {
        "files of blocks"
    }

    fn footer(&self, _: u64, tail: Bytes) -> Result<FooterRead<Vec<u64>>, String> {
        let tail = numbers(&tail);
        let (count, rest) = tail.split_last().ok_or("no footer")?;
        Ok(match rest.len().checked_sub(*count as usize) {
            Some(start) => FooterRead::Footer(rest[start..].to_vec()),
            None => FooterRead::Needs((count + 1) * 8),
        })
    }

    fn blocks(&self, lengths: &Vec<u64>) -> Vec<FileBlock> {
        let starts = lengths.iter().scan(0, |end, length| Some(std::mem::replace(end, *end + length * 8)));
        starts.zip(lengths).map(|(offset, rows)| FileBlock { offset, rows: *rows }).collect()
    }

    fn decoder(
        &self,
        _: &str,
        lengths: &Arc<Vec<u64>>,
        block: usize,
        skip: u64,
    ) -> Result<BlockDecoder, String> {
        let FileBlock { offset, rows } = self.blocks(lengths)[block];
        assert!(skip < rows.max(1), "a block that has been read is not read again");
        Ok(BlockDecoder {
            left: offset + skip * 8..offset + rows * 8,
            numbers: Vec::new(),
            at_once: self.at_once,
        })
    }
}

struct BlockDecoder {
    left: Range<u64>,
    numbers: Vec<u64>,
    at_once: u64,
}

impl BulkDecoder for BlockDecoder {
    type Record = Vec<u64>;

    fn decode(&mut self) -> Result<BulkDecoded<Vec<u64>>, String> {
        if !self.numbers.is_empty() {
            let record = std::mem::take(&mut self.numbers);
            let rows = record.len() as u64;
            return Ok(BulkDecoded::Rows(Gathered { record, rows, bytes: rows * 8 }));
        }
        if self.left.is_empty() {
            return Ok(BulkDecoded::End);
        }
        // In two parts, where there is enough, so that there are several.
        let (start, end) = (self.left.start, self.left.end.min(self.left.start + self.at_once * 8));
        let middle = end.min(start + 8);
        let parts = [start..middle, middle..end].into_iter();
        Ok(BulkDecoded::Needs(parts.filter(|part| !part.is_empty()).collect()))
    }

    fn feed(&mut self, ranges: Vec<Range<u64>>, bytes: Vec<Bytes>) -> Result<(), String> {
        self.left.start = ranges.last().unwrap().end;
        self.numbers = bytes.iter().flat_map(|bytes| numbers(bytes)).collect();
        Ok(())
    }
}

fn source(store: &Arc<FailingStore>) -> BulkFileSource<Blocks> {
    BulkFileSource::new("in", Blocks { at_once: 3 }).store(store.clone())
}

fn discover(source: &BulkFileSource<Blocks>) -> Result<Vec<FileSplit>> {
    futures::executor::block_on(source.discover())
}

fn start(source: &BulkFileSource<Blocks>, subtask: u32, parallelism: u32) -> SourceHarness<Vec<u64>> {
    let setup = HarnessSetup::new().subtask(subtask, parallelism);
    let operator = source_operator(source.clone(), discover(source).unwrap(), subtask, parallelism);
    SourceHarness::with(setup, operator).unwrap()
}

fn restore(
    source: &BulkFileSource<Blocks>,
    subtask: u32,
    parallelism: u32,
    snapshots: &[HarnessSnapshot],
) -> SourceHarness<Vec<u64>> {
    let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(snapshots);
    SourceHarness::with(setup, source_operator(source.clone(), Vec::new(), subtask, parallelism)).unwrap()
}

/// Reads for some steps. After a footer a block is waited for, which the harness takes for a source that has nothing to read.
fn run(harness: &mut SourceHarness<Vec<u64>>, steps: usize) -> Result<SourceStatus> {
    for _ in 0..1_000 {
        let status = harness.run(steps)?;
        if status != SourceStatus::Waiting {
            return Ok(status);
        }
    }
    Ok(SourceStatus::Waiting)
}

#[test]
fn a_large_file_is_shared_between_its_blocks() {
    let store = FailingStore::new();
    let blocks: Vec<Vec<u64>> = (0..40).map(|block| (block * 10..block * 10 + 10).collect()).collect();
    store.write("in/a", file(&blocks));
    store.write("in/_hidden", "not this");
    let source = source(&store).split_bytes(160);
    assert_eq!(discover(&source).unwrap().len(), 20, "two blocks each");
    let mut read = Vec::new();
    for subtask in 0..3 {
        let mut harness = start(&source, subtask, 3);
        assert_eq!(run(&mut harness, usize::MAX).unwrap(), SourceStatus::Ended);
        let records = harness.take_records().concat();
        assert!(records.len() >= 120, "each has its share");
        assert_eq!(harness.counters().bytes, records.len() as u64 * 8);
        read.extend(records);
    }
    read.sort_unstable();
    assert_eq!(read, (0..400).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Die after any number of steps, come back at any parallelism: every row exactly once.
    #[test]
    fn rescaling_loses_and_repeats_nothing(
        lives in prop::collection::vec((1..4_u32, 0..12_usize), 1..5),
        lengths in prop::collection::vec(0..12_u64, 0..20),
        at_once in 1..5_u64,
        split_bytes in 1..400_u64,
    ) {
        let store = FailingStore::new();
        let mut next = 0;
        let blocks: Vec<Vec<u64>> = lengths.iter().map(|length| {
            next += length;
            (next - length..next).collect()
        }).collect();
        let (one, other) = blocks.split_at(blocks.len() / 3);
        store.write("in/a", file(one));
        store.write("in/b", file(other));
        let source =
            BulkFileSource::new("in", Blocks { at_once }).store(store.clone()).split_bytes(split_bytes);
        let (mut read, mut snapshots) = (Vec::new(), None::<Vec<_>>);
        for (parallelism, steps) in lives.into_iter().chain([(2, usize::MAX)]) {
            let harnesses = (0..parallelism).map(|subtask| {
                let mut harness = match &snapshots {
                    None => start(&source, subtask, parallelism),
                    Some(snapshots) => restore(&source, subtask, parallelism, snapshots),
                };
                run(&mut harness, steps).unwrap();
                read.extend(harness.take_records().concat());
                harness.snapshot(1).unwrap()
            });
            snapshots = Some(harnesses.collect());
        }
        read.sort_unstable();
        prop_assert_eq!(read, (0..next).collect::<Vec<_>>());
    }

    /// Whatever the blocks are: the splits have all bytes of the file, and each of them once.
    #[test]
    fn splits_cover_the_file(
        offsets in prop::collection::vec(0..2_000_u64, 0..20),
        split_bytes in 1..500_u64,
        size in 1..1_500_u64,
    ) {
        let blocks: Vec<_> = offsets.iter().map(|offset| FileBlock { offset: *offset, rows: 1 }).collect();
        let splits = cut_between(&blocks, split_bytes, &FoundFile { name: "a".to_owned(), size });
        let mut end = 0;
        for split in &splits {
            prop_assert_eq!(split.start, end);
            prop_assert!(split.end > split.start);
            end = split.end;
        }
        prop_assert_eq!(end, size);
        let names: BTreeSet<_> = splits.iter().map(FileSplit::name).collect();
        prop_assert_eq!(names.len(), splits.len());
    }
}

#[test]
fn a_footer_longer_than_what_is_fetched_at_first_is_fetched_again() {
    let store = FailingStore::new();
    let blocks: Vec<Vec<u64>> = (0..20_000).map(|block| vec![block]).collect();
    store.write("in/a", file(&blocks));
    let mut harness = start(&source(&store), 0, 1);
    run(&mut harness, usize::MAX).unwrap();
    assert_eq!(harness.take_records().concat(), (0..20_000).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_read_is_named() {
    let store = FailingStore::new();
    assert!(discover(&source(&store)).unwrap_err().to_string().contains("`in`"));
    // A footer that is longer than the file, one of bytes that are not there, and none.
    let too_long = numbers_of(&[1, 2, 9]);
    let beyond = numbers_of(&[1, 9, 1]);
    for (content, problem) in [
        (too_long, "its footer would be 80 bytes long, and the file is 24"),
        (beyond, "the footer names bytes that are not in the file"),
        (Vec::new(), "no footer"),
    ] {
        store.write("in/a", content);
        let error = run(&mut start(&source(&store), 0, 1), 99).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("`in/a` cannot be read as one of files of blocks"), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

fn numbers_of(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().copied().flat_map(u64::to_le_bytes).collect()
}

#[test]
fn a_failing_store_fails_the_source_and_says_where() {
    for successes in 0..4 {
        let store = FailingStore::new();
        store.write("in/a", file(&[vec![1, 2, 3, 4], vec![5, 6, 7, 8]]));
        let mut harness = start(&source(&store), 0, 1);
        store.fail("get", successes);
        let error = run(&mut harness, usize::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External);
        assert!(error.to_string().contains("`in/a`"), "{error}");
    }
}

#[test]
fn a_file_that_became_shorter_is_an_error() {
    let store = FailingStore::new();
    store.write("in/a", file(&[(0..100).collect()]));
    let mut harness = start(&source(&store), 0, 1);
    store.write("in/a", file(&[vec![1]]));
    let error = run(&mut harness, usize::MAX).unwrap_err();
    assert!(error.to_string().contains("`in/a`"), "{error}");
}

#[test]
fn what_follows_is_fetched_meanwhile_and_still_in_snapshots() {
    let store = FailingStore::new();
    store.write("in/a", file(&[vec![1, 2]]));
    store.write("in/b", file(&[vec![3, 4]]));
    let source = source(&store);
    let operator = source_operator(source.clone(), discover(&source).unwrap(), 0, 1);
    let mut harness = SourceHarness::with(HarnessSetup::new().manual_io(), operator).unwrap();
    let read = |harness: &mut SourceHarness<Vec<u64>>| {
        for _ in 0..9 {
            harness.next().unwrap();
            let records = harness.take_records();
            if !records.is_empty() {
                return records.concat();
            }
            harness.run_io().unwrap();
        }
        panic!("nothing was read");
    };
    assert_eq!(read(&mut harness), [1, 2]);
    // The next file is under way: neither lost nor read.
    let snapshot = harness.snapshot(1).unwrap();
    let mut again = restore(&source, 0, 1, &[snapshot]);
    run(&mut again, usize::MAX).unwrap();
    assert_eq!(again.take_records().concat(), [3, 4]);
    assert_eq!(read(&mut harness), [3, 4]);
}
