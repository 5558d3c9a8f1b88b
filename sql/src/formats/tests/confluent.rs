mod json;
#[cfg(feature = "protobuf")]
mod protobuf;

use std::collections::HashMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::*;
use crate::formats::confluent::ConfluentOptions;
use crate::formats::registry::{
    Authorization, MessageSchemas, SchemaId, SchemaReference, SchemaRegistration, SchemaRegistry, SchemaText,
    SchemaType,
};

/// A registry in memory, which counts what it is asked.
#[derive(Default)]
struct Stub {
    schemas: Mutex<Vec<(String, SchemaText)>>,
    asked: Mutex<HashMap<SchemaId, usize>>,
}

impl Stub {
    /// Puts a schema under a subject.
    fn put(self: &Arc<Self>, subject: &str, schema_type: SchemaType, text: &str) -> SchemaId {
        let schema = SchemaText { schema_type, text: text.to_owned(), references: Vec::new() };
        futures::executor::block_on(self.register(subject, &schema)).unwrap()
    }
}

fn found(
    schema: Option<SchemaText>,
    what: String,
) -> BoxFuture<'static, millstream_runtime::Result<SchemaText>> {
    let missing = move || {
        let problem = format!("the registry has no {what}");
        millstream_runtime::Error::new(millstream_runtime::ErrorKind::InvalidInput, problem)
    };
    async move { schema.ok_or_else(missing) }.boxed()
}

impl SchemaRegistry for Arc<Stub> {
    fn schema(&self, id: SchemaId) -> BoxFuture<'static, millstream_runtime::Result<SchemaText>> {
        *self.asked.lock().entry(id).or_default() += 1;
        let schema = self.schemas.lock().get(id.0 as usize).map(|(_, schema)| schema.clone());
        found(schema, format!("schema {id}"))
    }

    fn version(
        &self,
        subject: &str,
        version: u32,
    ) -> BoxFuture<'static, millstream_runtime::Result<SchemaText>> {
        let schemas = self.schemas.lock();
        let mut versions =
            schemas.iter().filter(|(known, _)| known == subject).map(|(_, schema)| schema.clone());
        found(versions.nth(version as usize - 1), format!("version {version} of {subject}"))
    }

    fn register(
        &self,
        subject: &str,
        schema: &SchemaText,
    ) -> BoxFuture<'static, millstream_runtime::Result<SchemaId>> {
        let mut schemas = self.schemas.lock();
        let entry = (subject.to_owned(), schema.clone());
        let id = schemas.iter().position(|known| *known == entry).unwrap_or_else(|| {
            schemas.push(entry);
            schemas.len() - 1
        });
        let id = SchemaId(u32::try_from(id).unwrap());
        async move { Ok(id) }.boxed()
    }
}

const URL: &str = "http://localhost:8081";

/// The options of a format with a registry.
fn confluent(name: &str, more: &[(&str, &str)], columns: &Schema) -> SqlResult<ConfluentOptions> {
    let keys: Vec<_> = more.iter().map(|(key, _)| format!("{name}.{key}")).collect();
    let url = format!("{name}.url");
    let mut options = vec![(&*url, URL)];
    options.extend(keys.iter().map(|key| &**key).zip(more.iter().map(|(_, value)| *value)));
    match format(name, &options, columns)? {
        Format::Confluent(options) => Ok(*options),
        _ => panic!("{name}"),
    }
}

/// A format with a registry, and what is known of it.
fn registered(name: &str, columns: &Schema, stub: &Arc<Stub>) -> (Format, Arc<dyn MessageSchemas>) {
    with_stub(confluent(name, &[], columns).unwrap(), stub)
}

fn with_stub(options: ConfluentOptions, stub: &Arc<Stub>) -> (Format, Arc<dyn MessageSchemas>) {
    let options = options.with_registry(Arc::new(stub.clone()));
    let schemas = options.schemas().unwrap();
    (Format::Confluent(Box::new(options)), schemas)
}

/// Reads messages as a connector does: what they need is fetched first.
fn decoded(
    format: &Format,
    schemas: &Arc<dyn MessageSchemas>,
    columns: &Schema,
    messages: &[Vec<u8>],
) -> Result<Vec<String>, String> {
    let unknown = schemas.unknown(&mut messages.iter().map(Vec::as_slice));
    futures::executor::block_on(schemas.clone().fetch(unknown)).map_err(|error| error.to_string())?;
    let all: Vec<_> = (0..columns.len()).collect();
    let (mut decoder, mut rows) = (format.decoder(columns, &all), ChunkBuilder::new(columns));
    for message in messages {
        decoder.decode(message, &mut rows).map_err(|error| error.to_string())?;
    }
    Ok(lines(&rows.finish().unwrap(), columns))
}

