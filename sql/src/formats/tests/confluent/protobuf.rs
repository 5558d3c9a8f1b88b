//! `protobuf-confluent`.

use super::*;

fn row(fields: &[(&str, SqlType)]) -> SqlType {
    SqlType::Row(schema(fields.iter().cloned()).iter().cloned().collect())
}

fn map(key: SqlType, value: SqlType) -> SqlType {
    SqlType::Map(Arc::new(Field::required(key)), Arc::new(Field::nullable(value)))
}

#[test]
fn rows_of_protobuf_are_written_and_read_with_the_number_of_their_schema() {
    let columns = schema([("id", SqlType::Int), ("name", SqlType::STRING)]);
    let stub = Arc::new(Stub::default());
    stub.put("other", SchemaType::Avro, "\"int\"");
    let (format, schemas) = registered("protobuf-confluent", &columns, &stub);
    let inserts = changes(&columns).with_kinds(crate::chunk::Kinds::Insert);
    let mut messages = encoded(&format, &stub, &columns, &inserts);
    // The first message of the schema, and its fields.
    assert_eq!(messages[0], b"\0\0\0\0\x01\0\x08\x01\x12\x03cup");
    let registered = &stub.schemas.lock()[1].clone();
    assert_eq!((&*registered.0, registered.1.schema_type), ("t-value", SchemaType::Protobuf));
    messages.push(Vec::new());
    let expected = ["+I[1, cup]", "+I[1, cup]", "+I[1, null]", "+I[1, null]"];
    assert_eq!(decoded(&format, &schemas, &columns, &messages).unwrap(), expected);
    assert_eq!(stub.asked.lock().values().sum::<usize>(), 1);
}

#[test]
fn a_file_of_protobuf_is_made_of_the_columns() {
    let inner = row(&[("x", SqlType::Double), ("parts", array(row(&[("y", SqlType::Float)])))]);
    let columns: Schema = [
        NamedField::new("id", Field::required(SqlType::BigInt)),
        NamedField::new("ok", Field::nullable(SqlType::Boolean)),
        NamedField::new("tags", Field::nullable(array(SqlType::STRING))),
        NamedField::new("place", Field::required(inner.clone())),
        NamedField::new("by_name", Field::nullable(map(SqlType::STRING, row(&[("n", SqlType::Int)])))),
        NamedField::new("picture", Field::required(SqlType::BYTES)),
    ]
    .into_iter()
    .collect();
    let expected = "syntax = \"proto3\";
package com.shop;

message Order {
  int64 id = 1;
  optional bool ok = 2;
  repeated string tags = 3;
  message place_row {
    optional double x = 1;
    message parts_row {
      optional float y = 1;
    }
    repeated parts_row parts = 2;
  }
  place_row place = 4;
  message by_name_row {
    optional int32 n = 1;
  }
  map<string, by_name_row> by_name = 5;
  bytes picture = 6;
}
";
    let options = [("message-class-name", "com.shop.Order")];
    let options = confluent("protobuf-confluent", &options, &columns).unwrap();
    assert_eq!(options.schema().unwrap().text, expected);
    let stub = Arc::new(Stub::default());
    let (proto, schemas) = with_stub(options, &stub);
    let json = r#"{"id": 1, "tags": ["a"], "place": {"x": 0, "parts": [{}, {"y": 1}]}, "by_name": {"k": {"n": 2}}, "picture": "AQ=="}"#;
    let (mut decoder, mut rows) = (
        format("json", &[], &columns).unwrap().decoder(&columns, &[0, 1, 2, 3, 4, 5]),
        ChunkBuilder::new(&columns),
    );
    decoder.decode(json.as_bytes(), &mut rows).unwrap();
    let rows = rows.finish().unwrap();
    let messages = encoded(&proto, &stub, &columns, &rows);
    assert_eq!(decoded(&proto, &schemas, &columns, &messages).unwrap(), lines(&rows, &columns));
}

