//! What is refused before anything is asked of a server.

use crate::connectors::testing::Script;

const TABLE: &str = "'connector' = 'nats', 'servers' = 'localhost:1', 'stream' = 'S'";

fn error_of(columns: &str, options: &str) -> String {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({options})"));
    script.try_run("SELECT * FROM t").unwrap_err()
}

#[test]
fn options_that_are_wrong_are_refused() {
    let cases = [
        ("n INT", "", "Missing required options are: format"),
        ("n INT", "'format' = 'xml'", "Could not find any format factory for identifier 'xml'"),
        (
            "n INT",
            "'format' = 'avro-confluent', 'avro-confluent.url' = 'http://localhost:1'",
            "schema registry",
        ),
        (
            "n INT",
            "'format' = 'json', 'scan.startup.mode' = 'earliest-offset'",
            "earliest, latest, timestamp",
        ),
        (
            "n INT",
            "'format' = 'json', 'scan.startup.mode' = 'timestamp'",
            "'scan.startup.timestamp-millis' is required",
        ),
        (
            "n INT",
            "'format' = 'json', 'scan.startup.mode' = 'sequence'",
            "'scan.startup.sequence' is required",
        ),
        (
            "n INT",
            "'format' = 'json', 'scan.startup.mode' = 'sequence', 'scan.startup.sequence' = '-1'",
            "it must be a number, 1 or above",
        ),
        (
            "n INT",
            "'format' = 'json', 'scan.bounded.mode' = 'end'",
            "unbounded, latest, timestamp or sequence",
        ),
        ("n INT", "'format' = 'json', 'scan.lost-messages' = 'ignore'", "it must be fail or skip"),
        ("n INT", "'format' = 'json', 'scan.parallelism' = '0'", "must be above 0"),
        (
            "n INT",
            "'format' = 'json', 'sink.delivery-guarantee' = 'once'",
            "at-least-once, exactly-once or none",
        ),
        ("n INT", "'format' = 'json', 'username' = 'u'", "'username' and 'password' need each other"),
        ("n INT", "'format' = 'json', 'password' = 'p'", "'username' and 'password' need each other"),
        ("n INT", "'format' = 'json', 'token' = 't', 'nkey' = 'SU'", "'token' and 'nkey' exclude each other"),
        ("n INT", "'format' = 'json', 'tls.client-key' = 'k'", "need each other"),
        ("n INT", "'format' = 'json', 'retry-timeout' = 'long'", "it must be a duration"),
        ("n INT", "'format' = 'json', 'subjects' = 'a'", "Unsupported options: subjects"),
        (
            "n INT",
            "'format' = 'json', 'scan.startup.sequense' = '1'",
            "Unsupported options: scan.startup.sequense",
        ),
        ("n INT, PRIMARY KEY (n) NOT ENFORCED", "'format' = 'json'", "doesn't support defining PRIMARY KEY"),
        ("n INT, `offset` BIGINT METADATA", "'format' = 'json'", "Invalid metadata key 'offset'"),
        ("n INT, `sequence` INT METADATA", "'format' = 'json'", "is BIGINT, not INT"),
        ("n INT, headers MAP<STRING, BYTES> METADATA", "'format' = 'json'", "is MAP<STRING, STRING>, not"),
    ];
    for (columns, options, expected) in cases {
        let separator = if options.is_empty() { "" } else { ", " };
        let error = error_of(columns, &format!("{TABLE}{separator}{options}"));
        assert!(error.contains(expected), "{options}: {error}");
    }
    let error = error_of("n INT", "'connector' = 'nats', 'stream' = 'S', 'format' = 'json'");
    assert!(error.contains("Missing required options are: servers"), "{error}");
    let error = error_of("n INT", "'connector' = 'nats', 'servers' = 'localhost:1', 'format' = 'json'");
    assert!(error.contains("Missing required options are: stream"), "{error}");
}

#[test]
fn only_one_subject_is_written_and_what_nats_lets_write() {
    let cases = [
        ("n INT", "", "Option 'subject' is needed to write"),
        ("n INT", ", 'subject' = 'a;b'", "one stream and one subject"),
        ("n INT, `sequence` BIGINT METADATA", ", 'subject' = 'a'", "Invalid metadata key 'sequence'"),
    ];
    for (columns, options, expected) in cases {
        let mut script = Script::new(1);
        script.run(&format!("CREATE TABLE t ({columns}) WITH ({TABLE}, 'format' = 'json'{options})"));
        let values = if columns.contains("sequence") { "(1, 2)" } else { "(1)" };
        let error = script.try_run(&format!("INSERT INTO t VALUES {values}")).unwrap_err();
        assert!(error.contains(expected), "{options}: {error}");
    }
}
