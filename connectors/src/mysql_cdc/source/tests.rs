use std::time::Duration;

use futures::executor::block_on;
use millstream_runtime::ErrorKind;

use super::*;

fn source() -> MysqlCdcSource {
    MysqlCdcSource::new("localhost").username("flows").table_list(["shop.orders"])
}

#[test]
fn settings_that_cannot_be_are_refused_before_anything_runs() {
    let none: [&str; 0] = [];
    for (source, problem) in [
        (source().table_list(none), "no table"),
        (source().table_list(["orders"]), "`.orders` is not the name of a table"),
        (source().table_list(["shop."]), "`shop.` is not the name of a table"),
        (source().username(""), "`username` is not set"),
        (source().server_id(0), "`server_id` is 0"),
        (MysqlCdcSource::new("").username("flows"), "`hostname` is not set"),
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
        .server_id(7)
        .into_settings();
    assert_eq!((settings.port, settings.chunk_rows, settings.connections), (1, 1, 1));
    assert_eq!((settings.heartbeat, settings.server_id), (Duration::from_millis(1), Some(7)));
    assert_eq!(settings.tables, [TableName { database: "shop".into(), name: "orders".into() }]);
}
