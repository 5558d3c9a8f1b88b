//! Messages to chunks.

use std::sync::Arc;

use millstream_connectors::Gathered;
use millstream_connectors::http::{MessageDeserializer, MessageView};
use millstream_runtime::Result;
use parking_lot::Mutex;
use serde_json::value::RawValue;

use super::super::gathered::first_chunk;
use super::columns::MessageColumns;
use crate::chunk::{Chunk, ChunkBuilder, ValueError};
use crate::connectors::ScanContext;
use crate::error::{SqlError, SqlResult};
use crate::formats::{Format, RowDecoder};
use crate::types::Schema;

/// What is read of messages.
struct Reading {
    format: Format,
    /// All columns of a message.
    schema: Schema,
    /// Those that are read, by their positions in it.
    wanted: Vec<usize>,
    /// Whether a message is a whole answer, which may have many rows.
    are_answers: bool,
}

/// Rows under construction.
struct Work {
    decoder: RowDecoder,
    rows: ChunkBuilder,
    /// What was gathered and is too much for one chunk.
    rest: Option<Chunk>,
}

/// Makes chunks of messages.
pub(super) struct MessageRows {
    reading: Arc<Reading>,
    /// Made anew in each reader.
    work: Mutex<Option<Work>>,
}

impl Clone for MessageRows {
    fn clone(&self) -> Self {
        Self { reading: self.reading.clone(), work: Mutex::default() }
    }
}

impl MessageRows {
    pub(super) fn new(columns: &MessageColumns, cx: &ScanContext<'_>, are_answers: bool) -> SqlResult<Self> {
        let place = |position: usize| columns.positions.iter().position(|stored| *stored == position);
        let missing = || SqlError::validation("a column is read that messages do not have");
        let wanted = cx.columns.iter().map(|path| place(path.root()).ok_or_else(missing));
        let reading = Reading {
            format: columns.format.clone(),
            schema: columns.schema.clone(),
            wanted: wanted.collect::<SqlResult<_>>()?,
            are_answers,
        };
        Ok(Self { reading: Arc::new(reading), work: Mutex::default() })
    }
}

impl Reading {
    fn work(&self) -> Work {
        let rows = ChunkBuilder::new(&self.schema.project(&self.wanted));
        Work { decoder: self.decoder(), rows, rest: None }
    }

    fn decoder(&self) -> RowDecoder {
        self.format.decoder(&self.schema, &self.wanted)
    }

    fn text_of(&self, error: ValueError) -> String {
        error
            .named(|column| self.wanted.get(column).and_then(|place| self.schema.names().nth(*place)))
            .to_string()
    }

    /// Adds the rows of a message.
    fn add(&self, message: &[u8], work: &mut Work) -> Result<(), String> {
        let is_array = || message.trim_ascii_start().starts_with(b"[");
        match &self.format {
            Format::Json(_) if self.are_answers || is_array() => self.json(message, work),
            Format::Csv(_) if self.are_answers => self.csv(message, work),
            Format::Json(_) | Format::Csv(_) | Format::Changelog(_) if message.trim_ascii().is_empty() => {
                Ok(())
            }
            _ => work.decoder.decode(message, &mut work.rows).map(drop).map_err(|error| self.text_of(error)),
        }
    }

    /// Values one behind the other; an array is its elements.
    fn json(&self, message: &[u8], work: &mut Work) -> Result<(), String> {
        let mut decode = |value: &RawValue| {
            let decoded = work.decoder.decode(value.get().as_bytes(), &mut work.rows);
            decoded.map(drop).map_err(|error| self.text_of(error))
        };
        for value in serde_json::Deserializer::from_slice(message).into_iter::<&RawValue>() {
            let value = value.map_err(|error| error.to_string())?;
            if value.get().starts_with('[') {
                let elements: Vec<&RawValue> =
                    serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
                elements.into_iter().try_for_each(&mut decode)?;
            } else {
                decode(value)?;
            }
        }
        Ok(())
    }

    /// Lines, as in a file: behind a header, if the format has one.
    fn csv(&self, message: &[u8], work: &mut Work) -> Result<(), String> {
        work.decoder = self.decoder();
        let (mut left, mut is_header) = (message, self.format.has_file_header());
        while !left.is_empty() {
            let length = work.decoder.part_length(left).unwrap_or(left.len());
            let (part, behind) = left.split_at_checked(length).unwrap_or((left, b""));
            let read = if std::mem::take(&mut is_header) {
                work.decoder.header(part)
            } else {
                work.decoder.decode_part(part, &mut work.rows).map(drop)
            };
            read.map_err(|error| self.text_of(error))?;
            left = behind;
        }
        Ok(())
    }
}

impl MessageDeserializer for MessageRows {
    type Record = Chunk;

    fn deserialize(&mut self, message: &MessageView<'_>, _: &mut Vec<Chunk>) -> Result<(), String> {
        let work = self.work.get_mut().get_or_insert_with(|| self.reading.work());
        self.reading.add(message.body(), work)
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        let Some(work) = self.work.get_mut() else { return Ok(None) };
        let all = match work.rest.take() {
            Some(rest) => rest,
            None => work.rows.finish()?,
        };
        if all.is_empty() {
            return Ok(None);
        }
        // An answer may have more rows than a chunk.
        let (chunk, rest) = first_chunk(all);
        work.rest = rest;
        Ok(Some(chunk.into()))
    }
}
