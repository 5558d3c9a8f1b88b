//! Messages of NATS to chunks.

use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use millstream_connectors::Gathered;
use millstream_connectors::nats::{MessageDeserializer, MessageView};
use millstream_runtime::Result;
use parking_lot::Mutex;

use super::super::metadata::MetadataKey;
use super::Payload;
use super::metadata::Metadata;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, arrow_error};
use crate::error::{SqlError, SqlResult};
use crate::formats::RowDecoder;
use crate::types::{NamedField, Schema};

/// Where a column of a chunk comes from, by its place among those of the same kind.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Payload(usize),
    Metadata(usize),
}

/// What is read of messages.
struct Reading {
    payload: Payload,
    /// The columns of the payload that are read, by their positions in it.
    wanted: Vec<usize>,
    /// Those columns.
    read: Schema,
    /// What the stream knows beside, with the columns for it.
    metadata: Vec<(Metadata, NamedField)>,
    columns: Vec<Origin>,
}

/// Rows under construction.
struct Work {
    decoder: RowDecoder,
    rows: ChunkBuilder,
    metadata: Vec<ColumnBuilder>,
    /// How many messages there are, those that could not be read included.
    messages: u32,
    /// Which of them each row is from.
    message_of: Vec<u32>,
}

/// Makes chunks of the messages of a stream and filter.
pub(super) struct NatsRows {
    reading: Arc<Reading>,
    /// After each message, so that a watermark can come behind it.
    one_by_one: bool,
    /// Made anew in each reader.
    work: Mutex<Option<Work>>,
}

impl Clone for NatsRows {
    fn clone(&self) -> Self {
        Self { reading: self.reading.clone(), one_by_one: self.one_by_one, work: Mutex::default() }
    }
}

impl NatsRows {
    /// For the columns of a table at these positions.
    pub(super) fn new(payload: &Payload, table: &Table, wanted: &[usize]) -> SqlResult<Self> {
        let (mut in_payload, mut metadata, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        for position in wanted {
            let missing = || SqlError::validation("a column that is not there");
            let column = table.columns.get(*position).ok_or_else(missing)?;
            columns.push(match &column.source {
                ColumnSource::Metadata { key, .. } => {
                    let named = NamedField::new(column.name.clone(), column.field.clone());
                    metadata.push((Metadata::to_read(key, column)?, named));
                    Origin::Metadata(metadata.len() - 1)
                }
                _ => {
                    let place = payload.positions.iter().position(|other| other == position);
                    in_payload.push(place.ok_or_else(missing)?);
                    Origin::Payload(in_payload.len() - 1)
                }
            });
        }
        let read = payload.schema.project(&in_payload);
        let reading = Reading { payload: payload.clone(), wanted: in_payload, read, metadata, columns };
        Ok(Self { reading: Arc::new(reading), one_by_one: false, work: Mutex::default() })
    }

    /// One chunk a message.
    pub(super) fn one_by_one(self) -> Self {
        Self { one_by_one: true, ..self }
    }
}

impl Work {
    fn new(reading: &Reading) -> Self {
        let payload = &reading.payload;
        Self {
            decoder: payload.format.decoder(&payload.schema, &reading.wanted),
            rows: ChunkBuilder::new(&reading.read),
            metadata: reading.metadata.iter().map(|(_, named)| ColumnBuilder::new(&named.field)).collect(),
            messages: 0,
            message_of: Vec::new(),
        }
    }

    /// Adds the rows of a message, all or none.
    fn add(&mut self, reading: &Reading, message: &MessageView<'_>) -> Result<(), String> {
        // From here on the message is counted: its metadata are there, whatever becomes of the rest.
        let number = self.messages;
        self.messages += 1;
        let mut metadata = Ok(());
        for ((kind, named), column) in reading.metadata.iter().zip(&mut self.metadata) {
            let appended =
                kind.append(message, column).map_err(|error| error.in_field(&named.name).to_string());
            metadata = metadata.and(appended);
        }
        metadata?;
        let count = self.decoder.decode(message.payload(), &mut self.rows);
        let count =
            count.map_err(|error| error.named(|column| reading.read.names().nth(column)).to_string())?;
        self.message_of.extend(std::iter::repeat_n(number, count));
        Ok(())
    }

    /// The rows so far; `None` if there are none.
    fn finish(&mut self, reading: &Reading) -> Result<Option<Chunk>> {
        let messages = std::mem::take(&mut self.messages);
        let message_of = std::mem::take(&mut self.message_of);
        if messages == 0 {
            return Ok(None);
        }
        let values = self.rows.finish()?;
        let metadata = self.metadata.iter_mut().map(ColumnBuilder::finish).collect::<Result<Vec<_>>>()?;
        if message_of.is_empty() {
            return Ok(None);
        }
        // As a rule each message is a row.
        let is_aligned = message_of.len() == messages as usize && message_of.iter().copied().eq(0..messages);
        let positions = (!is_aligned).then(|| UInt32Array::from(message_of));
        let by_message = |column: &ArrayRef| match &positions {
            None => Ok(column.clone()),
            Some(positions) => take(column, positions, None).map_err(arrow_error),
        };
        let columns = reading.columns.iter().filter_map(|origin| match origin {
            Origin::Payload(index) => Some(values.column(*index).cloned()),
            Origin::Metadata(index) => metadata.get(*index).map(by_message),
        });
        Ok(Some(values.with_columns(columns.collect::<Result<Vec<_>>>()?)))
    }
}

impl MessageDeserializer for NatsRows {
    type Record = Chunk;

    fn deserialize(&mut self, message: &MessageView<'_>) -> Result<Option<Chunk>, String> {
        let work = self.work.get_mut().get_or_insert_with(|| Work::new(&self.reading));
        work.add(&self.reading, message)?;
        if !self.one_by_one {
            return Ok(None);
        }
        work.finish(&self.reading).map_err(|error| error.to_string())
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        let Some(work) = self.work.get_mut() else { return Ok(None) };
        Ok(work.finish(&self.reading)?.map(Gathered::from))
    }
}
