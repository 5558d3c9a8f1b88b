//! Entries of a job's journal, and what a process does that takes over from one.

use futures::executor::block_on;
use millstream::Timestamp;
use millstream::engine::state::codec::decode_from;
use millstream::engine::state::snapshot::format::FileKind;
use millstream::engine::state::snapshot::journal::{
    EntryKind, JobIdentity, JobRecord, Journal, ProcessIdentity, SnapshotReference,
};
use millstream::state::snapshot::{CheckpointId, CheckpointName};

use super::memory::{content_of, folder, framed};

fn writer(nonce: u64) -> ProcessIdentity {
    ProcessIdentity { host: "host".into(), pid: 1, started: Timestamp::from_millis(0), nonce }
}

fn job() -> JobIdentity {
    JobIdentity { id: 1, name: "job".into() }
}

fn name_of(number: u64) -> String {
    format!("journal/{number:020}")
}

pub fn run(bytes: &[u8]) {
    let _ = block_on(Journal::read(&folder([(name_of(1).as_str(), bytes.to_vec().into())])));

    // An entry begins with its number, and its file must have that name.
    let number = decode_from::<u64>(&mut &*bytes).unwrap_or(1);
    let home = folder([(name_of(number).as_str(), framed(FileKind::JournalEntry, bytes))]);
    let Ok(Some(found)) = block_on(Journal::read(&home)) else { return };
    let _ = format!("{found:?} {}", found.writer);
    if found.number.max(found.epoch.number()) > u64::MAX / 4 {
        // No journal comes that far, and what follows is refused at some number.
        return;
    }
    let (job, record) = (found.job.clone(), found.record.clone());
    let taken = Journal::take_over(home.clone(), Some(&found), job, writer(2), record.clone());
    let mut journal = block_on(taken).expect("nobody else is there");
    for _ in 0..3 {
        block_on(journal.record(record.clone())).expect("nobody else is there");
    }
    let last = block_on(Journal::read(&home)).expect("what was written can be read").expect("it is there");
    assert_eq!(last.record, record);
    assert!(last.epoch > found.epoch);
}

/// The contents of entries of every kind.
pub fn valid() -> Vec<Vec<u8>> {
    let names = [1, 2].map(|id| CheckpointName::parse(&format!("chk-{id}-e1")).expect("a name"));
    let opened = JobRecord {
        kind: EntryKind::Opened,
        next_checkpoint: CheckpointId::new(1),
        latest: None,
        retained: Vec::new(),
    };
    let completed = JobRecord {
        kind: EntryKind::Completed,
        next_checkpoint: CheckpointId::new(3),
        latest: Some(SnapshotReference::Checkpoint(names[1])),
        retained: names.into(),
    };
    let savepoint =
        SnapshotReference::Savepoint { number: CheckpointId::new(3), folder: "s3://bucket/sp".into() };
    let stopped = JobRecord { kind: EntryKind::Savepoint, latest: Some(savepoint), ..completed.clone() };
    let home = folder([]);
    let mut journal =
        block_on(Journal::take_over(home.clone(), None, job(), writer(1), opened)).expect("an empty folder");
    block_on(journal.record(completed)).expect("its own folder");
    block_on(journal.record(stopped)).expect("its own folder");
    let entries = (1..=3).map(|number| block_on(home.get(&name_of(number))).expect("an entry"));
    entries.map(|entry| content_of(&entry)).collect()
}
