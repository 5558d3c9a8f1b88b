//! Messages to columns.

use std::collections::BTreeMap;
use std::hint::black_box;

use millstream::sql::chunk::ChunkBuilder;
use millstream::sql::connectors::Options;
use millstream::sql::formats::Format;
use millstream::sql::types::Schema;

use crate::measure::Table;
use crate::rows::{operator, row};

const ROWS: usize = 200_000;
/// What reading JSON is to reach, in bytes a nanosecond.
const ASKED: f64 = 0.6;

pub fn run(table: &Table) {
    let schema = operator("SELECT k, v, s FROM t", |plan| plan.schema.len() == 3).schema;
    let json = |(key, value): (i64, i64)| {
        format!(r#"{{"k":{key},"v":{value},"s":"text {key:015}","more":{{"a":[1,2]}}}}"#)
    };
    let csv = |(key, value): (i64, i64)| format!("{key},{value},text {key:015}");
    let lines = |line: &dyn Fn((i64, i64)) -> String| -> Vec<String> {
        (0..ROWS as u64).map(|number| line(row(number, 1_000_000))).collect()
    };
    let changes = |pair: (i64, i64)| {
        format!(r#"{{"before":null,"after":{},"source":{{"db":"d"}},"op":"c","ts_ms":1}}"#, json(pair))
    };
    let bytes = |texts: Vec<String>| texts.into_iter().map(String::into_bytes).collect::<Vec<_>>();
    let (json, csv, changes) = (bytes(lines(&json)), bytes(lines(&csv)), bytes(lines(&changes)));
    let avro = avro(&schema, &json);
    for (name, messages, plain) in [
        ("json", json, plain_text as fn(&[Vec<u8>])),
        ("csv", csv, plain_text),
        ("debezium-json", changes, plain_text),
        ("avro", avro, plain_avro),
    ] {
        let bytes = messages.iter().map(Vec::len).sum::<usize>() as f64 / ROWS as f64;
        let format = Format::new(name, &mut Options::new(BTreeMap::new()), &schema).unwrap();
        let (schema, same) = (schema.clone(), messages.clone());
        table.line(
            &format!("{name}: read 3 columns of {bytes:.0} bytes"),
            bytes / ASKED,
            ROWS,
            || {
                Box::new(move || {
                    let mut decoder = format.decoder(&schema, &[0, 1, 2]);
                    let mut rows = ChunkBuilder::new(&schema);
                    for (count, message) in (1..).zip(&messages) {
                        decoder.decode(message, &mut rows).unwrap();
                        if count % 4_096 == 0 {
                            black_box(rows.finish().unwrap());
                        }
                    }
                })
            },
            || Box::new(move || plain(&same)),
        );
    }
}

/// The rows of some JSON as messages of Avro.
fn avro(schema: &Schema, json: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let format = |name| Format::new(name, &mut Options::new(BTreeMap::new()), schema).unwrap();
    let (mut decoder, mut rows) = (format("json").decoder(schema, &[0, 1, 2]), ChunkBuilder::new(schema));
    for message in json {
        decoder.decode(message, &mut rows).unwrap();
    }
    let (mut encoder, chunk) = (format("avro").encoder(schema).unwrap(), rows.finish().unwrap());
    let message = |row| {
        let mut message = Vec::new();
        encoder.encode(&chunk, row, &mut message).unwrap();
        message
    };
    (0..chunk.rows()).map(message).collect()
}

/// Numbers and the first text, by the places of what is not a digit.
fn plain_text(messages: &[Vec<u8>]) {
    let (mut numbers, mut lengths) = (Vec::with_capacity(2 * ROWS), Vec::with_capacity(ROWS));
    for message in messages {
        let text = std::str::from_utf8(message).unwrap();
        let mut fields = text.split([',', ':', '"', '{', '}']).filter(|part| !part.is_empty());
        numbers.extend(fields.by_ref().filter_map(|part| part.parse::<i64>().ok()).take(2));
        lengths.extend(fields.find(|part| part.starts_with("text")).map(str::to_owned));
    }
    black_box((numbers, lengths));
}

/// Numbers and texts, by hand.
fn plain_avro(messages: &[Vec<u8>]) {
    fn long(bytes: &mut std::slice::Iter<'_, u8>) -> i64 {
        let (mut value, mut shift) = (0_u64, 0);
        for byte in bytes {
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
    }
    let (mut numbers, mut texts) = (Vec::with_capacity(2 * ROWS), Vec::with_capacity(ROWS));
    for message in messages {
        let mut bytes = message.iter();
        numbers.extend([long(&mut bytes), long(&mut bytes)]);
        // The place in the union with null.
        long(&mut bytes);
        let length = usize::try_from(long(&mut bytes)).unwrap();
        texts.push(std::str::from_utf8(&bytes.as_slice()[..length]).unwrap().to_owned());
    }
    black_box((numbers, texts));
}
