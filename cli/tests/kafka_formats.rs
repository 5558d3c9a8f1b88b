//! Formats of changes, and formats with a schema registry, in topics of a real Kafka node.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::broker::Broker;
use crate::support::registry::Registry;
use crate::support::{millstream, run, stderr, stdout};

/// Runs statements, which must succeed.
#[track_caller]
fn execute(script: &str) -> String {
    let output = run(&["sql", "--style", "plain"], &format!("SET 'table.dml-sync' = 'true'; {script}"));
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// What the last query answers in the end: the last row of its changes.
#[track_caller]
fn answer(script: &str) -> String {
    let text = execute(script);
    let row =
        text.lines().rev().find(|line| line.starts_with('+')).unwrap_or_else(|| panic!("no row: {text}"));
    row[3..row.len() - 1].to_owned()
}

/// A table of a topic, which is read up to where it ends when the job starts.
fn topic(broker: &Broker, name: &str, options: &str) -> String {
    format!(
        "'connector' = 'kafka', 'properties.bootstrap.servers' = '{}', 'topic' = '{name}', 'scan.startup.mode' = 'earliest-offset', \
         'scan.bounded.mode' = 'latest-offset', {options}",
        broker.servers()
    )
}

const COUNTS: &str =
    "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence',
    'fields.id.start' = '1', 'fields.id.end' = '2000', 'rows-per-second' = '1000000');";

/// What counts of `numbers` come to: 7 rows, and the sums of what they have.
const COUNTED: &str =
    "SELECT MOD(id, 7) AS k, COUNT(*) AS n, SUM(id) AS total FROM numbers GROUP BY MOD(id, 7)";

