use super::*;

/// Reads and writes a single value of a column `v`.
fn value(options: &[(&str, &str)], data_type: SqlType, json: &str) -> (Result<String, String>, String) {
    let schema = schema([("v", data_type)]);
    let format = format("json", options, &schema).unwrap();
    let row = format!("{{\"v\": {json} }}\r\n");
    let read = read(&format, &schema, row.as_bytes());
    let written = match &read {
        Ok(_) => String::from_utf8(rewritten(&format, &schema, row.as_bytes())).unwrap(),
        Err(_) => String::new(),
    };
    let written =
        written.trim_end().strip_prefix("{\"v\":").and_then(|text| text.strip_suffix('}')).unwrap_or("");
    (read.map(|row| row[3..row.len() - 1].to_owned()), written.to_owned())
}

/// Type, JSON, the value, and the JSON that it is written as. As Flink's `JsonRowDataSerDeSchemaTest` has them.
#[test]
fn values_are_those_of_flink() {
    let map =
        SqlType::Map(Arc::new(Field::nullable(SqlType::STRING)), Arc::new(Field::nullable(SqlType::BigInt)));
    let row = SqlType::Row(Arc::new([
        NamedField::new("a", Field::nullable(SqlType::Int)),
        NamedField::new("b", Field::nullable(array(SqlType::STRING))),
    ]));
    let cases = [
        (SqlType::Boolean, "true", "true", "true"),
        (SqlType::Boolean, "\" True \"", "true", "true"),
        (SqlType::Boolean, "\"yes\"", "false", "false"),
        (SqlType::TinyInt, "-128", "-128", "-128"),
        (SqlType::SmallInt, "\" 12 \"", "12", "12"),
        (SqlType::Int, "45.9", "45", "45"),
        (SqlType::BigInt, "1238123899121", "1238123899121", "1238123899121"),
        (SqlType::Float, "33.333", "33.333", "33.333"),
        (SqlType::Double, "\"0.33333332\"", "0.33333332", "0.33333332"),
        (SqlType::Double, "\"NaN\"", "NaN", "\"NaN\""),
        (SqlType::Double, "1e10", "1.0E10", "1.0E10"),
        (
            SqlType::Decimal(38, 10),
            "12345678901234567890.0123456789",
            "12345678901234567890.0123456789",
            "12345678901234567890.0123456789",
        ),
        (SqlType::Decimal(9, 2), "\"1.50\"", "1.50", "1.5"),
        (SqlType::Decimal(9, 2), "100", "100.00", "1E+2"),
        (SqlType::STRING, "\"a\\u00e4\\n\\\"\"", "aä\n\"", "\"aä\\n\\\"\""),
        (SqlType::STRING, "12.50", "12.50", "\"12.50\""),
        (SqlType::STRING, "true", "true", "\"true\""),
        (
            SqlType::STRING,
            "{\"a\": [1, \"b c\\\" \"]}",
            "{\"a\":[1,\"b c\\\" \"]}",
            "\"{\\\"a\\\":[1,\\\"b c\\\\\\\" \\\"]}\"",
        ),
        (SqlType::BYTES, "\"AQL/\"", "[1, 2, -1]", "\"AQL/\""),
        (SqlType::Date, "\"1990-10-14\"", "1990-10-14", "\"1990-10-14\""),
        (SqlType::Time(0), "\"12:12:43\"", "12:12:43", "\"12:12:43\""),
        (SqlType::Time(3), "\"12:12:43.120\"", "12:12:43.120", "\"12:12:43.12\""),
        (
            timestamp(3),
            "\"1990-10-14 12:12:43.123\"",
            "1990-10-14T12:12:43.123",
            "\"1990-10-14 12:12:43.123\"",
        ),
        (
            timestamp(9),
            "\"1990-10-14 12:12:43.123456789\"",
            "1990-10-14T12:12:43.123456789",
            "\"1990-10-14 12:12:43.123456789\"",
        ),
        (instant(3), "\"1990-10-14 12:12:43Z\"", "1990-10-14T12:12:43Z", "\"1990-10-14 12:12:43Z\""),
        (SqlType::IntervalDayTime, "86400000", "PT24H", "86400000"),
        (array(SqlType::Int), "[1, null, 3]", "[1, null, 3]", "[1,null,3]"),
        (array(array(SqlType::Int)), "[[], [1]]", "[[], [1]]", "[[],[1]]"),
        (map.clone(), "{\"k\": 1, \"l\": null}", "{k=1, l=null}", "{\"k\":1,\"l\":null}"),
        (SqlType::Multiset(Arc::new(Field::nullable(SqlType::STRING))), "{\"b\": 2}", "{b=2}", "{\"b\":2}"),
        (
            row.clone(),
            "{\"b\": [\"x\"], \"c\": {\"d\": [1]}, \"a\": 1}",
            "+I[1, [x]]",
            "{\"a\":1,\"b\":[\"x\"]}",
        ),
        (row, "{}", "+I[null, null]", "{\"a\":null,\"b\":null}"),
        (SqlType::Int, "null", "null", "null"),
    ];
    for (data_type, json, expected, written) in cases {
        let found = value(&[], data_type.clone(), json);
        assert_eq!(found, (Ok(expected.to_owned()), written.to_owned()), "{data_type} of {json}");
    }
}

