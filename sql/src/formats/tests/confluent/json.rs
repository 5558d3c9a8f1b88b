//! `json-confluent`.

use super::*;

#[test]
fn rows_of_json_are_written_and_read_with_the_number_of_their_schema() {
    let columns = schema([("id", SqlType::Int), ("name", SqlType::STRING)]);
    let stub = Arc::new(Stub::default());
    stub.put("other", SchemaType::Avro, "\"int\"");
    let (format, schemas) = registered("json-confluent", &columns, &stub);
    assert_eq!(format.changelog_mode(), crate::connectors::ChangelogMode::insert_only());
    let inserts = changes(&columns).with_kinds(crate::chunk::Kinds::Insert);
    let mut messages = encoded(&format, &stub, &columns, &inserts);
    assert_eq!(messages[0], b"\0\0\0\0\x01{\"id\":1,\"name\":\"cup\"}");
    let registered = &stub.schemas.lock()[1].clone();
    assert_eq!((&*registered.0, registered.1.schema_type), ("t-value", SchemaType::Json));
    // A tombstone.
    messages.push(Vec::new());
    let expected = ["+I[1, cup]", "+I[1, cup]", "+I[1, null]", "+I[1, null]"];
    assert_eq!(decoded(&format, &schemas, &columns, &messages).unwrap(), expected);
    assert_eq!(stub.asked.lock().values().sum::<usize>(), 1);
}

#[test]
fn schemas_say_what_json_has() {
    let row = SqlType::Row(Arc::new([
        NamedField::new("a", Field::required(SqlType::Int)),
        NamedField::new("b", Field::nullable(SqlType::Date)),
    ]));
    let map =
        SqlType::Map(Arc::new(Field::required(SqlType::STRING)), Arc::new(Field::nullable(SqlType::Double)));
    let columns: Schema = [
        NamedField::new("id", Field::required(SqlType::BigInt)),
        NamedField::new("a \"name\"", Field::nullable(SqlType::STRING)),
        NamedField::new("ok", Field::nullable(SqlType::Boolean)),
        NamedField::new("price", Field::required(SqlType::Decimal(10, 2))),
        NamedField::new("picture", Field::nullable(SqlType::BYTES)),
        NamedField::new("at", Field::required(timestamp(3))),
        NamedField::new("parts", Field::nullable(array(row))),
        NamedField::new("by_name", Field::nullable(map)),
        NamedField::new(
            "bag",
            Field::required(SqlType::Multiset(Arc::new(Field::nullable(SqlType::STRING)))),
        ),
    ]
    .into_iter()
    .collect();
    let expected = concat!(
        r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"#,
        r#""id":{"type":"integer"},"#,
        r#""a \"name\"":{"type":["string","null"]},"#,
        r#""ok":{"type":["boolean","null"]},"#,
        r#""price":{"type":"number"},"#,
        r#""picture":{"type":["string","null"],"contentEncoding":"base64"},"#,
        r#""at":{"type":"string"},"#,
        r#""parts":{"type":["array","null"],"items":{"type":["object","null"],"properties":{"#,
        r#""a":{"type":"integer"},"b":{"type":["string","null"],"format":"date"}},"required":["a"]}},"#,
        r#""by_name":{"type":["object","null"],"additionalProperties":{"type":["number","null"]}},"#,
        r#""bag":{"type":"object","additionalProperties":{"type":"integer"}}"#,
        r#"},"required":["id","price","at","bag"]}"#
    );
    let derived = confluent("json-confluent", &[], &columns).unwrap().schema().unwrap();
    assert_eq!(derived.text, expected);
    assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
}

#[test]
fn schemas_of_json_must_be_there_and_may_be_given() {
    let columns = schema([("id", SqlType::Int)]);
    let stub = Arc::new(Stub::default());
    stub.put("t", SchemaType::Avro, "\"int\"");
    stub.put("t", SchemaType::Json, "{");
    stub.put("t", SchemaType::Json, "true");
    let (format, schemas) = registered("json-confluent", &columns, &stub);
    let cases = [
        (&b"\0\0\0\0\0{}"[..], "schema 0 of the registry is one of Avro, and not of JSON"),
        (b"\0\0\0\0\x01{}", "schema 1 of the registry: the JSON schema is not JSON"),
        (b"\0\0\0\0\x03{}", "the registry has no schema 3"),
        (b"\0\0\0\0\x02{\"id\": \"x\"}", "column `id`: 'x' is no INT"),
        (b"\0\0\0\0\x02", "'' is no object"),
        (b"{\"id\": 1}", "the message begins with the byte 123, and not with 0"),
    ];
    for (message, expected) in cases {
        let error = decoded(&format, &schemas, &columns, &[message.to_vec()]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let lenient = confluent("json-confluent", &[("ignore-parse-errors", "true")], &columns).unwrap();
    let (lenient, schemas) = with_stub(lenient, &stub);
    assert!(lenient.ignores_parse_errors() && !format.ignores_parse_errors());
    let rows = decoded(&lenient, &schemas, &columns, &[b"\0\0\0\0\x02{\"id\": \"x\"}".to_vec()]);
    assert_eq!(rows.unwrap(), ["+I[null]"]);

    let given = confluent("json-confluent", &[("schema", "{\"type\": \"object\"}")], &columns).unwrap();
    assert_eq!(given.schema().unwrap().text, "{\"type\": \"object\"}");
    let error = confluent("json-confluent", &[("schema", "{")], &columns).unwrap_err();
    let expected = "Invalid value for option 'json-confluent.schema': the JSON schema is not JSON";
    assert!(error.message().starts_with(expected), "{}", error.message());
}
