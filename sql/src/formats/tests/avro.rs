use super::*;
use crate::error::SqlErrorKind;
use crate::formats::avro::table_schema;

fn row(fields: &[(&str, SqlType)]) -> SqlType {
    SqlType::Row(
        schema(fields.iter().map(|(name, data_type)| (*name, data_type.clone()))).iter().cloned().collect(),
    )
}

fn map(value: SqlType) -> SqlType {
    SqlType::Map(Arc::new(Field::required(SqlType::STRING)), Arc::new(Field::nullable(value)))
}

/// What Flink's `AvroSchemaConverter` derives.
#[test]
fn schemas_are_those_that_flink_derives() {
    let columns: Schema = [
        NamedField::new("id", Field::required(SqlType::BigInt)),
        NamedField::new("name", Field::nullable(SqlType::STRING)),
        NamedField::new("tiny", Field::required(SqlType::TinyInt)),
        NamedField::new("day", Field::nullable(SqlType::Date)),
        NamedField::new("at", Field::required(timestamp(3))),
        NamedField::new("price", Field::nullable(SqlType::Decimal(10, 2))),
        NamedField::new("parts", Field::nullable(array(row(&[("n", SqlType::Int)])))),
        NamedField::new("tags", Field::required(map(SqlType::BYTES))),
    ]
    .into_iter()
    .collect();
    let expected = concat!(
        r#"{"type":"record","name":"record","namespace":"org.apache.flink.avro.generated","fields":["#,
        r#"{"name":"id","type":"long"},"#,
        r#"{"name":"name","type":["null","string"],"default":null},"#,
        r#"{"name":"tiny","type":"int"},"#,
        r#"{"name":"day","type":["null",{"type":"int","logicalType":"date"}],"default":null},"#,
        r#"{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},"#,
        r#"{"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}],"default":null},"#,
        r#"{"name":"parts","type":["null",{"type":"array","items":["null",{"type":"record","name":"record_parts","fields":["#,
        r#"{"name":"n","type":["null","int"],"default":null}]}]}],"default":null},"#,
        r#"{"name":"tags","type":{"type":"map","values":["null","bytes"]}}]}"#,
    );
    assert_eq!(table_schema(&columns, true), Ok(expected.to_owned()));
    let times = schema([("a", timestamp(6)), ("b", instant(3)), ("c", instant(6))]);
    let expected = [
        r#"{"type":"long","logicalType":"local-timestamp-micros"}"#,
        r#"{"type":"long","logicalType":"timestamp-millis"}"#,
        r#"{"type":"long","logicalType":"timestamp-micros"}"#,
    ];
    let derived = table_schema(&times, false).unwrap();
    assert!(expected.iter().all(|part| derived.contains(part)), "{derived}");
}

#[test]
fn types_and_names_that_avro_does_not_have_are_refused() {
    let cases = [
        (timestamp(6), "Avro does not support TIMESTAMP type with precision: 6"),
        (instant(3), "Unsupported to derive Schema for type: TIMESTAMP_LTZ(3)"),
        (SqlType::Time(6), "Avro does not support TIME type with precision: 6"),
        (SqlType::IntervalDayTime, "Unsupported to derive Schema for type: INTERVAL"),
        (
            SqlType::Map(Arc::new(Field::nullable(SqlType::Int)), Arc::new(Field::nullable(SqlType::Int))),
            "Avro format doesn't support non-string as key type of map",
        ),
    ];
    for (data_type, expected) in cases {
        let error = format("avro", &[], &schema([("v", data_type)])).unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert_eq!(error.kind(), SqlErrorKind::Unsupported);
    }
    for name in ["", "1st", "a b", "ä"] {
        let error = format("avro", &[], &schema([(name, SqlType::Int)])).unwrap_err();
        assert!(error.message().contains("has a name that Avro does not allow"), "{error}");
    }
    // Two records of one name.
    let inner = row(&[("b", row(&[("c", SqlType::Int)]))]);
    let twice = schema([("a", inner), ("a_b", row(&[("c", SqlType::Int)]))]);
    let error = format("avro", &[], &twice).unwrap_err();
    assert!(
        error.message().contains("'org.apache.flink.avro.generated.record_a_b' is defined twice"),
        "{error}"
    );
}

