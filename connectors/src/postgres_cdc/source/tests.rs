use std::time::Duration;

use futures::executor::block_on;
use millstream::source::SourceStatus;
use millstream::testing::{SourceHarness, source_operator};
use millstream_runtime::ErrorKind;

use super::*;

fn source() -> PostgresCdcSource {
    PostgresCdcSource::new("localhost", "shop").table_list(["orders"])
}

#[test]
fn settings_that_cannot_be_are_refused_before_anything_runs() {
    let none: [&str; 0] = [];
    for (source, problem) in [
        (source().table_list(none), "no table"),
        (source().table_list(["public."]), "`public.` is not the name of a table"),
        (source().username(""), "`username` is not set"),
        (source().slot_name("My-Slot"), "`My-Slot` cannot be the name of a replication slot"),
        (source().slot_name(""), "cannot be the name of a replication slot"),
        (source().slot_name("s".repeat(64)), "cannot be the name of a replication slot"),
        (source().publication_name(""), "`publication_name` is not set"),
        (PostgresCdcSource::new("", "shop"), "`hostname` is not set"),
        (PostgresCdcSource::new("localhost", ""), "`database` is not set"),
    ] {
        let error = block_on(source.discover()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert_eq!(block_on(source().discover()).unwrap().len(), 1);
}

#[test]
fn what_is_set_is_kept() {
    let settings = source()
        .port(1)
        .chunk_size(0)
        .snapshot_connections(0)
        .heartbeat_interval(Duration::ZERO)
        .table_list(["a", "b.c"])
        .into_settings();
    assert_eq!((settings.port, settings.chunk_rows, settings.connections), (1, 1, 1));
    assert_eq!(settings.heartbeat, Some(Duration::from_millis(1)));
    let names: Vec<_> = settings.tables.iter().map(TableName::quoted).collect();
    assert_eq!(names, ["\"public\".\"a\"", "\"b\".\"c\""]);
    assert_eq!(source().heartbeat_interval(None).into_settings().heartbeat, None);
}

#[test]
fn a_reader_without_the_split_has_nothing_to_read() {
    let source = source();
    let shares: Vec<_> =
        (0..3).map(|subtask| source.assign(&[PostgresSplit::new()], subtask, 3).len()).collect();
    assert_eq!(shares, [1, 0, 0]);
    let mut harness = SourceHarness::new(source_operator(source, Vec::new(), 0, 1)).unwrap();
    assert_eq!(harness.next().unwrap(), SourceStatus::Ended);
}
