//! Chunks as text, for tests of operators: `+I[1, a, null]`.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{ArrayRef, ArrowPrimitiveType};

use crate::chunk::{Chunk, RowKind, RowText};
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

/// Columns of these names and types; a type that ends in `!` takes no NULL.
///
/// The types are `BIGINT`, `INT`, `DOUBLE`, `BOOLEAN`, `STRING`, `ROWTIME` and `PROCTIME`, which are timestamps in
/// milliseconds.
pub(crate) fn schema(columns: &[(&str, &str)]) -> Schema {
    let fields = columns.iter().map(|(name, data_type)| {
        let (data_type, nullable) = match data_type.strip_suffix('!') {
            Some(data_type) => (data_type, false),
            None => (*data_type, true),
        };
        let data_type = match data_type {
            "BIGINT" => SqlType::BigInt,
            "INT" => SqlType::Int,
            "DOUBLE" => SqlType::Double,
            "BOOLEAN" => SqlType::Boolean,
            "STRING" => SqlType::STRING,
            "ROWTIME" => SqlType::Timestamp(3, TimeKind::Rowtime),
            "PROCTIME" => SqlType::TimestampLtz(3, TimeKind::Proctime),
            other => panic!("no type {other} in tests"),
        };
        NamedField::new(*name, Field::new(data_type, nullable))
    });
    fields.collect()
}

/// The rows that texts are: a kind, and the values in brackets, with `, ` between them; timestamps are milliseconds.
pub(crate) fn chunk<S: AsRef<str>>(schema: &Schema, rows: &[S]) -> Chunk {
    let split = rows.iter().map(|row| {
        let row = row.as_ref();
        let (kind, values) = row.split_once('[').unwrap_or_else(|| panic!("no row: {row}"));
        let values = values.strip_suffix(']').unwrap_or_else(|| panic!("no row: {row}"));
        let values: Vec<&str> = values.split(", ").collect();
        assert_eq!(values.len(), schema.len(), "{row}");
        (RowKind::from_short(kind).unwrap_or_else(|| panic!("no kind: {row}")), values)
    });
    let split: Vec<_> = split.collect();
    let columns = schema.iter().enumerate().map(|(index, field)| {
        let values =
            split.iter().map(|(_, values)| values[index]).map(|value| (value != "null").then_some(value));
        column(&field.field.data_type, values.collect())
    });
    let columns: Vec<ArrayRef> = columns.collect();
    Chunk::new(columns, rows.len()).with_kinds(split.iter().map(|(kind, _)| *kind).collect())
}

fn column(data_type: &SqlType, values: Vec<Option<&str>>) -> ArrayRef {
    fn numbers<T: ArrowPrimitiveType>(data_type: &SqlType, values: &[Option<&str>]) -> ArrayRef
    where
        T::Native: std::str::FromStr<Err: std::fmt::Debug>,
    {
        let mut builder = PrimitiveBuilder::<T>::new().with_data_type(data_type.arrow());
        values.iter().for_each(|value| builder.append_option(value.map(|value| value.parse().unwrap())));
        Arc::new(builder.finish())
    }
    match data_type {
        SqlType::BigInt => numbers::<Int64Type>(data_type, &values),
        SqlType::Int => numbers::<Int32Type>(data_type, &values),
        SqlType::Double => numbers::<Float64Type>(data_type, &values),
        SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => {
            numbers::<TimestampMillisecondType>(data_type, &values)
        }
        SqlType::Boolean => {
            let mut builder = BooleanBuilder::new();
            values.iter().for_each(|value| builder.append_option(value.map(|value| value == "true")));
            Arc::new(builder.finish())
        }
        _ => {
            let mut builder = StringViewBuilder::new();
            values.iter().for_each(|value| builder.append_option(*value));
            Arc::new(builder.finish())
        }
    }
}

/// The rows of chunks as Flink prints them.
pub(crate) fn rows(schema: &Schema, chunks: &[Chunk]) -> Vec<String> {
    let text = RowText::new(schema);
    let lines = chunks.iter().flat_map(|chunk| {
        (0..chunk.rows()).map(|row| {
            let mut line = String::new();
            text.write(chunk, row, &mut line);
            line
        })
    });
    lines.collect()
}
