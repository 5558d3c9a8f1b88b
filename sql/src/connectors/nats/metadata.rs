//! What a stream knows of a message beside its payload.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use millstream_connectors::nats::{MessageView, NatsMessage};

use super::super::metadata::MetadataKey;
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
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

impl MetadataKey for Metadata {
    const ALL: &[(&str, Self, bool)] = &[
        ("stream", Self::Stream, false),
        ("subject", Self::Subject, true),
        ("sequence", Self::Sequence, false),
        ("timestamp", Self::Timestamp, false),
        ("headers", Self::Headers, true),
    ];

    fn fits(self, data_type: &SqlType) -> bool {
        match (self, data_type) {
            (Self::Stream | Self::Subject, other) => other.is_text(),
            (Self::Sequence, SqlType::BigInt) | (Self::Timestamp, SqlType::TimestampLtz(3, _)) => true,
            (Self::Headers, SqlType::Map(key, value)) => key.data_type.is_text() && value.data_type.is_text(),
            _ => false,
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Stream | Self::Subject => "STRING",
            Self::Sequence => "BIGINT",
            Self::Timestamp => "TIMESTAMP_LTZ(3)",
            Self::Headers => "MAP<STRING, STRING>",
        }
    }
}

impl Metadata {
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