#[test]
fn options_that_are_wrong_are_refused() {
    let columns = schema([("a", SqlType::Int)]);
    let cases = [
        (("avro.codec", "zip"), "Unrecognized codec: zip"),
        (("avro.codec", "xz"), "the codec 'xz' of option 'avro.codec' is not supported"),
        (("avro.encoding", "json"), "'avro.encoding' = 'json' is not supported"),
        (("avro.encoding", "text"), "Invalid value 'text' for option 'avro.encoding'"),
        (("avro.timestamp_mapping.legacy", "maybe"), "it must be true or false"),
        (("avro.ignore-parse-errors", "true"), "Unsupported options: avro.ignore-parse-errors"),
    ];
    for (option, expected) in cases {
        let error = format("avro", &[option], &columns).unwrap_err();
        assert!(error.message().contains(expected), "{error}");
    }
}

/// What the rows of a message are, or what is wrong with it.
fn message(columns: &Schema, bytes: &[u8]) -> Result<String, String> {
    let format = format("avro", &[], columns).unwrap();
    let all: Vec<_> = (0..columns.len()).collect();
    let (mut decoder, mut rows) = (format.decoder(columns, &all), ChunkBuilder::new(columns));
    decoder.decode(bytes, &mut rows).map_err(|error| error.to_string())?;
    Ok(lines(&rows.finish().unwrap(), columns).remove(0))
}

/// Bytes as the specification's examples have them.
#[test]
fn messages_are_in_the_binary_encoding() {
    let columns: Schema = [
        NamedField::new("a", Field::required(SqlType::BigInt)),
        NamedField::new("b", Field::required(SqlType::STRING)),
    ]
    .into_iter()
    .collect();
    assert_eq!(message(&columns, b"\x36\x06foo"), Ok("+I[27, foo]".to_owned()));
    let columns = schema([("a", array(SqlType::BigInt)), ("b", SqlType::Double)]);
    // A part of an array with its length in bytes, and one without.
    let bytes = b"\x02\x03\x08\x02\x06\x02\x36\x02\x00\x00\x00";
    assert_eq!(message(&columns, bytes), Ok("+I[[3, 27, null], null]".to_owned()));
}

#[test]
fn messages_that_are_none_say_where_they_end() {
    let columns = schema([("a", SqlType::STRING), ("b", SqlType::Int)]);
    let cases: [(&[u8], &str); 8] = [
        (b"", "column `a`: the bytes end at 0, where a number is expected"),
        (b"\x02\x06fo", "column `a`: the bytes end at 4, where the rest of a text or bytes is expected"),
        (b"\x04", "column `a`: the union has no branch 2"),
        (b"\x02\x01", "column `a`: -1 is no length"),
        (b"\x02\x02\xff\x00", "column `a`: the text is not UTF-8"),
        (
            b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            "column `b`: the number at byte 2 has more than 64 bits",
        ),
        (b"\x00\x02\x80\x80\x80\x80\x20", "column `b`: 4294967296 is out of the range of INT"),
        (b"\x00\x00\x00", "1 bytes are left behind the row"),
    ];
    for (bytes, expected) in cases {
        let error = message(&columns, bytes).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

fn value(json: &serde_json::Value) -> apache_avro::types::Value {
    use apache_avro::types::Value;

    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Boolean(*value),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Double(number.as_f64().unwrap()), Value::Long)
        }
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(elements) => Value::Array(elements.iter().map(value).collect()),
        serde_json::Value::Object(members) => {
            Value::Map(members.iter().map(|(name, member)| (name.clone(), value(member))).collect())
        }
    }
}

/// A file as the reference implementation writes it.
fn file(schema: &str, records: &[serde_json::Value], codec: apache_avro::Codec) -> Vec<u8> {
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let mut writer = apache_avro::Writer::with_codec(&schema, Vec::new(), codec).unwrap();
    for record in records {
        writer.append_value(value(record).resolve(&schema).unwrap()).unwrap();
    }
    writer.into_inner().unwrap()
}

/// The rows of a file, read part by part.
fn read_file(
    format: &Format,
    columns: &Schema,
    wanted: &[usize],
    bytes: &[u8],
) -> Result<Vec<String>, String> {
    let projected = columns.project(wanted);
    let (mut decoder, mut rows) = (format.decoder(columns, wanted), ChunkBuilder::new(&projected));
    let mut rest = bytes;
    let mut begun = false;
    while !rest.is_empty() {
        let length = decoder.part_length(rest).unwrap_or(rest.len());
        assert!((1..=rest.len()).contains(&length));
        let (part, more) = rest.split_at(length);
        if std::mem::replace(&mut begun, true) {
            decoder.decode_part(part, &mut rows).map_err(|error| error.to_string())?;
        } else {
            decoder.header(part).map_err(|error| error.to_string())?;
        }
        rest = more;
    }
    Ok(lines(&rows.finish().unwrap(), &projected))
}

