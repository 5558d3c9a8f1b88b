//! What rows are ordered by, as bytes that sort as the rows do.

use arrow_array::ArrayRef;
use millstream_runtime::Result;
use millstream_state::rows::{KeyEncoder, KeyOrder};

use crate::chunk::Chunk;
use crate::chunk::keys::encode_value;
use crate::plan::SortKey;
use crate::types::{Schema, SqlType};

/// Makes keys of rows that sort as ORDER BY says.
#[derive(Clone, Debug)]
pub struct SortKeys {
    keys: Vec<(SortKey, SqlType)>,
}

/// The keys of the rows of a chunk.
#[derive(Debug, Default)]
pub struct EncodedKeys {
    offsets: Vec<usize>,
    data: Vec<u8>,
}

impl SortKeys {
    /// For rows of these columns.
    pub fn new(order: &[SortKey], schema: &Schema) -> Self {
        Self { keys: order.iter().map(|key| (*key, schema.field(key.column).data_type)).collect() }
    }

    /// The keys of the rows of a chunk.
    ///
    /// # Errors
    /// If a column is not of its type.
    pub fn encode(&self, chunk: &Chunk) -> Result<EncodedKeys> {
        let columns = self.keys.iter().map(|(key, _)| chunk.column(key.column));
        let columns = columns.collect::<Result<Vec<&ArrayRef>>>()?;
        let mut encoded = EncodedKeys {
            offsets: Vec::with_capacity(chunk.rows() + 1),
            data: Vec::with_capacity(chunk.rows() * 12),
        };
        encoded.offsets.push(0);
        for row in 0..chunk.rows() {
            let mut encoder = KeyEncoder::new(&mut encoded.data);
            for (column, (key, data_type)) in columns.iter().zip(&self.keys) {
                let order = if key.descending { KeyOrder::Descending } else { KeyOrder::Ascending };
                if key.nulls_last != key.descending {
                    // NULL is not where the smallest value is: whether it is one is ordered by first.
                    let is_null = column.is_null(row);
                    let order = if key.nulls_last { KeyOrder::Ascending } else { KeyOrder::Descending };
                    encoder.boolean(Some(is_null), order);
                }
                encode_value(&mut encoder, column, row, data_type, order)?;
            }
            encoded.offsets.push(encoded.data.len());
        }
        Ok(encoded)
    }

    /// The order, for the description of a state.
    pub fn describe(&self, schema: &Schema) -> String {
        let keys = self.keys.iter().map(|(key, data_type)| {
            let direction = if key.descending { "DESC" } else { "ASC" };
            let nulls = if key.nulls_last == key.descending { "" } else { " with NULLs at the other end" };
            format!("{} {data_type} {direction}{nulls}", schema.name(key.column))
        });
        keys.collect::<Vec<_>>().join(", ")
    }
}

impl EncodedKeys {
    /// The key of a row; empty where there is none.
    pub fn get(&self, row: usize) -> &[u8] {
        let range = self.offsets.get(row).zip(self.offsets.get(row + 1));
        range.and_then(|(start, end)| self.data.get(*start..*end)).unwrap_or_default()
    }
}
