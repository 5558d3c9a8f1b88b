//! The source as a whole, on a store in memory.

use std::time::Duration;

use millstream_runtime::chain::SourceStatus;
use millstream_runtime::graph::OutputTag;
use proptest::prelude::*;

use super::*;
use crate::files::testing::FailingStore;

/// Lines of different lengths, numbered.
fn numbered(count: usize) -> String {
    (0..count).map(|number| format!("{number}{}\n", "x".repeat(number * 7 % 31))).collect()
}

fn text(store: &Arc<FailingStore>) -> FileSource {
    FileSource::text("in").store(store.clone())
}

#[test]
fn all_subtasks_together_read_everything_once() {
    let store = FailingStore::new();
    let (one, other) = (numbered(5_000), numbered(100));
    store.write("in/one.txt", one.clone());
    store.write("in/other.txt", other.clone());
    store.write("in/_hidden.txt", "not this\n");
    let source = text(&store).split_bytes(10_000);
    let mut read = Vec::new();
    for subtask in 0..3 {
        let mut harness = start(&source, subtask, 3);
        assert_eq!(harness.run(usize::MAX).unwrap(), SourceStatus::Ended);
        let records = harness.take_records();
        assert!(records.len() > 1_000, "each has its share");
        assert!(harness.counters().bytes > 0);
        read.extend(records);
    }
    let mut expected: Vec<_> = one.lines().chain(other.lines()).map(str::to_owned).collect();
    read.sort();
    expected.sort();
    assert_eq!(read, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Die after any number of steps, come back at any parallelism: every line exactly once.
    #[test]
    fn rescaling_loses_and_repeats_nothing(
        lives in prop::collection::vec((1..4_u32, 0..6_usize), 1..5),
        split_bytes in 1..20_000_u64,
        gzip in any::<bool>(),
    ) {
        let store = FailingStore::new();
        let content = numbered(3_000);
        if gzip {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, content.as_bytes()).unwrap();
            store.write("in/a.txt.gz", encoder.finish().unwrap());
        } else {
            store.write("in/a.txt", content.clone());
        }
        let source = text(&store).split_bytes(split_bytes);
        let (mut read, mut snapshots) = (Vec::new(), None::<Vec<_>>);
        for (parallelism, steps) in lives.into_iter().chain([(2, usize::MAX)]) {
            let harnesses = (0..parallelism).map(|subtask| {
                let mut harness = match &snapshots {
                    None => start(&source, subtask, parallelism),
                    Some(snapshots) => restore(&source, subtask, parallelism, snapshots),
                };
                harness.run(steps).unwrap();
                read.extend(harness.take_records());
                harness.snapshot(1).unwrap()
            });
            snapshots = Some(harnesses.collect());
        }
        let mut expected: Vec<_> = content.lines().map(str::to_owned).collect();
        read.sort();
        expected.sort();
        prop_assert_eq!(read, expected);
    }
}

