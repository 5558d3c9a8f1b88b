#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use futures::executor::block_on;
use millstream_state::Timestamp;
use millstream_state::snapshot::manifest::{Manifest, SnapshotKind};
use object_store::memory::InMemory;

use super::*;

/// A store on which checkpoints of a job lie, and elsewhere its savepoints.
struct Fixture {
    store: Arc<InMemory>,
    processes: u32,
}

impl Fixture {
    fn new() -> Self {
        Self { store: Arc::default(), processes: 0 }
    }

    fn home(&self) -> SnapshotHome {
        SnapshotHome::new(self.store.clone(), "jobs/counts".into())
    }

    /// A process that has taken the folder over and goes on from `restore`.
    fn start(&mut self, restore: RestoreFrom) -> (Ownership, Option<String>) {
        let ownership = self.process();
        let restored = begin(&ownership, restore);
        (ownership, restored)
    }

    fn process(&mut self) -> Ownership {
        self.processes += 1;
        let process = ProcessIdentity {
            host: "here".into(),
            pid: self.processes,
            started: Timestamp::from_millis(0),
            nonce: self.processes.into(),
        };
        let mut stores = Stores::default();
        stores.register("vault://blue", self.store.clone());
        let (keep, mode, options) = (2, RestoreMode::default(), JournalOptions::default());
        Ownership::new("counts", self.home(), stores, process, keep, mode, options)
    }

    fn checkpoint(&self, ownership: &Ownership, id: u64) -> Result<()> {
        let name = ownership.name_of(CheckpointId::new(id));
        self.write(&self.home(), &name.to_string(), id, SnapshotKind::Checkpoint);
        block_on(ownership.complete(name.id))
    }

    fn stop_with_savepoint(&self, ownership: &Ownership, id: u64) -> Result<()> {
        let home = SnapshotHome::new(self.store.clone(), format!("saved-{id}").into());
        self.write(&home, "", id, SnapshotKind::Savepoint);
        block_on(ownership.stop_with(CheckpointId::new(id), &format!("vault://blue/saved-{id}")))
    }

    fn write(&self, home: &SnapshotHome, folder: &str, id: u64, kind: SnapshotKind) {
        let (checkpoint, created) = (CheckpointId::new(id), Timestamp::from_millis(0));
        let manifest = Manifest { job: "counts".into(), checkpoint, kind, created, operators: Vec::new() };
        block_on(home.create_manifest(folder, &manifest)).unwrap();
    }
}

/// The folder of the snapshot that an attempt begins from.
fn begin(ownership: &Ownership, restore: RestoreFrom) -> Option<String> {
    let beginning = block_on(ownership.begin(&restore)).unwrap();
    beginning.snapshot.map(|snapshot| snapshot.folder().rsplit_once('/').unwrap().1.to_owned())
}

#[test]
fn a_checkpoint_that_is_complete_after_the_savepoint_that_stops_the_job_does_not_replace_it() {
    let mut fixture = Fixture::new();
    let (first, restored) = fixture.start(RestoreFrom::IfAny(None));
    assert_eq!(restored, None);
    fixture.stop_with_savepoint(&first, 2).unwrap();
    fixture.checkpoint(&first, 1).unwrap();
    // What the savepoint covers is visible already, and the checkpoint does not cover it.
    let (second, restored) = fixture.start(RestoreFrom::IfAny(None));
    assert_eq!(restored.as_deref(), Some("saved-2"));
    fixture.checkpoint(&second, 3).unwrap();
    assert_eq!(fixture.start(RestoreFrom::IfAny(None)).1.as_deref(), Some("chk-3-e2"));
}

#[test]
fn numbers_go_on_above_that_of_the_savepoint_with_which_the_job_was_to_stop() {
    let mut fixture = Fixture::new();
    let (first, _) = fixture.start(RestoreFrom::IfAny(None));
    fixture.stop_with_savepoint(&first, 7).unwrap();
    let (second, _) = fixture.start(RestoreFrom::IfAny(None));
    let beginning = block_on(second.begin(&RestoreFrom::Nothing)).unwrap();
    assert_eq!(beginning.next_checkpoint, CheckpointId::new(8));
}

