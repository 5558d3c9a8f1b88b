//! The format `protobuf`, judged by the crate `prost-reflect`.

mod judge;
mod options;
mod presence;

use std::path::PathBuf;

use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use super::*;

/// A `.proto` file, and what the judge makes of it.
struct Proto {
    folder: tempfile::TempDir,
    pool: DescriptorPool,
}

impl Proto {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test.proto"), text).unwrap();
        let mut compiler = protox::Compiler::new([folder.path()]).unwrap();
        compiler.open_file("test.proto").unwrap();
        Self { pool: compiler.descriptor_pool(), folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("test.proto")
    }

    fn message(&self, name: &str) -> MessageDescriptor {
        self.pool.get_message_by_name(name).unwrap()
    }

    /// The format for a message, with these options.
    fn format(&self, name: &str, options: &[(&str, &str)], columns: &Schema) -> SqlResult<Format> {
        let path = self.path();
        let mut all =
            vec![("protobuf.schema-file", path.to_str().unwrap()), ("protobuf.message-class-name", name)];
        all.extend(options);
        format("protobuf", &all, columns)
    }

    /// A message that the judge writes, from Protobuf's format of text.
    fn write(&self, name: &str, text: &str) -> Vec<u8> {
        DynamicMessage::parse_text_format(self.message(name), text).unwrap().encode_to_vec()
    }

    /// What the judge reads, in Protobuf's format of text.
    fn read(&self, name: &str, bytes: &[u8]) -> String {
        DynamicMessage::decode(self.message(name), bytes).unwrap().to_text_format()
    }
}

fn row(fields: &[(&str, SqlType)]) -> SqlType {
    SqlType::Row(schema(fields.iter().cloned()).iter().cloned().collect())
}

fn map(key: SqlType, value: SqlType) -> SqlType {
    SqlType::Map(Arc::new(Field::required(key)), Arc::new(Field::nullable(value)))
}

/// The rows of messages, or what is wrong.
fn rows(format: &Format, columns: &Schema, messages: &[Vec<u8>]) -> Result<Chunk, String> {
    let all: Vec<_> = (0..columns.len()).collect();
    let (mut decoder, mut rows) = (format.decoder(columns, &all), ChunkBuilder::new(columns));
    for message in messages {
        decoder.decode(message, &mut rows).map_err(|error| error.to_string())?;
    }
    Ok(rows.finish().unwrap())
}

/// The row of a message as it is printed, or what is wrong.
fn printed(format: &Format, columns: &Schema, message: &[u8]) -> Result<String, String> {
    rows(format, columns, &[message.to_vec()]).map(|rows| lines(&rows, columns).remove(0))
}

/// The message of a row.
fn written(format: &Format, columns: &Schema, rows: &Chunk, row: usize) -> Result<Vec<u8>, String> {
    let mut message = Vec::new();
    format.encoder(columns).unwrap().encode(rows, row, &mut message)?;
    Ok(message)
}

/// The row of some JSON.
fn row_of(columns: &Schema, json: &str) -> Chunk {
    let json_format = format("json", &[], columns).unwrap();
    rows(&json_format, columns, &[json.as_bytes().to_vec()]).unwrap()
}

