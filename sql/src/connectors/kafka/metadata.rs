//! What Kafka knows of a record beside its key and value.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use millstream_connectors::kafka::{ProducerRecord, RecordView};
use millstream_state::Timestamp;

use super::super::metadata::MetadataKey;
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::formats::Format;
use crate::types::zone::Zone;
use crate::types::{NamedField, SqlType};

/// A metadata key of the connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metadata {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Headers,
}

impl MetadataKey for Metadata {
    const ALL: &[(&str, Self, bool)] = &[
        ("topic", Self::Topic, false),
        ("partition", Self::Partition, false),
        ("offset", Self::Offset, false),
        ("timestamp", Self::Timestamp, true),
        ("headers", Self::Headers, true),
    ];

    fn fits(self, data_type: &SqlType) -> bool {
        match (self, data_type) {
            (Self::Topic, other) => other.is_text(),
            (Self::Partition, SqlType::Int | SqlType::BigInt) | (Self::Offset, SqlType::BigInt) => true,
            (Self::Timestamp, SqlType::TimestampLtz(3, _) | SqlType::Timestamp(3, _)) => true,
            (Self::Headers, SqlType::Map(key, value)) => {
                key.data_type.is_text()
                    && matches!(value.data_type, SqlType::VarBinary(_) | SqlType::Binary(_))
            }
            _ => false,
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Topic => "STRING",
            Self::Partition => "INT",
            Self::Offset => "BIGINT",
            Self::Timestamp => "TIMESTAMP_LTZ(3) or TIMESTAMP(3)",
            Self::Headers => "MAP<STRING, BYTES>",
        }
    }
}

impl Metadata {
    /// Appends it of a record.
    pub(super) fn append(
        self,
        record: &RecordView<'_>,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        match self {
            Self::Topic => column.append(Scalar::Text(record.topic())),
            Self::Partition => column.append(Scalar::Integer(record.partition().into())),
            Self::Offset => column.append(Scalar::Integer(record.offset())),
            Self::Timestamp => match record.timestamp() {
                Some(timestamp) => column.append(Scalar::Integer(timestamp.as_millis())),
                None => column.append_null(),
            },
            Self::Headers => column.append_map(|keys, values| {
                record.headers().try_for_each(|(name, value)| {
                    keys.append(Scalar::Text(name))?;
                    values.append(value.map_or(Scalar::Null, Scalar::Bytes))
                })
            }),
        }
    }

    /// Sets it of a record. A timestamp of a column without a zone is on the clock of `zone`.
    pub(super) fn set(
        self,
        record: ProducerRecord,
        column: &ArrayRef,
        row: usize,
        zone: Option<&Zone>,
    ) -> ProducerRecord {
        if column.is_null(row) {
            return record;
        }
        match self {
            Self::Timestamp => match column.as_primitive_opt::<TimestampMillisecondType>() {
                Some(millis) => {
                    let value = millis.value(row);
                    match zone.map_or(Some(value), |zone| zone.to_instant(value, 3)) {
                        Some(instant) => record.timestamp(Timestamp::from_millis(instant)),
                        None => record,
                    }
                }
                None => record,
            },
            Self::Headers => set_headers(record, column, row),
            Self::Topic | Self::Partition | Self::Offset => record,
        }
    }
}

/// Instants as the clock of a zone shows them.
pub(super) fn on_clock(instants: &ArrayRef, zone: &Zone) -> ArrayRef {
    match instants.as_primitive_opt::<TimestampMillisecondType>() {
        Some(instants) => {
            let local: PrimitiveArray<TimestampMillisecondType> =
                instants.unary_opt(|instant| zone.to_local(instant, 3));
            Arc::new(local)
        }
        None => instants.clone(),
    }
}

fn set_headers(record: ProducerRecord, column: &ArrayRef, row: usize) -> ProducerRecord {
    let Some(map) = column.as_map_opt() else { return record };
    let entries = map.value(row);
    let (Some(names), Some(values)) =
        (entries.column(0).as_string_view_opt(), entries.column(1).as_binary_view_opt())
    else {
        return record;
    };
    // A header without a value is none.
    let headers = names.iter().zip(values.iter()).filter_map(|(name, value)| Some((name?, value?)));
    headers.fold(record, |record, (name, value)| record.header(name, value.to_vec()))
}

/// Checks the type of a column that has metadata of a format; that there is such is checked elsewhere.
pub(super) fn check_of_format(format: &Format, key: &str, column: &NamedField) -> SqlResult<()> {
    let Some(found) = format.metadata().iter().find(|field| field.key == key) else { return Ok(()) };
    let (is, declared) = (found.data_type(), column.field.data_type.clone().materialized());
    let fits = match (&is, &declared) {
        (SqlType::TimestampLtz(3, _), SqlType::Timestamp(3, _)) => true,
        (is, declared) if is.is_text() => declared.is_text(),
        (is, declared) => is == declared,
    };
    if fits && column.field.nullable {
        return Ok(());
    }
    Err(SqlError::validation(format!(
        "the metadata 'value.{key}' of column '{}' is {is}, not {}",
        column.name, column.field
    )))
}
