mod late_store;
mod model;

use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::*;
use crate::{CheckpointId, CheckpointName, Timestamp};

fn home() -> SnapshotHome {
    SnapshotHome::new(Arc::new(InMemory::new()), Path::default()).child("flights")
}

fn process(nonce: u64) -> ProcessIdentity {
    ProcessIdentity { host: "ganymede".into(), pid: 4_711, started: Timestamp::from_millis(0), nonce }
}

fn job(id: u64) -> JobIdentity {
    JobIdentity { id, name: "flights".into() }
}

fn record(kind: EntryKind, retained: &[CheckpointName]) -> JobRecord {
    JobRecord {
        kind,
        next_checkpoint: retained.last().map_or(CheckpointId::new(1), |name| name.id.next()),
        latest: retained.last().map(|name| SnapshotReference::Checkpoint(*name)),
        retained: retained.to_vec(),
    }
}

fn checkpoint(id: u64, epoch: u64) -> CheckpointName {
    CheckpointName { id: CheckpointId::new(id), epoch: Epoch::new(epoch) }
}

/// A process that starts on the folder.
fn start(home: &SnapshotHome, nonce: u64) -> Journal {
    let found = block_on(Journal::read(home)).unwrap();
    let (identity, record) = match &found {
        None => (job(99), record(EntryKind::Opened, &[])),
        Some(entry) => (entry.job.clone(), record(EntryKind::TookOver, &entry.record.retained)),
    };
    block_on(Journal::take_over(home.clone(), found.as_ref(), identity, process(nonce), record)).unwrap()
}

fn entries(home: &SnapshotHome) -> Vec<u64> {
    let mut numbers = block_on(list(home)).unwrap();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_successor_goes_on_from_what_is_listed_and_the_older_process_is_fenced() {
    let home = home();
    let mut older = start(&home, 1);
    assert_eq!((older.epoch(), older.last().number), (Epoch::new(1), 1));
    let first = checkpoint(1, 1);
    block_on(older.record(record(EntryKind::Completed, &[first]))).unwrap();

    let mut newer = start(&home, 2);
    assert_eq!((newer.epoch(), newer.last().number), (Epoch::new(2), 3));
    assert_eq!(newer.last().record.retained, [first]);
    for _ in 0..2 {
        let error = block_on(older.record(record(EntryKind::Completed, &[checkpoint(2, 1)]))).unwrap_err();
        assert!(matches!(error, StateError::Fenced { .. }));
        let expected =
            "fenced: process 4711 on host `ganymede`, started 1970-01-01T00:00:00.000Z has taken over";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    block_on(newer.record(record(EntryKind::Completed, &[checkpoint(2, 2)]))).unwrap();
    let counts = block_on(Journal::read(&home)).unwrap().unwrap();
    assert_eq!(counts, *newer.last());
}

#[test]
fn the_first_entries_of_all_epochs_stay_and_of_the_others_the_last_sixteen() {
    let home = home();
    for (nonce, epoch) in [(1, 1), (2, 2)] {
        let mut journal = start(&home, nonce);
        for id in 0..20 {
            block_on(journal.record(record(EntryKind::Completed, &[checkpoint(id, epoch)]))).unwrap();
        }
    }
    // Epoch 1 wrote 1 to 21, epoch 2 22 to 42. The last itself is not among the sixteen.
    let expected: Vec<u64> = [1, 22].into_iter().chain(26..=42).collect();
    assert_eq!(entries(&home), expected);
    start(&home, 3);
    let expected: Vec<u64> = [1, 22].into_iter().chain(27..=43).collect();
    assert_eq!(entries(&home), expected);
}

#[test]
fn a_process_that_slept_through_a_take_over_has_taken_over_nothing() {
    let home = home();
    start(&home, 1);
    let found = block_on(Journal::read(&home)).unwrap();
    start(&home, 2);
    let record = record(EntryKind::TookOver, &[]);
    let late = Journal::take_over(home.clone(), found.as_ref(), job(99), process(3), record);
    assert!(matches!(block_on(late).unwrap_err(), StateError::Contended { .. }));
    assert_eq!(entries(&home), [1, 2]);
}

#[test]
fn entries_of_two_jobs_in_a_folder_are_an_error_that_names_both() {
    let home = home();
    let mut zombie = start(&home, 1);
    block_on(home.delete_files([Arc::from(file_of(1))])).unwrap();
    let opened = record(EntryKind::Opened, &[]);
    block_on(Journal::take_over(home.clone(), None, job(7), process(2), opened)).unwrap();
    block_on(zombie.record(record(EntryKind::Completed, &[]))).unwrap();
    let error = block_on(Journal::read(&home)).unwrap_err().to_string();
    for id in ["`flights` (id 0000000000000007)", "`flights` (id 0000000000000063)"] {
        assert!(error.contains(id), "{error}");
    }
}

#[test]
fn a_damaged_entry_is_an_error() {
    let home = home();
    let journal = start(&home, 1);
    let content = journal.last().encode().unwrap();
    for at in 0..content.len() {
        let mut damaged = content.to_vec();
        damaged[at] ^= 0x40;
        let error = JournalEntry::decode("journal/00000000000000000001", &damaged.into()).unwrap_err();
        assert!(matches!(error, StateError::Corrupt { .. }), "byte {at}: {error}");
    }
    let error = JournalEntry::decode("journal/00000000000000000002", &content).unwrap_err().to_string();
    assert!(error.contains("entry 1 under another name"), "{error}");
}

#[test]
fn an_entry_after_which_there_is_no_room_is_refused() {
    let last = JournalEntry {
        number: u64::MAX,
        ..JournalEntry::first(process(1), job(1), record(EntryKind::Opened, &[]))
    };
    let late = JournalEntry { number: 1, epoch: Epoch::new(u64::MAX), ..last.clone() };
    let record = JobRecord { next_checkpoint: CheckpointId::new(u64::MAX), ..last.record.clone() };
    let many = JournalEntry { number: 1, record, ..last.clone() };
    for entry in [last, late, many] {
        let home = home();
        block_on(home.put(&entry.file(), entry.encode().unwrap())).unwrap();
        let error = block_on(Journal::read(&home)).unwrap_err();
        assert!(matches!(error, StateError::Corrupt { .. }), "{error}");
    }
}