/// Runs a job that ends by itself; kills it before that now and then.
fn run_with_kills(file: &Path, checkpoints: &Path) {
    let (file, checkpoints) = (file.to_string_lossy(), checkpoints.to_string_lossy());
    for kill in [Some(400), Some(900), Some(1_500), None] {
        let arguments = [
            "run",
            &file,
            "--progress",
            "0",
            "--checkpoints",
            &checkpoints,
            "--restore",
            &checkpoints,
            "--or-start",
        ];
        let mut child = millstream(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(after) = kill {
            std::thread::sleep(Duration::from_millis(after));
            let _ = child.kill();
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.code().is_none_or(|code| code == 0), "{}", stderr(&output));
        if output.status.success() {
            return;
        }
    }
}

#[test]
fn changes_in_json_are_read_and_written() {
    let Some(broker) = Broker::shared() else { return };
    for name in ["debezium", "canal", "maxwell"] {
        broker.create_topic(name, 1);
        broker.create_topic(&format!("{name}-counts"), 1);
    }
    // The same story three times: two goods come, the price of one is raised, the other goes.
    let after = |id: u32, price: &str| format!(r#"{{"id":{id},"price":{price}}}"#);
    let source = r#""ts_ms":1500,"source":{"db":"shop","schema":"public","table":"goods","ts_ms":1000}"#;
    let debezium = [
        format!(r#"1:{{"before":null,"after":{},"op":"r",{source}}}"#, after(1, "2.50")),
        format!(r#"2:{{"before":null,"after":{},"op":"c",{source}}}"#, after(2, "9.00")),
        format!(r#"1:{{"before":{},"after":{},"op":"u",{source}}}"#, after(1, "2.50"), after(1, "3.25")),
        format!(r#"2:{{"before":{},"after":null,"op":"d",{source}}}"#, after(2, "9.00")),
    ];
    let canal = |kind: &str, data: &str, old: &str| {
        format!(
            r#"k:{{"data":[{data}],"old":{old},"type":"{kind}","database":"shop","table":"goods","ts":1500,"es":1000}}"#
        )
    };
    let both = format!("{},{}", after(1, "2.50"), after(2, "9.00"));
    let canal = [
        canal("INSERT", &both, "null"),
        canal("UPDATE", &after(1, "3.25"), r#"[{"price":2.50}]"#),
        canal("DELETE", &after(2, "9.00"), "null"),
    ];
    let maxwell = |kind: &str, data: &str, old: &str| {
        format!(r#"k:{{"data":{data},{old}"type":"{kind}","database":"shop","table":"goods","ts":1}}"#)
    };
    let maxwell = [
        maxwell("insert", &after(1, "2.50"), ""),
        maxwell("insert", &after(2, "9.00"), ""),
        maxwell("update", &after(1, "3.25"), r#""old":{"price":2.50},"#),
        maxwell("delete", &after(2, "9.00"), ""),
    ];
    let cases = [
        ("debezium", &debezium[..], "'value.source.database'", "4"),
        ("canal", &canal[..], "'value.database'", "3"),
        ("maxwell", &maxwell[..], "'value.database'", "4"),
    ];
    for (name, messages, database, count) in cases {
        broker.produce(name, messages);
        let read = answer(&format!(
            "CREATE TABLE goods (id INT, price DECIMAL(10, 2), db STRING METADATA FROM {database} VIRTUAL,
                 seen TIMESTAMP_LTZ(3) METADATA FROM 'value.ingestion-timestamp' VIRTUAL, place BIGINT METADATA FROM 'offset' VIRTUAL,
                 PRIMARY KEY (id) NOT ENFORCED) WITH ({});
             SELECT db, COUNT(*), SUM(id), SUM(price), MAX(YEAR(CAST(seen AS TIMESTAMP(3)))) FROM goods GROUP BY db;",
            topic(&broker, name, &format!("'value.format' = '{name}-json'"))
        ));
        assert_eq!(read, "shop, 1, 1, 3.25, 1970", "{name}");

        // As many messages as there were, whichever rows they have.
        let offsets = answer(&format!(
            "CREATE TABLE messages (m STRING, place BIGINT METADATA FROM 'offset' VIRTUAL) WITH ({});
             SELECT COUNT(*), MAX(place) + 1 FROM messages;",
            topic(&broker, name, "'format' = 'raw'")
        ));
        assert_eq!(offsets, format!("{count}, {count}"), "{name}");

        let counts = format!(
            "CREATE TABLE counts (k BIGINT, n BIGINT, total BIGINT) WITH ({});",
            topic(
                &broker,
                &format!("{name}-counts"),
                &format!(
                    "'format' = '{name}-json', 'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '{name}'"
                )
            )
        );
        execute(&format!("{COUNTS} {counts} INSERT INTO counts {COUNTED};"));
        let read = answer(&format!("{counts} SELECT COUNT(*), SUM(n), SUM(total) FROM counts;"));
        assert_eq!(read, "7, 2000, 2001000", "{name}");
    }
}

/// How many goods there are, and how often each changes its price.
const GOODS: u64 = 100;
const RAISES: u64 = 400;

#[test]
fn both_rows_of_an_update_count_once_whenever_the_process_is_killed() {
    let Some(broker) = Broker::shared() else { return };
    broker.create_topic("prices", 2);
    broker.create_topic("prices-sums", 2);
    let mut messages = Vec::new();
    for raise in 0..=RAISES {
        for id in 0..GOODS {
            let row = |price: u64| format!(r#"{{"id":{id},"price":{price}}}"#);
            let (before, op) = match raise.checked_sub(1) {
                None => ("null".to_owned(), "c"),
                Some(last) => (row(last + id), "u"),
            };
            messages.push(format!(r#"{id}:{{"before":{before},"after":{},"op":"{op}"}}"#, row(raise + id)));
        }
    }
    broker.produce("prices", &messages);
    let options = |name: &str| {
        topic(
            &broker,
            name,
            "'value.format' = 'debezium-json', 'properties.transaction.timeout.ms' = '600000'",
        )
    };
    let sums = format!(
        "CREATE TABLE sums (part BIGINT, goods BIGINT, price BIGINT) WITH ({}, 'sink.delivery-guarantee' = 'exactly-once',
             'sink.transactional-id-prefix' = 'prices', 'key.format' = 'csv', 'key.fields' = 'part');",
        options("prices-sums")
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.sql");
    let script = format!(
        "SET 'execution.checkpointing.interval' = '50 ms'; SET 'parallelism.default' = '2';
         CREATE TABLE prices (id BIGINT, price BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ({});
         {sums} INSERT INTO sums SELECT MOD(id, 10), COUNT(*), SUM(price) FROM prices GROUP BY MOD(id, 10);",
        options("prices")
    );
    std::fs::write(&file, script).unwrap();
    run_with_kills(&file, &folder.path().join("checkpoints"));
    let read = answer(&format!("{sums} SELECT COUNT(*), MIN(goods), MAX(goods), SUM(price) FROM sums;"));
    let total = (0..GOODS).map(|id| RAISES + id).sum::<u64>();
    assert_eq!(read, format!("10, {each}, {each}, {total}", each = GOODS / 10));
}

#[test]
fn schemas_are_registered_read_back_and_refused() {
    let Some(broker) = Broker::shared() else { return };
    let Some(registry) = Registry::start() else { return };
    for (name, partitions) in [("rows", 3), ("changes", 1), ("plain", 1)] {
        broker.create_topic(name, partitions);
    }
    let url = registry.url();
    let rows = |columns: &str| {
        let options = format!(
            "'key.format' = 'avro-confluent', 'key.avro-confluent.url' = '{url}', 'key.fields' = 'id',
             'value.format' = 'avro-confluent', 'value.avro-confluent.url' = 'http://127.0.0.1:1,{url}',
             'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'rows'"
        );
        format!("CREATE TABLE copies ({columns}) WITH ({});", topic(&broker, "rows", &options))
    };
    let table = rows("id BIGINT NOT NULL, name STRING, price DECIMAL(10, 2)");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.sql");
    let insert = "INSERT INTO copies SELECT id, 'number ' || CAST(id AS STRING), CAST(id / 4.0 AS DECIMAL(10, 2)) FROM numbers;";
    let slowly = COUNTS.replace("'1000000'", "'1000'");
    let script = format!("SET 'execution.checkpointing.interval' = '100 ms'; {slowly} {table} {insert}");
    std::fs::write(&file, script).unwrap();
    run_with_kills(&file, &folder.path().join("checkpoints"));
    let subjects = registry.ask("GET", "/subjects", "");
    assert!(subjects.contains("\"rows-key\"") && subjects.contains("\"rows-value\""), "{subjects}");
    let query = "SELECT COUNT(*), COUNT(DISTINCT id), SUM(id), MAX(name), SUM(price) FROM copies;";
    let expected = "2000, 2000, 2001000, number 999, 500250.00";
    assert_eq!(answer(&format!("{table} {query}")), expected);
    // Another table finds the columns that it shares with the schema, by their names.
    let other = rows("price DECIMAL(12, 4), id BIGINT NOT NULL, more STRING");
    let read = answer(&format!("{other} SELECT COUNT(*), COUNT(more), SUM(price) FROM copies;"));
    assert_eq!(read, "2000, 0, 500250.0000");

    let changes = format!(
        "CREATE TABLE counts (k BIGINT, n BIGINT, total BIGINT) WITH ({});",
        topic(
            &broker,
            "changes",
            &format!(
                "'format' = 'debezium-avro-confluent', 'debezium-avro-confluent.url' = '{url}', 'debezium-avro-confluent.subject' = 'counted'"
            )
        )
    );
    execute(&format!("{COUNTS} {changes} INSERT INTO counts {COUNTED};"));
    let read = answer(&format!("{changes} SELECT COUNT(*), SUM(n), SUM(total) FROM counts;"));
    assert_eq!(read, "7, 2000, 2001000");
    let subjects = registry.ask("GET", "/subjects", "");
    assert!(subjects.contains("\"counted\"") && !subjects.contains("\"changes-value\""), "{subjects}");

    let plain = format!(
        "CREATE TABLE plain (id BIGINT, name STRING) WITH ({});",
        topic(&broker, "plain", "'format' = 'avro'")
    );
    execute(&format!("{COUNTS} {plain} INSERT INTO plain SELECT id, 'n' FROM numbers;"));
    assert_eq!(
        answer(&format!("{plain} SELECT COUNT(*), SUM(id), MAX(name) FROM plain;")),
        "2000, 2001000, n"
    );

    // What the registry's rules refuse is said before anything is written.
    registry.ask("PUT", "/config/rows-value", r#"{"compatibility":"BACKWARD"}"#);
    let incompatible = rows("id BIGINT NOT NULL, name BIGINT NOT NULL, price DECIMAL(10, 2)");
    let script = format!(
        "SET 'table.dml-sync' = 'true'; {COUNTS} {incompatible} INSERT INTO copies SELECT id, id, NULL FROM numbers;"
    );
    let output = run(&["sql"], &script);
    let said = stderr(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("the schema cannot be registered under the subject `rows-value`")
            && said.contains("409"),
        "{said}"
    );

    // Without the registry nothing can be read. When it is there again, everything can.
    registry.kill();
    let output = run(&["sql"], &format!("{table} {query}"));
    let said = stderr(&output);
    assert!(!output.status.success());
    assert!(said.contains(&format!("no schema registry can be reached: `{url}`")), "{said}");
    registry.restart();
    assert_eq!(answer(&format!("{table} {query}")), expected);
}

#[test]
#[cfg(feature = "protobuf")]
fn json_and_protobuf_are_read_with_the_schemas_that_were_registered() {
    let Some(broker) = Broker::shared() else { return };
    let Some(registry) = Registry::start() else { return };
    let url = registry.url();
    for (name, kind) in [("json", "JSON"), ("protobuf", "PROTOBUF")] {
        let rows = format!("{name}-rows");
        broker.create_topic(&rows, 2);
        let format = format!("{name}-confluent");
        let table = |columns: &str| {
            let options = format!(
                "'format' = '{format}', '{format}.url' = '{url}', 'sink.delivery-guarantee' = 'exactly-once',
                 'sink.transactional-id-prefix' = '{name}'"
            );
            format!("CREATE TABLE copies ({columns}) WITH ({});", topic(&broker, &rows, &options))
        };
        let written = table("id BIGINT NOT NULL, name STRING, counts MAP<STRING, INT>");
        execute(&format!(
            "{COUNTS} {written}
             INSERT INTO copies SELECT id, 'number ' || CAST(id AS STRING), MAP['k', CAST(id AS INT)] FROM numbers;"
        ));
        let registered = registry.ask("GET", &format!("/subjects/{rows}-value/versions/1"), "");
        assert!(registered.contains(&format!("\"schemaType\":\"{kind}\"")), "{registered}");
        // Another table finds the columns that it shares with the schema, by their names.
        let other = table("counts MAP<STRING, INT>, more STRING, name STRING, id BIGINT NOT NULL");
        let read = answer(&format!(
            "{other} SELECT COUNT(*), COUNT(more), SUM(id), MAX(name), SUM(counts['k']) FROM copies;"
        ));
        assert_eq!(read, "2000, 0, 2001000, number 999, 2001000", "{name}");
    }
}
