//! Messages to columns.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use arrow_array::Array as _;
use bytes::Bytes;
use millstream::sql::chunk::{Chunk, ChunkBuilder};
use millstream::sql::connectors::Options;
use millstream::sql::formats::Format;
use millstream::sql::formats::parquet::{ParquetFile, ParquetOptions, ParquetStep, ParquetWriter};
use millstream::sql::types::Schema;
use millstream::sql::types::zone::Zone;

use crate::measure::Table;
use crate::rows::{CHUNK, chunks, operator, row};

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
    let avro = rewritten("avro", &BTreeMap::new(), &schema, &json);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("row.proto");
    std::fs::write(&file, "syntax = \"proto3\"; message Row { int64 k = 1; int64 v = 2; string s = 3; }")
        .unwrap();
    let options = [("schema-file", file.to_str().unwrap()), ("message-class-name", "Row")];
    let protobuf_options: BTreeMap<_, _> =
        options.iter().map(|(key, value)| (format!("protobuf.{key}"), (*value).to_owned())).collect();
    let protobuf = rewritten("protobuf", &protobuf_options, &schema, &json);
    for (name, messages, plain) in [
        ("json", json, plain_text as fn(&[Vec<u8>])),
        ("csv", csv, plain_text),
        ("debezium-json", changes, plain_text),
        ("avro", avro, plain_avro),
        ("protobuf", protobuf, plain_protobuf),
    ] {
        let bytes = messages.iter().map(Vec::len).sum::<usize>() as f64 / ROWS as f64;
        let options = if name == "protobuf" { protobuf_options.clone() } else { BTreeMap::new() };
        let format = Format::new(name, &mut Options::new(options), &schema).unwrap();
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
    parquet(table, &schema);
}

/// The same rows as files of Parquet, written to and read from memory.
fn parquet(table: &Table, schema: &Schema) {
    let rows = Chunk::concat(&chunks(1_000_000)).unwrap().unwrap().slice(0, ROWS);
    let rows = rows.with_columns(rows.columns()[..3].to_vec());
    for codec in ["UNCOMPRESSED", "SNAPPY", "ZSTD"] {
        let option = ("parquet.compression".to_owned(), codec.to_owned());
        let options = ParquetOptions::new(&mut Options::new([option].into()), schema, &Zone::UTC).unwrap();
        let write = {
            let (rows, options) = (rows.clone(), options.clone());
            move || {
                let (mut file, mut writer) = (Vec::new(), ParquetWriter::new(&options).unwrap());
                for start in (0..ROWS).step_by(CHUNK) {
                    writer.write(&rows.slice(start, CHUNK), &mut file).unwrap();
                }
                writer.finish(&mut file).unwrap();
                Bytes::from(file)
            }
        };
        let file = write();
        let bytes = file.len() as f64 / ROWS as f64;
        let copy = || {
            let rows = rows.clone();
            move || {
                rows.columns().iter().for_each(|column| {
                    drop(black_box(
                        column.to_data().buffers().iter().map(|buffer| buffer.to_vec()).collect::<Vec<_>>(),
                    ))
                })
            }
        };
        table.line(
            &format!("parquet {codec}: write 3 columns, {bytes:.0} bytes"),
            35.0 / ASKED,
            ROWS,
            || Box::new(move || drop(black_box(write()))),
            || Box::new(copy()),
        );
        table.line(
            &format!("parquet {codec}: read 3 columns, {bytes:.0} bytes"),
            35.0 / ASKED,
            ROWS,
            || Box::new(move || read_parquet(&options, &file)),
            || Box::new(copy()),
        );
    }
}

fn read_parquet(options: &ParquetOptions, file: &Bytes) {
    let opened = ParquetFile::open(options, &[0, 1, 2], file.len() as u64, file.clone()).unwrap();
    let ParquetStep::Have(opened) = opened else { panic!("the whole file is there") };
    let opened = Arc::new(opened);
    for group in 0..opened.row_groups().count() {
        let mut block = opened.row_group(group, 0).unwrap();
        loop {
            match block.read().unwrap() {
                ParquetStep::Have(rows) => drop(black_box(rows)),
                ParquetStep::End => break,
                ParquetStep::Needs(ranges) => {
                    let bytes =
                        ranges.iter().map(|range| file.slice(range.start as usize..range.end as usize));
                    let bytes = bytes.collect();
                    block.feed(ranges, bytes).unwrap();
                }
            }
        }
    }
}

/// The rows of some JSON as messages of another format.
fn rewritten(
    name: &str,
    options: &BTreeMap<String, String>,
    schema: &Schema,
    json: &[Vec<u8>],
) -> Vec<Vec<u8>> {
    let format = |name, options| Format::new(name, &mut Options::new(options), schema).unwrap();
    let mut decoder = format("json", BTreeMap::new()).decoder(schema, &[0, 1, 2]);
    let mut rows = ChunkBuilder::new(schema);
    for message in json {
        decoder.decode(message, &mut rows).unwrap();
    }
    let (mut encoder, chunk) =
        (format(name, options.clone()).encoder(schema).unwrap(), rows.finish().unwrap());
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

/// A number, seven bits a byte, the lowest first.
fn varint(bytes: &mut std::slice::Iter<'_, u8>) -> u64 {
    let (mut value, mut shift) = (0_u64, 0);
    for byte in bytes {
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// Numbers and texts, by hand.
fn plain_avro(messages: &[Vec<u8>]) {
    fn long(bytes: &mut std::slice::Iter<'_, u8>) -> i64 {
        let value = varint(bytes);
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

/// Fields in the order of their numbers, by hand.
fn plain_protobuf(messages: &[Vec<u8>]) {
    let (mut numbers, mut texts) = (Vec::with_capacity(2 * ROWS), Vec::with_capacity(ROWS));
    for message in messages {
        let mut bytes = message.iter();
        while bytes.len() > 0 {
            let (tag, value) = (varint(&mut bytes), varint(&mut bytes));
            if tag == 26 {
                let length = usize::try_from(value).unwrap();
                texts.push(std::str::from_utf8(&bytes.as_slice()[..length]).unwrap().to_owned());
                bytes = bytes.as_slice()[length..].iter();
            } else {
                numbers.push(value);
            }
        }
    }
    black_box((numbers, texts));
}
