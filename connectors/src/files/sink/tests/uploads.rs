//! Files that are uploads until they are committed.

use futures::executor::block_on;
use millstream_runtime::ErrorKind;
use object_store::multipart::MultipartStore;
use object_store::path::Path;

use super::*;
use crate::files::sink::commit::commit_all;
use crate::files::sink::pending::{Pending, Upload};

/// An upload to `out/part` with this content, ready to be completed.
fn upload(store: &FailingStore, content: &'static str) -> Committable {
    block_on(async {
        let path = Path::from("out/part");
        let id = store.create_multipart(&path).await.unwrap();
        let part = store.put_part(&path, &id, 0, content.into()).await.unwrap();
        let pending = Pending::Upload(Upload { id, parts: vec![part.content_id] });
        Committable { pending, target: path.to_string(), length: content.len() as u64 }
    })
}

fn commit(store: &Arc<FailingStore>, file: &Committable) -> Result<()> {
    let stores = FileStores::given_with_uploads(store.clone());
    block_on(commit_all(&stores.locate("out")?, vec![file.clone()]))
}

#[test]
fn nothing_is_seen_before_the_commit_and_the_file_is_whole_after_it() {
    let store = FailingStore::new();
    let sink = uploaded_lines(&store);
    let mut harness = start(&sink);
    harness.push_all([1, 2]).unwrap();
    let snapshot = harness.snapshot(1).unwrap();
    assert!(store.files().is_empty(), "{:?}", store.files());
    let listed = snapshot.list::<Committable>("committables").unwrap();
    assert!(matches!(listed.as_slice(), [Committable { pending: Pending::Upload(_), length: 4, .. }]));
    harness.completed(1).unwrap();
    let files = store.files();
    let [(path, content)] = files.iter().collect::<Vec<_>>()[..] else { panic!("{files:?}") };
    assert!(path.starts_with("out/part-0-0-") && path.ends_with(".txt"), "{path}");
    assert_eq!(content, "1\n2\n");
}

#[test]
fn large_files_are_uploaded_in_parts() {
    let store = FailingStore::new();
    let line: fn(&u64) -> String = |number| format!("{number:050000}");
    let sink = FileSink::text("out", line).multipart_store(store.clone());
    let mut harness = start(&sink);
    for number in 0..240 {
        harness.push_all([number]).unwrap();
    }
    let snapshot = harness.snapshot(1).unwrap();
    let listed = snapshot.list::<Committable>("committables").unwrap();
    let [Committable { pending: Pending::Upload(upload), .. }] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!(upload.parts.len(), 3);
    harness.completed(1).unwrap();
    assert_eq!(visible(&store), (0..240).collect::<Vec<_>>());
}

#[test]
fn committing_again_changes_nothing() {
    let store = FailingStore::new();
    let file = upload(&store, "abc");
    for _ in 0..2 {
        commit(&store, &file).unwrap();
        assert_eq!(store.files().into_iter().collect::<Vec<_>>(), [("out/part".into(), "abc".into())]);
    }
}

#[test]
fn a_completion_whose_answer_is_lost_is_recognised() {
    let store = FailingStore::new();
    let file = upload(&store, "abc");
    store.fail("answer", 0);
    commit(&store, &file).unwrap();
    assert_eq!(store.visible()["out/part"], "abc");
}

#[test]
fn a_completion_that_fails_is_tried_again_by_the_next_attempt() {
    for operation in ["complete", "get"] {
        let store = FailingStore::new();
        let file = upload(&store, "abc");
        store.fail("complete", 0);
        store.fail(operation, 0);
        assert_eq!(commit(&store, &file).unwrap_err().kind(), ErrorKind::External, "{operation}");
        assert!(store.files().is_empty());
        commit(&store, &file).unwrap();
        assert_eq!(store.visible()["out/part"], "abc");
    }
}

#[test]
fn a_store_that_calls_an_upload_completed_is_not_believed_before_the_file_is_there() {
    let store = FailingStore::new();
    let file = upload(&store, "abc");
    store.fail("claim", 0);
    let error = commit(&store, &file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    assert!(error.to_string().contains("but `out/part` is not there"), "{error}");
    commit(&store, &file).unwrap();
    assert_eq!(store.visible()["out/part"], "abc");
}

#[test]
fn an_upload_that_is_gone_is_lost_data() {
    let store = FailingStore::new();
    let file = upload(&store, "abc");
    let Pending::Upload(upload) = &file.pending else { panic!() };
    block_on(store.abort_multipart(&"out/part".into(), &upload.id)).unwrap();
    let error = commit(&store, &file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restore);
    assert!(
        error.to_string().contains("data is lost") && error.to_string().contains("`out/part`"),
        "{error}"
    );

    store.write("out/part", "of another length");
    let error = commit(&store, &file).unwrap_err();
    assert!(error.to_string().contains("has 17 bytes instead of 3"), "{error}");
}

#[test]
fn a_store_that_is_given_in_another_way_is_an_error() {
    let store = FailingStore::new();
    let file = upload(&store, "abc");
    let stores = FileStores::given(store.clone());
    let error = block_on(commit_all(&stores.locate("out").unwrap(), vec![file])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("multipart_store"), "{error}");
}

#[test]
fn files_newer_than_the_snapshot_are_refused() {
    let store = FailingStore::new();
    let sink = uploaded_lines(&store);
    let mut harness = start(&sink);
    harness.push_all([1]).unwrap();
    let old = harness.snapshot(1).unwrap();
    harness.completed(1).unwrap();
    harness.push_all([2]).unwrap();
    harness.snapshot(2).unwrap();
    harness.completed(2).unwrap();
    let error = restore(&sink, 0, 1, &[old]).and_then(|mut harness| harness.poll()).unwrap_err();
    assert!(error.to_string().contains("newer than the snapshot"), "{error}");
    assert_eq!(visible(&store), [1, 2]);
}