const PEOPLE: &str = r#"{"type": "record", "name": "Person", "namespace": "test", "fields": [
    {"name": "unused", "type": {"type": "record", "name": "Unused", "fields": [
        {"name": "m", "type": {"type": "map", "values": "double"}},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
        {"name": "next", "type": ["null", "Unused"]}]}},
    {"name": "age", "type": "int"},
    {"name": "kind", "type": "test.E"},
    {"name": "born", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
    {"name": "names", "type": {"type": "array", "items": "string"}}]}"#;

fn people() -> Vec<serde_json::Value> {
    let unused = serde_json::json!({"m": {"a": 1.5}, "e": "B", "next": {"m": {}, "e": "A", "next": null}});
    vec![
        serde_json::json!({"unused": unused, "age": 36, "kind": "A", "born": 1_500, "names": ["Ada", "L"]}),
        serde_json::json!({"unused": unused, "age": 7, "kind": "B", "born": null, "names": []}),
    ]
}

#[test]
fn files_are_read_with_the_schema_that_they_have() {
    // In another order than in the file, one wider, one converted to another unit, and one that is not there.
    let columns = schema([
        ("names", array(SqlType::STRING)),
        ("age", SqlType::BigInt),
        ("born", timestamp(3)),
        ("kind", SqlType::STRING),
        ("email", SqlType::STRING),
    ]);
    let avro = format("avro", &[], &columns).unwrap();
    let codecs = [
        apache_avro::Codec::Null,
        apache_avro::Codec::Snappy,
        apache_avro::Codec::Deflate(apache_avro::DeflateSettings::default()),
    ];
    for codec in codecs {
        let bytes = file(PEOPLE, &people(), codec);
        let rows = read_file(&avro, &columns, &[0, 1, 2, 3, 4], &bytes).unwrap();
        assert_eq!(
            rows,
            ["+I[[Ada, L], 36, 1970-01-01T00:00:00.001, A, null]", "+I[[], 7, null, B, null]"],
            "{codec:?}"
        );
        assert_eq!(read_file(&avro, &columns, &[3], &bytes).unwrap(), ["+I[A]", "+I[B]"]);
        assert_eq!(read_file(&avro, &columns, &[], &bytes).unwrap(), ["+I[]", "+I[]"]);
        // Whatever is cut off or changed is found out.
        for end in [3, 40, bytes.len() - 17, bytes.len() - 1] {
            assert!(read_file(&avro, &columns, &[0, 1, 2, 3, 4], &bytes[..end]).is_err(), "{end}");
        }
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= 1;
        let error = read_file(&avro, &columns, &[1], &damaged).unwrap_err();
        assert!(error.contains("is not the mark of the file"), "{error}");
    }
}

#[test]
fn columns_that_do_not_fit_the_file_are_errors() {
    let bytes = file(PEOPLE, &people(), apache_avro::Codec::Null);
    let required =
        |name: &str, data_type| [NamedField::new(name, Field::required(data_type))].into_iter().collect();
    let cases: [(Schema, &str); 5] = [
        (schema([("names", SqlType::STRING)]), "column `names`: array of string of Avro is no STRING"),
        (
            schema([("born", SqlType::Double), ("age", SqlType::Boolean)]),
            "column `age`: int of Avro is no BOOLEAN",
        ),
        (
            required("email", SqlType::STRING),
            "column `email` is STRING NOT NULL, and record test.Person has no field of that name",
        ),
        (required("born", SqlType::BigInt), "column `born`: NULL, but it is BIGINT NOT NULL"),
        (schema([("unused", SqlType::Int)]), "column `unused`: record test.Unused of Avro is no INT"),
    ];
    for (columns, expected) in cases {
        let avro = format("avro", &[], &columns).unwrap();
        let all: Vec<_> = (0..columns.len()).collect();
        assert_eq!(read_file(&avro, &columns, &all, &bytes), Err(expected.to_owned()));
    }
    let columns = schema([("age", SqlType::Int)]);
    let avro = format("avro", &[], &columns).unwrap();
    let error = read_file(&avro, &columns, &[0], b"{\"age\": 1}\n").unwrap_err();
    assert!(error.starts_with("this is no container file of Avro"), "{error}");
}

