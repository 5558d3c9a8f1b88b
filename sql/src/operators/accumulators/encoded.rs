//! Values of any type as bytes, for accumulators that keep them beside the rows of groups.

use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, BooleanBuilder, StringViewBuilder};
use arrow_array::{Array, ArrayRef, new_null_array};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{KeyDecoder, KeyEncoder, KeyOrder};

use crate::chunk::RowCodec;
use crate::chunk::keys::encode_value;
use crate::types::{Field, SqlType};

/// How values are written.
pub(super) enum Encoding {
    /// As rows of one column.
    Rows {
        codec: RowCodec,
        /// The row of NULL.
        null: Vec<u8>,
    },
    /// So that the bytes sort as the values do.
    Sorted(SqlType),
}

impl Encoding {
    /// For any type.
    pub(super) fn rows(data_type: &SqlType) -> Result<Self> {
        let codec = RowCodec::of([&Field::nullable(data_type.clone())].into_iter());
        let null = codec.encode(&[new_null_array(&data_type.arrow(), 1)], 1)?.get(0).to_vec();
        Ok(Self::Rows { codec, null })
    }

    /// For text, bytes and BOOLEAN.
    pub(super) fn sorted(data_type: &SqlType) -> Option<Self> {
        let is_for = data_type.is_text() || data_type.is_binary() || *data_type == SqlType::Boolean;
        is_for.then(|| Self::Sorted(data_type.clone()))
    }

    /// The values of a column; none where it is NULL.
    pub(super) fn encode(&self, column: &ArrayRef) -> Result<EncodedValues> {
        let mut values = EncodedValues::default();
        match self {
            Self::Rows { codec, .. } => {
                let rows = codec.encode(std::slice::from_ref(column), column.len())?;
                (0..column.len()).for_each(|row| values.push(column.is_valid(row).then(|| rows.get(row))));
            }
            Self::Sorted(data_type) => {
                for row in 0..column.len() {
                    if column.is_valid(row) {
                        let mut encoder = KeyEncoder::new(&mut values.data);
                        encode_value(&mut encoder, column, row, data_type, KeyOrder::Ascending)?;
                    }
                    values.ends.push((values.data.len(), column.is_valid(row)));
                }
            }
        }
        Ok(values)
    }

    /// The column of values.
    pub(super) fn decode(&self, values: &[Option<&[u8]>]) -> Result<ArrayRef> {
        let data_type = match self {
            Self::Rows { codec, null } => {
                let rows: Vec<&[u8]> = values.iter().map(|value| value.unwrap_or(null)).collect();
                let column = codec.decode(&rows)?.into_iter().next();
                return column.ok_or_else(|| Error::new(ErrorKind::Internal, "a value without a column"));
            }
            Self::Sorted(data_type) => data_type,
        };
        let mut bytes = Vec::new();
        if *data_type == SqlType::Boolean {
            let mut builder = BooleanBuilder::with_capacity(values.len());
            for value in values {
                let value = value.map(|value| KeyDecoder::new(value).boolean(KeyOrder::Ascending));
                builder.append_option(value.transpose()?.flatten());
            }
            return Ok(Arc::new(builder.finish()));
        }
        let mut next = |value: &[u8]| -> Result<Vec<u8>> {
            bytes.clear();
            KeyDecoder::new(value).bytes(KeyOrder::Ascending, &mut bytes)?;
            Ok(std::mem::take(&mut bytes))
        };
        if data_type.is_text() {
            let mut builder = StringViewBuilder::with_capacity(values.len());
            for value in values {
                let text = value.map(&mut next).transpose()?.map(String::from_utf8).transpose();
                let text =
                    text.map_err(|_| Error::new(ErrorKind::Restore, "a text in the state is not UTF-8"))?;
                builder.append_option(text);
            }
            return Ok(Arc::new(builder.finish()));
        }
        let mut builder = BinaryViewBuilder::with_capacity(values.len());
        for value in values {
            builder.append_option(value.map(&mut next).transpose()?);
        }
        Ok(Arc::new(builder.finish()))
    }
}

/// Values one behind the other.
#[derive(Default)]
pub(super) struct EncodedValues {
    data: Vec<u8>,
    /// Where each ends, and whether it is there at all.
    ends: Vec<(usize, bool)>,
}

impl EncodedValues {
    pub(super) fn push(&mut self, value: Option<&[u8]>) {
        self.data.extend(value.unwrap_or_default());
        self.ends.push((self.data.len(), value.is_some()));
    }

    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        let (end, is_there) = self.ends.get(row)?;
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(end, _)| *end);
        is_there.then(|| self.data.get(start..*end)).flatten()
    }

    pub(super) fn all(&self) -> Vec<Option<&[u8]>> {
        (0..self.ends.len()).map(|row| self.get(row)).collect()
    }
}
