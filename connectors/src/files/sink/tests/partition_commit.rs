//! Folders that are said to be complete.

use std::ops::Range;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use millstream_operators::{Environment, WatermarkStrategy};
use millstream_runtime::driver::simulation::{Faults, Simulation};
use millstream_runtime::job::{JobOutcome, RestartStrategy};
use millstream_state::Timestamp;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use parking_lot::Mutex;

use super::*;
use crate::files::sink::partition_commit::committer::PartitionCommitter;
use crate::files::sink::partition_commit::writer::PartitionWriter;
use crate::files::sink::pending::Pending;
use crate::files::sink::writer::ClosedFile;

/// How many numbers a folder has.
const NUMBERS: u64 = 1_000;

/// A folder for each thousand.
fn thousand(record: u64) -> std::result::Result<String, String> {
    Ok(format!("t={}", record / NUMBERS))
}

/// A folder is complete when the watermark has passed all of its numbers.
fn commit() -> PartitionCommit {
    PartitionCommit::success_file("_SUCCESS", |status| {
        let folder: i64 =
            status.folder.trim_start_matches("t=").parse().map_err(|_| "a folder of another".to_owned())?;
        Ok(status.watermark.as_millis() >= (folder + 1) * 1_000)
    })
}

type Writer = OperatorHarness<u64, ClosedFile>;
type Committer = OperatorHarness<ClosedFile, ()>;

fn writer(store: &Arc<FailingStore>, snapshot: Option<&HarnessSnapshot>) -> Writer {
    let sink = FileSink::with_encoder("out", NumbersInFolders(thousand)).store(store.clone());
    let setup = match snapshot {
        None => HarnessSetup::new().prepared(check(&sink).unwrap()),
        Some(snapshot) => HarnessSetup::new().restore(std::slice::from_ref(snapshot)),
    };
    OperatorHarness::with(setup, PartitionWriter::new(sink.writer(0))).unwrap()
}

fn committer(store: &Arc<FailingStore>, snapshot: Option<&HarnessSnapshot>) -> Committer {
    let committer = PartitionCommitter::new(FileStores::given(store.clone()), "out".to_owned(), commit());
    let setup = match snapshot {
        None => HarnessSetup::new(),
        Some(snapshot) => HarnessSetup::new().restore(std::slice::from_ref(snapshot)),
    };
    let mut harness = OperatorHarness::with(setup, committer).unwrap();
    harness.poll().unwrap();
    harness
}

/// A checkpoint of both: what the first hands on in front of the barrier reaches the second in front of it, too.
fn checkpoint(writer: &mut Writer, committer: &mut Committer, number: u64) -> [HarnessSnapshot; 2] {
    let first = writer.snapshot(number).unwrap();
    committer.push_all(writer.take_records()).unwrap();
    [first, committer.snapshot(number).unwrap()]
}

fn paths(store: &FailingStore) -> Vec<String> {
    store.visible().into_keys().map(|path| path.trim_start_matches("out/").to_owned()).collect()
}

fn watermark(committer: &mut Committer, number: i64) {
    committer.watermark(Timestamp::from_millis(number)).unwrap();
}

#[test]
fn a_folder_is_complete_when_its_files_are_visible_and_its_time_has_come() {
    let store = FailingStore::new();
    let (mut writer, mut committer) = (writer(&store, None), committer(&store, None));
    writer.push_all([1, 2, 1_001]).unwrap();
    checkpoint(&mut writer, &mut committer, 1);
    assert!(store.visible().is_empty());
    committer.completed(1).unwrap();
    assert_eq!(paths(&store), ["t=0/part-0-0.txt", "t=1/part-0-1.txt"]);
    watermark(&mut committer, 1_000);
    writer.push_all([1_002]).unwrap();
    checkpoint(&mut writer, &mut committer, 2);
    assert_eq!(paths(&store).len(), 2, "the watermark counts with the checkpoint that covers it");
    committer.completed(2).unwrap();
    let files = ["t=0/_SUCCESS", "t=0/part-0-0.txt", "t=1/part-0-1.txt", "t=1/part-0-2.txt"];
    assert_eq!(paths(&store), files);
    // The end of the input completes all.
    writer.end_of_data().unwrap();
    committer.end_of_data().unwrap();
    while !committer.finish().unwrap() {}
    assert_eq!(paths(&store).len(), 5);
    assert_eq!(store.files(), store.visible());
}

