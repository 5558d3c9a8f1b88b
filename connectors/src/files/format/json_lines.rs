//! JSON lines: a JSON value a line.

use std::marker::PhantomData;

use millstream_state::Record;

use super::{Decoder, Format, RowError, without_byte_order_mark, without_line_end};

/// One JSON value a line, read with `serde`. Blank lines are passed over.
#[derive(Debug)]
pub struct JsonLinesFormat<T>(PhantomData<fn() -> T>);

impl<T> Clone for JsonLinesFormat<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Default for JsonLinesFormat<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Decodes lines of JSON.
#[derive(Debug)]
pub struct JsonLinesDecoder<T>(PhantomData<fn() -> T>);

impl<T: Record> Format for JsonLinesFormat<T> {
    type Record = T;
    type Decoder = JsonLinesDecoder<T>;

    fn kind(&self) -> &'static str {
        "JSON files"
    }

    fn decoder(&self, _whole: bool) -> JsonLinesDecoder<T> {
        JsonLinesDecoder(PhantomData)
    }
}

impl<T: Record> Decoder for JsonLinesDecoder<T> {
    type Record = T;

    #[inline]
    fn decode(&mut self, row: &[u8]) -> Result<Option<T>, RowError> {
        let row = without_byte_order_mark(without_line_end(row));
        if row.trim_ascii().is_empty() {
            return Ok(None);
        }
        // The line number that the parser knows is always 1: only the column says something.
        serde_json::from_slice(row).map(Some).map_err(|error| RowError::new(error.to_string()))
    }
}
