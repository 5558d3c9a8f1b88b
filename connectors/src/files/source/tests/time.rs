//! Watermarks out of timestamps and declared starts.

use std::time::Duration;

use millstream_runtime::testing::Emitted;
use proptest::prelude::*;

use super::*;
use crate::files::format::JsonLinesFormat;
use crate::files::testing::FailingStore;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Files of timestamps.
fn source(store: &Arc<FailingStore>, files: &[(&str, &[i64])]) -> FileSource<JsonLinesFormat<i64>> {
    for (name, times) in files {
        let content: String = times.iter().map(|time| format!("{time}\n")).collect();
        store.write(&format!("in/{name}"), content);
    }
    FileSource::json_lines::<i64>("in").store(store.clone()).timestamps(|millis| at(*millis))
}

/// The start that a file's name declares: `30-b` begins at 30.
fn start_of(name: &str) -> Option<Timestamp> {
    name.rsplit_once('/')?.1.split_once('-')?.0.parse().ok().map(at)
}

/// Records and watermarks as they come, the last watermark left out.
fn run(harness: &mut SourceHarness<i64>, steps: usize) -> (Vec<i64>, Vec<i64>) {
    harness.run(steps).unwrap();
    let (mut records, mut watermarks) = (Vec::new(), Vec::new());
    for emitted in harness.take_emitted() {
        match emitted {
            Emitted::Record(record, timestamp) => {
                assert_eq!(timestamp, at(record));
                assert!(
                    watermarks.last().is_none_or(|watermark| record > *watermark),
                    "{record} after {watermarks:?}"
                );
                records.push(record);
            }
            Emitted::Watermark(Timestamp::MAX) => {}
            Emitted::Watermark(watermark) => watermarks.push(watermark.as_millis()),
            _ => {}
        }
    }
    assert!(watermarks.is_sorted_by(|one, next| one < next), "{watermarks:?}");
    (records, watermarks)
}

#[test]
fn a_bound_follows_the_latest_record() {
    let source = source(&FailingStore::new(), &[("a", &[10, 30, 25]), ("b", &[40])]);
    assert!(source.has_timestamps());
    let source = source.watermarks(Duration::from_millis(5));
    let (records, watermarks) = run(&mut start(&source, 0, 1), 99);
    assert_eq!(records, [10, 30, 25, 40]);
    assert_eq!(watermarks, [24, 34]);
}

#[test]
fn declared_starts_alone_make_lateness_impossible() {
    let files: [(&str, &[i64]); 3] = [("20-b", &[29, 20, 35]), ("10-a", &[19, 10]), ("30-c", &[31])];
    let source = source(&FailingStore::new(), &files).split_start(start_of);
    let (records, watermarks) = run(&mut start(&source, 0, 1), 99);
    assert_eq!(records, [19, 10, 29, 20, 35, 31]);
    assert_eq!(watermarks, [9, 19, 29]);
}

#[test]
fn a_file_that_declares_nothing_holds_the_watermark_and_is_read_first() {
    let files: [(&str, &[i64]); 2] = [("10-a", &[10, 19]), ("unknown", &[5, 1])];
    let source = source(&FailingStore::new(), &files).split_start(start_of);
    let (records, watermarks) = run(&mut start(&source, 0, 1), 99);
    assert_eq!((records, watermarks), (vec![5, 1, 10, 19], vec![9]));
}

#[test]
fn with_both_a_file_lets_time_rise_up_to_the_next() {
    let files: [(&str, &[i64]); 2] = [("10-a", &[10, 28, 27]), ("20-b", &[22, 40])];
    let source =
        source(&FailingStore::new(), &files).split_start(start_of).watermarks(Duration::from_millis(2));
    let (records, watermarks) = run(&mut start(&source, 0, 1), 99);
    assert_eq!((records, watermarks), (vec![10, 28, 27, 22, 40], vec![9, 19, 37]));
}

#[test]
fn all_subtasks_go_through_time_together() {
    let files: [(&str, &[i64]); 4] = [("40-d", &[4]), ("10-a", &[1]), ("30-c", &[3]), ("20-b", &[2])];
    let source = source(&FailingStore::new(), &files).split_start(start_of);
    let splits = discover(&source).unwrap();
    let names = |subtask| {
        source.assign(&splits, subtask, 2).iter().map(|split| split.file().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["in/10-a", "in/30-c"]);
    assert_eq!(names(1), ["in/20-b", "in/40-d"]);
}

#[test]
fn a_split_keeps_its_time_across_a_restore() {
    let long: Vec<i64> = (0..3_000).map(|step| 10_000 + step).collect();
    let store = FailingStore::new();
    let files: [(&str, &[i64]); 2] = [("10000-a", &long), ("50000-b", &[50_001])];
    let source = source(&store, &files).split_start(start_of).watermarks(Duration::from_millis(1));
    let mut harness = start(&source, 0, 1);
    // The first time there is nothing but the declared start.
    let (records, watermarks) = run(&mut harness, 2);
    let read = records.len();
    assert!(0 < read && read < long.len(), "{read} records in a batch");
    let reached = records.last().unwrap() - 2;
    assert_eq!(watermarks, [9_999, reached]);
    let snapshot = harness.snapshot(1).unwrap();
    // The restored reader knows at least what was known.
    let source = source.split_start(|_| None);
    let (records, watermarks) = run(&mut restore(&source, 0, 1, &[snapshot]), 99);
    assert_eq!(records.len(), 3_000 - read + 1);
    assert!(watermarks.first().is_some_and(|first| *first >= reached), "{watermarks:?}");
}

proptest! {
    /// Whatever order rows have in their files and files in the directory, however the job is
    /// rescaled on the way: no reader emits a record at or before its own watermark.
    #[test]
    fn nothing_is_late(
        files in prop::collection::vec((0..50_i64, prop::collection::vec(0..60_i64, 1..20)), 1..6),
        lives in prop::collection::vec((1..3_u32, 0..5_usize), 0..4),
        split_bytes in 1..50_u64,
    ) {
        let store = FailingStore::new();
        for (number, (begin, offsets)) in files.iter().enumerate() {
            let content: String = offsets.iter().map(|offset| format!("{}\n", begin + offset)).collect();
            store.write(&format!("in/{begin}-{number}"), content);
        }
        let source = source(&store, &[]).split_start(start_of).split_bytes(split_bytes);
        let (mut read, mut snapshots) = (Vec::new(), None::<Vec<_>>);
        for (parallelism, steps) in lives.into_iter().chain([(2, usize::MAX)]) {
            let mut next = Vec::new();
            for subtask in 0..parallelism {
                let mut harness = match &snapshots {
                    None => start(&source, subtask, parallelism),
                    Some(snapshots) => restore(&source, subtask, parallelism, snapshots),
                };
                read.extend(run(&mut harness, steps).0);
                next.push(harness.snapshot(1).unwrap());
            }
            snapshots = Some(next);
        }
        let mut expected: Vec<_> =
            files.iter().flat_map(|(begin, offsets)| offsets.iter().map(move |offset| begin + offset)).collect();
        read.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(read, expected);
    }
}
