//! Files to chunks.

use std::sync::Arc;

use millstream_connectors::files::{Decoder, Format as FileFormat, Gathered, RowError};
use millstream_runtime::Result;

use super::super::gathered::first_chunk;
use super::columns::FileColumns;
use crate::chunk::{Chunk, ChunkBuilder, ValueError};
use crate::formats::{Format, RowDecoder};
use crate::types::Schema;

/// Files of rows.
#[derive(Clone)]
pub(super) struct RowFiles {
    format: Format,
    /// All columns of the files.
    schema: Schema,
    columns: FileColumns,
}

impl RowFiles {
    pub(super) const fn new(format: Format, schema: Schema, columns: FileColumns) -> Self {
        Self { format, schema, columns }
    }
}

impl FileFormat for RowFiles {
    type Record = Chunk;
    type Decoder = RowFileDecoder;

    fn kind(&self) -> &'static str {
        self.format.files()
    }

    fn has_header(&self) -> bool {
        self.format.has_file_header()
    }

    fn decoder(&self, whole: bool) -> RowFileDecoder {
        self.decoder_of("", whole)
    }

    fn decoder_of(&self, file: &str, _: bool) -> RowFileDecoder {
        let stored = self.columns.stored();
        RowFileDecoder {
            decoder: self.format.decoder(&self.schema, &stored),
            rows: ChunkBuilder::new(&self.schema.project(&stored)),
            names: self.schema.project(&stored),
            columns: self.columns.clone(),
            file: file.into(),
            decoded: 0,
            rest: None,
        }
    }

    fn batch_rows(&self) -> Option<usize> {
        Some(Chunk::ROWS)
    }
}

/// Reads one split of a file.
pub(super) struct RowFileDecoder {
    decoder: RowDecoder,
    rows: ChunkBuilder,
    /// The columns that come from rows.
    names: Schema,
    columns: FileColumns,
    file: Arc<str>,
    /// How many rows the last part had.
    decoded: usize,
    /// What was gathered and is too much for one chunk.
    rest: Option<Chunk>,
}

impl Decoder for RowFileDecoder {
    type Record = Chunk;

    fn header(&mut self, row: &[u8]) -> std::result::Result<(), RowError> {
        self.decoder.header(row).map_err(|error| row_error(&error))
    }

    #[inline]
    fn row_length(&mut self, bytes: &[u8]) -> Option<usize> {
        self.decoder.part_length(bytes)
    }

    #[inline]
    fn decode(&mut self, row: &[u8]) -> std::result::Result<Option<Chunk>, RowError> {
        let appended = self.decoder.decode_part(row, &mut self.rows);
        self.decoded =
            appended.map_err(|error| row_error(&error.named(|column| self.names.names().nth(column))))?;
        Ok(None)
    }

    fn decoded_rows(&self) -> usize {
        // A part that holds none costs something, too.
        self.decoded.max(1)
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        // A part of a file may have more rows than a chunk.
        let all = match self.rest.take() {
            Some(rest) => rest,
            None => self.rows.finish()?,
        };
        if all.is_empty() {
            return Ok(None);
        }
        let (rows, rest) = first_chunk(all);
        self.rest = rest;
        Ok(Some(self.columns.complete(&self.file, &rows)?.into()))
    }
}

fn row_error(error: &ValueError) -> RowError {
    RowError { column: error.path().map(str::to_owned), problem: error.problem().to_owned() }
}