#[test]
fn what_a_checkpoint_has_left_open_is_complete_later() {
    let store = FailingStore::new();
    let (mut writer, mut committer) = (writer(&store, None), committer(&store, None));
    writer.push_all([1]).unwrap();
    checkpoint(&mut writer, &mut committer, 1);
    committer.completed(1).unwrap();
    // Neither files nor records come between.
    watermark(&mut committer, 1_000);
    checkpoint(&mut writer, &mut committer, 2);
    committer.completed(2).unwrap();
    assert_eq!(paths(&store), ["t=0/_SUCCESS", "t=0/part-0-0.txt"]);
}

#[test]
fn without_checkpoints_everything_appears_at_the_end() {
    let store = FailingStore::new();
    let (mut writer, mut committer) = (writer(&store, None), committer(&store, None));
    writer.push_all([1, 1_001]).unwrap();
    writer.end_of_data().unwrap();
    committer.push_all(writer.take_records()).unwrap();
    assert!(store.visible().is_empty());
    committer.end_of_data().unwrap();
    while !committer.finish().unwrap() {}
    let files = ["t=0/_SUCCESS", "t=0/part-0-0.txt", "t=1/_SUCCESS", "t=1/part-0-1.txt"];
    assert_eq!(paths(&store), files);
}

#[test]
fn a_savepoint_that_stops_the_job_completes_no_more_than_it_covers() {
    let store = FailingStore::new();
    let (mut writer, mut committer) = (writer(&store, None), committer(&store, None));
    writer.push_all([1]).unwrap();
    checkpoint(&mut writer, &mut committer, 1);
    committer.completed(1).unwrap();
    writer.push_all([2]).unwrap();
    assert!(committer.finish_with_savepoint().unwrap());
    assert_eq!(paths(&store), ["t=0/part-0-0.txt"]);
}

#[test]
fn a_restore_commits_what_the_snapshot_covers_and_no_more() {
    let store = FailingStore::new();
    let (mut first, mut second) = (writer(&store, None), committer(&store, None));
    first.push_all([1, 1_001]).unwrap();
    watermark(&mut second, 1_500);
    let [of_writer, of_committer] = checkpoint(&mut first, &mut second, 1);
    // The checkpoint is complete and nobody has got to know; the next is not.
    first.push_all([1_002]).unwrap();
    checkpoint(&mut first, &mut second, 2);
    drop((first, second));
    for _ in 0..2 {
        let _ = committer(&store, Some(&of_committer));
        assert_eq!(paths(&store), ["t=0/_SUCCESS", "t=0/part-0-0.txt", "t=1/part-0-1.txt"]);
    }
    let (mut first, mut second) = (writer(&store, Some(&of_writer)), committer(&store, Some(&of_committer)));
    first.push_all([1_002]).unwrap();
    watermark(&mut second, 2_000);
    checkpoint(&mut first, &mut second, 3);
    second.completed(3).unwrap();
    let rest = ["t=1/_SUCCESS", "t=1/part-0-1.txt", "t=1/part-0-2.txt"];
    assert_eq!(paths(&store)[2..], rest);
}

#[test]
fn an_aborted_checkpoint_is_covered_by_the_next() {
    let store = FailingStore::new();
    let (mut writer, mut committer) = (writer(&store, None), committer(&store, None));
    writer.push_all([1]).unwrap();
    checkpoint(&mut writer, &mut committer, 1);
    writer.aborted(1).unwrap();
    committer.aborted(1).unwrap();
    watermark(&mut committer, 1_000);
    checkpoint(&mut writer, &mut committer, 2);
    committer.completed(2).unwrap();
    assert_eq!(paths(&store), ["t=0/_SUCCESS", "t=0/part-0-0.txt"]);
}

#[test]
fn a_folder_whose_time_cannot_be_told_fails_the_job() {
    let store = FailingStore::new();
    let mut committer = committer(&store, None);
    let file = Committable {
        pending: Pending::File("out/x/.pending".into()),
        target: "out/x/part".into(),
        length: 0,
    };
    store.write("out/x/.pending", "");
    committer.push_all([ClosedFile { folder: "x".to_owned(), file }]).unwrap();
    committer.snapshot(1).unwrap();
    let error = committer.completed(1).unwrap_err();
    assert!(error.to_string().contains("the folder `x`"), "{error}");
}

