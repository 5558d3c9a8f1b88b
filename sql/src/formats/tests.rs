mod avro;
mod changelog;
mod confluent;
mod csv;
mod json;
#[cfg(feature = "protobuf")]
mod protobuf;
mod raw;
mod round_trip;

use std::sync::Arc;

use super::Format;
use crate::chunk::{Chunk, ChunkBuilder, RowKind, RowText};
use crate::connectors::Options;
use crate::error::SqlResult;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

fn schema<'a>(columns: impl IntoIterator<Item = (&'a str, SqlType)>) -> Schema {
    columns.into_iter().map(|(name, data_type)| NamedField::new(name, Field::nullable(data_type))).collect()
}

/// A format with these options; all of them must be known to it.
fn format(name: &str, options: &[(&str, &str)], schema: &Schema) -> SqlResult<Format> {
    let pairs = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let mut options = Options::new(pairs.collect());
    let format = Format::new(name, &mut options, schema)?;
    options.finish()?;
    Ok(format)
}

fn lines(chunk: &Chunk, schema: &Schema) -> Vec<String> {
    let text = RowText::new(schema);
    let line = |row| {
        let mut line = String::new();
        text.write(chunk, row, &mut line);
        line
    };
    (0..chunk.rows()).map(line).collect()
}

/// The row of some bytes, as rows are printed, or what is wrong.
fn read(format: &Format, schema: &Schema, row: &[u8]) -> Result<String, String> {
    let all: Vec<_> = (0..schema.len()).collect();
    let (mut decoder, mut rows) = (format.decoder(schema, &all), ChunkBuilder::new(schema));
    decoder.decode_part(row, &mut rows).map_err(|error| error.to_string())?;
    Ok(lines(&rows.finish().unwrap(), schema).remove(0))
}

/// What a row is written as that is read from some bytes.
fn rewritten(format: &Format, schema: &Schema, row: &[u8]) -> Vec<u8> {
    let all: Vec<_> = (0..schema.len()).collect();
    let (mut decoder, mut rows) = (format.decoder(schema, &all), ChunkBuilder::new(schema));
    decoder.decode_part(row, &mut rows).unwrap();
    let mut out = Vec::new();
    format.encoder(schema).unwrap().encode_file(&rows.finish().unwrap(), false, &mut out).unwrap();
    out
}

fn array(element: SqlType) -> SqlType {
    SqlType::Array(Arc::new(Field::nullable(element)))
}

fn timestamp(precision: u8) -> SqlType {
    SqlType::Timestamp(precision, TimeKind::Regular)
}

fn instant(precision: u8) -> SqlType {
    SqlType::TimestampLtz(precision, TimeKind::Regular)
}
