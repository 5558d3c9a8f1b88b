use super::*;

fn products() -> Schema {
    schema([("id", SqlType::Int), ("name", SqlType::STRING), ("price", SqlType::Decimal(6, 2))])
}

/// The rows of each message, or what is wrong with it.
fn decoded(format: &Format, messages: &[&str]) -> Vec<Result<Vec<String>, String>> {
    let columns = products();
    let mut decoder = format.decoder(&columns, &[0, 1, 2]);
    let mut rows = ChunkBuilder::new(&columns);
    let decoded = messages.iter().map(|message| {
        let count = decoder.decode(message.as_bytes(), &mut rows).map_err(|error| error.to_string());
        let lines = lines(&rows.finish().unwrap(), &columns);
        count.map(|count| {
            assert_eq!(count, lines.len(), "{message}");
            lines
        })
    });
    decoded.collect()
}

#[track_caller]
fn assert_decoded(format: &Format, cases: &[(&str, &[&str])]) {
    for (message, expected) in cases {
        let found = decoded(format, &[message]).remove(0);
        assert_eq!(found, Ok(expected.iter().map(|&line| line.to_owned()).collect()), "{message}");
    }
}

#[track_caller]
fn assert_refused(format: &Format, cases: &[(&str, &str)]) {
    for (message, expected) in cases {
        let error = decoded(format, &[message]).remove(0).unwrap_err();
        assert!(error.contains(expected), "{message}: {error}");
    }
}

