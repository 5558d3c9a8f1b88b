use super::*;

fn value(options: &[(&str, &str)], data_type: SqlType, text: &str) -> (Result<String, String>, String) {
    let schema = schema([("v", data_type), ("end", SqlType::Int)]);
    let format = format("csv", options, &schema).unwrap();
    let row = format!("{text},1\r\n");
    let read = read(&format, &schema, row.as_bytes());
    let written = match &read {
        Ok(_) => String::from_utf8(rewritten(&format, &schema, row.as_bytes())).unwrap(),
        Err(_) => String::new(),
    };
    let read = read.map(|row| row[3..].strip_suffix(", 1]").unwrap().to_owned());
    (read, written.trim_end_matches('\n').strip_suffix(",1").unwrap_or("").to_owned())
}

/// Type, field, the value, and the field that it is written as.
#[test]
fn values_are_those_of_flink() {
    let row = SqlType::Row(Arc::new([
        NamedField::new("a", Field::nullable(SqlType::Int)),
        NamedField::new("b", Field::nullable(SqlType::STRING)),
    ]));
    let cases = [
        (SqlType::Boolean, "TRUE", "true", "true"),
        (SqlType::Boolean, "1", "false", "false"),
        (SqlType::TinyInt, " 7 ", "7", "7"),
        (SqlType::Int, "+12", "12", "12"),
        (SqlType::Double, "1e10", "1.0E10", "1.0E10"),
        (SqlType::Decimal(9, 2), "1.50", "1.50", "1.5"),
        (SqlType::STRING, "abc", "abc", "abc"),
        (SqlType::STRING, "a b", "a b", "\"a b\""),
        (SqlType::STRING, "", "", ""),
        (SqlType::STRING, "\"say \"\"hi\"\"\"", "say \"hi\"", "\"say \"\"hi\"\"\""),
        (
            SqlType::STRING,
            "abcdefghijklmnopqrstuvwxyz",
            "abcdefghijklmnopqrstuvwxyz",
            "\"abcdefghijklmnopqrstuvwxyz\"",
        ),
        (SqlType::BYTES, "AQI=", "[1, 2]", "AQI="),
        (SqlType::Date, "2020-1-2", "2020-01-02", "2020-01-02"),
        (SqlType::Time(0), "12:12:43.9", "12:12:43", "12:12:43"),
        (SqlType::Time(3), "12:12", "12:12", "12:12:00"),
        (timestamp(3), "2020-10-10 00:00:05.12", "2020-10-10T00:00:05.120", "\"2020-10-10 00:00:05.12\""),
        (instant(0), "2020-10-10 00:00:05Z", "2020-10-10T00:00:05Z", "\"2020-10-10 00:00:05Z\""),
        (array(SqlType::Int), "1;2;3", "[1, 2, 3]", "1;2;3"),
        (array(SqlType::Int), "", "[]", ""),
        (row, "1;x", "+I[1, x]", "1;x"),
    ];
    for (data_type, text, expected, written) in cases {
        let found = value(&[], data_type.clone(), text);
        assert_eq!(found, (Ok(expected.to_owned()), written.to_owned()), "{data_type} of {text}");
    }
}

#[test]
fn what_is_no_value_says_why_or_is_null() {
    let cases = [
        (SqlType::Int, "", "column `v`: '' is no INT"),
        (SqlType::Int, "1.5", "column `v`: '1.5' is no INT"),
        (SqlType::TinyInt, "200", "column `v`: 200 is out of the range of TINYINT"),
        (SqlType::Date, "x", "column `v`: 'x' is no DATE"),
        (timestamp(3), "2020-10-10T00:00:00", "column `v`: '2020-10-10T00:00:00' is no TIMESTAMP(3)"),
        (array(SqlType::Int), "1;x", "column `v[2]`: 'x' is no INT"),
    ];
    for (data_type, text, expected) in cases {
        assert_eq!(value(&[], data_type.clone(), text).0, Err(expected.to_owned()), "{data_type} of {text}");
        let ignored = value(&[("csv.ignore-parse-errors", "true")], data_type.clone(), text).0;
        let expected = if text.contains(';') { "[1, null]" } else { "null" };
        assert_eq!(ignored, Ok(expected.to_owned()), "{data_type} of {text}");
    }
}

#[test]
fn rows_have_as_many_fields_as_the_table_has_columns() {
    let columns = schema([("a", SqlType::Int), ("b", SqlType::STRING)]);
    let strict = format("csv", &[], &columns).unwrap();
    assert_eq!(
        read(&strict, &columns, b"1"),
        Err("Row length mismatch. 2 fields expected but was 1.".to_owned())
    );
    assert_eq!(read(&strict, &columns, b"1,\"x"), Err("a quote is not closed".to_owned()));
    let lenient = format("csv", &[("csv.ignore-parse-errors", "true")], &columns).unwrap();
    assert_eq!(read(&lenient, &columns, b"1"), Ok("+I[1, null]".to_owned()));
    assert_eq!(read(&lenient, &columns, b"1,2,3"), Ok("+I[1, 2]".to_owned()));
}

