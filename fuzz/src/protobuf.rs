//! Messages of Protobuf as rows of SQL: what is read can be written, and is then read and written as the same bytes.

use std::path::Path;

use millstream_sql::chunk::ChunkBuilder;
use millstream_sql::connectors::Options;
use millstream_sql::formats::Format;
use millstream_sql::types::{Field, NamedField, Schema, SqlType};

struct Table {
    format: Format,
    columns: Schema,
}

fn row(fields: &[(&str, SqlType)]) -> SqlType {
    SqlType::Row(columns(fields).iter().cloned().collect())
}

fn columns(fields: &[(&str, SqlType)]) -> Schema {
    fields.iter().map(|(name, of)| NamedField::new(*name, Field::nullable(of.clone()))).collect()
}

fn array(of: SqlType) -> SqlType {
    SqlType::Array(Field::nullable(of).into())
}

fn map(key: SqlType, value: SqlType) -> SqlType {
    SqlType::Map(Field::required(key).into(), Field::nullable(value).into())
}

impl Table {
    fn new(read_default_values: &str) -> Self {
        let part =
            row(&[("codes", array(SqlType::Int)), ("number", SqlType::Int), ("name", SqlType::STRING)]);
        let columns = columns(&[
            ("total", SqlType::BigInt),
            ("id", SqlType::BigInt),
            ("price", SqlType::Double),
            ("state", SqlType::Int),
            ("states", array(SqlType::STRING)),
            ("parts", array(part.clone())),
            ("counts", map(SqlType::STRING, SqlType::Int)),
            ("by_number", map(SqlType::Int, part.clone())),
            ("card", SqlType::STRING),
            ("voucher", part),
            ("at", row(&[("nanos", SqlType::Int), ("seconds", SqlType::BigInt)])),
            ("picture", SqlType::BYTES),
            ("weights", array(SqlType::Float)),
        ]);
        let file = "sql/tests/fixtures/protobuf/shop.proto";
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let file = folders.map(|folder| folder.join(file)).find(|file| file.exists()).expect("the fixture");
        let options = [
            ("protobuf.schema-file", file.to_str().expect("text")),
            ("protobuf.message-class-name", "shop.Order"),
            ("protobuf.read-default-values", read_default_values),
        ];
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let format = Format::new("protobuf", &mut Options::new(options.into()), &columns);
        Self { format: format.expect("a format"), columns }
    }

    /// The message as it is written once it has been read; `None` if it is none.
    fn rewrite(&self, message: &[u8]) -> Option<Vec<u8>> {
        let all: Vec<_> = (0..self.columns.len()).collect();
        let mut rows = ChunkBuilder::new(&self.columns);
        let decoded = self.format.decoder(&self.columns, &all).decode(message, &mut rows);
        let rows = rows.finish().expect("a chunk");
        assert_eq!(rows.rows(), usize::from(decoded.is_ok()));
        decoded.ok()?;
        let mut written = Vec::new();
        let mut encoder = self.format.encoder(&self.columns).expect("an encoder");
        encoder.encode(&rows, 0, &mut written).expect("a message");
        Some(written)
    }
}

thread_local! {
    static TABLES: [Table; 2] = ["false", "true"].map(Table::new);
}

pub fn run(bytes: &[u8]) {
    TABLES.with(|tables| {
        for table in tables {
            if let Some(written) = table.rewrite(bytes) {
                assert_eq!(table.rewrite(&written), Some(written));
            }
        }
    });
}

pub fn valid() -> Vec<Vec<u8>> {
    let part = [8, 3, 18, 1, b'x', 26, 8, 1, 0, 0, 0, 2, 0, 0, 0];
    let sized = |tag: u8, bytes: &[u8]| [&[tag, bytes.len() as u8], bytes].concat();
    let order = [
        vec![8, 42, 17, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 24, 1],
        sized(34, &[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        sized(42, &part),
        sized(50, &[10, 1, b'k', 16, 7]),
        sized(58, &[&[8, 9][..], &sized(18, &part)].concat()),
        sized(66, b"card"),
        sized(74, &part),
        sized(82, &[8, 0x80, 0x80, 1, 16, 5]),
        sized(90, b"\x00\xff"),
        vec![101, 0, 0, 0x80, 0x3f, 0x80, 0x7d, 0xff, 1],
    ];
    vec![order.concat(), [order[2].clone(), order[5].clone()].concat(), Vec::new()]
}
