//! Rows to messages: inserts and deletes alone, since a message of an update would need the row before and after it.

use super::{ChangelogOptions, Dialect};
use crate::chunk::Chunk;
use crate::formats::json::JsonEncoder;
use crate::types::Schema;

/// Writes a changelog format.
pub struct ChangelogEncoder {
    dialect: Dialect,
    rows: JsonEncoder,
    ignore_null_fields: bool,
}

impl ChangelogEncoder {
    /// Writes rows of these columns.
    pub(in crate::formats) fn new(options: &ChangelogOptions, schema: &Schema) -> Self {
        Self {
            dialect: options.dialect.clone(),
            rows: JsonEncoder::new(&options.json, schema),
            ignore_null_fields: options.json.ignores_null_fields(),
        }
    }

    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut String,
    ) -> Result<(), String> {
        let is_there = chunk.kinds().get(row).is_accumulation();
        // What comes before the row and after it.
        let (start, end) = match (&self.dialect, is_there) {
            (Dialect::Debezium { .. }, true) if self.ignore_null_fields => ("{\"after\":", ",\"op\":\"c\"}"),
            (Dialect::Debezium { .. }, true) => ("{\"before\":null,\"after\":", ",\"op\":\"c\"}"),
            (Dialect::Debezium { .. }, false) if self.ignore_null_fields => {
                ("{\"before\":", ",\"op\":\"d\"}")
            }
            (Dialect::Debezium { .. }, false) => ("{\"before\":", ",\"after\":null,\"op\":\"d\"}"),
            (Dialect::Canal { .. }, true) => ("{\"data\":[", "],\"type\":\"INSERT\"}"),
            (Dialect::Canal { .. }, false) => ("{\"data\":[", "],\"type\":\"DELETE\"}"),
            (Dialect::Maxwell, true) => ("{\"data\":", ",\"type\":\"insert\"}"),
            (Dialect::Maxwell, false) => ("{\"data\":", ",\"type\":\"delete\"}"),
        };
        out.push_str(start);
        self.rows.encode(chunk, row, out)?;
        out.push_str(end);
        Ok(())
    }
}
