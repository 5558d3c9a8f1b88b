use futures::executor::block_on;
use object_store::memory::InMemory;
use url::Url;

use super::*;
use crate::snapshot::journal::{
    EntryKind, JobIdentity, JobRecord, Journal, ProcessIdentity, SnapshotReference,
};
use crate::snapshot::manifest::{OperatorManifest, SnapshotKind};
use crate::snapshot::part::{BlockReference, ListPart, OperatorPart, Redistribution};
use crate::stores::Stores;
use crate::{OperatorId, Shape, Timestamp};

fn manifest(job: &str, id: u64, kind: SnapshotKind, created: i64) -> Manifest {
    Manifest {
        job: job.into(),
        checkpoint: CheckpointId::new(id),
        kind,
        created: Timestamp::from_millis(created),
        operators: Vec::new(),
    }
}

/// The name of a checkpoint of a build that kept no journal.
fn unjournaled(id: u64) -> CheckpointName {
    CheckpointName { id: CheckpointId::new(id), epoch: Epoch::default() }
}

/// A folder on the local disk, gone with the test.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, inside: &str) -> String {
        self.0.path().join(inside).to_str().unwrap().to_owned()
    }

    fn home(&self, inside: &str) -> SnapshotHome {
        open_url(&self.path(inside), true).unwrap()
    }

    fn checkpoint(&self, job: &str, id: u64, created: i64) {
        let manifest = manifest(job, id, SnapshotKind::Checkpoint, created);
        block_on(self.home(job).create_manifest(&format!("chk-{id}"), &manifest)).unwrap();
    }

    fn savepoint(&self, folder: &str) {
        let manifest = manifest("flights", 9, SnapshotKind::Savepoint, 900);
        block_on(self.home(folder).create_manifest("", &manifest)).unwrap();
    }

    fn file(&self, path: &str) {
        block_on(self.home("").put(path, Bytes::from_static(b"x"))).unwrap();
    }
}

/// Where the manifest lies that `location` means, in the folder of the test.
fn found(disk: &Disk, location: &str, job: Option<&str>) -> Result<String> {
    let resolved = block_on(resolve(&disk.path(location), job))?;
    assert!(block_on(resolved.home.read_manifest(&resolved.manifest_file)).is_ok());
    let root = std::fs::canonicalize(disk.0.path()).unwrap();
    let name = resolved.name();
    let name = std::fs::canonicalize(&name).unwrap_or_else(|_| panic!("no file {name}"));
    Ok(format!("{} + {}", name.strip_prefix(root).unwrap().display(), resolved.manifest_file))
}

#[test]
fn whatever_the_user_points_at_is_found() {
    let disk = Disk::new();
    for (id, created) in [(2, 20), (10, 100), (9, 90)] {
        disk.checkpoint("root/flights", id, created);
    }
    disk.file("root/flights/chk-11/0-0.state");
    disk.savepoint("root/flights/savepoint-9");
    disk.savepoint("root/another-savepoint");
    disk.savepoint("saved/chk-9");
    disk.checkpoint("root/taxis", 3, 500);
    disk.checkpoint("single/only-job", 1, 10);
    disk.file("unfinished/flights/chk-1/0-0.state");
    disk.checkpoint("unfinished/taxis", 1, 10);

    for (location, job, expected) in [
        ("root/flights/chk-2", None, "root/flights/chk-2/manifest + chk-2/manifest"),
        ("root/flights/chk-2/", None, "root/flights/chk-2/manifest + chk-2/manifest"),
        ("root/flights/chk-2/manifest", None, "root/flights/chk-2/manifest + chk-2/manifest"),
        ("root/flights", None, "root/flights/chk-10/manifest + chk-10/manifest"),
        ("root/flights", Some("flights"), "root/flights/chk-10/manifest + chk-10/manifest"),
        ("root/flights/savepoint-9", None, "root/flights/savepoint-9/manifest + manifest"),
        ("saved/chk-9", None, "saved/chk-9/manifest + manifest"),
        ("root", Some("flights"), "root/flights/chk-10/manifest + chk-10/manifest"),
        ("root/taxis", Some("flights"), "root/taxis/chk-3/manifest + chk-3/manifest"),
        ("single", Some("only-job"), "single/only-job/chk-1/manifest + chk-1/manifest"),
        ("single", None, "single/only-job/chk-1/manifest + chk-1/manifest"),
        ("single/only-job", None, "single/only-job/chk-1/manifest + chk-1/manifest"),
    ] {
        assert_eq!(found(&disk, location, job).unwrap(), expected, "{location} {job:?}");
    }
    for (location, job, problem) in [
        ("nowhere", None, "there is no such folder"),
        ("nowhere/chk-1", None, "there is no such folder"),
        ("root/flights/chk-11", None, "never completed"),
        ("root", Some("renamed"), "only those of `flights`, `taxis`, each of which can be restored"),
        ("root", None, "several jobs: `flights`, `taxis`"),
        ("single", Some("only job"), "only those of `only-job`"),
        ("unfinished", None, "several jobs: `flights`, `taxis`"),
        ("unfinished", Some("flights"), "job `flights` has not completed any checkpoint"),
        ("unfinished/flights", Some("flights"), "no folder `flights` of job `flights`"),
    ] {
        match found(&disk, location, job) {
            Err(error @ StateError::NoSnapshot { .. }) => {
                assert!(error.to_string().contains(problem), "{error}");
            }
            other => panic!("{location}: {other:?}"),
        }
    }
}