#[test]
fn a_header_is_known_in_every_range_and_after_a_restore() {
    let store = FailingStore::new();
    let rows: String = (0..2_000).map(|number| format!("{},{number}\n", number * 2)).collect();
    store.write("in/a.csv", format!("double,single\n{rows}"));
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    struct Numbers {
        single: u64,
        double: u64,
    }
    for split_bytes in [500, 1 << 20] {
        let source = FileSource::csv::<Numbers>("in").store(store.clone()).split_bytes(split_bytes);
        let mut harness = start(&source, 0, 1);
        harness.run(4).unwrap();
        let mut read = harness.take_records();
        let snapshot = harness.snapshot(1).unwrap();
        let mut harness = restore(&source, 0, 1, &[snapshot]);
        harness.run(usize::MAX).unwrap();
        read.extend(harness.take_records());
        assert!(read.iter().all(|row| row.double == 2 * row.single));
        assert_eq!(read.iter().map(|row| row.single).collect::<Vec<_>>(), (0..2_000).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_not_there_is_named() {
    let error = discover(&text(&FailingStore::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`in`"), "{error}");
    let error = discover(&FileSource::text("/no/such/file.csv")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("/no/such/file.csv"), "{error}");
    let error = discover(&text(&FailingStore::new()).rate(0.0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
}

#[test]
fn a_bad_row_fails_or_is_skipped_or_set_aside() {
    let store = FailingStore::new();
    store.write("in/n.jsonl", "1\n\n2\nthree\n4");
    let source = FileSource::json_lines::<u64>("in").store(store);

    let error = start(&source, 0, 1).run(9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    for part in ["`in/n.jsonl`", "byte 5", "`three`"] {
        assert!(error.to_string().contains(part), "{error}");
    }

    let mut harness = start(&source.clone().on_error(BadRecord::Skip), 0, 1);
    harness.run(9).unwrap();
    assert_eq!(harness.take_records(), [1, 2, 4]);
    assert_eq!(harness.counters().skipped_records, 1);

    let tag = OutputTag::new("bad");
    let source = source.on_error(BadRecord::SideOutput(tag.clone()));
    let operator = source_operator(source.clone(), discover(&source).unwrap(), 0, 1);
    let mut harness = SourceHarness::new(operator).unwrap();
    harness.run(9).unwrap();
    assert_eq!(harness.take_records(), [1, 2, 4]);
    let bad = harness.take_side(&tag);
    assert_eq!((bad[0].file.as_str(), bad[0].offset, bad[0].text.as_str()), ("in/n.jsonl", 5, "three"));
    assert_eq!(bad.len(), 1);
}

#[test]
fn the_rate_is_shared_and_kept() {
    let store = FailingStore::new();
    store.write("in/a.txt", numbered(1_000));
    // 100 a second over two subtasks: 50 each.
    let mut harness = start(&text(&store).rate(100.0), 0, 2);
    for _ in 0..100 {
        assert_eq!(harness.run(10).unwrap(), SourceStatus::Waiting);
        assert!(harness.wake_at().is_some_and(|time| time > harness.now()));
        harness.advance(Duration::from_millis(20)).unwrap();
    }
    let read = harness.take_records().len();
    assert!((95..=105).contains(&read), "{read} in two seconds");
}

#[test]
fn a_failing_store_fails_the_source_and_says_where() {
    let store = FailingStore::new();
    store.write("in/a.txt", numbered(1_000));
    let source = text(&store).split_bytes(1_000);
    let mut harness = start(&source, 0, 1);
    store.fail("get", 3);
    let error = harness.run(usize::MAX).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    assert!(error.to_string().contains("`in/a.txt`"), "{error}");
    store.fail("list", 0);
    assert_eq!(discover(&source).unwrap_err().kind(), ErrorKind::External);
}

#[test]
fn a_file_that_became_shorter_is_an_error() {
    let store = FailingStore::new();
    store.write("in/a.txt", numbered(1_000));
    let source = text(&store);
    let mut harness = start(&source, 0, 1);
    store.write("in/a.txt", numbered(10));
    let error = harness.run(usize::MAX).unwrap_err();
    assert!(error.to_string().contains("`in/a.txt`"), "{error}");
}

#[test]
fn nothing_blocks_while_bytes_are_under_way() {
    let store = FailingStore::new();
    store.write("in/a.txt", "a\n");
    let source = text(&store);
    let operator = source_operator(source.clone(), discover(&source).unwrap(), 0, 1);
    let mut harness = SourceHarness::with(HarnessSetup::new().manual_io(), operator).unwrap();
    assert_eq!(harness.next().unwrap(), SourceStatus::Waiting);
    let before = harness.snapshot(1).unwrap();
    harness.run_io().unwrap();
    assert_eq!(harness.next().unwrap(), SourceStatus::More);
    assert_eq!(harness.take_records(), ["a"]);
    let mut again = restore(&source, 0, 1, &[before]);
    again.run(9).unwrap();
    assert_eq!(again.take_records(), ["a"], "it had been asked for, but not been read");
}
