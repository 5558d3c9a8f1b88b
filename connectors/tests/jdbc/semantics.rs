//! What jobs read of Postgres and write to it.

use millstream::connectors::jdbc::{
    Change, DeliveryGuarantee, JdbcConnection, JdbcLookup, JdbcSink, JdbcSource, Row, Value,
};
use millstream::prelude::*;

use super::postgres::{Database, Server};

fn connection(database: &Database) -> JdbcConnection {
    JdbcConnection::new(format!("jdbc:postgresql://127.0.0.1:{}/{}", database.port, database.name))
        .username("postgres")
}

const TYPES: &str = "CREATE SCHEMA other; CREATE TABLE other.\"Odd name\" (id INT PRIMARY KEY, n NUMERIC(20, 3), t TEXT, \
                     b BYTEA, z TIMESTAMPTZ, u UUID, j JSONB, f DOUBLE PRECISION, o BOOLEAN, c CHAR(5))";
const COLUMNS: [&str; 10] = ["id", "n", "t", "b", "z", "u", "j", "f", "o", "c"];

fn row(id: i64) -> Row {
    vec![
        id.into(),
        "12345678901234567.891".into(),
        "it's \\ \"ä\"".into(),
        vec![0_u8, 255, 92].into(),
        "2020-10-10 00:00:05.5+00:00".into(),
        "123e4567-e89b-12d3-a456-426614174000".into(),
        r#"{"a": 1}"#.into(),
        Value::Float(0.1),
        true.into(),
        "abc".into(),
    ]
}

#[test]
fn values_of_all_types_come_back() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "types");
    database.execute(TYPES);
    let table = "other.Odd name";
    let env = Environment::new().parallelism(1);
    let write = |id: i64| Change::Upsert(row(id));
    let sink = JdbcSink::new(connection(&database), table, COLUMNS, write).key(["id"]);
    env.from_collection([1_i64, 3, 1]).sink_to(sink);
    env.execute("write").unwrap();
    database.execute("INSERT INTO other.\"Odd name\" (id) VALUES (2)");
    let env = Environment::new().parallelism(2);
    let source = JdbcSource::new(connection(&database), table, COLUMNS, |row: Row| Ok(format!("{row:?}")));
    let read = env.from_source(source.partitioned("id", 2, 1, 3).fetch_size(1)).collect();
    env.execute("read").unwrap();
    let text = |id: i64| {
        let mut row = row(id);
        for (place, text) in [
            (0, id.to_string()),
            (4, "2020-10-10 00:00:05.5+00".to_owned()),
            (7, "0.1".to_owned()),
            (8, "true".to_owned()),
        ] {
            row[place] = Value::Text(text);
        }
        format!("{row:?}")
    };
    let mut nulls = vec![Value::Null; 10];
    nulls[0] = Value::Text("2".to_owned());
    assert_eq!(read.sorted(), [text(1), format!("{nulls:?}"), text(3)]);
}

#[test]
fn many_keys_are_one_query() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "lookups");
    database.execute(
        "CREATE TABLE t (a BIGINT, b VARCHAR(10), v TEXT); CREATE INDEX ON t (a, b); \
         INSERT INTO t SELECT n % 100, 'k' || n % 3, 'v' || n FROM generate_series(1, 1000) n",
    );
    let lookup = JdbcLookup::new(connection(&database), "t", ["v", "a"], ["b", "a"]);
    let keys: Vec<Row> = (0..150).map(|a| vec!["k1".into(), Value::from(a)]).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(lookup.lookup(keys)).unwrap();
    let mut found: Vec<_> =
        found.into_iter().map(|(key, row)| (key, row[0].as_text().unwrap().to_owned())).collect();
    found.sort_unstable();
    let mut expected = Vec::new();
    for n in (1..=1000_u32).filter(|n| n % 3 == 1) {
        expected.push((n % 100, format!("v{n}")));
    }
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn deletions_and_updates_of_one_batch_are_in_order() {
    let Some(server) = Server::shared() else { return };
    for (name, guarantee) in
        [("order_once", DeliveryGuarantee::ExactlyOnce), ("order_more", DeliveryGuarantee::AtLeastOnce)]
    {
        let database = Database::create(&server, name);
        database.execute("CREATE TABLE t (k BIGINT PRIMARY KEY, v BIGINT)");
        let change = |(k, v): (i64, i64)| match v {
            0 => Change::Delete(vec![k.into()]),
            v => Change::Upsert(vec![k.into(), v.into()]),
        };
        let sink = JdbcSink::new(connection(&database), "t", ["k", "v"], change).key(["k"]);
        let env = Environment::new().parallelism(1);
        let changes = [(1, 1), (2, 2), (1, 0), (3, 3), (2, 5), (4, 4), (4, 0), (4, 6)];
        env.from_collection(changes).sink_to(sink.delivery_guarantee(guarantee).flush_max_rows(3));
        env.execute("changes").unwrap();
        let rows = database.query("SELECT k || '=' || v FROM t ORDER BY k");
        let rows: Vec<_> = rows.into_iter().map(|row| row[0].clone().unwrap()).collect();
        assert_eq!(rows, ["2=5", "3=3", "4=6"]);
    }
}