#[test]
fn options_change_what_is_read_and_written() {
    let columns = schema([("a", SqlType::STRING), ("b", array(SqlType::STRING)), ("c", SqlType::Int)]);
    let options = [
        ("csv.field-delimiter", "\\t"),
        ("csv.quote-character", "'"),
        ("csv.escape-character", "\\"),
        ("csv.array-element-delimiter", "||"),
        ("csv.null-literal", "n/a"),
        ("csv.allow-comments", "true"),
        ("csv.write-bigdecimal-in-scientific-notation", "false"),
    ];
    let format = format("csv", &options, &columns).unwrap();
    let row = b"'it\\'s\\\\'\tx||n/a||y\tn/a\n";
    assert_eq!(read(&format, &columns, row), Ok("+I[it's\\, [x, null, y], null]".to_owned()));
    assert_eq!(rewritten(&format, &columns, row), b"'it\\'s\\\\'\tx||n/a||y\tn/a\n");
    let (mut decoder, mut rows) = (format.decoder(&columns, &[]), ChunkBuilder::new(&columns.project(&[])));
    for (line, expected) in [("# 'a comment\n", 0), ("\r\n", 0), ("x\ty\t1", 1)] {
        assert_eq!(decoder.decode_part(line.as_bytes(), &mut rows), Ok(expected), "{line}");
    }
    assert_eq!(decoder.part_length(b"# 'a comment\nx"), Some(13));
}

#[test]
fn without_quotes_a_text_must_not_need_any() {
    let columns = schema([("a", SqlType::STRING), ("b", SqlType::STRING)]);
    let bare = format("csv", &[("csv.disable-quote-character", "true")], &columns).unwrap();
    assert_eq!(read(&bare, &columns, b"\"a,b\""), Ok("+I[\"a, b\"]".to_owned()));
    let mut rows = ChunkBuilder::new(&columns);
    let append = |rows: &mut ChunkBuilder, text: &str| {
        rows.append(RowKind::Insert, |columns| columns[0].append(crate::chunk::Scalar::Text(text))).unwrap();
        rows.finish().unwrap()
    };
    let mut encoder = bare.encoder(&columns).unwrap();
    let mut out = Vec::new();
    encoder.encode_file(&append(&mut rows, "a b c d e f g h i j k l m n"), false, &mut out).unwrap();
    assert_eq!(out, b"a b c d e f g h i j k l m n,\n");
    let error = encoder.encode_file(&append(&mut rows, "a,b"), false, &mut out).unwrap_err();
    assert!(error.starts_with("'a,b' cannot be written without quotes"), "{error}");
}

#[test]
fn a_header_says_where_columns_are() {
    let columns = schema([("b", SqlType::STRING), ("a", SqlType::Int)]);
    let format = format("csv", &[("csv.has-header", "true")], &columns).unwrap();
    let (mut decoder, mut rows) = (format.decoder(&columns, &[0, 1]), ChunkBuilder::new(&columns));
    decoder.header(b"\xEF\xBB\xBFa,c,b\r\n").unwrap();
    decoder.decode(b"1,2,x", &mut rows).unwrap();
    assert_eq!(lines(&rows.finish().unwrap(), &columns), ["+I[x, 1]"]);
    let error = decoder.header(b"a,c").unwrap_err();
    assert_eq!(error.to_string(), "column `b`: the header does not name it; it names: a, c");
}

#[test]
fn options_that_are_wrong_are_refused() {
    let columns = schema([("a", SqlType::Int)]);
    let cases: [&[(&str, &str)]; 5] = [
        &[("csv.field-delimiter", ";;")],
        &[("csv.field-delimiter", "\n")],
        &[("csv.quote-character", "'"), ("csv.disable-quote-character", "true")],
        &[("csv.array-element-delimiter", "")],
        &[("csv.ignore-parse-errors", "yes")],
    ];
    for options in cases {
        assert!(format("csv", options, &columns).is_err(), "{options:?}");
    }
    let map =
        SqlType::Map(Arc::new(Field::nullable(SqlType::STRING)), Arc::new(Field::nullable(SqlType::Int)));
    for data_type in [map, array(array(SqlType::Int)), SqlType::Time(6)] {
        assert!(format("csv", &[], &schema([("a", data_type.clone())])).is_err(), "{data_type}");
    }
}