/// Writes rows as a connector does: the schema is registered first.
fn encoded(format: &Format, stub: &Arc<Stub>, columns: &Schema, rows: &Chunk) -> Vec<Vec<u8>> {
    let Format::Confluent(options) = format else { panic!("no registry") };
    let mut encoder = format.encoder(columns).unwrap();
    let error = encoder.encode(rows, 0, &mut Vec::new()).unwrap_err();
    assert_eq!(error, "the schema has not been registered");
    let registration = SchemaRegistration::default();
    encoder.set_registration(registration.clone());
    let schema = options.schema().unwrap();
    let registered = registration.register(Arc::new(stub.clone()), "t-value", &schema);
    futures::executor::block_on(registered).unwrap();
    let messages = (0..rows.rows()).map(|row| {
        let mut message = Vec::new();
        encoder.encode(rows, row, &mut message).unwrap();
        message
    });
    messages.collect()
}

fn changes(columns: &Schema) -> Chunk {
    let debezium = format("debezium-json", &[], columns).unwrap();
    let (mut decoder, mut rows) = (debezium.decoder(columns, &[0, 1]), ChunkBuilder::new(columns));
    for message in [
        r#"{"op":"c","after":{"id":1,"name":"cup"}}"#,
        r#"{"op":"u","before":{"id":1,"name":"cup"},"after":{"id":1}}"#,
        r#"{"op":"d","before":{"id":1}}"#,
    ] {
        decoder.decode(message.as_bytes(), &mut rows).unwrap();
    }
    rows.finish().unwrap()
}

#[test]
fn rows_and_changes_are_written_and_read_with_the_number_of_their_schema() {
    let columns = schema([("id", SqlType::Int), ("name", SqlType::STRING)]);
    let stub = Arc::new(Stub::default());
    // Number 0 is another's.
    stub.put("other", SchemaType::Avro, "\"int\"");
    let (rows, row_schemas) = registered("avro-confluent", &columns, &stub);
    let inserts = changes(&columns).with_kinds(crate::chunk::Kinds::Insert);
    let messages = encoded(&rows, &stub, &columns, &inserts);
    assert_eq!(messages[0], b"\0\0\0\0\x01\x02\x02\x02\x06cup");
    let expected = ["+I[1, cup]", "+I[1, cup]", "+I[1, null]", "+I[1, null]"];
    assert_eq!(decoded(&rows, &row_schemas, &columns, &messages).unwrap(), expected);
    assert_eq!(stub.asked.lock().values().sum::<usize>(), 1);

    let (debezium, schemas) = registered("debezium-avro-confluent", &columns, &stub);
    assert!(debezium.changelog_mode().contains(RowKind::UpdateBefore));
    let mut messages = encoded(&debezium, &stub, &columns, &changes(&columns));
    // A tombstone.
    messages.push(Vec::new());
    let expected = ["+I[1, cup]", "-D[1, cup]", "+I[1, null]", "-D[1, null]"];
    assert_eq!(decoded(&debezium, &schemas, &columns, &messages).unwrap(), expected);
}

/// What Debezium itself registers: more fields, one type for both rows, and `op` in the middle.
const ENVELOPE: &str = r#"{"type": "record", "name": "Envelope", "namespace": "shop.orders", "fields": [
    {"name": "before", "type": ["null", {"type": "record", "name": "Value", "fields": [
        {"name": "name", "type": ["null", "string"]}, {"name": "id", "type": "int"}, {"name": "more", "type": "double"}]}]},
    {"name": "source", "type": {"type": "record", "name": "Source", "fields": [{"name": "db", "type": "string"}]}},
    {"name": "op", "type": "string"},
    {"name": "after", "type": ["null", "Value"]},
    {"name": "ts_ms", "type": ["null", "long"]}]}"#;