#[test]
fn debezium_says_what_happened() {
    let format = format("debezium-json", &[], &products()).unwrap();
    assert_decoded(
        &format,
        &[
            (
                r#"{"before":null,"after":{"id":1,"name":"cup","price":"2.50"},"source":{"db":"shop"},"op":"c","ts_ms":1}"#,
                &["+I[1, cup, 2.50]"],
            ),
            (r#"{"op":"r","after":{"price":3,"id":2}}"#, &["+I[2, null, 3.00]"]),
            (
                r#"{"op":"u","before":{"id":1,"name":"cup"},"after":{"id":1,"name":"mug","price":2.5}}"#,
                &["-U[1, cup, null]", "+U[1, mug, 2.50]"],
            ),
            (r#"{"op":"d","before":{"id":1},"after":null,"transaction":null}"#, &["-D[1, null, null]"]),
            // A tombstone.
            ("", &[]),
        ],
    );
}

#[test]
fn debezium_messages_may_have_their_schema() {
    let options = [("debezium-json.schema-include", "true")];
    let format = format("debezium-json", &options, &products()).unwrap();
    let message = r#"{"schema":{"type":"struct","fields":[]},"payload":{"op":"c","after":{"id":1}}}"#;
    assert_decoded(&format, &[(message, &["+I[1, null, null]"])]);
    assert_refused(&format, &[(r#"{"op":"c","after":{"id":1}}"#, "the message has no \"payload\"")]);
    let error = format.encoder(&products()).map(drop).unwrap_err();
    assert!(error.message().contains("'debezium-json.schema-include'"), "{error}");
}

#[test]
fn debezium_messages_that_say_too_little_are_errors() {
    let cases = [
        (r#"{"op":"u","before":null,"after":{"id":1}}"#, "set the REPLICA IDENTITY of the table to FULL"),
        (r#"{"op":"d"}"#, "the \"before\" field of a DELETE message is null"),
        (r#"{"op":"c","after":null}"#, "the message has no \"after\", or it is null"),
        (r#"{"after":{"id":1}}"#, "the message has no \"op\", or it is null"),
        (r#"{"op":"t"}"#, "unknown \"op\" value 't'"),
        (r#"{"op":"c","after":{"id":"x"}}"#, "column `id`: 'x' is no INT"),
        // The row before the error is left out, too.
        (
            r#"{"op":"u","before":{"id":1},"after":{"id":1,"price":"x"}}"#,
            "column `price`: 'x' is no DECIMAL(6, 2)",
        ),
        (r#"{"op":"c","after":[]}"#, "'[]' is no object"),
        (r#"{"op":"c""#, "not JSON: EOF while parsing an object"),
        ("\u{1}", "is no object"),
    ];
    assert_refused(&format("debezium-json", &[], &products()).unwrap(), &cases);
    let lenient = [("debezium-json.ignore-parse-errors", "true")];
    let lenient = format("debezium-json", &lenient, &products()).unwrap();
    assert!(lenient.ignores_parse_errors());
    assert_decoded(
        &lenient,
        &[(
            r#"{"op":"u","before":{"id":"x"},"after":{"id":1,"price":"x"}}"#,
            &["-U[null, null, null]", "+U[1, null, null]"],
        )],
    );
}

#[test]
fn canal_has_several_rows_in_a_message() {
    let format = format("canal-json", &[], &products()).unwrap();
    assert_decoded(
        &format,
        &[
            (
                r#"{"data":[{"id":"1","name":"cup","price":"2.50"},{"id":"2","name":"pan"}],"old":null,"type":"INSERT"}"#,
                &["+I[1, cup, 2.50]", "+I[2, pan, null]"],
            ),
            // What has not changed is not in "old"; what was NULL is there.
            (
                r#"{"type":"UPDATE","data":[{"id":"1","name":"mug","price":"3"},{"id":"2","name":"pan","price":"4"}],
                    "old":[{"name":"cup"},{"price":null}]}"#,
                &["-U[1, cup, 3.00]", "+U[1, mug, 3.00]", "-U[2, pan, null]", "+U[2, pan, 4.00]"],
            ),
            (r#"{"data":[{"id":"1"}],"type":"DELETE"}"#, &["-D[1, null, null]"]),
            (r#"{"data":null,"isDdl":true,"sql":"CREATE TABLE …","type":"CREATE"}"#, &[]),
        ],
    );
    assert_refused(
        &format,
        &[
            (r#"{"data":[{"id":"1"},{"id":"x"}],"type":"INSERT"}"#, "column `id`: 'x' is no INT"),
            (r#"{"data":[{"id":"1"}],"type":"UPDATE"}"#, "the message has no \"old\""),
            (r#"{"data":[{"id":"1"}],"old":[],"type":"UPDATE"}"#, "\"data\" has 1 rows, and \"old\" has 0"),
            (r#"{"data":{"id":"1"},"type":"INSERT"}"#, "is no array"),
            (r#"{"type":"ALTER"}"#, "unknown \"type\" value 'ALTER'"),
        ],
    );
}

#[test]
fn canal_reads_the_databases_and_tables_that_are_asked_for() {
    let options = [("canal-json.database.include", "shop_\\d+"), ("canal-json.table.include", "a|b")];
    let chosen = format("canal-json", &options, &products()).unwrap();
    let message = |database: &str, table: &str| {
        format!(r#"{{"data":[{{"id":1}}],"database":"{database}","table":"{table}","type":"INSERT"}}"#)
    };
    let cases = [("shop_1", "b", 1), ("shop_1", "ab", 0), ("shop", "a", 0), ("my_shop_1", "a", 0)];
    for (database, table, expected) in cases {
        let found = decoded(&chosen, &[&message(database, table)]).remove(0).unwrap();
        assert_eq!(found.len(), expected, "{database}.{table}");
    }
    assert_refused(&chosen, &[(r#"{"data":[{"id":1}],"type":"INSERT"}"#, "the message has no \"database\"")]);
    for pattern in ["(", "a)(b", "(?<=a)b"] {
        let error = format("canal-json", &[("canal-json.table.include", pattern)], &products()).unwrap_err();
        assert!(error.message().contains("'canal-json.table.include'"), "{error}");
    }
}

#[test]
fn maxwell_says_what_has_changed() {
    let format = format("maxwell-json", &[], &products()).unwrap();
    assert_decoded(
        &format,
        &[
            (
                r#"{"database":"shop","table":"product","type":"insert","ts":1,"data":{"id":1,"name":"cup","price":2.5}}"#,
                &["+I[1, cup, 2.50]"],
            ),
            (
                r#"{"type":"update","data":{"id":1,"name":"mug","price":2.5},"old":{"name":null}}"#,
                &["-U[1, null, 2.50]", "+U[1, mug, 2.50]"],
            ),
            (r#"{"type":"delete","data":{"id":1}}"#, &["-D[1, null, null]"]),
        ],
    );
    assert_refused(
        &format,
        &[
            (r#"{"type":"update","data":{"id":1}}"#, "the message has no \"old\""),
            (r#"{"type":"bootstrap-insert","data":{"id":1}}"#, "unknown \"type\" value 'bootstrap-insert'"),
        ],
    );
}

#[test]
fn messages_are_written_as_inserts_and_deletes() {
    let columns = products();
    let debezium = format("debezium-json", &[], &columns).unwrap();
    let (mut decoder, mut rows) = (debezium.decoder(&columns, &[0, 1, 2]), ChunkBuilder::new(&columns));
    for message in [
        r#"{"op":"c","after":{"id":1,"name":"cup"}}"#,
        r#"{"op":"u","before":{"id":1,"name":"cup"},"after":{"id":1,"name":"mug"}}"#,
        r#"{"op":"d","before":{"id":1,"name":"mug"}}"#,
    ] {
        decoder.decode(message.as_bytes(), &mut rows).unwrap();
    }
    let rows = rows.finish().unwrap();
    let written = |format: Format| {
        let mut out = Vec::new();
        format.encoder(&columns).unwrap().encode_file(&rows, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let [cup, mug] = [r#"{"id":1,"name":"cup","price":null}"#, r#"{"id":1,"name":"mug","price":null}"#];
    assert_eq!(
        written(debezium),
        format!(
            "{{\"before\":null,\"after\":{cup},\"op\":\"c\"}}\n{{\"before\":{cup},\"after\":null,\"op\":\"d\"}}\n\
             {{\"before\":null,\"after\":{mug},\"op\":\"c\"}}\n{{\"before\":{mug},\"after\":null,\"op\":\"d\"}}\n"
        )
    );
    let canal = [
        ("canal-json.encode.ignore-null-fields", "true"),
        ("canal-json.map-null-key.mode", "DROP"),
        ("canal-json.map-null-key.literal", "none"),
        ("canal-json.encode.decimal-as-plain-number", "true"),
    ];
    assert_eq!(
        written(format("canal-json", &canal, &columns).unwrap()).lines().nth(1).unwrap(),
        r#"{"data":[{"id":1,"name":"cup"}],"type":"DELETE"}"#
    );
    let maxwell = written(format("maxwell-json", &[], &columns).unwrap());
    assert_eq!(maxwell.lines().next_back().unwrap(), format!("{{\"data\":{mug},\"type\":\"delete\"}}"));
}

/// The metadata of a message, as the type and value of each key.
fn metadata(format: &Format, message: &str) -> Vec<(&'static str, String, String)> {
    let known = format.metadata();
    let keys: Vec<_> = known.iter().map(|field| field.key).collect();
    let columns = schema([("id", SqlType::Int)]);
    let named = known.iter().map(|field| NamedField::new(field.key, Field::nullable(field.data_type())));
    let all: Schema = columns.iter().cloned().chain(named).collect();
    let mut decoder = format.decoder_with_metadata(&columns, &[0], &keys).unwrap();
    let mut rows = ChunkBuilder::new(&all);
    decoder.decode(message.as_bytes(), &mut rows).unwrap();
    let rows = rows.finish().unwrap();
    let values = known.iter().enumerate().map(|(index, field)| {
        let column = rows.slice(0, 1).with_columns([rows.columns()[index + 1].clone()]);
        let schema = schema([("v", field.data_type())]);
        let line = lines(&column.with_kinds(crate::chunk::Kinds::Insert), &schema).remove(0);
        (field.key, field.data_type().to_string(), line[3..line.len() - 1].to_owned())
    });
    values.collect()
}

#[track_caller]
fn assert_metadata(format: &Format, message: &str, expected: &[(&str, &str, &str)]) {
    let found = metadata(format, message);
    let found: Vec<_> = found.iter().map(|(key, data_type, value)| (*key, &**data_type, &**value)).collect();
    assert_eq!(found, expected);
}

#[test]
fn messages_say_more_than_rows() {
    let columns = schema([("id", SqlType::Int)]);
    let debezium = format("debezium-json", &[("debezium-json.schema-include", "true")], &columns).unwrap();
    let message = r#"{"schema": {"type": "struct"}, "payload": {"op": "c", "after": {"id": 1}, "ts_ms": 1589355606100,
        "source": {"db": "shop", "table": "product", "ts_ms": 1589355606000, "snapshot": true}}}"#;
    let text = "STRING";
    let time = "TIMESTAMP_LTZ(3)";
    let expected = [
        ("schema", text, "{\"type\":\"struct\"}"),
        ("ingestion-timestamp", time, "2020-05-13T07:40:06.100Z"),
        ("source.timestamp", time, "2020-05-13T07:40:06Z"),
        ("source.database", text, "shop"),
        ("source.schema", text, "null"),
        ("source.table", text, "product"),
        (
            "source.properties",
            "MAP<STRING, STRING>",
            "{db=shop, snapshot=true, table=product, ts_ms=1589355606000}",
        ),
    ];
    let mut found = metadata(&debezium, message);
    // The order of a map's entries is theirs in the message.
    let properties = &mut found.last_mut().unwrap().2;
    let mut entries: Vec<_> = properties[1..properties.len() - 1].split(", ").collect();
    entries.sort_unstable();
    *properties = format!("{{{}}}", entries.join(", "));
    let found: Vec<_> = found.iter().map(|(key, data_type, value)| (*key, &**data_type, &**value)).collect();
    assert_eq!(found, expected);

    let canal = format("canal-json", &[], &columns).unwrap();
    let message = r#"{"data": [{"id": 1}], "type": "INSERT", "database": "shop", "table": "product",
        "sqlType": {"id": 4}, "pkNames": ["id"], "ts": 1589373560798, "es": 1589373560000}"#;
    let expected = [
        ("database", text, "shop"),
        ("table", text, "product"),
        ("sql-type", "MAP<STRING, INT>", "{id=4}"),
        ("pk-names", "ARRAY<STRING>", "[id]"),
        ("ingestion-timestamp", time, "2020-05-13T12:39:20.798Z"),
        ("event-timestamp", time, "2020-05-13T12:39:20Z"),
    ];
    assert_metadata(&canal, message, &expected);

    // Seconds, and not milliseconds.
    let maxwell = format("maxwell-json", &[], &columns).unwrap();
    let message = r#"{"data": {"id": 1}, "type": "insert", "ts": 1596684883, "primary_key_columns": ["id"]}"#;
    let expected = [
        ("database", text, "null"),
        ("table", text, "null"),
        ("primary-key-columns", "ARRAY<STRING>", "[id]"),
        ("ingestion-timestamp", time, "2020-08-06T03:34:43Z"),
    ];
    assert_metadata(&maxwell, message, &expected);
}

#[test]
fn metadata_that_is_not_there_is_refused() {
    let columns = products();
    for name in ["maxwell-json", "json"] {
        let format = format(name, &[], &columns).unwrap();
        let error = format.decoder_with_metadata(&columns, &[0], &["source.table"]).map(drop).unwrap_err();
        let expected = format!("format '{name}' has no metadata 'source.table'");
        assert_eq!(error.message(), expected);
    }
}

#[test]
fn metadata_that_is_no_value_is_an_error_or_null() {
    let columns = schema([("id", SqlType::Int)]);
    let message = br#"{"op": "c", "after": {"id": 1}, "source": "none", "ts_ms": "now"}"#;
    for (lenient, expected) in [("false", Err(())), ("true", Ok("+I[1, null, null]".to_owned()))] {
        let options = [("debezium-json.ignore-parse-errors", lenient)];
        let format = format("debezium-json", &options, &columns).unwrap();
        let keys = ["ingestion-timestamp", "source.table"];
        let mut decoder = format.decoder_with_metadata(&columns, &[0], &keys).unwrap();
        let all = schema([("id", SqlType::Int), ("t", instant(3)), ("s", SqlType::STRING)]);
        let mut rows = ChunkBuilder::new(&all);
        let decoded = decoder.decode(message, &mut rows);
        let found = decoded.map(|_| lines(&rows.finish().unwrap(), &all).remove(0)).map_err(|error| {
            let expected = "column `ingestion-timestamp`: \"now\" is no number of a timestamp";
            assert_eq!(error.to_string(), expected);
        });
        assert_eq!(found, expected);
    }
}