#[test]
fn types_without_a_schema_can_be_read_and_are_refused_where_they_are_written() {
    let cases = [
        (SqlType::SmallInt, "column `v`: Protobuf has no SMALLINT here: declare INT, and CAST"),
        (
            timestamp(3),
            "Protobuf has no TIMESTAMP(3) here: declare STRING, BIGINT, or ROW<seconds BIGINT, nanos INT>",
        ),
        (SqlType::Decimal(10, 2), "Protobuf has no DECIMAL(10, 2) here: declare STRING"),
        (array(array(SqlType::Int)), "Protobuf has no ARRAY<INT> here: declare a ROW with it as a field"),
        (map(SqlType::Double, SqlType::Int), "Protobuf has no maps with keys of DOUBLE"),
        (row(&[("a b", SqlType::Int)]), "column `v.a b`: 'a b' is no name in Protobuf"),
    ];
    for (data_type, expected) in cases {
        let columns = schema([("v", data_type)]);
        let options = confluent("protobuf-confluent", &[], &columns).unwrap();
        let error = options.schema().unwrap_err();
        assert!(error.message().contains(expected), "{}", error.message());
        let error = Format::Confluent(Box::new(options)).encoder(&columns).err().unwrap();
        assert!(error.message().contains(expected), "{}", error.message());
    }
    let columns = schema([("state", SqlType::SmallInt)]);
    let stub = Arc::new(Stub::default());
    let text = "syntax = \"proto3\"; message M { enum E { A = 0; B = 7; } E state = 1; }";
    stub.put("t", SchemaType::Protobuf, text);
    let (format, schemas) = registered("protobuf-confluent", &columns, &stub);
    let rows = decoded(&format, &schemas, &columns, &[b"\0\0\0\0\0\0\x08\x07".to_vec()]);
    assert_eq!(rows.unwrap(), ["+I[7]"]);
}

/// A file with messages in messages, and an entry of a map before them, which is not counted.
const NESTED: &str = "syntax = \"proto3\"; message A { int32 id = 1; }
    message B { map<int32, int32> m = 1; message C { string id = 1; message D { int64 n = 2; int32 id = 1; } } message E { int32 id = 3; } }";