#[test]
fn changes_are_read_with_the_schema_that_debezium_registers() {
    let columns = schema([("id", SqlType::BigInt), ("name", SqlType::STRING)]);
    let stub = Arc::new(Stub::default());
    stub.put("orders-value", SchemaType::Avro, ENVELOPE);
    let (format, schemas) = registered("debezium-avro-confluent", &columns, &stub);
    let row = |name: &[u8]| [&[2, 2], name, &[14], &1.5_f64.to_le_bytes()].concat();
    let (cup, mug) = (row(b"\x06cup"), row(b"\x06mug"));
    let message = |before: &[u8], op: u8, after: &[u8]| {
        [b"\0\0\0\0\0", before, b"\x08shop\x02", &[op], after, b"\x02\x08"].concat()
    };
    let messages = [message(b"\0", b'r', &cup), message(&cup, b'u', &mug), message(&mug, b'd', b"\0")];
    let rows = decoded(&format, &schemas, &columns, &messages).unwrap();
    assert_eq!(rows, ["+I[7, cup]", "-U[7, cup]", "+U[7, mug]", "-D[7, mug]"]);
    let cases = [
        (message(b"\0", b'u', &cup), "set the REPLICA IDENTITY of the table to FULL"),
        (message(&cup, b'c', b"\0"), "the message has no \"after\""),
        (message(&cup, b'x', b"\0"), "unknown \"op\" value 'x'"),
        (b"\0\0\0\0\0\x02".to_vec(), "the bytes end at"),
        (b"\x01\0\0\0\0\0".to_vec(), "the message begins with the byte 1, and not with 0"),
        (b"\0\0".to_vec(), "2 bytes are no message with the number of a schema"),
    ];
    for (message, expected) in cases {
        let error = decoded(&format, &schemas, &columns, &[message]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn schemas_that_do_not_fit_or_are_not_there_are_errors() {
    let columns = schema([("id", SqlType::Int)]);
    let stub = Arc::new(Stub::default());
    for schema in
        ["\"int\"", "{", r#"{"type": "record", "name": "r", "fields": [{"name": "id", "type": "string"}]}"#]
    {
        stub.put("t", SchemaType::Avro, schema);
    }
    stub.put("t", SchemaType::Json, "{}");
    let reference = SchemaReference { name: "a".to_owned(), subject: "t".to_owned(), version: 1 };
    let refers =
        SchemaText { schema_type: SchemaType::Avro, text: "\"a\"".to_owned(), references: vec![reference] };
    futures::executor::block_on(stub.register("t", &refers)).unwrap();
    let (format, schemas) = registered("avro-confluent", &columns, &stub);
    let cases = [
        (0, "schema 0 of the registry: rows are records, and the schema is one of int"),
        (1, "schema 1 of the registry: the Avro schema is not JSON"),
        (2, "schema 2 of the registry: column `id`: string of Avro is no INT"),
        (3, "schema 3 of the registry is one of JSON, and not of Avro"),
        (4, "schema 4 of the registry: it refers to other schemas, which is not supported"),
        (5, "the registry has no schema 5"),
    ];
    for (id, expected) in cases {
        let error = decoded(&format, &schemas, &columns, &[vec![0, 0, 0, 0, id, 0]]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let mut rows = ChunkBuilder::new(&columns);
    let error = format.decoder(&columns, &[0]).decode(&[0, 0, 0, 0, 9, 0], &mut rows).unwrap_err();
    assert_eq!(error.to_string(), "schema 9 has not been fetched");
}

#[test]
fn options_say_where_the_registry_is() {
    let columns = schema([("id", SqlType::Int)]);
    let address = |options: &[(&str, &str)]| match format("avro-confluent", options, &columns) {
        Ok(Format::Confluent(options)) => Ok((*options).clone()),
        other => Err(other.map(drop).unwrap_err().message().to_owned()),
    };
    let url = ("avro-confluent.url", "http://a:1/, https://b");
    let found = address(&[url, ("avro-confluent.subject", "s")]).unwrap();
    assert_eq!(found.address().urls, ["http://a:1", "https://b"]);
    assert_eq!((found.subject(), &found.address().authorization), (Some("s"), &Authorization::None));
    let basic = ("avro-confluent.basic-auth.credentials-source", "USER_INFO");
    let user = ("avro-confluent.basic-auth.user-info", "ada:secret");
    let found = address(&[url, basic, user]).unwrap();
    assert_eq!(found.address().authorization, Authorization::Basic("ada:secret".to_owned()));
    assert!(!format!("{found:?}").contains("secret"));
    let bearer = ("avro-confluent.bearer-auth.credentials-source", "STATIC_TOKEN");
    let token = ("avro-confluent.bearer-auth.token", "secret");
    let found = address(&[("avro-confluent.schema-registry.url", URL), bearer, token]).unwrap();
    assert_eq!(found.address().authorization, Authorization::Bearer("secret".to_owned()));
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "Missing required options are: avro-confluent.url"),
        (&[("avro-confluent.url", "localhost:8081")], "it must be URLs that begin with http://"),
        (&[url, basic], "option 'avro-confluent.basic-auth.user-info' is missing"),
        (&[url, ("avro-confluent.basic-auth.credentials-source", "URL")], "'URL' is not supported"),
        (&[url, basic, user, bearer, token], "cannot both be set"),
        (&[url, ("avro-confluent.schema", "\"int\"")], "option 'avro-confluent.schema' is not supported"),
        (&[url, ("avro-confluent.ssl.keystore.location", "k")], "keystores of Java are not read"),
    ];
    for (options, expected) in cases {
        let error = address(options).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