#[test]
fn unions_are_read_where_their_branches_fit() {
    let written =
        r#"{"type": "record", "name": "R", "fields": [{"name": "v", "type": ["string", "null", "long"]}]}"#;
    let records = [serde_json::json!({"v": "x"}), serde_json::json!({"v": null})];
    let bytes = file(written, &records, apache_avro::Codec::Null);
    let columns = schema([("v", SqlType::STRING)]);
    let avro = format("avro", &[], &columns).unwrap();
    assert_eq!(read_file(&avro, &columns, &[0], &bytes).unwrap(), ["+I[x]", "+I[null]"]);
    let columns = schema([("v", SqlType::BigInt)]);
    let avro = format("avro", &[], &columns).unwrap();
    assert_eq!(
        read_file(&avro, &columns, &[0], &bytes),
        Err("column `v`: string of Avro is no BIGINT".to_owned())
    );
}

#[test]
fn decimals_keep_their_value() {
    let written = r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 1}},
        {"name": "b", "type": {"type": "fixed", "name": "F", "size": 20, "logicalType": "decimal", "precision": 40, "scale": 2}}]}"#;
    let parsed = apache_avro::Schema::parse_str(written).unwrap();
    let mut writer = apache_avro::Writer::new(&parsed, Vec::new()).unwrap();
    let mut fixed = vec![0xff; 20];
    fixed[19] = 0x85;
    let record = apache_avro::types::Value::Record(vec![
        ("a".to_owned(), apache_avro::types::Value::Decimal(vec![0x01, 0x00].into())),
        ("b".to_owned(), apache_avro::types::Value::Decimal(fixed.into())),
    ]);
    writer.append_value(record).unwrap();
    let bytes = writer.into_inner().unwrap();
    let columns = schema([("a", SqlType::Decimal(8, 3)), ("b", SqlType::Decimal(38, 2))]);
    let avro = format("avro", &[], &columns).unwrap();
    assert_eq!(read_file(&avro, &columns, &[0, 1], &bytes).unwrap(), ["+I[25.600, -1.23]"]);
    // Too many digits are NULL, as in Flink; too few behind the point would change the value.
    let columns = schema([("a", SqlType::Decimal(2, 1)), ("b", SqlType::Decimal(38, 2))]);
    let avro = format("avro", &[], &columns).unwrap();
    assert_eq!(read_file(&avro, &columns, &[0, 1], &bytes).unwrap(), ["+I[null, -1.23]"]);
    let columns = schema([("a", SqlType::Decimal(8, 0))]);
    let avro = format("avro", &[], &columns).unwrap();
    let error = read_file(&avro, &columns, &[0], &bytes).unwrap_err();
    assert!(error.contains("decimals of scale 1 do not fit into DECIMAL(8, 0)"), "{error}");
}

#[test]
fn schemas_that_are_none_are_refused() {
    let cases = [
        ("{", "the Avro schema is not JSON"),
        ("\"nothing\"", "there is no type 'nothing'"),
        ("7", "7 is no type"),
        (r#"{"type": "record", "name": "r"}"#, "record r has no \"fields\""),
        (r#"{"type": "array"}"#, "something has no \"items\""),
        (r#"[["null"]]"#, "a union is directly in another"),
        (r#"{"type": "fixed", "name": "f", "size": -1}"#, "a fixed has no \"size\""),
        ("\"int\"", "rows are records, and the schema is one of int"),
    ];
    for (json, expected) in cases {
        let mut header = b"Obj\x01\x02\x16avro.schema".to_vec();
        header.push(u8::try_from(json.len() * 2).unwrap());
        header.extend_from_slice(json.as_bytes());
        header.extend_from_slice(&[0; 17]);
        let columns = schema([("age", SqlType::Int)]);
        let avro = format("avro", &[], &columns).unwrap();
        let error = read_file(&avro, &columns, &[0], &header).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
}

#[test]
fn a_record_that_is_a_part_of_itself_does_not_exhaust_the_stack() {
    let written = r#"{"type": "record", "name": "r", "fields": [{"name": "r", "type": "r"}]}"#;
    let mut bytes = b"Obj\x01\x02\x16avro.schema".to_vec();
    let length = written.len() * 2;
    bytes.extend_from_slice(&[
        u8::try_from(length & 0x7f).unwrap() | 0x80,
        u8::try_from(length >> 7).unwrap(),
    ]);
    bytes.extend_from_slice(written.as_bytes());
    bytes.extend_from_slice(&[0; 17]);
    bytes.extend_from_slice(b"\x02\x00");
    bytes.extend_from_slice(&[0; 16]);
    let columns = schema([("age", SqlType::Int)]);
    let avro = format("avro", &[], &columns).unwrap();
    let error = read_file(&avro, &columns, &[0], &bytes).unwrap_err();
    assert!(error.contains("types are in each other more than"), "{error}");
}