/// What a field is declared as in proto2, the type of its column, the text of its value, and how that is printed.
#[test]
fn values_are_read_and_written_as_flink_does() {
    let timestamp = row(&[("seconds", SqlType::BigInt), ("nanos", SqlType::Int)]);
    let inner = row(&[("n", SqlType::Int), ("s", SqlType::STRING)]);
    let cases = [
        ("optional double v = 1;", SqlType::Double, "v: 0.1", "0.1"),
        ("optional float v = 1;", SqlType::Float, "v: 0.1", "0.1"),
        ("optional int32 v = 1;", SqlType::Int, "v: -3", "-3"),
        ("optional int32 v = 1;", SqlType::BigInt, "v: -3", "-3"),
        ("optional sint32 v = 1;", SqlType::BigInt, "v: -3", "-3"),
        ("optional int64 v = 1;", SqlType::BigInt, "v: -9223372036854775808", "-9223372036854775808"),
        ("optional uint32 v = 1;", SqlType::Int, "v: 4294967295", "-1"),
        ("optional uint32 v = 1;", SqlType::BigInt, "v: 4294967295", "4294967295"),
        ("optional uint64 v = 1;", SqlType::BigInt, "v: 18446744073709551615", "-1"),
        (
            "optional uint64 v = 1;",
            SqlType::Decimal(20, 0),
            "v: 18446744073709551615",
            "18446744073709551615",
        ),
        ("optional sint32 v = 1;", SqlType::Int, "v: -2147483648", "-2147483648"),
        ("optional sint64 v = 1;", SqlType::BigInt, "v: -5", "-5"),
        ("optional fixed32 v = 1;", SqlType::Int, "v: 4294967294", "-2"),
        ("optional fixed32 v = 1;", SqlType::BigInt, "v: 4294967294", "4294967294"),
        ("optional fixed64 v = 1;", SqlType::BigInt, "v: 7", "7"),
        (
            "optional fixed64 v = 1;",
            SqlType::Decimal(38, 0),
            "v: 18446744073709551615",
            "18446744073709551615",
        ),
        ("optional sfixed32 v = 1;", SqlType::Int, "v: -7", "-7"),
        ("optional sfixed64 v = 1;", SqlType::BigInt, "v: -8", "-8"),
        ("optional bool v = 1;", SqlType::Boolean, "v: true", "true"),
        ("optional string v = 1;", SqlType::STRING, "v: \"größer\"", "größer"),
        ("optional bytes v = 1;", SqlType::BYTES, "v: \"\\x01\\xff\"", "[1, -1]"),
        ("optional E v = 1;", SqlType::STRING, "v: B", "B"),
        ("optional E v = 1;", SqlType::TinyInt, "v: C", "-3"),
        ("optional E v = 1;", SqlType::SmallInt, "v: B", "2"),
        ("optional E v = 1;", SqlType::Int, "v: C", "-3"),
        ("optional E v = 1;", SqlType::BigInt, "v: C", "-3"),
        ("repeated int32 v = 1;", array(SqlType::Int), "v: [1, -1]", "[1, -1]"),
        ("repeated sint64 v = 1 [packed = true];", array(SqlType::BigInt), "v: [1, -1]", "[1, -1]"),
        ("repeated E v = 1 [packed = true];", array(SqlType::STRING), "v: [A, C]", "[A, C]"),
        ("repeated string v = 1;", array(SqlType::STRING), "v: [\"a\", \"\"]", "[a, ]"),
        (
            "repeated I v = 1;",
            array(inner.clone()),
            "v { n: 1 } v { s: \"x\" }",
            "[+I[1, null], +I[null, x]]",
        ),
        (
            "map<string, sint32> v = 1;",
            map(SqlType::STRING, SqlType::Int),
            "v { key: \"k\" value: -1 }",
            "{k=-1}",
        ),
        (
            "map<fixed64, I> v = 1;",
            map(SqlType::BigInt, inner.clone()),
            "v { key: 5 value { n: 1 } }",
            "{5=+I[1, null]}",
        ),
        (
            "map<bool, E> v = 1;",
            map(SqlType::Boolean, SqlType::STRING),
            "v { key: true value: B }",
            "{true=B}",
        ),
        ("optional I v = 1;", inner.clone(), "v { s: \"x\" n: 1 }", "+I[1, x]"),
        (
            "optional group G = 1 { optional int32 n = 2; }",
            row(&[("n", SqlType::Int)]),
            "G { n: 3 }",
            "+I[3]",
        ),
        (
            "repeated group G = 1 { optional int32 n = 1; }",
            array(row(&[("n", SqlType::Int)])),
            "G { n: 3 } G { }",
            "[+I[3], +I[null]]",
        ),
        (
            "optional google.protobuf.Timestamp v = 1;",
            timestamp,
            "v { seconds: 1600000000 nanos: 5 }",
            "+I[1600000000, 5]",
        ),
        ("oneof o { int32 w = 2; string v = 1; }", SqlType::STRING, "v: \"x\"", "x"),
    ];
    for (declared, data_type, text, expected) in cases {
        let proto = Proto::new(&format!(
            "syntax = \"proto2\"; import \"google/protobuf/timestamp.proto\";
             enum E {{ A = 0; B = 2; C = -3; }} message I {{ optional int32 n = 1; optional string s = 2; }}
             message M {{ {declared} }}"
        ));
        let name = if declared.contains("group") { "g" } else { "v" };
        let columns = schema([(name, data_type.clone())]);
        let format = proto.format("M", &[], &columns).unwrap();
        let message = proto.write("M", text);
        let read = rows(&format, &columns, std::slice::from_ref(&message)).unwrap();
        assert_eq!(lines(&read, &columns), [format!("+I[{expected}]")], "{declared} as {data_type}");
        assert_eq!(written(&format, &columns, &read, 0).unwrap(), message, "{declared} as {data_type}");
    }
}

