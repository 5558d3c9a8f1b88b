//! Rows that cannot be read, and stores that cannot be written.

use std::sync::Arc;

use millstream::connectors::files::{BadRecord, BadRecordInfo};
use millstream::prelude::*;

use super::restarts;
use crate::support::flaky_store;

#[test]
fn a_row_that_cannot_be_read_fails_the_job_or_is_skipped_or_goes_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.csv");
    std::fs::write(&file, "name,price\ntea,3\nmilk,one\ncoffee,5\n").unwrap();
    let source = || FileSource::csv::<(String, u64)>(file.to_string_lossy().into_owned());
    let expected = [("coffee".to_owned(), 5), ("tea".to_owned(), 3)];

    let env = Environment::new().parallelism(2);
    env.from_source(source()).name("prices").discard();
    let error = env.execute("fail").unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidInput, Some("prices")));
    assert!(error.to_string().contains("prices.csv") && error.to_string().contains("milk,one"), "{error}");

    let env = Environment::new().parallelism(2);
    let read = env.from_source(source().on_error(BadRecord::Skip)).name("prices").collect();
    let job = env.spawn("skip").unwrap();
    job.join_blocking().unwrap();
    assert_eq!(read.sorted(), expected);
    assert_eq!(job.metrics().operator("prices").skipped_records, 1);

    let env = Environment::new().parallelism(2);
    let bad = OutputTag::<BadRecordInfo>::new("bad");
    let prices = env.from_source(source().on_error(BadRecord::SideOutput(bad.clone())));
    let (read, aside) = (prices.collect(), prices.side_output(&bad).map(|bad| bad.text).collect());
    env.execute("aside").unwrap();
    assert_eq!(read.sorted(), expected);
    assert_eq!(aside.sorted(), ["milk,one"]);
}

#[test]
fn a_sink_that_cannot_write_fails_the_attempt_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("output");
    std::fs::write(&blocked, "a file where the directory should be").unwrap();
    let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
    let lines = FileSink::text(blocked.to_string_lossy().into_owned(), |n: &u64| n.to_string());
    env.from_collection(0..100_u64).sink_to(lines).name("lines");
    let error = env.execute("blocked").unwrap_err();
    assert!(error.to_string().contains("output"), "{error}");
    assert_eq!(error.operator(), Some("lines"), "{error}");
}

/// Writing, renaming and cleaning up fail now and then: each time an attempt ends, and the answer is whole.
#[test]
fn a_sink_whose_store_fails_now_and_then_writes_everything_once() {
    let store = Arc::new(flaky_store::FlakyStore::new(7, 6));
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(10));
    let env = env.restart_strategy(restarts(10));
    let lines = FileSink::text("lines", |n: &u64| n.to_string()).store(store.clone());
    env.from_source(GeneratorSource::new(Some(6_000), |n| n).rate(10_000.0)).sink_to(lines).name("lines");
    let job = env.spawn("flaky").unwrap();
    job.join_blocking().unwrap();
    let mut lines: Vec<u64> = store.visible_lines().iter().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..6_000).collect::<Vec<_>>());
    assert_eq!(store.failures_left(), 0);
    assert!(job.metrics().restarts > 0);
}
