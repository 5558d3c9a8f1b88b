//! The life of a file, without crashes.

use millstream_operators::Environment;
use millstream_runtime::driver::simulation::{Faults, Simulation};
use millstream_runtime::job::JobOutcome;

use super::*;
use crate::files::sink::part::CHUNK;

#[test]
fn a_file_is_visible_once_its_checkpoint_is_complete() {
    let store = FailingStore::new();
    let mut harness = start(&lines(&store));
    harness.push_all([1, 2]).unwrap();
    assert!(store.files().is_empty());
    harness.snapshot(1).unwrap();
    harness.push_all([3]).unwrap();
    harness.snapshot(2).unwrap();
    assert_eq!(store.files().len(), 2);
    assert!(store.visible().is_empty());
    harness.completed(1).unwrap();
    assert_eq!(
        store.visible().into_iter().collect::<Vec<_>>(),
        [("out/part-0-0.txt".into(), "1\n2\n".into())]
    );
    // Nothing was written since: the third checkpoint has no file.
    harness.snapshot(3).unwrap();
    harness.completed(3).unwrap();
    assert_eq!(visible(&store), [1, 2, 3]);
    assert_eq!(store.files(), store.visible());
    assert_eq!(harness.counters().bytes, 6);
}

#[test]
fn an_aborted_checkpoint_is_covered_by_the_next() {
    let store = FailingStore::new();
    let mut harness = start(&lines(&store));
    harness.push_all([1]).unwrap();
    harness.snapshot(1).unwrap();
    harness.aborted(1).unwrap();
    harness.push_all([2]).unwrap();
    harness.snapshot(2).unwrap();
    assert!(store.visible().is_empty());
    harness.completed(2).unwrap();
    assert_eq!(visible(&store), [1, 2]);
}

#[test]
fn without_checkpoints_everything_appears_at_the_end() {
    let store = FailingStore::new();
    let mut harness = start(&lines(&store).roll_bytes(4));
    (0..5).for_each(|number| harness.push_all([number, number + 10]).unwrap());
    assert!(store.visible().is_empty());
    end(&mut harness).unwrap();
    assert_eq!(visible(&store), [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    assert_eq!(store.visible().len(), 5);
}

#[test]
fn a_job_that_is_stopped_shows_no_more_than_its_savepoint() {
    let store = FailingStore::new();
    let mut harness = start(&lines(&store));
    harness.push_all([1]).unwrap();
    harness.snapshot(1).unwrap();
    harness.push_all([2]).unwrap();
    harness.completed(1).unwrap();
    assert!(harness.finish_with_savepoint().unwrap());
    assert_eq!(visible(&store), [1]);
}

#[test]
fn an_old_file_is_closed() {
    let store = FailingStore::new();
    let mut harness = start(&lines(&store).roll_interval(Duration::from_secs(10)));
    harness.push_all([1]).unwrap();
    assert!(harness.wake_at().is_some());
    harness.advance(Duration::from_secs(9)).unwrap();
    harness.push_all([2]).unwrap();
    assert!(store.files().is_empty());
    harness.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(store.files().len(), 1);
    harness.push_all([3]).unwrap();
    harness.snapshot(1).unwrap();
    harness.completed(1).unwrap();
    assert_eq!(store.visible().into_values().collect::<Vec<_>>(), ["1\n2\n", "3\n"]);
}

#[test]
fn large_files_are_written_in_chunks_and_do_not_change_by_it() {
    let store = FailingStore::new();
    let sink = FileSink::text("out", |text: &String| text.clone()).store(store.clone());
    let mut harness = start(&sink);
    let records: Vec<_> =
        (0..40).map(|number: u8| char::from(b'a' + number % 26).to_string().repeat(CHUNK / 10)).collect();
    records.chunks(3).for_each(|records| harness.push_all(records.to_vec()).unwrap());
    end(&mut harness).unwrap();
    let content = store.visible().remove("out/part-0-0.txt").unwrap();
    assert!(content.len() > 3 * CHUNK);
    assert!(content.lines().eq(&records));
}

#[test]
fn a_slow_store_holds_upstream_back() {
    let store = FailingStore::new();
    let sink = lines(&store).roll_bytes(1);
    check(&sink).unwrap();
    let mut harness =
        OperatorHarness::with(HarnessSetup::new().manual_io(), sink_operator(&sink, 0)).unwrap();
    let mut pushed = 0;
    while !harness.is_blocked() {
        harness.push_all([pushed]).unwrap();
        pushed += 1;
    }
    assert_eq!(pushed, 3);
    harness.poll().unwrap();
    assert!(harness.is_blocked(), "nothing has been written yet");
    harness.run_io().unwrap();
    assert!(!harness.is_blocked());
}

/// The rest of a batch that was suspended comes to the writer before it is polled. A task that has been
/// stalled may find all work done by then: nothing would wake it if the writer waited for that work.
#[test]
fn a_writer_does_not_wait_for_work_that_is_done() {
    let faults = Faults { stall_every: 50, ..Faults::default() };
    for seed in 0..200 {
        let mut simulation = Simulation::new(seed).faults(faults);
        simulation.most_steps = 20_000;
        let report = simulation.run(|store| {
            let env = Environment::new();
            let sink = FileSink::text("out", u64::to_string).store(store).roll_bytes(100);
            env.from_collection(0..1_000_u64).rebalance().map(|number| number + 1).sink_to(sink);
            env.job("numbers")
        });
        assert_eq!(report.unwrap().outcome, JobOutcome::Finished);
    }
}

#[test]
fn formats_write_what_the_source_reads() {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Row {
        name: String,
        number: Option<i32>,
    }
    let rows = [("a,\"b\"", Some(-1)), ("ü", None)].map(|(name, number)| Row { name: name.into(), number });
    let store = FailingStore::new();
    let mut harness = start(&FileSink::csv::<Row>("csv").header().store(store.clone()));
    harness.push_all(rows.clone()).unwrap();
    harness.push_all(rows.clone()).unwrap();
    end(&mut harness).unwrap();
    let mut harness = start(&FileSink::csv::<Row>("bare").store(store.clone()));
    harness.push_all(rows.clone()).unwrap();
    end(&mut harness).unwrap();
    let mut harness = start(&FileSink::json_lines::<Row>("json").store(store.clone()));
    harness.push_all(rows).unwrap();
    end(&mut harness).unwrap();
    let files = store.visible();
    let row = "\"a,\"\"b\"\"\",-1\nü,\n";
    assert_eq!(files["csv/part-0-0.csv"], format!("name,number\n{row}{row}"));
    assert_eq!(files["bare/part-0-0.csv"], row);
    assert_eq!(
        files["json/part-0-0.jsonl"],
        "{\"name\":\"a,\\\"b\\\"\",\"number\":-1}\n{\"name\":\"ü\",\"number\":null}\n"
    );
}

#[test]
fn a_record_that_the_format_cannot_hold_is_an_error() {
    let mut harness =
        start(&FileSink::csv::<(u8, std::collections::BTreeMap<u8, u8>)>("maps").store(FailingStore::new()));
    let error = harness.push_all([(1, [(1, 1)].into())]).unwrap_err();
    assert!(error.to_string().contains("cannot be written to CSV files"), "{error}");
}
