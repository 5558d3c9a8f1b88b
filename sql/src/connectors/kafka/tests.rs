//! What is refused before anything is asked of Kafka.

use crate::connectors::testing::Script;

fn error_of(columns: &str, options: &str) -> String {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({options})"));
    script.try_run("SELECT * FROM t").unwrap_err()
}

const SERVERS: &str = "'properties.bootstrap.servers' = 'localhost:1'";

#[test]
fn options_that_are_wrong_are_refused() {
    let cases = [
        ("n INT", "'format' = 'json'", "Either 'topic' or 'topic-pattern' must be set."),
        ("n INT", "'topic' = 'a', 'topic-pattern' = 'b', 'format' = 'json'", "shouldn't be set together"),
        ("n INT", "'topic' = 'a'", "Missing required options are: format"),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'xml'",
            "Could not find any format factory for identifier 'xml'",
        ),
        ("n INT", "'topic' = 'a', 'format' = 'json', 'value.format' = 'json'", "mean the same"),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'avro-confluent'",
            "Missing required options are: avro-confluent.url",
        ),
        (
            "n INT",
            "'topic' = 'a', 'value.format' = 'debezium-avro-confluent', 'debezium-avro-confluent.url' = 'http://localhost:1'",
            "Missing required options are: value.debezium-avro-confluent.url",
        ),
        (
            "n INT, db STRING METADATA FROM 'value.source.database'",
            "'topic' = 'a', 'format' = 'debezium-avro-confluent', 'debezium-avro-confluent.url' = 'http://localhost:1'",
            "has no metadata 'source.database'",
        ),
        (
            "n INT, db STRING METADATA FROM 'value.source.data'",
            "'topic' = 'a', 'format' = 'debezium-json'",
            "has no metadata 'source.data'",
        ),
        (
            "n INT, db BIGINT METADATA FROM 'value.source.database'",
            "'topic' = 'a', 'format' = 'debezium-json'",
            "the metadata 'value.source.database' of column 'db' is STRING, not BIGINT",
        ),
        ("n INT", "'topic' = 'a', 'format' = 'json', 'scan.startup.mode' = 'first'", "Invalid value 'first'"),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'scan.startup.mode' = 'timestamp'",
            "'scan.startup.timestamp-millis' is required",
        ),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'scan.startup.mode' = 'specific-offsets', \
             'scan.startup.specific-offsets' = '0:3'",
            "should follow the format 'partition:0,offset:42;partition:1,offset:300'",
        ),
        (
            "n INT",
            "'topic' = 'a;b', 'format' = 'json', 'scan.startup.mode' = 'specific-offsets', \
             'scan.startup.specific-offsets' = 'partition:0,offset:3'",
            "for single topic",
        ),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'scan.start.mode' = 'x'",
            "Unsupported options: scan.start.mode",
        ),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'sink.partitioner' = 'org.example.Mine'",
            "classes of Java cannot be run",
        ),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'key.format' = 'raw', 'key.fields' = 'n', 'sink.partitioner' = 'round-robin'",
            "only works when option 'key.fields' is not specified",
        ),
        ("n INT", "'topic' = 'a', 'format' = 'json', 'key.fields' = 'n'", "if a key format is defined"),
        ("n INT", "'topic' = 'a', 'format' = 'json', 'key.format' = 'raw'", "requires the declaration"),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'key.format' = 'raw', 'key.fields' = 'm'",
            "Could not find the field 'm'",
        ),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'key.format' = 'raw', 'key.fields' = 'n', 'key.fields-prefix' = 'k_'",
            "must be prefixed with 'k_'",
        ),
        (
            "k_n INT",
            "'topic' = 'a', 'format' = 'json', 'key.format' = 'raw', 'key.fields' = 'k_n', 'key.fields-prefix' = 'k_'",
            "A key prefix is not allowed",
        ),
        (
            "n INT, PRIMARY KEY (n) NOT ENFORCED",
            "'topic' = 'a', 'format' = 'json'",
            "doesn't support defining PRIMARY KEY",
        ),
        (
            "n INT",
            "'topic' = 'a', 'format' = 'json', 'sink.delivery-guarantee' = 'exactly-once'",
            "sink.transactional-id-prefix must be specified",
        ),
        (
            "n INT, o BIGINT METADATA FROM 'offsets'",
            "'topic' = 'a', 'format' = 'json'",
            "Invalid metadata key 'offsets'",
        ),
        ("n INT, `offset` STRING METADATA", "'topic' = 'a', 'format' = 'json'", "is BIGINT, not"),
    ];
    for (columns, options, expected) in cases {
        let error = error_of(columns, &format!("'connector' = 'kafka', {SERVERS}, {options}"));
        assert!(error.contains(expected), "{options}: {error}");
    }
    let error = error_of("n INT", "'connector' = 'kafka', 'topic' = 'a', 'format' = 'json'");
    assert!(error.contains("Missing required options are: properties.bootstrap.servers"), "{error}");
}

#[test]
fn a_topic_of_newest_rows_needs_a_key_and_formats_for_both_parts() {
    let key = "n INT, PRIMARY KEY (n) NOT ENFORCED";
    let cases = [
        ("n INT", "'key.format' = 'json', 'value.format' = 'json'", "require to define a PRIMARY KEY"),
        (key, "'value.format' = 'json'", "Missing required options are: key.format"),
        (key, "'key.format' = 'json'", "Missing required options are: value.format"),
        (key, "'key.format' = 'json', 'format' = 'json'", "has no option 'format'"),
        (key, "'key.format' = 'json', 'value.format' = 'debezium-json'", "is not in insert-only mode"),
        (
            key,
            "'key.format' = 'debezium-json', 'value.format' = 'json'",
            "should only deal with INSERT-only records",
        ),
        (
            key,
            "'key.format' = 'json', 'value.format' = 'json', 'sink.buffer-flush.max-rows' = '10', \
             'sink.buffer-flush.interval' = '1 s'",
            "not supported yet",
        ),
        (
            key,
            "'key.format' = 'json', 'value.format' = 'json', 'scan.startup.mode' = 'earliest-offset'",
            "Unsupported options",
        ),
    ];
    for (columns, options, expected) in cases {
        let error =
            error_of(columns, &format!("'connector' = 'upsert-kafka', 'topic' = 'a', {SERVERS}, {options}"));
        assert!(error.contains(expected), "{options}: {error}");
    }
}

#[test]
fn only_what_kafka_lets_write_is_written() {
    let mut script = Script::new(1);
    script.run(&format!(
        "CREATE TABLE t (n INT, part INT METADATA FROM 'partition') WITH ('connector' = 'kafka', 'topic' = 'a', \
         'format' = 'json', {SERVERS})"
    ));
    let error = script.try_run("INSERT INTO t VALUES (1, 2)").unwrap_err();
    assert!(
        error.contains("Invalid metadata key 'partition' in column 'part': it cannot be written"),
        "{error}"
    );
}