#[test]
fn messages_are_found_by_their_places() {
    let columns = schema([("id", SqlType::Int), ("n", SqlType::BigInt)]);
    let stub = Arc::new(Stub::default());
    stub.put("t", SchemaType::Protobuf, NESTED);
    let (format, schemas) = registered("protobuf-confluent", &columns, &stub);
    let message = |value: &[u8]| [b"\0\0\0\0\0", value].concat();
    let messages = [
        message(&[0, 8, 1]),
        // The same at length.
        message(&[2, 0, 8, 2]),
        message(&[6, 2, 0, 0, 8, 3, 16, 9]),
        message(&[4, 2, 2, 24, 4]),
        message(&[6, 2, 0, 0, 8, 5]),
    ];
    let rows = decoded(&format, &schemas, &columns, &messages).unwrap();
    // What is not in a message is NULL; what is in it without presence has its default value.
    assert_eq!(rows, ["+I[1, null]", "+I[2, null]", "+I[3, 9]", "+I[4, null]", "+I[5, 0]"]);
    let cases: [(&[u8], &str); 9] = [
        (
            &[4, 2, 0, 8, 1],
            "schema 0 of the registry: column `id`: it is INT, and the field is string in message B.C",
        ),
        (&[2, 4], "schema 0 of the registry: the file has no message at place [2]"),
        (&[4, 0, 0], "the file has no message at place [0, 0]"),
        (&[], "the message does not say which of its schema's messages it is"),
        (&[4, 2], "the message does not say which of its schema's messages it is"),
        (&[2, 1], "-1 is no place"),
        (&[1], "there are -1 places"),
        (&[0xff, 0xff, 3], "there are -32768 places"),
        (&[0, 8], "the bytes end at 1, where a number is expected"),
    ];
    for (value, expected) in cases {
        let error = decoded(&format, &schemas, &columns, &[message(value)]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn given_schemas_are_written_with_the_places_of_their_message() {
    let columns = schema([("id", SqlType::Int)]);
    for (name, prefix) in [("A", &[0][..]), ("B.C.D", &[6, 2, 0, 0]), ("B.E", &[4, 2, 2])] {
        let stub = Arc::new(Stub::default());
        let options = [("schema", NESTED), ("message-class-name", name)];
        let options = confluent("protobuf-confluent", &options, &columns).unwrap();
        assert_eq!(options.schema().unwrap().text, NESTED);
        let (format, schemas) = with_stub(options, &stub);
        let rows = changes(&schema([("id", SqlType::Int), ("name", SqlType::STRING)]));
        let rows = rows.with_columns(vec![rows.columns()[0].clone()]).with_kinds(crate::chunk::Kinds::Insert);
        let messages = encoded(&format, &stub, &columns, &rows.slice(0, 1));
        let tag = if name == "B.E" { 24 } else { 8 };
        assert_eq!(messages, [[b"\0\0\0\0\0", prefix, &[tag, 1]].concat()], "{name}");
        assert_eq!(decoded(&format, &schemas, &columns, &messages).unwrap(), ["+I[1]"]);
    }
    let cases: [(&[(&str, &str)], &str); 3] = [
        (
            &[("schema", "message")],
            "Invalid value for option 'protobuf-confluent.schema': the schema of Protobuf is wrong",
        ),
        (&[("schema", "syntax = \"proto3\";")], "the file has no message at place [0]"),
        (
            &[("schema", NESTED), ("message-class-name", "X")],
            "Invalid value for option 'protobuf-confluent.message-class-name': there is no message 'X'",
        ),
    ];
    for (options, expected) in cases {
        let error = confluent("protobuf-confluent", options, &columns).unwrap_err();
        assert!(error.message().contains(expected), "{}", error.message());
    }
    // A column that the given message does not have can be read, and not written.
    let columns = schema([("id", SqlType::Int), ("other", SqlType::Int)]);
    let options = confluent("protobuf-confluent", &[("schema", NESTED)], &columns).unwrap();
    let error = Format::Confluent(Box::new(options)).encoder(&columns).err().unwrap();
    assert_eq!(error.message(), "column `other`: message A has no field of that name");
}

#[test]
fn schemas_are_read_with_those_that_they_import() {
    let columns =
        schema([("part", row(&[("n", SqlType::Int), ("at", row(&[("seconds", SqlType::BigInt)]))]))]);
    let stub = Arc::new(Stub::default());
    let put = |subject: &str, text: &str, references: &[(&str, &str, u32)]| {
        let references = references.iter().map(|(name, subject, version)| SchemaReference {
            name: (*name).to_owned(),
            subject: (*subject).to_owned(),
            version: *version,
        });
        let (text, references) = (text.to_owned(), references.collect());
        let schema = SchemaText { schema_type: SchemaType::Protobuf, text, references };
        futures::executor::block_on(stub.register(subject, &schema)).unwrap()
    };
    put("time", "syntax = \"proto3\"; message Old {}", &[]);
    put("time", "syntax = \"proto3\"; message Time { int64 seconds = 1; }", &[]);
    let part = "syntax = \"proto3\"; import \"time.proto\"; message Part { int32 n = 1; Time at = 2; }";
    put("part", part, &[("time.proto", "time", 2)]);
    let whole = "syntax = \"proto3\"; import \"parts/part.proto\"; message Whole { Part part = 1; }";
    let id = put("whole", whole, &[("parts/part.proto", "part", 1)]);
    let lost = put("lost", whole, &[("parts/part.proto", "part", 2)]);
    let unnamed = put("unnamed", whole, &[]);
    let (format, schemas) = registered("protobuf-confluent", &columns, &stub);
    let message = |id: SchemaId| [&[0, 0, 0, 0, id.0 as u8, 0][..], &[10, 6, 8, 1, 18, 2, 8, 5]].concat();
    assert_eq!(decoded(&format, &schemas, &columns, &[message(id)]).unwrap(), ["+I[+I[1, +I[5]]]"]);
    for (id, expected) in
        [(lost, "the registry has no version 2 of part"), (unnamed, "import 'parts/part.proto' not found")]
    {
        let error = decoded(&format, &schemas, &columns, &[message(id)]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