#[test]
fn a_checkpoint_torn_from_its_job_is_distinguished() {
    let disk = Disk::new();
    disk.checkpoint("flights", 2, 20);
    std::fs::rename(disk.path("flights/chk-2"), disk.path("copy")).unwrap();
    let error = found(&disk, "copy", None).unwrap_err().to_string();
    assert!(error.contains("under the name it was given there (`chk-2`"), "{error}");
    std::fs::write(disk.path("copy/manifest"), b"something else entirely").unwrap();
    let error = found(&disk, "copy", None).unwrap_err();
    assert!(matches!(error, StateError::Corrupt { .. }), "{error}");
}

#[test]
fn a_path_may_be_relative_or_a_url() {
    let disk = Disk::new();
    disk.checkpoint("my ~job", 2, 20);
    let url = Url::from_directory_path(disk.path("my ~job")).unwrap();
    for location in
        [url.to_string(), format!("{url}chk-2"), format!("{}/../my ~job/chk-2", disk.path("my ~job"))]
    {
        let resolved = block_on(resolve(&location, None)).unwrap();
        assert!(block_on(resolved.home.read_manifest(&resolved.manifest_file)).is_ok(), "{location}");
        assert_eq!(resolved.manifest_file, "chk-2/manifest");
    }
    assert_eq!(open_url("memory:///", true).unwrap().name_of("chk-1/a"), "memory:///chk-1/a");
    assert_eq!(open_url("memory:///a/b/", true).unwrap().name_of("c"), "memory:///a/b/c");
    assert!(matches!(open_url("nosuch://x/", true), Err(StateError::Usage(_))));
    assert!(matches!(open_url("://", true), Err(StateError::Usage(_))));
}

#[test]
fn only_completed_checkpoints_count_but_all_numbers_are_used() {
    let disk = Disk::new();
    let home = disk.home("flights");
    assert_eq!(block_on(home.checkpoints()).unwrap(), []);
    assert_eq!(block_on(home.latest_checkpoint()).unwrap(), None);
    assert_eq!(block_on(home.highest_used()).unwrap(), None);
    for id in [9, 10] {
        disk.checkpoint("flights", id, 1);
    }
    disk.file("flights/chk-12/0-0.state");
    disk.file("flights/chk-012x/0-0.state");
    disk.file("flights/chk-99");
    let ids = [9, 10].map(unjournaled);
    assert_eq!(block_on(home.checkpoints()).unwrap(), ids);
    assert_eq!(block_on(home.latest_checkpoint()).unwrap(), Some(ids[1]));
    assert_eq!(block_on(home.highest_used()).unwrap(), Some(CheckpointId::new(12)));
}

#[test]
fn what_is_deleted_leaves_no_folder_behind() {
    let disk = Disk::new();
    let home = disk.home("flights");
    disk.checkpoint("flights", 1, 1);
    disk.file("flights/chk-1/0-0.state");
    block_on(home.delete_manifest(unjournaled(1))).unwrap();
    assert_eq!(block_on(home.latest_checkpoint()).unwrap(), None);
    block_on(home.delete_files(["chk-1/missing".into(), "chk-1/0-0.state".into()])).unwrap();
    assert!(!std::path::Path::new(&disk.path("flights/chk-1")).exists());
    assert!(std::path::Path::new(&disk.path("flights")).exists());
    block_on(home.put("chk-2/0-0.state", Bytes::new())).unwrap();
}