#[test]
fn an_attempt_after_a_savepoint_that_did_not_stop_the_job_goes_on_from_it() {
    let mut fixture = Fixture::new();
    let (first, _) = fixture.start(RestoreFrom::IfAny(None));
    fixture.checkpoint(&first, 1).unwrap();
    fixture.stop_with_savepoint(&first, 2).unwrap();
    // A task failed meanwhile. What the master knows of is older, but both are as good.
    let restore = RestoreFrom::Checkpoint(CheckpointId::new(1));
    assert_eq!(begin(&first, restore.clone()).as_deref(), Some("saved-2"));
    // Also where the run itself began from a savepoint.
    let path = "vault://blue/saved-2";
    let (second, restored) = fixture.start(RestoreFrom::Path(path.into()));
    assert_eq!(restored.as_deref(), Some("saved-2"));
    assert_eq!(begin(&second, RestoreFrom::Nothing).as_deref(), Some("saved-2"));
    fixture.stop_with_savepoint(&second, 5).unwrap();
    assert_eq!(begin(&second, restore).as_deref(), Some("saved-5"));
}

#[test]
fn a_process_that_was_overtaken_before_it_had_the_folder_does_not_take_it() {
    let mut fixture = Fixture::new();
    let [afresh, by_path, on] = [(), (), ()].map(|()| fixture.process());
    let saved = RestoreFrom::Path("vault://blue/saved-2".into());
    for process in [&afresh, &by_path, &on] {
        // It has looked, but could not begin.
        let error = block_on(process.begin(&saved)).err().unwrap();
        assert_ne!(error.kind(), ErrorKind::Fenced, "{error}");
    }
    let (first, _) = fixture.start(RestoreFrom::IfAny(None));
    fixture.stop_with_savepoint(&first, 2).unwrap();
    for (process, restore) in [(&afresh, RestoreFrom::Nothing), (&by_path, saved)] {
        let error = block_on(process.begin(&restore)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
        assert!(error.to_string().contains("process 4 on host `here`"), "{error}");
    }
    fixture.checkpoint(&first, 3).unwrap();
    assert_eq!(begin(&on, RestoreFrom::IfAny(None)).as_deref(), Some("chk-3-e1"));
}

#[test]
fn a_process_that_was_replaced_lists_nothing_more() {
    let mut fixture = Fixture::new();
    let (first, _) = fixture.start(RestoreFrom::IfAny(None));
    fixture.checkpoint(&first, 1).unwrap();
    let (_second, restored) = fixture.start(RestoreFrom::IfAny(None));
    assert_eq!(restored.as_deref(), Some("chk-1-e1"));
    for error in [fixture.checkpoint(&first, 2), fixture.stop_with_savepoint(&first, 3)] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Fenced);
        assert!(error.to_string().contains("process 2 on host `here`"), "{error}");
    }
    assert_eq!(fixture.start(RestoreFrom::IfAny(None)).1.as_deref(), Some("chk-1-e1"));
}

/// A sink finds what a newer process has committed, and the store does not answer who has the folder.
#[test]
fn an_error_is_not_final_while_nobody_knows_whose_the_folder_is() {
    let mut fixture = Fixture::new();
    let (first, _) = fixture.start(RestoreFrom::IfAny(None));
    let problem = || Error::new(ErrorKind::InvalidJob, "something is committed already");
    assert_eq!(block_on(first.explain(problem())).kind(), ErrorKind::InvalidJob);
    // The entry after its own.
    block_on(fixture.home().put(&format!("journal/{:020}", 2), "no entry".into())).unwrap();
    let explained = block_on(first.explain(problem()));
    assert!(explained.kind().is_retryable(), "{explained}");
    assert!(explained.to_string().contains("something is committed already"), "{explained}");
    let mut fixture = Fixture::new();
    let (first, _) = fixture.start(RestoreFrom::IfAny(None));
    let _second = fixture.start(RestoreFrom::IfAny(None));
    assert_eq!(block_on(first.explain(problem())).kind(), ErrorKind::Fenced);
}
