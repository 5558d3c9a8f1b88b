//! A chunk in bytes: its kinds, then arrow's own format for a batch of columns.
//!
//! Used where records leave the process and where a sink keeps them in its state; not on the way from operator to operator.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Chunk, Kinds, RowKind};

#[derive(Serialize, Deserialize)]
struct Frame {
    rows: u64,
    /// Empty if all rows are inserted.
    kinds: Vec<u8>,
    /// A stream of arrow's format with one batch.
    columns: Vec<u8>,
}

fn write(chunk: &Chunk) -> Result<Vec<u8>, ArrowError> {
    let fields = chunk.columns().iter().map(|column| Field::new("", column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(chunk.rows()));
    let batch = RecordBatch::try_new_with_options(schema.clone(), chunk.columns().to_vec(), &options)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn read(frame: &Frame) -> Result<Chunk, ArrowError> {
    let damaged = |what: &str| ArrowError::IpcError(format!("a chunk {what}"));
    let mut reader = StreamReader::try_new(Cursor::new(&frame.columns), None)?;
    let batch = reader.next().ok_or_else(|| damaged("without columns"))??;
    let rows = usize::try_from(frame.rows).unwrap_or(usize::MAX);
    if batch.num_rows() != rows || !(frame.kinds.is_empty() || frame.kinds.len() == rows) {
        return Err(damaged("whose parts have different lengths"));
    }
    let kinds = frame.kinds.iter().map(|kind| {
        RowKind::ALL.get(usize::from(*kind)).copied().ok_or_else(|| damaged("with an unknown kind of row"))
    });
    let kinds = kinds.collect::<Result<Kinds, _>>()?;
    Ok(Chunk::new(batch.columns().to_vec(), rows).with_kinds(kinds))
}

impl Serialize for Chunk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds = match self.kinds() {
            Kinds::Insert => Vec::new(),
            Kinds::Each(kinds) => kinds.to_vec(),
        };
        let columns = write(self).map_err(S::Error::custom)?;
        Frame { rows: self.rows() as u64, kinds, columns }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(&Frame::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