#[test]
fn a_manifest_is_created_once() {
    for home in [SnapshotHome::new(Arc::new(InMemory::new()), Path::default()), Disk::new().home("job")] {
        let first = manifest("flights", 1, SnapshotKind::Checkpoint, 1);
        let other = manifest("flights", 1, SnapshotKind::Checkpoint, 2);
        block_on(home.create_manifest("chk-1", &first)).unwrap();
        // As after a lost answer.
        block_on(home.create_manifest("chk-1", &first)).unwrap();
        let error = block_on(home.create_manifest("chk-1", &other)).unwrap_err();
        assert!(
            matches!(&error, StateError::AlreadyExists { path } if path.ends_with("chk-1/manifest")),
            "{error}"
        );
        assert_eq!(block_on(home.read_manifest("chk-1/manifest")).unwrap(), first);
    }
}

/// It may be the one that was to be written, after a lost answer.
#[test]
fn a_manifest_that_cannot_be_read_is_not_taken_for_another_one() {
    let disk = Disk::new();
    // The store finds something there, and fails to read it.
    disk.file("job/chk-1/manifest/x");
    let wanted = manifest("flights", 1, SnapshotKind::Checkpoint, 1);
    let error = block_on(disk.home("job").create_manifest("chk-1", &wanted)).unwrap_err();
    assert!(matches!(error, StateError::Storage { .. }), "{error}");
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let disk = Disk::new();
    let home = disk.home("job").child("../..");
    block_on(home.put("../x", Bytes::from_static(b"x"))).unwrap();
    assert_eq!(block_on(home.get("../x")).unwrap(), "x");
    assert!(std::fs::read_dir(disk.0.path()).unwrap().all(|it| it.unwrap().file_name() == "job"));
}

fn name(id: u64, epoch: u64) -> CheckpointName {
    CheckpointName { id: CheckpointId::new(id), epoch: Epoch::new(epoch) }
}

/// A process of the job `flights` takes over, and its last entry says that `latest` is to be restored.
fn take_over(home: &SnapshotHome, kind: EntryKind, latest: Option<SnapshotReference>) {
    let job = JobIdentity { id: 1, name: "flights".into() };
    let writer = ProcessIdentity { host: "h".into(), pid: 1, started: Timestamp::from_millis(0), nonce: 1 };
    let record = JobRecord { kind, next_checkpoint: CheckpointId::new(1), latest, retained: Vec::new() };
    let found = block_on(Journal::read(home)).unwrap();
    block_on(Journal::take_over(home.clone(), found.as_ref(), job, writer, record)).unwrap();
}

#[test]
fn the_journal_says_which_checkpoint_of_a_job_counts() {
    let disk = Disk::new();
    let home = disk.home("root/flights");
    for folder in ["chk-2-e1", "chk-3-e1", "chk-9"] {
        let id = CheckpointName::parse(folder).unwrap().id.number();
        let manifest = manifest("flights", id, SnapshotKind::Checkpoint, 1);
        block_on(home.create_manifest(folder, &manifest)).unwrap();
    }
    disk.savepoint("saved");

    take_over(&home, EntryKind::Opened, Some(SnapshotReference::Checkpoint(name(2, 1))));
    for location in ["root", "root/flights", "root/flights/chk-2-e1"] {
        let expected = "root/flights/chk-2-e1/manifest + chk-2-e1/manifest";
        assert_eq!(found(&disk, location, Some("flights")).unwrap(), expected);
    }
    // What no entry lists is there, but only for those who insist.
    let expected = "root/flights/chk-3-e1/manifest + chk-3-e1/manifest";
    assert_eq!(found(&disk, "root/flights/chk-3-e1", None).unwrap(), expected);

    let savepoint = SnapshotReference::Elsewhere(disk.path("saved"));
    take_over(&home, EntryKind::TookOver, Some(savepoint));
    assert_eq!(found(&disk, "root", Some("flights")).unwrap(), "saved/manifest + manifest");
    std::fs::remove_dir_all(disk.path("saved")).unwrap();
    let error = found(&disk, "root", Some("flights")).unwrap_err().to_string();
    assert!(error.contains("which is not there any more"), "{error}");

    take_over(&home, EntryKind::Opened, None);
    let error = found(&disk, "root", Some("flights")).unwrap_err().to_string();
    assert!(error.contains("the last run of job `flights` has not completed any checkpoint"), "{error}");
    assert!(error.contains("earlier runs have left `chk-2-e1`, `chk-3-e1`, `chk-9`"), "{error}");

    take_over(&home, EntryKind::Cancelled, None);
    let error = found(&disk, "root", Some("flights")).unwrap_err().to_string();
    assert!(error.contains("was cancelled, and its checkpoints were deleted with it; earlier"), "{error}");
}