/// A store that looks, whenever a folder is said to be complete, how many numbers are visible in it.
#[derive(Debug)]
struct Witness {
    inner: Arc<dyn ObjectStore>,
    seen: Arc<Mutex<Vec<(String, u64)>>>,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("witness")
    }
}

/// How many numbers are in the visible files of a folder.
async fn count(store: &dyn ObjectStore, folder: &Path) -> object_store::Result<u64> {
    let files: Vec<_> = store.list(Some(folder)).try_collect().await?;
    let mut count = 0;
    for file in files {
        if file.location.filename().is_some_and(|name| name.starts_with("part-")) {
            let content = store.get(&file.location).await?.bytes().await?;
            count += content.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
    }
    Ok(count)
}

#[async_trait::async_trait]
impl ObjectStore for Witness {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        if path.filename() == Some("_SUCCESS") {
            let parts: Vec<_> = path.parts().collect();
            let folder = Path::from_iter(parts[..parts.len() - 1].iter().cloned());
            let count = count(&*self.inner, &folder).await?;
            self.seen.lock().push((folder.to_string(), count));
        }
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// Whatever fails, and wherever the process dies: a folder is said to be complete when all of its numbers are visible, each
/// once; in the end, all folders are.
#[test]
fn under_faults_no_folder_is_complete_too_early() {
    const FOLDERS: u64 = 12;
    for seed in 0..40 {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let faults = Faults { zombies_per_cent: 0, ..Faults::all() };
        let report = Simulation::new(seed).faults(faults).run(|store| {
            let env = Environment::new()
                .parallelism(2)
                .checkpoint_every(Duration::from_millis(20))
                .restart_strategy(RestartStrategy::fixed_delay(200, Duration::ZERO));
            let witness = Witness { inner: store, seen: seen.clone() };
            let sink =
                FileSink::with_encoder("out", NumbersInFolders(thousand)).store(Arc::new(witness)).append();
            let time = |number: &u64| Timestamp::from_millis(i64::try_from(*number).unwrap());
            let numbers = env.from_collection(0..FOLDERS * NUMBERS);
            let strategy = WatermarkStrategy::monotonous().timestamp_assigner(time);
            let numbers = numbers.assign_timestamps_and_watermarks(strategy);
            sink.write_with_partition_commit(&numbers, commit()).uid("sink");
            env.job("numbers")
        });
        assert_eq!(report.unwrap().outcome, JobOutcome::Finished, "seed {seed}");
        let seen = seen.lock();
        assert!(seen.iter().all(|(_, count)| *count == NUMBERS), "seed {seed}: {seen:?}");
        let folders: std::collections::BTreeSet<_> = seen.iter().map(|(folder, _)| folder.clone()).collect();
        assert_eq!(folders.len() as u64, FOLDERS, "seed {seed}: {seen:?}");
    }
}

#[test]
fn uploads_are_committed_by_their_receipts() {
    let store = FailingStore::new();
    let sink = FileSink::with_encoder("out", NumbersInFolders(thousand)).multipart_store(store.clone());
    let setup = HarnessSetup::new().prepared(check(&sink).unwrap());
    let mut writer = OperatorHarness::with(setup, PartitionWriter::new(sink.writer(0))).unwrap();
    let commit_by = |setup: HarnessSetup<'_>| {
        let stores = FileStores::given_with_uploads(store.clone());
        OperatorHarness::with(setup, PartitionCommitter::new(stores, "out".to_owned(), commit())).unwrap()
    };
    let mut committer = commit_by(HarnessSetup::new());
    writer.push_all([1, 1_001]).unwrap();
    let [_, snapshot] = checkpoint(&mut writer, &mut committer, 1);
    let hidden: Vec<_> = store.files().into_keys().collect();
    assert!(hidden.len() == 2 && hidden.iter().all(|path| path.ends_with(".receipt")), "{hidden:?}");
    // Completed, but nobody gets to know; and once more, after the receipts have gone.
    store.fail("answer", 0);
    for _ in 0..2 {
        let mut harness = commit_by(HarnessSetup::new().restore(std::slice::from_ref(&snapshot)));
        harness.poll().unwrap();
        assert_eq!(visible(&store), [1, 1_001]);
        assert_eq!(store.files(), store.visible());
    }
}