#[test]
fn fields_that_are_not_read_are_passed_over() {
    let proto = Proto::new(
        "syntax = \"proto2\"; message M {
           optional int32 a = 1; optional double b = 2; optional string c = 3; optional float d = 4;
           optional group G = 5 { optional int32 x = 1; optional group H = 2 { optional string y = 3; } }
           optional M m = 6; repeated int32 p = 7 [packed = true]; optional string z = 100000; }",
    );
    let text = "a: 7 b: 1.5 c: \"text\" d: 2.5 G { x: 1 H { y: \"y\" } } m { a: 1 } p: [1, 2] z: \"end\"";
    let columns = schema([("z", SqlType::STRING), ("a", SqlType::Int)]);
    let format = proto.format("M", &[], &columns).unwrap();
    assert_eq!(printed(&format, &columns, &proto.write("M", text)), Ok("+I[end, 7]".to_owned()));
    // Of those, a query may read one.
    let wanted = columns.project(&[1]);
    let (mut decoder, mut read) = (format.decoder(&columns, &[1]), ChunkBuilder::new(&wanted));
    decoder.decode(&proto.write("M", text), &mut read).unwrap();
    assert_eq!(lines(&read.finish().unwrap(), &wanted), ["+I[7]"]);
}

#[test]
fn what_cannot_be_null_in_protobuf_is_a_default_value() {
    let proto = Proto::new(
        "syntax = \"proto3\"; enum E { FIRST = 0; SECOND = 1; } message I { int32 n = 1; }
         message M { repeated int32 a = 1; repeated string b = 2; repeated E c = 3; repeated I d = 4; repeated bytes e = 5;
                     map<string, string> f = 6; map<int32, I> g = 7; repeated bool h = 8; int32 i = 9; I j = 10; }",
    );
    let inner = row(&[("n", SqlType::Int)]);
    let columns = schema([
        ("a", array(SqlType::Int)),
        ("b", array(SqlType::STRING)),
        ("c", array(SqlType::STRING)),
        ("d", array(inner.clone())),
        ("e", array(SqlType::BYTES)),
        ("f", map(SqlType::STRING, SqlType::STRING)),
        ("g", map(SqlType::Int, inner.clone())),
        ("h", array(SqlType::Boolean)),
        ("i", SqlType::Int),
        ("j", inner),
    ]);
    // JSON has no maps of numbers; `g` is NULL here.
    let json_columns: Schema = columns.iter().filter(|column| *column.name != *"g").cloned().collect();
    let json = r#"{"a": [1, null], "b": ["x", null], "c": [null, "SECOND", "none"], "d": [null, {"n": 1}],
                   "e": [null], "f": {"k": null}, "h": [null, true], "i": null, "j": null}"#;
    let row = row_of(&json_columns, json);
    for (options, literal) in [(&[][..], ""), (&[("protobuf.write-null-string-literal", "NULL")][..], "NULL")]
    {
        let format = proto.format("M", options, &json_columns).unwrap();
        let message = written(&format, &json_columns, &row, 0).unwrap();
        let expected = format!(
            "a:[1,0],b:[\"x\",\"{literal}\"],c:[FIRST,SECOND,FIRST],d:[{{}},{{n:1}}],e:[\"\"],\
             f:[{{key:\"k\",value:\"{literal}\"}}],h:[false,true]"
        );
        assert_eq!(proto.read("M", &message), expected);
    }
    let rest = proto.format("M", &[], &columns).unwrap();
    let read = rows(&rest, &columns, &[proto.write("M", "g { key: 1 }")]).unwrap();
    assert_eq!(lines(&read, &columns), ["+I[null, null, null, null, null, null, {1=+I[0]}, null, 0, null]"]);
}
