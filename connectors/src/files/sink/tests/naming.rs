//! Names, and directories that hold something already.

use millstream_runtime::ErrorKind;

use super::*;
use crate::files::sink::part::PartName;
use crate::files::sink::pending::{hidden_file, is_pending};

#[test]
fn names_say_which_file_it_is() {
    let name = PartName { subtask: 3, counter: 14, run: None, extension: "csv".to_owned() };
    assert_eq!(name.to_string(), "part-3-14.csv");
    assert_eq!("part-3-14.csv".parse(), Ok(name.clone()));
    for other in
        ["part-3.csv", "part-3-x.csv", "part-3-14", "part-3-14-x.csv", "apart-3-14.csv", ".part-3-14.csv"]
    {
        assert!(other.parse::<PartName>().is_err(), "{other}");
    }
    let uploaded = PartName { run: Some(0xab), ..name.clone() };
    assert_eq!(uploaded.to_string(), "part-3-14-00000000000000ab.csv");
    assert_eq!(uploaded.to_string().parse(), Ok(uploaded));
    let pending = hidden_file(&name, 1);
    assert!(pending.starts_with('.') && is_pending(&pending));
    assert_ne!(pending, hidden_file(&name, 2));
}

/// Runs a job that writes one number.
fn run(sink: &Lines, number: u64) -> Result<()> {
    let setup = HarnessSetup::new().prepared(check(sink)?);
    let mut harness = OperatorHarness::with(setup, sink_operator(sink, 0))?;
    harness.push_all([number])?;
    end(&mut harness)
}

#[test]
fn a_second_run_must_say_what_it_wants() {
    let store = FailingStore::new();
    store.write("out/README", "not ours");
    run(&lines(&store), 1).unwrap();

    let error = run(&lines(&store), 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(error.to_string().contains("`part-0-0.txt`"), "{error}");

    run(&lines(&store).append(), 3).unwrap();
    assert_eq!(
        store.visible().into_keys().collect::<Vec<_>>(),
        ["out/README", "out/part-0-0.txt", "out/part-0-1.txt"]
    );

    store.write("out/.part-0-2.txt.0000000000000000.pending", "left behind");
    run(&lines(&store).overwrite(), 4).unwrap();
    let files: Vec<_> = store.files().into_iter().collect();
    assert_eq!(files, [("out/README".into(), "not ours".into()), ("out/part-0-0.txt".into(), "4\n".into())]);
}

#[test]
fn a_directory_that_cannot_be_written_to_is_named() {
    let store = FailingStore::new();
    store.fail("put", 0);
    let error = check(&lines(&store)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    assert!(error.to_string().contains("`out`"), "{error}");
    let error = check(&FileSink::json_lines::<u8>("/proc/no/such")).unwrap_err();
    assert!(error.to_string().contains("/proc/no/such"), "{error}");
}

/// On a real file system, with the names that its writes in progress have.
#[test]
fn on_a_local_disk_nothing_but_committed_files_is_visible() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("a b/out");
    let names = || {
        let entries = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    let sink = FileSink::text(&place, |text: &String| text.clone());
    let mut harness = start(&sink);
    assert!(names().is_empty(), "the probe is gone");
    // More than a chunk: an upload that is not complete yet.
    let large = "x".repeat(3 << 20);
    harness.push_all([large.clone(), large]).unwrap();
    assert!(!names().is_empty() && names().iter().all(|name| name.starts_with('.')), "{:?}", names());
    harness.snapshot(1).unwrap();
    assert!(names().iter().all(|name| name.starts_with('.')), "{:?}", names());
    harness.completed(1).unwrap();
    assert_eq!(names(), ["part-0-0.txt"]);
    assert!(check(&FileSink::text(&place, |text: &String| text.clone())).is_err());
}
