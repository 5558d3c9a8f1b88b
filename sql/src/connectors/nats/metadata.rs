//! What a stream knows of a message beside its payload.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use millstream_connectors::nats::{MessageView, NatsMessage};

use crate::catalog::TableColumn;
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::SqlType;

/// A metadata key of the connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metadata {
    Stream,
    Subject,
    Sequence,
    Timestamp,
    Headers,
}

/// All keys; whether they can be written, too.
const ALL: &[(&str, Metadata, bool)] = &[
    ("stream", Metadata::Stream, false),
    ("subject", Metadata::Subject, true),
    ("sequence", Metadata::Sequence, false),
    ("timestamp", Metadata::Timestamp, false),
    ("headers", Metadata::Headers, true),
];

impl Metadata {
    /// The key that a column is read from.
    pub(super) fn to_read(key: &str, column: &TableColumn) -> SqlResult<Self> {
        Self::of(key, column, false)
    }

    /// The key that a column is written to.
    pub(super) fn to_write(key: &str, column: &TableColumn) -> SqlResult<Self> {
        Self::of(key, column, true)
    }

    fn of(key: &str, column: &TableColumn, writes: bool) -> SqlResult<Self> {
        let able = || ALL.iter().filter(|(_, _, is_written)| *is_written || !writes);
        let found = able().find(|(name, ..)| *name == key);
        let (_, metadata, _) = found.ok_or_else(|| {
            let keys: Vec<_> = able().map(|(name, ..)| *name).collect();
            let role = if writes { "written" } else { "read" };
            SqlError::validation(format!(
                "Invalid metadata key '{key}' in column '{}': it cannot be {role}",
                column.name
            ))
            .with_hint(format!("supported are: {}", keys.join(", ")))
        })?;
        if metadata.fits(&column.field.data_type) {
            return Ok(*metadata);
        }
        Err(SqlError::validation(format!(
            "the metadata '{key}' of column '{}' is {}, not {}",
            column.name,
            metadata.type_name(),
            column.field
        )))
    }

    fn fits(self, data_type: &SqlType) -> bool {
        match (self, data_type) {
            (Self::Stream | Self::Subject, other) => other.is_text(),
            (Self::Sequence, SqlType::BigInt) | (Self::Timestamp, SqlType::TimestampLtz(3, _)) => true,
            (Self::Headers, SqlType::Map(key, value)) => key.data_type.is_text() && value.data_type.is_text(),
            _ => false,
        }
    }

    const fn type_name(self) -> &'static str {
        match self {
            Self::Stream | Self::Subject => "STRING",
            Self::Sequence => "BIGINT",
            Self::Timestamp => "TIMESTAMP_LTZ(3)",
            Self::Headers => "MAP<STRING, STRING>",
        }
    }

    /// Appends it of a message.
    pub(super) fn append(
        self,
        message: &MessageView<'_>,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        match self {
            Self::Stream => column.append(Scalar::Text(message.stream())),
            Self::Subject => column.append(Scalar::Text(message.subject())),
            Self::Sequence => {
                column.append(Scalar::Integer(i64::try_from(message.sequence()).unwrap_or(i64::MAX)))
            }
            Self::Timestamp => column.append(Scalar::Integer(message.timestamp().as_millis())),
            Self::Headers => column.append_map(|keys, values| {
                message.headers().try_for_each(|(name, value)| {
                    keys.append(Scalar::Text(name))?;
                    values.append(Scalar::Text(value))
                })
            }),
        }
    }

    /// Sets it of a message.
    pub(super) fn set(self, message: NatsMessage, column: &ArrayRef, row: usize) -> NatsMessage {
        if column.is_null(row) {
            return message;
        }
        match self {
            Self::Subject => match column.as_string_view_opt() {
                Some(texts) => message.subject(texts.value(row)),
                None => message,
            },
            Self::Headers => set_headers(message, column, row),
            Self::Stream | Self::Sequence | Self::Timestamp => message,
        }
    }
}

fn set_headers(message: NatsMessage, column: &ArrayRef, row: usize) -> NatsMessage {
    let Some(map) = column.as_map_opt() else { return message };
    let entries = map.value(row);
    let (Some(names), Some(values)) =
        (entries.column(0).as_string_view_opt(), entries.column(1).as_string_view_opt())
    else {
        return message;
    };
    // A header without a value is none.
    let headers = names.iter().zip(values.iter()).filter_map(|(name, value)| Some((name?, value?)));
    headers.fold(message, |message, (name, value)| message.header(name, value))
}
