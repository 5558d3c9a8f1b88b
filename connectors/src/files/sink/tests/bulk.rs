//! Formats whose files have an end of their own.

use super::*;
use crate::files::encode::BulkWriter;

/// Numbers, and behind them how many there are; folders by their last digit.
#[derive(Clone)]
struct Counted {
    folders: bool,
    /// How many numbers are kept back until they are written.
    at_once: usize,
}

struct CountedWriter {
    at_once: usize,
    kept: Vec<u64>,
    count: usize,
}

impl Encoder for Counted {
    type Record = u64;

    fn kind(&self) -> &'static str {
        "counted numbers"
    }

    fn extension(&self) -> &str {
        "txt"
    }

    fn encode(&mut self, _: &[u64], _: bool, _: &mut Vec<u8>) -> std::result::Result<(), String> {
        Err("there is a writer for that".to_owned())
    }

    fn bulk_writer(&self) -> std::result::Result<Option<Box<dyn BulkWriter<Record = u64>>>, String> {
        Ok(Some(Box::new(CountedWriter { at_once: self.at_once, kept: Vec::new(), count: 0 })))
    }

    fn is_partitioned(&self) -> bool {
        self.folders
    }

    fn partition(&self, records: &[u64]) -> std::result::Result<Folders<u64>, String> {
        Ok(records.iter().map(|number| (format!("d={}", number % 10), vec![*number])).collect())
    }
}

impl CountedWriter {
    fn write_kept(&mut self, bytes: &mut Vec<u8>) {
        self.kept.drain(..).for_each(|number| bytes.extend_from_slice(format!("{number}\n").as_bytes()));
    }
}

impl BulkWriter for CountedWriter {
    type Record = u64;

    fn write(&mut self, records: &[u64], bytes: &mut Vec<u8>) -> std::result::Result<(), String> {
        self.kept.extend_from_slice(records);
        self.count += records.len();
        if self.kept.len() >= self.at_once {
            self.write_kept(bytes);
        }
        Ok(())
    }

    fn pending_bytes(&self) -> u64 {
        self.kept.len() as u64 * 2
    }

    fn finish(&mut self, bytes: &mut Vec<u8>) -> std::result::Result<(), String> {
        if self.kept.contains(&13) {
            return Err("13 brings bad luck".to_owned());
        }
        self.write_kept(bytes);
        bytes.extend_from_slice(format!("= {}\n", self.count).as_bytes());
        Ok(())
    }
}

fn counted(store: &Arc<FailingStore>, at_once: usize) -> FileSink<Counted> {
    FileSink::with_encoder("out", Counted { folders: false, at_once }).store(store.clone())
}

/// The contents of all visible files.
fn contents(store: &FailingStore) -> Vec<String> {
    store.visible().into_values().collect()
}

#[test]
fn files_are_finished_before_a_checkpoint_covers_them() {
    for at_once in [1, 2, 9] {
        let store = FailingStore::new();
        let mut harness = start(&counted(&store, at_once));
        harness.push_all([1, 2, 3]).unwrap();
        harness.push_all([4]).unwrap();
        harness.snapshot(1).unwrap();
        harness.push_all([5]).unwrap();
        harness.completed(1).unwrap();
        assert_eq!(contents(&store), ["1\n2\n3\n4\n= 4\n"], "{at_once}");
        end(&mut harness).unwrap();
        assert_eq!(contents(&store), ["1\n2\n3\n4\n= 4\n", "5\n= 1\n"], "{at_once}");
        assert_eq!(harness.counters().bytes, 10, "what is known of it before a file is finished");
    }
}

#[test]
fn a_crash_loses_and_repeats_nothing() {
    let store = FailingStore::new();
    let sink = counted(&store, 9);
    let mut harness = start(&sink);
    harness.push_all([1, 2]).unwrap();
    let snapshot = harness.snapshot(1).unwrap();
    // Whatever was taken since goes with the process.
    harness.push_all([3]).unwrap();
    drop(harness);
    let mut harness = restore(&sink, 0, 1, &[snapshot]).unwrap();
    harness.push_all([3, 4]).unwrap();
    end(&mut harness).unwrap();
    assert_eq!(contents(&store), ["1\n2\n= 2\n", "3\n4\n= 2\n"]);
}

#[test]
fn every_folder_has_a_file_of_its_own() {
    let store = FailingStore::new();
    let sink = FileSink::with_encoder("out", Counted { folders: true, at_once: 2 }).store(store.clone());
    let mut harness = start(&sink);
    harness.push_all([1, 2, 11]).unwrap();
    harness.push_all([21, 3]).unwrap();
    end(&mut harness).unwrap();
    assert_eq!(contents(&store), ["1\n11\n21\n= 3\n", "2\n= 1\n", "3\n= 1\n"]);
}

#[test]
fn files_are_closed_by_the_size_that_they_will_have() {
    let store = FailingStore::new();
    let mut harness = start(&counted(&store, 99).roll_bytes(4));
    (1..6).for_each(|number| harness.push_all([number]).unwrap());
    end(&mut harness).unwrap();
    assert_eq!(contents(&store), ["1\n2\n= 2\n", "3\n4\n= 2\n", "5\n= 1\n"]);
}

#[test]
fn much_that_comes_at_once_is_written_in_chunks() {
    let store = FailingStore::new();
    let mut harness = start(&counted(&store, usize::MAX));
    harness.push_all(100_000..1_900_000).unwrap();
    end(&mut harness).unwrap();
    let expected: String = (100_000..1_900_000).map(|number| format!("{number}\n")).collect();
    assert!(contents(&store) == [format!("{expected}= 1800000\n")]);
    assert!(expected.len() > 2 * super::super::part::CHUNK);
}

#[test]
fn a_file_that_cannot_be_finished_fails_the_task() {
    let store = FailingStore::new();
    let mut harness = start(&counted(&store, 99));
    harness.push_all([13]).unwrap();
    let error = harness.snapshot(1).map(drop).and_then(|()| harness.poll()).unwrap_err();
    assert!(error.to_string().contains("counted numbers: 13 brings bad luck"), "{error}");
    assert!(store.visible().is_empty());
}