#[test]
fn what_is_no_value_says_why_or_is_null() {
    let row = SqlType::Row(Arc::new([NamedField::new("a", Field::nullable(array(SqlType::TinyInt)))]));
    let cases = [
        (SqlType::TinyInt, "128", "column `v`: 128 is out of the range of TINYINT"),
        (SqlType::TinyInt, "1.5", "column `v`: '1.5' is no TINYINT"),
        (SqlType::Int, "\"x\"", "column `v`: 'x' is no INT"),
        (SqlType::BigInt, "1e30", "column `v`: 1e30 is out of the range of BIGINT"),
        (SqlType::Int, "[1]", "column `v`: '[1]' is no INT"),
        (SqlType::Double, "\"\"", "column `v`: '' is no DOUBLE"),
        (SqlType::Decimal(3, 1), "1234", "column `v`: '1234' is no DECIMAL(3, 1)"),
        (SqlType::Date, "\"14.10.1990\"", "column `v`: '14.10.1990' is no DATE"),
        (timestamp(3), "\"1990-10-14T12:12:43\"", "column `v`: '1990-10-14T12:12:43' is no TIMESTAMP(3)"),
        (instant(3), "\"1990-10-14 12:12:43\"", "column `v`: '1990-10-14 12:12:43' is no TIMESTAMP_LTZ(3)"),
        (array(SqlType::Int), "{}", "column `v`: '{}' is no ARRAY<INT>"),
        (row, "{\"a\": [1, \"y\"]}", "column `v.a[2]`: 'y' is no TINYINT"),
    ];
    for (data_type, json, expected) in cases {
        assert_eq!(value(&[], data_type.clone(), json).0, Err(expected.to_owned()), "{data_type} of {json}");
        let ignored = value(&[("json.ignore-parse-errors", "true")], data_type.clone(), json).0;
        // Only the innermost value that cannot be read is NULL.
        let expected = if data_type.to_string().starts_with("ROW") { "+I[[1, null]]" } else { "null" };
        assert_eq!(ignored, Ok(expected.to_owned()), "{data_type} of {json}");
    }
}

#[test]
fn rows_that_are_no_objects_are_errors_whatever_is_ignored() {
    let schema = schema([("v", SqlType::Int)]);
    let lenient = format("json", &[("json.ignore-parse-errors", "true")], &schema).unwrap();
    assert!(lenient.ignores_parse_errors());
    let cases: [(&[u8], &str); 6] = [
        (b"{\"v\": 1", "not JSON: EOF while parsing an object (character 7)"),
        (b"{\"v\": 1} x", "not JSON: trailing characters (character 10)"),
        (b" [1]", "'[1]' is no object"),
        (b"1", "'1' is no object"),
        (b"{'v': 1}", "not JSON: key must be a string (character 2)"),
        (b"{\"v\": \"\xff\"}", "the row is not UTF-8 from byte 8 on"),
    ];
    for (row, expected) in cases {
        assert_eq!(read(&lenient, &schema, row), Err(expected.to_owned()));
    }
}

#[test]
fn options_change_what_is_read_and_written() {
    let columns = schema([("a", SqlType::Int), ("d", SqlType::Decimal(12, 9)), ("t", timestamp(3))]);
    let iso = format("json", &[("json.timestamp-format.standard", "ISO-8601")], &columns).unwrap();
    let row = br#"{"t": "1990-10-14T12:12", "d": 0.000000027}"#;
    assert_eq!(read(&iso, &columns, row), Ok("+I[null, 2.7E-8, 1990-10-14T12:12]".to_owned()));
    assert_eq!(rewritten(&iso, &columns, row), b"{\"a\":null,\"d\":2.7E-8,\"t\":\"1990-10-14T12:12:00\"}\n");
    let options = [
        ("json.encode.decimal-as-plain-number", "true"),
        ("json.encode.ignore-null-fields", "true"),
        ("json.map-null-key.mode", "LITERAL"),
        ("json.map-null-key.literal", "none"),
    ];
    let plain = format("json", &options, &columns).unwrap();
    assert_eq!(rewritten(&plain, &columns, br#"{"d": 0.000000027}"#), b"{\"d\":0.000000027}\n");
    let strict = format("json", &[("json.fail-on-missing-field", "true")], &columns).unwrap();
    let expected = "column `d`: the field is missing, and 'json.fail-on-missing-field' is 'true'";
    assert_eq!(read(&strict, &columns, br#"{"a": 1}"#), Err(expected.to_owned()));
}

#[test]
fn options_that_are_wrong_are_refused() {
    let columns = schema([("a", SqlType::Int)]);
    let both = [("json.fail-on-missing-field", "true"), ("json.ignore-parse-errors", "true")];
    let cases: [&[(&str, &str)]; 4] = [
        &both,
        &[("json.timestamp-format.standard", "RFC")],
        &[("json.map-null-key.mode", "KEEP")],
        &[("json.ignore-parse-error", "true")],
    ];
    for options in cases {
        assert!(format("json", options, &columns).is_err(), "{options:?}");
    }
    let map = SqlType::Map(Arc::new(Field::nullable(SqlType::Int)), Arc::new(Field::nullable(SqlType::Int)));
    assert!(format("json", &[], &schema([("m", map)])).is_err());
}

#[test]
fn only_the_columns_that_are_wanted_are_read() {
    let columns = schema([("a", SqlType::Int), ("b", SqlType::Int), ("c", SqlType::STRING)]);
    let format = format("json", &[], &columns).unwrap();
    let wanted = columns.project(&[2, 0]);
    let (mut decoder, mut rows) = (format.decoder(&columns, &[2, 0]), ChunkBuilder::new(&wanted));
    let row = br#"{"a": 1, "b": "no number", "c": "x", "a": 2}"#;
    decoder.decode(row, &mut rows).unwrap();
    assert_eq!(lines(&rows.finish().unwrap(), &wanted), ["+I[x, 1]"]);
}