#[test]
fn folders_of_earlier_builds_are_found_where_it_is_clear_whose_they_are() {
    let disk = Disk::new();
    disk.checkpoint("root/a-b", 1, 1);
    let error = found(&disk, "root", Some("a b")).unwrap_err().to_string();
    assert!(error.contains("no folder `a=20b` of job `a b`"), "{error}");
    assert_eq!(found(&disk, "root", Some("a-b")).unwrap(), "root/a-b/chk-1/manifest + chk-1/manifest");

    let disk = Disk::new();
    let own = manifest("a b", 4, SnapshotKind::Checkpoint, 1);
    block_on(disk.home("root/a-b").create_manifest("chk-4", &own)).unwrap();
    assert_eq!(found(&disk, "root", Some("a b")).unwrap(), "root/a-b/chk-4/manifest + chk-4/manifest");
}

#[test]
fn given_stores_stand_behind_their_urls() {
    let (mut stores, memory) = (Stores::default(), Arc::new(InMemory::new()));
    stores.register("vault://blue", memory.clone());
    let home = stores.open("vault://blue/flights/", true).unwrap();
    assert_eq!(home.name_of("a"), "vault://blue/flights/a");
    block_on(home.create_manifest("", &manifest("flights", 1, SnapshotKind::Savepoint, 1))).unwrap();
    let resolved = block_on(stores.resolve("vault://blue/flights", None)).unwrap();
    assert_eq!(resolved.folder(), "vault://blue/flights");
    assert!(stores.open("vault://bluebeard/flights", true).is_err());

    stores.register("memory://mine", memory);
    assert!(stores.open_lasting("memory://mine/x").is_ok());
    let error = stores.open_lasting("memory:///x").unwrap_err().to_string();
    assert!(error.contains("gone with the process"), "{error}");
}

#[test]
fn options_in_a_url_stay_with_the_place_and_out_of_its_name() {
    let (mut stores, memory) = (Stores::default(), Arc::new(InMemory::new()));
    stores.register("vault://blue", memory);
    let home = stores.open("vault://blue/jobs/?region=x", true).unwrap().child("flights");
    assert_eq!(home.name_of("chk-1"), "vault://blue/jobs/flights/chk-1");
    assert_eq!(home.location_of(""), "vault://blue/jobs/flights?region=x");
    block_on(home.create_manifest("chk-1", &manifest("flights", 1, SnapshotKind::Checkpoint, 1))).unwrap();
    for location in
        ["vault://blue/jobs/flights/chk-1?region=x", "vault://blue/jobs/flights/chk-1/manifest?region=x"]
    {
        let resolved = block_on(stores.resolve(location, None)).unwrap();
        assert_eq!(resolved.folder(), "vault://blue/jobs/flights/chk-1?region=x");
    }
}

#[test]
fn what_processes_have_left_that_are_fenced_is_swept_away() {
    let disk = Disk::new();
    let home = disk.home("flights");
    let mut complete = manifest("flights", 2, SnapshotKind::Checkpoint, 1);
    let block = BlockReference { file: "chk-1-e1/a".into(), offset: 28, length: 1, checksum: 0, entries: 1 };
    let redistribution = Redistribution::Split;
    let list = ListPart { name: "list".into(), redistribution, item: Shape::of::<u8>(), block };
    let operator = OperatorId::from_uid("a");
    complete.operators.push(OperatorManifest {
        operator,
        name: "a".into(),
        uid: None,
        parallelism: 1,
        max_parallelism: 1,
        subtasks: vec![OperatorPart { operator, keyed: Vec::new(), lists: vec![list] }],
    });
    block_on(home.create_manifest("chk-2-e1", &complete)).unwrap();
    let files =
        ["chk-1-e1/a", "chk-1-e1/b", "chk-2-e1/c", "chk-3-e2/d", "chk-3-e3/e", "chk-4/f", "journal/g", "h"];
    for file in files {
        disk.file(&format!("flights/{file}"));
    }
    // Once a checkpoint is gone that was listed, another may have taken over what it referred to.
    let (epoch, kept) = (Epoch::new(3), [name(2, 1)]);
    assert_eq!(block_on(home.sweep(epoch, &[name(1, 1), kept[0]])).unwrap(), 0);
    assert_eq!(block_on(home.sweep(epoch, &kept)).unwrap(), 2);
    let left = files.map(|file| disk.0.path().join("flights").join(file).exists());
    assert_eq!(left, [true, false, true, false, true, true, true, true]);
}
