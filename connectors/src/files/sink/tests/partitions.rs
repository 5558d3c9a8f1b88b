//! Records that are dealt out to folders.

use millstream_runtime::ErrorKind;

use super::*;

/// A folder for each last digit.
fn digit(record: u64) -> std::result::Result<String, String> {
    match record {
        666 => Err("666 belongs nowhere".to_owned()),
        record => Ok(format!("d={}/x%2F", record % 10)),
    }
}

fn by_digit(store: &Arc<FailingStore>) -> FileSink<NumbersInFolders> {
    FileSink::with_encoder("out", NumbersInFolders(digit)).store(store.clone())
}

fn visible_files(store: &FailingStore) -> Vec<(String, String)> {
    store.visible().into_iter().collect()
}

fn file(path: &str, content: &str) -> (String, String) {
    (path.to_owned(), content.to_owned())
}

#[test]
fn each_folder_has_a_file_of_its_own() {
    let store = FailingStore::new();
    let mut harness = start(&by_digit(&store));
    harness.push_all([11, 2, 21]).unwrap();
    harness.snapshot(1).unwrap();
    assert!(store.visible().is_empty());
    harness.completed(1).unwrap();
    harness.push_all([31]).unwrap();
    end(&mut harness).unwrap();
    let expected = [
        file("out/d=1/x%2F/part-0-0.txt", "11\n21\n"),
        file("out/d=1/x%2F/part-0-2.txt", "31\n"),
        file("out/d=2/x%2F/part-0-1.txt", "2\n"),
    ];
    assert_eq!(visible_files(&store), expected);
}

#[test]
fn earlier_files_in_folders_are_seen() {
    let store = FailingStore::new();
    let run = |sink: &FileSink<NumbersInFolders>, number| {
        let mut harness = start(sink);
        harness.push_all([number]).unwrap();
        end(&mut harness).unwrap();
    };
    run(&by_digit(&store), 1);
    let error = check(&by_digit(&store)).unwrap_err();
    assert!(error.to_string().contains("`d=1/x%2F/part-0-0.txt`"), "{error}");
    run(&by_digit(&store).append(), 2);
    let kept = [file("out/d=1/x%2F/part-0-0.txt", "1\n"), file("out/d=2/x%2F/part-0-1.txt", "2\n")];
    assert_eq!(visible_files(&store), kept);
    run(&by_digit(&store).overwrite(), 3);
    assert_eq!(visible_files(&store), [file("out/d=3/x%2F/part-0-0.txt", "3\n")]);
}

#[test]
fn what_a_snapshot_lists_is_committed_and_what_is_newer_refused() {
    let store = FailingStore::new();
    let sink = by_digit(&store);
    let mut harness = start(&sink);
    harness.push_all([1, 2]).unwrap();
    let first = harness.snapshot(1).unwrap();
    drop(harness);
    let mut harness = restore(&sink, 0, 1, std::slice::from_ref(&first)).unwrap();
    assert_eq!(store.visible().len(), 2);
    harness.push_all([3]).unwrap();
    end(&mut harness).unwrap();
    assert_eq!(store.visible().len(), 3);
    let error = restore(&sink, 0, 1, std::slice::from_ref(&first)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("d=3/x%2F/part-0-2.txt"), "{error}");
}

#[test]
fn a_record_that_belongs_nowhere_fails_the_job() {
    let store = FailingStore::new();
    let error = start(&by_digit(&store)).push_all([666]).unwrap_err();
    assert!(error.to_string().contains("666 belongs nowhere"), "{error}");
}
